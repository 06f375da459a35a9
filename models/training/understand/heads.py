"""Labels of the heads as numbers: targets, with a mark where nobody has said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from callcore.evaluate.labelled import EMOTIONS, LabelledTurn
from callcore.understand.catalogue import Catalogue
from models.training.understand.grams import Floats

EXCLUSIVE = ("category", "caller", "emotion", "class")
SIDES = ("agent", "customer")  #: heads of the models for dialogue acts
NO_TARGET = -1.0
MOST_FOR_RARE = 2.0


def product_heads() -> dict[str, tuple[str, ...]]:
    """Heads of the models that callcore ships, from the data files that it ships."""
    catalogue = Catalogue.load()
    taxonomy = catalogue.taxonomy
    return {
        "category": (*(item.code for item in taxonomy.category), "none"),
        "topic": tuple(item.code for item in taxonomy.topic),
        "intent": tuple(item.code for item in taxonomy.intent),
        "cause": tuple(item.code for item in catalogue.causes.cause),
        "caller": (*(item.code for item in taxonomy.caller), "none"),
        "emotion": EMOTIONS,
        "in_scope": ("in_scope",),
    }


def head_places(heads: Mapping[str, Sequence[str]]) -> dict[str, slice]:
    """Columns of each head in the output of a model."""
    ends = np.cumsum([0, *(len(labels) for labels in heads.values())])
    return {head: slice(int(ends[i]), int(ends[i + 1])) for i, head in enumerate(heads)}


def targets(turns: Sequence[LabelledTurn], heads: Mapping[str, tuple[str, ...]]) -> Floats:
    """1, 0 or :data:`NO_TARGET`, shape (turns, labels). Raises ``KeyError`` on a label that no head has."""
    places = head_places(heads)
    values = np.full((len(turns), sum(map(len, heads.values()))), NO_TARGET, dtype=np.float32)
    for row, turn in zip(values, turns, strict=True):
        for head, labels in heads.items():
            said = _said(turn, head)
            if said is None:
                continue
            if unknown := set(said) - set(labels):
                raise KeyError(f"{turn.source}: {head} has no label {sorted(unknown)[0]}")
            part = [1.0 if label in said else 0.0 for label in labels]
            row[places[head]] = [v or NO_TARGET for v in part] if turn.positive_only else part
    return values


def _said(turn: LabelledTurn, head: str) -> tuple[str, ...] | None:
    one = {"category": turn.category, "caller": turn.caller, "emotion": turn.emotion}
    if head in one:
        value = one[head]
        return None if value is None else (value,)
    if head == "in_scope":
        return None if turn.in_scope is None else (("in_scope",) if turn.in_scope else ())
    if head in SIDES:
        return turn.acts if turn.speaker == head else None
    return {"topic": turn.topics, "intent": turn.intents, "cause": turn.causes}[head]


def label_weights(
    wanted: Floats, weights: Floats, heads: Mapping[str, tuple[str, ...]], most: Mapping[str, float]
) -> Floats:
    """How much each text counts for each label, shape (texts, labels), so that rare labels are not drowned.

    ``weights``: of the texts. Where labels exclude each other, a text counts by the root of how much rarer its label is
    than the mean, at most twice. Where several may hold, texts that have a label count by the root of how many have it
    not for one that has, at most ``most`` times of their head.
    """
    found = np.repeat(weights[:, None], wanted.shape[1], axis=1)
    for head, place in head_places(heads).items():
        held = wanted[:, place] == 1
        each = np.maximum(weights @ held, 1e-6)
        if head in EXCLUSIVE:
            factors = held @ np.minimum(np.sqrt(each.sum() / each / held.any(axis=0).sum()), MOST_FOR_RARE)
            found[:, place] *= np.where(held.any(axis=1), factors, 1.0)[:, None]
        elif held.shape[1] > 1:
            others = weights @ (wanted[:, place] == 0)
            found[:, place] *= np.where(held, np.clip(np.sqrt(others / each), 1.0, most[head]), 1.0)
    return found.astype(np.float32)
