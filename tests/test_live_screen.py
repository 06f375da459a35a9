"""The screen of a live call: what each event changes on it, at every size of the terminal."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from live_events import ZH, final, partial, rejected, turn
from rich.cells import cell_len
from rich.console import Console

from callcore.cli.live_screen import render, wrapped
from callcore.cli.live_state import ChannelVitals, ScreenState, Vitals
from callcore.tickets.look import RULES
from callcore.tickets.spec import load_fields
from callcore.types import (
    AudioWarning,
    CallEnded,
    CallStarted,
    Evidence,
    FieldStatus,
    FieldValue,
    LanguageDecided,
    Partial,
    Promise,
    Revision,
    Role,
    RolesAssigned,
    TicketChanged,
    WarningKind,
)
from callcore.understand.dynamics import ChannelDynamics, DynamicsSnapshot

BOTH = {0: Role.AGENT, 1: Role.CUSTOMER}


def shown(state, vitals=None, *, width=80, height=24, styles=False, **options):
    console = Console(
        record=True, width=width, height=height, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    console.print(render(state, vitals or Vitals(), width, height, **options))
    return console.export_text(styles=styles)


def lines_with(text, state, **options):
    return [line for line in shown(state, **options).splitlines() if text in line]


def a_state(*events, roles=BOTH, language="zh"):
    state = ScreenState([0, 1], roles, language)
    for event in events:
        state.apply(event)
    return state


def test_stable_text_is_firm_and_unstable_text_is_dim():
    state = a_state(partial("a", 1, 2.0, "我的信用卡", "不见了"))
    screen = shown(state, styles=True)
    assert "\x1b[32m我的信用卡\x1b[0m\x1b[2;32m不见了…\x1b[0m" in screen
    state.apply(final("a", 1, 2.0, 4.0, "我的信用卡不见了。"))
    assert "\x1b[32m我的信用卡不见了。\x1b[0m" in shown(state, styles=True)


def test_a_text_grows_in_its_place_while_the_other_side_speaks():
    state = a_state(
        partial("a", 0, 1.0, "请问", "您"),
        partial("b", 1, 2.0, "", "喂"),
        partial("a", 0, 1.0, "请问您贵姓", ""),
        partial("b", 1, 2.0, "喂你好", ""),
    )
    (agent,) = lines_with("坐席  请问您贵姓…", state)
    (customer,) = lines_with("客户  喂你好…", state)
    assert agent.startswith(" 00:01 ")
    assert customer.startswith(" 00:02/")  # while the agent still speaks


def test_a_final_never_changes():
    state = a_state(final("a", 0, 1, 2, "好的。"), partial("a", 0, 1.0, "", "不好"))
    assert lines_with("好的。", state)
    assert not lines_with("不好", state)


def test_segments_of_one_speaker_in_a_row_stand_together():
    state = a_state(final("a", 0, 0, 2, "您好，"), final("b", 0, 2.5, 4, "请讲。"), final("c", 0, 9, 10, "喂？"))
    assert lines_with("您好，请讲。", state)
    assert len(lines_with("坐席  喂？", state)) == 1
    state.apply(turn(1, 0, 0, 4, "您好，请讲！", ("a", "b")))
    assert lines_with("您好，请讲！", state)
    assert not lines_with("您好，请讲。", state)


def test_words_with_letters_keep_their_spaces():
    state = a_state(final("a", 0, 0, 2, "Good day."), final("b", 0, 2.5, 4, "How may I help?"), language="en")
    assert lines_with("Agent     Good day. How may I help?", state)


def test_a_refused_text_leaves_the_screen():
    state = a_state(partial("a", 0, 1.0, "谢谢", "观看"))
    assert lines_with("谢谢", state)
    state.apply(rejected("a", 0, 1, 3))
    assert not lines_with("谢谢", state)


def test_names_follow_roles_and_language():
    state = a_state(final("a", 1, 0, 1, "hello"), roles=None, language="")
    assert lines_with("channel 1  hello", state)
    state.apply(LanguageDecided("zh", 0.9))
    assert lines_with("声道 1  hello", state)
    state.apply(RolesAssigned({0: Role.CUSTOMER, 1: Role.AGENT}, 0.9, "cues"))
    assert lines_with("坐席  hello", state)


def test_the_state_of_each_channel():
    def vitals(*speaking, **more):
        return Vitals(channels={n: ChannelVitals(-20.0, n in speaking) for n in (0, 1)}, **more)

    def states(*speaking, **more):
        screen = shown(a_state(language="en"), vitals(*speaking, **more)).splitlines()
        return [screen[1].split()[-1], screen[2].split()[-1]]

    assert states() == ["silent", "silent"]
    assert states(1) == ["silent", "speaking"]
    assert states(0, 1) == ["overlap", "overlap"]
    assert states(0, paused=True) == ["paused", "paused"]


@pytest.mark.parametrize(("level", "cells"), [(-200.0, 0), (-60.0, 0), (-30.0, 12), (0.0, 24), (6.0, 24)])
def test_the_meter_shows_the_level(level, cells):
    vitals = Vitals(channels={0: ChannelVitals(level, False), 1: ChannelVitals(-60, False)})
    line = shown(a_state(), vitals).splitlines()[1]
    assert line.count("━") == cells
    assert f"{max(level, -99):.0f} dB" in line
    assert shown(a_state(), vitals, plain_signs=True).isascii() is False  # the names are Chinese all the same
    assert shown(a_state(language="en"), vitals, plain_signs=True).isascii()


def in_course(share=0.62, rates=(4.8, None), interruptions=(0, 2), **more):
    sides = zip((0, 1), (share, 1 - share), rates, interruptions, strict=True)
    channels = tuple(
        ChannelDynamics(channel, 16_000, part, recent_syllables_per_s=rate, interruptions=count)
        for channel, part, rate, count in sides
    )
    return Vitals(dynamics=DynamicsSnapshot(10 * 16_000, channels, **more), dead_air_s=8)


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40)])
def test_the_course_of_the_conversation_has_a_line(width, height):
    line = shown(a_state(language="en"), in_course(), width=width, height=height).splitlines()[3]
    assert "62:38  4.8 / - syllables/s  interruptions 0 / 2" in line
    assert line.count("━") == width // 5 if width < 100 else 20
    line = shown(a_state(), in_course(), width=width, height=height).splitlines()[3]
    assert "62:38  语速 4.8 / - 音节/秒  打断 0 / 2 次" in line


def test_silence_is_told_once_it_is_dead_air():
    state = a_state(language="en")
    assert "silent 7" not in shown(state, in_course(current_silence=7 * 16_000))
    assert "both silent 12 s" in shown(state, in_course(current_silence=12 * 16_000))
    held = shown(state, in_course(current_silence=12 * 16_000, waiting=True, music=(1,)), width=40)
    assert "on hold 12 s  music" in held  # on a narrow terminal too
    assert "语速" in shown(a_state(), in_course())


def test_nothing_is_said_of_the_course_while_nobody_has_talked_or_there_is_no_room():
    silent = Vitals(dynamics=DynamicsSnapshot(0, (ChannelDynamics(0), ChannelDynamics(1))))
    assert shown(a_state(), silent) == shown(a_state(), Vitals())
    assert shown(a_state(), in_course(), height=9) == shown(a_state(), Vitals(), height=9)
    assert shown(a_state(language="en"), in_course(), plain_signs=True).isascii()


def test_elapsed_time_lag_and_load():
    text = shown(a_state(language="en"), Vitals(elapsed_s=3725, lag_s=0.25))
    assert "LIVE  1:02:05  lag 0.2 s" in text
    assert "busy" not in text
    text = shown(a_state(language="en"), Vitals(degraded=True, interval_s=0.9, busy_share=0.93, dropped=7))
    assert "updates every 0.9 s, busy 93%" in text
    assert "7 updates dropped" in text


def test_pausing_and_ending_are_told_with_their_keys():
    state = a_state(language="en")
    assert "p  pause   q  stop" in shown(state)
    paused = shown(state, Vitals(paused=True))
    assert "PAUSED" in paused
    assert "p  resume" in paused
    assert "nothing is listened to" in paused
    ending = shown(state, Vitals(ending=True))
    assert "ENDING" in ending
    assert "Ctrl-C  stop at once" in ending
    state.apply(CallEnded(16000, 0))
    assert "ENDED" in shown(state, Vitals(ending=True))


def test_the_newest_warning_and_callcores_own_notice():
    state = a_state(language="en")
    state.apply(AudioWarning(WarningKind.CLIPPING, "it clips.", 0, 16000))
    state.apply(AudioWarning(WarningKind.DEVICE_LOST, "the headset went away.", 1, 32000))
    assert lines_with("00:02 Customer: the headset went away. (2)", state)
    state.notice = "no space left on the disk"
    assert lines_with("no space left on the disk", state)


def test_source_model_and_revisions():
    state = a_state(CallStarted("c", "call.wav", 2, 8000, "starter-zh", "m", "s"), language="en")
    state.apply(Revision("a", 0, 0, 1, (), 1))
    text = shown(state).splitlines()
    assert text[0].endswith("call.wav")
    assert text[-1].endswith("starter-zh · 1 revised")


def test_a_long_call_shows_its_tail_and_keeps_no_more():
    state = a_state(*(final(f"s{n}", n % 2, n * 3, n * 3 + 2, f"第{n}句。") for n in range(5000)))
    text = shown(state)
    assert len(text.splitlines()) == 24
    assert "第4999句。" in text
    assert "第4000句。" not in text
    assert len(state.tail(10_000)) <= 300


def test_text_cannot_steer_the_terminal():
    text = shown(a_state(final("a", 0, 0, 1, "a\x1b[2Jb\r\x07")), styles=True)
    assert "\x1b[2J" not in text
    assert "\x07" not in text


def test_without_colour_the_unstable_text_is_still_told_apart(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=80, height=24)
    console.print(render(a_state(partial("a", 1, 2.0, "我的", "卡")), Vitals(), 80, 24))
    assert "[32m" not in out.getvalue()
    assert "\x1b[2m卡…" in out.getvalue()


@given(st.integers(1, 130), st.integers(1, 50), st.sampled_from(["zh", "en"]), st.booleans(), st.booleans())
@settings(max_examples=60)
def test_it_fits_every_terminal(width, height, language, paused, warned):
    state = a_state(
        CallStarted("c", "一通很长的名字的电话录音" * 4, 2, 8000, "starter-zh", "m", "s"),
        final("a", 0, 0, 7, "您好，江城银行客服中心，工号 3275 为您服务，请问有什么可以帮您？ Thank you for calling."),
        partial("b", 1, 6.0, "喂，你好，我的", "信用卡不见了，怎么办啊？"),
        language=language,
    )
    if warned:
        state.apply(AudioWarning(WarningKind.CLIPPING, "削波" * 99))
    vitals = Vitals(5.0, 4.0, {0: ChannelVitals(-9, True), 1: ChannelVitals(-70, True)}, paused, degraded=True)
    lines = shown(state, vitals, width=max(width, 20), height=max(height, 4)).splitlines()
    assert len(lines) == max(height, 4)
    assert all(cell_len(line) <= max(width, 20) for line in lines)
    group = render(state, vitals, width, height)  # smaller ones are cut by the terminal
    assert len(group.renderables) == max(height, 4)


TEXT = st.text(alphabet="您好信用卡，。？（） abcdef 0123456789.,!", max_size=80)


@given(st.lists(st.tuples(TEXT, st.booleans()), max_size=4).map(tuple), st.integers(8, 40))
def test_wrapping_loses_nothing_and_fits(runs, width):
    lines = wrapped(runs, width)
    for line in lines:
        assert cell_len("".join(text for text, _ in line).rstrip(" ")) <= width
    together = "".join(text for line in lines for text, _ in line)
    assert together.replace(" ", "") == "".join(text for text, _ in runs).replace(" ", "")
    firm = "".join(text for line in lines for text, firm in line if firm)
    assert firm.replace(" ", "") == "".join(text for text, firm in runs if firm).replace(" ", "")


def test_lines_break_as_readers_expect():
    def lines(text, width):
        return ["".join(part for part, _ in line) for line in wrapped(((text, True),), width)]

    assert lines("您好，请讲", 8) == ["您好，请", "讲"]
    assert lines("您好请，讲", 6) == ["您好", "请，讲"]  # no comma at the start of a line
    assert lines("工号 3275 为您", 8) == ["工号 ", "3275 为", "您"]  # digits stay together
    assert lines("how may I help you", 8) == ["how may ", "I help ", "you"]
    assert lines("abcdefghijkl", 5) == ["abcde", "fghij", "kl"]


def test_an_event_from_another_thread_does_not_change_what_was_taken():
    state = a_state(partial("a", 0, 1.0, "请", ""))
    before = state.tail(5)
    state.apply(Partial("a", 0, 16000, 32000, ZH("请问"), (), "zh"))
    assert [text for text, _ in before[0].runs()] == ["请"]


def with_ticket(state):
    """The state with a ticket of two values, one of them contradicted, a promise, and something missing."""
    place = Evidence(1, 1, 16_000 * 12, 16_000 * 13, 0, 0)
    values = (
        FieldValue("customer.phone", "***********", "masked:phone", 0.97, FieldStatus.CONFIRMED, (place,), "rules"),
        FieldValue("request.amount", "300.00 CNY", "300.00 CNY", 0.5, FieldStatus.DISPUTED, (place,), "rules"),
    )
    promise = Promise("3-0", "call_back", Role.AGENT, "2026-11-13T15:00", "", 0.9, (place,), "promises/1")
    state.apply(TicketChanged(0, values, (), (promise,), ("handling.resolution", "request.topic")))
    return state


def ticket_state(*events, language="zh"):
    state = ScreenState([0, 1], BOTH, language, fields=load_fields(None, RULES))
    for event in events:
        state.apply(event)
    return state


def test_the_ticket_stands_beside_the_conversation():
    state = with_ticket(ticket_state(final("a", 1, 2.0, 4.0, "我的信用卡不见了。")))
    screen = shown(state, width=124, height=24)
    (phone,) = (line for line in screen.splitlines() if "联系电话" in line)
    assert "***********" in phone
    assert "✓" in phone
    assert "97%" in phone
    assert "客户 00:12" in phone
    assert "我的信用卡不见了。" in screen
    assert "缺少: 处理结果、主题" in screen
    assert "坐席: 回电 2026-11-13 15:00" in screen
    (amount,) = (line for line in screen.splitlines() if "300.00 CNY" in line)
    assert "≠" in amount


def test_a_narrow_terminal_has_the_ticket_below_or_not_at_all():
    state = with_ticket(ticket_state(final("a", 1, 2.0, 4.0, "我的信用卡不见了。")))
    lines = shown(state, width=84, height=40).splitlines()
    said = next(place for place, line in enumerate(lines) if "我的信用卡不见了。" in line)
    filled = next(place for place, line in enumerate(lines) if "联系电话" in line)
    assert said < filled
    assert "联系电话" not in shown(state, width=84, height=20)


def test_a_value_that_is_gone_leaves_the_screen():
    state = with_ticket(ticket_state())
    state.apply(TicketChanged(0, (), ("request.amount",), (), ()))
    screen = shown(state, width=124)
    assert "300.00 CNY" not in screen
    assert "联系电话" in screen
    assert "缺少" not in screen


def test_without_tickets_the_conversation_has_the_whole_width():
    assert "│" not in shown(with_ticket(a_state()), width=124)


@given(width=st.integers(1, 160), height=st.integers(1, 50), plain=st.booleans())
@settings(max_examples=40)
def test_the_ticket_never_bursts_the_screen(width, height, plain):
    state = with_ticket(ticket_state(final("a", 1, 2.0, 4.0, "我的信用卡不见了，" * 9)))
    lines = shown(state, width=max(width, 20), height=max(height, 4), plain_signs=plain).splitlines()
    assert len(lines) == max(height, 4)
    assert all(cell_len(line) <= max(width, 20) for line in lines)
