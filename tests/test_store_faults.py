"""The database when things go wrong: killed processes, locks, damage, full disks, missing permissions."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database
from store_samples import NOON, call_events, sha, started, write_call

from callcore.config import StoreSettings
from callcore.errors import (
    CallcoreError,
    CallInProgress,
    CallNotFound,
    DiskFull,
    StoreCorrupt,
    StoreError,
    StoreLocked,
    StoreTooNew,
)
from callcore.store import CallFilter, Status, Store
from callcore.store.schema import APPLICATION_ID, migrations, schema_version

CHILD = Path(__file__).with_name("store_child.py")


@contextlib.contextmanager
def child(*arguments: object) -> Iterator[subprocess.Popen]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(CHILD.parent), str(CHILD.parent.parent)])}
    command = [sys.executable, CHILD, *map(str, arguments)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def sql(path: Path, statement: str) -> list[tuple]:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


def one_line_and_a_hint(error: CallcoreError) -> bool:
    return bool(error.message) and "\n" not in error.message and bool(error.hint)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "calls.db"


@pytest.mark.parametrize("batches", [1, 2, 9])
def test_kill_in_the_middle_then_resume_nothing_twice_nothing_missing(path: Path, batches: int) -> None:
    with child("append_for_ever", path) as process:
        for _ in range(batches):
            assert process.stdout.readline() == "stored\n"
        process.send_signal(signal.SIGKILL)  # wherever it is by now: very likely inside a transaction
        # Not yet collected by its parent, the process is a zombie: dead all the same.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        with Store.open(path, read_only=True) as store:
            (left,) = store.list_calls()
            assert left.status is Status.INTERRUPTED
            assert "killed" in left.reason
            assert [call.call_id for call in store.list_calls(CallFilter(statuses=(Status.INTERRUPTED,)))]
            assert not store.list_calls(CallFilter(statuses=(Status.RUNNING,)))
            stored = len(store.events(left.call_id)) - 1
            whole = len(call_events()) - 1
            assert stored % whole == 0  # a batch is stored whole or not at all
            assert stored // whole >= batches
        process.wait()
    with Store.open(path) as store:
        again = write_call(store, "killed", NOON + timedelta(hours=1))
        assert [(call.call_id, call.status) for call in store.list_calls()] == [(again, Status.DONE)]
        assert store.events(again)[1:] == call_events()
        assert store.search("信用卡").total == 1
        assert store.check() == []
    assert sql(path, "SELECT count(*) FROM events") == [(1 + len(call_events()),)]
    assert sql(path, "SELECT count(*) FROM turns") == sql(path, "SELECT count(*) FROM turn_search") == [(4,)]
    assert sql(path, "SELECT count(*) FROM words WHERE turn NOT IN (SELECT id FROM turns)") == [(0,)]


def test_another_living_process_on_the_same_content_is_named(path: Path) -> None:
    with child("hold", path) as process:
        assert process.stdout.readline() == "begun\n"
        with Store.open(path) as store:
            again = started("held", NOON + timedelta(seconds=1))
            with pytest.raises(CallInProgress, match=str(process.pid)):
                store.begin_call(again, content_sha256=sha("held"), started_at=NOON)
            (held,) = store.list_calls()
            assert held.status is Status.RUNNING
            with pytest.raises(CallInProgress, match=str(process.pid)):
                store.delete([held.call_id])
            write_call(store, "another")
            process.communicate("go on\n", timeout=60)
            assert process.returncode == 0
            assert {call.status for call in store.list_calls()} == {Status.DONE}


def test_two_processes_write_at_once_into_a_new_file(path: Path) -> None:
    with child("write_many", path, "x") as one, child("write_many", path, "y") as two:
        for process in (one, two):
            assert process.stdout.readline() == "ready\n"
        for process in (one, two):
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in (one, two):
            process.communicate(timeout=120)
            assert process.returncode == 0
    with Store.open(path, read_only=True) as store:
        assert [call.status for call in store.list_calls()] == [Status.DONE] * 20
        assert all(store.events(call.call_id)[1:] == call_events() for call in store.list_calls())
        assert store.search("信用卡").total == 20
        assert store.check() == []


def test_locked_database(path: Path) -> None:
    with Store.open(path, StoreSettings(busy_timeout_s=0.05)) as store:
        writer = store.begin_call(started(), content_sha256=sha("a"), started_at=NOON)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreLocked) as told:
            writer.append(call_events())
        assert one_line_and_a_hint(told.value)
        assert store.list_calls()  # readers go on
        other.execute("ROLLBACK")
        other.close()
        writer.append(call_events())  # and so does the writer, with nothing lost
        writer.complete(NOON)
        assert store.events(writer.call_id)[1:] == call_events()


def test_locked_while_leaving_by_an_exception_keeps_that_exception(path: Path) -> None:
    with Store.open(path, StoreSettings(busy_timeout_s=0.05)) as store:
        other = sqlite3.connect(path, isolation_level=None)

        def lock_and_fail() -> None:
            with store.begin_call(started(), content_sha256=sha("a"), started_at=NOON):
                other.execute("BEGIN IMMEDIATE")
                raise RuntimeError("the cause")

        with pytest.raises(RuntimeError, match="the cause") as told:
            lock_and_fail()
        assert "interrupted" in told.value.__notes__[0]
        other.execute("ROLLBACK")
        other.close()


def test_garbage_is_not_a_database(path: Path) -> None:
    garbage = random.Random(1).randbytes(20_000)
    path.write_bytes(garbage)
    for read_only in (True, False):
        with pytest.raises(StoreCorrupt, match="not a callcore database") as told:
            Store.open(path, read_only=read_only)
        assert one_line_and_a_hint(told.value)
    assert path.read_bytes() == garbage


def test_a_database_of_another_program_is_left_alone(path: Path) -> None:
    sql(path, "CREATE TABLE invoices (number INTEGER)")
    before = path.read_bytes()
    for read_only in (True, False):
        with pytest.raises(StoreCorrupt, match="another program") as told:
            Store.open(path, read_only=read_only)
        assert one_line_and_a_hint(told.value)
    assert path.read_bytes() == before


def test_newer_database(path: Path) -> None:
    with Store.open(path):
        pass
    sql(path, "PRAGMA user_version = 999")
    for read_only in (True, False):
        with pytest.raises(StoreTooNew, match="999") as told:
            Store.open(path, read_only=read_only)
        assert one_line_and_a_hint(told.value)


def test_events_of_a_newer_callcore(path: Path) -> None:
    with Store.open(path) as store:
        call_id = write_call(store)
        sql(path, "DROP TRIGGER events_are_append_only")
        sql(path, "UPDATE events SET wire_version = 99 WHERE seq = 3")
        with pytest.raises(StoreTooNew):
            store.record(call_id)
        sql(path, 'UPDATE events SET wire_version = 1, wire = \'{"event":"tomorrow"}\', checksum = 3055713418')
        with pytest.raises((StoreTooNew, StoreCorrupt)):
            store.record(call_id)


@pytest.mark.parametrize("read_only", [True, False])
def test_an_older_database_is_brought_up_to_date(path: Path, read_only: bool) -> None:
    db = Database(path)
    migrations.apply(db, stop_before="m003_search")
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.execute("PRAGMA user_version = 2")
    db.close()
    with Store.open(path, read_only=read_only) as store:
        assert store.search("x").total == 0
    assert sql(path, "PRAGMA user_version") == [(schema_version(),)]
    assert len(sql(path, "SELECT name FROM _sqlite_migrations")) == schema_version()


def test_a_failed_change_of_the_schema_leaves_the_old_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    db = Database(path)
    migrations.apply(db, stop_before="m003_search")
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.execute("PRAGMA user_version = 2")
    db.execute("CREATE TABLE turn_search (in_the_way INTEGER)")
    db.close()
    with pytest.raises(StoreError):
        Store.open(path)
    assert sql(path, "PRAGMA user_version") == [(2,)]
    assert len(sql(path, "SELECT name FROM _sqlite_migrations")) == 2


def survives(path: Path, expected: dict[str, list]) -> str:
    """Use a damaged database in every way: each answer is right or a :class:`StoreError`, never another exception."""
    told: list[StoreError] = []
    try:
        with Store.open(path, read_only=True) as store:
            for action in (store.list_calls, store.check, lambda: store.search("信用卡", sounds_like=True)):
                try:
                    action()
                except StoreError as error:
                    told.append(error)
            for call_id, events in expected.items():
                try:
                    read = store.events(call_id)
                except StoreError as error:
                    told.append(error)
                else:
                    assert read == events
    except StoreError as error:
        told.append(error)
    assert all(map(one_line_and_a_hint, told))
    return "told" if told else "unharmed"


def test_damage_is_told_and_never_read_as_truth(tmp_path: Path) -> None:
    whole = tmp_path / "whole.db"
    with Store.open(whole) as store:
        ids = [write_call(store, f"{n}", NOON + timedelta(seconds=n)) for n in range(20)]
        expected = {ids[n]: store.events(ids[n]) for n in (0, 10, 19)}
    content = whole.read_bytes()
    chance = random.Random(7)
    outcomes = []
    for number in range(100):
        damaged = bytearray(content)
        at = chance.randrange(100, len(content) - 64)
        length = chance.choice([1, 16, 64])
        damaged[at : at + length] = bytes(byte ^ 0xFF for byte in damaged[at : at + length])
        path = tmp_path / f"flipped{number}.db"
        path.write_bytes(damaged)
        outcomes.append(survives(path, expected))
    assert outcomes.count("told") > 10
    for share in (0.99, 0.5, 0.1, 0.01):
        path = tmp_path / "short.db"
        path.write_bytes(content[: int(len(content) * share)])
        for read_only in (True, False):
            with pytest.raises(StoreCorrupt) as told:
                Store.open(path, read_only=read_only)
            assert one_line_and_a_hint(told.value)


def test_writing_into_a_damaged_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "calls.db"
    with Store.open(path) as store:
        write_call(store)
    content = bytearray(path.read_bytes())
    for page in range(3, len(content) // 4096):
        content[page * 4096 : page * 4096 + 200] = bytes(200)
    path.write_bytes(content)
    with pytest.raises(StoreCorrupt) as told, Store.open(path) as store:
        write_call(store, "b")
    assert one_line_and_a_hint(told.value)


def fill_until_refused(store: Store) -> tuple[list[str], CallcoreError]:
    written = []
    for number in range(3000):
        try:
            written.append(write_call(store, f"{number}", NOON + timedelta(seconds=number)))
        except CallcoreError as error:
            return written, error
    raise AssertionError("the disk never became full")


def test_full_database_keeps_what_was_complete(path: Path) -> None:
    # SQLite's own page limit raises the same error as a full disk, on every machine.
    with Store.open(path) as store:
        with store._connection.maintenance() as db:
            db.execute("PRAGMA max_page_count = 120")
        written, error = fill_until_refused(store)
        assert isinstance(error, DiskFull)
        assert one_line_and_a_hint(error)
        assert error.exit_code == 6
    with Store.open(path) as store:
        done = store.list_calls(CallFilter(statuses=(Status.DONE,)))
        assert sorted(call.call_id for call in done) == sorted(written)
        assert store.check() == []
        # With space again, the call that failed is done anew.
        write_call(store, f"{len(written)}", NOON + timedelta(days=1))
        assert len(store.list_calls()) == len(written) + 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = shutil.which("mount")
    if mount is None or os.name != "posix" or os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    if subprocess.run([mount, "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("this machine does not let root mount a file system")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_full_disk_keeps_what_was_complete(small_disk: Path, tmp_path: Path) -> None:
    with Store.open(small_disk / "calls.db") as store:
        written, error = fill_until_refused(store)
        assert isinstance(error, DiskFull)
        assert len(written) > 5
        done = store.list_calls(CallFilter(statuses=(Status.DONE,)))
        assert sorted(call.call_id for call in done) == sorted(written)
    with Store.open(small_disk / "calls.db", read_only=True) as store:
        assert store.check() == []
        assert store.events(written[-1])[1:] == call_events()
    # On a full disk the write-ahead log could not be folded into the file: both move together.
    moved = shutil.copytree(small_disk, tmp_path / "larger")
    with Store.open(moved / "calls.db") as store:
        write_call(store, f"{len(written)}", NOON + timedelta(days=1))
        assert store.check() == []


def test_disk_full_from_the_start(small_disk: Path) -> None:
    (small_disk / "ballast").write_bytes(bytes((1 << 20) - 4096))
    with pytest.raises(DiskFull) as told:
        Store.open(small_disk / "calls.db")
    assert one_line_and_a_hint(told.value)


def test_read_only_file_system(small_disk: Path) -> None:
    path = small_disk / "calls.db"
    with Store.open(path) as store:
        call_id = write_call(store)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(StoreError, match="read-only") as told:
        Store.open(path)
    assert one_line_and_a_hint(told.value)
    with pytest.raises(StoreError) as told:
        Store.open(small_disk / "new.db")
    assert one_line_and_a_hint(told.value)
    with Store.open(path, read_only=True) as store:
        assert store.events(call_id)[1:] == call_events()
        assert store.search("信用卡").total == 1


def test_no_permission(tmp_path: Path) -> None:
    sealed = tmp_path / "sealed"
    sealed.touch(mode=0o000)
    if os.access(sealed, os.R_OK):
        pytest.skip("this user may read and write everything")
    folder = tmp_path / "locked"
    path = folder / "calls.db"
    with Store.open(path) as store:
        call_id = write_call(store)
    path.chmod(0o400)
    folder.chmod(0o500)
    try:
        with pytest.raises(StoreError, match="read-only"):
            Store.open(path)
        with Store.open(path, read_only=True) as store:
            assert store.events(call_id)
        path.chmod(0o000)
        with pytest.raises(StoreError) as told:
            Store.open(path, read_only=True)
        assert one_line_and_a_hint(told.value)
        with pytest.raises(StoreError):
            Store.open(folder / "new.db")
        folder.chmod(0o000)
        with pytest.raises(StoreError):
            Store.open(path, read_only=True)
    finally:
        folder.chmod(0o700)


def test_a_read_only_store_refuses_to_write(path: Path) -> None:
    with Store.open(path) as store:
        write_call(store)
    with Store.open(path, read_only=True) as store, pytest.raises(StoreError) as told:
        write_call(store, "b")
    assert one_line_and_a_hint(told.value)


def test_missing_folder_is_made_and_the_file_is_private(tmp_path: Path) -> None:
    path = tmp_path / "not" / "yet" / "calls.db"
    with Store.open(path) as store:
        write_call(store)
        if os.name == "posix":
            assert [file.stat().st_mode & 0o777 for file in path.parent.iterdir()] == [0o600] * 3
    assert [file.name for file in path.parent.iterdir()] == ["calls.db"]


def test_places_that_cannot_hold_a_database(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for place, read_only, pattern in (
        (tmp_path, False, "is a folder"),
        (tmp_path, True, "is a folder"),
        (tmp_path / "missing.db", True, "no database"),
        (tmp_path / "file" / "calls.db", False, "cannot be used"),
        (tmp_path / ("n" * 300), False, "cannot be used"),
    ):
        with pytest.raises(StoreError, match=pattern) as told:
            Store.open(place, read_only=read_only)
        assert one_line_and_a_hint(told.value)
    assert not (tmp_path / "missing.db").exists()


def test_unknown_call(path: Path) -> None:
    with Store.open(path) as store:
        for action in (store.events, store.record, store.rebuild, lambda call: store.delete([call])):
            with pytest.raises(CallNotFound) as told:
                action("20200101-000000000-abcdef")
            assert one_line_and_a_hint(told.value)
