"""Results as pictures (matplotlib, extra ``bench``). Colours are those of Okabe and Ito, told apart by all eyes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from callcore.bench.latency import SystemResult
from callcore.bench.machine import machine_line
from callcore.errors import MissingExtra, OutputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
LINES = ("-", "--", "-.", ":")
FORMATS = ("png", "svg")
DPI = 150
BIN_S = 10.0  #: of call time, over which the median latency is drawn
LATENCIES = ("word first shown", "word committed", "turn final")


def require_matplotlib() -> None:
    """Raise :class:`~callcore.errors.MissingExtra` where plots cannot be drawn."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise MissingExtra(
            "plots need matplotlib, which is not installed.", "Install it: pip install 'callcore[bench]'"
        ) from error


def write_plots(
    folder: Path, results: Sequence[SystemResult], header: dict[str, Any], forms: Sequence[str] = FORMATS
) -> list[Path]:
    """Draw all plots; returns the files. Raises :class:`~callcore.errors.OutputError`."""
    import matplotlib

    where = machine_line(header["machine"]) if "machine" in header else "virtual time, stated service times"
    drawn = {"latency_cdf": _distribution(results), "latency_over_time": _over_time(results)}
    if all(result.samples for result in results):
        drawn["cost"] = _cost(results)
    written = []
    for name, figure in drawn.items():
        figure.text(0.01, 0.01, where, fontsize=8, color="#555555")
        for form in forms:
            file = folder / f"{name}.{form}"
            metadata: dict[str, Any] = {"Date": None} if form == "svg" else {}
            try:
                with matplotlib.rc_context({"svg.hashsalt": name}):
                    figure.savefig(file, dpi=DPI, metadata=metadata)
            except OSError as error:
                raise OutputError(
                    f"{file} cannot be written: {error.strerror}.", "Name another place with --out."
                ) from error
            written.append(file)
    return written


def _figure(columns: int, title: str, *, rows: int = 1, height: float = 3.8) -> tuple[Figure, list[Axes]]:
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    # The lower edge is left free for the machine's name.
    layout = ConstrainedLayoutEngine(rect=(0, 0.05, 1, 0.95))
    figure = Figure(figsize=(max(6.4, 4.2 * columns), height * rows), layout=layout)
    axes = figure.subplots(rows, columns, squeeze=False, sharey=columns > 1)
    figure.suptitle(title, fontsize=12)
    for axis in axes.flat:
        axis.grid(visible=True, color="#dddddd", linewidth=0.6)
        axis.spines[["top", "right"]].set_visible(False)
    return figure, list(axes.flat)


def _values(result: SystemResult) -> tuple[list[float | None], list[float | None], list[float | None]]:
    words = [word for call in result.calls for word in call.metrics.words]
    turns = [turn for call in result.calls for turn in call.metrics.turns]
    return (
        [word.first_shown_s for word in words],
        [word.commit_s for word in words],
        [turn.finalisation_s for turn in turns],
    )


def _distribution(results: Sequence[SystemResult]) -> Figure:
    """Share of all reference words (turns) that were there within a time: a curve ends at its coverage."""
    figure, axes = _figure(len(LATENCIES), "How soon words are shown, committed and final")
    largest = max((_quantile(values, 99) for result in results for values in _values(result)), default=1.0)
    left_s, right_s = -0.5, max(1.0, 1.1 * largest)
    for number, result in enumerate(results):
        for axis, values in zip(axes, _values(result), strict=True):
            known = sorted(value for value in values if value is not None)
            share = 100 * np.arange(len(known) + 1) / max(1, len(values))
            seconds = [left_s, *known, max(right_s, known[-1] if known else 0.0)]
            style: dict[str, Any] = {"color": _colour(number), "linestyle": _line(number), "label": result.name}
            axis.step(seconds, [*share, share[-1]], where="post", **style)
    for axis, name in zip(axes, LATENCIES, strict=True):
        axis.set_title(name, fontsize=10)
        axis.set_xlabel("seconds after the word (turn) ended")
        axis.set_xlim(left_s, right_s)
        axis.set_ylim(0, 102)
        axis.axhline(95, color="#999999", linewidth=0.8, linestyle=":")
    axes[0].set_ylabel("% of all words (turns) of the reference")
    axes[0].legend(loc="lower right", fontsize=8, frameon=False)
    return figure


