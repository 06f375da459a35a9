"""What either side says it will do, and until when."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property, partial

from callcore.text.chars import is_chinese
from callcore.tickets.chances import PROMISES, Chances, Traits, ending, worded
from callcore.tickets.facts import span_of
from callcore.tickets.linear import Head, LinearModel
from callcore.tickets.reading import CallView, Chance, Fact, PromiseHit, Reading, Span, begin_in
from callcore.tickets.spec import is_hidden
from callcore.types import Evidence, Promise, Role
from callcore.understand.entities.calendar import add_working_days, is_weekday, is_working_day_in_china, shift_months

SOURCE = "promises/1"
TIME_KINDS = ("date", "datetime", "time", "duration", "period")
DAY_KINDS = ("date", "datetime")
CONTACT_KINDS = ("phone", "channel")  #: facts that tell how the customer is reached
STATED, TIMED = 0.75, 0.9  #: confidence of a promise without and with a time
BESIDE = 0.4  #: probability from which a sentence promises something beside what it is likeliest to promise
MOST_EVIDENCE = 4
CONFIDENCE_DIGITS = 4
REACH = 14  #: characters before a time in which it may be said that it is the latest
DAY, WEEK = datetime.timedelta(days=1), datetime.timedelta(days=7)
LONGEST = datetime.timedelta(days=400)  #: nothing is promised for later
_DURATION = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")
_WORKING = re.compile(r"(?:\d+/)?(\d+) working days")
_WEEKDAY = re.compile(r"(?<!last )\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b")
_BARE_WEEKDAY = re.compile(
    r"(?:周|星期|礼拜)[一二三四五六日天1-6].{0,2}|(?:on )?(?:mon|tues|wednes|thurs|fri|satur|sun)day(?: [a-z]+)?"
)  #: without a word that says which
_TOLD = re.compile(r"(?:是|都)$|(?:['’]s|\b(?:is|was))(?: now| only| an?| the)* ?$|\b(?:an?|the|every|each|my|your) ?$")
_AT_LATEST = re.compile(r"(?:最[晚迟]|不晚于|no later than|by)(?:是|在| )*$")
_CLOCK = re.compile(r"\d{2}:\d{2}")
_ASKS_WHEN = (
    "什么时候",
    "多久",
    "几天",
    "多长时间",
    "啥时候",
    "几点",
    "哪天",
    "how long",
    "when ",
    "what time",
    "how soon",
)


@dataclass(frozen=True, slots=True)
class Made:
    """A promise, before several of the same are joined."""

    reading: Reading
    hit: PromiseHit
    due: str
    due_at: Evidence | None = None
    probability: float = 0.0  #: as the model has it; 0 where a rule holds
    number: int = 0  #: of those of its turn, from 0

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The words that promise, and those that say when."""
        start, end = self.reading.sentence(self.hit.span)
        own = self.reading.at((start, end) if end > start else self.hit.span)
        inside = self.due_at is None or own.start_sample <= self.due_at.start_sample <= own.end_sample
        return (own,) if inside or self.due_at is None else (own, self.due_at)


