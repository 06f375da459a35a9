"""What a finished call adds up to, judged by a learned model: category, severity, resolution, moods and the like.

The model weighs named signs: labels of turns, acts of either side, moods, promises, topics, and what the rules would
say. Each sign knows where it was seen, so that a verdict comes with evidence. A pure function of the call.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from callcore.text.chars import is_chinese
from callcore.tickets.caller import LEAST_LETTERS, ease
from callcore.tickets.linear import NOTHING, LinearModel
from callcore.tickets.matter import Judged, Matter
from callcore.tickets.pooled import call_signs
from callcore.tickets.promises import Promises
from callcore.tickets.reading import CallView, Reading, third_of
from callcore.tickets.wording import Sums
from callcore.types import Evidence, Label, Mood

VERSION = 2  #: of these signs; a model made for another version is refused
LAST = 4  #: turns that make the end of a call
OPENING = 2  #: turns of the customer about business that make its opening
MANY = 3  #: of something that counts once for each time it was seen: so many count as one
MOST_EVIDENCE = 3
TURNS = 30  #: of a call of usual length
RULE = "rule."  #: beginning of the sign that tells what the rules say
SILENT = ("none", "no", "within")  #: values that say that something was not there


NOTHING_WORDED: Sums = MappingProxyType({})
ByRules = Mapping[str, Judged | None]  #: what the rules make of the fields that may be judged


@dataclass(slots=True)
class Signs:
    """Values by name, and the places that show them."""

    values: dict[str, float] = field(default_factory=dict)
    places: dict[str, list[Evidence]] = field(default_factory=dict)
    bare: frozenset[int] = frozenset()  #: turns that say hardly more than yes or goodbye

    def most(self, name: str, value: float, place: Evidence | None = None) -> None:
        """The strongest counts."""
        self._put(name, max(self.values.get(name, 0.0), value), place)

    def more(self, name: str, value: float, place: Evidence | None = None) -> None:
        """All count together."""
        self._put(name, self.values.get(name, 0.0) + value / MANY, place)

    def _put(self, name: str, value: float, place: Evidence | None) -> None:
        self.values[name] = value
        if place is not None:
            self.places.setdefault(name, []).append(place)


def signs(call: CallView, matter: Matter, promises: Promises) -> Signs:
    """All signs of a call."""
    found = Signs()
    _said(call, found)
    _labelled(call.customer, found)
    _felt(call.customer, found)
    for name, value, shown in call_signs(call.customer):
        found.most(name, value, shown)
    for promise in promises.all:
        found.most(f"promise.{promise.by.value}.{promise.kind}", 1.0, promise.evidence[0])
        if promise.due:
            found.most(f"promise.{promise.by.value}.due", 1.0, promise.evidence[0])
    for place, topic in enumerate(matter.topics):
        group = topic.normal.partition(".")[0]
        seen = next(iter(topic.evidence), None)
        found.most(f"topics.{group}", 1.0, seen)
        if not place:
            found.most(f"topic.{topic.normal}", 1.0, seen)
            found.most(f"topic.{group}", 1.0, seen)
    found.bare = frozenset(one.turn.turn_id for one in call.readings if one.is_bare and one.hits.keys() <= {"closing"})
    found.places = {name: list(call.telling(places)) for name, places in found.places.items()}
    found.values |= {
        "blame": float(matter.blame),
        "turns": len(call.readings) / TURNS,
        "chinese": float(is_chinese(call.language)),
    }
    return found


def _said(call: CallView, found: Signs) -> None:
    """Cues and acts: whether they are there, how often, in which third of the call, at its very end."""
    count = len(call.readings)
    for place, reading in enumerate(call.readings):
        third = third_of(place / count)
        for code, spans in reading.hits.items():
            if not spans or not reading.speaks(call.said_by[code]):
                continue
            where = reading.at(spans[0])
            found.most(f"cue.{code}", 1.0, where)
            found.most(f"cue.{code}.{third}", 1.0, where)
            found.more(f"cues.{code}", 1.0, where)
            if place >= count - LAST:
                found.most(f"cue.{code}.last", 1.0, where)


def _labelled(customer: Iterable[Reading], found: Signs) -> None:
    """What models say of the customer's turns."""
    opening = 0
    for reading in customer:
        meaning = reading.found
        if meaning is None:
            continue
        if meaning.category:
            _label("category", meaning.category, reading, found)
            opening += 1
            if opening <= OPENING:
                found.most(
                    f"category.{meaning.category.code}.begin",
                    meaning.category.probability,
                    reading.labelled(meaning.category),
                )
        for label in meaning.intents:
            _label("intent", label, reading, found)
        for label in meaning.causes:
            found.most("cause", label.probability, reading.labelled(label))
            found.most(f"cause.{label.code.partition('.')[0]}", label.probability, reading.labelled(label))
        if meaning.caller:
            _label("caller", meaning.caller, reading, found)


