"""The course of one speaker's mood over a call: early warning, recovery, summary.

Warning and recovery are cumulative sums (Page 1954, "Continuous inspection schemes"): every turn adds how far its mood
lies beyond an allowance, nothing falls below zero, and what reaches a limit is told once. A single bad word does not
reach the limit, a lasting change does, long before it is loud. After a warning only a recovery can follow, and after
that only a warning: one alert an episode. Limits and probability were set on simulated calls (docs/mood.md).
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from callcore.types import SAMPLE_RATE_HZ, Mood, MoodAlert, Understanding

DIGITS = 4


@dataclass(frozen=True, slots=True)
class CourseSettings:
    """``allowance``, ``limit``, ``calm``, ``relief``: badness -1..1, summed over turns; see :func:`badness`."""

    allowance: float = 0.3  #: badness that a turn may show without adding to the warning
    limit: float = 0.75  #: sum that warns
    most: float = 0.5  #: that one turn adds to either: a single misjudged turn must not decide
    calm: float = 0.1  #: badness below which a turn adds to the recovery
    relief: float = 0.7  #: sum that tells of a recovery
    least_turns: int = 2  #: that show it: no single turn warns or tells of a recovery
    whole_turn_s: float = 2.0  #: shorter turns count for less, in proportion
    warning_right: float = 0.88  #: share of warnings that are right, one call in ten turning bad
    recovery_right: float = 0.94  #: share of recoveries told that are right
    most_evidence: int = 8  #: turns named in an alert, the last ones


@dataclass(frozen=True, slots=True)
class CourseSummary:
    """Valence -1..1 at the start, at the worst turn and at the end (each a mean of up to three turns but the worst)."""

    turns: int
    start: float
    worst: float
    end: float
    worst_turn: int
    worst_label: str
    mean_valence: float  #: by length of turn
    trend: float  #: valence a minute, straight line through all turns
    warnings: int
    recoveries: int


def badness(mood: Mood) -> float:
    """How bad a mood is, -1..1: its valence turned round, half as much again where it is fully excited."""
    stirred = 1 + 0.5 * max(0.0, _finite(mood.arousal))
    return max(-1.0, min(1.0, -_finite(mood.valence) * (stirred if mood.valence < 0 else 1.0)))


class MoodCourse:
    """Folds the turns of one channel, in order; bounded memory. The caller decides whose channel it is."""

    def __init__(self, channel: int, settings: CourseSettings | None = None) -> None:
        self.channel = channel
        self._settings = settings or CourseSettings()
        self._upset = False
        self._sum = 0.0
        self._evidence: deque[int] = deque(maxlen=self._settings.most_evidence)
        self._shown = 0  # turns that show what is summed
        self._line = _Line()
        self._first: list[float] = []
        self._last: deque[float] = deque(maxlen=3)
        self._worst: tuple[float, float, int, str] | None = None  # badness, valence, turn, label
        self._told = [0, 0]  # warnings, recoveries

    @property
    def upset(self) -> bool:
        """Whether a warning was given and no recovery since."""
        return self._upset

    def add(self, turn: Understanding) -> MoodAlert | None:
        """The next turn of the channel; those of other channels and those without a mood leave all as it is."""
        mood = turn.mood or turn.text_mood or turn.voice_mood
        if mood is None or turn.channel != self.channel:
            return None
        length_s = max(0.0, (turn.end_sample - turn.start_sample) / SAMPLE_RATE_HZ)
        weight = min(1.0, length_s / self._settings.whole_turn_s)
        self._remember(turn, mood, weight)
        settings = self._settings
        step = settings.calm - badness(mood) if self._upset else badness(mood) - settings.allowance
        limit = settings.relief if self._upset else settings.limit
        return self._tell(turn) if self._gather(turn, weight * step) and self._sum >= limit else None

    @property
    def summary(self) -> CourseSummary | None:
        """What has been so far; None before the first mood."""
        if self._worst is None:
            return None
        _, valence, turn, label = self._worst
        return CourseSummary(
            self._line.count,
            round(sum(self._first) / len(self._first), DIGITS),
            round(valence, DIGITS),
            round(sum(self._last) / len(self._last), DIGITS),
            turn,
            label,
            round(self._line.mean, DIGITS),
            round(self._line.slope, DIGITS),
            self._told[0],
            self._told[1],
        )

    def _gather(self, turn: Understanding, step: float) -> bool:
        """Add a turn's step to the sum; whether enough turns show what is summed."""
        self._sum = max(0.0, self._sum + min(step, self._settings.most))
        if not self._sum:
            self._evidence.clear()
            self._shown = 0
        elif step > 0:
            self._evidence.append(turn.turn_id)
            self._shown += 1
        return self._shown >= self._settings.least_turns

    def _tell(self, turn: Understanding) -> MoodAlert:
        kind, right = (
            ("recovered", self._settings.recovery_right) if self._upset else ("worsening", self._settings.warning_right)
        )
        alert = MoodAlert(kind, self.channel, turn.end_sample, right, tuple(self._evidence))
        self._told[int(self._upset)] += 1
        self._upset = not self._upset
        self._sum, self._shown = 0.0, 0
        self._evidence.clear()
        return alert

    def _remember(self, turn: Understanding, mood: Mood, weight: float) -> None:
        valence = max(-1.0, min(1.0, _finite(mood.valence)))
        self._line.add(turn.end_sample / SAMPLE_RATE_HZ / 60, valence, max(weight, 0.05))
        if len(self._first) < 3:
            self._first.append(valence)
        self._last.append(valence)
        bad = badness(mood)
        if self._worst is None or bad > self._worst[0]:
            self._worst = (bad, valence, turn.turn_id, mood.label)


class _Line:
    """A weighted straight line through points that come one by one (West 1979)."""

    __slots__ = ("_along", "_place", "_together", "_weight", "count", "mean")

    def __init__(self) -> None:
        self.count = 0
        self.mean = 0.0
        self._weight = self._place = self._along = self._together = 0.0

    def add(self, place: float, value: float, weight: float) -> None:
        self.count += 1
        self._weight += weight
        share = weight / self._weight
        step, rise = place - self._place, value - self.mean
        self._place += share * step
        self.mean += share * rise
        self._along += weight * step * (place - self._place)
        self._together += weight * step * (value - self.mean)

    @property
    def slope(self) -> float:
        return self._together / self._along if self._along > 1e-9 else 0.0


def _finite(value: float) -> float:
    return value if math.isfinite(value) else 0.0
