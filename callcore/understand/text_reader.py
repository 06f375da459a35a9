"""A turn's words to the scores of a text model: features in, probabilities and the words that show them out."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from callcore.types import Word
from callcore.understand.base import Scores
from callcore.understand.features import Features, Grams, See, features, without_marks

MOST_SHOWN = 3  #: labels of a head whose words are looked for

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

    def read(self, grams: Grams) -> tuple[Mapping[str, Float32], Float32]:
        """Calibrated probabilities by head; and what each position adds, shape (positions, labels of all heads)."""


class TextReader:
    """A :class:`~callcore.understand.base.TextModel` made of a network."""

    def __init__(self, network: Network) -> None:
        self._network = network
        ends = np.cumsum([0, *map(len, network.heads.values())])
        self._places = {head: int(ends[place]) for place, head in enumerate(network.heads)}

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
            head: dict(zip(self._network.heads[head], values.tolist(), strict=True))
            for head, values in probabilities.items()
        }
        emotions = heads.get("emotion", {})
        valence, arousal = (
            sum(p * CIRCUMPLEX[emotion][i] for emotion, p in emotions.items() if emotion in CIRCUMPLEX) for i in (0, 1)
        )
        in_scope = heads.pop("in_scope", {}).get("in_scope", 1.0)
        shown = self._shown(heads, evidence, seen, starts)
        return Scores(heads, in_scope, valence, arousal, shown)

    def _shown(
        self, heads: Mapping[str, Mapping[str, float]], evidence: Float32, seen: Features, starts: Sequence[int]
    ) -> dict[tuple[str, str], tuple[int, int]]:
        """The words that add most, for the labels that may be shown: likely enough, and of a head the first few."""
        if len(seen.spans) < 2:
            return {}
        likely = [
            (head, code)
            for head, options in heads.items()
            for code in _likeliest(options, self.thresholds.get(head, 0.5) / 2)[:MOST_SHOWN]
            if code != "none"
        ]
        columns = [self._places[head] + self._network.heads[head].index(code) for head, code in likely]
        shown: dict[tuple[str, str], tuple[int, int]] = {}
        for label, (first, end) in zip(likely, strongest(evidence[:, columns]), strict=True):
            shown[label] = words_of((seen.spans[first][0], seen.spans[end - 1][1]), starts)
        return shown


def _likeliest(options: Mapping[str, float], least: float) -> list[str]:
    """Those with a probability of ``least``, the likeliest first."""
    return sorted((code for code, likely in options.items() if likely >= least), key=lambda code: -options[code])


def strongest(contributions: Float32) -> list[tuple[int, int]]:
    """For each column the half-open range of rows with the largest sum after the column's mean is taken off.

    ``contributions``: shape (positions, labels), at least one position. A range is never empty.
    """
    positions = len(contributions)
    excess = contributions - contributions.mean(axis=0)
    sums = np.concatenate([np.zeros_like(excess[:1]), np.cumsum(excess, axis=0)])
    lowest = np.minimum.accumulate(sums[:-1], axis=0)
    ends = np.argmax(sums[1:] - lowest, axis=0)
    firsts = (sums[:-1] == lowest[ends, np.arange(len(ends))]).argmax(axis=0)
    # An n-gram reaches on from where it begins.
    return [(first, min(last + 2, positions)) for first, last in zip(firsts.tolist(), ends.tolist(), strict=True)]


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
