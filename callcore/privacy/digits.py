"""Stretches of digits, however they are said or written: 六二二八, 6228 4801, 三个八, double six two, forty two.

The rules for entities read numbers to know what they are; here nothing counts but that digits follow each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_HAN = "零一二三四五六七八九"
_ODD = {"幺": "1", "洞": "0", "两": "2"}
_ALL_HAN = f"{_HAN}幺洞"
_UNITS = {word: str(n) for n, word in enumerate("zero one two three four five six seven eight nine".split())}
_UNITS |= {"oh": "0", "o": "0", "nought": "0", "naught": "0"}
_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_PAIRS = {word: str(n) for n, word in enumerate(_TEENS, 10)} | {word: f"{n}0" for n, word in enumerate(_TENS, 2)}
_TIMES = {"双": 2, "double": 2, "triple": 3, "treble": 3, "quadruple": 4}
_WORDS = "|".join(sorted((*_UNITS, *_PAIRS), key=len, reverse=True))
_LARGE = r"(?! (?:hundred|thousand|million|billion|grand|lakh|and a half)\b)"

_PIECE = re.compile(
    rf"(?P<figure>\d+)"
    rf"|(?P<many>[二两三四五六2-6])个(?P<of>[{_ALL_HAN}\d])(?![\d十百千万亿])"
    rf"|(?P<twice>双)(?P<of2>[{_ALL_HAN}\d])"
    rf"|(?P<han>(?<![十百千万亿点第])[{_ALL_HAN}两](?![十百千万亿点]))"
    rf"|\b(?P<times>double|triple|treble|quadruple) (?P<of3>\d|{'|'.join(_UNITS)})\b"
    rf"|\b(?P<word>{_WORDS})\b{_LARGE}"
)
_BETWEEN = re.compile(
    r"[ ,、。.;:()/_-]*(?:(?:嗯+|呃|啊|额|哦|那个|然后是?|接着是?|再是|后面是?|杠|横杠|斜杠|um|uh|er|erm|ah|and|then|dash|hyphen|slash)"
    r"[ ,、。.;:()/_-]*){0,3}"
)
_LETTER = re.compile(r"[ -]?[xX](?![a-zA-Z])")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Digits in a row: half-open range of characters, and the digits."""

    start: int
    end: int
    digits: str


Passed = Callable[[int, int], bool]


def stretches(text: str, passed: Passed = lambda start, end: False) -> Iterator[Stretch]:
    """All stretches of one digit or more, in order. ``text``: as :attr:`Spoken.text`.

    ``passed``: whether digits in a range of characters are no part of any (of an amount, say).
    """
    start, end, digits, tens = -1, -1, "", False
    for piece in _PIECE.finditer(text):
        if passed(*piece.span()):
            continue
        said = _digits(piece)
        if start >= 0 and _BETWEEN.fullmatch(text, end, piece.start()):
            joined = tens and len(said) == 1 and said != "0" and text[end : piece.start()] in (" ", "-")
            digits = digits[:-1] + said if joined else digits + said
        else:
            if start >= 0:
                yield _closed(text, start, end, digits)
            start, digits = piece.start(), said
        end, tens = piece.end(), (piece["word"] or "") in _TENS
    if start >= 0:
        yield _closed(text, start, end, digits)


def _closed(text: str, start: int, end: int, digits: str) -> Stretch:
    """The stretch with the letter that resident IDs end in."""
    letter = _LETTER.match(text, end) if len(digits) >= 3 else None
    return Stretch(start, letter.end(), f"{digits}X") if letter else Stretch(start, end, digits)


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
    word = piece["word"]
    return _UNITS.get(word) or _PAIRS[word]


def _one(said: str) -> str:
    """One digit, whatever it is written in."""
    if said in _HAN:
        return str(_HAN.index(said))
    return _ODD.get(said) or _UNITS.get(said) or said
