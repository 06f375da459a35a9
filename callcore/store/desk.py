"""The desk: work orders as people deal with them, what was promised, and the trail of who did what.

The machine's part of a work order is the fold of the call's events and is kept here as it was last folded; what people
change stands beside it, never over it. Every change raises the version, and whoever changes says which was seen.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from callcore.errors import CallNotFound, EditConflict, TicketError
from callcore.store.connection import Connection, intact
from callcore.store.ids import timestamp
from callcore.store.writer import canonical
from callcore.tickets.lifecycle import Move, State, editable, moved

AGAIN = "Look at it again, then repeat the change."


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, and when. ``at`` carries a time zone."""

    name: str
    at: datetime
    role: str = ""
    reason: str = ""  #: one line; secrets in it are masked by whoever takes it in


@dataclass(frozen=True, slots=True)
class Edit:
    """A value that a person set, beside the machine's value at that time."""

    field: str
    value: str  #: as shown; "" empties the field
    normal: str
    machine_value: str = ""
    machine_normal: str = ""
    actor: str = ""
    reason: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class Trace:
    """A line of the audit trail."""

    at: str
    actor: str
    role: str
    action: str
    call_id: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """One work order: the machine's document, the edits in force by field, where it stands."""

    call_id: str
    version: int
    state: State
    rules_hash: str
    document: Mapping[str, Any]
    edits: Mapping[str, Edit]
    updated_at: str


class Desk:
    """Work orders of a database. Methods raise :class:`StoreError` and its kinds, :class:`TicketError`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def file(
        self,
        call_id: str,
        document: Mapping[str, Any],
        rules_hash: str,
        customers: Iterable[str],
        actor: Actor,
    ) -> None:
        """Keep the machine's part of a work order: new, or filled anew. ``customers``: sealed tokens of the caller.

        Raises :class:`CallNotFound`.
        """
        with self._connection.writing() as db:
            if not db.execute("SELECT 1 FROM calls WHERE call_id = ?", [call_id]).fetchone():
                raise CallNotFound(f"there is no call {call_id}.", "See callcore calls list.")
            known = db.execute("SELECT rules_hash, document FROM tickets WHERE call_id = ?", [call_id]).fetchone()
            text = canonical(dict(document))
            if known == (rules_hash, text):
                return
            values = [rules_hash, text, timestamp(actor.at), call_id]
            if known:
                db.execute(
                    "UPDATE tickets SET version = version + 1, rules_hash = ?, document = ?, updated_at = ?"
                    " WHERE call_id = ?",
                    values,
                )
            else:
                db.execute(
                    "INSERT INTO tickets (version, state, rules_hash, document, updated_at, call_id)"
                    f" VALUES (1, '{State.DRAFT}', ?, ?, ?, ?)",
                    values,
                )
            db.execute("DELETE FROM ticket_customers WHERE call_id = ?", [call_id])
            db.conn.executemany(
                "INSERT OR IGNORE INTO ticket_customers VALUES (?, ?)", [(call_id, token) for token in customers]
            )
            trace(db, actor, "filled", call_id, {"rules_hash": rules_hash, "again": bool(known)})

    def order(self, call_id: str) -> WorkOrder | None:
        """The work order of a call; None when there is none yet."""
        with self._connection.reading() as db, intact(self._connection.path):
            return _order(db, call_id)

    def orders(self, state: State | None = None, *, limit: int = 50) -> list[WorkOrder]:
        """Work orders, newest call first."""
        with self._connection.reading() as db, intact(self._connection.path):
            condition, values = ("WHERE state = ?", [str(state)]) if state else ("", [])
            ids = db.execute(
                f"SELECT call_id FROM tickets {condition} ORDER BY call_id DESC LIMIT ?", [*values, limit]
            ).fetchall()
            found = [_order(db, call_id) for (call_id,) in ids]
        return [order for order in found if order]

    def calls_of(self, tokens: Sequence[str]) -> list[str]:
        """Calls whose customer has one of these sealed tokens, first call first."""
        marks = ", ".join("?" * len(tokens))
        with self._connection.reading() as db:
            rows = db.execute(
                f"SELECT DISTINCT call_id FROM ticket_customers WHERE token IN ({marks}) ORDER BY call_id", list(tokens)
            ).fetchall()
        return [call_id for (call_id,) in rows]

    def edit(self, call_id: str, version: int, edits: Sequence[Edit], actor: Actor) -> int:
        """Set fields by hand; returns the new version. Raises :class:`EditConflict`, :class:`TicketError`."""
        with self._connection.writing() as db:
            order = _seen(db, call_id, version)
            if not editable(order.state):
                raise TicketError(f"a {order.state} work order is not changed.", f"First: tickets reopen {call_id}")
            at = timestamp(actor.at)
            db.conn.executemany(
                "INSERT INTO ticket_edits"
                " (call_id, field, value, normal, machine_value, machine_normal, actor, reason, at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        call_id,
                        item.field,
                        item.value,
                        item.normal,
                        item.machine_value,
                        item.machine_normal,
                        actor.name,
                        actor.reason,
                        at,
                    )
                    for item in edits
                ],
            )
            trace(db, actor, "edited", call_id, {"fields": [item.field for item in edits]})
            return _raised(db, call_id, at)

    def move(self, call_id: str, version: int, move: Move, actor: Actor) -> State:
        """Lead a work order on; returns its new state. Raises :class:`EditConflict`, :class:`TicketError`."""
        with self._connection.writing() as db:
            order = _seen(db, call_id, version)
            state = moved(order.state, move)
            db.execute("UPDATE tickets SET state = ? WHERE call_id = ?", [str(state), call_id])
            trace(db, actor, str(move), call_id, {"from": str(order.state), "to": str(state)})
            _raised(db, call_id, timestamp(actor.at))
        return state

    def note(self, action: str, call_id: str, detail: Mapping[str, Any], actor: Actor) -> None:
        """A line in the audit trail: an original was shown, data were removed, ..."""
        with self._connection.writing() as db:
            trace(db, actor, action, call_id, detail)

    def trail(self, call_id: str) -> list[Trace]:
        """What was done with a call and its work order, first thing first."""
        with self._connection.reading() as db, intact(self._connection.path):
            rows = db.execute(
                "SELECT at, actor, role, action, call_id, detail FROM audit WHERE call_id = ? ORDER BY id", [call_id]
            ).fetchall()
        return [
            Trace(at, name, role, action, call, json.loads(detail)) for at, name, role, action, call, detail in rows
        ]

    def history(self, call_id: str) -> list[Edit]:
        """All edits of a work order, also those that later ones replaced, first one first."""
        with self._connection.reading() as db:
            return _edits(db, call_id)


def trace(db: Database, actor: Actor, action: str, call_id: str, detail: Mapping[str, Any]) -> None:
    """Write a line of the audit trail inside the caller's transaction."""
    reason = {"reason": actor.reason} if actor.reason else {}
    db.execute(
        "INSERT INTO audit (at, actor, role, action, call_id, detail) VALUES (?, ?, ?, ?, ?, ?)",
        [timestamp(actor.at), actor.name, actor.role, action, call_id, canonical({**detail, **reason})],
    )


