"""Train the model that chooses which of the people, amounts, dates and places of a call are the ticket's.

``python -m models.training.tickets.facts`` reads the written calls of the parts ``train`` and ``dev`` and writes
``models/ticket-facts``. For every field each value that a call names is a row, with the traits of
:mod:`callcore.tickets.traits` and :mod:`callcore.tickets.name_traits`; one logistic regression a field says how likely
it is the value. Regularisation, the probability that is asked for and its calibration come of cross-validation over
the calls of ``train``: the rules were tuned on ``dev``. ``--held FOLDER`` leaves the calls of a folder out of the
training, measures on them, and writes nothing. The same input gives the same file.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from callcore.evaluate.tickets import GoldCall, read_gold
from callcore.tickets.chosen import deadline_rows, field_rows, name_rows
from callcore.tickets.linear import NO, YES
from callcore.tickets.look import Look
from callcore.tickets.name_traits import NAME as NAME_FIELD
from callcore.tickets.traits import DEADLINE, VERSION
from models.training.tickets.promises import unseen
from models.training.tickets.views import CALLS, ROOT, Traits, Views, each, fitted, write

NAME, RELEASE = "ticket-facts", "1"
FIELDS = (
    NAME_FIELD,
    "request.amount",
    "request.date",
    "request.merchant",
    "request.branch",
    "request.channel",
    DEADLINE,
)
STRENGTHS = (0.01, 0.03, 0.1, 0.3, 1.0)  #: C of the regression: the smaller, the simpler
LEASTS = tuple(round(0.1 + 0.05 * step, 2) for step in range(9))  #: probabilities below which none is taken
FOLDS = 10
NEARLY = 0.01  #: of F1, some calls of several hundred
FEWEST = 3  #: calls in which a trait must be seen
DIGITS = 4  #: of weights

Row = tuple[str, Traits]
Score = dict[str, float]


@dataclass(frozen=True, slots=True)
class Question:
    """One field in one call. ``rows``: candidates with their traits; ``gold``: "" where the field stays empty."""

    call: str
    gold: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Learned:
    """A regression. ``names``: of the traits, as ``weights``."""

    names: tuple[str, ...]
    weights: np.ndarray[Any, np.dtype[np.float64]]
    bias: float

    def probability(self, found: Traits) -> float:
        """That a candidate with these traits is the value."""
        total = self.bias + sum(w * found.get(n, 0.0) for n, w in zip(self.names, self.weights, strict=True))
        return float(1 / (1 + np.exp(-total)))


def questions(views: Views, calls: Sequence[GoldCall], look: Callable[[GoldCall], Look]) -> dict[str, list[Question]]:
    """By field, as ``look`` sees the calls. Of the term only calls in which the bank has one to keep."""
    asked = each(lambda one: _asked(views, one, look(one)), calls)
    return {name: [one[name] for one in asked if name in one] for name in FIELDS}


def _asked(views: Views, one: GoldCall, seen: Look) -> dict[str, Question]:
    found: dict[str, Question] = {}
    specs = {spec.name: spec for spec in views.rules.fields}
    for name in FIELDS:
        gold = one.gold.fields.get(name, ("",))[0]
        if name == NAME_FIELD:
            rows = name_rows(specs[name], seen.call, views.rules.file.names)
        elif name != DEADLINE:
            rows = field_rows(specs[name], seen.call, seen.about)
        elif gold:
            rows = deadline_rows(seen.call, seen.promises)
        else:
            continue
        values = tuple((views.opened("name", row.one.normal), row.traits) for row in rows)
        found[name] = Question(one.name, gold, values)
    return found


def learn(questions: Sequence[Question], strength: float) -> Learned | None:
    """None where there is nothing to tell apart."""
    seen: Counter[str] = Counter()
    for question in questions:
        seen.update({name for _, traits in question.rows for name in traits})
    names = tuple(sorted(name for name, count in seen.items() if count >= FEWEST))
    rows = [(traits, normal == question.gold) for question in questions for normal, traits in question.rows]
    if not names or len({holds for _, holds in rows}) < 2:
        return None
    model = fitted(rows, names, strength)
    return Learned(names, model.coef_[0], float(model.intercept_[0]))


@dataclass(frozen=True, slots=True)
class Answer:
    """``probabilities``: of the rows of the question."""

    question: Question
    probabilities: tuple[float, ...]

    def value(self, least: float) -> str:
        """The likeliest, the first of several; "" where none reaches ``least``."""
        highest = max(self.probabilities, default=0.0)
        return self.question.rows[self.probabilities.index(highest)][0] if highest >= least else ""


def answers(model: Learned | None, questions: Iterable[Question]) -> list[Answer]:
    """How likely each candidate is."""
    return [
        Answer(one, tuple(model.probability(traits) if model else 0.0 for _, traits in one.rows)) for one in questions
    ]


def score(told: Iterable[Answer], least: float) -> Score:
    """Marked, filled, right; precision, recall and F1 as ``callcore evaluate tickets`` counts them."""
    return counted((one.question.gold, one.value(least) if one.probabilities else "") for one in told)


def counted(pairs: Iterable[tuple[str, str]]) -> Score:
    """Of what was marked and what was filled, "" for nothing."""
    marked = filled = right = 0
    for gold, value in pairs:
        marked += bool(gold)
        filled += bool(value)
        right += bool(value) and value == gold
    return {
        "marked": marked,
        "filled": filled,
        "right": right,
        "precision": round(right / filled, 3) if filled else 0.0,
        "recall": round(right / marked, 3) if marked else 0.0,
        "f1": round(2 * right / (filled + marked), 3) if filled + marked else 0.0,
    }


def crossed(fresh: Sequence[Question], tuned: Sequence[Question], strength: float) -> list[Answer]:
    """Answers to each question of ``fresh`` by a model that has not seen its call."""
    found: list[Answer] = []
    for fold in range(FOLDS):
        rest = [question for place, question in enumerate(fresh) if place % FOLDS != fold]
        found += answers(learn([*rest, *tuned], strength), fresh[fold::FOLDS])
    return found


@dataclass(frozen=True, slots=True)
class Setting:
    """How a field is learned. ``scale``, ``shift``: of the log odds; ``figures``: in cross-validation."""

    strength: float
    scale: float
    shift: float
    least: float
    figures: Score


def best(fresh: Sequence[Question], tuned: Sequence[Question]) -> Setting:
    """Strength and least probability in cross-validation: of those with nearly the best F1 the most precise.

    A wrong value costs more than none, and what is within :data:`NEARLY` of the best is no worse for sure (the rule of
    one standard error: Hastie et al., "The Elements of Statistical Learning", 2009, section 7.10).
    """
    tried = []
    for strength in STRENGTHS:
        told = crossed(fresh, tuned, strength)
        scale, shift = calibration(told)
        told = [replace(one, probabilities=tuple(map(float, _moved(one.probabilities, scale, shift)))) for one in told]
        tried += [Setting(strength, scale, shift, least, score(told, least)) for least in LEASTS]
    enough = max(one.figures["f1"] for one in tried) - NEARLY
    near = [one for one in tried if one.figures["f1"] >= enough]
    return max(near, key=lambda one: (one.figures["precision"], -one.strength, one.least))


def _moved(probabilities: Sequence[float], scale: float, shift: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.asarray(expit(logit(np.array(probabilities)) * scale + shift))


def calibration(told: Iterable[Answer]) -> tuple[float, float]:
    """Scale and shift of the log odds that make the probabilities right (Platt, 1999)."""
    rows = [
        (p, normal == one.question.gold)
        for one in told
        for (normal, _), p in zip(one.question.rows, one.probabilities, strict=True)
    ]
    odds = logit(np.array([[p] for p, _ in rows]))
    model = LogisticRegression(C=1e6, solver="newton-cholesky").fit(odds, [held for _, held in rows])
    return float(model.coef_[0][0]), float(model.intercept_[0])


def ruled(questions: Iterable[Question]) -> Score:
    """What the rules alone come to, of values that are candidates."""
    return counted((one.gold, next((n for n, traits in one.rows if traits.get("ruled")), "")) for one in questions)


def head(model: Learned, least: float) -> dict[str, Any]:
    """As :class:`callcore.tickets.linear.Head` reads it."""
    weights = {n: [0.0, round(float(w), DIGITS)] for n, w in zip(model.names, model.weights, strict=True)}
    return {
        "labels": [NO, YES],
        "bias": [0.0, round(model.bias, DIGITS)],
        "weights": {name: row for name, row in weights.items() if row[1]},
        "least": least,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Learn, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=Path, default=CALLS, help="folder with the parts train and dev")
    parser.add_argument("--held", type=Path, help="calls that only tell how good it is")
    parser.add_argument("--out", type=Path, default=ROOT / "models")
    options = parser.parse_args(arguments)
    held = {one.name: one for one in read_gold(options.held)} if options.held else {}
    views, train = Views(), [one for one in read_gold(options.calls / "train") if one.name not in held]
    look = unseen(views, train)
    fresh, tuned, left = (
        questions(views, some, look) for some in (train, read_gold(options.calls / "dev"), [*held.values()])
    )
    heads, rows = {}, []
    for name in FIELDS:
        how = best(fresh[name], tuned[name])
        model = learn([*fresh[name], *tuned[name]], how.strength)
        assert model is not None, name
        model = Learned(model.names, model.weights * how.scale, model.bias * how.scale + how.shift)
        heads[name] = head(model, how.least)
        named = sum(any(n == one.gold for n, _ in one.rows) for one in fresh[name] if one.gold)
        rows.append(_row(name, named, ruled(fresh[name]), how.figures, f"{how.strength:g} | {how.least:g}"))
        if held:
            print(_row(name, len(left[name]), ruled(left[name]), score(answers(model, left[name]), how.least), ""))
    print("\n".join(rows))
    if not held:
        text = TEXT.format(name=NAME, folds=FOLDS, rows="\n".join(rows))
        write(options.out, {"name": NAME, "version": RELEASE, "features": VERSION, "heads": heads}, text)
    return 0


def _row(name: str, count: int, rules: Score, model: Score, rest: str) -> str:
    shown = (f"{one['precision']:.2f} / {one['recall']:.2f}" for one in (rules, model))
    return f"| {name} | {rules['marked']} | {count} | {' | '.join(shown)} | {rest} |"


TEXT = """# {name}

