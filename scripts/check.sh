#!/usr/bin/env bash
# Format, lints, documentation, house rules: under two minutes when warm.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib.sh

say "format"
cargo fmt --all --check || die "not formatted: run cargo fmt --all"
say "lints"
cargo clippy --workspace --all-targets --quiet -- -D warnings ||
    die "clippy has complaints: follow them, or expect the lint with a reason"
say "documentation"
RUSTDOCFLAGS='-D warnings -A rustdoc::private_intra_doc_links' cargo doc --workspace --no-deps --document-private-items --quiet ||
    die "rustdoc has complaints: mend the links or the markup named above"
say "house rules"
cargo test --quiet --test tidy || die "a house rule is broken: the test's message says which and where"
say "panel"
scripts/panel.sh npm run --silent check || die "the panel's check failed: see above"
say "all good"
