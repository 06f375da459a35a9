"""Architectures side by side: ``python -m models.training.understand.compare --task banking77 --out FILE.json``.

Task ``banking77``: its training rows, its test rows. Task ``zh_topics``: own Mandarin turns of one topic, a seventh of
them held out of training; nothing of the test part is looked at. Both with one class a text.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch

from callcore.evaluate.labelled import read_table
from callcore.understand.features import features
from models.training.understand import linear, networks
from models.training.understand.grams import Rows, known_grams, rows_of
from models.training.understand.heads import NO_TARGET
from models.training.understand.material import own_turns
from models.training.understand.phrases import generated_turns

Table = list[tuple[str, str]]
WIDTH = 128
MOST_GRAMS = 40_000
TEXTS_TO_PRETRAIN = 40_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Train every architecture once and write the accuracies."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--task", choices=("banking77", "zh_topics"), required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder of the public sets")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    kept, away, plain = (_banking77 if options.task == "banking77" else _zh_topics)(options.data, options.seed)
    results: list[dict[str, Any]] = []
    for name, with_plain in (("linear", True), *((kind, pre) for kind in networks.KINDS for pre in (False, True))):
        started = time.monotonic()
        score = _score(name, kept, away, plain if with_plain else [], options.rounds, options.seed)
        row = {"architecture": name, "pretrained": with_plain and name != "linear", "accuracy": round(score, 4)}
        results.append({**row, "seconds": round(time.monotonic() - started)})
        print(results[-1], flush=True)
        report = {"task": options.task, "seed": options.seed, "rounds": options.rounds, "width": WIDTH}
        sizes = {"train": len(kept), "test": len(away), "plain": len(plain)}
        options.out.write_text(json.dumps({**report, **sizes, "results": results}, indent=1) + "\n", encoding="utf-8")
    return 0


def _score(name: str, kept: Table, away: Table, plain: list[str], rounds: int, seed: int) -> float:
    """Accuracy on ``away``; ``plain``: text to pre-train on."""
    torch.manual_seed(seed)
    labels = sorted({label for _, label in kept})
    classes = [labels.index(label) for _, label in kept]
    seen = [features(text).grams for text, _ in kept]
    known = known_grams(seen, 2, MOST_GRAMS)
    rows: list[Rows] = [rows_of(grams, known) for grams in seen]
    test = [rows_of(features(text).grams, known) for text, _ in away]
    if name == "linear":
        wanted = np.full((len(rows), len(labels)), 0.0, dtype=np.float32)
        wanted[np.arange(len(rows)), classes] = 1.0
        assert NO_TARGET not in wanted
        model = linear.learn(rows, wanted, np.ones(len(rows), dtype=np.float32), len(known), 0.5, seed)
        said = model.margins(test).argmax(1)
    else:
        network = networks.Network(name, len(known), WIDTH, len(labels))
        if plain:
            more = [rows_of(features(text).grams, known) for text in plain]
            networks.pretrain(network, [*rows, *more], 1, seed)
        networks.learn(network, rows, classes, rounds, seed)
        said = networks.predict(network, test).argmax(1)
    return float(np.mean([labels[place] == label for place, (_, label) in zip(said, away, strict=True)]))


def _banking77(data: Path, seed: int) -> tuple[Table, Table, list[str]]:
    intents = data / "intent_en"
    plain = [
        text
        for name in ("clinc150_train", "multidogo_finance_train")
        for text, _ in read_table(intents / f"{name}.tsv")
    ]
    kept, away = (list(read_table(intents / f"banking77_{part}.tsv")) for part in ("train", "test"))
    return kept, away, Random(seed).sample(plain, min(TEXTS_TO_PRETRAIN, len(plain)))


def _zh_topics(data: Path, seed: int) -> tuple[Table, Table, list[str]]:
    own = [(turn.text, turn.topics[0]) for turn in own_turns("zh", seed) if turn.topics and len(turn.topics) == 1]
    Random(seed).shuffle(own)
    away, kept = own[: len(own) // 7], own[len(own) // 7 :]
    kept += [(turn.text, turn.topics[0]) for turn in generated_turns("zh", 4, seed) if turn.topics]
    lines = [
        line
        for name in ("cped", "crosswoz", "kdconv")
        for line in (data / "text_zh" / f"{name}.txt").read_text(encoding="utf-8").split("\n")
        if len(line) > 5
    ]
    return kept, away, Random(seed).sample(lines, min(TEXTS_TO_PRETRAIN, len(lines)))


if __name__ == "__main__":
    sys.exit(main())
