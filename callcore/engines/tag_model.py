"""The taggers of secrets in onnxruntime: one folder, one model (docs/understanding-models.md).

The graph gets the rows of every character and answers with a calibrated logit a label for those of the turn; softmax
is applied here.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import Field

from callcore.engines.card import CARD_FILE, GRAPH_FILE, HINT, FiledCard, checked, gram_table, read_card
from callcore.engines.onnx_session import open_session
from callcore.errors import ModelCorrupt

Float32 = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int32]
Grams = npt.NDArray[np.uint32]


class TagCard(FiledCard):
    """``model.json``: what a program must know of a tagger."""

    labels: tuple[str, ...] = Field(min_length=2)  #: in the order of the graph's output; the first is "none"
    characters: str  #: those that the model knows, each once


class OnnxTagModel:
    """Weights loaded once; read-only, so safe to share between threads."""

    def __init__(self, folder: Path, features: int) -> None:
        """Load the model in ``folder``. ``features``: version of the features that it will be given.

        Raises :class:`ModelNotFound` where there is none, and :class:`ModelCorrupt` where a file is missing, differs
        from its checksum or was made for other features.
        """
        self.card = read_card(folder, TagCard, features, "tagger of secrets")
        graph = checked(folder / GRAPH_FILE, self.card)
        self._grams = gram_table(folder, self.card)
        self._session = open_session(graph, f"{folder}: no usable ONNX model", HINT)
        inputs = [node.name for node in self._session.get_inputs()]
        shape = self._session.get_outputs()[0].shape
        if inputs != ["rows", "start"] or shape[1:] != [len(self.card.labels)]:
            raise ModelCorrupt(f"{folder}: the graph is no tagger of the labels in {CARD_FILE}.", HINT)

    @property
    def version(self) -> str:
        """Name and version, as results cite it."""
        return self.card.source

    @property
    def labels(self) -> tuple[str, ...]:
        """What a character may be, in the order of the answers; the first is "none"."""
        return self.card.labels

    @property
    def characters(self) -> str:
        """The characters that the model knows, in the order of its table."""
        return self.card.characters

    @property
    def grams(self) -> Grams:
        """Checksums of the grams that the model knows, shape (n,), in the order of its table."""
        return self._grams

    def tag(self, rows: Rows, start: int) -> Float32:
        """Calibrated probabilities of shape (positions from ``start`` on, labels), float32.

        ``rows``: shape (positions, columns), int32; ``start``: where the turn begins, below the number of positions.
        """
        (logits,) = self._session.run(None, {"rows": rows, "start": np.array([start], dtype=np.int64)})
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        likely: Float32 = powers / powers.sum(axis=1, keepdims=True)
        return likely
