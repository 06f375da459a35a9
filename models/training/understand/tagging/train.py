"""Train a tagger of secrets: ``python -m models.training.understand.tagging.train --language zh``.

Learns from written calls with marked secrets, from the corpus as the rules of the redaction read it, and from phrases.
Writes the model's folder, and size and checksum of its card into ``manifest.toml`` beside it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
import torch

from callcore.understand.tag_features import VERSION, Vocabulary
from models.training.understand.enter import enter
from models.training.understand.export import CARD_FILE
from models.training.understand.material import act_turns, own_turns
from models.training.understand.phrases import HERE
from models.training.understand.ship import ROOT
from models.training.understand.ship import options as ship_options
from models.training.understand.tagging.batches import LABELS, batch
from models.training.understand.tagging.examples import (
    Example,
    call_examples,
    call_files,
    sentence_examples,
    silver,
)
from models.training.understand.tagging.export import write_folder
from models.training.understand.tagging.invented import tables
from models.training.understand.tagging.learn import Material, learned, loss_of
from models.training.understand.tagging.network import Tagger

MODEL_VERSION = "1"
ROUNDS = 8
SILVER_WEIGHT = {"zh": 0.5, "en": 0.35}  #: of what the rules found, beside what was marked by hand
AWAY = 5  #: one call of so many tells the temperature
TEMPERATURES = np.geomspace(0.5, 3.0, 26)


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, calibrate and write one model."""
    options = _options(arguments)
    torch.set_num_threads(1)
    language, seed, rounds = options.language, options.seed, 1 if options.smoke else options.rounds
    files, kept, away = _calls(options)
    turns = [*own_turns(language, seed), *act_turns(language, seed)]
    plain = silver(turns[: 200 if options.smoke else None], language, SILVER_WEIGHT[language])
    temperature: float | None = options.temperature
    if temperature is None:
        temperature = _held_out_temperature(_material(language, kept, plain), away, rounds, seed)
    tagger, characters, grams = learned(_material(language, files, plain), rounds, seed)
    name = f"secrets-{language}"
    card = {
        "format": 1, "name": name, "version": MODEL_VERSION, "features": VERSION, "seed": seed, "language": language,
        "labels": LABELS, "temperature": round(temperature, 4), "characters": characters,
        "turns": {"calls": len(files), "corpus": len(plain)},
    }  # fmt: skip
    write_folder(options.out / name, tagger, grams, temperature, card)
    if (manifest := options.out / "manifest.toml").is_file():
        enter(manifest, name, options.out / name / CARD_FILE)
    return 0


def _calls(options: argparse.Namespace) -> tuple[list[Path], list[Path], list[Path]]:
    """Files of all calls that are learned from; without those that tell the temperature; and these."""
    files = [file for folder in options.calls for file in call_files(folder, options.language)]
    order = Random(options.seed).sample(files, len(files))
    some = max(1, len(files) // AWAY)
    return files, order[some:], order[:some]


def _held_out_temperature(material: Material, away: Sequence[Path], rounds: int, seed: int) -> float:
    tagger, characters, grams = learned(material, rounds, seed)
    measured = [one for file in away for one in call_examples(file)]
    temperature = best_temperature(tagger, Vocabulary.of(characters, np.array(grams, dtype=np.uint32)), measured)
    print(f"temperature {temperature:.3f}, of {len(away)} calls that were held out")
    return temperature


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = ship_options(__doc__)
    parser.add_argument("--language", choices=("zh", "en"), required=True)
    parser.add_argument("--calls", type=Path, nargs="+", default=[ROOT / "benchmarks" / "written_calls" / "train"])
    parser.add_argument("--temperature", type=float, help="as an earlier run with calls held out has found it")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    return parser.parse_args(arguments)


def _material(language: str, files: Sequence[Path], plain: Sequence[Example]) -> Material:
    calls = [one for file in files for one in call_examples(file)]
    sentences = sentence_examples(HERE.parent / "privacy" / f"{language}_dev.toml")
    return Material(language, tables(language), calls, sentences, plain)


def best_temperature(tagger: Tagger, known: Vocabulary, measured: Sequence[Example]) -> float:
    """The one at which the labels of ``measured`` are likeliest."""
    groups = [batch(measured[i : i + 40], known) for i in range(0, len(measured), 40)]

    def loss(temperature: float) -> float:
        class Cooled(torch.nn.Module):
            def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
                return tagger(*inputs) / temperature  # type: ignore[no-any-return]

        with torch.no_grad():
            return sum(float(loss_of(Cooled(), one)) for one in groups)  # type: ignore[arg-type]

    return float(min(TEMPERATURES, key=lambda one: loss(float(one))))


if __name__ == "__main__":
    sys.exit(main())
