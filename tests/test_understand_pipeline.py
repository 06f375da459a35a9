"""Understanding through the whole pipeline: recorded and live, however the audio comes, and what no fault may do."""

from __future__ import annotations

import logging
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from live_tools import follow_live
from pipeline_tools import BOTH, SETTINGS, follow, of
from understand_tools import (
    ScriptedText,
    ScriptedVoice,
    read_aloud,
    spoken_audio,
    understander,
)

from callcore.engines.scripted import ScriptedEngine
from callcore.record import fold
from callcore.types import (
    SAMPLE_RATE_HZ,
    AudioFrame,
    AudioWarning,
    CallEnded,
    Final,
    Incident,
    MoodAlert,
    Partial,
    Resolved,
    Role,
    RolesAssigned,
    Turn,
    Understanding,
    UnderstandingPreview,
    WarningKind,
)

LOST = {"丢了": {"category": "inquiry", "topic": ("credit_card.lost",), "intent": ("report_loss",)}}
ANGRY = {"气死": {"category": "complaint", "caller": "agitated", "emotion": "angry", "cause": ("staff.empathy",)}}
UNKNOWN = {0: Role.UNKNOWN, 1: Role.UNKNOWN}


SAYS = (
    (0, 1.0, 4.0, "您好请问有什么可以帮您"),
    (1, 4.6, 8.0, "我的信用卡丢了尾号六六二八"),
    (0, 8.6, 11.4, "您的尾号是六六二八对吗"),
    (1, 12.0, 14.0, "对气死我了"),
    (0, 14.6, 16.0, "好的请稍等"),
    (1, 26.5, 29.0, "气死我了你们快点"),
    (0, 29.6, 31.0, "马上处理"),
    (1, 31.6, 34.0, "气死我了我要投诉"),
)
AUDIO = spoken_audio(SAYS, 36)
SCRIPT = {**LOST, **ANGRY}


def recorded(text=None, voice_model=None, *, roles=BOTH, frames=None, how=SETTINGS, answer=None, **options):
    known = understander(text or ScriptedText(SCRIPT), voice_model or ScriptedVoice("calm"), **options)
    engine = ScriptedEngine(answer or read_aloud(SAYS))
    return follow(AUDIO, engine=engine, frames=frames, settings=how, roles=roles, understander=known)


def test_every_turn_of_a_call_is_followed_by_its_meaning():
    events = recorded()
    turns = of(Turn, events)
    assert "".join(one.text for one in turns).count("尾号") == 2
    for one in turns:
        found = events[events.index(one) + 1]
        assert isinstance(found, Understanding)
        assert (found.turn_id, found.channel) == (one.turn_id, one.channel)
        assert (found.start_sample, found.end_sample) == (one.start_sample, one.end_sample)
    assert len(of(Understanding, events)) == len(turns)
    for one in of(Final, events):
        preview = events[events.index(one) + 1]
        assert isinstance(preview, UnderstandingPreview)
        assert preview.segment_id == one.segment_id
    assert {(one.status, one.value) for one in of(Resolved, events)} == {("confirmed", "6628")}
    (alert,) = of(MoodAlert, events)
    assert (alert.kind, alert.channel) == ("worsening", 1)
    assert isinstance(events[-1], CallEnded)


def test_the_record_holds_what_was_understood():
    record = fold(recorded())
    assert set(record.understandings) == {turn.turn_id for turn in record.turns}
    (found,) = record.resolutions(record.resolved[0].turn_id).values()
    assert found.value == "6628"


def test_silence_of_both_is_an_incident_and_the_end_stays_last():
    events = recorded(dead_air_s=5.0)
    (incident,) = of(Incident, events)
    assert incident.kind == "hold"  # the agent has asked to wait
    assert abs(incident.end_sample / SAMPLE_RATE_HZ - 26.5) < 0.3
    assert isinstance(events[-1], CallEnded)
    assert len(of(CallEnded, events)) == 1


@pytest.mark.parametrize("roles", [BOTH, None, UNKNOWN])
def test_agents_are_never_alerted_about_whenever_roles_are_known(roles):
    shout = {"您": {"emotion": "angry"}, "好的": {"emotion": "angry"}, "马上": {"emotion": "angry"}}
    greeting = ((*SAYS[0][:3], "您好这里是银行客服中心工号三五二为您服务请问有什么可以帮您"), *SAYS[1:])
    events = recorded(ScriptedText(shout), roles=roles, answer=read_aloud(greeting))
    known = of(RolesAssigned, events)[-1].roles
    alerts = of(MoodAlert, events)
    if roles == UNKNOWN:  # the user said that nobody knows: then all are told
        assert [alert.channel for alert in alerts] == [0]
    else:
        assert known[0] is Role.AGENT
        assert not alerts
    assert isinstance(events[-1], CallEnded)


@settings(max_examples=15)
@given(st.data())
def test_how_the_audio_is_cut_changes_nothing_that_is_understood(data):
    whole = recorded(dead_air_s=5.0)
    length = len(AUDIO[0])
    pieces = []
    for number, audio in AUDIO.items():
        cuts = sorted({0, length, *data.draw(st.lists(st.integers(1, length - 1), max_size=8))})
        pieces.append([AudioFrame(number, a, audio[a:b]) for a, b in pairwise(cuts)])
    order = data.draw(st.permutations([n for n, row in enumerate(pieces) for _ in row]))
    rows = [iter(row) for row in pieces]
    events = recorded(dead_air_s=5.0, frames=[next(rows[number]) for number in order])
    # Incidents are told as soon as they are certain, which depends on when answers come; all else is in one order.
    assert [event for event in events if not isinstance(event, Incident)] == [
        event for event in whole if not isinstance(event, Incident)
    ]
    assert of(Incident, events) == of(Incident, whole)
    assert fold(events) == fold(whole)


