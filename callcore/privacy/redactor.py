"""The last stage of a call: from here on no secret is in the clear.

A follower of the pipeline (:mod:`callcore.pipeline.follower`). It looks for secrets itself, so that it masks as well
where meanings are not wanted or cannot be had; what the meaning of a call has found in the same words is not looked for
again (:class:`~callcore.understand.entities.Finder`). Whatever goes wrong here masks more, never less.
"""

from __future__ import annotations

import logging
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeVar

from callcore.config import UnderstandSettings
from callcore.errors import unexpected
from callcore.privacy.find import Search, asks, search
from callcore.privacy.masks import Masked, all_masked
from callcore.privacy.memory import CallMemory
from callcore.privacy.seal import Sealer
from callcore.privacy.sounds import as_meant
from callcore.privacy.spans import SECRET_KINDS, characters
from callcore.privacy.topics import Topics
from callcore.privacy.view import Known, Stage, View
from callcore.text.chars import HAN_CHARACTER, language_of
from callcore.types import (
    AudioWarning,
    DecodeRequest,
    Entity,
    Event,
    Final,
    Output,
    Partial,
    Resolved,
    Revision,
    Role,
    RolesAssigned,
    Turn,
    Understanding,
    UnderstandingPreview,
    WarningKind,
    Word,
    text_of,
)
from callcore.understand.entities import CallEntities, Context, Finder, plain_words
from callcore.understand.entities.find import Found
from callcore.understand.entities.tagger import SecretTagger
from callcore.understand.latest import Latest

PATIENCE = 3  #: turns in which a question for a name, an address ... may be answered
BEFORE = 80  #: words of the same say that are looked at with a new piece of it
CARD_TAIL = 4  #: last digits of a card's number by which people tell it
GOES_ON = 2  #: turns in which more may follow of what a piece was said of
KEPT = 64  #: turns and open segments whose masks are kept for what follows about them

FAILED = "what was said could not be searched for secrets; it was masked as a whole."
K = TypeVar("K", str, int)
_MIXED = re.compile("(?<![a-z0-9])(?:[a-z]{1,3}[0-9]+|[0-9]+[a-z])(?![a-z0-9])")
_LATIN_WORDS = re.compile(r"[A-Za-z][!-~]*(?: [!-~]+)+")
_UNKNOWN = "unknown"  # kind of a value of which nothing is known


@dataclass(frozen=True, slots=True)
class Redactor:
    """What all calls share. Read-only."""

    sealer: Sealer
    currency: str = ""
    region: str = ""
    taggers: Mapping[str, SecretTagger] = field(default_factory=dict)  #: by language; without one rules alone search

    @classmethod
    def of(
        cls, sealer: Sealer, settings: UnderstandSettings, taggers: Mapping[str, SecretTagger] | None = None
    ) -> Redactor:
        """With the currency and region that entities are read by."""
        return cls(sealer, settings.currency, settings.region, taggers or {})

    def context(self, day: date) -> Context:
        """What entities of a call of a ``day`` are read with."""
        return Context(day, self.currency, self.region)

    def call(self, day: date, finder: Finder | None = None) -> CallRedactor:
        """The redaction of a new call. ``day``: of the call; ``finder``: of the call, where its meaning has one."""
        return CallRedactor(self, self.context(day), finder or Finder(self.taggers))

    def entity(self, entity: Entity, masked: Masked) -> tuple[Entity, bool]:
        """An entity of masked words as it may leave, and whether it is a secret."""
        text, hidden = masked.entity(entity)
        if text == entity.text and not hidden:
            return entity, False
        if not hidden:
            return replace(entity, text=text), False
        value, tail = self.sealer.seal(entity.kind, entity.value), self.tail(entity.kind, entity.value)
        return replace(entity, text=text, value=value, tail=tail), True

    def tail(self, kind: str, value: str) -> str:
        """The last digits of a card's number, sealed: a work order needs no more of it. "" of other kinds."""
        return self.sealer.seal("card_tail", value[-CARD_TAIL:]) if kind == "card_number" else ""

    def words(self, words: Sequence[Word], language: str, day: date) -> Masked:
        """Words of a text that stands by itself, as they may leave."""
        if not words:
            return Masked((), ())
        entities = CallEntities(self.context(day), Finder(self.taggers))
        found = entities.glance(as_meant(words), language, 0, Role.UNKNOWN)
        view, memory = View(found.spoken, found.spans), CallMemory()
        own = search(found, view)
        memory.remember(view.text, own)
        hidden = _hidden(view, own, memory)
        return Masked.of(found.spoken, hidden, words)

    def text(self, text: str, language: str, day: date) -> str:
        """A text as it may leave; runs of spaces become one."""
        words = plain_words(text)
        return text_of(self.words(words, language, day).words)

    def note(self, text: str, day: date, language: str = "") -> str:
        """What somebody typed, as it may be stored; wholly masked where it cannot be searched for secrets.

        ``language``: of the text; "": told by its script. People who type mix languages: Latin words between Han
        characters are searched by the rules of English as well.
        """
        try:
            shown = self.text(text, language or language_of(text), day)
            if HAN_CHARACTER.search(text):
                shown = _LATIN_WORDS.sub(lambda match: self.text(match[0], "en", day), shown)
            return shown
        except Exception:  # whatever it is: a text that was not searched does not go on
            return all_masked(text)


