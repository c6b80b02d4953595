#!/usr/bin/env bash
# Seeds the demo domain into var/, once, and serves it in the foreground, on loopback.
#
#     scripts/run.sh [FLAG...]     flags go to `tandem serve`, for example --sip-port 5080
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib.sh

binary=${CARGO_TARGET_DIR:-target}/release/tandem
[ -x "$binary" ] || die "$binary is not there: run make build"
mkdir -p var
"$binary" demo --data var
[ -f var/tandem.toml ] || cat >var/tandem.toml <<'CONFIG'
# Configuration of the demo: all defaults. `tandem serve --help` names the flags, docs/ the keys.
CONFIG
exec "$binary" serve --config var/tandem.toml --data var "$@"