def _over_time(results: Sequence[SystemResult]) -> Figure:
    """Latency against when it was said: a system that falls behind climbs."""
    figure, axes = _figure(len(results), "Latency over the time of the call")
    for axis, result in zip(axes, results, strict=True):
        words = [(w.end_s, w.commit_s) for c in result.calls for w in c.metrics.words if w.commit_s is not None]
        turns = [
            (t.end_s, t.finalisation_s) for c in result.calls for t in c.metrics.turns if t.finalisation_s is not None
        ]
        _cloud(axis, words, COLOURS[0], ".", LATENCIES[1])
        _cloud(axis, turns, COLOURS[1], "^", LATENCIES[2])
        axis.set_title(result.name, fontsize=10)
        axis.set_xlabel("time of the call, s")
    axes[0].set_ylim(bottom=min(0.0, axes[0].get_ylim()[0]))  # once all is drawn: the axes share their scale
    axes[0].set_ylabel("seconds after the word (turn) ended")
    axes[0].legend(fontsize=8, loc="upper left", framealpha=0.8, edgecolor="none")
    return figure


def _cloud(axis: Axes, points: Sequence[tuple[float, float]], colour: str, marker: str, name: str) -> None:
    """Points (time of the call, latency), and their median over stretches of the call."""
    if points:
        at_s, latency_s = np.array(points).T
        axis.scatter(at_s, latency_s, s=14, color=colour, alpha=0.35, marker=marker, linewidths=0, label=name)
        label = f"{name}, median of {BIN_S:.0f} s"
        axis.plot(*_medians(at_s, latency_s), color=colour, linewidth=1.8, label=label)


def _medians(at_s: np.ndarray, latency_s: np.ndarray) -> tuple[list[float], list[float]]:
    bins = (at_s // BIN_S).astype(int)
    present = sorted(set(bins.tolist()))
    return [(b + 0.5) * BIN_S for b in present], [float(np.median(latency_s[bins == b])) for b in present]


def _cost(results: Sequence[SystemResult]) -> Figure:
    """Cores kept busy and memory while the run went on."""
    figure, (busy, memory) = _figure(1, "What listening takes of the machine", rows=2, height=2.8)
    busy.sharex(memory)
    for number, result in enumerate(results):
        at_s = np.array([sample.at_s for sample in result.samples])
        cpu_s = np.array([sample.cpu_s for sample in result.samples])
        seconds = np.arange(at_s[0], at_s[-1] + 1.0, 1.0)  # two at least, however short the run
        cores = np.diff(np.interp(seconds, at_s, cpu_s))
        near = np.ones(min(5, len(cores)))
        smooth = np.convolve(cores, near, mode="same") / np.convolve(np.ones_like(cores), near, mode="same")
        style: dict[str, Any] = {"color": _colour(number), "linestyle": _line(number), "label": result.name}
        busy.plot(seconds[1:], smooth, **style)
        memory.plot(at_s, [sample.rss_bytes / 1e6 for sample in result.samples], **style)
    busy.set_ylabel("cores busy (mean of 5 s)")
    memory.set_ylabel("memory resident, MB")
    memory.set_xlabel("time of the run, s")
    for axis in (busy, memory):
        axis.set_ylim(bottom=0)
    busy.legend(fontsize=8, frameon=False)
    return figure


def _quantile(values: Sequence[float | None], percent: float) -> float:
    known = [value for value in values if value is not None]
    return float(np.percentile(known, percent)) if known else 0.0


def _colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]


def _line(number: int) -> str:
    return LINES[number % len(LINES)]
