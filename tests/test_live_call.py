"""Live calls in a real event loop: ticks from other threads, decodes in others again, events in order."""

from __future__ import annotations

import asyncio
import gc
import threading
import tracemalloc
from itertools import pairwise
from pathlib import Path

import live_calls
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from live_tools import live_settings, spoken
from pipeline_tools import BOTH, call_audio, make, of

from callcore.assembly import CallFacts
from callcore.config import AudioSettings, load_settings
from callcore.engines.scripted import ScriptedEngine
from callcore.errors import AudioNotFound
from callcore.evaluate.normalise import MANDARIN
from callcore.evaluate.rates import compare
from callcore.live.buffer import TickBuffer
from callcore.live.call import LiveCall
from callcore.live.replay import Replay
from callcore.live.station import LiveStation
from callcore.types import (
    SAMPLE_RATE_HZ,
    AudioFrame,
    AudioWarning,
    CallEnded,
    DecodeFailure,
    Final,
    Partial,
    Paused,
    RequestKind,
    Resumed,
    Turn,
    WarningKind,
)

TALK = {0: call_audio(12, (1, 3), (7, 9)), 1: call_audio(12, (4, 6))}
TICK = 320
PATIENCE_S = 30


def ticks_of(channels):
    length = max(len(audio) for audio in channels.values())
    for start in range(0, length, TICK):
        yield [AudioFrame(number, start, audio[start : start + TICK]) for number, audio in channels.items()]


class InThread:
    """A decode service with one thread of its own."""

    def __init__(self, engine, broken=lambda request: False):
        self._engine, self._broken = engine, broken
        self.released = []
        self.threads = []

    def submit(self, call_id, request, answered):
        def work():
            if self._broken(request):
                answered(DecodeFailure(request, "the worker died"))
            else:
                answered(self._engine.decode([request])[0])

        thread = threading.Thread(target=work)
        self.threads.append(thread)
        thread.start()

    def release(self, call_id):
        self.released.append(call_id)


def run_call(ticks, *, service=None, hangup_silence_s=0.0, settings=None, sink=None):
    events = []
    service = service or InThread(ScriptedEngine(spoken))
    pipeline = make((0, 1), roles=BOTH, live=True, **({"settings": settings} if settings else {}))

    async def follow():
        call = LiveCall("c1", pipeline, service, sink or events.append, hangup_silence_s=hangup_silence_s)
        async with asyncio.timeout(PATIENCE_S):
            await call.run(ticks)
        return call

    call = asyncio.run(follow())
    for thread in service.threads:
        thread.join()
    return call, events, service


async def from_list(ticks):
    for tick in ticks:
        yield tick
        await asyncio.sleep(0)


def test_a_call_is_followed_to_its_end_and_every_final_is_flushed():
    call, events, service = run_call(from_list(ticks_of(TALK)))
    assert [final.segment_id for final in of(Final, events)] == ["0-0", "1-0", "0-1"]
    assert len(of(Turn, events)) == 3
    assert isinstance(events[-1], CallEnded)
    assert events[-1].sample_count == len(TALK[0])
    assert service.released == ["c1"]
    assert call.status().waiting_finals == 0


def test_status_tells_who_speaks_how_loud_and_how_far():
    seen = []

    async def watched():
        async for tick in from_list(ticks_of(TALK)):
            yield tick
            seen.append(calls[0].status())

    calls = []
    pipeline = make((0, 1), roles=BOTH, live=True)

    async def follow():
        calls.append(LiveCall("c1", pipeline, InThread(ScriptedEngine(spoken)), lambda event: None))
        await calls[0].run(watched())

    asyncio.run(follow())
    at_two_s = seen[2 * SAMPLE_RATE_HZ // TICK]
    assert at_two_s.channels[0].speaking
    assert not at_two_s.channels[1].speaking
    assert at_two_s.channels[0].level_dbfs > -20 > at_two_s.channels[1].level_dbfs
    assert at_two_s.position_s == pytest.approx(2.0, abs=0.06)


def test_silence_hangs_up():
    quiet = {0: call_audio(60, (1, 3)), 1: call_audio(60)}
    call, events, _ = run_call(from_list(ticks_of(quiet)), hangup_silence_s=5.0)
    assert call.hung_up
    assert 7.9 < events[-1].sample_count / SAMPLE_RATE_HZ < 8.3


def test_stop_ends_the_call_with_what_was_said_so_far():
    calls = []

    async def stopping():
        for number, tick in enumerate(ticks_of(TALK)):
            if number == 2 * SAMPLE_RATE_HZ // TICK:
                calls[0].stop()
            yield tick
            await asyncio.sleep(0)

    events = []

    async def follow():
        calls.append(
            LiveCall("c1", make((0, 1), roles=BOTH, live=True), InThread(ScriptedEngine(spoken)), events.append)
        )
        await calls[0].run(stopping())

    asyncio.run(follow())
    assert [final.segment_id for final in of(Final, events)] == ["0-0"]
    assert isinstance(events[-1], CallEnded)


def test_incidents_come_out_in_their_place_and_a_pause_is_seen():
    ticks = list(ticks_of(TALK))
    ticks[100] = [Paused(100 * TICK), *ticks[100]]
    ticks[150] = [Resumed(150 * TICK), AudioWarning(WarningKind.DEVICE_LOST, "gone", 1), *ticks[150]]
    _, events, _ = run_call(from_list(ticks))
    incidents = [event for tick in ticks for event in tick if isinstance(event, Paused | Resumed | AudioWarning)]
    assert [event for event in events if event in incidents] == incidents


def test_missing_samples_become_silence_with_a_warning_and_the_call_goes_on():
    ticks = [tick for number, tick in enumerate(ticks_of(TALK)) if not 120 <= number < 140]
    _, events, _ = run_call(from_list(ticks))
    gaps = [event for event in of(AudioWarning, events) if event.kind is WarningKind.GAP]
    assert {gap.channel for gap in gaps} == {0, 1}
    assert events[-1].sample_count == len(TALK[0])


def test_a_decode_that_fails_costs_its_segment_only():
    service = InThread(
        ScriptedEngine(spoken), broken=lambda request: request.channel == 1 and request.kind is RequestKind.FINAL
    )
    _, events, _ = run_call(from_list(ticks_of(TALK)), service=service, settings=live_settings(speculate=False))
    assert [final.segment_id for final in of(Final, events)] == ["0-0", "0-1"]
    assert isinstance(events[-1], CallEnded)


def test_what_the_sink_raises_ends_the_call_with_that_error():
    def full(event):
        if isinstance(event, Final):
            raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        run_call(from_list(ticks_of(TALK)), sink=full)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=30))
