"""The rules and cues of a language, loaded when the first turn in it comes: each takes 50 ms to compile."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from callcore.understand.entities.corrections import Corrections
from callcore.understand.entities.spans import Rule, TurnCues


@dataclass(frozen=True, slots=True)
class Language:
    """How entities of a language are found and how they stand to each other."""

    name: str
    rules: tuple[Rule, ...]
    corrections: Corrections
    cues: TurnCues


@cache
def mandarin() -> Language:
    """Rules for text with Han characters."""
    from callcore.understand.entities import zh

    return Language("zh", zh.RULES, zh.CORRECTIONS, zh.CUES)


@cache
def english() -> Language:
    """Rules for everything else."""
    from callcore.understand.entities import en
    from callcore.understand.entities.en.turns import CUES

    return Language("en", en.RULES, en.correcting(), CUES)
