"""Progress of a batch: a bar for the run and a line per file on a terminal, a line per file elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from callcore.batch.job import FileReport, Outcome

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

MARKS = {
    Outcome.DONE: "[green]done[/]",
    Outcome.SKIPPED: "[dim]done before[/]",
    Outcome.FAILED: "[red]failed[/]",
    Outcome.STOPPED: "[yellow]stopped[/]",
}


class Silent:
    """Shows nothing."""

    def started(self, path: Path) -> None:
        """Nothing to show."""

    def advanced(self, path: Path, heard_s: float) -> None:
        """Nothing to show."""

    def finished(self, report: FileReport) -> None:
        """Nothing to show."""


class Lines(Silent):
    """A line per file that has ended; with ``bars`` also the run's bar and one line per file being read."""

    def __init__(self, console: Console, file_count: int, bars: Bars | None = None) -> None:
        self._console = console
        self._bars = bars
        self._single = file_count == 1
        self._lock = threading.Lock()
        self._tasks: dict[Path, TaskID] = {}
        self._began = time.monotonic()
        self._heard: dict[Path, float] = {}
        self._run: TaskID | None = None
        if bars is not None:
            self._run = bars.add_task("all files", total=file_count, speed="")

    def started(self, path: Path) -> None:
        """Show that work on a file begins."""
        if self._bars is not None and not self._single:
            with self._lock:
                self._tasks[path] = self._bars.add_task(_short(path), total=None, speed="")

    def advanced(self, path: Path, heard_s: float) -> None:
        """Show how much of a file was read, and the speed of the run."""
        if self._bars is None or self._run is None:
            return
        with self._lock:
            self._heard[path] = heard_s
            speed = sum(self._heard.values()) / max(0.001, time.monotonic() - self._began)
            self._bars.update(self._run, speed=f"{speed:.0f}x real time")
            if path in self._tasks:
                self._bars.update(self._tasks[path], speed=f"{heard_s / 60:.1f} min read")

    def finished(self, report: FileReport) -> None:
        """Print the file's line."""
        with self._lock:
            if self._bars is not None and self._run is not None:
                self._bars.advance(self._run)
                if report.path in self._tasks:
                    self._bars.remove_task(self._tasks.pop(report.path))
            if not self._single:
                self._console.print(_line(report), highlight=False, soft_wrap=True)


def _line(report: FileReport) -> str:
    from rich.markup import escape

    line = f"{MARKS[report.outcome]}  {escape(str(report.path))}"
    if report.outcome is Outcome.DONE:
        speed = report.audio_s / max(report.elapsed_s, 0.001)
        line += f"  [dim]{report.audio_s / 60:.1f} min, {speed:.0f}x, {report.call_id}[/]"
    if report.error is not None and report.outcome is Outcome.FAILED:
        line += f"  {escape(report.error.message)}"
    return line


def _short(path: Path) -> str:
    from rich.markup import escape

    name = path.name
    return escape(name if len(name) <= 40 else f"{name[:18]}…{name[-20:]}")


@contextmanager
def progress_for(console: Console, file_count: int, *, quiet: bool) -> Iterator[Silent]:
    """The progress display that suits the console."""
    if quiet:
        yield Silent()
    elif not console.is_terminal:
        yield Lines(console, file_count)
    else:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
            TimeElapsedColumn(), TextColumn("{task.fields[speed]}"),
        )  # fmt: skip
        with Progress(*columns, console=console, transient=True) as bars:
            yield Lines(console, file_count, bars)
