"""Dates and periods."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

from callcore.understand.entities import calendar, forms
from callcore.understand.entities.calendar import DAY
from callcore.understand.entities.en.numbers import CARDINAL, ORDINAL, Reading
from callcore.understand.entities.spans import Context

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
_MONTH_NUMBER = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split("|")}
_WEEKDAY_NUMBER = {name: number for number, names in enumerate(_WEEKDAYS) for name in names.split("|")}
MONTH = rf"(?:{'|'.join(_MONTHS)})\b\.?"
_DAY_NAME = "|".join(_WEEKDAYS)
_C, _O = CARDINAL, ORDINAL
YEAR = rf"{_C}(?: (?:oh )?{_C})?"
PART = r"(?: (?:morning|afternoon|evening|night|noon))"
_UNIT = r"(?:working |business |banking |calendar )?(?:days?|weeks?|months?|years?|quarters?|fortnights?)"
_COUNT = rf"(?:{_C}(?: (?:to|or) {_C}|-{_C})?|an?|another {_C})"
_FIRST, _LAST = 1900, 2099
_WITHIN = ("within", "in under", "under", "in less", "in the next", "no later", "no more")
_MOST = 3000  # more of a unit is no distance


@dataclass(frozen=True, slots=True)
class Day:
    """A day or period as a half-open range of :attr:`Reading.code`; ``first`` == ``last`` for a day."""

    start: int
    end: int
    first: datetime.date
    last: datetime.date
    value: str = ""  #: where it has a form of its own (every month)
    deadline: bool = False  #: whether it is the last day of something in itself
    part: str = ""  #: part of the day that was said with it

    @property
    def single(self) -> bool:
        """Whether it is one day."""
        return self.first == self.last

    def form(self) -> str:
        """The value."""
        return self.value or (self.first.isoformat() if self.single else forms.days(self.first, self.last))


def days(reading: Reading, context: Context) -> list[Day]:
    """Every day and period, none inside another, in order."""
    found: list[Day] = []
    for pattern, make in _PATTERNS:
        if make in _NUMBERED and not reading.numbers:
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


def year_of(reading: Reading, start: int, end: int) -> int:
    """The year that numbers say (twenty twenty six, 2026, two thousand six, 26); 0 for none."""
    values = [one.whole for one in reading.values(start, end)]
    if len(values) == 2:
        year = values[0] * 100 + values[1] if values[0] in (19, 20) and 0 <= values[1] < 100 else 0
    else:
        year = values[0] if values else 0
        if 0 < year < 100 and reading.values(start, end)[0].figure:
            year += 2000 if year < 70 else 1900
    return year if _FIRST <= year <= _LAST else 0


def _span(match: re.Match[str], first: datetime.date, last: datetime.date | None = None, **more: object) -> Day:
    return Day(match.start(), match.end(), first, last or first, **more)  # type: ignore[arg-type]


def _month_day(reading: Reading, match: re.Match[str], today: datetime.date) -> Day | None:
    """Reads "march fifteenth 2027", "the 3rd of May", "15 march"."""
    month, day = _month(match["month"]), reading.numbers[match.start("day")].whole
    if not 1 <= day <= 31:
        return None
    year, end = 0, match.end()
    if match["year"]:
        year = year_of(reading, *match.span("year"))
        end = end if year else match.start("year")
        while not year and reading.code[end - 1] in " ,":
            end -= 1
    if year:
        return Day(match.start(), end, datetime.date(year, month, day), datetime.date(year, month, day))
    nearest = calendar.nearest_day(today, month, day)
    return Day(match.start(), end, nearest, nearest) if nearest else None


def _month_alone(reading: Reading, match: re.Match[str], today: datetime.date) -> Day | None:
    """Reads "in March", "last October", "march 2026"."""
    month, which = _month(match["month"]), match["which"]
    year = year_of(reading, *match.span("year")) if match["year"] else 0
    if match["year"] and (
        not year or (len(reading.values(*match.span("year"))) == 1 and reading.numbers[match.start("year")].whole < 100)
    ):
        return None
    if match["month"] in ("may", "march", "mar", "jan", "jun", "dec", "sep", "apr") and not (
        match["lead"] or which or year or match["tail"]
    ):
        return None
    middle = calendar.nearest_day(today, month, 15)
    if middle is None:
        return None
    if year:
        middle = middle.replace(year=year)
    elif which and which.startswith("last"):
        middle = middle.replace(year=today.year if month < today.month else today.year - 1)
    elif which and which.startswith("next"):
        middle = middle.replace(year=today.year if month > today.month else today.year + 1)
    start = match.start("which") if which else match.start("month")
    end = match.end("year") if year else match.end("month")
    return Day(start, end, *calendar.month(middle))


def _days_of_month(reading: Reading, match: re.Match[str], today: datetime.date) -> Day | None:
    """Reads "the 1st to the 15th of October", "March 3rd through 8th"."""
    month = _month(match["month"])
    first, last = (reading.numbers[match.start(group)].whole for group in ("day", "day2"))
    year = year_of(reading, *match.span("year")) if match["year"] else 0
    nearest = calendar.nearest_day(today, month, first)
    if nearest is None or not first < last:
        return None
    begin = nearest.replace(year=year) if year else nearest
    return Day(match.start(), match.end(), begin, begin.replace(day=last))


def _figures(reading: Reading, match: re.Match[str], today: datetime.date) -> Day | None:
    """Reads "03/15/2026", "15/03/26", "3/15", "2026-03-15"."""
    values = [one.whole for one in reading.values(match.start(), match.end())]
    if any(value < 0 for value in values) or values == [24, 7]:
        return None
    if values[0] >= _FIRST:
        if len(values) < 3:
            return None
        year, month, day = values
    else:
        month, day = values[:2]
        year = values[2] if len(values) == 3 else 0
        if len(values) == 2 and "/" not in match[0]:
            return None
        if month > 12:
            month, day = day, month
        year += 2000 if 0 < year < 100 else 0
    if year:
        return _span(match, datetime.date(year, month, day)) if _FIRST <= year <= _LAST else None
    nearest = calendar.nearest_day(today, month, day)
    return _span(match, nearest) if nearest else None


def _day_of_month(reading: Reading, match: re.Match[str], today: datetime.date) -> Day | None:
    """Reads "on the fifteenth", "the 20th of next month", "the 5th of every month"."""
    day, month = reading.numbers[match.start("day")].whole, match["month"] or ""
    if not 1 <= day <= 31:
        return None
    start = match.start("the")
    if month.startswith(("every", "each", "the")) or match["every"]:
        start = match.start("every") if match["every"] else start
        return Day(start, match.end(), today, today, value=f"XXXX-XX-{day:02d}")
    if month:
        shift = {"last": -1, "next": 1}.get(month.split(" ")[0], 0)
        date = calendar.shift_months(today.replace(day=1), shift).replace(day=day)
        return Day(start, match.end(), date, date)
    nearest = calendar.nearest_month_day(today, day)
    return Day(start, match.end(), nearest, nearest) if nearest else None


def _named(_reading: Reading, match: re.Match[str], today: datetime.date) -> Day | None:
    """Reads "today", "tomorrow morning", "the day before yesterday", "last night"."""
    said = match[0]
    if said.startswith("the day"):
        shift = -2 if "before" in said else 2
    else:
        shift = -1 if said.startswith(("yesterday", "last night")) else 1 if said.startswith("tomorrow") else 0
    part = said.rsplit(" ", 1)[-1] if " " in said else "night" if said == "tonight" else ""
    return _span(match, today + shift * DAY, part=part)


def _weekday(_reading: Reading, match: re.Match[str], today: datetime.date) -> Day | None:
    """Reads "next Tuesday", "on Friday morning", "Monday next week"."""
    wanted, which, week = _WEEKDAY_NUMBER[match["day"]], match["which"] or "", match["week"] or ""
    monday = calendar.week(today)[0]
    if week and not which:
        which = week.split(" ")[0] if week != "a week" else "next"
        day = monday + (wanted + {"next": 7, "last": -7}.get(which, 0)) * DAY
    elif which in ("next",):
        day = monday + (wanted + 7) * DAY
    elif which == "this":
        day = monday + wanted * DAY
    elif which in ("last", "past", "this past"):
        day = today - ((today.weekday() - wanted - 1) % 7 + 1) * DAY
    elif which in ("coming", "this coming", "following"):
        day = today + ((wanted - today.weekday() - 1) % 7 + 1) * DAY
    else:
        ahead = (wanted - today.weekday()) % 7
        day = today + (ahead if ahead <= 3 else ahead - 7) * DAY
    return _span(match, day, part=(match["part"] or "").strip())


def _distance(reading: Reading, match: re.Match[str], today: datetime.date) -> Day | None:
    """Reads "in three days", "two weeks ago", "within three working days", "a week from today"."""
    numbers = [one.whole for one in reading.values(*match.span("count"))] or [1]
    if any(not 0 < number < _MOST for number in numbers):
        return None
    lead, unit, count = match["lead"] or "", match["unit"], numbers[-1]
    back = (match["tail"] or "").strip().startswith(("ago", "back", "earlier"))
    works = unit.startswith(("working", "business", "banking"))
    if not back and not match["tail"] and not lead:
        return None
    if lead.startswith(_WITHIN) and not works:
        return None
    if works and not back:
        day = calendar.add_working_days(today, count, calendar.is_weekday)
        bound = lead.startswith(_WITHIN)
        if len(numbers) > 1 and not bound:
            return None
        return _span(match, day, value=f"../{day.isoformat()}" if bound else "")
    if len(numbers) > 1 or works:
        return None
    return _span(match, _shift(today, -count if back else count, unit.split(" ")[-1]))


def _shift(day: datetime.date, count: int, unit: str) -> datetime.date:
    if unit.startswith("month"):
        return calendar.shift_months(day, count)
    if unit.startswith("quarter"):
        return calendar.shift_months(day, 3 * count)
    if unit.startswith("year"):
        return calendar.shift_months(day, 12 * count)
    return day + count * {"d": 1, "w": 7, "f": 14}[unit[0]] * DAY


def _edge(_reading: Reading, match: re.Match[str], today: datetime.date) -> Day | None:
    """Reads "the end of the month", "beginning of next year", "month end"."""
    said, unit = match["which"] or "this", match["unit"] or match["unit2"]
    if unit in _MONTH_NUMBER:
        middle = calendar.nearest_day(today, _MONTH_NUMBER[unit], 15)
        first, last = calendar.month(middle or today)
    else:
        first, last = _unit(today, {"next": 1, "last": -1}.get(said, 0), unit)
    begins = (match["edge"] or "end").startswith(("beg", "start"))
    return _span(match, first if begins else last)


def _unit(today: datetime.date, shift: int, unit: str) -> tuple[datetime.date, datetime.date]:
    """The current (0), the last (-1) or next (1) week, month, quarter or year; a day."""
    if unit == "week":
        return calendar.week(today + 7 * shift * DAY)
    if unit == "month":
        return calendar.month(calendar.shift_months(today.replace(day=1), shift))
    if unit == "quarter":
        return calendar.quarter(calendar.shift_months(today.replace(day=1), 3 * shift))
    if unit == "year":
        return datetime.date(today.year + shift, 1, 1), datetime.date(today.year + shift, 12, 31)
    return today + shift * DAY, today + shift * DAY


def _unit_period(_reading: Reading, match: re.Match[str], today: datetime.date) -> Day | None:
    """Reads "last month", "this year", "the week before last"."""
    if match["twice"]:
        shift = -2 if "last" in match["twice"] else 2
        return _span(match, *_unit(today, shift, match["unit2"]))
    shift = {"last": -1, "previous": -1, "past": -1, "next": 1, "coming": 1, "following": 1}.get(match["which"], 0)
    return _span(match, *_unit(today, shift, match["unit"]))


def _stretch(reading: Reading, match: re.Match[str], today: datetime.date) -> Day | None:
    """Reads "the last three months", "the next 30 days"."""
    numbers = reading.values(*match.span("count"))
    count = numbers[0].whole if numbers else 1
    if not 0 < count < _MOST:
        return None
    if match["which"] in ("next", "coming", "following"):
        return _span(match, today, _shift(today, count, match["unit"]))
    return _span(match, _shift(today, -count, match["unit"]), today)


def _year_alone(reading: Reading, match: re.Match[str], _today: datetime.date) -> Day | None:
    """Reads "in 2024", "since twenty nineteen"."""
    year = year_of(reading, *match.span("year"))
    if not year or (
        all(one.whole < 100 for one in reading.values(*match.span("year")))
        and len(reading.values(*match.span("year"))) == 1
    ):
        return None
    return Day(match.start("year"), match.end("year"), datetime.date(year, 1, 1), datetime.date(year, 12, 31))


def _month(name: str) -> int:
    return _MONTH_NUMBER[name.rstrip(".")]


_PATTERNS = tuple(
    (re.compile(pattern), make)
    for pattern, make in (
        (
            rf"(?:\b(?:from|between) )?(?:the )?(?P<day>[{_C}{_O}]) ?(?:to|through|until|till|and|-) ?(?:the "
            rf")?(?P<day2>[{_C}{_O}])(?: of)? (?P<month>{MONTH})(?!\w)(?:,? (?:of "
            rf")?(?P<year>{YEAR})(?![\w:%]))?",
            _days_of_month,
        ),
        (
            rf"(?:\b(?:from|between) )?\b(?P<month>{MONTH}) (?:the )?(?P<day>[{_C}{_O}]) ?(?:to|through|until|"
            rf"till|and|-) ?(?:the )?(?P<day2>[{_C}{_O}])(?! ?[\w:%])(?:,? (?:of "
            rf")?(?P<year>{YEAR})(?![\w:%]))?",
            _days_of_month,
        ),
        (
            rf"(?:(?:{_DAY_NAME})\b,? )?(?:the )?(?P<day>[{_C}{_O}])(?: day)?(?: of)?[ "
            rf"-](?P<month>{MONTH})(?!\w)(?:,? (?:of )?(?P<year>{YEAR})(?![\w:%]))?",
            _month_day,
        ),
        (
            rf"(?:(?:{_DAY_NAME})\b,? )?\b(?P<month>{MONTH})[ -](?:the )?(?P<day>{_O}|{_C}(?![:%/]))(?:,? "
            rf"(?:of )?(?P<year>{YEAR})(?![\w:%]))?",
            _month_day,
        ),
        (
            rf"(?P<lead>\b(?:in|for|since|until|till|from|of|during|by|through|my|the|between|and|to|before|"
            rf"after|back in|early|late|mid) )?(?P<which>\b(?:last|next|this) "
            rf")?\b(?P<month>{MONTH})(?!\w)(?:,? (?:of )?(?P<year>{YEAR})(?![\w:%]))?(?P<tail> (?:statement|"
            rf"bill|payment|transactions?|to|through|and|until|cycle|period|instalment|installment))?",
            _month_alone,
        ),
        (rf"(?<![\w.,/-]){_C}(?P<mark>[/.-]){_C}(?:(?P=mark){_C})?(?![\w%/-])", _figures),
        (
            rf"(?P<every>\b(?:every|each) month on )?(?P<the>\bthe (?P<day>{_O}))(?: day)? of "
            rf"(?P<month>(?:this|next|last|the|every|each) month)\b",
            _day_of_month,
        ),
        (rf"\b(?P<every>(?:every|each) month on )(?P<the>the (?P<day>{_O}))(?P<month>)", _day_of_month),
        (
            rf"\b(?:on|by|before|until|till|since|from|after|to|due|around|and|is|was|for|through|or|no|sorry|"
            rf"mean|meant|that|actually) (?P<the>the (?P<day>{_O}))(?P<month>)(?P<every>)(?= ?(?:$|[,.?!;]| "
            rf"(?:of\b(?! the)|at|and|or|if|please|for|i|we|because|then|to|but|was|is|so|around|in|not|it|my|"
            rf"you|they|when|that|instead|though|as|by|no|sorry|with|from)\b))",
            _day_of_month,
        ),
        (
            r"\b(?:the day (?:before yesterday|after tomorrow)|yesterday|tomorrow|today|tonight|last night)(?: "
            r"(?:morning|afternoon|evening|night))?\b|\bthis (?:morning|afternoon|evening)\b",
            _named,
        ),
        (
            rf"(?:\b(?P<which>next|this coming|this past|this|last|past|coming|following) "
            rf")?\b(?P<day>{_DAY_NAME})\b(?:'s)?(?P<part>{PART})?(?: (?:of )?(?P<week>(?:next|this|last) "
            rf"week))?(?!s)",
            _weekday,
        ),
        (
            rf"(?:\b(?P<lead>within the next|within|in the next|in less than|in under|in about|in around|in|no "
            rf"later than|after|under|no more than) )?(?P<count>{_COUNT}) ?-?(?P<unit>{_UNIT})\b(?P<tail> "
            rf"(?:ago|back|earlier|from (?:now|today)|later|from this date))?",
            _distance,
        ),
        (
            rf"(?:\bthe )?\b(?P<edge>end|beginning|start|very end) of (?:the )?(?:(?P<which>this|next|last|"
            rf"following) )?(?P<unit>month|year|week|quarter|day|{'|'.join(_MONTH_NUMBER)})\b|"
            rf"\b(?P<unit2>month|year|quarter)[ -]end\b",
            _edge,
        ),
        (
            r"\b(?P<which>last|this|next|previous|past|coming|following) (?P<unit>week|month|quarter|year)(?! "
            r"end)\b|\bthe (?P<unit2>week|month|year) (?P<twice>before last|after next)\b",
            _unit_period,
        ),
        (
            rf"(?:\bthe )?\b(?P<which>last|past|previous|next|coming|following) (?P<count>{_C} |couple of "
            rf")?(?P<unit>days|weeks|months|years|quarters)\b",
            _stretch,
        ),
        (
            rf"(?<!ending )(?<!ends )(?<!end )(?<!expires )(?<!expiring )\b(?:in|since|from|until|of|during|"
            rf"for|year|back in|by|before|after|to|and|through) (?P<year>{YEAR})(?![\w:%/]| ?(?:dollars|"
            rf"percent|days|weeks|months|years|hours|minutes))",
            _year_alone,
        ),
    )
)
_NUMBERED = frozenset(
    (_month_day, _days_of_month, _figures, _day_of_month, _year_alone)
)  # without a number there is none
