"""Call statistics: the arithmetic of who talks when, and how it is shown."""

from __future__ import annotations

import io
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from output_records import any_records, han, record_of, turn_of, two_speakers
from rich.console import Console

from callcore.cli.stats_view import render_incidents, render_stats
from callcore.intervals import merged
from callcore.record import CallRecord
from callcore.stats import call_stats, count_units
from callcore.types import CallEnded, Incident, Role, samples

intervals = st.tuples(st.integers(-50, 400), st.integers(0, 80)).map(lambda pair: (pair[0], pair[0] + pair[1]))


def painted(record: CallRecord) -> dict[int, list[bool]]:
    """Who talks, sample by sample: the statistics the slow way."""
    length = record.sample_count
    cells = {channel: [False] * length for channel in record.channels}
    for final in record.finals:
        for at in range(max(0, final.start_sample), min(length, final.end_sample)):
            cells[final.channel][at] = True
    return cells


@st.composite
def short_records(draw: st.DrawFn) -> CallRecord:
    """Calls of at most a few hundred samples, with segments that overlap, touch, are empty or run over the end."""
    channels = draw(st.integers(1, 3))
    turns = []
    for number, (start, end) in enumerate(draw(st.lists(intervals, max_size=10))):
        turn = turn_of(number, number % channels, 0, 0, ["好"])
        turns.append(type(turn)(number, turn.channel, start, end, turn.text, turn.words, "zh", turn.segment_ids))
    record = record_of(turns, roles=dict.fromkeys(range(channels), Role.UNKNOWN))
    record.ended = CallEnded(draw(st.integers(0, 450)), len(turns))
    return record


@given(short_records())
def test_talk_overlap_and_silence_equal_a_count_sample_by_sample(record):
    stats = call_stats(record)
    cells = painted(record)
    talking = [sum(side[at] for side in cells.values()) for at in range(record.sample_count)]
    assert stats.length_samples == record.sample_count
    assert stats.talk_samples == sum(count >= 1 for count in talking)
    assert stats.overlap_samples == sum(count >= 2 for count in talking)
    assert stats.silence_samples == talking.count(0)
    assert [side.talk_samples for side in stats.channels] == [sum(cells[side.channel]) for side in stats.channels]
    runs = "".join("x" if count else " " for count in talking).split("x")
    start, end = stats.longest_silence
    assert end - start == max(map(len, runs))
    assert not any(talking[start:end])


@given(short_records())
def test_the_parts_of_a_call_add_up(record):
    stats = call_stats(record)
    assert stats.talk_samples + stats.silence_samples == stats.length_samples
    if len(stats.channels) <= 2:
        sides = sum(side.talk_samples for side in stats.channels)
        assert sides - stats.overlap_samples + stats.silence_samples == stats.length_samples
    shares = sum(side.share for side in stats.channels)
    assert shares == pytest.approx(1.0 if stats.talk_samples else 0.0)
    assert sum(side.turn_count for side in stats.channels) == len(record.turns)


@given(st.lists(intervals))
def test_a_union_is_disjoint_ordered_and_covers_the_same(given_intervals):
    union = merged(given_intervals)
    assert all(start < end for start, end in union)
    assert all(before[1] < after[0] for before, after in pairwise(union))
    assert {at for start, end in union for at in range(start, end)} == {
        at for start, end in given_intervals for at in range(start, end)
    }


def test_a_call_in_figures():
    stats = call_stats(two_speakers())
    agent, customer = stats.channels
    assert agent.role is Role.AGENT
    assert agent.talk_samples == samples(3.2 + 1.0)
    assert customer.talk_samples == samples(5.75)
    assert agent.share == pytest.approx(4.2 / 9.95)
    assert stats.overlap_samples == samples(0.5)
    assert stats.silence_samples == samples(20 - 9.45)
    assert stats.longest_silence == (samples(11), samples(20))
    assert stats.longest_silence_s == 9.0
    assert (agent.turn_count, customer.turn_count) == (2, 1)
    assert agent.longest_monologue_samples == samples(3.2)
    assert (agent.unit_count, agent.unit) == (10, "characters")
    assert agent.units_per_minute == pytest.approx(10 / 4.2 * 60)
    assert (customer.unit_count, customer.mean_word_probability) == (6, pytest.approx(0.9))


