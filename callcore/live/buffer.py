"""From a thread that hears to the loop that listens: a bounded queue of ticks."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator

from callcore.types import SAMPLE_RATE_HZ, AudioFrame, AudioWarning, Tick, WarningKind


class TickBuffer:
    """Ticks go in from any thread and come out in the event loop that iterates over them.

    Holds at most ``limit_s`` seconds of audio: what comes while it is full is lost, loudly (an OVERRUN warning takes
    its place, and the pipeline puts silence there), for a machine that is so far behind will not catch up.
    """

    def __init__(self, limit_s: float) -> None:
        self._limit = round(limit_s * SAMPLE_RATE_HZ)
        self._ticks: deque[Tick] = deque()
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._arrived = asyncio.Event()
        self._waiting = 0
        self._lost = 0
        self._closed = False

    @property
    def waiting_s(self) -> float:
        """Seconds of audio that came in and were not taken yet."""
        return self._waiting / SAMPLE_RATE_HZ

    def put(self, tick: Tick) -> None:
        """Add one moment's frames and incidents. Never blocks. After :meth:`close` ticks are passed over."""
        length = _length(tick)
        with self._lock:
            if self._closed:
                return
            if length and self._waiting + length > self._limit:
                if not self._lost:
                    self._ticks.append((_overrun(tick, self._limit),))
                self._lost += length
                tick = [item for item in tick if not isinstance(item, AudioFrame)]
                length = 0
            elif length:
                self._lost = 0
            self._waiting += length
            if tick:
                self._ticks.append(tick)
        self._wake()

    def close(self) -> None:
        """No more will come; what waits is still handed out."""
        with self._lock:
            self._closed = True
        self._wake()

    async def __aiter__(self) -> AsyncIterator[Tick]:
        """Ticks in order, until the buffer is closed and empty."""
        self._loop = asyncio.get_running_loop()
        while True:
            self._arrived.clear()
            while tick := self._take():
                yield tick
            with self._lock:
                if self._closed and not self._ticks:
                    return
                if self._ticks:
                    continue
            await self._arrived.wait()

    def _take(self) -> Tick | None:
        with self._lock:
            if not self._ticks:
                return None
            tick = self._ticks.popleft()
            self._waiting -= _length(tick)
            return tick

    def _wake(self) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._arrived.set)


def _length(tick: Tick) -> int:
    return max((len(item.samples) for item in tick if isinstance(item, AudioFrame)), default=0)


def _overrun(tick: Tick, limit: int) -> AudioWarning:
    at = min(item.start_sample for item in tick if isinstance(item, AudioFrame))
    message = f"{limit / SAMPLE_RATE_HZ:.0f} s of audio wait to be heard; what comes now is lost until there is room."
    return AudioWarning(WarningKind.OVERRUN, message, at_sample=at)
