"""The model that hears a mood in a voice, run by onnxruntime (models/voice-mood, docs/mood.md)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from callcore.engines.onnx_session import open_session
from callcore.errors import ModelCorrupt, ModelNotFound

RECORD_FILE = "model.json"
AGAIN = "The bundled files were changed or not unpacked whole: install callcore again."


class _Record(BaseModel):
    """model.json: what the weights are and what they answer with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: str
    file: str = Field(pattern=r"^[\w.-]+\.onnx$")
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    measures: tuple[str, ...]
    labels: tuple[str, ...] = Field(min_length=2)
    spread: dict[str, float]
    threshold: float = Field(ge=0, le=1)


class VoiceMoodModel:
    """The weights, loaded once and shared by all calls; read-only, so safe to share between threads."""

    def __init__(self, folder: Path, measures: Sequence[str]) -> None:
        """Load the model in ``folder``. ``measures``: names of those that it will be given.

        Raises :class:`ModelNotFound` when its files are not there and :class:`ModelCorrupt` when they differ from
        model.json, or are made for other measures.
        """
        self._record = _read(folder, tuple(measures))
        path = folder / self._record.file
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ModelNotFound(f"no voice model at {path}.", AGAIN) from error
        if hashlib.sha256(content).hexdigest() != self._record.sha256:
            raise ModelCorrupt(f"{path} differs from its checksum.", AGAIN)
        self._session = open_session(content, f"{path} is not a usable ONNX model", AGAIN)

    @property
    def version(self) -> str:
        """Name and version, as results cite it."""
        return f"{self._record.name}-{self._record.version}"

    @property
    def threshold(self) -> float:
        """Probability below which the label abstains."""
        return self._record.threshold

    @property
    def spread(self) -> Mapping[str, float]:
        """How far each measure of an unmoved speaker strays from stretch to stretch (standard deviation)."""
        return self._record.spread

    def score(self, deviations: Sequence[Mapping[str, float]]) -> list[tuple[dict[str, float], float, float]]:
        """For each stretch probabilities by label, valence and arousal.

        ``deviations``: by measure, its distance from the speaker's usual tone in standard deviations.
        """
        if not deviations:
            return []
        rows = np.array([[one[name] for name in self._record.measures] for one in deviations], dtype=np.float32)
        probabilities, valence, arousal = self._session.run(None, {"deviations": rows})
        return [
            (dict(zip(self._record.labels, map(float, row), strict=True)), float(pleasure), float(stir))
            for row, pleasure, stir in zip(probabilities, valence, arousal, strict=True)
        ]


def _read(folder: Path, measures: tuple[str, ...]) -> _Record:
    path = folder / RECORD_FILE
    try:
        record = _Record.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ModelNotFound(f"no voice model in {folder}.", AGAIN) from error
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, one["loc"])) or "the file" for one in error.errors())
        raise ModelCorrupt(f"{path} is wrong: {fields}.", AGAIN) from error
    if record.measures != measures or set(record.spread) != set(measures):
        raise ModelCorrupt(f"{path} is of a model for other measures than these.", AGAIN)
    if min(record.spread.values()) <= 0:
        raise ModelCorrupt(f"{path} is wrong: spread.", AGAIN)
    return record
