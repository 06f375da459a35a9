"""callcore itself as a system to be measured: the live station of this process, fed as a capture device feeds it."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from typing import Any

import callcore
from callcore.assembly import CallFacts
from callcore.bench.protocol import Frame, ShownLog
from callcore.bench.view import CallView, Ear
from callcore.config import Settings
from callcore.live.buffer import TickBuffer
from callcore.live.call import LiveCall
from callcore.live.station import LiveStation
from callcore.types import AudioWarning, Event, Rejected, WarningKind

LOSSES = {WarningKind.OVERRUN, WarningKind.GAP, WarningKind.LAGGING}  #: warnings that are faults of the system
FAILED = "engine_failed"  #: reason of a segment that was given up because its decode failed


class CallcoreSystem:
    """All calls of a run in one station, each a task of one event loop in a thread of its own."""

    name = "callcore"
    turn_finals = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.unredacted()  # words are compared with a reference, and never kept
        self._running: tuple[LiveStation, asyncio.AbstractEventLoop, threading.Thread] | None = None

    @property
    def settings(self) -> Mapping[str, Any]:
        """Version, model and all settings that change a transcript."""
        station, _ = self._started()
        return {
            "callcore": callcore.__version__,
            "model_hash": station.model.model_hash,
            "workers": station.model.engine.info.workers,
            "device": station.model.engine.info.device,
            **station.result_settings,
        }

    def start(self) -> None:
        """Load the models. Raises as :class:`~callcore.live.station.LiveStation`."""
        self._run(LiveStation(self._settings))

    def _run(self, station: LiveStation) -> None:
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, name="bench-callcore", daemon=True)
        thread.start()
        self._running = station, loop, thread

    def open_call(self, call_id: str, channel_count: int, rate_hz: int, log: ShownLog) -> CallcoreSession:
        """Admit a call. Raises :class:`~callcore.errors.Overloaded`."""
        station, loop = self._started()
        buffer = TickBuffer(self._settings.live.buffer_s)
        session = self._session_class()(buffer, Ear(channel_count, rate_hz), CallView(log))
        facts = CallFacts(call_id, call_id, tuple(range(channel_count)), channel_count, rate_hz)
        call = station.call(facts, session.take, backlog_s=lambda: buffer.waiting_s)
        session.run(call, loop)
        return session

    def _session_class(self) -> type[CallcoreSession]:
        return CallcoreSession

    def pids(self) -> Sequence[int]:
        """The process we are in: it holds the station, and the benchmark's receiving thread with it."""
        return [os.getpid()]

    def close(self) -> None:
        """Stop the workers and the loop; free the weights."""
        if self._running is None:
            return
        station, loop, thread = self._running
        self._running = None
        asyncio.run_coroutine_threadsafe(_cancel_all(), loop).result()
        station.close()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    def _started(self) -> tuple[LiveStation, asyncio.AbstractEventLoop]:
        if self._running is None:
            raise RuntimeError("the system was not started")
        return self._running[:2]


async def _cancel_all() -> None:
    """End the calls that still run (the machine refused another one, or the run was stopped)."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class CallcoreSession:
    """One call of :class:`CallcoreSystem`."""

    def __init__(self, buffer: TickBuffer, ear: Ear, view: CallView) -> None:
        self._buffer = buffer
        self._ear = ear
        self._view = view
        self._problems: list[str] = []
        self._running: Future[None] | None = None

    def run(self, call: LiveCall, loop: asyncio.AbstractEventLoop) -> None:
        """Follow the call in ``loop``."""
        self._running = asyncio.run_coroutine_threadsafe(call.run(self._buffer), loop)

    def take(self, event: Event) -> None:
        """Sink of the call's events."""
        if isinstance(event, AudioWarning) and event.kind in LOSSES:
            self._problems.append(f"{event.kind.value} at {event.at_sample}")
        elif isinstance(event, Rejected) and event.reason == FAILED:
            self._problems.append(f"segment {event.segment_id} was given up")
        self._view.take(event)

    def send(self, tick_index: int, frames: Sequence[Frame]) -> None:  # noqa: ARG002  (the protocol's name)
        """Hand a packet to the call's buffer."""
        self._buffer.put(self._ear.hear(frames))

    def finish(self) -> None:
        """The call has ended."""
        self._buffer.put(self._ear.finish())
        self._buffer.close()

    def wait(self, timeout_s: float) -> bool:
        """Wait for the call's last event."""
        assert self._running is not None
        if not wait_for([self._running], timeout_s).done:
            return False
        error = self._running.exception()
        if error is not None:
            self._problems.append(f"the call ended with {type(error).__name__}")
        return True

    def problems(self) -> Sequence[str]:
        """Audio lost, segments given up, the call ended by an error."""
        return tuple(self._problems)
