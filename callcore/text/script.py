"""Simplified and Traditional characters (OpenCC's phrase tables)."""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

from opencc import OpenCC

from callcore.text.chars import Text

Script = Literal["simplified", "traditional"]
_BROKEN = re.compile("[\ud800-\udfff]")  # halves of characters, which OpenCC refuses


def convert(text: Text, script: Script) -> Text:
    """The text in one script. Phrases decide ambiguous characters, so the whole text is converted at once.

    Should that change the length (no table used here does so for Mandarin), each character is converted alone.
    """
    converted = _convert(text.characters, script)
    if len(converted) == len(text.characters):
        return Text(converted, text.owners)
    pieces = [_convert(character, script) for character in text.characters]
    owners = tuple(o for piece, o in zip(pieces, text.owners, strict=True) for _ in piece)
    return Text("".join(pieces), owners)


def convert_string(text: str, script: Script) -> str:
    """:func:`convert` for a plain string."""
    return _convert(text, script)


def _convert(text: str, script: Script) -> str:
    text = _BROKEN.sub("\ufffd", text)
    if script == "traditional":
        return str(_table("s2tw").convert(text))
    simplified = str(_table("t2s").convert(text))
    if "著" in simplified:
        simplified = _only_zhe(simplified, text)
    # Outside the basic plane lie simplified forms that no one writes and few fonts have (暐 is left as it is).
    if len(simplified) == len(text) and any(ord(character) > 0xFFFF for character in simplified):
        return "".join(old if ord(new) > 0xFFFF else new for old, new in zip(text, simplified, strict=True))
    return simplified


def _only_zhe(simplified: str, text: str) -> str:
    """着 where Taiwan writes 著 (著急). Its own table knows, and is used for nothing else: it turns 么 into 幺."""
    taiwan = str(_table("tw2s").convert(text))
    if len(taiwan) != len(simplified):
        return simplified
    return "".join(other if one == "著" else one for one, other in zip(simplified, taiwan, strict=True))


@cache
def _table(name: str) -> OpenCC:
    return OpenCC(name)
