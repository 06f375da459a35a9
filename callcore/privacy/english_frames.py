"""Names in English that the sentence around them makes sure of: Rosa Lind here, Kim is my niece, since Alun died."""

from __future__ import annotations

import re
from collections.abc import Iterator

from callcore.privacy.english_lexicon import (
    ASKS_FOR,
    GREETING,
    INNER_CAPITAL,
    NEXT,
    PROPER,
    RELATIVES,
    WORD,
    first_names,
    goes_with,
    is_no_name,
    is_place,
    may_be_name,
    not_names,
    tells_by_capitals,
    words_of,
)
from callcore.privacy.spans import NEVER, Secret
from callcore.privacy.view import View
from callcore.types import Role

_OF_OURS = re.compile(r"\b(?:my|our|his|her|their|your|to|for|and)(?: (?:own|late|poor|dear|big|little))* $")
_LIKE_WORD = re.compile(r"\b(?P<name>[A-Z][^\W\d_]+)(?:[.,] Like|,? (?:like|as in)) the\b")
_WHOLE = re.compile(r"(?:^|[.?!,] )(?P<name>[A-Z][^\W\d_]+(?: [A-Z][^\W\d_]+){1,2})(?=[.,?!]|$)")
_WHOSE = re.compile(
    r"\b(?P<name>[A-Z][^\W\d_]+)(?:,| is|, (?:that's|that is|who's|he's|she's)) (?:my|our|his|her) "
    r"(?:own |late |eldest |youngest )?"
    rf"(?:{RELATIVES}|auntie|grand\w+|nan|gran)\b"
)
_FULL = rf"(?P<name>{PROPER}(?: {PROPER}){{1,2}})"
#: whom an agent that rings somebody asks for, and who says that it is they
_ASKED_FOR = re.compile(rf"\b(?i:{ASKS_FOR}) {_FULL}(?=[?,.]|$)")
_ASKED_FOR_FIRST = re.compile(rf"\b(?i:{ASKS_FOR}) (?P<name>{PROPER})\?")
#: who has died: "since Alun went, the card is no use"
_DIED = re.compile(
    rf"\b(?i:since|when|before|after|once|till|until) (?P<name>{PROPER}) "
    r"(?:died|passed(?! (?:on|it|the|me|you)\b)|went(?=[.,?!]|$))"
)
_IS_HERE = re.compile(rf"(?:^|[.?!,] ){_FULL} (?:here|speaking)\b")
_SELF = rf"(?P<name>{PROPER}(?: (?:ap|bin|al|de|van) {PROPER}| {PROPER}){{0,2}})"
_WHOLE_SELF = rf"(?P<name>{PROPER}(?: (?:ap|bin|al|de|van))?(?: {PROPER}){{1,2}})"
#: who rings, in their words: "Rosa Lind this side", "it's Femke again", "Morning. Aled. I'd like ..."
_I_AM = (
    re.compile(
        rf"(?:^|[.?!,] |(?i:\bit'?s |\bthis is )){_SELF} "
        r"(?:here|speaking|this side|calling|again|on the (?:line|phone))\b"
    ),
    re.compile(
        rf"^(?i:(?:yes|yeah|oh|um|er),? )*(?i:{GREETING})(?:[.!] (?P<one>{PROPER})[.]|"
        rf"(?:,? {PROPER})?(?:, |[.!] ){_WHOLE_SELF}[,.])"
        r" (?=(?i:i'?d|i'?m|i|i'?ve|my|about|ringing|calling|phoning|born|date of birth|account|card)\b)"
    ),
)
#: that where nothing has a capital: "hi its femke lind again"
_I_AM_LOWER = re.compile(
    rf"^(?:(?:yes|yeah|oh|um|er),? )*(?:{GREETING}),? (?:yes |yeah )?(?:it'?s|this is|i'?m|i am) "
    rf"(?P<name>{WORD}(?: {WORD}){{0,2}}?)"
    r"(?= (?:here|again|speaking|calling|this side|and|from|i|i'?ve|i'?d|i'?m)\b|[,.]|$)"
)
#: and at the end of what is said: "nothing to wait for it's femke lind"
_IT_IS_LOWER = re.compile(rf"\b(?:it'?s|this is|i'?m|i am) (?P<name>{WORD}(?: {WORD}){{1,2}})$")
#: how a name is written, asked: "Is it Clarke with an E?"
_SPELLED_WITH = re.compile(rf"\b(?P<name>{PROPER})(?=,? with (?:an?|one|two|a double|no) [A-Za-z]{{1,2}}\b)")
_NEIGHBOURS = re.compile(
    rf"\b[Tt]he (?P<name>{PROPER}s)'?(?= (?:next door|over the road|down the road|upstairs|downstairs|"
    r"boy|girl|son|daughter|kids?|lad)\b)"
)
#: who was asked about: "Only Milos, he has a key", "It's me, Oyin, and my aunt"
_WHO = re.compile(
    rf"(?:^|[.?!] )(?:(?i:it'?s|it was|that's|that was|just|only|me|myself|well|oh|um|er|probably|maybe),? )+"
    rf"(?P<name>{PROPER})(?=[,.]|$| and\b)|^(?P<first>{PROPER})(?=,? (?:he's|she's|who|he|she|my)\b)"
)
_CALLED_OUT = re.compile(r"(?:^|[.?!] )(?P<name>[A-Z][^\W\d_]+)!")


