"""Text cut into what the search compares: one token for each Han character, one for each run of other letters.

Tokens are folded: full-width to half-width, no case, no accents, Traditional to Simplified, no commas inside numbers.
Numbers apart, folding and cutting look at single characters, never at their neighbours, so whatever stands in a text is
found by searching for it, whole or any part that is cut at Han characters or at the ends of words. (A segmenter, or
conversion by phrases, reads the same characters differently in another context and misses.)
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from callcore.pinyin import syllables

# Han with its extensions and 々〆〇, kana: written without spaces, so every character is a token.
_WIDE = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_NARROW = rf"(?![{_WIDE}])[^\W_]"
_TOKEN = re.compile(
    rf"(?<![^\W_])[0-9]{{1,3}}(?:,[0-9]{{3}})+(?!{_NARROW})"  # 3,500
    rf"|(?<=[{_WIDE}])[0-9]{{1,3}}(?:,[0-9]{{3}})+(?!{_NARROW})"  # right after a Han character
    rf"|[{_WIDE}]"
    rf"|(?:{_NARROW})+"
)
_FULL_WIDTH_COMMA = "，"  # a pause between two numbers, a part of one only where all of it is full-width (３，５００)
_COMMA_IN_NUMBER = re.compile("(?<=[０-９])，(?=[０-９]{3})")


@dataclass(frozen=True, slots=True)
class Token:
    """A folded token and where it stands in the text it came from (``text[start:end]``)."""

    text: str
    start: int
    end: int

    @property
    def wide(self) -> bool:
        """Whether this is a single character of a script without spaces."""
        return len(self.text) == 1 and re.match(f"[{_WIDE}]", self.text) is not None


def tokenize(text: str) -> list[Token]:
    """The tokens of a text in order. Any string is welcome, also one with broken characters."""
    folded: list[str] = []
    origin: list[int] = []
    for index, char in enumerate(_COMMA_IN_NUMBER.sub(",", text)):
        plain = _fold(char)
        folded.append(plain)
        origin.extend([index] * len(plain))
    found = _TOKEN.finditer("".join(folded))
    return [
        Token(match.group().replace(",", ""), origin[match.start()], origin[match.end() - 1] + 1) for match in found
    ]


def sounds(tokens: Sequence[Token]) -> list[str]:
    """How each token sounds: Han as pinyin without tones, by its run of characters (銀行 is yin hang); others as is."""
    spoken: list[str] = []
    index = 0
    while index < len(tokens):
        end = index
        while end < len(tokens) and tokens[end].wide:
            end += 1
        if end == index:
            spoken.append(tokens[index].text)
            index += 1
        else:
            spoken.extend(_pinyin("".join(token.text for token in tokens[index:end])))
            index = end
    return spoken


def _pinyin(run: str) -> list[str]:
    found = syllables(run)
    return list(found) if len(found) == len(run) else ["".join(syllables(char)) or char for char in run]


@functools.lru_cache(maxsize=1 << 16)
def _fold(char: str) -> str:
    if char == _FULL_WIDTH_COMMA:
        return " "
    plain = "".join(part for part in unicodedata.normalize("NFKD", char) if unicodedata.category(part)[0] != "M")
    return "".join(_simplified(part) for part in plain.casefold())


def _simplified(char: str) -> str:
    if not "\u3400" <= char <= "\U0003ffff" or "\ud800" <= char <= "\udfff":
        return char
    return str(_converter().convert(char))


@functools.cache
def _converter() -> Any:
    from opencc import OpenCC

    return OpenCC("t2s")
