"""Branches of a bank: "the Oxford Street branch", "the branch on Main Street"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from callcore.understand.entities.en.lexicon import lexicon
from callcore.understand.entities.en.names import capitalised
from callcore.understand.entities.en.numbers import Reading
from callcore.understand.entities.spans import Context, Span

RANK = 5
_STREETS = (
    "street|road|avenue|lane|square|drive|boulevard|plaza|mall|park|way|hill|place|court|bridge|circus|airport|"
    "station|row|parade|broadway|downtown|center|centre|st|ave|rd|blvd"
)
_BRANCH = re.compile(r" branch(?:'s)?\b(?! (?:manager )?(?:in|on|at) [a-z]+ (?:street|road|avenue)\b)")
_BRANCH_AT = re.compile(rf"\bbranch (?:in|on|at|near) (?P<name>(?:[^\s,.?!]+ ){{0,3}}(?:{_STREETS}))\b")
_BRANCH_IN = re.compile(r"\b[Bb]ranch (?:in|on|at) (?:the )?(?P<name>[A-Z][\w'-]+(?: [A-Z][\w'-]+){0,2})")


def branches(reading: Reading, _context: Context) -> Iterator[Span]:
    """Reads "the Oxford Street branch", "the branch on Main Street"."""
    text, raw = reading.spoken.text, reading.spoken.raw
    for match in _BRANCH.finditer(text):
        words = _before_branch(text, raw, match.start())
        if words:
            value = " ".join(capitalised(text[start:end]) for start, end in words)
            yield Span("branch", words[0][0], match.end(), value, rank=RANK)
    for match in _BRANCH_IN.finditer(raw):
        yield Span("branch", match.start(), match.end(), match["name"], 0.9, rank=RANK - 1)
    for match in _BRANCH_AT.finditer(text):
        words = [
            (match.start("name") + one.start(), match.start("name") + one.end())
            for one in re.finditer(r"\S+", match["name"])
        ]
        while words and text[slice(*words[0])] == "the":
            words.pop(0)
        if words and not any(text[slice(*word)] in _not_branches() - {"main"} for word in words[:-1]):
            value = " ".join(capitalised(text[start:end]) for start, end in words)
            yield Span("branch", match.start(), match.end(), value, rank=RANK)


def _before_branch(text: str, raw: str, end: int) -> list[tuple[int, int]]:
    """Ranges of the words of a branch's name that ends at ``end``."""
    words: list[tuple[int, int]] = []
    begin = max(0, end - 40)
    found = [(begin + one.start(), begin + one.end()) for one in re.finditer(r"[^\s,.?!]+", text[begin:end])]
    if begin and found:
        found.pop(0)
    capital = False
    for start, stop in reversed(found[-4:]):
        if text[stop : words[0][0] if words else end].strip(" ") or text[start:stop] in _not_branches():
            break
        upper = raw[start].isupper() or raw[start].isdecimal()
        if words and capital and not upper:
            break
        capital = upper
        words.insert(0, (start, stop))
    return words


@cache
def _not_branches() -> frozenset[str]:
    return frozenset(lexicon().words["not_branches"])
