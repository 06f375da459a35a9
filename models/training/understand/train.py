"""Train the text models that callcore ships: ``python -m models.training.understand.train --model zh --seed 0``.

Writes the model's folder, and size and checksum of its card into ``manifest.toml`` beside it.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from callcore.evaluate.labelled import LabelledTurn
from models.training.understand import calibrate, yardstick
from models.training.understand.augment import noise
from models.training.understand.calibrate import Sums
from models.training.understand.grams import Floats
from models.training.understand.heads import head_places, product_heads, targets
from models.training.understand.heard import HeardTurn, partly_heard, read_heard_turns
from models.training.understand.material import (
    Part,
    accompanied_turns,
    joined_turns,
    own_turns,
    plain_lines,
    public_parts,
)
from models.training.understand.mixture import ROUNDS, Lessons, Trained, train_mixture
from models.training.understand.questions import Question, scope_questions
from models.training.understand.ship import options as ship_options
from models.training.understand.ship import ship

MODEL_VERSION = "5"
MODEL_VERSIONS = {"zh": "7", "en": "6"}  #: of models that were made anew since
MOST_GRAMS = 20_000
HELD_OUT = 0.2  #: share of the own turns that calibration and thresholds are chosen on
CALIBRATION_ERRORS = 0.1  #: share of wrong characters in half of the texts that thresholds are chosen on
HEARD_KEPT = 0.3  #: of a recogniser's errors in them: about as many
PRECISION = {"category": 0.9, "caller": 0.85, "emotion": 0.8}


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, calibrate and write one model."""
    options = _options(arguments)
    name = f"understand-{options.model}"
    limit = 300 if options.smoke else None
    train = yardstick.train if options.model in yardstick.FILES else train_product
    trained, card = train(options.model, options.data, options.seed, limit)
    ship(options.out, name, MODEL_VERSIONS.get(options.model, MODEL_VERSION), options.seed, trained, card)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = ship_options(__doc__)
    parser.add_argument("--model", choices=("zh", "en", *yardstick.FILES), required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder of the public sets")
    return parser.parse_args(arguments)


def train_product(language: str, data: Path, seed: int, limit: int | None) -> tuple[Trained, dict[str, Any]]:
    """A model of all heads, and the fields of its card."""
    heads = product_heads()
    own = list(own_turns(language, seed))
    public = public_parts(language, data, seed)
    rounds = ROUNDS
    if limit:
        own, public, rounds = own[:limit], [replace(part, turns=part.turns[:limit]) for part in public], 1
    kept, away = held_out(own, seed)
    plain = plain_lines(language, data, seed)[:limit]
    without = train_once(kept, public, heads, language, seed, plain, rounds)
    asked_of = [*away, *accompanied_turns(away, language, seed)]
    sums, wanted = held_out_sums(without, asked_of, own, heads, language, seed, heard_in(language))
    scales = calibrate.scales(sums, wanted, heads)
    thresholds = _thresholds(sums, wanted, heads, scales)
    asked = scope_questions(language, data, choose=True)
    if asked:
        thresholds[calibrate.SCOPE] = _scope_threshold(without, asked, sums, wanted, heads, scales)
    trained = train_once(own, public, heads, language, seed, plain, rounds)
    turns = Counter(turn.source for part in (Part(own), *public) for turn in part.turns)
    card = {"language": language, "heads": heads, "scales": scales, "thresholds": thresholds}
    return trained, {**card, "turns": dict(sorted(turns.items()))}


def train_once(
    own: Sequence[LabelledTurn],
    public: Sequence[Part],
    heads: Mapping[str, tuple[str, ...]],
    language: str,
    seed: int,
    plain: Sequence[str] = (),
    rounds: int = ROUNDS,
) -> Trained:
    """One model of everything given; ``plain``: lines without labels."""
    parts = [Part(own), Part(joined_turns(own, seed)), Part(accompanied_turns(own, language, seed)), *public]
    noisy = noise(language, [turn.text for part in parts for turn in part.turns])
    lessons = Lessons.of(parts, heads, noisy, heard_in(language), seed, plain)
    return train_mixture(lessons, heads, MOST_GRAMS, rounds, seed)


def heard_in(language: str) -> Mapping[str, HeardTurn]:
    """Turns that a recogniser heard, by their text; there are Mandarin ones."""
    return read_heard_turns() if language == "zh" else {}


def held_out(turns: Sequence[LabelledTurn], seed: int) -> tuple[list[LabelledTurn], list[LabelledTurn]]:
    """Turns to learn from, and a share of them to choose on."""
    random = Random(seed + 1)
    kept: list[LabelledTurn] = []
    away: list[LabelledTurn] = []
    for turn in turns:
        (away if random.random() < HELD_OUT else kept).append(turn)
    return kept, away


def held_out_sums(
    trained: Trained,
    away: Sequence[LabelledTurn],
    own: Sequence[LabelledTurn],
    heads: Mapping[str, tuple[str, ...]],
    language: str,
    seed: int,
    heard: Mapping[str, HeardTurn],
) -> tuple[Sums, Floats]:
    """Sums of turns that a model has not seen, as written and misheard; targets. ``heard``: by the text of a turn."""
    random = Random(seed + 2)
    noisy = noise(language, [turn.text for turn in own], CALIBRATION_ERRORS)

    def misheard(text: str) -> str:
        one = heard.get(text)
        return partly_heard(one, HEARD_KEPT, random) if one else noisy(text, random)

    texts = [turn.text for turn in away]
    sums = [trained.sums(texts), trained.sums([misheard(text) for text in texts])]
    return calibrate.joined(sums), targets([*away, *away], heads)


def _scope_threshold(
    trained: Trained,
    asked: Sequence[Question],
    sums: Sums,
    wanted: Floats,
    heads: Mapping[str, tuple[str, ...]],
    scales: calibrate.Scales,
) -> float:
    """On own turns and on real questions; each of the two counts half."""
    place, head = head_places(heads)[calibrate.SCOPE], calibrate.SCOPE
    known = wanted[:, place][:, 0] >= 0
    own = calibrate.probabilities(sums.at(known, place), head, scales[head])
    texts = trained.sums([question.text for question in asked])
    real = calibrate.probabilities(texts.at(slice(None), place), head, scales[head])
    aims = np.array([[float(question.in_scope)] for question in asked], dtype=np.float32)
    return calibrate.threshold_scope([(own, wanted[known][:, place]), (real, aims)])


def _thresholds(
    sums: Sums, wanted: Floats, heads: Mapping[str, tuple[str, ...]], scales: calibrate.Scales
) -> dict[str, float]:
    found: dict[str, float] = {}
    for head, place in head_places(heads).items():
        known = (wanted[:, place] >= 0).any(axis=1)
        aims = wanted[known][:, place]
        likely = calibrate.probabilities(sums.at(known, place), head, scales[head])
        if len(aims) < calibrate.FEW:
            found[head] = 0.5
        elif head == calibrate.SCOPE:
            found[head] = calibrate.threshold_scope([(likely, aims)])
        elif head in PRECISION:
            found[head] = calibrate.threshold_one(likely, aims, PRECISION[head])
        else:
            found[head] = calibrate.threshold_several(likely, aims)
    return found


if __name__ == "__main__":
    sys.exit(main())
