"""Events as JSON: the form in which they are stored and sent. Round trips exactly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cattrs
from cattrs.gen import make_dict_unstructure_fn, override

from callcore.types import EVENT_NAMES, EVENT_TYPES, Event, RolesAssigned, Word

WIRE_VERSION = 1  #: raised when the meaning of a field changes; new fields do not raise it

_CONVERTER = cattrs.Converter(detailed_validation=False)
# Words are most of what a call holds: a list each, without the names of its fields.
_CONVERTER.register_unstructure_hook(
    Word, lambda word: [word.text, word.start_sample, word.end_sample, word.probability, word.space_before]
)
# JSON has no keys but strings.
_CONVERTER.register_unstructure_hook(
    RolesAssigned,
    make_dict_unstructure_fn(
        RolesAssigned,
        _CONVERTER,
        roles=override(unstruct_hook=lambda roles: {str(channel): role.value for channel, role in roles.items()}),
    ),
)
_CONVERTER.register_structure_hook(Word, lambda values, _: Word(*values))


def to_wire(event: Event) -> dict[str, Any]:
    """An event as a JSON-ready dict with its name under ``event``; samples stay samples."""
    return {"event": EVENT_NAMES[type(event)], **_CONVERTER.unstructure(event)}


def from_wire(values: Mapping[str, Any]) -> Event:
    """The event of a dict made by :func:`to_wire`; unknown keys (of a newer callcore) are ignored.

    Raises ``KeyError``, ``TypeError`` or ``ValueError`` on a dict that is no event.
    """
    event: Event = _CONVERTER.structure(values, EVENT_TYPES[values["event"]])
    return event
