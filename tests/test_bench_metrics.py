from itertools import pairwise

import pytest
from bench_tools import HAN, Hand, calls, log_of, perfect, reference_of
from hypothesis import given
from hypothesis import strategies as st

from callcore.bench.matching import as_first_said, first_times, settled_times
from callcore.bench.metrics import measure_call, number_places
from callcore.bench.protocol import Shown, ShownLog
from callcore.bench.summary import latency, summarise
from callcore.evaluate.normalise import ENGLISH, MANDARIN

LATENCIES = st.floats(0.0, 3.0).map(lambda value: round(value, 3))


def texts_of(reference):
    return {c: "".join(u.text for u in units) for c, units in enumerate(reference.units)}


def measured(shown, reference, offline=None):
    return measure_call("c", shown, reference, texts_of(reference) if offline is None else offline)


@given(calls(), st.tuples(LATENCIES, LATENCIES, LATENCIES).map(sorted))
def test_a_perfect_listener_is_measured_as_what_it_is(reference, latencies):
    shown_s, commit_s, final_s = latencies
    metrics = measured(perfect(reference, *latencies), reference)
    assert [word.first_shown_s for word in metrics.words] == pytest.approx([shown_s] * len(metrics.words))
    assert [word.commit_s for word in metrics.words] == pytest.approx([commit_s] * len(metrics.words))
    assert [turn.finalisation_s for turn in metrics.turns] == pytest.approx([final_s] * len(metrics.turns))
    assert (metrics.revised, metrics.revised_commits, metrics.invented) == (0, 0, 0)
    assert metrics.live.counts.errors == metrics.final.counts.errors == 0
    assert not any(turn.cut_early or turn.missed for turn in metrics.turns)


@given(calls(), st.floats(0.0, 5.0))
def test_a_later_arrival_of_everything_is_a_later_latency_of_everything(reference, delay_s):
    shown = perfect(reference, 0.2, 0.5, 0.6)
    later = [Shown(i.channel, i.at_s + delay_s, i.final, i.committed, i.shown, i.heard_until_s) for i in shown]
    before, after = measured(shown, reference), measured(later, reference)
    for one, other in zip(before.words, after.words, strict=True):
        assert other.first_shown_s == pytest.approx(one.first_shown_s + delay_s)
        assert other.commit_s == pytest.approx(one.commit_s + delay_s)
    for one, other in zip(before.turns, after.turns, strict=True):
        assert other.finalisation_s == pytest.approx(one.finalisation_s + delay_s)


@given(calls(), st.data())
def test_repeating_a_text_changes_nothing(reference, data):
    shown = perfect(reference, 0.2, 0.5, 0.6)
    doubled = []
    for item in shown:
        doubled += [item] * data.draw(st.integers(1, 2))
    assert measured(doubled, reference) == measured(shown, reference)


@given(st.lists(st.tuples(st.integers(0, 1), *[st.text("ab ", max_size=4)] * 3), max_size=20))
def test_a_log_gives_back_what_was_shown(rows):
    log = log_of(*((at_s, *row) for at_s, row in enumerate(rows)))
    last = {}
    expected = []
    for at_s, (channel, final, committed, tentative) in enumerate(rows):
        if last.get(channel, ("", "", "")) != (final, committed, tentative):
            expected.append(Shown(channel, at_s, final, final + committed, final + committed + tentative))
        last[channel] = (final, committed, tentative)
    assert log == expected


def test_an_equal_text_is_kept_when_it_shows_progress():
    log = ShownLog(Hand())
    log.show(0, final="好", heard_until_s=1.0)
    log.show(0, final="好", heard_until_s=2.0)
    assert [item.heard_until_s for item in log] == [1.0, 2.0]


def test_words_that_change_on_screen_are_flicker_and_not_revisions_of_commits():
    reference = reference_of((0, 1.0, "信用卡"))
    shown = log_of((1.6, 0, "", "", "信应"), (1.9, 0, "", "", "信用"), (2.2, 0, "信用卡", "", ""))
    metrics = measured(shown, reference)
    assert (metrics.revised, metrics.revised_commits) == (1, 0)
    assert metrics.words[1].first_shown_s == pytest.approx(1.9 - 1.5)


def test_a_final_that_differs_from_what_was_committed_is_counted_and_the_live_text_keeps_the_error():
    reference = reference_of((0, 1.0, "信用卡"))
    shown = log_of((1.9, 0, "", "心用", ""), (2.2, 0, "信用卡", "", ""))
    metrics = measured(shown, reference)
    assert metrics.revised_commits == 1
    assert metrics.live.counts.errors == 1
    assert metrics.final.counts.errors == 0
    assert as_first_said([(0.0, list("心用")), (1.0, list("信用卡"))]) == list("心用卡")


def test_a_word_said_twice_is_not_found_before_it_is_said():
    reference = reference_of((0, 1.0, "好"), (0, 5.0, "好"))
    shown = log_of((1.4, 0, "好", "", ""), (5.5, 0, "好好", "", ""))
    assert [word.first_shown_s for word in measured(shown, reference).words] == pytest.approx([0.15, 0.25])


