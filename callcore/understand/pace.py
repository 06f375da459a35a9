"""Syllables of a text as it is said, for the speaking rate in syllables a second.

Mandarin: one Han character is one syllable (Chao, "A Grammar of Spoken Chinese", 1968), one digit another. English:
groups of vowel letters, with the silent e and the usual endings taken off: the rule of the readability formulas (after
Flesch, "A new readability yardstick", 1948). docs/dynamics.md says how often it is right.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from callcore.types import MASK

LETTERS = 3  #: of an English syllable, about
LONGEST_ACRONYM = 5  #: letters; longer words in capitals are read, not spelt

_HAN_KANA = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_PIECE = re.compile(rf"[{_HAN_KANA}]|\d|[^\W\d_{_HAN_KANA}]+(?:['’][^\W\d_{_HAN_KANA}]+)*|{re.escape(MASK)}+")
_HAN = re.compile(f"[{_HAN_KANA}]")
_VOWELS = re.compile("[aeiouy]+")
_SILENT_END = re.compile("(?:[^laeiouy]|[aeiouy]l|rl)e$|[^aeioutd]ed$|[^aeiousxzcgh]es$|eful$|ement$|eless$|ely$")
_NOT = re.compile("[^aeiou]n['’]t$")  # doesn't, but don't
_APART = re.compile("i[aou](?!us)|[aeo]ing|eo[^ur]|ua[^r]|[^aeiouy]ism|uou")
_ONE_SOUND = re.compile("[ctsg]ion|[ctgs]i(?:al|an|ou|en)|[^e]geo|qua|gua|people|eous")


def count_syllables(text: str) -> int:
    """Syllables of a text in Han characters, kana, digits and Latin letters; words of other scripts count as one.

    Of what is masked each character counts as one in a text with Han characters, :data:`LETTERS` of them elsewhere.
    """
    letters = 1 if _HAN.search(text) else LETTERS
    return sum(_of_piece(piece, letters) for piece in _PIECE.findall(text))


def _of_piece(piece: str, letters: int) -> int:
    if piece[0] == MASK:
        return max(1, round(len(piece) / letters))
    if len(piece) == 1 or (piece.isascii() and piece.isupper() and len(piece) <= LONGEST_ACRONYM):
        return _spelt(piece)
    return _of_word(piece.lower())


@lru_cache(maxsize=8192)
def _of_word(word: str) -> int:
    plain = "".join(letter for letter in unicodedata.normalize("NFD", word) if letter.isalpha())
    groups = len(_VOWELS.findall(plain))
    if not groups and len(plain) <= LONGEST_ACRONYM and plain.isascii():
        return _spelt(plain)
    if groups > 1 and _SILENT_END.search(word):  # not of plain: an accented e is heard
        groups -= 1
    apart = len(_APART.findall(plain)) - len(_ONE_SOUND.findall(plain))
    return max(groups + max(apart, 0) + len(_NOT.findall(word)), 1)


def _spelt(letters: str) -> int:
    return sum(3 if letter in "wW" else 1 for letter in letters)
