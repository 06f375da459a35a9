"""What takes or leaves each code of a finished call: its topics, intents and causes of dissatisfaction.

Each candidate of a call is a row with its signs (:mod:`callcore.tickets.picks`); one logistic regression a field says
how likely the call has it. There are two of them: one of the signs alone, and one that knows how the call is worded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from sklearn.linear_model import LogisticRegression

from callcore.tickets.linear import NO, YES, Head
from callcore.tickets.picks import ASKED_AS, EXCLUSIVE, WORDED, Candidates, worded
from models.training.tickets.views import RARE, STRENGTHS, head_of, parts, sparse
from models.training.tickets.words import Words

LISTS = ("request.topic", "request.topics", "request.intents", "caller.causes")
QUESTIONS = tuple(sorted({ASKED_AS.get(name, name) for name in LISTS}))  #: that wordings answer


@dataclass(frozen=True, slots=True)
class Coded:
    """A field of one call that holds codes. ``candidates``: signs by code; ``ruled``: what the rules take."""

    candidates: Candidates
    gold: frozenset[str]
    ruled: frozenset[str]


@dataclass(frozen=True, slots=True)
class Picked:
    """A head that takes codes one by one; F1 over all calls of ``train`` by models that had not seen them."""

    head: Head
    f1: float
    rules: float  #: F1 of the rules on the same calls
    strength: float


def learn_all(
    fresh: Sequence[Mapping[str, Coded]], tuned: Sequence[Mapping[str, Coded]], words: Words
) -> dict[str, Picked]:
    """The heads of all of :data:`LISTS`: of signs alone and, with :data:`WORDED` after the name, of the wording too.

    ``words``: of the same calls.
    """
    said = {question: words.codes_left_out(question) for question in QUESTIONS}
    found = {}
    for name in LISTS:
        calls = [one[name] for one in (*fresh, *tuned)]
        heard = [
            replace(one, candidates=worded(name, one.candidates, sums))
            for one, sums in zip(calls, said[ASKED_AS.get(name, name)], strict=True)
        ]
        found[name], found[f"{name}{WORDED}"] = (
            learn(name, some[: len(fresh)], some[len(fresh) :]) for some in (calls, heard)
        )
    return found


def learn(name: str, fresh: Sequence[Coded], tuned: Sequence[Coded]) -> Picked:
    """The head of a field; strength and threshold are the best on calls left out."""
    best: tuple[float, float, float] = (-1.0, 0.0, 0.0)
    for strength in STRENGTHS:
        likely: list[dict[str, float]] = [{} for _ in fresh]
        for train, test in parts(len(fresh)):
            names, model = _fitted([*(fresh[i] for i in train), *tuned], strength)
            rows = [(i, code, values) for i in test for code, values in fresh[i].candidates.items()]
            taken = model.predict_proba(sparse([values for _, _, values in rows], names))[:, 1]
            for (i, code, _), probability in zip(rows, taken.tolist(), strict=True):
                likely[i][code] = probability
        for least in np.arange(0.15, 0.75, 0.05):
            found = [_taken(one, float(least), single=name in EXCLUSIVE) for one in likely]
            best = max(best, (_f1(fresh, found), strength, float(least)))
    f1, strength, least = best
    names, model = _fitted([*fresh, *tuned], strength)
    head = head_of(names, model, 1.0).model_copy(update={"labels": (NO, YES), "least": round(least, 2)})
    return Picked(head, f1, _f1(fresh, [one.ruled for one in fresh]), strength)


def _taken(likely: Mapping[str, float], least: float, *, single: bool) -> frozenset[str]:
    if single:  # one at most
        best = max(likely, key=lambda code: likely[code], default=None)
        return frozenset([best] if best is not None and likely[best] >= least else [])
    return frozenset(code for code, probability in likely.items() if probability >= least)


def _f1(calls: Sequence[Coded], found: Sequence[frozenset[str]]) -> float:
    right = sum(len(one.gold & codes) for one, codes in zip(calls, found, strict=True))
    return 2 * right / max(sum(len(one.gold) + len(codes) for one, codes in zip(calls, found, strict=True)), 1)


def _fitted(calls: Sequence[Coded], strength: float) -> tuple[Sequence[str], LogisticRegression]:
    rows = [(values, code in one.gold) for one in calls for code, values in one.candidates.items()]
    counts = Counter(sign for values, _ in rows for sign in values)
    names = sorted(sign for sign, count in counts.items() if count >= RARE)
    model = LogisticRegression(C=strength, solver="liblinear", max_iter=3000)
    return names, model.fit(sparse([values for values, _ in rows], names), [held for _, held in rows])