class Promises:
    """The promises of one call. Lives as long as one look at it."""

    def __init__(self, call: CallView, model: LinearModel | None = None) -> None:
        """``model``: takes or leaves what sentences may promise; without it the rules do."""
        self._call, self._model = call, model
        self._works = works_in(call.language)
        self._facts: dict[int, list[Fact]] = {}
        for kind in TIME_KINDS:
            for fact in call.facts.get(kind, ()):
                if kind == "duration" and "期" in fact.entity.text:
                    continue  # so many instalments, or one of them
                self._facts.setdefault(fact.reading.turn.turn_id, []).append(fact)

    @cached_property
    def all(self) -> tuple[Promise, ...]:
        """In the order in which they were first made; one that is said again counts once, with the later time."""
        groups: list[list[Made]] = []
        for made in self._made():
            group = next((group for group in groups if _same(group[-1], made)), None)
            if group is None:
                groups.append([made])
            else:
                group.append(made)
        return tuple(self._promise(group) for group in groups)

    @cached_property
    def answer(self) -> Promise | None:
        """The promise that says by when the bank gets back: the call back, else the earliest that has a time."""
        dated = [promise for promise in self.all if promise.by is Role.AGENT and promise.due]
        return min(dated, key=lambda promise: (promise.kind != "call_back", promise.due), default=None)

    def with_term(self, due: str, evidence: tuple[Evidence, ...]) -> Promises:
        """The same, in which call backs without a time of their own are due at the ``due`` time that the bank set."""
        other = copy(self)
        other.all = tuple(
            replace(
                one,
                due=due,
                confidence=max(TIMED, one.confidence) if one.source == SOURCE else one.confidence,
                evidence=tuple(dict.fromkeys((*one.evidence, *evidence))),
            )
            if one.by is Role.AGENT and one.kind == "call_back" and not one.due
            else one
            for one in self.all
        )
        return other

    @cached_property
    def times(self) -> list[Fact]:
        """Every time still to come that was named, in order; ``normal``: its last moment, ISO 8601."""
        found = []
        for facts in self._facts.values():
            for fact in facts:
                sentence = fact.reading.sentence(span_of(fact))
                beside = [other for other in facts if sentence[0] <= span_of(other)[0] < sentence[1]]
                if due := self._moment(fact, beside):
                    found.append(replace(fact, normal=due))
        return sorted(found, key=lambda fact: fact.order)

    def _made(self) -> Iterator[Made]:
        chances = Chances(self._call, self._facts, self._due_of)
        turns = self._call.readings
        for place, reading in enumerate(turns):
            found = chances.take(reading)
            if found or reading.promises:
                around = turns[max(place - 2, 0) : place + 3]  # as far as _asked_for looks
                facts = (fact for turn in around for fact in self._facts.get(turn.turn.turn_id, ()))
                grounds = (self._model, found, self._call.language, *around, *facts)
                made = partial(self._made_in, found, place, reading)
                yield from self._call.kept.of(("made", reading.turn.turn_id), grounds, made)

    def _made_in(self, found: Sequence[tuple[Chance, Traits]], place: int, reading: Reading) -> list[Made]:
        """Those of a turn. ``found``: what it may promise."""
        hits = {hit: 0.0 for hit in reading.promises if reading.speaks(hit.by) and not (self._model and hit.act)}
        hits |= self._taken(found, place, reading)
        alone = len({hit.kind for hit in hits}) == 1
        told: dict[tuple[str, str, Span], Made] = {}
        for hit, probability in sorted(hits.items(), key=lambda one: (one[0].span, one[0].kind)):
            key = hit.kind, hit.by, reading.sentence(hit.span)
            if key not in told and (probability or self._binds(reading, hit)):
                made = self._timed(place, reading, hit, alone)
                told[key] = replace(made, probability=probability, number=len(told))
        return list(told.values())

    def rows(self) -> list[tuple[Reading, Chance, Traits]]:
        """All that may be a promise, with what speaks for it."""
        chances = Chances(self._call, self._facts, self._due_of)
        return [
            (reading, one, traits | self._worded(reading, one, self._before(place)))
            for place, reading in enumerate(self._call.readings)
            for one, traits in chances.take(reading)
        ]

    def _taken(self, found: Iterable[tuple[Chance, Traits]], place: int, reading: Reading) -> dict[PromiseHit, float]:
        """What the model takes for promises, with its probability: of one sentence the likeliest, and others that are
        likely too.
        """
        if self._model is None:
            return {}
        head, before = self._model.heads[PROMISES], self._before(place)
        likely = [(head.yes(traits, self._words_say(reading, one, before, head)), one.hit) for one, traits in found]
        taken: dict[PromiseHit, float] = {}
        sentences: set[tuple[Span, str]] = set()
        for probability, hit in sorted(likely, key=lambda pair: -pair[0]):
            sentence = hit.span, hit.by
            if probability >= (max(head.least, BESIDE) if sentence in sentences else head.least):
                taken[hit] = probability
                sentences.add(sentence)
        return taken

    def _words_say(self, reading: Reading, one: Chance, before: str, head: Head) -> Mapping[str, float]:
        """What the words speak for; it stays as long as they do."""
        key = "words", one.hit.span, one.hit.by, one.hit.kind, before
        return reading.once(key, lambda: head.logits(self._worded(reading, one, before)))

    def _before(self, place: int) -> str:
        """How the turn before the one at ``place`` ends."""
        return ending(self._call.readings[place - 1] if place else None, self._call.language)

    def _worded(self, reading: Reading, one: Chance, before: str) -> Traits:
        start, end = one.hit.span
        return worded(reading.text[start:end], before, one.hit.by, one.hit.kind, self._call.language)

    def _binds(self, reading: Reading, hit: PromiseHit) -> bool:
        """Not what a customer only asks or tells of days gone by, nor that others get to deal with it."""
        start, end = reading.sentence(hit.span)
        if hit.kind == "handle" and begin_in((start, end), reading.hits.get("transfer", ())):
            return False
        if hit.by == "agent":
            return True
        said = [fact for fact in self._facts.get(reading.turn.turn_id, ()) if start <= span_of(fact)[0] < end]
        days = [resolve_due(f.normal, self._call.day, self._works) for f in said if f.entity.kind in DAY_KINDS]
        gone_by = bool(days) and all(day[:10] < self._call.day for day in days)
        return not gone_by and not reading.text[:end].rstrip().endswith(("?", "？"))

    def _timed(self, place: int, reading: Reading, hit: PromiseHit, alone: bool) -> Made:
        """With its time: in the same sentence, else the turn if it promises that ``alone``, else in the answer to
        "when?".
        """
        facts = self._facts.get(reading.turn.turn_id, [])
        sentence = reading.sentence(hit.span)
        inside = [fact for fact in facts if sentence[0] <= span_of(fact)[0] < sentence[1]]
        for chosen in (inside, facts if alone else []):
            if found := self._due(chosen, hit.span):
                return Made(reading, hit, *found)
        if found := self._asked_for(place, reading):
            return Made(reading, hit, *found)
        return Made(reading, hit, self._call.day if hit.today else "")

    def _asked_for(self, place: int, reading: Reading) -> tuple[str, Evidence] | None:
        """The time given when the other side asks, right after or right before, how long it takes."""
        around = self._call.readings
        for question, answer in ((place + 1, place + 2), (place - 1, place)):
            if question >= 0 and answer < len(around) and around[answer].role is reading.role:
                asked = around[question]
                if asked.role is not reading.role and any(word in asked.text for word in _ASKS_WHEN):
                    facts = self._facts.get(around[answer].turn.turn_id, [])
                    if found := self._due(facts, (0, 0)):
                        return found
        return None

    def _due_of(self, facts: Sequence[Fact], span: Span) -> str:
        found = self._due(facts, span)
        return found[0] if found else ""

    def _due(self, facts: Sequence[Fact], span: Span) -> tuple[str, Evidence] | None:
        """A time until which, else the nearest before the promise or after it; day and hour said apart are joined."""
        if not facts:
            return None
        nearest = min(
            facts, key=lambda fact: (not _bounded(fact), span_of(fact)[0] > span[1], abs(span_of(fact)[0] - span[0]))
        )
        due = self._moment(nearest, facts)
        return (due, nearest.evidence[0]) if due else None

    def _moment(self, fact: Fact, beside: Sequence[Fact]) -> str:
        """The last moment that a time names, with the hour or day said ``beside`` it; "" where it is gone by."""
        due = resolve_due(fact.normal, self._call.day, self._works)
        if due and fact.reading.agent and _WEEKDAY.search(fact.entity.text.lower()):
            due = self._next(due)
        if due and self._only_weekday(fact):
            due = self._later(fact, due)
        if not due or not self._to_come(due):
            return ""
        if len(due) == 10 and fact.entity.kind == "date":
            hours = [other for other in beside if other.entity.kind == "time"]
            if clock := next((_CLOCK.findall(other.normal)[-1] for other in hours if _CLOCK.search(other.normal)), ""):
                return f"{due}T{clock}"
        elif fact.entity.kind == "time":
            days = [other for other in beside if other.entity.kind == "date"]
            day = next((resolve_due(other.normal, self._call.day, self._works) for other in days), "")
            return f"{day[:10]}{due[10:]}" if day else due
        return due

    def _next(self, due: str) -> str:
        """A weekday that the entities take for the last one, as the next: by Monday, said on a Thursday."""
        day, today = _date(due[:10]), _date(self._call.day)
        if day is None or today is None or not datetime.timedelta() < today - day < WEEK:
            return due
        return f"{(day + WEEK).isoformat()}{due[10:]}"

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
        return [fact for fact in self._facts.get(reading.turn.turn_id, ()) if fact.entity.kind in DAY_KINDS]

    def _to_come(self, due: str) -> bool:
        """Whether it can be the time of a promise: not before the call, and not years after it."""
        day, last = _date(self._call.day), _date(due[:10])
        return day is not None and last is not None and day <= last <= day + LONGEST

    def _promise(self, group: Sequence[Made]) -> Promise:
        first, timed = group[0], [made for made in group if made.due]
        due = timed[-1].due if timed else ""  # said again without the hour it still holds
        due = max((made.due for made in timed if made.due[:10] == due), key=len, default=due)
        evidence = tuple(dict.fromkeys(place for made in group for place in made.evidence))[:MOST_EVIDENCE]
        by = Role.AGENT if first.hit.by == "agent" else Role.CUSTOMER
        likely = max(made.probability for made in group)
        contact = self._contact(first.reading) if by is Role.AGENT and first.hit.kind in ("call_back", "send") else ""
        return Promise(
            f"{first.reading.turn.turn_id}-{first.number}",
            first.hit.kind,
            by,
            due,
            contact,
            round(likely, CONFIDENCE_DIGITS) if likely else TIMED if due else STATED,
            evidence,
            self._model.source if self._model and likely else SOURCE,
        )

    def _contact(self, reading: Reading) -> str:
        """The telephone number that holds at the end of the call, else the channel named in the same turn."""
        phones = [fact for fact in self._call.facts.get("phone", ()) if is_private(fact.normal)]
        if phones:
            last = max(phones, key=lambda fact: (fact.status == "confirmed", fact.reading.order))
            return last.entity.text if is_hidden(last.normal) else last.normal
        return channel_in(reading, self._call)


REACHED_BY = ("phone", "sms", "email", "wechat")


def channel_in(reading: Reading, call: CallView) -> str:
    """The first way of reaching somebody that a turn names, "" where it names none."""
    named = (fact.normal for fact in call.facts.get("channel", ()) if fact.reading is reading)
    return next((channel for channel in named if channel in REACHED_BY), "")


def is_private(phone: str) -> bool:
    """Whether a telephone number is a person's and no service number."""
    return is_hidden(phone) or phone.startswith("+") or len(phone) > 8


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
    last = normal.rpartition("/")[2] or normal.partition("/")[0]
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


def _bounded(fact: Fact) -> bool:
    """Whether it says until when, and not just when."""
    start = span_of(fact)[0]
    return (
        fact.normal.startswith("..") or _AT_LATEST.search(fact.reading.text, max(start - REACH, 0), start) is not None
    )


def _same(one: Made, other: Made) -> bool:
    """The same promise said again. Another time makes another promise, but for a call back: that is put off."""
    if one.hit.kind != other.hit.kind or one.hit.by != other.hit.by:
        return False
    return one.hit.kind == "call_back" or not (one.due and other.due) or one.due[:10] == other.due[:10]
