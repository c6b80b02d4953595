#!/usr/bin/env bash
# Runs the load benches and prints their tables: signalling against Kamailio, relaying against
# rtpengine, the panel in Chromium. What is not installed is left out, and said so;
# BENCH_PEERS=install installs Kamailio and rtpengine.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib.sh

[ "${BENCH_PEERS:-}" != install ] || scripts/install-debian.sh bench
have sipp || die "SIPp is missing: run BENCH_PEERS=install make bench"
target=${CARGO_TARGET_DIR:-target}

say "signalling: Tandem as a B2BUA, Kamailio as a proxy (some minutes)"
benches/signalling.py --tandem "$target/release/tandem" ${SIGNALLING_ARGS:-}

say "panels: a thousand on the event stream, at 500 changes a second"
cargo build --release -p panel-load
"$target/release/panel-load"

say "lists: pages of the archive with a million calls, on SQLite and PostgreSQL (some minutes)"
cargo test --release --quiet --test store -- --ignored --nocapture --test-threads=1 a_million_calls

say "conferences: a hundred to a thousand parties of one room"
cargo build --release -p mixer-load
"$target/release/mixer-load"

say "talk-off: keys that the detector hears in an hour of speech"
benches/talk_off.sh

if [ -f benches/rtp_load/Cargo.toml ]; then
    say "relaying: Tandem's media workers, rtpengine"
    cargo build --release -p rtp-load
    "$target/release/rtp-load" compare
    say "other work beside relaying: transcoding, recording, hold music, a conference of 400"
    "$target/release/rtp-load" work --calls 80 --work relay,recorded,pcmu,g722,opus
    "$target/release/rtp-load" work --work constant,music,relay,room
fi

if have "${CHROMIUM:-chromium}"; then
    say "the panel in Chromium: what it loads, when it can be used, a wall of 250 phones"
    (cd web && npm run --silent size && node scripts/interactive.mjs && node scripts/wall-load.mjs)
else
    say "the panel is not measured: Chromium is missing"
fi