Which of the people, amounts, dates, shops, branches and channels that a call names is the ticket's, and which time is
the one by which the bank gets back to the customer. One logistic regression a field: each value that was named is taken
or left by its traits (callcore/tickets/traits.py, clauses.py, name_traits.py): who says it, when, how often, what is
done in the sentence, what stands beside it, how it compares with the others, what the call is about, and whether the
rules would take it. The likeliest is the field's value if it is likely enough, else the field stays empty. `model.json`
holds the weights by trait, to be read.

Made by `python -m models.training.tickets.facts` from the written calls of the parts `train` and `dev`
(benchmarks/written_calls; invented, Mandarin and English). Licence Apache-2.0.

On the calls of `train`, each judged by a model that has not seen it ({folds} parts): how many are marked, of how many
the value was found in the call at all, precision / recall of the rules and of the model (a field that is filled and not
marked counts as wrong), strength of the regression, probability from which a value is taken. Both are the most
precise within 0.01 of the best F1 on these calls, so that the figures flatter a little. The term is measured on calls
that have one.

| field | marked | found | rules | model | strength | from |
| --- | ---: | ---: | --- | --- | ---: | ---: |
{rows}

Limits: what is no candidate cannot be chosen. Few calls name a shop, a branch or a channel that matters. Written calls
are balanced and have more to choose from than most calls of a bank. Train it again on calls of your own where you have
labelled ones.
"""


if __name__ == "__main__":
    sys.exit(main())
