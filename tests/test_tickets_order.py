"""The ticket depends on what was said alone: not on the order in which it came in, nor on when roles are known."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st
from ticket_tools import RULES, events_of, folded

from callcore.output.document import events as grouped
from callcore.record import fold as record_of
from callcore.tickets import ticket_of
from callcore.types import (
    CallEnded,
    CallStarted,
    Event,
    LanguageDecided,
    Resolved,
    RolesAssigned,
    Turn,
    Understanding,
)
from callcore.wire import from_wire, to_wire

CUSTOMER = st.sampled_from(
    [
        "我的信用卡丢了，想挂失。",
        "尾号是七三一九。",
        "尾号八八二零。",
        "对。",
        "不对，是七三一八。",
        "我叫韩立新。",
        "扣了我三百块。",
        "打我手机，一三九零零五七六二二八。",
        "气死我了，我要投诉！",
        "我的额度是多少？",
        "我明天去网点办。",
        "谢谢，再见。",
        "你们再这样我就把卡销了，换别家银行。",
    ]
)
AGENT = st.sampled_from(
    [
        "您好，请问有什么可以帮您？",
        "尾号七三一九，对吗？",
        "一三九零零五七六二二八，是吗？",
        "已经为您办理了挂失。",
        "我给您转到信用卡中心处理。",
        "三个工作日内给您回电。",
        "明天下午三点前给您回电话。",
        "这个我没有权限。",
        "请您稍等。",
        "感谢您的来电，再见。",
    ]
)
CALLS = st.lists(
    st.one_of(CUSTOMER.map(lambda text: f"C: {text}"), AGENT.map(lambda text: f"A: {text}")), min_size=1, max_size=9
).map("\n".join)


def groups(events: list[Event]) -> tuple[list[Event], list[list[Event]], list[Event]]:
    """First events, those of each turn together, and the last."""
    first, turns, last = [], [], []
    for event in events:
        match event:
            case CallStarted() | RolesAssigned() | LanguageDecided():
                first.append(event)
            case CallEnded():
                last.append(event)
            case Turn():
                turns.append([event])
            case Understanding() | Resolved():
                turns[-1].append(event)
    return first, turns, last


@given(CALLS, st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_interleaving_of_turns_makes_no_difference(lines: str, chance: random.Random) -> None:
    events = events_of(lines)
    first, turns, last = groups(events)
    chance.shuffle(turns)
    shuffled = [*first, *(event for turn in turns for event in turn), *last]
    assert ticket_of(shuffled, RULES) == ticket_of(events, RULES)


@given(CALLS, st.integers(0, 12))
@settings(max_examples=30)
def test_roles_known_late_give_the_same_ticket(lines: str, late: int) -> None:
    events = events_of(lines)
    roles = next(event for event in events if isinstance(event, RolesAssigned))
    others = [event for event in events if event is not roles]
    place = min(1 + late, len(others) - 1)
    assert ticket_of([*others[:place], roles, *others[place:]], RULES) == ticket_of(events, RULES)


@given(CALLS)
@settings(max_examples=30)
def test_replay_of_stored_events_equals_the_live_ticket(lines: str) -> None:
    events = events_of(lines)
    live, _ = folded(events)
    stored = [from_wire(to_wire(event)) for event in grouped(record_of(events))]
    assert ticket_of(stored, RULES) == live.ticket()


@given(CALLS)
@settings(max_examples=20)
def test_history_ends_in_the_values_of_the_ticket(lines: str) -> None:
    found = ticket_of(events_of(lines), RULES)
    assert found is not None
    last = {change.field: change.after for change in found.history}
    values = {name: tuple(value.normal for value in row) for name, row in found.fields.items()}
    assert {name: after for name, after in last.items() if after} == {
        name: row for name, row in values.items() if name != "request.summary"
    }
