"""A live call from (stand-in) devices: faults become events, pauses hold, the call goes on."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from queue import SimpleQueue

import numpy as np
import pytest
from capture_tools import FakeSound, FakeStream, PortAudioError

from callcore.audio import open_audio
from callcore.capture import keeper as keeper_module
from callcore.capture.devices import AudioDevice
from callcore.capture.plan import CapturePlan, plan_capture
from callcore.capture.recording import Recorder
from callcore.capture.source import DeviceSource, Patience, _AwakeClock
from callcore.capture.stream import DeviceStream, Hush, Opened
from callcore.errors import DeviceBusy, DeviceNotFound, DeviceUnusable
from callcore.types import AudioFrame, Paused, Resumed, Tick, WarningKind

WAIT_S = 30.0
QUICK = Patience(first_s=0.6, lost_s=0.3, step_s=0.005, backoff_s=(0.05,))


class Listener:
    """Takes ticks, and lets a test wait for what it wants to see in them."""

    def __init__(self) -> None:
        self.items: list = []
        self.changed = threading.Condition()

    def __call__(self, tick: Tick) -> None:
        with self.changed:
            self.items += tick
            self.changed.notify_all()

    def frames(self, channel: int) -> list[AudioFrame]:
        return [item for item in self.items if isinstance(item, AudioFrame) and item.channel == channel]

    def samples(self, channel: int) -> np.ndarray:
        frames = self.frames(channel)
        assert all(one.end_sample == after.start_sample for one, after in pairwise(frames))
        return np.concatenate([frame.samples for frame in frames])

    def warnings(self) -> list[tuple[WarningKind, int | None]]:
        return [(item.kind, item.channel) for item in self.items if hasattr(item, "kind")]

    def wait(self, condition: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(condition, WAIT_S), f"did not come; heard of {self.warnings()}"


class Feeder:
    """Plays the part of PortAudio's threads: every open stream of the devices named delivers in real time."""

    def __init__(self, sound: FakeSound, values: dict[str, float]) -> None:
        self.sound = sound
        self.values = dict(values)
        self.silent: set[str] = set()  #: devices that deliver nothing
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *reason):
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        due_s = time.monotonic()
        while not self._stop.wait(max(0.0, due_s - time.monotonic())):
            due_s += 0.02
            for name, value in list(self.values.items()):
                if name not in self.silent:
                    for stream in self.sound.open_streams(name):
                        stream.feed(value)


@pytest.fixture
def sound(monkeypatch) -> FakeSound:
    devices = [
        {"name": "mic", "max_input_channels": 1},
        {"name": "headset monitor", "max_input_channels": 2},
        {"name": "many", "max_input_channels": 4, "default_samplerate": 44_100.0},
    ]
    fake = FakeSound(devices)
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    return fake


def plan() -> CapturePlan:
    return plan_capture("mic", "headset monitor")


def make(listener: Listener, **options) -> DeviceSource:
    options.setdefault("look", lambda device: True)
    return DeviceSource(options.pop("plan", plan()), listener, patience=QUICK, **options)


def test_two_devices_are_heard_and_nothing_is_lost_at_the_end(sound):
    listener = Listener()
    source = make(listener)
    assert source.channels == (0, 1)
    source.start()
    with Feeder(sound, {"mic": 0.5, "headset monitor": 0.25}):
        listener.wait(lambda: len(listener.frames(1)) >= 50)
        assert source.levels[0] > source.levels[1] > -20
    source.stop()
    source.stop()
    assert all(stream.closed for stream in sound.streams)
    assert listener.samples(0)[3200:8000].min() == pytest.approx(0.5, abs=1e-2)
    assert listener.samples(1)[3200:8000].max() == pytest.approx(0.25, abs=1e-2)
    assert listener.warnings() == []


def test_a_device_that_refuses_16_khz_is_opened_at_its_own_rate(sound):
    sound.rates = {"mic": (48_000.0,), "headset monitor": (44_100.0,)}
    listener = Listener()
    source = make(listener)
    source.start()
    assert {stream.name: stream.samplerate for stream in sound.streams} == {"mic": 48_000.0, "headset monitor": 44_100}
    with Feeder(sound, {"mic": 0.5, "headset monitor": 0.25}):
        listener.wait(lambda: len(listener.frames(1)) >= 40)
    source.stop()
    assert listener.samples(0)[3200:8000].min() == pytest.approx(0.5, abs=1e-2)


