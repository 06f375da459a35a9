"""Simulated sound devices: with clocks that are off and jitter (no time passes), and a stand-in for sounddevice."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from types import SimpleNamespace

import numpy as np

from callcore.capture.assemble import Assembler, Block
from callcore.types import AudioFrame, Tick

PERIOD_S = 8.0  #: of the signal that tells its own time

Jitter = Callable[[np.random.Generator, int], np.ndarray]


def telling(times_s):
    """A signal whose value tells when it was made: a ramp that begins anew every eight seconds."""
    return (times_s % PERIOD_S / PERIOD_S * 0.8 + 0.1).astype(np.float32)


def told(values):
    """When samples of :func:`telling` were made, modulo eight seconds."""
    return (np.asarray(values, dtype=np.float64) - 0.1) / 0.8 * PERIOD_S


def jitter(rng: np.random.Generator, count: int) -> np.ndarray:
    """Of a loaded computer: 3 ms as a rule, 2 % of the blocks up to 0.3 s late."""
    return rng.exponential(0.003, count) + (rng.random(count) < 0.02) * rng.uniform(0, 0.3, count)


@dataclass(frozen=True)
class Device:
    """A simulated device. ``ppm``: how slow its clock is. ``signal``: value at a true time."""

    part: int
    rate_hz: int = 48_000
    ppm: float = 0.0
    start_s: float = 0.0
    block_s: float = 0.02
    signal: Callable = telling
    jitter: Jitter = jitter

    def blocks(self, seconds: float, seed: int = 0) -> Iterator[Block]:
        frames = round(self.rate_hz * self.block_s)
        count = int(seconds * self.rate_hz / frames)
        step_s = (1 + self.ppm * 1e-6) / self.rate_hz
        ends_s = self.start_s + np.arange(1, count + 1) * frames * step_s
        late_s = self.jitter(np.random.default_rng(seed * 31 + self.part), count)
        arrivals_s = np.maximum.accumulate(ends_s + late_s).tolist()  # blocks do not overtake each other
        for number, arrival_s in enumerate(arrivals_s):
            times_s = self.start_s + np.arange(number * frames, (number + 1) * frames) * step_s
            yield Block(self.part, frames, self.signal(times_s)[:, np.newaxis], arrival_s)


@dataclass
class Heard:
    """What an assembler gave out."""

    frames: dict[int, list[AudioFrame]] = field(default_factory=dict)
    incidents: list = field(default_factory=list)

    def add(self, ticks: Iterable[Tick]) -> None:
        for tick in ticks:
            for item in tick:
                if isinstance(item, AudioFrame):
                    self.frames.setdefault(item.channel, []).append(item)
                else:
                    self.incidents.append(item)

    def samples(self, channel: int) -> np.ndarray:
        frames = self.frames[channel]
        assert frames[0].start_sample == 0
        assert all(one.end_sample == next_one.start_sample for one, next_one in pairwise(frames))
        return np.concatenate([frame.samples for frame in frames])

    def kinds(self) -> list[str]:
        return [str(item.kind) for item in self.incidents if hasattr(item, "kind")]


def listen(assembler: Assembler, devices: Sequence[Device], seconds: float, seed: int = 0) -> Heard:
    """Run devices through an assembler in the order of arrival."""
    for device in devices:
        assembler.opened(device.part, device.rate_hz)
    heard = Heard()
    streams = [device.blocks(seconds, seed) for device in devices]
    for block in heapq.merge(*streams, key=lambda block: block.arrival_s):
        assembler.push(block)
        heard.add(assembler.advance(block.arrival_s))
    heard.add(assembler.finish())
    return heard


class PortAudioError(Exception):
    """As sounddevice raises it: message, PortAudio's number, and what the host API said."""


class FakeSound:
    """Stands in for the sounddevice module: devices that do what a test tells them.

    ``refuse``: for a device's name the PortAudioError that opening it raises. ``rates``: for a device's name the rates
    it takes. :meth:`feed` has a device deliver.
    """

    PortAudioError = PortAudioError

    def __init__(self, devices: Sequence[dict]) -> None:
        self.devices = [
            {"max_output_channels": 0, "default_samplerate": 48_000.0, "hostapi": 0, **device} for device in devices
        ]
        self.default = SimpleNamespace(device=(0, -1))
        self.refuse: dict[str, PortAudioError] = {}
        self.rates: dict[str, tuple[float, ...]] = {}
        self.streams: list[FakeStream] = []
        self.changed = threading.Condition()
        self.restarts = 0

    def query_devices(self):
        return self.devices

    def query_hostapis(self):
        return [{"name": "ALSA"}]

    def _terminate(self):
        assert not [stream for stream in self.streams if not stream.closed], "streams were open"
        self.restarts += 1

    def _initialize(self):
        pass

    def InputStream(self, **options):  # noqa: N802  (sounddevice's name)
        name = self.devices[options["device"]]["name"]
        if name in self.refuse:
            raise self.refuse[name]
        if options["samplerate"] not in self.rates.get(name, (options["samplerate"],)):
            raise PortAudioError("Invalid sample rate", -9997)
        if options["channels"] > self.devices[options["device"]]["max_input_channels"]:
            raise PortAudioError("Invalid number of channels", -9998)
        stream = FakeStream(self, name, **options)
        with self.changed:
            self.streams.append(stream)
            self.changed.notify_all()
        return stream

    def open_streams(self, name: str) -> list[FakeStream]:
        return [stream for stream in self.streams if stream.name == name and stream.started and not stream.closed]


class FakeStream:
    def __init__(self, sound, name, *, samplerate, blocksize, channels, callback, **_):
        self.sound = sound
        self.name = name
        self.samplerate = samplerate
        self.blocksize = blocksize
        self.channels = channels
        self.callback = callback
        self.started = self.closed = False

    @property
    def active(self) -> bool:
        return self.started and not self.closed

    def start(self) -> None:
        self.started = True
        with self.sound.changed:
            self.sound.changed.notify_all()

    def abort(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True

    def feed(self, value: float = 0.25, *, overrun: bool = False) -> None:
        """Deliver one block of a constant value."""
        data = np.full((self.blocksize, self.channels), value, dtype=np.float32)
        self.callback(data, self.blocksize, None, SimpleNamespace(input_overflow=overrun) if overrun else None)
        data[:] = np.nan  # PortAudio uses the memory again
