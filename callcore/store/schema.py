"""The tables of the database, as an append-only list of changes.

Each function below is one change; it is applied once, in one transaction with its record. A change that has been
released is never edited: a new one is appended.
"""

from __future__ import annotations

import functools
from contextlib import closing

from sqlite_utils import Database, Migrations

APPLICATION_ID = 0x63616C6C  #: "call" in ASCII: what ``PRAGMA application_id`` says of our files

migrations = Migrations("callcore")


@migrations()
def m001_calls_and_events(db: Database) -> None:
    """What is true: calls, the models they were made with, and their events."""
    db.executescript("""
        CREATE TABLE models (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL,
            model_hash TEXT NOT NULL,
            settings_hash TEXT NOT NULL,
            settings TEXT NOT NULL,
            UNIQUE (name, model_hash, settings_hash)
        );
        CREATE TABLE calls (
            call_id TEXT PRIMARY KEY,
            source TEXT NOT NULL,
            content_sha256 TEXT NOT NULL,
            model_ref INTEGER NOT NULL REFERENCES models (id),
            status TEXT NOT NULL CHECK (status IN ('running', 'done', 'failed', 'interrupted')),
            reason TEXT NOT NULL DEFAULT '',
            started_at TEXT NOT NULL,
            finished_at TEXT,
            channel_count INTEGER NOT NULL,
            rate_hz INTEGER NOT NULL,
            sample_count INTEGER NOT NULL DEFAULT 0,
            language TEXT NOT NULL DEFAULT '',
            owner_host TEXT NOT NULL,
            owner_pid INTEGER NOT NULL,
            owner_started REAL NOT NULL
        );
        CREATE INDEX calls_by_content ON calls (content_sha256);
        CREATE INDEX calls_by_time ON calls (started_at);
        CREATE TABLE events (
            call_id TEXT NOT NULL REFERENCES calls (call_id) ON DELETE CASCADE,
            seq INTEGER NOT NULL,
            name TEXT NOT NULL,
            wire_version INTEGER NOT NULL,
            wire TEXT NOT NULL,
            checksum INTEGER NOT NULL,
            PRIMARY KEY (call_id, seq)
        );
        CREATE TRIGGER events_are_append_only BEFORE UPDATE ON events
        BEGIN
            SELECT RAISE(ABORT, 'events are append-only');
        END;
        CREATE VIEW warnings AS
            SELECT call_id, seq, json_extract(wire, '$.kind') AS kind, json_extract(wire, '$.channel') AS channel,
                   json_extract(wire, '$.at_sample') AS at_sample, json_extract(wire, '$.message') AS message
            FROM events WHERE name = 'audio_warning';
    """)


@migrations()
def m002_projections(db: Database) -> None:
    """What is made from the events, to be listed and joined."""
    db.executescript("""
        CREATE TABLE channels (
            call_id TEXT NOT NULL REFERENCES calls (call_id) ON DELETE CASCADE,
            channel INTEGER NOT NULL,
            role TEXT NOT NULL,
            confidence REAL NOT NULL,
            PRIMARY KEY (call_id, channel)
        );
        CREATE TABLE turns (
            id INTEGER PRIMARY KEY,
            call_id TEXT NOT NULL REFERENCES calls (call_id) ON DELETE CASCADE,
            seq INTEGER NOT NULL,
            turn_id INTEGER NOT NULL,
            channel INTEGER NOT NULL,
            start_sample INTEGER NOT NULL,
            end_sample INTEGER NOT NULL,
            language TEXT NOT NULL,
            text TEXT NOT NULL,
            UNIQUE (call_id, start_sample, channel, seq)
        );
        CREATE TABLE words (
            turn INTEGER NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            text TEXT NOT NULL,
            start_sample INTEGER NOT NULL,
            end_sample INTEGER NOT NULL,
            probability REAL,
            space_before INTEGER NOT NULL,
            PRIMARY KEY (turn, position)
        ) WITHOUT ROWID;
    """)


@migrations()
def m003_search(db: Database) -> None:
    """The full-text index of the turns."""
    # Texts arrive cut into tokens joined by spaces (tokens.py). The ascii tokenizer takes every character outside ASCII
    # as part of a token whatever its Unicode version, so SQLite sees exactly the tokens made in Python.
    db.executescript("""
        CREATE VIRTUAL TABLE turn_search USING fts5(words, sounds, tokenize = 'ascii');
        CREATE TRIGGER turns_leave_search AFTER DELETE ON turns
        BEGIN
            DELETE FROM turn_search WHERE rowid = old.id;
        END;
    """)


@functools.cache
def schema_version() -> int:
    """Number of changes this callcore knows; kept in ``PRAGMA user_version``."""
    with closing(Database(memory=True, execute_plugins=False)) as empty:
        return len(migrations.pending(empty))