def test_channels_of_one_device_are_told_apart(sound):
    listener = Listener()
    source = make(listener, plan=plan_capture(device="many", channel_map=(3, 1)))
    source.start()
    (stream,) = sound.streams
    assert stream.channels == 4
    for _ in range(40):
        data = np.tile(np.array([0.1, 0.2, 0.3, 0.4], dtype=np.float32), (stream.blocksize, 1))
        stream.callback(data, stream.blocksize, None, None)
    source.stop()
    assert listener.samples(0)[1600:4800].max() == pytest.approx(0.4, abs=1e-2)
    assert listener.samples(1)[1600:4800].max() == pytest.approx(0.2, abs=1e-2)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (PortAudioError("Device unavailable", -9985), DeviceBusy),
        (PortAudioError("Invalid device", -9996), DeviceNotFound),
        (PortAudioError("Invalid sample rate", -9997), DeviceUnusable),
    ],
)
def test_when_one_of_two_devices_cannot_be_opened_nothing_stays_open(sound, error, kind):
    sound.refuse["headset monitor"] = error
    listener = Listener()
    source = make(listener)
    with pytest.raises(kind) as told:
        source.start()
    assert told.value.message.startswith("headset monitor: ")
    assert all(stream.closed for stream in sound.streams)
    source.stop()
    assert listener.items == []


def test_a_headset_that_is_pulled_and_put_back(sound):
    listener = Listener()
    there = threading.Event()
    looked = threading.Semaphore(0)

    def look(device):
        looked.release()
        return there.is_set()

    source = make(listener, look=look)
    source.start()
    with Feeder(sound, {"mic": 0.5, "headset monitor": 0.25}) as feeder:
        listener.wait(lambda: len(listener.frames(1)) >= 20)
        feeder.silent.add("headset monitor")
        listener.wait(lambda: (WarningKind.DEVICE_LOST, 1) in listener.warnings())
        before = len(listener.frames(1))
        listener.wait(lambda: len(listener.frames(1)) >= before + 30)
        assert looked.acquire(timeout=WAIT_S)
        assert looked.acquire(timeout=WAIT_S), "it is tried again"
        assert not sound.open_streams("headset monitor")
        feeder.silent.clear()
        there.set()
        listener.wait(lambda: (WarningKind.DEVICE_RETURNED, 1) in listener.warnings())
        after = len(listener.frames(1))
        listener.wait(lambda: len(listener.frames(1)) >= after + 20)
    source.stop()
    assert listener.warnings() == [(WarningKind.DEVICE_LOST, 1), (WarningKind.DEVICE_RETURNED, 1)]
    assert sound.restarts == 0, "the other device was not disturbed"
    agent = listener.samples(0)
    assert agent[3200 : -320 * 10].min() == pytest.approx(0.5, abs=1e-2)
    customer = listener.samples(1)
    silent = customer[before * 320 : (before + 25) * 320]
    assert not silent.any()
    assert customer[-320 * 10 : -320 * 5].min() == pytest.approx(0.25, abs=1e-2)


def test_portaudio_is_started_anew_only_when_the_device_is_back_and_does_not_open(sound):
    listener = Listener()
    refusal = PortAudioError("Invalid device", -9996)
    source = make(listener)
    source.start()

    def initialize():
        sound.refuse.clear()

    sound._initialize = initialize
    with Feeder(sound, {"mic": 0.5, "headset monitor": 0.25}) as feeder:
        listener.wait(lambda: len(listener.frames(1)) >= 20)
        sound.refuse["headset monitor"] = refusal
        feeder.silent.add("headset monitor")
        with sound.changed:
            assert sound.changed.wait_for(
                lambda: len(sound.open_streams("headset monitor")) == 0 or sound.restarts, WAIT_S
            )
            assert sound.changed.wait_for(lambda: sound.restarts == 1, WAIT_S)
        feeder.silent.clear()
        listener.wait(lambda: (WarningKind.DEVICE_RETURNED, 1) in listener.warnings())
        after = len(listener.frames(0))
        listener.wait(lambda: len(listener.frames(0)) >= after + 30)
    source.stop()
    assert listener.warnings() == [(WarningKind.DEVICE_LOST, 1), (WarningKind.DEVICE_RETURNED, 1)]
    agent = listener.samples(0)
    assert agent[-320 * 10 : -320 * 5].min() == pytest.approx(0.5, abs=1e-2), "the other device is open again too"


def test_devices_that_never_deliver_are_lost_and_the_call_is_silent(sound):
    listener = Listener()
    source = make(listener, look=lambda device: False)
    source.start()
    listener.wait(lambda: len(listener.frames(0)) >= 20)
    source.stop()
    assert sorted(listener.warnings()) == [(WarningKind.DEVICE_LOST, 0), (WarningKind.DEVICE_LOST, 1)]
    assert not listener.samples(0).any()


def test_pause_holds_once_it_returned_and_its_sound_is_never_kept(sound, tmp_path):
    listener = Listener()
    path = tmp_path / "call.wav"
    source = make(listener, recorder=Recorder(path, (0, 1)))
    source.start()
    with Feeder(sound, {"mic": 0.25, "headset monitor": 0.25}) as feeder:
        listener.wait(lambda: len(listener.frames(1)) >= 30)
        source.pause()
        assert source.paused
        with listener.changed:
            paused_from = len(listener.items)
        feeder.values = {"mic": 0.75, "headset monitor": 0.75}
        listener.wait(lambda: len(listener.items) >= paused_from + 60)
        with listener.changed:
            during = [item for item in listener.items[paused_from:] if isinstance(item, AudioFrame)]
        assert not any(frame.samples.any() for frame in during)
        assert max(source.levels.values()) < -20
        feeder.values = {"mic": 0.25, "headset monitor": 0.25}
        source.resume()
        resumed = len(listener.frames(0))
        listener.wait(lambda: len(listener.frames(0)) >= resumed + 50)
    source.stop()
    assert [type(item) for item in listener.items if isinstance(item, Paused | Resumed)] == [Paused, Resumed]
    with open_audio(path) as recording:
        recorded = np.concatenate(list(recording.blocks()), axis=1)
    assert recorded.max() < 0.3, "card data must not reach the file"
    assert recorded.shape[1] == len(listener.samples(0))
    assert listener.samples(0).max() < 0.3
    assert listener.samples(0)[-320 * 10 : -320 * 5].min() == pytest.approx(0.25, abs=1e-2)


