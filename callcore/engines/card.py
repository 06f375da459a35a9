"""The folder of a small model: its card, ``model.json``, and files that must be those which the card names."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, TypeVar

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from callcore.errors import ModelCorrupt, ModelNotFound

CARD_FILE = "model.json"
GRAPH_FILE = "model.onnx"
GRAMS_FILE = "grams.bin"
HINT = "Install callcore again."


class FileEntry(BaseModel):
    """Size in bytes and SHA-256 of one file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: int = Field(gt=0)
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Card(BaseModel):
    """What every card says. ``features``: version of the features that the model was made for."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: int = Field(ge=1, le=1)
    name: str
    version: str
    features: int

    @property
    def source(self) -> str:
        """Name and version, as results cite it."""
        return f"{self.name}@{self.version}"


class FiledCard(Card):
    """The card of a model whose weights stand in files beside it."""

    files: Mapping[str, FileEntry]


C = TypeVar("C", bound=Card)


def read_card(folder: Path, form: type[C], features: int, what: str) -> C:
    """The card of the model in ``folder``. ``what``: the kind of model, in words.

    Raises :class:`ModelNotFound` where there is none, and :class:`ModelCorrupt` where it cannot be read or the model
    was made for other ``features``.
    """
    file = folder / CARD_FILE
    if not file.is_file():
        raise ModelNotFound(f"no {what} at {folder}.", HINT)
    try:
        card = form.model_validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        raise ModelCorrupt(f"{file} is no card of a {what} ({type(error).__name__}).", HINT) from error
    if card.features != features:
        raise ModelCorrupt(f"{file} was made for features {card.features}, not {features}.", HINT)
    return card


def gram_table(folder: Path, card: FiledCard) -> npt.NDArray[np.uint32]:
    """Checksums of the grams that a model knows, shape (n,).

    Raises :class:`ModelCorrupt` where there is no such table.
    """
    content = checked(folder / GRAMS_FILE, card)
    if not content or len(content) % 4:
        raise ModelCorrupt(f"{folder / GRAMS_FILE} is no table of n-grams.", HINT)
    return np.frombuffer(content, dtype="<u4").astype(np.uint32)


def rows_of(grams: npt.NDArray[np.uint32], known: npt.NDArray[np.uint32]) -> npt.NDArray[np.intp]:
    """Place of each n-gram in ``known``, ascending and not empty, counted from 1; 0 where it is not there, or is 0."""
    places = known.searchsorted(grams)
    found: npt.NDArray[np.intp] = (places + 1) * ((known.take(places, mode="clip") == grams) & (grams > 0))
    return found


def checked(file: Path, card: FiledCard) -> bytes:
    """Content of a file of the model. Raises :class:`ModelCorrupt` where it is not the one that the card names."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ModelCorrupt(f"{file} cannot be read ({type(error).__name__}).", HINT) from error
    entry = card.files.get(file.name)
    if entry is None or hashlib.sha256(content).hexdigest() != entry.sha256:
        raise ModelCorrupt(f"{file} differs from its checksum.", HINT)
    return content
