"""What a tagger of secrets sees of a turn: for each character a few rows of its table.

The characters before the turn are the other side's: the question that the turn answers. A character is itself, the
pair it makes with the one before it, its sound (Han) or its word (letters), its kind of writing, and its place: before
the turn or in it, and who speaks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

import numpy as np
import numpy.typing as npt

from callcore.pinyin import syllables
from callcore.text.chars import HAN_CHARACTER
from callcore.types import Role
from callcore.understand.features import merged_sound

VERSION = 1  #: a model is given the features that it was made for
BEFORE = 60  #: characters of the other side that are looked at
PAIRS = 4096  #: buckets of pairs, and of word endings
WORDS = 4096  #: buckets of sounds and words
COLUMNS = 5
UNKNOWN, EDGE = 0, 1  #: rows of a character that the model does not know, and of the place between the two sides
FIRST_CHARACTER = 2
_ROLES = (Role.UNKNOWN, Role.AGENT, Role.CUSTOMER)
_WRITINGS = 6  # Han, small letter, capital, digit, space, all else
PLACES = 2 * len(_ROLES)
FIXED = PAIRS + WORDS + _WRITINGS + PLACES  #: rows beside those of characters
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_DIGIT_WORDS = frozenset("zero one two three four five six seven eight nine oh nought".split())

Rows = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Said:
    """Something said, as written and as rules read it (of equal length)."""

    raw: str
    text: str

    def last(self, count: int) -> Said:
        """The last ``count`` characters."""
        return Said(self.raw[-count:], self.text[-count:]) if count else Said("", "")


def rows(before: Said, said: Said, speaker: Role, characters: Mapping[str, int]) -> tuple[Rows, int]:
    """Rows of shape (positions, :data:`COLUMNS`), int32, and the position at which ``said`` begins.

    ``before``: of the other side, its last :data:`BEFORE` characters are used; ``characters``: row of each that the
    model knows.
    """
    earlier = before.last(BEFORE)
    place = _ROLES.index(speaker)
    offset = FIRST_CHARACTER + len(characters)
    found = [*_side(earlier, characters, offset, place), (EDGE, *_edge(offset), _place(offset, place, False))]
    start = len(found)
    found += _side(said, characters, offset, place, inside=True)
    return np.array(found, dtype=np.int32), start


def _side(
    said: Said, characters: Mapping[str, int], offset: int, place: int, *, inside: bool = False
) -> list[tuple[int, ...]]:
    last = _place(offset, place, inside)
    pairs, words, writings = offset, offset + PAIRS, offset + PAIRS + WORDS
    in_words = _words(said.text)
    found, previous = [], "^"
    for at, (raw, one) in enumerate(zip(said.raw, said.text, strict=True)):
        word = in_words.get(at)
        if word is None:
            pair, sound = _bucket("2" + previous + one, PAIRS), _bucket("o" + _sound(one), WORDS)
        else:
            pair, sound = _bucket("3" + word[-3:], PAIRS), _bucket("w" + word, WORDS)
        row = characters.get(one, UNKNOWN - FIRST_CHARACTER) + FIRST_CHARACTER
        found.append((row, pairs + pair, words + sound, writings + _writing(raw), last))
        previous = one
    return found


def _words(text: str) -> dict[int, str]:
    """The word of letters that each character stands in; digits said as words are one and the same."""
    found: dict[int, str] = {}
    for match in _WORD.finditer(text):
        if match[0].isascii() or not HAN_CHARACTER.search(match[0]):
            word = "#" if match[0] in _DIGIT_WORDS else match[0]
            found.update(dict.fromkeys(range(*match.span()), word))
        else:  # letters beside Han characters
            for part in re.finditer(r"[a-z']+", match[0]):
                found.update(dict.fromkeys(range(match.start() + part.start(), match.start() + part.end()), part[0]))
    return found


def _edge(offset: int) -> tuple[int, int, int]:
    return offset, offset + PAIRS, offset + PAIRS + WORDS + _WRITINGS - 1


def _place(offset: int, place: int, inside: bool) -> int:
    return offset + PAIRS + WORDS + _WRITINGS + 2 * place + inside


def _writing(raw: str) -> int:
    if HAN_CHARACTER.match(raw):
        return 0
    if raw.isalpha():
        return 2 if raw.isupper() else 1
    return 3 if raw.isdecimal() else 4 if raw == " " else 5


@lru_cache(maxsize=8192)
def _sound(one: str) -> str:
    """The merged sound of a Han character; of all else the character itself, digits alike."""
    if not HAN_CHARACTER.match(one):
        return "#" if one.isdecimal() else one
    return next(map(merged_sound, syllables(one)), one)


@lru_cache(maxsize=65536)
def _bucket(key: str, count: int) -> int:
    return crc32(key.encode("utf-8", "replace")) % count


def known(characters: Sequence[str]) -> dict[str, int]:
    """Place of each character of a model, as :func:`rows` wants it."""
    return {one: place for place, one in enumerate(characters)}
