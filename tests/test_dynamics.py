"""Conversation dynamics: what happens between two speakers, told from scripts whose truth is known."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from live_events import ZH

from benchmarks.common import read_audio
from callcore.config import SegmentSettings, UnderstandSettings
from callcore.engines.silero import SileroVad
from callcore.errors import ConfigError
from callcore.segment import WINDOW_SAMPLES, SegmentClosed, Segmenter, SegmentOpened
from callcore.types import SAMPLE_RATE_HZ, Final, samples, seconds
from callcore.understand.dynamics import Answers, Dynamics
from callcore.understand.music import MusicEar
from callcore.understand.pace import count_syllables
from callcore.understand.remarks import Remarks

BARE = SegmentSettings(pre_roll_ms=0, post_roll_ms=0)
A, B = 0, 1


def final(channel, start_s, end_s, text):
    start, end = samples(start_s), samples(end_s)
    return Final(f"{channel}-{start}", channel, start, end, text, ZH(text, start_s, end_s), "zh", -0.2, 0.0, 0.9)


def followed(script, length_s=None, *, given_settings=None, segment=BARE):
    """A call told at once: its dynamics at the end, and what happened as (kind, channel, start, end) in seconds."""
    dynamics = Dynamics([A, B], given_settings or UnderstandSettings(), segment)
    for line in script:
        dynamics.said(final(*line))
    length = samples(length_s if length_s is not None else max(line[2] for line in script) + 1)
    incidents = dynamics.finish(length)
    told = [(one.kind, one.channel, seconds(one.start_sample), seconds(one.end_sample)) for one in incidents]
    return dynamics.snapshot(length), told, incidents


def test_speech_that_begins_while_the_other_speaks_and_goes_on_is_an_interruption():
    snapshot, told, (incident,) = followed(
        [(A, 0, 6, "这个费用是年费每年收一次"), (B, 4, 9, "我不是问这个我问的是利息"), (A, 10, 12, "好的您说")]
    )
    assert told == [("interruption", B, 4.0, 6.0)]
    assert incident.detail == {"overlap_s": 2.0, "yielded": 1.0}
    assert [side.interruptions for side in snapshot.channels] == [0, 1]


def test_who_goes_on_has_not_yielded():
    _, told, (incident,) = followed([(A, 0, 10, "年费每年收一次"), (B, 3, 5, "我不是问这个")])
    assert told == [("interruption", B, 3.0, 5.0)]
    assert incident.detail == {"overlap_s": 2.0, "yielded": 0.0}


@pytest.mark.parametrize(
    ("start_s", "end_s", "text"),
    [
        (3, 3.5, "嗯"),
        (3, 4.2, "好的，明白了。"),
        (3, 4, "Uh-huh, right."),
        (9.6, 12, "那我明天再来"),  # the last word of the other is overlapped, no more
        (0.1, 3, "您好我想问一下"),  # both begin at once
        (10.2, 12, "那我明天再来"),  # in turn
    ],
)
def test_listening_and_taking_turns_are_no_interruptions(start_s, end_s, text):
    _, told, _ = followed([(A, 0, 10, "年费每年收一次"), (B, start_s, end_s, text)])
    assert told == []


def test_a_small_word_that_goes_on_long_is_more_than_a_backchannel():
    snapshot, told, _ = followed([(A, 0, 10, "年费每年收一次"), (B, 3, 5.5, "好的好的好的好的")])
    assert told == [("interruption", B, 3.0, 5.5)]
    assert snapshot.channels[B].backchannels == 0


def test_a_pause_of_the_one_who_speaks_is_no_place_to_be_interrupted():
    """Who begins in a pause begins in silence, and who goes on after it breaks in on nobody."""
    _, told, _ = followed([(A, 0, 3, "您的卡"), (A, 3.4, 8, "需要补办"), (B, 3.2, 6, "我知道了要多少钱")])
    assert told == []


def test_pieces_of_one_say_count_once():
    snapshot, told, _ = followed(
        [(A, 0, 10, "年费每年收一次"), (B, 3, 4, "不是不是"), (B, 4.3, 6, "我问的是利息"), (A, 10, 12, "哦")]
    )
    assert told == [("interruption", B, 3.0, 6.0)]
    assert snapshot.channels[B].interruptions == 1


def test_a_complaint_call_with_known_truth():
    """A hand-made list: who breaks in where, who listens, who is silent when."""
    script = [
        (A, 0.5, 4.0, "您好请问有什么可以帮您"),
        (B, 4.6, 12.0, "我上个月被扣了三百块钱你们到底怎么回事"),
        (A, 7.0, 7.4, "嗯"),
        (A, 9.0, 9.5, "是的"),
        (A, 11.0, 14.0, "您先别着急我帮您查"),  # breaks in: 1.0 s, the customer stops
        (B, 13.2, 16.0, "我能不急吗三百块"),  # breaks in: 0.8 s, the agent stops
        (A, 16.5, 18.0, "好的请稍等"),
        (A, 31.0, 36.0, "查到了是账户管理费"),  # after 13 s that were announced
        (B, 36.8, 38.0, "为什么要收"),
        (A, 47.0, 52.0, "因为您的余额不足"),  # after 9 s of dead air
        (B, 49.0, 53.5, "可我从来没有收到过通知"),  # breaks in: 3.0 s, the agent stops
    ]
    snapshot, told, _ = followed(script, 60)
    assert told == [
        ("interruption", A, 11.0, 12.0),
        ("interruption", B, 13.2, 14.0),
        ("hold", A, 18.0, 31.0),
        ("dead_air", None, 38.0, 47.0),
        ("interruption", B, 49.0, 52.0),
    ]
    agent, customer = snapshot.channels
    assert (agent.backchannels, customer.backchannels) == (2, 0)
    assert (snapshot.holds, seconds(snapshot.hold), seconds(snapshot.dead_air)) == (1, 13.0, 9.0)
    assert agent.answers == Answers(2, 0.5, -0.25, 0.5)  # over the customer's end, after it; not what was dead air
    assert customer.answers.count == 4


def test_an_english_call_with_known_truth():
    script = [
        (A, 0.0, 3.0, "Thank you for calling, how may I help you?"),
        (B, 3.8, 9.0, "My card was declined twice in the supermarket yesterday"),
        (A, 5.0, 5.4, "mm-hm"),
        (A, 7.9, 8.9, "And which card is that?"),  # breaks in: 1.0 s, the customer goes on
        (B, 9.2, 10.0, "the blue one"),
        (A, 10.5, 12.0, "One moment please."),
        (B, 12.3, 12.7, "Okay."),
        (A, 24.0, 27.0, "There is a block on it"),
        (B, 36.0, 38.0, "Hello?"),
    ]
    _, told, _ = followed(script, 40)
    assert told == [("interruption", A, 7.9, 8.9), ("hold", A, 12.7, 24.0), ("dead_air", None, 27.0, 36.0)]


def test_a_quiet_call_with_known_truth():
    script = [(A, 10, 12, "喂您好"), (B, 13, 14, "你好"), (A, 45, 46, "还在吗"), (B, 47, 48, "在"), (A, 49, 50, "再见")]
    snapshot, told, _ = followed(script, 80)
    assert told == [("hold", None, 14.0, 45.0)]  # not before the first word, not after the last
    assert snapshot.silence_share == pytest.approx((80 - 6) / 80)
    assert [side.answers.last_s for side in snapshot.channels] == [1.0, 1.0]


def test_silence_is_dead_air_from_the_set_length_on():
    script = [(A, 0, 1, "好"), (B, 7, 8, "那就这样吧")]
    assert followed(script)[1] == []
    assert followed(script, given_settings=UnderstandSettings(dead_air_s=6))[1] == [("dead_air", None, 1.0, 7.0)]
    assert followed(script, given_settings=UnderstandSettings(dead_air_s=6, hold_s=6))[1] == [("hold", None, 1.0, 7.0)]


def test_silence_while_listening_is_paused_is_nobodys():
    dynamics = Dynamics([A, B], UnderstandSettings(), BARE)
    dynamics.said(final(A, 0, 2, "请报卡号"))
    dynamics.paused(samples(3))
    dynamics.resumed(samples(30))
    dynamics.said(final(A, 31, 32, "好了"))
    assert dynamics.finish(samples(40)) == []


def test_an_announced_hold_that_nobody_comes_back_from_is_told_at_the_end():
    assert followed([(A, 0, 2, "请您稍等")], 30)[1] == [("hold", A, 2.0, 30.0)]
    assert followed([(A, 0, 2, "再见")], 30)[1] == []


def test_answers_are_timed_from_the_end_of_the_other():
    script = [
        (A, 0, 2, "请问您贵姓？"),
        (B, 2.5, 3, "我姓王"),
        (A, 3.8, 6, "王女士您好。"),
        (B, 5.7, 8, "你好我想问利率"),  # begins before the other has ended
        (A, 9, 10, "嗯"),
    ]
    agent, customer = followed(script)[0].channels
    assert customer.answers == Answers(2, -0.3, 0.1, 0.5)
    assert customer.question_answers == Answers(1, 0.5, 0.5, 0.5)
    assert agent.answers.median_s == pytest.approx(0.9)


def test_the_longest_monologue_goes_on_through_backchannels():
    script = [
        (A, 0, 10, "一"),
        (B, 10.4, 10.8, "嗯"),
        (A, 11, 16, "二"),
        (B, 17, 20, "我有个问题"),
        (A, 21, 23, "请讲"),
    ]
    snapshot, _, _ = followed(script)
    assert [seconds(side.longest_monologue) for side in snapshot.channels] == [15.0, 3.0]
    assert [side.backchannels for side in snapshot.channels] == [0, 1]


def test_a_small_word_after_a_question_is_an_answer():
    script = [(A, 0, 3, "您是本人吗？"), (B, 3.5, 4, "是的"), (A, 4.5, 8, "好的请报一下卡号后四位")]
    assert followed(script)[0].channels[B].backchannels == 0


def test_speaking_rate_in_syllables_a_second():
    snapshot, _, _ = followed([(A, 0, 4, "您好请问有什么可以帮您的吗"), (B, 50, 52, "我想查一下余额")], 60)
    assert snapshot.channels[A].syllables_per_s == 3.25
    assert snapshot.channels[A].recent_syllables_per_s is None  # nothing said in the last 30 s
    assert snapshot.channels[B].recent_syllables_per_s == 3.5


def test_the_rolls_of_the_segmenter_are_no_speech():
    snapshot, told, _ = followed(
        [(A, 0, 5.16, "年费每年收一次"), (B, 4.8, 7.16, "我问的是利息")], 10, segment=SegmentSettings()
    )
    assert told == []  # 0.36 s of overlap are pre-roll and post-roll
    assert [seconds(side.talk) for side in snapshot.channels] == [4.8, 2.0]
    assert snapshot.overlap == 0
    assert snapshot.channels[B].answers.last_s == 0.0


def test_a_call_as_it_looks_while_it_goes_on():
    dynamics = Dynamics([A, B], UnderstandSettings(), BARE)
    assert dynamics.snapshot(0).silence_share == 0
    dynamics.opened(A, samples(1))
    now = dynamics.snapshot(samples(3))
    assert (seconds(now.channels[A].talk), now.channels[A].share, now.current_silence) == (2.0, 1.0, 0)
    dynamics.closed(A, samples(1), samples(4))
    dynamics.said(final(A, 1, 4, "请您稍等"))
    assert dynamics.advance(samples(10)) == []
    now = dynamics.snapshot(samples(14))
    assert (seconds(now.current_silence), now.waiting) == (10.0, True)
    dynamics.opened(B, samples(15))
    assert dynamics.snapshot(samples(16)).current_silence == 0
    assert dynamics.advance(samples(16)) == []  # the words may still be refused
    dynamics.refused(B, samples(15), samples(16))
    assert dynamics.advance(samples(20)) == []
    dynamics.said(final(A, 20, 21, "让您久等了"))
    assert [one.kind for one in dynamics.advance(samples(22))] == ["hold"]
    assert dynamics.finish(samples(30)) == []
    assert dynamics.finish(samples(30)) == []


def test_audio_with_a_hole_is_a_mistake_of_the_caller():
    dynamics = Dynamics([A], UnderstandSettings(), BARE)
    dynamics.sounded(A, 0, np.zeros(512, np.float32))
    with pytest.raises(ValueError, match="expected 512"):
        dynamics.sounded(A, 1024, np.zeros(512, np.float32))


# What holds for every call.

texts = st.sampled_from(["嗯", "好的", "请您稍等", "我想问一下利息", "请问您贵姓？", "ok", ""])
spans = st.lists(st.tuples(st.integers(0, 400), st.integers(1, 60), texts), max_size=8)  # tenths of a second


@st.composite
def calls(draw):
    """Two sides of speech that does not overlap within a side, in seconds."""
    script = []
    for channel in (A, B):
        free = 0
        for start, length, text in sorted(draw(spans)):
            begin = max(start, free)
            script.append((channel, begin / 10, (begin + length) / 10, text))
            free = begin + length
    return script


def sound(script, length_s):
    """A tone on channel B from 5 s to 25 s where it does not speak, noise else."""
    rng = np.random.default_rng(0)
    audio = [rng.normal(0, 0.001, samples(length_s)).astype(np.float32) for _ in (A, B)]
    time_s = np.arange(len(audio[B])) / SAMPLE_RATE_HZ
    audio[B] += (0.1 * np.sin(2 * np.pi * 450 * time_s) * ((time_s > 5) & (time_s < 25))).astype(np.float32)
    return audio


def replayed(script, length_s, step, lag_s, *, with_sound=False):
    """A call as the pipeline tells it: ``step`` samples at a time, words ``lag_s`` after each segment's end."""
    dynamics = Dynamics([A, B], UnderstandSettings(dead_air_s=3, hold_s=9), BARE)
    length = samples(length_s)
    opens = sorted(((samples(start), channel) for channel, start, _, _ in script), reverse=True)
    closes = sorted(((samples(end), channel, samples(start)) for channel, start, end, _ in script), reverse=True)
    said = sorted(((samples(line[2] + lag_s), line[0], line) for line in script), reverse=True)
    audio = sound(script, length_s) if with_sound else []
    told = []
    for at in range(0, length, step):
        now = min(at + step, length)
        while (opens and opens[-1][0] <= now) or (closes and closes[-1][0] <= now):
            if opens and opens[-1][0] <= now and (not closes or opens[-1][0] < closes[-1][0]):
                start, channel = opens.pop()
                dynamics.opened(channel, start)
            else:
                end, channel, start = closes.pop()
                dynamics.closed(channel, start, end)
        while said and said[-1][0] <= now:
            dynamics.said(final(*said.pop()[2]))
        for channel, row in enumerate(audio):
            dynamics.sounded(channel, at, row[at:now])
        told += dynamics.advance(now)
        dynamics.snapshot(now)
    for _, _, line in reversed(said):
        dynamics.said(final(*line))
    return told + dynamics.finish(length), dynamics.snapshot(length)


