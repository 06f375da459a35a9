"""Until when something is promised: the last moment of a time that was named, by the calendar of the language."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property

from callcore.text.chars import is_chinese
from callcore.tickets.facts import span_of
from callcore.tickets.own_times import is_beside
from callcore.tickets.reading import CallView, Fact, Reading, Span
from callcore.tickets.said_days import ORDINAL, WEEKDAY_EN, WEEKDAY_ZH
from callcore.types import Evidence
from callcore.understand.entities.calendar import (
    DAY,
    WEEK,
    add_working_days,
    is_weekday,
    is_working_day_in_china,
    shift_months,
)

TIME_KINDS = ("date", "datetime", "time", "duration", "period")
DAY_KINDS = ("date", "datetime")
REACH = 14  #: characters before a time in which it may be said that it is the latest
LONGEST = datetime.timedelta(days=400)  #: nothing is promised for later
_DURATION = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")
_WORKING = re.compile(r"(?:\d+/)?(\d+) working days")
_WEEKDAY = re.compile(rf"(?<!last ){WEEKDAY_EN}")
_BARE_WEEKDAY = re.compile(rf"{WEEKDAY_ZH}.{{0,2}}|(?:on )?{WEEKDAY_EN}(?: [a-z]+)?")  #: no word says which it is
_ANY_WEEK = re.compile(WEEKDAY_ZH)  #: how one begins that may be of any week
_ANY_MONTH = re.compile(rf"[\d一二三四五六七八九十]{{1,3}}[日号]|the (?:[a-z]+[- ])?{ORDINAL}(?! of)")  #: of any month
_UNFIT = re.compile("[我是]?[怕可肯定]{0,2}(?:不行|不成|来不及|没空|不方便)")  #: what a day is no good for
_INSTANT = re.compile(r" ?(?:i|we|you|he|she|it|they|that)\b")  #: the second I hang up
_NOON = re.compile("中午|正午")
_WEEK_END = re.compile(r"\bend of (?:the )?(?:this |next |following )?week\b")
_OF_WEEK = re.compile(rf"\b(?:{ORDINAL}|times?|already) ?$")  #: the sixth this week
_TOLD = re.compile(r"(?:是|都)$|(?:['’]s|\b(?:is|was))(?: now| only| an?| the)* ?$|\b(?:an?|the|every|each|my|your) ?$")
_AT_LATEST = re.compile(r"(?:最[晚迟]|不晚于|no later than|by)(?:是|在| )*$")
_CLOCK = re.compile(r"\d{2}:\d{2}")


class Deadlines:
    """The times that one call names, as ends of promises. Lives as long as one look at it."""

    def __init__(self, call: CallView) -> None:
        self._call, self._works = call, works_in(call.language)
        facts: dict[int, list[Fact]] = {}
        for kind in TIME_KINDS:
            for fact in call.facts.get(kind, ()):
                if kind == "duration" and "期" in fact.entity.text:
                    continue  # so many instalments, or one of them
                facts.setdefault(fact.reading.turn.turn_id, []).append(fact)
        self._said = facts  #: by the id of the turn that says them

    def said_in(self, reading: Reading, part: Span | None = None) -> Sequence[Fact]:
        """The times that a turn names, or a ``part`` of it."""
        said = self._said.get(reading.turn.turn_id, ())
        return said if part is None else [fact for fact in said if part[0] <= span_of(fact)[0] < part[1]]

    def are_gone_by(self, reading: Reading, part: Span) -> bool:
        """Whether a part of a turn names days, and none but such before the call."""
        said = [fact for fact in self.said_in(reading, part) if fact.entity.kind in DAY_KINDS]
        days = [resolve_due(fact.normal, self._call.day, self._works) for fact in said]
        return bool(days) and all(day[:10] < self._call.day for day in days)

    def as_read(self, facts: Sequence[Fact], span: Span) -> str:
        """When the nearest of some times is, as it was read, with the hour beside it; "" where that is gone by.

        What the model for promises has learned from; :meth:`of` tells when something is due.
        """
        nearest = min(facts, key=lambda fact: _order(fact, span))
        due = resolve_due(nearest.normal, self._call.day, self._works)
        if due and nearest.reading.agent and _WEEKDAY.search(nearest.entity.text.lower()):
            due = self._next(due)
        if due and self._only_weekday(nearest):
            due = self._later(nearest, due)
        return self._with_hour(nearest, due, facts) if due and self._to_come(due) else ""

    def of(self, facts: Sequence[Fact], span: Span, kind: str) -> tuple[str, Evidence] | None:
        """A time beside words of the ``kind`` of promise, one until which, else the nearest before the promise or after
        it, of those still to come; day and hour said apart are joined.
        """

        def order(fact: Fact) -> tuple[bool, bool, tuple[bool, bool, int]]:
            beside = len(facts) == 1 or is_beside(fact, kind)
            return fact.entity.kind == "period", not beside, _order(fact, span)

        for fact in sorted(facts, key=order):
            if due := self._moment(fact, facts):
                return due, fact.evidence[0]
        return None

    def _moment(self, fact: Fact, beside: Sequence[Fact]) -> str:
        """The last moment that a time names, with the hour or day said ``beside`` it; "" where it is gone by, or
        nothing can be due then.
        """
        if _is_none(fact):
            return ""
        due, text = resolve_due(fact.normal, self._call.day, self._works), fact.entity.text.lower()
        if due and (_WEEKDAY.search(text) or _ANY_WEEK.match(text)):
            due = self._next(due)
        elif due and _ANY_MONTH.match(text):
            due = self._next_month(due)
        elif due and (fact.entity.kind == "period" or _WEEK_END.search(text)):
            due = self._end_of_work(due)
        if due and self._only_weekday(fact):
            due = self._later(fact, due)
        if not due or not self._to_come(due):
            return ""
        if fact.entity.kind == "time" and (day := self._day_for(fact, beside)):
            return f"{day}{due[len(day) :]}"
        at_noon = fact.entity.kind == "date" and fact.normal.startswith("..") and _NOON.search(text)
        due = self._with_hour(fact, due, beside)
        return f"{due}T12:00" if at_noon and len(due) == len(self._call.day) else due

    def _with_hour(self, fact: Fact, due: str, beside: Sequence[Fact]) -> str:
        """A day with the hour said ``beside`` it, if any; what has its own stays as it is."""
        if len(due) > len(self._call.day) or fact.entity.kind != "date":
            return due
        hours = [_CLOCK.findall(other.normal) for other in beside if other.entity.kind == "time"]
        clock = next((found[-1] for found in hours if found), "")
        return f"{due}T{clock}" if clock else due

    def _day_for(self, fact: Fact, beside: Sequence[Fact]) -> str:
        """The day of a time of day: one said ``beside`` it, else the last before it in its turn, if any."""
        days = [other for other in beside if other.entity.kind in DAY_KINDS]
        if not days:
            start = span_of(fact)[0]
            days = [other for other in reversed(self._days_of(fact.reading)) if span_of(other)[0] < start]
        found = (resolve_due(other.normal, self._call.day, self._works)[: len(self._call.day)] for other in days)
        return next((day for day in found if day >= self._call.day), "")

    def _next(self, due: str) -> str:
        """A weekday that the entities take for the last one, as the next: by Monday, said on a Thursday."""
        day, today = _date(due[:10]), _date(self._call.day)
        if day is None or today is None or not datetime.timedelta() < today - day < WEEK:
            return due
        return f"{(day + WEEK).isoformat()}{due[10:]}"

    def _next_month(self, due: str) -> str:
        """A day of the month that the entities take for the last one, as the next: on the tenth, said on the 25th."""
        day, today = _date(due[:10]), _date(self._call.day)
        if day is None or today is None or not day < today < shift_months(day, 1):
            return due
        return f"{shift_months(day, 1).isoformat()}{due[10:]}"

    def _end_of_work(self, due: str) -> str:
        """The last working day of a week that ends on a day."""
        day = _date(due)
        while day is not None and not self._works(day):
            day -= DAY
        return day.isoformat() if day else due

    def _only_weekday(self, fact: Fact) -> bool:
        """Whether a day is told by its weekday alone (周四, on Thursday), with no other beside it (今天周四)."""
        start, end = span_of(fact)
        sentence = fact.reading.sentence((start, end))
        days = [span for span in map(span_of, self._days_of(fact.reading)) if fact.reading.sentence(span) == sentence]
        return (
            _BARE_WEEKDAY.fullmatch(fact.entity.text.lower()) is not None
            and _TOLD.search(fact.reading.text, max(start - REACH, 0), start) is None
            and not any(0 <= first - end <= 1 or 0 <= start - last <= 1 for first, last in days)
        )

    def _later(self, fact: Fact, due: str) -> str:
        """A weekday to come: that of the call itself is a week later, and none lies before a day that its turn has
        named before it (下周三之前到账，没到的话周四给您打电话).
        """
        day, today = _date(due[:10]), _date(self._call.day)
        if day is None or today is None or day < today:
            return due
        first = today + DAY
        for other in self._days_of(fact.reading):
            named = _date(resolve_due(other.normal, self._call.day, self._works)[:10])
            if span_of(other)[0] < span_of(fact)[0] and named is not None and named <= today + 2 * WEEK:
                first = max(first, named)
        while day < first:
            day += WEEK
        return f"{day.isoformat()}{due[10:]}"

    def _days_of(self, reading: Reading) -> list[Fact]:
        """The days that a turn names."""
        return [fact for fact in self.said_in(reading) if fact.entity.kind in DAY_KINDS]

    def _to_come(self, due: str) -> bool:
        """Whether it can be the time of a promise: not before the call, and not years after it."""
        day, last = _date(self._call.day), _date(due[:10])
        return day is not None and last is not None and day <= last <= day + LONGEST

    @cached_property
    def times(self) -> list[Fact]:
        """Every time still to come that was named, in order; ``normal``: its last moment, ISO 8601."""
        found = []
        for facts in self._said.values():
            for fact in facts:
                beside = self.said_in(fact.reading, fact.reading.sentence(span_of(fact)))
                if due := self._moment(fact, beside):
                    found.append(replace(fact, normal=due))
        return sorted(found, key=lambda fact: fact.order)


def works_in(language: str) -> Callable[[datetime.date], bool]:
    """Which days are working days where a language is spoken: China's calendar for Mandarin, Monday to Friday else."""
    return is_working_day_in_china if is_chinese(language) else is_weekday


