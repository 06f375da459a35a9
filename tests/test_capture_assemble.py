"""Blocks of devices become ticks: complete, in order, silent where they must be."""

from __future__ import annotations

import numpy as np
import pytest
from capture_tools import Device, Heard, listen
from hypothesis import given, settings
from hypothesis import strategies as st

from callcore.capture.assemble import TICK, Assembler, Block
from callcore.types import SAMPLE_RATE_HZ, AudioFrame, Paused, Resumed, WarningKind

RATE_HZ = 16_000


def block(part: int, number: int, value: float = 0.25, **options) -> Block:
    """The ``number``-th 20 ms block of a device, on time: it arrives when it is complete."""
    return Block(part, 320, np.full((320, 1), value, dtype=np.float32), 10.0 + (number + 1) * 0.02, **options)


def two() -> Assembler:
    assembler = Assembler([(0,), (1,)])
    assembler.opened(0, RATE_HZ)
    assembler.opened(1, RATE_HZ)
    return assembler


def run(assembler: Assembler, heard: Heard, numbers: range, parts=(0, 1), value: float = 0.25) -> None:
    """All ``parts`` deliver the blocks ``numbers``; the assembler is looked at every 20 ms whether they do or not."""
    for number in numbers:
        for part in parts:
            assembler.push(block(part, number, value))
        heard.add(assembler.advance(10.0 + (number + 1) * 0.02))


def test_ticks_hold_20_ms_of_every_channel_in_order():
    assembler = Assembler([(1,), (0,)])
    for part in (0, 1):
        assembler.opened(part, RATE_HZ)
    ticks = []
    for number in range(50):
        for part in (0, 1):
            assembler.push(block(part, number, 0.25 if part else 0.5))
        ticks += assembler.advance(10.0 + (number + 1) * 0.02)
    for number, tick in enumerate(ticks):
        assert [frame.channel for frame in tick] == [0, 1]
        for frame in tick:
            assert isinstance(frame, AudioFrame)
            assert (frame.start_sample, len(frame.samples), frame.rate_hz) == (number * TICK, TICK, SAMPLE_RATE_HZ)
            assert frame.samples.dtype == np.float32
    assert [round(float(frame.samples[0]), 3) for frame in ticks[10]] == [0.25, 0.5]


def test_nothing_is_lost_at_the_end():
    heard = listen(Assembler([(0,)]), [Device(0, RATE_HZ, jitter=lambda rng, count: np.zeros(count))], 10.01)
    assert len(heard.samples(0)) >= 10 * SAMPLE_RATE_HZ
    assert len(heard.samples(0)) % TICK == 0


def test_a_device_that_starts_late_is_silent_until_then_and_holds_up_nobody():
    assembler, heard = two(), Heard()
    run(assembler, heard, range(100), parts=(0,))
    assert assembler.position >= 1.8 * SAMPLE_RATE_HZ
    run(assembler, heard, range(100, 200))
    heard.add(assembler.finish())
    late = heard.samples(1)
    assert not late[: 100 * TICK].any()
    assert late[101 * TICK : 199 * TICK].min() == pytest.approx(0.25, abs=1e-3)
    assert heard.incidents == []


def test_a_lost_device_is_silent_on_schedule_and_the_other_goes_on():
    assembler, heard = two(), Heard()
    run(assembler, heard, range(100))
    run(assembler, heard, range(100, 150), parts=(0,))
    waiting = assembler.position
    assert waiting <= 101 * TICK, "a device that is not yet lost is waited for"
    assembler.lost(1, 10.0 + 3.0, "headset: gone")
    heard.add(assembler.advance(10.0 + 3.0))
    assert assembler.position >= 140 * TICK, "what waited goes out at once"
    run(assembler, heard, range(150, 200), parts=(0,))
    assembler.opened(1, RATE_HZ)
    run(assembler, heard, range(200, 300))
    heard.add(assembler.finish())
    assert heard.kinds() == [WarningKind.DEVICE_LOST, WarningKind.DEVICE_RETURNED]
    lost, returned = heard.incidents
    assert (lost.channel, returned.channel) == (1, 1)
    assert lost.at_sample == pytest.approx(100 * TICK, abs=TICK)
    assert returned.at_sample == pytest.approx(200 * TICK, abs=TICK)
    assert heard.samples(0)[TICK : 290 * TICK].min() == pytest.approx(0.25, abs=1e-3), "the other side has no hole"
    side = heard.samples(1)
    assert not side[101 * TICK : 199 * TICK].any()
    assert side[202 * TICK : 290 * TICK].min() == pytest.approx(0.25, abs=1e-3)


