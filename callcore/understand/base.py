"""What the understanding of a call needs from its models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from callcore.types import Entity, Samples, Word


@dataclass(frozen=True, slots=True)
class Scores:
    """What a text model says of one text: calibrated probabilities by head and label, and the mood's two numbers.

    Heads "category", "caller" and "emotion" add up to 1 over their labels ("none" among those of the first two); the
    labels of "topic", "intent" and "cause" stand each for itself. ``shown`` gives the half-open range of words that
    spoke most for a label, by (head, label), where the model can tell.
    """

    heads: Mapping[str, Mapping[str, float]]
    in_scope: float
    valence: float
    arousal: float
    shown: Mapping[tuple[str, str], tuple[int, int]]


class TextModel(Protocol):
    """Reads a turn's text. Calls may come from several threads."""

    @property
    def version(self) -> str:
        """Name and version, as results cite it."""

    @property
    def thresholds(self) -> Mapping[str, float]:
        """Probability by head below which a label is left out."""

    def score(self, words: Sequence[Word], before: str = "") -> Scores:
        """``words`` of a turn, any number; ``before``: what the same speaker said just before."""


@dataclass(frozen=True, slots=True)
class VoiceTone:
    """How a stretch of speech sounds: named measures, each one number (docs/mood.md), and its length in samples."""

    measures: Mapping[str, float]
    length: int


class VoiceModel(Protocol):
    """Hears a mood in a voice, against how the same speaker sounded at first."""

    @property
    def version(self) -> str:
        """Name and version, as results cite it."""

    def measure(self, audio: Samples) -> VoiceTone | None:
        """The tone of a stretch of one speaker, shape (n,), 16 kHz; None where there is too little voice in it."""

    def score(self, tone: VoiceTone, usual: VoiceTone) -> tuple[Mapping[str, float], float, float]:
        """Probabilities of moods, valence and arousal of ``tone`` beside the speaker's ``usual`` one."""


class EntityFinder(Protocol):
    """Finds facts in a turn."""

    @property
    def version(self) -> str:
        """Version of the rules, as results cite it."""

    def find(self, words: Sequence[Word], language: str, today: date) -> tuple[Entity, ...]:
        """In order of their place. ``today``: the call's date, to which relative times are resolved."""
