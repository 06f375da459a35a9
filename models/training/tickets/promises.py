"""Train the model that tells which sentences of a call promise something.

``python -m models.training.tickets.promises`` reads the written calls of the part ``train`` and writes
``models/ticket-promises``. Every sentence that may make a promise of some kind is a row, with the traits of
:mod:`callcore.tickets.chances`; one logistic regression says how likely it does. It does where the gold ticket has
such a promise in that turn, of several sentences in the likeliest; where it is said again it does not. Regularisation
and the probability that is asked for are chosen by F1 in cross-validation over these calls together with those of the
part ``dev``, from which nothing else is learnt. The same input gives the same file.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sklearn.linear_model import LogisticRegression

from callcore.evaluate.tickets import GoldCall, PromiseScore, count_promises, read_gold, turn_ids
from callcore.tickets.chances import PROMISES, VERSION
from callcore.tickets.linear import NO, YES, LinearModel
from callcore.tickets.look import Look
from callcore.tickets.promises import Promises
from callcore.tickets.reading import CallView
from models.training.tickets.views import CALLS, ROOT, Traits, Views, each, parts, sparse, write

NAME, RELEASE = "ticket-promises", "1"
STRENGTHS = (0.1, 0.3, 1.0, 3.0)  #: C of the regression: the smaller, the simpler
USUAL_STRENGTH, USUAL_LEAST = 0.1, 0.15  #: as :func:`best` found them last
MOST_ITERATIONS = 400
LEASTS = tuple(round(0.1 + 0.05 * step, 2) for step in range(7))  #: probabilities below which nothing is a promise
FEWEST = 4  #: sentences in which a trait must be seen
SLIGHT = 0.1  #: weights below it are left out: nine in ten, which tell nothing together
DIGITS = 3  #: of weights


@dataclass(frozen=True, slots=True)
class Lesson:
    """One call, with the traits of what may be promises in it and whether they are."""

    one: GoldCall
    call: CallView
    rows: tuple[tuple[Traits, bool], ...]


def lesson(one: GoldCall, call: CallView) -> Lesson:
    """What a call teaches."""
    found = Promises(call).rows()
    held: set[int] = set()
    for gold in one.gold.promises:
        turns = turn_ids(one.call, (gold.turn,))
        here = [
            place
            for place, (reading, chance, _) in enumerate(found)
            if reading.turn.turn_id in turns and (chance.hit.by, chance.hit.kind) == (gold.by, gold.kind)
        ]
        held |= {max(here, key=lambda place: found[place][1].probability)} if here else set()
    return Lesson(one, call, tuple((traits, place in held) for place, (_, _, traits) in enumerate(found)))


def learn(lessons: Iterable[Lesson], strength: float) -> LinearModel:
    """One regression over all that may be promises."""
    traits, holds = zip(*(row for one in lessons for row in one.rows), strict=True)
    seen = Counter(name for one in traits for name in one)
    names = sorted(name for name, count in seen.items() if count >= FEWEST)
    model = LogisticRegression(C=strength, solver="liblinear", max_iter=MOST_ITERATIONS).fit(
        sparse(traits, names), holds
    )
    weights = {
        name: (0.0, round(float(weight), DIGITS))
        for name, weight in zip(names, model.coef_[0], strict=True)
        if abs(weight) >= SLIGHT
    }
    head = {"labels": (NO, YES), "bias": (0.0, round(float(model.intercept_[0]), DIGITS)), "weights": weights}
    return LinearModel.model_validate(
        {"format": 1, "name": NAME, "version": RELEASE, "features": VERSION, "heads": {PROMISES: head}}
    )


def asking(model: LinearModel, least: float) -> LinearModel:
    """The same that takes nothing below a probability."""
    return model.model_copy(update={"heads": {PROMISES: model.heads[PROMISES].model_copy(update={"least": least})}})


def unseen(views: Views, train: Sequence[GoldCall]) -> Callable[[GoldCall], Look]:
    """Looks at calls as callcore does, their promises told by a model that has not learned from them.

    ``train``: what the models learn from; other calls are looked at with one that has learned from all of it.
    """
    lessons = _lessons(views, train)

    def told_by(model: LinearModel) -> Views:
        return views.promising(asking(model, USUAL_LEAST))

    of_all, without = told_by(learn(lessons, USUAL_STRENGTH)), dict[str, Views]()
    for model, left in crossed(lessons, USUAL_STRENGTH):
        without |= dict.fromkeys((one.one.name for one in left), told_by(model))
    return lambda one: without.get(one.name, of_all).look(one)


def score(lessons: Iterable[Lesson], model: LinearModel | None, into: PromiseScore | None = None) -> PromiseScore:
    """Promises as ``callcore evaluate tickets`` counts them; without a model those of the rules."""
    found = into or PromiseScore()
    for one in lessons:
        count_promises(found, one.one.gold.promises, Promises(one.call, model).all)
    return found


def crossed(lessons: Sequence[Lesson], strength: float) -> list[tuple[LinearModel, list[Lesson]]]:
    """Models, each with the calls that it has not seen."""
    return [
        (learn([lessons[place] for place in kept], strength), [lessons[place] for place in left])
        for kept, left in parts(len(lessons))
    ]


def scores(pairs: Iterable[tuple[LinearModel, Sequence[Lesson]]]) -> dict[float, PromiseScore]:
    """By the least probability that is asked for."""
    found = {least: PromiseScore() for least in LEASTS}
    for model, left in pairs:
        for least, into in found.items():
            score(left, asking(model, least), into)
    return found


def best(train: Sequence[Lesson], dev: Sequence[Lesson]) -> tuple[float, float]:
    """Strength and least probability with the best F1, the simplest of several."""
    tried = [
        (found.as_row()["f1"], -strength, least)
        for strength in STRENGTHS
        for least, found in scores([*crossed(train, strength), (learn(train, strength), dev)]).items()
    ]
    _, strength, least = max(tried)
    return -strength, least


def main(arguments: Sequence[str] | None = None) -> int:
    """Learn, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=Path, default=CALLS, help="folder with the parts train and dev")
    parser.add_argument("--out", type=Path, default=ROOT / "models")
    options = parser.parse_args(arguments)
    views = Views()
    train, dev = (_lessons(views, read_gold(options.calls / part)) for part in ("train", "dev"))
    strength, least = best(train, dev)
    model = asking(learn(train, strength), least)
    rows = (
        _row("train, each by a model without it", score(train, None), scores(crossed(train, strength))[least]),
        _row("dev", score(dev, None), score(dev, model)),
    )
    text = TEXT.format(name=NAME, rows="\n".join(rows), strength=strength, least=least)
    print(text)
    write(options.out, model.model_dump(mode="json", exclude={"format"}), text)
    return 0


