#!/usr/bin/env bash
# Makes the prompts under sounds/ anew: 8 kHz mono 16-bit WAV, peak at -3 dBFS, 200 ms of silence
# around. The results are committed, so only someone who changes a prompt's words runs this.
#
# Needs Debian's festival, festvox-ru, flite and sox.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib.sh

for tool in text2wave flite sox; do
    have $tool || die "$tool is missing: apt-get install festival festvox-ru flite sox"
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# finish SOURCE TARGET: to the telephone's rate and level.
finish() {
    mkdir -p "$(dirname "$2")"
    sox "$1" -r 8000 -c 1 -b 16 -D "$2" highpass 80 norm -3 pad 0.2 0.2
    say "$2: $(soxi -d "$2")"
}

# russian NAME TEXT
russian() {
    printf '%s\n' "$2" |
        text2wave -eval '(voice_msu_ru_nsh_clunits)' -o "$work/$1.wav"
    finish "$work/$1.wav" "sounds/ru/$1.wav"
}

# english NAME TEXT
english() {
    flite -voice slt -t "$2" -o "$work/$1.wav"
    finish "$work/$1.wav" "sounds/en/$1.wav"
}

russian welcome 'Добро пожаловать в Тандем. Связь работает.'
english welcome 'Welcome to Tandem. Your line is working.'

# conference NAME RUSSIAN ENGLISH
conference() {
    russian "conference-$1" "$2"
    english "conference-$1" "$3"
}

conference pin 'Введите пин-код конференции и нажмите решётку.' \
    'Please enter the conference PIN, followed by the pound key.'
conference wrong-pin 'Неверный пин-код. Введите пин-код ещё раз.' \
    'That PIN is wrong. Please enter the PIN again.'
conference refused 'Неверный пин-код. До свидания.' 'That PIN is wrong. Goodbye.'
conference locked 'Конференция закрыта. До свидания.' 'This conference is locked. Goodbye.'
conference full 'В конференции нет свободных мест. До свидания.' 'This conference is full. Goodbye.'
conference muted 'Микрофон выключен.' 'Your microphone is off.'
conference unmuted 'Микрофон включён.' 'Your microphone is on.'
conference now-locked 'Конференция закрыта для новых участников.' 'The conference is now locked.'
conference now-open 'Конференция открыта.' 'The conference is now open.'

# supervise NAME RUSSIAN ENGLISH
supervise() {
    russian "supervise-$1" "$2"
    english "supervise-$1" "$3"
}

supervise listening 'Вы слушаете разговор.' 'You are listening.'
supervise whispering 'Вас слышит оператор.' 'The agent hears you.'
supervise barging 'Вас слышат оба.' 'Both hear you.'
supervise taken 'С ними уже говорит другой супервизор.' 'Another supervisor is speaking to them.'
