"""Until when a card is valid."""

from __future__ import annotations

import re
from collections.abc import Iterator

from callcore.understand.entities.en.days import MONTH, YEAR, _month, year_of
from callcore.understand.entities.en.numbers import CARDINAL, Reading
from callcore.understand.entities.spans import Context, Span

RANK = 8

_CUE = r"\b(?:expir(?:y|es|ation|ing|e|ed)|exp|valid|good) ?(?:date|until|till|through|thru|to)?(?: (?:is|was|it's|says?|in|on|of|at the end of|end of|the end of|um|uh|my card is|the card is|on my card is|on the card is|on it is|,|date|printed|shows|reads|should be|that's))*[ :,.?]*"
_PATTERNS = (
    re.compile(rf"{_CUE}(?P<value>(?:the )?(?P<month>{MONTH})(?: of)?,? (?P<year>{YEAR}))(?![\w:])"),
    re.compile(rf"{_CUE}(?P<value>(?P<zero>oh |o )?(?P<number>{CARDINAL})(?: ?/ ?| slash |-| )(?P<year>{YEAR}))(?![\w:/])"),
    re.compile(rf"(?P<cue>\bcard\b.{{0,30}})?\b(?:expires|expiring|expiry|expiration|expired)\b.{{0,40}}?\b(?P<value>(?P<month>{MONTH}) (?P<year>{YEAR}))(?![\w:])"),
)


def expiries(reading: Reading, context: Context) -> Iterator[Span]:
    """Month and year after words like "expiry date"; digits alone (0828) are told by their cue."""
    for pattern in _PATTERNS:
        for match in pattern.finditer(reading.code):
            groups = match.groupdict()
            month = _month(groups["month"]) if groups.get("month") else reading.numbers[match.start("number")].whole
            year = year_of(reading, *match.span("year"))
            if not year:
                values = [one.whole for one in reading.values(*match.span("year"))]
                year = 2000 + values[0] if len(values) == 1 and 20 <= values[0] < 60 else 0
            if 1 <= month <= 12 and year:
                start, end = reading.span(*match.span("value"))
                yield Span("card_expiry", start, end, f"{year}-{month:02d}", rank=RANK)
