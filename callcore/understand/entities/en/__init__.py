"""Rules for English."""

from __future__ import annotations

from callcore.understand.entities.en.branches import branches
from callcore.understand.entities.en.cards import expiries
from callcore.understand.entities.en.digit_runs import digit_spans
from callcore.understand.entities.en.durations import durations
from callcore.understand.entities.en.emails import emails
from callcore.understand.entities.en.lexicon import correcting
from callcore.understand.entities.en.moments import moments
from callcore.understand.entities.en.money import amounts, rates
from callcore.understand.entities.en.names import names
from callcore.understand.entities.en.numbers import Reading
from callcore.understand.entities.en.words import named
from callcore.understand.entities.spans import Rule

__all__ = ["ANSWERING", "RULES", "Reading", "correcting"]

#: each is given the numbers of the turn, read once
RULES: tuple[Rule, ...] = (
    amounts,
    rates,
    moments,
    durations,
    expiries,
    digit_spans,
    names,
    branches,
    emails,
    named,
)
ANSWERING: frozenset[Rule] = frozenset({digit_spans, names})
