"""Blocks of several devices to ticks of one call. Pure: times are passed in, nothing waits here.

A tick holds 20 ms of every channel. It goes out as soon as every device has delivered its part; a device that is lost
is not waited for, its channels are silent on schedule.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from callcore.capture.align import Aligner, Lane, Packed
from callcore.types import SAMPLE_RATE_HZ, AudioFrame, AudioWarning, Event, Paused, Resumed, Tick, WarningKind

TICK_MS = 20
TICK = SAMPLE_RATE_HZ * TICK_MS // 1000  #: samples of a tick at 16 kHz
LATE_S = 0.1  #: silence on schedule lags the clock by so much, as the audio of a device does
RESUME_GUARD_S = 0.3  #: after a pause, sound that the devices still held from it must not come through
REPEAT_S = 10.0  #: warnings of one kind about one device are no more frequent; what came between is summed up
LEVEL_S = 0.2  #: time constant of the level meters
SILENT_DBFS = -120.0  #: what a meter shows of digital silence


class Block(NamedTuple):
    """What a device's callback hands over."""

    part: int  #: which device of the plan
    frame_count: int
    samples: Packed | None  #: shape (frame_count, channels); None when they were lost, or not listened to in a pause
    arrival_s: float  #: monotonic time
    overrun: bool = False  #: the device, or we, lost samples at or before this block


@dataclass(slots=True)
class _Part:
    """A device: the call's channels it feeds, and what is known of its samples."""

    channels: tuple[int, ...]
    lane: Lane
    patient: bool  #: wait for its samples as long as it is not lost
    aligner: Aligner | None = None
    live: bool = True
    overruns: int = 0
    leapt_s: float = 0.0
    told_s: dict[WarningKind, float] = field(default_factory=dict)

    @property
    def delivers(self) -> bool:
        """Whether its first samples have come since it was opened."""
        return self.aligner is not None and self.aligner.start is not None

    @property
    def channel(self) -> int | None:
        """For warnings; None when it is about several channels."""
        return self.channels[0] if len(self.channels) == 1 else None


