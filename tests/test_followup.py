"""What a later call tells of a promise: rules without a database."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcore.tickets.followup import FollowupRules, LaterCall, Owed, Said

RULES = FollowupRules.load()
DUE = "2026-11-13T15:00"


def later(*lines, day="2026-11-16", topics=("credit_card.fee",), intents=(), promises=()):
    said = []
    for number, line in enumerate(lines):
        speaker, _, text = line.partition(": ")
        said.append(Said(number + 1, {"A": "agent", "C": "customer"}.get(speaker, "unknown"), text, 6000 * number))
    return LaterCall("later", day, topics, intents, promises, tuple(said))


def judged(call, kind="call_back", by="agent", due=DUE, topic="credit_card.bill"):
    verdict = RULES.judge(Owed(kind, by, due, topic), call)
    return verdict.status if verdict else None


@pytest.mark.parametrize(
    "line",
    [
        "A: 您好，上次答应给您回电话，现在跟您说一下结果。",
        "A: 您好，这里是江城银行，给您回个电话。",
        "A: 我来给您做个回访。",
        "A: Good morning, I'm calling you back about the annual fee.",
        "A: Hello, as I promised I have an update for you.",
    ],
)
def test_the_call_back_itself_keeps_the_promise(line):
    assert judged(later(line, "C: 好的。")) == "kept"


@pytest.mark.parametrize(
    "line",
    [
        "A: 您好，请问有什么可以帮您？",
        "A: 我们会尽快给您回电。",
        "A: We will call you back tomorrow.",
        "C: 你们给我回个电话。",
    ],
)
def test_a_call_that_is_no_call_back_keeps_nothing(line):
    assert judged(later(line)) is None


@pytest.mark.parametrize(
    "line",
    [
        "C: 上次说给我回电话，到现在都没人打。",
        "C: 怎么还没有人联系我？",
        "C: Nobody has called me about it.",
        "C: I'm still waiting, I haven't heard from anyone.",
    ],
)
def test_who_has_waited_in_vain_shows_that_it_was_broken(line):
    call = later("A: 您好。", line)
    assert judged(call) == "broken"
    assert judged(call, due="2026-11-20") is None, "its time has not come"
    assert judged(call, due="2026-11-16T09:00") is None, "of the day itself nobody can tell"
    assert judged(call, due="") is None
    assert judged(later(line, topics=("loan.mortgage",))) is None, "another matter"


def test_urging_counts_without_the_words():
    assert judged(later("C: 年费的事。", intents=("urge",))) == "broken"
    assert judged(later("C: 年费的事。", intents=("ask_info",))) is None


@pytest.mark.parametrize(
    "line",
    ["A: 您的年费已经给您退好了。", "A: 核实结果是系统多扣了。", "A: The fee has been refunded to your account."],
)
def test_the_result_keeps_the_promise(line):
    assert judged(later("C: 你好。", line), kind="refund", due="") == "kept"
    assert judged(later("C: 你好。", line), kind="refund", topic="loan.mortgage") is None


@pytest.mark.parametrize(
    "line", ["A: 还没有处理结果。", "A: 有结果了会通知您。", "A: Once it has been refunded, you get a text."]
)
def test_a_result_that_is_not_there_yet_keeps_nothing(line):
    assert judged(later(line), kind="handle", due="") is None


def test_the_same_promised_again_is_repeated():
    again = later("A: 好的。", promises=(("agent", "call_back"),), day="2026-11-13")
    assert judged(again) == "repeated"
    assert judged(again, kind="refund") is None


def test_a_broken_promise_is_broken_even_when_it_is_made_again():
    call = later("C: 到现在都没人打电话。", "A: 我们会给您回电。", promises=(("agent", "call_back"),))
    assert judged(call) == "broken"


def test_a_customer_who_calls_has_kept_the_promise_to_ring():
    assert judged(later("C: 你好，还是年费的事。"), by="customer", due="") == "kept"
    assert judged(later("C: 你好，房贷的事。", topics=("loan.mortgage",)), by="customer", due="") is None
    assert judged(later("A: 您好，给您回个电话。"), by="customer", due="") is None, "the bank has rung"


def test_what_the_customer_promised_is_kept_or_repeated_and_never_broken():
    assert judged(later("C: 材料我昨天已经寄出了。"), kind="document", by="customer") == "kept"
    assert judged(later("C: I've sent the form."), kind="document", by="customer") == "kept"
    assert (
        judged(later("C: 我还没寄。", promises=(("customer", "document"),)), kind="document", by="customer")
        == "repeated"
    )
    assert judged(later("C: 怎么还没有结果？"), kind="document", by="customer") is None


def test_the_place_is_told():
    verdict = RULES.judge(Owed("call_back", "agent", DUE), later("A: 您好。", "A: 之前答应给您回电话。"))
    assert verdict.because == "called back, turn 2 at 00:06"


@given(st.text(), st.sampled_from(["agent", "customer"]), st.sampled_from(["", DUE]))
def test_any_words_can_be_judged(text, by, due):
    RULES.judge(Owed("call_back", by, due), later(f"A: {text}", f"C: {text}", text))
