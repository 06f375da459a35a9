"""Numbers in a turn: words and figures become values, and the turn a text with one mark for each number.

Which words make up a number is told by text2num; around it stand what it leaves out: thousands as "k", "grand" and
"lakh", halves and quarters, "a hundred".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from text_to_num import find_numbers

from callcore.understand.entities.spoken import Spoken

CARDINAL = "\ue000"  #: stands for a number in :attr:`Reading.code`
ORDINAL = "\ue001"  #: stands for "third", "22nd"

SCALES = {
    "k": 1000, "grand": 1000, "thousand": 1000, "lakh": 100_000, "lakhs": 100_000, "mil": 1_000_000, "m": 1_000_000,
    "mm": 1_000_000, "million": 1_000_000, "crore": 10_000_000, "crores": 10_000_000, "b": 10**9, "bn": 10**9,
    "billion": 10**9, "hundred": 100,
}  # fmt: skip
_GLUED = ("k", "m", "mm", "b", "bn")  # scales that are written without a space
_DOUBTFUL = ("m", "mm", "b")  # of these, what may as well be metres, months or the end of a flat's number
_PARTS = {"half": Decimal("0.5"), "quarter": Decimal("0.25"), "quarters": Decimal("0.75")}
_TOKENS = re.compile(
    r"[a-z]+(?:'[a-z]+)?|[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?(?![0-9])|"
    r"(?:(?<=₹)|(?<=₹ )|(?<=rs)|(?<=rs )|(?<=rs\. )|(?<=inr ))[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}(?![0-9])|"  # in lakhs
    r"[0-9]+(?:\.[0-9]+)?|[^\s\w]|\w"
)
_ENDINGS = ("st", "nd", "rd", "th")
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_MOST_DIGITS = 15  # a longer figure is no quantity
_REACH_OF_BETWEEN = 6  # words from "between" to its "and"
_MONTH = re.compile(r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)")


@dataclass(frozen=True, slots=True)
class Number:
    """A number as a span of characters. ``figure``: written in digits; ``said``: the digits or words themselves."""

    start: int
    end: int
    value: Decimal
    ordinal: bool
    figure: bool
    said: str
    digits: str = ""  #: as digits, zeros in front included; "" where it is put together

    @property
    def whole(self) -> int:
        """The value as an integer, -1 where it is none."""
        return int(self.value) if self.value == int(self.value) else -1

    @property
    def scale(self) -> int:
        """The hundred, thousand, lakh or more that is its last word, 0 where that is none."""
        return SCALES.get(self.said.rsplit(" ", 1)[-1], 0)

    @property
    def doubtful(self) -> bool:
        """Whether its scale is a letter that makes millions of it only in the company of money: 12m, 614b."""
        return self.said.rsplit(" ", 1)[-1] in _DOUBTFUL


@dataclass(frozen=True, slots=True)
class Token:
    """A word, figure or mark of the text; the shape that text2num wants."""

    start: int
    end: int
    said: str
    number_part: bool = True

    def text(self) -> str:
        """As said."""
        return self.said

    def nt_separated(self, previous: Token) -> bool:
        """Whether this word cannot go on with the number before it."""
        return previous.said.isdigit() or not self.number_part

    def not_a_number_part(self) -> bool:
        """Whether this word is no number here though it looks like one."""
        return not self.number_part


@dataclass(frozen=True, slots=True)
class Reading:
    """A turn with its numbers found.

    ``code`` is the text with single spaces in which each number is :data:`CARDINAL` or :data:`ORDINAL`; character i of
    it stands for the characters ``starts[i]`` <= c < ``ends[i]`` of the turn.
    """

    spoken: Spoken
    tokens: tuple[Token, ...]
    code: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    numbers: dict[int, Number]  #: place in ``code`` to number

    @classmethod
    def of(cls, spoken: Spoken) -> Reading:
        """Reads the numbers of a turn."""
        tokens = tuple(_tokens(spoken.text))
        items = _composed(_items(tokens))
        code, starts, ends, numbers = "", [], [], {}
        last = 0
        for item in items:
            if code and spoken.text[last : item.start].strip(" ") == "" and last < item.start:
                code += " "
                starts.append(last)
                ends.append(item.start)
            if isinstance(item, Number):
                numbers[len(code)] = item
                code += ORDINAL if item.ordinal else CARDINAL
                starts.append(item.start)
                ends.append(item.end)
            else:
                code += item.said
                starts += range(item.start, item.end)
                ends += range(item.start + 1, item.end + 1)
            last = item.end
        return cls(spoken, tokens, code, tuple(starts), tuple(ends), numbers)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The characters of the turn that ``code[start:end]`` stands for; not empty."""
        return self.starts[start], self.ends[end - 1]

    def values(self, start: int, end: int) -> list[Number]:
        """The numbers in ``code[start:end]``, in order."""
        return [self.numbers[place] for place in range(start, end) if place in self.numbers]


