"""What the screen of a live call shows, as the fold of the call's events. No terminal, no clock."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from callcore.cli.tags import bundled
from callcore.tickets.spec import FieldSpec
from callcore.types import (
    SAMPLE_RATE_HZ,
    AudioWarning,
    CallEnded,
    CallStarted,
    Event,
    FieldValue,
    Final,
    LanguageDecided,
    MoodAlert,
    Partial,
    Paused,
    Promise,
    Rejected,
    Resumed,
    Revision,
    Role,
    RolesAssigned,
    TicketChanged,
    Turn,
    Understanding,
    UnderstandingPreview,
    text_of,
)
from callcore.understand.catalogue import Catalogue
from callcore.understand.dynamics import DynamicsSnapshot

KEPT_SAYS = 300  #: says that are held; more than the highest terminal shows
SAY_GAP = round(1.2 * SAMPLE_RATE_HZ)  #: a longer silence of the speaker begins a new say, as turns do by default


@dataclass(frozen=True, slots=True)
class Piece:
    """One segment's text: ``firm`` does not change any more, ``soft`` may."""

    segment_id: str
    start_sample: int
    end_sample: int
    firm: str
    soft: str = ""
    open: bool = True  #: more may follow


@dataclass(slots=True)
class Say:
    """What one speaker says in a row: segments until another speaks or a silence falls; a turn once it is complete.

    ``meaning``: what it means, as far as that is known.
    """

    channel: int
    pieces: list[Piece]
    meaning: Understanding | None = None

    @property
    def start_sample(self) -> int:
        return self.pieces[0].start_sample

    @property
    def end_sample(self) -> int:
        return self.pieces[-1].end_sample

    @property
    def open(self) -> bool:
        """Whether its last segment is still being spoken, or read."""
        return self.pieces[-1].open

    def runs(self) -> Iterator[tuple[str, bool]]:
        """Its text in parts, each with whether it is firm."""
        before = ""
        for piece in self.pieces:
            for text, firm in ((piece.firm, True), (piece.soft, False)):
                if text:
                    yield (_space_between(before, text) + text, firm)
                    before = text


@dataclass(frozen=True, slots=True)
class ChannelVitals:
    """How a channel sounds now. ``level_dbfs``: 0 is full scale."""

    level_dbfs: float
    speaking: bool


@dataclass(frozen=True, slots=True)
class Vitals:
    """How the call and the machine are doing at one moment; everything on the screen that no event says."""

    elapsed_s: float = 0.0  #: length of the call so far
    lag_s: float = 0.0  #: audio that was heard and is not looked at yet
    channels: Mapping[int, ChannelVitals] = field(default_factory=dict)
    paused: bool = False
    ending: bool = False  #: no more audio; the last texts are being made
    busy_share: float = 0.0  #: of the recogniser's time, 0..1
    interval_s: float = 0.0  #: speech between two updates of a segment
    degraded: bool = False  #: the interval is wider than asked for, since there is not time for more
    dropped: int = 0  #: updates that were passed over
    dynamics: DynamicsSnapshot | None = None  #: who talks how much, and how long nobody has
    dead_air_s: float = math.inf  #: silence of all sides from which on its length is shown


