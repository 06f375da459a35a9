"""Models of public sets' own classes, so that anyone can check what the models are worth beside published results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt

from callcore.evaluate.labelled import read_table
from callcore.evaluate.understanding import OUT_OF_SCOPE
from callcore.understand.features import features
from models.training.understand import calibrate
from models.training.understand.calibrate import Sums
from models.training.understand.grams import Floats, known_grams, rows_of
from models.training.understand.heads import NO_TARGET
from models.training.understand.linear import learn
from models.training.understand.mixture import Trained

FILES = {"banking77": "intent_en/banking77_train.tsv", "clinc150": "intent_en/clinc150_train.tsv"}
CHOSEN_ON = {"clinc150": "intent_en/clinc150_val.tsv"}  #: sets with rows of their own to choose thresholds on
HELD_OUT = 0.1
MOST_GRAMS = 20_000
C = 2.0  #: best on the rows that thresholds are chosen on

Table = Sequence[tuple[str, str]]


def train(name: str, data: Path, seed: int, limit: int | None) -> tuple[Trained, dict[str, Any]]:
    """A model, and the fields of its card. Rows out of scope are a class of their own."""
    rows = read_table(data / FILES[name])
    rows = rows[:: len(rows) // limit] if limit else rows
    labels = tuple(sorted({label for _, label in rows}))
    if name in CHOSEN_ON:
        kept, away = rows, tuple(row for row in read_table(data / CHOSEN_ON[name]) if row[1] in labels)
    else:
        random = Random(seed + 1)
        chosen = [random.random() < HELD_OUT for _ in rows]
        kept = tuple(row for row, out in zip(rows, chosen, strict=True) if not out)
        away = tuple(row for row, out in zip(rows, chosen, strict=True) if out)
    card = _chosen(_learned(kept, labels, seed), away, labels)
    trained = _learned(rows, labels, seed)
    return trained, {"language": "en", "heads": {"class": labels}, **card, "turns": {name: len(rows)}}


def _learned(rows: Table, labels: tuple[str, ...], seed: int) -> Trained:
    seen = [features(text).grams for text, _ in rows]
    known = known_grams(seen, 2, MOST_GRAMS)
    wanted = _targets(rows, labels)
    model = learn([rows_of(grams, known) for grams in seen], wanted, np.ones_like(wanted), len(known), C, seed)
    return Trained(model, None, known)


def _targets(rows: Table, labels: tuple[str, ...]) -> Floats:
    wanted = np.zeros((len(rows), len(labels)), dtype=np.float32)
    for row, (_, label) in zip(wanted, rows, strict=True):
        row[labels.index(label)] = 1.0
    return wanted


def _chosen(trained: Trained, away: Table, labels: tuple[str, ...]) -> dict[str, Any]:
    """Slope from the rows in scope; the threshold that refuses most rows out of scope for few in scope."""
    margins = trained.model.margins([rows_of(features(text).grams, trained.known) for text, _ in away])
    sums = Sums(margins, np.zeros_like(margins))
    wanted = _targets(away, labels)
    inside = np.array([label != OUT_OF_SCOPE for _, label in away])
    aims = np.where(inside[:, None], wanted, NO_TARGET).astype(np.float32)
    scales = calibrate.scales(sums, aims, {"class": labels})
    threshold = 0.0
    if not inside.all():
        likely = calibrate.probabilities(sums, "class", scales["class"])
        threshold = _scope_threshold(likely, wanted, inside, labels.index(OUT_OF_SCOPE))
    return {"scales": scales, "thresholds": {"class": threshold}}


def _scope_threshold(likely: Floats, wanted: Floats, inside: npt.NDArray[np.bool_], outside_at: int) -> float:
    best, scores = likely.argmax(axis=1), []
    right = wanted[np.arange(len(best)), best] == 1
    for level in calibrate.GRID:
        refused = (likely.max(axis=1) < level) | (best == outside_at)
        scores.append((right & ~refused)[inside].mean() + 0.1 * refused[~inside].mean())
    return round(float(calibrate.GRID[int(np.argmax(scores))]), 2)