class CallRedactor:
    """One call. Holds what was said in it: it lives and dies with its call."""

    def __init__(self, redactor: Redactor, context: Context, finder: Finder) -> None:
        self._redactor = redactor
        self._entities = CallEntities(context, finder)
        self._memory = CallMemory()
        self._topics = Topics()
        self._meant: Latest[tuple[Word, ...], tuple[Word, ...]] = Latest()
        self._roles: Mapping[int, Role] = {}
        self._said: dict[int, list[tuple[str, tuple[Word, ...]]]] = {}  #: finals of turns that have not ended
        self._asked: dict[int, tuple[str, int]] = {}  #: by asker: what for, and the last turn that may answer
        self._topic = "", 0  #: what was last asked for by who is no customer, and the last turn that may speak of it
        self._asks: Latest[tuple[str, str], str] = Latest()  #: by text and its language: what it asks for
        self._turns = 0
        self._heard: set[int] = set()  #: channels that have had a turn
        self._open: OrderedDict[str, Masked] = OrderedDict()  #: by segment: its last partial, or its final
        self._ended: OrderedDict[int, Masked] = OrderedDict()  #: by turn
        #: by turn and place: kind of an entity, and whether it was hidden
        self._kinds: dict[tuple[int, int], tuple[str, bool]] = {}
        self._hidden: set[str] = set()  #: values that were sealed
        self._told = False  #: that something could not be searched

    def follow(self, outputs: Sequence[Output]) -> list[Output]:
        """The outputs as they may leave the call. Never raises."""
        told: list[Output] = []
        for output in outputs:
            told += [output] if isinstance(output, DecodeRequest) else self._masked(output)
        return told

    def _masked(self, event: Event) -> list[Event]:
        try:
            return [self._event(event)]
        except Exception as error:
            # Without the exception's text, which might quote what was said.
            logging.getLogger(__name__).error("redaction, %s: %s", type(event).__name__, unexpected(error).message)
            hidden = _withheld(event)
            if self._told:
                return [hidden]
            self._told = True
            at, channel = getattr(event, "start_sample", 0), getattr(event, "channel", None)
            return [hidden, AudioWarning(WarningKind.NOT_REDACTED, FAILED, channel, at)]

    def _event(self, event: Event) -> Event:
        match event:
            case Partial():
                return self._partial(event)
            case Final():
                return self._final(event)
            case Revision():
                return self._revision(event)
            case Turn():
                return self._turn(event)
            case Understanding():
                return self._understanding(event)
            case UnderstandingPreview():
                return self._preview(event)
            case Resolved():
                return self._resolved(event)
            case RolesAssigned():
                self._roles = event.roles
        return event

    def _partial(self, event: Partial) -> Partial:
        words = (*event.stable, *event.unstable)
        masked = self._piece(words, event.channel, event.language, Stage.PARTIAL)
        count = len(event.stable)
        _keep(self._open, event.segment_id, Masked(masked.said[:count], masked.words[:count]))
        return replace(event, stable=masked.words[:count], unstable=masked.words[count:])

    def _final(self, event: Final) -> Final:
        self._open.pop(event.segment_id, None)
        said = self._said.setdefault(event.channel, [])
        try:
            masked = self._piece(event.words, event.channel, event.language, Stage.FINAL)
        finally:
            said.append((event.segment_id, event.words))
        _keep(self._open, event.segment_id, masked)
        return replace(event, text=masked.text(event.text), words=masked.words)

    def _revision(self, event: Revision) -> Revision:
        masked = self._piece(event.committed, event.channel, "", Stage.PARTIAL, but=event.segment_id)
        return replace(event, committed=masked.words)

    def _turn(self, event: Turn) -> Turn:
        said = self._said.get(event.channel, [])
        self._said[event.channel] = [one for one in said if one[0] not in event.segment_ids]
        self._turns += 1
        known = self._known(event.channel, self._turns, self._entities.expected(event.channel))
        speaker = self._roles.get(event.channel, Role.UNKNOWN)
        found, _ = self._entities.take(replace(event, words=self._as_meant(event.words)), speaker)
        view = View(found.spoken, found.spans, Stage.TURN, speaker=speaker, **known)
        own = search(found, view)
        self._memory.remember(view.text, own)
        hidden = _hidden(view, own, self._memory)
        self._note_question(event.channel, found, own, self._turns)
        self._heard.add(event.channel)
        masked = Masked.of(found.spoken, hidden, event.words)
        _keep(self._ended, event.turn_id, masked)
        return replace(event, text=masked.text(event.text), words=masked.words)

    def _piece(self, words: Sequence[Word], channel: int, language: str, stage: Stage, but: str = "") -> Masked:
        """Words of a turn that may go on, looked at with those before them in the turn (without segment ``but``)."""
        if not words:
            return Masked((), ())
        before: tuple[Word, ...] = ()
        for segment_id, said in self._said.get(channel, []):
            if segment_id != but:
                before = _joined(before, said)
        together = self._as_meant(_joined(before[-BEFORE:], words))
        speaker, context = self._roles.get(channel, Role.UNKNOWN), self._entities.expected(channel)
        if stage is Stage.PARTIAL:  # comes several times a second: rules alone
            found = Found.of(together, language, context)
        else:
            found = self._entities.glance(together, language, channel, speaker, context)
        known = self._known(channel, self._turns + 1, context)
        view = View(found.spoken, found.spans, stage, speaker=speaker, **known)
        own = search(found, view)
        hidden = _hidden(view, own, self._memory)
        if stage is Stage.FINAL:  # the other side may repeat it, or answer it, before the turn has ended
            self._memory.remember(view.text, own)
            self._note_question(channel, found, own, self._turns + 1)
        return Masked.of(found.spoken, hidden, words)

    def _note_question(self, channel: int, found: Found, own: Search, turn: int) -> None:
        text = found.spoken.text, found.language.name
        if found.language.name == "en":
            self._topics.note(text[0], own, turn, channel, self._roles.get(channel, Role.UNKNOWN))
        if wanted := self._asks.of(text, lambda: asks(found)):
            self._asked[channel] = (wanted, self._turns + PATIENCE)
            if self._roles.get(channel) is not Role.CUSTOMER:
                self._topic = (wanted, self._turns + PATIENCE)
        elif any(one.kind == "email" and one.lasting for one in own.secrets):
            # read back: the other side may put it right
            self._asked[channel] = ("email", self._turns + 1)
        if own.topic and wanted in ("", own.topic):
            self._topic = (own.topic, self._turns + GOES_ON)
        elif own.done and not wanted:
            self._topic = "", 0
            if self._asked.get(channel, ("", 0))[0] in ("birth", "address", "proof"):
                del self._asked[channel]

    def _as_meant(self, words: Sequence[Word]) -> tuple[Word, ...]:
        """See :func:`as_meant`; a turn mostly has the words of its final."""
        words = tuple(words)
        return self._meant.of(words, lambda: as_meant(words))

    def _known(self, channel: int, turn: int, context: Context) -> Known:
        """What the call tells beside the words of a turn. ``context``: what its entities are read with."""
        asked = [what for asker, (what, until) in self._asked.items() if asker != channel and until >= turn]
        name_and_reference = context.asked == "name" and asked[-1:] == ["reference"]
        number = (
            context.open is not None
            or (context.asked in SECRET_KINDS and not name_and_reference)
            or not {"number", "birth", "paper"}.isdisjoint(asked)
            or asked[-1:] == ["email"]
        )
        topics = self._topics.open(turn, channel)
        topic, until = self._topic
        if until >= turn:
            topics |= {topic}
        reference = "amount" in topics or "reference" in (context.asked, *asked[-1:])
        return {
            "asked": asked[-1] if asked else "",
            "number_wanted": number,
            "reference_wanted": reference and not number,
            "public": self._memory.public,
            "staff": self._memory.staff,
            "opening": channel not in self._heard,
            "topics": topics,
        }

    def _preview(self, event: UnderstandingPreview) -> UnderstandingPreview:
        masked = self._open.get(event.segment_id)
        if not event.understanding.entities:
            return event
        if masked is None:
            return _without_values(event)
        entities = tuple(self._redactor.entity(entity, masked)[0] for entity in event.understanding.entities)
        return replace(event, understanding=replace(event.understanding, entities=entities))

    def _understanding(self, event: Understanding) -> Understanding:
        masked = self._ended.get(event.turn_id)
        if not event.entities:
            return event
        if masked is None:  # its turn could not be searched
            return replace(event, entities=tuple(map(_without_value, event.entities)))
        entities = []
        for place, entity in enumerate(event.entities):
            shown, hidden = self._redactor.entity(entity, masked)
            self._kinds[event.turn_id, place] = entity.kind, hidden
            if hidden:
                self._hidden.add(entity.value)
            entities.append(shown)
        return replace(event, entities=tuple(entities))

    def _resolved(self, event: Resolved) -> Resolved:
        kind, hidden = self._kinds.get((event.turn_id, event.entity), (_UNKNOWN, True))
        if not hidden and event.value not in self._hidden:
            return event
        sealed = self._redactor.sealer.seal(kind, event.value)
        return replace(event, value=sealed, tail=self._redactor.tail(kind, event.value))


