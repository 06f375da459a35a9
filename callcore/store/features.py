"""What the SQLite of this Python can do; callcore's database needs some of it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SqliteFeatures:
    """Version and parts of the SQLite library Python was built with."""

    version: str
    fts5: bool  #: full-text search
    trigram: bool  #: its tokenizer for text without spaces
    json: bool


def sqlite_features() -> SqliteFeatures:
    """Try each part in a database in memory."""
    with closing(sqlite3.connect(":memory:")) as db:
        return SqliteFeatures(
            version=sqlite3.sqlite_version,
            fts5=_works(db, "CREATE VIRTUAL TABLE plain USING fts5(text)"),
            trigram=_works(db, "CREATE VIRTUAL TABLE grams USING fts5(text, tokenize='trigram')"),
            json=_works(db, "SELECT json_extract('[1]', '$[0]')"),
        )


def _works(db: sqlite3.Connection, statement: str) -> bool:
    try:
        db.execute(statement)
    except sqlite3.OperationalError:
        return False
    return True
