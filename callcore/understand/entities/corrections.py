"""What a speaker takes back in the same turn: "thirty dollars, sorry, fifty dollars"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from callcore.understand.entities.spans import Span

FAMILIES = (("date", "datetime", "period"), ("time", "datetime"), ("card_tail", "digits"), ("account", "digits"))


@dataclass(frozen=True, slots=True)
class Corrections:
    """How a language corrects. All patterns match the whole text between (or before) two entities.

    ``between``: "sorry, I mean"; the first is taken back. ``refused``: "not ... but", as ``not_before`` the first and
    ``between_not`` what lies between. ``second_refused``: " not ", the second is taken back.
    """

    between: re.Pattern[str]
    not_before: re.Pattern[str]
    between_not: re.Pattern[str]
    second_refused: re.Pattern[str]


def corrected(found: Sequence[Span], text: str, how: Corrections) -> list[Span]:
    """The spans, in order; those that the speaker took back with status "corrected"."""
    done = list(found)
    for place in range(1, len(done)):
        first, second = done[place - 1], done[place]
        if not _alike(first, second) or first.value == second.value:
            continue
        bounds = (first.end, second.start)
        refused = how.not_before.search(text, max(0, first.start - 20), first.start)
        if how.between.fullmatch(text, *bounds) or (refused and how.between_not.fullmatch(text, *bounds)):
            done[place - 1] = replace(first, status="corrected")
        elif how.second_refused.fullmatch(text, *bounds):
            done[place] = replace(second, status="corrected")
    return done


def _alike(first: Span, second: Span) -> bool:
    """Whether one can stand for the other."""
    return first.kind == second.kind or any(first.kind in kinds and second.kind in kinds for kinds in FAMILIES)
