"""The one door to SQLite: opening, transactions, and what its errors mean."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlite_utils import Database

from callcore.config import StoreSettings
from callcore.errors import CallcoreError, DiskFull, StoreCorrupt, StoreError, StoreLocked, StoreTooNew
from callcore.store.schema import APPLICATION_ID, migrations, schema_version

RETRY_S = 0.05  # between attempts at what SQLite's own busy timeout does not cover
FULL_BYTES = 1 << 20  # with less free space than this, a failed write is taken for a full disk

CORRUPT_HINT = "Restore a backup, or move the file away and transcribe again; `sqlite3 FILE .recover` may save calls."


class Connection:
    """One SQLite connection shared by all threads of a process behind a lock.

    Writes of several processes take turns by SQLite's own lock, each waiting up to ``busy_timeout_s``. A transaction
    inside another of the same thread is a part of it.
    """

    def __init__(self, path: Path, settings: StoreSettings, *, read_only: bool) -> None:
        """Open ``path``; create or bring it up to date unless ``read_only``.

        Raises :class:`StoreError` and its kinds, :class:`DiskFull`.
        """
        self.path = path
        self.read_only = read_only
        self._timeout_s = settings.busy_timeout_s
        self._lock = threading.RLock()
        with explained(path):
            _check_place(path, read_only)
        self._db = self._open()

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        with self._lock:
            self._db.close()

    @contextmanager
    def reading(self) -> Iterator[Database]:
        """A consistent view of the database for a few queries."""
        with self._transaction("BEGIN") as db:
            yield db

    @contextmanager
    def writing(self) -> Iterator[Database]:
        """One transaction: all of it is stored, or nothing."""
        # The write lock is taken at once: a transaction that starts by reading could not wait for it later.
        with self._transaction("BEGIN IMMEDIATE") as db:
            yield db

    @contextmanager
    def maintenance(self) -> Iterator[Database]:
        """Outside a transaction, for checkpoints and the like."""
        with self._lock, explained(self.path):
            yield self._db

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Database]:
        with self._lock, explained(self.path):
            # Whoever holds the lock is the thread that began it.
            inside = _savepoint(self._db) if self._db.conn.in_transaction else _transaction(self._db, begin)
            with inside:
                yield self._db

    def _open(self) -> Database:
        with explained(self.path):
            if not self.read_only:
                return self._open_writable()
            db = _connect(self.path, "ro", self._timeout_s)
            try:
                if _version(db, self.path) < schema_version():
                    db.close()
                    self._open_writable().close()
                    db = _connect(self.path, "ro", self._timeout_s)
                return db
            except BaseException:
                db.close()
                raise

    def _open_writable(self) -> Database:
        if not self.path.exists():
            # Calls are confidential: only the user may read a new database (its WAL inherits the mode).
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        _check_writable(self.path)
        db = _connect(self.path, "rw", self._timeout_s)
        try:
            if _version(db, self.path) < schema_version() or db.journal_mode != "wal":
                self._use_wal(db)
                with _transaction(db, "BEGIN IMMEDIATE"):
                    _version(db, self.path)  # again, now that no other process can change it
                    migrations.apply(db)
                    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                    db.execute(f"PRAGMA user_version = {schema_version()}")
            return db
        except BaseException:
            db.close()
            raise

    def _use_wal(self, db: Database) -> None:
        deadline = time.monotonic() + self._timeout_s
        while True:
            try:
                db.enable_wal()
                return
            except sqlite3.OperationalError as error:
                # Switching the mode fails at once when another process is just doing the same.
                if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(RETRY_S)


def check(path: Path, settings: StoreSettings) -> None:
    """Raise what keeps an existing database from being opened and written to; an old one is left as it is.

    Raises :class:`StoreError` and its kinds.
    """
    with explained(path):
        _check_place(path, read_only=True)
        _check_writable(path)
        db = _connect(path, "rw", settings.busy_timeout_s)  # "ro" would leave the files of a WAL behind
        try:
            _version(db, path)
        finally:
            db.close()


def _connect(path: Path, mode: str, timeout_s: float) -> Database:
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    if mode == "ro" and not _writable_folder(path) and not Path(f"{path}-wal").exists():
        # SQLite needs to create two files beside a WAL database even to read it. Where it cannot and nobody has,
        # nobody is writing either.
        uri += "&immutable=1"
    conn = sqlite3.connect(
        uri, uri=True, timeout=timeout_s, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    try:
        db = Database(conn, execute_plugins=False)
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA secure_delete = ON")
        db.execute("PRAGMA synchronous = NORMAL")
    except BaseException:
        conn.close()
        raise
    return db


@contextmanager
def _transaction(db: Database, begin: str) -> Iterator[None]:
    try:
        db.execute(begin)
        yield
        db.execute("COMMIT")
    except BaseException:
        # SQLite has already rolled back after a full disk or an I/O error.
        if db.conn.in_transaction:
            with suppress(sqlite3.Error):  # the first error is the one to tell
                db.execute("ROLLBACK")
        raise


@contextmanager
def _savepoint(db: Database) -> Iterator[None]:
    db.execute("SAVEPOINT inner_step")
    try:
        yield
        db.execute("RELEASE inner_step")
    except BaseException:
        if db.conn.in_transaction:
            with suppress(sqlite3.Error):
                db.execute("ROLLBACK TO inner_step")
                db.execute("RELEASE inner_step")
        raise


def _check_place(path: Path, read_only: bool) -> None:
    if path.is_dir():
        raise StoreError(f"{path} is a folder, not a database.", "Name a file: --db FOLDER/callcore.db.")
    if read_only:
        if not path.exists():
            raise StoreError(
                f"there is no database at {path}.", "Check --db, or transcribe something first: callcore transcribe."
            )
        return
    path.parent.mkdir(parents=True, exist_ok=True)


def _check_writable(path: Path) -> None:
    if not (os.access(path, os.W_OK) and _writable_folder(path)):
        raise StoreError(
            f"{path} or its folder is read-only.", "Check its permissions, or name another file with --db."
        )


def _version(db: Database, path: Path) -> int:
    """Version of the schema; 0 for an empty file. Raises :class:`StoreCorrupt` and :class:`StoreTooNew`."""
    application = db.execute("PRAGMA application_id").fetchone()[0]
    if application != APPLICATION_ID:
        if application == 0 and not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return 0
        raise StoreCorrupt(f"{path} is the database of another program.", "Name another file with --db.")
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    if version > schema_version():
        raise StoreTooNew(
            f"{path} was written by a newer callcore (database version {version}, this one knows {schema_version()}).",
            "Update callcore, or name another file with --db.",
        )
    _check_length(db, path)
    return version


def _check_length(db: Database, path: Path) -> None:
    # SQLite itself misses a file that ends inside its last page. Pages may still be in the WAL, if there is one.
    size = db.execute("PRAGMA page_count").fetchone()[0] * db.execute("PRAGMA page_size").fetchone()[0]
    wal = Path(f"{path}-wal")
    if not (wal.exists() and wal.stat().st_size) and path.stat().st_size < size:
        raise StoreCorrupt(f"{path} is cut short.", CORRUPT_HINT)


def _writable_folder(path: Path) -> bool:
    return os.access(path.absolute().parent, os.W_OK)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn errors of SQLite and the file system into callcore's, each with a next step."""
    try:
        yield
    except sqlite3.Error as error:
        raise explain(error, path) from error
    except UnicodeDecodeError as error:  # Python's module, when SQLite's own message quotes a damaged schema
        raise StoreCorrupt(f"{path} is damaged: a text is no UTF-8.", CORRUPT_HINT) from error
    except OSError as error:
        raise _explain_os(error, path) from error


