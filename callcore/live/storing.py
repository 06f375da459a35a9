"""A live call on its way to the database."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Protocol

from callcore.errors import CallcoreError, CallNotFound, unexpected
from callcore.types import Event, Passing

RETRY_S = 2.0  #: after the database refused (locked, disk full)


class EventWriter(Protocol):
    """What a database offers to write one call."""

    def append(self, events: Iterable[Event]) -> None:
        """Store events: all of them or, on an error, none."""

    def complete(self, finished_at: datetime) -> None:
        """The call is whole."""

    def interrupt(self, reason: str) -> None:
        """The call ends here without being whole."""


class Storing:
    """Writes the events of one call as they come, in a thread of its own: a slow disk delays no word.

    What the database refuses is kept and tried again, so that a disk that has space again, or a lock that is lifted,
    costs nothing. A process that dies leaves what was written, and the call is then seen to be interrupted.
    """

    def __init__(self, writer: EventWriter, retry_s: float = RETRY_S) -> None:
        self._writer = writer
        self._retry_s = retry_s
        self._waiting: list[Event] = []
        self._error: CallcoreError | None = None
        self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work, name="storing", daemon=True)
        self._thread.start()

    @property
    def error(self) -> CallcoreError | None:
        """Why events cannot be stored at present."""
        return self._error

    def put(self, event: Event) -> None:
        """Take an event, from any thread; returns at once. What is only shown is passed over."""
        if not isinstance(event, Passing):
            with self._changed:
                self._waiting.append(event)
                self._changed.notify()

    def close(self, interrupted: str = "") -> None:
        """Write what waits and end the call: as done, or as ``interrupted`` for that reason.

        Raises :class:`StoreError` and its kinds, :class:`DiskFull` when it cannot be written; the events so far stay.
        """
        with self._changed:
            self._closing = True
            self._changed.notify()
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
            if batch and self._written(batch):
                with self._changed:
                    del self._waiting[: len(batch)]
            elif closing or isinstance(self._error, CallNotFound):
                return
            else:
                with self._changed:
                    self._changed.wait_for(lambda: self._closing, self._retry_s)

    def _written(self, batch: list[Event]) -> bool:
        try:
            self._writer.append(batch)
        except Exception as error:
            self._error = error if isinstance(error, CallcoreError) else unexpected(error)
            return False
        self._error = None
        return True
