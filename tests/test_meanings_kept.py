"""What is understood of a call in files and in the database."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from batch_tools import CALL, scripted_model
from event_strategies import ALERTS, INCIDENTS, RESOLUTIONS, UNDERSTANDINGS
from hypothesis import given, settings
from hypothesis import strategies as st
from meaning_samples import ALERT, ASKED, LOST, MEANINGS, RESOLVED, STARTED, UPSET, a_call
from output_records import any_records
from store_samples import NOON, sha

import callcore.output
from callcore.cli import run
from callcore.engines.scripted import ScriptedEngine
from callcore.output import FORMATS, render
from callcore.record import fold
from callcore.store import Store
from callcore.types import CallStarted, Incident, MoodAlert, Resolved, Turn, Understanding, UnderstandingPreview
from callcore.wire import from_wire, to_wire

SCHEMA = json.loads((Path(callcore.output.__file__).parent / "transcript.schema.json").read_text(encoding="utf-8"))
KINDS = (Understanding, Resolved, MoodAlert, Incident)


def document(record) -> dict:
    found = json.loads(render(record, "json"))
    jsonschema.validate(found, SCHEMA)
    return found


# Files


def test_a_turn_is_written_with_what_it_means_and_the_words_that_show_it():
    turn = document(fold(a_call()))["turns"][0]
    meaning = turn["meaning"]
    assert meaning["category"] == {
        "code": "transaction",
        "probability": 0.91,
        "words": "我的卡丢了",
        "start_s": 0.0,
        "end_s": pytest.approx(4 / 11 * 5, abs=0.001),
    }
    assert [label["words"] for label in meaning["topics"]] == ["卡丢了"]
    assert (meaning["mood"]["label"], meaning["mood"]["words"]) == ("anxious", "丢了")
    assert meaning["voice_mood"] is None
    (entity,) = meaning["entities"]
    assert (entity["kind"], entity["text"], entity["value"], entity["valid"]) == ("card_tail", "六六二八", "6628", None)
    assert entity["resolved"] == {"status": "confirmed", "value": "6628", "by_turn": 3}
    assert entity["status"] == "said"


def test_a_source_that_abstains_is_there_without_a_label():
    meaning = document(fold(a_call()))["turns"][2]["meaning"]
    assert meaning["voice_mood"]["label"] is None
    assert meaning["voice_mood"]["arousal"] == 0.6
    assert meaning["caller"]["code"] == "agitated"
    assert meaning["caller"]["words"] == UPSET.text  # the whole turn shows it


def test_moods_and_incidents_are_written_with_their_times():
    found = document(fold(a_call()))
    assert found["moods"] == [{"kind": "worsening", "channel": 1, "at_s": 11.0, "probability": 0.88, "turns": [1, 3]}]
    assert [(one["kind"], one["channel"], one["start_s"], one["end_s"]) for one in found["incidents"]] == [
        ("interruption", 1, 6.5, 7.0),
        ("dead_air", None, 12.0, 21.0),
    ]


def test_without_understanding_the_document_says_so():
    found = document(fold(event for event in a_call() if not isinstance(event, KINDS)))
    assert all(turn["meaning"] is None for turn in found["turns"])
    assert found["moods"] == found["incidents"] == []


def test_the_last_word_on_an_entity_counts():
    later = replace(RESOLVED, status="corrected", value="6629", by_turn=5)
    record = fold([*a_call()[:-1], later, a_call()[-1]])
    (entity,) = document(record)["turns"][0]["meaning"]["entities"]
    assert entity["resolved"] == {"status": "corrected", "value": "6629", "by_turn": 5}


def test_the_lines_fold_back_to_the_call():
    record = fold(a_call())
    lines = [json.loads(line) for line in render(record, "jsonl").splitlines()]
    names = [line["event"] for line in lines]
    assert {"understanding", "resolved", "mood_alert", "incident"} <= set(names)
    assert names[-1] == "call_ended"
    assert fold(from_wire(line) for line in lines) == record


@given(any_records(), st.data())
@settings(max_examples=40)
def test_whatever_was_understood_the_document_keeps_to_its_schema(record, data):
    for turn in record.turns:
        if data.draw(st.booleans()):
            record.understandings[turn.turn_id] = replace(data.draw(UNDERSTANDINGS), turn_id=turn.turn_id)
    record.alerts += data.draw(st.lists(ALERTS, max_size=2))
    record.resolved += data.draw(st.lists(RESOLUTIONS, max_size=2))
    record.incidents += data.draw(st.lists(INCIDENTS, max_size=2))
    document(record)
    for fmt in FORMATS:
        render(record, fmt).encode()


# The database


@pytest.fixture
def own_data(tmp_path, monkeypatch):
    monkeypatch.setenv("CALLCORE_MODELS__FOLDER", str(tmp_path / "models"))
    monkeypatch.setenv("CALLCORE_STORE__DB", str(tmp_path / "calls.db"))
    return tmp_path / "calls.db"


def write(db: Path, events) -> None:
    with Store.open(db) as store, store.begin_call(STARTED, content_sha256=sha("x"), started_at=NOON) as writer:
        writer.append(events)
        writer.complete(NOON)


def test_the_database_gives_back_every_kind(own_data):
    write(own_data, a_call())
    with Store.open(own_data, read_only=True) as store:
        events = store.events(STARTED.call_id)
        assert events == a_call()
        assert store.record(STARTED.call_id) == fold(a_call())
        assert store.check() == []
    assert {type(event) for event in events} >= set(KINDS)


def test_what_is_only_shown_is_not_stored(own_data):
    preview = UnderstandingPreview("a", MEANINGS[0])
    write(own_data, [a_call()[0], preview, *a_call()[1:]])
    with Store.open(own_data, read_only=True) as store:
        assert store.events(STARTED.call_id) == a_call()


def test_tables_made_anew_say_the_same(own_data):
    write(own_data, a_call())
    with Store.open(own_data) as store:
        store.rebuild(STARTED.call_id)
        assert store.search("卡丢").total == 1
        assert store.record(STARTED.call_id) == fold(a_call())


def test_stored_meanings_are_shown_and_exported(own_data, tmp_path, capsys):
    write(own_data, a_call())
    assert run(["calls", "show", STARTED.call_id]) == 0
    out = capsys.readouterr().out
    assert "尾号 6628" in out
    assert "激动 93%" in out
    assert run(["calls", "export", STARTED.call_id, "--format", "json", "--output", str(tmp_path / "out")]) == 0
    (file,) = (tmp_path / "out").glob("*.json")
    written = json.loads(file.read_text(encoding="utf-8"))
    jsonschema.validate(written, SCHEMA)
    assert written == document(fold(a_call()))
    assert run(["calls", "stats", STARTED.call_id]) == 0


def test_events_written_by_a_newer_callcore_with_more_fields_are_read():
    for event in (MEANINGS[0], RESOLVED, ALERT):
        assert from_wire({**to_wire(event), "tomorrow": {"x": 1}}) == event


# A recording from end to end


SCRIPT = "我的信用卡被盗刷了你们到底管不管气死我了尾号六六二八"


def transcribed(tmp_path, monkeypatch, capsys, *, enabled: bool):
    engine = ScriptedEngine(lambda request: SCRIPT[: max(2, 4 * len(request.audio) // 16_000)])
    monkeypatch.setattr("callcore.assembly.load_model", lambda settings, live: scripted_model(engine=engine))
    monkeypatch.setenv("CALLCORE_UNDERSTAND__ENABLED", "true" if enabled else "false")
    call = shutil.copy(CALL, tmp_path / "call.wav")
    code = run(["transcribe", str(call), "--output", str(tmp_path / "out"), "--format", "json,jsonl"])
    out, err = capsys.readouterr()
    assert code == 0, err
    written = json.loads((tmp_path / "out" / "call.json").read_text(encoding="utf-8"))
    jsonschema.validate(written, SCHEMA)
    events = [from_wire(json.loads(line)) for line in (tmp_path / "out" / "call.jsonl").read_text("utf-8").splitlines()]
    return out, written, events


def test_a_recording_is_transcribed_with_its_meanings(own_data, tmp_path, monkeypatch, capsys):
    out, written, events = transcribed(tmp_path, monkeypatch, capsys, enabled=True)
    assert all(turn["meaning"] for turn in written["turns"])
    assert any("投诉" in line for line in out.splitlines() if "›" in line)
    found = {type(event) for event in events}
    assert Understanding in found
    assert UnderstandingPreview not in found
    started = next(event for event in events if isinstance(event, CallStarted))
    assert started.day
    assert "understand-zh@" in started.settings["understand_models"]
    with Store.open(own_data, read_only=True) as store:
        (call,) = store.list_calls()
        record = store.record(call.call_id)
    assert set(record.understandings) == {turn.turn_id for turn in record.turns}


def test_understanding_can_be_left_out(own_data, tmp_path, monkeypatch, capsys):
    out, written, events = transcribed(tmp_path, monkeypatch, capsys, enabled=False)
    assert "›" not in out
    assert written["turns"]
    assert all(turn["meaning"] is None for turn in written["turns"])
    assert written["moods"] == written["incidents"] == []
    assert not any(isinstance(event, KINDS) for event in events)
    assert any(isinstance(event, Turn) for event in events)
    assert "understand_models" not in written["call"]["settings"]


def test_the_sample_is_a_call_as_they_come():
    events = a_call()
    for turn, found in zip((LOST, ASKED, UPSET), MEANINGS, strict=True):
        assert events[events.index(turn) + 1] == found
