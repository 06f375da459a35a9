"""A capacity run as a Markdown table and as pictures: latency, processor time and memory against calls at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from callcore.bench.capacity import Limits, StepResult, Verdict, per_extra_call
from callcore.errors import MissingExtra

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {"commit": "#0b6e4f", "final": "#2f5d9b", "limit": "#b4552d", "memory": "#6b4fa0", "simulated": "#9aa4ad"}

Column = tuple[str, Callable[[StepResult], str]]


def _number(value: float | None, digits: int = 2) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f} %"


COLUMNS: tuple[Column, ...] = (
    ("calls", lambda step: str(step.calls)),
    ("commit p50 / p95 s", lambda step: f"{_number(step.commit_p50_s)} / {_number(step.commit_p95_s)}"),
    ("final p50 / p95 s", lambda step: f"{_number(step.final_p50_s)} / {_number(step.final_p95_s)}"),
    ("words found", lambda step: _percent(step.coverage)),
    ("lost audio s", lambda step: _number(step.dropped_s)),
    ("backlog s/s", lambda step: _number(step.backlog_slope, 3)),
    ("cores", lambda step: _number(step.cpu_cores)),
    ("busy", lambda step: _percent(step.busy_share)),
    ("update every ms", lambda step: _number(step.cadence_ms, 0)),
    ("RSS MB", lambda step: _number(step.rss_mb, 0)),
    ("jitter p99 ms", lambda step: _number(step.jitter_p99_ms)),
)  #: heading and cell of a step


def row(step: StepResult, verdict: Verdict) -> list[str]:
    """The cells of a step, verdict last."""
    return [*(cell(step) for _, cell in COLUMNS), str(verdict)]


def headings() -> list[str]:
    """Of the cells of :func:`row`."""
    return [*(heading for heading, _ in COLUMNS), "verdict"]


def in_order(steps: Sequence[StepResult], verdicts: Sequence[Verdict]) -> list[tuple[StepResult, Verdict]]:
    """Steps by number of calls, in order of measurement where equal."""
    return sorted(zip(steps, verdicts, strict=True), key=lambda pair: pair[0].calls)


def markdown(steps: Sequence[StepResult], verdicts: Sequence[Verdict]) -> str:
    """The table of all steps, and growth per call under it."""
    lines = ["| " + " | ".join(headings()) + " |", "|" + " --: |" * len(COLUMNS) + " --- |"]
    lines += ["| " + " | ".join(row(step, verdict)) + " |" for step, verdict in in_order(steps, verdicts)]
    text = "\n".join(lines)
    memory, cores = per_extra_call(steps, "rss_mb"), per_extra_call(steps, "cpu_cores")
    if memory is None or cores is None:
        return text
    return f"{text}\n\nEach further call takes {memory:.1f} MB and {60 * cores:.1f} CPU seconds a minute."


def plot(
    steps: Sequence[StepResult],
    verdicts: Sequence[Verdict],
    limits: Limits,
    path: Path,
    simulated: Sequence[tuple[int, float, float]] = (),
) -> None:
    """Draw the curves into ``path`` (its ending chooses the format: .png, .svg).

    ``simulated``: (calls, commit p95, final p95), drawn beside the measured ones. Raises :class:`MissingExtra`.
    """
    try:
        import matplotlib as mpl

        mpl.use("Agg")
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise MissingExtra("matplotlib is not installed.", "Install it with: pip install 'callcore[bench]'") from error
    figure, (latency, cost) = plt.subplots(1, 2, figsize=(11, 4))
    ordered = in_order(steps, verdicts)
    _latency(latency, ordered, limits, simulated)
    _cost(cost, [step for step, _ in ordered])
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def _latency(
    axis: Axes,
    ordered: Sequence[tuple[StepResult, Verdict]],
    limits: Limits,
    simulated: Sequence[tuple[int, float, float]],
) -> None:
    for name, limit in (("commit", limits.commit_p95_s), ("final", limits.final_p95_s)):
        known = [(s, v) for s, v in ordered if getattr(s, f"{name}_p95_s") is not None]
        values = [getattr(step, f"{name}_p95_s") for step, _ in known]
        calls = [step.calls for step, _ in known]
        axis.plot(calls, values, color=COLOURS[name], label=f"{name} p95")
        for passed, marker in ((True, "o"), (False, "x")):
            at = [index for index, (_, verdict) in enumerate(known) if verdict.passed is passed]
            axis.plot([calls[i] for i in at], [values[i] for i in at], marker, color=COLOURS[name])
        axis.axhline(limit, color=COLOURS[name], linestyle=":", linewidth=1, label=f"{name} limit {limit:g} s")
    for index, name in ((1, "commit"), (2, "final")):
        if simulated:
            axis.plot(
                [one[0] for one in simulated],
                [one[index] for one in simulated],
                linestyle="--",
                linewidth=1,
                color=COLOURS[name],
                alpha=0.5,
                label=f"{name} p95, simulated",
            )
    axis.set_ylim(0, 3 * max(limits.commit_p95_s, limits.final_p95_s))
    axis.set_xlabel("two-channel calls at once (x: did not pass)")
    axis.set_ylabel("seconds after the word")
    axis.legend(fontsize=8, frameon=False)
    _tidy(axis)


def _cost(axis: Axes, steps: Sequence[StepResult]) -> None:
    calls = [step.calls for step in steps]
    axis.plot(calls, [step.cpu_cores for step in steps], "o-", color=COLOURS["commit"], label="cores busy")
    axis.set_xlabel("two-channel calls at once")
    axis.set_ylabel("cores")
    axis.set_ylim(0, 1.15 * max((step.cpu_cores for step in steps), default=1.0) or 1.0)
    memory: Any = axis.twinx()
    memory.plot(calls, [step.rss_mb for step in steps], "s--", color=COLOURS["memory"], label="resident memory")
    memory.set_ylabel("MB")
    memory.set_ylim(0, 1.15 * max((step.rss_mb for step in steps), default=1.0) or 1.0)
    handles = [*axis.get_lines(), *memory.get_lines()]
    axis.legend(handles, [line.get_label() for line in handles], fontsize=8, frameon=False, loc="lower right")
    _tidy(axis)
    memory.spines[["top"]].set_visible(False)


def _tidy(axis: Axes) -> None:
    axis.spines[["top", "right"]].set_visible(False)
    axis.set_xlim(left=0)
