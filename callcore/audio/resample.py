"""Any rate to 16 kHz, with the state kept between blocks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import soxr

from callcore.types import SAMPLE_RATE_HZ

QUALITY = "HQ"
"""soxr's 20-bit recipe: aliases and images lie below the noise of 16-bit audio and the pass band reaches 91 % of the
lower Nyquist rate (7.3 kHz at 16 kHz; 3.65 kHz at 8 kHz, beyond a telephone's 3.4 kHz). VHQ adds bits that no recording
has and MQ takes bits away; neither changes the time of a decode by more than 4 % (docs/audio.md)."""

Packed = npt.NDArray[np.float32]  #: shape (n, channels), float32


class Resampler:
    """From ``rate_hz`` to 16 kHz; hands samples through where that is the same."""

    def __init__(self, rate_hz: int, channel_count: int) -> None:
        self.rate_hz = rate_hz
        self._nothing = np.empty((0, channel_count), dtype=np.float32)
        self._stream = (
            None
            if rate_hz == SAMPLE_RATE_HZ
            else soxr.ResampleStream(rate_hz, SAMPLE_RATE_HZ, channel_count, "float32", QUALITY)
        )

    def push(self, packed: Packed) -> Packed:
        """What is ready once ``packed``, shape (n, channels), is in; some samples stay inside until more come."""
        return packed if self._stream is None else self._run(packed, last=False)

    def finish(self) -> Packed:
        """The last samples of the signal."""
        return self._nothing if self._stream is None else self._run(self._nothing, last=True)

    def _run(self, packed: Packed, *, last: bool) -> Packed:
        assert self._stream is not None
        resampled: Packed = self._stream.resample_chunk(packed, last=last)
        return resampled