@given(calls())
@settings(max_examples=60)
def test_shares_and_lengths_add_up(script):
    length_s = 50 + 48  # eight sayings of up to 6 s after the last start
    told, snapshot = replayed(script, length_s, 8192, 0.5)
    talk = [side.talk for side in snapshot.channels]
    assert talk == [
        samples(sum(end - start for channel, start, end, _ in script if channel == side)) for side in (A, B)
    ]
    assert 0 <= snapshot.overlap <= min(talk)
    assert sum(talk) - snapshot.overlap + snapshot.silence == snapshot.position
    assert sum(side.share for side in snapshot.channels) == pytest.approx(1 if script else 0)
    assert all(0 <= share <= 1 for share in (snapshot.silence_share, snapshot.overlap_share))
    for kind in ("interruption", "dead_air", "hold", "music"):
        row = sorted((one.start_sample, one.end_sample) for one in told if one.kind == kind)
        assert all(start < end for start, end in row)
        assert all(before[1] <= after[0] for before, after in pairwise(row))
    silent = sorted((one.start_sample, one.end_sample) for one in told if one.kind in ("dead_air", "hold"))
    for channel, start, end, _ in script:
        assert all(samples(end) <= low or samples(start) >= high for low, high in silent), channel


@given(calls(), st.sampled_from([4096, 6001, 8192, 50_000]), st.sampled_from([0.0, 0.3, 2.0, 7.7]))
@settings(max_examples=60)
def test_incidents_do_not_depend_on_portions_and_delays(script, step, lag_s):
    whole, last = replayed(script, 98, 98 * SAMPLE_RATE_HZ, 0.0)
    told, snapshot = replayed(script, 98, step, lag_s)
    assert told == whole
    assert snapshot == last