def told_by_frame(view: View) -> Iterator[Secret]:
    """Names that the sentence around them makes sure of."""
    raw = view.spoken.raw
    agent = view.speaker is Role.AGENT
    patterns = [_SPELLED_WITH, *(() if agent else (_NEIGHBOURS, *(_I_AM if view.opening else _I_AM[:1])))]
    if "who" in view.topics and not agent:
        patterns.append(_WHO)
    for pattern in patterns:
        for match in pattern.finditer(raw):
            start, end = match.span(match.lastgroup or "name")
            said = raw[start:end].lower().split()
            named = any(map(may_be_name, said)) and not said[0].endswith("'s")
            if named and not view.readable(start, end) and not is_place(raw, start, end):
                yield Secret("name", start, end, least=NEVER)
    if not agent and not any(map(str.isupper, raw)) and (last := _IT_IS_LOWER.search(view.text)):
        said = last["name"].split()
        if said[0] in first_names() and all(map(may_be_name, said)):
            yield Secret("name", *last.span("name"), least=NEVER)
    if view.opening and not agent and not tells_by_capitals(raw) and (lower := _I_AM_LOWER.search(view.text)):
        said = lower["name"].split()
        alone = len(said) == 1 and said[0] not in first_names()
        if not alone and all(may_be_name(word) and not word.endswith(("ed", "ing", "ly")) for word in said):
            yield Secret("name", *lower.span("name"), least=NEVER)


def word_names(view: View) -> Iterator[Secret]:
    """First names that are words as well, with a capital inside a sentence and somebody's, or told like which word."""
    raw = view.spoken.raw
    for match in INNER_CAPITAL.finditer(raw):
        word = match[0].lower().removesuffix("'s")
        somebodys = word in words_of()["word_names"] and _OF_OURS.search(view.text, 0, match.start())
        if somebodys and not is_place(raw, match.start(), match.start() + len(word)):
            yield Secret("name", match.start(), match.start() + len(word), least=NEVER)
        after = NEXT.match(raw, match.end()) if word in words_of()["word_names"] else None
        if after and goes_with(after["name"]) and not is_place(raw, match.start(), after.end()):
            yield Secret("name", match.start(), after.end())
    for match in _WHOSE.finditer(raw):
        if match["name"].lower() not in not_names() | words_of()["capitals"]:
            yield Secret("name", *match.span("name"), least=NEVER)
    rings = view.opening and view.speaker is Role.AGENT
    frames = [_ASKED_FOR, _IS_HERE, _DIED]
    if rings:
        frames.append(_ASKED_FOR_FIRST)
    for pattern in frames:
        for match in pattern.finditer(raw):
            *others, last = match["name"].split()
            if all(map(goes_with, others)) and last.lower() not in not_names() | words_of()["capitals"]:
                yield Secret("name", *match.span("name"), least=NEVER)
    for pattern in (_WHOLE, _CALLED_OUT):
        for match in pattern.finditer(raw):
            first, *others = match["name"].split()
            if first.lower() in words_of()["word_names"] and all(map(goes_with, others)):
                yield Secret("name", *match.span("name"), least=NEVER)
    for match in _LIKE_WORD.finditer(raw):
        if match["name"].lower() in words_of()["word_names"] or not is_no_name(match["name"].lower()):
            yield Secret("name", *match.span("name"), least=NEVER)
