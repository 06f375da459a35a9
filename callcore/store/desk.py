"""The desk: work orders as people deal with them, what was promised, and the trail of who did what.

The machine's part of a work order is the fold of the call's events and is kept here as it was last folded; what people
change stands beside it, never over it. Every change raises the version, and whoever changes says which was seen.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
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
class Outline:
    """What work orders are listed and chosen by, a person's values before the machine's; "" where there is none."""

    day: str = ""  #: of the call, ISO 8601
    severity: str = ""
    topic: str = ""
    department: str = ""
    missing: int = 0  #: required fields without a value


@dataclass(frozen=True, slots=True)
class Customer:
    """A sealed value by which a caller is known. ``weak``: several people may have the same (a name, a card's tail)."""

    token: str
    kind: str = ""  #: field that it is of
    weak: bool = False


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which work orders: every field that is given must hold. ``topic`` also names a group, "credit_card"."""

    states: tuple[State, ...] = ()
    severities: tuple[str, ...] = ()
    topic: str = ""
    department: str = ""
    due: str = ""  #: with something open that is due up to this day or moment, ISO 8601
    missing: bool = False  #: with required fields that have no value

    def sql(self) -> tuple[str, list[Any]]:
        """A condition on the ``tickets`` table (as ``t``), and its parameters."""
        conditions, values = ["1"], list[Any]()
        for column, among in (("state", self.states), ("severity", self.severities)):
            if among:
                conditions.append(f"t.{column} IN ({', '.join('?' * len(among))})")
                values += map(str, among)
        if self.topic:
            conditions.append("(t.topic = ? OR t.topic LIKE ? || '.%')")
            values += [self.topic, self.topic]
        if self.department:
            conditions.append("t.department = ?")
            values.append(self.department)
        if self.due:
            conditions.append(f"substr({EARLIEST}, 1, length(?)) <= ?")
            values += [self.due, self.due]
        if self.missing:
            conditions.append("t.missing > 0")
        return " AND ".join(conditions), values


#: when the first open follow-up of a work order is due
EARLIEST = "(SELECT min(due) FROM followups f WHERE f.call_id = t.call_id AND f.status = 'open' AND f.due <> '')"


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """One work order: the machine's document, the edits in force by field, where it stands.

    The ``document`` is empty while the call that takes another's place has not ended.
    """

    call_id: str
    version: int
    state: State
    rules_hash: str
    document: Mapping[str, Any]
    edits: Mapping[str, Edit]
    updated_at: str
    outline: Outline = Outline()
    due: str = ""  #: when the first of what is open is due


class Desk:
    """Work orders of a database. Methods raise :class:`StoreError` and its kinds, :class:`TicketError`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def file(
        self,
        call_id: str,
        document: Mapping[str, Any],
        rules_hash: str,
        customers: Iterable[Customer],
        actor: Actor,
        outline: Outline = Outline(),
        *,
        action: str = "filled",
    ) -> bool:
        """Keep the machine's part of a work order: new, or filled anew; returns whether it is another than before.

        ``action``: its name in the trail. Raises :class:`CallNotFound`.
        """
        with self._connection.writing() as db:
            if not db.execute("SELECT 1 FROM calls WHERE call_id = ?", [call_id]).fetchone():
                raise CallNotFound(f"there is no call {call_id}.", "See callcore calls list.")
            known = db.execute("SELECT rules_hash, document FROM tickets WHERE call_id = ?", [call_id]).fetchone()
            text = canonical(dict(document))
            if known == (rules_hash, text):
                return False
            values = [rules_hash, text, timestamp(actor.at), call_id]
            if known:
                db.execute(
                    "UPDATE tickets SET version = version + 1, rules_hash = ?, document = ?, updated_at = ?"
                    " WHERE call_id = ?",
                    values,
                )
            else:
                db.execute(
                    "INSERT INTO tickets (version, state, day, severity, topic, department, missing, rules_hash,"
                    f" document, updated_at, call_id) VALUES (1, '{State.DRAFT}', '', '', '', '', 0, ?, ?, ?, ?)",
                    values,
                )
            _describe(db, call_id, customers, outline)
            before = {"rules_hash_before": known[0]} if known else {}
            trace(db, actor, action, call_id, {"rules_hash": rules_hash, **before})
        return True

    def order(self, call_id: str) -> WorkOrder | None:
        """The work order of a call; None when there is none yet."""
        with self._connection.reading() as db, intact(self._connection.path):
            return _order(db, call_id)

    def orders(self, which: OrderFilter | None = None, *, limit: int = -1, offset: int = 0) -> list[WorkOrder]:
        """Work orders, newest call first. ``limit`` -1: all."""
        with self._connection.reading() as db, intact(self._connection.path):
            condition, values = (which or OrderFilter()).sql()
            ids = db.execute(
                f"SELECT t.call_id FROM tickets t WHERE {condition} ORDER BY t.call_id DESC LIMIT ? OFFSET ?",
                [*values, limit, offset],
            ).fetchall()
            found = [_order(db, call_id) for (call_id,) in ids]
        return [order for order in found if order]

    def unfiled(self) -> list[str]:
        """Calls that have ended, or whose process was killed, and have no work order; first call first."""
        with self._connection.reading() as db:
            rows = db.execute(
                "SELECT call_id FROM calls WHERE call_id NOT IN (SELECT call_id FROM tickets WHERE rules_hash <> '')"
                " AND status <> 'failed' ORDER BY call_id"
            ).fetchall()
        return [call_id for (call_id,) in rows]

    def calls_of(self, tokens: Sequence[str]) -> list[str]:
        """Calls whose customer has one of these sealed tokens, first call first."""
        marks = ", ".join("?" * len(tokens))
        with self._connection.reading() as db:
            rows = db.execute(
                f"SELECT DISTINCT call_id FROM ticket_customers WHERE token IN ({marks}) ORDER BY call_id", list(tokens)
            ).fetchall()
        return [call_id for (call_id,) in rows]

    def same_customer(self, call_id: str) -> list[str]:
        """Other calls of the same customer, first call first.

        A shared strong token (telephone, account) tells, or two weak ones of different kinds (name and card's tail).
        The same recording, transcribed otherwise, is no other call.
        """
        with self._connection.reading() as db:
            rows = db.execute(
                "SELECT o.call_id FROM ticket_customers m JOIN ticket_customers o ON o.token = m.token"
                " JOIN calls mine ON mine.call_id = m.call_id JOIN calls c ON c.call_id = o.call_id"
                " JOIN tickets t ON t.call_id = o.call_id"
                " WHERE m.call_id = ? AND o.call_id <> m.call_id AND c.content_sha256 <> mine.content_sha256"
                " GROUP BY o.call_id HAVING min(o.weak) = 0 OR count(DISTINCT o.kind) > 1 ORDER BY t.day, o.call_id",
                [call_id],
            ).fetchall()
        return [other for (other,) in rows]

    def describe(self, call_id: str, customers: Iterable[Customer], outline: Outline) -> None:
        """Note anew what a work order is found by: to be done together with the edit that changes it."""
        with self._connection.writing() as db:
            _describe(db, call_id, customers, outline)

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


def _describe(db: Database, call_id: str, customers: Iterable[Customer], outline: Outline) -> None:
    db.execute(
        "UPDATE tickets SET day = ?, severity = ?, topic = ?, department = ?, missing = ? WHERE call_id = ?",
        [*astuple(outline), call_id],
    )
    db.execute("DELETE FROM ticket_customers WHERE call_id = ?", [call_id])
    db.conn.executemany(
        "INSERT OR IGNORE INTO ticket_customers VALUES (?, ?, ?, ?)",
        [(call_id, customer.token, customer.kind, customer.weak) for customer in customers],
    )


def _order(db: Database, call_id: str) -> WorkOrder | None:
    row = db.execute(
        "SELECT version, state, rules_hash, document, updated_at, day, severity, topic, department, missing,"
        f" {EARLIEST} FROM tickets t WHERE call_id = ?",
        [call_id],
    ).fetchone()
    if not row:
        return None
    version, state, rules_hash, document, updated_at, *outline, due = row
    edits = {edit.field: edit for edit in _edits(db, call_id)}
    return WorkOrder(
        call_id,
        version,
        State(state),
        rules_hash,
        json.loads(document),
        edits,
        updated_at,
        Outline(*outline),
        due or "",
    )


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
