"""The models that callcore ships: a support vector machine for every label over weighted n-grams.

An n-gram counts by its inverse document frequency, and a text is divided by its length in these weights, so that the
graph is one sum of table rows and one division. What other networks reach is in compare.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.svm import LinearSVC

from models.training.understand.grams import Floats, Rows, counted, inverse_frequencies
from models.training.understand.heads import NO_TARGET

FEWEST = 5  #: texts that must have a label for it to be learned


@dataclass(frozen=True, slots=True)
class Linear:
    """``table``: what each n-gram adds to each label, shape (n-grams + 1, labels), row 0 zero; ``offsets``: (labels,).

    ``squares``: squared weight of each n-gram, shape (n-grams + 1,).
    """

    table: Floats
    offsets: Floats
    squares: Floats

    def margins(self, rows: Sequence[Rows]) -> Floats:
        """Shape (texts, labels)."""
        counts = counted(rows, len(self.squares) - 1)
        norms = np.sqrt(np.maximum(counts @ self.squares, 1e-6))
        return np.asarray((counts @ self.table) / norms[:, None] + self.offsets, dtype=np.float32)


def learn(rows: Sequence[Rows], wanted: Floats, weights: Floats, vocabulary: int, c: float, seed: int) -> Linear:
    """One machine a label, from the texts of which somebody has said whether it holds.

    ``wanted``, ``weights``: (texts, labels); ``c``: of the machines.
    """
    counts = counted(rows, vocabulary)
    frequencies = inverse_frequencies(counts)
    norms = np.sqrt(np.maximum(counts @ frequencies**2, 1e-6))
    inputs = sparse.csr_matrix(sparse.diags(1.0 / norms) @ counts @ sparse.diags(frequencies))
    table = np.zeros((vocabulary + 1, wanted.shape[1]), dtype=np.float32)
    offsets = np.full(wanted.shape[1], -1.0, dtype=np.float32)
    for label in range(wanted.shape[1]):
        known = wanted[:, label] != NO_TARGET
        aims = wanted[known, label] == 1
        if aims.sum() < FEWEST or aims.all():
            continue
        machine = LinearSVC(C=c, random_state=seed).fit(inputs[known], aims, sample_weight=weights[known, label])
        table[:, label] = machine.coef_[0] * frequencies
        offsets[label] = machine.intercept_[0]
    return Linear(table, offsets, frequencies**2)


def pruned(model: Linear, most: int) -> tuple[Linear, npt.NDArray[np.int64]]:
    """The model with the ``most`` n-grams that count most, and their places among the n-grams, counted from 0.

    An n-gram counts by the length of its weights and the root of how often it occurs.
    """
    frequencies = np.sqrt(model.squares[1:])
    value = np.linalg.norm(model.table[1:], axis=1) * np.exp(-frequencies / 2)
    kept = np.sort(np.argsort(-value, kind="stable")[:most])
    rows = np.concatenate([[0], kept + 1])
    return Linear(model.table[rows], model.offsets, model.squares[rows]), kept
