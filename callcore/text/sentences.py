"""Where the sentences of a text begin and end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

SENTENCE_END = "。！？；!?;\n"
_ENDS = re.compile(rf"[{re.escape(SENTENCE_END)}]+|\.(?=\s|$)")


def sentences(text: str) -> list[tuple[int, int]]:
    """Half-open ranges of the sentences of a text, their end marks included; a full stop ends one before a space."""
    ends = [match.end() for match in _ENDS.finditer(text)]
    marks = [0, *(end for end in ends if end < len(text)), len(text)]
    return [(a, b) for a, b in pairwise(marks) if text[a:b].strip()]


def sentence_at(spans: Sequence[tuple[int, int]], place: int) -> tuple[int, int]:
    """The sentence that a character lies in."""
    for start, end in spans:
        if start <= place < end:
            return start, end
    return 0, 0
