"""Models of public sets' own classes, so that anyone can check what the network is worth beside published results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from callcore.evaluate.labelled import read_table
from callcore.evaluate.understanding import OUT_OF_SCOPE
from callcore.understand.features import VERSION, Grams, features
from models.training.understand import calibrate
from models.training.understand.augment import with_fillers
from models.training.understand.heads import NO_TARGET, Floats, head_places
from models.training.understand.learn import Course, Material, known_grams, learn, predict
from models.training.understand.net import Bag

FILES = {
    "banking77": ("intent_en/banking77_train.tsv",),
    "clinc150": ("intent_en/clinc150_train.tsv",),
}
CHOSEN_ON = {"clinc150": "intent_en/clinc150_val.tsv"}  #: sets with rows of their own to choose thresholds on
HELD_OUT = 0.1
MOST_GRAMS = 30_000
OUT_OF_SCOPE_WEIGHT = 3.0  #: of a row out of scope: there are 100 against 15,000


def train(name: str, data: Path, course: Course, seed: int, limit: int | None) -> tuple[Bag, Grams, dict[str, Any]]:
    """Network, known n-grams and the fields of the card."""
    rows = [row for file in FILES[name] for row in read_table(data / file)]
    rows = rows[:: max(1, len(rows) // limit)] if limit else rows
    labels = tuple(sorted({label for _, label in rows}))
    if name in CHOSEN_ON:
        away = [row for row in read_table(data / CHOSEN_ON[name]) if row[1] in labels]
        kept = rows
    else:
        random = Random(seed + 1)
        chosen = [random.random() < HELD_OUT for _ in rows]
        kept = [row for row, out in zip(rows, chosen, strict=True) if not out]
        away = [row for row, out in zip(rows, chosen, strict=True) if out]
    net, known = _learned(kept, labels, course, seed)
    card = _chosen(net, known, away, labels)
    if name not in CHOSEN_ON:
        net, known = _learned(rows, labels, course, seed)
    heads = {"class": labels}
    return net, known, {"language": "en", "features": VERSION, "heads": heads, **card, "trained_on": len(rows)}


def _learned(rows: Sequence[tuple[str, str]], labels: tuple[str, ...], course: Course, seed: int) -> tuple[Bag, Grams]:
    heads = {"class": labels}
    texts = [text for text, _ in rows]
    known = known_grams((features(text).grams for text in texts), course.min_count, MOST_GRAMS)
    material = Material(
        texts=texts,
        targets=_targets(rows, labels),
        weights=np.array([OUT_OF_SCOPE_WEIGHT if c == OUT_OF_SCOPE else 1.0 for _, c in rows], dtype=np.float32),
        shares=np.ones(len(rows), dtype=np.float32),
        places=head_places(heads),
        neutral={},
        whole=np.zeros(0, dtype=np.int64),
    )
    return learn(material, known, heads, course, _filler, seed), known


def _filler(text: str, random: Random) -> str:
    return with_fillers(text, "en", random)


def _targets(rows: Sequence[tuple[str, str]], labels: tuple[str, ...]) -> Floats:
    wanted = np.zeros((len(rows), len(labels)), dtype=np.float32)
    for row, (_, label) in zip(wanted, rows, strict=True):
        row[labels.index(label)] = 1.0
    return wanted


def _chosen(net: Bag, known: Grams, away: Sequence[tuple[str, str]], labels: tuple[str, ...]) -> Mapping[str, Any]:
    """Temperature from the rows in scope; the threshold that gives the best mean of accuracy and recall of the rest."""
    logits = predict(net, [text for text, _ in away], known)
    wanted = _targets(away, labels)
    inside = np.array([label != OUT_OF_SCOPE for _, label in away])
    aims = np.where(inside[:, None], wanted, NO_TARGET).astype(np.float32)
    temperatures = calibrate.temperatures(logits, aims, {"class": labels})
    threshold = 0.0
    if not inside.all():
        likely = calibrate.probabilities(logits, "class", temperatures["class"])
        threshold = _scope_threshold(likely, wanted, inside, labels.index(OUT_OF_SCOPE))
    return {"temperatures": temperatures, "thresholds": {"class": threshold}}


def _scope_threshold(likely: Floats, wanted: Floats, inside: np.ndarray, outside_at: int) -> float:
    best, scores = likely.argmax(axis=1), []
    right = wanted[np.arange(len(best)), best] == 1
    for level in calibrate.GRID:
        refused = (likely.max(axis=1) < level) | (best == outside_at)
        scores.append((right & ~refused)[inside].mean() + 0.25 * refused[~inside].mean())
    return round(float(calibrate.GRID[int(np.argmax(scores))]), 2)
