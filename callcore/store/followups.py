"""What was promised in calls, until it is kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlite_utils import Database

from callcore.errors import TicketError
from callcore.store.connection import Connection
from callcore.store.desk import Actor, trace
from callcore.store.ids import timestamp

OPEN, KEPT, BROKEN, REPEATED, CANCELLED = "open", "kept", "broken", "repeated", "cancelled"
_COLUMNS = "f.id, f.call_id, f.promise_id, f.kind, f.owner, f.due, f.contact, f.status, f.by_call, f.changed_at"


@dataclass(frozen=True, slots=True)
class Followup:
    """Something to be done for a customer. ``due``: ISO 8601 date or time in the bank's own clock, "" without one."""

    number: int  #: by which people name it; 0 while it is not stored
    call_id: str
    promise_id: str
    kind: str
    owner: str
    due: str
    contact: str
    status: str = OPEN
    by_call: str = ""  #: the later call that kept, broke or repeated it
    changed_at: str = ""


class Followups:
    """Follow-ups of a database. Methods raise :class:`StoreError` and its kinds, :class:`TicketError`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def file(self, call_id: str, promised: Iterable[Followup], at: datetime) -> None:
        """Keep what a call promised. What is open and no longer promised (the ticket was filled anew) goes."""
        moment = timestamp(at)
        with self._connection.writing() as db:
            wanted = {item.promise_id: item for item in promised}
            rows = db.execute("SELECT promise_id, status FROM followups WHERE call_id = ?", [call_id]).fetchall()
            known = dict(rows)
            gone = [(call_id, name) for name, status in known.items() if status == OPEN and name not in wanted]
            db.conn.executemany("DELETE FROM followups WHERE call_id = ? AND promise_id = ?", gone)
            for name, item in wanted.items():
                values = [item.kind, item.owner, item.due, item.contact, moment, call_id, name]
                if name not in known:
                    db.execute(
                        "INSERT INTO followups (kind, owner, due, contact, changed_at, call_id, promise_id, status)"
                        f" VALUES (?, ?, ?, ?, ?, ?, ?, '{OPEN}')",
                        values,
                    )
                elif known[name] == OPEN:
                    db.execute(
                        "UPDATE followups SET kind = ?1, owner = ?2, due = ?3, contact = ?4, changed_at = ?5"
                        " WHERE call_id = ?6 AND promise_id = ?7"
                        " AND (kind, owner, due, contact) IS NOT (?1, ?2, ?3, ?4)",
                        values,
                    )

    def number(self, number: int) -> Followup:
        """One of them. Raises :class:`TicketError`."""
        with self._connection.reading() as db:
            return _one(db, number)

    def due(self, until: str, *, everything: bool = False) -> list[Followup]:
        """Open follow-ups due up to ``until`` (ISO 8601, included), first one first; those without a time last.

        ``everything``: also those due later, and those that are settled.
        """
        condition = "1" if everything else f"f.status = '{OPEN}' AND (f.due = '' OR substr(f.due, 1, length(?1)) <= ?1)"
        with self._connection.reading() as db:
            return _found(db, condition, [] if everything else [until])

    def of(self, call_ids: Sequence[str]) -> list[Followup]:
        """All that was promised in these calls, settled or not."""
        with self._connection.reading() as db:
            return _found(db, f"f.call_id IN ({', '.join('?' * len(call_ids))})", call_ids)

    def settle(self, number: int, status: str, actor: Actor, by_call: str = "") -> Followup:
        """Mark an open follow-up kept, broken, repeated or cancelled. Raises :class:`TicketError` otherwise."""
        with self._connection.writing() as db:
            found = _one(db, number)
            if found.status != OPEN:
                raise TicketError(f"follow-up {number} is {found.status} already.", "See callcore followups list.")
            moment = timestamp(actor.at)
            db.execute(
                "UPDATE followups SET status = ?, by_call = ?, changed_at = ? WHERE id = ?",
                [status, by_call, moment, number],
            )
            detail = {"followup": number, "status": status} | ({"by_call": by_call} if by_call else {})
            trace(db, actor, "followup", found.call_id, detail)
        return replace(found, status=status, by_call=by_call, changed_at=moment)


def _one(db: Database, number: int) -> Followup:
    found = _found(db, "f.id = ?", [str(number)])  # as text, which may be larger than any integer of SQLite
    if not found:
        raise TicketError(f"there is no follow-up {number}.", "See callcore followups list.")
    return found[0]


def _found(db: Database, condition: str, values: Sequence[str | int]) -> list[Followup]:
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM followups f WHERE {condition} ORDER BY f.due = '', f.due, f.id", list(values)
    ).fetchall()
    return [Followup(*row) for row in rows]
