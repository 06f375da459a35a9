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


@migrations()
def m004_work_orders(db: Database) -> None:
    """Work orders, what people changed in them, whose they are, and what was promised."""
    db.executescript("""
        CREATE TABLE tickets (
            call_id TEXT PRIMARY KEY REFERENCES calls (call_id) ON DELETE CASCADE ON UPDATE CASCADE,
            version INTEGER NOT NULL,
            state TEXT NOT NULL,
            rules_hash TEXT NOT NULL,
            document TEXT NOT NULL,
            day TEXT NOT NULL,
            severity TEXT NOT NULL,
            topic TEXT NOT NULL,
            department TEXT NOT NULL,
            missing INTEGER NOT NULL,
            updated_at TEXT NOT NULL
        );
        CREATE TABLE ticket_edits (
            id INTEGER PRIMARY KEY,
            call_id TEXT NOT NULL REFERENCES tickets (call_id) ON DELETE CASCADE ON UPDATE CASCADE,
            field TEXT NOT NULL,
            value TEXT NOT NULL,
            normal TEXT NOT NULL,
            machine_value TEXT NOT NULL,
            machine_normal TEXT NOT NULL,
            actor TEXT NOT NULL,
            reason TEXT NOT NULL,
            at TEXT NOT NULL
        );
        CREATE INDEX edits_by_call ON ticket_edits (call_id);
        CREATE TABLE followups (
            id INTEGER PRIMARY KEY,
            call_id TEXT NOT NULL REFERENCES tickets (call_id) ON DELETE CASCADE ON UPDATE CASCADE,
            promise_id TEXT NOT NULL,
            kind TEXT NOT NULL,
            owner TEXT NOT NULL,
            due TEXT NOT NULL,
            contact TEXT NOT NULL,
            status TEXT NOT NULL CHECK (status IN ('open', 'kept', 'broken', 'repeated', 'cancelled')),
            by_call TEXT NOT NULL DEFAULT '',
            changed_at TEXT NOT NULL,
            UNIQUE (call_id, promise_id)
        );
        CREATE INDEX followups_by_due ON followups (status, due);
        CREATE TABLE ticket_customers (
            call_id TEXT NOT NULL REFERENCES tickets (call_id) ON DELETE CASCADE ON UPDATE CASCADE,
            token TEXT NOT NULL,
            kind TEXT NOT NULL,
            weak INTEGER NOT NULL,
            PRIMARY KEY (call_id, token)
        ) WITHOUT ROWID;
        CREATE INDEX customers_by_token ON ticket_customers (token);
    """)


@migrations()
def m005_traces(db: Database) -> None:
    """What is to be delivered, which files were made of calls, and who did what."""
    db.executescript("""
        CREATE TABLE outbox (
            id INTEGER PRIMARY KEY,
            message_id TEXT NOT NULL UNIQUE,
            call_id TEXT NOT NULL REFERENCES tickets (call_id) ON DELETE CASCADE ON UPDATE CASCADE,
            kind TEXT NOT NULL,
            body TEXT NOT NULL,
            created_at TEXT NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0,
            next_at TEXT NOT NULL,
            claimed_until TEXT NOT NULL DEFAULT '',
            delivered_at TEXT,
            problem TEXT NOT NULL DEFAULT ''
        );
        CREATE INDEX outbox_waiting ON outbox (delivered_at, next_at);
        CREATE TABLE made_files (
            call_id TEXT NOT NULL REFERENCES calls (call_id) ON DELETE CASCADE,
            path BLOB NOT NULL,
            kind TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            made_at TEXT NOT NULL,
            PRIMARY KEY (call_id, path)
        );
        CREATE TABLE audit (
            id INTEGER PRIMARY KEY,
            at TEXT NOT NULL,
            actor TEXT NOT NULL,
            role TEXT NOT NULL,
            action TEXT NOT NULL,
            call_id TEXT NOT NULL,
            detail TEXT NOT NULL
        );
        CREATE INDEX audit_by_call ON audit (call_id);
        CREATE TRIGGER audit_is_append_only BEFORE UPDATE ON audit
        WHEN new.call_id = old.call_id
        BEGIN
            SELECT RAISE(ABORT, 'the audit trail is append-only');
        END;
        CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
        BEGIN
            SELECT RAISE(ABORT, 'the audit trail is append-only');
        END;
    """)


@functools.cache
def schema_version() -> int:
    """Number of changes this callcore knows; kept in ``PRAGMA user_version``."""
    with closing(Database(memory=True, execute_plugins=False)) as empty:
        return len(migrations.pending(empty))
