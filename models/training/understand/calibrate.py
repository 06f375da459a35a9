"""Temperatures and thresholds from texts that the network has not learned from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from models.training.understand.heads import EXCLUSIVE, NO_TARGET, Floats, head_places

TEMPERATURES = np.geomspace(0.3, 4.0, 60)
GRID = np.arange(0.1, 0.91, 0.02)


def probabilities(logits: Floats, head: str, temperature: float = 1.0) -> Floats:
    """Softmax or sigmoid of one head's logits, shape (texts, labels)."""
    values = logits / temperature
    if head in EXCLUSIVE:
        powers = np.exp(values - values.max(axis=1, keepdims=True))
        return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return (1.0 / (1.0 + np.exp(-np.clip(values, -60, 60)))).astype(np.float32)


def temperatures(logits: Floats, wanted: Floats, heads: Mapping[str, tuple[str, ...]]) -> dict[str, float]:
    """For each head the temperature of the least negative log-likelihood (Guo et al., 2017)."""
    found: dict[str, float] = {}
    for head, place in head_places(heads).items():
        aims = wanted[:, place]
        known = (aims != NO_TARGET).any(axis=1)
        if not known.any():
            found[head] = 1.0
            continue
        part, aims = logits[known][:, place], aims[known]
        costs = [_cost(probabilities(part, head, float(t)), aims, head) for t in TEMPERATURES]
        found[head] = round(float(TEMPERATURES[int(np.argmin(costs))]), 3)
    return found


def _cost(likely: Floats, aims: Floats, head: str) -> float:
    likely = np.clip(likely, 1e-7, 1 - 1e-7)
    if head in EXCLUSIVE:
        return float(-(np.log(likely) * (aims == 1)).sum(axis=1).mean())
    each = np.where(aims == 1, np.log(likely), np.log(1 - likely)) * (aims != NO_TARGET)
    return float(-each.sum(axis=1).mean())


def threshold_several(likely: Floats, aims: Floats) -> float:
    """Threshold of the best micro-F1 over labels that stand each for itself."""
    known = aims != NO_TARGET
    scores = []
    for level in GRID:
        said = (likely >= level) & known
        right = float((said & (aims == 1)).sum())
        scores.append(2 * right / max(float(said.sum() + ((aims == 1) & known).sum()), 1.0))
    return round(float(GRID[int(np.argmax(scores))]), 2)


def threshold_one(likely: Floats, aims: Floats, precision: float) -> float:
    """Lowest threshold at which the likeliest label is right in ``precision`` of the answers, at most 0.6."""
    best, right = likely.max(axis=1), aims[np.arange(len(aims)), likely.argmax(axis=1)] == 1
    for level in GRID:
        kept = best >= level
        if kept.any() and right[kept].mean() >= precision:
            return round(float(min(level, 0.6)), 2)
    return 0.6
