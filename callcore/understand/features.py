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
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress
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


See = Callable[[str], Features]  #: :func:`features`, or what remembers its answers


def features(text: str) -> Features:
    """Features of ``text``, whatever it holds; a text without letters, digits and marks has none (shape (0, 1))."""
    pieces, spans = _pieces(text)
    if len(pieces) > HEAD_POSITIONS + TAIL_POSITIONS:
        pieces = pieces[:HEAD_POSITIONS] + pieces[-TAIL_POSITIONS:]
        spans = spans[:HEAD_POSITIONS] + spans[-TAIL_POSITIONS:]
    rows = _rows(*_tokens(pieces))
    width = max(map(len, rows), default=1)
    filled = [row + [0] * (width - len(row)) for row in rows]
    return Features(np.array(filled, dtype=np.uint32).reshape(len(rows), width), tuple(spans))


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


def _tokens(pieces: Sequence[str]) -> tuple[list[str], list[str]]:
    """Of each piece its surface, and of a Han character its merged syllable, "" of all else."""
    han = [_IS_HAN.match(piece) is not None for piece in pieces]
    sounds = iter(_sounds("".join(compress(pieces, han))))
    surfaces = [piece if is_han else _surface(piece) for piece, is_han in zip(pieces, han, strict=True)]
    return surfaces, [next(sounds) if is_han else "" for is_han in han]


def _surface(piece: str) -> str:
    """Of a run of digits, a word or a mark."""
    return f"#{min(len(piece), 20)}" if piece[0].isdecimal() else piece[:_MAX_WORD]


def _normalised(text: str) -> tuple[str, Sequence[int]]:
    """Compatibility forms made plain, lower case, simplified; and the place in ``text`` of each character."""
    places: Sequence[int] = range(len(text))
    if len(text) > _MAX_CHARACTERS:
        half = _MAX_CHARACTERS // 2
        places = [*range(half), *range(len(text) - half, len(text))]
    elif text.isascii():
        return text.lower(), places
    plain = [_plain(text[place]) for place in places]
    written = "".join(plain)
    origin = [place for place, characters in zip(places, plain, strict=True) for _ in characters]
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


def _rows(surfaces: Sequence[str], sounds: Sequence[str]) -> list[list[int]]:
    ahead = [*surfaces[1:], _EDGE, _EDGE]
    heard = [*(sound or surface for sound, surface in zip(sounds[1:], surfaces[1:], strict=True)), _EDGE]
    rows: list[list[int]] = []
    for i, (one, sound) in enumerate(zip(surfaces, sounds, strict=True)):
        two = ahead[i]
        row = [_hash(f"1{one}"), _hash(f"2{one}{_JOIN}{two}")]
        if not i:
            row.append(_hash(f"2{_EDGE}{_JOIN}{one}"))
        if sound:
            row += (_hash(f"o{sound}"), _hash(f"p{sound}{_JOIN}{heard[i]}"))
        else:
            row.append(_hash(f"3{one}{_JOIN}{two}{_JOIN}{ahead[i + 1]}"))
            row += _letter_grams(one)
        rows.append(row)
    return rows


@lru_cache(maxsize=8192)
def _letters(word: str) -> tuple[int, ...]:
    framed = f"<{word}>"
    grams = [framed[i : i + n] for n in (3, 4, 5) for i in range(len(framed) - n + 1)]
    step = max(1, -(-len(grams) // MAX_LETTER_GRAMS))
    return tuple(_hash("c" + gram) for gram in grams[::step])


def _letter_grams(word: str) -> tuple[int, ...]:
    return _letters(word) if len(word) > 1 and word.isalpha() else ()


def _hash(gram: str) -> int:
    return crc32(gram.encode()) or 1  # 0 stands for "no gram"
