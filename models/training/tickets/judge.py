"""Train what judges finished calls: ``python -m models.training.tickets.judge``.

Reads the written calls of the parts ``train`` and ``dev``, looks at each as callcore does, and learns one logistic
regression a field from the signs that callcore sees, and from what the rules say of that field. Each call counts a
second time, for less, without the labels of its turns: where the models of turns see little, the rest must do. Strength
of the regularisation is chosen by cross-validation over the calls of ``train``: the rules were tuned on ``dev``.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from callcore.evaluate.tickets import GoldCall, read_gold
from callcore.tickets import TicketRules
from callcore.tickets.judge import RULE, VERSION, with_rule
from callcore.tickets.linear import Head
from callcore.tickets.look import Look
from callcore.tickets.picks import WORDED
from callcore.tickets.wording import Wording, wording
from models.training.tickets.codes import LISTS, QUESTIONS, Coded, Picked, learn_all
from models.training.tickets.promises import unseen
from models.training.tickets.views import (
    CALLS,
    FOLDS,
    RARE,
    ROOT,
    STRENGTHS,
    UNLIKELY,
    Views,
    each,
    head_of,
    log_loss,
    parts,
    put,
    write,
)
from models.training.tickets.words import Words

NAME = "ticket-judge"
FIELDS = (
    "request.category",
    "handling.severity",
    "handling.authority",
    "handling.resolution",
    "caller.type",
    "caller.satisfaction",
    "caller.churn_risk",
    "caller.mood_start",
    "caller.mood_worst",
    "caller.mood_end",
)
WITHOUT_LABELS = 0.25  #: weight of a call without the labels of its turns ...
UNLABELLED = ("cue", "promise.", "turns", "chinese", RULE)  #: ... of which these signs are left


@dataclass(frozen=True, slots=True)
class Example:
    """A call: its signs, its gold fields ("" where there is none), what the rules say of them, fields of codes."""

    signs: Mapping[str, float]
    gold: Mapping[str, str]
    rules: Mapping[str, str]
    codes: Mapping[str, Coded]
    wording: Wording

    @property
    def listed(self) -> Mapping[str, frozenset[str]]:
        """Gold codes by field."""
        return {name: one.gold for name, one in self.codes.items()}


@dataclass(frozen=True, slots=True)
class Learned:
    """A head, and how good it was on calls that it had not seen.

    ``share``: what the logits of the wording count beside it; ``alone``: how good it was without them.
    """

    head: Head
    share: float
    accuracy: float
    alone: float
    rules: float  #: accuracy of the rules on the same calls
    log_loss: float
    strength: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Train and write ``ticket-judge``; print how good each head is on calls it was not trained on."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "models")
    parser.add_argument("--calls", type=Path, default=CALLS, help="folder with the parts train and dev")
    parser.add_argument("--version", default="1")
    options = parser.parse_args(arguments)
    views, train = Views(), read_gold(options.calls / "train")
    look = unseen(views, train)
    fresh, tuned = (examples(views, some, look) for some in (train, read_gold(options.calls / "dev")))
    words = Words(fresh, tuned)
    learned = {name: learn(name, fresh, tuned, words) for name in FIELDS}
    for name, one in learned.items():
        print(
            f"{name:22} rules {one.rules:.3f}  signs {one.alone:.3f}  with words {one.accuracy:.3f}  {one.strength:g}"
        )
    shipped = {name: one for name, one in learned.items() if one.accuracy > one.rules}
    lists = learn_all([one.codes for one in fresh], [one.codes for one in tuned], words)
    for name, pick in lists.items():
        print(f"{name:22} rules {pick.rules:.3f}  judge {pick.f1:.3f}  {pick.strength:g} from {pick.head.least}")
    heads = {name: one.head.model_dump(mode="json") for name, one in (*shipped.items(), *lists.items())}
    model = {"name": NAME, "version": options.version, "features": VERSION, "heads": heads}
    write(options.out, model, _card(learned, lists, len(fresh), len(tuned)))
    words.write(options.out, options.version, {name: one.share for name, one in shipped.items()}, QUESTIONS)
    return 0


def examples(views: Views, calls: Sequence[GoldCall], look: Callable[[GoldCall], Look]) -> list[Example]:
    """Calls as the judge sees them when ``look`` looks at them."""
    return each(lambda one: _example(look(one), one, views.rules), calls)


def _example(seen: Look, one: GoldCall, rules: TicketRules) -> Example:
    filled = seen.fields(rules.fields)
    values = {spec.name: frozenset(value.normal for value in filled.get(spec.name, ())) for spec in rules.fields}
    return Example(
        seen.signs.values,
        {name: (*one.gold.fields.get(name, ()), "")[0] for name in FIELDS},
        {name: judged.normal if judged else "" for name, judged in seen.judged_by_rules.items()},
        {
            name: Coded(candidates, frozenset(one.gold.fields.get(name, ())), values[name])
            for name, (candidates, _) in seen.candidates.items()
        },
        wording(seen.call),
    )


def learn(name: str, fresh: Sequence[Example], tuned: Sequence[Example], words: Words) -> Learned:
    """The head of one field: the best of a few settings by log loss on calls left out, trained on all calls."""
    labels = sorted({one.gold[name] for one in (*fresh, *tuned)})
    right = [labels.index(one.gold[name]) for one in fresh]
    by_words = np.log(words.left_out(name, labels))
    tried = []
    for strength in STRENGTHS:
        by_signs = np.log(_left_out(name, fresh, tuned, strength, labels))
        shares = minimize(
            lambda s, by_signs=by_signs: log_loss(s[0] * by_signs + s[1] * by_words, right),
            x0=(0.7, 0.7), bounds=((0.05, 3.0), (0.0, 3.0)), method="L-BFGS-B",
        )  # fmt: skip
        tried.append((float(shares.fun), strength, shares.x, by_signs))
    loss, strength, shares, by_signs = min(tried, key=lambda one: one[0])
    together = shares[0] * by_signs + shares[1] * by_words
    vectors, model = _fitted(name, [*fresh, *tuned], strength)
    return Learned(
        head_of(list(map(str, vectors.get_feature_names_out())), model, float(shares[0])),
        float(shares[1]),
        float(np.mean(together.argmax(axis=1) == right)),
        float(np.mean(by_signs.argmax(axis=1) == right)),
        float(np.mean([one.rules[name] == one.gold[name] for one in fresh])),
        loss,
        strength,
    )


def _left_out(
    name: str, fresh: Sequence[Example], tuned: Sequence[Example], strength: float, labels: Sequence[str]
) -> npt.NDArray[np.float64]:
    """Probabilities of each call of ``fresh`` by a model that was not trained on it."""
    found = np.full((len(fresh), len(labels)), UNLIKELY)
    for train, test in parts(len(fresh)):
        vectors, model = _fitted(name, [*(fresh[i] for i in train), *tuned], strength)
        put(found, test, model, vectors.transform([_used(name, fresh[i]) for i in test]), labels)
    return found


def _fitted(name: str, calls: Sequence[Example], strength: float) -> tuple[DictVectorizer, LogisticRegression]:
    rows = [_used(name, one) for one in calls]
    counts = Counter(sign for row in rows for sign in row)
    rows = [{sign: value for sign, value in row.items() if counts[sign] >= RARE} for row in rows]
    rows += [{sign: value for sign, value in row.items() if sign.startswith(UNLABELLED)} for row in rows]
    vectors = DictVectorizer(sparse=False)
    model = LogisticRegression(C=strength, max_iter=5000)
    weights = np.repeat((1.0, WITHOUT_LABELS), len(calls))
    return vectors, model.fit(vectors.fit_transform(rows), [one.gold[name] for one in calls] * 2, weights)


def _used(name: str, one: Example) -> dict[str, float]:
    return with_rule(one.signs, one.rules[name])


def _card(learned: Mapping[str, Learned], lists: Mapping[str, Picked], fresh: int, tuned: int) -> str:
    rows = [
        f"| {name} | {one.rules:.3f} | {one.alone:.3f} | {one.accuracy:.3f} | {one.log_loss:.2f} | {one.strength:g} |"
        for name, one in learned.items()
    ]
    picks = [
        f"| {name} | {alone.rules:.3f} | {alone.f1:.3f} | {both.f1:.3f} | {both.strength:g} | {both.head.least:g} |"
        for name, alone, both in ((name, lists[name], lists[f"{name}{WORDED}"]) for name in LISTS)
    ]
    return TEXT.format(name=NAME, fresh=fresh, tuned=tuned, folds=FOLDS, rows="\n".join(rows), picks="\n".join(picks))


TEXT = """# {name}

