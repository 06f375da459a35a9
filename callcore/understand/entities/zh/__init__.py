"""Rules for Mandarin."""

from __future__ import annotations

from callcore.understand.entities.spans import Rule

from callcore.understand.entities.zh.money import amounts, rates

RULES: tuple[Rule, ...] = (amounts, rates)
