"""What each way to name a day or a period comes to: called with a match of its pattern (days.py)."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

from callcore.understand.entities import calendar, forms
from callcore.understand.entities.calendar import DAY, WEEK
from callcore.understand.entities.en.day_words import (
    FIRST_YEAR,
    LAST_YEAR,
    MONTH,
    MONTH_NUMBER,
    WEEKDAY_NUMBER,
    month_number,
    year_of,
)
from callcore.understand.entities.en.numbers import ORDINAL, Reading

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


def _span(match: re.Match[str], first: datetime.date, last: datetime.date | None = None, **more: object) -> Day:
    return Day(match.start(), match.end(), first, last or first, **more)  # type: ignore[arg-type]


def month_day(reading: Reading, match: re.Match[str], today: datetime.date) -> Day | None:
    """Reads "march fifteenth 2027", "the 3rd of May", "15 march"."""
    month, day = month_number(match["month"]), reading.numbers[match.start("day")].whole
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
    if nearest and nearest > today and _is_behind(match):
        nearest = calendar.shift_months(nearest, -12)
    return Day(match.start(), end, nearest, nearest) if nearest else None


def month_alone(reading: Reading, match: re.Match[str], today: datetime.date) -> Day | None:
    """Reads "in March", "last October", "march 2026"."""
    month, which = month_number(match["month"]), match["which"]
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


def days_of_month(reading: Reading, match: re.Match[str], today: datetime.date) -> Day | None:
    """Reads "the 1st to the 15th of October", "March 3rd through 8th"."""
    month = month_number(match["month"])
    first, last = (reading.numbers[match.start(group)].whole for group in ("day", "day2"))
    year = year_of(reading, *match.span("year")) if match["year"] else 0
    nearest = calendar.nearest_day(today, month, first)
    if nearest is None or not first < last:
        return None
    begin = nearest.replace(year=year) if year else nearest
    return Day(match.start(), match.end(), begin, begin.replace(day=last))


def figures(reading: Reading, match: re.Match[str], today: datetime.date) -> Day | None:
    """Reads "03/15/2026", "15/03/26", "3/15", "2026-03-15"."""
    values = [one.whole for one in reading.values(match.start(), match.end())]
    if any(value < 0 for value in values) or values == [24, 7]:
        return None
    if values[0] >= FIRST_YEAR:
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
        return _span(match, datetime.date(year, month, day)) if FIRST_YEAR <= year <= LAST_YEAR else None
    nearest = calendar.nearest_day(today, month, day)
    return _span(match, nearest) if nearest else None


def day_of_month(reading: Reading, match: re.Match[str], today: datetime.date) -> Day | None:
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
    if nearest and nearest > today and _is_behind(match):
        nearest = calendar.shift_months(nearest, -1)
    return Day(start, match.end(), nearest, nearest) if nearest else None


#: said before a "today" that names no day: how can I help you today, anything else today
_SERVING = re.compile(r"\b(?:help|assist|do for) you(?: out)?(?: with)? $|\b(?:any|some)thing else\b[^.?!;]{0,30} $")


def named(_reading: Reading, match: re.Match[str], today: datetime.date) -> Day | None:
    """Reads "today", "tomorrow morning", "the day before yesterday", "last night"; not what an agent asks at once."""
    said = match[0]
    if said == "today" and _SERVING.search(match.string, 0, match.start()):
        return None
    if said.startswith("the day"):
        shift = -2 if "before" in said else 2
    else:
        shift = -1 if said.startswith(("yesterday", "last night")) else 1 if said.startswith("tomorrow") else 0
    part = said.rsplit(" ", 1)[-1] if " " in said else "night" if said == "tonight" else ""
    return _span(match, today + shift * DAY, part=part)


REACH = 45  #: days in which a weekday and a day of a month are looked for together
_AHEAD = re.compile(
    r"(?:\b(?:by|until|till|before|no later than|end of|close of (?:play|business))(?: the)? "
    r"|(?:'ll|\b(?:will|going to|shall|should))\b(?! have\b)[^.?!;]{0,60})$"
)  #: what makes a day that is only named one to come


_PAST = (
    "was|were|went|came|had|(?<!'ve )(?<!have )(?<!has )got|didn't|wasn't|paid|bought|sent|called|rang|phoned|told|"
    "said|charged|took|taken|happened|used|tried|spoke|made|opened|received|noticed|saw|withdrew|asked|ordered|posted|"
    "dropped|signed|lost|moved|applied|transferred|deposited|cashed|booked|cancelled|reported|missed|visited|arrived|"
    "showed|promised|started|stopped|gave|given|been|turned up"
)
_WAS = rf"\b(?:{_PAST})\b(?! (?:to|better|going|hoping|wondering|thinking|planning|meaning|looking|supposed|due)\b)"
_TO_BE = r"\b(?:would|will|should|could|can|may|might|going to|supposed|due|be|is|are|need|want|if)\b|'(?:ll|d|s)\b"
#: what makes a day that is only named one that is gone by: said before it in its sentence, or at once behind it
_DONE_BEFORE = re.compile(rf"{_WAS}(?:(?!{_TO_BE})[^.?!;]){{0,60}}$")
_DONE_BEHIND = re.compile(
    rf",? (?:i|we|you|they|he|she|it|somebody|someone|(?:the|my|your|a) [a-z]+)(?: (?:just|only|then|already))? {_WAS}"
)


def _is_behind(match: re.Match[str]) -> bool:
    """Whether what is said beside a day tells of it as gone by: "they charged me on Monday"."""
    text = match.string
    return _DONE_BEFORE.search(text, 0, match.start()) is not None or _DONE_BEHIND.match(text, match.end()) is not None


_DAY_BESIDE = re.compile(
    rf"(?:day|tomorrow|tonight|morning|{MONTH}|{ORDINAL})[^.?!;\w]{{0,3}}(?:(?:at|on|some ?time|before) )?$"
)  #: another day, of whose morning something is said


def next_morning(reading: Reading, match: re.Match[str], today: datetime.date) -> Day | None:
    """Reads "I'll ring you in the morning", "we'll do it first thing"; not that of another day, nor what is usual."""
    if match["first"] and reading.numbers[match.start("first")].whole != 1:
        return None
    if _AHEAD.search(match.string, 0, match.start()) is None or _DAY_BESIDE.search(match.string, 0, match.start()):
        return None
    return _span(match, today + DAY, part="morning")


def weekday(reading: Reading, match: re.Match[str], today: datetime.date) -> Day | None:
    """Reads "next Tuesday", "on Friday morning", "Monday next week", "Friday the twentieth"."""
    wanted, which, week = WEEKDAY_NUMBER[match["day"]], match["which"] or "", match["week"] or ""
    monday = calendar.week(today)[0]
    if match["ordinal"]:
        number = reading.numbers[match.start("ordinal")].whole
        near = [today + shift * DAY for shift in range(-REACH, REACH + 1)]
        fitting = [day for day in near if day.day == number and day.weekday() == wanted]
        if not fitting:
            return None
        day = min(fitting, key=lambda day: (abs(day - today), day < today))
    elif match["later"]:
        day = today + ((wanted - today.weekday() - 1) % 7 + 8) * DAY
    elif week and not which:
        which = week.split(" ")[0] if week != "a week" else "next"
        day = monday + (wanted + {"next": 7, "last": -7}.get(which, 0)) * DAY
    elif which in ("next",):
        day = monday + (wanted + 7) * DAY
    elif which == "this":
        day = monday + wanted * DAY
    elif which in ("last", "past", "this past"):
        day = today - ((today.weekday() - wanted - 1) % 7 + 1) * DAY
    elif which in ("coming", "this coming", "following") or _AHEAD.search(match.string, 0, match.start()):
        day = today + ((wanted - today.weekday() - 1) % 7 + 1) * DAY
    elif _is_behind(match):
        day = today - (today.weekday() - wanted) % 7 * DAY
    else:
        ahead = (wanted - today.weekday()) % 7
        day = today + (ahead if ahead <= 3 else ahead - 7) * DAY
    return _span(match, day, part=(match["part"] or "").strip())


def distance(reading: Reading, match: re.Match[str], today: datetime.date) -> Day | None:
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


def edge(_reading: Reading, match: re.Match[str], today: datetime.date) -> Day | None:
    """Reads "the end of the month", "beginning of next year", "month end"."""
    said, unit = match["which"] or "this", match["unit"] or match["unit2"]
    if unit in MONTH_NUMBER:
        middle = calendar.nearest_day(today, MONTH_NUMBER[unit], 15)
        first, last = calendar.month(middle or today)
    else:
        first, last = _unit(today, {"next": 1, "last": -1}.get(said, 0), unit)
    begins = (match["edge"] or "end").startswith(("beg", "start"))
    return _span(match, first if begins else last)


def _unit(today: datetime.date, shift: int, unit: str) -> tuple[datetime.date, datetime.date]:
    """The current (0), the last (-1) or next (1) week, month, quarter or year; a day."""
    if unit == "week":
        return calendar.week(today + shift * WEEK)
    if unit == "month":
        return calendar.month(calendar.shift_months(today.replace(day=1), shift))
    if unit == "quarter":
        return calendar.quarter(calendar.shift_months(today.replace(day=1), 3 * shift))
    if unit == "year":
        return datetime.date(today.year + shift, 1, 1), datetime.date(today.year + shift, 12, 31)
    return today + shift * DAY, today + shift * DAY


def unit_period(_reading: Reading, match: re.Match[str], today: datetime.date) -> Day | None:
    """Reads "last month", "this year", "the week before last"."""
    if match["twice"]:
        shift = -2 if "last" in match["twice"] else 2
        return _span(match, *_unit(today, shift, match["unit2"]))
    shift = {"last": -1, "previous": -1, "past": -1, "next": 1, "coming": 1, "following": 1}.get(match["which"], 0)
    return _span(match, *_unit(today, shift, match["unit"]))


def stretch(reading: Reading, match: re.Match[str], today: datetime.date) -> Day | None:
    """Reads "the last three months", "the next 30 days"."""
    numbers = reading.values(*match.span("count"))
    count = numbers[0].whole if numbers else 1
    if not 0 < count < _MOST:
        return None
    if match["which"] in ("next", "coming", "following"):
        return _span(match, today, _shift(today, count, match["unit"]))
    return _span(match, _shift(today, -count, match["unit"]), today)


def year_alone(reading: Reading, match: re.Match[str], _today: datetime.date) -> Day | None:
    """Reads "in 2024", "since twenty nineteen"."""
    year = year_of(reading, *match.span("year"))
    if not year or (
        all(one.whole < 100 for one in reading.values(*match.span("year")))
        and len(reading.values(*match.span("year"))) == 1
    ):
        return None
    return Day(match.start("year"), match.end("year"), datetime.date(year, 1, 1), datetime.date(year, 12, 31))
