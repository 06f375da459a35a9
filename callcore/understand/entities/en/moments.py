"""Dates, periods, times and both together, with their bounds."""

from __future__ import annotations

import re
from collections.abc import Iterator

from callcore.understand.entities import forms
from callcore.understand.entities.en.clock import Clock, clocks
from callcore.understand.entities.en.days import Day, days
from callcore.understand.entities.en.numbers import Reading
from callcore.understand.entities.spans import Context, Span

DATE_RANK, TIME_RANK, BARE_TIME_RANK = 6, 6, 3

_BEFORE = r"by|before|until|till|no later than|not later than|up until|up to|prior to|at the latest by|by no later than"
_AFTER = r"after|since|from|starting from|starting on|starting|as of|any time after|anytime after|effective|beginning"
_BOUND = re.compile(rf"\b(?:(?P<before>{_BEFORE})|(?P<after>{_AFTER}))(?: (?:on|around|about|at|the|like))? $")
_LINK = re.compile(
    rf"(?:,? ?(?:(?P<before>\b(?:{_BEFORE}))|(?P<after>\b(?:after|since))|at|around|about|on|for|of|in the|"
    rf"from|exactly|roughly|sometime|just|maybe|or so|sharp)\b)*,? ?"
)
_TO = re.compile(r" ?(?:to|through|until|till|-|up to|thru) ?|(?P<and> and )")


def moments(reading: Reading, context: Context) -> Iterator[Span]:
    """Every date, period, time and datetime."""
    dates, times = days(reading, context), clocks(reading)
    times = [one for one in times if all(one.end <= day.start or one.start >= day.end for day in dates)]
    joined = list(_joined(reading, dates, times))
    for day, clock, bound in joined:
        yield _moment(reading, day, clock.in_part(day.part), bound)
    taken = {id(one) for day, clock, _ in joined for one in (day, clock)}
    yield from _day_ranges(reading, [one for one in dates if id(one) not in taken])
    yield from _clock_ranges(reading, [one for one in times if id(one) not in taken])


def _joined(reading: Reading, dates: list[Day], times: list[Clock]) -> Iterator[tuple[Day, Clock, str]]:
    """Pairs of a day and a time that stand side by side, with what bounds them."""
    taken: set[int] = set()
    for clock in times:
        for day in dates:
            if id(day) in taken or not day.single or day.value:
                continue
            first, second = (day, clock) if day.start < clock.start else (clock, day)
            link = _LINK.fullmatch(reading.code, first.end, second.start) if second.start - first.end < 40 else None
            if link and not _TO.fullmatch(reading.code, first.end, second.start):
                taken.add(id(day))
                yield day, clock, _side(link) or _bound(reading, first.start)
                break


def _moment(reading: Reading, day: Day, clock: Clock, bound: str) -> Span:
    value = f"{day.first.isoformat()}T{forms.clock(clock.hour % 24, clock.minute)}"
    start, end = reading.span(min(day.start, clock.start), max(day.end, clock.end))
    return Span("datetime", start, end, _bounded(value, bound), rank=DATE_RANK + 1)


def _day_ranges(reading: Reading, dates: list[Day]) -> Iterator[Span]:
    at = 0
    while at < len(dates):
        day, after = dates[at], dates[at + 1] if at + 1 < len(dates) else None
        link = after and not (day.value or after.value) and _TO.fullmatch(reading.code, day.end, after.start)
        if (
            after
            and link
            and after.last > day.first
            and (not link["and"] or reading.code[: day.start].endswith("between "))
        ):
            start, end = reading.span(day.start, after.end)
            yield Span("period", start, end, forms.days(day.first, after.last), rank=DATE_RANK + 1)
            at += 2
            continue
        start, end = reading.span(day.start, day.end)
        kind = "date" if day.single or day.value else "period"
        bound = _bound(reading, day.start) if day.single and not day.value else ""
        yield Span(kind, start, end, _bounded(day.form(), bound), rank=DATE_RANK)
        at += 1


def _clock_ranges(reading: Reading, times: list[Clock]) -> Iterator[Span]:
    at = 0
    while at < len(times):
        clock, after = times[at], times[at + 1] if at + 1 < len(times) else None
        link = after and _TO.fullmatch(reading.code, clock.end, after.start)
        if after and link and (not link["and"] or reading.code[: clock.start].endswith("between ")):
            start, end = reading.span(clock.start, after.end)
            value = forms.span(*(forms.clock(one.hour % 24, one.minute) for one in (clock, after)))
            yield Span("time", start, end, value, rank=TIME_RANK)
            at += 2
            continue
        start, end = reading.span(clock.start, clock.end)
        value = _bounded(forms.clock(clock.hour % 24, clock.minute), _bound(reading, clock.start))
        probability, rank = (0.95, TIME_RANK) if clock.sure else (0.8, BARE_TIME_RANK)
        yield Span("time", start, end, value, probability, rank=rank)
        at += 1


def _bound(reading: Reading, start: int) -> str:
    """What bounds a moment ("before", "after", ""), by the words that lead to ``start``."""
    match = _BOUND.search(reading.code, max(0, start - 30), start)
    return _side(match) if match else ""


def _side(match: re.Match[str]) -> str:
    return "before" if match["before"] else "after" if match["after"] else ""


def _bounded(value: str, bound: str) -> str:
    if bound == "before":
        return forms.span("", value)
    return forms.span(value, "") if bound == "after" else value
