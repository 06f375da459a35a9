"""Live calls in virtual time: policy, queue and cadence as in a live process, decodes that take a stated time.

Nothing here looks at a clock. The same calls, decodes and service times give the same log, to the last bit, on any
machine and however slow; so a test can hold latencies against numbers.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from typing import Any

from callcore.bench.protocol import TICK_S, ShownLog
from callcore.bench.view import CallView
from callcore.config import LiveSettings
from callcore.engines.base import Recogniser
from callcore.pipeline import CallPipeline
from callcore.scheduler.cadence import Cadence
from callcore.scheduler.queue import Batch, RequestQueue, Ticket
from callcore.types import SAMPLE_RATE_HZ, AudioFrame, DecodeRequest, Output, RequestKind


@dataclass(frozen=True, slots=True)
class ServiceTimes:
    """How long one decode takes a worker: a fixed part and one per second of audio, both in seconds.

    The defaults are about what one core of a server of 2021 takes for int8 weights of the shape "base".
    """

    greedy_s: float = 0.04
    greedy_per_s: float = 0.03
    beam_s: float = 0.07
    beam_per_s: float = 0.07

    def of(self, request: DecodeRequest) -> float:
        """Seconds one worker is busy with a request."""
        length_s = len(request.audio) / SAMPLE_RATE_HZ
        if request.kind in (RequestKind.PARTIAL, RequestKind.LANGUAGE):
            return self.greedy_s + self.greedy_per_s * length_s
        return self.beam_s + self.beam_per_s * length_s


@dataclass(slots=True)
class VirtualCall:
    """A call to be played: its frames by packet, in order, and what listens to it."""

    call_id: str
    pipeline: CallPipeline
    ticks: Iterator[Sequence[AudioFrame]]
    log: ShownLog
    offset_s: float = 0.0
    view: CallView = field(init=False)

    def __post_init__(self) -> None:
        self.view = CallView(self.log)


class VirtualClock:
    """The time that a simulation has reached, in seconds."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class VirtualStation:
    """Calls and workers on one heap of things to come."""

    def __init__(
        self, engine: Recogniser, settings: LiveSettings, clock: VirtualClock, workers: int, service: ServiceTimes
    ) -> None:
        """``clock``: the one that the logs of the calls were made with."""
        self._engine = engine
        self._clock = clock
        self._service = service
        self._queue = RequestQueue(workers, Cadence.of(settings, workers))
        self._idle = workers
        self._calls: dict[str, VirtualCall] = {}
        self._heap: list[tuple[float, int, Any]] = []  # when, order among equals, what
        self._order = itertools.count()
        self._wake_s: float | None = None

    def run(self, calls: Sequence[VirtualCall]) -> float:
        """Play all calls to their end; returns when the last answer was in. Every call's ``pipeline.done`` is true."""
        for call in calls:
            call.log.t0 = call.offset_s
            self._calls[call.call_id] = call
            self._take(call, call.pipeline.start())
            self._at(call.offset_s, (call, 0))
        while self._heap:
            at, _, what = heappop(self._heap)
            self._clock.now_s = at
            if isinstance(what, Batch):
                self._answer(what)
            elif what is not None:
                self._hear(*what)
            self._employ()
        return self._clock.now_s

    def _at(self, when_s: float, what: object) -> None:
        heappush(self._heap, (when_s, next(self._order), what))

    def _hear(self, call: VirtualCall, tick: int) -> None:
        frames = next(call.ticks, None)
        if frames is None:
            self._take(call, call.pipeline.finish())
            return
        for frame in frames:
            self._take(call, call.pipeline.push(frame))
        self._at(call.offset_s + (tick + 1) * TICK_S, (call, tick + 1))

    def _take(self, call: VirtualCall, outputs: Sequence[Output]) -> None:
        for output in outputs:
            if isinstance(output, DecodeRequest):
                key, limit = self._engine.batch_key(output), self._engine.batch_limit(output)
                ticket = Ticket(call.call_id, output, batch_key=key, batch_limit=limit)
                self._queue.submit(ticket, self._clock.now_s)
            else:
                call.view.take(output)

    def _employ(self) -> None:
        """Give idle workers what may be taken, and come back when more may be."""
        now_s = self._clock.now_s
        while self._idle and (batch := self._queue.take(now_s)):
            self._idle -= 1
            self._at(now_s + sum(self._service.of(ticket.request) for ticket in batch.tickets), batch)
        next_s = self._queue.next_s(now_s) if self._idle else None
        if next_s is not None and next_s > now_s and next_s != self._wake_s:
            self._wake_s = next_s
            self._at(next_s, None)

    def _answer(self, batch: Batch) -> None:
        self._idle += 1
        requests = [ticket.request for ticket in batch.tickets]
        results = deque(self._engine.decode(requests))
        for ticket in self._queue.done(batch, self._clock.now_s):
            result = results.popleft()
            if ticket is not None:  # a FINAL may take over the answer to a SPECULATIVE request
                call = self._calls[ticket.call_id]
                self._take(call, call.pipeline.deliver(replace(result, kind=ticket.request.kind)))