class ScreenState:
    """The conversation as far as it is known. Events may come from another thread than the one that looks."""

    def __init__(
        self,
        channels: Sequence[int],
        roles: Mapping[int, Role] | None = None,
        language: str = "",
        catalogue: Catalogue | None = None,
        fields: Sequence[FieldSpec] = (),
    ) -> None:
        """``catalogue``: names of what turns mean; else the bundled. ``fields``: of the ticket; none: there is none."""
        self.catalogue = catalogue or bundled()
        self.channels = tuple(channels)
        self.source = ""
        self.model = ""
        self.language = language
        self.roles: Mapping[int, Role] = dict(roles or {})
        self.warnings: list[AudioWarning] = []
        self.revisions = 0
        self.alerts: list[MoodAlert] = []  #: turns for the worse and the better
        self.notice = ""  #: a line of callcore's own, such as an error of the database
        self.ended = False
        self.fields = tuple(fields)
        self.values: dict[str, tuple[FieldValue, ...]] = {}  #: of the ticket, by field
        self.promises: tuple[Promise, ...] = ()
        self.missing: tuple[str, ...] = ()  #: required fields without a value
        self._says: list[Say] = []
        self._lock = threading.Lock()

    def apply(self, event: Event) -> None:
        """Take the next event of the call."""
        with self._lock:
            match event:
                case Partial():
                    self._piece(event, text_of(event.stable), text_of(event.unstable), still_open=True)
                case Final():
                    self._piece(event, event.text, "", still_open=False)
                case Rejected():
                    self._remove({event.segment_id})
                case Turn():
                    self._settle(event)
                case Understanding():
                    self._understand(event)
                case UnderstandingPreview():
                    self._preview(event)
                case _:
                    self._note(event)

    def tail(self, count: int) -> list[Say]:
        """The last says in order of their start, ``count`` at most; copies that no later event changes."""
        with self._lock:
            last = self._says[max(0, len(self._says) - count) :]
            return [Say(say.channel, list(say.pieces), say.meaning) for say in last]

    def _note(self, event: Event) -> None:
        match event:
            case CallStarted():
                self.source, self.model = event.source, event.model
            case LanguageDecided():
                self.language = self.language or event.language
            case RolesAssigned():
                self.roles = event.roles
            case AudioWarning():
                self.warnings.append(event)
            case Revision():
                self.revisions += 1
            case MoodAlert():
                self.alerts.append(event)
            case TicketChanged():
                self._fill(event)
            case CallEnded():
                self.ended = True
            case Paused() | Resumed():
                pass  # the vitals say it

    def _fill(self, changed: TicketChanged) -> None:
        """The ticket has other values. Whole objects are replaced: a drawing under way sees one or the other."""
        values = {name: row for name, row in self.values.items() if name not in changed.emptied}
        for name in {value.name for value in changed.fields}:
            values[name] = tuple(value for value in changed.fields if value.name == name)
        promises = {promise.promise_id: promise for promise in (*self.promises, *changed.promises)}
        self.values, self.missing = values, changed.missing
        self.promises = tuple(promises.values())

    def _piece(self, event: Partial | Final, firm: str, soft: str, *, still_open: bool) -> None:
        piece = Piece(event.segment_id, event.start_sample, event.end_sample, firm, soft, still_open)
        for say in reversed(self._says):
            if say.channel == event.channel:
                for index, known in enumerate(say.pieces):
                    if known.segment_id == event.segment_id:
                        if known.open:  # a final never changes
                            say.pieces[index] = piece
                        return
        last = self._continued(event.channel, event.start_sample)
        if last is None:
            self._insert(Say(event.channel, [piece]))
        else:
            last.pieces.append(piece)

    def _continued(self, channel: int, start_sample: int) -> Say | None:
        """The channel's last say if nobody else began since, and it ended but a moment ago."""
        last = self._says[-1] if self._says else None
        if last is None or last.channel != channel or start_sample - last.end_sample > SAY_GAP:
            return None
        return last

    def _settle(self, turn: Turn) -> None:
        self._remove(set(turn.segment_ids))
        name = turn.segment_ids[-1] if turn.segment_ids else ""
        self._insert(Say(turn.channel, [Piece(name, turn.start_sample, turn.end_sample, turn.text, open=False)]))

    def _understand(self, understanding: Understanding) -> None:
        """The meaning of a turn: that of the say which begins where it does."""
        for say in reversed(self._says):
            if (say.channel, say.start_sample) == (understanding.channel, understanding.start_sample):
                say.meaning = understanding
                return

    def _preview(self, preview: UnderstandingPreview) -> None:
        """What an open segment, or the last one of an open say, seems to mean."""
        for say in reversed(self._says):
            if say.pieces[-1].segment_id == preview.segment_id and say.channel == preview.understanding.channel:
                say.meaning = preview.understanding
                return

    def _remove(self, segment_ids: set[str]) -> None:
        for say in self._says:
            say.pieces = [piece for piece in say.pieces if piece.segment_id not in segment_ids]
        self._says = [say for say in self._says if say.pieces]

    def _insert(self, say: Say) -> None:
        index = len(self._says)
        while index and (self._says[index - 1].start_sample, self._says[index - 1].channel) > (
            say.start_sample,
            say.channel,
        ):
            index -= 1
        self._says.insert(index, say)
        del self._says[:-KEPT_SAYS]


def _space_between(before: str, after: str) -> str:
    """A space between two texts unless one is there, or Han or a full-width mark is beside the seam."""
    if not before or before.endswith(" ") or after.startswith(" "):
        return ""
    return " " if before[-1].isascii() and after[0].isascii() else ""
