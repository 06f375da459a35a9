import os
import threading
import time
import wave

import numpy as np
import pytest

from callcore.bench.cost import CostMeter, Sample, rss_slope_mb_per_hour
from callcore.bench.replay import Feeder, Playing, Recording, Sent, read_recording
from callcore.bench.runner import STAGGER_S, children, listen, plan
from callcore.errors import AudioNotFound

WAIT_S = 60.0


def write_call(path, seconds=0.5, rate_hz=8000, channels=2, seed=1):
    samples = np.random.default_rng(seed).integers(-20_000, 20_000, (round(seconds * rate_hz), channels), np.int16)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(samples.tobytes())
    return samples.T


class Collected:
    def __init__(self):
        self.ticks = {}
        self.ended = []

    def received(self, call, tick, frames):
        self.ticks.setdefault(call, []).append((tick, np.stack(frames)))


def test_every_sample_arrives_in_order_at_the_rate_of_the_file(tmp_path):
    first, second = tmp_path / "a.wav", tmp_path / "b.wav"
    samples = {0: write_call(first, 0.53), 1: write_call(second, 0.2, 16_000, 1, seed=2)}
    got = Collected()
    with Feeder([Playing(first, 0.0), Playing(second, 0.05)]) as feeder:
        facts = feeder.prepare()
        feeder.start(got.received, got.ended.append, lambda at: None)
        sent = feeder.wait(WAIT_S)
    assert [(item.channel_count, item.rate_hz) for item in facts] == [(2, 8000), (1, 16_000)]
    assert got.ended == [1, 0]
    for call, expected in samples.items():
        assert [tick for tick, _ in got.ticks[call]] == list(range(len(got.ticks[call])))
        whole = np.concatenate([packet for _, packet in got.ticks[call]], axis=1)
        assert np.array_equal(whole[:, : expected.shape[1]], expected)
        assert not whole[:, expected.shape[1] :].any()
    assert sent.packets == sum(len(ticks) for ticks in got.ticks.values())


def test_the_sender_does_not_wait_for_who_listens(tmp_path):
    path = tmp_path / "a.wav"
    write_call(path)
    done_sending = threading.Event()

    def received(call, tick, frames):
        # The first packet is held until the sender has sent the last.
        if tick == 0 and feeder.sender_done(WAIT_S):
            done_sending.set()

    with Feeder([Playing(path, 0.0)]) as feeder:
        feeder.prepare()
        feeder.start(received, lambda call: None, lambda at: None)
        assert feeder.wait(WAIT_S) is not None
    assert done_sending.is_set()


def test_what_fails_in_the_listener_is_raised(tmp_path):
    path = tmp_path / "a.wav"
    write_call(path)

    def received(call, tick, frames):
        raise RuntimeError("no")

    with Feeder([Playing(path, 0.0)]) as feeder:
        feeder.prepare()
        feeder.start(received, lambda call: None, lambda at: None)
        with pytest.raises(RuntimeError, match="no"):
            feeder.wait(WAIT_S)


def test_a_recording_that_is_not_there_is_said_before_anything_is_sent(tmp_path):
    with Feeder([Playing(tmp_path / "none.wav", 0.0)]) as feeder, pytest.raises(AudioNotFound, match=r"none\.wav"):
        feeder.prepare()


def test_a_run_counts_only_if_packets_left_on_time():
    assert Sent(100, 0.0001, 0.0019, 0.5, "normal").valid
    assert not Sent(100, 0.0001, 0.0021, 0.0021, "normal").valid


def test_the_last_packet_is_filled_up_with_silence(tmp_path):
    recording = Recording(np.ones((2, 170), np.int16), 8000)
    assert recording.ticks == 2
    assert recording.tick(1).shape == (2, 160)
    assert recording.tick(1).sum() == 20
    samples = write_call(tmp_path / "a.wav", 0.1)
    assert np.array_equal(read_recording(tmp_path / "a.wav").samples, samples)


def test_calls_take_the_recordings_in_turn_and_start_one_after_the_other(tmp_path):
    first, second = tmp_path / "a.wav", tmp_path / "b.wav"
    assert [(item.path, item.offset_s) for item in plan([first, second], 3)] == [
        (first, 0.0), (second, STAGGER_S), (first, 2 * STAGGER_S)
    ]  # fmt: skip
    assert len(plan([first, second])) == 2


class Echo:
    """Shows how many packets came, the moment they come."""

    name = "echo"
    settings = {}  # noqa: RUF012
    turn_finals = True

    class Call:
        def __init__(self, log):
            self.log = log
            self.count = 0

        def send(self, tick_index, frames):
            self.count += 1
            self.log.show(0, final="", committed="好" * self.count, heard_until_s=self.count * 0.02)

        def finish(self):
            self.log.show(0, final="好" * self.count)

        def wait(self, timeout_s):
            return True

        def problems(self):
            return ["one packet was odd"]

    def open_call(self, call_id, channel_count, rate_hz, log):
        return Echo.Call(log)

    def pids(self):
        return [os.getpid()]


def test_a_run_stamps_what_is_shown_from_the_first_packet_of_each_call(tmp_path):
    path = tmp_path / "a.wav"
    write_call(path, 0.4)
    run = listen(Echo(), plan([path], 2))
    assert [call.call_id for call in run.calls] == ["bench-000", "bench-001"]
    for call in run.calls:
        assert len(call.shown) == 21
        assert all(item.at_s >= index * 0.02 for index, item in enumerate(call.shown))
        assert call.shown[-1].final == "好" * 20
        assert call.problems == ("one packet was odd",)
    assert run.call_minutes == pytest.approx(0.8 / 60)


def test_time_and_memory_of_the_process_tree_are_measured():
    with CostMeter(lambda: [os.getpid()]) as meter:
        until = time.process_time() + 0.2
        while time.process_time() < until:
            pass
    cost = meter.cost(call_minutes=1.0)
    assert cost.cpu_s_per_call_minute >= 0.1
    assert cost.rss_peak_mb > 1
    assert cost.rss_slope_mb_per_hour is None
    with CostMeter(lambda: [os.getpid()], [os.getpid(), *children()]) as without:
        pass
    assert without.cost(1.0).rss_peak_mb == 0


def test_growth_of_memory_is_a_slope_after_the_start():
    warming = [Sample(float(s), 0.0, 10**8 - (100 - s) * 10**6) for s in range(100)]
    growing = [Sample(float(s), 0.0, 10**8 + round(s / 3600 * 5e6)) for s in range(100, 800)]
    assert rss_slope_mb_per_hour([*warming, *growing]) == pytest.approx(5.0, rel=0.01)
