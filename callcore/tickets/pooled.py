"""What the scores of all turns add up to over a call, label by label, also of labels that no turn is sure of.

Many faint hints of one thing tell more than one clear word of another: the odds of a label over the turns are added up,
as in a naive Bayes classifier over independent turns, and its highest scores are given beside. A pure function of the
call.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Self

from callcore.text.chars import is_chinese
from callcore.tickets.matter import MOST_EVIDENCE, Support
from callcore.tickets.reading import CallView, Reading, third_of
from callcore.types import Evidence, Label, Understanding
from callcore.understand.labels import LEAST_SCORE

MOST_SCORE = 0.99  #: that counts; a model is never surer than that
SCALE = 10.0  #: of sums of odds, so that signs are of similar size
EDGE = 2  #: first and last turns of the customer that are looked at by themselves
BROAD_EDGE = 4
DISTRIBUTED = ("category", "caller", "emotion")  #: heads whose labels exclude each other
SEVERAL = ("intent", "cause")  #: heads of which a turn may have several
MOMENTS = ("category", "emotion")  #: heads of which beginning and end count by themselves
OF_BUSINESS = ("topic", "cause")  #: heads that mean nothing in turns that are no business of a bank
Scored = tuple[str, Reading, float]  #: third of the call, turn, score
Values = dict[str, float]


def scores_of(found: Understanding, head: str) -> Mapping[str, float]:
    """Scores of a turn by label; of a turn that an older callcore has read those of its labels."""
    if found.scores:
        return found.scores.get(head, {})
    sure: Mapping[str, Sequence[Label]] = {"topic": found.topics, "intent": found.intents, "cause": found.causes}
    return {label.code: label.probability for label in sure.get(head, ())}


@dataclass(frozen=True, slots=True)
class Pool:
    """The turns of a call that score each code of one head, in order; whoever speaks."""

    call: CallView
    scored: Mapping[str, Sequence[Scored]]

    @classmethod
    def of(cls, call: CallView, head: str) -> Self:
        """Of all turns that were read."""
        found: dict[str, list[Scored]] = {}
        for place, reading in enumerate(call.readings):
            if reading.found is None:
                continue
            weight = reading.found.in_scope if head in OF_BUSINESS else 1.0
            for code, score in scores_of(reading.found, head).items():
                found.setdefault(code, []).append((third_of(place / len(call.readings)), reading, score * weight))
        return cls(call, found)

    def signs(self) -> dict[str, Values]:
        """Of each code."""
        turns = {"customer": len(self.call.customer), "agent": len(self.call.agent)}
        found: dict[str, Values] = {}
        for code, scored in self.scored.items():
            values = {f"score.{code}": 1.0, "chinese": float(is_chinese(self.call.language))}
            for who, count in turns.items():
                side = [one for one in scored if one[1].speaks(who)]
                if side:
                    values |= _of_side(who, side, count)
            values[f"score.{code}.sum"] = values.get("score.customer.sum", 0.0)
            found[code] = values
        return found

    def supported(self, supports: Mapping[str, Support]) -> dict[str, Support]:
        """``supports``, and of the codes that have none the turns that score highest, which they rest on."""
        found = dict(supports)
        for code, scored in self.scored.items():
            if code not in found:
                telling = [one for one in scored if one[1].tells(one[1].at())]
                highest = sorted(telling, key=lambda one: -one[2])[:MOST_EVIDENCE]
                found[code] = Support(places=[(score, reading.at()) for _, reading, score in highest])
        return found


def call_signs(customer: Sequence[Reading]) -> Iterator[tuple[str, float, Evidence]]:
    """Signs of the customer's turns together, each with the turn that shows it best."""
    read = [(reading, reading.found) for reading in customer if reading.found and reading.found.scores]
    if not read:
        return
    for head in (*DISTRIBUTED, *SEVERAL):
        rows = [scores_of(found, head) for _, found in read]
        for code in sorted(set().union(*rows)):
            scores = [row.get(code, 0.0) for row in rows]
            place = read[scores.index(max(scores))][0].at()
            for name, value in _of_label(scores, moments=head in MOMENTS):
                yield f"score.{head}.{code}.{name}", value, place


def _of_label(scores: Sequence[float], *, moments: bool) -> Iterator[tuple[str, float]]:
    first, second = _two_highest(scores)
    yield "most", first
    yield "second", second
    yield "mean", fmean(scores)
    yield "odds", fmean(map(_rise, scores)) / 2
    if moments:
        for name, some in (("first", scores[:EDGE]), ("last", scores[-EDGE:])):
            yield name, fmean(some)
        for name, some in (("begin", scores[:BROAD_EDGE]), ("end", scores[-BROAD_EDGE:])):
            yield name, fmean(some)


def _of_side(who: str, scored: Sequence[Scored], turns: int) -> Values:
    """What one side's ``scored`` turns, of ``turns`` in all, say of a code."""
    first, second = _two_highest(score for _, _, score in scored)
    values = {
        f"score.{who}.most": first,
        f"score.{who}.second": second,
        f"score.{who}.sum": math.log1p(sum(-math.log1p(-min(score, MOST_SCORE)) for _, _, score in scored)),
        f"score.{who}.odds": sum(_rise(score) for _, _, score in scored) / math.sqrt(turns) / SCALE,
        f"score.{who}.best": _rise(first) / 2,
    }
    for third, _, score in scored:
        name = f"score.{who}.{third}"
        values[name] = max(values.get(name, 0.0), score)
    return values


def _rise(score: float) -> float:
    """Logarithm of how far a score is above the least that is kept."""
    return math.log(max(score, LEAST_SCORE) / LEAST_SCORE)


def _two_highest(scores: Iterable[float]) -> tuple[float, float]:
    """0 in place of a second that is not there."""
    first, second = [*sorted(scores, reverse=True), 0.0][:2]
    return first, second
