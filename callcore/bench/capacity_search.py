"""The capacity of this machine from end to end: recordings in; JSON lines, a table and pictures out."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from callcore.bench.capacity import Capacity, Limits, StepResult, Verdict, find_capacity, per_extra_call
from callcore.bench.capacity_file import CapacityWriter
from callcore.bench.capacity_report import headings, markdown, plot, row
from callcore.bench.capacity_run import CapacityRunner, read_calls, traces
from callcore.bench.machine import git_commit, machine, machine_line, versions
from callcore.bench.records import PACKAGES, write_text
from callcore.config import Settings
from callcore.engines.hardware import choose_device, usable_cores
from callcore.errors import MissingExtra


@dataclass(frozen=True, slots=True)
class CapacityWishes:
    """What to search, and where the result goes."""

    calls: Sequence[Path]
    references: Sequence[Path]
    limits: Limits
    start: int
    maximum: int
    length_s: float  #: of each run
    output: Path  #: JSON lines; table and pictures get the same name with other endings
    plots: bool = True
    report: bool = True  #: also write the table, and the pictures


class View(Protocol):
    """Who looks on."""

    def preparing(self, text: str) -> None:
        """Before the first run."""

    def playing(self, calls: int, at_s: float, of_s: float) -> None:
        """While a number of calls is measured."""

    def step(self, cells: Sequence[str], headings: Sequence[str]) -> None:
        """A number of calls was measured."""


def search(settings: Settings, wishes: CapacityWishes, view: View) -> tuple[Capacity, list[Path]]:
    """Find the capacity; returns it, and the files written. Raises ``CallcoreError``."""
    require_extras(plots=wishes.plots)
    with tempfile.TemporaryDirectory(prefix="callcore-capacity-") as temporary:
        folder = Path(temporary)
        view.preparing("Reading the calls")
        calls = read_calls(wishes.calls, wishes.references, settings, folder / "offline")
        writer = CapacityWriter(wishes.output)
        try:
            writer.run(
                run_facts(settings, wishes, [one.reference.source for one in calls]), wishes.limits, _workers(settings)
            )
            view.preparing("Recording what the calls ask for")
            for trace in traces(calls, settings):
                writer.trace(trace)
            runner = CapacityRunner(settings, calls, wishes.length_s, folder, view.playing)

            def told(step: StepResult, verdict: Verdict) -> None:
                writer.step(step, verdict, runner.decodes)
                view.step(row(step, verdict), headings())

            found = find_capacity(runner, wishes.limits, start=wishes.start, maximum=wishes.maximum, told=told)
            writer.capacity(
                found,
                rss_mb_per_call=per_extra_call(found.steps, "rss_mb"),
                cores_per_call=per_extra_call(found.steps, "cpu_cores"),
            )
        finally:
            writer.close()
    return found, [wishes.output, *(_report(found, wishes, settings) if wishes.report else [])]


def run_facts(settings: Settings, wishes: CapacityWishes, sources: Sequence[str]) -> dict[str, Any]:
    """Where and how a run is made, ready for JSON. ``sources``: where the word times come from."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": machine(),
        "commit": git_commit(),
        "versions": versions(*PACKAGES),
        "model_name": Path(settings.recognise.model).name,
        "device": choose_device(settings.recognise.device),
        "live": settings.live.model_dump(mode="json"),
        "recordings": [path.name for path in wishes.calls],
        "references": list(sources),
        "length_s": wishes.length_s,
    }


def _workers(settings: Settings) -> int:
    """Decodes at the same time, as the engine has it."""
    if choose_device(settings.recognise.device) == "cuda":
        return 1
    return settings.recognise.workers or usable_cores()


def require_extras(*, plots: bool) -> None:
    """Raise :class:`MissingExtra` before an hour of measuring, not after it."""
    import importlib.util

    for name in ("scipy", *(["matplotlib"] if plots else [])):
        if importlib.util.find_spec(name) is None:
            raise MissingExtra(f"{name} is not installed.", "Install it with: pip install 'callcore[bench]'")


def _report(found: Capacity, wishes: CapacityWishes, settings: Settings) -> list[Path]:
    page = wishes.output.with_suffix(".md")
    lines = [
        f"# Capacity: {found.calls} calls at once",
        f"{machine_line(machine())}. Model {Path(settings.recognise.model).name}, commit {git_commit()}. "
        f"{wishes.length_s:.0f} s a run; recordings: {', '.join(path.name for path in wishes.calls)}.",
        markdown(found.steps, found.verdicts),
    ]
    written = [page]
    if wishes.plots:
        for ending in (".png", ".svg"):
            picture = wishes.output.with_suffix(ending)
            plot(found.steps, found.verdicts, wishes.limits, picture)
            written.append(picture)
        lines.append(f"![Latency, processor time and memory against calls at once]({page.with_suffix('.png').name})")
    write_text(page, "\n\n".join(lines) + "\n")
    return written
