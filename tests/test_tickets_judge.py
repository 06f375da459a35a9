"""Calls that are over are judged by a model: what it says goes into the ticket, with the places that show it."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ticket_tools import BROKEN, CATALOGUE, RULES, assert_refused, events_of, folded, normals, ticket

import callcore
from callcore.config import Settings, TicketSettings
from callcore.loading import load_ticket_rules
from callcore.tickets import TicketRules
from callcore.tickets.judge import VERSION
from callcore.tickets.linear import Head, LinearModel
from callcore.tickets.wording import FEWEST
from callcore.types import CallEnded

CALL = """
    C: 我的信用卡丢了，今天就要办，我马上要上飞机。
    A: 我这边看一下。
    C: 气死我了，等了半天！
    A: 已经为您办理了挂失。
    C: 谢谢。
    A: 感谢您的来电，再见。
"""
URGENT = Head(labels=("P1", "P4"), bias=(0.0, 1.0), weights={"intent.report_loss": (2.0, -2.0), "turns": (0.0, 0.0)})


def model(**heads: Head) -> LinearModel:
    return LinearModel(format=1, name="judge", version="9", features=VERSION, heads=heads)


def judged(heads: dict[str, Head], settings: TicketSettings | None = None) -> TicketRules:
    return TicketRules.load(settings or TicketSettings(), CATALOGUE, model(**heads))


def test_a_verdict_is_in_the_ticket_with_its_probability_and_the_words_that_show_it():
    found = ticket(CALL, rules=judged({"handling.severity": URGENT}))
    (severity,) = found.fields["handling.severity"]
    assert severity.normal == "P1"
    assert severity.confidence == pytest.approx(1 / (1 + math.exp(-3 * 0.99)), abs=0.06)
    assert [place.turn for place in severity.evidence] == [1, 3]
    assert severity.source == "judge@9"


@pytest.mark.parametrize(
    ("field", "value", "turns"),
    [
        ("caller.mood_start", "anxious", [2]),
        ("caller.mood_worst", "calm", [2]),
        ("caller.mood_end", "pleased", [6, 4]),
        ("caller.satisfaction", "satisfied", [6, 4]),
        ("handling.authority", "within", [5, 3]),
        ("handling.resolution", "solved", [5, 3]),
        ("handling.resolution", "abandoned", [7, 6]),
    ],
)
def test_a_verdict_is_shown_where_people_look_for_it(field: str, value: str, turns: list[int]):
    lines = """
        A: 您好，请问有什么可以帮您？
        C: 我的信用卡丢了，今天就要办，我马上要上飞机。
        A: 我这边看一下，请您稍等一会儿。
        C: 气死我了，等了半天还没有弄好！
        A: 已经为您办理了挂失，新卡三天内寄给您。
        C: 这下可算放心了，谢谢你啊小姑娘。
        A: 感谢您的来电，祝您一路平安。
        """
    head = Head(labels=(value, "other"), bias=(9.0, 0.0), weights={"turns": (0.0, 0.0)})
    (found,) = ticket(lines, rules=judged({field: head})).fields[field]
    assert found.normal == value
    assert [place.turn for place in found.evidence] == turns


def test_where_the_agent_only_greets_what_weighed_most_shows_the_result():
    weights = {"intent.report_loss": (9.0, 0.0)}
    head = Head(labels=("solved", "other"), bias=(1.0, 0.0), weights=weights)
    (found,) = ticket(
        "A: 您好。\n C: 我的信用卡丢了，已经找到了。", rules=judged({"handling.resolution": head})
    ).fields["handling.resolution"]
    assert [place.turn for place in found.evidence] == [2]


def test_what_shows_a_verdict_has_words_of_its_own():
    lines = """
        A: 您好。
        C: 我的信用卡丢了。
        C: ****，********，**。
        A: 好的。
        C: 嗯。
        """
    seen = {"intent.report_loss": (2.0, -2.0), "mood.calm": (0.5, 0.0), "score.category.inquiry.most": (0.5, 0.0)}
    found = ticket(lines, rules=judged({"handling.severity": Head(labels=("P1", "P4"), bias=(0.0, 0.0), weights=seen)}))
    assert [place.words for value in found.fields["handling.severity"] for place in value.evidence]
    places = [place for values in found.fields.values() for value in values for place in value.evidence]
    assert places
    assert {place.words for place in places}.isdisjoint({"****，********，**。", "嗯。"})


def test_what_the_model_leaves_open_is_for_the_rules():
    with_judge, without = ticket(CALL, rules=judged({"handling.severity": URGENT})), ticket(CALL)
    for name in ("request.category", "caller.mood_worst", "handling.resolution"):
        assert normals(with_judge, name) == normals(without, name) != []


def test_while_the_call_goes_on_the_rules_hold():
    events = [event for event in events_of(CALL) if not isinstance(event, CallEnded)]
    fold, _ = folded(events, judged({"handling.severity": URGENT}))
    by_rules, _ = folded(events)
    assert fold.fields["handling.severity"] == by_rules.fields["handling.severity"]
    assert fold.fields["handling.severity"][0].normal != "P1"


def test_a_bank_with_rules_of_its_own_has_its_severity_by_them(tmp_path: Path):
    own = tmp_path / "rules.toml"
    bundled = Path(callcore.__file__).parent / "tickets" / "data" / "rules.toml"
    own.write_text(bundled.read_text("utf-8"), "utf-8")
    rules = judged({"handling.severity": URGENT}, TicketSettings(rules_file=own))
    assert normals(ticket(CALL, rules=rules), "handling.severity") == normals(ticket(CALL), "handling.severity")


def test_a_verdict_of_nothing_leaves_the_field_empty():
    nothing = Head(labels=("", "satisfied"), bias=(5.0, 0.0), weights={})
    assert normals(ticket(CALL, rules=judged({"caller.satisfaction": nothing})), "caller.satisfaction") == []


def test_codes_are_taken_one_by_one_and_the_main_topic_comes_first():
    calls = "C: 我的信用卡丢了，怎么办？\nC: 还有我的额度是多少？" + "\nA: 好的。" * FEWEST
    main = Head(labels=("no", "yes"), bias=(0.0, 0.0), weights={"code.credit_card.limit": (0.0, 3.0)})
    all_ = Head(labels=("no", "yes"), bias=(0.0, -1.0), weights={"best": (0.0, 3.0)})
    found = ticket(calls, rules=judged({"request.topic": main, "request.topics": all_}))
    assert normals(found, "request.topic") == ["credit_card.limit"]
    assert normals(found, "request.topics") == ["credit_card.limit", "credit_card.lost"]
    strict = all_.model_copy(update={"least": 0.9})
    found = ticket(calls, rules=judged({"request.topic": main, "request.topics": strict}))
    assert normals(found, "request.topics") == ["credit_card.limit"]


def test_fraud_that_a_customer_surely_tells_of_is_among_the_topics(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("callcore.tickets.matter.SURE_GRAVE", 0.8)  # the probability of scripted labels
    lost = Head(labels=("no", "yes"), bias=(0.0, -3.0), weights={"code.credit_card.lost": (0.0, 6.0)})
    found = ticket(
        "C: 我的信用卡丢了。\nC: 昨天还有一笔被盗刷的。" + "\nA: 好的。" * FEWEST,
        rules=judged({"request.topic": lost, "request.topics": lost}),
    )
    assert normals(found, "request.topics") == ["credit_card.lost", "fraud.unauthorised"]


def test_of_short_calls_rules_choose_the_codes():
    never = Head(labels=("no", "yes"), bias=(0.0, -9.0), weights={}, least=0.5)
    found = ticket(
        "C: 我的信用卡丢了，怎么办？\nA: 好的。", rules=judged({"request.topic": never, "request.topics": never})
    )
    assert normals(found, "request.topic") == ["credit_card.lost"]


def test_tickets_of_different_models_are_told_apart_by_the_hash_of_their_rules():
    one, other = (
        judged({"handling.severity": URGENT}),
        judged({"caller.type": Head(labels=("a", "b"), bias=(0, 1), weights={})}),
    )
    assert len({RULES.hash, one.hash, other.hash}) == 3


def test_the_bundled_model_judges_every_call_that_is_over():
    found = ticket(CALL, rules=load_ticket_rules(Settings(), CATALOGUE))
    for name in ("request.category", "handling.severity", "handling.authority", "handling.resolution", "caller.type"):
        assert normals(found, name), name


@pytest.mark.parametrize("change", BROKEN)
def test_a_broken_model_is_a_clear_error(change: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert_refused("judge", model(**{"caller.type": URGENT}), change, tmp_path, monkeypatch)


@given(st.dictionaries(st.sampled_from(["turns", "intent.report_loss", "unknown"]), st.floats(-50, 50)))
def test_probabilities_add_up_whatever_the_signs(signs: dict[str, float]):
    likely = URGENT.probabilities(signs)
    assert sum(likely.values()) == pytest.approx(1)
    assert likely == URGENT.probabilities({name: value for name, value in signs.items() if name != "unknown"})


def test_a_head_with_a_weight_too_few_is_refused():
    with pytest.raises(ValueError, match="a weight for each label"):
        Head(labels=("a", "b"), bias=(0.0,), weights={})


def test_a_bank_may_leave_everything_to_rules():
    by_rules = load_ticket_rules(Settings(tickets=TicketSettings(judge=False)), CATALOGUE)
    assert by_rules.hash == RULES.hash
    sources = {value.source for values in ticket(CALL, rules=by_rules).fields.values() for value in values}
    assert not [source for source in sources if source.startswith("ticket-judge")]
