"""What the understanding of a call needs from its models."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from callcore.types import Word
from callcore.understand.features import See, features


@dataclass(frozen=True, slots=True)
class Scores:
    """What a text model says of one text: calibrated probabilities by head and label, and the mood's two numbers.

    Heads "category", "caller" and "emotion" add up to 1 over their labels ("none" among those of the first two); the
    labels of "topic", "intent" and "cause" stand each for itself. ``shown`` gives the half-open range of words that
    spoke most for a label of a head, (0, 0) where the model cannot tell.
    """

    heads: Mapping[str, Mapping[str, float]]
    in_scope: float
    valence: float
    arousal: float
    shown: Callable[[str, str], tuple[int, int]]


class TextModel(Protocol):
    """Reads a turn's text. Calls may come from several threads."""

    @property
    def version(self) -> str:
        """Name and version, as results cite it."""

    @property
    def thresholds(self) -> Mapping[str, float]:
        """Probability by head below which a label is left out."""

    def score(self, words: Sequence[Word], before: str = "", see: See = features) -> Scores:
        """``words`` of a turn, any number; ``before``: what the same speaker said just before."""


@dataclass(frozen=True, slots=True)
class VoiceTone:
    """How a stretch of speech sounds: named measures, each one number (docs/mood.md), and its length in samples."""

    measures: Mapping[str, float]
    length: int


class VoiceModel(Protocol):
    """Hears a mood in how a voice departs from its usual tone. Calls may come from several threads."""

    @property
    def version(self) -> str:
        """Name and version, as results cite it."""

    @property
    def threshold(self) -> float:
        """Probability below which the label abstains."""

    @property
    def spread(self) -> Mapping[str, float]:
        """How far each measure of an unmoved speaker strays from stretch to stretch (standard deviation)."""

    def score(self, deviations: Sequence[Mapping[str, float]]) -> Sequence[tuple[Mapping[str, float], float, float]]:
        """For each stretch probabilities by label (adding up to 1), valence and arousal.

        ``deviations``: by measure, its distance from the speaker's usual tone in standard deviations.
        """
