"""Declared normalisers: what counts as the same word. docs/evaluation.md states them; a change makes a new version."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from callcore.text import convert_string

HAN_DIGITS = "零一二三四五六七八九"
_SPOKEN_DIGITS = str.maketrans("0123456789〇幺两", HAN_DIGITS + "零一二")
_UNITS = re.compile(
    "[\u3005\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]|[^\\W_\u3005\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]+(?:'[^\\W_]+)*"
)
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Normaliser:
    """``units`` cuts a text into what is compared; ``is_digit`` says which of them are digits."""

    name: str
    measure: str  #: "CER" or "WER"
    units: Callable[[str], list[str]]
    is_digit: Callable[[str], bool]


def mandarin_units(text: str) -> list[str]:
    """``zh-cer-1``: NFKC, Simplified (OpenCC), lower case, digits as Chinese digits one by one, 〇 幺 两 as 零 一 二.

    A unit is a Han character or a run of other letters (a Latin word with its inner apostrophes); punctuation, symbols
    and spaces are left out. Numbers are not rewritten: 50 is 五零 and differs from 五十.
    """
    plain = convert_string(unicodedata.normalize("NFKC", text), "simplified").lower()
    return _UNITS.findall(plain.translate(_SPOKEN_DIGITS))


def english_units(text: str) -> list[str]:
    """``en-wer-1``: words of Whisper's English normaliser (whisper-normalizer, a copy of OpenAI's)."""
    return str(_english()(text)).split()


def _has_digit(unit: str) -> bool:
    return any(character.isdecimal() for character in unit)


@cache
def _english() -> Callable[[str], str]:
    from whisper_normalizer.english import EnglishTextNormalizer

    normaliser: Callable[[str], str] = EnglishTextNormalizer()
    return normaliser


MANDARIN = Normaliser("zh-cer-1", "CER", mandarin_units, lambda unit: unit in HAN_DIGITS)
ENGLISH = Normaliser("en-wer-1", "WER", english_units, _has_digit)


def normaliser_for(language: str, text: str) -> Normaliser:
    """The normaliser of a language tag ("zh", "zh-CN", "en+zh", ...); without one, of the script of the text.

    Whatever holds Han characters, or is called Mandarin, is measured in characters; everything else in words.
    """
    if _HAN.search(text) or language.lower().startswith(("zh", "yue", "cmn")):
        return MANDARIN
    return ENGLISH
