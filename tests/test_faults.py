"""Real processes that are stopped, killed, run side by side and starved: nothing twice, nothing missing."""

from __future__ import annotations

import contextlib
import os
import pty
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from batch_tools import CHILD, ROOT, child, cut, run_job, some_calls, stop, turns_of, until
from small_disk import fill

from callcore.store import Status, Store

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and mounts as POSIX has them")


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "calls.db"


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    some_calls(tmp_path / "in", 4)
    return tmp_path / "in"


def statuses(db: Path) -> list[str]:
    if not db.exists():
        return []
    with Store.open(db, read_only=True) as store:
        return sorted(call.status.value for call in store.list_calls())


def transcribe_freely(tmp_path: Path, calls: Path, db: Path, *options: object) -> tuple[int, str, str]:
    with child(tmp_path / "free", "transcribe", calls, "--db", db, *options, free=True) as process:
        return process.end()


@pytest.fixture(scope="module")
def expected(tmp_path_factory) -> dict[str, list[tuple]]:
    """What an uninterrupted run gives."""
    folder = tmp_path_factory.mktemp("whole")
    run_job(some_calls(folder / "in", 4), folder / "calls.db")
    return turns_of(folder / "calls.db")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_in_the_middle_then_run_again(tmp_path, db, calls, expected, number, code):
    with child(tmp_path / "gate", "transcribe", calls, "--db", db, "--output", tmp_path / "out") as process:
        process.begun()
        stop(process.process, number)
        until(lambda: "running" not in statuses(db), "no call is running any more")  # while its decode still goes on
        process.release()
        ended, _, err = process.end()
    assert ended == code, err
    assert "Traceback" not in err
    assert "Stopped." in err
    assert "not finished" in err
    assert statuses(db)
    assert set(statuses(db)) == {"interrupted"}
    assert not list((tmp_path / "out").glob("*.tmp"))
    again, _, err = transcribe_freely(tmp_path, calls, db, "--output", tmp_path / "out")
    assert again == 0, err
    assert turns_of(db) == expected
    assert len(list((tmp_path / "out").glob("*.txt"))) == 4


def test_a_second_ctrl_c_does_not_wait(tmp_path, db, calls, expected):
    with child(tmp_path / "gate", "transcribe", calls, "--db", db) as process:
        process.begun()
        stop(process.process)
        until(lambda: "running" not in statuses(db), "no call is running any more")
        stop(process.process)  # the decode never ends
        code, _, err = process.end()
    assert code == 130
    assert "Traceback" not in err
    assert transcribe_freely(tmp_path, calls, db)[0] == 0
    assert turns_of(db) == expected


def test_what_came_through_standard_input_is_removed_by_a_hard_stop(tmp_path, db):
    call = cut(tmp_path / "a.wav", 0, 5)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    os.mkfifo(tmp_path / "pipe.wav")
    with child(tmp_path / "gate", "transcribe", tmp_path / "pipe.wav", "--db", db, TMPDIR=str(temporary)) as process:
        (tmp_path / "pipe.wav").write_bytes(call.read_bytes())
        process.begun()
        assert list(temporary.rglob("0.wav"))
        stop(process.process)
        until(lambda: statuses(db) == ["interrupted"], "the call is marked")
        stop(process.process)
        assert process.end()[0] == 130
    assert not list(temporary.rglob("0.wav"))


@pytest.mark.parametrize("decodes", [1, 2])
def test_killed_in_the_middle_then_run_again(tmp_path, db, calls, expected, decodes):
    arguments = ("transcribe", calls, "--db", db, "--jobs", 2, "--output", tmp_path / "out")
    with child(tmp_path / "gate", *arguments) as process:
        process.begun()
        if decodes > 1:
            process.release()
            process.begun(decodes)
        stop(process.process, signal.SIGKILL)
        assert process.end()[0] == -signal.SIGKILL
    assert "running" not in statuses(db)
    code, _, err = transcribe_freely(tmp_path, calls, db, "--output", tmp_path / "out")
    assert code == 0, err
    assert turns_of(db) == expected
    assert len(list((tmp_path / "out").glob("*.txt"))) == 4