def test_the_buffer_hands_on_every_tick_in_order(sizes):
    buffer = TickBuffer(limit_s=60)
    position, put = 0, []

    def produce():
        nonlocal position
        for size in sizes:
            put.append([AudioFrame(0, position, np.zeros(size, np.float32))])
            position += size
            buffer.put(put[-1])
        buffer.close()

    async def consume():
        thread = threading.Thread(target=produce)
        thread.start()
        got = [tick async for tick in buffer]
        thread.join()
        return got

    got = asyncio.run(consume())
    assert [tick[0].start_sample for tick in got] == [tick[0].start_sample for tick in put]
    assert buffer.waiting_s == 0


def test_a_buffer_that_is_full_says_so_once_and_keeps_incidents():
    buffer = TickBuffer(limit_s=1.0)
    for second in range(3):
        buffer.put([AudioFrame(0, second * SAMPLE_RATE_HZ, np.zeros(SAMPLE_RATE_HZ, np.float32)), Paused(second)])
    assert buffer.waiting_s == 1.0
    buffer.close()

    async def consume():
        return [item async for tick in buffer for item in tick]

    items = asyncio.run(consume())
    assert len([item for item in items if isinstance(item, AudioFrame)]) == 1
    assert [item.kind for item in items if isinstance(item, AudioWarning)] == [WarningKind.OVERRUN]
    assert len([item for item in items if isinstance(item, Paused)]) == 3


def test_a_closed_buffer_takes_nothing_more():
    buffer = TickBuffer(limit_s=1.0)
    buffer.close()
    buffer.put([Paused(0)])

    async def consume():
        return [tick async for tick in buffer]

    assert asyncio.run(consume()) == []


def test_replay_hands_out_the_whole_file_in_ticks_of_both_channels(fixture_call):
    ticks, done = [], threading.Event()
    with Replay(fixture_call, AudioSettings(), ticks.append, ended=done.set, speed=2000) as replay:
        replay.start()
        assert done.wait(PATIENCE_S)
    frames = [item for tick in ticks for item in tick if isinstance(item, AudioFrame)]
    for channel in (0, 1):
        mine = [frame for frame in frames if frame.channel == channel]
        assert all(before.end_sample == after.start_sample for before, after in pairwise(mine))
        assert mine[-1].end_sample / SAMPLE_RATE_HZ == pytest.approx(replay.duration_s, abs=0.01)


def test_replay_stops_when_told(fixture_call):
    first, done = threading.Event(), threading.Event()
    with Replay(fixture_call, AudioSettings(), lambda tick: first.set(), ended=done.set) as replay:
        replay.start()
        assert first.wait(PATIENCE_S)
        replay.stop()
        assert done.is_set()


def test_what_a_station_has_loaded_is_not_looked_through_for_garbage():
    with live_calls.station() as loaded:
        assert all(one is not loaded.settings and one is not loaded.scheduler for one in gc.get_objects())


def test_a_closed_replay_holds_no_audio_although_its_listener_knows_it(fixture_call):
    def take(tick):
        player.append(replay)  # as listeners do that stop it
        first.set()

    player, first = [], threading.Event()
    gc.disable()
    tracemalloc.start()
    try:
        with Replay(fixture_call, AudioSettings(), take) as replay:
            replay.start()
            assert first.wait(PATIENCE_S)
            held = tracemalloc.get_traced_memory()[0]
        assert held - tracemalloc.get_traced_memory()[0] > 1_000_000  # what was read ahead, some tens of seconds
    finally:
        tracemalloc.stop()
        gc.enable()


def test_replay_of_a_missing_file_says_so():
    with pytest.raises(AudioNotFound):
        Replay(Path("nowhere.wav"), AudioSettings(), lambda tick: None)


def test_the_bundled_call_live_reads_like_its_recording(fixture_call, fixture_call_reference, starter_model):
    settings = load_settings(None, {"recognise": {"model": str(starter_model), "language": "zh"}}).unredacted()
    events = []

    async def follow():
        buffer = TickBuffer(limit_s=120)
        with Replay(fixture_call, settings.audio, buffer.put, ended=buffer.close, speed=16) as replay:
            facts = CallFacts("c1", "call.wav", replay.layout.channels, replay.channel_count, replay.rate_hz)
            call = station.call(facts, events.append)
            replay.start()
            async with asyncio.timeout(4 * PATIENCE_S):
                await call.run(buffer)

    with LiveStation(settings) as station:
        asyncio.run(follow())
    assert isinstance(events[-1], CallEnded)
    for channel in (0, 1):
        said = "".join(turn["text"] for turn in fixture_call_reference["turns"] if turn["channel"] == channel)
        heard = "".join(final.text for final in of(Final, events) if final.channel == channel)
        assert compare(said, heard, MANDARIN).rate <= 0.1
    assert of(Partial, events)
