"""``callcore ticket`` and ``callcore evaluate tickets``: what people and programs get, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from command_tools import Command

from callcore.config import Settings, load_settings
from callcore.following import Following
from callcore.loading import load_redactor, load_understander
from callcore.pipeline.ticketed import Ticketed
from callcore.tickets import Ticket, TicketRules
from callcore.types import AudioWarning, CallEnded, Final, TicketChanged, Turn, WarningKind
from callcore.written import read_written, spread, told

TICKET, EVALUATE = Command("ticket"), Command("evaluate", "tickets")
TURNS = [
    ("agent", "您好，江城银行，请问有什么可以帮您？"),
    ("customer", "我的信用卡丢了，想挂失。"),
    ("agent", "请您报一下卡号后四位和手机号。"),
    ("customer", "尾号七三一九，手机一三九零零五七六二二八。"),
    ("agent", "尾号七三一九，对吗？"),
    ("customer", "对。"),
    ("agent", "好的，已经为您办理了挂失，明天下午三点前给您回电。"),
    ("customer", "谢谢，再见。"),
]
ENGLISH = [
    ("agent", "River Bank, how can I help?"),
    ("customer", "I want to make a complaint, I was charged the annual fee of ninety-five dollars twice."),
    ("agent", "I'll investigate and call you back tomorrow at three."),
    ("customer", "Thank you, that is all."),
]
GOLD = {
    "fields": {"request.topic": "credit_card.lost", "customer.card_tail": "7319", "request.intents": ["report_loss"]},
    "evidence": {"request.topic": [1], "customer.card_tail": [3]},
    "promises": [{"by": "agent", "kind": "call_back", "due": "2026-11-13T15:00", "turn": 6}],
    "secrets": [],
}


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal in which no line is broken."""
    monkeypatch.setenv("COLUMNS", "220")


