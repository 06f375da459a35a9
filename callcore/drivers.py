"""Who does the work a pipeline asks for: ``run_inline`` at once, one request after the other; ``run_bulk`` in batches
of equal windows on several threads. Both give the same events.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from dataclasses import dataclass

from callcore.engines.base import Recogniser
from callcore.pipeline import CallPipeline
from callcore.types import (
    SAMPLE_RATE_HZ,
    AudioFrame,
    AudioWarning,
    DecodeRequest,
    DecodeResult,
    Event,
    Output,
    RequestKind,
)

Check = Callable[[], None]  #: raises to stop
Warnings = Callable[[], Sequence[AudioWarning]]  #: asked once all frames were read
STOP_POLL_S = 0.2  #: how often a call that waits for its answers looks whether it shall stop
MAX_ROUNDS_AHEAD = 2  #: groups of audio that may wait for the engine while the file is read on


def run_inline(
    pipeline: CallPipeline, frames: Iterable[AudioFrame], engine: Recogniser, warnings: Warnings = tuple
) -> Iterator[Event]:
    """Events of a call, each request decoded at once by the caller's thread."""

    def answer(outputs: Iterable[Output]) -> Iterator[Event]:
        for output in outputs:
            if isinstance(output, DecodeRequest):
                for result in engine.decode([output]):
                    yield from answer(pipeline.deliver(result))
            else:
                yield output

    yield from answer(pipeline.start())
    for frame in frames:
        yield from answer(pipeline.push(frame))
    yield from answer(pipeline.finish(warnings()))


class DecodePool:
    """Threads that decode the requests of any number of calls, those of equal ``batch_key`` together.

    A worker takes the key with the most requests waiting, so batches grow as the backlog does and no worker stands
    idle to wait for a fuller batch. Batching never changes an answer: results do not depend on other calls.
    """

    def __init__(self, engine: Recogniser) -> None:
        self._engine = engine
        self._workers = engine.info.workers
        self._waiting: OrderedDict[tuple[object, ...], deque[_Ticket]] = OrderedDict()
        self._count = 0
        self._closed = False
        self._changed = threading.Condition()
        self._threads = [
            threading.Thread(target=self._work, name=f"decode-{number}", daemon=True) for number in range(self._workers)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, requests: Iterable[DecodeRequest]) -> list[Future[DecodeResult]]:
        """Queue requests; their answers, or :class:`EngineError`, come as futures in the same order."""
        tickets = [_Ticket(request, Future()) for request in requests]
        with self._changed:
            for ticket in tickets:
                self._waiting.setdefault(self._engine.batch_key(ticket.request), deque()).append(ticket)
            self._count += len(tickets)
            self._changed.notify_all()
        return [ticket.future for ticket in tickets]

    def close(self) -> None:
        """Cancel what waits, let running decodes end, stop the threads."""
        with self._changed:
            self._closed = True
            for group in self._waiting.values():
                for ticket in group:
                    ticket.future.cancel()
            self._waiting.clear()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while batch := self._next():
            running = [ticket for ticket in batch if ticket.future.set_running_or_notify_cancel()]
            if not running:
                continue
            try:
                results = self._engine.decode([ticket.request for ticket in running])
                answered = list(zip(running, results, strict=True))
            except Exception as error:  # whatever happened belongs to those who asked
                for ticket in running:
                    ticket.future.set_exception(error)
            else:
                for ticket, result in answered:
                    ticket.future.set_result(result)

    def _next(self) -> list[_Ticket]:
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            if self._closed:
                return []
            key = max(self._waiting, key=lambda key: len(self._waiting[key]))  # the oldest of equally full ones
            group = self._waiting[key]
            fair = -(-self._count // self._workers)  # what is left is shared among all workers
            size = min(len(group), self._engine.batch_limit(group[0].request), fair)
            batch = [group.popleft() for _ in range(size)]
            self._count -= size
            if not group:
                del self._waiting[key]
            return batch


@dataclass(frozen=True, slots=True)
class _Ticket:
    request: DecodeRequest
    future: Future[DecodeResult]


class BulkDriver:
    """Follows one call with a :class:`DecodePool`: audio is read on while what was gathered is decoded."""

    def __init__(self, pool: DecodePool, group_s: float, check: Check = lambda: None) -> None:
        """``group_s``: seconds of speech gathered before they are decoded; bounds the memory held for one call.
        ``check`` is called again and again while answers are waited for, and raises to stop.
        """
        self._pool = pool
        self._check = check
        self._group_samples = round(group_s * SAMPLE_RATE_HZ)
        self._gathered: list[DecodeRequest] = []
        self._gathered_samples = 0
        self._rounds: deque[list[Future[DecodeResult]]] = deque()

    def run(
        self, pipeline: CallPipeline, frames: Iterable[AudioFrame], warnings: Warnings = tuple
    ) -> Generator[Event, None, None]:
        """Events of a call. Raises what reading or decoding raises."""
        try:
            yield from self._take(pipeline, pipeline.start())
            for frame in frames:
                yield from self._take(pipeline, pipeline.push(frame))
                while self._rounds and (_ready(self._rounds[0]) or len(self._rounds) > MAX_ROUNDS_AHEAD):
                    yield from self._deliver_oldest(pipeline)
            yield from self._take(pipeline, pipeline.finish(warnings()))
            while self._rounds or self._gathered:
                self._submit()
                yield from self._deliver_oldest(pipeline)
        finally:
            for futures in self._rounds:
                for future in futures:
                    future.cancel()

    def _take(self, pipeline: CallPipeline, outputs: Iterable[Output]) -> Iterator[Event]:
        for output in outputs:
            if not isinstance(output, DecodeRequest):
                yield output
            elif output.kind is RequestKind.LANGUAGE:
                # Finals wait for the language: it is not worth gathering.
                (answer,) = self._pool.submit([output])
                yield from self._take(pipeline, pipeline.deliver(self._result(answer)))
            else:
                self._gathered.append(output)
                self._gathered_samples += len(output.audio)
        if self._gathered_samples >= self._group_samples:
            self._submit()

    def _submit(self) -> None:
        if self._gathered:
            self._rounds.append(self._pool.submit(self._gathered))
        self._gathered, self._gathered_samples = [], 0

    def _result(self, future: Future[DecodeResult]) -> DecodeResult:
        while not wait_for([future], STOP_POLL_S).done:
            self._check()
        return future.result()

    def _deliver_oldest(self, pipeline: CallPipeline) -> Iterator[Event]:
        # In the order of the requests, whatever the batches: so that a call gives the same events every time.
        futures = self._rounds.popleft()
        try:
            for future in futures:
                yield from self._take(pipeline, pipeline.deliver(self._result(future)))
        finally:
            for future in futures:
                future.cancel()


def _ready(futures: Iterable[Future[DecodeResult]]) -> bool:
    return all(future.done() for future in futures)
