"""What the rules see of a call: turns with what they mean and the cues in them, in one order."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from callcore.text.chars import is_chinese
from callcore.text.sentences import sentence_at, sentences
from callcore.tickets.currencies import Sign, likeliest
from callcore.tickets.kept import Kept, Thing
from callcore.types import (
    MASK,
    SAMPLE_RATE_HZ,
    Entity,
    Evidence,
    Label,
    Mood,
    PromiseKind,
    Resolved,
    Role,
    Turn,
    Understanding,
)

OWN_WORDS = 2  #: letters for each one masked beside which a masked turn still shows something
BARE_ZH, BARE_EN = 3, 10  #: letters of a turn that is a bare answer
MOST_HITS = 3  #: places, the first of several, that are the evidence of what rules come to
_QUESTION = ("?", "？", "吗", "呢")  #: how a sentence ends that asks
Span = tuple[int, int]  #: half-open range of characters of a turn's text


@dataclass(frozen=True, slots=True)
class PromiseHit:
    """A place where somebody may promise something."""

    kind: PromiseKind
    by: str  #: "agent" or "customer": whose promise it is, if they say so
    span: Span
    today: bool = False  #: whether it is for the day of the call, unless another time is given
    act: str = ""  #: that the model has found there; "" where a phrase tells


@dataclass(frozen=True, slots=True)
class Chance:
    """A sentence that may promise something, as far as it tells by itself. ``denied``: by a phrase of `never`."""

    hit: PromiseHit
    probability: float
    denied: bool


@dataclass(frozen=True, eq=False)
class Reading:
    """One turn. ``text``: in lower case, as long as it was written; ``starts``: where each word begins."""

    turn: Turn
    text: str
    starts: tuple[int, ...]
    hits: Mapping[str, tuple[Span, ...]]  #: by the code of the cue, whoever speaks
    promises: tuple[PromiseHit, ...] = ()
    choices: Mapping[tuple[str, str], Span] = field(default_factory=dict)  #: by field and choice
    terms: tuple[tuple[str, Span], ...] = ()  #: topics that a term of the taxonomy names
    topics: tuple[tuple[str, Span], ...] = ()  #: topics that a phrase names
    signs: frozenset[Sign] = frozenset()  #: of the country that the call is in
    found: Understanding | None = None
    role: Role = Role.UNKNOWN
    chances: tuple[Chance, ...] = ()  #: of promises, in the order of the turn
    _of_text: dict[Hashable, Any] = field(default_factory=dict, repr=False)  #: see :meth:`of_text`
    _known: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False)  #: see :meth:`once`

    def of_text(self, what: Hashable, work: Callable[[], Thing]) -> Thing:
        """What ``work`` makes of the text alone, worked out when it is first asked for; it still holds, and is known,
        when the turn is replaced by one with another meaning.
        """
        return _given(self._of_text, what, work)

    def once(self, what: Hashable, work: Callable[[], Thing]) -> Thing:
        """What ``work`` makes of this turn alone, worked out when it is first asked for."""
        return _given(self._known, what, work)

    @cached_property
    def sentences(self) -> list[Span]:
        """Of ``text``."""
        return self.of_text("sentences", lambda: sentences(self.text))

    @cached_property
    def order(self) -> tuple[int, int, int]:
        """Turns are read in the order in which they end."""
        return self.turn.end_sample, self.turn.start_sample, self.turn.channel

    @property
    def customer(self) -> bool:
        """Whether the customer speaks, or nobody knows who."""
        return self.role is not Role.AGENT

    @property
    def agent(self) -> bool:
        """Whether the agent speaks, or nobody knows who."""
        return self.role is not Role.CUSTOMER

    def speaks(self, speaker: str) -> bool:
        """Whether the turn is that of the ``speaker`` of a field or cue."""
        return speaker == "either" or (self.customer if speaker == "customer" else self.agent)

    def done(self, said_by: Mapping[str, str], part: Span | None = None) -> list[str]:
        """What the speaker does in the turn, or a ``part`` of it. ``said_by``: cue to whose words count."""
        return [
            code
            for code, spans in self.hits.items()
            if self.speaks(said_by[code]) and (part is None or begin_in(part, spans))
        ]

    def asks(self, end: int | None = None) -> bool:
        """Whether the turn, or what it says before ``end``, ends with a question."""
        return self.text[:end].rstrip().endswith(_QUESTION)

    def sentence(self, span: Span) -> Span:
        """The sentence that a range of characters begins in."""
        return sentence_at(self.sentences, span[0])

    def quote(self, span: Span) -> str:
        """The words of a range of characters, as written."""
        first, end = self.words(span)
        return "".join((" " if w.space_before else "") + w.text for w in self.turn.words[first:end]).strip()

    def words(self, span: Span) -> tuple[int, int]:
        """The half-open range of words that a range of characters touches."""
        return max(bisect_right(self.starts, span[0]) - 1, 0), bisect_right(self.starts, max(span[0], span[1] - 1))

    def at(self, span: Span | None = None) -> Evidence:
        """Evidence: the words of a range of characters, or the whole turn."""
        return self.evidence(*self.words(span)) if span else self.evidence()

    def evidence(self, first: int = 0, end: int = 0) -> Evidence:
        """Evidence: a half-open range of words, the whole turn if it is empty."""
        return self.once(("evidence", first, end), lambda: self._evidence(first, end))

    def tells(self, place: Evidence) -> bool:
        """Whether a place in this turn shows something: words of its own, and not just a secret that was masked."""
        if MASK not in self.turn.text:
            return True
        words = self.turn.words[place.first_word : place.end_word] or self.turn.words
        masked = sum(word.text.count(MASK) for word in words)
        return not masked or sum(sum(map(str.isalnum, word.text)) for word in words) >= OWN_WORDS * masked

    @cached_property
    def letters(self) -> int:
        """Letters and digits of the turn."""
        return sum(map(str.isalnum, self.text))

    @property
    def is_bare(self) -> bool:
        """Whether the turn says hardly more than yes, thanks or goodbye."""
        return self.letters <= (BARE_ZH if is_chinese(self.turn.language) else BARE_EN)

    @cached_property
    def says_something(self) -> bool:
        """Whether it says more than yes or goodbye, and than a secret that was masked."""
        return not self.is_bare and self.tells(self.at())

    def labelled(self, label: Label | Mood) -> Evidence:
        """Evidence: the words that a label is of."""
        return self.evidence(label.first_word, label.end_word)

    def _evidence(self, first: int, end: int) -> Evidence:
        turn = self.turn
        words = turn.words[first:end]
        start_sample = words[0].start_sample if words else turn.start_sample
        end_sample = words[-1].end_sample if words else turn.end_sample
        shown = (first, end) if words else (0, 0)
        return Evidence(turn.turn_id, turn.channel, start_sample, end_sample, *shown)

    def characters(self, first: int, end: int) -> Span:
        """The range of characters of a half-open range of words."""
        if not self.starts or first >= end:
            return 0, len(self.text)
        return self.starts[first], self.starts[end] if end < len(self.starts) else len(self.text)


@dataclass(frozen=True, slots=True)
class Fact:
    """An entity of a call, and what holds of it by now.

    ``normal``: the value that holds; ``by``: the turns that settled it; ``status``: as of the last word on it.
    """

    reading: Reading
    place: int
    entity: Entity
    normal: str
    status: str  #: "said", "corrected", "confirmed", "disputed"
    by: tuple[Reading, ...] = ()
    before: str = ""  #: the value that was said, where another holds now
    tail: str = ""  #: of a card's number that is sealed: its last digits, sealed

    @property
    def order(self) -> tuple[int, ...]:
        """Where in the call it was said, to be compared."""
        return *self.reading.order, self.place

    @property
    def confidence(self) -> float:
        """0..1: of the entity, more where it was confirmed, less where its check digits or somebody contradict it."""
        probability = self.entity.probability
        if self.entity.valid is False:
            probability *= 0.5
        if self.status == "confirmed" or (self.status == "corrected" and self.by):
            probability = 1 - (1 - probability) * 0.2
        return round(probability * (0.5 if self.status == "disputed" else 1.0), 4)

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Where it was said, and where it was settled."""
        own = self.reading.evidence(self.entity.first_word, self.entity.end_word)
        return (own, *(reading.evidence() for reading in self.by))


