"""From turns to a trained network: known n-grams, rounds over noisy texts, calibration."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
import numpy.typing as npt
import torch

from callcore.understand.features import Grams, features
from models.training.understand.heads import NO_TARGET, Floats, loss
from models.training.understand.net import Bag, Noise, Rows, Shape, batch

Noisy = Callable[[str, Random], str]  #: a text as it may be heard
GRADIENT_NORM = 5.0


@dataclass(frozen=True, slots=True)
class Course:
    """How long and how fast to learn."""

    rounds: int = 12
    batch: int = 64
    rate: float = 2e-3
    width: int = 96
    hidden: int = 192
    noisy_share: float = 0.6  #: of the texts of a round, changed as if misheard
    joined_share: float = 0.1  #: of the texts of a round, two said in one turn
    min_count: int = 2  #: texts in which an n-gram must occur to be known


@dataclass(frozen=True, slots=True)
class Material:
    """Texts, their targets (texts, labels), and for each its weight and the share of rounds it takes part in."""

    texts: Sequence[str]
    targets: Floats
    weights: Floats
    shares: Floats
    places: Mapping[str, slice]  #: columns of each head
    neutral: Mapping[str, int]  #: column of the label, by head, that gives way to another in the same turn
    whole: npt.NDArray[np.int64]  #: texts that may be joined to others: all heads are known of them


def known_grams(seen: Iterable[Grams], min_count: int, most: int | None = None) -> Grams:
    """N-grams that occur in ``min_count`` texts or more, in order; of too many, the most frequent."""
    counts: Counter[int] = Counter()
    for grams in seen:
        counts.update(np.unique(grams[grams > 0]).tolist())
    kept = [gram for gram, count in counts.items() if count >= min_count]
    if most is not None and len(kept) > most:
        kept = sorted(kept, key=lambda gram: (-counts[gram], gram))[:most]
    return np.array(sorted(kept), dtype=np.uint32)


def rows_of(grams: Grams, known: Grams) -> Rows:
    """Places in the table, from 1; 0 for what is not known."""
    places = np.searchsorted(known, grams)
    places[places == len(known)] = 0
    found = (known[places] == grams) & (grams > 0)
    return np.where(found, places + 1, 0).astype(np.int64)


def learn(
    material: Material, known: Grams, heads: Mapping[str, tuple[str, ...]], course: Course, noisy: Noisy, seed: int
) -> Bag:
    """A network trained on the material; the same seed gives the same network on the same machine."""
    torch.manual_seed(seed)
    random = Random(seed)
    order = np.random.default_rng(seed)
    clean = [rows_of(features(text).grams, known) for text in material.texts]
    shape = Shape(len(known), course.width, course.hidden, material.targets.shape[1])
    net = Bag(shape, Noise())
    net.train()
    optimiser = torch.optim.AdamW(net.parameters(), lr=course.rate, weight_decay=1e-5)
    steps = course.rounds * math.ceil(float(material.shares.sum()) / course.batch + 1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, course.rate, total_steps=steps, pct_start=0.1)
    taken = 0
    for _ in range(course.rounds):
        chosen = np.flatnonzero(order.random(len(clean)) < material.shares)
        order.shuffle(chosen)
        for start in range(0, len(chosen), course.batch):
            part = chosen[start : start + course.batch]
            rows, aims = _noisy_batch(part, material, clean, known, course, noisy, random)
            logits = net(batch(rows))
            cost = loss(logits, torch.from_numpy(aims), heads, torch.from_numpy(material.weights[part]))
            optimiser.zero_grad()
            cost.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), GRADIENT_NORM)
            optimiser.step()
            taken += 1
            if taken < steps:
                schedule.step()
    return net.eval()


def _noisy_batch(
    part: npt.NDArray[np.int64],
    material: Material,
    clean: Sequence[Rows],
    known: Grams,
    course: Course,
    noisy: Noisy,
    random: Random,
) -> tuple[list[Rows], Floats]:
    rows: list[Rows] = []
    aims = material.targets[part].copy()
    whole = set(material.whole.tolist())
    for place, index in enumerate(part):
        text = material.texts[index]
        joined = len(material.whole) > 0 and index in whole and random.random() < course.joined_share
        if joined:
            other = material.whole[random.randrange(len(material.whole))]
            text = f"{text} {material.texts[other]}"
            aims[place] = _both(aims[place], material.targets[other], material)
        if random.random() < course.noisy_share:
            rows.append(rows_of(features(noisy(text, random)).grams, known))
        elif joined:
            rows.append(rows_of(features(text).grams, known))
        else:
            rows.append(clean[index])
    return rows, aims


def _both(one: Floats, other: Floats, material: Material) -> Floats:
    """Targets of two texts in one turn: what either says; of labels that exclude each other the one that is not
    neutral, and nothing where both say something."""
    both = np.where((one == 1) | (other == 1), 1.0, np.where((one == 0) & (other == 0), 0.0, NO_TARGET))
    for head, neutral in material.neutral.items():
        place = material.places[head]
        if np.array_equal(one[place], other[place]) or other[neutral] == 1:
            both[place] = one[place]
        else:
            both[place] = other[place] if one[neutral] == 1 else NO_TARGET
    return both.astype(np.float32)


def predict(net: Bag, texts: Sequence[str], known: Grams) -> Floats:
    """Logits, shape (texts, labels)."""
    rows = [rows_of(features(text).grams, known) for text in texts]
    with torch.no_grad():
        parts = [net(batch(rows[i : i + 256])).numpy() for i in range(0, len(rows), 256)]
    return np.concatenate(parts) if parts else np.zeros((0, net.out.out_features), dtype=np.float32)
