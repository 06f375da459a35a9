"""What a field of facts might be filled with: every value that was said, with all the places that say it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from callcore.text.chars import is_chinese
from callcore.tickets.facts import exact, moments
from callcore.tickets.possible import possible_facts
from callcore.tickets.promises import Promises
from callcore.tickets.reading import CallView, Fact
from callcore.tickets.spec import FieldSpec, is_hidden
from callcore.tickets.unsure import YUAN
from callcore.understand.entities.en.money import CURRENCY, DOLLARS, of_any_country

FEWEST_STATED = 2  #: amounts in another currency than the country's by which those without one are in it
#: what names a currency in the words of an amount
_CURRENCY = re.compile(
    r"[$£€¥₹₦元块圆刀毛角]|人民币|美金|港纸|[日台港澳新加韩]币|英镑|泰铢|dollar|buck|pound|quid|euro|rupee|paise|yuan|"
    r"renminbi|kuai|sterling|rand\b|naira|cedi|shilling|riyal|dirham|peso|baht|yen\b|francs?\b|ringgit|won\b|\bp\b|pence|cent|"
    r"\br\d|\brs\b|\b(?:usd|gbp|eur|cny|rmb|hkd|aud|cad|nzd|sgd|inr|zar|ngn|jpy)\b"
)


@dataclass(frozen=True, eq=False)
class Candidate:
    """One value. ``facts``: where it was said, in the order of the call; never empty."""

    normal: str
    facts: tuple[Fact, ...]


def candidates(spec: FieldSpec, call: CallView) -> list[Candidate]:
    """The values that a field may take, whoever says them, in the order in which they were first said."""
    facts = [fact for row in call.facts_of(spec.kinds) for fact in row]
    if "channel" in spec.kinds:  # who names a branch names the channel as well
        facts += [_as_channel(fact) for fact in call.facts.get("branch", ())]
    possible = possible_facts(spec, call)
    if spec.type == "amount":
        assumed = _assumed(facts, call)
        possible = [fact if is_stated(fact) else _in(fact, assumed) for fact in possible]
        facts = [end for fact in facts for end in (fact, *_ends(fact))]
    facts += possible
    fits = [fact for fact in facts if fact.normal and not is_hidden(fact.normal) and spec.offers(fact.normal)]
    fits.sort(key=lambda fact: fact.order)
    if spec.type == "amount":
        return _candidates(exact(_grouped(_in_the_calls_currency(fits, call.currency))))
    if spec.type == "date":
        fits = [fact if len(fact.normal) <= 10 else replace(fact, normal=fact.normal[:10]) for fact in fits]
        fits = sorted([*fits, *just_said(spec, call)], key=lambda fact: fact.order)
    return _candidates(_grouped(fits))


def just_said(spec: FieldSpec, call: CallView) -> list[Fact]:
    """The day of the call, wherever the customer says that something is but a moment since."""
    if not spec.just_now:
        return []
    return [fact for reading in call.customer for fact in moments(spec, reading, call.day)]


def times(promises: Promises) -> list[Candidate]:
    """The times still to come that were named, as candidates for a term that the bank sets itself."""
    return _candidates(_grouped(promises.deadlines.times))


def _candidates(groups: Mapping[str, Sequence[Fact]]) -> list[Candidate]:
    found = [Candidate(normal, tuple(facts)) for normal, facts in groups.items()]
    return sorted(found, key=lambda one: one.facts[0].order)


def _grouped(facts: Iterable[Fact]) -> dict[str, list[Fact]]:
    groups: dict[str, list[Fact]] = {}
    for fact in facts:
        groups.setdefault(fact.normal, []).append(fact)
    return groups


def _ends(fact: Fact) -> list[Fact]:
    """Both ends of a range of amounts, of which only one may be meant: from 2,000 to 5,000."""
    figures, _, currency = fact.normal.rpartition(" ")
    return [replace(fact, normal=f"{one} {currency}") for one in figures.split("/")] if "/" in figures else []


def _as_channel(fact: Fact) -> Fact:
    return replace(fact, entity=replace(fact.entity, kind="channel", value="branch"), normal="branch")


def _in_the_calls_currency(facts: Sequence[Fact], home: str) -> list[Fact]:
    """Dollars are the country's own, if it has such; amounts without a currency are in that of most others, of several
    in the one assumed, else in the last. ``home``: of the country, if it is known; one amount alone does not outdo it.
    """
    facts = [_as_stated(fact) if is_stated(fact) else fact for fact in facts]
    if home:
        facts = [_at_home(fact, home) for fact in facts]
    stated = [_currency(fact) for fact in facts if is_stated(fact)]
    assumed = next((_currency(fact) for fact in facts if not is_stated(fact)), "")
    if not stated or not assumed:
        return list(facts)
    mostly = max(reversed(stated), key=lambda one: (stated.count(one), one == assumed))
    if home and stated.count(mostly) < FEWEST_STATED:
        return list(facts)
    return [fact if is_stated(fact) else _in(fact, mostly) for fact in facts]


def _assumed(facts: Sequence[Fact], call: CallView) -> str:
    """The currency that the call's amounts without one were given, else the bank's."""
    amounts = (fact for fact in facts if fact.entity.kind == "amount" and not is_stated(fact))
    own = YUAN if is_chinese(call.language) else CURRENCY
    return next(map(_currency, amounts), call.bank_currency or own)


def _as_stated(fact: Fact) -> Fact:
    """In the currency that its words name, though who repeats the number names none."""
    figures, _, stated = fact.entity.value.rpartition(" ")
    return _in(fact, stated) if fact.normal.rpartition(" ")[0] == figures else fact


def _at_home(fact: Fact, home: str) -> Fact:
    own = home in DOLLARS and _currency(fact) == CURRENCY and of_any_country(fact.entity.text.lower())
    return _in(fact, home) if own or not is_stated(fact) else fact


def _in(fact: Fact, currency: str) -> Fact:
    return replace(fact, normal=f"{fact.normal.rpartition(' ')[0]} {currency}")


def is_stated(fact: Fact) -> bool:
    """Whether the words of an amount name its currency."""
    return _CURRENCY.search(fact.entity.text.lower()) is not None


def _currency(fact: Fact) -> str:
    return fact.normal.rpartition(" ")[2]
