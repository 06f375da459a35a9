"""Labels of the heads as numbers: targets, with a mark where nobody has said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from callcore.evaluate.labelled import EMOTIONS, LabelledTurn
from callcore.understand.catalogue import Catalogue
from models.training.understand.grams import Floats

EXCLUSIVE = ("category", "caller", "emotion", "class")
NO_TARGET = -1.0
MOST_FOR_RARE = 4.0


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
    return {"topic": turn.topics, "intent": turn.intents, "cause": turn.causes}[head]


def class_weights(wanted: Floats, weights: Floats, heads: Mapping[str, tuple[str, ...]]) -> Floats:
    """How much each text counts for each label, shape (texts, labels).

    ``weights``: of the texts. In heads whose labels exclude each other a text counts more the rarer its label is, so
    that all labels have the same weight together, but at most :data:`MOST_FOR_RARE` times.
    """
    found = np.repeat(weights[:, None], wanted.shape[1], axis=1)
    for head, place in head_places(heads).items():
        if head not in EXCLUSIVE:
            continue
        held = wanted[:, place] == 1
        each = weights @ held
        share = each.sum() / np.maximum(each * (each > 0).sum(), 1e-6)
        factors = held @ np.minimum(share, MOST_FOR_RARE)
        found[:, place] *= np.where(held.any(axis=1), factors, 1.0)[:, None]
    return found.astype(np.float32)
