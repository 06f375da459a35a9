"""Train the text models that callcore ships: ``python -m models.training.understand.train --model zh --seed 0``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch

from callcore.evaluate.labelled import LabelledTurn
from callcore.understand.features import VERSION, Grams, features
from models.training.understand import calibrate, yardstick
from models.training.understand.augment import Confusions, misheard_en, misheard_zh, with_fillers, without_marks
from models.training.understand.export import write_folder
from models.training.understand.heads import Floats, head_places, product_heads, targets
from models.training.understand.learn import Course, Material, Noisy, known_grams, learn, predict
from models.training.understand.material import Part, held_out, material, parts_en, parts_zh
from models.training.understand.net import Bag

ROOT = Path(__file__).parents[3]
MODEL_VERSION = "1"
MOST_GRAMS = 60_000
HELD_OUT = 0.1
CALIBRATION_ERRORS = 0.1  #: share of wrong characters of the texts that temperatures and thresholds are chosen on
PRECISION = {"category": 0.9, "caller": 0.85, "emotion": 0.8}


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, calibrate and write one model."""
    options = _options(arguments)
    torch.set_num_threads(options.threads)
    torch.use_deterministic_algorithms(True)
    name = f"understand-{options.model}"
    if options.model in yardstick.FILES:
        course = Course(rounds=options.rounds, width=64, hidden=128, noisy_share=0.1)
        course = replace(course, rounds=2) if options.smoke else course
        net, known, card = yardstick.train(
            options.model, options.data, course, options.seed, limit=1500 if options.smoke else None
        )
    else:
        net, known, card = _product(options)
    fields = {"format": 1, "name": name, "version": MODEL_VERSION, **card}
    write_folder(options.out / name, net, known, fields)
    print(json.dumps({key: card[key] for key in ("temperatures", "thresholds")}, indent=1))
    return 0


def _product(options: argparse.Namespace) -> tuple[Bag, Grams, dict[str, Any]]:
    course = Course(rounds=2, width=32) if options.smoke else Course(rounds=options.rounds)
    parts = (parts_zh if options.model == "zh" else parts_en)(options.data, options.seed)
    if options.smoke:
        parts = [replace(part, turns=part.turns[:300]) for part in parts]
    heads = product_heads()
    kept, away = held_out(parts, HELD_OUT, options.seed)
    net, known, noisy = _learned(kept, heads, course, options)
    card = _calibrated(net, known, away, heads, noisy)
    if not options.held_out_only:
        net, known, noisy = _learned(parts, heads, course, options)
    trained = {"seed": options.seed, "rounds": course.rounds, "turns": _counts(parts)}
    return net, known, {"language": options.model, "features": VERSION, "heads": heads, **card, "trained": trained}


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=("zh", "en", *yardstick.FILES), required=True)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="folder of the public sets")
    parser.add_argument("--out", type=Path, default=ROOT / "models")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=16)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--held-out-only", action="store_true", help="keep the network of the calibration")
    parser.add_argument("--smoke", action="store_true", help="a tiny run that only shows that everything works")
    return parser.parse_args(arguments)


def _learned(
    parts: Sequence[Part], heads: Mapping[str, tuple[str, ...]], course: Course, options: argparse.Namespace
) -> tuple[Bag, Grams, Noisy]:
    whole: Material = material(parts)
    noisy = noise(options.model, whole.texts)
    random = Random(options.seed)
    seen = [features(text).grams for text in whole.texts]
    seen += [features(noisy(text, random)).grams for text in whole.texts]
    known = known_grams(seen, course.min_count, MOST_GRAMS)
    return learn(whole, known, heads, course, noisy, options.seed), known, noisy


def noise(language: str, texts: Sequence[str], rate: float | None = None) -> Noisy:
    """How a text is changed; ``rate`` None: up to a quarter of it wrong."""
    confusions = Confusions(texts) if language == "zh" else None
    vocabulary = sorted({word for text in texts for word in text.lower().split()}) if language == "en" else []

    def change(text: str, random: Random) -> str:
        if rate is None and random.random() < 0.3:
            text = with_fillers(text, language, random)
        if rate is None and random.random() < 0.3:
            return without_marks(text)
        share = random.random() * 0.25 if rate is None else rate
        if confusions is not None:
            return misheard_zh(text, share, confusions, random)
        return misheard_en(text, share * 0.8, vocabulary, random)

    return change


def _calibrated(
    net: Bag, known: Grams, away: Sequence[LabelledTurn], heads: Mapping[str, tuple[str, ...]], noisy: Noisy
) -> dict[str, Any]:
    random = Random(7)
    wanted = targets(away, heads).values
    logits: Floats = predict(net, [noisy(turn.text, random) for turn in away], known)
    found = calibrate.temperatures(logits, wanted, heads)
    thresholds: dict[str, float] = {}
    for head, place in head_places(heads).items():
        rows = (wanted[:, place] >= 0).any(axis=1)
        likely, aims = calibrate.probabilities(logits[rows][:, place], head, found[head]), wanted[rows][:, place]
        if head in PRECISION:
            thresholds[head] = calibrate.threshold_one(likely, aims, PRECISION[head]) if len(aims) else 0.5
        else:
            thresholds[head] = calibrate.threshold_several(likely, aims)
    return {"temperatures": found, "thresholds": thresholds}


def _counts(parts: Sequence[Part]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for part in parts:
        for turn in part.turns:
            counts[turn.source] = counts.get(turn.source, 0) + 1
    return dict(sorted(counts.items()))


if __name__ == "__main__":
    np.seterr(all="raise", under="ignore")
    sys.exit(main())
