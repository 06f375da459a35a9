"""Results as a table for people: one column per system."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from callcore.bench.latency import SystemResult
from callcore.bench.machine import machine_line
from callcore.bench.summary import Latency, Summary

REFUSED = "✗"  #: stands behind a latency that does not count
Cell = Callable[[SystemResult], str]


def rows(results: Sequence[SystemResult]) -> list[list[str]]:
    """Name of a figure, then its value for each system."""
    measure = results[0].summary.measure
    cells: list[tuple[str, Cell]] = [
        ("calls; minutes of calls", lambda r: f"{r.summary.calls}; {r.summary.call_minutes:.1f}"),
        *_latency_rows("word first shown", lambda s: s.first_shown),
        *_latency_rows("word committed", lambda s: s.commit),
        *_latency_rows("turn final", lambda s: s.finalisation),
        ("text behind its audio, p50 / p95 / p99, s", lambda r: _seconds(r.summary.update_lag_s)),
        ("flicker: words revised on screen per word", lambda r: _number(r.summary.flicker)),
        ("committed words revised per word", lambda r: _number(r.summary.commit_revisions)),
        (f"{measure} live / final / offline, %", _rates),
        ("digits and amounts wrong, live / final, %", _number_rates),
        ("words invented per hour of silence", lambda r: _number(r.summary.invented_per_hour, 1)),
        ("turns: cut early / missed / all", _turns),
        ("CPU seconds per call-minute", _processor),
        ("memory at its peak, MB; growth, MB/h", _memory),
        ("sent late, p99, ms", lambda r: f"{1000 * r.sent.late_p99_s:.2f}" if r.sent else "–"),
        ("faults reported", lambda r: str(r.summary.problems)),
    ]
    return [[name, *(cell(result) for result in results)] for name, cell in cells]


def notes(results: Sequence[SystemResult]) -> list[str]:
    """Why a figure does not count, one line each."""
    found = []
    for result in results:
        named = (
            ("first shown", result.summary.first_shown),
            ("committed", result.summary.commit),
            ("turn final", result.summary.finalisation),
        )
        for name, latency in named:
            if latency.failed:
                found.append(f"{REFUSED} {result.name}, {name}: does not count ({'; '.join(latency.failed)})")
        if not result.summary.valid and result.sent:
            late = f"{1000 * result.sent.late_p99_s:.1f} ms late at p99"
            found.append(f"{REFUSED} {result.name}: the run is invalid, packets left {late}")
    return found


def markdown(results: Sequence[SystemResult], header: dict[str, Any]) -> str:
    """The table, what it was measured on, and its notes."""
    if results[0].clock == "virtual":
        about = "Virtual time: latencies of the policy with stated service times, on no machine."
    else:
        about = f"{machine_line(header['machine'])}; {header['date']}."
    lines = [
        about,
        "",
        "| | " + " | ".join(result.name for result in results) + " |",
        "| --- |" + " --: |" * len(results),
        *("| " + " | ".join(row) + " |" for row in rows(results)),
        "",
        *(f"{note}  " for note in notes(results)),
        f"Word times: {'; '.join(dict.fromkeys(header['references']))}. Commit {header['commit']}.",
    ]
    return "\n".join(lines) + "\n"


def _latency_rows(name: str, of: Callable[[Summary], Latency]) -> list[tuple[str, Cell]]:
    def pooled(result: SystemResult) -> str:
        value = of(result.summary)
        mark = "" if value.counts else f" {REFUSED}"
        return _seconds(value.pooled_s) + mark

    return [
        (f"{name}, p50 / p95 / p99, s", pooled),
        ("… of the worst call", lambda r: _seconds(of(r.summary).worst_s)),
        ("… coverage, %", lambda r: f"{100 * of(r.summary).coverage:.1f}"),
    ]


def _seconds(values: tuple[float, float, float] | None) -> str:
    return " / ".join(f"{value:.2f}" for value in values) if values else "–"


def _number(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _percent(rate: float | None) -> str:
    return "–" if rate is None else f"{100 * rate:.2f}"


def _rates(result: SystemResult) -> str:
    summary = result.summary
    offline = summary.offline.counts.rate if summary.offline else None
    return " / ".join(map(_percent, (summary.live.counts.rate, summary.final.counts.rate, offline)))


def _number_rates(result: SystemResult) -> str:
    return f"{_percent(result.summary.live.number_rate)} / {_percent(result.summary.final.number_rate)}"


def _turns(result: SystemResult) -> str:
    summary = result.summary
    cut = "–" if summary.early_cuts is None else str(summary.early_cuts)
    return f"{cut} / {summary.missed_turns} / {summary.turns}"


def _processor(result: SystemResult) -> str:
    return f"{result.summary.cost.cpu_s_per_call_minute:.1f}" if result.summary.cost else "–"


def _memory(result: SystemResult) -> str:
    cost = result.summary.cost
    if cost is None:
        return "–"
    return f"{cost.rss_peak_mb:.0f}; {_number(cost.rss_slope_mb_per_hour, 1)}"
