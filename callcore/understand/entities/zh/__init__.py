"""Rules for Mandarin."""

from __future__ import annotations

from callcore.understand.entities.spans import Rule

from callcore.understand.entities.zh.money import amounts, rates
from callcore.understand.entities.zh.moments import lengths, moments

RULES: tuple[Rule, ...] = (amounts, rates, moments, lengths)
