"""What a call is about: category, topics, product, the customer's intents. From labels of turns and plain words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, wraps
from typing import Any

from callcore.tickets.reading import CallView, Reading
from callcore.tickets.rulefile import Weights
from callcore.types import Evidence

MOST_EVIDENCE = 4
GRAVE, SCAM, TAKEN = "fraud", "fraud.scam", "fraud.unauthorised"
_THREAT = re.compile(r"\b(?:if|or|otherwise|unless|while you're at it)\b|否则|不然|要是|再不|大不了|如果|干脆")
CLOSING = ("account.open_close", "credit_card.cancel")  #: threatened by the angry, unless it is the matter itself
CARDS = {"debit_card", "credit_card"}
HIT = (
    ("信用卡", "credit_card"),
    ("credit card", "credit_card"),
    ("卡", "debit_card"),
    ("debit card", "debit_card"),
    ("account", "account"),
)
HIT_CONFIDENCE = 0.7
SURE_GRAVE = 0.85
BUSINESS = ("inquiry", "transaction", "complaint", "suggestion", "praise")
CUE_OF = {
    "complaint": 1.6,
    "suggestion": 1.4,
    "praise": 1.6,
    "request": 0.7,
    "carried_out": 0.7,
    "transfer": 0.5,
    "question": 0.5,
}
DONE_LATER = ("handle", "send", "refund")  #: promises of the bank that make a call more than a question
LATER = 0.5  #: what each of them weighs
CATEGORY_OF_CUE = {
    "request": "transaction",
    "carried_out": "transaction",
    "transfer": "transaction",
    "question": "inquiry",
}
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
LEAST_OF = {"praise": 2.0, "suggestion": 2.0, "complaint": 1.5, "transaction": 1.1}  #: weight that makes the category
LEAST_PART = 0.25  #: of all weight
SURE_CAUSE = SURE_UPSET = 0.6
BLAME = 2  #: signs of blame that make it
UPSET = ("angry", "dissatisfied")
INTENT_OF_CUE = {"money_lost": "report_fraud", "escalation": "escalate", "leaving": "leave", "complaint": "complain"}
CUE_INTENT = 0.8  #: probability of an intent that is told by words alone
MOST_INTENTS = 4
PURPOSE = 3  #: first turns of the customer; praise that comes later is thanks
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
    source: str = ""  #: model, with its version; else it comes from rules


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What was judged of fields by other means than these rules, by field. ``one``: None where there is no value."""

    one: Mapping[str, Judged | None] = field(default_factory=dict)
    several: Mapping[str, Sequence[Judged]] = field(default_factory=dict)


NO_VERDICTS = Verdicts()


def unless_judged(name: str) -> Callable[[Callable[[Any], Judged | None]], cached_property[Judged | None]]:
    """A rule for the field ``name``, which holds where there is no verdict; worked out once."""

    def of(rule: Callable[[Any], Judged | None]) -> cached_property[Judged | None]:
        @wraps(rule)
        def value(judging: Any) -> Judged | None:
            verdicts: Verdicts = judging.verdicts
            return verdicts.one[name] if name in verdicts.one else rule(judging)

        return cached_property(value)

    return of


