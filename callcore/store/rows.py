"""What the database answers with, and what it can be asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from callcore.store.ids import timestamp
from callcore.types import Role, seconds


class Status(StrEnum):
    """How far a call has come."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"  #: stopped before its end, by Ctrl-C, by an error of the program, or killed


@dataclass(frozen=True, slots=True)
class CallSummary:
    """One call as in a list. Times are wall time of the transcription, in UTC."""

    call_id: str
    source: str
    content_sha256: str
    status: Status
    reason: str
    started_at: datetime
    finished_at: datetime | None
    sample_count: int  #: length at 16 kHz; as far as it was followed while not done
    language: str
    turn_count: int
    model: str
    model_hash: str
    settings_hash: str
    roles: Mapping[int, Role] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Ready for JSON; times in ISO 8601, length in seconds."""
        return {
            "call_id": self.call_id,
            "source": self.source,
            "content_sha256": self.content_sha256,
            "status": self.status.value,
            "reason": self.reason,
            "started_at": self.started_at.isoformat(),
            "finished_at": self.finished_at.isoformat() if self.finished_at else None,
            "duration_s": seconds(self.sample_count),
            "language": self.language,
            "turns": self.turn_count,
            "model": self.model,
            "model_hash": self.model_hash,
            "settings_hash": self.settings_hash,
            "roles": {str(channel): role.value for channel, role in self.roles.items()},
        }


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Which calls: every field that is given must hold. ``since`` is included, ``until`` is not."""

    call_ids: tuple[str, ...] | None = None
    statuses: tuple[Status, ...] = ()
    language: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        for moment in (self.since, self.until):
            if moment is not None and moment.tzinfo is None:
                raise ValueError("dates of a filter need a time zone")

    def sql(self) -> tuple[str, list[Any]]:
        """A condition on the columns of the ``calls`` table (as ``c``), and its parameters. Status is not in it."""
        conditions: list[str] = []
        values: list[Any] = []
        if self.call_ids is not None:
            conditions.append(f"c.call_id IN ({', '.join('?' * len(self.call_ids))})")
            values += self.call_ids
        if self.language is not None:
            conditions.append("c.language = ?")
            values.append(self.language)
        if self.since is not None:
            conditions.append("c.started_at >= ?")
            values.append(timestamp(self.since))
        if self.until is not None:
            conditions.append("c.started_at < ?")
            values.append(timestamp(self.until))
        return " AND ".join(conditions) or "1", values


@dataclass(frozen=True, slots=True)
class Deleted:
    """What :meth:`Store.delete` did. ``wiped`` is False while another program still keeps the old bytes readable."""

    count: int
    wiped: bool


@dataclass(frozen=True, slots=True)
class Passage:
    """A turn beside a hit."""

    role: Role
    start_sample: int
    text: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A turn that was found.

    ``at_sample`` is the start of the first word found, from the word times; ``spans`` are its places in ``text`` as
    (first character, one past the last). ``sounds_like`` says that only the sound matches.
    """

    call_id: str
    source: str
    call_started_at: datetime
    channel: int
    role: Role
    start_sample: int
    end_sample: int
    at_sample: int
    language: str
    text: str
    spans: tuple[tuple[int, int], ...]
    sounds_like: bool
    before: Passage | None = None
    after: Passage | None = None

    def as_json(self) -> dict[str, Any]:
        """Ready for JSON; times in seconds."""

        def passage(there: Passage | None) -> dict[str, Any] | None:
            if there is None:
                return None
            return {"speaker": there.role.value, "start_s": seconds(there.start_sample), "text": there.text}

        return {
            "call_id": self.call_id,
            "source": self.source,
            "call_started_at": self.call_started_at.isoformat(),
            "channel": self.channel,
            "speaker": self.role.value,
            "start_s": seconds(self.start_sample),
            "end_s": seconds(self.end_sample),
            "at_s": seconds(self.at_sample),
            "language": self.language,
            "text": self.text,
            "spans": [list(span) for span in self.spans],
            "sounds_like": self.sounds_like,
            "before": passage(self.before),
            "after": passage(self.after),
        }


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Hits, those of the exact words first and newest calls first; ``total`` counts also those beyond the limit."""

    hits: tuple[Hit, ...]
    total: int
