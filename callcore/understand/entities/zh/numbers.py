"""Numbers as they are said and written in Mandarin: 三万五, 一点五万, 两个亿, 3万5, 两三千.

Every writing a recogniser mixes is read here. cn2an, the library for it, reads whole numbers in Han characters alike
(the tests compare), but neither 一点五万 nor 两个亿 nor 两三千, and costs 80 ms at start.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache

DIGITS = "零一二三四五六七八九"
VALUES = {character: value for value, character in enumerate(DIGITS)} | {"两": 2, "俩": 2, "幺": 1}
VALUES |= {str(digit): digit for digit in range(10)}
SIZES = {"百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}

_ASCII = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+(?:\.\d+)?"
_HAN = "零一二两三四五六七八九十百千万亿点俩"
_TOKEN = re.compile(rf"(?:{_ASCII})(?: ?[{_HAN}]\d*|个(?=亿)|w(?![a-z])\d*)*|[{_HAN}](?:[{_HAN}\d]|个(?=亿))*")
_SECTION = re.compile(r"(?:([一二两三四五六七八九])千)?(?:(零)?([一二两三四五六七八九])百)?(?:(零)?([一二两三四五六七八九])?十)?(?:(零)?([一二两三四五六七八九]))?")
_DECIMAL = re.compile(r"(.+?)点([零一二两三四五六七八九\d]+)")
_ASCII_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_SCALED = re.compile(r"(\d+(?:\.\d+)?)(百|千)(\d?)")
_NEIGHBOURS = re.compile(r"([一二两三四五六七八])([二三四五六七八九])([十百千万亿]*)")
_TO = re.compile(r" ?(?:到|至|~|-|或者?是?) ?")
_LONGEST = 24  # characters of a number; longer runs are digits read out
_LARGEST = Decimal(10) ** 14


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a text: half-open range of characters. ``high``: upper end of a range (两三千, 三到五万)."""

    start: int
    end: int
    text: str
    value: Decimal
    high: Decimal | None = None


def cardinal(text: str) -> Decimal | None:
    """The value of a number, None where it is none. No spaces; 两, 俩 and figures count as digits."""
    text = text.replace("个", "").replace(",", "").replace(" ", "").replace("w", "万").replace("俩", "两")
    return _cardinal(text) if 0 < len(text) <= _LONGEST else None


def numbers(text: str) -> tuple[Number, ...]:
    """Every number in a text in order, and after two with 到 or the like between them their range as well."""
    return _numbers(text)


@lru_cache(maxsize=4)
def _numbers(text: str) -> tuple[Number, ...]:
    return tuple(_with_ranges(text, [one for match in _TOKEN.finditer(text) for one in _token(match)]))


def _token(match: re.Match[str]) -> Iterator[Number]:
    said, start = match[0], match.start()
    if said[0] == "点":
        said, start = said[1:], start + 1
    while said and said[-1] in "点 ":
        said = said[:-1]
    value = cardinal(said)
    if value is not None and value <= _LARGEST:
        yield Number(start, start + len(said), said, value)
    elif neighbours := _NEIGHBOURS.fullmatch(said):
        low, high = (cardinal(neighbours[i] + neighbours[3]) for i in (1, 2))
        if low is not None and high is not None and _near(neighbours):
            yield Number(start, start + len(said), said, low, high)
    elif "点" in said:
        yield from _pieces(said, start)


def _near(said: re.Match[str]) -> bool:
    """两三, 七八; also 三五, which means a few."""
    return VALUES[said[2]] - VALUES[said[1]] == 1 or said[1] + said[2] == "三五"


def _pieces(said: str, start: int) -> Iterator[Number]:
    """三点二十: what is no decimal is an hour and its minutes, two numbers."""
    for piece in re.finditer("[^点]+", said):
        value = cardinal(piece[0])
        if value is not None:
            yield Number(start + piece.start(), start + piece.end(), piece[0], value)


def _with_ranges(text: str, found: list[Number]) -> Iterator[Number]:
    for i, number in enumerate(found):
        yield number
        if i and number.high is None and found[i - 1].high is None:
            before = found[i - 1]
            if _TO.fullmatch(text, before.end, number.start):
                low = _as_large(before, number)
                if low < number.value:
                    yield replace(
                        number,
                        start=before.start,
                        text=text[before.start : number.end],
                        value=low,
                        high=number.value,
                    )


def _as_large(low: Number, high: Number) -> Decimal:
    """三到五万 begins at 30,000: the unit said last counts for both."""
    size = SIZES.get(high.text[-1], 1)
    scaled = low.value * size
    return scaled if not SIZES.keys() & set(low.text) and scaled < high.value else low.value


def _cardinal(text: str) -> Decimal | None:
    if _ASCII_NUMBER.fullmatch(text):
        return Decimal(text)
    for unit in ("亿", "万"):
        if unit in text:
            head, _, tail = text.rpartition(unit)
            return _joined(head, tail, SIZES[unit])
    if decimal := _DECIMAL.fullmatch(text):
        whole = _cardinal(decimal[1])
        places = "".join(str(VALUES[digit]) for digit in decimal[2])
        return None if whole is None or whole != int(whole) else Decimal(f"{int(whole)}.{places}")
    if scaled := _SCALED.fullmatch(text):
        size = SIZES[scaled[2]]
        return Decimal(scaled[1]) * size + int(scaled[3] or 0) * (size // 10)
    return _section("".join(DIGITS[int(one)] if one.isdecimal() else one for one in text))


def _joined(head: str, tail: str, size: int) -> Decimal | None:
    """``head`` times ``size`` and what follows: 三万五 is 35,000, 三万零五 30,005."""
    times = _cardinal(head) if head else None
    if times is None:
        return None
    if not tail:
        return times * size
    if len(tail) == 1 and VALUES.get(tail, 0):
        return times * size + VALUES[tail] * (size // 10)
    rest = _cardinal(tail[1:] if tail[0] == "零" else tail)
    return None if rest is None or rest >= size or rest != int(rest) else times * size + rest


def _section(text: str) -> Decimal | None:
    """A whole number below 10,000 in Han characters."""
    if text == "零":
        return Decimal(0)
    match = _SECTION.fullmatch(text)
    if match is None or not text:
        return None
    thousands, _, hundreds, tens_gap, tens, ones_gap, ones = match.groups()
    has_ten = "十" in text
    value = 1000 * VALUES.get(thousands or "", 0) + 100 * VALUES.get(hundreds or "", 0)
    value += 10 * (VALUES.get(tens or "", 0) if tens else int(has_ten and not tens_gap))  # 一百十五, as Shanghai says
    if ones:
        colloquial = not ones_gap and not has_ten
        last = 1 if not colloquial else 10 if hundreds else 100 if thousands else 1
        value += last * VALUES[ones]
    return Decimal(value)
