"""A turn's words as one text whose characters know the words they belong to."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from callcore.text.chars import HAN, HAN_CHARACTER, Text
from callcore.text.script import convert
from callcore.types import SAMPLE_RATE_HZ, Word

_WIDE = re.compile("[\u3000\uff01-\uff5e]")  # ideographic space, full-width forms of ASCII
_OTHER_DIGIT = re.compile(r"(?![0-9])\d")  # Arabic-Indic and the like
_BROKEN = re.compile("[\ud800-\udfff]")  # halves of characters, which no library takes
_ODD_SPACE = re.compile(r"[^\S ]")
_SAME = str.maketrans("’‘`´“”‐‑–—−〇", "''''\"\"-----零")
_TOKENS = re.compile(f"( *)([{HAN}][^\\w ]*|[^ {HAN}]+)")
_PLAIN_WORD_S = 0.2  # made-up length of a word of plain text


@dataclass(frozen=True, slots=True)
class Spoken:
    """The words of a turn as rules read them.

    ``text`` is ``raw`` (the turn as written) in Simplified characters, half-width forms, lower case, straight quotes
    and hyphens, ASCII digits. Both have the same length, so a span of one is a span of the other; ``starts[i]`` is the
    first character of word i, its space before it included.
    """

    words: tuple[Word, ...]
    raw: str
    text: str
    starts: tuple[int, ...]

    @classmethod
    def of(cls, words: Sequence[Word]) -> Spoken:
        """The view of a turn's words."""
        pieces = [(" " if word.space_before else "") + word.text for word in words]
        starts = tuple(accumulate((len(piece) for piece in pieces[:-1]), initial=0)) if pieces else ()
        raw = "".join(pieces)
        return cls(tuple(words), raw, _plain(raw), starts)

    @property
    def has_han(self) -> bool:
        """Whether any Han character was written."""
        return HAN_CHARACTER.search(self.text) is not None

    def trim(self, start: int, end: int) -> tuple[int, int]:
        """The span without the spaces at its ends."""
        while start < end and self.text[start] == " ":
            start += 1
        while end > start and self.text[end - 1] == " ":
            end -= 1
        return start, end

    def word_range(self, start: int, end: int) -> tuple[int, int]:
        """First word and the one after the last that the characters ``start`` <= i < ``end`` belong to."""
        return bisect_right(self.starts, start) - 1, bisect_right(self.starts, max(start, end - 1))


def plain_words(text: str) -> tuple[Word, ...]:
    """Words of a text that was never spoken: a Han character, or what stands between spaces; made-up times."""
    step = round(_PLAIN_WORD_S * SAMPLE_RATE_HZ)
    tokens = _TOKENS.findall(" ".join(text.split()))
    return tuple(Word(token, i * step, (i + 1) * step, 1.0, bool(gap)) for i, (gap, token) in enumerate(tokens))


def _plain(raw: str) -> str:
    """``raw`` in the one writing that rules read; the length stays, whatever the characters are."""
    if raw.isascii():
        return raw.lower()
    text = _WIDE.sub(lambda match: unicodedata.normalize("NFKC", match[0]), raw)
    text = _OTHER_DIGIT.sub(lambda match: str(unicodedata.decimal(match[0])), text)
    text = _ODD_SPACE.sub(" ", _BROKEN.sub("\ufffd", text)).translate(_SAME)
    lowered = text.lower()
    if len(lowered) != len(text):
        lowered = "".join(one if len(one.lower()) != 1 else one.lower() for one in text)
    if not HAN_CHARACTER.search(lowered):
        return lowered
    return convert(Text(lowered, tuple(range(len(lowered)))), "simplified").characters
