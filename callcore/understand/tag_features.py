"""What a tagger of secrets sees of a turn: for each character a few rows of its table.

The characters before the turn are the other side's: the question that the turn answers. A character is itself, the
pair it makes with the one before it (Han) or the end of its word, its sound (Han) or its word, its kind of writing, and
its place: before the turn or in it, and who speaks. Pairs and words that the model does not know are all one row: what
is common is seldom a name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
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
    """Rows of what a model knows, one look-up for each thing that is seen of a character."""

    characters: Mapping[str, int]
    pair: Callable[[str], int]  #: of two characters
    sound: Callable[[str], int]  #: of a character
    word: Callable[[str], tuple[int, int]]  #: of the end of a word of letters, and of the word
    size: int  #: rows of the table

    @classmethod
    def of(cls, characters: str, grams: npt.NDArray[np.uint32]) -> Vocabulary:
        """Of a model's characters and of the checksums of its grams, each in the order of its table."""
        first = FIXED + len(characters)
        rows = {int(gram): first + place for place, gram in enumerate(grams)}

        def word(letters: str) -> tuple[int, int]:
            end, whole = _word(letters)
            return rows.get(end, UNKNOWN_PAIR), rows.get(whole, UNKNOWN_WORD)

        return cls(
            {one: FIXED + place for place, one in enumerate(characters)},
            lru_cache(maxsize=32768)(lambda two: rows.get(_pair(two), UNKNOWN_PAIR)),
            lru_cache(maxsize=8192)(lambda one: rows.get(_sound(one), UNKNOWN_WORD)),
            word,
            first + len(rows),
        )


def rows(before: Said, said: Said, speaker: Role, known: Vocabulary) -> tuple[Rows, int]:
    """Rows of shape (positions, :data:`COLUMNS`), int32, and the position at which ``said`` begins.

    ``before``: of the other side, its last :data:`BEFORE` characters are used.
    """
    place = PLACES + 2 * _ROLES.index(speaker)
    before = before.last(BEFORE)
    start = len(before.text) + 1
    edge = ([EDGE], [EDGE], [EDGE], [WRITINGS + _WRITINGS - 1])
    sides = zip(_columns(before, known), edge, _columns(said, known), strict=True)
    found = np.empty((start + len(said.text), COLUMNS), dtype=np.int32)
    found[:, :-1] = np.array([[*asked, *between, *answered] for asked, between, answered in sides]).T
    found[:start, -1] = place
    found[start:, -1] = place + 1
    return found, start


def grams(text: str) -> Iterator[tuple[int, int]]:
    """For each character of a text as rules read it, the checksums of its pair and of its sound or word."""
    return _seen(text, _pair, _sound, _word)


def _seen(
    text: str, pair: Callable[[str], int], sound: Callable[[str], int], word: Callable[[str], tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """For each character what is made of its pair and of its sound, or of its word."""
    place, previous = 0, "^"
    for start, end, letters in (*_words(text), (len(text), len(text), "")):
        for one in text[place:start]:
            yield pair(previous + one), sound(one)
            previous = one
        if end > start:
            yield from repeat(word(letters), end - start)
            place, previous = end, text[end - 1]


def _columns(said: Said, known: Vocabulary) -> tuple[list[int], ...]:
    """The columns of one side but for the last, by character."""
    seen = list(_seen(said.text, known.pair, known.sound, known.word))
    return (
        [known.characters.get(one, UNKNOWN) for one in said.text],
        [pair for pair, _ in seen],
        [word for _, word in seen],
        [WRITINGS + _writing(one) for one in said.raw],
    )


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


def _sound(one: str) -> int:
    """Checksum of the merged sound of a Han character; of all else of the character itself, digits alike."""
    if HAN_CHARACTER.match(one):
        return _checksum("o" + next(map(merged_sound, syllables(one)), one))
    return _checksum("o#" if one.isdecimal() else "o" + one)


def _pair(two: str) -> int:
    return _checksum("2" + two)


def _word(letters: str) -> tuple[int, int]:
    """Checksums of the end of a word and of the word."""
    return _checksum("3" + letters[-3:]), _checksum("w" + letters)


def _checksum(key: str) -> int:
    return crc32(key.encode("utf-8", "replace"))
