"""Tables made from events: turns, words, channels and the search index of a call. They can be made anew any time."""

from __future__ import annotations

from collections.abc import Iterable

from sqlite_utils import Database

from callcore.store.tokens import sounds, tokenize
from callcore.types import CallEnded, Event, Final, LanguageDecided, Role, RolesAssigned, Turn


def storable(text: str) -> str:
    """Text as SQLite can hold it: broken characters (file names that are not UTF-8) become backslash escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


class Projector:
    """Projects the events of one call, in order, batch by batch; says the same as the fold in ``record.py``."""

    def __init__(self, call_id: str) -> None:
        self._call_id = call_id
        self._heard: set[int] = set()
        self._roles: RolesAssigned | None = None
        self._language: str | None = None
        self._last_sample = 0
        self._sample_count: int | None = None

    def project(self, db: Database, numbered: Iterable[tuple[int, Event]]) -> None:
        """Write what a batch of (sequence number, event) changes, inside the caller's transaction."""
        for seq, event in numbered:
            match event:
                case Turn():
                    self._write_turn(db, seq, event)
                case Final():
                    self._heard.add(event.channel)
                    self._last_sample = max(self._last_sample, event.end_sample)
                case RolesAssigned():
                    self._roles = event
                case LanguageDecided():
                    if self._language is None:
                        self._language = event.language
                case CallEnded():
                    self._sample_count = event.sample_count
        self._write_call(db)

    def clear(self, db: Database) -> None:
        """Remove what was projected for the call, and words without a turn, which only a foreign hand leaves behind."""
        db.execute("DELETE FROM turns WHERE call_id = ?", [self._call_id])
        db.execute("DELETE FROM words WHERE turn NOT IN (SELECT id FROM turns)")
        db.execute("DELETE FROM channels WHERE call_id = ?", [self._call_id])

    def _write_turn(self, db: Database, seq: int, turn: Turn) -> None:
        row = db.execute(
            "INSERT INTO turns (call_id, seq, turn_id, channel, start_sample, end_sample, language, text)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                self._call_id,
                seq,
                turn.turn_id,
                turn.channel,
                turn.start_sample,
                turn.end_sample,
                turn.language,
                storable(turn.text),
            ],
        ).lastrowid
        db.conn.executemany(
            "INSERT INTO words VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (row, at, storable(word.text), word.start_sample, word.end_sample, word.probability, word.space_before)
                for at, word in enumerate(turn.words)
            ],
        )
        tokens = tokenize(turn.text)
        db.execute(
            "INSERT INTO turn_search (rowid, words, sounds) VALUES (?, ?, ?)",
            [row, " ".join(token.text for token in tokens), " ".join(sounds(tokens))],
        )

    def _write_call(self, db: Database) -> None:
        known = self._roles.roles if self._roles else {}
        confidence = self._roles.confidence if self._roles else 0.0
        db.execute("DELETE FROM channels WHERE call_id = ?", [self._call_id])
        db.conn.executemany(
            "INSERT INTO channels VALUES (?, ?, ?, ?)",
            [
                (self._call_id, channel, known.get(channel, Role.UNKNOWN), confidence if channel in known else 0.0)
                for channel in sorted(self._heard | set(known))
            ],
        )
        samples = self._last_sample if self._sample_count is None else self._sample_count
        db.execute(
            "UPDATE calls SET language = ?, sample_count = ? WHERE call_id = ?",
            [self._language or "", samples, self._call_id],
        )
