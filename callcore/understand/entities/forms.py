"""The normal forms of values: docs/entities.md gives one for each kind."""

from __future__ import annotations

import datetime
from decimal import Decimal


def amount(number: Decimal, currency: str) -> str:
    """Two decimals (more where they were said) and the ISO 4217 code: ``35000.00 CNY``."""
    cents = number.quantize(Decimal("0.01"))
    return f"{cents if cents == number else number.normalize():f} {currency}"


def rate(percent: Decimal, period: str = "") -> str:
    """Per cent without trailing zeros, then "daily", "monthly" or "annual" where it was said: ``0.05% daily``."""
    shown = f"{percent.normalize():f}%"
    return f"{shown} {period}" if period else shown


def clock(hour: int, minute: int) -> str:
    """``15:00``."""
    return f"{hour:02d}:{minute:02d}"


def span(first: str, last: str) -> str:
    """From ``first`` to ``last``, both included; "" leaves an end open and is written ``..`` (ISO 8601-2:2019)."""
    return f"{first or '..'}/{last or '..'}"


def days(first: datetime.date, last: datetime.date) -> str:
    """A period of days: ``2026-10-01/2026-10-31``."""
    return span(first.isoformat(), last.isoformat())


def duration(count: Decimal, unit: str) -> str:
    """ISO 8601. ``unit``: "year", "month", "week", "day", "hour", "minute", "second"; fractions in smaller units.

    Half a year is P6M, a year and a half P1Y6M, one and a half hours PT1H30M, half a month P15D.
    """
    if unit == "quarter":
        unit, count = "month", count * 3
    whole, part = divmod(count, 1)
    rest = {"year": (12, "month"), "month": (30, "day"), "hour": (60, "minute"), "minute": (60, "second")}
    rest |= {"week": (7, "day"), "day": (24, "hour")}
    pieces = [(int(whole), unit)]
    if part and unit in rest:
        size, smaller = rest[unit]
        pieces.append((int((part * size).to_integral_value()), smaller))
    date = "".join(f"{number}{name[0].upper()}" for number, name in pieces if number and name in _DATE_UNITS)
    time = "".join(f"{number}{name[0].upper()}" for number, name in pieces if number and name not in _DATE_UNITS)
    return f"P{date}T{time}" if time else f"P{date or '0D'}"


def working_days(count: str) -> str:
    """A bare number of working days, which ISO 8601 has no form for: ``3 working days``, ``3/5 working days``."""
    return f"{count} working days"


_DATE_UNITS = ("year", "month", "week", "day")
