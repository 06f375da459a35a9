"""What a call asks of the recogniser, and when: recorded once, replayed in simulations any number of times. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from callcore.engines.base import Recogniser
from callcore.pipeline import CallPipeline
from callcore.types import (
    AudioFrame,
    DecodeRequest,
    DecodeResult,
    Effort,
    Final,
    Output,
    Partial,
    Rejected,
    RequestKind,
    seconds,
)


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
    ends_s: float | None = None  #: FINAL: end of the last word; None = no final came of it


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


def record_trace(pipeline: CallPipeline, frames: Iterable[AudioFrame], engine: Recogniser) -> CallTrace:
    """Follow a call with answers that take no time, and note its requests.

    A segment whose speculative answer came in time asks for no final, which on a busy machine it would: the trace holds
    a FINAL request for every segment. Raises :class:`EngineError`.
    """
    recording = _Recording(pipeline, engine)
    recording.take(pipeline.start(), 0.0, None)
    end_s = 0.0
    for frame in frames:
        end_s = max(end_s, seconds(frame.end_sample))
        recording.take(pipeline.push(frame), end_s, None)
    recording.take(pipeline.finish(), end_s, None)
    return CallTrace(end_s, tuple(recording.requests))


class _Recording:
    def __init__(self, pipeline: CallPipeline, engine: Recogniser) -> None:
        self._pipeline = pipeline
        self._engine = engine
        self.requests: list[TracedRequest] = []
        self._committed: dict[str, int] = {}

    def take(self, outputs: Iterable[Output], now_s: float, cause: int | None) -> None:
        """Note events against the request that caused them; answer requests at once."""
        for output in outputs:
            if isinstance(output, Partial) and cause is not None:
                self._commit(output, cause)
            elif isinstance(output, Final):
                self._finish(output, now_s)
            elif isinstance(output, Rejected):
                self._last_final(output.segment_id, now_s)
            elif isinstance(output, DecodeRequest):
                self._answer(output, now_s, cause)

    def _answer(self, request: DecodeRequest, now_s: float, cause: int | None) -> None:
        if cause is None and request.kind is RequestKind.FINAL and request.effort != Effort():
            cause = self._last_final(request.segment_id, now_s)  # the speculative answer was refused
        (result,) = self._engine.decode([request])
        index = len(self.requests)
        self.requests.append(_traced(request, result, now_s, cause))
        self.take(self._pipeline.deliver(result), now_s, index)

    def _commit(self, partial: Partial, cause: int) -> None:
        known = self._committed.get(partial.segment_id, 0)
        new = tuple(seconds(word.end_sample) for word in partial.stable[known:])
        self._committed[partial.segment_id] = known + len(new)
        self._note(cause, new)

    def _finish(self, final: Final, now_s: float) -> None:
        """What partials had not committed, the last FINAL request of the segment commits."""
        known = self._committed.get(final.segment_id, 0)
        index = self._last_final(final.segment_id, now_s)
        if index is not None:
            self._note(index, tuple(seconds(word.end_sample) for word in final.words[known:]))
            self.requests[index] = replace(self.requests[index], ends_s=seconds(final.words[-1].end_sample))

    def _last_final(self, segment_id: str, now_s: float) -> int | None:
        """The newest FINAL request of a segment. Where there is none it is made of the newest SPECULATIVE one."""
        speculative = None
        for index in range(len(self.requests) - 1, -1, -1):
            request = self.requests[index]
            if request.segment != segment_id:
                continue
            if request.kind is RequestKind.FINAL:
                return index
            if request.kind is RequestKind.SPECULATIVE and speculative is None:
                speculative = request
        if speculative is None:
            return None
        self.requests.append(replace(speculative, at_s=now_s, kind=RequestKind.FINAL, after=None, commits=()))
        return len(self.requests) - 1

    def _note(self, index: int, ends: tuple[float, ...]) -> None:
        request = self.requests[index]
        self.requests[index] = replace(request, commits=(*request.commits, *ends))


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
