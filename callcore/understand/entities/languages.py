"""The rules and cues of a language, loaded when the first turn in it comes: each takes 50 ms to compile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from callcore.understand.entities.corrections import Corrections
from callcore.understand.entities.spans import Rule, TurnCues
from callcore.understand.entities.spoken import Spoken


@dataclass(frozen=True, slots=True)
class Language:
    """How entities of a language are found and how they stand to each other."""

    name: str
    read: Callable[[Spoken], Any]  #: a turn as its rules are given it
    rules: tuple[Rule, ...]
    answering: frozenset[Rule]  #: those that go by what was said before the turn as well
    corrections: Corrections
    cues: TurnCues


@cache
def mandarin() -> Language:
    """Rules for text with Han characters."""
    from callcore.understand.entities import zh

    return Language("zh", lambda spoken: spoken, zh.RULES, zh.ANSWERING, zh.CORRECTIONS, zh.CUES)


@cache
def english() -> Language:
    """Rules for everything else."""
    from callcore.understand.entities import en
    from callcore.understand.entities.en.turns import CUES

    return Language("en", en.Reading.of, en.RULES, en.ANSWERING, en.correcting(), CUES)