class Assembler:
    """Brings the devices of a call together. ``now_s`` and arrival times are of one monotonic clock.

    ``channels``: for each device the call's channels it feeds. ``patient``: for each device whether it delivers without
    a stop; one that does not (a loopback that pauses while nothing plays) is silent whenever it delivers nothing.
    """

    def __init__(self, channels: Sequence[tuple[int, ...]], patient: Sequence[bool] | None = None) -> None:
        patience = patient or [True] * len(channels)
        self._parts = [_Part(own, Lane(len(own)), waits) for own, waits in zip(channels, patience, strict=True)]
        self._origin_s: float | None = None
        self._position = 0
        self._silent_until = 0.0  # position: all before it is silence; infinite while paused
        self._paused = False
        self._news: list[Event] = []
        self._power = dict.fromkeys(sorted(number for own in channels for number in own), 0.0)

    @property
    def position(self) -> int:
        """Start of the next tick."""
        return self._position

    @property
    def started(self) -> bool:
        """Whether the call's clock runs: something was delivered, or is not waited for any more."""
        return self._origin_s is not None

    @property
    def paused(self) -> bool:
        return self._paused

    def levels(self) -> dict[int, float]:
        """Level of each channel in dBFS: RMS over the last 0.2 s or so."""
        return {number: _dbfs(power) for number, power in self._power.items()}

    def drift_ppm(self) -> list[float | None]:
        """By how much each device's clock is slow against the computer's, in millionths; None while unknown."""
        return [part.aligner.drift_ppm if part.aligner else None for part in self._parts]

    def opened(self, number: int, rate_hz: float) -> None:
        """A device was opened, for the first time or again; its samples come at ``rate_hz``."""
        part = self._parts[number]
        part.aligner = Aligner(rate_hz, len(part.channels))

    def push(self, block: Block) -> None:
        """A device delivered. What comes from a device that is not open any more is left out."""
        part = self._parts[block.part]
        if part.aligner is None:
            return
        if self._origin_s is None:
            self._origin_s = block.arrival_s - block.frame_count / part.aligner.clock.rate_hz
        samples = None if self._paused else block.samples
        arrival_s = self._call_s(block.arrival_s)
        if not part.patient and part.delivers and arrival_s - part.aligner.clock.now_s > LATE_S:
            # It stood still while nothing was played, and was silent meanwhile.
            self.opened(block.part, part.aligner.clock.rate_hz)
        begins = not part.delivers
        ready, correction, leap_s = part.aligner.push(samples, block.frame_count, arrival_s)
        if begins and part.aligner.start is not None:
            part.lane.begin_at(part.aligner.start)
            self._is_back(part)
        part.lane.correct(correction)
        part.lane.append(ready)
        if block.overrun:
            part.overruns += 1
        part.leapt_s += leap_s
        self._report(part, arrival_s, leapt=bool(leap_s))

    def lost(self, number: int, now_s: float, message: str) -> None:
        """A device is gone: its channels are silent from here on, until it is opened again and delivers."""
        part = self._parts[number]
        if not part.live:
            return
        if self._origin_s is None:
            self._origin_s = now_s
        if part.aligner is not None:
            part.lane.append(part.aligner.finish())
            part.aligner = None
        part.live = False
        self._warn(part, WarningKind.DEVICE_LOST, message)

    def closed(self, number: int) -> None:
        """A device was closed on purpose, to be opened again at once."""
        part = self._parts[number]
        if part.aligner is not None:
            part.lane.append(part.aligner.finish())
            part.aligner = None

    def slept(self, gap_s: float) -> None:
        """The computer or the program stood still; the call's clock did as well."""
        self._news.append(
            AudioWarning(
                WarningKind.CLOCK_JUMP,
                f"this computer slept or stood still for {gap_s:.1f} s; the call's clock leaves them out",
                at_sample=self._position,
                detail={"gap_s": round(gap_s, 3)},
            )
        )

    def pause(self) -> None:
        """From now on only silence comes out, also in place of what was heard and not yet handed on."""
        if self._paused:
            return
        self._paused = True
        self._silent_until = math.inf
        for part in self._parts:
            part.lane.forget()
        self._news.append(Paused(self._position))

    def resume(self, now_s: float) -> None:
        """Listen again to what is said from now on."""
        if not self._paused:
            return
        self._paused = False
        heard_s = self._call_s(now_s) if self.started else 0.0
        self._silent_until = max(self._position, round((heard_s + RESUME_GUARD_S) * SAMPLE_RATE_HZ))
        self._news.append(Resumed(self._position))

    def report(self, event: Event) -> None:
        """Put an incident into the next tick."""
        self._news.append(event)

    def advance(self, now_s: float) -> list[Tick]:
        """The ticks that are ready at ``now_s``."""
        ticks: list[Tick] = []
        while self._is_due(now_s):
            ticks.append(self._tick())
        return ticks

    def finish(self) -> list[Tick]:
        """The last ticks: all that was heard, the last one filled up with silence. Nothing may be pushed after it."""
        for number in range(len(self._parts)):
            self.closed(number)
        ticks: list[Tick] = []
        while any(part.lane.end > self._position for part in self._parts):
            ticks.append(self._tick())
        if self._news:
            ticks.append(tuple(self._news))
            self._news = []
        return ticks

    def _call_s(self, monotonic_s: float) -> float:
        assert self._origin_s is not None
        return monotonic_s - self._origin_s

    def _is_due(self, now_s: float) -> bool:
        if self._origin_s is None:
            return False
        end = self._position + TICK
        behind = [part for part in self._parts if part.lane.end < end]
        if any(part.live and part.patient and part.delivers for part in behind):
            return False
        # A device that is gone, not there yet, or stands still while nothing plays is silent when the clock says so.
        return not behind or self._call_s(now_s) >= end / SAMPLE_RATE_HZ + LATE_S

    def _tick(self) -> Tick:
        start = self._position
        frames: list[AudioFrame] = []
        for part in self._parts:
            part.lane.fill_to(start + TICK)
            samples = part.lane.take(TICK)
            if start < self._silent_until:
                samples = self._silenced(samples, start)
            for column, number in enumerate(part.channels):
                own = np.ascontiguousarray(samples[:, column])
                self._measure(number, own)
                frames.append(AudioFrame(number, start, own))
        self._position += TICK
        news, self._news = self._news, []
        return (*news, *sorted(frames, key=lambda frame: frame.channel))

    def _silenced(self, samples: Packed, start: int) -> Packed:
        silent = samples.copy()
        silent[: int(min(self._silent_until - start, TICK))] = 0.0
        return silent

    def _measure(self, number: int, samples: Packed) -> None:
        share = TICK / SAMPLE_RATE_HZ / LEVEL_S
        power = float(np.dot(samples, samples)) / len(samples)
        self._power[number] += share * (power - self._power[number])

    def _is_back(self, part: _Part) -> None:
        if not part.live:
            part.live = True
            self._warn(part, WarningKind.DEVICE_RETURNED, "the device is back and is listened to again")

    def _report(self, part: _Part, call_s: float, *, leapt: bool) -> None:
        """Tell of overruns and leaps, at once and then no more often than every ten seconds."""
        if part.overruns and self._may_tell(part, WarningKind.OVERRUN, call_s):
            message = f"{part.overruns} overrun(s): sound was lost because the computer was too busy to take it"
            self._warn(part, WarningKind.OVERRUN, message, overruns=float(part.overruns))
            part.overruns = 0
        if leapt and self._may_tell(part, WarningKind.CLOCK_JUMP, call_s):
            done = "filled with silence" if part.leapt_s > 0 else "cut out"
            message = f"the device's clock leapt by {abs(part.leapt_s) * 1000:.0f} ms, which were {done}"
            self._warn(part, WarningKind.CLOCK_JUMP, message, leapt_s=round(part.leapt_s, 4))
            part.leapt_s = 0.0

    def _may_tell(self, part: _Part, kind: WarningKind, call_s: float) -> bool:
        if call_s - part.told_s.get(kind, -math.inf) < REPEAT_S:
            return False
        part.told_s[kind] = call_s
        return True

    def _warn(self, part: _Part, kind: WarningKind, message: str, **detail: float) -> None:
        at = max(self._position, part.lane.end)
        self._news.append(AudioWarning(kind, message, part.channel, at, detail))


def _dbfs(power: float) -> float:
    return max(SILENT_DBFS, 10 * math.log10(power)) if power > 0 else SILENT_DBFS
