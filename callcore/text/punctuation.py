"""Marks as they should stand: one at a time, of the right width, never first, always at the end of a word."""

from __future__ import annotations

import re
import unicodedata

from callcore.text.chars import HAN_CHARACTER, Text

WIDE_MARKS = "，。？！；：、…"
_HALF_MARKS = ",.?!;:"
_WIDE_OF = str.maketrans(_HALF_MARKS, "，。？！；：")
_RANK = "？！…。；：，、?!.;:,"  # of several marks together the first of these stays
_RUN = re.compile(f"[{WIDE_MARKS}{_HALF_MARKS}](?:[{WIDE_MARKS}{_HALF_MARKS} ]*[{WIDE_MARKS}{_HALF_MARKS}])?")
_OPENING = "“‘（《〈「『【"
_CLOSING = "”’）》〉」』】"
_ELLIPSIS = "……"
_TITLE = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|No|St)$")
_ABBREVIATION = re.compile(r"\.[,?!;:]")  # "5 p.m., then"


def has_marks(characters: str) -> bool:
    """Whether the text is punctuated at all; points and colons inside numbers and names do not count."""
    return any(not _inside_word(characters, *match.span()) for match in _RUN.finditer(characters))


def normalise_marks(text: Text, *, mandarin: bool) -> Text:
    """One mark where several met (？！ and the ellipsis are allowed), none at the start, each with the word before it.

    In Mandarin, marks beside Han characters and at the end become full width.
    """
    text = _attach_brackets(text)
    source = text.characters
    characters: list[str] = []
    owners: list[int] = []
    at = 0
    for match in _RUN.finditer(source):
        start, end = match.span()
        characters += source[at:start]
        owners += text.owners[at:start]
        at = end
        if _inside_word(source, start, end):
            mark = match.group()
        elif not "".join(characters).strip(_OPENING + " "):
            mark = ""
        else:
            mark = _one_mark(source, start, end, mandarin=mandarin)
            while characters[-1] == " ":
                characters.pop()
                owners.pop()
        characters += mark
        owners += [owners[-1] if owners else text.owners[start]] * len(mark)
    return Text("".join(characters) + source[at:], (*owners, *text.owners[at:]))


def strip_marks(text: Text) -> Text:
    """Spaces instead of punctuation, but for what belongs to a word: 3.5, don't, T-shirt, 50%, user@bank."""
    source = text.characters
    bare = (
        " " if unicodedata.category(c).startswith("P") and not _belongs_to_word(source, i) else c
        for i, c in enumerate(source)
    )
    return Text("".join(bare), text.owners)


def _belongs_to_word(source: str, i: int) -> bool:
    if source[i] in "%‰&@#*/":
        return True
    return source[i] not in WIDE_MARKS and _inside_word(source, i, i + 1)


def _inside_word(source: str, start: int, end: int) -> bool:
    """Whether marks stand inside a number or name (3.5, 10:30, a.m) or open a number (.5)."""
    after = source[end : end + 1]
    if start == 0 or source[start - 1] == " ":
        return source[start:end] == "." and after.isdigit()
    before = source[start - 1]
    return end - start == 1 and _is_latin(before) and _is_latin(after)


def _is_latin(character: str) -> bool:
    return character.isalnum() and not HAN_CHARACTER.match(character)


def _one_mark(source: str, start: int, end: int, *, mandarin: bool) -> str:
    run = source[start:end]
    after = source[end:].lstrip(" ")[:1]
    if mandarin and _is_wide(source, start, run, after):
        if run.count(".") >= 3 or ("…" in run and not {"？", "！", "?", "!"} & set(run)):
            return _ELLIPSIS
        run = run.translate(_WIDE_OF)
    marks = run.replace(" ", "")
    if len(marks) == 1 or _ABBREVIATION.fullmatch(run):
        return run
    if set(marks) == {"."} and len(marks) >= 3:
        return "..."
    if set(marks) == {"…"}:
        return _ELLIPSIS if len(marks) > 1 else "…"
    for both in ("？！", "?!"):
        if set(both) <= set(marks):
            return both
    return min(marks, key=_RANK.index)


def _is_wide(source: str, start: int, run: str, after: str) -> bool:
    if any(mark in run for mark in WIDE_MARKS):
        return True
    before = source[:start].rstrip(" ")[-1:]
    if run == "." and _TITLE.search(source[:start]):
        return False
    beside_han = bool(HAN_CHARACTER.match(before)) or before in _CLOSING
    return beside_han or not after or bool(HAN_CHARACTER.match(after)) or after in _OPENING


def _attach_brackets(text: Text) -> Text:
    """Closing brackets and quotes to the word before them, opening ones to the word after them."""
    owners = list(text.owners)
    for i, character in enumerate(text.characters):
        if character in _CLOSING and i:
            owners[i] = owners[i - 1]
    for i in range(len(owners) - 2, -1, -1):
        if text.characters[i] in _OPENING:
            owners[i] = owners[i + 1]
    return Text(text.characters, tuple(owners))
