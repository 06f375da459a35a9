"""What turns mean, in a few words: on the live screen, in lines, and in printed conversations."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from live_events import final, partial, turn
from meaning_samples import ALERT, ASKED, LOST, MEANINGS, UPSET, a_call, understood
from rich.cells import cell_len
from rich.console import Console
from test_live_run import ScriptedKeys, Signals, a_run

from callcore.cli.conversation import print_conversation
from callcore.cli.live_screen import render
from callcore.cli.live_state import ScreenState, Vitals
from callcore.cli.live_views import Controls, Lines
from callcore.cli.tags import MOOD_NAMES, MOOD_STYLES, bundled, tags
from callcore.evaluate.labelled import EMOTIONS
from callcore.record import fold
from callcore.types import (
    AudioWarning,
    Entity,
    Label,
    Mood,
    Role,
    Understanding,
    UnderstandingPreview,
    WarningKind,
    samples,
)

BOTH = {0: Role.AGENT, 1: Role.CUSTOMER}


def words_of(found, role=Role.CUSTOMER):
    return [text for text, _ in tags(found, role, bundled())]


def english(found):
    return replace(found, language="en")


def test_business_intent_mood_and_facts_of_a_customer():
    lost, _, upset = MEANINGS
    assert len(words_of(lost)) == 5
    assert words_of(lost)[-2:] == ["焦虑 71%", "尾号 6628"]
    assert words_of(english(lost))[-2:] == ["anxious 71%", "ending in 6628"]
    assert words_of(upset)[0] == "投诉"
    assert words_of(upset)[-1] == "激动 93%"


def test_what_goes_without_saying_is_not_said():
    _, asked, _ = MEANINGS
    assert words_of(asked, Role.AGENT) == ["尾号 6628"]
    calm = understood(ASKED, category=Label("inquiry", 0.9), mood=Mood("calm", 0.9, 0.3, -0.5))
    assert words_of(calm, Role.AGENT) == []
    assert len(words_of(calm)) == 1
    unsure = understood(LOST, mood=Mood("", 0.4, -0.1, 0.1))
    assert words_of(unsure) == []


def test_an_agents_bad_mood_is_said():
    assert words_of(MEANINGS[2], Role.AGENT)[-1] == "激动 93%"


def test_every_mood_has_a_name_and_a_style():
    assert set(MOOD_NAMES) == set(EMOTIONS)
    for label in EMOTIONS:
        found = understood(LOST, mood=Mood(label, 0.7, 0, 0))
        assert len(words_of(found)) == len(words_of(english(found))) == (label != "calm")
    assert set(MOOD_STYLES) == set(EMOTIONS) - {"calm"}


def test_wrong_check_digits_show_and_many_facts_are_cut():
    card = Entity("card_number", "x", "4539148803436468", 0.9, 0, 1, 0, 1, valid=False)
    assert words_of(understood(LOST, entities=(card,))) == ["卡号 4539148803436468 ✗"]
    assert len(words_of(understood(LOST, entities=(card,) * 9))) == 4
    bank = Entity("bank", "工行", "icbc", 0.9, 0, 1, 0, 1)
    nothing = Entity("amount", "一点", "", 0.9, 0, 1, 0, 1)
    assert words_of(understood(LOST, entities=(bank, nothing))) == []


# The live screen


def shown(state, *, width=80, height=24, **options):
    console = Console(record=True, width=width, height=height, file=io.StringIO(), force_terminal=True)
    console.print(render(state, Vitals(), width, height, **options))
    return console.export_text()


def a_screen(*events, language="zh"):
    state = ScreenState([0, 1], BOTH, language)
    for event in events:
        state.apply(event)
    return state


def preview(segment_id, found):
    return UnderstandingPreview(segment_id, replace(found, turn_id=-1))


def below(text, screen):
    """The line under the one that holds ``text``."""
    lines = screen.splitlines()
    (place,) = [number for number, line in enumerate(lines) if text in line]
    return lines[place + 1]


@pytest.mark.parametrize(("width", "height"), [(80, 24), (40, 12), (120, 40)])
def test_a_say_has_a_line_of_what_it_means_below_it(width, height):
    state = a_screen(LOST, MEANINGS[0], ASKED, MEANINGS[1])
    screen = shown(state, width=width, height=height)
    lines = screen.splitlines()
    assert len(lines) == height
    assert all(cell_len(line) <= width for line in lines)
    assert below("我的卡丢了", screen).strip().startswith("› ")
    assert below("六六二八对吗", screen).split() == ["›", "尾号", "6628"]
    if width >= 80:
        assert "焦虑 71%" in below("我的卡丢了", screen)


def test_a_preview_stands_until_the_turn_says_better():
    guess = replace(MEANINGS[0], mood=None, entities=())
    state = a_screen(partial("a", 1, 0.0, "我的卡丢了", "尾"))
    assert "›" not in shown(state)
    state.apply(preview("a", guess))
    assert "›" in below("我的卡丢了", shown(state))
    assert "6628" not in shown(state)
    state.apply(preview("a", understood(LOST)))
    assert "›" not in shown(state)  # nothing is worth a word any more
    state.apply(final("a", 1, 0.0, 4.0, "我的卡丢了尾号六六二八"))
    state.apply(preview("a", MEANINGS[0]))
    assert "6628" in below("我的卡丢了", shown(state))
    state.apply(turn(1, 1, 0.0, 4.0, "我的卡丢了尾号六六二八", ("a",)))
    state.apply(MEANINGS[0])
    assert "焦虑 71%" in below("我的卡丢了", shown(state))


def test_meanings_of_what_is_not_on_the_screen_change_nothing():
    state = a_screen(LOST)
    before = shown(state)
    state.apply(preview("gone", MEANINGS[0]))
    state.apply(replace(MEANINGS[0], start_sample=samples(99)))
    assert shown(state) == before


def test_an_alert_is_seen_until_the_speaker_has_calmed_down():
    state = a_screen(UPSET, MEANINGS[2], AudioWarning(WarningKind.CLIPPING, "it clips.", 0, 16_000), ALERT)
    assert "⚠ 00:11 客户情绪恶化 (88%)" in shown(state)
    assert "! 00:11" in shown(state, plain_signs=True)
    assert "it clips." not in shown(state)
    assert "Customer is getting upset (88%)" in shown(a_screen(ALERT, language="en"))
    assert "客户情绪恶化" in shown(state, width=40, height=12)
    state.apply(replace(ALERT, kind="recovered"))
    assert "客户情绪恶化" not in shown(state)
    assert "it clips." in shown(state)


def test_a_terminal_of_plain_signs_gets_no_others():
    card = Entity("card_number", "x", "4539148803436468", 0.9, 0, 1, 0, 1, valid=False)
    said = final("a", 1, 0.0, 4.0, "my card was stolen")
    found = english(understood(LOST, mood=Mood("anxious", 0.71, -0.4, 0.5), entities=(card,)))
    state = a_screen(said, preview("a", found), ALERT, language="en")
    screen = shown(state, plain_signs=True)
    assert screen.isascii()
    assert "4539148803436468" in screen
    assert ", " in below("my card was stolen", screen)


def test_names_of_the_banks_own_are_used():
    catalogue = bundled()
    named = catalogue.taxonomy.topic[0].model_copy(update={"code": "debit_card.lost", "zh": "丢卡急办"})
    topics = tuple(named if topic.code == "debit_card.lost" else topic for topic in catalogue.taxonomy.topic)
    own = type(catalogue)(
        taxonomy=catalogue.taxonomy.model_copy(update={"topic": topics}),
        causes=catalogue.causes,
        routing=catalogue.routing,
    )
    state = ScreenState([0, 1], BOTH, "zh", own)
    for event in (LOST, MEANINGS[0]):
        state.apply(event)
    assert "丢卡急办" in shown(state)


def test_text_of_a_fact_cannot_steer_the_terminal():
    evil = Entity("name", "x", "a\x1b[2Jb\r", 0.9, 0, 1, 0, 1)
    assert "\x1b" not in shown(a_screen(LOST, replace(MEANINGS[0], entities=(evil,))))


# Lines


def test_lines_hold_what_turns_mean_and_alerts_stand_beside():
    run, source, _ = a_run(events=tuple(a_call()[1:-1]), last=(a_call()[-1],))
    source.finished = True
    run.start()
    out, beside = io.StringIO(), io.StringIO()
    Lines(Console(file=out), Console(file=beside), Controls(ScriptedKeys(), Signals())).watch(run)
    run.finish()
    lines = out.getvalue().splitlines()
    assert [line.split()[1] for line in lines] == ["客户", "›", "坐席", "›", "客户", "›"]
    assert lines[1].startswith("00:00   › ")
    assert "尾号 6628" in lines[1]
    assert "激动 93%" in lines[5]
    assert beside.getvalue().splitlines() == ["00:11 客户 is getting upset (88%)"]


# Printed conversations


def printed(record, **options):
    console = Console(width=100, highlight=False, **options)
    with console.capture() as capture:
        print_conversation(record, console)
    return capture.get()


def test_a_printed_conversation_with_its_meanings_and_without():
    record = fold(a_call())
    piped = printed(record).splitlines()
    assert len(piped) == 3  # a line a turn
    assert piped[0].startswith("00:00   客户  我的卡丢了")
    assert "  › " in piped[0]
    assert "尾号 6628" in piped[0]
    assert "激动 93%" in piped[2]
    assert "激动 93%" in printed(record, force_terminal=True, color_system=None)
    words_alone = fold(event for event in a_call() if not isinstance(event, Understanding))
    assert printed(words_alone).splitlines() == [line.partition("  › ")[0] for line in piped]


@pytest.mark.parametrize(
    ("value", "chinese", "other"),
    [
        ("2026-11-13T15:00", "2026-11-13 15:00", "2026-11-13 15:00"),
        ("../2026-11-13T15:00", "最晚 2026-11-13 15:00", "by 2026-11-13 15:00"),
        ("2026-11-13/..", "2026-11-13 起", "from 2026-11-13"),
        ("2026-11-13/2026-11-15", "2026-11-13 – 2026-11-15", "2026-11-13 – 2026-11-15"),
    ],
)
def test_spans_of_time_are_written_as_people_do(value, chinese, other):
    due = Entity("datetime", "明天下午三点前", value, 0.9, 0, 1, 0, 1)
    found = understood(ASKED, entities=(due,))
    assert words_of(found)[-1] == chinese
    assert words_of(english(found))[-1] == other
