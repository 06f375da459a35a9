"""A whole look at a call: every field of its ticket from what is known by now. A pure function of the call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from callcore.tickets.caller import Caller
from callcore.tickets.chosen import chosen_deadline, chosen_field, chosen_name, kinds_of
from callcore.tickets.deadlines import TIME_KINDS
from callcore.tickets.facts import OPENING_TURNS, choice_field, entity_field, pattern_field, suggested
from callcore.tickets.handling import Handling
from callcore.tickets.judge import NOTHING_WORDED, ByRules, Signs, signs, verdicts
from callcore.tickets.linear import LinearModel
from callcore.tickets.matter import NO_VERDICTS, Judged, Matter, Verdicts
from callcore.tickets.names import customer_name
from callcore.tickets.picks import Candidates, Supports, cause_signs, chosen, intent_signs, main_first, topic_signs
from callcore.tickets.pooled import scores_of
from callcore.tickets.promises import CONTACT_KINDS, Promises
from callcore.tickets.reading import CallView, Reading
from callcore.tickets.shown import shown
from callcore.tickets.spec import FieldSpec, missing
from callcore.tickets.summary import Sentence, joined, summarise
from callcore.tickets.traits import DEADLINE, about
from callcore.tickets.wording import FEWEST, wording
from callcore.types import FieldStatus, FieldValue, Promise

if TYPE_CHECKING:
    from callcore.tickets.rules import TicketRules

VERSION = "2"
SUMMARY_CONFIDENCE = 0.8
UNSURE = 0.7  #: confidence of what may still change, beside that of what is final


@dataclass(frozen=True, slots=True)
class Filled:
    """What a look has found."""

    fields: Mapping[str, tuple[FieldValue, ...]] = field(default_factory=dict)  #: by name, those with a value
    promises: tuple[Promise, ...] = ()
    missing: tuple[str, ...] = ()
    summary: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True)
class Open:
    """A segment that is in no turn yet: its entities, and whether its words are final."""

    reading: Reading
    final: bool


class Look:
    """Everything that rules make of one call; each is worked out once, when it is asked for, and what rests on nothing
    new is taken over from the look before (:class:`~callcore.tickets.kept.Kept`).
    """

    def __init__(self, call: CallView, rules: TicketRules) -> None:
        self.call, self._rules = call, rules
        said = (call.readings, call.language, call.ended)
        dated = call.facts_of((*TIME_KINDS, *CONTACT_KINDS))
        self.promises, self._due = call.kept.of("promises", (*said, *dated), self._promised)
        self.matter = call.kept.of("matter", (*said, *call.facts_of(("product",))), lambda: self._matter(NO_VERDICTS))
        self.caller = call.kept.of("caller", (self.matter,), lambda: self._caller(NO_VERDICTS))
        owed = (call.kept.same("made", self.promises.all), call.kept.same("due", self._due))
        judged = (self.matter, self.caller, *owed, *call.facts_of(("channel",)))
        self.handling = call.kept.of("handling", judged, lambda: self._handling(NO_VERDICTS))
        self.about = call.kept.same("about", about(self.matter))
        if call.ended and rules.judge is not None:
            self._judge_by(self._verdicts(rules.judge))

    @cached_property
    def summary(self) -> tuple[Sentence, ...]:
        """In a few sentences."""
        return summarise(self.call, self.matter, self.handling, self._rules.catalogue)

    def _judge_by(self, found: Verdicts) -> None:
        """Rules for everything of which there is no verdict."""
        self.matter = self._matter(found)
        self.caller = self._caller(found)
        self.handling = self._handling(found)

    def _matter(self, found: Verdicts) -> Matter:
        return Matter(self.call, self._rules.file.weights, found)

    def _caller(self, found: Verdicts) -> Caller:
        return Caller(self.call, self.matter, found)

    def _handling(self, found: Verdicts) -> Handling:
        rules = self._rules
        return Handling(
            self.call, self.matter, self.caller, self.promises, rules.file, rules.catalogue, found, self._due
        )

    def _verdicts(self, judge: LinearModel) -> Verdicts:
        words, worded, source = self._rules.words, NOTHING_WORDED, judge.source
        short = len(self.call.readings) < FEWEST  # none so short has taught how calls are worded, what scores add up to
        if words and not short:
            worded, source = words.sums(wording(self.call)), f"{source}+{words.card.source}"
        found = verdicts(judge, self.signs, self.judged_by_rules, worded, source)
        one = {name: judged and shown(name, judged, self.call) for name, judged in found.items()}
        read = any(scores_of(one.found, "topic") for one in self.call.readings if one.found)
        if short or not read:  # nor of turns that no model has read
            return Verdicts(one)
        several = {
            name: chosen(judge, name, candidates, supports, worded, source)
            for name, (candidates, supports) in self.candidates.items()
            if name in judge.heads
        }
        if "request.topics" in several:
            topics = main_first(several["request.topic"], several["request.topics"])
            several["request.topics"] = [*(shown("request.topic", one, self.call) for one in topics[:1]), *topics[1:]]
        return Verdicts(one, several)

    @property
    def candidates(self) -> Mapping[str, tuple[Candidates, Supports]]:
        """Codes that may be among those of a field, with their signs and with what speaks for them."""
        wanted = next((spec.intents for spec in self._rules.fields if spec.name == "request.intents"), ())
        topics = topic_signs(self.call, self.matter)
        intents = intent_signs(self.call, self.matter, self.matter.intent_supports(wanted), frozenset(wanted))
        return {
            "request.topic": topics,
            "request.topics": topics,
            "request.intents": intents,
            "caller.causes": cause_signs(self.call, self.matter, self.caller.cause_supports),
        }

    @property
    def signs(self) -> Signs:
        """What speaks for one verdict or another."""
        return signs(self.call, self.matter, self.promises)

    @property
    def judged_by_rules(self) -> ByRules:
        """What the rules make of the fields that may be judged by a model."""
        return {
            "request.category": self.matter.category,
            "handling.severity": self.handling.severity,
            "handling.authority": self.handling.authority,
            "handling.resolution": self.handling.resolution,
            "caller.type": self.caller.type,
            "caller.satisfaction": self.caller.satisfaction,
            "caller.churn_risk": self.caller.churn_risk,
            "caller.mood_start": self.caller.mood_start,
            "caller.mood_worst": self.caller.mood_worst,
            "caller.mood_end": self.caller.mood_end,
        }

    def _promised(self) -> tuple[Promises, Judged | None]:
        """The promises, and by when the bank gets back: as the model has it, else as promised."""
        promises, model = Promises(self.call, self._rules.promises), self._rules.facts
        due = chosen_deadline(self.call, promises, model) if model and DEADLINE in model.heads else None
        if due is None and (answer := promises.answer):
            due = Judged(answer.due, answer.confidence, answer.evidence)
        return (promises.with_term(due.normal, due.evidence) if due else promises), due

    def fields(self, specs: Sequence[FieldSpec]) -> dict[str, tuple[FieldValue, ...]]:
        """Of these those with a value, by name."""
        call = self.call
        judged = call.kept.of(
            "judged",
            (specs, call.readings, call.language, self.matter, self.handling),
            lambda: {spec.name: tuple(self._judged(spec)) for spec in specs if not _is_of_facts(spec)},
        )
        found = {spec.name: self._facts(spec) if _is_of_facts(spec) else judged[spec.name] for spec in specs}
        return {name: values for name, values in found.items() if values}

    def _facts(self, spec: FieldSpec) -> tuple[FieldValue, ...]:
        """Of a field that holds what was said."""
        call, model, what = self.call, self._rules.facts, ("values", spec.name)
        if spec.rule == "customer_name":
            words, names = self._rules.file.names, call.facts_of(("name",))
            if model and spec.name in model.heads:
                rows = (call.readings, call.language, *names)
                return call.kept.of(what, rows, lambda: tuple(chosen_name(spec, call, words, model)))
            return call.kept.of(what, names, lambda: tuple(customer_name(spec, call, words)))
        facts, said = call.facts_of(kinds_of(spec)), call.customer[:OPENING_TURNS]
        if model and spec.name in model.heads:
            grounds = (call.readings, call.language, self.about, *facts)
            return call.kept.of(what, grounds, lambda: tuple(chosen_field(spec, call, self.about, model)))
        return call.kept.of(what, (*said, *facts), lambda: tuple(entity_field(spec, call)))

    def _judged(self, spec: FieldSpec) -> list[FieldValue]:
        """Of a field that holds what the turns add up to."""
        match spec.extractor:
            case "pattern":
                return pattern_field(spec, self.call)
            case "choice":
                return choice_field(spec, self.call)
            case "intent":
                return self.shown(spec, self.matter.intents(spec.intents), "intents")
        return self.shown(spec, RULES[spec.rule](self), spec.rule)

    def shown(self, spec: FieldSpec, found: Sequence[Judged], source: str) -> list[FieldValue]:
        """What rules have come to, as values of a field."""
        return [
            FieldValue(
                spec.name,
                judged.value or self._rules.name(spec, judged.normal, self.call.language),
                judged.normal,
                round(judged.confidence, 4),
                FieldStatus.FILLED,
                tuple(self.call.telling(judged.evidence)),
                judged.source or f"rules/{source}/{VERSION}",
            )
            for judged in found
            if spec.accepts(judged.normal)
        ]


def look(call: CallView, rules: TicketRules) -> Filled:
    """The ticket of a call, as its turns have it."""
    seen = Look(call, rules)
    fields = seen.fields(rules.fields)
    return Filled(fields, seen.promises.all, _lacking(rules.fields, fields, seen.promises.all), seen.summary)


def with_open(filled: Filled, rules: TicketRules, segments: Sequence[Open]) -> Filled:
    """The same with facts that no turn has said yet: filled by segments whose words are final, suggested by others."""
    more = {}
    for spec in rules.fields:
        if spec.extractor == "entity" and spec.name not in filled.fields:
            values = suggested(spec, [one.reading for one in segments if one.final])
            values = values or [_suggestion(v) for v in suggested(spec, [one.reading for one in segments])]
            if values:
                more[spec.name] = tuple(values)
    if not more:
        return filled
    fields = {**filled.fields, **more}
    return replace(filled, fields=fields, missing=_lacking(rules.fields, fields, filled.promises))


def _lacking(
    specs: Sequence[FieldSpec], fields: Mapping[str, tuple[FieldValue, ...]], promises: Sequence[Promise]
) -> tuple[str, ...]:
    normals = {name: [value.normal for value in values] for name, values in fields.items()}
    return missing(specs, normals, [(promise.by, promise.kind) for promise in promises])


def _suggestion(value: FieldValue) -> FieldValue:
    return replace(value, confidence=round(value.confidence * UNSURE, 4), status=FieldStatus.SUGGESTED)


def _is_of_facts(spec: FieldSpec) -> bool:
    return spec.extractor == "entity" or spec.rule == "customer_name"


def _one(found: Judged | None) -> list[Judged]:
    return [found] if found else []


def _summary(seen: Look) -> list[Judged]:
    if not seen.summary:
        return []
    text = joined([sentence.text for sentence in seen.summary], seen.call.language)
    evidence = tuple(dict.fromkeys(place for sentence in seen.summary for place in sentence.evidence))
    return [Judged(text, SUMMARY_CONFIDENCE, evidence, text)]


RULES: dict[str, Callable[[Look], list[Judged]]] = {
    "customer_name": lambda _: [],  # a fact: see Look.fields
    "category": lambda seen: _one(seen.matter.category),
    "product": lambda seen: _one(seen.matter.product),
    "topic": lambda seen: seen.matter.topics[:1],
    "topics": lambda seen: seen.matter.topics,
    "summary": _summary,
    "caller_type": lambda seen: _one(seen.caller.type),
    "mood_start": lambda seen: _one(seen.caller.mood_start),
    "mood_worst": lambda seen: _one(seen.caller.mood_worst),
    "mood_end": lambda seen: _one(seen.caller.mood_end),
    "causes": lambda seen: seen.caller.causes,
    "satisfaction": lambda seen: _one(seen.caller.satisfaction),
    "churn_risk": lambda seen: _one(seen.caller.churn_risk),
    "retention_tried": lambda seen: _one(seen.caller.retention_tried),
    "severity": lambda seen: _one(seen.handling.severity),
    "department": lambda seen: _one(seen.handling.department),
    "authority": lambda seen: _one(seen.handling.authority),
    "resolution": lambda seen: _one(seen.handling.resolution),
    "transfer_reason": lambda seen: _one(seen.handling.transfer_reason),
    "transfer_route": lambda seen: _one(seen.handling.route),
    "transfer_deadline": lambda seen: _one(seen.handling.transfer_deadline),
    "transfer_contact": lambda seen: _one(seen.handling.transfer_contact),
    "followup_owner": lambda seen: _one(seen.handling.followup_owner),
    "followup_due": lambda seen: _one(seen.handling.followup_due),
}  #: what fields with extractor "rule" may name