def written_turns(turns: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    return [
        {"speaker": speaker, "start_s": index * 3.0, "end_s": index * 3.0 + 2.5, "text": text}
        for index, (speaker, text) in enumerate(turns)
    ]


def call_file(folder: Path, **more: Any) -> Path:
    file = folder / "call.json"
    values = {"language": "zh", "call_date": "2026-11-12", "turns": written_turns(TURNS), **more}
    file.write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")
    return file


def test_people_see_fields_with_who_said_them_and_when(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, err = TICKET.called(capsys, call_file(tmp_path))
    assert (code, err) == (0, "")
    assert "信用卡挂失" in out
    assert "00:09 客户" in out
    assert "坐席: 回电, 2026-11-13T15:00" in out
    assert "一三九" not in out
    assert "139" not in out


@pytest.mark.parametrize("columns", [120, 80, 60, 40, 30])
def test_no_word_is_broken_however_narrow_the_terminal(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    file = call_file(tmp_path, language="en", turns=written_turns(ENGLISH))
    _, whole, _ = TICKET.called(capsys, file)
    monkeypatch.setenv("COLUMNS", str(columns))
    _, narrow, _ = TICKET.called(capsys, file)
    assert max(map(len, narrow.splitlines())) <= columns
    assert set(whole.split()) == set(narrow.split())


def test_programs_get_ticket_turns_and_masked_text(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = TICKET.called(capsys, call_file(tmp_path), "--format", "json")
    assert code == 0
    values = json.loads(out)
    found = Ticket.model_validate(values["ticket"])
    assert found.first("customer.phone").normal == "masked:phone"  # type: ignore[union-attr]
    assert found.call.id == "call"
    assert len(values["turns"]) == len(TURNS)
    said = values["turns"][3]
    assert "*" in said["text"]
    assert "一三九" not in out
    assert {entity["kind"] for entity in said["meaning"]["entities"]} >= {"card_tail", "phone"}
    assert values["warnings"] == []


def test_a_whole_card_number_fills_the_tail_alone(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    turns = [
        {
            "speaker": "customer",
            "start_s": 0,
            "end_s": 9,
            "text": "信用卡丢了，卡号六二二二零二一零零一一二三四五六七八九。",
        }
    ]
    code, out, _ = TICKET.called(capsys, call_file(tmp_path, turns=turns), "--format", "json")
    assert code == 0
    tail = Ticket.model_validate(json.loads(out)["ticket"]).first("customer.card_tail")
    assert tail is not None
    assert (tail.value, tail.normal) == ("****", "masked:card_tail")


def test_markdown(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = TICKET.called(capsys, call_file(tmp_path), "--format", "markdown")
    assert code == 0
    assert out.startswith("# 工单 call\n")
    assert "## 客户" in out
    assert "一三九" not in out


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"language": "fr"}, "language must be 'zh', 'yue' or 'en'."),
        ({"language": None}, "language must be"),
        ({"call_date": "12/11/2026"}, "call_date must be a day such as 2026-11-12."),
        ({"turns": []}, "turns holds none."),
        ({"turns": "x"}, "turns must be a list."),
        ({"turns": [3]}, "turn 1: no object with keys and values."),
        ({"turns": [{"speaker": "bot", "start_s": 0, "end_s": 1, "text": "x"}]}, "turn 1: speaker must be 'agent'"),
        ({"turns": [{"speaker": "agent", "start_s": 2, "end_s": 1, "text": "x"}]}, "1: end_s lies before start_s."),
        ({"turns": [{"speaker": "agent", "start_s": 0, "end_s": 1, "text": "   "}]}, "no turn has words."),
        ({"turns": [{"speaker": "agent", "start_s": 0, "end_s": 1}]}, "turn 1: text is missing."),
        ({"turns": [{"speaker": "agent", "start_s": 0, "end_s": 1, "text": 1}]}, "turn 1: text must be a text."),
        ({"turns": [{"speaker": "agent", "start_s": -1, "end_s": 1, "text": "x"}]}, "start_s must be 0 or more."),
        ({"turns": [{"speaker": "agent", "start_s": 0, "end_s": 1e9, "text": "x"}]}, "end_s must be 86400 or less."),
        ({"turns": [{"speaker": "agent", "start_s": "x", "end_s": 1, "text": "x"}]}, "start_s must be a number."),
        ({"turns": [{"speaker": "agent", "start_s": None, "end_s": 1, "text": "x"}]}, "start_s must be a number."),
    ],
)
def test_wrong_files_name_what_is_wrong(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, change: dict[str, Any], says: str
) -> None:
    message = TICKET.refused(capsys, call_file(tmp_path, **change))
    assert says in message
    assert "call.json: " in message


@pytest.mark.parametrize(
    ("key", "option", "value", "add"),
    [
        ("language", "--language", "zh", 'Add "language": "zh"'),
        ("call_date", "--date", "2026-11-12", 'Add "call_date": "2026-11-12"'),
    ],
)
def test_a_key_that_is_missing_can_be_given_as_an_option(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, key: str, option: str, value: str, add: str
) -> None:
    file = call_file(tmp_path)
    whole = TICKET.called(capsys, file, "--format", "json")
    values = json.loads(file.read_text("utf-8"))
    del values[key]
    file.write_text(json.dumps(values), "utf-8")
    message = TICKET.refused(capsys, file)
    assert f"call.json: {key} is missing." in message
    assert add in message
    assert option in message
    assert TICKET.called(capsys, file, option, value, "--format", "json") == whole


def test_help_says_what_a_written_call_needs(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = TICKET.called(capsys, "--help")
    assert "All of these keys are required" in out
    assert '"call_date": "2026-11-12"' in out


def test_turns_without_words_are_left_out_and_counted(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    _, whole, _ = TICKET.called(capsys, call_file(tmp_path), "--format", "json")
    silent = written_turns([*TURNS, ("agent", " "), ("customer", "")])
    code, out, err = TICKET.called(capsys, call_file(tmp_path, turns=silent), "--format", "json")
    assert code == 0
    assert err.endswith("call.json: 2 turns have no words and are left out.\n")
    told = json.loads(out)
    assert [turn["text"] for turn in told["turns"]] == [turn["text"] for turn in json.loads(whole)["turns"]]
    assert told["ticket"]["fields"].keys() == json.loads(whole)["ticket"]["fields"].keys()


@pytest.mark.parametrize(
    ("turns", "language", "seems"),
    [(TURNS, "en", "seems to be in Chinese"), (ENGLISH, "zh", "seems to be in English"), (ENGLISH, "en", "")],
)
def test_a_language_that_the_text_is_not_in_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, turns: Sequence[tuple[str, str]], language: str, seems: str
) -> None:
    code, out, err = TICKET.called(capsys, call_file(tmp_path, language=language, turns=written_turns(turns)))
    assert code == 0
    assert out
    assert seems in err
    assert bool(err) == bool(seems)


@pytest.mark.parametrize("content", [b"", b"[1, 2]", b"{", b"\xff\xfe\x00", b"[" * 4000, b"null"])
def test_no_json_or_no_call(capsys: pytest.CaptureFixture[str], tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "call.json"
    file.write_bytes(content)
    assert "call.json" in TICKET.refused(capsys, file)


def test_no_such_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    message = TICKET.refused(capsys, tmp_path / "none.json")
    assert "none.json cannot be read: there is no such file." in message
    assert "Check the path." in message


def test_switched_off(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLCORE_TICKETS__ENABLED", "false")
    assert "switched off" in TICKET.refused(capsys, call_file(tmp_path))


def test_words_of_a_turn_fill_its_time(tmp_path: Path) -> None:
    call = read_written(call_file(tmp_path))
    turns = [event for event in told(call, "call", Settings(), None) if isinstance(event, Turn)]
    assert [turn.text for turn in turns] == [text for _, text in TURNS]
    for turn in turns:
        assert turn.words[0].start_sample == turn.start_sample
        assert turn.words[-1].end_sample == turn.end_sample
        ends = [word.end_sample for word in turn.words]
        assert ends == sorted(ends)
    assert spread((), 0, 10) == ()


# --- scored against what they should be


def test_scores_of_a_folder(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    call_file(tmp_path, gold=GOLD)
    code, out, _ = EVALUATE.called(capsys, tmp_path, "--format", "json")
    assert code == 0
    values = json.loads(out)
    assert values["calls"] == 1
    topic, tail = values["fields"]["request.topic"], values["fields"]["customer.card_tail"]
    assert (topic["precision"], topic["recall"], topic["evidence"]) == (1.0, 1.0, 1.0)
    assert (tail["right"], tail["evidence"]) == (1, 1.0)  # sealed in the call, opened to be compared
    assert values["fields"]["handling.severity"]["spurious"] == 1
    assert values["promises"]["f1"] == 1.0
    assert values["promises"]["due_right"] == 1.0
    assert "7319" not in out


def test_table_of_scores(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = call_file(tmp_path, gold={**GOLD, "fields": {"request.topic": "loan.mortgage"}})
    code, out, _ = EVALUATE.called(capsys, file, "--wrong")
    assert code == 0
    assert "promises:" in out
    assert "request.topic: ['credit_card.lost'] for ['loan.mortgage']" in out


@pytest.mark.parametrize("gold", [None, {"fields": 3}, {"fields": {}, "promises": [{"by": "nobody"}]}])
def test_gold_that_is_none(capsys: pytest.CaptureFixture[str], tmp_path: Path, gold: object) -> None:
    call_file(tmp_path, gold=gold)
    assert "gold" in EVALUATE.refused(capsys, tmp_path)


def test_empty_folder(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "no written calls" in EVALUATE.refused(capsys, tmp_path)


# --- in the pipeline


def test_a_fault_in_the_ticket_costs_the_ticket_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings()
    understander = load_understander(settings)
    rules = TicketRules.load(settings.tickets, understander.catalogue)

    def broken(*_: object) -> None:
        raise RuntimeError("一三九零零五七六二二八")

    monkeypatch.setattr("callcore.tickets.fold.look", broken)
    ticketed = Ticketed(rules)
    call = read_written(call_file(tmp_path))
    events = told(call, "call", settings, understander, [ticketed])
    warnings = [event for event in events if isinstance(event, AudioWarning)]
    assert [warning.kind for warning in warnings] == [WarningKind.NO_TICKET]
    assert "一三九" not in warnings[0].message
    assert sum(isinstance(event, Final) for event in events) == len(TURNS)
    assert isinstance(events[-1], CallEnded)
    assert ticketed.ticket() is None


def test_live_events_carry_the_ticket_masked_and_before_the_end(tmp_path: Path) -> None:
    settings = load_settings()
    understander = load_understander(settings)
    following = Following.of(settings, understander, load_redactor(settings))
    call = read_written(call_file(tmp_path))
    events = told(call, "call", settings, understander, following.call(call.call_date, ticket=True))
    changes = [event for event in events if isinstance(event, TicketChanged)]
    assert isinstance(events[-1], CallEnded)
    assert changes[-1].missing == ()
    values = {value.name: value for event in changes for value in event.fields}
    assert values["customer.phone"].normal == "masked:phone"
    assert "139" not in repr(changes)
    assert "一三九" not in repr(changes)
