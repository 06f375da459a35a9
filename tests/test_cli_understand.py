"""``callcore understand``: what a text means, as people and programs get it, and what is refused."""

from __future__ import annotations

import io
import json
import shutil
import sys

import pytest
from command_tools import Command

from callcore.paths import bundled_models_folder
from callcore.privacy.seal import new_key

FRAUD = "我的信用卡被盗刷了，你们到底管不管！"
KEYS = {
    "text", "language", "in_scope", "category", "topics", "intents", "causes", "caller", "acts", "mood",
    "text_mood", "voice_mood", "entities", "source", "department",
}  # fmt: skip

COMMAND = Command("understand")
called, refused = COMMAND.called, COMMAND.refused


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    """A terminal in which no line is broken."""
    monkeypatch.setenv("COLUMNS", "200")


def as_json(capsys, *arguments: object) -> dict:
    code, out, err = called(capsys, *arguments, "--format", "json")
    assert code == 0
    assert err == ""
    return json.loads(out)


def test_a_text_as_a_table(capsys):
    code, out, err = called(capsys, FRAUD)
    assert code == 0
    assert err == ""
    rows = {line.split()[0]: line for line in out.splitlines() if line[:1].strip()}
    assert {"category", "topic", "intent", "mood", "department"} <= set(rows)
    assert "投诉" in rows["category"]
    assert "complaint" in rows["category"]
    assert "█" in rows["category"]
    assert "%" in rows["category"]
    assert "valence -" in rows["mood"]


def test_the_same_as_json(capsys):
    found = as_json(capsys, FRAUD)
    assert set(found) == KEYS
    assert (found["text"], found["language"]) == (FRAUD, "zh")
    assert found["category"]["code"] == "complaint"
    assert found["category"]["name"] == "投诉"
    assert found["category"]["words"] in FRAUD
    assert {label["code"].partition(".")[0] for label in found["topics"]} & {"fraud", "credit_card"}
    assert found["mood"]["label"] == "angry" or found["caller"]["code"] == "agitated"
    assert found["mood"]["valence"] < 0
    assert found["department"]


def test_several_words_are_one_text_and_english_is_known_by_its_letters(capsys):
    found = as_json(capsys, "How", "do", "I", "activate", "my", "new", "card?")
    assert (found["text"], found["language"]) == ("How do I activate my new card?", "en")
    assert found["topics"][0]["code"] == "credit_card.activation"
    assert found["topics"][0]["name"].isascii()


def test_facts_are_listed_with_what_their_check_digits_say(capsys):
    code, out, _ = called(capsys, "卡号4539148803436467 不对 尾号6468")
    assert code == 0
    assert "card_number" in out
    assert "4539148803436467" not in out
    assert "*" * 16 in out
    assert "check digits right" in out
    wrong = called(capsys, "卡号4539148803436468")[1]
    assert "check digits wrong" in wrong


def test_secrets_are_masked_unless_the_settings_say_otherwise(capsys, monkeypatch):
    found = as_json(capsys, "我叫龚雪梅转三千五给她")
    assert found["text"] == "我叫***转三千五给她"
    assert {one["kind"]: one["value"] for one in found["entities"]} == {"name": "masked:name", "amount": "3500.00 CNY"}
    monkeypatch.setenv("CALLCORE_PRIVACY__KEY", new_key())
    assert as_json(capsys, "我叫龚雪梅")["entities"][0]["value"].startswith("sealed:1:")
    assert "sealed" in called(capsys, "我叫龚雪梅")[1]
    monkeypatch.setenv("CALLCORE_PRIVACY__REDACT", "false")
    found = as_json(capsys, "我叫龚雪梅")
    assert (found["text"], found["entities"][0]["value"]) == ("我叫龚雪梅", "龚雪梅")


