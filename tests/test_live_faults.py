"""Live calls when things go wrong: the call goes on where it can, says what is missing, and keeps what was said."""

from __future__ import annotations

import sqlite3
import threading
import wave
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from batch_tools import cut
from live_calls import TRIAL, BrokenEngine, SlowEngine, call_of, follow, replay, station, ticks_of
from pipeline_tools import of, say
from small_disk import fill

from callcore.config import StoreSettings
from callcore.engines.scripted import ScriptedEngine
from callcore.errors import DiskFull, StoreLocked
from callcore.live.rescue import rescue
from callcore.live.soundness import Soundness
from callcore.live.storing import Storing
from callcore.record import fold
from callcore.store import Status, Store
from callcore.types import (
    SAMPLE_RATE_HZ,
    AudioFrame,
    AudioWarning,
    CallEnded,
    CallStarted,
    Final,
    Partial,
    Passing,
    Rejected,
    RequestKind,
    Turn,
    WarningKind,
    seconds,
)

LENGTH_S = 26.0  #: of the call in most tests: three turns of each party


@pytest.fixture(scope="module")
def call_file(tmp_path_factory) -> Path:
    return cut(tmp_path_factory.mktemp("call") / "call.wav", 0.0, LENGTH_S)


@pytest.fixture(scope="module")
def whole(call_file) -> list:
    """The events of that call when nothing goes wrong."""
    return followed(call_file)


def followed(path: Path, engine=None, change=lambda frame: frame, **live) -> list:
    """The events of a call that is heard as fast as it can be."""
    events: list = []
    with station(engine, **live) as shared:
        follow(call_of(shared, events.append), ticks_of(path, change))
    return events


def spans(events) -> list[tuple]:
    return [(event.channel, event.start_sample, event.end_sample, event.text) for event in of(Final, events)]


def failed(events) -> list[Rejected]:
    """Segments whose text is missing because of the recogniser; coughs and clicks are refused all the time."""
    return [event for event in of(Rejected, events) if event.reason == "engine_failed"]


def kinds(events) -> list[WarningKind]:
    return [event.kind for event in of(AudioWarning, events)]


def ended(events) -> CallEnded:
    assert isinstance(events[-1], CallEnded)
    assert len(of(CallEnded, events)) == 1
    return events[-1]


def one_line(warning: AudioWarning) -> bool:
    return bool(warning.message) and "\n" not in warning.message


# The sound


def test_nothing_goes_wrong(whole):
    assert {final.channel for final in of(Final, whole)} == {0, 1}
    assert len(of(Final, whole)) >= 6
    assert not failed(whole)
    assert not kinds(whole)
    assert ended(whole).sample_count == LENGTH_S * SAMPLE_RATE_HZ


