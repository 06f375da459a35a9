"""What a run of digits is: by the words before it, what was asked for, its length and its check digits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from callcore.understand.entities import checks
from callcore.understand.entities.spans import Context, Span
from callcore.understand.entities.spoken import Spoken

CUE_REACH = 16  #: characters before a run in which a cue counts
SHORTEST = 3


@dataclass(frozen=True, slots=True)
class DigitRun:
    """Digits said one after the other (double, triple and the like already written out), as a span of characters.

    ``digits`` may hold capital letters (passports) and begin with "+".
    """

    start: int
    end: int
    digits: str


@dataclass(frozen=True, slots=True)
class DigitCues:
    """Words that tell what digits beside them are: kind to pattern; the last match before the run decides."""

    before: Mapping[str, re.Pattern[str]]
    region: str  #: country of telephone numbers where the context names none


def classify(runs: Iterable[DigitRun], spoken: Spoken, context: Context, cues: DigitCues) -> Iterator[Span]:
    """A span for each run whose kind can be told. Kinds: card_number, card_tail, account, phone, id_number, code,
    card_expiry.
    """
    raise NotImplementedError
