#!/usr/bin/env bash
# Installs what is missing of the Debian packages (and Python modules) that a chore needs.
#
#     scripts/install-debian.sh run|test|bench ...
#
#   run    what builds and runs the server
#   test   run, and the user agents, tools and databases that tests talk to
#   bench  run, and the peers that the load benches compare with
#
# Quick when nothing is missing. Services that Debian would start with their packages (a Kamailio on
# port 5060, for one) are kept from starting, and from starting at the next boot.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib.sh

RUN_PACKAGES=(gcc libc6-dev make cmake pkg-config mold sqlite3)
TEST_PACKAGES=(sip-tester baresip-core linphone-cli opus-tools sox espeak-ng postgresql python3-venv python3-dev g++
    chromium fonts-dejavu-core)
BENCH_PACKAGES=(sip-tester kamailio rtpengine-daemon python3)
# Services of those packages; stopped and disabled if this script brought them in.
SERVICES=(kamailio rtpengine-daemon ngcp-rtpengine-daemon postgresql)

PYTHON_MODULES=(numpy==2.4.6 scipy==1.17.1 pesq==0.0.4 pystoi==0.4.1 pjsua2-python==2.15.1.post1
    visqol-python==3.8.0)
VENV=var/tools/venv

POLICY=/usr/sbin/policy-rc.d
POLICY_ASIDE=$POLICY.before-tandem

main() {
    [ $# -gt 0 ] || die "say what for: scripts/install-debian.sh run|test|bench"
    local packages=("${RUN_PACKAGES[@]}") with_python=no group
    for group in "$@"; do
        case $group in
        run) ;;
        test) packages+=("${TEST_PACKAGES[@]}") with_python=yes ;;
        bench) packages+=("${BENCH_PACKAGES[@]}") ;;
        *) die "unknown group '$group': use run, test or bench" ;;
        esac
    done
    check_toolchain
    local missing
    mapfile -t missing < <(missing_packages "${packages[@]}")
    [ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}"
    [ $with_python = no ] || ensure_python_modules
}

check_toolchain() {
    have cargo || die "Rust is missing: install stable Rust with rustup, then run this again"
    have dpkg-query || die "this is not Debian: install by hand ${RUN_PACKAGES[*]} ${TEST_PACKAGES[*]}"
}

# The packages of the arguments that are not installed, one a line. dpkg-query fails where it has never
# heard of one, which is the usual state of a fresh machine.
missing_packages() {
    local package installed
    installed=$({ dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || true; } |
        sed -n 's/^installed //p')
    for package in "$@"; do
        grep -qxF "$package" <<<"$installed" || echo "$package"
    done | sort -u
}

install_packages() {
    local root=()
    if [ "$(id -u)" -ne 0 ]; then
        have sudo || die "as root, run: apt-get install --no-install-recommends $*"
        root=(sudo)
    fi
    say "installing Debian packages: $*"
    ROOT=("${root[@]}")
    trap restore_policy EXIT
    forbid_service_starts
    "${root[@]}" apt-get -q update ||
        die "apt-get update failed: check the network and /etc/apt/sources.list"
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -y install --no-install-recommends "$@" ||
        die "apt-get could not install $*: read its message above, fix it, run this again"
    disable_new_services "$@"
    restore_policy
    trap - EXIT
}

# Debian asks policy-rc.d before it starts a service; 101 is "no".
forbid_service_starts() {
    if [ -e $POLICY ]; then
        "${ROOT[@]}" mv -f $POLICY $POLICY_ASIDE
    fi
    printf '#!/bin/sh\nexit 101\n' | "${ROOT[@]}" tee $POLICY >/dev/null
    "${ROOT[@]}" chmod 755 $POLICY
}

restore_policy() {
    "${ROOT[@]}" rm -f $POLICY
    if [ -e $POLICY_ASIDE ]; then
        "${ROOT[@]}" mv -f $POLICY_ASIDE $POLICY
    fi
}

# Only what came in with this very run: a service that the machine had before is left alone.
disable_new_services() {
    [ -d /run/systemd/system ] || return 0
    local service
    for service in "${SERVICES[@]}"; do
        if [[ " $* " == *" $service "* ]]; then
            "${ROOT[@]}" systemctl disable --now "$service" >/dev/null 2>&1 || true
        fi
    done
}

# A private environment of the audio judges, remade when the list changes.
ensure_python_modules() {
    local stamp=$VENV/modules wanted="${PYTHON_MODULES[*]}"
    [ "$(cat $stamp 2>/dev/null)" = "$wanted" ] && return
    say "preparing the audio judges (PESQ, STOI, ViSQOL) and the phone PJSIP in $VENV"
    /usr/bin/python3 -m venv --clear $VENV ||
        die "python3 -m venv failed: apt-get install python3-venv, then run this again"
    $VENV/bin/pip install -q --disable-pip-version-check "${PYTHON_MODULES[@]}" 2>/dev/null ||
        die "pip could not install ${PYTHON_MODULES[*]}: check the network, then run this again"
    echo "$wanted" >$stamp
}

main "$@"
