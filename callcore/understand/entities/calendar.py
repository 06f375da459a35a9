"""Days: nearest ones, working days, months."""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Callable

DAY, WEEK = datetime.timedelta(days=1), datetime.timedelta(weeks=1)


def shift_months(day: datetime.date, months: int) -> datetime.date:
    """The same day ``months`` later, or the last of that month where it is shorter. Raises ``ValueError``."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not datetime.MINYEAR <= year <= datetime.MAXYEAR:
        raise ValueError(f"year {year} is beyond the calendar")
    return datetime.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def month(day: datetime.date) -> tuple[datetime.date, datetime.date]:
    """First and last day of the month that ``day`` lies in."""
    return day.replace(day=1), day.replace(day=calendar.monthrange(day.year, day.month)[1])


def week(day: datetime.date) -> tuple[datetime.date, datetime.date]:
    """Monday and Sunday of the week that ``day`` lies in."""
    monday = day - day.weekday() * DAY
    return monday, monday + 6 * DAY


def quarter(day: datetime.date) -> tuple[datetime.date, datetime.date]:
    """First and last day of the quarter that ``day`` lies in."""
    first = datetime.date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
    return first, month(shift_months(first, 2))[1]


def nearest_day(today: datetime.date, month_number: int, day: int) -> datetime.date | None:
    """The date of that month and day that is closest to ``today``; None where there is none."""
    return _closest(today, [_date(today.year + years, month_number, day) for years in (-1, 0, 1)])


def nearest_month_day(today: datetime.date, day: int) -> datetime.date | None:
    """The date of that day of the month that is closest to ``today``; None where there is none."""
    months = (shift_months(today.replace(day=1), count) for count in (-1, 0, 1))
    return _closest(today, [_date(first.year, first.month, day) for first in months])


def is_working_day_in_china(day: datetime.date) -> bool:
    """By the State Council's notices (chinesecalendar). Beyond the years it knows: Monday to Friday."""
    from chinese_calendar import is_workday

    try:
        return bool(is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def is_weekday(day: datetime.date) -> bool:
    """Monday to Friday."""
    return day.weekday() < 5


def add_working_days(day: datetime.date, count: int, works: Callable[[datetime.date], bool]) -> datetime.date:
    """The working day ``count`` working days after ``day``, which itself does not count. Raises ``ValueError``."""
    if not 0 <= count <= 1000:
        raise ValueError("no deadline is so many working days away")
    while count:
        day += DAY
        count -= works(day)
    return day


def _date(year: int, month_number: int, day: int) -> datetime.date | None:
    try:
        return datetime.date(year, month_number, day)
    except ValueError:
        return None


def _closest(today: datetime.date, days: list[datetime.date | None]) -> datetime.date | None:
    return min((day for day in days if day is not None), key=lambda day: abs(day - today), default=None)
