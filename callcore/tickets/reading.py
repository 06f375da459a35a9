"""What the rules see of a call: turns with what they mean and the cues in them, in one order."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate
from typing import Any

from callcore.text.chars import is_chinese
from callcore.text.sentences import sentence_at, sentences
from callcore.tickets.cues import Cue, PromiseWords, TopicWords
from callcore.tickets.currencies import CurrencySigns, Sign, likeliest, phrases_of
from callcore.tickets.kept import Kept, Thing
from callcore.tickets.phrases import PIECE, PhraseIndex, Phrases, pieces_of
from callcore.types import (
    SAMPLE_RATE_HZ,
    Entity,
    Evidence,
    Label,
    PromiseKind,
    Resolved,
    Role,
    Turn,
    Understanding,
)
from callcore.understand.catalogue import Act

LESS_SURE = 3.0  #: times: odds of another promise in the same sentence by which it is left out
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
    _known: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False)  #: see :meth:`once`

    def once(self, what: Hashable, work: Callable[[], Thing]) -> Thing:
        """What ``work`` makes of this turn alone, worked out when it is first asked for."""
        if what not in self._known:
            self._known[what] = work()
        thing: Thing = self._known[what]
        return thing

    @cached_property
    def sentences(self) -> list[Span]:
        """Of ``text``."""
        return sentences(self.text)

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
            yield Fact(reading, place, entity, final.value, final.status, turns, before)
        elif entity.status != "corrected":
            yield Fact(reading, place, entity, entity.value, entity.status)


class Reader:
    """Finds cues, promises and choices in turns. Read-only; calls share it."""

    def __init__(
        self,
        cues: Sequence[Cue],
        promises: Sequence[PromiseWords],
        never: Callable[[str], list[Span]],
        same_day: Callable[[str], list[Span]],
        choices: Sequence[tuple[tuple[str, str], Phrases]],
        terms: Sequence[tuple[str, str]],
        topics: Sequence[TopicWords],
        acts: Sequence[Act],
        currencies: Sequence[CurrencySigns],
    ) -> None:
        """``acts``: those that models find.

        ``never`` and ``same_day``: see :class:`~callcore.tickets.cues.PromiseFile`.

        ``choices``: field and choice, with its phrases. ``terms``: in small letters, and the topic of each.
        """
        self._phrases: PhraseIndex[tuple[str, Any]] = PhraseIndex(
            [
                *((("cue", cue.code), cue.phrases) for cue in cues),
                *((("promise", (words.kind, words.by)), words.phrases) for words in promises),
                *((("topic", words.code), words.phrases) for words in topics),
                *((("choice", key), phrases) for key, phrases in choices),
                *((("sign", key), phrases) for key, phrases in phrases_of(currencies)),
            ]
        )
        self._never, self._same_day = never, same_day
        self._acts = {act.code: act for act in acts}
        self.said_by: Mapping[str, str] = {act.code: act.by for act in acts} | {cue.code: cue.by for cue in cues}
        self._terms: dict[str, list[tuple[int, str, str]]] = {}  #: by piece; each with its rank, the longest first
        for rank, (term, topic) in enumerate(sorted(terms, key=lambda item: (-len(item[0]), item))):
            self._terms.setdefault(term[:PIECE], []).append((rank, term, topic))

    def read(self, turn: Turn, found: Understanding | None = None, role: Role = Role.UNKNOWN) -> Reading:
        """A turn, whoever may have said it."""
        written = [(" " if word.space_before else "") + word.text for word in turn.words]
        text = _plain("".join(written))
        starts = tuple(accumulate((len(word) for word in written[:-1]), initial=0)) if written else ()
        pieces = pieces_of(text)
        said: dict[str, list[tuple[Any, list[Span]]]] = {}
        for (what, key), spans in self._phrases.find(text, pieces):
            said.setdefault(what, []).append((key, spans))
        reading = Reading(
            turn,
            text,
            starts,
            hits={code: tuple(spans) for code, spans in said.get("cue", ())},
            choices={key: spans[0] for key, spans in said.get("choice", ())},
            terms=tuple(self._named(text, pieces)),
            topics=tuple((code, spans[0]) for code, spans in said.get("topic", ())),
            signs=frozenset(
                (code, text[start:end], weight)
                for (code, weight), spans in said.get("sign", ())
                for start, end in spans
            ),
            role=role,
        )
        if promises := said.get("promise"):
            reading = replace(reading, promises=tuple(self._promised(reading, promises)))
        return self.understood(reading, found) if found else reading

    def understood(self, reading: Reading, found: Understanding) -> Reading:
        """A turn that was read before with what it means; its acts stand beside the cues of phrases."""
        reading = replace(reading, found=found)
        reading = replace(reading, hits=self._with_acts(reading))
        promises = (*reading.promises, *self._promised_by_acts(reading))
        return replace(reading, promises=promises, chances=tuple(self._chances(reading)))

    def _named(self, text: str, pieces: set[str]) -> Iterator[tuple[str, Span]]:
        """Topics whose terms are said. Of terms inside one another the longest counts."""
        taken: list[Span] = []
        for _, term, topic in sorted(one for piece in pieces & self._terms.keys() for one in self._terms[piece]):
            start = text.find(term)
            end = start + len(term)
            if start < 0 or (term.isascii() and (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum())):
                continue
            if not any(start < b and a < end for a, b in taken):
                taken.append((start, end))
                yield topic, (start, end)

    def _promised(
        self, reading: Reading, said: Iterable[tuple[tuple[PromiseKind, str], list[Span]]]
    ) -> Iterator[PromiseHit]:
        never = self._never(reading.text)
        for (kind, by), spans in said:
            for span in spans:
                start, end = reading.sentence(span)
                if not any(start <= a < end and a <= span[1] for a, _ in never):
                    yield PromiseHit(kind, by, span, self._for_today(reading, (start, end)))

    def _for_today(self, reading: Reading, part: Span) -> bool:
        """Whether something in a part of a turn sets it for the day of the call."""
        return any(part[0] <= a < part[1] for a, _ in self._same_day(reading.text))

    def _chances(self, reading: Reading) -> Iterator[Chance]:
        """What the sentences of a turn may promise; of a turn that an older callcore has read what is sure."""
        found = reading.found.may_promise or reading.found.acts if reading.found else ()
        never: list[Span] | None = None
        for label, span in self._by_speaker(reading, found):
            act = self._acts[label.code]
            if act.promise:
                never = self._never(reading.text) if never is None else never
                denied = any(span[0] <= a < span[1] for a, _ in never)
                hit = PromiseHit(act.promise, act.by, span, self._for_today(reading, span), act.code)
                yield Chance(hit, label.probability, denied)

    def _with_acts(self, reading: Reading) -> dict[str, tuple[Span, ...]]:
        """The cues of a turn and the acts that the model has found in sentences of which no phrase told the same."""
        hits = dict(reading.hits)
        for label, span in self._acts_of(reading):
            known = hits.get(label.code, ())
            if not self._acts[label.code].promise and not any(a < span[1] and span[0] < b for a, b in known):
                hits[label.code] = tuple(sorted((*known, span)))
        return hits

    def _acts_of(self, reading: Reading) -> Iterator[tuple[Label, Span]]:
        """The acts of the side that speaks; of both where nobody knows who does."""
        return self._by_speaker(reading, reading.found.acts if reading.found else ())

    def _by_speaker(self, reading: Reading, labels: Iterable[Label]) -> Iterator[tuple[Label, Span]]:
        for label in labels:
            if label.code in self._acts and reading.speaks(self._acts[label.code].by):
                yield label, reading.characters(label.first_word, label.end_word)

    def _promised_by_acts(self, reading: Reading) -> Iterator[PromiseHit]:
        """Promises that the model has found, in sentences of which no phrase told; of several the surest."""
        told = {(hit.kind, reading.sentence(hit.span)) for hit in reading.promises}
        found = [(label, self._acts[label.code], span) for label, span in self._acts_of(reading)]
        surest: dict[tuple[Span, str], float] = {}
        never = self._never(reading.text) if found else []
        for label, act, span in found:
            if act.promise:
                surest[span, act.by] = max(surest.get((span, act.by), 0.0), _odds(label))
        for label, act, span in found:
            if not act.promise or (act.promise, reading.sentence(span)) in told:
                continue
            if _odds(label) * LESS_SURE < surest[span, act.by] or any(span[0] <= a < span[1] for a, _ in never):
                continue
            yield PromiseHit(act.promise, act.by, span, self._for_today(reading, span), act.code)


def _odds(label: Label) -> float:
    return label.probability / max(1 - label.probability, 1e-4)


def _plain(raw: str) -> str:
    """Lower case, of the same length."""
    lowered = raw.lower()
    return lowered if len(lowered) == len(raw) else "".join(c.lower() if len(c.lower()) == 1 else c for c in raw)


def milliseconds(sample: int) -> int:
    """Position in ms of a sample at 16 kHz."""
    return round(sample * 1000 / SAMPLE_RATE_HZ)


def third_of(place: float) -> str:
    """The third of a call that a place in it, 0 to 1, lies in: begin, middle or end."""
    return "begin" if place < 1 / 3 else "end" if place >= 2 / 3 else "middle"