def _tokens(text: str) -> Iterator[Token]:
    found = [(match.start(), match.end(), match[0]) for match in _TOKENS.finditer(text)]
    between = -_REACH_OF_BETWEEN
    for place, (start, end, said) in enumerate(found):
        before = found[place - 1][2] if place else ""
        if said == "second":  # the ordinal number only where it cannot be the unit of time
            after = found[place + 1][2] if place + 1 < len(found) else ""
            if before == "-":
                before = found[place - 2][2] if place > 1 else ""
            ordinal = before in ("the", *_TENS) or _MONTH.match(before) or after == "of"
            yield Token(start, end, said, bool(ordinal))
        elif said.isdigit() and not said.isascii():  # of another script, or raised: no figure here
            yield Token(start, end, "_")
        elif said in ("oh", "o") and before == "point":
            yield Token(start, end, "zero")
        elif said == "between":
            between = place
            yield Token(start, end, said)
        elif said == "and" and place - between < _REACH_OF_BETWEEN:
            between = -_REACH_OF_BETWEEN
            yield Token(start, end, said, False)
        else:
            yield Token(start, end, said)


def _items(tokens: Sequence[Token]) -> Iterator[Token | Number]:
    """The tokens, those of each number replaced by it."""
    at = 0
    for one in find_numbers(list(tokens), "en", threshold=0):
        yield from _figures(tokens[at : one.start])
        said = " ".join(token.said for token in tokens[one.start : one.end])
        digits = re.sub("[a-z]", "", one.text)
        first, last = tokens[one.start].start, tokens[one.end - 1].end
        yield Number(first, last, Decimal(digits), one.is_ordinal, False, said, digits)
        at = one.end
    yield from _figures(tokens[at:])


def _figures(tokens: Sequence[Token]) -> Iterator[Token | Number]:
    """The same with the figures read: 3,500.00 and 22nd."""
    skip = False
    for place, token in enumerate(tokens):
        if skip:
            skip = False
            continue
        if not token.said[0].isdecimal() or len(token.said) > _MOST_DIGITS:
            yield token
            continue
        after = tokens[place + 1] if place + 1 < len(tokens) else None
        skip = after is not None and after.start == token.end and after.said in _ENDINGS and token.said.isdecimal()
        end = after.end if skip and after is not None else token.end
        yield Number(token.start, end, Decimal(token.said.replace(",", "")), skip, True, token.said, token.said)


def _composed(items: Iterable[Token | Number]) -> list[Token | Number]:
    """Scales, halves and "a" before a number joined to it."""
    done: list[Token | Number] = []
    for item in items:
        last = done[-1] if done else None
        if isinstance(last, Number) and not last.ordinal:
            scale = _scale(item, last)
            if scale:
                done[-1] = replace(last, end=item.end, value=last.value * scale, said=f"{last.said} {item.said}")
                _take_rest(done)
                continue
        done.append(item)
        if isinstance(item, Number):
            _take_rest(done)
            _take_article(done, item)
        elif item.said in _PARTS:
            _take_part(done, _PARTS[item.said])
    return done


def _scale(item: Token | Number, last: Number) -> int:
    """What ``last`` is multiplied by where ``item`` is the next word, 0 for nothing."""
    if item.said not in SCALES or (item.said in _GLUED and item.start != last.end):
        return 0
    if isinstance(item, Number) and not last.figure and last.value == last.value.to_integral_value():
        return SCALES[item.said] if last.said.endswith(("half", *SCALES)) and last.value < SCALES[item.said] else 0
    return SCALES[item.said]


def _take_rest(done: list[Token | Number]) -> None:
    """Joins the last two where the last is the rest of the one before it."""
    if len(done) < 2:
        return
    comma = len(done) > 2 and done[-2].said == ","
    first = -3 if comma else -2
    last, item = done[first], done[-1]
    if isinstance(last, Number) and isinstance(item, Number) and _goes_on(last, item, comma):
        done[first:] = [replace(last, end=item.end, value=last.value + item.value, said=f"{last.said} {item.said}")]


def _goes_on(last: Number, item: Number, comma: bool) -> bool:
    """Whether ``item`` is the rest of ``last``: "two lakh | fifty thousand", "2 million | 300 thousand", and after a
    ``comma`` "two thousand, | three hundred ten", "one million, | nine hundred thousand".
    """
    if comma:
        whole = " " in last.said and last.scale >= SCALES["thousand"]
        return whole and " hundred" in item.said and item.value < last.scale
    if last.scale < SCALES["lakh"] or " " not in last.said or item.ordinal:
        return False
    return item.value < last.scale and item.value >= 1000


def _take_article(done: list[Token | Number], item: Number) -> None:
    """Reads "a hundred", "half a million"."""
    if item.said.split(" ", 1)[0] not in SCALES or len(done) < 2:
        return
    before = done[-2]
    if not isinstance(before, Token) or before.said not in ("a", "an"):
        return
    done[-2:] = [replace(item, start=before.start, said=f"a {item.said}")]
    if len(done) > 1:
        part = done[-2]
        if isinstance(part, Token) and part.said in ("half", "quarter") and item.value >= 1000:
            done[-2:] = [
                replace(item, start=part.start, value=item.value * _PARTS[part.said], said=f"half {item.said}")
            ]


def _take_part(done: list[Token | Number], part: Decimal) -> None:
    """Reads "three and a half", "two and three quarters"."""
    if len(done) < 4:
        return
    number, conjunction, article, _ = done[-4:]
    if not isinstance(number, Number) or number.whole < 0 or number.ordinal or conjunction.said != "and":
        return
    if article.said in ("a", "one") or (article.said in ("three", "3") and part == _PARTS["quarters"]):
        end, said = done[-1].end, f"{number.said} and a half"
        done[-4:] = [replace(number, end=end, value=number.value + part, said=said)]