def _order(db: Database, call_id: str) -> WorkOrder | None:
    row = db.execute(
        "SELECT version, state, rules_hash, document, updated_at FROM tickets WHERE call_id = ?", [call_id]
    ).fetchone()
    if not row:
        return None
    version, state, rules_hash, document, updated_at = row
    edits = {edit.field: edit for edit in _edits(db, call_id)}
    return WorkOrder(call_id, version, State(state), rules_hash, json.loads(document), edits, updated_at)


def _edits(db: Database, call_id: str) -> list[Edit]:
    rows = db.execute(
        "SELECT field, value, normal, machine_value, machine_normal, actor, reason, at FROM ticket_edits"
        " WHERE call_id = ? ORDER BY id",
        [call_id],
    ).fetchall()
    return [Edit(*row) for row in rows]


def _seen(db: Database, call_id: str, version: int) -> WorkOrder:
    """The work order as it is, which must be as it was seen."""
    order = _order(db, call_id)
    if order is None:
        raise TicketError(f"call {call_id} has no work order.", "See callcore tickets list.")
    if order.version != version:
        raise EditConflict(
            f"the work order of {call_id} was changed in the meantime (version {order.version}, not {version}).", AGAIN
        )
    return order


def _raised(db: Database, call_id: str, at: str) -> int:
    db.execute("UPDATE tickets SET version = version + 1, updated_at = ? WHERE call_id = ?", [at, call_id])
    return int(db.execute("SELECT version FROM tickets WHERE call_id = ?", [call_id]).fetchone()[0])