def test_a_file_that_ends_early_is_read_to_its_end_and_told(tmp_path, call_file, whole):
    short = tmp_path / "short.wav"
    data = call_file.read_bytes()
    short.write_bytes(data[: 44 + (len(data) - 44) // 2])  # the header still promises all of it
    events: list = []
    with station() as shared:
        replay(shared, short, events.append)
    assert WarningKind.TRUNCATED in kinds(events)
    assert all(map(one_line, of(AudioWarning, events)))
    assert seconds(ended(events).sample_count) == pytest.approx(LENGTH_S / 2, abs=0.1)
    until = SAMPLE_RATE_HZ * (LENGTH_S / 2 - 1)
    assert spans(events)[:2] == spans(whole)[:2]
    assert all(span in spans(events) for span in spans(whole) if span[2] < until)


def test_silence_is_no_speech_and_costs_no_decode(tmp_path):
    silent = tmp_path / "silent.wav"
    with wave.open(str(silent), "wb") as file:
        file.setparams((2, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(4 * 8000 * 12))
    engine = ScriptedEngine(say)
    events: list = []
    with station(engine) as shared:
        follow(call_of(shared, events.append), ticks_of(silent))
    assert {request.segment_id for request in engine.requests} <= {TRIAL}
    assert not of(Final, events)
    assert not of(Partial, events)
    assert WarningKind.NO_SPEECH in kinds(events)
    assert ended(events).sample_count == 12 * SAMPLE_RATE_HZ


def test_clipped_sound_is_heard_and_told(call_file):
    def louder(frame: AudioFrame) -> AudioFrame:
        if frame.channel == 1:
            return frame
        return AudioFrame(0, frame.start_sample, np.clip(frame.samples * 12, -1, 1).astype(np.float32))

    events = followed(call_file, change=louder)
    (warning,) = [event for event in of(AudioWarning, events) if event.kind is WarningKind.CLIPPING]
    assert warning.channel == 0
    assert events.index(warning) < len(events) - 2, "told when the call was over"
    assert {final.channel for final in of(Final, events)} == {0, 1}
    ended(events)


def test_one_device_for_both_sides_is_told(call_file):
    heard: dict[int, AudioFrame] = {}

    def same(frame: AudioFrame) -> AudioFrame:
        if frame.channel == 0:
            heard[0] = frame
            return frame
        return AudioFrame(1, frame.start_sample, heard[0].samples * np.float32(0.8))

    events = followed(call_file, change=same)
    assert WarningKind.DUPLICATED_CHANNELS in kinds(events)
    ended(events)


def test_a_side_that_is_not_heard_at_all_is_told(call_file):
    def deaf(frame: AudioFrame) -> AudioFrame:
        return frame if frame.channel == 0 else AudioFrame(1, frame.start_sample, np.zeros_like(frame.samples))

    events = followed(call_file, change=deaf)
    (warning,) = [event for event in of(AudioWarning, events) if event.kind is WarningKind.DEAD_CHANNEL]
    assert warning.channel == 1
    assert {final.channel for final in of(Final, events)} == {0}


def test_samples_that_are_no_numbers_do_no_harm(call_file):
    def broken(frame: AudioFrame) -> AudioFrame:
        if frame.channel == 1 and 14 < frame.start_sample / SAMPLE_RATE_HZ < 15:
            return AudioFrame(1, frame.start_sample, np.full_like(frame.samples, np.nan))
        return frame

    events = followed(call_file, change=broken)
    assert kinds(events) == [WarningKind.NOT_FINITE]
    assert {final.channel for final in of(Final, events)} == {0, 1}
    assert ended(events).sample_count == LENGTH_S * SAMPLE_RATE_HZ


def test_a_leap_of_the_clock_becomes_silence_and_is_told(call_file, whole):
    lost = (14 * SAMPLE_RATE_HZ, 17 * SAMPLE_RATE_HZ)  # within the conversation, on both channels

    def leap(frame: AudioFrame) -> AudioFrame | None:
        return None if lost[0] <= frame.start_sample < lost[1] else frame

    events = followed(call_file, change=leap)
    gaps = [event for event in of(AudioWarning, events) if event.kind is WarningKind.GAP]
    assert {gap.channel for gap in gaps} == {0, 1}
    assert {gap.detail["missing_s"] for gap in gaps} == {3.0}
    assert {gap.at_sample for gap in gaps} == {lost[0]}
    # The clock of the call is right after it: what was said later stands where it was said.
    assert ended(events).sample_count == LENGTH_S * SAMPLE_RATE_HZ
    later = [span[:3] for span in spans(whole) if span[1] > lost[1] + SAMPLE_RATE_HZ]
    assert later
    assert all(span in [found[:3] for found in spans(events)] for span in later)


def test_a_clock_that_goes_back_ends_the_call_with_what_was_said(tmp_path, call_file):
    def back(frame: AudioFrame) -> AudioFrame:
        begin = frame.start_sample - (SAMPLE_RATE_HZ if frame.start_sample >= 14 * SAMPLE_RATE_HZ else 0)
        return AudioFrame(frame.channel, begin, frame.samples)

    with Kept(tmp_path / "calls.db") as kept, station() as shared:
        with pytest.raises(ValueError, match="already received"):
            follow(call_of(shared, kept), ticks_of(call_file, back))
        kept.storing.close("internal error")
    call, record = kept.stored()
    assert call.status is Status.INTERRUPTED
    assert spans(record_events(kept)) == spans(kept.events)
    assert spans(kept.events)
    assert not record.complete


# The recogniser


@pytest.mark.parametrize("error", [RuntimeError("poisoned"), MemoryError(), SystemExit(3)], ids=repr)
def test_a_segment_that_cannot_be_decoded_is_refused_and_the_call_goes_on(call_file, whole, error):
    victim = spans(whole)[1]

    def breaks(request):
        return error if request.channel == victim[0] and request.start_sample == victim[1] else None

    events = followed(call_file, BrokenEngine(breaks))
    (refused,) = failed(events)
    assert (refused.channel, refused.start_sample, refused.end_sample) == victim[:3]
    assert spans(events) == [span for span in spans(whole) if span != victim]
    assert ended(events).segment_count == len(spans(whole))


def test_partials_that_fail_cost_no_final(call_file, whole):
    ahead = (RequestKind.PARTIAL, RequestKind.SPECULATIVE)
    events = followed(call_file, BrokenEngine(lambda request: RuntimeError() if request.kind in ahead else None))
    assert not of(Partial, events)
    assert spans(events) == spans(whole)


def test_a_recogniser_that_fails_always_loses_the_texts_and_says_so(tmp_path, call_file, whole):
    events = followed(call_file, BrokenEngine(lambda request: RuntimeError("broken")))
    assert not of(Final, events)
    assert len(failed(events)) == len(spans(whole))
    ended(events)


def test_a_machine_with_half_the_speed_needed_loses_no_final_and_shows_its_lag(call_file, whole, monkeypatch):
    monkeypatch.setattr("callcore.live.call.LAGGING_S", 0.3)
    speed, events, lags = 13.0, [], []
    with station(SlowEngine(2.0, speed)) as shared:
        replay(shared, call_file, events.append, speed=speed, meanwhile=lambda c: lags.append(c.status().lag_s))
    assert spans(events) == spans(whole)
    assert ended(events).sample_count == LENGTH_S * SAMPLE_RATE_HZ
    assert max(lags) > 0.3
    assert WarningKind.LAGGING in kinds(events)
    assert WarningKind.OVERRUN not in kinds(events)


# Ends


def test_stopped_in_the_middle_of_a_word_what_was_said_is_written_down(call_file):
    middle = round(5.0 * SAMPLE_RATE_HZ)  # the agent is speaking

    events: list = []
    with station() as shared:
        call = call_of(shared, events.append)

        def ticks():
            for tick in ticks_of(call_file):
                yield tick
                if tick[0].end_sample >= middle:
                    call.stop()

        follow(call, ticks())
    assert seconds(ended(events).sample_count) == pytest.approx(5.0, abs=0.1)
    last = of(Final, events)[-1]
    assert seconds(last.end_sample) == pytest.approx(5.0, abs=0.3)
    assert of(Turn, events)[-1].segment_ids[-1] == last.segment_id


def test_silence_after_the_call_hangs_up(tmp_path, call_file):
    def quiet(frame: AudioFrame) -> AudioFrame:
        if frame.start_sample < 13 * SAMPLE_RATE_HZ:
            return frame
        return AudioFrame(frame.channel, frame.start_sample, np.zeros_like(frame.samples))

    events: list = []
    with station(hangup_silence_s=5.0) as shared:
        call = call_of(shared, events.append)
        follow(call, ticks_of(call_file, quiet))
    assert call.hung_up
    assert 17 < seconds(ended(events).sample_count) < 20
    assert {final.channel for final in of(Final, events)} == {0, 1}


def test_waiting_for_the_first_word_does_not_hang_up(call_file):
    def late(frame: AudioFrame) -> AudioFrame:
        if frame.start_sample > 8.5 * SAMPLE_RATE_HZ:
            return frame
        return AudioFrame(frame.channel, frame.start_sample, np.zeros_like(frame.samples))

    events = followed(call_file, change=late, hangup_silence_s=3.0)
    assert ended(events).sample_count == LENGTH_S * SAMPLE_RATE_HZ
    assert {final.channel for final in of(Final, events)} == {0, 1}


# The database


class Kept:
    """A sink that stores a call as it comes, as ``callcore live`` does."""

    def __init__(self, path: Path, busy_timeout_s: float = 0.05) -> None:
        self.path = path
        self.events: list = []
        self.storing: Storing | None = None
        self._store = Store.open(path, StoreSettings(busy_timeout_s=busy_timeout_s))

    def __enter__(self):
        return self

    def __exit__(self, *reason):
        self._store.close()

    def __call__(self, event) -> None:
        if isinstance(event, CallStarted):
            writer = self._store.begin_call(event, content_sha256="f" * 64, started_at=datetime.now(UTC))
            self.storing = Storing(writer, retry_s=0.02)
        self.events.append(event)
        self.storing.put(event)

    def stored(self):
        with Store.open(self.path, read_only=True) as store:
            assert store.check() == []
            (call,) = store.list_calls()
            return call, store.record(call.call_id)


def record_events(kept: Kept) -> list:
    with Store.open(kept.path, read_only=True) as store:
        return store.events(store.list_calls()[0].call_id)


def wait_until(condition, what: str) -> None:
    pause = threading.Event()
    for _ in range(3000):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError(what)


def test_a_database_that_is_locked_for_a_while_costs_nothing(tmp_path, call_file):
    with Kept(tmp_path / "calls.db") as kept, station() as shared:
        other = sqlite3.connect(kept.path, isolation_level=None)
        told = []

        def ticks():
            for number, tick in enumerate(ticks_of(call_file)):
                if number == 500:
                    other.execute("BEGIN IMMEDIATE")
                if number == 1200:
                    wait_until(lambda: kept.storing.error, "the lock was not noticed")
                    told.append(kept.storing.error)
                    other.execute("ROLLBACK")
                yield tick

        follow(call_of(shared, kept), ticks())
        other.close()
        kept.storing.close()
    assert isinstance(told[0], StoreLocked)
    call, record = kept.stored()
    assert call.status is Status.DONE
    assert record_events(kept) == [event for event in kept.events if not isinstance(event, Passing)]
    assert record == fold(kept.events)


@pytest.mark.parametrize("mended", [True, False], ids=["and-then-not", "for-good"])
def test_a_full_disk_under_the_database(disk, call_file, whole, mended):
    with Kept(disk / "calls.db") as kept, station() as shared:

        def ticks():
            for number, tick in enumerate(ticks_of(call_file)):
                if number == 600:
                    wait_until(lambda: of(Final, kept.events), "no final")
                    fill(disk)
                yield tick

        follow(call_of(shared, kept), ticks())
        wait_until(lambda: isinstance(kept.storing.error, DiskFull), "the full disk was not noticed")
        # The call itself has not noticed: everything was recognised and shown.
        assert spans(kept.events) == spans(whole)
        if mended:
            (disk / "filler").unlink()
            wait_until(lambda: kept.storing.error is None, "space was not noticed")
            kept.storing.close()
        else:
            with pytest.raises(DiskFull):
                kept.storing.close()
            (disk / "filler").unlink()
    call, record = kept.stored()
    if mended:
        assert call.status is Status.DONE
        assert record == fold(kept.events)
    else:
        assert call.status in (Status.RUNNING, Status.INTERRUPTED)
        assert spans(record_events(kept)) == spans(kept.events)[: len(spans(record_events(kept)))]


def test_a_transcript_that_the_database_did_not_take_goes_where_there_is_room(disk, tmp_path, whole, monkeypatch):
    monkeypatch.setattr("callcore.live.rescue.data_folder", lambda: disk / "data")
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    assert rescue("c1", whole) == disk / "data" / "callcore-c1.jsonl"
    fill(disk)
    assert rescue("c2", whole) == tmp_path / "callcore-c2.jsonl"
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(disk))
    assert rescue("c3", whole) is None
    assert not list(disk.rglob("*c2*")) + list(disk.rglob("*c3*")), "a part of a transcript is left"


# Faults of the sound, told in time


def told(seconds_of: dict[int, np.ndarray], frame: int) -> list[AudioWarning]:
    """Warnings about channels whose every second sounds like that, for 65 seconds cut into frames."""
    judge = Soundness(tuple(seconds_of))
    whole = {channel: np.tile(second, 65).astype(np.float32) for channel, second in seconds_of.items()}
    warnings: list[AudioWarning] = []
    for start in range(0, 65 * SAMPLE_RATE_HZ, frame):
        for channel, audio in whole.items():
            warnings += judge.push(AudioFrame(channel, start, audio[start : start + frame]))[1]
    assert not judge.finish(), "told once is enough"
    return warnings


NOISE = np.random.default_rng(3).normal(0, 0.1, SAMPLE_RATE_HZ)


@pytest.mark.parametrize("frame", [320, 777, 48_000])
@pytest.mark.parametrize(
    ("sounds", "kind", "channel", "at_s"),
    [
        ({0: NOISE, 1: NOISE * 0}, WarningKind.DEAD_CHANNEL, 1, 30),
        ({0: NOISE, 4: NOISE * 0.5}, WarningKind.DUPLICATED_CHANNELS, 4, 30),
        ({2: np.clip(NOISE * 30, -1, 1)}, WarningKind.CLIPPING, 2, 10),
        ({0: NOISE, 1: np.where(np.arange(SAMPLE_RATE_HZ) < 9, np.nan, NOISE[::-1])}, WarningKind.NOT_FINITE, 1, 10),
    ],
    ids=lambda value: value.value if isinstance(value, WarningKind) else "",
)
def test_faults_of_the_sound_are_told_once_and_in_time(sounds, kind, channel, at_s, frame):
    (warning,) = told(sounds, frame)
    assert (warning.kind, warning.channel, warning.at_sample) == (kind, channel, at_s * SAMPLE_RATE_HZ)


def test_sound_without_fault_is_not_talked_about():
    assert told({0: NOISE, 1: NOISE[::-1]}, 320) == []
