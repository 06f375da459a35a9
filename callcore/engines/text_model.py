"""The text models of the understanding in onnxruntime: one folder, one model (docs/understanding-models.md).

The graph gets the rows of a text's known n-grams and answers with one number a label, and with what each position of
the text adds to it; softmax, sigmoid and the calibrated temperatures are applied here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import onnxruntime
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from callcore.errors import ModelCorrupt, ModelNotFound
from callcore.types import Word
from callcore.understand.base import Scores
from callcore.understand.features import VERSION, Features, Grams, features

CARD_FILE = "model.json"
GRAPH_FILE = "model.onnx"
GRAMS_FILE = "grams.bin"
EXCLUSIVE = frozenset({"category", "caller", "emotion", "class"})  #: heads whose labels exclude each other
MOST_SHOWN = 3  #: labels of a head whose words are looked for

#: Valence and arousal of the emotions, read off the circle of Russell, "A circumplex model of affect" (1980), for the
#: nearest of his words: at ease, pleased, (none: slightly below the middle), tense, annoyed, angry, sad.
CIRCUMPLEX: Mapping[str, tuple[float, float]] = {
    "calm": (0.3, -0.5),
    "pleased": (0.8, 0.2),
    "confused": (-0.3, 0.2),
    "anxious": (-0.5, 0.6),
    "dissatisfied": (-0.6, 0.3),
    "angry": (-0.7, 0.8),
    "disappointed": (-0.7, -0.3),
}

Float32 = npt.NDArray[np.float32]


class FileEntry(BaseModel):
    """Size in bytes and SHA-256 of one file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: int = Field(gt=0)
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class ModelCard(BaseModel):
    """``model.json``: what a program must know of a model."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: int = Field(ge=1, le=1)
    name: str
    version: str
    language: str
    features: int
    heads: Mapping[str, tuple[str, ...]]  #: labels by head, in the order of the graph's output
    temperatures: Mapping[str, Annotated[float, Field(gt=0)]]
    thresholds: Mapping[str, Annotated[float, Field(ge=0, le=1)]]
    files: Mapping[str, FileEntry]


class OnnxTextModel:
    """Weights loaded once; read-only, so safe to share between threads. A ``callcore.understand.base.TextModel``."""

    def __init__(self, folder: Path) -> None:
        """Load the model in ``folder``.

        Raises :class:`ModelNotFound` where there is none, and :class:`ModelCorrupt` where a file is missing, differs
        from its checksum or was made for other features.
        """
        self.card = _read_card(folder)
        graph, grams = (_checked(folder / name, self.card) for name in (GRAPH_FILE, GRAMS_FILE))
        self._known: Grams = np.frombuffer(grams, dtype="<u4").astype(np.uint32)
        self._session = _session(graph, folder)
        sizes = [len(labels) for labels in self.card.heads.values()]
        ends = np.cumsum([0, *sizes])
        self._places = {head: slice(ends[i], ends[i + 1]) for i, head in enumerate(self.card.heads)}
        if self._session.get_outputs()[0].shape != [int(ends[-1])]:
            raise ModelCorrupt(f"{folder}: the graph and {CARD_FILE} disagree on the number of labels.", _HINT)

    @property
    def version(self) -> str:
        """Name and version, as results cite it."""
        return f"{self.card.name}@{self.card.version}"

    @property
    def thresholds(self) -> Mapping[str, float]:
        """Probability by head below which a label is left out."""
        return self.card.thresholds

    def rows(self, grams: Grams) -> npt.NDArray[np.int32]:
        """Place of each n-gram in the model's table, counted from 1; 0 where the model does not know it.

        ``grams``: shape (positions, n), uint32. The result has at least one position.
        """
        if not len(grams):
            return np.zeros((1, 1), dtype=np.int32)
        places = np.searchsorted(self._known, grams)
        places[places == len(self._known)] = 0
        known = (self._known[places] == grams) & (grams > 0)
        return np.where(known, places + 1, 0).astype(np.int32)

    def classify(self, grams: Grams) -> Mapping[str, Float32]:
        """Calibrated probabilities by head, each of shape (labels,), float32. ``grams`` as in :meth:`rows`."""
        return self._probabilities(self._run(grams)[0])

    def score(self, words: Sequence[Word], before: str = "") -> Scores:  # noqa: ARG002  # of the protocol; not of use
        """Scores of a turn. What was said before is not looked at: it was read as a turn of its own."""
        text, starts = _joined(words)
        seen = features(text)
        logits, evidence = self._run(seen.grams)
        heads = {
            head: dict(zip(self.card.heads[head], map(float, values), strict=True))
            for head, values in self._probabilities(logits).items()
        }
        emotions = heads.get("emotion", {})
        valence, arousal = (
            sum(p * CIRCUMPLEX[emotion][i] for emotion, p in emotions.items() if emotion in CIRCUMPLEX) for i in (0, 1)
        )
        in_scope = heads.pop("in_scope", {}).get("in_scope", 1.0)
        shown = self._shown(heads, evidence, seen, starts)
        return Scores(heads, in_scope, valence, arousal, shown)

    def _run(self, grams: Grams) -> tuple[Float32, Float32]:
        logits, evidence = self._session.run(None, {"rows": self.rows(grams)})
        return logits, evidence

    def _probabilities(self, logits: Float32) -> dict[str, Float32]:
        found: dict[str, Float32] = {}
        for head, place in self._places.items():
            values = logits[place] / np.float32(self.card.temperatures.get(head, 1.0))
            if head in EXCLUSIVE:
                powers = np.exp(values - values.max())
                found[head] = powers / powers.sum()
            else:
                found[head] = 1.0 / (1.0 + np.exp(-np.clip(values, -60.0, 60.0)))
        return found

    def _shown(
        self, heads: Mapping[str, Mapping[str, float]], evidence: Float32, seen: Features, starts: Sequence[int]
    ) -> dict[tuple[str, str], tuple[int, int]]:
        """The words that add most, for the labels that may be shown: likely enough, and of a head the first few."""
        if len(seen.spans) < 2:
            return {}
        likely = [
            (head, code)
            for head, options in heads.items()
            for code in sorted(options, key=lambda code: -options[code])[:MOST_SHOWN]
            if code != "none" and options[code] >= self.card.thresholds.get(head, 0.5) / 2
        ]
        columns = [self._places[head].start + self.card.heads[head].index(code) for head, code in likely]
        shown: dict[tuple[str, str], tuple[int, int]] = {}
        for label, (first, end) in zip(likely, strongest(evidence[:, columns]), strict=True):
            shown[label] = _words_of((seen.spans[first][0], seen.spans[end - 1][1]), starts)
        return shown


def strongest(contributions: Float32) -> list[tuple[int, int]]:
    """For each column the half-open range of rows with the largest sum after the column's mean is taken off.

    ``contributions``: shape (positions, labels), at least one position. A range is never empty.
    """
    positions = len(contributions)
    excess = contributions - contributions.mean(axis=0)
    sums = np.concatenate([np.zeros_like(excess[:1]), np.cumsum(excess, axis=0)])
    lowest = np.minimum.accumulate(sums[:-1], axis=0)
    ends = np.argmax(sums[1:] - lowest, axis=0)
    ranges = []
    for column, last in enumerate(ends):
        first = int(np.argmin(sums[: last + 1, column]))
        ranges.append((first, min(int(last) + 2, positions)))  # an n-gram reaches on from where it begins
    return ranges


def _joined(words: Sequence[Word]) -> tuple[str, list[int]]:
    """The text of the words, and where each of them starts in it; one place more, for the end."""
    text, starts = "", []
    for word in words:
        text += " " if word.space_before and text else ""
        starts.append(len(text))
        text += word.text
    return text, [*starts, len(text)]


def _words_of(span: tuple[int, int], starts: Sequence[int]) -> tuple[int, int]:
    """Half-open range of the words that a range of characters touches."""
    first = int(np.searchsorted(starts, span[0], side="right")) - 1
    end = int(np.searchsorted(starts, span[1], side="left"))
    return max(first, 0), max(end, first + 1)


_HINT = "Install callcore again."


def _read_card(folder: Path) -> ModelCard:
    file = folder / CARD_FILE
    if not file.is_file():
        raise ModelNotFound(f"no text model at {folder}.", _HINT)
    try:
        card = ModelCard.model_validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        raise ModelCorrupt(f"{file} is no card of a text model ({type(error).__name__}).", _HINT) from error
    if card.features != VERSION:
        raise ModelCorrupt(f"{folder} was made for features {card.features}, not {VERSION}.", _HINT)
    return card


def _checked(file: Path, card: ModelCard) -> bytes:
    """Content of a file of the model, compared with its checksum."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ModelCorrupt(f"{file} cannot be read ({type(error).__name__}).", _HINT) from error
    entry = card.files.get(file.name)
    if entry is None or hashlib.sha256(content).hexdigest() != entry.sha256:
        raise ModelCorrupt(f"{file} differs from its checksum.", _HINT)
    return content


def _session(graph: bytes, folder: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    # One thread: a turn is too little work to share, and more would take cores from the recogniser.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # the arena would keep the memory of the longest turn for good
    options.log_severity_level = 4  # problems are raised; nothing is printed
    try:
        session = onnxruntime.InferenceSession(graph, sess_options=options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions share no base class
        raise ModelCorrupt(f"{folder}: no usable ONNX model ({type(error).__name__}).", _HINT) from error
    if [node.name for node in session.get_inputs()] != ["rows"] or len(session.get_outputs()) != 2:
        raise ModelCorrupt(f"{folder}: the graph is not one of callcore's text models.", _HINT)
    return session
