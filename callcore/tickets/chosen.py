"""Which of the candidates for a field is its value, judged by a learned model from their traits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from callcore.tickets.candidates import Candidate, candidates, times
from callcore.tickets.facts import entity_field, just_now, places_of, value_of
from callcore.tickets.linear import Head, LinearModel
from callcore.tickets.matter import Judged
from callcore.tickets.name_traits import name_traits
from callcore.tickets.names import customer_name, name_candidates
from callcore.tickets.promises import Promises
from callcore.tickets.reading import CallView
from callcore.tickets.rulefile import NameWords
from callcore.tickets.spec import FieldSpec
from callcore.tickets.traits import DEADLINE, Traits, common, promised, term_traits, traits
from callcore.types import FieldValue


def chosen_field(spec: FieldSpec, call: CallView, known: Traits, model: LinearModel) -> list[FieldValue]:
    """The surest candidate, if it is sure enough; the model must have a head for the field."""
    rows = field_rows(spec, call, known)
    best = surest(model.heads[spec.name], rows)
    if best is None:
        return just_now(spec, call)
    one, probability = best
    value = value_of(spec, one.facts)
    return [replace(value, confidence=round(probability, 4), source=model.source)]


def chosen_deadline(call: CallView, promises: Promises, model: LinearModel) -> Judged | None:
    """The time by which the bank gets back to the customer, if one is sure enough."""
    best = surest(model.heads[DEADLINE], deadline_rows(call, promises))
    if best is None:
        return None
    one, probability = best
    return Judged(one.normal, round(probability, 4), places_of(one.facts))


def chosen_name(spec: FieldSpec, call: CallView, words: NameWords, model: LinearModel) -> list[FieldValue]:
    """The customer among those who are named, if one is sure enough."""
    best = surest(model.heads[spec.name], name_rows(spec, call, words))
    if best is None:
        return []
    one, probability = best
    return [replace(value_of(spec, one.facts), confidence=round(probability, 4), source=model.source)]


def name_rows(spec: FieldSpec, call: CallView, words: NameWords) -> list[tuple[Candidate, Traits]]:
    """Those who are named, with their traits. ``words``: of the rules."""
    found = name_candidates(call)
    ruled = {value.normal for value in customer_name(spec, call, words)} if found else set()
    return [(one, common(one, found, call, ruled) | name_traits(one, found, call)) for one in found]


def field_rows(spec: FieldSpec, call: CallView, known: Traits) -> list[tuple[Candidate, Traits]]:
    """The candidates for a field of facts with their traits. ``known``: what the call is about, by rules."""
    found = candidates(spec, call)
    ruled = {value.normal for value in entity_field(spec, call)} if found else set()
    return [(one, traits(spec, one, found, call, ruled) | known) for one in found]


def deadline_rows(call: CallView, promises: Promises) -> list[tuple[Candidate, Traits]]:
    """The candidates for the time by which the bank gets back, with their traits."""
    found, ruled = times(promises), {promises.answer.due} if promises.answer else set()
    return [(one, term_traits(one, found, call, ruled) | promised(one.normal, promises)) for one in found]


def surest(head: Head, rows: Sequence[tuple[Candidate, Mapping[str, float]]]) -> tuple[Candidate, float] | None:
    """The candidate with the highest probability, the first of several, if it reaches what the head asks for."""
    likely = [(one, head.yes(found)) for one, found in rows]
    best = max(likely, key=lambda pair: pair[1], default=None)
    return best if best is not None and best[1] >= head.least else None
