"""What a call asks of the recogniser, recorded; and the service times that decodes are drawn from."""

from __future__ import annotations

import json
import random

import pytest

from callcore.bench.reference import ReferenceTurn, build_reference
from callcore.bench.service import Decode, MeasuredTimes
from callcore.bench.trace import CallTrace, record_trace
from callcore.engines.scripted import ScriptedEngine
from callcore.errors import ConfigError
from callcore.types import Final, RequestKind, seconds
from tests.pipeline_tools import call_audio, follow, frames_of, make, of, say

AUDIO = {0: call_audio(12.0, (1.0, 4.0), (8.0, 10.0)), 1: call_audio(12.0, (5.0, 7.0))}


def reference_of(engine, **options):
    """What the engine says of the whole call, as the reference."""
    turns = []
    for final in of(Final, follow(AUDIO, engine=engine, **options)):
        words = [(word.text, seconds(word.start_sample), seconds(word.end_sample)) for word in final.words]
        spoken = ReferenceTurn(words[0][1], words[-1][2], final.text)
        turns.append((final.channel, spoken, words))
    return build_reference(turns, 2, 12.0, "test")


def record(live=False, languages=frozenset({"zh"}), frame_samples=320):
    reference = reference_of(ScriptedEngine(say, languages))
    pipeline = make((0, 1), live=live, languages=languages)
    return record_trace(pipeline, frames_of(AUDIO, frame_samples), ScriptedEngine(say, languages), reference)


def finals(trace):
    return [request for request in trace.requests if request.kind is RequestKind.FINAL]


def test_each_segment_shows_one_final_after_its_speech():
    trace = record()
    assert trace.length_s == 12.0
    assert [request.channel for request in finals(trace)] == [0, 1, 0]
    for request, (start_s, end_s) in zip(finals(trace), [(1, 4), (5, 7), (8, 10)], strict=True):
        assert request.start_s <= start_s + 0.1
        assert request.end_s >= end_s - 0.1
        assert request.at_s >= request.end_s
        assert request.ends_s == request.commits[-1]
        assert request.start_s < request.ends_s <= request.end_s


def test_a_trace_does_not_depend_on_how_the_audio_is_cut():
    other = record(frame_samples=4000)
    strip = [(r.kind, r.channel, r.start_s, r.end_s, r.commits) for r in other.requests]
    assert strip == [(r.kind, r.channel, r.start_s, r.end_s, r.commits) for r in record().requests]


def test_requests_that_follow_from_answers_name_them():
    trace = record(languages=frozenset({"zh", "en"}))
    asked = [index for index, request in enumerate(trace.requests) if request.kind is RequestKind.LANGUAGE]
    assert asked
    assert all(request.after is None or request.after in asked for request in trace.requests)
    assert any(request.after is not None for request in finals(trace)) or trace.requests[-1].after is None


def test_a_trace_survives_json():
    trace = record(languages=frozenset({"zh", "en"}))
    assert CallTrace.from_json(json.loads(json.dumps(trace.as_json()))) == trace


def test_a_live_call_shows_updates_and_a_final_for_every_segment():
    trace = record(live=True)
    kinds = {request.kind for request in trace.requests}
    assert {RequestKind.PARTIAL, RequestKind.FINAL} <= kinds
    assert len({request.segment for request in finals(trace)}) == 3
    assert sum(request.ends_s is not None for request in trace.requests) == 3
    first = [request for request in trace.requests if request.first]
    assert {request.segment for request in first} == {request.segment for request in finals(trace)}
    for request in trace.requests:
        assert all(end_s <= request.at_s for end_s in request.commits)


# Service times


SOURCE = random.Random(1)


def test_times_are_those_of_the_nearest_window():
    times = MeasuredTimes(
        [Decode(RequestKind.FINAL, 2.0, 1, 0.2)] * 50 + [Decode(RequestKind.FINAL, 10.0, 1, 0.9)] * 50
    )
    assert {times.draw(RequestKind.FINAL, 2.3, 1, SOURCE) for _ in range(20)} == {0.2}
    assert {times.draw(RequestKind.FINAL, 9.0, 1, SOURCE) for _ in range(20)} == {0.9}
    assert {times.draw(RequestKind.FINAL, 30.0, 1, SOURCE) for _ in range(20)} == {0.9}


def test_batches_have_times_of_their_own():
    times = MeasuredTimes([Decode(RequestKind.PARTIAL, 2.0, 1, 0.1), Decode(RequestKind.PARTIAL, 2.0, 4, 0.25)])
    assert times.draw(RequestKind.PARTIAL, 2.0, 1, SOURCE) == 0.1
    assert times.draw(RequestKind.PARTIAL, 2.0, 5, SOURCE) == 0.25
    assert times.largest_batch == 4


def test_a_kind_that_was_never_seen_borrows_from_its_like():
    times = MeasuredTimes([Decode(RequestKind.PARTIAL, 2.0, 1, 0.1), Decode(RequestKind.FINAL, 2.0, 1, 0.3)])
    assert times.draw(RequestKind.SPECULATIVE, 2.0, 1, SOURCE) == 0.3
    assert times.draw(RequestKind.LANGUAGE, 2.0, 1, SOURCE) == 0.1


def test_no_times_are_refused():
    with pytest.raises(ConfigError, match="service times"):
        MeasuredTimes([])
