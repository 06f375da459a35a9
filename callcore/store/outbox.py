"""Messages for the bank's system that are stored with the change they tell of, until they are delivered.

The transactional outbox: a message is written in the database before anything is sent, so that it survives a crash; a
program that sends claims it for a while, so that two programs do not send it both. Where the answer is lost it is sent
again under the same id, by which the receiver knows it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from callcore.store.connection import Connection
from callcore.store.ids import timestamp
from callcore.store.writer import canonical


@dataclass(frozen=True, slots=True)
class Message:
    """One message. ``message_id`` stays the same however often it is sent; ``attempts`` are those that failed."""

    number: int
    message_id: str
    call_id: str
    kind: str
    body: Mapping[str, Any]
    created_at: str
    attempts: int
    next_at: str
    delivered_at: str | None
    problem: str


_COLUMNS = "id, message_id, call_id, kind, body, created_at, attempts, next_at, delivered_at, problem"


class Outbox:
    """Messages of a database. Methods raise :class:`StoreError` and its kinds."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def post(self, call_id: str, kind: str, body: Mapping[str, Any], at: datetime) -> str:
        """Store a message to be sent; returns its id."""
        message_id = f"msg_{uuid.uuid4().hex}"
        moment = timestamp(at)
        with self._connection.writing() as db:
            db.execute(
                "INSERT INTO outbox (message_id, call_id, kind, body, created_at, next_at) VALUES (?, ?, ?, ?, ?, ?)",
                [message_id, call_id, kind, canonical(dict(body)), moment, moment],
            )
        return message_id

    def claim(self, now: datetime, until: datetime) -> Message | None:
        """The message that has waited longest and may be sent now, claimed until then; None when there is none."""
        moment = timestamp(now)
        with self._connection.writing() as db:
            row = db.execute(
                f"UPDATE outbox SET claimed_until = ? WHERE id = (SELECT id FROM outbox WHERE delivered_at IS NULL"
                f" AND next_at <= ? AND claimed_until <= ? ORDER BY next_at, id LIMIT 1) RETURNING {_COLUMNS}",
                [timestamp(until), moment, moment],
            ).fetchone()
        return _message(row) if row else None

    def delivered(self, message: Message, at: datetime) -> None:
        """The receiver has taken it."""
        with self._connection.writing() as db:
            db.execute("UPDATE outbox SET delivered_at = ?, problem = '' WHERE id = ?", [timestamp(at), message.number])

    def failed(self, message: Message, problem: str, next_at: datetime) -> None:
        """It was not taken; try again at ``next_at``. ``problem``: one line without what the message holds."""
        with self._connection.writing() as db:
            db.execute(
                "UPDATE outbox SET attempts = attempts + 1, problem = ?, next_at = ?, claimed_until = '' WHERE id = ?",
                [problem, timestamp(next_at), message.number],
            )

    def waiting(self) -> list[Message]:
        """Messages not delivered yet, first one first."""
        with self._connection.reading() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM outbox WHERE delivered_at IS NULL ORDER BY next_at, id"
            ).fetchall()
        return [_message(row) for row in rows]


def _message(row: tuple[Any, ...]) -> Message:
    number, message_id, call_id, kind, body, *rest = row
    return Message(number, message_id, call_id, kind, json.loads(body), *rest)
