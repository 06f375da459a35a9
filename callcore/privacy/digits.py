"""Stretches of digits, however they are said or written: 六二二八, 6228 4801, 三个八, double six, four ones, forty two.

The rules for entities read numbers to know what they are; here nothing counts but that digits follow each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

_HAN = "零一二三四五六七八九"
_ODD = {"幺": "1", "洞": "0", "两": "2", "拐": "7", "勾": "9"}
_ALL_HAN = f"{_HAN}幺洞拐勾"
#: English words for numbers, as alternatives of patterns
ONES = "one|two|three|four|five|six|seven|eight|nine"
TEENS = "ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_UNITS = {word: str(n) for n, word in enumerate(("zero", *ONES.split("|")))}
_UNITS |= {"oh": "0", "o": "0", "nought": "0", "naught": "0"}
_PAIRS = {word: str(n) for n, word in enumerate(TEENS.split("|"), 10)}
_PAIRS |= {word: f"{n}0" for n, word in enumerate(TENS.split("|"), 2)}
_TENS = frozenset(TENS.split("|"))
_TIMES = {"双": 2, "double": 2, "triple": 3, "treble": 3, "quadruple": 4}
_COUNTS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_PLURALS = {f"{word}es" if word == "six" else f"{word}s": str(n) for n, word in enumerate(("zero", *ONES.split("|")))}
_PLURALS |= {"zeroes": "0", "ohs": "0"}
_MANY = 3  # digits that are certainly no count of things
_ROUND = {"hundred": "00", "thousand": "000"}  #: "seven three six, five thousand" of a telephone number
_WORDS = "|".join(sorted((*_UNITS, *_PAIRS), key=len, reverse=True))
_LARGE = r"(?! (?:hundred|thousand|million|billion|grand|lakh|and a half)\b)"

_PIECE = re.compile(
    rf"(?P<figure>\d+)"
    rf"|(?P<many>[二两三四五六2-6])个(?P<of>[{_ALL_HAN}\d])(?![\d十百千万亿])"
    rf"|(?P<twice>双)(?P<of2>[{_ALL_HAN}\d])"
    rf"|(?P<han>(?<![十百千万亿点第])[{_ALL_HAN}两](?![十百千万亿点]))"
    rf"|\b(?P<times>double|triple|treble|quadruple) (?P<of3>\d|{'|'.join(_UNITS)})\b"
    rf"|\b(?P<counted>{'|'.join(_COUNTS)}) (?P<of4>{'|'.join(_PLURALS)})\b"
    rf"|\b(?P<round>{'|'.join(_UNITS)}) (?P<size>hundred|thousand)\b"
    rf"|\b(?P<word>{_WORDS})\b{_LARGE}"
)
_BETWEEN = re.compile(
    r"[ ,、。.;:()/_-]*(?:(?:嗯+|呃|啊|额|哦|那个|然后是?|接着是?|再是|后面(?:跟着?|是)?|杠|横杠|斜杠|um|uh|er|erm|ah|"
    r"and|then|again|dash|hyphen|slash)"
    r"[ ,、。.;:()/_-]*){0,3}"
)
_LETTER = re.compile(r"[ -]?[xX](?![a-zA-Z])")
_REPEATED = re.compile(rf"[二两三四五六2-6]个[{_ALL_HAN}]|\b(?:double|triple|treble|quadruple|{'|'.join(_PLURALS)})\b")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Digits in a row: half-open range of characters, the digits, and how many of them were said one by one."""

    start: int
    end: int
    digits: str
    single: int


Passed = Callable[[int, int], bool]


def stretches(text: str, passed: Passed = lambda _start, _end: False) -> Iterator[Stretch]:
    """All stretches of one digit or more, in order. ``text``: as :attr:`Spoken.text`.

    ``passed``: whether digits in a range of characters are no part of any (of an amount, say).
    """
    open_: Stretch | None = None
    after_tens = False  # "forty", which "two" may complete
    for piece in _PIECE.finditer(text):
        if passed(*piece.span()) or (piece["round"] and not _goes_on(open_, piece)):
            continue
        said, start, end = _digits(piece), *piece.span()
        single = int(len(said) == 1)
        if open_ and _BETWEEN.fullmatch(text, open_.end, start):
            completes = after_tens and single and said != "0" and text[open_.end : start] in (" ", "-")
            digits = (open_.digits[:-1] if completes else open_.digits) + said
            open_ = Stretch(open_.start, end, digits, open_.single + (0 if completes else single))
        else:
            if open_:
                yield _closed(text, open_)
            open_ = Stretch(start, end, said, single)
        after_tens = (piece["word"] or "") in _TENS
    if open_:
        yield _closed(text, open_)


def repeats(said: str) -> bool:
    """Whether digits are said by how often they come, 四个七 or "four sevens", as nobody says a number of things."""
    return _REPEATED.search(said) is not None


def _goes_on(open_: Stretch | None, piece: re.Match[str]) -> bool:
    """Whether "five thousand" ends a number that is said digit by digit."""
    return open_ is not None and len(open_.digits) >= _MANY and open_.end + 1 == piece.start()


def _closed(text: str, stretch: Stretch) -> Stretch:
    """The stretch with the letter that resident IDs end in."""
    letter = _LETTER.match(text, stretch.end) if len(stretch.digits) >= _MANY else None
    return replace(stretch, end=letter.end(), digits=f"{stretch.digits}X") if letter else stretch


def _digits(piece: re.Match[str]) -> str:
    if piece["figure"]:
        return piece["figure"]
    if piece["many"]:
        return _one(piece["of"]) * int(_one(piece["many"]))
    if piece["twice"]:
        return _one(piece["of2"]) * 2
    if piece["han"]:
        return _one(piece["han"])
    if piece["times"]:
        return _one(piece["of3"]) * _TIMES[piece["times"]]
    if piece["counted"]:
        return _PLURALS[piece["of4"]] * _COUNTS[piece["counted"]]
    if piece["round"]:
        return _UNITS[piece["round"]] + _ROUND[piece["size"]]
    word = piece["word"]
    return _UNITS.get(word) or _PAIRS[word]


def _one(said: str) -> str:
    """One digit, whatever it is written in."""
    if said in _HAN:
        return str(_HAN.index(said))
    return _ODD.get(said) or _UNITS.get(said) or said
