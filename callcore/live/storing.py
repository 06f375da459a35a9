"""A live call on its way to the database."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from callcore.errors import CallcoreError, CallNotFound, unexpected
from callcore.types import Event, Passing

RETRY_S = 2.0  #: after the database refused (locked, disk full)
PATIENCE_S = 0.5  #: a write that takes longer no longer holds back what is to be shown

Shown = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class _Held:
    """An event that is shown once so many events are written."""

    event: Event
    show: Shown
    count: int
    since_s: float


class EventWriter(Protocol):
    """What a database offers to write one call."""

    def append(self, events: Iterable[Event]) -> None:
        """Store events: all of them or, on an error, none."""

    def complete(self, finished_at: datetime) -> None:
        """The call is whole."""

    def interrupt(self, reason: str) -> None:
        """The call ends here without being whole."""


class Storing:
    """Writes the events of one call as they come, in a thread of its own: a slow disk delays no word for long.

    What is shown is in the database: an event goes on to the screen once it is written, some milliseconds later; when
    the database refuses or is slow, without that, and :attr:`error` or :attr:`behind` says so.
    What the database refuses is kept and tried again, so that a disk that has space again, or a lock that is lifted,
    costs nothing. A process that dies leaves what was written, and the call is then seen to be interrupted.
    """

    def __init__(self, writer: EventWriter, retry_s: float = RETRY_S) -> None:
        self._writer = writer
        self._retry_s = retry_s
        self._waiting: list[Event] = []
        self._error: CallcoreError | None = None
        self._closing = False
        self._put = self._written = 0  #: events, but for those that are only shown
        self._held: deque[_Held] = deque()
        self._showing = threading.Lock()
        self._fault: Exception | None = None  #: of whoever shows
        self.behind = False  #: whether something is shown that is not written yet, for the database is slow
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work, name="storing", daemon=True)
        self._thread.start()

    @property
    def error(self) -> CallcoreError | None:
        """Why events cannot be stored at present."""
        return self._error

    def put(self, event: Event, show: Shown | None = None) -> None:
        """Take an event, from any thread; returns at once. What is only shown is not written.

        ``show``: called with it once it and all before it are written, in order, in whatever thread. Raises what an
        earlier ``show`` raised.
        """
        if self._fault:
            raise self._fault
        with self._changed:
            if not isinstance(event, Passing):
                self._waiting.append(event)
                self._put += 1
                self._changed.notify_all()
            if show is not None:
                self._held.append(_Held(event, show, self._put, time.monotonic()))
        self.release()

    def release(self, *, everything: bool = False) -> None:
        """Show what may be shown; to be called now and then, for a database that is slow."""
        with self._showing:
            while held := self._next(everything=everything):
                try:
                    held.show(held.event)
                except Exception as error:  # told to whoever puts the next event
                    self._fault = self._fault or error

    def settle(self) -> None:
        """Show everything: at once what is written, and a moment later what is not."""
        self.release()
        with self._changed:
            self._changed.wait_for(lambda: not self._held, PATIENCE_S)
        self.release(everything=True)

    def _next(self, *, everything: bool) -> _Held | None:
        """Take the first event that may be shown off the list."""
        with self._changed:
            if not self._held:
                return None
            first = self._held[0]
            if first.count <= self._written:
                self.behind = False
            elif self._error is None and not everything:
                if time.monotonic() - first.since_s < PATIENCE_S:
                    return None
                self.behind = True
            self._changed.notify_all()
            return self._held.popleft()

    def close(self, interrupted: str = "") -> None:
        """Write what waits and end the call: as done, or as ``interrupted`` for that reason.

        Raises :class:`StoreError` and its kinds, :class:`DiskFull` when it cannot be written; the events so far stay.
        """
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()
        if self._error:
            raise self._error
        if interrupted:
            self._writer.interrupt(interrupted)
        else:
            self._writer.complete(datetime.now(UTC))

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closing:
                    self._changed.wait()
                batch, closing = list(self._waiting), self._closing
            written = bool(batch) and self._write(batch)
            if written:
                with self._changed:
                    del self._waiting[: len(batch)]
                    self._written += len(batch)
            self.release()
            if written:
                continue
            if closing or isinstance(self._error, CallNotFound):
                return
            with self._changed:
                self._changed.wait_for(lambda: self._closing, self._retry_s)

    def _write(self, batch: list[Event]) -> bool:
        try:
            self._writer.append(batch)
        except Exception as error:
            self._error = error if isinstance(error, CallcoreError) else unexpected(error)
            return False
        self._error = None
        return True
