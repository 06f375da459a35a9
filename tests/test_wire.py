"""Events survive the way through JSON unchanged."""

from __future__ import annotations

import json

import pytest
from event_strategies import EVENTS
from hypothesis import given

from callcore.types import EVENT_TYPES, CallEnded, Event, Role, RolesAssigned
from callcore.wire import from_wire, to_wire


@given(EVENTS)
def test_round_trip_through_json_is_exact(event: Event) -> None:
    text = json.dumps(to_wire(event))
    again = from_wire(json.loads(text))
    assert again == event
    assert type(again) is type(event)
    assert json.dumps(to_wire(again)) == text


@given(EVENTS)
def test_unknown_fields_of_a_newer_callcore_are_ignored(event: Event) -> None:
    assert from_wire({**to_wire(event), "field_of_tomorrow": [1, 2]}) == event


def test_every_event_has_a_name_on_the_wire() -> None:
    for name, cls in EVENT_TYPES.items():
        assert name == "".join(f"_{c.lower()}" if c.isupper() else c for c in cls.__name__).lstrip("_")


def test_roles_keep_their_types() -> None:
    event = from_wire(json.loads(json.dumps(to_wire(RolesAssigned({1: Role.AGENT}, 0.5, "option")))))
    assert isinstance(event, RolesAssigned)
    assert list(event.roles) == [1]
    assert event.roles[1] is Role.AGENT


@pytest.mark.parametrize("values", [{}, {"event": "sneeze"}, {"event": "call_ended"}])
def test_what_is_no_event_is_refused(values: dict) -> None:
    with pytest.raises((KeyError, TypeError)):
        from_wire(values)


def test_missing_optional_fields_take_their_defaults() -> None:
    wire = to_wire(CallEnded(16_000, 3))
    assert from_wire({"event": wire["event"], "sample_count": 16_000, "segment_count": 3}) == CallEnded(16_000, 3)
