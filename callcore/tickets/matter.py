"""What a call is about: category, topics, product, the customer's intents. From labels of turns and plain words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from callcore.tickets.reading import CallView, Reading
from callcore.tickets.rulefile import Weights
from callcore.types import Evidence, Label

MOST_EVIDENCE = 4
BUSINESS = ("inquiry", "transaction", "complaint", "suggestion", "praise")
CUE_OF = {"complaint": 1.6, "suggestion": 1.4, "praise": 1.6, "request": 0.7, "question": 0.5}
CATEGORY_OF_CUE = {"request": "transaction", "question": "inquiry"}
CATEGORY_OF_INTENT = {
    "complain": ("complaint", 0.5),
    "escalate": ("complaint", 0.8),
    "request_action": ("transaction", 0.5),
    "cancel": ("transaction", 0.6),
    "change": ("transaction", 0.6),
    "report_loss": ("transaction", 0.9),
    "report_fraud": ("transaction", 0.9),
    "report_fault": ("transaction", 0.1),
    "ask_info": ("inquiry", 0.25),
    "ask_how": ("inquiry", 0.3),
    "ask_status": ("inquiry", 0.3),
    "ask_data": ("inquiry", 0.3),
    "suggest": ("suggestion", 0.5),
    "praise": ("praise", 0.5),
}  #: what an intent says of the category of its call, beside the category's own label
OPENING = 2  #: turns of the customer with something to say, which usually tell what the call is for
OPENING_WEIGHT = 1.6
LEAST_INTENT = 0.5


@dataclass(slots=True)
class Support:
    """How much speaks for one of several values, and where."""

    weight: float = 0.0
    best: float = 0.0  #: probability of the surest label
    places: list[tuple[float, Evidence]] = field(default_factory=list)

    def add(self, weight: float, probability: float, place: Evidence) -> None:
        """One more reason."""
        self.weight += weight
        self.best = max(self.best, probability)
        self.places.append((weight, place))

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The strongest places, in the order of the call."""
        best = sorted(self.places, key=lambda one: -one[0])[:MOST_EVIDENCE]
        return tuple(sorted(dict.fromkeys(place for _, place in best), key=lambda place: place.start_sample))


@dataclass(frozen=True, slots=True)
class Judged:
    """A value that rules have come to: its code or text, how sure it is, and what it rests on."""

    normal: str
    confidence: float
    evidence: tuple[Evidence, ...]
    value: str = ""  #: as shown, where that is not the name of the code


class Matter:
    """What one call is about. Lives as long as one look at it."""

    def __init__(self, call: CallView, weights: Weights) -> None:
        self._call, self._weights = call, weights

    @cached_property
    def topics(self) -> list[Judged]:
        """The most important first."""
        supports = self._topic_supports()
        ranked = sorted(supports.items(), key=lambda item: (-item[1].weight, item[0]))
        total = sum(support.weight for support in supports.values())
        if not ranked or ranked[0][1].weight < self._weights.least_topic:
            return []
        least = max(self._weights.least_topic, ranked[0][1].weight * self._weights.least_share)
        return [
            Judged(code, _share(support, total), support.evidence) for code, support in ranked if support.weight >= least
        ]

    @cached_property
    def category(self) -> Judged | None:
        """The one that most speaks for."""
        supports: dict[str, Support] = {code: Support() for code in BUSINESS}
        opening = self.opening
        for reading in self._call.customer:
            weight = OPENING_WEIGHT if reading in opening else 1.0
            self._category_of(reading, weight, supports)
        for cue, bonus in CUE_OF.items():
            for reading, span in self._call.hits(cue, "customer"):
                weight = OPENING_WEIGHT if reading in opening else 1.0
                supports[CATEGORY_OF_CUE.get(cue, cue)].add(bonus * weight, 0.8, reading.at(span))
        total = sum(support.weight for support in supports.values())
        best = max(supports, key=lambda code: (supports[code].weight, -BUSINESS.index(code)))
        if supports[best].weight <= 0:
            return None
        return Judged(best, _share(supports[best], total), supports[best].evidence)

    def intents(self, codes: Iterable[str]) -> list[Judged]:
        """Which of ``codes`` the customer has, surest first."""
        wanted = frozenset(codes)
        supports: dict[str, Support] = {}
        for reading in self._call.customer:
            for label in reading.found.intents if reading.found else ():
                if label.code in wanted and label.probability >= LEAST_INTENT:
                    support = supports.setdefault(label.code, Support())
                    support.add(label.probability, label.probability, _place(reading, label))
        ranked = sorted(supports.items(), key=lambda item: (-item[1].best, item[0]))
        return [Judged(code, round(support.best, 4), support.evidence) for code, support in ranked]

    @cached_property
    def opening(self) -> list[Reading]:
        """The first turns of the customer that have something to do with a bank."""
        found = []
        for reading in self._call.customer:
            meaning = reading.found
            business = meaning is not None and (meaning.category or meaning.topics)
            if business or any(cue in reading.hits for cue in CUE_OF):
                found.append(reading)
                if len(found) == OPENING:
                    break
        return found

    def _category_of(self, reading: Reading, weight: float, supports: Mapping[str, Support]) -> None:
        found = reading.found
        if found is None:
            return
        if found.category and found.category.code in supports:
            label = found.category
            supports[label.code].add(label.probability * weight, label.probability, _place(reading, label))
        for label in found.intents:
            category, share = CATEGORY_OF_INTENT.get(label.code, ("", 0.0))
            if category:
                place = _place(reading, label)
                supports[category].add(label.probability * share * weight, label.probability, place)

    def _topic_supports(self) -> dict[str, Support]:
        supports: dict[str, Support] = {}
        opening = self.opening
        recency = 1.0
        for reading in self._call.readings:
            meaning = reading.found
            if meaning is None:
                continue
            share = recency if reading.customer else self._weights.agent_topic * recency
            if reading in opening:
                share *= OPENING_WEIGHT
            for label in meaning.topics:
                support = supports.setdefault(label.code, Support())
                support.add(label.probability * share, label.probability, _place(reading, label))
            self._add_named(reading, share, supports)
            if reading.customer and meaning.topics:
                recency *= self._weights.later_topic
        return supports

    def _add_named(self, reading: Reading, share: float, supports: dict[str, Support]) -> None:
        for code, span in reading.terms:
            support = supports.setdefault(code, Support())
            support.add(self._weights.named_topic * share, 0.6, reading.at(span))


def _place(reading: Reading, label: Label) -> Evidence:
    return reading.evidence(label.first_word, label.end_word)


def _share(support: Support, total: float) -> float:
    """How sure a value is of which ``support`` speaks among all that speaks for any."""
    return round(min(0.99, support.weight / total * 0.5 + min(support.weight, 1.0) * 0.5), 4) if total else 0.0
