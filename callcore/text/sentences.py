"""Where the sentences of a text begin and end, and their clauses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

SENTENCE_END = "。！？；!?;\n"
_ENDS = re.compile(rf"[{re.escape(SENTENCE_END)}]+|\.(?=\s|$)")
_CLAUSE_ENDS = re.compile(rf"[{re.escape(SENTENCE_END)}，：]+|[.,:](?!\d)")  # 1,200 and 10:30 go on


def sentences(text: str) -> list[tuple[int, int]]:
    """Half-open ranges of the sentences of a text, their end marks included; a full stop ends one before a space."""
    return _parts(_ENDS, text)


def clauses(text: str) -> list[tuple[int, int]]:
    """Half-open ranges of the clauses: sentences that commas and colons part further, their end marks included."""
    return _parts(_CLAUSE_ENDS, text)


def _parts(ended_by: re.Pattern[str], text: str) -> list[tuple[int, int]]:
    ends = [match.end() for match in ended_by.finditer(text)]
    marks = [0, *(end for end in ends if end < len(text)), len(text)]
    return [(a, b) for a, b in pairwise(marks) if text[a:b].strip()]


def sentence_at(spans: Sequence[tuple[int, int]], place: int) -> tuple[int, int]:
    """The sentence that a character lies in."""
    for start, end in spans:
        if start <= place < end:
            return start, end
    return 0, 0
