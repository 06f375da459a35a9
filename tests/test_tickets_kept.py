"""What looks at a call take over from one another, and that nothing differs for it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from test_tickets_chosen import BUNDLED
from test_tickets_order import CALLS
from ticket_tools import RULES, call_view, events_of, folded

from callcore.tickets.kept import Kept
from callcore.types import CallEnded, Event, Resolved, Understanding


def test_what_rests_on_the_same_things_is_worked_out_once():
    kept, ground = Kept(), ["said"]
    first = kept.of("answer", (ground, 1), lambda: ["worked out"])
    assert kept.of("answer", (ground, 1), lambda: ["again"]) is first


def test_equal_is_not_the_same_and_neither_is_more():
    kept, ground = Kept(), ["said"]
    kept.of("answer", (ground,), lambda: 1)
    assert kept.of("answer", (["said"],), lambda: 2) == 2
    assert kept.of("answer", (["said"], ground), lambda: 3) == 3
    assert kept.of("other answer", (["said"], ground), lambda: 4) == 4


def test_what_is_equal_or_holds_the_same_is_what_it_was():
    kept, one, other = Kept(), ["a"], ["a"]
    assert kept.same("value", one) is one
    assert kept.same("value", other) is one
    assert kept.same("value", ["b"]) == ["b"]
    row = kept.row("row", [one, other])
    assert kept.row("row", [one, other]) is row
    assert kept.row("row", [other, one]) is not row


def test_what_is_made_of_the_text_alone_holds_whatever_the_turn_means():
    (reading,) = call_view("C: 我的信用卡丢了。").readings
    of_text, of_turn = reading.of_text("what", lambda: ["text"]), reading.once("what", lambda: ["turn"])
    other = replace(reading, found=None)
    assert other.of_text("what", lambda: ["again"]) is of_text
    assert other.once("what", lambda: ["again"]) == ["again"] != of_turn


def test_what_makes_a_sentence_no_promise_is_looked_for_once_a_turn(monkeypatch: pytest.MonkeyPatch):
    searched: list[str] = []
    monkeypatch.setattr(RULES.reader, "_never", lambda text: searched.append(text) or [])
    promise = "明天给您回电话。"
    reading = call_view(f"A: {promise}\nC: 好。").readings[0]
    assert reading.promises
    assert reading.chances, "by a phrase and by the model"
    assert searched == [promise]


@given(CALLS)
@settings(max_examples=15)
def test_looking_after_every_event_finds_what_one_look_does(lines: str):
    events = events_of(lines)
    live, _ = folded(events[:1], BUNDLED)
    for count, event in enumerate(events[1:], 2):
        live.take(event)
        if isinstance(event, Understanding | Resolved | CallEnded):
            once = _absorbed(events[:count])
            assert (live.fields, live.promises, live.missing) == (once.fields, once.promises, once.missing)
    assert live.ticket() == _absorbed(events).ticket()


def _absorbed(events: list[Event]):
    fold, _ = folded(events[:1], BUNDLED)
    for event in events[1:]:
        fold.absorb(event)
    return fold
