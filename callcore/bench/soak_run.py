"""Hours of live calls that come and go on one station, in real time or faster."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

from callcore.assembly import CallFacts
from callcore.bench.soak import Delay, Reading, SoakedCall
from callcore.errors import Overloaded
from callcore.live.buffer import TickBuffer
from callcore.live.call import LiveCall
from callcore.live.replay import Replay
from callcore.live.station import LiveStation
from callcore.types import (
    AudioFrame,
    AudioWarning,
    CallEnded,
    Event,
    Final,
    Partial,
    Tick,
    WarningKind,
    Word,
    seconds,
)

SHORTEST_SHARE = 0.4  #: of a recording, after which a call may hang up
LONGEST_GAP_S = 5.0  #: between two calls of a place
RETRY_S = 5.0  #: after a call was refused
LATE_END_S = 600.0  #: for the last calls to end
WORDS_PER_S = 8.0  #: more than two people say
FAULTS = frozenset({WarningKind.OVERRUN, WarningKind.GAP})


@dataclass(frozen=True, slots=True)
class SoakWishes:
    """What to run. ``calls`` 0: as many as the station admits."""

    recordings: Sequence[Path]
    calls: int
    length_s: float
    speed: float = 1.0  #: of the playing; the load grows with it
    reading_s: float = 5.0
    seed: int = 0


class DelayLog:
    """Delays of a run, in memory that is taken at the start: what is noted must not look like a leak."""

    def __init__(self, size: int) -> None:
        """``size``: delays that fit without more memory."""
        self._values = np.full((size, 2), -1.0, np.float32)
        self._count = 0

    def add(self, delay: Delay) -> None:
        """Note one."""
        if self._count == len(self._values):
            self._values = np.concatenate([self._values, np.full_like(self._values, -1.0)])
        self._values[self._count] = delay.at_s, delay.seconds
        self._count += 1

    def all(self) -> list[Delay]:
        """Everything noted, in order."""
        return [Delay(float(at_s), float(value)) for at_s, value in self._values[: self._count]]


@dataclass(slots=True)
class Soaked:
    """All that was seen."""

    places: int = 0
    readings: list[Reading] = field(default_factory=list)
    commits: DelayLog = field(default_factory=lambda: DelayLog(1))
    finals: DelayLog = field(default_factory=lambda: DelayLog(1))
    calls: list[SoakedCall] = field(default_factory=list)


async def soak(station: LiveStation, wishes: SoakWishes, told: Callable[[Reading], None] = lambda _: None) -> Soaked:
    """Run. ``told``: with each reading. Raises ``CallcoreError`` when not even one call can be run."""
    run = _Soak(station, wishes)
    places = wishes.calls or await asyncio.to_thread(admitted, station)
    expected = round(places * wishes.length_s * wishes.speed * WORDS_PER_S) + 1
    run.found.places, run.found.commits, run.found.finals = places, DelayLog(expected), DelayLog(expected)
    tasks = [asyncio.create_task(run.place(number)) for number in range(places)]
    watching = asyncio.create_task(run.watch(told))
    try:
        await asyncio.wait_for(asyncio.gather(*tasks), wishes.length_s + LATE_END_S)
    finally:
        for task in (*tasks, watching):
            task.cancel()
        await asyncio.gather(*tasks, watching, return_exceptions=True)
    return run.found


def admitted(station: LiveStation) -> int:
    """How many calls the station admits at once."""
    names: list[str] = []
    try:
        while True:
            name = f"probe-{len(names)}"
            station.scheduler.admit(name)
            names.append(name)
    except Overloaded:
        if not names:
            raise
    finally:
        for name in names:
            station.scheduler.release(name)
    return len(names)


class _Soak:
    """One run: its places, its clock."""

    def __init__(self, station: LiveStation, wishes: SoakWishes) -> None:
        self.found = Soaked()
        self._station = station
        self._wishes = wishes
        self._began = time.monotonic()
        self._process = psutil.Process()
        self._going: dict[str, LiveCall] = {}

    @property
    def now_s(self) -> float:
        """Since the start."""
        return time.monotonic() - self._began

    async def place(self, number: int) -> None:
        """Calls one after the other, of random length, with random gaps, until the time is up."""
        source = random.Random(self._wishes.seed * 10_007 + number)
        await asyncio.sleep(source.uniform(0, LONGEST_GAP_S) / self._wishes.speed)
        turn = 0
        while self.now_s < self._wishes.length_s:
            path = self._wishes.recordings[(number + turn) % len(self._wishes.recordings)]
            share = source.uniform(SHORTEST_SHARE, 1.0)
            try:
                await self._call(f"soak-{number}-{turn}", path, share)
            except Overloaded:
                await asyncio.sleep(RETRY_S / self._wishes.speed)
            turn += 1
            await asyncio.sleep(source.uniform(0, LONGEST_GAP_S) / self._wishes.speed)

    async def watch(self, told: Callable[[Reading], None]) -> None:
        """Readings of the process."""
        while True:
            await asyncio.sleep(self._wishes.reading_s)
            lag_s = max((call.status().lag_s for call in self._going.values()), default=0.0)
            if self.now_s > self._wishes.length_s:
                return  # the last calls come to their ends
            reading = Reading(self.now_s, self._process.memory_info().rss / 1e6, len(self._going), lag_s)
            self.found.readings.append(reading)
            told(reading)

    async def _call(self, call_id: str, path: Path, share: float) -> None:
        station = self._station
        buffer = TickBuffer(station.settings.live.buffer_s)
        log = _CallLog(self.found, self._began, self._wishes.speed)

        def deliver(tick: Tick) -> None:
            buffer.put(tick)
            if log.sent(tick):
                replay.stop()  # of this very thread: it ends after this tick

        replay = await asyncio.to_thread(
            Replay, path, station.settings.audio, deliver, ended=buffer.close, speed=self._wishes.speed
        )
        with replay:
            layout = replay.layout
            facts = CallFacts(call_id, path.name, layout.channels, replay.channel_count, replay.rate_hz, layout.roles)
            call = station.call(facts, log.take, backlog_s=lambda: buffer.waiting_s)
            self._going[call_id] = call
            log.begin(share * (replay.duration_s or 0.0))
            replay.start()
            try:
                await call.run(buffer)
            except Exception as error:  # the run goes on; the verdict names it
                log.problem = type(error).__name__
            finally:
                del self._going[call_id]
        log.end(call_id)


class _CallLog:
    """What is kept of one call: delays and sample counts, no words."""

    def __init__(self, found: Soaked, run_began: float, speed: float) -> None:
        self.problem = ""
        self._found = found
        self._run_began = run_began
        self._speed = speed
        self._began = 0.0
        self._hang_up_s = 0.0
        self._sent = 0
        self._heard = 0
        self._committed: dict[str, int] = {}

    def begin(self, hang_up_s: float) -> None:
        """The playing begins; the caller hangs up after ``hang_up_s`` seconds of the call."""
        self._began = time.monotonic()
        self._hang_up_s = hang_up_s

    def sent(self, tick: Tick) -> bool:
        """Count a tick; whether it was the last. In the thread that plays."""
        self._sent = max([self._sent, *(item.end_sample for item in tick if isinstance(item, AudioFrame))])
        return seconds(self._sent) >= self._hang_up_s

    def take(self, event: Event) -> None:
        """Sink of the call's events."""
        if isinstance(event, Partial):
            self._commit(event.segment_id, event.stable)
        elif isinstance(event, Final):
            self._commit(event.segment_id, event.words)
            self._found.finals.add(self._delay(event.words[-1].end_sample))
            del self._committed[event.segment_id]
        elif isinstance(event, CallEnded):
            self._heard = event.sample_count
        elif isinstance(event, AudioWarning) and event.kind in FAULTS:
            self.problem = event.kind.value

    def end(self, call_id: str) -> None:
        """The call is over."""
        started_s, ended_s = self._began - self._run_began, time.monotonic() - self._run_began
        self._found.calls.append(SoakedCall(call_id, started_s, ended_s, self._sent, self._heard, self.problem))

    def _commit(self, segment_id: str, words: Sequence[Word]) -> None:
        known = self._committed.get(segment_id, 0)
        for word in words[known:]:
            self._found.commits.add(self._delay(word.end_sample))
        self._committed[segment_id] = max(known, len(words))

    def _delay(self, end_sample: int) -> Delay:
        now = time.monotonic()
        return Delay(now - self._run_began, now - self._began - seconds(end_sample) / self._speed)