@given(calls(), st.sampled_from([(1024, 0.4), (8192, 3.0), (31_111, 0.0)]))
@settings(max_examples=12)
def test_nor_does_music(script, cut):
    whole, last = replayed(script, 98, 98 * SAMPLE_RATE_HZ, 0.0, with_sound=True)
    told, snapshot = replayed(script, 98, *cut, with_sound=True)
    assert told == whole
    assert snapshot == last


def heard(path, block_windows):
    """A recorded call through the segmenters, in blocks as live calls (1) and recorded ones (16) have them."""
    audio = read_audio(path)
    segment = SegmentSettings(block_windows=block_windows)
    model = SileroVad()
    segmenters = [Segmenter(channel, segment, model.stream()) for channel in (A, B)]
    bounds = UnderstandSettings(interruption_ms=300, dead_air_s=0.8, hold_s=60)
    dynamics = Dynamics([A, B], bounds, segment)
    told, step = [], block_windows * WINDOW_SAMPLES
    for at in range(0, len(audio[A]), step):
        for channel, segmenter in enumerate(segmenters):
            part = audio[channel][at : at + step]
            dynamics.sounded(channel, at, part)
            events = segmenter.push(part)
            if at + step >= len(audio[A]):
                events += segmenter.finish()
            for event in events:
                one = event.segment
                if isinstance(event, SegmentOpened):
                    dynamics.opened(channel, one.start_sample)
                elif isinstance(event, SegmentClosed):
                    dynamics.closed(channel, one.start_sample, one.end_sample)
                    dynamics.said(final(channel, one.start_sample / 16_000, one.end_sample / 16_000, "我说一下"))
                else:
                    dynamics.refused(channel, one.start_sample, one.end_sample)
        told += dynamics.advance(min(segmenter.earliest_start for segmenter in segmenters))
    return told + dynamics.finish(len(audio[A]))


