"""The batch job: many recordings, one after the other or a few at once; what is done already is skipped."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from callcore.audio import RawFormat, content_sha256
from callcore.batch.transcriber import Job, LayoutRefuted, Transcriber
from callcore.errors import CallcoreError, CallInProgress, DiskFull, StoreError
from callcore.output import plan_names, write
from callcore.record import CallRecord, fold
from callcore.store import CallWriter, Store, new_call_id
from callcore.types import CallEnded, CallStarted, Event, seconds

FLUSH_EVENTS = 200  #: events of a call stored in one transaction


class Outcome(StrEnum):
    """What became of one input."""

    DONE = "done"
    SKIPPED = "skipped"  #: done before with the same content, model and settings
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class FileReport:
    """One input after the run. ``record`` is there when the call is done or was done before."""

    path: Path
    outcome: Outcome
    call_id: str = ""
    audio_s: float = 0.0
    elapsed_s: float = 0.0
    error: CallcoreError | None = None
    record: CallRecord | None = None
    outputs: tuple[Path, ...] = ()


class Progress(Protocol):
    """Told what happens, from several threads."""

    def started(self, path: Path) -> None: ...
    def advanced(self, path: Path, heard_s: float) -> None: ...
    def finished(self, report: FileReport) -> None: ...


class Stopped(Exception):
    """The user asked to stop (Ctrl-C)."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user wants besides the transcripts in the database."""

    formats: Sequence[str] = ()
    folder: Path | None = None
    overwrite: bool = False
    again: bool = False  #: transcribe even what is done
    raw: RawFormat | None = None
    jobs: int = 0  #: files at once; 0 = chosen
    keep_records: bool = False  #: hand the records back (for printing); off for large runs


@dataclass(slots=True)
class Summary:
    """The run in figures."""

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


class BatchJob:
    """Transcribes inputs into one database with one loaded model."""

    def __init__(self, transcriber: Transcriber, store: Store, wishes: Wishes, progress: Progress) -> None:
        self._transcriber = transcriber
        self._store = store
        self._wishes = wishes
        self._progress = progress
        self._stop = threading.Event()
        self._fatal: CallcoreError | None = None

    def run(self, inputs: Iterable[Path]) -> Summary:
        """Work through the inputs. One bad file never stops the rest; a full disk or a broken database does.

        On KeyboardInterrupt, calls not finished are marked interrupted, and the summary so far is returned with
        them as stopped.
        """
        paths = list(dict.fromkeys(inputs))
        names = plan_names(paths) if self._wishes.folder else {}
        began = time.monotonic()
        summary = Summary()
        with ThreadPoolExecutor(self._jobs(), thread_name_prefix="file") as pool:
            futures = {pool.submit(self._one, path, names.get(path, "")): path for path in paths}
            try:
                summary.reports.extend(_as_completed(futures))
            except KeyboardInterrupt:
                self._stop.set()
                reported = {report.path for report in summary.reports}
                summary.reports.extend(r for r in _as_completed(futures) if r.path not in reported)
        summary.elapsed_s = time.monotonic() - began
        return summary

    @property
    def stopped(self) -> bool:
        """Whether the run was cut short by the user."""
        return self._stop.is_set() and self._fatal is None

    @property
    def fatal(self) -> CallcoreError | None:
        """The error that made going on pointless, if any."""
        return self._fatal

    def _jobs(self) -> int:
        # Two files keep the workers fed while one of them is being read or is at its last batch.
        wanted = self._wishes.jobs or self._transcriber.settings.batch.jobs
        return wanted or max(2, self._transcriber.engine.info.workers // 2)

    def _one(self, path: Path, stem: str) -> FileReport:
        began = time.monotonic()
        try:
            self._check_stop()
            self._progress.started(path)
            report = self._transcribe(path, stem, began)
        except Stopped:
            report = FileReport(path, Outcome.STOPPED, elapsed_s=time.monotonic() - began, error=self._fatal)
        except CallcoreError as error:
            if isinstance(error, DiskFull | StoreError) and not isinstance(error, CallInProgress):
                self._fatal = self._fatal or error
                self._stop.set()
            report = FileReport(path, Outcome.FAILED, elapsed_s=time.monotonic() - began, error=error)
        except OSError as error:
            wrapped = CallcoreError(f"{path}: {error.strerror or error}.", "Check the file and the disk.")
            report = FileReport(path, Outcome.FAILED, elapsed_s=time.monotonic() - began, error=wrapped)
        self._progress.finished(report)
        return report

    def _transcribe(self, path: Path, stem: str, began: float) -> FileReport:
        digest = content_sha256(path)
        transcriber = self._transcriber
        done = self._store.find_done(digest, transcriber.model.model_hash, transcriber.settings_hash)
        if done and not self._wishes.again:
            record = self._store.record(done) if self._wishes.folder or self._wishes.keep_records else None
            outcome, call_id = Outcome.SKIPPED, done
        else:
            call_id = new_call_id(datetime.now(UTC), digest, transcriber.model.model_hash + transcriber.settings_hash)
            job = Job(call_id, path, str(path), self._wishes.raw)
            try:
                record = self._follow(job, digest)
            except LayoutRefuted:
                record = self._follow(replace(job, trust=False), digest)
            outcome = Outcome.DONE
        outputs: list[Path] = []
        if self._wishes.folder and record:
            folder, overwrite = self._wishes.folder, self._wishes.overwrite
            outputs = write(record, self._wishes.formats, folder, stem, overwrite=overwrite)
        audio_s = seconds(record.sample_count) if record else 0.0
        kept = record if self._wishes.keep_records else None
        return FileReport(
            path, outcome, call_id, audio_s, time.monotonic() - began, record=kept, outputs=tuple(outputs)
        )

    def _follow(self, job: Job, digest: str) -> CallRecord:
        """Transcribe one file into the database; events are stored as they come."""
        events: list[Event] = []
        heard: Callable[[float], None] = lambda heard_s: self._progress.advanced(Path(job.name), heard_s)  # noqa: E731
        stream = self._transcriber.events(job, heard, self._check_stop)
        started = next(stream)
        assert isinstance(started, CallStarted)
        events.append(started)
        with self._store.begin_call(started, content_sha256=digest, started_at=datetime.now(UTC)) as writer:
            try:
                for batch in _batches(stream):
                    writer.append(batch)
                    events += batch
            except CallcoreError as error:
                _note_failure(writer, error)
                raise
            writer.complete(datetime.now(UTC))
        return fold(events)

    def _check_stop(self) -> None:
        if self._stop.is_set():
            raise Stopped


def _note_failure(writer: CallWriter, error: CallcoreError) -> None:
    if not isinstance(error, StoreError | DiskFull):  # with those there is nothing left to write to
        writer.fail(error.message, datetime.now(UTC))


def _batches(stream: Iterator[Event]) -> Iterator[list[Event]]:
    batch: list[Event] = []
    for event in stream:
        batch.append(event)
        if len(batch) >= FLUSH_EVENTS or isinstance(event, CallEnded):
            yield batch
            batch = []
    if batch:
        yield batch


def _as_completed(futures: dict[Future[FileReport], Path]) -> Iterator[FileReport]:
    pending = set(futures)
    while pending:
        finished, pending = wait(pending, return_when=FIRST_COMPLETED)
        for future in finished:
            yield future.result()
