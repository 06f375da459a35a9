"""What a user finds in a ticket: facts, corrections, contradictions, the matter, how it was handled."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from ticket_tools import CATALOGUE, RULES, STARTED, events_of, folded, normals, ticket

import callcore.tickets
from callcore.config import Settings, TicketSettings
from callcore.errors import ConfigError
from callcore.loading import load_ticket_rules
from callcore.tickets import TicketRules, ticket_of, ticket_schema
from callcore.tickets.model import schema_text
from callcore.types import (
    CallEnded,
    Entity,
    FieldStatus,
    RolesAssigned,
    TicketChanged,
    Turn,
    Understanding,
    UnderstandingPreview,
)

LOST = """
A: 您好，这里是江城银行，请问有什么可以帮您？
C: 我的信用卡丢了，想挂失。
A: 请您报一下卡号后四位。
C: 尾号是七三一九。
A: 尾号七三一九，对吗？
C: 对。
A: 好的，已经为您办理了挂失。
C: 谢谢，再见。
"""


def test_schema_file_is_up_to_date() -> None:
    file = Path(callcore.tickets.__file__).parent / "ticket.schema.json"
    assert file.read_text(encoding="utf-8") == schema_text()


def test_ticket_fits_its_schema() -> None:
    jsonschema.validate(ticket(LOST).model_dump(mode="json"), ticket_schema())


def test_fields_cite_the_words_that_fill_them() -> None:
    found = ticket(LOST)
    tail = found.first("customer.card_tail")
    assert tail is not None
    assert tail.normal == "7319"
    assert tail.status == "confirmed"
    assert tail.evidence[0].speaker == "customer"
    assert tail.evidence[0].words == "七三一九"
    assert 8000 <= tail.evidence[0].start_ms < tail.evidence[0].end_ms <= 10_000
    assert normals(found, "request.topic") == ["credit_card.lost"]
    assert normals(found, "request.category") == ["transaction"]
    assert normals(found, "handling.department") == ["credit_cards"]
    assert normals(found, "handling.resolution") == ["solved"]
    assert "handling.transfer_route" not in found.fields


def test_read_back_raises_confidence() -> None:
    without = ticket("C: 信用卡丢了，尾号是七三一九。")
    first, confirmed = without.first("customer.card_tail"), ticket(LOST).first("customer.card_tail")
    assert first is not None
    assert confirmed is not None
    assert first.status == "filled"
    assert confirmed.confidence > first.confidence


def test_correction_replaces_and_is_logged() -> None:
    found = ticket("""
        C: 打我电话，一八六二一零九三三四零。
        A: 一八六二一零九三三四零，对吗？
        C: 不对，是一八六二一零九三三四七。
        """)
    assert normals(found, "customer.phone") == ["+8618621093347"]
    changes = [change for change in found.history if change.field == "customer.phone"]
    assert changes[0].after == ("+8618621093340",)
    assert changes[-1].after == ("+8618621093347",)
    assert changes[-1].turn == 3


def test_taken_back_in_the_same_breath() -> None:
    assert normals(ticket("C: 我转了五千块，哦不对，是五千五百块，没到账。"), "request.amount") == ["5500.00 CNY"]


def test_contradiction_is_shown_with_both_values() -> None:
    found = ticket("""
        C: 我的卡丢了，尾号七三一九。
        A: 好的。
        C: 我刚看了下，卡尾号是八八二零。
        """)
    values = found.fields["customer.card_tail"]
    assert {value.normal for value in values} == {"7319", "8820"}
    assert {value.status for value in values} == {"disputed"}
    assert all(value.confidence < 0.7 for value in values)


def test_agents_own_name_is_not_the_customers() -> None:
    found = ticket("""
        A: 您好，我姓李，很高兴为您服务。
        C: 我姓王，信用卡丢了。
        A: 王女士您好。
        """)
    assert normals(found, "customer.name") == ["王"]


def test_upset_caller_who_goes_to_the_regulator() -> None:
    found = ticket("""
        A: 您好，请讲。
        C: 我要投诉，等了两个小时，气死我了！
        A: 非常抱歉，我把您的情况转给信用卡中心处理，三个工作日内给您回电。
        C: 你们再这样我就把钱全部转走，再打银保监会的电话。
        A: 您是我们的老客户了，请您再给我们一次机会。
        C: 气死我了，不说了。
        A: 再见。
        """)
    assert normals(found, "request.category") == ["complaint"]
    assert normals(found, "caller.type") == ["agitated"]
    assert normals(found, "caller.mood_worst") == ["angry"]
    assert normals(found, "caller.causes") == ["service.efficiency"]
    assert normals(found, "caller.churn_risk") == ["stated"]
    assert normals(found, "caller.retention_tried") == ["yes"]
    assert normals(found, "handling.severity") == ["P2"]
    assert normals(found, "handling.resolution") == ["transferred"]
    assert normals(found, "handling.transfer_route") == ["credit_cards"]
    assert normals(found, "handling.transfer_deadline") == ["2026-11-17"]
    assert normals(found, "followup.owner") == ["credit_cards"]
    assert normals(found, "followup.due") == ["2026-11-17"]


def test_missing_names_what_the_case_needs() -> None:
    lines = "A: 您好。\nC: 信用卡丢了。\nA: 我明天给您回电。"
    missing = ticket(lines).missing
    assert "customer.phone" in missing  # for a call back was promised
    assert "customer.card_tail" in missing  # for the card is to be blocked
    assert "handling.transfer_route" not in missing
    assert "request.topic" not in missing


def test_a_refusal_leaves_nothing_to_follow_up() -> None:
    found = ticket("""
        C: 我的额度为什么降了？气死我了，我要投诉。
        A: 很抱歉，这个我们办不了。
        C: 气死我了，再见。
        A: 再见。
        """)
    assert normals(found, "handling.resolution") == ["unresolved"]
    assert not {"followup.owner", "followup.due"} & {*found.fields, *found.missing}


def test_a_matter_that_was_handed_on_without_a_time_gets_a_day_to_say_where_it_stands() -> None:
    found = ticket("""
        C: 我的额度为什么降了？气死我了，我要投诉。
        A: 很抱歉，这个我处理不了，我转给信用卡中心核实。
        C: 好吧，再见。
        A: 再见。
        """)
    assert normals(found, "handling.resolution") == ["transferred"]
    assert normals(found, "followup.due") == ["2026-11-17"]  # P3: three working days
    assert normals(found, "handling.transfer_contact") == ["phone"]


def test_call_that_breaks_off_is_abandoned() -> None:
    found = ticket("C: 我的额度是多少？\nA: 请您稍等，我查一下。\nC: 喂？喂？")
    assert normals(found, "handling.resolution") == ["abandoned"]


@pytest.mark.parametrize(
    ("lines", "language", "resolution"),
    [
        ("C: 我的信用卡丢了。", "zh", "unresolved"),
        ("A: 您好。\nC: 我的信用卡丢了。\nA: 好的。\nC: 再见。", "zh", "unresolved"),
        ("A: 您好。\nC: 我的信用卡丢了。\nA: 办好了。\nC: 再见。", "zh", "solved"),
        ("A: 您好。\nC: 我的额度是五万吗？\nA: 对的。\nC: 好，再见。", "zh", "solved"),
        ("C: I lost my card.", "en", "unresolved"),
        ("A: Hello.\nC: I lost my card.\nA: Thank you.\nC: Bye.", "en", "unresolved"),
    ],
)
def test_nothing_is_solved_that_the_agent_does_not_answer(lines: str, language: str, resolution: str) -> None:
    for rules in (RULES, load_ticket_rules(Settings(), CATALOGUE)):
        assert normals(ticket(lines, language, rules), "handling.resolution") == [resolution]


def test_preview_suggests_final_fills_turn_decides() -> None:
    fold = RULES.fold(STARTED)
    entity = Entity("card_tail", "7319", "7319", 0.9, 0, 16_000, 0, 1)
    preview = UnderstandingPreview("0-1", Understanding(-1, 1, 0, 16_000, "zh", entities=(entity,)))
    fold.take(RolesAssigned({}, 1.0, "option"))
    (change,) = fold.take(preview)
    assert isinstance(change, TicketChanged)
    assert [value.status for value in change.fields] == [FieldStatus.SUGGESTED]
    assert change.fields[0].evidence[0].turn_id == -1
    turn = Turn(1, 1, 0, 16_000, "", (), "zh", ("0-1",))
    fold.take(turn)
    (change,) = fold.take(Understanding(1, 1, 0, 16_000, "zh"))
    assert isinstance(change, TicketChanged)
    assert change.emptied == ("customer.card_tail",)  # the turn's own meaning does not have it


def test_changes_add_up_to_the_ticket() -> None:
    fold, told = folded(events_of(LOST))
    fields: dict[str, list[str]] = {}
    for event in told:
        assert isinstance(event, TicketChanged)
        for name in {value.name for value in event.fields}:
            fields[name] = [value.normal for value in event.fields if value.name == name]
        for name in event.emptied:
            del fields[name]
    assert fields == {name: [value.normal for value in values] for name, values in fold.ticket().fields.items()}
    assert told[-1].missing == fold.ticket().missing  # type: ignore[union-attr]


def test_call_without_words_gives_an_empty_ticket() -> None:
    found = ticket_of([STARTED, CallEnded(16_000, 0)], RULES)
    assert found is not None
    assert "request.topic" in found.missing
    assert found.call.complete
    assert not found.history


def test_no_call_no_ticket() -> None:
    assert ticket_of([], RULES) is None


def test_unknown_speakers_count_for_both_sides() -> None:
    events = [event for event in events_of(LOST) if not isinstance(event, RolesAssigned)]
    found = ticket_of(events, RULES)
    assert found is not None
    assert normals(found, "request.topic") == ["credit_card.lost"]
    assert normals(found, "handling.resolution") == ["solved"]


# --- a bank's own files

OWN = """
version = 1
[[field]]
name = "request.contract"
zh = "合同编号"
en = "contract"
type = "text"
extractor = "pattern"
speaker = "customer"
patterns_zh = ['合同编号([a-z]{2}\\d{4})']
valid = '[a-z]{2}\\d{4}'
required = [{ field = "request.topic", is = ["credit_card.lost"] }]
[[field]]
name = "request.where"
zh = "丢失地点"
en = "where"
type = "code"
extractor = "choice"
choice = [
  { code = "taxi", zh = "出租车", en = "taxi", phrases_zh = ["出租车", "打车"] },
  { code = "home", zh = "家里", en = "home", phrases_zh = ["家里"] },
]
[[field]]
name = "customer.card_tail"
zh = "卡尾号"
en = "card"
type = "text"
extractor = "entity"
kinds = ["card_tail"]
"""


def own_rules(folder: Path, text: str) -> TicketRules:
    file = folder / "fields.toml"
    file.write_text(text, encoding="utf-8")
    return TicketRules.load(TicketSettings(fields_file=file), CATALOGUE)


def test_own_fields_are_added_and_replace(tmp_path: Path) -> None:
    rules = own_rules(tmp_path, OWN)
    found = ticket("C: 信用卡在出租车上丢了，合同编号AB1234，尾号七三一九。", rules=rules)
    assert normals(found, "request.contract") == ["ab1234"]
    assert normals(found, "request.where") == ["taxi"]
    assert found.first("request.where").value == "出租车"  # type: ignore[union-attr]
    assert normals(found, "customer.card_tail") == ["7319"]
    assert rules.hash != RULES.hash
    assert found.made.rules == rules.hash
    assert "request.contract" in ticket("C: 信用卡丢了。", rules=rules).missing


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("version = 1", "field"),
        ("version = 2\n[[field]]", "version"),
        ("nonsense", "fields.toml"),
        (OWN.replace('"pattern"', '"magic"'), "extractor"),
        (OWN.replace('kinds = ["card_tail"]', ""), "kinds"),
        (OWN.replace("(\\d", "\\d").replace("([a-z]{2}\\d{4})", "([a-z"), "regular expression"),
        (OWN.replace("([a-z]{2}\\d{4})", "[a-z]{2}\\d{4}"), "group"),
        (OWN.replace("request.topic", "request.nothing"), "request.nothing"),
        (OWN.replace('"打车"', '"[打车"'), "bracket"),
        (OWN + OWN.partition("version = 1")[2], "twice"),
        (OWN.replace('name = "request.where"', 'name = "where"'), "name"),
        (
            OWN + '[[field]]\nname = "a.b"\nzh = "x"\nen = "x"\ntype = "code"\nextractor = "rule"\nrule = "none"',
            "no rule",
        ),
    ],
)
def test_broken_field_file_names_what_is_wrong(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError) as error:
        own_rules(tmp_path, text)
    assert says in error.value.message
    assert "fields.toml" in error.value.message


def test_missing_field_file_is_an_error_with_a_next_step(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no.toml cannot be read: there is no such file.*Check the path"):
        TicketRules.load(TicketSettings(fields_file=tmp_path / "no.toml"), CATALOGUE)


def test_values_are_plain_json() -> None:
    assert json.loads(ticket(LOST).model_dump_json())["schema_version"] == 1


def test_a_call_that_ends_without_leave_is_not_broken_off_where_nobody_breaks_it_off() -> None:
    found = ticket("A: 您好。\nC: 我的信用卡丢了。\nA: 锁了，您放心。")
    assert normals(found, "handling.resolution") == ["solved"]
    found = ticket("A: 您好。\nC: 我的信用卡丢了。\nA: 请您稍等。\nC: 不办了，挂了。")
    assert normals(found, "handling.resolution") == ["abandoned"]


def test_the_department_named_first_after_the_handing_on_has_it() -> None:
    found = ticket(
        "C: 柜员骂我，我要投诉。\nA: 我转到客户服务与消保部，由他们督促网点去查，三天内给您回电。\nC: 好的，再见。"
    )
    assert normals(found, "handling.transfer_route") == ["quality"]


def test_a_bare_answer_is_the_customers_name() -> None:
    found = ticket("A: 请问怎么称呼您？\nC: 陆海燕。\nA: 陆女士您好。")
    assert normals(found, "customer.name") == ["陆海燕"]
    found = ticket("A: 您贵姓？\nC: 我姓陆，陆海燕。")
    assert normals(found, "customer.name") == ["陆海燕"]
    found = ticket("A: Can I take your full name, please?\nC: Peter Hallam.\nA: Thank you.", "en")
    assert normals(found, "customer.name") == ["Peter Hallam"]


@pytest.mark.parametrize(
    ("lines", "product"),
    [
        ("C: 我的卡被盗刷了三千块。\nA: 是您尾号三三四七的信用卡对吗？\nC: 对。", "credit_card"),
        ("C: 我的储蓄卡被盗刷了三千块。\nA: 您名下还有一张信用卡。\nC: 不是那张。", "debit_card"),
        ("C: 我的卡被盗刷了三千块。\nA: 请您稍等。", "debit_card"),
    ],
)
def test_of_fraud_the_card_that_was_hit_is_the_product(lines: str, product: str) -> None:
    assert normals(ticket(lines), "request.product") == [product]