def live(text=None, how=SETTINGS, roles=BOTH, **options):
    known = understander(text or ScriptedText(SCRIPT), ScriptedVoice("calm"), **options)
    stamped, _ = follow_live(AUDIO, answer=read_aloud(SAYS), settings=how, roles=roles, understander=known)
    return [event for _, event in stamped]


def same_endpoints():
    """Settings under which a live call is cut into the segments of a recorded one."""
    silence = SETTINGS.segment.hangover_ms
    segment = SETTINGS.segment.model_copy(update={"block_windows": 1})
    live_part = SETTINGS.live.model_copy(update={"hangover_ms": silence, "short_hangover_ms": silence})
    return SETTINGS.model_copy(update={"segment": segment, "live": live_part})


@pytest.mark.parametrize("roles", [BOTH, None])
def test_a_live_call_means_what_the_recording_means(roles):
    now, later = live(how=same_endpoints(), roles=roles), recorded(how=same_endpoints(), roles=roles)
    assert of(Understanding, now) == of(Understanding, later)
    assert of(Resolved, now) == of(Resolved, later)
    assert of(MoodAlert, now) == of(MoodAlert, later)
    assert of(Incident, now) == of(Incident, later)


def test_a_live_call_shows_what_a_turn_seems_to_mean_before_it_has_ended():
    events = live()
    partials, previews = of(Partial, events), of(UnderstandingPreview, events)
    early = [one for one in previews if any(one.segment_id == p.segment_id for p in partials)]
    assert len(early) > len(of(Final, events))
    first = next(i for i, e in enumerate(events) if isinstance(e, UnderstandingPreview) and e.understanding.intents)
    turn_of = next(i for i, e in enumerate(events) if isinstance(e, Understanding) and e.intents)
    assert first < turn_of
    for before, event in pairwise(events):
        if isinstance(event, UnderstandingPreview):
            assert isinstance(before, Partial | Final)
            assert before.segment_id == event.segment_id
    assert isinstance(events[-1], CallEnded)


def test_without_understanding_there_is_none_of_it():
    told = {type(event) for event in follow(AUDIO, engine=ScriptedEngine(read_aloud(SAYS)), roles=BOTH)}
    assert not told & {Understanding, UnderstandingPreview, Resolved, MoodAlert, Incident}
    assert Turn in told


def words_of_call(log):
    said = {character for _, _, _, text in SAYS for character in text}
    return said & set(log)


def test_a_text_model_that_fails_costs_one_meaning_and_no_word(caplog):
    whole = recorded()
    with caplog.at_level(logging.DEBUG):
        events = recorded(ScriptedText(SCRIPT, fails=lambda text: "丢了" in text))
    assert of(Turn, events) == of(Turn, whole)
    assert of(Final, events) == of(Final, whole)
    assert isinstance(events[-1], CallEnded)
    lost = [one for one in of(Turn, events) if "丢了" in one.text]
    found = {one.turn_id for one in of(Understanding, events)}
    assert found == {one.turn_id for one in of(Turn, whole)} - {one.turn_id for one in lost}
    (warning,) = of(AudioWarning, events)
    assert warning.kind is WarningKind.NOT_UNDERSTOOD
    assert (warning.channel, warning.at_sample) == (lost[0].channel, lost[0].start_sample)
    assert "ValueError" in warning.message
    assert not words_of_call(warning.message)
    assert "ValueError" in caplog.text
    assert not words_of_call(caplog.text)


@pytest.mark.parametrize("way", [recorded, live])
def test_a_text_model_that_always_fails_leaves_the_call_alone(way, caplog):
    events = way(ScriptedText(fails=lambda text: True))
    turns = of(Turn, events)
    assert turns
    assert not of(Understanding, events)
    assert len(of(AudioWarning, events)) == len(turns)
    assert isinstance(events[-1], CallEnded)
    assert not words_of_call(caplog.text)


def test_a_voice_model_that_fails_costs_the_voice_alone(caplog):
    broken = ScriptedVoice(error=RuntimeError("我的信用卡"))
    says = [(1, start, start + 2.5, "我的信用卡丢了") for start in range(1, 41, 5)]
    known = understander(ScriptedText(SCRIPT), broken)
    audio = spoken_audio(says, 41)
    events = follow(audio, engine=ScriptedEngine(read_aloud(says)), roles=BOTH, understander=known)
    assert len(of(Understanding, events)) == len(of(Turn, events)) == 8
    assert all(one.category.code == "inquiry" for one in of(Understanding, events))
    (warning,) = of(AudioWarning, events)  # and not one a segment
    assert warning.kind is WarningKind.NOT_UNDERSTOOD
    assert "信用卡" not in caplog.text
    assert isinstance(events[-1], CallEnded)


def test_no_step_of_the_understanding_can_end_a_call(caplog, monkeypatch):
    whole = follow(AUDIO, engine=ScriptedEngine(read_aloud(SAYS)), roles=BOTH)

    class Broken:
        """Of a call; raises whatever it is told."""

        def __getattr__(self, name):
            def fail(*given):
                raise KeyError("您好")

            return fail

    class Giving:
        def call(self, *given):
            return Broken()

    events = follow(AUDIO, engine=ScriptedEngine(read_aloud(SAYS)), roles=BOTH, understander=Giving())
    assert [event for event in events if not isinstance(event, AudioWarning)] == whole
    assert {one.kind for one in of(AudioWarning, events)} == {WarningKind.NOT_UNDERSTOOD}
    assert len(of(AudioWarning, events)) < 2 * len(of(Turn, events)) + 12  # not one a frame
    assert "您好" not in caplog.text
