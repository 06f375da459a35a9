"""Events as JSON: the form in which they are stored and sent. Round trips exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from callcore.types import (
    EVENT_NAMES,
    EVENT_TYPES,
    AudioWarning,
    Entity,
    Event,
    Label,
    Mood,
    Role,
    RolesAssigned,
    Understanding,
    UnderstandingPreview,
    WarningKind,
    Word,
)

WORD_FIELDS = frozenset({"words", "stable", "unstable", "committed"})
LABELS = frozenset({"topics", "intents", "causes"})
LABEL = frozenset({"category", "caller"})
MOODS = frozenset({"text_mood", "voice_mood", "mood"})
NUMBERS = frozenset({"segment_ids", "turn_ids"})
WIRE_VERSION = 1  #: raised when the meaning of a field changes; new fields do not raise it


def to_wire(event: Event) -> dict[str, Any]:
    """An event as a JSON-ready dict with its name under ``event``; samples stay samples."""
    values: dict[str, Any] = {"event": EVENT_NAMES[type(event)]}
    for item in fields(event):
        values[item.name] = _plain(getattr(event, item.name))
    return values


def from_wire(values: dict[str, Any]) -> Event:
    """The event of a dict made by :func:`to_wire`; unknown keys (of a newer callcore) are ignored.

    Raises ``KeyError`` or ``TypeError`` on a dict that is no event.
    """
    cls = EVENT_TYPES[values["event"]]
    known = _known(cls, values)
    for name in WORD_FIELDS.intersection(known):
        known[name] = tuple(Word(*word) for word in known[name])
    for name in NUMBERS.intersection(known):
        known[name] = tuple(known[name])
    if cls is Understanding:
        known = _understanding(known)
    if cls is UnderstandingPreview:
        known["understanding"] = Understanding(**_understanding(known["understanding"]))
    if cls is AudioWarning:
        known["kind"] = WarningKind(known["kind"])
    if cls is RolesAssigned:
        known["roles"] = {int(channel): Role(role) for channel, role in known["roles"].items()}
    event: Event = cls(**known)
    return event


def _known(cls: type[Any], values: Mapping[str, Any]) -> dict[str, Any]:
    return {item.name: values[item.name] for item in fields(cls) if item.name in values}


def _understanding(values: Mapping[str, Any]) -> dict[str, Any]:
    """Labels, moods and entities of an understanding as the objects that they were."""
    known = _known(Understanding, values)
    for name in LABELS.intersection(known):
        known[name] = tuple(Label(**_known(Label, item)) for item in known[name])
    for names, kind in ((LABEL, Label), (MOODS, Mood)):
        for name in names.intersection(known):
            known[name] = known[name] and kind(**_known(kind, known[name]))
    if "entities" in known:
        known["entities"] = tuple(_entity(item) for item in known["entities"])
    return known


def _entity(values: Mapping[str, Any]) -> Entity:
    known = _known(Entity, values)
    return Entity(**{**known, "parts": tuple(known.get("parts", ()))})


def _plain(value: Any) -> Any:
    match value:
        case Label() | Entity() | Mood() | Understanding():
            return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
        case Word():
            return [value.text, value.start_sample, value.end_sample, value.probability, value.space_before]
        case tuple() | list():
            return [_plain(item) for item in value]
        case Role() | WarningKind():
            return value.value
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
        case _:
            return value
