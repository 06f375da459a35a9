"""What a tagger of secrets sees of a turn: for each character a few rows of its table.

The characters before the turn are the other side's: the question that the turn answers. A character is itself, the
pair it makes with the one before it (Han) or the end of its word, its sound (Han) or its word, its kind of writing, and
its place: before the turn or in it, and who speaks. Pairs and words that the model does not know are all one row: what
is common is seldom a name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from struct import Struct
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
_START = "^"  # stands before the first character
_ROW = Struct("=4i")
_DIGIT_WORDS = frozenset("zero one two three four five six seven eight nine oh nought".split())

_BETWEEN = _ROW.pack(EDGE, EDGE, EDGE, WRITINGS + _WRITINGS - 1)

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
    """Rows of what a model knows, one look-up for all that is seen of a character or of a word.

    Both give, for each of their characters, the rows of all columns but the last, int32, as bytes in a row.
    """

    sign: Callable[[str], bytes]  #: of a character that is in no word of letters: the one before it, it, it as written
    word: Callable[[str, str], bytes]  #: of a word of letters, and the same as written
    size: int  #: rows of the table

    @classmethod
    def of(cls, characters: str, grams: npt.NDArray[np.uint32]) -> Vocabulary:
        """Of a model's characters and of the checksums of its grams, each in the order of its table."""
        first = FIXED + len(characters)
        rows = {int(gram): first + place for place, gram in enumerate(grams)}
        known = {one: FIXED + place for place, one in enumerate(characters)}

        def joined(one: str, written: str, pair: int, word: int) -> bytes:
            row = known.get(one, UNKNOWN), rows.get(pair, UNKNOWN_PAIR), rows.get(word, UNKNOWN_WORD)
            return _ROW.pack(*row, WRITINGS + _writing(written))

        def sign(seen: str) -> bytes:
            return joined(seen[1], seen[2], _pair(seen[:2]), _sound(seen[1]))

        def word(letters: str, written: str) -> bytes:
            return b"".join(joined(*both, *_word(letters)) for both in zip(letters, written, strict=True))

        return cls(lru_cache(maxsize=32768)(sign), lru_cache(maxsize=8192)(word), first + len(rows))


def rows(before: Said, said: Said, speaker: Role, known: Vocabulary) -> tuple[Rows, int]:
    """Rows of shape (positions, :data:`COLUMNS`), int32, and the position at which ``said`` begins.

    ``before``: of the other side, its last :data:`BEFORE` characters are used.
    """
    place = PLACES + 2 * _ROLES.index(speaker)
    before = before.last(BEFORE)
    start = len(before.text) + 1
    seen = b"".join([*_seen(before, known), _BETWEEN, *_seen(said, known)])
    found = np.empty((start + len(said.text), COLUMNS), dtype=np.int32)
    found[:, :-1] = np.frombuffer(seen, dtype=np.int32).reshape(-1, COLUMNS - 1)
    found[:start, -1] = place
    found[start:, -1] = place + 1
    return found, start


def grams(text: str) -> Iterator[tuple[int, int]]:
    """For each character of a text as rules read it, the checksums of its pair and of its sound or word."""
    framed, place = _START + text, 0
    for start, end in _words(text):
        yield from ((_pair(framed[i : i + 2]), _sound(text[i])) for i in range(place, start))
        yield from repeat(_word(text[start:end]), end - start)
        place = end


def _seen(said: Said, known: Vocabulary) -> list[bytes]:
    """The rows of one side, sign by sign and word by word."""
    framed, raw, place = _START + said.text, said.raw, 0
    found: list[bytes] = []
    for start, end in _words(said.text):
        found += [known.sign(framed[i : i + 2] + raw[i]) for i in range(place, start)]
        if end > start:
            found.append(known.word(said.text[start:end], raw[start:end]))
        place = end
    return found


def _words(text: str) -> Iterator[tuple[int, int]]:
    """Where words of letters stand, half-open, in order; at last the empty one at the end of the text."""
    for match in _WORD.finditer(text):
        if HAN_CHARACTER.search(match[0]):
            yield from (part.span() for part in _LETTERS.finditer(text, *match.span()))
        else:
            yield match.span()
    yield len(text), len(text)


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
    """Checksums of the end of a word and of the word; digits said as words are one and the same."""
    if letters in _DIGIT_WORDS:
        letters = "#"
    return _checksum("3" + letters[-3:]), _checksum("w" + letters)


def _checksum(key: str) -> int:
    return crc32(key.encode("utf-8", "replace"))