def resolve_due(normal: str, day: str, works: Callable[[datetime.date], bool]) -> str:
    """The latest moment of a date, time, duration or period (docs/entities.md) as ISO 8601; "" where there is none.

    ``day``: of the call, ISO 8601, from which durations count.
    """
    today = _date(day)
    if today is None:
        return ""
    first, _, last = normal.rpartition("/")
    if last == "..":
        return resolve_due(first[: len(day)], day, works)  # after an hour of a day: no hour by which it is done
    if working := _WORKING.fullmatch(normal):
        return add_working_days(today, int(working[1]), works).isoformat() if int(working[1]) <= 1000 else ""
    if last.startswith("P"):
        return _after(today, last)
    if _CLOCK.fullmatch(last := last.removeprefix("..")):
        return f"{today.isoformat()}T{last}"
    if last.startswith("XXXX"):
        return ""
    return last if _date(last[:10]) else ""


def _after(today: datetime.date, duration: str) -> str:
    match = _DURATION.fullmatch(duration)
    if match is None:
        return ""
    years, months, weeks, days, hours, minutes = (int(part or 0) for part in match.groups())
    try:
        later = shift_months(today, years * 12 + months) + datetime.timedelta(weeks * 7 + days)
        return (later + datetime.timedelta(hours // 24)).isoformat() if hours + minutes else later.isoformat()
    except (ValueError, OverflowError):
        return ""


def _date(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None


def _order(fact: Fact, span: Span) -> tuple[bool, bool, int]:
    """What says until when comes first, then what stands before a promise, then what is nearest to it."""
    start = span_of(fact)[0]
    return not _bounded(fact), start > span[1], abs(start - span[0])


def _is_none(fact: Fact) -> bool:
    """Whether it names no time by which something is done: a month, the day that does not suit, the sixth this week."""
    text, (start, end) = fact.reading.text, span_of(fact)
    if fact.entity.kind == "period":
        first, last = _date(fact.normal.partition("/")[0]), _date(fact.normal.rpartition("/")[2])
        in_week = first is not None and last is not None and last - first == WEEK - DAY and first.weekday() == 0
        return not in_week or _OF_WEEK.search(text, max(start - REACH, 0), start) is not None
    if text[start:end].strip() == "the second":
        return _INSTANT.match(text, end) is not None
    return _UNFIT.match(text, end) is not None


def _bounded(fact: Fact) -> bool:
    """Whether it says until when, and not just when."""
    start = span_of(fact)[0]
    return (
        fact.normal.startswith("..") or _AT_LATEST.search(fact.reading.text, max(start - REACH, 0), start) is not None
    )
