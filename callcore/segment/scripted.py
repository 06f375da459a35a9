"""A voice scorer that says what it is told: the fake for tests, without a model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from callcore.segment.events import WINDOW_SAMPLES, Float32

VOICE, NO_VOICE = 0.95, 0.02


class ScriptedScorer:
    """Gives every stream the same probabilities, whatever the audio; after the last one, :data:`NO_VOICE`."""

    def __init__(self, probabilities: Sequence[float]) -> None:
        """``probabilities``: one per window of 512 samples, from the start of the call."""
        self._probabilities = np.asarray(probabilities, dtype=np.float32)

    @classmethod
    def from_spans(cls, spans: Iterable[tuple[int, int]]) -> ScriptedScorer:
        """Voice in every window that one of ``spans``, (start, end) in samples, touches."""
        voiced = [(start // WINDOW_SAMPLES, -(-end // WINDOW_SAMPLES)) for start, end in spans]
        probabilities = np.full(max((end for _, end in voiced), default=0), NO_VOICE)
        for start, end in voiced:
            probabilities[start:end] = VOICE
        return cls(probabilities.tolist())

    def stream(self) -> ScriptedStream:
        """A fresh reading of the script."""
        return ScriptedStream(self._probabilities)


class ScriptedStream:
    """Reads the script from its start. ``calls`` and ``skipped`` tell how it was asked."""

    def __init__(self, probabilities: Float32) -> None:
        self._probabilities = probabilities
        self._position = 0
        self.calls: list[int] = []  #: number of windows of each call of :meth:`score`
        self.skipped = 0  #: windows passed over

    def score(self, windows: Float32) -> Float32:
        """The next ``len(windows)`` probabilities of the script."""
        self.calls.append(len(windows))
        start, self._position = self._position, self._position + len(windows)
        scores = np.full(len(windows), NO_VOICE, dtype=np.float32)
        told = self._probabilities[start : self._position]
        scores[: len(told)] = told
        return scores

    def skip(self, windows: Float32) -> None:
        """Pass over the next ``len(windows)`` probabilities."""
        self._position += len(windows)
        self.skipped += len(windows)
