"""Fusion of two moods, the course of a mood over a call, and how both are measured."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from callcore.evaluate.mood import CourseOutcome, Judged, auc, calibration_error, confusion, courses, reports
from callcore.types import SAMPLE_RATE_HZ, Mood, Understanding
from callcore.understand.mood.course import CourseSettings, MoodCourse, badness
from callcore.understand.mood.fusion import BAD, GOOD, fuse
from models.training.course.calls import COURSES, simulate
from models.training.course.tune import outcome

LABELS = ["", "calm", "pleased", "confused", "anxious", "dissatisfied", "angry", "disappointed"]
VOICE_LABELS = ["", "calm", "pleased", "angry", "disappointed"]
UNIT = st.floats(-1, 1)


def moods(labels):
    return st.builds(Mood, st.sampled_from(labels), st.floats(0, 1), UNIT, UNIT)


def turn(index: int, valence: float, arousal: float = 0.0, length_s: float = 3.0, channel: int = 1) -> Understanding:
    start = index * 8 * SAMPLE_RATE_HZ
    mood = Mood("dissatisfied" if valence < -0.3 else "calm", 0.8, valence, arousal)
    return Understanding(index, channel, start, start + int(length_s * SAMPLE_RATE_HZ), "zh", mood=mood)


def told(valences, **changes):
    course = MoodCourse(1, replace(CourseSettings(), **changes))
    return [course.add(turn(index, valence)) for index, valence in enumerate(valences)], course


def test_one_source_stands_alone():
    mood = Mood("angry", 0.7, -0.6, 0.5)
    assert fuse(mood, None) == fuse(None, mood) == mood
    assert fuse(None, None) is None


def test_agreement_keeps_the_finer_label_of_the_text():
    both = fuse(Mood("dissatisfied", 0.6, -0.5, 0.1), Mood("angry", 0.8, -0.6, 0.7))
    assert both is not None
    assert (both.label, both.probability) == ("dissatisfied", 0.8)
    assert both.arousal > 0.1


def test_polite_words_in_an_angry_voice_are_angry_and_less_sure():
    both = fuse(Mood("pleased", 0.6, 0.5, 0.1), Mood("angry", 0.8, -0.6, 0.8))
    assert both is not None
    assert both.label == "angry"
    assert both.probability < 0.8


def test_a_contested_weak_label_abstains():
    both = fuse(Mood("calm", 0.9, 0.0, 0.0), Mood("angry", 0.5, -0.5, 0.5))
    assert both is not None
    assert both.label == ""


def test_a_calm_voice_takes_no_confusion_away():
    both = fuse(Mood("confused", 0.6, -0.1, 0.0), Mood("calm", 0.9, 0.0, 0.0))
    assert both is not None
    assert both.label == "confused"


@given(moods(LABELS), moods(VOICE_LABELS))
@example(Mood("", 5e-324, 0.5, 0.0), Mood("", 0.0, 1.0, 0.0))
def test_fusion_stays_between_its_sources(text, voice):
    both = fuse(text, voice)
    assert both is not None
    assert both == fuse(text, voice)
    for ours, theirs, made in (
        (text.valence, voice.valence, both.valence),
        (text.arousal, voice.arousal, both.arousal),
    ):
        assert min(ours, theirs) - 1e-3 <= made <= max(ours, theirs) + 1e-3
    assert 0 <= both.probability <= max(text.probability, voice.probability) + 1e-4
    assert both.label in {text.label, voice.label, ""}


@given(st.sampled_from(sorted(BAD)), st.sampled_from([*sorted(GOOD), "calm"]), st.floats(0, 1), st.floats(0, 0.9))
def test_doubt_grows_with_the_other_side(bad, other, ours, theirs):
    first = fuse(Mood(other, theirs, 0.3, 0.0), Mood(bad, ours, -0.5, 0.5))
    second = fuse(Mood(other, theirs + 0.1, 0.3, 0.0), Mood(bad, ours, -0.5, 0.5))
    assert first is not None
    assert second is not None
    assert second.probability <= first.probability


def test_a_lasting_change_warns_once_and_names_its_turns():
    alerts, course = told([0.0, 0.1, -0.5, -0.6, -0.7, -0.8, -0.9, -0.9])
    warned = [alert for alert in alerts if alert]
    assert [alert.kind for alert in warned] == ["worsening"]
    assert warned[0].turn_ids[0] == 2
    assert set(warned[0].turn_ids) <= {2, 3, 4, 5}
    assert course.upset


def test_one_bad_word_does_not_warn():
    alerts, _ = told([0.0, -1.0, 0.0, 0.1, 0.0, -1.0, 0.2, 0.1])
    assert alerts == [None] * 8


def test_recovery_follows_a_warning_only_and_a_new_episode_warns_again():
    alerts, course = told([0.5] * 5 + [-0.8] * 5 + [0.6] * 5 + [-0.8] * 5)
    assert [alert.kind for alert in alerts if alert] == ["worsening", "recovered", "worsening"]
    summary = course.summary
    assert summary is not None
    assert (summary.warnings, summary.recoveries) == (2, 1)


def test_wavering_around_the_limit_does_not_flap():
    alerts, _ = told([-0.6, -0.2] * 20)
    assert sum(1 for alert in alerts if alert) <= 1


def test_short_turns_count_for_less():
    long, short = MoodCourse(1), MoodCourse(1)
    told_long = [long.add(turn(index, -0.7, length_s=3.0)) for index in range(4)]
    told_short = [short.add(turn(index, -0.7, length_s=0.3)) for index in range(4)]
    assert any(told_long)
    assert not any(told_short)


def test_other_channels_and_turns_without_a_mood_change_nothing():
    course = MoodCourse(1)
    for index in range(6):
        assert course.add(turn(index, -0.9, channel=0)) is None
        assert course.add(Understanding(index, 1, 0, 100, "zh")) is None
    assert course.summary is None


def test_the_summary_tells_start_worst_and_end():
    _, course = told([0.3, 0.3, 0.3, -0.8, -0.4, -0.2, -0.2, -0.2])
    summary = course.summary
    assert summary is not None
    assert summary.start == pytest.approx(0.3)
    assert (summary.worst, summary.worst_turn, summary.worst_label) == (-0.8, 3, "dissatisfied")
    assert summary.end == pytest.approx(-0.2)
    assert summary.trend < 0


def test_the_trend_is_the_slope_of_a_straight_line():
    _, course = told([0.4 - 0.08 * index for index in range(10)])
    summary = course.summary
    assert summary is not None
    assert summary.trend == pytest.approx(-0.08 * 60 / 8, abs=0.01)


@given(st.lists(st.tuples(UNIT, UNIT, st.floats(0, 20)), max_size=40))
def test_alerts_alternate_and_numbers_are_bounded(rows):
    turns = [turn(index, valence, arousal, length) for index, (valence, arousal, length) in enumerate(rows)]
    first, second = MoodCourse(1), MoodCourse(1)
    alerts = [first.add(one) for one in turns]
    assert alerts == [second.add(one) for one in turns]
    kinds = [alert.kind for alert in alerts if alert]
    assert kinds == ["worsening", "recovered"] * (len(kinds) // 2) + ["worsening"] * (len(kinds) % 2)
    for alert in filter(None, alerts):
        assert 0 < alert.probability <= 1
        assert 2 <= len(alert.turn_ids) <= CourseSettings().most_evidence
    summary = first.summary
    if summary is not None:
        numbers = (summary.start, summary.worst, summary.end, summary.mean_valence)
        assert all(-1 <= number <= 1 for number in numbers)
        assert math.isfinite(summary.trend)


@given(st.lists(UNIT, min_size=2, max_size=20), st.floats(0, 1))
def test_a_worse_call_never_warns_later(valences, worse):
    def first_warning(values):
        alerts, _ = told(values)
        return next((index for index, alert in enumerate(alerts) if alert), len(values))

    assert first_warning([max(-1.0, value - worse) for value in valences]) <= first_warning(valences)


@given(st.sampled_from([math.nan, math.inf, -math.inf]))
def test_numbers_that_are_none_do_no_harm(bad):
    course = MoodCourse(1)
    course.add(turn(0, bad, bad))
    course.add(turn(1, -0.2))
    assert course.summary is not None
    assert math.isfinite(course.summary.mean_valence)


@given(UNIT, UNIT)
def test_badness_is_bounded_and_grows_as_valence_falls(valence, arousal):
    bad = badness(Mood("", 0.5, valence, arousal))
    assert -1 <= bad <= 1
    assert badness(Mood("", 0.5, max(-1.0, valence - 0.1), arousal)) >= bad


@given(st.lists(UNIT, min_size=1), st.lists(UNIT, min_size=1))
def test_auc_is_the_share_of_pairs_in_order(high, low):
    pairs = [(a > b) + 0.5 * (a == b) for a in high for b in low]
    assert auc(high, low) == pytest.approx(sum(pairs) / len(pairs))


def test_measures_of_nothing_are_none():
    assert auc([], [1.0]) is None
    assert calibration_error([], []) is None
    assert courses([])["false_alarms_per_hour"] is None


def test_calibration_error_by_hand():
    assert calibration_error([0.95] * 10, [True] * 9 + [False]) == pytest.approx(0.05)
    assert calibration_error([0.9, 0.1], [True, False], [3, 1]) == pytest.approx((3 * 0.1 + 0.1) / 4)


def test_a_report_names_what_was_not_judged():
    judged = [
        Judged("calm", {"calm": 0.9, "angry": 0.1}, "a"),
        Judged("angry", {"calm": 0.45, "angry": 0.55}, "a"),
        Judged("angry", None, "b"),
    ]
    assert confusion(judged, 0.6) == {"angry": {"": 2}, "calm": {"calm": 1}}
    report = reports(judged, "calm", ["calm", "angry"], 0.5)
    assert report["all"]["judged"] == 2
    assert report["all"]["auc"] == {"angry": 1.0}
    assert report["groups"]["b"]["judged"] == 0


def test_alerts_before_the_turn_are_false():
    figures = courses(
        [
            CourseOutcome(1800, None, None, [100.0]),
            CourseOutcome(1800, 600, 1200, [300.0, 900.0], 1500, [1600.0]),
        ]
    )
    assert figures["false_alarms_per_hour"] == 2
    assert figures["calm_false_alarms_per_hour"] == 2
    assert (figures["worsening_found"], figures["median_lead_s"]) == (1, 300)
    assert (figures["recovering_warned"], figures["recovered_found"]) == (1, 1)


def test_simulated_calls_keep_the_stated_false_alarm_rate():
    def figures(kind):
        drawn = [simulate(kind, name, seed) for name in COURSES[kind] for seed in range(5000, 5004)]
        return courses([outcome(call, CourseSettings()) for call in drawn])

    assert figures("calm")["calm_false_alarms_per_hour"] <= 0.6  # five hours: three at most
    escalating = figures("escalating")
    assert escalating["worsening_found"] >= 0.7 * escalating["calls"]
    assert escalating["median_lead_s"] > 15
