"""What a tagger of secrets sees of a turn: for each character a few rows of its table.

The characters before the turn are the other side's: the question that the turn answers. A character is itself, the
pair it makes with the one before it (Han) or the end of its word, its sound (Han) or its word, its kind of writing, and
its place: before the turn or in it, and who speaks. Pairs and words that the model does not know are all one row: what
is common is seldom a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
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
COLUMNS = 5
_ROLES = (Role.UNKNOWN, Role.AGENT, Role.CUSTOMER)
_WRITINGS = 6  # Han, small letter, capital, digit, space, all else
_PLACES = 2 * len(_ROLES)
#: rows of a character, a pair and a word that the model does not know, and of the place between the two sides
UNKNOWN, UNKNOWN_PAIR, UNKNOWN_WORD, EDGE = range(4)
WRITINGS = 4
PLACES = WRITINGS + _WRITINGS
FIXED = PLACES + _PLACES  #: rows that every model has; those of characters and grams come after them
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_LETTERS = re.compile(r"[a-z']+")
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


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Rows of the characters and of the grams (by checksum) that a model knows."""

    characters: Mapping[str, int]
    grams: Mapping[int, int]

    @classmethod
    def of(cls, characters: str, grams: npt.NDArray[np.uint32]) -> Vocabulary:
        """Of a model's characters and of the checksums of its grams, each in the order of its table."""
        first = FIXED + len(characters)
        return cls(
            {one: FIXED + place for place, one in enumerate(characters)},
            {int(gram): first + place for place, gram in enumerate(grams)},
        )

    @property
    def size(self) -> int:
        """Rows of the table."""
        return FIXED + len(self.characters) + len(self.grams)


def rows(before: Said, said: Said, speaker: Role, known: Vocabulary) -> tuple[Rows, int]:
    """Rows of shape (positions, :data:`COLUMNS`), int32, and the position at which ``said`` begins.

    ``before``: of the other side, its last :data:`BEFORE` characters are used.
    """
    place = PLACES + 2 * _ROLES.index(speaker)
    found = [*_side(before.last(BEFORE), known, place)]
    found.append((EDGE, EDGE, EDGE, WRITINGS + _WRITINGS - 1, place))
    start = len(found)
    found += _side(said, known, place + 1)
    return np.array(found, dtype=np.int32), start


def grams(text: str) -> Iterator[tuple[int, int]]:
    """For each character of a text as rules read it, the checksums of its pair and of its sound or word."""
    in_words = _words(text)
    previous = "^"
    for at, one in enumerate(text):
        word = in_words.get(at)
        if word is None:
            yield _checksum("2" + previous + one), _checksum("o" + _sound(one))
        else:
            yield _checksum("3" + word[-3:]), _checksum("w" + word)
        previous = one


def _side(said: Said, known: Vocabulary, place: int) -> Iterator[tuple[int, ...]]:
    characters, rows_of = known.characters, known.grams
    for raw, one, (pair, word) in zip(said.raw, said.text, grams(said.text), strict=True):
        yield (
            characters.get(one, UNKNOWN),
            rows_of.get(pair, UNKNOWN_PAIR),
            rows_of.get(word, UNKNOWN_WORD),
            WRITINGS + _writing(raw),
            place,
        )


def _words(text: str) -> dict[int, str]:
    """The word of letters that each character stands in; digits said as words are one and the same."""
    found: dict[int, str] = {}
    for match in _WORD.finditer(text):
        parts = _LETTERS.finditer(text, *match.span()) if HAN_CHARACTER.search(match[0]) else [match]
        for part in parts:
            word = "#" if part[0] in _DIGIT_WORDS else part[0]
            found.update(dict.fromkeys(range(*part.span()), word))
    return found


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


@lru_cache(maxsize=32768)
def _checksum(key: str) -> int:
    return crc32(key.encode("utf-8", "replace"))
