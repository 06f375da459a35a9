"""Which codes are the call's own: topics, intents, causes of dissatisfaction.

Each code that anything in the call speaks for, be it only that turns score it faintly, has its signs, and a learned
model weighs them one by one. How the call is worded, which no label of a turn tells, is one more sign where a model of
wordings knows the code. A pure function of the call.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from callcore.tickets.linear import Head, LinearModel
from callcore.tickets.matter import Judged, Matter, Support
from callcore.tickets.pooled import Pool
from callcore.tickets.reading import CallView, Reading, third_of
from callcore.tickets.wording import Sums
from callcore.types import Label, Understanding

MANY = 3.0  #: turns that count as one
WORDED = ".worded"  #: ending of the name of a head that weighs how a call is worded, too
ASKED_AS = {"request.topics": "request.topic"}  #: fields about which wordings answer the question of another
EXCLUSIVE = frozenset({"request.topic"})  #: questions about wordings with one answer; of others each holds or not
MOST_ODDS = 6.0  #: that wordings give a code, for or against
Candidates = Mapping[str, dict[str, float]]  #: by code, its signs
Supports = Mapping[str, Support]  #: by code, what it rests on


def topic_signs(call: CallView, matter: Matter) -> tuple[Candidates, Supports]:
    """Signs of each topic that anything speaks for, and what it rests on."""
    supports = matter.topic_supports
    found = _labelled(call, matter, lambda meaning: meaning.topics, supports)
    top = max((support.weight for support in supports.values()), default=0.0)
    ranked = sorted(supports, key=lambda code: (-supports[code].weight, code))
    for code, values in found.items():
        group = code.partition(".")[0]
        share = supports[code].weight / top if top else 0.0
        values |= {"weight": min(supports[code].weight, MANY), "share": share, f"group.{group}": 1.0}
        values |= {f"group.{group}.share": share, f"place.{min(ranked.index(code), 3)}": 1.0}
        for reading in call.readings:
            who = "customer" if reading.customer else "agent"
            for name, codes in (("term", reading.terms), ("phrase", reading.topics)):
                if any(code == one for one, _ in codes):
                    values[f"{name}.{who}"] = values.get(f"{name}.{who}", 0.0) + 1 / MANY
    pool = Pool.of(call, "topic")
    return _with_scores(found, pool.signs()), pool.supported(supports)


def intent_signs(
    call: CallView, matter: Matter, supports: Supports, wanted: frozenset[str]
) -> tuple[Candidates, Supports]:
    """Signs of each intent of ``wanted`` that anything speaks for, and what it rests on."""
    found = _labelled(call, matter, lambda meaning: meaning.intents, supports)
    pool = Pool.of(call, "intent")
    scored = {code: values for code, values in pool.signs().items() if code in wanted}
    return _beside_category(_with_scores(found, scored), matter), pool.supported(supports)


def cause_signs(call: CallView, matter: Matter, supports: Supports) -> tuple[Candidates, Supports]:
    """Signs of each cause of dissatisfaction that anything speaks for, and what it rests on."""
    found = _labelled(call, matter, lambda meaning: meaning.causes, supports)
    pool = Pool.of(call, "cause")
    return _beside_category(_with_scores(found, pool.signs()), matter), pool.supported(supports)


def worded(name: str, candidates: Candidates, sums: Sums) -> Candidates:
    """The candidates of a field, with what the wording of the call says of each code among its signs."""
    question = ASKED_AS.get(name, name)
    odds = _odds(sums[question], exclusive=question in EXCLUSIVE)
    first = max(odds.values())
    return {
        code: values | (_of_wording(odds[code], odds[code] == first) if code in odds else {})
        for code, values in candidates.items()
    }


def chosen(
    model: LinearModel, name: str, candidates: Candidates, supports: Supports, sums: Sums, source: str
) -> list[Judged]:
    """The codes of a field that the model takes, surest first. ``source``: all models that had a say in ``sums``."""
    head = model.heads.get(f"{name}{WORDED}")
    if head is None or ASKED_AS.get(name, name) not in sums:
        return picked(model.heads[name], model.source, candidates, supports)
    return picked(head, source, worded(name, candidates, sums), supports)


def picked(head: Head, source: str, candidates: Candidates, supports: Supports) -> list[Judged]:
    """The codes that the model takes, surest first. ``source``: its name and version."""
    likely = {code: head.yes(values) for code, values in candidates.items()}
    ranked = sorted(likely, key=lambda code: (-likely[code], code))
    return [
        Judged(code, round(likely[code], 4), supports[code].evidence, source=source)
        for code in ranked
        if likely[code] >= head.least
    ]


def main_first(main: Sequence[Judged], others: Sequence[Judged]) -> list[Judged]:
    """The code that is likeliest to be the most important, then the others that hold; none where there is no first."""
    return [*main[:1], *(one for one in others if one.normal != main[0].normal)] if main else []


def _odds(sums: Mapping[str, float], *, exclusive: bool) -> dict[str, float]:
    """Logarithm of the odds of each answer; ``exclusive``: against all the other answers together."""
    if exclusive:
        top = max(sums.values())
        powers = {code: math.exp(one - top) for code, one in sums.items()}
        whole, least = sum(powers.values()), math.exp(-MOST_ODDS)
        sums = {code: math.log(max(one, least) / max(whole - one, least)) for code, one in powers.items()}
    return {code: min(max(one, -MOST_ODDS), MOST_ODDS) for code, one in sums.items()}


def _of_wording(odds: float, first: bool) -> dict[str, float]:
    return {"worded": odds, "worded.p": 1 / (1 + math.exp(-odds)), "worded.first": float(first)}


def _labelled(
    call: CallView,
    matter: Matter,
    labels: Callable[[Understanding], Sequence[Label]],
    supports: Supports,
) -> dict[str, dict[str, float]]:
    """How surely, how often, where and by whom turns were labelled with each code that has support."""
    opening = matter.opening
    found: dict[str, dict[str, float]] = {
        code: {f"code.{code}": 1.0, "best": support.best, f"code.{code}.best": support.best}
        for code, support in supports.items()
    }
    for place, reading in enumerate(call.readings):
        for label in labels(reading.found) if reading.found else ():
            if label.code not in found:
                continue
            values = found[label.code]
            for name in _where(reading, place / len(call.readings), opening):
                values[name] = max(values.get(name, 0.0), label.probability)
            who = "customer" if reading.customer else "agent"
            values[f"{who}s"] = values.get(f"{who}s", 0.0) + label.probability / MANY
    for values in found.values():
        values[f"among.{min(len(found), 4)}"] = 1.0
    return found


def _where(reading: Reading, place: float, opening: Sequence[Reading]) -> list[str]:
    who = "customer" if reading.customer else "agent"
    return [who, f"{who}.{third_of(place)}", *(["opening"] if reading in opening else [])]


def _with_scores(found: Candidates, scored: Candidates) -> dict[str, dict[str, float]]:
    return {code: found.get(code, {}) | scored.get(code, {}) for code in {**found, **scored}}


def _beside_category(found: dict[str, dict[str, float]], matter: Matter) -> Candidates:
    category = matter.category.normal if matter.category else ""
    for code, values in found.items():
        values |= {
            f"blame.{code}": float(matter.blame),
            f"category.{category}": 1.0,
            f"category.{category}.{code}": 1.0,
        }
    return found
