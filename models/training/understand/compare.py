"""Architectures side by side: ``python -m models.training.understand.compare --task banking77 --data FOLDER``.

Task ``banking77``: its training rows, its test rows. Task ``zh_topics``: own Mandarin turns of one topic, a seventh of
them held out of training; nothing of the test part is looked at. Both with one class a text. Each network also counts
mixed with the linear machines, half and half.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch

from callcore.evaluate.labelled import read_table
from callcore.understand.features import Grams, features
from models.training.understand import linear, networks
from models.training.understand.grams import Floats, Rows, known_grams, rows_of
from models.training.understand.material import own_turns
from models.training.understand.phrases import generated_turns

ROOT = Path(__file__).parents[3]
Table = list[tuple[str, str]]
WIDTH = 128
MOST_GRAMS = 40_000
TEXTS_TO_PRETRAIN = 40_000
C = 0.5


@dataclass(frozen=True, slots=True)
class Task:
    """Texts of one class each, to learn from and to test on; lines to pre-train on."""

    kept: Table
    away: Table
    plain: list[str]


def main(arguments: Sequence[str] | None = None) -> int:
    """Train every architecture once and write the accuracies."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--task", choices=("banking77", "zh_topics"), required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder of the public sets")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "understanding-compare.json")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    task = (_banking77 if options.task == "banking77" else _zh_topics)(options.data, options.seed)
    report = {"task": options.task, "seed": options.seed, "rounds": options.rounds, "width": WIDTH, "grams": MOST_GRAMS}
    sizes = {"train": len(task.kept), "test": len(task.away), "plain": len(task.plain)}
    results: list[dict[str, Any]] = []
    for row in _rows(task, options.rounds, options.seed):
        results.append(row)
        print(row, flush=True)
        _enter(options.out, {**report, **sizes, "results": results})
    return 0


def _enter(file: Path, report: dict[str, Any]) -> None:
    """Put the report of a task into a file of several, in the place of an older one."""
    known = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []
    others = [one for one in known if one["task"] != report["task"]]
    whole = sorted([*others, report], key=lambda one: str(one["task"]), reverse=True)
    file.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")


def _rows(task: Task, rounds: int, seed: int) -> Any:
    """Results one after the other: machines, then every network without and with pre-training, and each mixture."""
    labels = sorted({label for _, label in task.kept})
    classes = np.array([labels.index(label) for _, label in task.kept])
    right = [labels.index(label) if label in labels else -1 for _, label in task.away]
    grams = [features(text).grams for text, _ in task.kept]
    known = known_grams(grams, 2, MOST_GRAMS)
    kept, away = [rows_of(one, known) for one in grams], _read([text for text, _ in task.away], known)

    def row(name: str, said: Floats, started: float, *, pretrained: bool = False) -> dict[str, Any]:
        score = round(float(np.mean(said.argmax(1) == right)), 4)
        seconds = round(time.monotonic() - started)
        return {"architecture": name, "pretrained": pretrained, "accuracy": score, "seconds": seconds}

    started = time.monotonic()
    machines = _machines(kept, away, classes, len(labels), len(known), seed)
    yield row("linear", machines, started)
    more = _read(task.plain, known)
    for kind in networks.KINDS:
        for pretrained in (False, True):
            started = time.monotonic()
            said = _network(kind, kept, away, classes, more if pretrained else [], (len(known), rounds, seed))
            yield row(kind, said, started, pretrained=pretrained)
            mixed = machines / machines.std() + said / said.std()
            yield row(f"linear + {kind}", mixed, started, pretrained=pretrained)


def _read(texts: Sequence[str], known: Grams) -> list[Rows]:
    return [rows_of(features(text).grams, known) for text in texts]


def _machines(
    kept: Sequence[Rows], away: Sequence[Rows], classes: Any, labels: int, vocabulary: int, seed: int
) -> Floats:
    wanted = np.zeros((len(kept), labels), dtype=np.float32)
    wanted[np.arange(len(kept)), classes] = 1.0
    return linear.learn(kept, wanted, np.ones_like(wanted), vocabulary, C, seed).margins(away)


def _network(
    kind: str,
    kept: Sequence[Rows],
    away: Sequence[Rows],
    classes: Any,
    more: Sequence[Rows],
    how: tuple[int, int, int],
) -> Floats:
    """Logits of ``away``. ``more``: texts to pre-train on, if any; ``how``: known n-grams, rounds, seed."""
    vocabulary, rounds, seed = how
    torch.manual_seed(seed)
    network = networks.Network(kind, vocabulary, WIDTH, int(classes.max()) + 1)
    texts = [networks.encoded(one) for one in kept]
    if more:
        networks.pretrain(network, [*texts, *map(networks.encoded, more)], 1, seed)
    cost = networks.one_class(classes.tolist())
    networks.learn(network, ((texts, cost) for _ in range(rounds)), networks.steps_of(len(texts), rounds), seed)
    return networks.predict(network, [networks.encoded(one) for one in away])


def _banking77(data: Path, seed: int) -> Task:
    intents = data / "intent_en"
    plain = [
        text
        for name in ("clinc150_train", "multidogo_finance_train")
        for text, _ in read_table(intents / f"{name}.tsv")
    ]
    kept, away = (list(read_table(intents / f"banking77_{part}.tsv")) for part in ("train", "test"))
    return Task(kept, away, Random(seed).sample(plain, min(TEXTS_TO_PRETRAIN, len(plain))))


def _zh_topics(data: Path, seed: int) -> Task:
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
    return Task(kept, away, Random(seed).sample(lines, min(TEXTS_TO_PRETRAIN, len(lines))))


if __name__ == "__main__":
    sys.exit(main())
