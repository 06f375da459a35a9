"""Whether a system that ran for hours stayed as it was: memory, latency, audio. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from callcore.bench.trend import Trend, trend

HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Reading:
    """The process at one moment."""

    at_s: float
    rss_mb: float
    calls: int  #: going on
    lag_s: float  #: of the call that is furthest behind


@dataclass(frozen=True, slots=True)
class Delay:
    """How long after a word's end it was committed, or its turn made final."""

    at_s: float
    seconds: float


@dataclass(frozen=True, slots=True)
class SoakedCall:
    """A call that has ended, and what became of its audio."""

    call_id: str
    started_s: float
    ended_s: float
    sent_samples: int  #: per channel
    heard_samples: int  #: per channel, as the call's last event says
    problem: str = ""


@dataclass(frozen=True, slots=True)
class SoakLimits:
    """How much may change and still count as flat."""

    warm_up: float = 0.15  #: share of the run that is left out of all trends: buffers and heaps fill at first
    rss_mb_per_hour: float = 5.0
    latency_s_per_hour: float = 0.1
    lag_s: float = 5.0  #: of any call at any moment
    shortest_s: float = 600.0  #: a shorter run cannot tell growth from warming up, and its trends are not judged


@dataclass(frozen=True, slots=True)
class SoakVerdict:
    """The trends found, and what is wrong."""

    rss: Trend  #: MB an hour
    commit: Trend  #: seconds an hour, of the p95 of each slice of the run
    final: Trend  #: the same
    lost_samples: int
    trends_judged: bool  #: whether the run was long enough to say that memory or latency grow
    failures: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Nothing is wrong."""
        return not self.failures

    def as_json(self) -> dict[str, Any]:
        """All fields, ready for JSON."""
        return {**asdict(self), "passed": self.passed}


def p95_by_slice(delays: Sequence[Delay], slice_s: float) -> tuple[list[float], list[float]]:
    """Middles of the slices of ``slice_s`` seconds that hold 20 delays or more, and the 95th percentile of each."""
    slices: dict[int, list[float]] = {}
    for delay in delays:
        slices.setdefault(int(delay.at_s // slice_s), []).append(delay.seconds)
    full = {number: values for number, values in sorted(slices.items()) if len(values) >= 20}
    times = [(number + 0.5) * slice_s for number in full]
    return times, [float(np.percentile(values, 95)) for values in full.values()]


def judge_soak(
    readings: Sequence[Reading],
    commits: Sequence[Delay],
    finals: Sequence[Delay],
    calls: Sequence[SoakedCall],
    limits: SoakLimits,
) -> SoakVerdict:
    """Trends after the warm-up, and lost audio. ``readings`` in order of time, at least one."""
    end_s = readings[-1].at_s
    from_s = limits.warm_up * end_s
    slice_s = max(1.0, end_s / 60)
    settled = [reading for reading in readings if reading.at_s >= from_s]
    rss = _hourly([reading.at_s for reading in settled], [reading.rss_mb for reading in settled])
    commit, final = (
        _hourly(*p95_by_slice([delay for delay in delays if delay.at_s >= from_s], slice_s))
        for delays in (commits, finals)
    )
    lost = sum(abs(call.sent_samples - call.heard_samples) for call in calls)
    long = end_s >= limits.shortest_s
    failures = []
    if long and rss.rises_by(limits.rss_mb_per_hour):
        failures.append("memory grows")
    for name, found, delays in (("commit", commit, commits), ("final", final, finals)):
        if not delays:
            failures.append(f"no {name} was seen")
        elif long and found.rises_by(limits.latency_s_per_hour):
            failures.append(f"{name} latency grows")
    if max(reading.lag_s for reading in settled) > limits.lag_s:
        failures.append("a call lagged")
    if lost:
        failures.append("audio was lost")
    if not calls:
        failures.append("no call ended")
    if troubled := sum(1 for call in calls if call.problem):
        failures.append(f"{troubled} calls had problems")
    return SoakVerdict(rss, commit, final, lost, long, tuple(failures))


def _hourly(times: Sequence[float], values: Sequence[float]) -> Trend:
    return trend([time / HOUR_S for time in times], values)