What a finished call adds up to. Ten fields of its ticket, each a multinomial logistic regression over named signs
(callcore/tickets/judge.py); and its topics, intents and causes, each code taken or left by a logistic regression over
signs of its own (callcore/tickets/picks.py). `model.json` holds the weights by sign, to be read.

Made by `python -m models.training.tickets.judge` from {fresh} written calls of the part `train` and {tuned} of `dev`
(benchmarks/written_calls; invented, Mandarin and English). Licence Apache-2.0.

Accuracy on the calls of `train`, each judged by a model trained without it ({folds} parts), beside the rules, which
were not made from these calls either; log loss; strength. A field of which the rules are right as often is left to
them:

| field | rules | signs alone | with words | log loss | strength |
| --- | ---: | ---: | ---: | ---: | ---: |
{rows}

F1 of codes, measured in the same way, by a head of the signs alone and by one that knows the wording too (its strength,
and the probability from which it takes a code: both chosen on these calls, so the figures flatter a little):

| field | rules | signs alone | with words | strength | from |
| --- | ---: | ---: | ---: | ---: | ---: |
{picks}

Written calls are balanced: complaints, hand-overs and severe matters are more frequent than on a bank's line, so the
model expects more of them. Train it again on calls of your own where you have labelled ones.
"""


if __name__ == "__main__":
    sys.exit(main())
