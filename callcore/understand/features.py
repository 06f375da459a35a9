"""What the text models see of a text: positions, each with the hashes of the n-grams that begin there.

A position is a Han character, a Latin word, a run of digits (by its length) or a question or exclamation mark. Han
characters count by sight and by sound: pinyin without tones, with the sounds that recognisers and speakers confuse made
one (zh/z, ch/c, sh/s, n/l, final ng/n), so that a homophone changes half of the features and not all of them. Latin
words bring their letter n-grams (as in Bojanowski et al., "Enriching word vectors with subword information", 2017).

Hashes are CRC-32, the same in every Python. Which of them a model knows, and as what, is the model's affair
(:class:`callcore.engines.text_model.TextModel`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

import numpy as np
import numpy.typing as npt

from callcore.pinyin import syllables
from callcore.text import convert_string

VERSION = 1  #: of these features; a model made for another version is refused
HEAD_POSITIONS = 96  #: of a longer text, the first so many positions and ...
TAIL_POSITIONS = 64  #: ... the last so many are seen
MAX_LETTER_GRAMS = 24  #: of one Latin word
_MAX_CHARACTERS = 1200  # of a longer text, only the two ends are looked at
_MAX_WORD = 32  # letters of a word looked at

_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003134f"
_PIECE = re.compile(rf"[{_HAN}]|[^\W\d_{_HAN}]+(?:'[^\W\d_{_HAN}]+)*|\d+|[?!]")
_IS_HAN = re.compile(f"[{_HAN}]")
_SAME_INITIAL = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"))
_MARKS = str.maketrans(dict.fromkeys("?!？！", " "))
_EDGE = "\x02"  # stands before the first and after the last position
_JOIN = "\x01"

Grams = npt.NDArray[np.uint32]


def without_marks(text: str) -> str:
    """The text with question and exclamation marks made spaces: in transcripts they are guesses of the restorer."""
    return text.translate(_MARKS)


@dataclass(frozen=True, slots=True)
class Features:
    """``grams``: shape (positions, most grams of a position), uint32, 0 where a position has fewer.

    ``spans``: where each position stands in the text as given, half-open, in characters.
    """

    grams: Grams
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class _Token:
    surface: str
    sound: str  # of a Han character its merged syllable; of all else the surface
    han: bool


def features(text: str) -> Features:
    """Features of ``text``, whatever it holds; a text without letters, digits and marks has none (shape (0, 1))."""
    pieces, spans = _pieces(text)
    if len(pieces) > HEAD_POSITIONS + TAIL_POSITIONS:
        pieces = pieces[:HEAD_POSITIONS] + pieces[-TAIL_POSITIONS:]
        spans = spans[:HEAD_POSITIONS] + spans[-TAIL_POSITIONS:]
    rows = _rows(_tokens(pieces))
    grams = np.zeros((len(rows), max(map(len, rows), default=1)), dtype=np.uint32)
    for i, row in enumerate(rows):
        grams[i, : len(row)] = row
    return Features(grams, tuple(spans))


def merged_sound(syllable: str) -> str:
    """A syllable with the sounds made one that are often confused: ``merged_sound("zhong") == "zon"``."""
    for one, other in _SAME_INITIAL:
        if syllable.startswith(one):
            syllable = other + syllable[len(one) :]
            break
    return syllable[:-1] if syllable.endswith("ng") else syllable


def _pieces(text: str) -> tuple[list[str], list[tuple[int, int]]]:
    written, origin = _normalised(text)
    found = list(_PIECE.finditer(written))
    return [m.group() for m in found], [(origin[m.start()], origin[m.end() - 1] + 1) for m in found]


def _tokens(pieces: Sequence[str]) -> list[_Token]:
    sounds = iter(_sounds("".join(piece for piece in pieces if _IS_HAN.match(piece))))
    tokens: list[_Token] = []
    for piece in pieces:
        if _IS_HAN.match(piece):
            tokens.append(_Token(piece, next(sounds), True))
        else:
            surface = f"#{min(len(piece), 20)}" if piece[0].isdecimal() else piece[:_MAX_WORD]
            tokens.append(_Token(surface, surface, False))
    return tokens


def _normalised(text: str) -> tuple[str, list[int]]:
    """Compatibility forms made plain, lower case, simplified; and the place in ``text`` of each character."""
    places: Sequence[int] = range(len(text))
    if len(text) > _MAX_CHARACTERS:
        half = _MAX_CHARACTERS // 2
        places = [*range(half), *range(len(text) - half, len(text))]
    characters: list[str] = []
    origin: list[int] = []
    for place in places:
        for character in _plain(text[place]):
            characters.append(character)
            origin.append(place)
    written = "".join(characters)
    if _IS_HAN.search(written):
        simplified = convert_string(written, "simplified")
        if len(simplified) == len(written):
            written = simplified
    return written, origin


@lru_cache(maxsize=8192)
def _plain(character: str) -> str:
    if character in "’‘":
        return "'"
    return unicodedata.normalize("NFKC", character).lower()


def _sounds(han: str) -> list[str]:
    """Merged sound of each character of ``han``; the character itself where nobody knows its sound."""
    spoken = syllables(han) if han else ()
    if len(spoken) != len(han):
        spoken = [next(iter(syllables(character)), character) for character in han]
    return [_merged(syllable) for syllable in spoken]


_merged = lru_cache(maxsize=2048)(merged_sound)


def _rows(tokens: Sequence[_Token]) -> list[list[int]]:
    edge = _Token(_EDGE, _EDGE, False)
    padded = [*tokens, edge, edge]
    rows: list[list[int]] = []
    for i, token in enumerate(tokens):
        one, two, three = padded[i : i + 3]
        row = [_hash("1" + one.surface), _hash("2" + one.surface + _JOIN + two.surface)]
        if not i:
            row.append(_hash("2" + _EDGE + _JOIN + one.surface))
        if token.han:
            row += [_hash("o" + one.sound), _hash("p" + one.sound + _JOIN + two.sound)]
        else:
            row.append(_hash("3" + one.surface + _JOIN + two.surface + _JOIN + three.surface))
            row += _letter_grams(one.surface)
        rows.append(row)
    return rows


@lru_cache(maxsize=8192)
def _letters(word: str) -> tuple[int, ...]:
    framed = f"<{word}>"
    grams = [framed[i : i + n] for n in (3, 4, 5) for i in range(len(framed) - n + 1)]
    step = max(1, -(-len(grams) // MAX_LETTER_GRAMS))
    return tuple(_hash("c" + gram) for gram in grams[::step])


def _letter_grams(word: str) -> list[int]:
    return list(_letters(word)) if len(word) > 1 and word.isalpha() else []


def _hash(gram: str) -> int:
    return crc32(gram.encode()) or 1  # 0 stands for "no gram"
