"""How Mandarin text sounds: units of text with their syllables, and the classes that encoder frames are labelled with.

Pronunciation is pypinyin's with its table of phrases; Latin letters are said as letters, in the syllables nearest to
them. Third tones before third tones rise, as people say them, in a share of the utterances.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from random import Random

from pypinyin import Style, pinyin

HAN = re.compile(r"[一-鿿]")
MARKS = "，。？！、；："
LETTERS = {
    "A": "ei1", "B": "bi4", "C": "xi1", "D": "di4", "E": "yi4", "F": "ai2 fu5", "G": "ji4", "H": "ei2 chi5",
    "I": "ai4", "J": "zhei4", "K": "kei4", "L": "ai2 lou5", "M": "ai2 mu5", "N": "en1", "O": "ou1", "P": "pi4",
    "Q": "kiu1", "R": "a4", "S": "ai2 si5", "T": "ti4", "U": "you1", "V": "wei1", "W": "da2 bu5 liu5",
    "X": "ai2 ke5 si5", "Y": "wai4", "Z": "zei4",
}  # fmt: skip
INITIALS = "zh ch sh b p m f d t n l g k h j q x r z c s y w".split()
TONES = 6  #: none (silence), the four tones and the light one
_SYLLABLE = re.compile(r"^([a-zü]+?)([1-5]?)$")


@dataclass(frozen=True, slots=True)
class Unit:
    """Characters that are written together and the syllables (pinyin with tone number) they are said with."""

    text: str
    syllables: tuple[str, ...]  #: none for punctuation


def units(text: str, random: Random | None = None) -> list[Unit] | None:
    """Units of ``text`` in order; None where something cannot be said. ``random``: sandhi in half of the calls."""
    found: list[Unit] = []
    for run in re.findall(r"[一-鿿]+|[A-Za-z]+|.", text):
        if HAN.match(run):
            said = pinyin(run, style=Style.TONE3, neutral_tone_with_five=True, errors="ignore")
            if len(said) != len(run):
                return None
            found += [Unit(character, (sound[0],)) for character, sound in zip(run, said, strict=True)]
        elif run.isascii() and run.isalpha():
            found += [Unit(letter, tuple(LETTERS[letter.upper()].split())) for letter in run]
        elif run in MARKS:
            found.append(Unit(run, ()))
        else:
            return None
    if random and random.random() < 0.5:
        found = sandhi(found)
    known = _known()
    return found if all(split(s)[0] in known for unit in found for s in unit.syllables) else None


def sandhi(said: list[Unit]) -> list[Unit]:
    """A third tone before a third tone becomes a second; 不 before a fourth, and 一 by what follows, change as well."""
    changed = list(said)
    for index in range(len(said) - 2, -1, -1):
        unit, after = changed[index], changed[index + 1]
        if not unit.syllables or not after.syllables:
            continue
        following = after.syllables[0][-1]
        own = unit.syllables[-1]
        new = own
        if own.endswith("3") and following == "3":
            new = own[:-1] + "2"
        elif unit.text == "不" and following == "4":
            new = "bu2"
        changed[index] = Unit(unit.text, (*unit.syllables[:-1], new))
    return changed


def split(syllable: str) -> tuple[str, int]:
    """A syllable without its tone, and the tone 1 to 5."""
    match = _SYLLABLE.match(syllable.replace("v", "ü"))
    if not match:
        return "", 5
    return match[1], int(match[2] or 5)


@cache
def syllable_list() -> tuple[str, ...]:
    """All toneless syllables, in order: those of the characters of GB 2312 and of the letters."""
    found: set[str] = set()
    for high in range(0xB0, 0xF8):
        for low in range(0xA1, 0xFF):
            try:
                character = bytes((high, low)).decode("gb2312")
            except UnicodeDecodeError:
                continue
            for sound in pinyin(character, style=Style.TONE3, heteronym=True, neutral_tone_with_five=True)[0]:
                found.add(split(sound)[0])
    found |= {split(sound)[0] for said in LETTERS.values() for sound in said.split()}
    return tuple(sorted(found - {""}))


@cache
def _known() -> frozenset[str]:
    return frozenset(syllable_list())


@cache
def finals() -> tuple[str, ...]:
    """All finals, in order."""
    return tuple(sorted({parts(syllable)[1] for syllable in syllable_list()}))


def parts(syllable: str) -> tuple[str, str]:
    """Initial ("" where there is none) and final of a toneless syllable, as it is spelt."""
    for initial in INITIALS:
        if syllable.startswith(initial) and len(syllable) > len(initial):
            return initial, syllable[len(initial) :]
    return "", syllable


@cache
def classes() -> dict[str, int]:
    """The class of every toneless syllable, from 1; 0 is silence."""
    return {syllable: index for index, syllable in enumerate(syllable_list(), 1)}


def initial_table() -> list[int]:
    """The class of the initial of each syllable class; 0 is silence, 1 no initial."""
    order = {initial: index for index, initial in enumerate(INITIALS, 2)}
    return [0, *(order.get(parts(syllable)[0], 1) for syllable in syllable_list())]


def final_table() -> list[int]:
    """The class of the final of each syllable class; 0 is silence."""
    order = {final: index for index, final in enumerate(finals(), 1)}
    return [0, *(order[parts(syllable)[1]] for syllable in syllable_list())]
