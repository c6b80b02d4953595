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
exec "$binary" serve --config docs/config.demo.toml --data var "$@"
