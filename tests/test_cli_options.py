"""Options and settings that cannot be: what is blamed is what the user wrote."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_tools import Command
from order_calls import calls_db

from callcore.cli.options import form_list
from callcore.config import load_settings
from callcore.errors import ConfigError


@pytest.fixture
def db(tmp_path: Path) -> Path:
    path = tmp_path / "calls.db"
    calls_db(path)
    return path


@pytest.mark.parametrize(
    ("command", "option", "value"),
    [
        ("understand hi", "--date", "2026-13-01"),
        ("rescore", "--rules", "nofile.toml"),
        ("rescore", "--cues", "."),
        ("transcribe call.wav", "--agent-channel", "-1"),
        ("transcribe call.wav", "--hotwords", "nofile.txt"),
    ],
)
def test_an_option_is_blamed_by_its_own_name(capsys, command: str, option: str, value: str):
    said = Command(*command.split()).refused(capsys, option, value)
    assert said.startswith(f"callcore: {option}: ")
    assert f"{command.split()[0]} --help" in said


def test_a_settings_file_that_is_a_folder_is_called_one(capsys):
    assert "is a folder" in Command("calls", "list").refused(capsys, "--settings", ".")


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("CALLCORE_NOSUCH__X", "1", "there is no setting nosuch.x"),
        ("CALLCORE_STORE__NOSUCH", "1", "there is no setting store.nosuch"),
        ("CALLCORE_PRIVACY__ROLES", "{bad", "no JSON"),
        ("CALLCORE_PRIVACY__REVEAL_ROLES", "admin", "no JSON"),
        ("CALLCORE_PRIVACY", "{bad", "no JSON"),
    ],
)
def test_a_variable_of_the_environment_is_blamed_by_its_name(monkeypatch, variable, value, says):
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError) as error:
        load_settings()
    assert variable in error.value.message
    assert says in error.value.message


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("[recognise]\nbeam_sise = 3", ("no setting recognise.beam_sise", "Did you mean recognise.beam_size?")),
        ("[recognize]\nbeam_size = 3", ("no setting recognize", "Did you mean recognise?")),
        ("[recognise]\nnothing_like_it = 3", ("no setting recognise.nothing_like_it", "See docs/settings.md")),
        ("beam_size: 3", ("is no TOML", "docs/settings.md")),
    ],
)
def test_a_setting_that_there_is_not_is_told_with_the_one_that_is_like_it(capsys, tmp_path, toml, says):
    (tmp_path / "bank.toml").write_text(toml, encoding="utf-8")
    message = Command("calls", "list").refused(capsys, "--settings", tmp_path / "bank.toml")
    assert all(part in message for part in says)


def test_a_variable_is_told_with_the_setting_that_is_like_it(capsys, monkeypatch):
    monkeypatch.setenv("CALLCORE_RECOGNISE__BEAM_SISE", "3")
    assert "Did you mean recognise.beam_size?" in Command("calls", "list").refused(capsys)


@pytest.mark.parametrize(
    ("group", "says"),
    [
        ("followups", "callcore followups cancel | done | due | list --db"),
        ("tickets", "callcore tickets close | confirm | "),
        ("calls", " | list | "),
    ],
)
def test_an_option_before_the_command_is_told_with_those_that_take_it(capsys, group, says):
    code, _, err = Command(group).called(capsys, "--db", "x.db")
    assert code == 2
    assert says in err


def test_an_option_that_no_command_takes_has_no_such_hint(capsys):
    _, _, err = Command("followups").called(capsys, "--nonesuch")
    assert "stands after" not in err


def test_variables_that_are_settings_or_are_not_ours_are_taken(monkeypatch):
    monkeypatch.setenv("CALLCORE_PRIVACY__ROLES__LI", "admin")
    monkeypatch.setenv("CALLCORE_PRIVACY__REVEAL_ROLES", '["admin"]')
    monkeypatch.setenv("callcore_recognise__language", "zh")
    monkeypatch.setenv("CALLCORE_HOME", "/opt/callcore")
    settings = load_settings()
    assert settings.privacy.roles["li"] == "admin"
    assert settings.privacy.reveal_roles == ("admin",)
    assert settings.recognise.language == "zh"


@pytest.mark.parametrize(
    ("variable", "says"), [("WEBHOOK__URL", "https://"), ("UNDERSTAND__CURRENCY", "CNY"), ("UNDERSTAND__REGION", "CN")]
)
def test_no_regular_expression_is_shown_to_people(monkeypatch, variable, says):
    monkeypatch.setenv(f"CALLCORE_{variable}", "x")
    with pytest.raises(ConfigError) as error:
        load_settings()
    assert says in error.value.message
    assert "^" not in error.value.message


@pytest.mark.parametrize("content", ["[]", "3", '{"language": "zh", "call_date": "2026-11-12", "turns": [7]}'])
def test_what_is_no_object_is_said_in_plain_words(capsys, tmp_path, content):
    file = tmp_path / "call.json"
    file.write_text(content, encoding="utf-8")
    said = Command("ticket").refused(capsys, file)
    assert "no object with keys and values" in said
    assert "WrittenCall" not in said


def test_lists_of_formats_are_read_with_spaces_and_in_any_case():
    assert form_list("JSON, srt,json", ("json", "srt")) == ["json", "srt"]
    for wrong in ("pdf", "", " , "):
        with pytest.raises(ConfigError, match="Known: json, srt"):
            form_list(wrong, ("json", "srt"))


def test_options_that_would_be_passed_over_are_refused(capsys, db, tmp_path):
    lines = tmp_path / "lines.txt"
    lines.write_text("hi\n", encoding="utf-8")
    Command("followups", "list").refused(capsys, "--status", "kept", "--all", "--db", db)
    Command("understand").refused(capsys, "--lines", lines, "--format", "table")
    Command("models", "list").refused(capsys, "--language", "xx")


def test_an_owner_that_nobody_is_called_is_told_who_there_is(capsys, db):
    code, out, err = Command("followups", "list").called(capsys, "--all", "--owner", "card_centre", "--db", db)
    assert (code, out) == (0, "")
    assert "card_centre" in err
    assert "credit_cards" in err
