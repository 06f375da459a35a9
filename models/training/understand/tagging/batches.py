"""Examples as the tensors that the network learns from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from callcore.understand.entities.spoken import Spoken, plain_words
from callcore.understand.entities.tagger import KINDS
from callcore.understand.tag_features import BEFORE, FIXED, UNKNOWN_PAIR, UNKNOWN_WORD, Said, Vocabulary, rows
from models.training.understand.tagging.examples import Example

LABELS = ("none", *KINDS)
LONGEST = 320  #: characters of a turn that is learned from
FORGETFUL, FORGOTTEN = 0.5, 0.15  #: share of the turns that have grams forgotten, and of these grams
ROOM = 9000  #: positions of a batch


@dataclass(frozen=True, slots=True)
class Batch:
    """``rows`` (turns, positions, columns); ``before``, ``said``, ``weights`` (turns, positions, 1); ``allowed``
    (turns, positions, labels): labels that would be right.
    """

    rows: Tensor
    before: Tensor
    said: Tensor
    weights: Tensor
    allowed: Tensor


def said_of(text: str) -> Said:
    """A text as the tagger gets it."""
    spoken = Spoken.of(plain_words(text))
    return Said(spoken.raw, spoken.text)


def grouped(examples: Sequence[Example], random: Random) -> list[list[Example]]:
    """Examples in batches of turns of about the same length, the batches in an order of chance."""
    usable = [one for one in examples if 0 < len(one.text) <= LONGEST and one.text == " ".join(one.text.split())]
    usable.sort(key=lambda one: _size(one) + random.random() * 8)
    groups: list[list[Example]] = [[]]
    for one in usable:
        if groups[-1] and _size(one) * (len(groups[-1]) + 1) > ROOM:
            groups.append([])
        groups[-1].append(one)
    random.shuffle(groups)
    return groups


def _size(one: Example) -> int:
    return len(one.text) + min(len(one.before), BEFORE) + 1


def batch(group: Sequence[Example], known: Vocabulary, random: Random | None = None) -> Batch:
    """Some examples side by side. ``random``: for grams to be forgotten, where they are learned from."""
    made = [rows(said_of(one.before), said_of(one.text), one.speaker, known) for one in group]
    longest = max(len(found) for found, _ in made)
    shape = (len(group), longest)
    table = np.zeros((*shape, made[0][0].shape[1]), dtype=np.int64)
    before, said, weights = (np.zeros((*shape, 1), dtype=np.float32) for _ in range(3))
    allowed = np.zeros((*shape, len(LABELS)), dtype=bool)
    allowed[:, :, 0] = True
    for i, (one, (found, start)) in enumerate(zip(group, made, strict=True)):
        size = len(found)
        if random is not None and random.random() < FORGETFUL:
            _forget(found, random)
        table[i, :size] = found
        before[i, :start] = 1
        said[i, start:size] = 1
        weights[i, start:size] = one.weight
        for mark in one.marks:
            place = slice(start + mark.start, start + mark.end)
            if mark.kinds:
                allowed[i, place, 0] = False
                for kind in mark.kinds:
                    allowed[i, place, LABELS.index(kind)] = True
            else:
                allowed[i, place] = True
    return Batch(*map(torch.from_numpy, (table, before, said, weights, allowed)))


def _forget(found: npt.NDArray[np.int32], random: Random) -> None:
    """Some pairs and words of a turn as if they were not known, each of them everywhere or nowhere."""
    for column, unknown in ((1, UNKNOWN_PAIR), (2, UNKNOWN_WORD)):
        for row in set(found[:, column].tolist()):
            if row >= FIXED and random.random() < FORGOTTEN:
                found[found[:, column] == row, column] = unknown
