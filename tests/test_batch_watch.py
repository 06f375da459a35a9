"""Watch mode: files are taken when they are whole, once, whatever else goes on; real files, a real process."""

from __future__ import annotations

import os
import random
import signal
import threading
from pathlib import Path

import pytest
from batch_tools import child, cut, some_calls, stop, until
from hypothesis import given
from hypothesis import strategies as st

from callcore.batch.watch import SETTLE_S, Arrivals, watched_names
from callcore.store import Status, Store


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_a_file_is_handed_on_when_it_has_rested(tmp_path):
    clock = Clock()
    arrivals = Arrivals(clock)
    file = tmp_path / "a.wav"
    file.write_bytes(b"1")
    assert arrivals.look([file]) == []
    for content in (b"12", b"123"):
        clock.now_s += SETTLE_S
        file.write_bytes(content)
        assert arrivals.look([file]) == []
        assert arrivals.waiting
    clock.now_s += SETTLE_S / 2
    assert arrivals.look([file]) == []
    clock.now_s += SETTLE_S / 2
    assert arrivals.look([file]) == [file]
    assert not arrivals.waiting


def test_a_file_is_handed_on_once_and_again_only_after_a_change(tmp_path):
    clock = Clock()
    arrivals = Arrivals(clock)
    file = tmp_path / "a.wav"
    file.write_bytes(b"1")
    arrivals.look([file])
    clock.now_s += SETTLE_S
    assert arrivals.look([file]) == [file]
    clock.now_s += 100 * SETTLE_S
    assert arrivals.look([file]) == []
    file.write_bytes(b"longer")
    assert arrivals.look([file]) == []
    clock.now_s += SETTLE_S
    assert arrivals.look([file]) == [file]


def test_files_that_go_away_are_forgotten(tmp_path):
    clock = Clock()
    arrivals = Arrivals(clock)
    file, link = tmp_path / "a.wav", tmp_path / "link.wav"
    file.write_bytes(b"1")
    link.symlink_to("nowhere")
    assert arrivals.look([file, link]) == []
    file.unlink()
    clock.now_s += SETTLE_S
    assert arrivals.look([file, link]) == []
    assert not arrivals.waiting


@given(seed=st.integers(0, 2**32))
def test_no_file_is_handed_on_while_it_grows_and_none_is_forgotten(tmp_path_factory, seed):
    """Files that grow at random moments: each is handed on whole, exactly once, within the rest after its last byte."""
    random_ = random.Random(seed)
    folder = tmp_path_factory.mktemp("watched")
    clock = Clock()
    arrivals = Arrivals(clock)
    ends_s = {folder / f"{number}.wav": random_.uniform(0, 10) for number in range(3)}
    handed: dict[Path, float] = {}
    step_s = SETTLE_S / 4
    while clock.now_s < 10 + 2 * SETTLE_S:
        for file, end_s in ends_s.items():
            if clock.now_s <= end_s:
                with file.open("ab") as out:
                    out.write(b"x")
        for file in arrivals.look(sorted(folder.iterdir())):
            assert file not in handed
            handed[file] = clock.now_s
        clock.now_s += step_s
    assert handed.keys() == ends_s.keys()
    for file, at_s in handed.items():
        assert SETTLE_S - step_s <= at_s - ends_s[file] <= SETTLE_S + 2 * step_s


