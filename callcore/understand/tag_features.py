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
from itertools import repeat
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
    before = before.last(BEFORE)
    start = len(before.text) + 1
    found = np.empty((start + len(said.text), COLUMNS), dtype=np.int32)
    _fill(found[: start - 1], before, known, place)
    found[start - 1] = EDGE, EDGE, EDGE, WRITINGS + _WRITINGS - 1, place
    _fill(found[start:], said, known, place + 1)
    return found, start


def grams(text: str) -> Iterator[tuple[int, int]]:
    """For each character of a text as rules read it, the checksums of its pair and of its sound or word."""
    place, previous = 0, "^"
    for start, end, word in (*_words(text), (len(text), len(text), "")):
        between = text[place:start]
        yield from zip(map(_pair, previous + between, between), map(_sound, between), strict=False)
        if end > start:
            yield from repeat((_checksum("3" + word[-3:]), _checksum("w" + word)), end - start)
            place, previous = end, text[end - 1]


def _fill(found: Rows, said: Said, known: Vocabulary, place: int) -> None:
    """The rows of one side, shape (characters, :data:`COLUMNS`)."""
    characters, rows_of = known.characters.get, known.grams.get
    seen = list(grams(said.text))
    found[:, 0] = [characters(one, UNKNOWN) for one in said.text]
    found[:, 1] = [rows_of(pair, UNKNOWN_PAIR) for pair, _ in seen]
    found[:, 2] = [rows_of(word, UNKNOWN_WORD) for _, word in seen]
    found[:, 3] = [WRITINGS + _writing(one) for one in said.raw]
    found[:, 4] = place


def _words(text: str) -> Iterator[tuple[int, int, str]]:
    """Where words of letters stand, half-open, in order; digits said as words are one and the same."""
    for match in _WORD.finditer(text):
        parts = _LETTERS.finditer(text, *match.span()) if HAN_CHARACTER.search(match[0]) else [match]
        for part in parts:
            yield *part.span(), "#" if part[0] in _DIGIT_WORDS else part[0]


@lru_cache(maxsize=8192)
def _writing(raw: str) -> int:
    if HAN_CHARACTER.match(raw):
        return 0
    if raw.isalpha():
        return 2 if raw.isupper() else 1
    return 3 if raw.isdecimal() else 4 if raw == " " else 5


@lru_cache(maxsize=8192)
def _sound(one: str) -> int:
    """Checksum of the merged sound of a Han character; of all else of the character itself, digits alike."""
    if HAN_CHARACTER.match(one):
        return _checksum("o" + next(map(merged_sound, syllables(one)), one))
    return _checksum("o#" if one.isdecimal() else "o" + one)


@lru_cache(maxsize=32768)
def _pair(before: str, one: str) -> int:
    return _checksum(f"2{before}{one}")


def _checksum(key: str) -> int:
    return crc32(key.encode("utf-8", "replace"))