@contextmanager
def intact(path: Path) -> Iterator[None]:
    """Rows that do not make sense (no such role, no such date) mean that the file is damaged."""
    try:
        yield
    except (TypeError, ValueError) as error:
        raise StoreCorrupt(f"{path} is damaged: a row makes no sense.", CORRUPT_HINT) from error


def _code(error: sqlite3.Error) -> int:
    """Primary result code; 0 for errors that Python's own module raised."""
    return int(getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF


def explain(error: sqlite3.Error, path: Path) -> CallcoreError:
    """The callcore error for an error of SQLite. SQLite's text is left out where it may quote what was searched."""
    code = _code(error)
    name = getattr(error, "sqlite_errorname", None) or type(error).__name__
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreLocked(
            f"{path} is in use by another program.", "Wait for it, or raise store.busy_timeout_s in the settings."
        )
    if code == sqlite3.SQLITE_FULL or (
        code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN) and _free_bytes(path) < FULL_BYTES
    ):
        return DiskFull(f"no space left for {path}.", "Free some space, or name a file on another disk with --db.")
    if code == sqlite3.SQLITE_NOTADB:
        return StoreCorrupt(f"{path} is not a callcore database.", "Name another file with --db.")
    if code == sqlite3.SQLITE_CORRUPT or name == "SQLITE_IOERR_SHORT_READ" or "decode to UTF-8" in str(error):
        return StoreCorrupt(f"{path} is damaged ({name}).", CORRUPT_HINT)
    if code == sqlite3.SQLITE_ERROR and ("no such table" in str(error) or "no such column" in str(error)):
        return StoreCorrupt(f"{path} is damaged: a part of its schema is missing.", CORRUPT_HINT)
    if code == sqlite3.SQLITE_ERROR and "no such module" in str(error):
        return StoreError("this Python's SQLite has no full-text search (FTS5).", "Use a Python with SQLite and FTS5.")
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_AUTH):
        return StoreError(
            f"{path} cannot be opened or written ({name}).",
            "Check the permissions of the file and its folder, or name another file with --db.",
        )
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PROTOCOL):
        return StoreError(
            f"{path} cannot be read or written ({name}).", "Check the disk; a database must lie on a local one."
        )
    return StoreError(f"{path}: the database refused ({name}).", "Run `callcore doctor`, and please report this.")


def _explain_os(error: OSError, path: Path) -> CallcoreError:
    what = error.strerror or type(error).__name__
    if error.errno == errno.ENOSPC:
        return DiskFull(f"no space left for {path}.", "Free some space, or name a file on another disk with --db.")
    return StoreError(f"{path} cannot be used ({what.lower()}).", "Name another file with --db.")


def _free_bytes(path: Path) -> int:
    for folder in path.absolute().parents:
        with suppress(OSError):  # not there or not ours to ask: the folder above is on the same disk
            return shutil.disk_usage(folder).free
    return FULL_BYTES
