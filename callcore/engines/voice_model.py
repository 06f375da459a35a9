"""The model that hears a mood in a voice, run by onnxruntime (models/voice-mood, docs/mood.md)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from callcore.errors import ModelCorrupt, ModelNotFound
from callcore.understand.base import VoiceScores
from callcore.understand.mood.prosody import MEASURES

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

    def __init__(self, folder: Path) -> None:
        """Load the model in ``folder``.

        Raises :class:`ModelNotFound` when its files are not there and :class:`ModelCorrupt` when they differ from
        model.json, or are made for other measures.
        """
        self._record = _read(folder)
        path = folder / self._record.file
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ModelNotFound(f"no voice model at {path}.", AGAIN) from error
        if hashlib.sha256(content).hexdigest() != self._record.sha256:
            raise ModelCorrupt(f"{path} differs from its checksum.", AGAIN)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # a few hundred multiplications
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 4  # problems are raised; nothing is printed
        try:
            self._session = onnxruntime.InferenceSession(
                content, sess_options=options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's exceptions share no base class
            raise ModelCorrupt(f"{path} is not a usable ONNX model ({type(error).__name__}).", AGAIN) from error

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

    def score(self, deviations: Sequence[Mapping[str, float]]) -> list[VoiceScores]:
        """One answer for each stretch; see :class:`~callcore.understand.base.VoiceModel`."""
        if not deviations:
            return []
        rows = np.array([[one[name] for name in MEASURES] for one in deviations], dtype=np.float32)
        probabilities, valence, arousal = self._session.run(None, {"deviations": rows})
        return [
            VoiceScores(dict(zip(self._record.labels, map(float, row), strict=True)), float(pleasure), float(stir))
            for row, pleasure, stir in zip(probabilities, valence, arousal, strict=True)
        ]


def _read(folder: Path) -> _Record:
    path = folder / RECORD_FILE
    try:
        record = _Record.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ModelNotFound(f"no voice model in {folder}.", AGAIN) from error
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, one["loc"])) or "the file" for one in error.errors())
        raise ModelCorrupt(f"{path} is wrong: {fields}.", AGAIN) from error
    if record.measures != MEASURES or set(record.spread) != set(MEASURES):
        raise ModelCorrupt(f"{path} is of a model for other measures than these.", AGAIN)
    if min(record.spread.values()) <= 0:
        raise ModelCorrupt(f"{path} is wrong: spread.", AGAIN)
    return record
