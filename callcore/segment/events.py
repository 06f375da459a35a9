"""What a segmenter reports, and what it needs from a voice scorer."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from callcore.types import Samples, SpeechSegment

WINDOW_SAMPLES = 512  #: samples at 16 kHz that get one voice probability: 32 ms, what Silero was trained on

Float32 = npt.NDArray[np.float32]


class RefusalReason(StrEnum):
    """Why sound that looked like speech was not made a segment."""

    TOO_SHORT = "too_short"  #: less speech than ``min_speech_ms``; was never opened
    UNSURE = "unsure"  #: the voice probability stayed low all along


@dataclass(frozen=True, slots=True)
class SegmentOpened:
    """Speech began. The start is final, the end is None."""

    segment: SpeechSegment


@dataclass(frozen=True, slots=True)
class SegmentClosed:
    """Speech ended. ``audio``: the samples of the segment, pre-roll and post-roll included, shape (end - start,)."""

    segment: SpeechSegment
    audio: Samples = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class SegmentRefused:
    """What was found is not speech. ``detail`` gives the figures behind ``reason``, in words."""

    segment: SpeechSegment
    reason: RefusalReason
    detail: str


SegmentEvent = SegmentOpened | SegmentClosed | SegmentRefused


class ScorerStream(Protocol):
    """The voice scorer of one channel; it remembers what it heard."""

    def score(self, windows: Float32, /) -> Float32:
        """Voice probabilities, shape (n,), of the next windows, shape (n, :data:`WINDOW_SAMPLES`), at 16 kHz."""

    def skip(self, windows: Float32, /) -> None:
        """Go past windows that hold no speech for sure, without scoring them."""


class SpeechScorer(Protocol):
    """A voice scorer: shared weights that give each channel a state of its own."""

    def stream(self) -> ScorerStream:
        """A fresh state for one channel."""
