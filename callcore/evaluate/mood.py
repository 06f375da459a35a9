"""How good moods are: ranking (AUC), honesty of probabilities (ECE), confusion, and alerts over calls. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from callcore.evaluate import understanding
from callcore.evaluate.understanding import area_under_curve

BINS = 10  #: of probability, for the calibration error
ABSTAINED = ""  #: what stands in a confusion for no label


@dataclass(frozen=True, slots=True)
class Judged:
    """One piece of a labelled set: what it is, and by label what a model makes of it (None: it does not judge it)."""

    truth: str
    labels: Mapping[str, float] | None
    group: str = ""  #: speaker, or set
    weight: float = 1.0


def auc(positive: Sequence[float], negative: Sequence[float]) -> float | None:
    """:func:`area_under_curve` of positives against negatives; None where one side is empty."""
    if not positive or not negative:
        return None
    scores = np.array([*positive, *negative], dtype=np.float64)
    return area_under_curve(scores, np.arange(len(scores)) < len(positive))


def calibration_error(
    probabilities: Sequence[float], right: Sequence[bool], weights: Sequence[float] | None = None
) -> float | None:
    """The same of :mod:`~callcore.evaluate.understanding` over :data:`BINS` bins; None of nothing."""
    if not probabilities:
        return None
    weight = None if weights is None else np.asarray(weights, dtype=np.float64)
    stated, true = np.asarray(probabilities, dtype=np.float64), np.asarray(right, dtype=bool)
    return understanding.calibration_error(stated, true, BINS, weight)


def confusion(judged: Sequence[Judged], threshold: float) -> dict[str, dict[str, int]]:
    """Counts by truth and label given; :data:`ABSTAINED` where none was likely enough or the piece was not judged."""
    table: dict[str, dict[str, int]] = {}
    for one in judged:
        given = _given(one, threshold)
        row = table.setdefault(one.truth, {})
        row[given] = row.get(given, 0) + 1
    return {truth: dict(sorted(row.items())) for truth, row in sorted(table.items())}


def macro_f1(judged: Sequence[Judged], labels: Sequence[str]) -> float:
    """Mean F1 of ``labels``, the likeliest label taken for each; what is not judged is missed."""
    pairs = [(one.truth, _given(one, 0.0)) for one in judged]
    return float(np.mean([_f1(pairs, label) for label in labels])) if labels else 0.0


def report(judged: Sequence[Judged], against: str, labels: Sequence[str], threshold: float) -> dict[str, Any]:
    """A set ready for JSON: for every label its AUC ``against`` another, the calibration error, F1, the confusion."""
    scored = [one for one in judged if one.labels is not None]
    best = [max((value, label) for label, value in (one.labels or {}).items()) for one in scored]
    return {
        "pieces": len(judged),
        "judged": len(scored),
        "auc": {label: _rounded(_auc_of(scored, label, against)) for label in labels if label != against},
        "calibration_error": _rounded(
            calibration_error(
                [value for value, _ in best],
                [label == one.truth for (_, label), one in zip(best, scored, strict=True)],
                [one.weight for one in scored],
            )
        ),
        "macro_f1": _rounded(macro_f1(judged, labels)),
        "confusion": confusion(judged, threshold),
    }


def reports(judged: Sequence[Judged], against: str, labels: Sequence[str], threshold: float) -> dict[str, Any]:
    """The same for each group and for all together."""
    groups = sorted({one.group for one in judged})
    parts = {name: report([one for one in judged if one.group == name], against, labels, threshold) for name in groups}
    return {"all": report(judged, against, labels, threshold), "groups": parts}


@dataclass(frozen=True, slots=True)
class CourseOutcome:
    """What became of one call: its length, when it truly turned bad and how loud it got, and when alerts came."""

    seconds: float
    turned_s: float | None  #: the speaker began to worsen; None: never
    worst_s: float | None  #: the speaker was at the worst
    alerts_s: Sequence[float]
    calmed_s: float | None = None  #: the speaker was well again; None: never
    recoveries_s: Sequence[float] = ()


def courses(outcomes: Sequence[CourseOutcome]) -> dict[str, Any]:
    """Alerts over calls: false ones an hour, worsenings found, how long before the worst; recoveries found after them.

    An alert is false where its call never turned, or before it did.
    """
    hours = sum(one.seconds for one in outcomes) / 3600
    false = sum(1 for one in outcomes for at in one.alerts_s if one.turned_s is None or at < one.turned_s)
    calm_hours = sum(one.seconds for one in outcomes if one.turned_s is None) / 3600
    calm_false = sum(len(one.alerts_s) for one in outcomes if one.turned_s is None)
    turned = [one for one in outcomes if one.turned_s is not None]
    first = [min((at for at in one.alerts_s if at >= (one.turned_s or 0.0)), default=None) for one in turned]
    leads = [
        one.worst_s - at for one, at in zip(turned, first, strict=True) if at is not None and one.worst_s is not None
    ]
    calmed = [one for one in outcomes if one.calmed_s is not None and one.alerts_s]
    return {
        "calls": len(outcomes),
        "hours": round(hours, 3),
        "false_alarms": false,
        "false_alarms_per_hour": _rounded(false / hours if hours else None),
        "calm_hours": round(calm_hours, 3),
        "calm_false_alarms_per_hour": _rounded(calm_false / calm_hours if calm_hours else None),
        "worsening_calls": len(turned),
        "worsening_found": sum(1 for at in first if at is not None),
        "before_the_worst": sum(1 for lead in leads if lead > 0),
        "median_lead_s": _rounded(float(np.median(leads)) if leads else None),
        "recovering_warned": len(calmed),
        "recovered_found": sum(1 for one in calmed if any(at >= (one.worst_s or 0.0) for at in one.recoveries_s)),
        "false_recoveries": sum(len(one.recoveries_s) for one in outcomes if one.calmed_s is None),
    }


def _given(one: Judged, threshold: float) -> str:
    if not one.labels:
        return ABSTAINED
    value, label = max((value, label) for label, value in one.labels.items())
    return label if value >= threshold else ABSTAINED


def _f1(pairs: Sequence[tuple[str, str]], label: str) -> float:
    hit = sum(1 for truth, given in pairs if truth == given == label)
    named = sum(1 for _, given in pairs if given == label)
    there = sum(1 for truth, _ in pairs if truth == label)
    return 2 * hit / (named + there) if named + there else 0.0


def _auc_of(scored: Sequence[Judged], label: str, against: str) -> float | None:
    def of(truth: str) -> list[float]:
        return [(one.labels or {}).get(label, 0.0) for one in scored if one.truth == truth]

    return auc(of(label), of(against))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
