"""Whose a matter is after the call, and whether the customer leaves: what words tell holds, whatever is judged."""

from __future__ import annotations

import pytest
from ticket_tools import CATALOGUE, normals, ticket

from callcore.config import TicketSettings
from callcore.tickets import Ticket, TicketRules
from callcore.tickets.judge import VERSION
from callcore.tickets.linear import Head, LinearModel

RESOLUTIONS = ("solved", "transferred", "promised", "unresolved", "abandoned")
RISKS = ("none", "possible", "stated")


def verdict(value: str, of: tuple[str, ...]) -> Head:
    """A head that always gives the same answer."""
    bias = tuple(4.0 if one == value else 0.0 for one in of)
    return Head(labels=of, bias=bias, weights={"turns": tuple(0.0 for _ in of)})


def judged(lines: str, language: str, resolution: str = "solved", risk: str = "none") -> Ticket:
    """The ticket of a call of which a model judges so."""
    heads = {"handling.resolution": verdict(resolution, RESOLUTIONS), "caller.churn_risk": verdict(risk, RISKS)}
    judge = LinearModel(format=1, name="judge", version="9", features=VERSION, heads=heads)
    return ticket(lines, language, TicketRules.load(TicketSettings(), CATALOGUE, judge))


def call(agent: str, language: str, customer: str = "") -> str:
    """A call about a card that did not arrive, in which the sides say this."""
    if language == "zh":
        return f"""
            A: 您好，请问有什么可以帮您？
            C: 我的信用卡丢了，补的那张到今天还没到。{customer}
            A: {agent}
            C: 行，那我等着吧。
        """
    return f"""
        A: Good morning, how can I help?
        C: I lost my card and the new one has not arrived. {customer}
        A: {agent}
        C: All right, I'll wait.
    """


@pytest.mark.parametrize("verdict_given", ["solved", "promised", "unresolved"])
@pytest.mark.parametrize(
    ("agent", "language"),
    [
        ("支付结算部的同事明天中午十二点前给您回电话。", "zh"),
        ("这笔要清算中心查，专员今天下午五点前联系您。", "zh"),
        ("客户服务与消保部三个工作日内书面答复。", "zh"),
        ("Our payments team has it and they'll ring you before noon tomorrow.", "en"),
        ("I've passed it to the payments desk.", "en"),
        ("Somebody from payments will call you by Friday.", "en"),
        ("You'd hear from her on Monday, it's hers now.", "en"),
        ("Mrs Oduya phones you tomorrow at ten.", "en"),
    ],
)
def test_what_others_have_taken_over_is_transferred(agent: str, language: str, verdict_given: str):
    found = judged(call(agent, language), language, verdict_given)
    assert normals(found, "handling.resolution") == ["transferred"]
    (owner,) = normals(found, "followup.owner")
    assert owner != "agent"
    assert [owner] == normals(found, "handling.transfer_route")


@pytest.mark.parametrize(
    ("agent", "language"),
    [
        ("我明天中午十二点前给您回电话。", "zh"),
        ("我跟清算的同事核一下，今天下午我打给您。", "zh"),
        ("I'll ask our payments people and I'll call you before noon.", "en"),
        ("You'll hear from me on Monday.", "en"),
    ],
)
def test_who_gets_back_themselves_has_the_matter(agent: str, language: str):
    found = judged(call(agent, language), language, "transferred")
    assert normals(found, "handling.resolution") == ["promised"]
    assert normals(found, "followup.owner") == ["agent"]
    assert "handling.transfer_route" not in found.fields


@pytest.mark.parametrize(
    ("agent", "language"),
    [
        ("要是有自称我行的人打给您，千万别信。卡已经寄到了。", "zh"),
        ("我们的人没给您打过电话。卡已经寄到了。", "zh"),
        ("It has arrived. If anybody calls you about it, hang up.", "en"),
        ("It has arrived. I can't say they'll write to you.", "en"),
    ],
)
def test_calls_that_nobody_promises_hand_nothing_on(agent: str, language: str):
    assert normals(judged(call(agent, language), language), "handling.resolution") == ["solved"]


def test_a_broken_off_call_stays_one():
    found = judged(call("Our payments team has it and they'll ring you.", "en"), "en", "abandoned")
    assert normals(found, "handling.resolution") == ["abandoned"]


@pytest.mark.parametrize(("agent", "language"), [("这个要再看一下。", "zh"), ("It has to be looked into.", "en")])
def test_a_transfer_is_filled_in_where_no_words_hand_it_on(agent: str, language: str):
    found = judged(call(agent, language), language, "transferred")
    assert found.fields.keys() >= {"handling.transfer_route", "handling.transfer_contact", "followup.due"}
    assert normals(found, "handling.transfer_route") == normals(found, "handling.department")
    assert normals(found, "followup.owner") == normals(found, "handling.department")


@pytest.mark.parametrize(
    ("customer", "language", "risk"),
    [
        ("再这样我就把存款全取出来。", "zh", ["stated"]),
        ("我在你们这儿存了十八年。", "zh", ["possible"]),
        ("I've banked with you since I left school.", "en", ["possible"]),
        ("骗子把我妈的钱都取走了。", "zh", ["none"]),
        ("My landlord has been with me for years.", "en", ["none"]),
    ],
)
def test_words_of_leaving_hold_where_none_was_judged(customer: str, language: str, risk: list[str]):
    agent = "已经寄到了。" if language == "zh" else "It has arrived."
    found = judged(call(agent, language, customer), language)
    assert normals(found, "caller.churn_risk") == risk
    assert normals(found, "caller.retention_tried") == ([] if risk == ["none"] else ["no"])


@pytest.mark.parametrize(
    ("agent", "language", "tried"),
    [
        ("请您再考虑一下，存款先留着。", "zh", "yes"),
        ("您给我们一次改正的机会。", "zh", "yes"),
        ("I'd hate to lose you over this.", "en", "yes"),
        ("Before you close anything, I could offer you a year without fees.", "en", "yes"),
        ("I'm afraid there's nothing that I can offer you.", "en", "no"),
        ("好的，卡已经寄到了。", "zh", "no"),
    ],
)
def test_what_is_said_to_keep_a_customer(agent: str, language: str, tried: str):
    found = judged(call(agent, language), language, risk="stated")
    assert normals(found, "caller.retention_tried") == [tried]
