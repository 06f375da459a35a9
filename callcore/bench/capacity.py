"""The largest number of calls at once that a machine stands: what passes, and the search for the edge. No I/O.

How one number of calls is measured is the caller's affair (a function from the number to a :class:`StepResult`), so
that the search runs on a live station, on a simulation, or on a test's toy alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Limits:
    """What a number of calls must keep to pass."""

    commit_p95_s: float = 2.0
    final_p95_s: float = 1.0
    coverage: float = 0.95  #: least share of the words found; latency of fewer words says nothing
    dropped_s: float = 0.0  #: audio of all calls that never reached the recogniser's door
    backlog_slope: float = 0.01  #: seconds of backlog gained per second that still count as none
    jitter_p99_ms: float = 2.0  #: of the feeder: beyond it the run says nothing about the system


@dataclass(frozen=True, slots=True)
class StepResult:
    """One run with a number of calls at once. None: could not be measured."""

    calls: int
    length_s: float  #: of the run
    commit_p50_s: float | None
    commit_p95_s: float | None
    final_p50_s: float | None
    final_p95_s: float | None
    coverage: float | None
    dropped_s: float
    backlog_slope: float  #: seconds of backlog gained per second, smoothed
    backlog_worst_s: float
    jitter_p99_ms: float
    cpu_cores: float  #: cores kept busy by the process tree, mean
    busy_share: float | None  #: of the decode workers' time, mean
    cadence_ms: float | None  #: interval between updates of a channel, mean
    rss_mb: float  #: at the end of the run
    lost_calls: int = 0  #: calls that ended with an error or never ended
    abandoned: str = ""  #: why the run was ended early; "" when it was not

    def as_json(self) -> dict[str, Any]:
        """All fields, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> StepResult:
        """The inverse of :meth:`as_json`; keys it does not know are left out. Raises ``TypeError`` on missing ones."""
        known = {field.name for field in fields(cls)}
        return cls(**{key: value for key, value in values.items() if key in known})


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a step passed, and what it failed on."""

    failures: tuple[str, ...]
    valid: bool = True  #: the feeder kept its schedule

    @property
    def passed(self) -> bool:
        """No failures in a valid run."""
        return self.valid and not self.failures

    def __str__(self) -> str:
        if self.passed:
            return "pass"
        return "; ".join(self.failures if self.valid else (*self.failures, "feeder late"))


def judge(step: StepResult, limits: Limits) -> Verdict:
    """What a step fails on, in words without units' figures of the limits, in a fixed order."""
    failures = []
    for name, value, limit in (
        ("commit p95", step.commit_p95_s, limits.commit_p95_s),
        ("final p95", step.final_p95_s, limits.final_p95_s),
    ):
        if value is None:
            failures.append(f"{name} unknown")
        elif value > limit:
            failures.append(name)
    if step.coverage is not None and step.coverage < limits.coverage:
        failures.append("coverage")
    if step.dropped_s > limits.dropped_s:
        failures.append("audio dropped")
    if step.lost_calls:
        failures.append("calls lost")
    if step.backlog_slope > limits.backlog_slope:
        failures.append("backlog grows")
    if step.abandoned:
        failures.append(step.abandoned)
    return Verdict(tuple(failures), step.jitter_p99_ms <= limits.jitter_p99_ms)


Measure = Callable[[int], StepResult]  #: runs a number of calls at once
Told = Callable[[StepResult, Verdict], None]  #: called after each step


def _nobody(step: StepResult, verdict: Verdict) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """The outcome of a search: ``calls`` is the largest number that passed (0: none did)."""

    calls: int
    first_failing: int | None  #: the smallest number that failed; None: all passed, up to the maximum
    steps: tuple[StepResult, ...]  #: in the order in which they were measured
    verdicts: tuple[Verdict, ...]

    def passing_step(self) -> StepResult | None:
        """The step that stands for the capacity."""
        for step, verdict in zip(self.steps, self.verdicts, strict=True):
            if step.calls == self.calls and verdict.passed:
                return step
        return None


def find_capacity(
    measure: Measure,
    limits: Limits,
    *,
    start: int = 1,
    maximum: int = 256,
    told: Told = _nobody,
    repeats: int = 1,
) -> Capacity:
    """Double the number of calls from ``start`` until it fails or reaches ``maximum``, then bisect.

    A run that fails on nothing but the feeder's schedule is measured again, up to ``repeats`` times. Where more calls
    never do better the answer is exact. Raises ``ValueError`` unless 1 <= start <= maximum.
    """
    if not 1 <= start <= maximum:
        raise ValueError(f"start must lie between 1 and {maximum}, not {start}")
    steps: list[StepResult] = []
    verdicts: list[Verdict] = []

    def passes(calls: int) -> bool:
        for _ in range(repeats + 1):
            step = measure(calls)
            verdict = judge(step, limits)
            steps.append(step)
            verdicts.append(verdict)
            told(step, verdict)
            if verdict.valid or verdict.failures:
                break
        return verdict.passed

    good, bad = 0, None
    trying = start
    while bad is None and good < maximum:
        if passes(trying):
            good, trying = trying, min(2 * trying, maximum)
        else:
            bad = trying
    while bad is not None and bad - good > 1:
        middle = (good + bad) // 2
        if passes(middle):
            good = middle
        else:
            bad = middle
    return Capacity(good, bad, tuple(steps), tuple(verdicts))


def per_extra_call(steps: Sequence[StepResult], field: str) -> float | None:
    """Least-squares growth of a field of the steps ("rss_mb", "cpu_cores") per call; None with fewer than two numbers.

    Steps ended early are left out: they never held all their calls for long.
    """
    used = [step for step in steps if not step.abandoned]
    calls = [step.calls for step in used]
    if len(set(calls)) < 2:
        return None
    slope, _ = np.polyfit(calls, [getattr(step, field) for step in used], 1)
    return float(slope)
