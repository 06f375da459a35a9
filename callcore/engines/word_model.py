"""Linear models over how a call is worded, with more weights than a card can hold.

The folder holds ``model.json`` (:class:`WordCard`), ``grams.bin`` (checksums of the n-grams, ascending, uint32) and
``weights.bin`` (int8, shape (views, n-grams, answers of all questions), little endian). A weight is its byte times the
scale of its answer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import Field

from callcore.engines.card import HINT, FiledCard, checked, gram_table, read_card, rows_of
from callcore.errors import ModelCorrupt

WEIGHTS_FILE = "weights.bin"


def weighed(counts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Values of n-grams by the number of turns that hold them: of length 1 together, as many count less."""
    values = 1 + np.log(counts)
    return np.asarray(values / max(float(np.linalg.norm(values)), 1e-9))


class WordCard(FiledCard):
    """``model.json``. ``heads``: answers by question; ``bias`` and ``scale``: of all answers in their order."""

    views: int = Field(ge=1)
    heads: Mapping[str, tuple[str, ...]] = Field(min_length=1)
    bias: tuple[float, ...]
    scale: tuple[float, ...]


class LinearWordModel:
    """A :class:`~callcore.tickets.wording.WordModel`. Read-only; calls share it."""

    def __init__(self, folder: Path, features: int) -> None:
        """Load what is in ``folder``.

        Raises :class:`ModelNotFound`, and :class:`ModelCorrupt` where a file is missing, of another shape than the card
        says, differs from its checksum or was made for other ``features``.
        """
        self.card: WordCard = read_card(folder, WordCard, features, "model of wordings")
        self._grams = gram_table(folder, self.card)
        content = checked(folder / WEIGHTS_FILE, self.card)
        answers = sum(map(len, self.card.heads.values()))
        shape = (self.card.views, len(self._grams), answers)
        if len(content) != math.prod(shape) or not len(self.card.bias) == len(self.card.scale) == answers:
            raise ModelCorrupt(f"{folder / WEIGHTS_FILE} is not of the shape that the card says.", HINT)
        self._weights = np.frombuffer(content, dtype=np.int8).reshape(shape)
        self._bias, self._scale = np.array(self.card.bias), np.array(self.card.scale)

    def sums(self, wording: Sequence[Mapping[int, int]]) -> dict[str, dict[str, float]]:
        """What speaks for each answer: by question, then by answer. ``wording``: a mapping for each of the views."""
        whole = np.zeros(len(self._bias))
        for counts, weights in zip(wording, self._weights, strict=True):
            rows, values = self._known(counts)
            whole += values @ weights[rows].astype(np.float64)
        answers = iter((self._bias + whole * self._scale).tolist())
        return {name: {label: next(answers) for label in labels} for name, labels in self.card.heads.items()}

    def _known(self, counts: Mapping[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """Rows of the n-grams that the model knows, and their values."""
        grams = np.fromiter(counts, dtype=np.uint32, count=len(counts))
        rows = rows_of(grams, self._grams)
        known = rows > 0
        values = weighed(np.fromiter(counts.values(), dtype=np.float64, count=len(counts))[known])
        return rows[known] - 1, values
