"""The taggers of secrets in onnxruntime: one folder, one model (docs/understanding-models.md).

The graph gets the rows of every character and answers with a calibrated logit a label for those of the turn; softmax
is applied here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from callcore.engines.onnx_session import open_session
from callcore.engines.text_model import CARD_FILE, GRAMS_FILE, GRAPH_FILE, FileEntry
from callcore.errors import ModelCorrupt, ModelNotFound

Float32 = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int32]
Grams = npt.NDArray[np.uint32]
_HINT = "Install callcore again."


class TagCard(BaseModel):
    """``model.json``: what a program must know of a tagger."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: int = Field(ge=1, le=1)
    name: str
    version: str
    features: int
    labels: tuple[str, ...] = Field(min_length=2)  #: in the order of the graph's output; the first is "none"
    characters: str  #: those that the model knows, each once
    files: Mapping[str, FileEntry]


class OnnxTagModel:
    """Weights loaded once; read-only, so safe to share between threads."""

    def __init__(self, folder: Path, features: int) -> None:
        """Load the model in ``folder``. ``features``: version of the features that it will be given.

        Raises :class:`ModelNotFound` where there is none, and :class:`ModelCorrupt` where a file is missing, differs
        from its checksum or was made for other features.
        """
        self.card = _read_card(folder, features)
        graph, grams = (_checked(folder / name, self.card) for name in (GRAPH_FILE, GRAMS_FILE))
        if not grams or len(grams) % 4:
            raise ModelCorrupt(f"{folder / GRAMS_FILE} is no table of grams.", _HINT)
        self._grams: Grams = np.frombuffer(grams, dtype="<u4").astype(np.uint32)
        self._session = open_session(graph, f"{folder}: no usable ONNX model", _HINT)
        inputs = [node.name for node in self._session.get_inputs()]
        shape = self._session.get_outputs()[0].shape
        if inputs != ["rows", "start"] or shape[1:] != [len(self.card.labels)]:
            raise ModelCorrupt(f"{folder}: the graph is no tagger of the labels in {CARD_FILE}.", _HINT)

    @property
    def version(self) -> str:
        """Name and version, as results cite it."""
        return f"{self.card.name}@{self.card.version}"

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
        likely: Float32 = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
        return likely


def _read_card(folder: Path, features: int) -> TagCard:
    file = folder / CARD_FILE
    if not file.is_file():
        raise ModelNotFound(f"no tagger of secrets at {folder}.", _HINT)
    try:
        card = TagCard.model_validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        raise ModelCorrupt(f"{file} is no card of a tagger ({type(error).__name__}).", _HINT) from error
    if card.features != features:
        raise ModelCorrupt(f"{folder} was made for features {card.features}, not {features}.", _HINT)
    return card


def _checked(file: Path, card: TagCard) -> bytes:
    """Content of a file of the model, compared with its checksum."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ModelCorrupt(f"{file} cannot be read ({type(error).__name__}).", _HINT) from error
    entry = card.files.get(file.name)
    if entry is None or hashlib.sha256(content).hexdigest() != entry.sha256:
        raise ModelCorrupt(f"{file} differs from its checksum.", _HINT)
    return content
