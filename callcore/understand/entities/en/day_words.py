"""Names of months and weekdays, and years."""

from __future__ import annotations

from callcore.understand.entities.en.numbers import CARDINAL, Reading

_MONTHS = (
    "january|jan", "february|feb", "march|mar", "april|apr", "may", "june|jun", "july|jul", "august|aug",
    "september|sept|sep", "october|oct", "november|nov", "december|dec",
)  # fmt: skip
_WEEKDAYS = (
    "monday|mon",
    "tuesday|tues|tue",
    "wednesday|wed",
    "thursday|thurs|thur|thu",
    "friday|fri",
    "saturday",
    "sunday",
)
MONTH_NUMBER = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split("|")}
WEEKDAY_NUMBER = {name: number for number, names in enumerate(_WEEKDAYS) for name in names.split("|")}
MONTH = rf"(?:{'|'.join(_MONTHS)})\b\.?"
DAY_NAME = "|".join(_WEEKDAYS)
YEAR = rf"{CARDINAL}(?: (?:oh )?{CARDINAL})?"
FIRST_YEAR, LAST_YEAR = 1900, 2099


def month_number(name: str) -> int:
    """1 to 12 of a match of :data:`MONTH`."""
    return MONTH_NUMBER[name.rstrip(".")]


def year_of(reading: Reading, start: int, end: int) -> int:
    """The year that numbers say (twenty twenty six, 2026, two thousand six, 26); 0 for none."""
    values = [one.whole for one in reading.values(start, end)]
    if len(values) == 2:
        year = values[0] * 100 + values[1] if values[0] in (19, 20) and 0 <= values[1] < 100 else 0
    else:
        year = values[0] if values else 0
        if 0 < year < 100 and reading.values(start, end)[0].figure:
            year += 2000 if year < 70 else 1900
    return year if FIRST_YEAR <= year <= LAST_YEAR else 0
