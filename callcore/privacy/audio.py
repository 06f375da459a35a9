"""The secrets of a recording covered, by a tone or by silence: where masked words were said. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from callcore.types import MASK, SAMPLE_RATE_HZ, Final, Rejected, Revision, Turn

Cover = Literal["beep", "mute"]
Span = tuple[int, int]  #: samples of the call, half open

MARGIN = SAMPLE_RATE_HZ // 5  #: covered before and after a masked word: its times are a recogniser's
JOIN = SAMPLE_RATE_HZ // 2  #: what is heard for less time between two masked words is covered as well
TONE_HZ = 1000.0
TONE_LEVEL = 0.1  #: -20 dBFS
FADE = SAMPLE_RATE_HZ // 200  #: 5 ms, so that the tone does not click

Audio = npt.NDArray[np.float32]  #: shape (channels, n), float32, full scale 1.0, at SAMPLE_RATE_HZ


def covered_spans(events: Iterable[Final | Turn | Revision | Rejected]) -> list[Span]:
    """Where masked words of a call were said, and speech whose text was refused, in order and without overlaps.

    Events as they left the redaction. On all channels alike: a headset lets each side be heard on the other's.
    """
    spans: list[Span] = []
    for event in events:
        if isinstance(event, Rejected):
            if event.text_length:  # there were words, and nobody knows which
                spans.append((event.start_sample, event.end_sample))
        else:
            words = event.committed if isinstance(event, Revision) else event.words
            spans += ((word.start_sample, word.end_sample) for word in words if MASK in word.text)
    return _merged((max(0, start - MARGIN), end + MARGIN) for start, end in spans)


def within(spans: Iterable[Span], length: int) -> list[Span]:
    """What of ``spans`` lies in a recording of ``length`` samples."""
    return [(start, min(end, length)) for start, end in spans if start < length]


def cover(audio: Audio, start_sample: int, spans: Sequence[Span], how: Cover) -> Audio:
    """A copy of a stretch of audio that begins at ``start_sample`` of the call, its spans covered.

    The result does not depend on how the audio was cut into stretches.
    """
    covered = audio.copy()
    end_sample = start_sample + audio.shape[1]
    for start, end in spans:
        first, last = max(start, start_sample), min(end, end_sample)
        if first < last:
            sound = _tone(first, last, start, end) if how == "beep" else np.float32(0)
            covered[:, first - start_sample : last - start_sample] = sound
    return covered


def _tone(first: int, last: int, start: int, end: int) -> npt.NDArray[np.float32]:
    """Samples ``first`` to ``last`` of the tone over ``start`` to ``end``; its phase counts from the call's start."""
    at = np.arange(first, last)
    fade = np.clip(np.minimum(at - start, end - 1 - at) / FADE, 0.0, 1.0)
    return (TONE_LEVEL * fade * np.sin(2 * np.pi * TONE_HZ * at / SAMPLE_RATE_HZ)).astype(np.float32)


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start - merged[-1][1] < JOIN:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((start, end))
    return merged
