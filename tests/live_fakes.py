"""A live call without audio: a scripted source and a call that says what it is told."""

from __future__ import annotations

import asyncio
import threading

from callcore.live.call import LiveStatus
from callcore.types import CallEnded, CallStarted

ENDED = CallEnded(16_000, 2)
STARTED = CallStarted("c1", "call.wav", 2, 8000, "scripted", "m", "s")


class FakeSource:
    """Ends when told, or when stopped."""

    def __init__(self, error=None):
        self.error = error
        self.finished = False
        self.calls = []

    def start(self):
        self.calls.append("start")
        if self.error:
            raise self.error

    def stop(self):
        self.calls.append("stop")

    def pause(self):
        self.calls.append("pause")

    def resume(self):
        self.calls.append("resume")


class FakeBuffer:
    """Closed once."""

    def __init__(self):
        self.closed = threading.Event()

    def close(self):
        self.closed.set()


class FakeCall:
    """Says its events, waits until its audio ends, and says the rest."""

    def __init__(self, desk, events=(), last=(ENDED,), error=None):
        self.desk, self.events, self.last, self.error = desk, events, last, error
        self.paused = False
        self.hung_up = False

    async def run(self, buffer):
        for event in (STARTED, *self.events):
            self.desk(event)
        if self.error:
            raise self.error
        while not buffer.closed.is_set():
            await asyncio.sleep(0.001)
        for event in self.last:
            self.desk(event)

    def status(self):
        return LiveStatus(1.0, 0.1, {}, self.paused, revisions=0, waiting_finals=0)
