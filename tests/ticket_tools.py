"""Calls for tests of tickets: turns with scripted meanings, entities found for real."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from understand_tools import ScriptedText

import callcore.loading
from callcore.config import SegmentSettings, Settings, TicketSettings, UnderstandSettings
from callcore.errors import ModelCorrupt
from callcore.loading import load_acts, load_ticket_rules
from callcore.tickets import Ticket, TicketFold, TicketRules, ticket_of
from callcore.tickets.linear import LinearModel
from callcore.tickets.reading import CallView
from callcore.types import CallStarted, Event
from callcore.understand.call import Understander
from callcore.understand.catalogue import Catalogue
from callcore.written import WrittenCall, told

DAY = date(2026, 11, 12)  # a Thursday
CATALOGUE = Catalogue.load()
RULES = TicketRules.load(TicketSettings(), CATALOGUE)
SEGMENT = SegmentSettings()
STARTED = CallStarted("call-1", "test", 2, 16_000, "scripted", "", "hash", {}, DAY.isoformat())

#: what the card of a linear model says that cannot be used
BROKEN: Sequence[Mapping[str, Any]] = ({"features": 0}, {"heads": {}}, {"format": 2})

#: what the scripted model says of texts that hold these words
SCRIPT: Mapping[str, Mapping[str, Any]] = {
    "额度": {"topic": ("credit_card.limit",), "category": "inquiry", "intent": ("ask_data",)},
    "丢了": {"topic": ("credit_card.lost",), "intent": ("report_loss",)},
    "气死": {"category": "complaint", "intent": ("complain",), "emotion": "angry", "cause": ("service.efficiency",)},
    "盗刷": {"topic": ("fraud.unauthorised",)},
    "谢谢": {"intent": ("thank",), "emotion": "pleased"},
    "lost": {"topic": ("credit_card.lost",), "intent": ("report_loss",)},
}


def understander(rules_day: date = DAY) -> Understander:
    """Scripted labels, real entities and acts."""
    text = ScriptedText(SCRIPT)
    return Understander(UnderstandSettings(call_date=rules_day), CATALOGUE, {"zh": text, "en": text}, None, acts())


acts = cache(load_acts)


def written(lines: str, language: str = "zh", day: date = DAY) -> WrittenCall:
    """``A: ...`` and ``C: ...`` lines, two seconds each with half a second between them."""
    turns, at = [], 0.5
    for line in lines.strip().splitlines():
        who, _, text = line.strip().partition(":")
        turns.append(
            {"speaker": {"A": "agent", "C": "customer"}[who], "start_s": at, "end_s": at + 2, "text": text.strip()}
        )
        at += 2.5
    return WrittenCall.model_validate({"language": language, "call_date": day.isoformat(), "turns": turns})


def events_of(lines: str, language: str = "zh") -> list[Event]:
    """The events of a call, unmasked."""
    return told(written(lines, language), "call-1", Settings(), understander())


def ticket(lines: str, language: str = "zh", rules: TicketRules = RULES) -> Ticket:
    """The ticket of a call."""
    found = ticket_of(events_of(lines, language), rules)
    assert found is not None
    return found


def call_view(lines: str, language: str = "zh") -> CallView:
    """A whole call as its rules see it."""
    fold = RULES.fold(STARTED)
    for event in events_of(lines, language):
        fold.absorb(event)
    return fold.look().call


def normals(found: Ticket, name: str) -> list[str]:
    """The normal forms of a field's values."""
    return [value.normal for value in found.fields.get(name, ())]


def folded(events: Iterable[Event], rules: TicketRules = RULES) -> tuple[TicketFold, Sequence[Event]]:
    """A fold that took the events one by one, and what it told."""
    fold: TicketFold | None = None
    out: list[Event] = []
    for event in events:
        if isinstance(event, CallStarted):
            fold = rules.fold(event)
        assert fold is not None
        out += fold.take(event)
    assert fold is not None
    return fold, out


def assert_refused(
    kind: str, model: LinearModel | None, change: Mapping[str, Any], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That no rules are loaded with a ``model`` of a ``kind`` whose card differs, and that the error names its file."""
    assert model is not None
    (folder / "model.json").write_text(json.dumps({**model.model_dump(mode="json"), **change}), "utf-8")
    find = callcore.loading.reader_folder
    monkeypatch.setattr(callcore.loading, "reader_folder", lambda one, of: folder if one == kind else find(one, of))
    with pytest.raises(ModelCorrupt, match=r"model\.json"):
        load_ticket_rules(Settings(), CATALOGUE)
