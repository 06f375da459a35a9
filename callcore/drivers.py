"""Who does the work a pipeline asks for: ``run_inline`` at once, one request after the other; ``run_bulk`` in batches
of equal windows on several threads. Both give the same events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

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

Warnings = Callable[[], Sequence[AudioWarning]]  #: asked once all frames were read
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


@dataclass(slots=True)
class _Round:
    """Requests decoded together."""

    requests: list[DecodeRequest]
    futures: list[Future[list[DecodeResult]]] = field(default_factory=list)

    @property
    def ready(self) -> bool:
        return all(future.done() for future in self.futures)


class BulkDriver:
    """Batches of the requests of one call, decoded by a thread pool that several calls may share."""

    def __init__(self, engine: Recogniser, pool: ThreadPoolExecutor, group_s: float) -> None:
        """``group_s``: seconds of speech gathered before they are decoded; bounds the memory held for one call."""
        self._engine = engine
        self._pool = pool
        self._group_samples = round(group_s * SAMPLE_RATE_HZ)
        self._gathered: list[DecodeRequest] = []
        self._gathered_samples = 0
        self._rounds: list[_Round] = []

    def run(self, pipeline: CallPipeline, frames: Iterable[AudioFrame], warnings: Warnings = tuple) -> Iterator[Event]:
        """Events of a call. Audio is read on while what was gathered is decoded."""
        try:
            yield from self._take(pipeline, pipeline.start())
            for frame in frames:
                yield from self._take(pipeline, pipeline.push(frame))
                while self._rounds and (self._rounds[0].ready or len(self._rounds) > MAX_ROUNDS_AHEAD):
                    yield from self._deliver_oldest(pipeline)
            yield from self._take(pipeline, pipeline.finish(warnings()))
            while self._rounds or self._gathered:
                self._submit()
                yield from self._deliver_oldest(pipeline)
        finally:
            for waiting in self._rounds:
                for future in waiting.futures:
                    future.cancel()

    def _take(self, pipeline: CallPipeline, outputs: Iterable[Output]) -> Iterator[Event]:
        for output in outputs:
            if not isinstance(output, DecodeRequest):
                yield output
            elif output.kind is RequestKind.LANGUAGE:
                # Finals wait for the language: it is not worth gathering.
                for result in self._pool.submit(self._engine.decode, [output]).result():
                    yield from self._take(pipeline, pipeline.deliver(result))
            else:
                self._gathered.append(output)
                self._gathered_samples += len(output.audio)
        if self._gathered_samples >= self._group_samples:
            self._submit()

    def _submit(self) -> None:
        if not self._gathered:
            return
        batches = plan_batches(self._gathered, self._engine)
        futures = [self._pool.submit(self._engine.decode, batch) for batch in batches]
        self._rounds.append(_Round(self._gathered, futures))
        self._gathered, self._gathered_samples = [], 0

    def _deliver_oldest(self, pipeline: CallPipeline) -> Iterator[Event]:
        oldest = self._rounds.pop(0)
        results = {result.segment_id: result for future in oldest.futures for result in future.result()}
        # In the order of the requests, whatever the batches: so that a call gives the same events every time.
        for request in oldest.requests:
            yield from self._take(pipeline, pipeline.deliver(results[request.segment_id]))


def plan_batches(requests: Sequence[DecodeRequest], engine: Recogniser) -> list[Sequence[DecodeRequest]]:
    """``requests`` in groups of equal ``batch_key``, the costliest first; same requests, same groups.

    No group is so large that a worker would stand idle.
    """
    groups: dict[tuple[object, ...], list[DecodeRequest]] = {}
    for request in requests:
        groups.setdefault(engine.batch_key(request), []).append(request)
    fair = -(-len(requests) // engine.info.workers)
    size = max(1, min(engine.info.batch_size, fair))
    batches = [group[start : start + size] for group in groups.values() for start in range(0, len(group), size)]
    return sorted(batches, key=lambda batch: -sum(len(request.audio) for request in batch))
