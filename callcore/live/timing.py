"""How soon after it was said a text was final."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from callcore.types import AudioFrame, Event, Final, Tick

REMEMBERED_S = 300.0  #: far longer than any text takes


@dataclass(frozen=True, slots=True)
class Finalisation:
    """Seconds from the end of a segment's last word to its final text, the wait for the segment's end included."""

    count: int
    p50_s: float
    p95_s: float


class FinalTimer:
    """Measures finalisation by the machine's clock: audio arrives in ticks, texts come as events, time is passed in."""

    def __init__(self) -> None:
        self._heard: deque[tuple[int, float]] = deque()  # end of the audio, when it arrived
        self._delays: list[float] = []
        self._lock = threading.Lock()

    def tick(self, tick: Tick, now_s: float) -> None:
        """Audio has arrived."""
        end = max((item.end_sample for item in tick if isinstance(item, AudioFrame)), default=None)
        if end is None:
            return
        with self._lock:
            self._heard.append((end, now_s))
            while self._heard[0][1] < now_s - REMEMBERED_S:
                self._heard.popleft()

    def event(self, event: Event, now_s: float) -> None:
        """A text has come about."""
        if not isinstance(event, Final):
            return
        end = event.words[-1].end_sample if event.words else event.end_sample
        with self._lock:
            index = bisect_left(self._heard, (end, -np.inf))
            if index < len(self._heard):
                self._delays.append(now_s - self._heard[index][1])

    def result(self) -> Finalisation:
        """Of all finals so far; zeros when there are none."""
        with self._lock:
            delays: Sequence[float] = list(self._delays)
        if not delays:
            return Finalisation(0, 0.0, 0.0)
        p50, p95 = np.percentile(delays, [50, 95])
        return Finalisation(len(delays), float(p50), float(p95))
