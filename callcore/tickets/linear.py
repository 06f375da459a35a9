"""Linear models over named features: what speaks for a value can be read off the file, weight by weight.

Multinomial logistic regression, one head a question; training and cards: ``models/training/tickets``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from callcore.engines.card import Card

NO, YES = "no", "yes"  #: labels of a head that takes or leaves one thing
NOTHING: Mapping[str, float] = MappingProxyType({})


class Head(BaseModel):
    """One question. ``weights``: by feature, one for each label, as ``bias``.

    ``least``: probability below which an answer of yes does not count, of a question about each of several candidates.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    labels: tuple[str, ...] = Field(min_length=2)
    bias: tuple[float, ...]
    weights: Mapping[str, tuple[float, ...]]
    least: float = Field(0.5, ge=0, le=1)

    @model_validator(mode="after")
    def _as_many(self) -> Self:
        if any(len(row) != len(self.labels) for row in (self.bias, *self.weights.values())):
            raise ValueError("a weight for each label is wanted")
        return self

    def probabilities(self, features: Mapping[str, float], more: Mapping[str, float] = NOTHING) -> dict[str, float]:
        """By label, calibrated, adding up to 1. Features that the head does not know count nothing.

        ``more``: by label, what else speaks for it, as a logit.
        """
        sums = [bias + more.get(label, 0.0) for label, bias in zip(self.labels, self.bias, strict=True)]
        self._weigh(features, sums)
        top = max(sums)
        powers = [math.exp(one - top) for one in sums]
        whole = sum(powers)
        return {label: power / whole for label, power in zip(self.labels, powers, strict=True)}

    def yes(self, features: Mapping[str, float], more: Mapping[str, float] = NOTHING) -> float:
        """How likely a head that takes or leaves one thing takes it. ``more``: as of :meth:`probabilities`."""
        return self.probabilities(features, more)[YES]

    def logits(self, features: Mapping[str, float]) -> dict[str, float]:
        """By label: what some of the features speak for it, to be given with the others as ``more``."""
        sums = [0.0] * len(self.labels)
        self._weigh(features, sums)
        return dict(zip(self.labels, sums, strict=True))

    def _weigh(self, features: Mapping[str, float], sums: list[float]) -> None:
        """Adds to the sums of the labels what the features speak for each."""
        weights = self.weights
        for name, value in features.items():
            if row := weights.get(name):
                for place, weight in enumerate(row):
                    sums[place] += weight * value

    def speaks_for(self, label: str, features: Mapping[str, float]) -> dict[str, float]:
        """What each feature adds to a label beyond the mean of all, where it adds anything."""
        place = self.labels.index(label)
        shares = {
            name: value * (row[place] - sum(row) / len(row))
            for name, value in features.items()
            if (row := self.weights.get(name))
        }
        return {name: share for name, share in shares.items() if share > 0}


class LinearModel(Card):
    """The parsed file: its card holds the weights."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    heads: Mapping[str, Head] = Field(min_length=1)

    def without(self, head: str) -> Self:
        """The same, which leaves one question to others."""
        return self.model_copy(update={"heads": {name: one for name, one in self.heads.items() if name != head}})
