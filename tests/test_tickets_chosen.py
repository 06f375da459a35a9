"""A model chooses among the amounts, dates and places that a call names; what it leaves is for the rules."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ticket_tools import BROKEN, CATALOGUE, RULES, assert_refused, events_of, folded, normals, ticket

from callcore.config import Settings, TicketSettings
from callcore.loading import load_ticket_rules
from callcore.tickets import TicketRules
from callcore.tickets.chosen import field_rows
from callcore.tickets.linear import Head, LinearModel
from callcore.tickets.traits import VERSION
from callcore.types import Turn

LARGEST = Head(labels=("no", "yes"), bias=(0.0, -2.0), weights={"largest": (0.0, 4.0)})
NEVER = Head(labels=("no", "yes"), bias=(0.0, -2.0), weights={})
ALWAYS = Head(labels=("no", "yes"), bias=(0.0, 2.0), weights={})
BUNDLED = load_ticket_rules(Settings(), CATALOGUE)
TWO = "C: 你们扣了我两百块手续费。\nA: 您卡里余额是三千块。"


def chooser(heads: dict[str, Head], own: TicketSettings | None = None) -> TicketRules:
    model = LinearModel(format=1, name="facts", version="9", features=VERSION, heads=heads)
    return TicketRules.load(own or TicketSettings(), CATALOGUE, facts=model)


def test_the_likeliest_is_taken_with_its_probability_and_the_words_that_say_it():
    (amount,) = ticket(TWO, rules=chooser({"request.amount": LARGEST})).fields["request.amount"]
    assert amount.normal == "3000.00 CNY"
    assert amount.confidence == pytest.approx(0.8808)
    assert amount.source == "facts@9"
    assert [place.words for place in amount.evidence] == ["三千块"]
    assert normals(ticket(TWO), "request.amount") == ["200.00 CNY"], "without the model the rules choose"


NAMED = """
    A: Could I take your name?
    C: Imogen Thackeray.
    C: My husband is Martin Thackeray.
    A: Thank you, Ms Thackeray.
    """


def test_the_customer_is_chosen_among_those_who_are_named():
    answers = Head(labels=("no", "yes"), bias=(0.0, -2.0), weights={"customer.answers.name": (0.0, 4.0)})
    kin = Head(labels=("no", "yes"), bias=(0.0, -2.0), weights={"customer.relative": (0.0, 4.0)})
    assert normals(ticket(NAMED, "en", chooser({"customer.name": answers})), "customer.name") == ["Imogen Thackeray"]
    (name,) = ticket(NAMED, "en", chooser({"customer.name": kin})).fields["customer.name"]
    assert (name.normal, name.source) == ("Martin Thackeray", "facts@9")
    assert "customer.name" not in ticket(NAMED, "en", chooser({"customer.name": NEVER})).fields


@pytest.mark.parametrize(
    ("lines", "language", "name"),
    [
        (NAMED, "en", "Imogen Thackeray"),
        ("A: 您好，请问您贵姓？\nC: 我姓祁。\nA: 祁女士，您好。\nC: 是你们大堂姓梅的经理让我打的。", "zh", "祁"),
    ],
)
def test_the_bundled_model_tells_customers_from_others(lines: str, language: str, name: str):
    assert normals(ticket(lines, language, BUNDLED), "customer.name") == [name]


def test_what_speaks_for_a_name_counts_once():
    said = Head(labels=("no", "yes"), bias=(0.0, 0.0), weights={"customer": (0.0, 1.0), "first.customer": (0.0, 1.0)})
    (name,) = ticket(NAMED, "en", chooser({"customer.name": said})).fields["customer.name"]
    assert name.confidence == pytest.approx(0.8808), "the logistic of two"


def test_nothing_is_taken_that_is_not_likely_enough():
    assert "request.amount" not in ticket(TWO, rules=chooser({"request.amount": NEVER})).fields
    lenient = NEVER.model_copy(update={"least": 0.1})
    assert normals(ticket(TWO, rules=chooser({"request.amount": lenient})), "request.amount") == ["200.00 CNY"]


def test_fields_without_a_head_and_fields_of_the_banks_own_are_for_the_rules(tmp_path: Path):
    own = tmp_path / "fields.toml"
    own.write_text(
        'version = 1\n[[field]]\nname = "request.amount"\nzh = "金额"\nen = "amount"\ntype = "amount"\n'
        'extractor = "entity"\nkinds = ["amount"]\npick = "main"\n',
        "utf-8",
    )
    rules = chooser({"request.amount": NEVER, "request.date": NEVER}, TicketSettings(fields_file=own))
    found = ticket(f"C: 昨天的事。\n{TWO}", rules=rules)
    assert normals(found, "request.amount") == ["200.00 CNY"]
    assert "request.date" not in found.fields


def test_the_banks_term_is_chosen_where_no_promise_was_found_to_give_it():
    lines = """
        C: 我的额度为什么降了？我要投诉。
        A: 这个我处理不了，我转给信用卡中心核实。
        C: 什么时候有说法？
        A: 那边后天下午三点以前跟您说明白。
        C: 好，再见。
        A: 再见。
        """
    found = ticket(lines, rules=chooser({"followup.due": ALWAYS}))
    assert normals(found, "followup.due") == ["2026-11-14T15:00"]
    assert normals(found, "handling.transfer_deadline") == ["2026-11-14T15:00"]
    assert [place.turn for place in found.fields["followup.due"][0].evidence] == [4]


def test_a_call_back_without_a_time_takes_the_banks_term():
    lines = "A: 我转给信用卡中心了。那边后天下午三点以前说明白。\nC: 好。\nA: 会有专员给您回电话。\nA: 再见。"
    assert [one.due for one in ticket(lines).promises if one.kind == "call_back"] == [""]
    found = ticket(lines, rules=chooser({"followup.due": ALWAYS}))
    assert [one.due for one in found.promises if one.kind == "call_back"] == ["2026-11-14T15:00"]


MOMENT = Head(labels=("no", "yes"), bias=(0.0, -2.0), weights={"only.moment": (0.0, 4.0)})


@pytest.mark.parametrize(
    ("lines", "language", "words"),
    [
        ("C: 刚才我的卡被刷了三千块！", "zh", "刚才"),
        ("A: 您好。\nC: 上周五我还查过账。\nC: 一刻钟前有一笔两千的。", "zh", "一刻钟前"),
        ("C: Ten minutes ago somebody took £40. I looked on Friday.", "en", "minutes ago"),
    ],
)
def test_a_moment_since_is_a_candidate_for_the_day_of_the_call(lines: str, language: str, words: str):
    (day,) = ticket(lines, language, chooser({"request.date": MOMENT})).fields["request.date"]
    assert day.normal == "2026-11-12"
    assert [place.words.strip("，。.") for place in day.evidence] == [words]
    assert "request.date" not in ticket(lines, language, chooser({"request.date": NEVER})).fields


def test_what_the_agent_says_of_a_moment_ago_is_no_candidate():
    found = ticket("C: 您好。\nA: 刚才您说的我记下了。", rules=chooser({"request.date": ALWAYS}))
    assert "request.date" not in found.fields


def test_today_is_one_candidate_whether_by_name_or_as_a_moment_since():
    rows = _rows("request.date", "C: 今天下午三点，就在刚才。\nA: 好。\nC: 我十一月三号办的卡。")
    assert list(rows) == ["2026-11-12", "2026-11-03"]
    assert {"hour", "moment"} <= rows["2026-11-12"]
    assert "only.moment" not in rows["2026-11-12"]
    assert "numbered" in rows["2026-11-03"]
    assert "hour" not in rows["2026-11-03"]


def test_amounts_know_whether_they_are_sums_of_others():
    lines = "C: 刷了六百块。\nC: 又刷了九百块。\nA: 合计一千五百块，余额三千块。"
    rows = _rows("request.amount", lines)
    assert "whole" in rows["1500.00 CNY"]
    assert "part" in rows["600.00 CNY"]
    assert "times" in rows["3000.00 CNY"]
    assert "timed" in rows["1500.00 CNY"]
    assert not {"whole", "times"} & rows["600.00 CNY"]


def test_amounts_and_days_know_what_was_asked_and_agreed_to():
    lines = "A: 扣了您多少钱？\nC: 两百块。\nA: 您卡里还有三千块吗？\nC: 对，三千。\nA: 三千块，两百块。"
    rows = _rows("request.amount", lines)
    assert "answer.such" in rows["200.00 CNY"]
    assert "agreed" not in rows["200.00 CNY"]
    assert "agreed" in rows["3000.00 CNY"]
    assert "answer.such" not in rows["3000.00 CNY"]
    assert not {"answer.such", "agreed"} & _rows("request.channel", "A: 您用哪个？\nC: 手机银行。")["app"]


def test_the_amount_of_most_turns_says_so():
    rows = _rows("request.amount", "C: 扣了两百块，卡里三千块。\nA: 两百块，我看看。")
    assert "most" in rows["200.00 CNY"]
    assert "most" not in rows["3000.00 CNY"]


@pytest.mark.parametrize(
    ("lines", "amount"),
    [
        ("C: They took £40 from me.\nA: Let me look. A payment of four hundred and twelve, is it?", "412.00 GBP"),
        ("C: They took $40 from me, not £40.\nA: A payment of four hundred and twelve?", "412.00 USD"),
        ("C: Two euro? They took £40, and £12.\nA: A payment of four hundred and twelve?", "412.00 GBP"),
        ("C: Forty thousand naira went out.\nA: The forty thousand, I see it. A payment of nine?", "40000.00 NGN"),
    ],
)
def test_amounts_without_a_currency_are_in_that_which_the_call_mostly_names(lines: str, amount: str):
    assert amount in _named("request.amount", lines, "en")


@pytest.mark.parametrize(
    ("lines", "amount"),
    [
        ("C: Five seventy-three apiece, in October and November.\nA: So eleven forty-six.", "1146.00 USD"),
        ("C: I put three fifty in a meter.", "3.50 USD"),
        ("A: And what was it?\nC: Fifty-four ninety-nine.", "54.99 USD"),
        ("A: I see two eighty-nine ninety, at a shoe shop.", "289.90 USD"),
        ("C: There's a thirty on the statement.\nA: I'll give you the thirty back.", "30.00 USD"),
        ("C: I had thirty-two thousand in there, thirty-two five.", "32500.00 USD"),
        ("C: One bond was thirty-five thousand, the other was forty-eight.", "48000.00 USD"),
        ("C: Package is seven lakh eighty. Two eighty is not going.", "280000.00 INR"),
        ("C: Three months, that's R195.\nA: I see.", "195.00 ZAR"),
        ("C: There's R212,400 in it, and it's all held.", "212400.00 ZAR"),
        ("C: It says 171.55 with that last one.", "171.55 USD"),
        ("C: That's nineteen hundred altogether.", "1900.00 USD"),
        ("A: Four hundred and seven fifty between the two.", "407.50 USD"),
        ("A: So it's a hundred and seventy-four fifty now.", "174.50 USD"),
        ("C: Four hundred and eighty-five goes to her every month.", "485.00 USD"),
        ("C: They took £40, so it's forty-eight ninety-nine.", "48.99 GBP"),
    ],
)
def test_numbers_that_may_be_sums_are_candidates(lines: str, amount: str):
    assert amount in _named("request.amount", lines, "en")


@pytest.mark.parametrize(
    "lines",
    [
        "C: There's a thirty on the statement.\nA: I see.",  # said once, in no way as sums are
        "C: I'm seventy-two years old.\nA: Seventy-two years!",
        "C: I have thirty cards.\nA: Thirty cards?",
        "C: Born in nineteen eighty-two.",
        "C: At nine fifteen.\nA: Quarter past nine, at nine fifteen.",
        "C: The account ends in four eight one six.\nA: Four eight one six.",
        "C: I live at number forty-two.\nA: Number forty-two, Mill Lane.",
        "C: 二十块。\nA: 三十。\nC: 三十。",
    ],
)
def test_numbers_of_other_things_are_no_candidates(lines: str):
    assert not {one for one in _named("request.amount", lines, "en") if not one.startswith("20.00 CNY")}


def test_a_number_that_may_be_a_sum_is_in_the_currency_of_the_bank():
    model = LinearModel(format=1, name="facts", version="9", features=VERSION, heads={"request.amount": ALWAYS})
    bank = TicketRules.load(TicketSettings(), CATALOGUE, facts=model, currency="GBP")
    assert normals(ticket("C: Two eighty-nine ninety.", "en", bank), "request.amount") == ["289.90 GBP"]


def test_one_amount_in_pounds_does_not_outdo_the_country():
    lines = "C: The Interac to my landlord in Saskatoon, eleven hundred. My aunt sent £40."
    assert "1100.00 CAD" in _named("request.amount", lines, "en")


@pytest.mark.parametrize(
    ("lines", "amount"),
    [
        ("C: The Interac to my landlord, $1850, in Saskatoon.", "1850.00 CAD"),
        ("C: I pay the tradies by PayID. Twelve hundred dollars is stuck.", "1200.00 AUD"),
        ("C: My council tax went out twice. A hundred and forty, twice.", "140.00 GBP"),
        ("C: My Interac is stuck, the American one, 500 us dollars.", "500.00 USD"),
        ("C: We were in Toronto for a week. They took $60 at the airport.", "60.00 USD"),
    ],
)
def test_dollars_and_bare_numbers_are_those_of_the_country_that_the_call_speaks_of(lines: str, amount: str):
    assert amount in _named("request.amount", lines, "en")


def test_a_bank_that_names_its_currency_is_believed():
    lines, heads = "C: The Interac to my landlord, $1850, in Saskatoon.\nA: I see.", {"request.amount": ALWAYS}
    model = LinearModel(format=1, name="facts", version="9", features=VERSION, heads=heads)
    bank = TicketRules.load(TicketSettings(), CATALOGUE, facts=model, currency="USD")
    assert normals(ticket(lines, "en", chooser(heads)), "request.amount") == ["1850.00 CAD"]
    assert normals(ticket(lines, "en", bank), "request.amount") == ["1850.00 USD"]
    assert bank.hash != chooser(heads).hash


def test_who_names_a_branch_names_the_channel_as_well():
    assert _named("request.channel", "C: 我在望京支行办的。") == ["branch"]


def test_secrets_are_no_candidates():
    assert _named("request.amount", "C: 我的卡号尾号是6628，密码忘了。") == []


def test_the_hash_of_the_rules_tells_models_apart():
    one, other = chooser({"request.amount": LARGEST}), chooser({"request.amount": NEVER})
    assert len({RULES.hash, one.hash, other.hash}) == 3


def test_the_bundled_model_chooses():
    found = ticket(
        """
        A: Thornmere Bank, how can I help?
        C: There's a payment on my card from yesterday I don't know, sixty-four pounds ninety-nine.
        A: I see it, sixty-four pounds ninety-nine. Your balance is two thousand and ten pounds.
        C: Right. I get paid on the twentieth.
        A: The disputes team will ring you by noon tomorrow.
        C: Thanks, bye.
        A: Bye now.
        """,
        "en",
        BUNDLED,
    )
    assert normals(found, "request.amount") == ["64.99 GBP"]
    assert normals(found, "request.date") == ["2026-11-11"]
    assert found.fields["request.amount"][0].source.startswith("ticket-facts@")


def test_without_learned_models_the_rules_choose():
    without = load_ticket_rules(Settings.model_validate({"tickets": {"judge": False}}), CATALOGUE)
    assert (without.facts, without.hash) == (None, RULES.hash)


@pytest.mark.parametrize("change", BROKEN)
def test_a_broken_model_is_a_clear_error(change: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert_refused("facts", BUNDLED.facts, change, tmp_path, monkeypatch)


TURNS = st.lists(
    st.sampled_from(
        [
            "C: 我昨天转了五千块。",
            "A: 是五千块吗？",
            "C: 不对，是五千五。",
            "A: 三天之内给您回电话。",
            "C: 我在望京支行办的。",
            "A: 好的。",
        ]
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=25)
@given(TURNS)
def test_values_were_said_and_every_prefix_of_a_call_has_a_ticket(turns: list[str]):
    events = events_of("\n".join(turns))
    for end in [place + 1 for place, event in enumerate(events) if isinstance(event, Turn)]:
        fold, _ = folded(events[:end], BUNDLED)
        for values in fold.fields.values():
            assert all(0 <= value.confidence <= 1 for value in values)
    found = ticket("\n".join(turns), rules=BUNDLED)
    for value in found.fields.get("request.amount", ()):
        assert value.evidence
        assert value.normal in ("5000.00 CNY", "5500.00 CNY")
    for value in found.fields.get("request.date", ()):
        assert date.fromisoformat(value.normal)


def _named(name: str, lines: str, language: str = "zh") -> list[str]:
    """The candidates for a field."""
    return list(_rows(name, lines, language))


def _rows(name: str, lines: str, language: str = "zh") -> dict[str, set[str]]:
    """The candidates for a field, each with the names of its traits."""
    fold, _ = folded(events_of(lines, language))
    spec = next(spec for spec in RULES.fields if spec.name == name)
    return {row.one.normal: set(row.traits) for row in field_rows(spec, fold.look().call, {})}