def test_when_all_devices_are_lost_the_call_goes_on_in_silence():
    assembler, heard = two(), Heard()
    run(assembler, heard, range(50))
    for part in (0, 1):
        assembler.lost(part, 11.0, "gone")
    heard.add(assembler.advance(21.0))
    assert assembler.position / SAMPLE_RATE_HZ == pytest.approx(10.9, abs=0.05)


def test_devices_that_never_deliver_give_silence_once_they_are_given_up():
    assembler, heard = two(), Heard()
    heard.add(assembler.advance(100.0))
    assert heard.frames == {}
    for part in (0, 1):
        assembler.lost(part, 100.0, "gone")
    heard.add(assembler.advance(102.0))
    assert len(heard.samples(0)) / SAMPLE_RATE_HZ == pytest.approx(1.9, abs=0.05)
    assert heard.kinds() == [WarningKind.DEVICE_LOST] * 2


def test_a_loopback_that_stands_still_while_nothing_plays_is_just_silent():
    assembler, heard = Assembler([(0,), (1,)], patient=[True, False]), Heard()
    assembler.opened(0, RATE_HZ)
    assembler.opened(1, RATE_HZ)
    run(assembler, heard, range(100))
    run(assembler, heard, range(100, 200), parts=(0,))
    assert assembler.position >= 190 * TICK
    run(assembler, heard, range(200, 300))
    heard.add(assembler.finish())
    assert heard.incidents == []
    assert not heard.samples(1)[101 * TICK : 199 * TICK].any()
    assert heard.samples(1)[202 * TICK : 295 * TICK].min() == pytest.approx(0.25, abs=1e-3)


def test_pause_puts_silence_at_once_also_in_place_of_what_was_heard_before():
    assembler, heard = two(), Heard()
    run(assembler, heard, range(100))
    for number in range(100, 110):  # heard by one device, not yet handed on
        assembler.push(block(0, number, 0.7))
    assembler.pause()
    at = assembler.position
    run(assembler, heard, range(110, 200), value=0.7)
    assembler.resume(10.0 + 200 * 0.02)
    resumed_at = assembler.position
    run(assembler, heard, range(200, 300))
    heard.add(assembler.finish())
    assert [item for item in heard.incidents if not hasattr(item, "kind")] == [Paused(at), Resumed(resumed_at)]
    for channel in (0, 1):
        samples = heard.samples(channel)
        assert not samples[at : 200 * TICK].any()
        assert samples.max() < 0.5, "nothing said in the pause comes through, not even after it"
        assert samples[220 * TICK : 290 * TICK].min() == pytest.approx(0.25, abs=1e-3)


def test_what_a_device_still_held_of_the_pause_does_not_come_through_after_it():
    assembler, heard = two(), Heard()
    run(assembler, heard, range(100))
    assembler.pause()
    run(assembler, heard, range(100, 150), value=0.7)
    assembler.resume(10.0 + 150 * 0.02)
    run(assembler, heard, range(150, 160), value=0.7)  # said in the pause, delivered 200 ms late
    run(assembler, heard, range(160, 250))
    heard.add(assembler.finish())
    assert heard.samples(0).max() < 0.5


def test_pausing_twice_is_pausing_once():
    assembler, heard = two(), Heard()
    run(assembler, heard, range(10))
    for step in (assembler.pause, assembler.pause, lambda: assembler.resume(10.2), lambda: assembler.resume(10.2)):
        step()
    run(assembler, heard, range(10, 20))
    assert [type(item) for item in heard.incidents] == [Paused, Resumed]


