"""The words of a turn that tell most of a label: clauses and phrases, because people do not read runs of n-grams."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property

from callcore.text.chars import HAN_CHARACTER
from callcore.text.phrases import phrases
from callcore.text.sentences import clauses

LONGEST = 12  #: positions (words, Han characters) of a clause that is shown whole

Span = tuple[int, int]


class Telling:
    """Finds them in one text. ``places``: the characters of each position, half-open, in order, at least one."""

    def __init__(self, text: str, places: Sequence[Span]) -> None:
        self._text = text
        self._places = places
        self._phrases: dict[int, list[Span]] = {}

    def most(self, adds: Sequence[float]) -> Span:
        """Half-open range of characters: the clause with most of the strongest stretch; of one that is too long for a
        glance, the phrases of the stretch.

        ``adds``: what each position adds to the label.
        """
        first, end = strongest(adds)
        mean = sum(adds) / len(adds)

        def told(clause: Span) -> float:
            own = adds[max(clause[0], first) : min(clause[1], end)]
            return sum(own) - mean * len(own) if own else -math.inf

        start, stop = max(self._clauses, key=told)
        if stop - start <= LONGEST:
            return self._characters(start, stop)
        return self._whole(start, stop, self._characters(max(start, first), min(stop, end)))

    @cached_property
    def _clauses(self) -> list[Span]:
        """The clauses as half-open ranges of positions."""
        starts = [start for start, _ in self._places]
        ranges = [(bisect_left(starts, a), bisect_left(starts, b)) for a, b in clauses(self._text)]
        return [(first, end) for first, end in ranges if first < end]

    def _characters(self, first: int, end: int) -> Span:
        return self._places[first][0], self._places[end - 1][1]

    def _whole(self, first: int, end: int, span: Span) -> Span:
        """A range of characters of a clause widened to whole phrases of Mandarin; words of other languages have spaces,
        by which they are known.
        """
        if not HAN_CHARACTER.search(self._text, *span):
            return span
        start, stop = self._characters(first, end)
        if first not in self._phrases:
            self._phrases[first] = [(start + a, start + b) for a, b in phrases(self._text[start:stop])]
        touched = [(a, b) for a, b in self._phrases[first] if a < span[1] and span[0] < b]
        return touched[0][0], touched[-1][1]


def strongest(adds: Sequence[float]) -> tuple[int, int]:
    """The half-open range of positions with the largest sum after the mean is taken off.

    ``adds``: of each position, at least one. The range is never empty.
    """
    mean = sum(adds) / len(adds)
    total = lowest = 0.0  # of all so far, and what it was where it was least
    most, first, last, start = -math.inf, 0, 0, 0
    for place, value in enumerate(adds):
        total += value - mean
        if total - lowest > most:
            most, first, last = total - lowest, start, place
        if total < lowest:
            lowest, start = total, place + 1
    return first, min(last + 2, len(adds))  # an n-gram reaches on from where it begins
