"""An open device. Its callback runs in PortAudio's thread and does nothing but hand over."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from queue import SimpleQueue
from typing import Any, NamedTuple

import numpy as np

from callcore.capture.align import Packed
from callcore.capture.assemble import Block
from callcore.capture.plan import DevicePart
from callcore.capture.portaudio import INVALID_CHANNEL_COUNT, INVALID_SAMPLE_RATE, device_error, error_code, portaudio
from callcore.types import SAMPLE_RATE_HZ

BLOCKS_PER_S = 50  #: callbacks; 20 ms each
HEADROOM_S = 0.1  #: what the system may hold for us before it overruns; costs no delay
MAX_WAITING = 500  #: blocks not yet taken, 10 s of one device; what comes on top is lost and counted
COMMON_RATES_HZ = (48_000, 44_100)  #: tried when a device refuses 16 kHz and the rate it calls its own


class Opened(NamedTuple):
    """Blocks of a part that follow are from a new stream, at ``rate_hz``."""

    part: int
    rate_hz: float


Message = Block | Opened


class Hush:
    """Whether nobody may hear; read by every callback."""

    __slots__ = ("on",)

    def __init__(self) -> None:
        self.on = False


class DeviceStream:
    """One device, opened and delivering into ``inbox`` until it is closed.

    Raises :class:`~callcore.errors.DeviceNotFound`, :class:`~callcore.errors.DeviceBusy`,
    :class:`~callcore.errors.DeviceUnusable` or :class:`~callcore.errors.MissingExtra`.
    """

    def __init__(self, number: int, part: DevicePart, inbox: SimpleQueue[Message], hush: Hush) -> None:
        self._number = number
        self._part = part
        self._inbox = inbox
        self._hush = hush
        self._lost_frames = 0
        self._stream: Any = self._open()
        inbox.put(Opened(number, self.rate_hz))
        try:
            self._stream.start()
        except portaudio().PortAudioError as error:
            self.close()
            raise device_error(part.device.name, error) from error

    @property
    def rate_hz(self) -> float:
        """What the device was opened at."""
        return float(self._stream.samplerate)

    @property
    def active(self) -> bool:
        """Whether PortAudio still runs it; some systems say so of a device that is gone."""
        try:
            return bool(self._stream.active)
        except portaudio().PortAudioError:
            return False

    def close(self) -> None:
        """Stop and let the device go. Harmless when it is gone already."""
        with contextlib.suppress(portaudio().PortAudioError):  # there is nothing left to be lost
            self._stream.abort()
        with contextlib.suppress(portaudio().PortAudioError):
            self._stream.close()

    def _open(self) -> Any:
        module = portaudio()
        first: Exception | None = None
        refused: set[float] = set()
        for channels, rate_hz in self._formats():
            if rate_hz in refused:
                continue
            try:
                return module.InputStream(
                    samplerate=rate_hz,
                    blocksize=round(rate_hz / BLOCKS_PER_S),
                    device=self._part.device.index,
                    channels=channels,
                    dtype="float32",
                    latency=HEADROOM_S,
                    callback=self._callback,
                )
            except module.PortAudioError as error:
                code = error_code(error)
                if code not in (INVALID_CHANNEL_COUNT, INVALID_SAMPLE_RATE):
                    raise device_error(self._part.device.name, error) from error
                if code == INVALID_SAMPLE_RATE:
                    refused.add(rate_hz)
                first = first or error
        assert first is not None
        raise device_error(self._part.device.name, first) from first

    def _formats(self) -> Iterator[tuple[int, float]]:
        """Numbers of channels and rates, best first. Some systems open a device with all its channels only."""
        part = self._part
        counts = [part.opened, part.device.inputs] + ([] if part.sources else [1])
        rates = [float(SAMPLE_RATE_HZ), part.device.rate_hz, *map(float, COMMON_RATES_HZ)]
        for channels in dict.fromkeys(counts):
            for rate_hz in dict.fromkeys(rates):
                yield channels, rate_hz

    def _callback(self, indata: Packed, frame_count: int, _time: Any, status: Any) -> None:
        arrival_s = time.monotonic()
        if self._inbox.qsize() >= MAX_WAITING:
            self._lost_frames += frame_count
            return
        overrun = bool(status) and bool(status.input_overflow)
        if self._lost_frames:
            # Their number is known, so silence of that length keeps the clock right.
            self._inbox.put(Block(self._number, self._lost_frames, None, arrival_s, overrun=True))
            self._lost_frames = 0
        samples = None if self._hush.on else indata.copy()
        self._inbox.put(Block(self._number, frame_count, samples, arrival_s, overrun))


def picked(part: DevicePart, samples: Packed | None) -> Packed | None:
    """Of what the device gave, shape (n, opened), the call's channels, shape (n, channels of the part)."""
    if samples is None:
        return None
    own = samples[:, part.sources] if part.sources else samples.mean(axis=1, keepdims=True, dtype=np.float32)
    if not np.isfinite(own).all():
        own = np.nan_to_num(own, nan=0.0, posinf=0.0, neginf=0.0)
    return np.ascontiguousarray(own, dtype=np.float32)
