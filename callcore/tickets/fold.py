"""The ticket of one call as a fold over its events: what changes follows each event, the whole can be had at any time.

The ticket is a pure function of the turns, their meaning, who is who, and which segments are open; in which order the
events of both sides came in makes no difference. No I/O, no clock; time is the sample count.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Mapping
from dataclasses import replace
from operator import attrgetter

from callcore.tickets.kept import Kept
from callcore.tickets.look import Filled, Look, Open, look, with_open
from callcore.tickets.model import (
    CallFacts,
    Change,
    Made,
    Ticket,
)
from callcore.tickets.reading import CallView, Reading, milliseconds
from callcore.tickets.rules import TicketRules
from callcore.tickets.whole import SUMMARY, Fields, Writer
from callcore.types import (
    CallEnded,
    CallStarted,
    Event,
    FieldValue,
    Final,
    LanguageDecided,
    Promise,
    Rejected,
    Resolved,
    Role,
    RolesAssigned,
    TicketChanged,
    Turn,
    Understanding,
    UnderstandingPreview,
)


class TicketFold:
    """One call. Holds what was said in it: it lives and dies with it."""

    def __init__(self, rules: TicketRules, started: CallStarted) -> None:
        self._rules, self._started = rules, started
        self._readings: list[Reading] = []  #: in order
        self._roles: Mapping[int, Role] = {}
        self._resolved: list[tuple[tuple[int, int, int], int, Resolved]] = []  #: by order of the turn that did it
        self._waiting: list[Resolved] = []  #: by a turn that is not there yet
        self._meanings: dict[int, Understanding] = {}  #: of turns that are not there yet
        self._open: dict[str, Open] = {}  #: by segment
        self._finals: set[str] = set()  #: segments whose words are final, and in no turn yet
        self._languages: list[tuple[int, str]] = []  #: channel (-1: all) and language
        self._ended: CallEnded | None = None
        self._models: dict[str, None] = {}
        self._kept = Kept()  #: what looks have worked out so far
        self._base = Filled()  #: by turns alone
        self._filled = Filled()  #: and by segments that are in no turn yet
        self._stale = False  #: whether something came that ``_base`` knows nothing of

    def take(self, event: Event) -> list[Event]:
        """The next event of the call; returns what changes in the ticket."""
        return self._changes(self._at(event)) if self.absorb(event) else []

    def absorb(self, event: Event) -> bool:
        """The next event, without a look at what it changes. Returns whether it may change something now."""
        match event:
            case Turn():  # looked at with what it means, which follows
                self._add(event)
                return False
            case Understanding():
                self._understand(event)
            case Resolved():
                self._resolve(event)
            case RolesAssigned():
                self._assign(event.roles)
            case LanguageDecided():
                insort(self._languages, (-1 if event.channel is None else event.channel, event.language))
                return False
            case Final():
                self._finals.add(event.segment_id)
                return False
            case UnderstandingPreview():
                self._preview(event)
            case Rejected():
                if self._open.pop(event.segment_id, None) is None:
                    return False
            case CallEnded():
                self._ended = event
                self._open.clear()
                self._stale = True
            case _:
                return False
        return True

    def ticket(self) -> Ticket:
        """The whole ticket as of now, with the history of its fields."""
        filled = self._refreshed()
        writer = Writer(self._rules.fields, self._readings, self._roles)
        started, last = self._started, max((reading.turn.end_sample for reading in self._readings), default=0)
        facts = CallFacts(
            id=started.call_id,
            day=started.day,
            language=self._language,
            source=started.source,
            duration_ms=milliseconds(self._ended.sample_count if self._ended else last),
            turns=len(self._readings),
            complete=self._ended is not None,
        )
        made = Made(rules=self._rules.hash, settings=started.settings_hash, models=" ".join(sorted(self._models)))
        return writer.ticket(facts, filled, tuple(self._history(writer)), made)

    def look(self) -> Look:
        """Everything that can be worked out of the call as it is now."""
        return Look(self._call(self._kept), self._rules)

    @property
    def promises(self) -> tuple[Promise, ...]:
        """Of both sides, in the order in which they were made."""
        return self._refreshed().promises

    @property
    def fields(self) -> Mapping[str, tuple[FieldValue, ...]]:
        """Fields that have values, by name."""
        return self._refreshed().fields

    @property
    def missing(self) -> tuple[str, ...]:
        """Required fields without a value."""
        return self._refreshed().missing

    @property
    def _language(self) -> str:
        """Decided for the call, for its first channel, or that of its first turn."""
        if self._languages:
            return self._languages[0][1]
        return self._readings[0].turn.language if self._readings else ""

    # --- taking events

    def _at(self, event: Event) -> int:
        match event:
            case Turn() | Understanding():
                return event.end_sample
            case UnderstandingPreview():
                return event.understanding.end_sample
            case CallEnded():
                return event.sample_count
        return self._readings[-1].turn.end_sample if self._readings else 0

    def _add(self, turn: Turn) -> None:
        self._stale = True
        for segment_id in turn.segment_ids:
            self._open.pop(segment_id, None)
            self._finals.discard(segment_id)
        found = self._meanings.pop(turn.turn_id, None)
        reading = self._rules.reader.read(turn, found, self._roles.get(turn.channel, Role.UNKNOWN))
        insort(self._readings, reading, key=attrgetter("order"))
        waiting, self._waiting = self._waiting, []
        for resolved in waiting:
            self._resolve(resolved)

    def _understand(self, found: Understanding) -> None:
        self._stale = True
        if found.source:
            self._models[found.source] = None
        for place, reading in enumerate(self._readings):
            if reading.turn.turn_id == found.turn_id:
                reader = self._rules.reader
                said = reader.read(reading.turn, None, reading.role) if reading.found else reading  # read before
                self._readings[place] = reader.understood(said, found)
                return
        self._meanings[found.turn_id] = found

    def _resolve(self, resolved: Resolved) -> None:
        self._stale = True
        by = next((reading for reading in reversed(self._readings) if reading.turn.turn_id == resolved.by_turn), None)
        if by is None:
            self._waiting.append(resolved)
            return
        insort(self._resolved, (by.order, len(self._resolved), resolved), key=lambda item: item[:2])

    def _assign(self, roles: Mapping[int, Role]) -> None:
        self._roles, self._stale = roles, True
        self._readings = [self._spoken_by(reading, roles) for reading in self._readings]
        self._open = {
            segment_id: replace(
                one, reading=replace(one.reading, role=roles.get(one.reading.turn.channel, Role.UNKNOWN))
            )
            for segment_id, one in self._open.items()
        }

    def _spoken_by(self, reading: Reading, roles: Mapping[int, Role]) -> Reading:
        """A turn as it reads now that it is known who speaks."""
        role = roles.get(reading.turn.channel, Role.UNKNOWN)
        return reading if role is reading.role else self._rules.reader.read(reading.turn, reading.found, role)

    def _preview(self, preview: UnderstandingPreview) -> None:
        """What is read from a segment that is in no turn yet; of its words only the entities are known here."""
        found = preview.understanding
        turn = Turn(-1, found.channel, found.start_sample, found.end_sample, "", (), found.language, ())
        reading = Reading(turn, "", (), {}, found=found, role=self._roles.get(found.channel, Role.UNKNOWN))
        self._open[preview.segment_id] = Open(reading, preview.segment_id in self._finals)

    # --- what changes

    def _call(self, kept: Kept, upto: int | None = None) -> CallView:
        """The call, or its first ``upto`` turns. ``kept``: of the looks before."""
        readings = self._readings if upto is None else self._readings[:upto]
        last = readings[-1].order if readings else (0, 0, 0)
        return CallView(
            kept.of("readings", readings, lambda: tuple(readings)),
            tuple(resolved for order, _, resolved in self._resolved if order <= last),
            self._language,
            self._started.day,
            self._ended is not None and upto is None,
            self._rules.reader.said_by,
            kept,
            self._rules.currency,
        )

    def _changes(self, at_sample: int) -> list[Event]:
        before = self._filled
        now = self._refreshed()
        fields = tuple(
            value for name, values in now.fields.items() if before.fields.get(name) != values for value in values
        )
        emptied = tuple(name for name in before.fields if name not in now.fields)
        promises = tuple(promise for promise in now.promises if promise not in before.promises)
        if not fields and not emptied and not promises and before.missing == now.missing:
            return []
        return [TicketChanged(at_sample, fields, emptied, promises, now.missing)]

    def _refreshed(self) -> Filled:
        if self._stale:
            self._base, self._stale = look(self._call(self._kept), self._rules), False
        segments = [self._open[segment_id] for segment_id in sorted(self._open)]
        self._filled = with_open(self._base, self._rules, segments) if segments else self._base
        return self._filled

    def _history(self, writer: Writer) -> list[Change]:
        """How fields came to their values: what each turn changed, had they come in order."""
        changes: list[Change] = []
        before: Fields = {}
        specs = [spec for spec in self._rules.fields if spec.rule != SUMMARY]  # of which there is none
        kept = Kept()
        for count, reading in enumerate(self._readings, 1):
            now = Look(self._call(kept, count), self._rules).fields(specs)
            changes += writer.differences(reading, before, now)
            before = now
        if self._ended and self._readings:
            changes += writer.differences(self._readings[-1], before, self._filled.fields)
        return changes


def ticket_of(events: Iterable[Event], rules: TicketRules) -> Ticket | None:
    """The ticket that the events of a call add up to; None where the call never began."""
    fold: TicketFold | None = None
    for event in events:
        if isinstance(event, CallStarted):
            fold = TicketFold(rules, event)
        elif fold is not None:
            fold.absorb(event)
    return fold.ticket() if fold else None