def test_names_tell_files_apart_that_arrive_days_apart(tmp_path):
    for name in ("call.wav", "monday/call.wav", "monday/team a/call.wav", "tuesday/call.wav", "x/one.wav", "x/one.mp3"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    files = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    one_by_one = {file: watched_names(tmp_path, [file])[file] for file in files}
    assert one_by_one == watched_names(tmp_path, files)
    assert {file.relative_to(tmp_path).as_posix(): name for file, name in one_by_one.items()} == {
        "call.wav": "call",
        "monday/call.wav": "monday-call",
        "monday/team a/call.wav": "monday-team a-call",
        "tuesday/call.wav": "tuesday-call",
        "x/one.wav": "x-one.wav",
        "x/one.mp3": "x-one.mp3",
    }


def test_a_long_path_still_gives_a_name_that_can_be_written(tmp_path):
    folder = tmp_path / ("d" * 200)
    folder.mkdir()
    file = folder / ("f" * 200 + ".wav")
    file.touch()
    assert len(watched_names(tmp_path, [file])[file]) < 250


@pytest.fixture
def watched(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    return folder


def stored(db: Path) -> dict[str, str]:
    if not db.exists():
        return {}
    with Store.open(db, read_only=True) as store:
        return {Path(call.source).name: call.status.value for call in store.list_calls()}


def done(db: Path) -> int:
    with Store.open(db, read_only=True) as store:
        return sum(call.status is Status.DONE for call in store.list_calls())


def test_a_recorder_drops_files_into_a_watched_folder(tmp_path, watched):
    """One process sees all that recorders do: files there before, grown slowly, renamed into place, broken ones."""
    db, out = tmp_path / "calls.db", watched / "transcripts"
    sources = some_calls(tmp_path / "sources", 5)
    sources[0].rename(watched / "before.wav")
    (watched / "broken.wav").write_text("no audio\n" * 100)
    noise_stop = threading.Event()

    def busy() -> None:
        """Another recording that never stops growing must not hold up the others."""
        with (watched / "endless.wav").open("wb") as file:
            while not noise_stop.wait(0.1):
                file.write(b"x" * 100)
                file.flush()

    busy_thread = threading.Thread(target=busy)
    busy_thread.start()
    try:
        with child(
            tmp_path / "gate",
            "transcribe",
            "--watch",
            watched,
            "--db",
            db,
            "--output",
            out,
            "--format",
            "txt",
            free=True,
        ) as process:
            until(lambda: (out / "before.txt").exists(), "the file that was there is done")
            # Grown in pieces, each well within the rest.
            content = sources[1].read_bytes()
            with (watched / "grown.wav").open("wb") as file:
                for start in range(0, len(content), len(content) // 8):
                    file.write(content[start : start + len(content) // 8])
                    file.flush()
                    os.fsync(file.fileno())
                    assert "grown.wav" not in stored(db)
                    noise_stop.wait(0.2)
            (watched / "sub").mkdir()
            sources[2].rename(watched / "renamed.wav")
            sources[3].rename(watched / "sub" / "renamed.wav")
            until(
                lambda: all((out / f"{name}.txt").exists() for name in ("grown", "renamed", "sub-renamed")),
                "all are done",
            )
            until(lambda: done(db) == 4, "the database has them all")
            stop(process.process)
            code, _, err = process.end()
    finally:
        noise_stop.set()
        busy_thread.join()
    assert code == 0, err
    assert "Traceback" not in err
    lines = err.splitlines()
    assert sum("broken.wav" in line for line in lines) == 1  # not tried for ever
    assert sum("grown.wav" in line for line in lines) == 1
    assert not any("endless.wav" in line for line in lines)
    assert "Stopped watching: 4 done, 1 failed." in err
    assert {path.name for path in out.glob("*.txt")} == {"before.txt", "grown.txt", "renamed.txt", "sub-renamed.txt"}
    with Store.open(db, read_only=True) as store:
        assert [call.status for call in store.list_calls()] == [Status.DONE] * 4
        assert max(call.sample_count for call in store.list_calls()) == min(
            call.sample_count for call in store.list_calls()
        )  # none was taken half


def test_a_watch_goes_on_where_it_was_ended(tmp_path, watched):
    db = tmp_path / "calls.db"
    cut(watched / "a.wav", 0, 5)
    arguments = ("transcribe", "--watch", watched, "--db", db)
    with child(tmp_path / "one", *arguments, CHILD_SETTLE_S="0.2") as process:
        process.begun()
        stop(process.process, signal.SIGTERM)
        until(lambda: stored(db) == {"a.wav": "interrupted"}, "the call is marked")
        process.release()
        code, _, err = process.end()
        assert code == 0, err
        assert "Traceback" not in err
    with child(tmp_path / "two", *arguments, free=True, CHILD_SETTLE_S="0.2") as process:
        until(lambda: stored(db) == {"a.wav": "done"}, "the file is done")
        cut(tmp_path / "b.wav", 6, 10).rename(watched / "b.wav")
        until(lambda: stored(db).get("b.wav") == "done", "the new file is done")
        stop(process.process)
        assert process.end()[0] == 0


def test_a_watched_folder_that_goes_away_ends_the_watch(tmp_path, watched):
    arguments = ("transcribe", "--watch", watched, "--db", tmp_path / "calls.db")
    with child(tmp_path / "gate", *arguments, free=True, CHILD_SETTLE_S="0.2") as process:
        cut(tmp_path / "a.wav", 0, 3).rename(watched / "a.wav")
        until(lambda: stored(tmp_path / "calls.db") == {"a.wav": "done"}, "the file is done")
        (watched / "a.wav").unlink()
        watched.rmdir()
        code, _, err = process.end()
    assert code == 3
    assert "is gone" in err
