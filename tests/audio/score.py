"""Scores what was heard against what was said.

    score.py [--visqol] SAID.wav HEARD.wav [HEARD.wav ...]

All files are 8 kHz mono 16-bit WAV. For each HEARD one line is printed: PESQ (ITU-T P.862, narrow
band, 1 to 4.55), STOI (0 to 1), the lag in ms at which SAID was found in HEARD, and, where it is
asked for since it takes two seconds, ViSQOL (speech, 1 to 5), which knows codecs such as Opus that
keep what the ear hears and not the shape of the wave. What HEARD lacks
of SAID counts as silence, so a call that starts late or is cut short scores badly.
"""

import sys

import numpy
from pesq import NoUtterancesError, pesq
from pystoi import stoi
from scipy.io import wavfile
from scipy.signal import correlate, resample_poly
from visqol import VisqolApi

RATE_HZ = 8000
VISQOL_RATE_HZ = 16000
# Kept around the speech, which recordings have between silences.
MARGIN_SAMPLES = RATE_HZ // 5
SPEECH_THRESHOLD = 300


def main(said_path, heard_paths, with_visqol):
    said = speech_of(read(said_path))
    for path in heard_paths:
        heard, lag = find(said, read(path))
        scores = [f"{score(said, heard):.3f}", f"{stoi(said, heard, RATE_HZ):.4f}"]
        scores.append(str(lag * 1000 // RATE_HZ))
        if with_visqol:
            scores.append(f"{visqol(said, heard):.3f}")
        print(*scores)


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


def visqol(said, heard):
    api = VisqolApi()
    api.create(mode="speech", use_lattice_model=False)
    wide = [resample_poly(it / 32768.0, VISQOL_RATE_HZ // RATE_HZ, 1) for it in (said, heard)]
    return api.measure_from_arrays(*wide, VISQOL_RATE_HZ).moslqo


if __name__ == "__main__":
    files = [it for it in sys.argv[1:] if it != "--visqol"]
    if len(files) < 2:
        sys.exit(__doc__)
    main(files[0], files[1:], "--visqol" in sys.argv)
