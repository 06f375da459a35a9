"""Moods of public sets and of the own test turns: ``python -m models.training.understand.emotions --data FOLDER``.

Beside the shipped model stand what always says the commonest mood, and a logistic regression over TF-IDF weights of
characters (Mandarin) or words (English) that has learned from the set's own training rows. Moods of CPED and GoEmotions
are brought to ours by the mapping files; rows that do not fit are left out. The shipped model has learned from other
rows of both sets (material.py).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from callcore.engines.text_model import OnnxTextModel
from callcore.evaluate.labelled import EMOTIONS, NEGATIVE, LabelledTurn
from callcore.evaluate.understanding import accuracy, area_under_curve, class_scores, macro_f1
from callcore.types import Word
from callcore.understand.features import VERSION
from callcore.understand.text_reader import TextReader
from models.training.understand.material import own_turns
from models.training.understand.sets import read_set

ROOT = Path(__file__).parents[3]
Pairs = list[tuple[str, str]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the public sets")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "understanding-emotions.json")
    options = parser.parse_args(arguments)
    rows: list[dict[str, Any]] = []
    for language, name, train, test in _sets(options.data):
        model = OnnxTextModel(ROOT / "models" / f"understand-{language}", VERSION)
        rows += _rows(name, language, train, test, TextReader(model))
        print(json.dumps(rows[-3:], indent=1), flush=True)
    options.out.write_text(json.dumps({"sets": rows}, indent=1) + "\n", encoding="utf-8")
    return 0


def _sets(data: Path) -> list[tuple[str, str, Pairs, Pairs]]:
    """Language, name, rows to learn from and rows to test on."""
    found = []
    for language in ("zh", "en"):
        train, test = (_pairs(own_turns(language, 0, part)) for part in ("train", "test"))
        found.append((language, f"own {language} test", train, test))
    zh, en = data / "emotion_text_zh", data / "emotion_text_en"
    for language, name, mapping, learned, tested in (
        ("zh", "CPED validation", "mapping_cped.toml", zh / "cped_test.tsv", zh / "cped_valid.tsv"),
        (
            "en",
            "GoEmotions test",
            "mapping_goemotions.toml",
            en / "goemotions_train_20k.tsv",
            en / "goemotions_test.tsv",
        ),
    ):
        train, test = (_pairs(read_set(mapping, [file])) for file in (learned, tested))
        known = {text for text, _ in train}
        found.append((language, name, train, [pair for pair in test if pair[0] not in known]))
    return found


def _pairs(turns: Sequence[LabelledTurn]) -> Pairs:
    return [(turn.text, turn.emotion) for turn in turns if turn.emotion is not None]


def _rows(name: str, language: str, train: Pairs, test: Pairs, reader: TextReader) -> list[dict[str, Any]]:
    """The shipped model, the commonest mood, and the regression."""
    wanted = [emotion for _, emotion in test]
    ours = np.array([_moods(reader, text) for text, _ in test])
    commonest = Counter(emotion for _, emotion in train).most_common(1)[0][0]
    always = np.tile([float(emotion == commonest) for emotion in EMOTIONS], (len(test), 1))
    answers = {"model": ours, "commonest": always, "regression": _regression(language, train, test)}
    return [{"set": name, "answers": kind, **_scores(wanted, likely)} for kind, likely in answers.items()]


def _moods(reader: TextReader, text: str) -> list[float]:
    moods = reader.score([Word(text, 0, 1, 1.0)]).heads["emotion"]
    return [moods[emotion] for emotion in EMOTIONS]


def _regression(language: str, train: Pairs, test: Pairs) -> Any:
    """Probabilities of the moods, shape (texts, moods)."""
    analyser = "char" if language == "zh" else "word"
    weigh = TfidfVectorizer(analyzer=analyser, ngram_range=(1, 2), sublinear_tf=True, min_df=2)
    inputs = weigh.fit_transform([text for text, _ in train])
    machine = LogisticRegression(C=5.0, class_weight="balanced", max_iter=300)
    machine.fit(inputs, [emotion for _, emotion in train])
    found = np.zeros((len(test), len(EMOTIONS)))
    columns = [EMOTIONS.index(emotion) for emotion in machine.classes_]
    found[:, columns] = machine.predict_proba(weigh.transform([text for text, _ in test]))
    return found


def _scores(wanted: Sequence[str], likely: Any) -> dict[str, Any]:
    said = [EMOTIONS[place] for place in likely.argmax(axis=1)]
    negative = likely[:, [EMOTIONS.index(emotion) for emotion in NEGATIVE]].sum(axis=1)
    bad = np.array([emotion in NEGATIVE for emotion in wanted], dtype=bool)
    return {
        "texts": len(wanted),
        "accuracy": round(accuracy(wanted, said), 4),
        "macro_f1": round(macro_f1(class_scores([[one] for one in wanted], [[one] for one in said])), 4),
        "negative_auc": round(area_under_curve(negative, bad), 4),
    }


if __name__ == "__main__":
    sys.exit(main())
