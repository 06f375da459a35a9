"""What a rule gets and gives."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any


@dataclass(frozen=True, slots=True)
class OpenNumber:
    """Digits that a speaker has begun to say and that turns to come may go on with."""

    pieces: tuple[str, ...]  #: in the order in which they were said
    kind: str  #: kind they are to become, "" while nothing tells
    turns: tuple[int, ...]  #: that hold them, in order

    @property
    def digits(self) -> str:
        """All of them."""
        return "".join(self.pieces)


@dataclass(frozen=True, slots=True)
class Context:
    """What rules know beside the words of the turn."""

    date: datetime.date  #: of the call, where the call is taken
    currency: str = ""  #: ISO 4217 code of amounts without a currency; "" = CNY in Mandarin, USD in English
    region: str = ""  #: ISO 3166 code of telephone numbers without a country code; "" = CN in Mandarin, US in English
    products: Mapping[str, str] = field(default_factory=dict)  #: names of products (lower case) to taxonomy codes
    country: str = ""  #: ISO 3166 code of the country that an English call is in, if what was said tells
    asked: str = ""  #: kind that the other side has just asked for; of several a number rather than a name
    beside: tuple[str, ...] = ()  #: the other kinds of the same question
    end_asked: str = ""  #: kind of number whose end alone it has asked for ("the last four of your social")
    name_asked: bool = False  #: whether it asked for a name, alone or beside a number
    about: str = ""  #: kind of the number just read back to be confirmed, or asked for where no card's was
    named: str = ""  #: name by which the other side has just asked for somebody
    heard: tuple[tuple[str, str], ...] = ()  #: kind and value of numbers the other side has just said
    open: OpenNumber | None = None  #: of the same speaker

    def alone(self) -> Context:
        """What is known of a text that nothing was said before."""
        return Context(self.date, self.currency, self.region, self.products)


@dataclass(frozen=True, slots=True)
class Span:
    """An entity as a rule found it: half-open range of characters of :class:`Spoken`."""

    kind: str
    start: int
    end: int
    value: str
    probability: float = 0.95
    valid: bool | None = None
    rank: int = 0  #: of two that overlap the higher stays; the longer of equals; the earlier of equally long ones
    status: str = "said"
    source: str = ""
    parts: tuple[int, ...] = ()
    hint: str = ""  #: of "digits": the kind that they may still become
    pieces: tuple[str, ...] = ()  #: of numbers: the digits of the span itself, as they were said


@dataclass(frozen=True, slots=True)
class TurnCues:
    """Words of a language that tell how values of a call stand to each other."""

    yes: re.Pattern[str]  #: how an answer begins that agrees
    no: re.Pattern[str]  #: how an answer begins that refuses
    question: re.Pattern[str]  #: occurs in a turn that wants an answer ("is that right")
    offer: re.Pattern[str]  #: the last clause of a turn that asks whether something is wanted, and no value is right
    asks: re.Pattern[str]  #: occurs in a turn that asks for a number ("what is", "could you give me")
    wanted: Mapping[str, re.Pattern[str]]  #: kind to words for numbers of it, as a question names them
    ends: Mapping[str, re.Pattern[str]]  #: kind to words by which a question is for the end of such a number alone
    filler: re.Pattern[str]  #: what may follow digits that are not complete yet ("um", a comma)


Rule = Callable[[Any, Context], Iterable[Span]]  #: of a turn as its language reads it


def choose(found: Iterable[Span]) -> list[Span]:
    """Spans that do not overlap, in order of their start: see :attr:`Span.rank`."""
    chosen: list[Span] = []
    taken: set[int] = set()
    for span in sorted(found, key=lambda one: (-one.rank, one.start - one.end, one.start)):
        characters = range(span.start, span.end)
        if characters and taken.isdisjoint(characters):
            taken.update(characters)
            chosen.append(span)
    return sorted(chosen, key=attrgetter("start"))
