"""Train the text models that callcore ships: ``python -m models.training.understand.train --model zh --seed 0``."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from callcore.evaluate.labelled import LabelledTurn
from callcore.understand.features import VERSION, Grams, features, without_marks
from models.training.understand import calibrate, yardstick
from models.training.understand.augment import Noisy, noise
from models.training.understand.export import write_folder
from models.training.understand.grams import Floats, Rows, known_grams, rows_of
from models.training.understand.heads import head_places, product_heads, targets
from models.training.understand.linear import Linear, learn
from models.training.understand.material import Part, joined_turns, own_turns, public_parts

ROOT = Path(__file__).parents[3]
MODEL_VERSION = "2"
MOST_GRAMS = 40_000
MIN_COUNT = 2  #: texts in which an n-gram must occur to be known
C = 0.3  #: of the machines; between 0.2 and 1 they differ by a point
HELD_OUT = 0.2  #: share of the own turns that calibration and thresholds are chosen on
CALIBRATION_ERRORS = 0.1  #: share of wrong characters in half of the texts that thresholds are chosen on
PRECISION = {"category": 0.9, "caller": 0.85, "emotion": 0.8}


@dataclass(frozen=True, slots=True)
class Trained:
    """A model with the n-grams that it knows."""

    model: Linear
    known: Grams

    def margins(self, texts: Sequence[str]) -> Floats:
        """Shape (texts, labels)."""
        return self.model.margins([rows_of(features(without_marks(text)).grams, self.known) for text in texts])


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, calibrate and write one model."""
    options = _options(arguments)
    name = f"understand-{options.model}"
    limit = 300 if options.smoke else None
    train = yardstick.train if options.model in yardstick.FILES else train_product
    trained, card = train(options.model, options.data, options.seed, limit)
    places = head_places(card["heads"])
    slopes, offsets = (
        np.concatenate([np.full(p.stop - p.start, card["scales"][head][i]) for head, p in places.items()])
        for i in (0, 1)
    )
    fields = {"format": 1, "name": name, "version": MODEL_VERSION, "features": VERSION, "seed": options.seed, **card}
    write_folder(
        options.out / name, trained.model, slopes.astype(np.float32), offsets.astype(np.float32), trained.known, fields
    )
    print(json.dumps({key: card[key] for key in ("scales", "thresholds")}))
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=("zh", "en", *yardstick.FILES), required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder of the public sets")
    parser.add_argument("--out", type=Path, default=ROOT / "models")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--smoke", action="store_true", help="a tiny run that only shows that everything works")
    return parser.parse_args(arguments)


def train_product(language: str, data: Path, seed: int, limit: int | None) -> tuple[Trained, dict[str, Any]]:
    """A model of all heads, and the fields of its card."""
    heads = product_heads()
    own = list(own_turns(language, seed))
    public = public_parts(language, data, seed)
    if limit:
        own, public = own[:limit], [replace(part, turns=part.turns[:limit]) for part in public]
    margins, wanted = held_out_margins(own, public, heads, language, seed)
    scales = calibrate.scales(margins, wanted, heads)
    thresholds = _thresholds(margins, wanted, heads, scales)
    trained = train_once(own, public, heads, language, seed)
    turns = Counter(turn.source for part in (Part(own), *public) for turn in part.turns)
    card = {"language": language, "heads": heads, "scales": scales, "thresholds": thresholds}
    return trained, {**card, "turns": dict(sorted(turns.items()))}


def train_once(
    own: Sequence[LabelledTurn], public: Sequence[Part], heads: Mapping[str, tuple[str, ...]], language: str, seed: int
) -> Trained:
    """One model of everything given: each text as it is and once as if misheard."""
    parts = [Part(own), Part(joined_turns(own, seed)), *public]
    turns = [turn for part in parts for turn in part.turns]
    weights = np.array([part.weight for part in parts for _ in part.turns], dtype=np.float32)
    noisy = noise(language, [turn.text for turn in turns])
    random = Random(seed)
    seen = [features(without_marks(turn.text)).grams for turn in turns]
    seen += [features(without_marks(noisy(turn.text, random))).grams for turn in turns]
    known = known_grams(seen, MIN_COUNT, MOST_GRAMS)
    rows: list[Rows] = [rows_of(grams, known) for grams in seen]
    wanted = targets(turns, heads)
    model = learn(rows, np.concatenate([wanted] * 2), np.concatenate([weights] * 2), len(known), C, seed)
    return Trained(model, known)


def held_out_margins(
    own: Sequence[LabelledTurn],
    public: Sequence[Part],
    heads: Mapping[str, tuple[str, ...]],
    language: str,
    seed: int,
) -> tuple[Floats, Floats]:
    """Margins of a share of the own turns by a model that has not seen them, clean and misheard; and their targets."""
    random = Random(seed + 1)
    away, kept = [], []
    for turn in own:
        (away if random.random() < HELD_OUT else kept).append(turn)
    noisy: Noisy = noise(language, [turn.text for turn in own], CALIBRATION_ERRORS)
    trained = train_once(kept, public, heads, language, seed)
    texts = [turn.text for turn in away]
    margins = [trained.margins(texts), trained.margins([noisy(text, random) for text in texts])]
    return np.concatenate(margins), np.concatenate([targets(away, heads)] * 2)


def _thresholds(
    margins: Floats, wanted: Floats, heads: Mapping[str, tuple[str, ...]], scales: calibrate.Scales
) -> dict[str, float]:
    found: dict[str, float] = {}
    for head, place in head_places(heads).items():
        known = (wanted[:, place] >= 0).any(axis=1)
        likely, aims = calibrate.probabilities(margins[known][:, place], head, scales[head]), wanted[known][:, place]
        if len(aims) < calibrate.FEW:
            found[head] = 0.5
        elif head == "in_scope":
            found[head] = calibrate.threshold_scope(likely, aims)
        elif head in PRECISION:
            found[head] = calibrate.threshold_one(likely, aims, PRECISION[head])
        else:
            found[head] = calibrate.threshold_several(likely, aims)
    return found


if __name__ == "__main__":
    sys.exit(main())
