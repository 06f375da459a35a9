"""The words of callcore: every value that flows between its stages.

All of them are frozen, slotted dataclasses, and none of these modules imports anything else of ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from callcore.types.audio import (
    SAMPLE_RATE_HZ,
    AudioFrame,
    Samples,
    SpeechSegment,
    samples,
    seconds,
)
from callcore.types.call import (
    AudioWarning,
    CallEnded,
    CallStarted,
    Paused,
    Resumed,
    WarningKind,
)
from callcore.types.decoding import (
    DecodeFailure,
    DecodeRequest,
    DecodeResult,
    Effort,
    Hypothesis,
    RequestKind,
)
from callcore.types.meaning import (
    Entity,
    Incident,
    Label,
    Mood,
    MoodAlert,
    Resolved,
    Understanding,
    UnderstandingPreview,
)
from callcore.types.speech import (
    MASK,
    Final,
    LanguageDecided,
    Partial,
    Rejected,
    Revision,
    Role,
    RolesAssigned,
    Turn,
    Word,
    quoted,
    text_of,
)
from callcore.types.ticket import Evidence, FieldStatus, FieldValue, Promise, PromiseKind, TicketChanged

Event = (
    CallStarted
    | AudioWarning
    | LanguageDecided
    | Partial
    | Final
    | Revision
    | Rejected
    | Turn
    | Understanding
    | UnderstandingPreview
    | MoodAlert
    | Resolved
    | Incident
    | TicketChanged
    | RolesAssigned
    | Paused
    | Resumed
    | CallEnded
)
Passing = Partial | UnderstandingPreview | TicketChanged  #: events that are shown and not stored
Output = Event | DecodeRequest
Tick = Sequence[AudioFrame | Event]  #: one moment of a live call: frames, and incidents

EVENT_TYPES: dict[str, type[Any]] = {
    "call_started": CallStarted,
    "audio_warning": AudioWarning,
    "language_decided": LanguageDecided,
    "partial": Partial,
    "final": Final,
    "revision": Revision,
    "rejected": Rejected,
    "turn": Turn,
    "understanding": Understanding,
    "understanding_preview": UnderstandingPreview,
    "mood_alert": MoodAlert,
    "resolved": Resolved,
    "incident": Incident,
    "ticket_changed": TicketChanged,
    "roles_assigned": RolesAssigned,
    "paused": Paused,
    "resumed": Resumed,
    "call_ended": CallEnded,
}
EVENT_NAMES: dict[type[Any], str] = {cls: name for name, cls in EVENT_TYPES.items()}

__all__ = [
    "EVENT_NAMES",
    "EVENT_TYPES",
    "MASK",
    "SAMPLE_RATE_HZ",
    "AudioFrame",
    "AudioWarning",
    "CallEnded",
    "CallStarted",
    "DecodeFailure",
    "DecodeRequest",
    "DecodeResult",
    "Effort",
    "Entity",
    "Event",
    "Evidence",
    "FieldStatus",
    "FieldValue",
    "Final",
    "Hypothesis",
    "Incident",
    "Label",
    "LanguageDecided",
    "Mood",
    "MoodAlert",
    "Output",
    "Partial",
    "Passing",
    "Paused",
    "Promise",
    "PromiseKind",
    "Rejected",
    "RequestKind",
    "Resolved",
    "Resumed",
    "Revision",
    "Role",
    "RolesAssigned",
    "Samples",
    "SpeechSegment",
    "Tick",
    "TicketChanged",
    "Turn",
    "Understanding",
    "UnderstandingPreview",
    "WarningKind",
    "Word",
    "quoted",
    "samples",
    "seconds",
    "text_of",
]
