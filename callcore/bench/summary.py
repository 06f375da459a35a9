"""Calls of one run summed up: percentiles with coverage, error rates, and whether a latency counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from callcore.bench.metrics import CallMetrics, Errors

MIN_COVERAGE = 0.95  #: of the words (or turns) a latency is taken from
MAX_LIVE_LOSS = 0.01  #: error rate of the text as committed, over that of the same weights at leisure
MAX_FINAL_LOSS = 0.002  #: the same of the final text
PERCENTILES = (50, 95, 99)


@dataclass(frozen=True, slots=True)
class Latency:
    """Percentiles over all words (or turns) of all calls, and of the call where each is worst; None without any.

    ``coverage``: share of the reference that was matched. ``failed``: why the figures do not count; empty = they do.
    """

    pooled_s: tuple[float, float, float] | None
    worst_s: tuple[float, float, float] | None
    coverage: float
    count: int
    failed: tuple[str, ...] = ()

    @property
    def counts(self) -> bool:
        """Whether the figures may be compared: nothing failed and there is something."""
        return not self.failed and self.pooled_s is not None


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run took. ``cpu_s_per_call_minute`` of the system's process tree; memory in MB (10⁶ bytes)."""

    cpu_s_per_call_minute: float
    rss_peak_mb: float
    rss_slope_mb_per_hour: float | None  #: None where the run was too short to tell


@dataclass(frozen=True, slots=True)
class Summary:
    """One system on one set of calls."""

    calls: int
    call_minutes: float
    measure: str
    first_shown: Latency
    commit: Latency
    finalisation: Latency
    update_lag_s: tuple[float, float, float] | None
    flicker: float | None  #: units revised on screen per unit of the final text
    commit_revisions: float | None  #: committed units revised per unit of the final text
    live: Errors
    final: Errors
    offline: Errors | None
    invented_per_hour: float | None  #: final units that match nothing said, per hour of silence
    turns: int
    early_cuts: int | None  #: None for a system whose finals do not mark turns
    missed_turns: int
    cost: Cost | None
    valid: bool  #: sent on time
    problems: int  #: faults that the system reported

    def as_json(self) -> dict[str, Any]:
        """Ready for JSON; seconds to the millisecond."""
        return {
            "calls": self.calls,
            "call_minutes": round(self.call_minutes, 3),
            "measure": self.measure,
            "first_shown": latency_json(self.first_shown),
            "commit": latency_json(self.commit),
            "finalisation": latency_json(self.finalisation),
            "update_lag_s": _percentiles_json(self.update_lag_s),
            "flicker": _rounded(self.flicker),
            "commit_revisions": _rounded(self.commit_revisions),
            "live": errors_json(self.live),
            "final": errors_json(self.final),
            "offline": errors_json(self.offline) if self.offline else None,
            "invented_per_hour": _rounded(self.invented_per_hour),
            "turns": self.turns,
            "early_cuts": self.early_cuts,
            "missed_turns": self.missed_turns,
            "cost": {
                "cpu_s_per_call_minute": round(self.cost.cpu_s_per_call_minute, 2),
                "rss_peak_mb": round(self.cost.rss_peak_mb, 1),
                "rss_slope_mb_per_hour": _rounded(self.cost.rss_slope_mb_per_hour),
            }
            if self.cost
            else None,
            "valid": self.valid,
            "problems": self.problems,
        }


