"""``callcore search``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from store_samples import AGENT, CALL, CUSTOMER, NOON, Lines, write_call

from callcore.cli import run
from callcore.store import Store

LATER: Lines = ((AGENT, "银航的额度"), (CUSTOMER, "[red]Card \x1b[2J lost[/red]"))


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("search") / "calls.db"
    with Store.open(path) as store:
        write_call(store, "a", NOON, CALL)
        write_call(store, "b", NOON + timedelta(days=1), LATER)
    return path


def test_hits_come_with_call_time_speaker_and_context(db: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(["search", "信用卡 丢了", "--db", str(db)]) == 0
    head, before, hit, after = capsys.readouterr().out.splitlines()
    assert head.startswith("20260301-120000000-")
    assert "a.wav" in head
    assert head.endswith("at 00:03")
    assert before.split() == ["00:00", "坐席", CALL[0][1]]
    assert hit.split() == [">", "00:03", "客户", CALL[1][1]]
    assert after.split() == ["00:06", "坐席", CALL[2][1]]


def test_words_may_come_as_several_arguments(db: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(["search", "信用卡", "丢了", "--db", str(db)]) == 0
    assert run(["search", "--db", str(db), "--", "信用卡", "-丢了"]) == 1
    capsys.readouterr()


def test_nothing_found_says_so_and_ends_with_1(db: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(["search", "长颈鹿", "--db", str(db)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("No turn found.")
    assert run(["search", "长颈鹿", "--format", "json", "--db", str(db)]) == 1
    assert json.loads(capsys.readouterr().out) == {"query": "长颈鹿", "total": 0, "hits": []}


def test_json(db: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(["search", "3500", "--format", "json", "--db", str(db)]) == 0
    found = json.loads(capsys.readouterr().out)
    (hit,) = found["hits"]
    assert found["total"] == 1
    assert hit["speaker"] == "customer"
    assert (hit["start_s"], hit["end_s"]) == (9.0, 11.5)
    assert hit["at_s"] > hit["start_s"]
    assert [hit["text"][start:end] for start, end in hit["spans"]] == ["３，５００", "3,500"]
    assert hit["before"] == {"speaker": "agent", "start_s": 6.0, "text": CALL[2][1]}
    assert hit["after"] is None


def test_filters(db: Path, capsys: pytest.CaptureFixture) -> None:
    def count(*arguments: str) -> int:
        run(["search", "额度", "--format", "json", "--db", str(db), *arguments])
        return json.loads(capsys.readouterr().out)["total"]

    assert count() == 3
    assert count("--speaker", "customer") == 1
    assert count("--call", "20260301") == 2
    assert count("--since", "2026-03-02T00:00+00:00") == 1
    assert count("--until", "2026-03-02T00:00+00:00") == 2
    assert count("--language", "en") == 0


def test_sounds_like_is_marked(db: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(["search", "银行", "--db", str(db)]) == 0
    assert "银航" not in capsys.readouterr().out
    assert run(["search", "银行", "--sounds-like", "--db", str(db)]) == 0
    out = capsys.readouterr().out
    assert out.index("江城银行") < out.index("银航")
    assert "~ 00:00 坐席    银航的额度" in out


def test_more_than_the_limit_is_said(db: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(["search", "额度", "--limit", "1", "--db", str(db)]) == 0
    assert "1 of 3 turns" in capsys.readouterr().err


def test_what_was_said_cannot_steer_the_terminal(db: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(["search", "card", "--db", str(db)]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "[red]Card" in out


def test_hits_are_highlighted_in_a_terminal(db: Path) -> None:
    environment = {**os.environ, "FORCE_COLOR": "1", "PYTHONPATH": str(Path(__file__).parent.parent)}
    environment.pop("NO_COLOR", None)
    command = [sys.executable, "-m", "callcore", "search", "信用卡", "--db", str(db)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, check=True)
    before, _, after = done.stdout.partition("信用卡")
    assert "\x1b[" in before.rpartition("我的")[2]
    assert after.startswith("\x1b[0m")


@pytest.mark.parametrize("query", ['""', "-卡", "卡 OR", "!?"])
def test_what_cannot_be_asked_ends_with_2(db: Path, capsys: pytest.CaptureFixture, query: str) -> None:
    assert run(["search", "--db", str(db), "--", query]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_wrong_options_end_with_2(db: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(["search", "卡", "--since", "yesterday", "--db", str(db)]) == 2
    assert "2026-01-31" in capsys.readouterr().err
    assert run(["search", "--db", str(db)]) == 2
    assert run(["search", "卡", "--call", "nothing", "--db", str(db)]) == 5