def test_overruns_are_told_at_once_then_summed_up():
    assembler, heard = two(), Heard()
    for number in range(1500):
        assembler.push(block(0, number, overrun=number % 10 == 5))
        assembler.push(block(1, number))
        heard.add(assembler.advance(10.0 + (number + 1) * 0.02))
    assert heard.kinds() == [WarningKind.OVERRUN] * 3
    assert [item.channel for item in heard.incidents] == [0, 0, 0]
    assert heard.incidents[0].at_sample < 10 * TICK
    assert heard.incidents[1].detail["overruns"] == pytest.approx(50, abs=1)


def test_what_we_lost_ourselves_is_silence_of_the_right_length():
    assembler, heard = two(), Heard()
    run(assembler, heard, range(100))
    assembler.push(Block(0, 50 * 320, None, 10.0 + 150 * 0.02, overrun=True))
    run(assembler, heard, range(100, 150), parts=(1,))
    run(assembler, heard, range(150, 300))
    heard.add(assembler.finish())
    assert heard.kinds() == [WarningKind.OVERRUN]
    assert np.abs(heard.samples(0)[102 * TICK : 148 * TICK]).max() < 1e-4
    assert heard.samples(0)[152 * TICK : 290 * TICK].min() == pytest.approx(0.25, abs=1e-3)


def test_a_device_of_many_channels_feeds_several():
    assembler, heard = Assembler([(0, 1)]), Heard()
    assembler.opened(0, 48_000)
    for number in range(100):
        samples = np.tile(np.array([[0.5, -0.25]], dtype=np.float32), (960, 1))
        assembler.push(Block(0, 960, samples, 10.0 + (number + 1) * 0.02))
        heard.add(assembler.advance(10.0 + (number + 1) * 0.02))
    assert heard.samples(0)[1600:].min() == pytest.approx(0.5, abs=1e-3)
    assert heard.samples(1)[1600:].max() == pytest.approx(-0.25, abs=1e-3)


def test_levels_are_in_dbfs():
    assembler, heard = two(), Heard()
    assert assembler.levels() == {0: -120.0, 1: -120.0}
    for number in range(200):
        assembler.push(block(0, number, 0.5))
        assembler.push(block(1, number, 0.0))
        heard.add(assembler.advance(10.0 + (number + 1) * 0.02))
    levels = assembler.levels()
    assert levels[0] == pytest.approx(-6.0, abs=0.2)
    assert levels[1] == -120.0


@settings(max_examples=60)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["both", "first", "second", "lost", "opened", "pause", "resume", "look"]),
            st.integers(1, 20),
        ),
        max_size=40,
    )
)
def test_whatever_happens_the_frames_have_no_hole_and_pauses_are_silent(steps):
    assembler, heard = two(), Heard()
    number, silent_from = 0, None
    for step, count in steps:
        now_s = 10.0 + number * 0.02
        if step in ("both", "first", "second"):
            parts = {"both": (0, 1), "first": (0,), "second": (1,)}[step]
            run(assembler, heard, range(number, number + count), parts)
            number += count
        elif step == "look":
            number += count
            heard.add(assembler.advance(now_s + count * 0.02))
        elif step == "lost":
            assembler.lost(count % 2, now_s, "gone")
        elif step == "opened":
            assembler.opened(count % 2, RATE_HZ)
        elif step == "pause":
            assembler.pause()
            silent_from = assembler.position if silent_from is None else silent_from
        elif step == "resume":
            assembler.resume(now_s)
            if silent_from is not None and 0 in heard.frames:
                for channel in (0, 1):
                    assert not heard.samples(channel)[silent_from:].any()
            silent_from = None
    heard.add(assembler.finish())
    if heard.frames:
        assert len(heard.samples(0)) == len(heard.samples(1))
        assert np.isfinite(heard.samples(0)).all()
