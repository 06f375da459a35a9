"""A call as the fold of its events: replaying stored events gives the same record again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from callcore.types import (
    AudioWarning,
    CallEnded,
    CallStarted,
    Event,
    Final,
    Incident,
    LanguageDecided,
    MoodAlert,
    Paused,
    Rejected,
    Resolved,
    Resumed,
    Revision,
    Role,
    RolesAssigned,
    Turn,
    Understanding,
)


@dataclass(slots=True)
class CallRecord:
    """Everything known about one call. ``turns`` are in order of their start; overlapping turns stay overlapping."""

    started: CallStarted | None = None
    ended: CallEnded | None = None
    roles: RolesAssigned | None = None
    languages: list[LanguageDecided] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    finals: list[Final] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    warnings: list[AudioWarning] = field(default_factory=list)
    revisions: list[Revision] = field(default_factory=list)
    pauses: list[Paused | Resumed] = field(default_factory=list)
    understandings: dict[int, Understanding] = field(default_factory=dict)  #: by turn
    resolved: list[Resolved] = field(default_factory=list)  #: in the order in which they came about
    alerts: list[MoodAlert] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)  #: in order of their start

    def speaker(self, channel: int) -> Role:
        """Who speaks on a channel; unknown until roles are assigned."""
        return self.roles.roles.get(channel, Role.UNKNOWN) if self.roles else Role.UNKNOWN

    def resolutions(self, turn_id: int) -> dict[int, Resolved]:
        """What later turns made of a turn's entities, by the entity's place: the last word on each."""
        return {found.entity: found for found in self.resolved if found.turn_id == turn_id}

    @property
    def channels(self) -> list[int]:
        """Channels that were listened to, in order."""
        heard = set(self.roles.roles) if self.roles else set()
        return sorted(heard | {final.channel for final in self.finals})

    @property
    def complete(self) -> bool:
        """Whether the call was followed to its end."""
        return self.ended is not None

    @property
    def language(self) -> str:
        """Language of the call; "" when nothing was decided."""
        return self.languages[0].language if self.languages else ""

    @property
    def sample_count(self) -> int:
        """Length of the call in samples; up to the last turn while it is not complete."""
        if self.ended:
            return self.ended.sample_count
        return max((final.end_sample for final in self.finals), default=0)


def fold(events: Iterable[Event]) -> CallRecord:
    """The record that the events add up to. Independent of how events of different channels interleave."""
    record = CallRecord()
    for event in events:
        match event:
            case CallStarted():
                record.started = event
            case CallEnded():
                record.ended = event
            case RolesAssigned():
                record.roles = event
            case LanguageDecided():
                record.languages.append(event)
            case Turn():
                record.turns.append(event)
            case Final():
                record.finals.append(event)
            case Rejected():
                record.rejected.append(event)
            case AudioWarning():
                record.warnings.append(event)
            case Revision():
                record.revisions.append(event)
            case Paused() | Resumed():
                record.pauses.append(event)
            case Understanding():
                record.understandings[event.turn_id] = event
            case Resolved():
                record.resolved.append(event)
            case MoodAlert():
                record.alerts.append(event)
            case Incident():
                record.incidents.append(event)
    record.turns.sort(key=lambda turn: (turn.start_sample, turn.channel))
    record.finals.sort(key=lambda final: (final.start_sample, final.channel))
    record.incidents.sort(key=lambda incident: (incident.start_sample, incident.kind))
    return record
