"""Marks restored in Mandarin text: how well, and from which weights.

``python benchmarks/punctuation.py SHARED_DATA`` measures the bundled weights on the references of synthetic_zh (text
and times of its characters; no recognition) and writes benchmarks/results/punctuation.json. ``--train`` makes the
weights anew first: the models of text from ``text_zh`` (Apache-2.0), the weights of pauses from the single
utterances of synthetic_zh. The calls are only reported on.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from callcore.text.restore import PauseWeights, Restorer, pauses, place_features, question_features
from callcore.types import Word, samples

ROOT = Path(__file__).resolve().parent.parent
WEIGHTS = ROOT / "callcore" / "text" / "punctuation.tsv"
RESULTS = ROOT / "benchmarks" / "results" / "punctuation.json"
MARKS = "，。？"
JITTER_S = 0.06  #: error of word times that alignment by attention is known for
# Not more than 2: the synthetic voices never hesitate, so their pauses alone would carry weights with which people
# get a comma at each hesitation.
SLOPES = (0.0, 0.5, 1.0, 1.5, 2.0)
HEADER = """# Weights of callcore.text.restore, made by benchmarks/punctuation.py --train.
# Text: CrossWOZ, KdConv and CPED (Apache-2.0). Lines: kind, feature, weights (place: comma, stop).
"""

Features = list[Iterator[str] | list[str]]
Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Example:
    """Characters without marks, the mark after some of them, and their onsets in seconds where known."""

    characters: str
    marks: dict[int, str]
    onsets: tuple[float, ...] = ()


def split_marks(text: str, onsets: Sequence[tuple[str, float]] = ()) -> Example:
    """Marks and characters apart; ！ counts as 。 and 、 as ，."""
    characters = ""
    marks: dict[int, str] = {}
    for character in text.replace("！", "。").replace("、", "，"):
        if character not in MARKS:
            characters += character
        elif characters:
            marks[len(characters) - 1] = character
    return Example(characters, marks, tuple(time for _, time in onsets))


def jittered(examples: Sequence[Example], copies: int = 10) -> list[Example]:
    """The examples with onsets as uncertain as a recogniser's word times: an error of JITTER_S, on a 20 ms grid."""
    generator = random.Random(2)

    def moved(times: Sequence[float]) -> tuple[float, ...]:
        return tuple(accumulate((round(t + generator.gauss(0, JITTER_S), 2) // 0.02 * 0.02 for t in times), max))

    return [replace(one, onsets=moved(one.onsets)) for _ in range(copies) for one in examples]


# --- measuring ---------------------------------------------------------------------------------------------------


def guess(example: Example, restorer: Restorer) -> dict[int, str]:
    """The marks restored in an example: index of a character to the mark after it."""
    if not example.onsets:
        return restorer.marks(example.characters, [0.0] * len(example.characters))
    words = [
        Word(c, samples(start), samples(end), 1.0)
        for c, start, end in zip(
            example.characters, example.onsets, (*example.onsets[1:], example.onsets[-1] + 0.2), strict=True
        )
    ]
    return restorer.marks(example.characters, pauses(example.characters, range(len(words)), words))


def f1(true: int, found: int, right: int) -> dict[str, float | int]:
    """Harmonic mean of precision and recall, with the counts it comes from."""
    precision = right / found if found else 0.0
    recall = right / true if true else 0.0
    value = 2 * precision * recall / (precision + recall) if right else 0.0
    return {"reference": true, "found": found, "right": right, "f1": round(value, 3)}


def measure(examples: Sequence[Example], restorer: Restorer) -> dict[str, Any]:
    """Counts and F1 of each mark, of places whatever the mark, and of places inside a segment (its end is given)."""
    true: Counter[str] = Counter()
    found: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for example in examples:
        guessed = guess(example, restorer)
        end = len(example.characters) - 1
        for marks, counter in ((example.marks, true), (guessed, found)):
            for i, mark in marks.items():
                counter.update([mark, "place", *(["inside"] if i != end else [])])
        for i, mark in example.marks.items():
            if i in guessed:
                right.update([*([mark] if guessed[i] == mark else []), "place", *(["inside"] if i != end else [])])
    return {name: f1(true[name], found[name], right[name]) for name in (*MARKS, "place", "inside")}


def synthetic(data: Path) -> tuple[list[Example], list[Example]]:
    """The utterances, and the turns of the calls."""
    folder = data / "synthetic_zh"
    utterances = json.loads((folder / "utterances.json").read_text(encoding="utf-8"))
    calls = [json.loads(path.read_text(encoding="utf-8")) for path in sorted((folder / "calls").glob("*.json"))]
    turns = [turn for call in calls for turn in call["turns"]]
    return (
        [split_marks(item["text"], item["char_onsets"]) for item in utterances],
        [split_marks(item["text"], item["char_onsets"]) for item in turns],
    )


# --- training ----------------------------------------------------------------------------------------------------


def sentences(data: Path) -> list[str]:
    """Shuffled lines of text_zh; each fifth is joined to the one before it, so that there are stops inside."""
    lines = [
        line for path in sorted((data / "text_zh").glob("*.txt")) for line in path.read_text(encoding="utf-8").split()
    ]
    random.Random(1).shuffle(lines)
    joined: list[str] = []
    for i, line in enumerate(lines):
        if i % 5 == 4 and joined[-1][-1] in MARKS:
            joined[-1] += line
        else:
            joined.append(line)
    return joined


def fit(features: Sequence[Sequence[str]], labels: Sequence[int], classes: int, keep: int) -> dict[str, list[float]]:
    """Multinomial logistic regression by Adagrad with an L1 pull, class 0 held at zero; ``keep`` heaviest weights."""
    counts = Counter(name for row in features for name in row)
    names = [name for name, count in counts.items() if count >= 20]
    index = {name: i for i, name in enumerate(names)}
    width = max(len(row) for row in features)
    rows = np.full((len(features), width), len(names), dtype=np.int32)
    for i, row in enumerate(features):
        known = [index[name] for name in row if name in index]
        rows[i, : len(known)] = known
    target = np.eye(classes)[np.asarray(labels)][:, 1:]
    weights: Array = np.zeros((len(names) + 1, classes - 1))
    squares: Array = np.full_like(weights, 1e-3)
    order = np.random.default_rng(1)
    for epoch in range(6):
        for batch in np.array_split(order.permutation(len(rows)), len(rows) // 512 + 1):
            logits = weights[rows[batch]].sum(axis=1)
            scores = np.exp(logits)
            slope = scores / (1 + scores.sum(axis=1, keepdims=True)) - target[batch]
            gradient = np.zeros_like(weights)
            np.add.at(gradient, rows[batch].ravel(), np.repeat(slope / len(batch), width, axis=0))
            gradient[-1] = 0
            squares += gradient**2
            rate = 0.2 / (epoch + 1) / np.sqrt(squares)
            weights -= rate * gradient
            weights = np.sign(weights) * np.maximum(np.abs(weights) - rate * 2e-6, 0)
    worth = np.abs(weights[:-1]).max(axis=1) * np.sqrt([counts[name] for name in names])
    best = sorted(np.argsort(-worth)[:keep])
    return {names[i]: [round(float(w), 2) for w in weights[i]] for i in best if worth[i] > 0}


def split(data: Path) -> tuple[list[Example], list[Example]]:
    """What is learnt from, and a twentieth that is not."""
    examples = [split_marks(line) for line in sentences(data)]
    return [one for i, one in enumerate(examples) if i % 20], examples[::20]


def train(examples: Sequence[Example]) -> Restorer:
    """The two models of text."""
    places: list[list[str]] = []
    labels: list[int] = []
    asked: list[list[str]] = []
    is_question: list[int] = []
    for example in examples:
        last = sentence = 0
        for i in range(len(example.characters)):
            mark = example.marks.get(i)
            if i + 1 < len(example.characters):
                places.append(list(place_features(example.characters, i + 1, last)))
                labels.append(0 if mark is None else 1 if mark == "，" else 2)
            if mark:
                last = i + 1
            if mark and mark in "。？":
                asked.append(list(question_features(example.characters[sentence : i + 1])))
                is_question.append(int(mark == "？"))
                sentence = i + 1
    return Restorer(
        {name: (comma, stop) for name, (comma, stop) in fit(places, labels, 3, 6000).items()},
        {name: weight for name, (weight,) in fit(asked, is_question, 2, 2000).items()},
    )


def tune(restorer: Restorer, utterances: Sequence[Example], slopes: Sequence[float]) -> Restorer:
    """The pause weights with the best F1 of places inside; of equals the first."""
    grid = product(slopes, (0.0, 0.5, -0.5, 1.0, -1.0, 1.5, -1.5, 2.0, -2.0, 3.0, -3.0))
    tried = [replace(restorer, pauses=PauseWeights(slope, shift)) for slope, shift in grid]
    return max(tried, key=lambda one: measure(utterances, one)["inside"]["f1"])


def write(restorer: Restorer) -> None:
    """The weights as the table that callcore ships."""
    lines = [f"pause\tweights\t{restorer.pauses.slope}\t{restorer.pauses.shift}"]
    lines += [f"place\t{name}\t{comma:g}\t{stop:g}" for name, (comma, stop) in restorer.places.items()]
    lines += [f"question\t{name}\t{weight:g}" for name, weight in restorer.questions.items()]
    WEIGHTS.write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Train if asked, measure, write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the shared data folder")
    parser.add_argument("--train", action="store_true", help="make the weights anew")
    arguments = parser.parse_args()
    utterances, turns = synthetic(arguments.data)
    mixed = [*utterances * 10, *jittered(utterances)]
    learnt, held_out = split(arguments.data)
    if arguments.train:
        write(tune(train(learnt), mixed, SLOPES))
    restorer = Restorer.parse(WEIGHTS.read_text(encoding="utf-8"))
    as_learnt = replace(restorer, pauses=PauseWeights())
    ways = {
        "pauses": tune(Restorer({"bias": (0.0, -99.0)}, {}), mixed, SLOPES),
        "text": as_learnt,
        "text, threshold tuned": tune(as_learnt, mixed, (0.0,)),
        "text and pauses (shipped)": restorer,
    }
    result = {
        "weights": {
            "places": len(restorer.places),
            "questions": len(restorer.questions),
            "pause slope": restorer.pauses.slope,
            "shift": restorer.pauses.shift,
        },
        "utterances, ten copies each with exact and inexact times (tuned on)": {
            name: measure(mixed, way) for name, way in ways.items()
        },
        "calls, exact times": {name: measure(turns, way) for name, way in ways.items()},
        "calls, inexact times, ten copies": {name: measure(jittered(turns), way) for name, way in ways.items()},
        "text_zh, a twentieth held out": {"text": measure(held_out, as_learnt)},
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, ensure_ascii=False))


if __name__ == "__main__":
    main()
