"""Which of the candidates for a field is its value, judged by a learned model from their traits."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from callcore.tickets.candidates import Candidate, candidates, just_said, times
from callcore.tickets.deadlines import TIME_KINDS
from callcore.tickets.facts import OPENING_TURNS, entity_field, places_of, value_of
from callcore.tickets.linear import Head, LinearModel
from callcore.tickets.matter import Judged
from callcore.tickets.name_traits import name_traits
from callcore.tickets.names import customer_name, name_candidates
from callcore.tickets.possible import possible_facts
from callcore.tickets.promises import Promises
from callcore.tickets.reading import CallView
from callcore.tickets.rulefile import NameWords
from callcore.tickets.spec import FieldSpec
from callcore.tickets.traits import (
    DEADLINE,
    TALKED,
    Row,
    Traits,
    moving_traits,
    own_term_traits,
    own_traits,
    plain_traits,
    promised,
    rival_traits,
    talk_traits,
)
from callcore.types import FieldValue


def chosen_field(spec: FieldSpec, call: CallView, known: Traits, model: LinearModel) -> list[FieldValue]:
    """The surest candidate, if it is sure enough; the model must have a head for the field."""
    best = _surest(spec.name, model.heads[spec.name], field_rows(spec, call, known), call)
    if best is None:
        return []
    one, probability = best
    value = call.kept.of(("value", spec.name), (spec, one), lambda: value_of(spec, one.facts))
    return [replace(value, confidence=round(probability, 4), source=model.source)]


def chosen_deadline(call: CallView, promises: Promises, model: LinearModel) -> Judged | None:
    """The time by which the bank gets back to the customer, if one is sure enough."""
    best = _surest(DEADLINE, model.heads[DEADLINE], deadline_rows(call, promises), call)
    if best is None:
        return None
    one, probability = best
    return Judged(one.normal, round(probability, 4), places_of(one.facts))


def chosen_name(spec: FieldSpec, call: CallView, words: NameWords, model: LinearModel) -> list[FieldValue]:
    """The customer among those who are named, if one is sure enough."""
    best = _surest(spec.name, model.heads[spec.name], name_rows(spec, call, words), call)
    if best is None:
        return []
    one, probability = best
    return [replace(value_of(spec, one.facts), confidence=round(probability, 4), source=model.source)]


def name_rows(spec: FieldSpec, call: CallView, words: NameWords) -> list[Row]:
    """Those who are named, with their traits. ``words``: of the rules."""
    names, kept = call.facts_of(("name",)), call.kept
    found = kept.of(("candidates", spec.name), names, lambda: name_candidates(call))
    if not found:
        return []
    fixed = _fixed(spec.name, found, call, lambda one: plain_traits(one, call))
    ruled = kept.of(
        ("ruled", spec.name),
        (spec, words, *names),
        lambda: {value.normal for value in customer_name(spec, call, words)},
    )
    return [
        Row(one, own, moving_traits(one, call, ruled) | name_traits(one, found, call))
        for one, own in zip(found, fixed, strict=True)
    ]


def field_rows(spec: FieldSpec, call: CallView, known: Traits) -> list[Row]:
    """The candidates for a field of facts with their traits. ``known``: what the call is about, by rules."""
    facts, kept = [*call.facts_of(kinds_of(spec)), *just_said(spec, call), *possible_facts(spec, call)], call.kept
    grounds = (spec, call.currency, *facts) if spec.type == "amount" else (spec, *facts)
    found = kept.of(("candidates", spec.name), grounds, lambda: candidates(spec, call))
    if not found:
        return []
    fixed = _fixed(spec.name, found, call, lambda one: own_traits(spec, one, call), spec.type)
    ruled = kept.of(
        ("ruled", spec.name),
        (spec, *facts, *call.customer[:OPENING_TURNS]),
        lambda: {value.normal for value in entity_field(spec, call)},
    )
    moving = [moving_traits(one, call, ruled) | known for one in found]
    if spec.type in TALKED:
        moving = [one_moving | talk_traits(one, call) for one, one_moving in zip(found, moving, strict=True)]
    return [Row(*row) for row in zip(found, fixed, moving, strict=True)]


def deadline_rows(call: CallView, promises: Promises) -> list[Row]:
    """The candidates for the time by which the bank gets back, with their traits."""
    grounds = (call.language, *call.facts_of(TIME_KINDS))
    found = call.kept.of(("candidates", DEADLINE), grounds, lambda: times(promises))
    fixed = _fixed(DEADLINE, found, call, lambda one: own_term_traits(one, call))
    ruled: Collection[str] = {promises.answer.due} if promises.answer else ()
    return [
        Row(one, own, moving_traits(one, call, ruled) | promised(one.normal, promises))
        for one, own in zip(found, fixed, strict=True)
    ]


def _fixed(
    name: str, found: Sequence[Candidate], call: CallView, own: Callable[[Candidate], Traits], kind: str = ""
) -> list[Traits]:
    """The traits of the candidates for a field of a ``kind`` that hold as long as there are no others."""

    def owned(one: Candidate) -> Traits:
        said = [part for f in one.facts for part in (f.reading, f.entity, f.status, f.by, f.before)]
        return call.kept.of(("own traits", name, one.normal), said, lambda: own(one))

    def fixed() -> list[Traits]:
        return [owned(one) | rival_traits(one, found, kind) for one in found]

    return call.kept.of(("traits", name), (found,), fixed)


def kinds_of(spec: FieldSpec) -> tuple[str, ...]:
    """Kinds of the facts that a field may take; who names a branch names the channel as well."""
    return (*spec.kinds, "branch") if "channel" in spec.kinds else spec.kinds


def _surest(name: str, head: Head, rows: Sequence[Row], call: CallView) -> tuple[Candidate, float] | None:
    """The candidate with the highest probability, the first of several, if it reaches what the head asks for."""
    weighed = call.kept.of(
        ("weighed", name), (head, *(row.fixed for row in rows)), lambda: [head.logits(row.fixed) for row in rows]
    )
    likely = [(row.one, head.yes(row.moving, more)) for row, more in zip(rows, weighed, strict=True)]
    best = max(likely, key=lambda pair: pair[1], default=None)
    return best if best is not None and best[1] >= head.least else None