@dataclass(frozen=True, eq=False)
class CallView:
    """A call as far as it is known. ``readings``: in order; ``resolved``: of their entities, in order."""

    readings: tuple[Reading, ...]
    resolved: tuple[Resolved, ...]
    language: str
    day: str  #: ISO 8601
    ended: bool
    said_by: Mapping[str, str]  #: cue to whose words count
    kept: Kept = field(default_factory=Kept, repr=False)  #: of looks at the same call before
    bank_currency: str = ""  #: ISO 4217 code that the bank has named for amounts without one

    @cached_property
    def currency(self) -> str:
        """The one of the country that an English call is in, if what is said tells; "" where the bank's own holds."""
        return "" if is_chinese(self.language) else likeliest(reading.signs for reading in self.readings)

    @cached_property
    def customer(self) -> list[Reading]:
        """Turns of the customer."""
        return [reading for reading in self.readings if reading.customer]

    @cached_property
    def agent(self) -> list[Reading]:
        """Turns of the agent."""
        return [reading for reading in self.readings if reading.agent]

    @cached_property
    def turns(self) -> dict[int, Reading]:
        """By id."""
        return {reading.turn.turn_id: reading for reading in self.readings}

    @cached_property
    def places(self) -> dict[int, int]:
        """The place of each turn, by id."""
        return {reading.turn.turn_id: place for place, reading in enumerate(self.readings)}

    def telling(self, places: Iterable[Evidence]) -> Iterator[Evidence]:
        """Those of some places that show something."""
        return (place for place in places if place.turn_id not in self.turns or self.turns[place.turn_id].tells(place))

    @cached_property
    def facts(self) -> dict[str, Sequence[Fact]]:
        """By kind, in the order of the call; those a speaker took back in the same breath are left out.

        Facts that nothing new was said of are the same objects as before, and so is a kind's row of them.
        """
        later: dict[int, list[Resolved]] = {}
        for one in self.resolved:
            later.setdefault(one.turn_id, []).append(one)
        facts: dict[str, list[Fact]] = {}
        for reading in self.readings:
            if reading.found and reading.found.entities:
                for fact in self._facts_of(reading, later.get(reading.turn.turn_id, ())):
                    facts.setdefault(fact.entity.kind, []).append(fact)
        return {kind: self.kept.row(("facts", kind), row) for kind, row in facts.items()}

    def facts_of(self, kinds: Iterable[str]) -> list[Sequence[Fact]]:
        """Of each kind its row of facts, empty where there are none."""
        return [self.facts.get(kind, ()) for kind in kinds]

    def hits(self, code: str) -> Sequence[tuple[Reading, Span]]:
        """Where a cue was said by those whose words count, in order."""
        return self._hits.get(code, ())

    @cached_property
    def _hits(self) -> dict[str, list[tuple[Reading, Span]]]:
        found: dict[str, list[tuple[Reading, Span]]] = {}
        for reading in self.readings:
            for code, spans in reading.hits.items():
                if reading.speaks(self.said_by[code]):
                    found.setdefault(code, []).extend((reading, span) for span in spans)
        return found

    def _facts_of(self, reading: Reading, later: Sequence[Resolved]) -> list[Fact]:
        """Those of a turn. ``later``: what was said of its entities afterwards."""
        if not later:
            return reading.once("facts", lambda: [*_facts(reading, (), ())])
        by = [self.turns.get(one.by_turn) for one in later]
        what = "facts of turn", reading.turn.turn_id
        return self.kept.of(what, (reading, *later, *by), lambda: [*_facts(reading, later, by)])