class Matter:
    """What one call is about. Lives as long as one look at it."""

    def __init__(self, call: CallView, weights: Weights, verdicts: Verdicts = NO_VERDICTS) -> None:
        self._call, self._weights, self.verdicts = call, weights, verdicts

    @cached_property
    def topics(self) -> list[Judged]:
        """The most important first."""
        if "request.topics" in self.verdicts.several:
            judged = self.verdicts.several["request.topics"]
            return [*judged, *self._grave_beside(judged)] if judged else []
        supports = self.topic_supports
        ranked = sorted(supports.items(), key=lambda item: (-item[1].weight, item[0]))
        total = sum(support.weight for support in supports.values())
        if not ranked or ranked[0][1].weight < self._weights.least_topic:
            return []
        least = max(self._weights.least_topic, ranked[0][1].weight * self._weights.least_share)
        return [
            Judged(code, _share(support, total), support.evidence)
            for code, support in ranked
            if support.weight >= least
        ]

    def _grave_beside(self, judged: Sequence[Judged]) -> list[Judged]:
        """Fraud that a turn of the customer's surely tells of: it is no small matter beside the main one."""
        known, found = {one.normal for one in judged}, dict[str, Judged]()
        for reading in self._call.customer:
            for label in reading.found.topics if reading.found else ():
                if (
                    label.code.partition(".")[0] == GRAVE
                    and label.probability >= SURE_GRAVE
                    and label.code not in known
                ):
                    found.setdefault(label.code, Judged(label.code, label.probability, (reading.labelled(label),)))
        return list(found.values())

    @unless_judged("request.category")
    def category(self) -> Judged | None:
        """Blame makes a complaint, whatever else is wanted; an order makes a transaction, whatever else is asked."""
        supports = self._category_supports
        total = sum(support.weight for support in supports.values())
        for code, least in LEAST_OF.items():
            support = supports[code]
            if support.weight >= least and support.weight >= total * LEAST_PART and (code != "complaint" or self.blame):
                return Judged(code, _share(support, total), support.evidence)
        best = max(supports, key=lambda code: (supports[code].weight, -BUSINESS.index(code)))
        if supports[best].weight <= 0:
            return None
        return Judged(best, _share(supports[best], total), supports[best].evidence)

    @cached_property
    def blame(self) -> bool:
        """Whether the customer blames the bank: outright, or by two of displeasure, a cause for it, an upset mood."""
        if self._call.hits("complaint"):
            return True
        found = [reading.found for reading in self._call.customer if reading.found]
        causes = any(label.probability >= SURE_CAUSE for one in found for label in one.causes)
        upset = any(one.mood and one.mood.label in UPSET and one.mood.probability >= SURE_UPSET for one in found)
        return bool(self._call.hits("unsatisfied")) + causes + upset >= BLAME

    @cached_property
    def _category_supports(self) -> dict[str, Support]:
        supports: dict[str, Support] = {code: Support() for code in BUSINESS}
        for reading in self._call.customer:
            self._category_of(reading, self._weight(reading), supports)
        for cue, bonus in CUE_OF.items():
            for reading, span in self._call.hits(cue):
                support = supports[CATEGORY_OF_CUE.get(cue, cue)]
                support.add(bonus * self._weight(reading), 0.8, reading.at(span))
        for reading in self._call.agent:
            for hit in reading.promises:
                if hit.by == "agent" and hit.kind in DONE_LATER:
                    supports["transaction"].add(LATER, 0.6, reading.at(hit.span))
        return supports

    def _weight(self, reading: Reading) -> float:
        return OPENING_WEIGHT if reading in self.opening else 1.0

    @cached_property
    def product(self) -> Judged | None:
        """Of the most important topic; of fraud the card or account that was hit, as the customer names it, else the
        agent, who sees it.
        """
        if not self.topics:
            return None
        topic = self.topics[0]
        product = topic.normal.partition(".")[0]
        if product != GRAVE:
            return Judged(product, topic.confidence, topic.evidence)
        hit = [fact for fact in self._call.facts.get("product", ()) if fact.normal in (*CARDS, "account")]
        for fact in sorted(hit, key=lambda fact: not fact.reading.customer)[:1]:
            return Judged(fact.normal, fact.confidence, fact.evidence)
        for reading in self._call.customer:
            for word, code in HIT:
                if word in reading.text:
                    return Judged(code, HIT_CONFIDENCE, (reading.at(),))
        return Judged("account", HIT_CONFIDENCE, topic.evidence)

    def intents(self, codes: Sequence[str]) -> list[Judged]:
        """Which of ``codes`` the customer has, surest first."""
        if "request.intents" in self.verdicts.several:
            return [one for one in self.verdicts.several["request.intents"] if one.normal in codes]
        supports = self.intent_supports(codes)
        if not self.blame:
            supports.pop("complain", None)
        ranked = sorted(supports.items(), key=lambda item: (-item[1].best, -item[1].weight, item[0]))
        return [Judged(code, round(support.best, 4), support.evidence) for code, support in ranked[:MOST_INTENTS]]

    def intent_supports(self, codes: Sequence[str]) -> dict[str, Support]:
        """What speaks for each of the intents ``codes``."""
        wanted = frozenset(codes)
        return {code: support for code, support in self._intent_supports.items() if code in wanted}

    @cached_property
    def _intent_supports(self) -> dict[str, Support]:
        """What speaks for each intent that anything speaks for."""
        supports: dict[str, Support] = {}
        for reading in self._call.customer:
            for label in reading.found.intents if reading.found else ():
                if label.probability >= LEAST_INTENT:
                    support = supports.setdefault(label.code, Support())
                    support.add(label.probability, label.probability, reading.labelled(label))
        for cue, code in INTENT_OF_CUE.items():
            for reading, span in self._call.hits(cue):
                supports.setdefault(code, Support()).add(CUE_INTENT, CUE_INTENT, reading.at(span))
        return supports

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
        polite = reading not in self._call.customer[:PURPOSE] and "praise" not in reading.hits
        if found.category and found.category.code in supports and not (polite and found.category.code == "praise"):
            label = found.category
            supports[label.code].add(label.probability * weight, label.probability, reading.labelled(label))
        for label in found.intents:
            category, share = CATEGORY_OF_INTENT.get(label.code, ("", 0.0))
            if category and not (polite and category == "praise"):
                place = reading.labelled(label)
                supports[category].add(label.probability * share * weight, label.probability, place)

    @cached_property
    def topic_supports(self) -> dict[str, Support]:
        """What speaks for each topic, weighed by who says it, when, and how."""
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
            threat = "leaving" in reading.hits and reading not in opening and _THREAT.search(reading.text) is not None
            for label in meaning.topics:
                if threat and label.code in CLOSING:
                    continue
                support = supports.setdefault(label.code, Support())
                support.add(label.probability * share, label.probability, reading.labelled(label))
            if not threat:
                self._add_named(reading, share, supports)
            if reading.customer and meaning.topics:
                recency *= self._weights.later_topic
        products = {fact.normal for fact in self._call.facts.get("product", ())}
        if SCAM in supports and TAKEN in supports:
            supports[SCAM].weight *= self._weights.deceived
        for code, support in supports.items():
            support.weight *= self._factor(code.partition(".")[0], products)
        return supports

    def _factor(self, product: str, named: set[str]) -> float:
        """What products that the call names say for or against a topic of ``product``."""
        if product == GRAVE:
            return self._weights.grave_topic
        if product in named:
            return self._weights.named_product
        return self._weights.other_card if product in CARDS and named & CARDS else 1.0

    def _add_named(self, reading: Reading, share: float, supports: dict[str, Support]) -> None:
        weights = self._weights
        for named, weight in ((reading.terms, weights.named_topic), (reading.topics, weights.phrased_topic)):
            for code, span in named:
                supports.setdefault(code, Support()).add(weight * share, 0.6, reading.at(span))


def _share(support: Support, total: float) -> float:
    """How sure a value is of which ``support`` speaks among all that speaks for any."""
    return round(min(0.99, support.weight / total * 0.5 + min(support.weight, 1.0) * 0.5), 4) if total else 0.0
