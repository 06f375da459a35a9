"""Live calls through the pipeline: what is shown, committed, made final, and when."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from live_tools import SLOT, follow_live, live_settings, spoken
from pipeline_tools import BOTH, HAN, call_audio, follow, frames_of, make, of

from callcore.engines.scripted import ScriptedEngine
from callcore.types import (
    SAMPLE_RATE_HZ,
    CallEnded,
    DecodeFailure,
    DecodeRequest,
    Final,
    Partial,
    Rejected,
    RequestKind,
    Revision,
    Role,
    RolesAssigned,
    Turn,
    seconds,
)

TALK = {0: call_audio(24, (1, 5), (12, 19)), 1: call_audio(24, (6, 10), (20, 22))}


def events_of(kind, stamped):
    return [event for _, event in stamped if isinstance(event, kind)]


def text_of(words):
    return "".join(word.text for word in words)


def bare(text):
    return "".join(character for character in text if character.isalnum())


def finals_of(stamped):
    return [(event.segment_id, event.start_sample, event.end_sample, event.text) for event in events_of(Final, stamped)]


def test_words_are_shown_and_committed_while_they_are_spoken():
    stamped, _ = follow_live(TALK, roles=BOTH)
    shown = [(at, event) for at, event in stamped if isinstance(event, Partial) and event.segment_id == "0-0"]
    assert len(shown) >= 8
    for at, partial in shown:
        heard = text_of((*partial.stable, *partial.unstable))
        assert heard
        assert at - partial.end_sample < 0.1 * SAMPLE_RATE_HZ
    at_three_s = [event for at, event in shown if at < 3 * SAMPLE_RATE_HZ][-1]
    assert len(at_three_s.stable) >= 4  # two seconds of speech, four characters a second, less the newest


@pytest.mark.parametrize("delay_s", [0, 0.15, 0.7])
def test_committed_words_only_grow_and_stand_in_the_final(delay_s):
    stamped, _ = follow_live(TALK, roles=BOTH, delay=lambda request: round(delay_s * SAMPLE_RATE_HZ))
    committed = {}
    for _, event in stamped:
        if isinstance(event, Partial):
            before = committed.get(event.segment_id, ())
            assert event.stable[: len(before)] == before
            committed[event.segment_id] = event.stable
        elif isinstance(event, Final):
            assert bare(event.text).startswith(bare(text_of(committed.pop(event.segment_id, ()))))
    assert not events_of(Revision, stamped)


@given(st.randoms(use_true_random=False))
@settings(max_examples=25)
def test_finals_do_not_depend_on_when_answers_come_or_whether_partials_are_answered(random):
    def delay(request):
        if request.kind is RequestKind.FINAL:
            return random.randrange(2 * SAMPLE_RATE_HZ)
        return random.choice([None, random.randrange(2 * SAMPLE_RATE_HZ)])

    stamped, _ = follow_live(TALK, roles=BOTH, delay=delay)
    plain, _ = follow_live(TALK, roles=BOTH, settings=live_settings(speculate=False))
    assert finals_of(stamped) == finals_of(plain)
    assert events_of(Turn, stamped) == events_of(Turn, plain)
    assert isinstance(stamped[-1][1], CallEnded)


def test_a_live_call_says_what_the_recording_says():
    alone = {0: TALK[0]}  # nobody answers, so no endpoint comes early
    stamped, _ = follow_live(alone)
    recorded = follow(alone, engine=ScriptedEngine(spoken))
    assert [event.text for event in events_of(Final, stamped)] == [event.text for event in of(Final, recorded)]


def test_a_final_is_there_as_soon_as_its_endpoint_is_sure():
    stamped, requests = follow_live(TALK, roles=BOTH)
    assert not [request for _, request in requests if request.kind is RequestKind.FINAL]
    first = next(at for at, event in stamped if isinstance(event, Final))
    assert 5.3 <= first / SAMPLE_RATE_HZ < 5.5  # speech ends at 5 s, the hangover is 0.32 s


def test_speech_that_goes_on_after_a_short_pause_is_one_segment():
    stamped, requests = follow_live({0: call_audio(8, (1, 3), (3.3, 6))})
    (final,) = events_of(Final, stamped)
    assert seconds(final.end_sample) > 6
    speculative = [request for _, request in requests if request.kind is RequestKind.SPECULATIVE]
    assert len(speculative) == 2
    assert speculative[0].end_sample < speculative[1].end_sample == final.end_sample


def test_who_has_been_answered_needs_less_silence():
    answered = {0: call_audio(8, (1, 3)), 1: call_audio(8, (2.3, 5))}
    alone = {0: answered[0], 1: call_audio(8, (5, 6))}

    def ended(channels):
        stamped, _ = follow_live(channels, roles=BOTH)
        return next(at for at, event in stamped if isinstance(event, Final) and event.channel == 0)

    assert ended(alone) - ended(answered) >= 0.09 * SAMPLE_RATE_HZ


def test_silence_asks_for_nothing_and_costs_no_time_later():
    stamped, requests = follow_live({0: call_audio(70, (1, 3), (64, 67))})
    times = [at / SAMPLE_RATE_HZ for at, _ in requests]
    assert not [at for at in times if 4 < at < 64]
    first_shown = next(at for at, event in stamped if isinstance(event, Partial) and at > 60 * SAMPLE_RATE_HZ)
    assert first_shown / SAMPLE_RATE_HZ < 64.7


def test_a_turn_ends_while_the_call_goes_on():
    stamped, _ = follow_live(TALK, roles=BOTH)
    at, turn = next((at, event) for at, event in stamped if isinstance(event, Turn))
    assert turn.channel == 0
    assert 6.2 < at / SAMPLE_RATE_HZ < 7


def test_nothing_is_lost_when_the_call_is_hung_up_in_mid_word():
    stamped, _ = follow_live(TALK, roles=BOTH, stop_at=round(15.3 * SAMPLE_RATE_HZ))
    last = events_of(Final, stamped)[-1]
    assert seconds(last.end_sample) == pytest.approx(15.3, abs=0.05)
    assert bare(last.text).endswith(HAN[(last.end_sample // SLOT - 1) % len(HAN)])


def test_long_speech_is_cut_and_the_words_after_the_cut_stay_committed():
    stamped, _ = follow_live({0: call_audio(50, (1, 47))})
    finals = events_of(Final, stamped)
    assert len(finals) >= 3
    said = bare("".join(final.text for final in finals))
    whole = "".join(HAN[slot % len(HAN)] for slot in range(4, 47 * 4))
    assert len(said) >= len(whole) - 3 * len(finals)
    windows = {partial.end_sample - partial.start_sample for partial in events_of(Partial, stamped)}
    assert max(windows) > 15 * SAMPLE_RATE_HZ


def test_windows_stay_short_however_long_somebody_speaks():
    _, requests = follow_live({0: call_audio(30, (1, 19))})
    lengths = [len(request.audio) / SAMPLE_RATE_HZ for _, request in requests if request.kind is RequestKind.PARTIAL]
    assert max(lengths) < 8
    late = [request for at, request in requests if at > 10 * SAMPLE_RATE_HZ and request.kind is RequestKind.PARTIAL]
    assert all(request.prefix for request in late)


def test_a_final_that_says_otherwise_is_a_revision():
    def answer(request):
        text = spoken(request)
        return text if request.kind is RequestKind.PARTIAL else text.replace(text[1], "错", 1)

    stamped, _ = follow_live({0: call_audio(8, (1, 5))}, answer=answer)
    events = [event for _, event in stamped]
    (revision,) = events_of(Revision, stamped)
    assert revision.changed == 1
    assert isinstance(events[events.index(revision) - 1], Final)


def test_committed_words_of_a_refused_segment_are_taken_back_aloud():
    def answer(request):
        return spoken(request) if request.kind is RequestKind.PARTIAL else "谢谢您的来电" * 8

    stamped, _ = follow_live({0: call_audio(8, (1, 5))}, answer=answer)
    (rejected,) = events_of(Rejected, stamped)
    (revision,) = events_of(Revision, stamped)
    assert revision.segment_id == rejected.segment_id
    assert revision.changed == len(revision.committed) > 0


def test_a_loop_is_never_shown():
    stamped, _ = follow_live({0: call_audio(8, (1, 5))}, answer=lambda request: "谢谢您的来电" * 8)
    assert not events_of(Partial, stamped)
    assert [event.reason for event in events_of(Rejected, stamped)] == ["repetition_loop"]


def test_a_stream_whose_readings_are_refused_gets_going_again():
    def answer(request):
        looping = request.kind is RequestKind.PARTIAL and request.start_sample < 2 * SAMPLE_RATE_HZ
        return "谢谢您的来电" * 8 if looping else spoken(request)

    stamped, _ = follow_live({0: call_audio(14, (1, 12))}, answer=answer)
    assert events_of(Partial, stamped)
    assert len(events_of(Final, stamped)) == 1


def test_doubtful_words_are_committed_once_two_readings_agree():
    class Unsure(ScriptedEngine):
        def _result(self, request):
            result = super()._result(request)
            for word in result.hypothesis.words:
                object.__setattr__(word, "probability", 0.5)
            return result

    settings = live_settings(show_probability=0.0, speculate=False)
    stamped, _ = follow_live({0: call_audio(8, (1, 5))}, engine=Unsure(spoken), settings=settings)
    partials = events_of(Partial, stamped)
    assert not partials[0].stable
    assert partials[-1].stable
    assert all(len(before.stable) <= len(after.stable) for before, after in pairwise(partials))


def test_a_segment_whose_decode_fails_is_given_up_and_the_call_goes_on():
    pipeline = make((0, 1), roles=BOTH, live=True, settings=live_settings(speculate=False))
    engine, events = ScriptedEngine(spoken), []

    def take(outputs):
        for output in outputs:
            if not isinstance(output, DecodeRequest):
                events.append(output)
            elif output.segment_id == "1-0" and output.kind is RequestKind.FINAL:
                take(pipeline.fail(DecodeFailure(output, "the worker died")))
            else:
                take(pipeline.deliver(engine.decode([output])[0]))

    take(pipeline.start())
    for frame in frames_of(TALK):
        take(pipeline.push(frame))
    take(pipeline.finish())
    (rejected,) = of(Rejected, events)
    assert (rejected.segment_id, rejected.reason, rejected.detail) == ("1-0", "engine_failed", "the worker died")
    assert len(of(Final, events)) == 3
    assert isinstance(events[-1], CallEnded)


def test_text_is_shown_before_the_language_of_the_call_is_decided():
    class Bilingual(ScriptedEngine):
        def _result(self, request):
            result = super()._result(request)
            if request.kind is RequestKind.LANGUAGE:
                object.__setattr__(result, "language_probabilities", {"zh": 0.8, "en": 0.2})
            elif request.language is None:
                object.__setattr__(result, "language", "zh")
            return result

    engine = Bilingual(spoken, languages=frozenset({"zh", "en"}))
    stamped, _ = follow_live({0: call_audio(8, (1, 5))}, engine=engine)
    partials = events_of(Partial, stamped)
    assert partials[0].language == "zh"
    assert partials[0].end_sample < 3 * SAMPLE_RATE_HZ


def test_who_is_who_is_said_as_soon_as_it_is_clear():
    lines = {0: "您好，这里是银行客服中心，工号八号为您服务，请问有什么可以帮您", 1: "我的卡丢了我要挂失"}
    channels = {0: call_audio(24, (1, 9), (16, 20)), 1: call_audio(24, (10, 14))}
    engine = ScriptedEngine(lambda request: lines[request.channel] if request.kind is not RequestKind.PARTIAL else "")
    stamped, _ = follow_live(channels, engine=engine)
    at, roles = next((at, event) for at, event in stamped if isinstance(event, RolesAssigned))
    assert roles.roles == {0: Role.AGENT, 1: Role.CUSTOMER}
    assert at < 20 * SAMPLE_RATE_HZ


def test_marks_between_committed_words_are_shown():
    def answer(request):
        text = spoken(request)
        return text[:3] + ("，" + text[3:] if len(text) > 3 else "")

    class Marked(ScriptedEngine):
        def _result(self, request):
            result = super()._result(request)
            words = list(result.hypothesis.words)
            kept = []
            for word in words:
                if word.text == "，" and kept:
                    object.__setattr__(kept[-1], "text", kept[-1].text + "，")
                else:
                    kept.append(word)
            object.__setattr__(result.hypothesis, "words", tuple(kept))
            return result

    stamped, _ = follow_live({0: call_audio(8, (1, 5))}, engine=Marked(answer))
    last = events_of(Partial, stamped)[-1]
    assert text_of(last.stable)[3] == "，"
    assert not events_of(Revision, stamped)