def test_two_processes_share_the_work(tmp_path, db, calls, expected):
    gate = tmp_path / "gate"
    for twin in ("copy1.wav", "copy2.wav"):
        shutil.copy(calls / "call0.wav", calls / twin)
    one = child(gate, "transcribe", calls, "--db", db, "--output", tmp_path / "one")
    two = child(gate, "transcribe", calls, "--db", db, "--output", tmp_path / "two")
    with one as first, two as second:
        first.begun()
        second.begun()
        first.release()
        ends = [first.end(), second.end()]
    assert [end[0] for end in ends] == [0, 0], ends
    assert len(turns_of(db)) == len(expected) == 4
    assert sorted(turns_of(db).values()) == sorted(expected.values())
    decodes = len(list(gate.glob("begun-*")))
    with child(tmp_path / "alone", "transcribe", calls, "--db", tmp_path / "alone.db", free=True) as alone:
        assert alone.end()[0] == 0
    assert decodes == len(list((tmp_path / "alone").glob("begun-*")))  # each file once
    for folder in ("one", "two"):  # and both have all results
        assert len(list((tmp_path / folder).glob("*.txt"))) == 6


def test_a_file_that_another_process_transcribes_is_waited_for(tmp_path, db):
    call = cut(tmp_path / "a.wav", 0, 5)
    with child(tmp_path / "gate", "transcribe", call, "--db", db) as first:
        first.begun()
        with child(tmp_path / "other", "transcribe", call, "--db", db) as second:
            line = second.process.stderr.readline()
            assert "waiting" in line
            assert str(first.process.pid) in line
            first.release()
            assert first.end()[0] == 0
            code, out, _ = second.end()
    assert code == 0
    assert out  # the conversation, as if it had done the work itself
    assert not list((tmp_path / "other").glob("begun-*"))


def one_error(err: str) -> list[str]:
    lines = err.splitlines()
    assert len(lines) == 2, err
    assert lines[0].startswith("callcore: ")
    assert lines[1].startswith("  ")
    return lines


def test_a_locked_database_is_waited_for_and_then_named(tmp_path, db, calls):
    assert transcribe_freely(tmp_path, calls / "call0.wav", db)[0] == 0
    holder = sqlite3.connect(db, isolation_level=None)
    try:
        holder.execute("BEGIN EXCLUSIVE")
        with child(
            tmp_path / "gate", "transcribe", calls, "--db", db, free=True, CALLCORE_STORE__BUSY_TIMEOUT_S="0.1"
        ) as process:
            code, _, err = process.end()
    finally:
        holder.close()
    assert code == 5
    assert "in use by another program" in err.splitlines()[-2]
    assert "Traceback" not in err