def opened(sound: FakeSound, hush: Hush) -> tuple[SimpleQueue, FakeStream]:
    """A stream by itself, and the queue that its callback fills."""
    inbox: SimpleQueue = SimpleQueue()
    DeviceStream(0, plan_capture(device="mic").parts[0], inbox, hush)
    assert isinstance(inbox.get_nowait(), Opened)
    return inbox, sound.streams[-1]


def test_nothing_is_copied_while_paused(sound):
    hush = Hush()
    inbox, stream = opened(sound, hush)
    stream.feed(0.25)
    hush.on = True
    stream.feed(0.75)
    heard, paused = inbox.get_nowait(), inbox.get_nowait()
    assert heard.samples.max() == pytest.approx(0.25), "copied, before PortAudio used the memory again"
    assert paused.samples is None
    assert paused.frame_count == heard.frame_count


def test_overruns_are_told(sound):
    listener = Listener()
    source = make(listener, plan=plan_capture(device="mic"))
    source.start()
    (stream,) = sound.streams
    for number in range(20):
        stream.feed(0.25, overrun=number == 3)
    source.stop()
    assert listener.warnings() == [(WarningKind.OVERRUN, 0)]


def test_what_we_do_not_take_in_time_is_counted_and_no_more_is_kept(sound, monkeypatch):
    monkeypatch.setattr("callcore.capture.stream.MAX_WAITING", 10)
    inbox, stream = opened(sound, Hush())
    for _ in range(60):
        stream.feed(0.25)
    assert inbox.qsize() == 10
    while not inbox.empty():
        inbox.get_nowait()
    stream.feed(0.25)
    lost, heard = inbox.get_nowait(), inbox.get_nowait()
    assert (lost.frame_count, lost.samples, lost.overrun) == (50 * stream.blocksize, None, True)
    assert heard.samples is not None


def test_a_deliver_that_fails_ends_the_source_and_stop_says_so(sound):
    reached = threading.Event()

    def deliver(tick: Tick) -> None:
        reached.set()
        raise RuntimeError("broken sink")

    source = DeviceSource(plan_capture(device="mic"), deliver, patience=QUICK, look=lambda device: True)
    source.start()
    with Feeder(sound, {"mic": 0.25}):
        assert reached.wait(WAIT_S)
        with pytest.raises(RuntimeError, match="broken sink"):
            source.stop()
    assert all(stream.closed for stream in sound.streams)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full, a disk that is always full, is not there")
def test_a_recording_that_stops_is_told_and_the_call_goes_on(sound, tmp_path):
    listener = Listener()
    recorder = Recorder(tmp_path / "call.wav", (0, 1))
    source = make(listener, recorder=recorder)
    source.start()
    with Feeder(sound, {"mic": 0.25, "headset monitor": 0.25}):
        listener.wait(lambda: len(listener.frames(1)) >= 10)
        full = os.open("/dev/full", os.O_RDWR)
        os.dup2(full, recorder._file.fileno())  # the disk fills up
        os.close(full)
        listener.wait(lambda: (WarningKind.RECORDING_STOPPED, None) in listener.warnings())
        after = len(listener.frames(0))
        listener.wait(lambda: len(listener.frames(0)) >= after + 20)
    source.stop()


def test_a_program_that_slept_leaves_the_sleep_out_of_the_call():
    clock = _AwakeClock(asleep_s=5.0)
    assert clock.slept(100.0) == 0.0
    assert clock.slept(100.5) == 0.0
    assert clock.at(100.5) == 100.5
    assert clock.slept(4000.5) == pytest.approx(3900.0)
    assert clock.at(100.4) == 100.4, "what arrived before the sleep keeps its time"
    assert clock.at(4000.5) == pytest.approx(100.5)
    assert clock.slept(4001.0) == 0.0
    assert clock.at(4001.0) == pytest.approx(101.0)


def test_another_process_looks_for_a_device(monkeypatch):
    asked = []

    def run(command, **options):
        asked.append(command)
        raise keeper_module.subprocess.TimeoutExpired(command, 1)

    monkeypatch.setattr(keeper_module.subprocess, "run", run)
    assert keeper_module.can_open(AudioDevice("gone", 1, 0, 48_000.0, 0, "ALSA")) is False
    assert asked[0][1:3] == ["-m", "callcore.capture.probe"]
