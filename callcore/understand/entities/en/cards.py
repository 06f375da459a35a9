"""Until when a card is valid."""

from __future__ import annotations

import re
from collections.abc import Iterator

from callcore.understand.entities.en.days import MONTH, YEAR, _month, year_of
from callcore.understand.entities.en.numbers import CARDINAL, ORDINAL, Reading
from callcore.understand.entities.spans import Context, Span

RANK = 8

_CUE = (
    r"\b(?:expir(?:y|es|ation|ing|e|ed)|exp|valid (?:until|till|through|thru|to)|good (?:until|till|through|"
    r"thru)|runs out|out of date)\b"
    rf"[^{CARDINAL}{ORDINAL}?!]{{0,40}}?(?<!on )"
)
_SLASH = r"(?: ?/ ?| slash | ?- ?| )"
_PATTERNS = (
    re.compile(rf"{_CUE}\b(?P<value>(?P<month>{MONTH})(?: of)?,? (?P<year>{YEAR}))(?![\w:])"),
    re.compile(rf"{_CUE}(?P<value>(?P<zero>\b(?:oh|o) )?(?P<number>{CARDINAL}){_SLASH}(?P<year>{YEAR}))(?![\w:/])"),
    re.compile(
        rf"(?<![\w/])(?P<value>(?P<number>{CARDINAL}) ?/ ?(?P<year>{CARDINAL}))(?: is| was|,)? (?:the |my |its "
        rf")?(?:card's )?expir"
    ),
)


def expiries(reading: Reading, _context: Context) -> Iterator[Span]:
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
