"""A recogniser that reads from a script: for tests without weights, and for demonstrations of the pipeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from callcore.engines.base import EngineInfo
from callcore.types import DecodeRequest, DecodeResult, Hypothesis, RequestKind, Word

Answer = Callable[[DecodeRequest], str]


class ScriptedEngine:
    """Answers each request with a text: from a mapping of segment ids, or from a function of the request.

    Words are spread evenly over the audio: characters for Han text, space-separated words otherwise.
    """

    def __init__(
        self,
        script: Mapping[str, str] | Answer,
        languages: frozenset[str] = frozenset({"zh"}),
        avg_logprob: float = -0.1,
        max_audio_s: float = 20.0,
    ) -> None:
        self._answer: Answer = script if callable(script) else lambda request: script.get(request.segment_id, "")
        self._avg_logprob = avg_logprob
        self._info = EngineInfo("scripted", languages, max_audio_s, 1, "cpu", "none")
        self.requests: list[DecodeRequest] = []  #: every request it was given, in order

    @property
    def info(self) -> EngineInfo:
        """Fixed facts: one worker, no batching."""
        return self._info

    def batch_key(self, request: DecodeRequest) -> tuple[object, ...]:
        """Every request stands alone."""
        return (request.segment_id, request.effort)

    def batch_limit(self, request: DecodeRequest) -> int:  # noqa: ARG002
        """One at a time."""
        return 1

    def decode(self, requests: Sequence[DecodeRequest]) -> list[DecodeResult]:
        """The scripted answers, in order."""
        self.requests.extend(requests)
        return [self._result(request) for request in requests]

    def close(self) -> None:
        """Nothing to free."""

    def _result(self, request: DecodeRequest) -> DecodeResult:
        span: dict[str, Any] = {"start_sample": request.start_sample, "end_sample": request.end_sample}
        if request.kind is RequestKind.LANGUAGE:
            share = 1 / len(self._info.languages)
            found = dict.fromkeys(sorted(self._info.languages), share)
            return DecodeResult(request.segment_id, request.kind, request.channel, language_probabilities=found, **span)
        text = self._answer(request)
        spaced = request.language == "en"
        pieces = text.split() if spaced else list(text.replace(" ", ""))
        step = len(request.audio) / max(1, len(pieces))
        words = tuple(
            Word(
                piece,
                request.start_sample + round(index * step),
                request.start_sample + round((index + 1) * step),
                0.9,
                spaced and index > 0,
            )
            for index, piece in enumerate(pieces)
        )
        hypothesis = Hypothesis(text, words, (), self._avg_logprob, 1.0, request.effort.temperature)
        language = request.language or min(self._info.languages)
        return DecodeResult(request.segment_id, request.kind, request.channel, hypothesis, language, **span)
