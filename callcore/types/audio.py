"""Audio, and positions in it.

Positions in time are integer samples at :data:`SAMPLE_RATE_HZ` counted from the start of the call; seconds appear only
at the edges (files, screens).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SAMPLE_RATE_HZ = 16_000  #: rate of all audio inside callcore; what Whisper and Silero were trained on

Samples = npt.NDArray[np.float32]  #: mono audio, shape (n,), float32, full scale = 1.0


@dataclass(frozen=True, slots=True)
class AudioFrame:
    """A packet of samples of one channel.

    ``samples``: shape (n,), float32, full scale 1.0, at ``rate_hz``; ``start_sample`` counts from the call's start.
    """

    channel: int
    start_sample: int
    samples: Samples
    rate_hz: int = SAMPLE_RATE_HZ

    @property
    def end_sample(self) -> int:
        return self.start_sample + len(self.samples)


@dataclass(frozen=True, slots=True)
class SpeechSegment:
    """One stretch of speech on one channel; ``end_sample`` is None while it is still open."""

    segment_id: str
    channel: int
    start_sample: int
    end_sample: int | None = None
    speech_probability: float = 0.0  #: mean voice probability over the segment, 0..1


def seconds(sample: int) -> float:
    """Position in seconds, rounded to the millisecond, of a sample at :data:`SAMPLE_RATE_HZ`."""
    return round(sample / SAMPLE_RATE_HZ, 3)


def samples(position_s: float) -> int:
    """Nearest sample at :data:`SAMPLE_RATE_HZ` of a position in seconds."""
    return round(position_s * SAMPLE_RATE_HZ)
