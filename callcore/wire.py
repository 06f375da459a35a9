"""Events as JSON: the form in which they are stored and sent. Round trips exactly."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from callcore.types import EVENT_NAMES, EVENT_TYPES, Event, Role, RolesAssigned, WarningKind, Word

WORD_FIELDS = frozenset({"words", "stable", "unstable", "committed"})
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
    known = {item.name: values[item.name] for item in fields(cls) if item.name in values}
    for name in WORD_FIELDS.intersection(known):
        known[name] = tuple(Word(*word) for word in known[name])
    if "segment_ids" in known:
        known["segment_ids"] = tuple(known["segment_ids"])
    if "kind" in known:
        known["kind"] = WarningKind(known["kind"])
    if cls is RolesAssigned:
        known["roles"] = {int(channel): Role(role) for channel, role in known["roles"].items()}
    event: Event = cls(**known)
    return event


def _plain(value: Any) -> Any:
    match value:
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
