"""Amounts of a call that are told by no entity: numbers that may be sums, for a model to choose among."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from functools import partial

from callcore.text.chars import is_chinese
from callcore.tickets.facts import number_of
from callcore.tickets.reading import CallView, Fact, Reading
from callcore.tickets.spec import FieldSpec
from callcore.types import Entity
from callcore.understand.entities import forms
from callcore.understand.entities.en.money import CURRENCY
from callcore.understand.entities.en.numbers import Reading as Numbers
from callcore.understand.entities.en.possible import MAY_BE_SUMS, Possible, possible_sums
from callcore.understand.entities.spoken import Spoken
from callcore.understand.entities.zh.money import is_uncounted
from callcore.understand.entities.zh.numbers import numbers

UNSURE = "unsure"  #: source of such amounts
CONFIDENCE = 0.5
LEAST = 0.9  #: probability of a time of day from which it is none of money: "nine fifty" may be both
OFTEN = 2  #: turns that must say a number that is not said as sums are
YUAN = "CNY"
SMALLEST = 20  #: of numbers in Chinese that may be sums
_LONGEST = 9  # characters of such
_SHAPED = re.compile(r"[百千万]|十[一二三四五六七八九]|\.\d|,\d")  # with hundreds, tens and ones, or cents
_REACH = 16  # characters before a time
_AT = re.compile(r"\b(?:at|by|until|till|before|after|since)(?: about| around)? ?$")


def unsure_amounts(spec: FieldSpec, call: CallView) -> list[Fact]:
    """For a field of amounts, in the order of the call; a number that is not said as sums are only if another turn says
    it as well. Those that name no currency are in :data:`CURRENCY`.
    """
    if spec.type != "amount" or "amount" not in spec.kinds:
        return []
    of_turn = partial(_of_chinese, currency=call.bank_currency or YUAN) if is_chinese(call.language) else _of_turn
    found = [row for reading in call.readings for row in reading.once(UNSURE, partial(of_turn, reading))]
    turns: dict[Decimal, set[int]] = defaultdict(set)
    for fact, _ in found:
        turns[number_of(fact.normal)].add(fact.reading.turn.turn_id)
    return [fact for fact, shaped in found if shaped or len(turns[number_of(fact.normal)]) >= OFTEN]


def _of_turn(reading: Reading) -> Sequence[tuple[Fact, bool]]:
    """The facts of a turn, each with whether it is said as sums are."""
    if not MAY_BE_SUMS.search(reading.text):
        return ()
    entities = reading.found.entities if reading.found else ()
    sums = [_range(reading, one) for one in entities if one.kind == "amount"]
    taken = [_range(reading, one) for one in entities if one.kind != "amount" and not _open(reading, one)]
    said = reading.of_text("numbers", lambda: Numbers.of(Spoken.of(reading.turn.words)))
    return [(_fact(reading, one), one.shaped) for one in possible_sums(said, sums, taken)]


def _of_chinese(reading: Reading, currency: str) -> Sequence[tuple[Fact, bool]]:
    """The same of a Chinese turn."""
    entities = reading.found.entities if reading.found else ()
    taken = [_range(reading, one) for one in entities]
    text = Spoken.of(reading.turn.words).text
    return [
        (_fact(reading, Possible(one.start, one.end, one.value, True, currency)), _SHAPED.search(one.text) is not None)
        for one in numbers(text)
        if one.high is None
        and one.value >= SMALLEST
        and len(one.text) <= _LONGEST
        and is_uncounted(text, one)
        and not any(first < one.end and one.start < last for first, last in taken)
    ]


def _range(reading: Reading, one: Entity) -> tuple[int, int]:
    return reading.characters(one.first_word, one.end_word)


def _open(reading: Reading, one: Entity) -> bool:
    """Whether what was found may be a sum all the same."""
    if one.kind == "time" and one.probability < LEAST:
        start, _ = _range(reading, one)
        return _AT.search(reading.text, max(0, start - _REACH), start + 1) is None
    return one.kind == "digits"


def _fact(reading: Reading, one: Possible) -> Fact:
    at = reading.at((one.start, one.end))
    value = forms.amount(one.value, one.currency or CURRENCY)
    place = at.start_sample, at.end_sample, at.first_word, at.end_word
    entity = Entity("amount", reading.quote((one.start, one.end)), value, CONFIDENCE, *place, source=UNSURE)
    return Fact(reading, len(reading.found.entities) if reading.found else 0, entity, value, "said")
