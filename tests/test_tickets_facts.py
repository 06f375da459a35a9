"""Which of several facts a ticket takes: whose name it is, what the matter is about."""

from __future__ import annotations

import pytest
from ticket_tools import normals, ticket


def test_the_name_by_which_the_agent_calls_the_customer_is_theirs() -> None:
    found = ticket(
        """
        A: Harbour Bank, you're through to Colin.
        C: I've had a letter from Mr Garside in your Leeds branch.
        A: Could I take your name?
        C: Imogen Thackeray.
        A: Thank you, Ms Thackeray.
        C: And Mr Garside never rang.
        """,
        "en",
    )
    assert normals(found, "customer.name") == ["Imogen Thackeray"]


def test_a_name_before_speaking_is_the_agents() -> None:
    found = ticket("A: Good morning, Harbour Bank, Lorraine speaking.\nC: I lost my card.", "en")
    assert "customer.name" not in found.fields


def test_a_name_that_the_customer_agrees_to_outdoes_others() -> None:
    found = ticket("""
        C: 我转错了，两个人都姓罗。
        A: 户名是郑晓燕，对吗？
        C: 对，是我。
        C: 那个罗师傅不肯退。
        """)
    assert normals(found, "customer.name") == ["郑晓燕"]


@pytest.mark.parametrize(
    ("lines", "amount"),
    [
        ("C: 我卡里被刷了一万多！\nA: 加起来一万一千三百二十块。", "11320.00 CNY"),
        ("C: 我账上的钱，六十万，怎么取不出来？\nA: 一天最多取两万。\nC: 两万够干啥？", "600000.00 CNY"),
        ("A: 金额十五万六。\nC: 什么十五万六，十八万六！\nA: 抱歉，是十八万六。", "186000.00 CNY"),
        ("C: 先是两千，又是两千，还有一千四，一共五千四。", "5400.00 CNY"),
        ("C: 我的贷款为什么拒了？\nA: 您申请15万，没有通过。", "150000.00 CNY"),
    ],
)
def test_the_amount_of_the_matter(lines: str, amount: str) -> None:
    assert normals(ticket(lines), "request.amount") == [amount]


def test_what_only_the_agent_names_is_no_amount_of_the_matter() -> None:
    assert "request.amount" not in ticket("C: 我想问问信用卡年费。\nA: 刷满五千块就免了。").fields


@pytest.mark.parametrize(
    ("lines", "dates"),
    [
        ("C: 我昨天转的钱没到，我礼拜天还要用。", ["2026-11-11"]),
        ("C: 我那张存单这个月二十号到期。", ["2026-11-20"]),
        ("C: 礼拜天我孙子来帮我弄。", []),
        ("C: 刚才有人骗我念了验证码，钱没了！", ["2026-11-12"]),
        ("C: 今天没个说法我就投诉。", []),
        ("C: 今天上午我去取了钱，保安态度太差。", ["2026-11-12"]),
    ],
)
def test_the_day_of_the_matter(lines: str, dates: list[str]) -> None:
    found = ticket(lines)
    assert (normals(found, "request.date") if "request.date" in found.fields else []) == dates


def test_a_branch_that_only_the_agent_names_is_the_matters() -> None:
    found = ticket("C: 我爸的存折取不出来。\nA: 我派到渭河路支行的主管那儿了。")
    assert normals(found, "request.branch") == ["渭河路支行"]


def test_the_nearest_branch_is_not_the_matters() -> None:
    assert "request.branch" not in ticket("C: 卡在哪儿办？\nA: 离您最近的是渭河路支行。").fields


def test_messages_are_no_channel_of_the_matter() -> None:
    assert "request.channel" not in ticket("C: 一条短信都没有就扣了我的钱！").fields
    assert normals(ticket("C: 我在手机银行上转错了，短信也没收到。"), "request.channel") == ["app"]


@pytest.mark.parametrize(
    ("line", "name"),
    [("C: 我在手机银行上转错了。", "手机银行"), ("C: I sent it in your app by mistake.", "mobile banking")],
)
def test_a_channel_is_shown_by_its_name(line: str, name: str) -> None:
    (value,) = ticket(line, language="zh" if "我" in line else "en").fields["request.channel"]
    assert (value.value, value.normal) == (name, "app")


def test_the_card_of_the_other_side_is_not_the_customers() -> None:
    found = ticket("C: 我尾号六六二八的卡转出去的，对方卡尾号八八二三。")
    assert normals(found, "customer.card_tail") == ["6628"]
