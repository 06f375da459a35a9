"""Rules for English."""

from __future__ import annotations

from collections.abc import Iterator

from callcore.understand.entities.en.cards import expiries
from callcore.understand.entities.en.digit_runs import digit_spans
from callcore.understand.entities.en.durations import durations
from callcore.understand.entities.en.lexicon import correcting
from callcore.understand.entities.en.moments import moments
from callcore.understand.entities.en.money import amounts, rates
from callcore.understand.entities.en.names import branches, emails, names
from callcore.understand.entities.en.numbers import Reading
from callcore.understand.entities.en.words import named
from callcore.understand.entities.spans import Context, Rule, Span
from callcore.understand.entities.spoken import Spoken

__all__ = ["RULES", "correcting", "find"]

_FINDERS = (amounts, rates, moments, durations, expiries, digit_spans, names, branches, emails, named)


def find(spoken: Spoken, context: Context) -> Iterator[Span]:
    """Everything that English rules find, overlaps included; the numbers of the turn are read once."""
    reading = Reading.of(spoken)
    for finder in _FINDERS:
        yield from finder(reading, context)


RULES: tuple[Rule, ...] = (find,)
