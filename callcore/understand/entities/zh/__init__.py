"""Rules for Mandarin."""

from __future__ import annotations

from callcore.understand.entities.spans import Rule

RULES: tuple[Rule, ...] = ()
