"""Whose the names of a call are, by rules; who may be the customer."""

from __future__ import annotations

from collections.abc import Sequence

from callcore.tickets.candidates import Candidate
from callcore.tickets.facts import by_customer, by_value, clause_before, is_settled, last_place, span_of, value_of
from callcore.tickets.reading import CallView, Fact
from callcore.tickets.rulefile import NameWords
from callcore.tickets.spec import FieldSpec
from callcore.types import FieldValue

BESIDE = 10  #: characters beside a name that tell whose it is
OWN = 24  #: characters before a name, of its own clause, that tell that it is the speaker's


def customer_name(spec: FieldSpec, call: CallView, words: NameWords) -> list[FieldValue]:
    """The customer's name: the one by which the agent calls them, or that they agree to; else the one they say."""
    groups = by_value(
        fact
        for fact in call.facts.get("name", ())
        if fact.normal and not _is_own(fact, words) and not _is_anothers(fact, words)
    )
    if not groups:
        return []
    called = {key: _called(group, words) for key, group in groups.items()}
    best = max(groups, key=lambda key: (*called[key], last_place(groups[key])))
    rivals = [key for key in groups if key != best and called[key] == called[best] and by_customer(groups[key])]
    return [value_of(spec, groups[key], disputed=bool(rivals)) for key in (best, *rivals)]


def name_candidates(call: CallView) -> list[Candidate]:
    """Everybody who is named, in the order in which they first were; of no name more than its longest form."""
    groups = by_value(fact for fact in call.facts.get("name", ()) if fact.normal)
    found = [
        Candidate(max(group, key=lambda fact: len(fact.normal)).normal, tuple(sorted(group, key=lambda f: f.order)))
        for group in groups.values()
    ]
    return sorted(found, key=lambda one: one.facts[0].order)


def _called(group: Sequence[Fact], words: NameWords) -> tuple[int, bool]:
    """What speaks for a name being the customer's: the agent says it, the customer does, as their own, both agree."""
    by_agent = any(not fact.reading.customer for fact in group)
    introduced = any(fact.reading.customer and _introduces(fact, words) for fact in group)
    return by_agent + by_customer(group) + introduced + is_settled(group), by_agent


def _is_own(fact: Fact, words: NameWords) -> bool:
    """Whether an agent says a name of their own."""
    own = _introduces(fact, words) or _around(fact)[1].lstrip(" ,，").startswith(words.after_own)
    return own and fact.reading.agent and not fact.reading.customer


def _introduces(fact: Fact, words: NameWords) -> bool:
    """Whether the speaker says that the name is their own."""
    before = _around(fact)[0] + clause_before(fact.reading.text, span_of(fact)[0], OWN)
    return any(word in before for word in words.own)


def _is_anothers(fact: Fact, words: NameWords) -> bool:
    """Whether it is the name of somebody else: whom money went to, who served them, a relative."""
    before, after = _around(fact)
    return any(word in before for word in words.before_others) or after.lstrip().startswith(words.after_others)


def _around(fact: Fact) -> tuple[str, str]:
    start, end = span_of(fact)
    return fact.reading.text[max(start - BESIDE, 0) : start], fact.reading.text[end : end + BESIDE]