def _facts(reading: Reading, later: Sequence[Resolved], by: Sequence[Reading | None]) -> Iterator[Fact]:
    """Of a turn, in order. ``later``: what was said of its entities, and ``by`` whom each."""
    for place, entity in enumerate(reading.found.entities if reading.found else ()):
        settled = [(one, turn) for one, turn in zip(later, by, strict=True) if one.entity == place]
        if settled:
            final = settled[-1][0]
            before = entity.value if final.value != entity.value else ""
            turns = tuple(dict.fromkeys(turn for _, turn in settled if turn is not None))
            yield Fact(reading, place, entity, final.value, final.status, turns, before, final.tail)
        elif entity.status != "corrected":
            yield Fact(reading, place, entity, entity.value, entity.status, tail=entity.tail)


def _given(known: dict[Hashable, Any], what: Hashable, work: Callable[[], Thing]) -> Thing:
    if what not in known:
        known[what] = work()
    thing: Thing = known[what]
    return thing


def evidence_of(hits: Sequence[tuple[Reading, Span]]) -> tuple[Evidence, ...]:
    """The first of the places where cues were said."""
    return tuple(reading.at(span) for reading, span in hits[:MOST_HITS])


def begin_in(part: Span, spans: Iterable[Span]) -> bool:
    """Whether one of some ranges of characters begins in a part of a turn."""
    return any(part[0] <= start < part[1] for start, _ in spans)


def milliseconds(sample: int) -> int:
    """Position in ms of a sample at 16 kHz."""
    return round(sample * 1000 / SAMPLE_RATE_HZ)


def third_of(place: float) -> str:
    """The third of a call that a place in it, 0 to 1, lies in: begin, middle or end."""
    return "begin" if place < 1 / 3 else "end" if place >= 2 / 3 else "middle"