def test_live_and_recorded_calls_have_the_same_incidents(fixture_call):
    live, recorded = heard(fixture_call, 1), heard(fixture_call, 16)
    assert [(one.kind, one.channel) for one in live] == [(one.kind, one.channel) for one in recorded]
    for one, other in zip(live, recorded, strict=True):  # the segmenter's own marks may differ by a window
        assert abs(one.start_sample - other.start_sample) <= WINDOW_SAMPLES
        assert abs(one.end_sample - other.end_sample) <= WINDOW_SAMPLES
    assert {one.kind for one in live} == {"interruption", "dead_air"}


# Music and tones.


def tone(hz, on_s, off_s, length_s, level=0.1):
    time_s = np.arange(samples(length_s)) / SAMPLE_RATE_HZ
    return (level * np.sin(2 * np.pi * hz * time_s) * (time_s % (on_s + off_s) < on_s)).astype(np.float32)


def test_ring_back_is_one_incident_from_ring_to_ring():
    dynamics = Dynamics([A, B], UnderstandSettings(), BARE)
    dynamics.sounded(B, 0, tone(450, 1, 4, 20))
    dynamics.sounded(A, 0, np.zeros(samples(20), np.float32))
    dynamics.advance(samples(19))
    assert dynamics.snapshot(samples(19)).music == (B,)
    (incident,) = dynamics.finish(samples(20))
    assert (incident.kind, incident.channel) == ("music", B)
    assert seconds(incident.start_sample) == pytest.approx(0, abs=1.1)
    assert seconds(incident.end_sample) == pytest.approx(16, abs=1.5)


