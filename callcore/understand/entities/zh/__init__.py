"""Rules for Mandarin."""

from __future__ import annotations

from callcore.understand.entities.spans import Rule
from callcore.understand.entities.zh.cues import CORRECTIONS, CUES
from callcore.understand.entities.zh.digits import CUES as DIGIT_CUES
from callcore.understand.entities.zh.digits import digit_strings
from callcore.understand.entities.zh.moments import lengths, moments
from callcore.understand.entities.zh.money import amounts, rates
from callcore.understand.entities.zh.people import names
from callcore.understand.entities.zh.places import branches, emails, known_names

__all__ = ["ANSWERING", "CORRECTIONS", "CUES", "DIGIT_CUES", "RULES"]

RULES: tuple[Rule, ...] = (digit_strings, amounts, rates, moments, lengths, names, branches, emails, known_names)
ANSWERING: frozenset[Rule] = frozenset({digit_strings, names})
