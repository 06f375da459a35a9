"""``callcore calls``."""

from __future__ import annotations

import importlib
import json
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console
from store_samples import AGENT, CALL, CUSTOMER, NOON, call_events, sha, started, turns, write_call

from callcore.cli import run
from callcore.cli.conversation import print_conversation, print_facts
from callcore.record import fold
from callcore.store import Store
from callcore.text.clock import clock
from callcore.types import Rejected, Role, RolesAssigned, Turn


@pytest.fixture
def db(tmp_path: Path) -> Path:
    path = tmp_path / "calls.db"
    with Store.open(path) as store:
        write_call(store, "a", NOON)
        write_call(store, "b", NOON + timedelta(days=1), language="en")
        start = started("c", NOON + timedelta(days=2))
        with store.begin_call(start, content_sha256=sha("c"), started_at=NOON + timedelta(days=2)) as writer:
            writer.append(call_events()[:4])
            writer.fail("the model stopped answering", NOON)
    return path


def ids(db: Path) -> list[str]:
    with Store.open(db, read_only=True) as store:
        return [call.call_id for call in store.list_calls()]


def test_list_prints_one_line_a_call_newest_first(db: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(["calls", "list", "--db", str(db)]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split("\t") == ["call", "file", "date", "length", "language", "turns", "status"]
    cells = [line.split("\t") for line in lines]
    assert [row[0] for row in cells] == ids(db)
    assert [row[1] for row in cells] == ["c.wav", "b.wav", "a.wav"]
    assert cells[0][6] == "failed: the model stopped answering"
    assert cells[2][3:] == ["00:12", "zh", "4", "done"]


def test_list_filters_and_json(db: Path, capsys: pytest.CaptureFixture) -> None:
    def listed(*options: str) -> list[str]:
        assert run(["calls", "list", "--format", "json", "--db", str(db), *options]) == 0
        return [Path(call["source"]).stem for call in json.loads(capsys.readouterr().out)]

    assert listed() == ["c", "b", "a"]
    assert listed("--status", "done") == ["b", "a"]
    assert listed("--status", "failed", "--status", "interrupted") == ["c"]
    assert listed("--limit", "1", "--offset", "1") == ["b"]
    assert listed("--language", "en") == ["b"]
    assert listed("--until", "2026-03-01") == ["a"] or listed("--until", "2026-03-02") == ["a"]  # by the time zone
    assert listed("--since", "2026-03-01T00:00+00:00", "--until", "2026-03-02T00:00+00:00") == ["a"]
    assert listed("--since", "2030-01-01") == []


def test_empty_list_says_so(db: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(["calls", "list", "--since", "2030-01-01", "--db", str(db)]) == 0
    assert capsys.readouterr() == ("", "No such calls.\n")


def test_show_prints_both_speakers_with_times(db: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(["calls", "show", "20260301", "--db", str(db)]) == 0
    out = capsys.readouterr().out
    lines = [line.split(maxsplit=2) for line in out.splitlines() if line[:1].isdigit()]
    assert lines == [
        ["00:00", "坐席", CALL[0][1]],
        ["00:03", "客户", CALL[1][1]],
        ["00:06", "坐席", CALL[2][1]],
        ["00:09", "客户", CALL[3][1]],
    ]
    for fact in (
        "/calls/a.wav",
        "starter-zh",
        "zh (97%)",
        "clipping (channel 0): clipped",
        "120 characters: repetition (loop of 2)",
    ):
        assert fact in out


def test_show_of_a_failed_call_says_how_far_it_came(db: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(["calls", "show", ids(db)[0], "--db", str(db)]) == 0
    out = capsys.readouterr().out
    assert "not followed to its end" in out
    assert "channel 0" in out


def test_stats_tells_how_a_call_went(db: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(["calls", "stats", "20260301", "--db", str(db)]) == 0
    out = capsys.readouterr().out
    for part in ("坐席", "客户", "打断次数", "每秒音节", "应答间隔（中位）", "冷场"):
        assert part in out
    assert run(["calls", "stats", "nothing", "--db", str(db)]) != 0


def drawn(record, **options) -> str:
    console = Console(width=60, force_terminal=True, color_system="standard", highlight=False, **options)
    with console.capture() as capture:
        print_conversation(record, console)
    return capture.get()


def test_conversation_in_colours_wraps_inside_its_column() -> None:
    record = fold([*call_events(((AGENT, "您好" * 60), (CUSTOMER, "好")))])
    out = drawn(record)
    assert "\x1b[36m" in out
    assert "\x1b[32m" in out
    assert out.count("您") == out.count("好") - 1 == 60


def test_conversation_marks_overlap_and_names_unknown_channels() -> None:
    first, second, third = turns(((AGENT, "一"), (CUSTOMER, "二"), (AGENT, "三")))
    over = Turn(2, CUSTOMER, 1000, 50_000, second.text, second.words, "zh", ("s1",))
    console = Console(width=80, highlight=False)
    with console.capture() as capture:
        print_conversation(fold([first, over, third, RolesAssigned({0: Role.AGENT}, 1.0, "option")]), console)
    assert [line.split() for line in capture.get().splitlines()] == [
        ["00:00", "Agent", "一"],
        ["00:00/", "channel", "1", "二"],
        ["00:06", "Agent", "三"],
    ]


def test_conversation_without_speech_and_with_strange_characters() -> None:
    assert "no speech" in drawn(fold([]))
    (turn,) = turns(((AGENT, "a\x1b[31m[bold]\nb"),))
    out = drawn(fold([turn]), no_color=True)
    assert "\x1b[31m" not in out
    assert "[bold]" in out


def test_sounds_without_text_are_counted_and_not_listed() -> None:
    refused = [Rejected(f"s{n}", AGENT, n * 1600, n * 1600 + 800, "too_short", "32 ms") for n in range(9)]
    console = Console(width=80, highlight=False)
    with console.capture() as capture:
        print_facts(fold([*call_events(), *refused, Rejected("t", AGENT, 0, 1, "new_reason", "", 0)]), console)
    assert "left out  9 sounds: too short for speech\nleft out  1 sound: new_reason\n" in capture.get()
    assert "120 characters" in capture.get()


def test_clock() -> None:
    assert [clock(second * 16_000) for second in (0, 59, 61, 3600, 36_061)] == [
        "00:00",
        "00:59",
        "01:01",
        "1:00:00",
        "10:01:01",
    ]


def test_unknown_and_ambiguous_ids(db: Path, capsys: pytest.CaptureFixture) -> None:
    for command in ("show", "delete", "export"):
        if command == "export" and not hasattr(importlib.import_module("callcore.output"), "render"):
            continue
        assert run(["calls", command, "nothing", "--db", str(db)]) == 5
        assert "no call has an id" in capsys.readouterr().err
        assert run(["calls", command, "2026", "--db", str(db)]) == 5
        error = capsys.readouterr().err
        assert "several calls" in error
        assert all(call_id in error for call_id in ids(db))


def test_delete_asks_first(db: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    before = ids(db)
    monkeypatch.setattr("click.confirm", lambda question: "1 call" in question and False)
    assert run(["calls", "delete", "20260301", "--db", str(db)]) == 1
    assert before[2] in capsys.readouterr().out
    assert ids(db) == before
    monkeypatch.setattr("click.confirm", lambda question: True)
    assert run(["calls", "delete", "20260301", "--db", str(db)]) == 0
    assert ids(db) == before[:2]


def test_delete_several_with_yes(db: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(["calls", "delete", "20260301", "20260302", "20260301", "--yes", "--db", str(db)]) == 0
    assert capsys.readouterr().out == "Deleted 2 calls.\n"
    assert len(ids(db)) == 1


def test_dry_run_deletes_nothing(db: Path, capsys: pytest.CaptureFixture) -> None:
    before = ids(db)
    assert run(["calls", "delete", "--older-than", "0", "--dry-run", "--yes", "--db", str(db)]) == 0
    out = capsys.readouterr().out
    assert all(call_id in out for call_id in before if call_id.startswith("2026030"))
    assert ids(db) == before


def test_delete_by_age(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    from datetime import UTC, datetime

    db = tmp_path / "calls.db"
    now = datetime.now(UTC)
    with Store.open(db) as store:
        old = write_call(store, "old", now - timedelta(days=90, hours=1))
        young = write_call(store, "young", now - timedelta(days=89))
    assert run(["calls", "delete", "--older-than", "90", "--yes", "--db", str(db)]) == 0
    assert ids(db) == [young] != [old]
    assert run(["calls", "delete", "--older-than", "90", "--yes", "--db", str(db)]) == 0
    assert capsys.readouterr().out == "Deleted 1 call.\nNothing to delete.\n"


def test_delete_needs_calls_or_an_age(db: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(["calls", "delete", "--db", str(db)]) == 2
    assert run(["calls", "delete", "x", "--older-than", "3", "--db", str(db)]) == 2
    assert "--older-than" in capsys.readouterr().err


def test_the_settings_file_names_the_database(db: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    file = tmp_path / "callcore.toml"
    file.write_text(f'[store]\ndb = "{db.as_posix()}"\n', encoding="utf-8")
    assert run(["calls", "list", "--settings", str(file)]) == 0
    assert "a.wav" in capsys.readouterr().out


def test_missing_and_broken_databases_end_with_one_line(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    garbage = tmp_path / "garbage.db"
    garbage.write_bytes(b"not a database" * 500)
    for path in (tmp_path / "missing.db", garbage, tmp_path):
        for command in (["calls", "list"], ["calls", "show", "x"], ["search", "x"]):
            assert run([*command, "--db", str(path)]) == 5
            told = capsys.readouterr()
            assert told.out == ""
            assert len(told.err.splitlines()) == 2
            assert str(path) in told.err


@pytest.mark.parametrize(
    "command",
    [
        ["calls", "delete", "x", "--yes"],
        ["calls", "export", "x", "--output", "out"],
        ["purge", "x", "--yes"],
        ["rescore", "--apply"],
        ["tickets", "confirm", "x"],
        ["followups", "done", "1"],
    ],
)
def test_a_mistyped_database_is_an_error_and_not_made(
    tmp_path: Path, capsys: pytest.CaptureFixture, command: list[str]
) -> None:
    assert run([*command, "--db", str(tmp_path / "typo.db")]) == 5
    assert "there is no database at" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(
    not hasattr(importlib.import_module("callcore.output"), "render"), reason="this build writes no output formats"
)
def test_export_writes_every_format(db: Path, tmp_path: Path, capsysbinary: pytest.CaptureFixture) -> None:
    from callcore.output import FORMATS, render

    with Store.open(db, read_only=True) as store:
        call_id = store.resolve("20260301")
        record = store.record(call_id)
    folder = tmp_path / "out"
    for form, (extension, _) in FORMATS.items():
        assert run(["calls", "export", call_id, "--format", form, "--db", str(db)]) == 0
        assert capsysbinary.readouterr().out.decode() == render(record, form)
        assert run(["calls", "export", call_id, "--format", form, "--output", str(folder), "--db", str(db)]) == 0
        written = folder / f"{call_id}{extension}"
        assert str(written) in capsysbinary.readouterr().err.decode()
        assert written.read_bytes().decode() == render(record, form)
    both = ["calls", "export", call_id, "--format", "txt,srt", "--db", str(db)]
    assert run(both) == 2
    assert run([*both, "--output", str(folder)]) == 0
    written.write_text("mine")
    assert run(["calls", "export", call_id, "--format", form, "--output", str(folder), "--db", str(db)]) == 6
    assert run(["calls", "export", call_id, "--format", "papyrus", "--db", str(db)]) == 2
    assert run(["calls", "export", call_id, "--output", str(db / "x"), "--db", str(db)]) == 6