def test_music_between_speech_makes_the_silence_a_hold():
    dynamics = Dynamics([A, B], UnderstandSettings(), BARE)
    dynamics.said(final(A, 0, 3, "我看一下"))
    dynamics.said(final(A, 20, 22, "看好了"))
    dynamics.sounded(A, 0, np.zeros(samples(24), np.float32))
    audio = tone(450, 0.35, 0.35, 24)
    audio[: samples(4)] = 0
    audio[samples(19) :] = 0
    dynamics.sounded(B, 0, audio)
    told = [(one.kind, one.channel) for one in dynamics.finish(samples(24))]
    assert sorted(told) == [("hold", B), ("music", B)]


@pytest.mark.parametrize(
    "audio",
    [
        np.random.default_rng(1).normal(0, 0.1, samples(12)).astype(np.float32),  # noise
        np.zeros(samples(12), np.float32),
        tone(941, 0.1, 0.1, 12),  # a key, again and again
        tone(50, 1, 0, 12) + tone(150, 1, 0, 12) + 0.002,  # mains hum
        tone(450, 0.5, 0, 12, level=0.005),  # a tone that nobody hears
    ],
)
def test_other_sounds_are_no_music(audio):
    assert not any(heard.music for heard in MusicEar().push(audio))


@pytest.mark.parametrize("path", ["telephony/hold_music_8k.flac"])
def test_music_on_hold_is_heard(shared_data, path):
    heard = MusicEar().push(read_audio(shared_data / "noise" / path)[0])
    assert sum(one.music for one in heard) >= 0.8 * len(heard)