def _label(head: str, label: Label, reading: Reading, found: Signs) -> None:
    found.most(f"{head}.{label.code}", label.probability, reading.labelled(label))
    found.more(f"{head}s.{label.code}", label.probability, reading.labelled(label))


def _felt(customer: Iterable[Reading], found: Signs) -> None:
    """The customer's moods: over the call, at its beginning and end, and at the worst moment."""
    moods = [
        (reading, reading.found.mood)
        for reading in customer
        if reading.found and reading.found.mood and reading.found.mood.label and reading.letters >= LEAST_LETTERS
    ]
    if not moods:
        return
    for reading, mood in moods:
        found.most(f"mood.{mood.label}", mood.probability, reading.at())
        found.more(f"moods.{mood.label}", mood.probability, reading.at())
    worst = min(moods, key=lambda one: ease(one[1]))
    for moment, (reading, mood) in _moments(moods, worst):
        found.most(f"mood.{moment}.{mood.label}", mood.probability, reading.at())
    found.values |= {
        "valence.first": moods[0][1].valence,
        "valence.last": moods[-1][1].valence,
        "valence.least": min(mood.valence for _, mood in moods),
        "valence.mean": sum(mood.valence for _, mood in moods) / len(moods),
        "arousal.most": max(mood.arousal for _, mood in moods),
    }


def _moments(
    moods: list[tuple[Reading, Mood]], worst: tuple[Reading, Mood]
) -> Iterable[tuple[str, tuple[Reading, Mood]]]:
    yield "first", moods[0]
    yield "last", moods[-1]
    yield "worst", worst
    if len(moods) > 1:
        yield "second", moods[1]
        yield "last_but_one", moods[-2]


def with_rule(values: Mapping[str, float], ruled: str) -> dict[str, float]:
    """The signs for one field: those of the call, and what the rules make of that field ("": nothing)."""
    return {**values, f"{RULE}{ruled}": 1.0}


def verdicts(model: LinearModel, seen: Signs, rules: ByRules, worded: Sums, source: str) -> dict[str, Judged | None]:
    """For each question of the model the surest answer; None where that is that there is nothing to say.

    ``worded``: what the wording of the call adds to the answers; ``source``: all models that had a say.
    """
    found: dict[str, Judged | None] = {}
    for name in rules:
        if (head := model.heads.get(name)) is None:
            continue
        before = rules.get(name)
        values = with_rule(seen.values, before.normal if before else "")
        likely = head.probabilities(values, worded.get(name, NOTHING))
        value = max(likely, key=lambda label: likely[label])
        if not value:
            found[name] = None
            continue
        if value in SILENT:
            evidence: tuple[Evidence, ...] = ()
        elif before is not None and before.normal == value and before.evidence:
            evidence = before.evidence
        else:
            evidence = _shown(head.speaks_for(value, values), seen)
        found[name] = Judged(value, round(likely[value], 4), evidence, source=source)
    return found


def _shown(shares: Mapping[str, float], seen: Signs) -> tuple[Evidence, ...]:
    """The places that speak loudest for a value, the loudest first, one of each turn; turns that hardly say anything
    only where no others speak for it.
    """
    by_place: dict[Evidence, float] = {}
    for name, share in shares.items():
        for place in seen.places.get(name, ()):
            by_place[place] = by_place.get(place, 0.0) + share / len(seen.places[name])
    by_turn: dict[int, Evidence] = {}
    for place in sorted(by_place, key=lambda place: -by_place[place]):
        by_turn.setdefault(place.turn_id, place)
    saying = [place for place in by_turn.values() if place.turn_id not in seen.bare] or by_turn.values()
    return tuple([*saying][:MOST_EVIDENCE])
