"""Durations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from callcore.understand.entities import forms
from callcore.understand.entities.en.numbers import CARDINAL, Number, Reading
from callcore.understand.entities.spans import Context, Span

RANK = 5

_C = CARDINAL
_NAMES = {
    "second": "second", "sec": "second", "minute": "minute", "min": "minute", "hour": "hour", "hr": "hour",
    "day": "day", "night": "day", "week": "week", "month": "month", "year": "year", "yr": "year", "quarter": "quarter",
}  # fmt: skip
_UNIT = r"seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?|yrs?|quarters?"
_WORKING = r"(?P<working>(?:working|business|banking)[ -])"
_NOT_AFTER = r"(?! ?(?:old\b|of age|a (?:day|week|month)\b))(?!s? (?:ago|old|of (?:age|experience)))"
_LEAD = (
    r"\b(?:for|about|around|take|takes|taking|took|over|been|waiting|waited|wait|almost|nearly|only|least|"
    r"another|within|in|more than|less than|after|than|every|under|maybe|lasts|just|like|roughly"
    r"|approximately)"
)
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?<![\w{_C}])(?P<first>{_C})(?: ?(?:to|or|-) ?(?P<last>{_C}))?(?: |-)?{_WORKING}?(?:calendar "
        rf")?(?P<unit>{_UNIT})\b(?P<half> and a half)?"
        rf"(?:,?(?: and)? (?P<more>{_C}) ?(?P<unit2>{_UNIT})\b)?{_NOT_AFTER}",
        r"\b(?P<part>half)(?: an?| of an)?[ -](?P<unit>hour|day|month|year)\b(?P<half>)",
        rf"\b(?:(?P<part>three)|(?P<first>{_C})|an?) quarters? of an (?P<unit>hour)\b(?P<half>)",
        rf"\ban? (?P<unit>hour|day|week|month|year) and (?:a half|(?P<more>{_C}) (?P<unit2>{_UNIT})\b)(?P<part>)",
        rf"(?:{_LEAD}) (?:about )?(?P<one>an?) {_WORKING}?(?P<unit>hour|day|week|month|year|fortnight)\b(?! "
        rf"(?:and a half|old))",
        rf"(?:(?P<first>{_C})|\ba) (?P<unit>fortnight)s?\b",
        rf"(?P<first>{_C})(?:-| )(?:monthly )(?P<unit>instal{{1,2}}ments?|payments?)\b|(?P<first2>{_C}) "
        rf"(?P<unit3>instal{{1,2}}ments)\b",
    )
)


def durations(reading: Reading, _context: Context) -> Iterator[Span]:
    """How long something takes, lasts or lasted."""
    for pattern in _PATTERNS:
        for match in pattern.finditer(reading.code):
            groups = match.groupdict()
            value = _value(reading, match, groups)
            if value:
                start = match.start("one") if groups.get("one") else match.start()
                start, end = reading.span(start, match.end())
                yield Span("duration", start, end, value, rank=RANK)


def _value(reading: Reading, match: re.Match[str], groups: dict[str, str | None]) -> str:
    unit = groups.get("unit") or groups.get("unit3") or ""
    first = _number(reading, match, "first" if groups.get("first") else "first2")
    if "instal" in unit or unit.startswith("payment"):
        return forms.duration(first.value, "month") if first and first.whole > 1 else ""
    if unit.startswith("fortnight"):
        return forms.duration((first.value if first else Decimal(1)) * 2, "week")
    if "quarter" in match[0] and unit == "hour":
        return forms.duration(Decimal(15) * (first.whole if first else 3 if groups.get("part") else 1), "minute")
    name = _NAMES[unit.rstrip("s")]
    count = Decimal("0.5") if groups.get("part") else first.value if first else Decimal(1)
    if (
        count <= 0
        or count > 10**4
        or (first and name in ("second", "minute") and count == 1 and not groups.get("half"))
    ):
        return ""
    if groups.get("working"):
        last = _number(reading, match, "last")
        return forms.working_days(f"{count.normalize():f}" + (f"/{last.whole}" if last else ""))
    if groups.get("half") or match[0].endswith(" and a half"):
        count += Decimal("0.5")
    value = forms.duration(count, name)
    last = _number(reading, match, "last")
    if last:
        return forms.span(value, forms.duration(last.value, name)) if last.value > count else ""
    more = _number(reading, match, "more")
    if more:
        return _together(value, forms.duration(more.value, _NAMES[(groups["unit2"] or "").rstrip("s")]))
    return value


def _together(value: str, more: str) -> str:
    """Joins "P1Y" and "P6M" to "P1Y6M"; "" where they do not go together."""
    date, _, time = value[1:].partition("T")
    date2, _, time2 = more[1:].partition("T")
    if (time and date2) or not (date2 or time2):
        return ""
    return f"P{date}{date2}" + (f"T{time}{time2}" if time or time2 else "")


def _number(reading: Reading, match: re.Match[str], group: str) -> Number | None:
    if not match.groupdict().get(group):
        return None
    return reading.numbers.get(match.start(group))