def test_what_matches_nothing_said_is_invented():
    reference = reference_of((0, 1.0, "您好"), channel_count=1, duration_s=3600.5)
    shown = log_of((1.8, 0, "您好", "", ""), (60.0, 0, "您好谢谢观看", "", ""))
    metrics = measured(shown, reference)
    assert metrics.invented == 4
    assert summarise([metrics], 60.0).invented_per_hour == pytest.approx(4.0)


def test_an_error_within_a_turn_is_not_invented():
    reference = reference_of((0, 1.0, "您好"))
    assert measured(log_of((1.8, 0, "您你好", "", "")), reference).invented == 0


def test_a_turn_that_is_final_before_its_end_is_cut_early():
    reference = reference_of((0, 1.0, "您好请问"), (0, 5.0, "谢"))
    shown = log_of((1.7, 0, "您好", "", ""), (2.4, 0, "您好请问", "", ""), (5.6, 0, "您好请问谢", "", ""))
    turns = measured(shown, reference).turns
    assert [turn.cut_early for turn in turns] == [True, False]
    assert [turn.finalisation_s for turn in turns] == pytest.approx([0.4, 0.35])
    assert summarise([measured(shown, reference)], 1.0, turn_finals=False).early_cuts is None


def test_a_turn_without_a_word_in_the_text_is_missed():
    reference = reference_of((0, 1.0, "您好"), (0, 5.0, "谢"))
    turns = measured(log_of((1.8, 0, "您好", "", "")), reference).turns
    assert [turn.missed for turn in turns] == [False, True]
    assert turns[1].finalisation_s is None


def test_a_turn_whose_end_is_lost_has_no_finalisation():
    reference = reference_of((0, 1.0, "您好请问有什么可以"))
    turns = measured(log_of((1.8, 0, "您好", "", "")), reference).turns
    assert turns[0].finalisation_s is None
    assert not turns[0].missed


def test_numbers_are_digits_and_what_stands_beside_them():
    units = MANDARIN.units("额度是五万元，共三千五百块，请点一下")
    assert "".join(units[place] for place in sorted(number_places(units, MANDARIN))) == "五万元三千五百块一"
    assert number_places(ENGLISH.units("I paid 50 dollars"), ENGLISH) == {2}


def test_errors_in_amounts_are_counted_apart():
    reference = reference_of((0, 1.0, "额度五万元"))
    metrics = measured(log_of((3.0, 0, "额度六万元", "", "")), reference)
    assert (metrics.final.number_units, metrics.final.number_errors) == (3, 1)
    assert metrics.final.number_rate == pytest.approx(1 / 3)


def test_latencies_count_only_with_coverage_and_quality():
    reference = reference_of((0, 1.0, "您好请问有什么可以帮您"))
    good = measured(perfect(reference, 0.1, 0.2, 0.3), reference)
    assert summarise([good], 1.0).commit.counts
    partial = measured(log_of((4.0, 0, "您好请问", "", "")), reference)
    summary = summarise([partial], 1.0)
    assert not summary.commit.counts
    assert summary.commit.coverage == pytest.approx(4 / 11)
    assert [reason.split()[0] for reason in summary.commit.failed] == ["coverage", "live"]
    without_offline = measure_call("c", perfect(reference, 0.1, 0.2, 0.3), reference)
    assert not summarise([without_offline], 1.0).finalisation.counts


def test_the_gate_is_against_the_same_weights_and_not_against_perfection():
    reference = reference_of((0, 1.0, "您好请问"))
    shown = log_of((2.5, 0, "您好情问", "", ""))
    assert not summarise([measured(shown, reference)], 1.0).finalisation.counts
    assert not summarise([measured(shown, reference, {0: "您好情问"})], 1.0).finalisation.failed


def test_the_worst_call_stands_beside_all_calls():
    found = latency([[0.1] * 99, [2.0], []])
    assert found.pooled_s[0] == pytest.approx(0.1)
    assert found.worst_s[0] == pytest.approx(2.0)
    assert latency([[None], []]).pooled_s is None


def test_settled_times_tell_since_when_a_text_is_what_it_is():
    seen = [(1.0, list("您好")), (2.0, list("您号请")), (3.0, list("您号请问"))]
    assert settled_times(seen) == [1.0, 2.0, 2.0, 3.0]


@given(st.lists(st.sampled_from(HAN), min_size=100, max_size=160), st.integers(1, 5))
def test_long_texts_are_matched_as_short_ones_are(units, step):
    starts = [float(index) for index in range(len(units))]
    seen = [(end + 0.5, units[:end]) for end in range(step, len(units) + 1, step)]
    times = first_times(seen, units, starts)
    expected = [next((at for at, text in seen if len(text) > index), None) for index in range(len(units))]
    assert times == expected
    assert all(one <= other for one, other in pairwise(time for time in times if time is not None))
