"""The segmenter's rules, each with a scripted scorer; no model, no real audio."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcore.config import SegmentSettings
from callcore.segment import (
    WINDOW_SAMPLES,
    RefusalReason,
    ScriptedScorer,
    SegmentClosed,
    Segmenter,
    SegmentOpened,
    SegmentRefused,
)
from callcore.segment.nonspeech import find_refusal
from callcore.segment.ring import AudioRing

W = WINDOW_SAMPLES
MS = 16  # samples per millisecond
BASE = SegmentSettings(
    onset_probability=0.5,
    offset_probability=0.35,
    min_speech_ms=160,
    hangover_ms=400,
    pre_roll_ms=200,
    post_roll_ms=160,
    max_segment_s=20,
    gate=False,
    block_windows=4,
)


def with_(**changes):
    return BASE.model_copy(update=changes)


def audio_of(windows):
    """A ramp: every sample tells its own position."""
    return (np.arange(windows * W) / 2**24).astype(np.float32)


def run(probabilities, settings=BASE, audio=None):
    audio = audio_of(len(probabilities)) if audio is None else audio
    segmenter = Segmenter(0, settings, ScriptedScorer(probabilities).stream())
    return segmenter.push(audio) + segmenter.finish()


def closed(events):
    return [event for event in events if isinstance(event, SegmentClosed)]


def refused(events):
    return [event for event in events if isinstance(event, SegmentRefused)]


def spans(events):
    return [(event.segment.start_sample, event.segment.end_sample) for event in closed(events)]


def script(*parts):
    """(probability, windows) pairs as one list."""
    return [probability for probability, count in parts for _ in range(count)]


def test_a_stretch_of_speech_gets_both_rolls_and_its_audio():
    events = run(script((0.0, 20), (0.9, 30), (0.0, 30)))
    opened, close = events
    assert isinstance(opened, SegmentOpened)
    assert isinstance(close, SegmentClosed)
    assert opened.segment.end_sample is None
    assert opened.segment.segment_id == close.segment.segment_id == "0-0"
    assert (close.segment.start_sample, close.segment.end_sample) == (20 * W - 200 * MS, 50 * W + 160 * MS)
    assert close.segment.speech_probability == pytest.approx(0.9)
    assert close.audio.dtype == np.float32
    np.testing.assert_array_equal(close.audio, audio_of(80)[close.segment.start_sample : close.segment.end_sample])


def test_speech_starts_above_onset_and_lasts_above_offset():
    assert spans(run(script((0.45, 50)))) == []
    (span,) = spans(run(script((0.0, 10), (0.6, 5), (0.4, 20), (0.3, 30))))
    assert span == (10 * W - 200 * MS, 35 * W + 160 * MS)


def test_a_pause_shorter_than_the_hangover_does_not_split():
    assert len(spans(run(script((0.9, 10), (0.0, 11), (0.9, 10), (0.0, 30))))) == 1
    assert len(spans(run(script((0.9, 10), (0.0, 14), (0.9, 10), (0.0, 30))))) == 2


def test_a_short_burst_is_refused_and_said_so():
    events = run(script((0.0, 10), (0.9, 4), (0.0, 30), (0.9, 5), (0.0, 30)))
    (burst,) = refused(events)
    assert burst.reason is RefusalReason.TOO_SHORT
    assert (burst.segment.start_sample, burst.segment.end_sample) == (10 * W - 200 * MS, 14 * W)
    (speech,) = closed(events)
    assert speech.segment.segment_id != burst.segment.segment_id
    assert not any(isinstance(event, SegmentOpened) and event.segment.segment_id == "0-0" for event in events)


def test_clicks_apart_do_not_add_up_to_speech():
    assert spans(run([0.9 if index % 20 == 0 else 0.0 for index in range(400)])) == []


def test_rolls_never_reach_into_the_previous_segment_nor_outside_the_audio():
    tight = with_(hangover_ms=64, pre_roll_ms=500, post_roll_ms=500)
    (first, second) = spans(run(script((0.9, 10), (0.0, 4), (0.9, 10)), tight))
    assert first[0] == 0
    assert first[1] <= second[0]
    assert second[1] == 24 * W


def test_speech_that_lasts_to_the_end_is_closed_by_finish():
    audio = audio_of(20)[: 20 * W - 100]
    (span,) = spans(run(script((0.0, 5), (0.9, 15)), audio=audio))
    assert span == (0, len(audio))


def test_finish_twice_and_push_after_finish():
    segmenter = Segmenter(0, BASE, ScriptedScorer(script((0.9, 20))).stream())
    segmenter.push(audio_of(20))
    assert len(segmenter.finish()) == 1
    assert segmenter.finish() == []
    with pytest.raises(ValueError, match="finished"):
        segmenter.push(audio_of(1))


def test_no_audio_at_all():
    segmenter = Segmenter(0, BASE, ScriptedScorer([]).stream())
    assert segmenter.push(np.zeros(0, dtype=np.float32)) + segmenter.finish() == []


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(10, dtype=np.float64),
        np.zeros((2, 10), dtype=np.float32),
        np.array([0, np.nan], dtype=np.float32),
        np.array([np.inf], dtype=np.float32),
    ],
)
def test_wrong_samples_are_refused(samples):
    with pytest.raises(ValueError, match="samples must be"):
        Segmenter(0, BASE, ScriptedScorer([]).stream()).push(samples)


def test_long_speech_is_cut_at_its_pause_without_losing_a_sample():
    short = with_(max_segment_s=5, pre_roll_ms=0)
    pause_at = 130  # windows; 4.16 s, in the last two fifths of 5 s
    probabilities = script((0.9, pause_at), (0.4, 5), (0.9, 100), (0.0, 30))
    events = run(probabilities, short)
    (first, second) = spans(events)
    assert first[1] == second[0]
    assert pause_at * W <= first[1] <= (pause_at + 5) * W
    assert second[1] == 235 * W + 160 * MS
    assert [event.segment.segment_id for event in closed(events)] == ["0-0", "0-1"]
    kinds = [type(event) for event in events]
    assert kinds == [SegmentOpened, SegmentClosed, SegmentOpened, SegmentClosed]


def test_between_equal_probabilities_the_quietest_place_is_cut():
    audio = np.random.default_rng(0).normal(0, 0.1, 300 * W).astype(np.float32)
    audio[140 * W : 146 * W] *= 0.01
    (first, *_) = spans(run([0.9] * 300, with_(max_segment_s=5), audio))
    assert 140 * W <= first[1] <= 146 * W


def test_a_cut_at_the_very_end_of_the_call_stays_inside_the_audio():
    audio = audio_of(34)[: 34 * W - 257]
    found = spans(run([0.6] * 34, with_(max_segment_s=1.1), audio))
    assert found[0][0] == 0
    assert all(one[1] == two[0] for one, two in itertools.pairwise(found))
    assert found[-1][1] == len(audio)


def test_a_script_can_be_given_as_spans():
    assert spans(run([], audio=audio_of(10))) == []
    scorer = ScriptedScorer.from_spans([(10 * W + 1, 20 * W - 1)])
    segmenter = Segmenter(0, BASE, scorer.stream())
    events = segmenter.push(audio_of(60)) + segmenter.finish()
    assert spans(events) == [(10 * W - 200 * MS, 20 * W + 160 * MS)]


def test_a_cut_in_the_last_silence_leaves_no_empty_segment():
    found = spans(run(script((0.9, 150), (0.0, 60)), with_(max_segment_s=5)))
    assert found == [(0, 150 * W + 160 * MS)]


def test_unsure_stretches_are_refused_with_the_figures():
    events = run(script((0.55, 3), (0.36, 40), (0.0, 30)), with_(min_mean_probability=0.45))
    (one,) = refused(events)
    assert one.reason is RefusalReason.UNSURE
    assert "0.37" in one.detail
    assert "0.45" in one.detail
    assert closed(events) == []


def test_the_short_rest_of_a_cut_segment_is_not_judged_again():
    assert find_refusal([0.1] * 10, 0.5, continued=True) is None
    assert find_refusal([0.1] * 10, 0.5, continued=False) is not None
    assert find_refusal([0.1] * 100, 0.5, continued=True) is not None


def test_live_state_follows_the_speech():
    segmenter = Segmenter(3, with_(block_windows=1), ScriptedScorer(script((0.0, 5), (0.9, 20), (0.1, 30))).stream())
    audio = audio_of(55)
    states = []
    for index in range(55):
        segmenter.push(audio[index * W : (index + 1) * W])
        states.append((segmenter.speaking, segmenter.probability))
        assert segmenter.position == (index + 1) * W
    assert [index for index, (speaking, _) in enumerate(states) if speaking] == list(range(9, 37))
    assert states[10][1] == pytest.approx(0.9)
    assert states[-1][1] == pytest.approx(0.1)


def test_windows_are_scored_by_the_block():
    scorer = ScriptedScorer([]).stream()
    segmenter = Segmenter(0, with_(block_windows=16), scorer)
    segmenter.push(np.zeros(40 * W + 7, dtype=np.float32))
    segmenter.finish()
    assert scorer.calls == [16, 16, 9]


def test_the_gate_silences_faint_sound_and_lets_the_scorer_rest():
    scorer = ScriptedScorer([0.9] * 400).stream()
    segmenter = Segmenter(0, with_(gate=True, block_windows=16), scorer)
    faint = np.random.default_rng(1).normal(0, 1e-4, 400 * W).astype(np.float32)
    assert segmenter.push(faint) + segmenter.finish() == []
    assert sum(scorer.calls) + scorer.skipped == 400
    assert scorer.skipped > 300


def test_the_gate_never_silences_sound_at_speech_level():
    loud = np.random.default_rng(1).normal(0, 0.05, 100 * W).astype(np.float32)
    gated = run([0.9] * 100, with_(gate=True), loud)
    assert spans(gated) == [(0, 100 * W)]


def test_an_hour_of_silence_and_an_hour_of_speech_stay_small():
    minute = np.zeros(60 * 16_000, dtype=np.float32)
    for script_value in (0.0, 0.9):
        segmenter = Segmenter(0, with_(block_windows=64), ScriptedScorer([script_value] * 112_501).stream())
        most = 0
        for _ in range(60):
            segmenter.push(minute)
            most = max(most, segmenter.buffered)
        assert most <= (20 + 2 * 64 * 0.032) * 16_000


def test_ring_gives_back_what_it_holds_and_no_more():
    ring = AudioRing()
    for start in range(0, 100, 10):
        ring.append(np.arange(start, start + 10, dtype=np.float32))
    np.testing.assert_array_equal(ring.read(5, 35), np.arange(5, 35))
    ring.drop_before(42)
    assert len(ring) == 60
    assert len(ring.read(50, 50)) == 0
    for start, end in ((39, 50), (90, 101), (60, 50)):
        with pytest.raises(IndexError, match="not in the ring"):
            ring.read(start, end)


probability_lists = st.lists(
    st.tuples(st.sampled_from([0.0, 0.2, 0.4, 0.6, 0.95]), st.integers(1, 40)), min_size=1, max_size=12
).map(lambda parts: script(*parts))
some_settings = st.builds(
    with_,
    min_speech_ms=st.integers(0, 400),
    hangover_ms=st.integers(0, 800),
    pre_roll_ms=st.integers(0, 3000),
    post_roll_ms=st.integers(0, 1000),
    max_segment_s=st.sampled_from([1.1, 2.0, 7.3]),
    block_windows=st.integers(1, 20),
    min_mean_probability=st.sampled_from([0.0, 0.5]),
    gate=st.booleans(),
)


@given(probability_lists, some_settings, st.lists(st.integers(0, 5000), max_size=40), st.integers(0, W - 1))
@settings(max_examples=150)
def test_events_do_not_depend_on_how_the_audio_is_cut(probabilities, chosen, cuts, missing):
    audio = np.random.default_rng(len(probabilities)).normal(0, 0.02, len(probabilities) * W - missing)
    audio = audio.astype(np.float32)
    whole = run(probabilities, chosen, audio)
    segmenter = Segmenter(0, chosen, ScriptedScorer(probabilities).stream())
    pieces, position = [], 0
    for cut in cuts:
        pieces += segmenter.push(audio[position : position + cut])
        position += cut
    pieces += segmenter.push(audio[position:]) + segmenter.finish()
    assert pieces == whole
    for one, other in zip(closed(pieces), closed(whole), strict=True):
        np.testing.assert_array_equal(one.audio, other.audio)


@given(probability_lists, some_settings, st.integers(0, W - 1))
@settings(max_examples=150)
def test_segments_are_ordered_disjoint_inside_and_short_enough(probabilities, chosen, missing):
    chosen = chosen.model_copy(update={"gate": False})
    audio = audio_of(len(probabilities))[: len(probabilities) * W - missing]
    events = run(probabilities, chosen, audio)
    end, opened = 0, {}
    for event in events:
        if isinstance(event, SegmentOpened):
            assert event.segment.segment_id not in opened
            opened[event.segment.segment_id] = event.segment.start_sample
            continue
        segment = event.segment
        assert end <= segment.start_sample < segment.end_sample <= len(audio)
        assert segment.end_sample - segment.start_sample <= chosen.max_segment_s * 16_000
        if isinstance(event, SegmentClosed):
            assert len(event.audio) == segment.end_sample - segment.start_sample
            assert opened.pop(segment.segment_id) == segment.start_sample
            end = segment.end_sample
        elif event.reason is RefusalReason.UNSURE:
            opened.pop(segment.segment_id)
    assert not opened


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 80)), min_size=1, max_size=10),
    some_settings,
)
@settings(max_examples=150)
def test_no_speech_is_lost_but_short_bursts(gaps_and_lengths, chosen):
    chosen = chosen.model_copy(update={"gate": False, "min_mean_probability": 0.0})
    probabilities, stretches = [], []
    for gap, length in gaps_and_lengths:
        probabilities += [0.0] * gap
        stretches.append((len(probabilities), len(probabilities) + length))
        probabilities += [0.95] * length
    covered = np.zeros(len(probabilities) * W, dtype=bool)
    for start, end in spans(run(probabilities, chosen)):
        covered[start:end] = True
    shortest = -(-chosen.min_speech_ms * MS // W)
    for start, end in stretches:
        if end - start >= shortest:
            assert covered[start * W : end * W].all()
