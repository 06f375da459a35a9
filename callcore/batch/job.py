"""The batch job: many recordings, one after the other or a few at once; what is done already is skipped."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

from callcore.audio import RawFormat, content_sha256
from callcore.batch.inputs import STDIN
from callcore.batch.report import FileReport, Outcome, Progress, Summary, display_name
from callcore.batch.transcriber import Job, LayoutRefuted, Transcriber
from callcore.errors import (
    CallcoreError,
    CallElsewhere,
    CallInProgress,
    CallNotFound,
    DiskFull,
    OutputError,
    StoreError,
    unexpected,
)
from callcore.output import plan_names, write
from callcore.store import CallWriter, Store, new_call_id
from callcore.store.files import MadeFile
from callcore.types import AudioWarning, CallEnded, CallStarted, Event, Final, Rejected, WarningKind, seconds

FLUSH_EVENTS = 200  #: events of a call stored in one transaction
STOP_POLL_S = 0.2  #: how often a thread that waits for another looks whether the run was stopped
BUSY_POLL_S = 1.0  #: how often a call that another process writes is looked at

_log = logging.getLogger(__name__)


class Stopped(Exception):
    """The run was stopped (Ctrl-C, or an error that makes going on pointless)."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user wants besides the transcripts in the database."""

    formats: Sequence[str] = ()
    folder: Path | None = None
    overwrite: bool = False
    again: bool = False  #: transcribe even what is done
    raw: RawFormat | None = None
    tickets: bool = True  #: fill the work orders of the calls
    jobs: int = 0  #: files at once; 0 = chosen
    received: Mapping[Path, Path] = field(default_factory=dict)  #: files that hold what came through ``-`` and pipes


