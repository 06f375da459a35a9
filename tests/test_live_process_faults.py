"""``callcore live`` as a process: killed, stopped, on full disks; what was said up to then is kept and shown."""

from __future__ import annotations

import json
import os
import wave
from pathlib import Path

import pytest
import sound_server
from batch_tools import cut, until
from live_process import LiveProcess
from small_disk import fill
from sound_server import SoundServer

from callcore.store import Status, Store
from callcore.types import AudioWarning, CallEnded, CallStarted, Final, Passing, WarningKind
from callcore.wire import from_wire

SPEED = 6
START_S, LENGTH_S = 8.3, 17.7
TEXTS = 4  #: in so much of the call


@pytest.fixture(scope="module")
def call_file(tmp_path_factory) -> Path:
    return cut(tmp_path_factory.mktemp("call") / "call.wav", START_S, START_S + LENGTH_S)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Nothing of the user's own machine: neither models nor data."""
    home = {"HOME": str(tmp_path / "home"), "XDG_DATA_HOME": str(tmp_path / "home" / "data")}
    own = {"CALLCORE_MODELS__FOLDER": str(tmp_path / "models"), "CALLCORE_RECOGNISE__LANGUAGE": "zh"}
    return {**os.environ, **home, **own}


def texts(events) -> list[tuple]:
    return [(event.segment_id, event.text) for event in events if isinstance(event, Final)]


def stored(db: Path):
    """The only call of a database, and its events."""
    with Store.open(db, read_only=True) as store:
        (call,) = store.list_calls()
        assert store.check() == []
        return call, store.events(call.call_id)


def has_final(db: Path) -> bool:
    with Store.open(db, read_only=True) as store:
        return any(texts(store.events(call.call_id)) for call in store.list_calls())


def test_killed_in_the_middle_the_call_so_far_is_there_and_is_not_taken_for_whole(tmp_path, environment, call_file):
    db = tmp_path / "calls.db"
    with LiveProcess("--replay", call_file, "--speed", SPEED, "--db", db, environment=environment) as live:
        live.wait_for(Final)
        until(lambda: has_final(db), "the first text in the database")
        live.kill()
        live.exit_code()
    call, events = stored(db)
    assert call.status is Status.INTERRUPTED
    assert isinstance(events[0], CallStarted)
    assert not any(isinstance(event, CallEnded) for event in events)
    assert texts(live.events)[:1] == texts(events)[:1]
    # The same call can be followed again, and takes the broken one's place.
    with LiveProcess("--replay", call_file, "--speed", SPEED, "--db", db, environment=environment) as again:
        assert again.exit_code() == 0, again.errors
    call, events = stored(db)
    assert call.status is Status.DONE
    assert texts(events) == texts(again.events)
    assert len(texts(events)) >= TEXTS


def test_stopped_in_the_middle_the_last_words_are_written_down(tmp_path, environment, call_file):
    db = tmp_path / "calls.db"
    with LiveProcess("--replay", call_file, "--speed", SPEED, "--db", db, environment=environment) as live:
        live.wait_for(Final)
        live.stop()
        assert live.exit_code() == 0, live.errors
    assert isinstance(live.events[-1], CallEnded)
    assert live.events[-1].sample_count < LENGTH_S * 16_000
    call, events = stored(db)
    assert call.status is Status.INTERRUPTED
    assert "stopped" in call.reason
    assert texts(events) == texts(live.events)
    assert max(event.end_sample for event in events if isinstance(event, Final)) <= live.events[-1].sample_count


def test_a_full_disk_under_the_database_hides_no_word(tmp_path, disk, environment, call_file):
    db = disk / "calls.db"
    with LiveProcess("--replay", call_file, "--speed", SPEED, "--db", db, environment=environment) as live:
        live.wait_for(Final)
        until(lambda: has_final(db), "the first text in the database")
        fill(disk)
        code = live.exit_code()
    assert code == 6, live.errors
    assert isinstance(live.events[-1], CallEnded)
    assert len(texts(live.events)) >= TEXTS
    assert "no space left" in live.errors
    assert str(db) in live.errors
    assert "Traceback" not in live.errors
    (disk / "filler").unlink()
    call, events = stored(db)
    assert call.status is not Status.DONE
    assert texts(events) == texts(live.events)[: len(texts(events))]
    # What the database lacks is kept elsewhere, and said to be there.
    (kept,) = (tmp_path / "home").rglob("callcore-*.jsonl")
    assert str(kept) in live.errors
    assert kept.stat().st_mode & 0o077 == 0
    told = [from_wire(json.loads(line)) for line in kept.read_text("utf-8").splitlines()]
    assert told == [event for event in live.events if not isinstance(event, Passing)]


def test_a_database_that_cannot_be_written_is_told_before_the_call(tmp_path, environment, call_file):
    (tmp_path / "calls.db").write_bytes(b"no database" * 1000)
    arguments = ("--replay", call_file, "--speed", SPEED, "--db", tmp_path / "calls.db")
    with LiveProcess(*arguments, environment=environment) as live:
        assert live.exit_code() == 5
    assert live.events == []
    assert live.errors.startswith("callcore: ")


def test_a_recording_that_fills_the_disk_ends_and_the_call_goes_on(tmp_path, disk, environment, call_file):
    sound_server.require()
    db, recording = tmp_path / "calls.db", disk / "call.wav"
    with SoundServer() as server:
        devices = ("--agent", server.pcm("agent"), "--customer", server.pcm("customer"))
        own = {**environment, **server.env}
        with LiveProcess(*devices, "--record", recording, "--db", db, environment=own) as live:
            live.wait_for(CallStarted)
            player = server.play(call_file, "agent")  # both voices: it is the disk that is looked at
            until(lambda: recording.exists() and recording.stat().st_size > 2 * 64_000, "two seconds of recording")
            fill(disk)
            live.wait_for(AudioWarning, lambda event: event.kind is WarningKind.RECORDING_STOPPED)
            live.wait_for(Final)
            player.kill()
            live.stop()
            code = live.exit_code()
    assert "Traceback" not in live.errors
    assert code == 0, live.errors
    call, events = stored(db)
    assert call.status is Status.DONE
    assert texts(events) == texts(live.events)
    assert any(isinstance(event, AudioWarning) and event.kind is WarningKind.RECORDING_STOPPED for event in events)
    with wave.open(str(recording)) as audio:  # what was recorded before can be heard
        assert audio.getnframes() >= 2 * audio.getframerate()
