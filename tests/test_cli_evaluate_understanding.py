"""``callcore evaluate understanding``: tables and reports of the sets that come with callcore and of a user's own."""

from __future__ import annotations

import json

import pytest
from command_tools import Command
from rich.cells import cell_len

from callcore.models.manifest import load_manifest

HEADS = ("category", "topic", "intent", "cause", "caller", "emotion")
NO_YARDSTICK = not any(row.name == "understand-banking77" for row in load_manifest().reader)

TURNS = """
[[block]]
category = "complaint"
intents = ["complain"]
emotion = "angry"
caller = "agitated"
lines = '''
我要投诉你们这个态度太差了气死我了
'''

[[block]]
category = "none"
intents = ["thank"]
emotion = "pleased"
lines = '''
谢谢你
非常感谢
'''
"""
ENTITIES = """
date = 2026-11-22

[[block]]
about = "two amounts, one of them marked wrong, and a date"
lines = '''
转[三千五百元|amount|3500.00 CNY]给他
转[两千元|amount|9999.00 CNY]给他
[明天|date|2026-11-23]再打来
'''
"""
CLASSES = "text\tintent\nHow do I activate my card?\tactivate_my_card\nwhat is the weather\toos\n"

COMMAND = Command("evaluate", "understanding")
called, refused = COMMAND.called, COMMAND.refused


@pytest.fixture(autouse=True)
def narrow(monkeypatch):
    """The size of terminal that is promised to do."""
    monkeypatch.setenv("COLUMNS", "80")


def in_file(tmp_path, content, name="own.toml"):
    file = tmp_path / name
    file.write_text(content, encoding="utf-8")
    return file


def test_the_sets_that_come_with_callcore(capsys, tmp_path):
    code, out, _ = called(capsys, "--output", tmp_path / "report.json")
    assert code == 0
    for title in ("turns zh: ", "turns en: ", "entities zh: ", "entities en: "):
        assert title in out
    for head in HEADS:
        assert f"\n {head} " in out
    assert "amount" in out
    assert "out of scope: recall" in out
    assert "…" not in out
    assert all(cell_len(line) <= 80 for line in out.splitlines())
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert list(report) == ["turns zh", "turns en", "entities zh", "entities en"]
    assert report["turns zh"]["texts"] > 500
    assert report["turns zh"]["model"].startswith("understand-zh@")
    assert report["entities zh"]["all"]["f1"] > 0.9


def test_one_language_alone_with_every_class(capsys):
    code, out, _ = called(capsys, "--set", "entities", "--language", "en")
    assert code == 0
    assert "entities en: " in out
    assert "entities zh: " not in out
    assert "turns" not in out


def test_turns_of_a_user(capsys, tmp_path):
    in_file(tmp_path, TURNS)
    code, out, err = called(capsys, "--set", "turns", "--file", tmp_path, "--format", "json", "--classes")
    assert code == 0, err
    report = json.loads(out)["turns zh"]
    assert report["texts"] == report["category"]["texts"] == 3
    assert report["in_scope"]["texts"] == 3
    assert {row["label"]: row["support"] for row in report["category"]["classes"] if row["support"]} == {
        "complaint": 1,
        "none": 2,
    }
    assert report["intent"]["micro_f1"] > 0
    code, out, _ = called(capsys, "--set", "turns", "--file", tmp_path, "--classes")
    assert code == 0
    assert "turns zh, category" in out
    assert "turns zh: 3 texts" in out


def test_entities_of_a_user(capsys, tmp_path):
    file = in_file(tmp_path, ENTITIES)
    code, out, _ = called(capsys, "--set", "entities", "--file", file, "--format", "json")
    assert code == 0
    report = json.loads(out)["entities zh"]
    assert report["sentences"] == 3
    assert report["kinds"]["amount"]["f1"] == 1
    assert report["kinds"]["amount"]["value_exact"] == 0.5
    assert report["kinds"]["date"]["value_exact"] == 1
    code, out, _ = called(capsys, "--set", "entities", "--file", file)
    assert code == 0
    assert "entities zh: 3 texts" in out
    (row,) = [line.split() for line in out.splitlines() if line.split()[:1] == ["amount"]]
    assert row == ["amount", "2", "1.000", "1.000", "1.000", "0.500"]


@pytest.mark.skipif(NO_YARDSTICK, reason="this installation has no model of the yardstick")
def test_a_table_of_classes(capsys, tmp_path):
    file = in_file(tmp_path, CLASSES, "rows.tsv")
    code, out, _ = called(capsys, "--set", "banking77", "--file", file, "--format", "json")
    assert code == 0
    report = json.loads(out)["banking77"]
    assert (report["texts"], report["out_of_scope_texts"]) == (1, 1)
    assert report["accuracy"] in (0, 1)
    assert report["out_of_scope_recall"] in (0, 1)
    code, out, _ = called(capsys, "--set", "banking77", "--file", file, "--classes")
    assert code == 0
    assert "macro f1" in out
    assert "activate_my_card" in out


def test_a_file_needs_its_kind_and_a_table_its_file(capsys, tmp_path):
    assert "--set" in refused(capsys, "--file", in_file(tmp_path, TURNS))
    assert "--file" in refused(capsys, "--set", "banking77")


@pytest.mark.parametrize("kind", ["entities", "banking77"])
def test_files_that_cannot_be_read(capsys, tmp_path, kind):
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00\x01")
    for place in (tmp_path / "nowhere", tmp_path, tmp_path / "binary"):
        message = refused(
            capsys, "--set", kind, "--file", place, code=2 if kind == "entities" or not NO_YARDSTICK else 4
        )
        assert str(place) in message or NO_YARDSTICK


def test_entities_are_read_from_toml_and_that_is_said(capsys, tmp_path):
    message = refused(capsys, "--set", "entities", "--file", in_file(tmp_path, '{"a": 1}', "own.json"))
    assert "own.json cannot be read: it is no TOML: " in message
    assert "docs/entities.md" in message


def test_a_folder_without_turns(capsys, tmp_path):
    assert "no labelled turns" in refused(capsys, "--set", "turns", "--file", tmp_path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("block = [", "cannot be read"),
        ('[[block]]\nintents = []\nlines = "x"', "category is missing"),
        ('[[block]]\ncategory = "none"\nintents = []\nlines = "x"\nemotion = "sad"', "no emotion sad"),
        ('[[block]]\ncategory = "none"\nintents = []\nlines = "x"\ncolour = 1', "unknown key colour"),
        ("block = 3", "[[block]]"),
    ],
)
def test_turns_that_are_wrong_are_named_with_their_block(capsys, tmp_path, content, told):
    in_file(tmp_path, content)
    code, _, err = called(capsys, "--set", "turns", "--file", tmp_path)
    assert code == 2
    assert told in err
    assert "own.toml" in err


def test_a_report_that_cannot_be_written(capsys, tmp_path):
    file = in_file(tmp_path, ENTITIES)
    place = tmp_path / "nowhere" / "report.json"
    assert "--output" in refused(capsys, "--set", "entities", "--file", file, "--output", place, code=6)


def test_an_unknown_set_is_refused_by_name(capsys):
    code, _, err = called(capsys, "--set", "snips")
    assert code == 2
    assert "snips" in err