def _hidden(view: View, own: Search, memory: CallMemory) -> frozenset[int]:
    """The characters of a text that nobody may read: letters that are written together with such digits are too."""
    hidden = characters([*own.secrets, *memory.repeats(view)])
    mixed = (range(*match.span()) for match in _MIXED.finditer(view.text))
    return hidden.union(*(one for one in mixed if not hidden.isdisjoint(one)))


def _joined(before: Sequence[Word], words: Sequence[Word]) -> tuple[Word, ...]:
    """Words of two pieces of a turn in a row; a space between them where letters would run into each other."""
    if not before or not words or words[0].space_before or not (before[-1].text[-1:] + words[0].text[:1]).isascii():
        return (*before, *words)
    return (*before, replace(words[0], space_before=True), *words[1:])


def _keep(kept: OrderedDict[K, Masked], key: K, masked: Masked) -> None:
    kept[key] = masked
    kept.move_to_end(key)
    while len(kept) > KEPT:
        kept.popitem(last=False)


def _withheld(event: Event) -> Event:
    """The event with nothing left to read of what was said."""
    match event:
        case Partial():
            return replace(event, stable=Masked.whole(event.stable).words, unstable=Masked.whole(event.unstable).words)
        case Final() | Turn():
            return replace(event, text=all_masked(event.text), words=Masked.whole(event.words).words)
        case Revision():
            return replace(event, committed=Masked.whole(event.committed).words)
        case Understanding():
            return replace(event, entities=tuple(map(_without_value, event.entities)))
        case UnderstandingPreview():
            return _without_values(event)
        case Resolved():
            return replace(event, value=Sealer().seal(_UNKNOWN, event.value))
    return event


def _without_values(event: UnderstandingPreview) -> UnderstandingPreview:
    entities = tuple(map(_without_value, event.understanding.entities))
    return replace(event, understanding=replace(event.understanding, entities=entities))


def _without_value(entity: Entity) -> Entity:
    return replace(entity, text=all_masked(entity.text), value=Sealer().seal(entity.kind, entity.value))
