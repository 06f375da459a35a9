"""Searching the turns of all calls."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from callcore.store.query import Column, Query, parse
from callcore.store.rows import CallFilter, Hit, Passage, SearchResult
from callcore.store.tokens import Token, sounds, tokenize
from callcore.types import Role

_FROM = """
    FROM turn_search s JOIN turns t ON t.id = s.rowid JOIN calls c ON c.call_id = t.call_id
    LEFT JOIN channels ch ON ch.call_id = t.call_id AND ch.channel = t.channel
"""
_ORDER = "ORDER BY c.started_at DESC, c.call_id DESC, t.start_sample, t.channel, t.seq"
_COLUMNS = """
    t.id, t.call_id, t.seq, t.channel, t.start_sample, t.end_sample, t.language, t.text, c.source, c.started_at,
    coalesce(ch.role, 'unknown') AS role
"""


def search(
    db: Database,
    text: str,
    calls: CallFilter,
    *,
    speaker: Role | None = None,
    language: str | None = None,
    limit: int = 20,
    sounds_like: bool = False,
) -> SearchResult:
    """Turns that answer the query ``text``; see :meth:`Store.search`. Raises :class:`QueryError`."""
    query = parse(text)
    condition, values = calls.sql()
    if speaker is not None:
        condition += " AND coalesce(ch.role, 'unknown') = ?"
        values.append(speaker)
    if language is not None:
        condition += " AND t.language = ?"
        values.append(language)
    exact = query.expression("words")
    hits, total = _find(db, query, "words", f"turn_search MATCH ? AND {condition}", [exact, *values], limit)
    if sounds_like:
        where = (
            f"turn_search MATCH ? AND t.id NOT IN (SELECT rowid FROM turn_search WHERE turn_search MATCH ?)"
            f" AND {condition}"
        )
        more, more_total = _find(
            db, query, "sounds", where, [query.expression("sounds"), exact, *values], limit - len(hits)
        )
        hits, total = hits + more, total + more_total
    return SearchResult(tuple(hits), total)


def _find(
    db: Database, query: Query, column: Column, where: str, values: list[Any], limit: int
) -> tuple[list[Hit], int]:
    total: int = db.execute(f"SELECT count(*) {_FROM} WHERE {where}", values).fetchone()[0]
    rows = db.query(f"SELECT {_COLUMNS} {_FROM} WHERE {where} {_ORDER} LIMIT ?", [*values, limit])
    return [_hit(db, row, query, column) for row in list(rows)], total


def _hit(db: Database, row: dict[str, Any], query: Query, column: Column) -> Hit:
    tokens = tokenize(row["text"])
    spans = _spans(query, tokens, column)
    return Hit(
        call_id=row["call_id"],
        source=row["source"],
        call_started_at=datetime.fromisoformat(row["started_at"]),
        channel=row["channel"],
        role=Role(row["role"]),
        start_sample=row["start_sample"],
        end_sample=row["end_sample"],
        at_sample=_at_sample(db, row, query, column),
        language=row["language"],
        text=row["text"],
        spans=tuple(spans),
        sounds_like=column == "sounds",
        before=_beside(db, row, "<", "DESC"),
        after=_beside(db, row, ">", "ASC"),
    )


def _spans(query: Query, tokens: Sequence[Token], column: Column) -> list[tuple[int, int]]:
    """Places of all terms in the text the tokens came from, in order, joined where they touch or overlap."""
    there = _texts(tokens, column)
    places = sorted(
        (tokens[first].start, tokens[last - 1].end) for term in query.terms for first, last in term.spans(there, column)
    )
    joined: list[tuple[int, int]] = []
    for start, end in places:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _texts(tokens: Sequence[Token], column: Column) -> list[str]:
    return sounds(tokens) if column == "sounds" else [token.text for token in tokens]


def _at_sample(db: Database, row: dict[str, Any], query: Query, column: Column) -> int:
    """Start of the first word found; of the turn where the words do not spell the text."""
    owner: list[int] = []  # for each character of the joined words, the position of its word
    text = ""
    starts: list[int] = []
    for word, start, space in db.execute(
        "SELECT text, start_sample, space_before FROM words WHERE turn = ? ORDER BY position", [row["id"]]
    ):
        piece = f" {word}" if space else word
        text += piece
        owner += [len(starts)] * len(piece)
        starts.append(start)
    spans = _spans(query, tokenize(text), column)
    return starts[owner[spans[0][0]]] if spans else row["start_sample"]


def _beside(db: Database, row: dict[str, Any], side: str, order: str) -> Passage | None:
    found = db.execute(
        "SELECT coalesce(ch.role, 'unknown'), t.start_sample, t.text FROM turns t"
        " LEFT JOIN channels ch ON ch.call_id = t.call_id AND ch.channel = t.channel"
        f" WHERE t.call_id = ? AND (t.start_sample, t.channel, t.seq) {side} (?, ?, ?)"
        f" ORDER BY t.start_sample {order}, t.channel {order}, t.seq {order} LIMIT 1",
        [row["call_id"], row["start_sample"], row["channel"], row["seq"]],
    ).fetchone()
    return Passage(Role(found[0]), found[1], found[2]) if found else None
