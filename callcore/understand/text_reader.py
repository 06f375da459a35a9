"""A turn's words to the scores of a text model: features in, probabilities and the words that show them out."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from callcore.types import Word
from callcore.understand.base import Scores
from callcore.understand.features import Grams, See, features, without_marks
from callcore.understand.telling import Span, Telling

LEAST_SHOWN = 0.5  #: of a head's threshold: words are looked for where a label is at least so likely

#: Valence and arousal of the emotions, read off the circle of Russell, "A circumplex model of affect" (1980), for the
#: nearest of his words: at ease, pleased, (none: slightly below the middle), tense, annoyed, angry, sad.
CIRCUMPLEX: Mapping[str, tuple[float, float]] = {
    "calm": (0.3, -0.5),
    "pleased": (0.8, 0.2),
    "confused": (-0.3, 0.2),
    "anxious": (-0.5, 0.6),
    "dissatisfied": (-0.6, 0.3),
    "angry": (-0.7, 0.8),
    "disappointed": (-0.7, -0.3),
}

Float32 = npt.NDArray[np.float32]


class Network(Protocol):
    """The weights: answers to the n-grams of a text."""

    @property
    def version(self) -> str:
        """Name and version, as results cite it."""

    @property
    def thresholds(self) -> Mapping[str, float]:
        """Probability by head below which a label is left out."""

    @property
    def heads(self) -> Mapping[str, Sequence[str]]:
        """Labels by head, in the order of the answers."""

    def read(self, grams: Grams) -> tuple[Mapping[str, Sequence[float]], Float32]:
        """Calibrated probabilities by head; and what each position adds, shape (positions, labels of all heads)."""


class TextReader:
    """A :class:`~callcore.understand.base.TextModel` made of a network."""

    def __init__(self, network: Network) -> None:
        self._network = network
        labels = [(head, code) for head, codes in network.heads.items() for code in codes]
        self._columns = {label: column for column, label in enumerate(labels)}

    @property
    def version(self) -> str:
        """Name and version, as results cite it."""
        return self._network.version

    @property
    def thresholds(self) -> Mapping[str, float]:
        """Probability by head below which a label is left out."""
        return self._network.thresholds

    def score(self, words: Sequence[Word], before: str = "", see: See = features) -> Scores:  # noqa: ARG002  # before
        """Scores of a turn. What was said before is not looked at: it was read as a turn of its own."""
        text, starts = joined(words)
        seen = see(without_marks(text))
        probabilities, evidence = self._network.read(seen.grams)
        heads = {
            head: dict(zip(self._network.heads[head], values, strict=True)) for head, values in probabilities.items()
        }
        emotions = heads.get("emotion", {})
        valence, arousal = (
            sum(p * CIRCUMPLEX[emotion][i] for emotion, p in emotions.items() if emotion in CIRCUMPLEX) for i in (0, 1)
        )
        in_scope = heads.pop("in_scope", {}).get("in_scope", 1.0)

        telling = Telling(text, seen.spans)

        def shown(head: str, code: str) -> Span:
            if len(seen.spans) < 2 or heads[head][code] < LEAST_SHOWN * self.thresholds.get(head, 0.5):
                return 0, 0
            return words_of(telling.most(evidence[:, self._columns[head, code]].tolist()), starts)

        return Scores(heads, in_scope, valence, arousal, shown)


def joined(words: Sequence[Word]) -> tuple[str, list[int]]:
    """The text of the words, and where each of them starts in it; one place more, for the end."""
    text, starts = "", []
    for word in words:
        text += " " if word.space_before and text else ""
        starts.append(len(text))
        text += word.text
    return text, [*starts, len(text)]


def words_of(span: tuple[int, int], starts: Sequence[int]) -> tuple[int, int]:
    """Half-open range of the words that a range of characters touches."""
    first = bisect_right(starts, span[0]) - 1
    end = bisect_left(starts, span[1])
    return max(first, 0), max(end, first + 1)
