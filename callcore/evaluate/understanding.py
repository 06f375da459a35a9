"""How well turns are understood: accuracy, F1, calibration and out-of-scope recall. Pure functions, numpy alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from callcore.evaluate.labelled import NEGATIVE, LabelledTurn
from callcore.understand.base import Scores

BINS = 15
OUT_OF_SCOPE = "oos"  #: class of tables that stands for everything else
MULTIPLE = ("topic", "intent", "cause")  #: heads of which several labels may hold
SINGLE = ("category", "caller", "emotion")
NONE = "none"
_DIGITS = 4

Floats = npt.NDArray[np.floating[Any]]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ClassScore:
    """One class: how often it is right and said. ``support``: texts that have it."""

    label: str
    support: int
    precision: float
    recall: float
    f1: float


def accuracy(wanted: Sequence[str], said: Sequence[str]) -> float:
    """Share of equal pairs; NaN of none."""
    return float(np.mean([a == b for a, b in zip(wanted, said, strict=True)])) if wanted else float("nan")


def class_scores(wanted: Sequence[Sequence[str]], said: Sequence[Sequence[str]]) -> list[ClassScore]:
    """For every label that is wanted or said anywhere, by name. Both: the labels of each text."""
    pairs = [(set(a), set(b)) for a, b in zip(wanted, said, strict=True)]
    has, told, right = Counter[str](), Counter[str](), Counter[str]()
    for a, b in pairs:
        has.update(a)
        told.update(b)
        right.update(a & b)
    return [_class_score(label, has[label], told[label], right[label]) for label in sorted({*has, *told})]


def _class_score(label: str, has: int, told: int, right: int) -> ClassScore:
    precision, recall = right / told if told else 0.0, right / has if has else 0.0
    return ClassScore(label, has, precision, recall, 2 * right / (has + told) if has + told else 0.0)


def macro_f1(scores: Sequence[ClassScore]) -> float:
    """Mean F1 of the classes that any text has; NaN of none."""
    known = [score.f1 for score in scores if score.support]
    return float(np.mean(known)) if known else float("nan")


def micro_f1(wanted: Sequence[Sequence[str]], said: Sequence[Sequence[str]]) -> float:
    """F1 over all labels of all texts together; NaN where there is none."""
    pairs = [(set(a), set(b)) for a, b in zip(wanted, said, strict=True)]
    both = sum(len(a) + len(b) for a, b in pairs)
    return 2 * sum(len(a & b) for a, b in pairs) / both if both else float("nan")


def calibration_error(confidence: Floats, right: Bools, bins: int = BINS, weights: Floats | None = None) -> float:
    """Expected calibration error over bins of equal width (Naeini, Cooper and Hauskrecht, 2015); NaN of none.

    All of shape (n,); without ``weights`` every text counts alike.
    """
    if not len(confidence):
        return float("nan")
    weight = np.ones(len(confidence)) if weights is None else weights
    places = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = np.bincount(places, weights=weight * (confidence - right), minlength=bins)
    return float(np.abs(gaps).sum() / weight.sum())


def area_under_curve(scores: Floats, positive: Bools) -> float:
    """Chance that a positive scores higher than a negative, ties as half (Mann-Whitney); both of shape (n,).

    NaN where one of the two is missing.
    """
    high, low = scores[positive], np.sort(scores[~positive])
    if not len(high) or not len(low):
        return float("nan")
    below, upto = np.searchsorted(low, high, side="left"), np.searchsorted(low, high, side="right")
    return float((below + upto).sum() / 2 / len(high) / len(low))


def confusion(wanted: Sequence[str], said: Sequence[str]) -> tuple[tuple[str, ...], npt.NDArray[np.int64]]:
    """Labels, and how often each (row) was taken for each (column)."""
    labels = tuple(sorted({*wanted, *said}))
    place = {label: i for i, label in enumerate(labels)}
    counts = np.zeros((len(labels), len(labels)), dtype=np.int64)
    for a, b in zip(wanted, said, strict=True):
        counts[place[a], place[b]] += 1
    return labels, counts


def evaluate_classes(rows: Sequence[tuple[str, str]], classify: Callable[[str], tuple[str, float]]) -> dict[str, Any]:
    """A table of texts and classes against a model that says a class and how sure it is.

    Rows of class "oos" count as out of scope: recall of them, and accuracy and calibration of all others.
    """
    answers = [(label, *classify(text)) for text, label in rows]
    inside = [answer for answer in answers if answer[0] != OUT_OF_SCOPE]
    outside = [answer for answer in answers if answer[0] == OUT_OF_SCOPE]
    wanted, said = [a[0] for a in inside], [a[1] for a in inside]
    scores = class_scores([[label] for label in wanted], [[label] for label in said])
    right = np.array([a == b for a, b in zip(wanted, said, strict=True)], dtype=bool)
    return {
        "texts": len(inside),
        "accuracy": _rounded(accuracy(wanted, said)),
        "macro_f1": _rounded(macro_f1(scores)),
        "calibration_error": _rounded(calibration_error(np.array([a[2] for a in inside]), right)),
        "out_of_scope_texts": len(outside),
        "out_of_scope_recall": _rounded(accuracy([a[0] for a in outside], [a[1] for a in outside])),
        "classes": _table(scores),
    }


def evaluate_turns(
    turns: Sequence[LabelledTurn], score: Callable[[str], Scores], thresholds: Mapping[str, float]
) -> dict[str, Any]:
    """Every head over the turns of which somebody has said what is right.

    Heads of one label count the likeliest label, "none" among them, whatever its probability; ``answered`` is the share
    at or above the threshold, ``accuracy_answered`` the accuracy of those. Heads of several count the labels at or
    above their threshold.
    """
    found = [score(turn.text) for turn in turns]
    report: dict[str, Any] = {"texts": len(turns)}
    for head in SINGLE:
        pairs = [
            (one, s.heads[head]) for t, s in zip(turns, found, strict=True) if (one := _single(t, head)) is not None
        ]
        report[head] = _single_head(pairs, thresholds[head])
    for head in MULTIPLE:
        many = [(m, s.heads[head]) for t, s in zip(turns, found, strict=True) if (m := _multiple(t, head)) is not None]
        report[head] = _multiple_head(many, thresholds[head])
    report["negative"] = _negative(turns, found)
    report["in_scope"] = _scope(turns, found, thresholds["in_scope"])
    return report


def _single(turn: LabelledTurn, head: str) -> str | None:
    return {"category": turn.category, "caller": turn.caller, "emotion": turn.emotion}[head]


def _multiple(turn: LabelledTurn, head: str) -> tuple[str, ...] | None:
    return {"topic": turn.topics, "intent": turn.intents, "cause": turn.causes}[head]


def _single_head(pairs: Sequence[tuple[str, Mapping[str, float]]], threshold: float) -> dict[str, Any]:
    wanted = [label for label, _ in pairs]
    said = [max(options, key=lambda code: options[code]) for _, options in pairs]
    confidence = np.array([options[label] for (_, options), label in zip(pairs, said, strict=True)])
    right = np.array([a == b for a, b in zip(wanted, said, strict=True)], dtype=bool)
    sure = confidence >= threshold
    scores = class_scores([[label] for label in wanted], [[label] for label in said])
    return {
        "texts": len(pairs),
        "accuracy": _rounded(accuracy(wanted, said)),
        "macro_f1": _rounded(macro_f1(scores)),
        "calibration_error": _rounded(calibration_error(confidence, right)),
        "answered": _rounded(float(sure.mean()) if len(sure) else float("nan")),
        "accuracy_answered": _rounded(float(right[sure].mean()) if sure.any() else float("nan")),
        "classes": _table(scores),
    }


def _multiple_head(pairs: Sequence[tuple[tuple[str, ...], Mapping[str, float]]], threshold: float) -> dict[str, Any]:
    wanted = [labels for labels, _ in pairs]
    said = [[code for code, likely in options.items() if likely >= threshold] for _, options in pairs]
    scores = class_scores(wanted, said)
    tops = [max(options, key=lambda code: options[code]) for _, options in pairs]
    confidence = np.array([options[top] for (_, options), top in zip(pairs, tops, strict=True)])
    right = np.array([top in labels for (labels, _), top in zip(pairs, tops, strict=True)], dtype=bool)
    labelled = np.array([bool(labels) for labels in wanted], dtype=bool)
    return {
        "texts": len(pairs),
        "macro_f1": _rounded(macro_f1(scores)),
        "micro_f1": _rounded(micro_f1(wanted, said)),
        "top_accuracy": _rounded(float(right[labelled].mean()) if labelled.any() else float("nan")),
        "calibration_error": _rounded(calibration_error(confidence, right)),
        "classes": _table(scores),
    }


def _negative(turns: Sequence[LabelledTurn], found: Sequence[Scores]) -> dict[str, Any]:
    """Negative or not, from the sum of the negative emotions' probabilities."""
    known = [(turn.emotion, s) for turn, s in zip(turns, found, strict=True) if turn.emotion is not None]
    likely = np.array([sum(s.heads["emotion"][code] for code in NEGATIVE) for _, s in known])
    positive = np.array([emotion in NEGATIVE for emotion, _ in known], dtype=bool)
    return {
        "texts": len(known),
        "area_under_curve": _rounded(area_under_curve(likely, positive)),
        "calibration_error": _rounded(calibration_error(likely, positive)),
    }


def _scope(turns: Sequence[LabelledTurn], found: Sequence[Scores], threshold: float) -> dict[str, Any]:
    known = [(turn.in_scope, s.in_scope) for turn, s in zip(turns, found, strict=True) if turn.in_scope is not None]
    likely, inside = np.array([p for _, p in known]), np.array([wanted for wanted, _ in known], dtype=bool)
    kept = likely >= threshold
    return {
        "texts": len(known),
        "out_of_scope_texts": int((~inside).sum()),
        "out_of_scope_recall": _rounded(float((~kept)[~inside].mean()) if (~inside).any() else float("nan")),
        "in_scope_recall": _rounded(float(kept[inside].mean()) if inside.any() else float("nan")),
        "area_under_curve": _rounded(area_under_curve(likely, inside)),
    }


def _table(scores: Sequence[ClassScore]) -> list[dict[str, Any]]:
    return [
        {key: _rounded(value) if isinstance(value, float) else value for key, value in asdict(score).items()}
        for score in scores
    ]


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(value, _DIGITS)
