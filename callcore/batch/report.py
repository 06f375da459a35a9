"""What became of the inputs of a batch."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from callcore.batch.inputs import STDIN
from callcore.errors import CallcoreError
from callcore.output import STDIN as STDIN_NAME
from callcore.types import AudioWarning


class Outcome(StrEnum):
    """What became of one input."""

    DONE = "done"
    SKIPPED = "skipped"  #: done before with the same content, model and settings
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class FileReport:
    """One input after the run. ``call_id`` is there when its transcript is in the database."""

    path: Path
    outcome: Outcome
    call_id: str = ""
    audio_s: float = 0.0
    elapsed_s: float = 0.0
    error: CallcoreError | None = None
    warnings: tuple[AudioWarning, ...] = ()  #: of a call transcribed in this run
    outputs: tuple[Path, ...] = ()

    @property
    def name(self) -> str:
        """How the input is called on the screen."""
        return display_name(self.path)


def display_name(path: Path) -> str:
    """The path, or ``stdin``."""
    return STDIN_NAME if path == STDIN else str(path)


class Progress(Protocol):
    """Told what happens, from several threads."""

    def started(self, path: Path) -> None: ...
    def opened(self, path: Path, duration_s: float | None) -> None: ...
    def advanced(self, path: Path, transcribed_s: float) -> None: ...
    def waiting(self, path: Path, reason: str) -> None: ...
    def finished(self, report: FileReport) -> None: ...


@dataclass(slots=True)
class Summary:
    """The run in figures; reports in the order of the inputs."""

    reports: list[FileReport] = field(default_factory=list)
    elapsed_s: float = 0.0

    def count(self, outcome: Outcome) -> int:
        return sum(report.outcome is outcome for report in self.reports)

    @property
    def audio_s(self) -> float:
        """Audio transcribed in this run; what was skipped does not count."""
        return sum(report.audio_s for report in self.reports if report.outcome is Outcome.DONE)

    @property
    def failures(self) -> list[FileReport]:
        return [report for report in self.reports if report.outcome is Outcome.FAILED]
