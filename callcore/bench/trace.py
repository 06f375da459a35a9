"""What a call asks of the recogniser, and when: recorded once, replayed in simulations any number of times. No I/O."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from callcore.bench.metrics import measure_call
from callcore.bench.protocol import ShownLog
from callcore.bench.reference import Reference
from callcore.bench.view import CallView
from callcore.engines.base import Recogniser
from callcore.pipeline import CallPipeline
from callcore.types import (
    AudioFrame,
    DecodeRequest,
    DecodeResult,
    Effort,
    Final,
    Output,
    Rejected,
    RequestKind,
    seconds,
)

STAMP_S = 1e-6  #: what is shown at one moment for several reasons is told apart by so much


@dataclass(frozen=True, slots=True)
class TracedRequest:
    """A request of a call. Times in seconds of the call."""

    at_s: float  #: when it was made, answers taking no time
    kind: RequestKind
    channel: int
    segment: str
    start_s: float
    end_s: float
    window_s: float  #: that the recogniser decodes for it, padding included
    first: bool = False
    after: int | None = None  #: index of the request whose answer led to this one; None = the audio did
    commits: tuple[float, ...] = ()  #: ends of the words that its answer commits
    ends_s: float | None = None  #: end of the turn that its answer makes final; None = of no turn


@dataclass(frozen=True, slots=True)
class CallTrace:
    """A call as the scheduler sees it."""

    length_s: float
    requests: tuple[TracedRequest, ...]

    def as_json(self) -> dict[str, Any]:
        """All fields, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> CallTrace:
        """The inverse of :meth:`as_json`. Raises ``KeyError``, ``TypeError`` or ``ValueError`` on anything else."""
        requests = (
            TracedRequest(**{**one, "kind": RequestKind(one["kind"]), "commits": tuple(one["commits"])})
            for one in values["requests"]
        )
        return cls(float(values["length_s"]), tuple(requests))


def record_trace(
    pipeline: CallPipeline, frames: Iterable[AudioFrame], engine: Recogniser, reference: Reference
) -> CallTrace:
    """Follow a call with answers that take no time, and note its requests.

    Which request commits a word, or makes a turn final, is found as a real run is measured: against ``reference``. A
    segment whose speculative answer came in time asks for no final, which on a busy machine it would: the trace holds a
    FINAL request for every segment. Raises :class:`EngineError`.
    """
    recording = _Recording(pipeline, engine)
    recording.take(pipeline.start(), 0.0, None)
    end_s = 0.0
    for frame in frames:
        end_s = max(end_s, seconds(frame.end_sample))
        recording.take(pipeline.push(frame), end_s, None)
    recording.take(pipeline.finish(), end_s, None)
    return CallTrace(end_s, recording.requests_for(reference))


class _Recording:
    def __init__(self, pipeline: CallPipeline, engine: Recogniser) -> None:
        self._pipeline = pipeline
        self._engine = engine
        self._requests: list[TracedRequest] = []
        self._stamp = 0.0
        self._causes: list[tuple[float, int]] = []  # stamp -> index of the request whose answer was shown then
        self._log = ShownLog(lambda: self._stamp)
        self._view = CallView(self._log)

    def take(self, outputs: Iterable[Output], now_s: float, cause: int | None) -> None:
        """Note events against the request that caused them; answer requests at once."""
        for output in outputs:
            if isinstance(output, DecodeRequest):
                self._answer(output, now_s, cause)
                continue
            if isinstance(output, Final | Rejected):
                cause = self._last_final(output.segment_id, now_s)
            if cause is not None:
                self._stamp = max(now_s, self._stamp) + STAMP_S
                self._causes.append((self._stamp, cause))
            self._view.take(output)

    def requests_for(self, reference: Reference) -> tuple[TracedRequest, ...]:
        """The requests, each with the words that its answer committed and the end of the turn that it made final."""
        metrics = measure_call("trace", self._log, reference)
        commits: dict[int, list[float]] = defaultdict(list)
        for word in metrics.words:
            if word.commit_s is not None and (index := self._cause(word.end_s + word.commit_s)) is not None:
                commits[index].append(word.end_s)
        ends = {
            index: turn.end_s
            for turn in metrics.turns
            if turn.finalisation_s is not None and (index := self._cause(turn.end_s + turn.finalisation_s)) is not None
        }
        return tuple(
            replace(request, commits=tuple(commits[index]), ends_s=ends.get(index))
            for index, request in enumerate(self._requests)
        )

    def _cause(self, at_s: float) -> int | None:
        """The request whose answer was shown at a moment that a stamp was given for."""
        place = bisect_left(self._causes, (at_s - STAMP_S / 2, -1))
        if place == len(self._causes) or abs(self._causes[place][0] - at_s) > STAMP_S / 2:
            return None
        return self._causes[place][1]

    def _answer(self, request: DecodeRequest, now_s: float, cause: int | None) -> None:
        if cause is None and request.kind is RequestKind.FINAL and request.effort != Effort():
            cause = self._last_final(request.segment_id, now_s)  # the speculative answer was refused
        (result,) = self._engine.decode([request])
        index = len(self._requests)
        self._requests.append(_traced(request, result, now_s, cause))
        self.take(self._pipeline.deliver(result), now_s, index)

    def _last_final(self, segment_id: str, now_s: float) -> int | None:
        """The newest FINAL request of a segment. Where there is none it is made of the newest SPECULATIVE one."""
        speculative = None
        for index in range(len(self._requests) - 1, -1, -1):
            request = self._requests[index]
            if request.segment != segment_id:
                continue
            if request.kind is RequestKind.FINAL:
                return index
            if request.kind is RequestKind.SPECULATIVE and speculative is None:
                speculative = request
        if speculative is None:
            return None
        self._requests.append(replace(speculative, at_s=now_s, kind=RequestKind.FINAL, after=None, commits=()))
        return len(self._requests) - 1


def _traced(request: DecodeRequest, result: DecodeResult, now_s: float, cause: int | None) -> TracedRequest:
    return TracedRequest(
        at_s=now_s,
        kind=request.kind,
        channel=request.channel,
        segment=request.segment_id,
        start_s=seconds(request.start_sample),
        end_s=seconds(request.end_sample),
        window_s=result.window_s or seconds(len(request.audio)),
        first=request.first,
        after=cause,
    )
