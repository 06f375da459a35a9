"""Dates and periods."""

from __future__ import annotations

import re
from collections.abc import Callable

from callcore.understand.entities.en.day_kinds import (
    Day,
    day_of_month,
    days_of_month,
    distance,
    edge,
    figures,
    month_alone,
    month_day,
    named,
    next_morning,
    stretch,
    unit_period,
    weekday,
    year_alone,
)
from callcore.understand.entities.en.day_words import DAY_NAME, MONTH, MONTH_NUMBER, YEAR
from callcore.understand.entities.en.numbers import CARDINAL, ORDINAL, Reading
from callcore.understand.entities.spans import Context

_C, _O = CARDINAL, ORDINAL
PART = r"(?: (?:morning|afternoon|evening|night))"
_UNIT = r"(?:working |business |banking |calendar )?(?:days?|weeks?|months?|years?|quarters?|fortnights?)"
_COUNT = rf"(?:{_C}(?: (?:to|or) {_C}|-{_C})?|an?|another {_C})"


def days(reading: Reading, context: Context) -> list[Day]:
    """Every day and period, none inside another, in order."""
    found: list[Day] = []
    lacking = _lacking(reading)
    for pattern, make in _PATTERNS:
        if make in lacking:
            continue
        for match in pattern.finditer(reading.code):
            try:
                made = make(reading, match, context.date)
            except (ValueError, OverflowError):  # no such day, or one beyond the calendar
                continue
            if made is not None:
                found.append(made)
    found.sort(key=lambda one: (one.start - one.end, one.start))
    kept: list[Day] = []
    for one in found:
        if all(one.end <= other.start or one.start >= other.end for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda one: one.start)


