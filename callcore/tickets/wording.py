"""How a call is worded: in how many turns each n-gram occurs, on either side and at the end.

A pure function of the call. The n-grams are those that the models of turns read (:mod:`callcore.understand.features`),
sounds among them, so that a word heard wrongly still counts in part.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from callcore.engines.card import Card
from callcore.tickets.reading import CallView, Reading
from callcore.understand.features import features, without_marks

VERSION = 1  #: of what is counted; a model made for another version is refused
VIEWS = ("customer", "agent", "end")
END = 8  #: turns, whoever speaks
FEWEST = 6  #: turns of the shortest calls that wordings are learned from; of shorter ones they tell nothing

Wording = Sequence[Mapping[int, int]]  #: for each of VIEWS: n-gram to the number of turns that hold it
Sums = Mapping[str, Mapping[str, float]]  #: by question and answer: what the wording adds to its logit


class WordModel(Protocol):
    """Weights for wordings."""

    @property
    def card(self) -> Card:
        """What it is."""

    def sums(self, wording: Wording) -> Sums:
        """What speaks for each answer to each question that the model knows."""


def wording(call: CallView) -> Wording:
    """How a call is worded, as far as it is known."""
    grams = [_grams(reading) for reading in call.readings]
    sides = zip(call.readings, grams, strict=True)
    counts: list[Counter[int]] = [Counter(), Counter(), Counter()]
    for reading, found in sides:
        for view, there in enumerate((reading.customer, reading.agent)):
            if there:
                counts[view].update(found)
    for found in grams[-END:]:
        counts[2].update(found)
    return counts


def _grams(reading: Reading) -> list[int]:
    found = np.unique(features(without_marks(reading.text)).grams)
    return [int(gram) for gram in found if gram]
