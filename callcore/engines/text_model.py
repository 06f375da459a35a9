"""The text models of the understanding in onnxruntime: one folder, one model (docs/understanding-models.md).

The graph gets the rows of a text's known n-grams and answers with one calibrated logit a label, and with what each
position of the text adds to it by itself; softmax and sigmoid are applied here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import onnxruntime
from pydantic import Field

from callcore.engines.card import CARD_FILE, GRAPH_FILE, HINT, FiledCard, checked, gram_table, read_card, rows_of
from callcore.engines.onnx_session import open_session
from callcore.errors import ModelCorrupt

EXCLUSIVE = frozenset({"category", "caller", "emotion", "class"})  #: heads whose labels exclude each other

Float32 = npt.NDArray[np.float32]
Grams = npt.NDArray[np.uint32]


class ModelCard(FiledCard):
    """``model.json``: what a program must know of a model."""

    language: str
    heads: Mapping[str, tuple[str, ...]]  #: labels by head, in the order of the graph's output
    thresholds: Mapping[str, Annotated[float, Field(ge=0, le=1)]]


class OnnxTextModel:
    """Weights loaded once; read-only, so safe to share between threads."""

    def __init__(self, folder: Path, features: int) -> None:
        """Load the model in ``folder``. ``features``: version of the features that it will be given.

        Raises :class:`ModelNotFound` where there is none, and :class:`ModelCorrupt` where a file is missing, differs
        from its checksum or was made for other features.
        """
        self.card = read_card(folder, ModelCard, features, "text model")
        graph = checked(folder / GRAPH_FILE, self.card)
        self._known = gram_table(folder, self.card)
        self._session = _session(graph, folder)
        sizes = [len(labels) for labels in self.card.heads.values()]
        ends = np.cumsum([0, *sizes])
        self._places = {head: slice(ends[i], ends[i + 1]) for i, head in enumerate(self.card.heads)}
        if self._session.get_outputs()[0].shape != [int(ends[-1])]:
            raise ModelCorrupt(f"{folder}: the graph and {CARD_FILE} disagree on the number of labels.", HINT)

    @property
    def version(self) -> str:
        """Name and version, as results cite it."""
        return self.card.source

    @property
    def thresholds(self) -> Mapping[str, float]:
        """Probability by head below which a label is left out."""
        return self.card.thresholds

    @property
    def heads(self) -> Mapping[str, tuple[str, ...]]:
        """Labels by head, in the order of the answers."""
        return self.card.heads

    def rows(self, grams: Grams) -> npt.NDArray[np.int32]:
        """Place of each n-gram in the model's table, counted from 1; 0 where the model does not know it.

        ``grams``: shape (positions, n), uint32. The result has at least one position.
        """
        if not len(grams):
            return np.zeros((1, 1), dtype=np.int32)
        return rows_of(grams, self._known).astype(np.int32)

    def classify(self, grams: Grams) -> Mapping[str, Float32]:
        """Calibrated probabilities by head, each of shape (labels,), float32. ``grams`` as in :meth:`rows`."""
        return {head: np.array(likely, dtype=np.float32) for head, likely in self.read(grams)[0].items()}

    def read(self, grams: Grams) -> tuple[dict[str, list[float]], Float32]:
        """Probabilities by head as :meth:`classify` gives them, and what each position adds to each label by itself.

        The second is of shape (positions, labels of all heads in the card's order), float32. It is exact for what adds
        up over the n-grams; what layers make of neighbouring positions together is in no position's share.
        """
        logits, evidence = self._session.run(None, {"rows": self.rows(grams)})
        return self._probabilities(logits), evidence

    def _probabilities(self, logits: Float32) -> dict[str, list[float]]:
        sums: list[float] = logits.tolist()
        alone: list[float] = (1 / (1 + np.exp(np.minimum(-logits, 60)))).tolist()
        return {
            head: _softmax(sums[place]) if head in EXCLUSIVE else alone[place] for head, place in self._places.items()
        }


def _softmax(sums: Sequence[float]) -> list[float]:
    """Of so few numbers plain Python takes a fraction of the time of numpy."""
    largest = max(sums)
    powers = [math.exp(one - largest) for one in sums]
    total = sum(powers)
    return [power / total for power in powers]


def _session(graph: bytes, folder: Path) -> onnxruntime.InferenceSession:
    session = open_session(graph, f"{folder}: no usable ONNX model", HINT)
    if [node.name for node in session.get_inputs()] != ["rows"] or len(session.get_outputs()) != 2:
        raise ModelCorrupt(f"{folder}: the graph is not one of callcore's text models.", HINT)
    return session
