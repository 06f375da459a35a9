"""Where speech starts and ends, from voice probabilities alone: a state machine in integer samples."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from callcore.config import SegmentSettings
from callcore.segment.events import WINDOW_SAMPLES
from callcore.types import SAMPLE_RATE_HZ

CUT_SEARCH = 0.4  #: a segment that is too long is cut in this last part of it
CUT_SMOOTHING = 5  #: windows (160 ms) over which a pause is judged
PAUSE_DEPTH_DB = 30.0  #: a fall of the level by this counts like a fall of the probability from 1 to 0
MAX_ROLL = 0.5  #: the pre-roll takes at most this part of the longest segment


class MarkKind(Enum):
    """What happened to a stretch of sound."""

    OPENED = "opened"
    CLOSED = "closed"
    TOO_SHORT = "too_short"


@dataclass(frozen=True, slots=True)
class Mark:
    """A decision about the stretch from ``start`` to ``end`` (samples; None while open).

    ``probabilities``: of its windows from the first to the last of speech; ``continued``: it begins where the previous
    one was cut for its length.
    """

    kind: MarkKind
    start: int
    end: int | None
    probabilities: tuple[float, ...]
    continued: bool = False


class Endpointer:
    """Hysteresis, minimum speech, hangover, rolls and maximum length, window by window, for one channel."""

    def __init__(self, settings: SegmentSettings) -> None:
        per_ms = SAMPLE_RATE_HZ // 1000
        self._onset = settings.onset_probability
        self._offset = min(settings.offset_probability, settings.onset_probability)
        self._min_speech = settings.min_speech_ms * per_ms
        self._hangover = settings.hangover_ms * per_ms
        self._max = int(settings.max_segment_s * SAMPLE_RATE_HZ)
        self._pre_roll = min(settings.pre_roll_ms * per_ms, int(self._max * MAX_ROLL))
        self._post_roll = settings.post_roll_ms * per_ms
        self._position = 0  #: end of the last window
        self._floor = 0  #: end of the last segment; the next starts at or after it
        self._active = False  #: following a stretch that may be or is speech
        self._opened = False  #: it is
        self._continued = False
        self._start = 0
        self._first = 0  #: index of the window that the history begins with
        self._last_speech = 0  #: end of the last window of speech
        self._speech = 0  #: samples in windows of speech
        self._history: list[tuple[float, float]] = []  #: (probability, level in dBFS) of each window

    @property
    def speaking(self) -> bool:
        """Whether a segment is open."""
        return self._opened

    @property
    def position(self) -> int:
        """Samples judged so far."""
        return self._position

    @property
    def last_speech(self) -> int:
        """End of the last window of speech."""
        return self._last_speech

    @property
    def spoken(self) -> int:
        """Samples in windows of speech of the open segment."""
        return self._speech if self._opened else 0

    @property
    def probabilities(self) -> tuple[float, ...]:
        """Voice probabilities of the open segment, from its first window of speech to its last."""
        return self._mark(MarkKind.OPENED, None).probabilities if self._opened else ()

    @property
    def end_if_closed(self) -> int:
        """Where the open segment will end if no more speech comes: last speech and post-roll."""
        return self._last_speech + self._post_roll

    def set_hangover(self, sample_count: int) -> None:
        """Silence that ends a segment, from the next window on."""
        self._hangover = sample_count

    @property
    def needed_from(self) -> int:
        """First sample that a later decision may still refer to."""
        return self._start if self._active else max(self._floor, self._position - self._pre_roll)

    def push(self, probability: float, level_dbfs: float) -> list[Mark]:
        """Take the next window's voice probability and level. Returns what it decides, in order."""
        window_start = self._position
        self._position += WINDOW_SAMPLES
        if not self._active:
            if probability < self._onset:
                return []
            self._begin(window_start)
        self._history.append((probability, level_dbfs))
        if probability >= self._offset:
            self._last_speech = self._position
            self._speech += WINDOW_SAMPLES
        marks = []
        if not self._opened and self._speech >= self._min_speech:
            self._opened = True
            marks.append(self._mark(MarkKind.OPENED, None))
        if self._position - self._last_speech >= self._hangover and self._position > self._last_speech:
            marks.append(self._end(self._position))
        elif self._position + WINDOW_SAMPLES - self._start > self._max:
            marks += self._cut() if self._opened else [self._end(self._position)]
        return marks

    def finish(self, sample_count: int) -> list[Mark]:
        """The call is over after ``sample_count`` samples (the last window may reach beyond)."""
        return [self._end(sample_count)] if self._active else []

    def _begin(self, window_start: int) -> None:
        self._active, self._opened, self._continued = True, False, False
        self._start = max(self._floor, window_start - self._pre_roll)
        self._first = window_start // WINDOW_SAMPLES
        self._speech = 0
        self._history = []

    def _mark(self, kind: MarkKind, end: int | None) -> Mark:
        spoken = self._last_speech // WINDOW_SAMPLES - self._first
        probabilities = tuple(probability for probability, _ in self._history[:spoken])
        return Mark(kind, self._start, end, probabilities, self._continued)

    def _end(self, limit: int) -> Mark:
        self._active = False
        if not self._opened:
            return self._mark(MarkKind.TOO_SHORT, min(self._last_speech, limit))
        self._opened = False
        self._floor = min(self._last_speech + self._post_roll, limit)
        return self._mark(MarkKind.CLOSED, self._floor)

    def _cut(self) -> list[Mark]:
        """End the segment at its best pause and go on with the rest, which keeps every sample after the cut."""
        cut_window = self._best_pause()
        cut = (self._first + cut_window) * WINDOW_SAMPLES + WINDOW_SAMPLES // 2
        if self._last_speech <= cut:  # nothing but silence after the pause
            return [self._end(self._position)]
        before = tuple(probability for probability, _ in self._history[: cut_window + 1])
        closed = Mark(MarkKind.CLOSED, self._start, cut, before, self._continued)
        self._start, self._floor, self._continued = cut, cut, True
        self._first += cut_window
        self._history = self._history[cut_window:]
        return [closed, self._mark(MarkKind.OPENED, None)]

    def _best_pause(self) -> int:
        """Index in the history of the window to cut in: the least voiced and quietest stretch of the last part.

        Probability and level, both smoothed, are added: inside running speech Silero stays near 1 and the level tells
        the gaps between words; in a breath or noise the probability tells more.
        """
        earliest = self._start + int((1 - CUT_SEARCH) * self._max)
        begin = max(1, -(-earliest // WINDOW_SAMPLES) - self._first)
        probabilities, levels = np.array(self._history).T
        kernel = np.ones(CUT_SMOOTHING) / CUT_SMOOTHING
        # Edge values are repeated, or the ends of the stretch would look like pauses.
        voiced = np.convolve(np.pad(probabilities, CUT_SMOOTHING // 2, mode="edge"), kernel, mode="valid")[begin:]
        loud = np.convolve(np.pad(levels, CUT_SMOOTHING // 2, mode="edge"), kernel, mode="valid")[begin:]
        # Never in the newest window: at the end of a call it may reach beyond the audio.
        return begin + int(np.argmin((voiced + loud / PAUSE_DEPTH_DB)[:-1]))
