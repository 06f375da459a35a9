"""What either side says it will do, and until when."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property, partial

from callcore.tickets.chances import PROMISES, Chances, Traits, ending, worded
from callcore.tickets.deadlines import Deadlines
from callcore.tickets.linear import Head, LinearModel
from callcore.tickets.own_times import ANSWERS, is_beside
from callcore.tickets.reading import CallView, Chance, PromiseHit, Reading, Span, begin_in
from callcore.tickets.spec import is_hidden
from callcore.types import Evidence, Promise, Role

SOURCE = "promises/1"
CONTACT_KINDS = ("phone", "channel")  #: facts that tell how the customer is reached
LENGTHS = ("duration", "period")  #: times that are those of a promise only if they stand in its sentence
STATED, TIMED = 0.75, 0.9  #: confidence of a promise without and with a time
BESIDE = 0.4  #: probability from which a sentence promises something beside what it is likeliest to promise
MOST_EVIDENCE = 4
CONFIDENCE_DIGITS = 4
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
        self.deadlines = Deadlines(call)  #: the times that promises may be due at

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

    def _made(self) -> Iterator[Made]:
        chances = Chances(self._call, self.deadlines)
        turns = self._call.readings
        for place, reading in enumerate(turns):
            found = chances.take(reading)
            if found or reading.promises:
                around = turns[max(place - 2, 0) : place + 3]  # as far as _asked_for looks
                facts = (fact for turn in around for fact in self.deadlines.said_in(turn))
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
        return self._apart(list(told.values()))

    def _apart(self, told: list[Made]) -> list[Made]:
        """Those of a turn, where the time by which the customer hears of it is not that by which it is dealt with."""
        heard = {made.due_at for made in told if made.hit.by == "agent" and made.hit.kind in ANSWERS and made.due_at}
        return [
            self._dealt_with(made, heard) if made.hit.kind == "handle" and made.due_at in heard else made
            for made in told
        ]

    def _dealt_with(self, made: Made, heard: Collection[Evidence]) -> Made:
        """With a time of its sentence by whose clause the customer is not to hear of it, or with none."""
        said = self.deadlines.said_in(made.reading, made.reading.sentence(made.hit.span))
        others = [fact for fact in said if fact.evidence[0] not in heard or is_beside(fact, made.hit.kind)]
        due, due_at = self.deadlines.of(others, made.hit.span, made.hit.kind) or ("", None)
        return replace(made, due=due, due_at=due_at)

    def rows(self) -> list[tuple[Reading, Chance, Traits]]:
        """All that may be a promise, with what speaks for it."""
        chances = Chances(self._call, self.deadlines)
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
        gone_by = self.deadlines.are_gone_by(reading, (start, end))
        return not gone_by and not reading.text[:end].rstrip().endswith(("?", "？"))

    def _timed(self, place: int, reading: Reading, hit: PromiseHit, alone: bool) -> Made:
        """With its time: in the same sentence, else a day or hour of the turn if it promises that ``alone``, else in
        the answer to "when?".
        """
        inside = self.deadlines.said_in(reading, reading.sentence(hit.span))
        beside = [fact for fact in self.deadlines.said_in(reading) if fact.entity.kind not in LENGTHS] if alone else ()
        for chosen in (inside, beside):
            if found := self.deadlines.of(chosen, hit.span, hit.kind):
                return Made(reading, hit, *found)
        if hit.kind != "handle" and (found := self._asked_for(place, reading, hit)):  # they ask when they hear of it
            return Made(reading, hit, *found)
        return Made(reading, hit, self._call.day if hit.today else "")

    def _asked_for(self, place: int, reading: Reading, hit: PromiseHit) -> tuple[str, Evidence] | None:
        """The time given when the other side asks, right after or right before, how long it takes."""
        around = self._call.readings
        for question, answer in ((place + 1, place + 2), (place - 1, place)):
            if question >= 0 and answer < len(around) and around[answer].role is reading.role:
                asked = around[question]
                asks = asked.role is not reading.role and any(word in asked.text for word in _ASKS_WHEN)
                if asks and (found := self.deadlines.of(self.deadlines.said_in(around[answer]), (0, 0), hit.kind)):
                    return found
        return None

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


def _same(one: Made, other: Made) -> bool:
    """The same promise said again. Another time makes another promise, but for a call back: that is put off."""
    if one.hit.kind != other.hit.kind or one.hit.by != other.hit.by:
        return False
    return one.hit.kind == "call_back" or not (one.due and other.due) or one.due[:10] == other.due[:10]
