"""Labels of the heads as numbers: targets with a mask where nobody has said, and the loss over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from callcore.evaluate.labelled import EMOTIONS, LabelledTurn
from callcore.understand.catalogue import Catalogue

EXCLUSIVE = ("category", "caller", "emotion", "class")
WEIGHTS = {"category": 1.0, "topic": 1.0, "intent": 1.0, "cause": 0.5, "caller": 0.5, "emotion": 0.7, "in_scope": 0.5}
NO_TARGET = -1.0

Floats = npt.NDArray[np.float32]


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


@dataclass(frozen=True, slots=True)
class Targets:
    """One row a text over all heads' labels, 1, 0 or :data:`NO_TARGET`; float32, shape (texts, labels)."""

    values: Floats
    heads: Mapping[str, tuple[str, ...]]

    def places(self) -> dict[str, slice]:
        """Columns of each head."""
        return head_places(self.heads)


def head_places(heads: Mapping[str, Sequence[str]]) -> dict[str, slice]:
    """Columns of each head in the output of the network."""
    ends = np.cumsum([0, *(len(labels) for labels in heads.values())])
    return {head: slice(int(ends[i]), int(ends[i + 1])) for i, head in enumerate(heads)}


def targets(turns: Sequence[LabelledTurn], heads: Mapping[str, tuple[str, ...]]) -> Targets:
    """Targets of turns. Raises ``KeyError`` on a label that no head has."""
    places = head_places(heads)
    values = np.full((len(turns), sum(map(len, heads.values()))), NO_TARGET, dtype=np.float32)
    for row, turn in zip(values, turns, strict=True):
        for head, labels in heads.items():
            said = _said(turn, head)
            if said is None:
                continue
            for label in said:
                if label not in labels:
                    raise KeyError(f"{turn.source}: {head} has no label {label}")
            part = [1.0 if label in said else 0.0 for label in labels]
            if turn.positive_only:
                part = [value if value else NO_TARGET for value in part]
            row[places[head]] = part
    return Targets(values, heads)


def _said(turn: LabelledTurn, head: str) -> tuple[str, ...] | None:
    one = {"category": turn.category, "caller": turn.caller, "emotion": turn.emotion}
    if head in one:
        value = one[head]
        return None if value is None else (value,)
    if head == "in_scope":
        return None if turn.in_scope is None else (("in_scope",) if turn.in_scope else ())
    return {"topic": turn.topics, "intent": turn.intents, "cause": turn.causes}[head]


def loss(
    logits: torch.Tensor, wanted: torch.Tensor, heads: Mapping[str, tuple[str, ...]], weights: torch.Tensor
) -> torch.Tensor:
    """Sum over heads of cross-entropy (labels that exclude each other) or binary cross-entropies; mean over texts.

    ``weights``: shape (texts,).
    """
    total = logits.new_zeros(())
    for head, place in head_places(heads).items():
        part, aim = logits[:, place], wanted[:, place]
        known = (aim != NO_TARGET).float()
        if head in EXCLUSIVE:
            kept = known[:, 0]
            smooth = aim.clamp(min=0) * 0.95 + 0.05 / part.shape[1]
            each = -(smooth * functional.log_softmax(part, dim=1)).sum(1)
        else:
            kept = known.amax(1)
            smooth = aim.clamp(min=0) * 0.97 + 0.005
            each = (functional.binary_cross_entropy_with_logits(part, smooth, reduction="none") * known).sum(1)
        total = total + WEIGHTS.get(head, 1.0) * (each * kept * weights).mean()
    return total