_PATTERNS = tuple(
    (re.compile(pattern), make)
    for pattern, make in (
        (
            rf"(?:\b(?:from|between) )?(?:the )?(?P<day>[{_C}{_O}]) ?(?:to|through|until|till|and|-) ?(?:the "
            rf")?(?P<day2>[{_C}{_O}])(?: of)? (?P<month>{MONTH})(?!\w)(?:,? (?:of "
            rf")?(?P<year>{YEAR})(?![\w:%]))?",
            days_of_month,
        ),
        (
            rf"(?:\b(?:from|between) )?\b(?P<month>{MONTH}) (?:the )?(?P<day>[{_C}{_O}]) ?(?:to|through|until|"
            rf"till|and|-) ?(?:the )?(?P<day2>[{_C}{_O}])(?! ?[\w:%])(?:,? (?:of "
            rf")?(?P<year>{YEAR})(?![\w:%]))?",
            days_of_month,
        ),
        (
            rf"(?:(?:{DAY_NAME})\b,? )?(?:the )?(?P<day>[{_C}{_O}])(?: day)?(?: of)?[ "
            rf"-](?P<month>{MONTH})(?!\w)(?:,? (?:of )?(?P<year>{YEAR})(?![\w:%]))?",
            month_day,
        ),
        (
            rf"(?:(?:{DAY_NAME})\b,? )?\b(?P<month>{MONTH})[ -](?:the )?(?P<day>{_O}|{_C}(?![:%/]))(?:,? "
            rf"(?:of )?(?P<year>{YEAR})(?![\w:%]))?",
            month_day,
        ),
        (
            rf"(?P<lead>\b(?:in|for|since|until|till|from|of|during|by|through|my|the|between|and|to|before|"
            rf"after|back in|early|late|mid) )?(?P<which>\b(?:last|next|this) "
            rf")?\b(?P<month>{MONTH})(?!\w)(?:,? (?:of )?(?P<year>{YEAR})(?![\w:%]))?(?=(?P<tail> (?:statement|"
            rf"bill|payment|transactions?|to|through|and|until|cycle|period|instalment|installment))?)",
            month_alone,
        ),
        (rf"(?<![\w.,/-]){_C}(?P<mark>[/.-]){_C}(?:(?P=mark){_C})?(?![\w%/-])", figures),
        (
            rf"(?P<every>\b(?:every|each) month on )?(?P<the>\bthe (?P<day>{_O}))(?: day)? of "
            rf"(?P<month>(?:this|next|last|the|every|each) month)\b",
            day_of_month,
        ),
        (rf"\b(?P<every>(?:every|each) month on )(?P<the>the (?P<day>{_O}))(?P<month>)", day_of_month),
        (
            rf"\b(?:on|by|before|until|till|since|from|after|to|due|around|and|is|was|for|through|or|no|sorry|"
            rf"mean|meant|that|actually) (?P<the>the (?P<day>{_O}))(?P<month>)(?P<every>)(?= ?(?:$|[,.?!;]| "
            rf"(?:of\b(?! the)|at|and|or|if|please|for|i|we|because|then|to|but|was|is|so|around|in|not|it|my|"
            rf"you|they|when|that|instead|though|as|by|no|sorry|with|from|again|already|she|he)\b))",
            day_of_month,
        ),
        (
            r"\b(?:the day (?:before yesterday|after tomorrow)|yesterday|tomorrow|today|tonight|last night)(?: "
            r"(?:morning|afternoon|evening|night))?\b|\bthis (?:morning|afternoon|evening)\b",
            named,
        ),
        (
            rf"(?<![{_C}{_O}] )(?<!o'clock )(?:(?P<first>{_O}) thing(?: in the morning)?|\bin the morning)\b"
            rf"(?! (?:on |tomorrow|today|this |next |when |{DAY_NAME}))",
            next_morning,
        ),
        (
            rf"(?:\b(?P<which>next|this coming|this past|this|last|past|coming|following) "
            rf")?\b(?P<day>{DAY_NAME})\b(?:'s)?(?P<part>{PART})?(?: (?:of )?(?P<week>(?:next|this|last) "
            rf"week)| (?P<later>week)\b(?! (?:ago|after|end|off|in|at))|,? (?P<the>the (?P<ordinal>{_O})))?(?!s)",
            weekday,
        ),
        (
            rf"(?:\b(?P<lead>within the next|within|in the next|in less than|in under|in about|in around|in|no "
            rf"later than|after|under|no more than) )?(?P<count>{_COUNT}) ?-?(?P<unit>{_UNIT})\b(?P<tail> "
            rf"(?:ago|back|earlier|from (?:now|today)|later|from this date))?",
            distance,
        ),
        (
            rf"(?:\bthe )?\b(?P<edge>end|beginning|start|very end) of (?:the )?(?:(?P<which>this|next|last|"
            rf"following) )?(?P<unit>month|year|week|quarter|day|{'|'.join(MONTH_NUMBER)})\b|"
            rf"\b(?P<unit2>month|year|quarter)[ -]end\b",
            edge,
        ),
        (
            r"\b(?P<which>last|this|next|previous|past|coming|following) (?P<unit>week|month|quarter|year)(?! "
            r"end)\b|\bthe (?P<unit2>week|month|year) (?P<twice>before last|after next)\b",
            unit_period,
        ),
        (
            rf"(?:\bthe )?\b(?P<which>last|past|previous|next|coming|following) (?P<count>{_C} |couple of "
            rf")?(?P<unit>days|weeks|months|years|quarters)\b",
            stretch,
        ),
        (
            rf"(?<!ending )(?<!ends )(?<!end )(?<!expires )(?<!expiring )\b(?:in|since|from|until|of|during|"
            rf"for|year|back in|by|before|after|to|and|through) (?P<year>{YEAR})(?![\w:%/]| ?(?:dollars|"
            rf"percent|days|weeks|months|years|hours|minutes))",
            year_alone,
        ),
    )
)


def _lacking(reading: Reading) -> frozenset[Callable[..., Day | None]]:
    """Kinds of days of which the turn holds none: what each cannot do without is looked for first."""
    code = reading.code
    lacks: list[Callable[..., Day | None]] = []
    months = _MONTH_HINT.search(code) is not None
    if not (months and reading.numbers):
        lacks += [days_of_month, month_day]
    if not months:
        lacks += [month_alone]
    if ORDINAL not in code:
        lacks += [day_of_month]
    if not reading.numbers:
        lacks += [figures, year_alone]
    if not any(unit in code for unit in _UNIT_HINTS):
        lacks += [distance, stretch, unit_period]
        lacks += [] if months else [edge]
    if not any(hint in code for hint in _WEEKDAY_HINTS):
        lacks += [weekday]
    return frozenset(lacks)


_MONTH_HINT = re.compile(r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)")
_UNIT_HINTS = ("day", "week", "month", "year", "quarter", "fortnight")
_WEEKDAY_HINTS = ("day", "mon", "tue", "wed", "thu", "fri")
