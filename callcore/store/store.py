"""The database of calls."""

from __future__ import annotations

import json
import sqlite3
import threading
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from sqlite_utils import Database

from callcore.config import StoreSettings
from callcore.errors import CallElsewhere, CallInProgress, CallNotFound, StoreCorrupt, StoreError, StoreTooNew
from callcore.record import CallRecord, fold
from callcore.store.connection import CORRUPT_HINT, Connection, intact
from callcore.store.desk import Desk
from callcore.store.files import Files
from callcore.store.followups import Followups
from callcore.store.ids import timestamp
from callcore.store.outbox import Outbox
from callcore.store.owner import Life, Owner
from callcore.store.projection import Projector, storable
from callcore.store.rows import CallFilter, CallSummary, Deleted, SearchResult, Status
from callcore.store.search import search
from callcore.store.writer import CallWriter, canonical, insert_events, replace_calls
from callcore.types import CallStarted, Event, Role, Understanding
from callcore.wire import WIRE_VERSION, from_wire

_SAME_WORK = "c.content_sha256 = ? AND m.model_hash = ? AND m.settings_hash = ?"


class Store:
    """The database of calls: one file, safe to use from several threads and several processes at once.

    Every method raises :class:`StoreError` and its kinds, those that write also :class:`DiskFull`; what a failed method
    was to change is then unchanged.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.desk = Desk(connection)
        self.followups = Followups(connection)
        self.outbox = Outbox(connection)
        self.files = Files(connection)
        self._writers: list[CallWriter] = []
        self._writers_lock = threading.Lock()

    @classmethod
    def open(cls, path: Path, settings: StoreSettings | None = None, *, read_only: bool = False) -> Store:
        """Open the database at ``path``. It and its folder are created unless ``read_only``."""
        return cls(Connection(path, settings or StoreSettings(), read_only=read_only))

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is changed inside, by this thread, is stored as a whole, or on any error not at all."""
        with self._connection.writing():
            yield

    @property
    def path(self) -> Path:
        """The file."""
        return self._connection.path

    def close(self) -> None:
        """Close the file. Calls still being written are marked interrupted."""
        try:
            for writer in self._writers:
                writer.interrupt("database closed")
        finally:
            self._connection.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def begin_call(
        self, started: CallStarted, *, content_sha256: str, started_at: datetime, replace: bool = True
    ) -> CallWriter:
        """Begin to write a call; its :class:`CallStarted` is stored at once.

        What an earlier run left unfinished of the same content, model and settings is removed in the same transaction;
        what people did with its work order goes over to the new call.
        Raises :class:`CallInProgress` when a process that may still live is at work on the same, and without
        ``replace`` also when one has finished it.
        """
        work = (content_sha256, started.model_hash, started.settings_hash)
        owner = Owner.current()
        projector = Projector(started.call_id)
        with self._connection.writing() as db:
            unfinished = self._unfinished(db, work)
            if not replace and _done(db, work):
                raise CallInProgress("the same content was just finished by another process.", "Use that.")
            if db.execute("SELECT 1 FROM calls WHERE call_id = ?", [started.call_id]).fetchone():
                raise StoreError(f"call {started.call_id} exists already.", "Try again.")
            db.execute(
                "INSERT INTO calls (call_id, source, content_sha256, model_ref, status, started_at, channel_count,"
                " rate_hz, owner_host, owner_pid, owner_started) VALUES (?, ?, ?, ?, 'running', ?, ?, ?, ?, ?, ?)",
                [
                    started.call_id,
                    storable(started.source),
                    content_sha256,
                    _model_ref(db, started),
                    timestamp(started_at),
                    started.channel_count,
                    started.rate_hz,
                    owner.host,
                    owner.pid,
                    owner.started,
                ],
            )
            replace_calls(db, started.call_id, unfinished)
            insert_events(db, started.call_id, [(0, started)])
        writer = CallWriter(self._connection, started, projector)
        with self._writers_lock:
            self._writers = [other for other in self._writers if other.is_open] + [writer]
        return writer

    def find_done(self, content_sha256: str, model_hash: str, settings_hash: str) -> str | None:
        """The finished call of the same content, model and settings, if there is one."""
        with self._connection.reading() as db:
            return _done(db, (content_sha256, model_hash, settings_hash))

    def resolve(self, beginning: str) -> str:
        """The one call whose id, or a part of it after a dash, begins so. Raises :class:`CallNotFound`."""
        with self._connection.reading() as db:
            rows = db.execute(
                "SELECT call_id FROM calls WHERE instr('-' || call_id, '-' || ?) > 0"
                " ORDER BY call_id <> ?, call_id DESC LIMIT 6",
                [beginning, beginning],
            ).fetchall()
        ids = [row[0] for row in rows]
        if not ids or not beginning:
            raise CallNotFound(f'no call has an id that begins with "{beginning}".', "See callcore calls list.")
        if len(ids) > 1 and ids[0] != beginning:
            listed = ", ".join(ids[:5]) + (", …" if len(ids) > 5 else "")
            raise CallNotFound(f'"{beginning}" fits several calls: {listed}.', "Give more of the id.")
        return str(ids[0])

    def events(self, call_id: str) -> list[Event]:
        """The events of a call as they were appended.

        Raises :class:`CallNotFound`, :class:`StoreTooNew` and, when they differ from their checksums,
        :class:`StoreCorrupt`.
        """
        with self._connection.reading() as db:
            return self._events(db, call_id)

    def record(self, call_id: str) -> CallRecord:
        """The call, as the fold of its events. Raises as :meth:`events`."""
        return fold(self.events(call_id))

    def list_calls(
        self, which: CallFilter | None = None, *, limit: int | None = None, offset: int = 0
    ) -> list[CallSummary]:
        """Calls, newest first."""
        with self._connection.reading() as db, intact(self.path):
            return _summaries(db, which or CallFilter(), -1 if limit is None else limit, offset)

    def search(
        self,
        query: str,
        calls: CallFilter | None = None,
        *,
        speaker: Role | None = None,
        language: str | None = None,
        limit: int = 20,
        sounds_like: bool = False,
    ) -> SearchResult:
        """Turns with the words of ``query`` (docs/database.md for its form), each with the turns beside it.

        ``language`` is that of the turn. ``sounds_like`` adds, after the exact hits, turns with the same pinyin.
        Statuses in ``calls`` are not looked at. Raises :class:`QueryError`.
        """
        with self._connection.reading() as db, intact(self.path):
            return search(
                db,
                query,
                calls or CallFilter(),
                speaker=speaker,
                language=language,
                limit=limit,
                sounds_like=sounds_like,
            )

    def add_meanings(self, call_id: str, meanings: Sequence[Understanding]) -> None:
        """Append what turns of an ended call mean by newer models; of each turn the last counts.

        Raises as :meth:`events`, and :class:`CallInProgress` for a call that a living process writes.
        """
        with self._connection.writing() as db:
            events = self._events(db, call_id)
            _not_in_progress(db, call_id)
            insert_events(db, call_id, enumerate(meanings, start=len(events)))

    def rebuild(self, call_id: str) -> None:
        """Make the turns, words, channels and search index of a call again from its events."""
        with self._connection.writing() as db:
            events = self._events(db, call_id)
            projector = Projector(call_id)
            projector.clear(db)
            projector.project(db, enumerate(events))

    def delete(self, call_ids: Sequence[str]) -> Deleted:
        """Remove calls and everything made from them; their bytes in the file are overwritten with zeros.

        Raises :class:`CallNotFound`, or :class:`CallInProgress` for a call that a living process writes; then nothing
        is removed.
        """
        with self._connection.writing() as db:
            for call_id in call_ids:
                _not_in_progress(db, call_id)
            db.conn.executemany("DELETE FROM calls WHERE call_id = ?", [(call_id,) for call_id in call_ids])
            db.execute("DELETE FROM models WHERE id NOT IN (SELECT model_ref FROM calls)")
            # FTS5 only marks rows as deleted until its segments are merged.
            db.execute("INSERT INTO turn_search (turn_search) VALUES ('optimize')")
        with self._connection.maintenance() as db:
            busy = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        return Deleted(len(call_ids), wiped=not busy)

    def check(self) -> list[str]:
        """Problems of the file, one line each, found by reading all of it: pages, search index, every event."""
        with self._connection.reading() as db:
            found = [str(row[0]) for row in db.execute("PRAGMA integrity_check(10)") if row[0] != "ok"]
            ids = [row[0] for row in db.execute("SELECT call_id FROM calls ORDER BY call_id")]
        for call_id in ids:
            try:
                self.events(call_id)
            except (StoreCorrupt, StoreTooNew) as error:
                found.append(f"call {call_id}: {error.message}")
        return found

    def _unfinished(self, db: Database, work: tuple[str, str, str]) -> list[str]:
        """Calls of the same work that a dead process left. Raises :class:`CallInProgress` for a living one."""
        rows = db.execute(
            "SELECT c.call_id, c.status, c.owner_host, c.owner_pid, c.owner_started FROM calls c"
            f" JOIN models m ON m.id = c.model_ref WHERE {_SAME_WORK} AND c.status <> 'done'",
            work,
        ).fetchall()
        for call_id, status, *process in rows:
            owner = Owner(*process)
            life = owner.life() if status == Status.RUNNING else Life.DEAD
            if life is Life.ALIVE:
                raise CallInProgress(
                    f"the same content is being transcribed by {owner} (call {call_id}).", "Wait for it, or stop it."
                )
            if life is Life.ELSEWHERE:
                raise CallElsewhere(
                    f"the same content is being transcribed by {owner} (call {call_id}).",
                    f"If that has stopped: callcore calls delete {call_id}",
                )
        return [row[0] for row in rows]

    def _events(self, db: Database, call_id: str) -> list[Event]:
        if not db.execute("SELECT 1 FROM calls WHERE call_id = ?", [call_id]).fetchone():
            raise CallNotFound(f"there is no call {call_id}.", "See callcore calls list.")
        rows = db.execute(
            "SELECT seq, wire_version, wire, checksum FROM events WHERE call_id = ? ORDER BY seq", [call_id]
        ).fetchall()
        events: list[Event] = []
        for expected, (seq, version, wire, checksum) in enumerate(rows):
            if version > WIRE_VERSION:
                raise StoreTooNew(f"call {call_id} was written by a newer callcore.", "Update callcore.")
            if seq != expected or not isinstance(wire, str) or zlib.crc32(wire.encode()) != checksum:
                raise StoreCorrupt(f"{self.path} is damaged: event {expected} of call {call_id}.", CORRUPT_HINT)
            try:
                events.append(from_wire(json.loads(wire)))
            except (KeyError, TypeError, ValueError) as error:  # whole, and yet nothing this callcore knows
                raise StoreTooNew(
                    f"call {call_id} holds an event of another callcore ({type(error).__name__}).", "Update callcore."
                ) from error
        if not events:
            raise StoreCorrupt(f"{self.path} is damaged: call {call_id} has no events.", CORRUPT_HINT)
        return events


