"""Scores what was heard against what was said.

    score.py SAID.wav HEARD.wav [HEARD.wav ...]

All files are 8 kHz mono 16-bit WAV. For each HEARD one line is printed: PESQ (ITU-T P.862, narrow
band, 1 to 4.55), STOI (0 to 1), and the lag in ms at which SAID was found in HEARD. What HEARD lacks
of SAID counts as silence, so a call that starts late or is cut short scores badly.
"""

import sys

import numpy
from pesq import NoUtterancesError, pesq
from pystoi import stoi
from scipy.io import wavfile
from scipy.signal import correlate

RATE_HZ = 8000
# Kept around the speech, which recordings have between silences.
MARGIN_SAMPLES = RATE_HZ // 5
SPEECH_THRESHOLD = 300


def main(said_path, heard_paths):
    said = speech_of(read(said_path))
    for path in heard_paths:
        heard, lag = find(said, read(path))
        print(f"{score(said, heard):.3f} {stoi(said, heard, RATE_HZ):.4f} {lag * 1000 // RATE_HZ}")


def read(path):
    rate_hz, samples = wavfile.read(path)
    if rate_hz != RATE_HZ or samples.ndim != 1 or samples.dtype != numpy.int16:
        sys.exit(f"{path}: must be 8 kHz mono 16-bit")
    return samples.astype(numpy.float64)


def speech_of(samples):
    loud = numpy.flatnonzero(numpy.abs(samples) > SPEECH_THRESHOLD)
    if loud.size == 0:
        sys.exit("the reference is silent")
    return samples[max(loud[0] - MARGIN_SAMPLES, 0) : loud[-1] + MARGIN_SAMPLES]


def find(said, heard):
    """The part of `heard` that matches `said` best, as long as `said`, and where it starts."""
    if heard.size == 0 or not heard.any():
        return numpy.zeros(said.size), 0
    lag = int(numpy.argmax(correlate(heard, said, "full", "fft"))) - (said.size - 1)
    found = numpy.zeros(said.size)
    start, end = max(lag, 0), min(lag + said.size, heard.size)
    found[start - lag : end - lag] = heard[start:end]
    return found, lag


def score(said, heard):
    try:
        return pesq(RATE_HZ, said.astype(numpy.int16), heard.astype(numpy.int16), "nb")
    except NoUtterancesError:
        return 1.0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