@pytest.mark.parametrize("content", [b"garbage" * 1000, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_database_is_left_alone(tmp_path, db, calls, content):
    db.write_bytes(content)
    code, out, err = transcribe_freely(tmp_path, calls, db)
    assert (code, out) == (5, "")
    one_error(err)
    assert db.read_bytes() == content


def test_a_full_disk_under_the_database_stops_the_run(tmp_path, disk, calls, expected):
    db = disk / "calls.db"
    gate = tmp_path / "gate"
    with child(gate, "transcribe", calls, "--db", db, "--jobs", 1) as process:
        process.begun()
        fill(disk)
        process.release()
        code, _, err = process.end()
    assert code == 6, err
    assert err.splitlines()[-2].startswith("callcore: no space left")
    assert "Traceback" not in err
    assert "not finished" in err  # the others were not tried in vain
    (disk / "filler").unlink()
    assert Status.DONE not in statuses(db)
    code, _, err = transcribe_freely(tmp_path, calls, db)
    assert code == 0, err
    assert turns_of(db) == expected


def test_a_full_disk_under_the_results_stops_the_run_and_loses_nothing(tmp_path, disk, db, calls, expected):
    out = disk / "out"
    with child(tmp_path / "gate", "transcribe", calls, "--db", db, "--jobs", 1, "--output", out) as process:
        process.begun()
        fill(disk)
        process.release()
        code, _, err = process.end()
    assert code == 6, err
    assert "no space left to write results" in err.splitlines()[-2]
    assert not list(out.glob("*.txt"))
    assert not list(out.glob("*.tmp"))
    (disk / "filler").unlink()
    code, _, err = transcribe_freely(tmp_path, calls, db, "--output", out)
    assert code == 0, err
    assert turns_of(db) == expected
    assert len(list(out.glob("*.txt"))) == 4


def test_places_that_cannot_be_written_are_refused_before_any_work(tmp_path, disk, calls):
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    code, _, err = transcribe_freely(tmp_path, calls, disk / "calls.db")
    assert code == 5
    one_error(err)
    code, _, err = transcribe_freely(tmp_path, calls, tmp_path / "calls.db", "--output", disk / "out")
    assert code == 6
    assert str(disk / "out") in one_error(err)[0]
    code, _, err = transcribe_freely(tmp_path, calls, tmp_path / "calls.db", "--output", calls / "call0.wav")
    assert code == 6
    assert "is a file" in one_error(err)[0]
    assert not (tmp_path / "calls.db").exists()


def test_a_reader_that_goes_away_is_no_error(tmp_path, db, calls):
    with child(tmp_path / "gate", "transcribe", calls, "--db", db, "--format", "jsonl") as process:
        process.begun()
        process.process.stdout.close()
        process.release()
        process.process.stdout = None
        code, _, err = process.end()
    assert code == 0, err
    assert "Traceback" not in err
    assert statuses(db) == ["done"] * 4


def test_in_development_mode_a_bug_shows_its_traceback(tmp_path, calls):
    program = (
        "import sys, callcore.cli as cli, callcore.cli.calls\n"
        "callcore.cli.calls.open_store = None\n"
        "sys.argv[1:] = ['calls', 'list', '--db', 'x.db']\n"
        "cli.main()"
    )
    for flags, traceback in (([], False), (["-X", "dev"], True)):
        ended = subprocess.run(
            [sys.executable, *flags, "-c", program], capture_output=True, text=True, check=False, cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert ended.returncode == 1
        assert ("Traceback" in ended.stderr) is traceback
        assert traceback or "internal error: TypeError at callcore.cli.calls:" in one_error(ended.stderr)[0]


def test_on_a_terminal_a_stop_leaves_the_cursor_on(tmp_path, db, calls):
    """The bars hide it; a hard stop in the middle must not."""
    outer, inner = pty.openpty()
    gate = tmp_path / "gate"
    gate.mkdir()
    path = os.pathsep.join([str(CHILD.parent), str(ROOT)])
    command = [sys.executable, CHILD, gate, "transcribe", calls, "--db", db]
    seen = b""
    environment = {**os.environ, "PYTHONPATH": path, "TERM": "xterm"}
    with subprocess.Popen(command, stdin=inner, stdout=inner, stderr=inner, env=environment) as process:
        os.close(inner)
        os.set_blocking(outer, False)

        def read() -> bytes:
            nonlocal seen
            with contextlib.suppress(OSError):  # nothing there, or all ends closed
                seen += os.read(outer, 65536)
            return seen

        until(lambda: read() and list(gate.glob("begun-*")), "a decode has begun")
        until(lambda: b"\x1b[?25l" in read(), "the bars are there")
        process.send_signal(signal.SIGINT)
        until(lambda: read() and "running" not in statuses(db), "no call is running any more")
        process.send_signal(signal.SIGINT)
        until(lambda: read() and process.poll() is not None, "the process has ended")
        read()
    os.close(outer)
    assert process.returncode == 130
    assert seen.rfind(b"\x1b[?25h") > seen.rfind(b"\x1b[?25l")
