# Shared by the scripts in this folder; source it, do not run it.
# shellcheck shell=bash

# Says what is going on, on stderr, so that stdout stays a script's result.
say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }

# Says in one line what is wrong and what to do about it, and ends the script.
die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# Whether a command is there.
have() { command -v "$1" >/dev/null 2>&1; }
