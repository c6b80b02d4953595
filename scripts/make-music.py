#!/usr/bin/env python3
"""Makes the hold music under sounds/music/default anew, out of sines: 16 kHz, mono, Ogg Vorbis.

The result is committed, so only someone who changes the music runs this. It is the project's own and
under its licence. Notes stay between 200 Hz and 2.5 kHz, so that a telephone carries all of it.

Needs sox.
"""

import array
import math
import pathlib
import subprocess
import sys
import tempfile
import wave

RATE = 16_000
BEAT_S = 0.78
BEATS = 4
# Four chords, played four times round, each with a melody of its own; notes are MIDI numbers.
CHORDS = [(57, 60, 64, 67), (53, 57, 60, 64), (55, 60, 64, 67), (55, 59, 62, 67)]
MELODIES = [
    [(76, 2), (72, 1), (74, 1), (72, 3), (None, 1), (76, 2), (79, 2), (74, 3), (None, 1)],
    [(76, 1), (79, 1), (81, 2), (77, 2), (76, 2), (79, 3), (76, 1), (74, 4)],
    [(72, 2), (76, 2), (77, 1), (76, 1), (72, 2), (76, 2), (79, 1), (76, 1), (74, 3), (None, 1)],
    [(81, 2), (79, 1), (76, 1), (77, 3), (76, 1), (72, 4), (74, 2), (71, 2)],
]


def hz(note):
    return 440.0 * 2.0 ** ((note - 69) / 12)


def bell(track, start_s, note, length_s, level):
    """A struck note: three partials, each fading faster than the one below."""
    first = int(start_s * RATE)
    for n in range(int((length_s + 1.2) * RATE)):
        if first + n >= len(track):
            first -= len(track)  # the end rings on in the beginning: a loop without a seam
        t = n / RATE
        attack = min(1.0, t / 0.012)
        release = 1.0 if t < length_s else math.exp(-(t - length_s) * 6)
        value = 0.0
        for partial, share, decay in ((1, 1.0, 1.1), (2, 0.28, 2.4), (4, 0.07, 5.0)):
            value += share * math.exp(-t * decay) * math.sin(math.tau * hz(note) * partial * t)
        track[first + n] += level * attack * release * value


def pad(track, start_s, chord, length_s, level):
    """A chord that swells and goes."""
    first = int(start_s * RATE)
    for n in range(int(length_s * RATE)):
        t = n / RATE
        swell = math.sin(math.pi * t / length_s) ** 0.7
        value = sum(math.sin(math.tau * hz(it + 12) * t + 0.3 * math.sin(t)) for it in chord)
        track[(first + n) % len(track)] += level * swell * value / len(chord)


def compose():
    bar_s = BEAT_S * BEATS
    track = [0.0] * int(bar_s * len(CHORDS) * len(MELODIES) * RATE)
    for verse, melody in enumerate(MELODIES):
        verse_s = verse * bar_s * len(CHORDS)
        for bar, chord in enumerate(CHORDS):
            at = verse_s + bar * bar_s
            pad(track, at, chord, bar_s * 1.25, 0.16)
            for beat, note in enumerate((chord[0], chord[2], chord[1], chord[3])):
                bell(track, at + beat * BEAT_S, note + 12, BEAT_S, 0.13)
        at = verse_s
        for note, beats in melody:
            if note is not None:
                bell(track, at, note, beats * BEAT_S, 0.34)
            at += beats * BEAT_S
    peak = max(abs(it) for it in track)
    return [it / peak * 0.5 for it in track]


def main():
    folder = pathlib.Path(__file__).resolve().parent.parent / "sounds" / "music" / "default"
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "evening.ogg"
    with tempfile.TemporaryDirectory() as work:
        raw = pathlib.Path(work) / "evening.wav"
        with wave.open(str(raw), "wb") as out:
            out.setparams((1, 2, RATE, 0, "NONE", ""))
            out.writeframes(array.array("h", (int(it * 32767) for it in compose())).tobytes())
        try:
            subprocess.run(["sox", raw, "-C", "4", target], check=True)
        except FileNotFoundError:
            sys.exit("sox is missing: apt-get install sox libsox-fmt-all")
    print(f"{target.name}: {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