def test_a_monologue_goes_on_until_another_side_takes_a_turn():
    turns = [
        turn_of(1, 0, 0, 10, ["一"]),
        turn_of(2, 0, 12, 17, ["二"]),
        turn_of(3, 1, 18, 19, ["还", "没"]),
        turn_of(4, 0, 20, 31, ["三"]),
    ]
    agent, customer = call_stats(record_of(turns, length_s=40)).channels
    assert agent.longest_monologue_samples == samples(15)
    assert customer.longest_monologue_samples == samples(1)
    turns[2] = turn_of(3, 1, 18, 19, ["嗯"])
    agent, customer = call_stats(record_of(turns, length_s=40)).channels
    assert agent.longest_monologue_samples == samples(26)  # who only listens does not take the floor
    assert (customer.longest_monologue_samples, customer.backchannels) == (0, 1)


@pytest.mark.parametrize(
    ("text", "language", "units"),
    [
        ("您好，工号3275。", "zh", (8, "characters")),
        ("我的 Visa 卡", "zh-CN", (4, "characters")),
        ("I don't know; it's 3.5 per-cent", "en", (6, "words")),
        ("", "en", (0, "words")),
        ("カードを", "ja", (4, "characters")),
    ],
)
def test_speech_is_counted_in_characters_or_words(text, language, units):
    assert count_units(text, language) == units


def test_a_call_without_speech_has_statistics():
    stats = call_stats(record_of([], length_s=3))
    assert (stats.silence_samples, stats.talk_samples) == (samples(3), 0)
    assert all(side.units_per_minute is None and side.mean_word_probability is None for side in stats.channels)
    assert call_stats(CallRecord()).longest_silence == (0, 0)


def shown(record: CallRecord, language: str) -> str:
    console = Console(file=io.StringIO(), width=100, color_system=None)
    console.print(render_stats(call_stats(record), language))
    return console.file.getvalue()


def test_statistics_are_shown_in_the_language_of_the_call():
    chinese = shown(two_speakers(), "zh")
    assert "坐席" in chinese
    assert "讲话时长" in chinese
    assert "143 字/分" in chinese
    english = shown(two_speakers(), "en")
    assert "Customer" in english
    assert "talking at once 0.5 s" in english
    assert "longest silence 9.0 s" in english


def a_lively_call(**more) -> CallRecord:
    turns = [
        turn_of(1, 0, 0, 6, list("您好请问有什么可以帮您")),
        turn_of(2, 1, 4, 9, list("我的卡不见了怎么办")),
        turn_of(3, 0, 10, 11, list("请稍等")),
        turn_of(4, 0, 31, 33, list("让您久等了")),
        turn_of(5, 1, 45, 46, list("那好吧")),
    ]
    record = record_of(turns, length_s=50)
    record.incidents = more.get("incidents", [])
    return record


def test_the_course_of_a_call_follows_from_its_finals():
    stats = call_stats(a_lively_call())
    assert [one.kind for one in stats.incidents] == ["interruption", "hold", "dead_air"]
    assert [side.interruptions for side in stats.channels] == [0, 1]
    assert stats.channels[0].syllables_per_s == pytest.approx(19 / 9, abs=0.01)
    assert stats.lengths("hold") == [samples(20)]


def test_what_was_noted_in_the_call_stands():
    noted = Incident("music", 1, samples(12), samples(30))
    stats = call_stats(a_lively_call(incidents=[noted]))
    assert stats.incidents == (noted,)
    assert [side.interruptions for side in stats.channels] == [0, 0]


def test_a_call_is_judged_by_the_bounds_it_was_followed_with():
    record = a_lively_call()
    kept = {"understand": {"interruption_ms": 3000, "dead_air_s": 15, "hold_s": 60}, "segment": {"post_roll_ms": 500}}
    record.started = replace(record.started, settings=kept)
    stats = call_stats(record)
    assert [one.kind for one in stats.incidents] == ["hold"]  # announced
    assert stats.channels[1].talk_samples == samples(6 - 2 * 0.5)


def test_the_course_is_shown():
    english = shown(a_lively_call(), "en")
    assert "Dead air 1 (12.0 s) · holds 1 (20.0 s)" in english
    assert "Interruptions" in english
    assert "冷场 1 次（12.0 s） · 保持 1 次（20.0 s）" in shown(a_lively_call(), "zh")
    console = Console(file=io.StringIO(), width=100, color_system=None)
    console.print(render_incidents(call_stats(a_lively_call()), "zh"))
    assert console.file.getvalue().splitlines() == [
        "00:04    2.0 s  打断  客户",
        "00:11   20.0 s  保持  坐席",
        "00:33   12.0 s  冷场",
    ]


@given(any_records(han), st.sampled_from(["zh", "en", ""]))
@settings(max_examples=25)
def test_statistics_of_any_call_can_be_shown(record, language):
    assert shown(record, language)
