"""What faint scores of many turns add up to over a call, and what a ticket rests on then."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ticket_tools import CATALOGUE, RULES, STARTED, events_of, folded, normals

from callcore.config import TicketSettings
from callcore.tickets import TicketRules
from callcore.tickets.judge import VERSION
from callcore.tickets.linear import Head, LinearModel
from callcore.tickets.pooled import Pool, call_signs
from callcore.tickets.wording import FEWEST
from callcore.types import Understanding

CALL = (
    """
    C: 我想问一件事。
    A: 您请说。
    C: 上个月那笔钱。
    A: 我看一下。
    C: 一直没有动静。
"""
    + "    A: 嗯。\n" * FEWEST
)
CODE = "transfer.domestic"
WEIGHS_SUMS = Head(labels=("no", "yes"), bias=(0.0, -1.0), weights={"score.customer.sum": (0.0, 5.0)}, least=0.5)


def scored(*scores: dict[str, float], in_scope: float = 1.0) -> list:
    """The call, whose turns say nothing for sure; ``scores``: of topics, of the customer's turns in order."""
    left = iter(scores)
    events = []
    for event in events_of(CALL):
        if isinstance(event, Understanding):
            of_customer = {"topic": next(left, {})} if event.channel == 1 else {}
            event = replace(event, topics=(), intents=(), category=None, scores=of_customer, in_scope=in_scope)
        events.append(event)
    return events


def view(events):
    fold = RULES.fold(STARTED)
    for event in events:
        fold.absorb(event)
    return fold.look().call


def test_faint_scores_of_several_turns_outweigh_those_of_one():
    faint = Pool.of(view(scored({CODE: 0.3, "loan.personal": 0.4}, {CODE: 0.3}, {CODE: 0.3})), "topic").signs()
    assert faint[CODE]["score.customer.sum"] > faint["loan.personal"]["score.customer.sum"]
    assert faint[CODE]["score.customer.most"] < faint["loan.personal"]["score.customer.most"]
    assert "score.agent.sum" not in faint[CODE]


def test_what_is_no_business_of_a_bank_counts_less():
    inside, outside = (
        Pool.of(view(scored({CODE: 0.6}, in_scope=share)), "topic").signs()[CODE] for share in (1.0, 0.1)
    )
    assert outside["score.customer.sum"] < inside["score.customer.sum"] / 4


def test_a_topic_that_no_turn_is_sure_of_rests_on_the_turns_that_score_it_highest():
    rules = TicketRules.load(
        TicketSettings(), CATALOGUE,
        LinearModel(format=1, name="judge", version="9", features=VERSION,
                    heads={"request.topic": WEIGHS_SUMS, "request.topics": WEIGHS_SUMS}),
    )  # fmt: skip
    events = scored({CODE: 0.2}, {CODE: 0.45}, {"loan.personal": 0.02})
    fold, _ = folded(events, rules)
    found = fold.ticket()
    assert normals(found, "request.topic") == [CODE]
    (topic,) = found.fields["request.topic"]
    assert [place.turn for place in topic.evidence] == [1, 3]
    assert topic.source == "judge@9"


def test_turns_read_by_an_older_callcore_give_what_they_were_sure_of():
    events = [
        replace(event, scores={}) if isinstance(event, Understanding) else event
        for event in events_of("C: 我的信用卡丢了。\n A: 好的。")
    ]
    call = view(events)
    assert Pool.of(call, "topic").signs()["credit_card.lost"]["score.customer.most"] == pytest.approx(0.8 * 0.95)
    assert list(call_signs(call.customer)) == []


def test_what_has_support_keeps_it():
    call = view(events_of("C: 我的信用卡丢了。\n A: 好的。"))
    known = {"credit_card.lost": object()}
    assert Pool.of(call, "topic").supported(known)["credit_card.lost"] is known["credit_card.lost"]


def test_moods_are_told_from_the_beginning_to_the_end():
    def felt(share: float) -> dict[str, dict[str, float]]:
        return {"emotion": {"angry": share}}

    shares = iter((0.9, 0.1, 0.1))
    events = [
        replace(event, scores=felt(next(shares))) if isinstance(event, Understanding) and event.channel == 1 else event
        for event in scored()
    ]
    found = {name: value for name, value, _ in call_signs(view(events).customer)}
    assert found["score.emotion.angry.most"] == pytest.approx(0.9)
    assert found["score.emotion.angry.first"] == pytest.approx(0.5)
    assert found["score.emotion.angry.last"] == pytest.approx(0.1)