def test_a_key_that_cannot_be_had_stops_the_run(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("CALLCORE_PRIVACY__KEY_FILE", str(tmp_path / "none"))
    assert called(capsys, "我叫龚雪梅")[0] == 10


def test_relative_days_count_from_the_given_one(capsys):
    found = as_json(capsys, "明天下午三点前给我回电", "--date", "2026-11-22")
    assert [entity["value"] for entity in found["entities"]] == ["../2026-11-23T15:00"]


def test_a_text_is_read_in_the_language_that_is_named(capsys):
    assert as_json(capsys, "VIP", "--language", "zh")["language"] == "zh"
    assert as_json(capsys, "VIP")["language"] == "en"
    assert as_json(capsys, "我要投诉", "--language", "yue")["category"]["code"] == "complaint"


@pytest.mark.parametrize("text", ["", "  ", "。。。", "👍"])
def test_without_words_nothing_is_claimed(capsys, text):
    found = as_json(capsys, text)
    assert found["category"] is found["mood"] is found["department"] is None
    assert found["intents"] == []
    code, out, _ = called(capsys, text)
    assert code == 0
    assert "no words" in out
    assert "%" not in out


@pytest.mark.parametrize("text", ["lost card\udcff twenty", "我要挂失\udcff", "[bold]我要挂失[/nothing]\x1b[2J"])
def test_broken_characters_and_markup_are_text(capsys, text):
    code, out, _ = called(capsys, text)
    assert code == 0
    assert "\x1b[2J" not in out
    as_json(capsys, text)


LINES = ["我要投诉", "", "How do I activate my new card?", "。", "谢谢你"]


def answers(out: str) -> list[dict]:
    return [json.loads(line) for line in out.splitlines()]


def test_lines_are_answered_one_by_one_in_their_order(capsys, tmp_path):
    file = tmp_path / "turns.txt"
    file.write_bytes("\ufeff".encode() + "\r\n".join(LINES).encode() + b"\r\n")
    code, out, err = called(capsys, "--lines", file)
    assert code == 0
    assert err == ""
    found = answers(out)
    assert [one["text"] for one in found] == LINES
    assert [one["language"] for one in found] == ["zh", "en", "en", "en", "zh"]
    assert all(set(one) == KEYS for one in found)
    assert found[0]["category"]["code"] == "complaint"
    assert found[4]["intents"][0]["code"] == "thank"
    assert found[2] == as_json(capsys, LINES[2])


def test_lines_from_standard_input(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("\n".join(LINES).encode())))
    code, out, _ = called(capsys, "--lines", "-", "--date", "2026-11-22")
    assert code == 0
    assert [one["text"] for one in answers(out)] == LINES


def test_no_lines_have_no_answers(capsys, tmp_path):
    (tmp_path / "empty").touch()
    assert called(capsys, "--lines", tmp_path / "empty") == (0, "", "")


def test_either_a_text_or_lines(capsys, tmp_path):
    (tmp_path / "lines").write_text("x\n")
    assert "--lines FILE" in refused(capsys)
    assert "--lines FILE" in refused(capsys, "x", "--lines", tmp_path / "lines")


def test_files_that_are_no_lines_of_text(capsys, tmp_path, monkeypatch):
    assert "nowhere" in refused(capsys, "--lines", tmp_path / "nowhere")
    assert "cannot be read" in refused(capsys, "--lines", tmp_path)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00\x01")
    assert "UTF-8" in refused(capsys, "--lines", tmp_path / "binary")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe")))
    assert "UTF-8" in refused(capsys, "--lines", "-")


@pytest.mark.parametrize("day", ["tomorrow", "2026-13-45", "22.11.2026"])
def test_a_day_that_is_none(capsys, day):
    assert "--date" in refused(capsys, "x", "--date", day)


def test_a_language_that_no_model_reads(capsys):
    assert "'fr'" in refused(capsys, "bonjour", "--language", "fr")
    assert "zh, en, yue" in refused(capsys, "bonjour", "--language", "")


def test_a_broken_taxonomy_is_named(capsys, tmp_path):
    taxonomy = tmp_path / "taxonomy.toml"
    (tmp_path / "callcore.toml").write_text(f"[understand]\ntaxonomy_file = {json.dumps(str(taxonomy))}\n")
    for content, told in ((None, "cannot be read"), ("version = [", "taxonomy.toml"), ("version = 2", "version")):
        if content is not None:
            taxonomy.write_text(content)
        assert told in refused(capsys, "x", "--settings", tmp_path / "callcore.toml")


@pytest.fixture
def own_models(tmp_path, monkeypatch):
    """A copy of the bundled models that a test may spoil."""
    folder = tmp_path / "models"
    folder.mkdir()
    for name in ("understand-zh", "understand-en", "voice-mood"):
        shutil.copytree(bundled_models_folder() / name, folder / name)
    monkeypatch.setattr("callcore.models.readers.bundled_models_folder", lambda: folder)
    return folder


@pytest.mark.parametrize("name", ["understand-zh/model.onnx", "understand-en/grams.bin", "understand-zh/model.json"])
def test_a_changed_model_is_refused(capsys, own_models, name):
    file = own_models / name
    file.write_bytes(file.read_bytes()[:-1] + b"\x00")
    assert "differs from its checksum" in refused(capsys, FRAUD, code=4)
    file.unlink()
    message = refused(capsys, FRAUD, code=4)
    assert name.partition("/")[0] in message
    assert "Install callcore again." in message
