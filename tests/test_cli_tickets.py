"""``callcore tickets`` and ``callcore followups`` as people and programs call them."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from bank_server import open_bank
from command_tools import Command
from order_calls import CALLED_BACK, DAY, FEE, KEY, NOON, PHONE, call_events, calls_db, file_call, write_events
from rich.cells import cell_len

from callcore.privacy.seal import new_key
from callcore.store import Store
from callcore.store.connection import Connection

TICKETS, FOLLOWUPS = ("tickets",), ("followups",)
ENGLISH = (
    "Agent: Good morning, River Bank, how can I help?",
    "Customer: I want to make a complaint, the annual fee on my credit card was charged twice.",
    "Agent: I'll pass this to the credit cards team and they will call you back within three working days.",
    "Customer: Fine. My number is 212 736 5000.",
)


@pytest.fixture
def db(tmp_path: Path) -> Path:
    path = tmp_path / "calls.db"
    calls_db(path)
    return path


@pytest.fixture(autouse=True)
def li(monkeypatch):
    monkeypatch.setattr("callcore.cli.acting.getpass", SimpleNamespace(getuser=lambda: "li"))
    monkeypatch.setenv("CALLCORE_PRIVACY__KEY", KEY)
    monkeypatch.delenv("COLUMNS", raising=False)  # with it lines are broken


def called(capsys, *arguments, code=0) -> str:
    """What a command that ends with ``code`` prints."""
    found, out, err = Command().called(capsys, *arguments)
    assert found == code, err
    return out


def values(capsys, *arguments):
    return json.loads(called(capsys, *arguments, "--format", "json"))


def test_work_orders_are_listed_for_people_and_programs(db, capsys):
    lines = called(capsys, *TICKETS, "list", "--db", db).splitlines()
    assert lines[0].split("\t") == ["call", "day", "state", "severity", "due", "topic", "department", "missing"]
    row = lines[1].split("\t")
    assert row[1:] == ["2026-11-12", "draft", "P3", "2026-11-13 15:00", "年费与息费", "信用卡中心", ""]
    (order,) = values(capsys, *TICKETS, "list", "--db", db)
    assert (order["topic"], order["missing"], order["due"]) == ("credit_card.fee", 0, "2026-11-13T15:00")


@pytest.mark.parametrize(
    ("chosen", "count"),
    [
        (["--state", "draft"], 1),
        (["--state", "closed"], 0),
        (["--severity", "P3", "--severity", "P1"], 1),
        (["--topic", "credit_card"], 1),
        (["--topic", "credit"], 0),
        (["--due", "2026-11-13"], 1),
        (["--due", "2026-11-12"], 0),
        (["--missing"], 0),
        (["--department", "credit_cards"], 1),
        (["--offset", "1"], 0),
    ],
)
def test_work_orders_are_chosen(db, capsys, chosen, count):
    assert len(values(capsys, *TICKETS, "list", *chosen, "--db", db)) == count


def test_a_wrong_date_is_refused(db, capsys):
    code, _, err = Command(*TICKETS).called(capsys, "list", "--due", "soon", "--db", db)
    assert code == 2
    assert "2026-01-31" in err


def test_calls_that_were_killed_are_not_forgotten(db, capsys):
    with Store.open(db) as store:
        events = call_events(CALLED_BACK, at=NOON + timedelta(hours=1))
        call_id = write_events(store, events[:-2], NOON)
    _, _, err = Command(*TICKETS).called(capsys, "list", "--db", db)
    assert "1 call has no work order yet" in err
    shown = called(capsys, *TICKETS, "show", call_id, "--db", db)
    assert "the call is interrupted" in shown
    called(capsys, "rescore", "--apply", "--db", db)
    _, out, err = Command(*TICKETS).called(capsys, "list", "--db", db)
    assert "no work order" not in err
    assert call_id in out


def test_a_work_order_is_shown_with_who_said_it_and_when(db, capsys):
    out = called(capsys, *TICKETS, "show", "20261112", "--db", db)
    assert re.search(r"工单  20261112-\S+  草稿  版本 1  P3", out)
    assert re.search(r"业务类别  request.category  投诉  complaint +\d\d%  客户 00:06 “", out)
    assert re.search(r"联系电话  customer.phone  \*{11}  已封存", out)
    assert re.search(r"#1 +回电  credit_cards  限 2026-11-13 15:00  未了  .*坐席 00:24 “", out)
    assert PHONE not in out


SEVERAL = (
    "坐席：您好，江城银行，请问有什么可以帮您？",
    "客户：你们又扣了我三百块年费，我要投诉，再不退我就销户，去银监会投诉你们。",
    "坐席：好的，我明天下午给您回电话。",
)


def test_further_values_of_a_field_stand_under_its_first(tmp_path, capsys, monkeypatch):
    path = tmp_path / "calls.db"
    calls_db(path, SEVERAL)
    for columns in ("", "160", "80", "40"):
        if columns:
            monkeypatch.setenv("COLUMNS", columns)
        lines = called(capsys, *TICKETS, "show", "20261112", "--db", path).splitlines()
        at, first = next((number, line) for number, line in enumerate(lines) if "抱怨投诉  complain" in line)
        further = next(line for line in lines[at + 1 :] if "escalate" in line)
        assert further.startswith(" ")
        assert cell_len(further.partition("要求升级")[0]) == cell_len(first.partition("抱怨投诉")[0])
        assert max(map(cell_len, lines)) <= int(columns or 1000)


def test_a_code_stands_beside_its_name(tmp_path, capsys):
    path = tmp_path / "calls.db"
    calls_db(path, ("坐席：您好。", "客户：我在手机银行上转错了一千块。", "坐席：好的。"))
    out = called(capsys, *TICKETS, "show", "20261112", "--db", path)
    assert re.search(r"渠道  request.channel  手机银行  app +\d\d%", out)


def test_an_english_work_order_is_shown_in_english(tmp_path, capsys):
    path = tmp_path / "calls.db"
    calls_db(path, ENGLISH)
    out = called(capsys, *TICKETS, "show", "20261112", "--db", path)
    assert "work order  20261112" in out
    assert re.search(r"category  request.category  complaint +\d\d%  customer 00:06 “", out)
    assert "736 5000" not in out


def test_what_people_set_stands_beside_what_the_machine_had(db, capsys):
    out = called(
        capsys, *TICKETS, "edit", "20261112", "request.amount=二百元", "handling.severity=P1", "--reason", "又来电",
        "--db", db,
    )  # fmt: skip
    assert out.splitlines() == ["request.amount  200.00 CNY", "handling.severity  P1 特急"]
    shown = called(capsys, *TICKETS, "show", "20261112", "--db", db)
    assert re.search(r"200\.00 CNY  li, \d{4}-\d\d-\d\d \d\d:\d\d: 又来电", shown)
    assert "系统: 300.00 CNY" in shown
    field = values(capsys, *TICKETS, "show", "20261112", "--db", db)["fields"]["request.amount"]
    assert field["normal"] == ["200.00 CNY"]
    assert field["machine"][0]["normal"] == "300.00 CNY"
    assert (field["edit"]["by"], field["edit"]["reason"]) == ("li", "又来电")


def test_the_way_from_draft_to_closed_and_its_history(db, capsys):
    refused = Command(*TICKETS)
    assert "cannot be closed" in refused.refused(capsys, "close", "20261112", "--db", db, code=11)
    for move in ("confirm", "dispatch", "close"):
        called(capsys, *TICKETS, move, "20261112", "--db", db)
    assert "First: " in refused.refused(capsys, "edit", "20261112", "request.amount=3", "--db", db, code=11)
    called(capsys, *TICKETS, "reopen", "20261112", "--reason", f"电话{PHONE}", "--db", db)
    assert "not 1)" in refused.refused(capsys, "confirm", "20261112", "--if-version", 1, "--db", db, code=11)
    lines = called(capsys, *TICKETS, "history", "20261112", "--db", db).splitlines()
    assert [line.split()[2] for line in lines] == ["filled", "confirm", "dispatch", "close", "reopen"]
    assert "“电话***********”" in lines[-1]
    trail = values(capsys, *TICKETS, "history", "20261112", "--db", db)["trail"]
    assert [line["actor"] for line in trail] == ["callcore", *["li"] * 4]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["edit", "20261112", "request.amount"], "FIELD=VALUE"),
        (["edit", "20261112", "=3"], "FIELD=VALUE"),
        (["export"], "name calls, or give --state"),
        (["export", "20261112", "--state", "draft"], "name calls, or give --state"),
        (["export", "20261112", "--format", "xml"], 'no format "xml"'),
        (["export", "20261112", "--format", "json,csv"], "need a folder"),
        (["deliver"], "no address"),
    ],
)
def test_what_makes_no_sense_is_refused(db, capsys, arguments, message):
    assert message in Command(*TICKETS).refused(capsys, *arguments, "--db", db)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("request.ammount=3", "Did you mean request.amount or customer.account? All fields: callcore/"),
        ("request.zzzz=3", "  All fields: callcore/tickets/data/fields.toml"),
        ("request.topic=credit_card.fees", "Did you mean credit_card.fee"),
        ("request.topic=zzzzzz", "  All codes: callcore/understand/data/taxonomy.toml"),
        ("handling.severity=P9", "Known: P1, P2, P3, P4."),
    ],
)
def test_what_was_meant_is_named_and_where_all_are(db, capsys, value, says):
    message = Command(*TICKETS).refused(capsys, "edit", "20261112", value, "--db", db, code=11)
    assert says in message
    for path in re.findall(r"callcore/\S+\.toml", message):
        assert (Path(__file__).parent.parent / path).is_file()


def test_a_confirmed_work_order_may_be_edited_and_one_handed_on_may_not(db, capsys):
    called(capsys, *TICKETS, "confirm", "20261112", "--db", db)
    _, _, err = Command(*TICKETS).called(capsys, "edit", "20261112", "request.amount=3", "--db", db)
    assert "confirmed, version 3" in err
    assert "stays confirmed" in " ".join(called(capsys, *TICKETS, "edit", "--help").split())
    called(capsys, *TICKETS, "dispatch", "20261112", "--db", db)
    Command(*TICKETS).refused(capsys, "edit", "20261112", "request.amount=4", "--db", db, code=11)
    assert "dispatched or closed" in " ".join(called(capsys, *TICKETS, "reopen", "--help").split())


# Originals


@pytest.fixture
def roles(tmp_path) -> Path:
    path = tmp_path / "bank.toml"
    path.write_text('[privacy.roles]\nli = "supervisor"\n', encoding="utf-8")
    return path


def test_an_original_is_shown_with_its_reason_written_down(db, capsys, roles):
    arguments = (*TICKETS, "show", "20261112", "--reveal", "customer.phone", "--db", db, "--settings", roles)
    out = called(capsys, *arguments, "--reason", "call back")
    assert f"原值: +86{PHONE}" in out
    assert values(capsys, *arguments, "--reason", "again")["revealed"] == {"customer.phone": [f"+86{PHONE}"]}
    history = called(capsys, *TICKETS, "history", "20261112", "--db", db)
    assert len(re.findall(r"revealed +li \(supervisor\)  customer\.phone  “", history)) == 2


def test_an_original_is_not_for_everybody(db, capsys):
    refused = Command(*TICKETS).refused(
        capsys, "show", "20261112", "--reveal", "customer.phone", "--reason", "x", "--db", db, code=10
    )
    assert "'li' has no role" in refused
    assert "reveal_refused" in called(capsys, *TICKETS, "history", "20261112", "--db", db)


def test_a_lost_key_hides_originals_only(db, capsys, roles, monkeypatch):
    monkeypatch.setenv("CALLCORE_PRIVACY__KEY", new_key())
    called(capsys, *TICKETS, "show", "20261112", "--db", db)
    arguments = ("show", "20261112", "--reveal", "customer.phone", "--reason", "x", "--db", db, "--settings", roles)
    assert "which is not at hand" in Command(*TICKETS).refused(capsys, *arguments, code=10)
    monkeypatch.setenv("CALLCORE_PRIVACY__KEY", "")
    monkeypatch.setenv("CALLCORE_PRIVACY__KEY_FILE", str(db.parent / "gone"))
    called(capsys, *TICKETS, "show", "20261112", "--db", db)
    called(capsys, *TICKETS, "list", "--db", db)
    assert "gone" in Command(*TICKETS).refused(capsys, *arguments, code=10)
    edit = Command(*TICKETS).refused(capsys, "edit", "20261112", "customer.phone=13900139000", "--db", db, code=10)
    assert "gone" in edit, "what is typed must be sealed"


# Exports


def test_work_orders_are_exported_for_programs_and_found_by_a_purge(db, tmp_path, capsys):
    with Store.open(db) as store:
        second = file_call(store, ENGLISH, at=NOON + timedelta(hours=1)).form.ticket.call.id
        first = min(call.call_id for call in store.list_calls())
    folder = tmp_path / "out"
    called(capsys, *TICKETS, "export", first, second, "--format", "json,csv,md", "--output", folder, "--db", db)
    names = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    assert names == {f"{call}.ticket.{form}" for call in (first, second) for form in ("json", "md")} | {"tickets.csv"}
    rows = list(csv.DictReader(io.StringIO((folder / "tickets.csv").read_text("utf-8-sig"))))
    assert [(row["call_id"], row["request.topic"], row["handling.severity"]) for row in rows] == [
        (first, "credit_card.fee", "P3"), (second, "credit_card.fee", "P3"),
    ]  # fmt: skip
    assert rows[0]["customer.phone"] == "*" * 11
    shown = json.loads((folder / f"{first}.ticket.json").read_text("utf-8"))
    assert shown == values(capsys, *TICKETS, "export", first, "--db", db)
    assert "| 业务类别 | 投诉 | 00:06 客户: " in (folder / f"{first}.ticket.md").read_text("utf-8")
    called(capsys, "purge", first, "--yes", "--db", db)
    left = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    assert left == {f"{second}.ticket.json", f"{second}.ticket.md"}, "a table with a removed call goes as well"


def test_a_cell_that_a_spreadsheet_would_run_is_harmless(db, capsys):
    called(capsys, *TICKETS, "edit", "20261112", "request.merchant==HYPERLINK(1)", "--db", db)
    out = called(capsys, *TICKETS, "export", "--state", "draft", "--format", "csv", "--db", db)
    assert "'=HYPERLINK(1)" in out


def test_a_file_of_somebody_else_is_not_replaced(db, tmp_path, capsys):
    (tmp_path / "tickets.csv").write_text("mine", encoding="utf-8")
    arguments = ("export", "20261112", "--format", "csv", "--output", tmp_path, "--db", db)
    assert "did not write it" in Command(*TICKETS).refused(capsys, *arguments, code=6)


# The bank's system


@pytest.fixture
def bank():
    with open_bank() as server:
        yield server


def test_messages_are_delivered_once_and_again_when_the_bank_was_away(tmp_path, capsys, monkeypatch, bank):
    monkeypatch.setenv("CALLCORE_WEBHOOK__URL", bank.url)
    path = tmp_path / "calls.db"
    with Store.open(path) as store:
        file_call(store, posting=True)
    bank.statuses = [503]
    code, out, _ = Command(*TICKETS).called(capsys, "deliver", "--db", path)
    assert code == 1
    assert re.match(r"failed  ticket\.filled  20261112-\S+  msg_\w+  refused \(HTTP 503\), again at \d{4}", out)
    code, out, err = Command(*TICKETS).called(capsys, "deliver", "--db", path)
    assert (code, out) == (1, "")
    assert "1 message waits for the next try" in err
    _hasten(path)
    bank.statuses = [200]
    assert called(capsys, *TICKETS, "deliver", "--db", path).startswith("sent    ticket.filled")
    _, _, err = Command(*TICKETS).called(capsys, "deliver", "--db", path)
    assert err == "Nothing to send.\n"
    assert len(bank.taken) == 2
    assert len({headers["webhook-id"] for headers, _ in bank.taken}) == 1
    assert PHONE not in bank.taken[-1][1].decode()


def _hasten(path: Path) -> None:
    """As if the wait were over."""
    from callcore.config import StoreSettings

    connection = Connection(path, StoreSettings(), read_only=False)
    with connection.writing() as db:
        db.execute("UPDATE outbox SET next_at = ''")
    connection.close()


# Follow-ups


def test_what_is_due_is_listed_and_settled(db, capsys):
    due = values(capsys, *FOLLOWUPS, "due", "--until", "2026-11-13", "--db", db)
    assert [(item["kind"], item["owner"], item["due"]) for item in due] == [
        ("call_back", "credit_cards", "2026-11-13T15:00")
    ]
    assert values(capsys, *FOLLOWUPS, "due", "--until", "2026-11-12", "--db", db) == []
    assert values(capsys, *FOLLOWUPS, "due", "--until", "2026-11-13", "--owner", "agent", "--db", db) == []
    number = str(due[0]["number"])
    out = called(capsys, *FOLLOWUPS, "done", number, "--broken", "--reason", f"{PHONE} 没接", "--db", db)
    assert out.split()[-1] == "broken"
    assert "broken already" in Command(*FOLLOWUPS).refused(capsys, "done", number, "--db", db, code=11)
    for unknown in (99, 10**30):
        assert f"no follow-up {unknown}." in Command(*FOLLOWUPS).refused(capsys, "done", unknown, "--db", db, code=11)
    assert values(capsys, *FOLLOWUPS, "list", "--db", db) == []
    assert [item["status"] for item in values(capsys, *FOLLOWUPS, "list", "--all", "--db", db)] == ["broken"]
    assert "“*********** 没接”" in called(capsys, *TICKETS, "history", "20261112", "--db", db)


def test_what_need_not_be_done_is_cancelled_for_a_reason(db, capsys):
    called(capsys, *FOLLOWUPS, "cancel", "1", "--reason", "settled at the branch", "--db", db)
    lines = called(capsys, *FOLLOWUPS, "list", "--call", "20261112", "--db", db).splitlines()
    assert lines[1].split("\t")[-1] == "cancelled"


def test_the_next_call_shows_what_became_of_earlier_promises(tmp_path, capsys):
    path = tmp_path / "calls.db"
    first, second = calls_db(path, FEE, CALLED_BACK)
    out = called(capsys, *TICKETS, "show", second, "--db", path)
    assert re.search(rf"此客户以前的承诺\n +#1 +回电  .*已兑现  \*+  → {second}", out)
    (earlier,) = values(capsys, *TICKETS, "show", second, "--db", path)["earlier"]
    assert (earlier["call_id"], earlier["status"]) == (first, "kept")


# A bank's own files


def test_a_broken_field_file_is_named_and_nothing_is_touched(db, tmp_path, capsys, monkeypatch):
    own = tmp_path / "fields.toml"
    own.write_text('version = 1\n[[field]]\nname = "Bad Name"\n', encoding="utf-8")
    monkeypatch.setenv("CALLCORE_TICKETS__FIELDS_FILE", str(own))
    before = db.read_bytes()
    for command in ("list", "show 20261112", "edit 20261112 request.amount=3", "confirm 20261112"):
        assert "fields.toml" in Command(*TICKETS).refused(capsys, *command.split(), "--db", db)
    assert db.read_bytes() == before


def test_a_field_that_is_no_longer_there_is_still_shown(db, tmp_path, capsys, monkeypatch):
    own = tmp_path / "fields.toml"
    own.write_text(
        'version = 1\n[[field]]\nname = "bank.vip"\nzh = "贵宾"\nen = "VIP"\ntype = "text"\nextractor = "pattern"\n'
        'patterns_zh = ["(贵宾)"]\n',
        encoding="utf-8",
    )
    with monkeypatch.context() as with_own:
        with_own.setenv("CALLCORE_TICKETS__FIELDS_FILE", str(own))
        called(capsys, *TICKETS, "edit", "20261112", "bank.vip=yes", "--db", db)
        assert "贵宾  bank.vip  yes" in called(capsys, *TICKETS, "show", "20261112", "--db", db)
    assert "bank.vip  bank.vip  yes" in called(capsys, *TICKETS, "show", "20261112", "--db", db)


# Other rules


@pytest.fixture
def new_rules(tmp_path) -> Path:
    import callcore.tickets

    text = (Path(callcore.tickets.__file__).parent / "data" / "rules.toml").read_text("utf-8")
    path = tmp_path / "new.toml"
    path.write_text(text.replace('level = "P3"', 'level = "P2"'), encoding="utf-8")
    return path


def test_other_rules_show_what_would_change_and_write_nothing(db, capsys, new_rules):
    before = db.read_bytes()
    code, out, err = Command("rescore").called(capsys, "--since", "2026-11-01", "--rules", new_rules, "--db", db)
    assert code == 0
    lines = [line.split("\t") for line in out.splitlines()]
    assert lines[0] == ["field", "filled", "changed", "emptied", "edited", "such as"]
    assert lines[1][:5] == ["handling.severity", "0", "1", "0", "0"]
    assert "P3 → P2" in lines[1][5]
    assert "1 call: 1 would change" in err
    assert "Nothing was written" in err
    assert db.read_bytes() == before


def test_other_rules_are_applied_and_that_is_written_down(db, capsys, new_rules):
    called(capsys, *TICKETS, "edit", "20261112", "request.amount=1", "--db", db)
    told = values(capsys, "rescore", "20261112", "--rules", new_rules, "--apply", "--db", db)
    assert (told["calls"], told["changed"], told["written"]) == (1, 1, 1)
    (order,) = values(capsys, *TICKETS, "list", "--db", db)
    assert (order["severity"], order["version"]) == ("P2", 3)
    shown = values(capsys, *TICKETS, "show", "20261112", "--db", db)
    assert shown["fields"]["request.amount"]["value"] == "1.00 CNY", "what people set stays"
    line = values(capsys, *TICKETS, "history", "20261112", "--db", db)["trail"][-1]
    assert line["action"] == "rescored"
    assert line["detail"]["rules_hash"] != line["detail"]["rules_hash_before"]
    again = values(capsys, "rescore", "20261112", "--rules", new_rules, "--apply", "--db", db)
    assert (again["changed"], again["written"]) == (0, 0)


def test_what_somebody_has_confirmed_stays_unless_it_is_asked_for(db, capsys, new_rules):
    called(capsys, *TICKETS, "confirm", "20261112", "--db", db)
    told = values(capsys, "rescore", "--rules", new_rules, "--apply", "--db", db)
    assert (told["kept"], told["written"]) == (1, 0)
    told = values(capsys, "rescore", "--rules", new_rules, "--apply", "--settled", "--db", db)
    assert told["written"] == 1
    (order,) = values(capsys, *TICKETS, "list", "--db", db)
    assert (order["state"], order["severity"]) == ("confirmed", "P2")


def test_rules_that_are_broken_are_refused(db, capsys, tmp_path):
    (tmp_path / "new.toml").write_text("version = 1\n", encoding="utf-8")
    assert "new.toml" in Command("rescore").refused(capsys, "--rules", tmp_path / "new.toml", "--db", db)


def test_deleted_calls_take_their_work_orders_along(db, capsys):
    called(capsys, "calls", "delete", "20261112", "--yes", "--db", db)
    assert values(capsys, *TICKETS, "list", "--db", db) == []
    assert values(capsys, *FOLLOWUPS, "list", "--all", "--db", db) == []
    assert "no call" in Command(*TICKETS).refused(capsys, "show", "20261112", "--db", db, code=5)


def test_all_work_orders_of_a_customer_are_purged(db, capsys):
    with Store.open(db) as store:
        other = tuple(line.replace(PHONE, "13900139000") for line in FEE)
        file_call(store, other, DAY, NOON + timedelta(hours=1))
    out = called(capsys, "purge", "--customer", PHONE, "--yes", "--db", db)
    assert "Removed 1 call" in out
    assert len(values(capsys, *TICKETS, "list", "--db", db)) == 1