def _lessons(views: Views, calls: Sequence[GoldCall]) -> list[Lesson]:
    return each(lambda one: lesson(one, views.look(one).call), calls)


def _row(calls: str, rules: PromiseScore, model: PromiseScore) -> str:
    return f"| {calls} | {rules.marked} | {_shown(rules.as_row())} | {_shown(model.as_row())} |"


def _shown(row: Mapping[str, Any]) -> str:
    return f"{row['precision']:.2f} / {row['recall']:.2f} / {row['f1']:.3f}"


TEXT = """# {name}

Which sentences of a call promise something, and what. One logistic regression over named traits
(callcore/tickets/chances.py): how likely the models for acts find each kind of promise in the sentence, in its turn and
before; what else is done there; the turn before it; times that are named; the words of the sentence, for any promise
and for one of its kind, and those that end the turn before (n-grams of one to three characters or words). Where in the
call it is does not count: in written calls that tells more than it would in others. Nor does what follows, so that no
promise is taken back when the call goes on. `model.json` holds the weights by trait, to be read.

Made by `python -m models.training.tickets.promises` from the written calls of the part `train`
(benchmarks/written_calls; invented, Mandarin and English). Licence Apache-2.0.

Precision / recall / F1 of promises (side and kind), by rules and by the model. Strength ({strength:g}) and the least
probability ({least:g}) were chosen on both, so that the figures flatter a little; nothing else was learnt from
`dev`, on which the rules were tuned.

| calls | marked | rules | model |
| --- | ---: | --- | --- |
{rows}

Limits: a sentence in which the models for acts see no promise at all is never one. What the bank deals with (`handle`)
and other promises of the agent are seldom told from what is going on during the call. Of several kinds in one sentence
the likeliest is taken, another only from a probability of 0.4 on. Train it again on calls of your own where you have
labelled ones.
"""


if __name__ == "__main__":
    sys.exit(main())
