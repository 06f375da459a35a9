"""Writing one call."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from types import TracebackType
from typing import Any

from sqlite_utils import Database

from callcore.errors import CallcoreError, CallNotFound
from callcore.store.connection import Connection
from callcore.store.ids import timestamp
from callcore.store.projection import Projector
from callcore.store.rows import Status
from callcore.types import EVENT_NAMES, CallEnded, CallStarted, Event, Passing
from callcore.wire import WIRE_VERSION, to_wire


def canonical(values: Any) -> str:
    """JSON as stored: compact, Han as itself, broken characters escaped."""
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(values, separators=(",", ":"))
    return text


def insert_events(db: Database, call_id: str, numbered: Iterable[tuple[int, Event]]) -> None:
    """Append events with their checksums, inside the caller's transaction."""
    rows = []
    for seq, event in numbered:
        wire = canonical(to_wire(event))
        rows.append((call_id, seq, EVENT_NAMES[type(event)], WIRE_VERSION, wire, zlib.crc32(wire.encode())))
    db.conn.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)", rows)


def replace_calls(db: Database, call_id: str, replaced: Sequence[str]) -> None:
    """Let a call take the place of others, which are deleted, inside the caller's transaction.

    What people did with their work orders is theirs and goes over; the machine's part is emptied: it is of the others.
    """
    pairs = [(call_id, old) for old in replaced]
    db.conn.executemany(
        "UPDATE OR IGNORE tickets SET call_id = ?, document = '{}', rules_hash = '' WHERE call_id = ?", pairs
    )
    db.conn.executemany("UPDATE OR IGNORE made_files SET call_id = ? WHERE call_id = ?", pairs)
    db.conn.executemany("UPDATE followups SET by_call = ? WHERE by_call = ?", pairs)
    db.conn.executemany("UPDATE audit SET call_id = ? WHERE call_id = ?", pairs)
    db.conn.executemany("DELETE FROM calls WHERE call_id = ?", [(old,) for old in replaced])


class CallWriter:
    """Appends the events of one call. A context manager: left without ``complete`` or ``fail`` (an exception, Ctrl-C,
    a forgotten end), the call is marked interrupted. One thread at a time writes a call; different calls may be
    written by different threads at once.
    """

    def __init__(self, connection: Connection, started: CallStarted, projector: Projector) -> None:
        self.call_id = started.call_id
        self._started = started
        self._connection = connection
        self._projector = projector
        self._next_seq = 1
        self._complete = False
        self.is_open = True

    def append(self, events: Iterable[Event]) -> None:
        """Store a batch of events in one transaction: all, or on any error none. What is only shown is passed over.

        The :class:`CallStarted` the call began with may come again as the first event and is passed over.
        Raises :class:`StoreError` and its kinds, :class:`DiskFull`; ``ValueError`` for another call's start.
        """
        batch = [event for event in events if not isinstance(event, Passing)]
        if batch and isinstance(batch[0], CallStarted):
            if batch[0] != self._started or self._next_seq != 1:
                raise ValueError("a call starts once")
            batch = batch[1:]
        if not batch:
            return
        numbered = list(enumerate(batch, start=self._next_seq))
        with self._connection.writing() as db:
            self._set(db, "status = status", [])
            insert_events(db, self.call_id, numbered)
            self._projector.project(db, numbered)
        self._next_seq += len(batch)
        self._complete = self._complete or any(isinstance(event, CallEnded) for event in batch)

    def complete(self, finished_at: datetime) -> None:
        """Mark the call done; an earlier one of the same content, model and settings is replaced by it.

        Raises ``ValueError`` before the call's end was appended; :class:`StoreError` and its kinds.
        """
        if not self._complete:
            raise ValueError("a call is complete once CallEnded is stored")
        with self._connection.writing() as db:
            self._set(db, "status = ?, finished_at = ?", [Status.DONE, timestamp(finished_at)])
            replaced = [
                call_id
                for (call_id,) in db.execute(
                    "SELECT old.call_id FROM calls old JOIN calls new"
                    " ON old.content_sha256 = new.content_sha256 AND old.status = 'done' AND old.call_id <> new.call_id"
                    " JOIN models om ON om.id = old.model_ref JOIN models nm ON nm.id = new.model_ref"
                    " AND om.model_hash = nm.model_hash AND om.settings_hash = nm.settings_hash WHERE new.call_id = ?",
                    [self.call_id],
                ).fetchall()
            ]
            replace_calls(db, self.call_id, replaced)
        self.is_open = False

    def fail(self, reason: str, finished_at: datetime) -> None:
        """Mark the call failed. ``reason`` is one line without words said in the call."""
        with self._connection.writing() as db:
            self._set(db, "status = ?, reason = ?, finished_at = ?", [Status.FAILED, reason, timestamp(finished_at)])
        self.is_open = False

    def interrupt(self, reason: str) -> None:
        """Mark the call interrupted unless it has ended already, or was deleted."""
        if self.is_open:
            with suppress(CallNotFound), self._connection.writing() as db:
                self._set(db, "status = ?, reason = ?", [Status.INTERRUPTED, reason])
            self.is_open = False

    def __enter__(self) -> CallWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.interrupt(kind.__name__ if kind else "left before its end")
        except CallcoreError as second:
            if error is None:
                raise
            # The call stays "running" with a process that will be dead: the next run over this content sees that.
            error.add_note(f"callcore could not mark call {self.call_id} as interrupted: {second.message}")

    def _set(self, db: Database, assignments: str, values: list[Any]) -> None:
        changed = db.execute(
            f"UPDATE calls SET {assignments} WHERE call_id = ? AND status = 'running'", [*values, self.call_id]
        ).rowcount
        if not changed:
            raise CallNotFound(
                f"call {self.call_id} was deleted or ended by another program.", "Transcribe the file again."
            )
