"""Promises of both sides: what counts as one, whose it is, and until when."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ticket_tools import ticket

from callcore.tickets.deadlines import resolve_due, works_in
from callcore.tickets.phrases import Phrase, Phrases

THURSDAY = "2026-11-12"


@pytest.mark.parametrize(
    ("line", "kind", "due"),
    [
        ("A: 我明天下午三点前给您回电。", "call_back", "2026-11-13T15:00"),
        ("A: 三个工作日内会有专员联系您。", "call_back", "2026-11-17"),
        ("A: 我们会在二十四小时内核实并答复您。", "call_back", "2026-11-13"),
        ("A: 新卡五个工作日内寄到您家里。", "send", "2026-11-19"),
        ("A: 这笔钱三个工作日内会退还到您的卡里。", "refund", "2026-11-17"),
        ("C: 我明天去网点办。", "visit", "2026-11-13"),
        ("C: 我今天下午就把材料拍照传给你们。", "document", "2026-11-12"),
        ("C: 月底我先还两千。", "pay", "2026-11-30"),
        ("A: 我明天一早递给审批组，最晚11月18号我打电话给您答复。", "call_back", "2026-11-18"),
        ("A: 我把十二期的明细发到您邮箱，明天就能收到。", "send", "2026-11-13"),
    ],
)
def test_mandarin(line: str, kind: str, due: str) -> None:
    promises = {(promise.kind, promise.due) for promise in ticket(line).promises}
    assert (kind, due) in promises


@pytest.mark.parametrize(
    ("line", "kind", "due"),
    [
        ("A: I'll call you back by Friday.", "call_back", "2026-11-13"),
        ("A: Somebody will be in touch within two working days.", "call_back", "2026-11-16"),
        ("A: We'll send you a new card within five working days.", "send", "2026-11-19"),
        ("A: The amount will be refunded within three working days.", "refund", "2026-11-17"),
        ("A: I'll call you back by five on Monday.", "call_back", "2026-11-16T17:00"),
        ("C: I'll email you the documents tomorrow.", "document", "2026-11-13"),
        ("C: I'll pay the balance tomorrow.", "pay", "2026-11-13"),
    ],
)
def test_english(line: str, kind: str, due: str) -> None:
    promises = {(promise.kind, promise.due) for promise in ticket(line, "en").promises}
    assert (kind, due) in promises


@pytest.mark.parametrize(
    "line",
    [
        "C: 上次你们说给我回电的，到现在没人理。",
        "A: 需要我们给您回电吗？",
        "A: 您有任何问题可以随时联系我们。",
        "A: 感谢您的来电。",
        "C: 我昨天去网点办过了。",
        "A: 已经给您发短信了。",
    ],
)
def test_no_promise(line: str) -> None:
    assert not ticket(line).promises


def test_said_again_counts_once() -> None:
    found = ticket("A: 明天上午十一点前给您回电话。\nC: 明天十一点？\nA: 是的，明天上午十一点前会给您回电话。")
    assert [promise.due for promise in found.promises] == ["2026-11-13T11:00"]


def test_time_given_when_asked() -> None:
    found = ticket("A: 我们会有专员给您回电。\nC: 要多久？\nA: 三个工作日内。")
    assert [promise.due for promise in found.promises] == ["2026-11-17"]


def test_promise_names_whose_it_is_and_cites_it() -> None:
    (promise,) = ticket("A: 我明天给您回电。").promises
    assert promise.by == "agent"
    assert promise.evidence[0].words == "我明天给您回电。"
    assert promise.id == "1-0"


@pytest.mark.parametrize(
    ("normal", "due"),
    [
        ("2026-11-20", "2026-11-20"),
        ("../2026-11-20", "2026-11-20"),
        ("../2026-11-20T15:00", "2026-11-20T15:00"),
        ("15:30", "2026-11-12T15:30"),
        ("P3D/P5D", "2026-11-17"),
        ("3/5 working days", "2026-11-19"),
        ("PT2H", "2026-11-12"),
        ("PT48H", "2026-11-14"),
        ("P1M", "2026-12-12"),
        ("2026-12-01/2026-12-07", "2026-12-07"),
        ("XXXX-XX-15", ""),
        ("nonsense", ""),
        ("", ""),
    ],
)
def test_due_of_normal_forms(normal: str, due: str) -> None:
    assert resolve_due(normal, THURSDAY, works_in("zh")) == due


def test_national_holiday_is_no_working_day() -> None:
    assert resolve_due("1 working days", "2026-09-30", works_in("zh")) == "2026-10-08"
    assert resolve_due("1 working days", "2026-09-30", works_in("en")) == "2026-10-01"


@given(st.text(max_size=30), st.sampled_from(["", "2026-11-12", "no day"]))
def test_any_text_gives_a_day_or_nothing(normal: str, day: str) -> None:
    due = resolve_due(normal, day, works_in("zh"))
    assert due == "" or date.fromisoformat(due[:10])


# --- phrases


@pytest.mark.parametrize(
    ("phrase", "text", "fits"),
    [
        ("给您~回电", "给您明天下午回电", True),
        ("给您~回电", "给您说一下。明天回电", False),
        ("换[别|]家银行", "换家银行", True),
        ("换[别|]家银行", "换别家银行", True),
        ("call you [right|] back", "i'll call you back", True),
        ("call", "recall", False),
        ("[you'll|'ll] call", "we'll call", True),
        ("手机app", "手机 app", True),
    ],
)
def test_phrase(phrase: str, text: str, fits: bool) -> None:
    assert bool(list(Phrase.of(phrase).find(text))) == fits


@pytest.mark.parametrize("phrase", ["[给您", "给]您", "[a|[b]"])
def test_brackets_must_pair(phrase: str) -> None:
    with pytest.raises(ValueError, match="bracket"):
        Phrase.of(phrase)


def test_unwanted_phrase_takes_a_hit_back() -> None:
    phrases = Phrases.of(["回电"], ["不用~回电"])
    assert phrases.find("请回电") == [(1, 3)]
    assert phrases.find("不用给我回电") == []


@given(st.text(alphabet="给您回电 ab。[]|~", max_size=20), st.text(alphabet="给您回电 ab。，", max_size=40))
def test_phrases_never_fail_on_text(phrase: str, text: str) -> None:
    try:
        found = Phrases.of([phrase]).find(text)
    except ValueError:
        return
    assert all(0 <= start < end <= len(text) for start, end in found)


@pytest.mark.parametrize(
    ("line", "language", "kind"),
    [
        ("A: 等领导批了，我亲自给您电话。", "zh", "call_back"),
        ("A: 那边处理完，会由原工号给您回访的。", "zh", "call_back"),
        ("A: 最晚周五，会有人打到您手机上。", "zh", "call_back"),
        ("A: 这个错误我们会在月底之前更正。", "zh", "handle"),
        ("A: 卡做好之后会挂号寄到您家。", "zh", "send"),
        ("A: 款项预计周三回到您卡上。", "zh", "refund"),
        ("C: 行吧，我自己跑一趟网点。", "zh", "visit"),
        ("C: 钱一到账我马上还清。", "zh", "pay"),
        ("C: 单子我晚上扫描了发邮箱。", "zh", "document"),
        ("A: One of them will be on the phone to you by Thursday.", "en", "call_back"),
        ("A: I'm going to chase this with payments.", "en", "handle"),
        ("A: I'll pop a new card in the post today.", "en", "send"),
        ("A: It'll be back with you by Friday the twentieth.", "en", "refund"),
        ("C: I'll swing by the branch on Saturday.", "en", "visit"),
        ("C: I can put two hundred in tomorrow.", "en", "pay"),
        ("C: I'll scan it and send it over tonight.", "en", "document"),
    ],
)
def test_promises_by_who_does_what_to_whom(line: str, language: str, kind: str) -> None:
    assert [promise.kind for promise in ticket(line, language).promises] == [kind]


@pytest.mark.parametrize(
    ("line", "language", "due"),
    [
        ("A: 没到的话我周四上午给您打电话。", "zh", "2026-11-19"),
        ("A: 我周五给您打电话。", "zh", "2026-11-13"),
        ("A: 这周四我给您打电话。", "zh", "2026-11-12"),
        ("A: 今天周四，我五点前给您回电。", "zh", "2026-11-12T17:00"),
        ("A: 今天是周四，我尽快给您回电话。", "zh", "2026-11-12"),
        ("A: 下周三到账。没到的话我周五给您打电话。", "zh", "2026-11-20"),
        ("A: I'll ring you Thursday.", "en", "2026-11-19"),
        ("A: Thursday I'll ring you.", "en", "2026-11-19"),
        ("A: It's Thursday, I'll ring you back.", "en", "2026-11-12"),
        ("A: On Thursday the twelfth I'll call you.", "en", "2026-11-12"),
        ("A: The money is there next Wednesday. Friday I'll call you.", "en", "2026-11-20"),
        ("C: Thursday I'll ring you again.", "en", "2026-11-19"),
    ],
)
def test_a_weekday_alone_lies_after_the_day_of_the_call_and_after_what_was_named_before_it(
    line: str, language: str, due: str
) -> None:
    assert [promise.due for promise in ticket(line, language).promises if promise.due] == [due]


@pytest.mark.parametrize(
    ("line", "language"),
    [
        ("A: 如果审核没通过，我们会退给您材料。", "zh"),
        ("A: 时间我不敢跟您打包票。", "zh"),
        ("A: 您把材料寄到我们这里。", "zh"),
        ("A: 银行不会给您打电话索要密码。", "zh"),
        ("C: 我上周就去过网点了。", "zh"),
        ("C: 钱我已经存进去了。", "zh"),
        ("A: If it turns out to be fraud, we'll refund you.", "en"),
        ("A: I've already sent you a text.", "en"),
        ("C: I can't get to a branch.", "en"),
        ("C: They said they would refund me.", "en"),
    ],
)
def test_conditions_doubts_and_what_is_done_are_no_promises(line: str, language: str) -> None:
    assert ticket(line, language).promises == ()


def test_a_gap_of_a_promise_ends_at_a_comma() -> None:
    assert not list(Phrase.of("我[~|]去[~|]网点", clause=True).find("我去面签，网点流水"))
    assert list(Phrase.of("我[~|]去[~|]网点").find("我去面签，网点流水"))


@pytest.mark.parametrize(
    ("line", "language", "kind", "due"),
    [
        ("A: 我今天先去核实，明天给您打电话。", "zh", "call_back", "2026-11-13"),
        ("A: 我这会儿整理，明天中午前给您打电话。", "zh", "call_back", "2026-11-13T12:00"),
        ("A: 我明天中午给您打电话。", "zh", "call_back", "2026-11-13"),
        ("A: 十号以前我给您打电话。", "zh", "call_back", "2026-12-10"),
        ("A: 二十号以前我给您打电话。", "zh", "call_back", "2026-11-20"),
        ("A: 礼拜二我给您打电话。", "zh", "call_back", "2026-11-17"),
        ("A: 明天上午九点去查，十点前给您打电话。", "zh", "call_back", "2026-11-13T10:00"),
        ("A: 明天下午五点以后我给您打电话。", "zh", "call_back", "2026-11-13"),
        ("A: 明天不行，后天我给您打电话。", "zh", "call_back", "2026-11-14"),
        ("A: 明年一月底之前我给您打电话。", "zh", "call_back", "2027-01-31"),
        ("A: 我下班前给您打电话。", "zh", "call_back", "2026-11-12"),
        ("A: 我稍后给您回电话。", "zh", "call_back", ""),
        ("A: I'll ask her this afternoon and call you tomorrow.", "en", "call_back", "2026-11-13"),
        ("A: I'll call you back by Friday noon.", "en", "call_back", "2026-11-13T12:00"),
        ("A: I'll call you back on Friday week.", "en", "call_back", "2026-11-20"),
        ("A: I'll call you back in the morning.", "en", "call_back", "2026-11-13"),
        ("A: I'll call you back first thing.", "en", "call_back", "2026-11-13"),
        ("A: I'll call you back next Tuesday, in the morning.", "en", "call_back", "2026-11-17"),
        ("A: I'll call you back on the tenth.", "en", "call_back", "2026-12-10"),
        ("A: I'll call you back the second I know.", "en", "call_back", ""),
        ("A: I'll call you back this week.", "en", "call_back", "2026-11-13"),
        ("A: I'll call you back by the end of next week.", "en", "call_back", "2026-11-20"),
        ("A: I'll call you back about the February bill.", "en", "call_back", ""),
        ("A: You're the sixth this week, and I'll call you back.", "en", "call_back", ""),
        ("A: Your rate is fixed for two years. I'll call you back about it.", "en", "call_back", ""),
    ],
)
def test_due_is_the_time_of_what_is_promised(line: str, language: str, kind: str, due: str) -> None:
    found = [promise.due for promise in ticket(line, language).promises if promise.kind == kind]
    assert found == [due]
