#!/usr/bin/env bash
# How often speech is taken for a key (talk-off): an hour of it, in two languages and many voices,
# goes through the detector. The speech is made of this repository's own texts.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib.sh

VOICES="m1 m2 m3 m4 m5 m6 m7 m8 f1 f2 f3 f4 f5"
MINUTES=${TALK_OFF_MINUTES:-60}

have espeak-ng && have sox || die "espeak-ng and sox are missing: run scripts/install-debian.sh test"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# A voice says as much of the texts as fits its share of the time, at a pitch and speed of its own.
speak() {
    local language=$1 text=$2 seconds=$3 number=0 voice
    for voice in $VOICES; do
        number=$((number + 1))
        espeak-ng -v "$language+$voice" -p $((20 + number * 5)) -s $((120 + number * 8)) \
            -f "$text" --stdout 2>/dev/null |
            sox -q --ignore-length -t wav - -r 8000 -c 1 -b 16 "$folder/$language-$voice.wav" \
                norm -6 trim 0 "$seconds"
    done
}

main() {
    say "making $MINUTES minutes of speech"
    cat README.md ARCHITECTURE.md GLOSSARY.md CONTRIBUTING.md docs/*.md | tr -d '`|#*_<>-' >"$folder/en.txt"
    # The panel's Russian texts, several times over: pitch and speed make them other speech.
    sed -n 's/^ *"[^"]*": "\(.*\)",\?$/\1./p' web/src/i18n/ru.json >"$folder/ru.txt"
    local share=$((MINUTES * 60 / 26))
    speak en "$folder/en.txt" "$share"
    speak ru "$folder/ru.txt" "$share"
    sox "$folder"/*.wav "$folder/speech.wav"
    TANDEM_SPEECH=$folder/speech.wav cargo test --quiet -p media --test dtmf_tones -- \
        --ignored --nocapture an_hour_of_speech
}

main
