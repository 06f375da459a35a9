"""What is understood of a call, turn by turn: what follows from which event, and what no fault may do."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from live_events import final, partial, turn
from pipeline_tools import BOTH, of
from understand_tools import (
    ScriptedText,
    ScriptedVoice,
    a_call,
)
from voice_tools import voice

from callcore.types import (
    SAMPLE_RATE_HZ,
    MoodAlert,
    Role,
    RolesAssigned,
    Turn,
    Understanding,
    UnderstandingPreview,
)
from callcore.understand.entities import plain_words

LOST = {"丢了": {"category": "inquiry", "topic": ("credit_card.lost",), "intent": ("report_loss",)}}
ANGRY = {"气死": {"category": "complaint", "caller": "agitated", "emotion": "angry", "cause": ("staff.empathy",)}}


def test_a_turn_is_followed_by_what_it_means():
    call = a_call(ScriptedText(LOST))
    said = turn(3, 1, 2.0, 5.0, "我的卡丢了", ("a",))
    (found,) = call.take(said)
    assert isinstance(found, Understanding)
    assert (found.turn_id, found.channel, found.language) == (3, 1, "zh")
    assert (found.start_sample, found.end_sample) == (said.start_sample, said.end_sample)
    assert found.category.code == "inquiry"
    assert [label.code for label in found.topics] == ["credit_card.lost"]
    assert [label.code for label in found.intents] == ["report_loss"]
    assert (found.intents[0].first_word, found.intents[0].end_word) == (0, 5)
    assert found.mood.label == found.text_mood.label == "calm"
    assert found.voice_mood is None
    assert found.source == "scripted@1"


def test_a_turn_that_is_no_business_has_no_category_and_keeps_its_mood():
    (found,) = a_call(ScriptedText({"天气": {"in_scope": 0.2, "category": "inquiry", "emotion": "pleased"}})).take(
        turn(1, 1, 0, 2, "天气真好", ("a",))
    )
    assert found.in_scope == 0.2
    assert found.category is None
    assert found.topics == found.causes == ()
    assert found.mood.label == "pleased"


def test_previews_come_with_stable_words_at_most_every_interval_and_with_every_final():
    model = ScriptedText(LOST)
    call = a_call(model, preview_interval_ms=500)

    def shown(stable, end_s, unstable=""):
        return call.take(partial("a", 1, 2.0, stable, unstable, end_s))

    assert shown("", 2.6, "我的") == []
    assert shown("我", 2.4) == []
    (first,) = shown("我的卡", 2.9, "丢")
    assert isinstance(first, UnderstandingPreview)
    assert (first.segment_id, first.understanding.channel, first.understanding.turn_id) == ("a", 1, -1)
    assert model.asked[-1] == "我的卡"  # and not what may still change
    assert shown("我的卡丢", 3.3) == []
    assert call.take(partial("b", 0, 2.0, "您好", "", 2.5)) != []  # the other channel has a clock of its own
    assert len(shown("我的卡丢了", 3.4)) == 1
    (last,) = call.take(final("a", 1, 2.0, 3.5, "我的卡丢了。"))
    assert [label.code for label in last.understanding.intents] == ["report_loss"]
    assert len(call.take(partial("c", 1, 4.0, "喂", "", 4.5))) == 1


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 9), st.integers(100, 900)), max_size=30))
@settings(max_examples=40)
def test_no_two_previews_of_an_open_segment_are_closer_than_the_interval(partials):
    call = a_call(preview_interval_ms=500)
    ends, at = {0: [0], 1: [0]}, 0
    for channel, stable, step_ms in partials:
        at += step_ms
        if call.take(partial(f"s{channel}", channel, 0.0, "好" * stable, "", at / 1000)):
            assert stable
            assert at - ends[channel][-1] >= 500
            ends[channel].append(at)


def test_nothing_is_made_of_no_words():
    call = a_call()
    assert call.take(final("a", 1, 0, 1, "")) == []
    (found,) = call.take(turn(1, 1, 0, 1, "", ("a",)))
    assert found.entities == found.topics == found.intents == ()
    assert found.category is found.mood is None


def test_another_language_gets_its_entities_and_no_labels():
    model = ScriptedText()
    said = Turn(1, 1, 0, 32_000, "call 212 736 5000", plain_words("call 212 736 5000"), "fr", ("a",))
    (found,) = a_call(model).take(said)
    assert [entity.kind for entity in found.entities] == ["phone"]
    assert found.category is found.mood is None
    assert found.intents == ()
    assert found.source == ""
    assert not model.asked


def test_relative_days_count_from_the_day_of_the_call():
    (found,) = a_call().take(turn(1, 1, 0, 2, "明天给我回电", ("a",)))
    (entity,) = found.entities
    assert (entity.kind, entity.value) == ("date", "2026-11-23")


def test_what_is_corrected_in_the_same_turn_is_marked():
    (found,) = a_call().take(turn(1, 1, 0, 4, "转三千五 不对 三千六", ("a",)))
    assert [(entity.value, entity.status) for entity in found.entities] == [
        ("3500.00 CNY", "corrected"),
        ("3600.00 CNY", "said"),
    ]


def test_a_read_back_confirms_or_corrects_what_was_said_turns_before():
    call = a_call()
    (said,) = call.take(turn(1, 1, 0, 3, "我尾号六六二八", ("a",)))
    assert said.entities[0].value == "6628"
    (asked,) = call.take(turn(2, 0, 3, 6, "您的尾号是六六二九对吗", ("b",)))
    assert asked.entities[0].value == "6629"
    answer, *resolved = call.take(turn(3, 1, 6, 9, "不对是六六二八", ("c",)))
    assert isinstance(answer, Understanding)
    assert [(one.turn_id, one.entity, one.status, one.value, one.by_turn) for one in resolved] == [
        (1, 0, "confirmed", "6628", 3),
        (2, 0, "corrected", "6628", 3),
    ]


def upset(call, channel, first=1, count=4, text="气死我了你们到底管不管"):
    """The events of a speaker who is angry turn after turn."""
    found = []
    for number in range(first, first + count):
        start_s = 10.0 * number
        found += call.take(turn(number, channel, start_s, start_s + 4, text, (f"s{number}",)))
    return found


def test_a_customer_who_gets_upset_is_told_once_at_the_turn_that_shows_it():
    call = a_call(ScriptedText(ANGRY))
    call.take(RolesAssigned(BOTH, 1.0, "option"))
    events = upset(call, 1)
    (alert,) = of(MoodAlert, events)
    assert (alert.kind, alert.channel) == ("worsening", 1)
    before = events[: events.index(alert)]
    assert before[-1].turn_id == alert.turn_ids[-1]
    assert alert.at_sample == before[-1].end_sample


def test_an_agent_has_moods_and_no_alerts():
    call = a_call(ScriptedText(ANGRY))
    call.take(RolesAssigned(BOTH, 1.0, "option"))
    events = upset(call, 0)
    assert [one.mood.label for one in of(Understanding, events)] == ["angry"] * 4
    assert not of(MoodAlert, [*events, *call.finish(60 * SAMPLE_RATE_HZ)])


@pytest.mark.parametrize("channel", [0, 1])
def test_while_nobody_knows_who_is_who_alerts_wait(channel):
    call = a_call(ScriptedText(ANGRY))
    assert not of(MoodAlert, upset(call, channel))
    told = call.take(RolesAssigned(BOTH, 0.9, "cues"))
    assert [alert.channel for alert in of(MoodAlert, told)] == ([1] if channel == 1 else [])
    assert not of(MoodAlert, call.finish(60 * SAMPLE_RATE_HZ))


def test_alerts_of_speakers_who_stay_unknown_are_told_at_the_end():
    call = a_call(ScriptedText(ANGRY))
    assert not of(MoodAlert, upset(call, 0))
    assert [alert.channel for alert in of(MoodAlert, call.finish(60 * SAMPLE_RATE_HZ))] == [0]
    assert not of(MoodAlert, call.finish(60 * SAMPLE_RATE_HZ))


def test_where_nobody_can_be_told_apart_alerts_do_not_wait():
    call = a_call(ScriptedText(ANGRY), channels=(0,))
    call.take(RolesAssigned({0: Role.UNKNOWN}, 0.0, "mono"))
    assert len(of(MoodAlert, upset(call, 0))) == 1


def test_the_voice_is_heard_once_its_usual_tone_is_known_and_beside_the_text():
    call = a_call(ScriptedText(), ScriptedVoice("angry"))
    for number in range(8):
        call.closed(f"s{number}", 1, 48_000 * number, voice(2.5, seed=number))
    call.closed("other", 0, 0, voice(2.5, seed=50))
    (found,) = call.take(turn(1, 1, 21, 23.5, "好的好的", ("s7",)))
    assert found.text_mood.label == "calm"
    assert found.voice_mood.label == "angry"
    assert found.mood.source == "scripted@1 + voice@1"
    assert found.mood.label in ("angry", "")
    (first,) = call.take(turn(2, 0, 0, 2.5, "您好", ("other",)))
    assert first.voice_mood is None