@dataclass(frozen=True, slots=True)
class SqliteFeatures:
    """What the SQLite of this Python can do."""

    version: str
    fts5: bool
    json: bool


def sqlite_features() -> SqliteFeatures:
    """Ask SQLite itself, in memory."""

    def works(sql: str) -> bool:
        try:
            db.execute(sql)
        except sqlite3.OperationalError:
            return False
        return True

    db = Database(memory=True, execute_plugins=False)
    try:
        return SqliteFeatures(
            sqlite3.sqlite_version,
            works("CREATE VIRTUAL TABLE probe USING fts5(text, tokenize = 'ascii')"),
            works("""SELECT json_extract('{"a": 1}', '$.a')"""),
        )
    finally:
        db.close()


def _model_ref(db: Database, started: CallStarted) -> int:
    key = [started.model, started.model_hash, started.settings_hash]
    db.execute(
        "INSERT OR IGNORE INTO models (name, model_hash, settings_hash, settings) VALUES (?, ?, ?, ?)",
        [*key, canonical(dict(started.settings))],
    )
    found = db.execute("SELECT id FROM models WHERE name = ? AND model_hash = ? AND settings_hash = ?", key).fetchone()
    return int(found[0])


def _done(db: Database, work: tuple[str, str, str]) -> str | None:
    found = db.execute(
        f"SELECT c.call_id FROM calls c JOIN models m ON m.id = c.model_ref WHERE {_SAME_WORK} AND c.status = 'done'",
        work,
    ).fetchone()
    return found[0] if found else None