@pytest.mark.parametrize("path", ["home/doing_the_dishes.flac", "speechbrain/noise1.flac", "noisex92/leopard.flac"])
def test_noise_of_rooms_is_not(shared_data, path):
    assert not any(one.music for one in MusicEar().push(read_audio(shared_data / "noise" / path)[0]))


# Words and syllables.


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("您好，工号3275。", 8),
        ("我的 Visa 卡", 5),
        ("ATM 和 WPS", 3 + 1 + 5),
        ("I don't know", 3),
        ("The balance of my account was transferred on Monday", 13),
        ("it doesn't", 3),
        ("Café", 2),
        ("カード", 3),
        ("", 0),
        ("🏦！？", 0),
        ("привет", 1),
    ],
)
def test_syllables(text, count):
    assert count_syllables(text) == count


@given(st.text(), st.text())
def test_syllables_of_lines_add_up(left, right):
    assert count_syllables(f"{left}\n{right}") == count_syllables(left) + count_syllables(right)


@pytest.mark.parametrize(
    "text", ["嗯。", "嗯，好的", "OK，好的", "Uh-huh, right.", "yeah yeah", "是的是的，明白了。", "嗯" * 5000]
)
def test_small_words_only_listen(text):
    assert Remarks.load().only_listens(text)


@pytest.mark.parametrize(
    "text", ["", "。", "好的我想问", "rights", "I see the problem", "嗯" * 5000 + "x", "ok " * 5000 + "no"]
)
def test_other_words_say_more(text):
    assert not Remarks.load().only_listens(text)


@pytest.mark.parametrize("text", ["请您稍等一下。", "Hold on, please.", "您先别挂电话"])
def test_a_wait_is_announced(text):
    assert Remarks.load().asks_to_wait(text)


@pytest.mark.parametrize("text", ["我等了很久", "Threshold one", "household only", ""])
def test_a_wait_is_not_announced(text):
    assert not Remarks.load().asks_to_wait(text)


@pytest.mark.parametrize(
    ("text", "asks"), [("您贵姓？", True), ("您还在吗", True), ("What is it?", True), ("好的。", False), ("", False)]
)
def test_questions(text, asks):
    assert Remarks.load().asks(text) is asks


@given(st.text())
def test_any_text_can_be_judged(text):
    remarks = Remarks.load()
    assert isinstance(remarks.only_listens(text), bool)
    assert isinstance(remarks.asks_to_wait(text), bool)
    assert isinstance(remarks.asks(text), bool)


@pytest.mark.parametrize("toml", ["version = 2", "nonsense", "version = 1\n[backchannel]\nlongest_s = -1\nwords = []"])
def test_a_broken_file_of_words_is_refused_with_its_first_mistake(toml):
    with pytest.raises(ConfigError, match=r"^back-channels(: | is no TOML: )"):
        Remarks.parse(toml)
