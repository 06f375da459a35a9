"""A speaker's usual tone: the middle and the spread of the measures in the opening seconds of their speech."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from callcore.types import SAMPLE_RATE_HZ
from callcore.understand.base import VoiceTone
from callcore.understand.mood.prosody import MEASURES

OPENING_S = 15.0  #: of speech that make the usual tone; later speech does not change it
LEAST_S = 5.0  #: of speech before there is a usual tone at all
LEAST_STRETCHES = 3
PRIOR_STRETCHES = 8.0  #: how many stretches the model's spread counts for, beside the few that were heard
TO_DEVIATION = 1.4826  #: standard deviations in a median absolute deviation of normal values
MOST_DEVIATIONS = 6.0  #: what lies further out is no longer told apart


class UsualTone:
    """Gathers the opening of one channel; holds a few dozen tones at most."""

    __slots__ = ("_length", "_middle", "_prior", "_spread", "_tones")

    def __init__(self, spread: Mapping[str, float]) -> None:
        """``spread`` by measure, as :attr:`VoiceModel.spread`."""
        self._prior = np.array([spread[name] for name in MEASURES])
        self._tones: list[VoiceTone] = []
        self._length = 0
        self._middle = np.zeros(len(MEASURES))
        self._spread = self._prior

    @property
    def known(self) -> bool:
        """Whether enough was heard."""
        return self._length >= LEAST_S * SAMPLE_RATE_HZ and len(self._tones) >= LEAST_STRETCHES

    def add(self, tone: VoiceTone) -> None:
        """A further stretch, in order; without effect once the opening is over."""
        if self._length >= OPENING_S * SAMPLE_RATE_HZ:
            return
        self._tones.append(tone)
        self._length += tone.length
        rows = np.array([[one.measures[name] for name in MEASURES] for one in self._tones])
        self._middle = np.median(rows, axis=0)
        own = TO_DEVIATION * np.median(np.abs(rows - self._middle), axis=0)
        count = len(rows)
        self._spread = np.sqrt((PRIOR_STRETCHES * self._prior**2 + count * own**2) / (PRIOR_STRETCHES + count))

    def deviations(self, tone: VoiceTone) -> Mapping[str, float]:
        """By measure: how many standard deviations ``tone`` lies above the usual, at most 6 either way.

        The speaker's own spread is weighed against the model's, for a handful of stretches tells little of it.
        """
        values = np.array([tone.measures[name] for name in MEASURES])
        scores = np.clip((values - self._middle) / self._spread, -MOST_DEVIATIONS, MOST_DEVIATIONS)
        return {name: float(value) for name, value in zip(MEASURES, scores, strict=True)}
