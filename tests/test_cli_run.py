"""What holds of every command: how a run ends when its surroundings are not as expected."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_tools import Command
from store_samples import NOON, write_call

from callcore.cli.acting import acting
from callcore.store import Store

ROOT = Path(__file__).parent.parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDEVMODE": ""}


@pytest.fixture
def db(tmp_path: Path) -> Path:
    path = tmp_path / "calls.db"
    with Store.open(path) as store:
        write_call(store, "a", NOON)
    return path


@pytest.mark.parametrize(
    "words",
    [("--help",), ("calls", "--help"), ("calls", "list"), ("calls", "stats", "2026"), ("calls", "show", "2026")],
)
def test_a_reader_that_has_gone_is_no_error(words, db):
    reader, writer = os.pipe()
    os.close(reader)
    stored = ["--db", str(db)] if words[-1] != "--help" else []
    command = [sys.executable, "-m", "callcore", *words, *stored]
    ended = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, env=ENVIRONMENT, check=False)
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (0, b"")


@pytest.mark.parametrize("package", ["opencc", "rich", "pydantic"])
def test_a_package_that_is_missing_is_named(package, db):
    program = f"import sys; sys.modules[{package!r}] = None; from callcore.cli import main; main()"
    command = [sys.executable, "-c", program, "calls", "show", "2026", "--db", str(db)]
    ended = subprocess.run(command, capture_output=True, encoding="utf-8", env=ENVIRONMENT, check=False)
    assert ended.returncode == 7
    error, hint = ended.stderr.splitlines()
    assert error == f"callcore: the Python package {package}, which callcore needs, is not installed."
    assert "pip install" in hint


@pytest.mark.parametrize("error", [KeyError("uid not found"), OSError("no username set"), ImportError("pwd")])
def test_a_user_without_a_name_acts_under_a_number(error, monkeypatch):
    def nobody():
        raise error

    monkeypatch.setattr("getpass.getuser", nobody)
    assert acting("why").name == str(os.getuid())


TOO_LARGE = 99_999_999_999_999_999_999
COUNTS = [
    ("calls", "list", "--limit"),
    ("calls", "list", "--offset"),
    ("calls", "delete", "--older-than"),
    ("purge", "--older-than"),
    ("search", "卡", "--limit"),
    ("tickets", "list", "--limit"),
    ("tickets", "list", "--offset"),
]


@pytest.mark.parametrize("words", COUNTS, ids=" ".join)
def test_counts_larger_than_a_database_holds_are_wrong_options(words, db, capsys):
    code, out, err = Command(*words).called(capsys, TOO_LARGE, "--db", db)
    assert (code, out) == (2, "")
    assert words[-1] in err


@pytest.mark.parametrize("words", [("calls", "delete"), ("purge",)], ids=" ".join)
def test_days_before_the_calendar_begins_are_a_wrong_option(words, db, capsys):
    code, _, err = Command(*words, "--older-than").called(capsys, 999_999_999, "--dry-run", "--db", db)
    assert code == 2
    assert "'--older-than': the calendar does not go back 999999999 days" in err


@pytest.mark.parametrize(
    "words",
    [
        ("live", "--replay", "call.wav", "--speed"),
        ("live", "--hang-up-after"),
        ("bench", "capacity", "call.wav", "--minutes"),
        ("bench", "plan", "capacity.jsonl", "--refused"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("number", ["nan", "inf"])
def test_what_python_alone_takes_for_a_number_is_a_wrong_option(words, number, capsys):
    code, _, err = Command(*words).called(capsys, number)
    assert code == 2
    assert words[-1] in err


@pytest.mark.parametrize("words", [("calls", "delete"), ("purge",)], ids=" ".join)
def test_a_question_that_nobody_answers_says_how_to_go_without(words, db, capsys, monkeypatch):
    def ended(_):
        raise EOFError

    monkeypatch.setattr("click.termui.visible_prompt_func", ended)
    code, _, err = Command(*words).called(capsys, "2026", "--db", db)
    assert code == 2
    assert "nobody answers the question" in err
    assert "--yes" in err
    with Store.open(db, read_only=True) as store:
        assert len(store.list_calls()) == 1


def test_ctrl_c_at_a_question_stops_the_command(db, capsys, monkeypatch):
    def stopped(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("click.termui.visible_prompt_func", stopped)
    code, _, err = Command("purge").called(capsys, "2026", "--db", db)
    assert (code, "stopped" in err) == (130, True)