def _not_in_progress(db: Database, call_id: str) -> None:
    """Raises :class:`CallInProgress` for a call that a living process writes."""
    owner = _owner(db, call_id)
    if owner is not None and owner.life() is Life.ALIVE:
        raise CallInProgress(f"call {call_id} is being written by {owner}.", "Wait for it, or stop it.")


def _owner(db: Database, call_id: str) -> Owner | None:
    """The process that writes the call; None when it is not being written. Raises :class:`CallNotFound`."""
    found = db.execute(
        "SELECT status, owner_host, owner_pid, owner_started FROM calls WHERE call_id = ?", [call_id]
    ).fetchone()
    if not found:
        raise CallNotFound(f"there is no call {call_id}.", "See callcore calls list.")
    return Owner(*found[1:]) if found[0] == Status.RUNNING else None


def _summaries(db: Database, which: CallFilter, limit: int, offset: int) -> list[CallSummary]:
    # A call whose process was killed still says "running" in the file: it is shown as what it is.
    running = db.execute(
        "SELECT call_id, owner_host, owner_pid, owner_started FROM calls WHERE status = 'running'"
    ).fetchall()
    killed = [call_id for call_id, *process in running if Owner(*process).life() is Life.DEAD]
    condition, values = which.sql()
    if which.statuses:
        condition += f" AND state IN ({', '.join('?' * len(which.statuses))})"
        values += which.statuses
    rows = db.query(
        "SELECT c.*, m.name AS model, m.model_hash, m.settings_hash,"
        " CASE WHEN c.call_id IN (SELECT value FROM json_each(?)) THEN 'interrupted' ELSE c.status END AS state,"
        " (SELECT count(*) FROM turns t WHERE t.call_id = c.call_id) AS turn_count"
        f" FROM calls c JOIN models m ON m.id = c.model_ref WHERE {condition}"
        " ORDER BY c.started_at DESC, c.call_id DESC LIMIT ? OFFSET ?",
        [json.dumps(killed), *values, limit, offset],
    )
    return [_summary(db, row) for row in list(rows)]


def _summary(db: Database, row: dict[str, Any]) -> CallSummary:
    roles = db.execute("SELECT channel, role FROM channels WHERE call_id = ? ORDER BY channel", [row["call_id"]])
    killed = row["state"] != row["status"]
    return CallSummary(
        call_id=row["call_id"],
        source=row["source"],
        content_sha256=row["content_sha256"],
        status=Status(row["state"]),
        reason="its process was killed" if killed else row["reason"],
        started_at=datetime.fromisoformat(row["started_at"]),
        finished_at=datetime.fromisoformat(row["finished_at"]) if row["finished_at"] else None,
        sample_count=row["sample_count"],
        language=row["language"],
        turn_count=row["turn_count"],
        model=row["model"],
        model_hash=row["model_hash"],
        settings_hash=row["settings_hash"],
        roles={channel: Role(role) for channel, role in roles},
    )
