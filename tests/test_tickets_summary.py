"""The summary: made of what was said, and refused where it says anything else, whoever wrote it."""

from __future__ import annotations

import json

import httpx2
import pytest
from hypothesis import given, settings
from test_tickets_order import CALLS
from ticket_tools import events_of, normals, ticket

from callcore.config import TicketSettings
from callcore.errors import RewriteError
from callcore.record import fold
from callcore.rewrite import Rewriter
from callcore.tickets.summary import check_summary, joined
from callcore.types import Turn

CALL = """
A: 您好，请问有什么可以帮您？
C: 我的信用卡丢了，上个月扣了我三百块年费，我叫韩立新。
A: 韩先生，已经为您办理了挂失，三个工作日内给您回电。
C: 谢谢，再见。
"""


def turns_of(lines: str, language: str = "zh") -> list[Turn]:
    return fold(events_of(lines, language)).turns


def test_says_who_wants_what_and_what_was_done() -> None:
    found = ticket(CALL)
    text = joined([part.text for part in found.summary], "zh")
    assert "信用卡丢了" in text
    assert "回电" in text
    assert "结果：" in text
    assert {part.about for part in found.summary} >= {"matter", "promised", "result"}
    assert all(part.evidence for part in found.summary if part.about != "result")
    assert found.first("request.summary").value == text  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("lines", "language", "begins"),
    [
        ("C: 我要办冻结，我的卡被盗刷了三千块。", "zh", "客户反映盗刷与不明交易："),
        ("C: 我的信用卡丢了，帮我办挂失。", "zh", "客户要办理信用卡挂失："),
        ("C: I lost my credit card, please block it.", "en", "The customer reports something (lost credit card):"),
    ],
)
def test_nobody_orders_what_befell_them(lines: str, language: str, begins: str) -> None:
    found = ticket(lines, language)
    assert found.summary[0].text.startswith(begins)


@given(CALLS)
@settings(max_examples=40)
def test_own_summaries_pass_the_check(lines: str) -> None:
    text = joined([part.text for part in ticket(lines).summary], "zh")
    assert check_summary(text, turns_of(lines), "zh", "2026-11-12") == []


@pytest.mark.parametrize(
    "text",
    [
        "客户丢了信用卡，被扣三百块年费，坐席已挂失，三个工作日内回电。",
        "客户反映被扣300元年费。",
        "韩先生挂失了信用卡。",
    ],
)
def test_other_words_for_what_was_said_pass(text: str) -> None:
    assert check_summary(text, turns_of(CALL), "zh", "2026-11-12") == []


@pytest.mark.parametrize(
    ("text", "strange"),
    [
        ("客户被扣五百块年费。", "五百块"),
        ("客户被扣 480 元。", "480"),
        ("王小明先生挂失了信用卡。", "王小明"),
        ("十二月三号给客户回电。", "十二月三号"),
        ("客户在美团消费。", "美团"),
    ],
)
def test_what_nobody_said_is_found(text: str, strange: str) -> None:
    found = check_summary(text, turns_of(CALL), "zh", "2026-11-12")
    assert any(strange in one or one in strange for one in found)


ENGLISH = "A: Hello.\nC: I lost my card and Amazon charged me eighty nine dollars.\nA: I'll call you back by Friday."


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ("The customer lost a card and was charged $89.00 by Amazon.", True),
        ("The customer was charged $890.", False),
        ("The customer, Peter Hallam, lost a card.", False),
        ("The agent will call back within 24 hours.", False),
    ],
)
def test_english(text: str, fine: bool) -> None:
    assert (check_summary(text, turns_of(ENGLISH, "en"), "en", "2026-11-12") == []) == fine


# --- rewritten by a model on the bank's machine


def rewriter(answer: object, status: int = 200) -> Rewriter:
    def reply(request: httpx2.Request) -> httpx2.Response:
        assert request.url.path == "/v1/chat/completions"
        assert json.loads(request.content)["model"] == "local"
        return httpx2.Response(status, json=answer)

    return Rewriter("http://127.0.0.1:9/v1", "local", 1.0, httpx2.MockTransport(reply))


def said(text: str) -> dict[str, object]:
    return {"choices": [{"message": {"role": "assistant", "content": text}}]}


def test_off_by_default() -> None:
    assert Rewriter.of(TicketSettings()) is None
    assert Rewriter.of(TicketSettings(rewrite_url="http://127.0.0.1:8080/v1/", rewrite_model="m")) is not None


def test_rewritten_summary_takes_the_place_of_the_other() -> None:
    text = "客户信用卡丢失并被扣三百块年费，已挂失，三个工作日内回电。"
    found = rewriter(said(text)).rewrite(ticket(CALL), turns_of(CALL), {})
    assert [part.text for part in found.summary] == [text]
    value = found.first("request.summary")
    assert value is not None
    assert (value.value, value.source) == (text, "model/local")
    assert found.summary[0].evidence


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (said("客户被扣五百块。"), 200),
        (said(""), 200),
        (said("很长" * 400), 200),
        ({"choices": []}, 200),
        ({"error": "busy"}, 200),
        (said("客户来电。"), 500),
    ],
)
def test_what_cannot_be_used_is_refused_without_its_words(answer: dict[str, object], status: int) -> None:
    with pytest.raises(RewriteError) as error:
        rewriter(answer, status).rewrite(ticket(CALL), turns_of(CALL), {})
    assert "五百" not in str(error.value)


def test_server_that_does_not_answer() -> None:
    def reply(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectTimeout("late", request=request)

    slow = Rewriter("http://127.0.0.1:9/v1", "local", 1.0, httpx2.MockTransport(reply))
    with pytest.raises(RewriteError, match="ConnectTimeout"):
        slow.rewrite(ticket(CALL), turns_of(CALL), {})


def test_why_somebody_complains_is_the_turn_that_complains_and_not_the_second_one():
    found = ticket("""
        C: 你们怎么搞的，我的信用卡额度又被降了！
        A: 请问您贵姓？
        C: 我的卡是去年在你们那边柜台上办的。
        A: 好的，我看一下。
        C: 气死我了，打了三次电话都没有人给我一个说法。
        A: 对不起。
        """)
    assert normals(found, "request.category") == ["complaint"]
    (summary,) = found.fields["request.summary"]
    assert "原因：“气死我了，打了三次电话都没有人给我一个说法”" in summary.value


def test_a_promise_is_not_quoted_with_the_masked_read_back_before_it():
    found = ticket("""
        C: 我的信用卡额度怎么被降了？
        A: 后四位报一下。
        C: ****。
        A: ****，好的，我明天下午给您回电。
        """)
    assert "坐席承诺：“好的，我明天下午给您回电”" in joined([part.text for part in found.summary], "zh")


def test_a_short_first_sentence_is_not_all_that_says_what_for():
    found = ticket(
        "C: I lost it. My wallet fell out of my jacket on the tram this morning and my card was in there.",
        "en",
    )
    assert "My wallet fell out of my jacket" in found.summary[0].text
