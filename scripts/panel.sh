#!/usr/bin/env bash
# The panel's chores, with its npm packages brought up to date first.
#
#     scripts/panel.sh build            web/dist, which the server serves
#     scripts/panel.sh npm ARGUMENT...  npm in web/, for example: scripts/panel.sh npm run check
#
# npm is asked for packages only when package-lock.json has changed since it last was.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib.sh

STAMP=web/node_modules/.tandem-lock

main() {
    ensure_packages
    case ${1:-} in
    build) build ;;
    npm) (cd web && "$@") ;;
    *) die "say what: scripts/panel.sh build, or npm with its arguments" ;;
    esac
}

ensure_packages() {
    have npm || die "Node is missing: install Node 20 or newer with npm, then run this again"
    cmp -s web/package-lock.json $STAMP && return
    say "installing the panel's npm packages"
    (cd web && npm ci --silent) ||
        die "npm ci failed: check the network, or whether package.json and package-lock.json agree"
    cp web/package-lock.json $STAMP
}

# Again only when something that goes in is newer than what came out.
build() {
    local out=web/dist/index.html
    if [ -f $out ] && [ -z "$(find web/src web/public web/index.html web/package-lock.json \
        web/vite.config.ts -newer $out -print -quit)" ]; then
        return
    fi
    say "building the panel"
    (cd web && npm run --silent build -- --logLevel warn) ||
        die "the panel does not build: see above"
}

main "$@"
