#!/usr/bin/env bash
# Runs every test, and ends with one line over all of them: `N passed, N failed`. Before it stand the tests
# that passed at their second hearing only, which those of phones and browsers have: each is somebody's to mend.
#
#     scripts/test.sh [ARGUMENT...]     arguments go to the Rust runner, for example a test's name
#
# Exits 0 only if all passed. Uses cargo-nextest where it is installed, `cargo test` elsewhere. The
# whole-process tests are a part: they need what `scripts/install-debian.sh test` installs.
set -uo pipefail
cd "$(dirname "$0")/.."
source scripts/lib.sh

passed=0
failed=0
second_hearings=()
log=$(mktemp)
report=$(mktemp)
trap 'rm -f "$log" "$report"' EXIT

main() {
    if cargo nextest --version >/dev/null 2>&1; then
        with_nextest "$@"
        doc_tests "$@"
    else
        with_cargo_test "$@"
    fi
    panel_tests
    [ ${#second_hearings[@]} -eq 0 ] || printf 'at the second hearing: %s\n' "${second_hearings[@]}"
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}

with_nextest() {
    say "Rust tests (cargo nextest)"
    cargo nextest run --color never --no-fail-fast "$@" 2>&1 | tee "$log"
    local status=${PIPESTATUS[0]} summary
    # A line such as: Summary [ 1.2s] 30 tests run: 28 passed (1 slow), 1 failed, 1 timed out, 0 skipped
    summary=$(grep -E '^ *Summary \[' "$log" | tail -1)
    # Such as: FLAKY 2/2 [  11.482s] (1399/1849) tandem::process voicemail::a_name
    hear_again "$(sed -nE 's/^ *FLAKY [0-9]+\/[0-9]+ \[[^]]*\] (\([^)]*\) )?//p' "$log" | sort -u)"
    count "$(first_number "$summary" passed)" \
        "$(($(first_number "$summary" failed) + $(first_number "$summary" 'timed out') + $(first_number "$summary" 'exec failed')))" \
        "$status" "cargo nextest"
}

# nextest leaves the examples of the documentation out.
doc_tests() {
    [ $# -eq 0 ] || return 0
    say "examples in the documentation (cargo test --doc)"
    cargo_test_counted "documentation" --doc --workspace
}

with_cargo_test() {
    say "Rust tests (cargo test)"
    cargo_test_counted "cargo test" "$@"
}

cargo_test_counted() {
    local what=$1
    shift
    cargo test --color never --no-fail-fast "$@" 2>&1 | tee "$log"
    local status=${PIPESTATUS[0]} good bad
    # One line a test binary: test result: ok. 12 passed; 0 failed; 0 ignored; ...
    good=$(sum_of passed)
    bad=$(sum_of failed)
    count "$good" "$bad" "$status" "$what"
}

panel_tests() {
    say "panel tests (vitest)"
    scripts/panel.sh npm test --silent -- --run --reporter=default --reporter=./e2e/harness/secondHearings.ts \
        --reporter=json --outputFile.json="$report" 2>&1 | tee "$log" >&2
    local status=${PIPESTATUS[0]}
    hear_again "$(sed -nE 's/^SECOND HEARING /panel /p' "$log")"
    count "$(json_number numPassedTests)" "$(json_number numFailedTests)" "$status" "panel"
}

# count PASSED FAILED STATUS WHAT: adds up. A run that failed without a failed test (it did not
# compile, it crashed) counts as one failure, so that it cannot hide.
count() {
    local bad=$2
    if [ "$3" -ne 0 ] && [ "$bad" -eq 0 ]; then
        bad=1
        say "$4 ended with status $3 before it could count: read its message above"
    fi
    passed=$((passed + $1))
    failed=$((failed + bad))
}

# hear_again NAMES: a line each of what passed at its second hearing.
hear_again() {
    [ -z "$1" ] || mapfile -t -O "${#second_hearings[@]}" second_hearings <<<"$1"
}

# first_number LINE WORD: the number before WORD, or 0.
first_number() {
    local number
    number=$(grep -oE "[0-9]+ $2" <<<"$1" | head -1 | cut -d' ' -f1)
    echo "${number:-0}"
}

sum_of() {
    grep -E '^test result: ' "$log" | grep -oE "[0-9]+ $1" | cut -d' ' -f1 | paste -sd+ | sed 's/^$/0/' | bc_or_zero
}

bc_or_zero() {
    local sum
    read -r sum
    echo $((sum))
}

json_number() {
    local number
    number=$(grep -oE "\"$1\":[0-9]+" "$report" | head -1 | cut -d: -f2)
    echo "${number:-0}"
}

main "$@"