def summarise(
    calls: Sequence[CallMetrics],
    call_minutes: float,
    *,
    turn_finals: bool = True,
    cost: Cost | None = None,
    valid: bool = True,
    problems: int = 0,
) -> Summary:
    """Sum up the calls of a run; at least one. ``turn_finals``: as :attr:`~callcore.bench.protocol.System.turn_finals`.

    ``call_minutes``: length of all calls together.
    """
    live, final = sum((call.live for call in calls), Errors()), sum((call.final for call in calls), Errors())
    offlines = [call.offline for call in calls if call.offline is not None]
    offline = sum(offlines, Errors()) if len(offlines) == len(calls) else None
    live_loss = _loss("live text", live, offline, MAX_LIVE_LOSS)
    final_loss = _loss("final text", final, offline, MAX_FINAL_LOSS)
    units = sum(call.final_units for call in calls)
    silence_h = sum(call.silence_s for call in calls) / 3600
    lags = [lag for call in calls for lag in call.update_lags_s]
    return Summary(
        calls=len(calls),
        call_minutes=call_minutes,
        measure=calls[0].measure,
        first_shown=latency([[word.first_shown_s for word in call.words] for call in calls], live_loss),
        commit=latency([[word.commit_s for word in call.words] for call in calls], live_loss),
        finalisation=latency([[turn.finalisation_s for turn in call.turns] for call in calls], final_loss),
        update_lag_s=percentiles(lags),
        flicker=sum(call.revised for call in calls) / units if units else None,
        commit_revisions=sum(call.revised_commits for call in calls) / units if units else None,
        live=live,
        final=final,
        offline=offline,
        invented_per_hour=sum(call.invented for call in calls) / silence_h if silence_h else None,
        turns=sum(len(call.turns) for call in calls),
        early_cuts=sum(turn.cut_early for call in calls for turn in call.turns) if turn_finals else None,
        missed_turns=sum(turn.missed for call in calls for turn in call.turns),
        cost=cost,
        valid=valid,
        problems=problems,
    )


def latency(calls: Sequence[Sequence[float | None]], failed: Sequence[str] = ()) -> Latency:
    """Percentiles of values in seconds, by call; None stands for a word (or turn) that never came.

    ``failed``: what else makes the figures not count; too low a coverage is added.
    """
    total = sum(map(len, calls))
    known = [[value for value in call if value is not None] for call in calls]
    pooled = [value for call in known for value in call]
    coverage = len(pooled) / total if total else 0.0
    each = [found for call in known if (found := percentiles(call))]
    p50, p95, p99 = (max((found[rank] for found in each), default=0.0) for rank in range(len(PERCENTILES)))
    low = (f"coverage {100 * coverage:.1f} % < {100 * MIN_COVERAGE:.0f} %",) if coverage < MIN_COVERAGE else ()
    return Latency(percentiles(pooled), (p50, p95, p99) if each else None, coverage, len(pooled), (*low, *failed))


def percentiles(values: Sequence[float]) -> tuple[float, float, float] | None:
    """50th, 95th and 99th percentile (linear interpolation); None without values."""
    if not values:
        return None
    p50, p95, p99 = np.percentile(np.asarray(values, np.float64), PERCENTILES)
    return float(p50), float(p95), float(p99)


def _loss(name: str, errors: Errors, offline: Errors | None, most: float) -> tuple[str, ...]:
    """Why latencies of a text do not count for its errors: one reason, or none."""
    rate, at_leisure = errors.counts.rate, offline.counts.rate if offline else None
    if rate is None or at_leisure is None:
        return (f"no offline text to hold the {name} against",)
    loss = rate - at_leisure
    return (f"{name} {100 * loss:+.2f} against offline > +{100 * most:.1f}",) if loss > most + 1e-9 else ()


def latency_json(value: Latency) -> dict[str, Any]:
    """Ready for JSON."""
    return {
        "pooled_s": _percentiles_json(value.pooled_s),
        "worst_call_s": _percentiles_json(value.worst_s),
        "coverage": round(value.coverage, 4),
        "n": value.count,
        "counts": value.counts,
        "failed": list(value.failed),
    }


def errors_json(value: Errors) -> dict[str, Any]:
    """Ready for JSON; rates per unit of the reference."""
    return {
        "rate": _rounded(value.counts.rate),
        "units": value.counts.units,
        "substitutions": value.counts.substitutions,
        "deletions": value.counts.deletions,
        "insertions": value.counts.insertions,
        "number_units": value.number_units,
        "number_errors": value.number_errors,
        "number_rate": _rounded(value.number_rate),
    }


def _percentiles_json(values: tuple[float, float, float] | None) -> dict[str, float] | None:
    if values is None:
        return None
    return {f"p{name}": round(value, 3) for name, value in zip(PERCENTILES, values, strict=True)}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