class BatchJob:
    """Transcribes inputs into one database with one loaded model."""

    def __init__(self, transcriber: Transcriber, store: Store, wishes: Wishes, progress: Progress) -> None:
        self._transcriber = transcriber
        self._store = store
        self._wishes = wishes
        self._progress = progress
        self._stop = threading.Event()
        self._fatal: CallcoreError | None = None
        self._fresh: set[str] = set()  # contents transcribed by this job
        self._contents: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._contents_lock = threading.Lock()

    def run(self, inputs: Iterable[Path], names: Mapping[Path, str] | None = None) -> Summary:
        """Work through the inputs. One bad file never stops the rest; a full disk or a broken database does.

        ``names``: of the files written for each input, without extension; planned so that they differ unless given.
        On KeyboardInterrupt, calls not finished are marked interrupted, and the summary so far is returned with
        them as stopped.
        """
        paths = list(dict.fromkeys(inputs))
        stems = names if names is not None else plan_names(paths) if self._wishes.folder else {}
        began = time.monotonic()
        reports: dict[Path, FileReport] = {}
        futures: list[Future[FileReport]] = []
        with ThreadPoolExecutor(self._jobs(), thread_name_prefix="file") as pool:
            try:
                futures.extend(pool.submit(self._one, path, stems.get(path, "")) for path in paths)
                _collect(futures, reports)
            except KeyboardInterrupt:
                self._stop.set()
                _collect(futures, reports)
            except BaseException:
                self._stop.set()  # the progress display broke: nobody could see what goes on
                raise
        ordered = [reports.get(path, FileReport(path, Outcome.STOPPED)) for path in paths]
        return Summary(ordered, time.monotonic() - began)

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
            report = self._transcribe(path, stem)
        except Stopped:
            report = FileReport(path, Outcome.STOPPED)
        except Exception as raised:  # a bug as well fails its file only
            error = self._explained(path, raised)
            if _is_fatal(error):
                self._fatal = self._fatal or error
                self._stop.set()
            report = FileReport(path, Outcome.FAILED, error=error)
        report = replace(report, elapsed_s=time.monotonic() - began)
        self._progress.finished(report)
        return report

    def _transcribe(self, path: Path, stem: str) -> FileReport:
        digest = content_sha256(self._file(path))
        with self._alone(digest):
            report = self._filed(self._ensure(path, digest))
        if self._wishes.folder is None:
            return report
        record = self._store.record(report.call_id)
        try:
            outputs = write(record, self._wishes.formats, self._wishes.folder, stem, overwrite=self._wishes.overwrite)
        except OutputError as error:
            error.hint += f" The transcript is in the database: callcore calls show {report.call_id}"
            raise
        made = [MadeFile(report.call_id, output, "export", content_sha256(output)) for output in outputs]
        self._store.files.note(made, datetime.now(UTC))
        return replace(report, outputs=tuple(outputs))

    def _filed(self, report: FileReport) -> FileReport:
        """With the work order of the call filled; an earlier run may have been killed before it was."""
        order = self._store.desk.order(report.call_id)
        if order and order.document:
            return report
        problem = self._file_order(report.call_id)
        return replace(report, warnings=(*report.warnings, problem)) if problem else report

    def _file_order(self, call_id: str) -> AudioWarning | None:
        """Fill the work order of a call; what is wrong with the rules costs the work order, and never the call.

        Raises :class:`StoreError` and its kinds, :class:`DiskFull`.
        """
        filer = self._transcriber.filer
        if filer is None or not self._wishes.tickets:
            return None
        try:
            filer.file(self._store, call_id, datetime.now(UTC))
        except (StoreError, DiskFull) as error:
            error.hint += f" Its transcript is stored; later: callcore rescore {call_id} --apply"
            raise
        except Exception as error:
            known = unexpected(error)
            _log.error("work order of %s: %s", call_id, known.message)
            return AudioWarning(WarningKind.NO_TICKET, f"its work order cannot be filled ({known.message})")
        return None

    def _ensure(self, path: Path, digest: str) -> FileReport:
        """See to it that the content is transcribed: by now, by this thread, or by another process."""
        told = False
        while True:
            done = self._find_done(digest)
            if done is not None:
                return FileReport(path, Outcome.SKIPPED, done)
            try:
                return self._follow(path, digest)
            except CallElsewhere:
                raise
            except CallInProgress as busy:
                if self._find_done(digest):
                    continue  # it was finished between our look and our start
                if not told:
                    self._progress.waiting(path, busy.message)
                told = True
                if self._stop.wait(BUSY_POLL_S):
                    raise Stopped from None

    def _find_done(self, digest: str) -> str | None:
        if self._wishes.again and digest not in self._fresh:
            return None
        return self._store.find_done(digest, self._transcriber.model.model_hash, self._transcriber.settings_hash)

    def _follow(self, path: Path, digest: str) -> FileReport:
        salt = self._transcriber.model.model_hash + self._transcriber.settings_hash
        call_id = new_call_id(datetime.now(UTC), digest, salt)
        # The absolute path: "call.wav" of another folder is another recording.
        source = display_name(path) if path == STDIN else os.path.abspath(path)  # noqa: PTH100  (links are kept)
        job = Job(call_id, self._file(path), source, self._wishes.raw, day=_day(path))
        try:
            report = self._store_events(path, job, digest)
        except LayoutRefuted:
            report = self._store_events(path, replace(job, trust=False), digest)
        except Stopped:
            with contextlib.suppress(CallNotFound):  # stopped before its first event
                self._file_order(call_id)
            raise
        self._fresh.add(digest)
        return report

    def _store_events(self, path: Path, job: Job, digest: str) -> FileReport:
        """Transcribe one file into the database; events are stored as they come, none is kept."""
        stream = self._transcriber.events(job, lambda length_s: self._progress.opened(path, length_s), self._check_stop)
        warnings: list[AudioWarning] = []
        batch: list[Event] = []
        sample_count = 0
        with contextlib.closing(stream):
            started = next(stream)
            assert isinstance(started, CallStarted)
            with (
                self._store.begin_call(
                    started, content_sha256=digest, started_at=datetime.now(UTC), replace=self._wishes.again
                ) as writer,
                self._failure_noted(path, writer),
            ):
                for event in stream:
                    batch.append(event)
                    match event:
                        case Final() | Rejected():
                            self._progress.advanced(path, seconds(event.end_sample))
                        case AudioWarning():
                            warnings.append(event)
                        case CallEnded():
                            sample_count = event.sample_count
                    if len(batch) >= FLUSH_EVENTS or isinstance(event, CallEnded):
                        writer.append(batch)
                        batch = []
                writer.complete(datetime.now(UTC))
        return FileReport(path, Outcome.DONE, job.call_id, seconds(sample_count), warnings=tuple(warnings))

    @contextlib.contextmanager
    def _failure_noted(self, path: Path, writer: CallWriter) -> Iterator[None]:
        try:
            yield
        except (Stopped, LayoutRefuted):
            raise  # not failed: interrupted, or begun anew
        except Exception as error:
            explained = self._explained(path, error)
            if not isinstance(explained, StoreError | DiskFull):  # with those there is nothing left to write to
                writer.fail(explained.message, datetime.now(UTC))
            raise

    @contextlib.contextmanager
    def _alone(self, digest: str) -> Iterator[None]:
        """Copies of one recording wait for the first of them, and find it done."""
        with self._contents_lock:
            lock = self._contents[digest]
        while not lock.acquire(timeout=STOP_POLL_S):
            self._check_stop()
        try:
            yield
        finally:
            lock.release()

    def _file(self, path: Path) -> Path:
        return self._wishes.received.get(path, path)

    def _explained(self, path: Path, error: Exception) -> CallcoreError:
        """A known error for any error, without tracebacks, which would keep the audio of the call in memory."""
        name = display_name(path)
        if isinstance(error, CallcoreError):
            known = error
            known.message = known.message.replace(str(self._file(path)), name)  # not the copy of standard input
        elif isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            known = DiskFull(f"{name}: no space left on the disk.", "Free some space and run the same command again.")
        elif isinstance(error, OSError):
            known = CallcoreError(f"{name}: {error.strerror or type(error).__name__}.", "Check the file and the disk.")
        else:
            _log.debug("unexpected error at %s", name, exc_info=error)
            known = unexpected(error)
        known.__cause__ = known.__context__ = known.__traceback__ = None
        return known

    def _check_stop(self) -> None:
        if self._stop.is_set():
            raise Stopped


def _day(path: Path) -> date | None:
    """The day a recording was written; None for the standard input."""
    return None if path == STDIN else datetime.fromtimestamp(path.stat().st_mtime).date()


def _is_fatal(error: CallcoreError) -> bool:
    """Whether every other file would fail as well."""
    return isinstance(error, DiskFull | StoreError) and not isinstance(error, CallInProgress | CallNotFound)


def _collect(futures: Sequence[Future[FileReport]], reports: dict[Path, FileReport]) -> None:
    for future in as_completed(futures):
        report = future.result()
        reports[report.path] = report
