"""Progress of a batch: a bar for the run and one per file on a terminal, a line per file elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from callcore.batch.inputs import STDIN
from callcore.batch.report import FileReport, Outcome, display_name
from callcore.cli.printing import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

MARKS = {
    Outcome.DONE: "[green]done[/]       ",
    Outcome.SKIPPED: "[dim]done before[/]",
    Outcome.FAILED: "[red]failed[/]     ",
    Outcome.STOPPED: "[yellow]stopped[/]    ",
}
NAME_COLUMNS = 30


class Silent:
    """Shows nothing."""

    def started(self, path: Path) -> None:
        """Nothing to show."""

    def opened(self, path: Path, duration_s: float | None) -> None:
        """Nothing to show."""

    def advanced(self, path: Path, transcribed_s: float) -> None:
        """Nothing to show."""

    def waiting(self, path: Path, reason: str) -> None:
        """Nothing to show."""

    def finished(self, report: FileReport) -> None:
        """Nothing to show."""


class Lines(Silent):
    """A line per file that has ended, unless it is the only one; with ``bars`` also a bar per file being transcribed,
    and one of the run when it has several.
    """

    def __init__(self, console: Console, file_count: int, *, single: bool, bars: Bars | None = None) -> None:
        self._console = console
        self._bars = bars
        self._single = single
        self._lock = threading.Lock()
        self._tasks: dict[Path, TaskID] = {}
        self._run: TaskID | None = None
        if bars is not None and not single:
            self._run = bars.add_task("all files", total=file_count, state=f"0 of {file_count}")
        self._file_count = file_count
        self._ended = 0
        self._started: set[Path] = set()

    def started(self, path: Path) -> None:
        """Show that work on a file begins."""
        with self._lock:
            self._started.add(path)
            if self._bars is not None:
                self._tasks[path] = self._bars.add_task(
                    _short(path, min(NAME_COLUMNS, self._console.width // 3)), total=None, state="reading"
                )

    def opened(self, path: Path, duration_s: float | None) -> None:
        """Take the file's length for its bar."""
        self._update(path, total=duration_s or None, completed=0.0, state=_minutes(0.0, duration_s))

    def advanced(self, path: Path, transcribed_s: float) -> None:
        """Show up to where a file is transcribed."""
        with self._lock:
            task = self._tasks.get(path)
            if self._bars is None or task is None:
                return
            now = self._bars.tasks[self._bars.task_ids.index(task)]
            reached = max(transcribed_s, now.completed)  # the channels take turns
            self._bars.update(task, completed=reached, state=_minutes(reached, now.total))

    def waiting(self, path: Path, reason: str) -> None:
        """Say that another process is at this file."""
        self._print(f"[yellow]waiting[/]      {_safe(display_name(path))}  {_safe(reason)}")

    def finished(self, report: FileReport) -> None:
        """Print the file's line; of a run that was stopped, not those of files it never came to."""
        with self._lock:
            self._ended += 1
            begun = report.path in self._started
            self._started.discard(report.path)
            if self._bars is not None:
                if report.path in self._tasks:
                    self._bars.remove_task(self._tasks.pop(report.path))
                if self._run is not None:
                    state = f"{self._ended} of {self._file_count}"
                    self._bars.update(self._run, completed=self._ended, state=state)
        if begun and not self._single:
            self._print(_line(report))

    def _update(self, path: Path, *, total: float | None, completed: float, state: str) -> None:
        with self._lock:
            if self._bars is not None and path in self._tasks:
                self._bars.update(self._tasks[path], total=total, completed=completed, state=state)

    def _print(self, line: str) -> None:
        self._console.print(line, highlight=False, soft_wrap=True)


def _minutes(reached_s: float, total_s: float | None) -> str:
    return f"{reached_s / 60:.1f} of {total_s / 60:.1f} min" if total_s else f"{reached_s / 60:.1f} min"


def _line(report: FileReport) -> str:
    line = f"{MARKS[report.outcome]}  {_safe(report.name)}"
    if report.outcome is Outcome.DONE:
        speed = report.audio_s / max(report.elapsed_s, 0.001)
        line += f"  [dim]{report.audio_s / 60:.1f} min, {speed:.0f}x, {report.call_id}[/]"
    if report.warnings:
        kinds = dict.fromkeys(warning.kind.value.replace("_", " ") for warning in report.warnings)
        line += f"  [yellow]! {', '.join(kinds)}[/]"
    if report.error is not None and report.outcome is Outcome.FAILED:
        line += f"  {_safe(reason(report))}"
    return line


def reason(report: FileReport) -> str:
    """Why a file failed; its name stands before it already."""
    message = report.error.message if report.error else ""
    return message.removeprefix(f"{report.name}: ").replace(f": {report.name}.", ".")


def _safe(text: str) -> str:
    from rich.markup import escape

    return escape(printable(text))


def _short(path: Path, columns: int) -> str:
    from rich.cells import cell_len

    name = printable(display_name(path) if path == STDIN else path.name)
    if cell_len(name) > columns:
        head, tail = name, name
        while cell_len(head) > columns // 2 - 1:
            head = head[:-1]
        while cell_len(tail) > columns - columns // 2:
            tail = tail[1:]
        name = f"{head}…{tail}"
    return _safe(name)


@contextmanager
def progress_for(console: Console, file_count: int, *, quiet: bool, single: bool) -> Iterator[Silent]:
    """The progress display that suits the console; ``single``: the run has one file, whose result speaks for itself."""
    if quiet:
        yield Silent()
    elif not console.is_terminal:
        yield Lines(console, file_count, single=single)
    else:
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=20),
            TextColumn("{task.fields[state]}"), TimeElapsedColumn(),
        )  # fmt: skip
        # Standard output may be a file: it is left alone, and nothing is written to it while the bars are there.
        with Progress(*columns, console=console, transient=True, redirect_stdout=False) as bars:
            yield Lines(console, file_count, single=single, bars=bars)
