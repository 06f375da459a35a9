"""Mandarin as a recogniser mishears it: words that introduce a secret, and digits, written with characters that sound
the same. Nothing but the redaction reads text like this, where a mask too many is better than one too few.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from callcore.pinyin import syllables
from callcore.privacy.spans import NUMBER_KINDS, Secret
from callcore.text.chars import HAN_CHARACTER
from callcore.types import Word

#: words that introduce what is secret, and are mistaken for nothing that is common beside numbers
CUES = tuple(
    "有效期 到期日 身份证 验证码 手机号 安全码 校验码 动态码 密码 卡号 尾号 账号 户名 邮箱 地址 小区 单元 号楼 门牌 "
    "护照 座机 口令".split()
)
_DIGITS = "零一二三四五六七八九幺"
_ALIKE = (
    "灵令林另临依已以医意易儿而耳尔散伞山思是事死似斯五无吴午物留流刘柳六陆期起其气妻七琪吧巴爸把八九就久酒旧要药"
    "腰邀又两量"
)
_DIGIT = rf"[\d{_DIGITS}]"
_AFTER = re.compile(rf"(?:[ ,、]?[{_ALIKE}]{{0,2}}[ ,、]?{_DIGIT}+)+")
_BEFORE = re.compile(rf"(?:{_DIGIT}+[ ,、]?[{_ALIKE}]{{0,2}}[ ,、]?)+$")
_REACH = 12  # characters before a number that are looked at


@lru_cache(maxsize=8192)
def _sound(character: str) -> str:
    """The syllable of a Han character, "" of all else."""
    return "".join(syllables(character)) if HAN_CHARACTER.match(character) else ""


@lru_cache(maxsize=1)
def _cues() -> dict[tuple[str, ...], str]:
    return {tuple(map(_sound, cue)): cue for cue in CUES}


def as_meant(words: Sequence[Word]) -> tuple[Word, ...]:
    """The words with what only sounds like one of :data:`CUES` written as it; lengths stay."""
    text = "".join(word.text for word in words)
    sounds = [_sound(one) for one in text]
    changed: dict[int, str] = {}
    for size in (2, 3):
        for at in range(len(text) - size + 1):
            cue = _cues().get(tuple(sounds[at : at + size])) if sounds[at] else None
            if cue and text[at : at + size] != cue:
                changed |= {at + i: one for i, one in enumerate(cue)}
    if not changed:
        return tuple(words)
    meant, at = [], 0
    for word in words:
        written = "".join(changed.get(at + i, one) for i, one in enumerate(word.text))
        meant.append(word if written == word.text else replace(word, text=written))
        at += len(word.text)
    return tuple(meant)


def misheard_digits(text: str, found: Sequence[Secret]) -> list[Secret]:
    """What goes on with a secret number in characters that sound like digits, in both directions."""
    more = []
    for one in found:
        if one.kind not in NUMBER_KINDS:
            continue
        if after := _AFTER.match(text, one.end):
            more.append(Secret("digits", *after.span()))
        if before := _BEFORE.search(text, max(0, one.start - _REACH), one.start):
            more.append(Secret("digits", *before.span()))
    return more
