"""Train a model for dialogue acts: ``python -m models.training.understand.acts --language zh``.

Learns as the models of whole turns do, from sentences of its own corpus. Writes the model's folder, and size and
checksum of its card into ``manifest.toml`` beside it.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random

import numpy as np
import numpy.typing as npt

from callcore.evaluate.labelled import LabelledTurn
from callcore.understand.catalogue import Acts
from models.training.understand import calibrate
from models.training.understand.augment import noise
from models.training.understand.calibrate import Sums
from models.training.understand.grams import Floats
from models.training.understand.heads import SIDES, head_places
from models.training.understand.material import Part, act_turns, own_turns
from models.training.understand.mixture import Lessons, Trained, train_mixture
from models.training.understand.ship import options as ship_options
from models.training.understand.ship import ship
from models.training.understand.train import held_out, held_out_sums

MODEL_VERSION = "2"
MOST_GRAMS = 14_000
ROUNDS = 14
SENTENCES_FOR_ONE = 25  #: of one side, in which one holds a certain act
LEAST = 0.6  #: threshold of any act; lower ones were chosen on too few
UNKNOWN = 0.8  #: threshold of an act of which there are too few to choose
JOINED_SHARE = 0.5  #: of the sentences, two or three of them said as one


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, calibrate and write one model."""
    options = _options(arguments)
    name, language, seed = f"acts-{options.language}", options.language, options.seed
    heads = act_heads()
    own = act_turns(language, seed)
    rounds = ROUNDS
    if options.smoke:
        own, rounds = own[:200], 1
    kept, away = held_out(own, seed)
    without = learned(kept, language, seed, rounds)
    sums, wanted = held_out_sums(without, away, own, heads, language, seed, heard={})
    scales = calibrate.scales(sums, wanted, heads)
    thresholds = _thresholds(sums, wanted, heads, scales)
    trained = learned(own, language, seed, rounds)
    turns = dict(sorted(Counter(f"{turn.speaker} {turn.source}" for turn in own).items()))
    card = {"language": language, "heads": heads, "scales": scales, "thresholds": thresholds, "turns": turns}
    ship(options.out, name, MODEL_VERSION, seed, trained, card)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = ship_options(__doc__)
    parser.add_argument("--language", choices=("zh", "en"), required=True)
    return parser.parse_args(arguments)


def act_heads() -> dict[str, tuple[str, ...]]:
    """A head for each side, from the data file that callcore ships."""
    acts = Acts.load()
    return {side: acts.of(side) for side in SIDES}


def learned(own: Sequence[LabelledTurn], language: str, seed: int, rounds: int) -> Trained:
    """A model of the sentences given, alone and joined; turns of the other corpus only show how people speak."""
    parts = [Part(own), Part(joined(own, seed))]
    noisy = noise(language, [turn.text for part in parts for turn in part.turns])
    plain = [turn.text for turn in own_turns(language, seed)] if rounds > 1 else []
    heads = act_heads()
    return train_mixture(Lessons.of(parts, heads, noisy, {}, seed, plain), heads, MOST_GRAMS, rounds, seed)


def joined(turns: Sequence[LabelledTurn], seed: int) -> list[LabelledTurn]:
    """Two or three sentences of one side as one, as where a recogniser writes no marks: what any of them does holds."""
    random = Random(seed)
    found = []
    for side in SIDES:
        said = [turn for turn in turns if turn.speaker == side]
        for _ in range(round(len(said) * JOINED_SHARE) if len(said) > 2 else 0):
            some = random.sample(said, random.choice((2, 2, 3)))
            text = random.choice(("，", " ", "。")).join(turn.text for turn in some)
            acts = tuple(dict.fromkeys(act for turn in some for act in turn.acts or ()))
            found.append(replace(some[0], text=text, acts=acts, source="joined"))
    return found


def _thresholds(
    sums: Sums, wanted: Floats, heads: Mapping[str, tuple[str, ...]], scales: calibrate.Scales
) -> dict[str, float]:
    """By act: where its F1 is best if one sentence in :data:`SENTENCES_FOR_ONE` held it, as in calls; the corpus has
    far more of them, and its other sentences are harder to tell apart than most of what is said.
    """
    found = {}
    for head, place in head_places(heads).items():
        known = (wanted[:, place] >= 0).any(axis=1)
        likely = calibrate.probabilities(sums.at(known, place), head, scales[head])
        for code, probability, aims in zip(heads[head], likely.T, wanted[known][:, place].T, strict=True):
            said = aims >= 0
            enough = (aims == 1).sum() >= calibrate.FEW
            found[code] = _threshold(probability[said], aims[said] == 1) if enough else UNKNOWN
    return found


def _threshold(probability: Floats, held: npt.NDArray[np.bool_]) -> float:
    def f1(level: float) -> float:
        told = probability >= level
        right, wrong = told[held].mean(), told[~held].mean() * (SENTENCES_FOR_ONE - 1)
        return float(2 * right / (1 + right + wrong))

    return round(max(float(max(calibrate.GRID, key=f1)), LEAST), 2)


if __name__ == "__main__":
    sys.exit(main())
