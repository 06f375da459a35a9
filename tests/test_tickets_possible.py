"""Days, shops, branches, channels and sums that no entity tells may be chosen for a ticket all the same."""

from __future__ import annotations

import pytest
from ticket_tools import CATALOGUE, call_view, normals, ticket

from callcore.config import Settings, TicketSettings
from callcore.loading import load_ticket_rules
from callcore.tickets import TicketRules
from callcore.tickets.candidates import candidates
from callcore.tickets.linear import Head, LinearModel
from callcore.tickets.traits import VERSION

SPECS = {spec.name: spec for spec in TicketRules.load(TicketSettings(), CATALOGUE).fields}
BUNDLED = load_ticket_rules(Settings(), CATALOGUE)


def named(field: str, lines: str, language: str = "en") -> list[str]:
    """The values that a field may take, of a call on Thursday 2026-11-12."""
    return [one.normal for one in candidates(SPECS[field], call_view(lines, language))]


@pytest.mark.parametrize(
    ("field", "lines", "language", "value"),
    [  # a day to come may be the one before; shops need be in no list
        ("request.date", "C: The man came on Saturday and took the lot.", "en", "2026-11-07"),
        ("request.date", "C: It went in last Tuesday.", "en", "2026-11-03"),
        ("request.date", "C: It was taken on the twentieth.", "en", "2026-10-20"),
        ("request.date", "C: The box was opened on the third of March.", "en", "2026-03-03"),
        ("request.date", "C: 周六他们来过了。", "zh", "2026-11-07"),
        ("request.date", "C: 二十号就扣了。", "zh", "2026-10-20"),
        ("request.merchant", "C: Ninety pounds to Marrow Lane Cycles, twice.", "en", "Marrow Lane Cycles"),
        ("request.merchant", "A: It's from the Gull and Anchor, on Friday.", "en", "Gull and Anchor"),
        ("request.merchant", "C: There's sixty dollars to Brightwater Media LLC.", "en", "Brightwater Media"),
        ("request.merchant", "C: I was in Tesco when it happened.", "en", "Tesco"),
        ("request.merchant", "A: 商户叫“青禾书吧”，您有印象吗？", "zh", "青禾书吧"),
        ("request.merchant", "C: 扣款的是一家叫青禾书苑的。", "zh", "青禾书苑"),
    ],
)
def test_what_no_entity_names_may_be_chosen(field: str, lines: str, language: str, value: str):
    assert value in named(field, lines, language)


@pytest.mark.parametrize(
    ("lines", "days"),
    [
        ("C: I'll pop in next Tuesday.", ["2026-11-17"]),
        ("C: It was yesterday.", ["2026-11-11"]),
        ("C: On Thursday the fifth of November it left.", ["2026-11-05"]),
        ("C: I paid on the ninth.", ["2026-11-09"]),
        ("C: It starts on the fourth of January 2027.", ["2027-01-04"]),
    ],
)
def test_days_that_are_told_for_sure_stay_alone(lines: str, days: list[str]):
    assert named("request.date", lines) == days


@pytest.mark.parametrize(
    "lines",
    [
        "C: I rang on Monday and again in March.",
        "A: Good morning. How can I help?",
        "C: Mrs Oakes told me so.",
        "C: And then it stopped. When I looked it was gone.",
    ],
)
def test_words_that_only_begin_a_sentence_or_name_a_day_are_no_shops(lines: str):
    assert named("request.merchant", lines) == []


@pytest.mark.parametrize(
    ("lines", "branch"),
    [
        ("C: Your cashier in Ambleforth read it out.", "Ambleforth"),
        ("C: The lady at your Quarry Street office said so.", "Quarry Street"),
    ],
)
def test_branches_may_be_named_without_the_word(lines: str, branch: str):
    assert branch in named("request.branch", lines)


def test_a_road_is_no_branch_in_chinese():
    assert named("request.branch", "C: 我走石鼓路，到望京支行办的。", "zh") == ["望京支行"]


@pytest.mark.parametrize(
    ("lines", "language", "channel"),
    [
        ("C: It swallowed my card.", "en", "atm"),
        ("C: Somebody rang me at work about it.", "en", "phone"),
        ("C: The code never comes.", "en", "sms"),
        ("C: The clerk shrugged at me.", "en", "branch"),
        ("C: 手机上点不开。", "zh", "app"),
        ("C: 机器没吐钱。", "zh", "atm"),
        ("C: 催收天天骚扰我。", "zh", "phone"),
    ],
)
def test_channels_may_be_told_by_what_happens_there(lines: str, language: str, channel: str):
    assert channel in named("request.channel", lines, language)
    assert "request.channel" not in ticket(lines, language).fields, "without a model this is too little"


@pytest.mark.parametrize(
    ("lines", "language", "amounts"),
    [
        ("C: Raise it from £3,000 to £4,500, please.", "en", {"3000.00 GBP", "4500.00 GBP"}),
        ("C: I'd need 12,000, I think.", "en", {"12000.00 USD"}),
        ("C: 把那六百四十二给我要回来。", "zh", {"642.00 CNY"}),
    ],
)
def test_sums_that_nothing_marks_as_money_may_be_chosen(lines: str, language: str, amounts: set[str]):
    assert amounts <= set(named("request.amount", lines, language))


@pytest.mark.parametrize(
    "lines", ["C: 我打了六百四十二个电话。", "C: 尾号六百四十二。", "C: 第一百二十五号。", "C: 我今年八十二岁了。"]
)
def test_numbers_that_count_are_no_sums(lines: str):
    assert named("request.amount", lines, "zh") == []


def test_what_may_be_a_shop_is_no_value_without_a_model():
    lines = "C: Ninety pounds to Marrow Lane Cycles."
    assert "request.merchant" not in ticket(lines, "en").fields
    head = Head(labels=("no", "yes"), bias=(0.0, -2.0), weights={"word.to": (0.0, 4.0)})
    model = LinearModel(format=1, name="facts", version="9", features=VERSION, heads={"request.merchant": head})
    rules = TicketRules.load(TicketSettings(), CATALOGUE, facts=model)
    (shop,) = ticket(lines, "en", rules).fields["request.merchant"]
    assert (shop.normal, [place.words for place in shop.evidence]) == ("Marrow Lane Cycles", ["Marrow Lane Cycles"])


def test_the_bundled_model_tells_the_shop_of_a_payment():
    lines = """
        A: Fernhollow Bank, how can I help?
        C: There's a payment on my card I don't know, to Marrow Lane Cycles, ninety-two pounds.
        A: I see it, ninety-two pounds to Marrow Lane Cycles, on the ninth.
        C: I've never heard of them. That's fraud.
        A: I'll block the card and raise a dispute.
        """
    assert normals(ticket(lines, "en", BUNDLED), "request.merchant") == ["Marrow Lane Cycles"]
