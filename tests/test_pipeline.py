"""A call as a state machine: what comes out for what goes in."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import CancelledError

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pipeline_tools import BOTH, SETTINGS, call_audio, follow, frames_of, make, of, plan, say, spans_s

from callcore.config import load_settings
from callcore.drivers import BulkDriver, DecodePool, run_inline
from callcore.engines.scripted import ScriptedEngine
from callcore.errors import EngineError
from callcore.record import fold
from callcore.types import (
    SAMPLE_RATE_HZ,
    AudioFrame,
    AudioWarning,
    CallEnded,
    CallStarted,
    DecodeRequest,
    Final,
    LanguageDecided,
    Rejected,
    RequestKind,
    Role,
    RolesAssigned,
    Turn,
    WarningKind,
)

TALK = {
    0: call_audio(20, (1, 3), (3.6, 5), (9, 11)),
    1: call_audio(20, (5.5, 8.5), (10.5, 12.5), (16, 19.9)),
}


def with_(section, **changes):
    part = getattr(SETTINGS, section).model_copy(update=changes)
    return SETTINGS.model_copy(update={section: part})


def test_both_sides_become_turns_in_order_and_overlaps_stay():
    turns = fold(follow(TALK, roles=BOTH)).turns
    assert [turn.channel for turn in turns] == [0, 1, 0, 1, 1]
    overlapping = turns[2], turns[3]
    assert overlapping[1].start_sample < overlapping[0].end_sample
    starts = [turn.start_sample for turn in turns]
    assert starts == sorted(starts)
    for (channel, start_s, end_s), (wanted_start, wanted_end) in zip(
        spans_s(turns), [(1, 5), (5.5, 8.5), (9, 11), (10.5, 12.5), (16, 19.9)], strict=True
    ):
        assert abs(start_s - wanted_start) < 0.3, channel
        assert abs(end_s - wanted_end) < 0.3, channel


def test_a_call_begins_and_ends_once_and_every_word_lies_in_its_turn():
    events = follow(TALK, roles=BOTH)
    assert isinstance(events[0], CallStarted)
    assert isinstance(events[-1], CallEnded)
    assert events[-1].sample_count == 20 * SAMPLE_RATE_HZ
    assert events[-1].segment_count == len(of(Final, events))
    for turn in of(Turn, events):
        assert "".join((" " if w.space_before else "") + w.text for w in turn.words) == turn.text
        assert all(turn.start_sample <= w.start_sample <= w.end_sample <= turn.end_sample for w in turn.words)


@settings(max_examples=40)
@given(st.data())
def test_how_the_audio_is_cut_changes_nothing(data):
    whole = follow(TALK, roles=BOTH, frames=[AudioFrame(n, 0, audio) for n, audio in TALK.items()])
    length = 20 * SAMPLE_RATE_HZ
    cuts = {n: sorted({0, length, *data.draw(st.lists(st.integers(1, length - 1), max_size=12))}) for n in TALK}
    pieces = [
        AudioFrame(n, start, TALK[n][start:end]) for n in TALK for start, end in zip(cuts[n], cuts[n][1:], strict=False)
    ]
    # Channels interleave at random; each keeps its own order.
    order = data.draw(st.permutations(range(len(pieces))))
    channels = {n: iter([piece for piece in pieces if piece.channel == n]) for n in TALK}
    shuffled = [next(channels[pieces[index].channel]) for index in order]
    assert follow(TALK, roles=BOTH, frames=shuffled) == whole


def test_bulk_and_inline_give_the_same_events():
    class Engine(ScriptedEngine):
        """Batches by length, several at once."""

        def __init__(self):
            super().__init__(say)
            self._info = type(self._info)("scripted", frozenset({"zh"}), 20.0, 3, "cpu", "none")

        def batch_limit(self, request):
            return 4

        def batch_key(self, request):
            return (len(request.audio) // 16_000, request.effort)

    engine = Engine()
    pool = DecodePool(engine)
    bulk = list(BulkDriver(pool, group_s=4.0).run(make((0, 1), roles=BOTH), frames_of(TALK)))
    pool.close()
    assert fold(bulk) == fold(follow(TALK, roles=BOTH))


def test_a_long_silence_of_the_speaker_starts_a_new_turn():
    audio = {0: call_audio(12, (1, 2), (3.0, 4), (6, 7))}
    turns = of(Turn, follow(audio))
    assert [len(turn.segment_ids) for turn in turns] == [2, 1]


def test_a_short_interjection_of_the_other_does_not_end_a_turn_a_longer_say_does():
    agent = call_audio(12, (1, 3), (4.0, 6))
    short = follow({0: agent, 1: call_audio(12, (3.45, 3.6))}, roles=BOTH, settings=with_("segment", min_speech_ms=64))
    assert len([turn for turn in of(Turn, short) if turn.channel == 0]) == 1
    agent = call_audio(12, (1, 3), (4.6, 6))
    long = follow(
        {0: agent, 1: call_audio(12, (3.3, 4.4))}, roles=BOTH, settings=with_("segment", pre_roll_ms=0, post_roll_ms=0)
    )
    assert len([turn for turn in of(Turn, long) if turn.channel == 0]) == 2


def test_speech_longer_than_the_model_takes_is_cut_and_no_sample_is_lost():
    audio = {0: call_audio(30, (1, 29))}
    engine = ScriptedEngine(say)
    events = follow(audio, engine=engine, max_audio_s=8.0)
    finals = of(Final, events)
    assert all(len(request.audio) <= 8 * SAMPLE_RATE_HZ for request in engine.requests)
    assert all(a.end_sample == b.start_sample for a, b in itertools.pairwise(finals))
    assert not any(final.text.endswith("。") for final in finals[:-1])  # a sentence cut in two has not ended
    assert len(of(Turn, events)) == 1


def test_missing_samples_become_silence_with_a_warning():
    audio = TALK[0]
    frames = [AudioFrame(0, 0, audio[:32_000]), AudioFrame(0, 48_000, audio[48_000:])]
    events = follow({0: audio}, frames=frames)
    (warning,) = of(AudioWarning, events)
    assert warning.kind is WarningKind.GAP
    assert warning.detail == {"missing_s": 1.0}
    assert warning.at_sample == 32_000
    assert events[-1].sample_count == len(audio)


@pytest.mark.parametrize(
    ("frame", "match"),
    [
        (AudioFrame(0, 0, np.zeros(8, np.float32), rate_hz=8000), "16000"),
        (AudioFrame(5, 0, np.zeros(8, np.float32)), "channel 5"),
    ],
)
def test_frames_that_cannot_belong_to_the_call_are_refused(frame, match):
    with pytest.raises(ValueError, match=match):
        make((0, 1)).push(frame)


def test_audio_of_the_past_is_refused():
    pipeline = make((0,))
    pipeline.push(AudioFrame(0, 0, np.zeros(320, np.float32)))
    with pytest.raises(ValueError, match="already received"):
        pipeline.push(AudioFrame(0, 100, np.zeros(320, np.float32)))


def test_a_call_without_speech_says_so():
    events = follow({0: call_audio(5), 1: call_audio(5)})
    assert [warning.kind for warning in of(AudioWarning, events)] == [WarningKind.NO_SPEECH]
    assert isinstance(events[-1], CallEnded)


def test_a_call_without_a_sample_still_ends():
    events = follow({0: call_audio(0)})
    assert events[-1] == CallEnded(0, 0)


def test_what_the_reader_found_becomes_an_event_before_the_end():
    warning = AudioWarning(WarningKind.CLIPPING, "clipped", 0)
    events = follow(TALK, roles=BOTH, warnings=lambda: [warning])
    assert warning in events[:-1]


def test_roles_come_from_options_from_words_or_stay_unknown():
    assert of(RolesAssigned, follow(TALK, roles=BOTH))[0].source == "option"
    assert of(RolesAssigned, follow({0: TALK[0]}, roles={0: Role.UNKNOWN}))[0].source == "mono"
    texts = {0: "您好这里是银行客服中心工号三五二为您服务请问有什么可以帮您", 1: "喂你好我的信用卡不见了怎么办啊"}
    engine = ScriptedEngine(lambda request: texts[request.channel][: 5 * len(request.audio) // SAMPLE_RATE_HZ])
    found = of(RolesAssigned, follow(TALK, engine=engine))[0]
    assert found.source == "cues"
    assert found.roles == BOTH
    swapped = follow(TALK, engine=engine, roles={0: Role.CUSTOMER, 1: Role.AGENT})
    assert WarningKind.SWAPPED_CHANNELS in {warning.kind for warning in of(AudioWarning, swapped)}


class Bilingual(ScriptedEngine):
    """Hears English on channel 1, Mandarin on channel 0."""

    def __init__(self):
        super().__init__(lambda request: "hello there" if request.language == "en" else "您好", frozenset({"zh", "en"}))

    def decode(self, requests):
        results = super().decode(requests)
        for request, result in zip(requests, results, strict=True):
            if request.kind is RequestKind.LANGUAGE:
                share = 0.95 if request.channel == 1 else 0.05
                result.language_probabilities.update({"en": share, "zh": 1 - share})
        return results


def test_language_is_asked_first_and_finals_wait_for_it():
    engine = Bilingual()
    events = follow({1: TALK[1]}, engine=engine)
    kinds = [request.kind for request in engine.requests]
    assert kinds[0] is RequestKind.LANGUAGE
    assert of(LanguageDecided, events) == [LanguageDecided("en", 0.95, None)]
    assert {final.language for final in of(Final, events)} == {"en"}
    assert kinds.count(RequestKind.FINAL) == 3


def test_language_can_be_decided_for_each_channel():
    settings = with_("recognise", language_scope="channel")
    decided = of(LanguageDecided, follow(TALK, engine=Bilingual(), settings=settings))
    assert {(item.channel, item.language) for item in decided} == {(0, "zh"), (1, "en")}


def test_a_stated_language_is_not_asked_for():
    engine = Bilingual()
    follow(TALK, engine=engine, settings=with_("recognise", language="zh"))
    assert {request.kind for request in engine.requests} == {RequestKind.FINAL}


def test_a_short_call_is_decided_by_what_there_was():
    events = follow({1: call_audio(4, (1, 1.8))}, engine=Bilingual())
    assert [item.language for item in of(LanguageDecided, events)] == ["en"]
    assert len(of(Final, events)) == 1


def test_a_loop_is_retried_with_the_whole_window_and_then_refused_without_its_text():
    engine = ScriptedEngine(lambda request: "谢谢您的来电" * 6)
    events = follow({0: call_audio(6, (1, 4))}, engine=engine)
    (rejected,) = of(Rejected, events)
    assert rejected.reason == "repetition_loop"
    assert rejected.text_length == 36
    assert "谢谢" not in rejected.detail
    assert [request.effort.full_window for request in engine.requests] == [False, True, True, True, True]
    assert not of(Turn, events)


def test_a_better_second_reading_is_taken():
    def answer(request):
        return "信用卡挂失" if request.effort.full_window else "挂失" * 12

    (final,) = of(Final, follow({0: call_audio(6, (1, 4))}, engine=ScriptedEngine(answer)))
    assert final.text.startswith("信用卡挂失")
    assert final.attempts == 2


def test_live_calls_are_retried_once_at_most():
    engine = ScriptedEngine(lambda request: "谢谢您的来电" * 6)
    follow({0: call_audio(6, (1, 4))}, engine=engine, live=True)
    finals = [request for request in engine.requests if request.kind is not RequestKind.PARTIAL]
    assert [request.effort.full_window for request in finals] == [False, True]


def test_doubtful_words_of_clear_speech_are_kept_and_the_call_says_the_model_does_not_fit():
    class Doubtful(ScriptedEngine):
        def _result(self, request):
            result = super()._result(request)
            for word in result.hypothesis.words:
                object.__setattr__(word, "probability", 0.3)
            return result

    engine = Doubtful(say, avg_logprob=-1.5)
    events = follow(TALK, engine=engine, roles=BOTH, better="Get another.")
    assert len(of(Final, events)) == 6
    (warning,) = of(AudioWarning, events)
    assert warning.kind is WarningKind.MODEL_MISMATCH
    assert warning.message.endswith("Get another.")


def test_hopeless_audio_stops_being_retried():
    spans = [(1 + 3 * index, 2 + 3 * index) for index in range(20)]
    engine = ScriptedEngine(say, avg_logprob=-1.5)
    follow({0: call_audio(62, *spans)}, engine=engine)
    assert len(engine.requests) < 6 * 5 + 20


def test_a_failing_engine_ends_the_call_with_its_error():
    class Broken(ScriptedEngine):
        def decode(self, requests):
            raise EngineError("out of memory.")

    pool = DecodePool(Broken(say))
    with pytest.raises(EngineError, match="out of memory"):
        list(BulkDriver(pool, group_s=1.0).run(make((0, 1)), frames_of(TALK)))
    pool.close()


def test_a_closed_pool_cancels_what_waits():
    class Slow(ScriptedEngine):
        def decode(self, requests):
            started.set()
            released.wait()
            return super().decode(requests)

    started, released = threading.Event(), threading.Event()
    pool = DecodePool(Slow(say))
    requests = [
        DecodeRequest(f"0-{index}", RequestKind.FINAL, 0, 0, np.zeros(16_000, np.float32), "zh") for index in range(3)
    ]
    running, *waiting = pool.submit(requests)
    started.wait()
    closer = threading.Thread(target=pool.close)
    closer.start()
    for future in waiting:
        with pytest.raises(CancelledError):
            future.result(timeout=10)
    released.set()
    closer.join()
    assert running.result().segment_id == "0-0"


def test_settings_reach_the_pipeline_from_a_file(tmp_path):
    file = tmp_path / "callcore.toml"
    file.write_text("[turns]\nmax_gap_s = 0.0\n[segment]\ngate = false\nmin_mean_probability = 0.0\n")
    turns = of(Turn, follow({0: TALK[0]}, settings=load_settings(file)))
    assert len(turns) == 3


def test_an_engine_that_knows_no_language_leaves_the_plan_as_it_is():
    events = list(run_inline(make((0,)), frames_of({0: TALK[0]}), ScriptedEngine(say)))
    assert plan((0,)).started == events[0]
