"""Numbers that may be sums of money, though nothing beside them says so for sure.

They are no entities: who shows or masks what was said takes no notice of them. A ticket chooses among them with all
that it knows of the call.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from callcore.understand.entities.en.money import FREE, LAKHS, SEQUENCE, in_hundreds, spoken_value
from callcore.understand.entities.en.numbers import CARDINAL, SCALES, Number, Reading

Range = tuple[int, int]  #: half-open, of the characters of a turn

#: occurs in every text, lower case, in which there are such numbers; most turns are not read for them
MAY_BE_SUMS = re.compile(
    r"[1-9]|\bten\b|eleven|twelve|teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty|hundred|thousand|lakh|crore|grand"
)
_SMALLEST = 10  # of bare numbers
_LONGEST = 5  # digits of bare figures
_HUNDRED, _THOUSAND = 100, 1000
_YEARS = range(1900, 2100)
_SAID = re.compile(rf"(?<![\w*{CARDINAL}:/$£€.-])(?<!\* )(?P<rand>r)?(?P<major>{SEQUENCE})(?![\w*:/]| \*){FREE}")
_REACH = 16  # characters before a number
_NAMES = re.compile(  # what has its number for a name
    r"\b(?:number|no\.|flat|apartment|room|suite|unit|house|floor|level|block|page|line|gate|platform|bus|route|highway|"
    r"ward|window|counter|form|option|extension|section|age|aged|turned|turning|since|version|chapter|class|grade) $"
)
_CENTS = re.compile(r"[\d,]+\.\d\d")
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+")


@dataclass(frozen=True, slots=True)
class Possible:
    """A sum that may be meant. ``shaped``: said as sums are, with cents or in hundreds; else any number at all.

    ``currency``: ISO 4217 code, "" where none is said.
    """

    start: int
    end: int
    value: Decimal
    shaped: bool
    currency: str = ""


def possible_sums(reading: Reading, sums: Collection[Range], taken: Collection[Range]) -> Iterator[Possible]:
    """Of a turn, in order; of one number several where it can be read in several ways.

    ``sums``: where money is for sure, of which only other readings are told; ``taken``: where other facts are.
    """
    scale = 0
    for match in _SAID.finditer(reading.code):
        numbers = reading.values(*match.span("major"))
        start, end = reading.span(match.start("rand") if match["rand"] else match.start("major"), match.end("major"))
        named = _NAMES.search(reading.code, max(0, match.start() - _REACH), match.start())
        if named or any(first < end and start < last for first, last in taken):
            continue
        sure = any(first < end and start < last for first, last in sums)
        said = reading.code[match.start("major") : match.end("major")]
        if match["rand"]:
            if len(numbers) == 1 and numbers[0].figure and not sure:
                yield Possible(start, end, numbers[0].value, True, "ZAR")
            continue
        for value, shaped in _readings(numbers, said, sure):
            yield Possible(start, end, value, shaped)
        if scale and not sure:
            yield from (Possible(start, end, value, True) for value in _scaled(numbers, scale))
        scale = max((one.scale for one in numbers if one.scale >= _THOUSAND), default=scale)


def _readings(numbers: Sequence[Number], said: str, sure: bool) -> Iterator[tuple[Decimal, bool]]:
    """Values of numbers said side by side, and whether they are shaped. ``sure``: whether the first is known."""
    value = spoken_value(numbers, said)
    if value is None:
        return
    if len(numbers) > 1:
        if not sure and any(one.value >= _SMALLEST for one in numbers):
            yield value, True
        other = _other(numbers, value)
        if other is not None and (sure or other not in _YEARS):
            yield other, True
    elif not sure:
        yield from _bare(numbers[0])


def _other(numbers: Sequence[Number], value: Decimal) -> Decimal | None:
    """The other reading of "eleven forty-six" or "three fifty": of 11.46 it is 1146, of 350 it is 3.50."""
    first, second = numbers[0].whole, numbers[-1].whole
    if len(numbers) != 2 or not 0 < first < _HUNDRED or not _SMALLEST <= second < _HUNDRED:
        return None
    return value / _HUNDRED if value == value.to_integral_value() else value * _HUNDRED


def _bare(number: Number) -> Iterator[tuple[Decimal, bool]]:
    if number.figure:
        cents = _CENTS.fullmatch(number.said) is not None
        plain = number.said.isdigit() and len(number.said) <= _LONGEST and not number.said.startswith("0")
        grouped = _GROUPED.fullmatch(number.said) is not None
        if cents or grouped or (plain and number.value >= _SMALLEST and number.whole not in _YEARS):
            yield number.value, cents or grouped
    elif number.whole >= _SMALLEST:
        yield number.value, in_hundreds(number) and (number.whole not in _YEARS or "hundred" in number.said)


def _scaled(numbers: Sequence[Number], scale: int) -> Iterator[Decimal]:
    """What goes on in the thousands said before: "thirty-five thousand, and then | forty-eight"."""
    values = [one.whole for one in numbers]
    if len(values) == 1 and 0 < values[0] < _THOUSAND:
        yield numbers[0].value * scale
    elif len(values) == 2 and scale == _THOUSAND and 0 < values[1] < _SMALLEST <= values[0] < _THOUSAND:
        yield Decimal(values[0] * scale + values[1] * _HUNDRED)
    elif len(values) == 2 and scale == SCALES[LAKHS[0]] and 0 < values[0] < _SMALLEST <= values[1] < _HUNDRED:
        yield Decimal(values[0] * scale + values[1] * _THOUSAND)
