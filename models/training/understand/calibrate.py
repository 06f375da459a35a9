"""From margins to probabilities, and thresholds; on texts that the model has not learned from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from models.training.understand.grams import Floats
from models.training.understand.heads import EXCLUSIVE, NO_TARGET, head_places

GRID = np.arange(0.1, 0.91, 0.02)
ONE_POINT = 0.01
FEW = 30  #: texts of a head below which nothing is chosen
USUAL = (3.0, 0.0)  #: slope and offset where nothing is chosen

Scales = dict[str, tuple[float, float]]  #: slope and offset of the margins by head


def probabilities(margins: Floats, head: str, scale: tuple[float, float]) -> Floats:
    """Softmax or sigmoid of ``slope * margin + offset``, shape (texts, labels)."""
    values = margins * scale[0] + scale[1]
    if head in EXCLUSIVE:
        powers = np.exp(values - values.max(axis=1, keepdims=True))
        return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return (1.0 / (1.0 + np.exp(-np.clip(values, -60, 60)))).astype(np.float32)


def scales(margins: Floats, wanted: Floats, heads: Mapping[str, tuple[str, ...]]) -> Scales:
    """Slope and offset of the least negative log-likelihood, head by head (Platt, 1999; Guo et al., 2017)."""
    found: Scales = {}
    for head, place in head_places(heads).items():
        known = (wanted[:, place] != NO_TARGET).any(axis=1)
        if known.sum() < FEW:
            found[head] = USUAL
            continue
        found[head] = _scale(margins[known][:, place], wanted[known][:, place], head)
    return found


def _scale(margins: Floats, aims: Floats, head: str) -> tuple[float, float]:
    def badness(scale: npt.NDArray[np.float64]) -> float:
        return _cost(probabilities(margins, head, (scale[0], scale[1])), aims, head) + 1e-5 * float((scale**2).sum())

    slope, offset = minimize(badness, np.array(USUAL), method="Nelder-Mead").x
    return round(max(float(slope), 0.1), 3), 0.0 if head in EXCLUSIVE else round(float(offset), 3)


def _cost(likely: Floats, aims: Floats, head: str) -> float:
    likely = np.clip(likely, 1e-7, 1 - 1e-7)
    if head in EXCLUSIVE:
        return float(-(np.log(likely) * (aims == 1)).sum(axis=1).mean())
    each = np.where(aims == 1, np.log(likely), np.log(1 - likely)) * (aims != NO_TARGET)
    return float(-each.sum(axis=1).mean())


def threshold_several(likely: Floats, aims: Floats) -> float:
    """Highest threshold whose mean F1 over the labels that occur is within a point of the best: fewer wrong labels."""
    known = aims != NO_TARGET
    held = (aims == 1) & known
    scores = []
    for level in GRID:
        said = (likely >= level) & known
        both = said.sum(axis=0) + held.sum(axis=0)
        each = 2 * (said & held).sum(axis=0) / np.maximum(both, 1)
        scores.append(float(each[held.any(axis=0)].mean()))
    near = [level for level, score in zip(GRID, scores, strict=True) if score >= max(scores) - ONE_POINT]
    return round(float(max(near)), 2)


def threshold_one(likely: Floats, aims: Floats, precision: float) -> float:
    """Lowest threshold at which the likeliest label is right in ``precision`` of the answers, at most 0.6."""
    best, right = likely.max(axis=1), aims[np.arange(len(aims)), likely.argmax(axis=1)] == 1
    for level in GRID:
        kept = best >= level
        if kept.any() and right[kept].mean() >= precision:
            return round(float(min(level, 0.6)), 2)
    return 0.6


def threshold_scope(likely: Floats, aims: Floats) -> float:
    """Threshold that keeps in-scope and out-of-scope recall highest on average, in scope counting three times."""
    inside = aims[:, 0] == 1
    if inside.all() or not inside.any():
        return 0.5
    values = [
        3 * float((likely[inside, 0] >= level).mean()) + float((likely[~inside, 0] < level).mean()) for level in GRID
    ]
    return round(float(GRID[int(np.argmax(values))]), 2)
