"""Clips as a telephone hears them: band-pass, 8 kHz, G.711 mu-law, back to 16 kHz."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr

from callcore.audio.decode import open_audio

Float32 = npt.NDArray[np.float32]
RATE_HZ, LINE_HZ = 16_000, 8_000
LOW_HZ, HIGH_HZ = 300.0, 3_400.0  #: of a telephone line


def load(path: Path, channel: int = 0) -> Float32:
    """One channel of a file, shape (n,), float32, 16 kHz."""
    with open_audio(path) as source:
        return np.concatenate([block[channel] for block in source.blocks()])


@cache
def mu_law_levels() -> Float32:
    """The output values of ITU-T G.711 mu-law, in order, full scale 1."""
    code = np.arange(256) ^ 0xFF
    magnitude = ((((code & 0x0F) << 3) + 0x84) << ((code & 0x70) >> 4)) - 0x84
    return np.unique(np.where(code & 0x80, -magnitude, magnitude) / 32_768.0).astype(np.float32)


def telephone(audio: Float32) -> Float32:
    """``audio``, shape (n,), 16 kHz, after a telephone line, same form."""
    line = soxr.resample(audio, RATE_HZ, LINE_HZ)
    spectrum = np.fft.rfft(line)
    hertz = np.fft.rfftfreq(len(line), 1 / LINE_HZ)
    spectrum *= 1 / np.sqrt(1 + (LOW_HZ / np.maximum(hertz, 1.0)) ** 8)  # Butterworth of fourth order
    spectrum[hertz > HIGH_HZ] = 0
    line = np.fft.irfft(spectrum, len(line))
    levels = mu_law_levels()
    coded = levels[np.searchsorted((levels[1:] + levels[:-1]) / 2, np.clip(line, -1.0, 1.0))]
    return np.asarray(soxr.resample(coded.astype(np.float32), LINE_HZ, RATE_HZ), dtype=np.float32)
