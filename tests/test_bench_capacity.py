"""The search for the capacity of a machine: passing, failing, the edge, files and pictures of it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcore.bench.capacity import Limits, StepResult, Verdict, find_capacity, judge, per_extra_call
from callcore.bench.capacity_file import CapacityWriter, read_capacity
from callcore.bench.capacity_report import COLUMNS, markdown, plot
from callcore.bench.service import Decode
from callcore.bench.trace import CallTrace, TracedRequest
from callcore.bench.trend import BacklogWatch, trend
from callcore.errors import ConfigError, OutputError
from callcore.types import RequestKind

LIMITS = Limits()
GOOD = StepResult(
    calls=1,
    length_s=90.0,
    commit_p50_s=0.6,
    commit_p95_s=1.1,
    final_p50_s=0.5,
    final_p95_s=0.7,
    coverage=0.99,
    dropped_s=0.0,
    backlog_slope=0.0,
    backlog_worst_s=0.2,
    jitter_p99_ms=0.4,
    cpu_cores=0.5,
    busy_share=0.1,
    cadence_ms=300.0,
    rss_mb=300.0,
)


def system(edge):
    """A machine that stands up to ``edge`` calls; the numbers it was asked are in ``asked``."""

    def measure(calls):
        measure.asked.append(calls)
        return replace(GOOD, calls=calls, commit_p95_s=1.0 if calls <= edge else 5.0)

    measure.asked = []
    return measure


# What passes


def test_a_good_step_passes():
    assert judge(GOOD, LIMITS) == Verdict(())
    assert str(judge(GOOD, LIMITS)) == "pass"


@pytest.mark.parametrize(
    ("change", "failure"),
    [
        ({"commit_p95_s": 2.01}, "commit p95"),
        ({"final_p95_s": 1.01}, "final p95"),
        ({"commit_p95_s": None}, "commit p95 unknown"),
        ({"final_p95_s": None}, "final p95 unknown"),
        ({"coverage": 0.94}, "coverage"),
        ({"dropped_s": 0.02}, "audio dropped"),
        ({"lost_calls": 1}, "calls lost"),
        ({"backlog_slope": 0.05}, "backlog grows"),
        ({"abandoned": "ended early: backlog of 12 s"}, "ended early: backlog of 12 s"),
    ],
)
def test_each_fault_fails_a_step_and_is_named(change, failure):
    assert judge(replace(GOOD, **change), LIMITS).failures == (failure,)


def test_values_on_the_limits_pass():
    edge = replace(GOOD, commit_p95_s=2.0, final_p95_s=1.0, coverage=0.95, jitter_p99_ms=2.0, backlog_slope=0.01)
    assert judge(edge, LIMITS).passed


def test_coverage_that_cannot_be_measured_is_not_held_against_a_step():
    assert judge(replace(GOOD, coverage=None), LIMITS).passed


def test_a_late_feeder_makes_a_step_invalid():
    verdict = judge(replace(GOOD, jitter_p99_ms=2.5), LIMITS)
    assert not verdict.passed
    assert not verdict.valid
    assert str(verdict) == "feeder late"


# The search


@given(edge=st.integers(0, 300), start=st.integers(1, 64), extra=st.integers(0, 200))
def test_the_edge_of_a_monotone_system_is_found_exactly(edge, start, extra):
    maximum = start + extra
    measure = system(edge)
    found = find_capacity(measure, LIMITS, start=start, maximum=maximum)
    assert found.calls == min(edge, maximum)
    assert found.first_failing == (edge + 1 if edge < maximum else None)
    assert len(measure.asked) == len(set(measure.asked))
    assert len(measure.asked) <= 2 * math.log2(maximum) + 3
    assert all(1 <= calls <= maximum for calls in measure.asked)


def test_the_numbers_double_and_are_then_halved_in():
    measure = system(11)
    find_capacity(measure, LIMITS)
    assert measure.asked == [1, 2, 4, 8, 16, 12, 10, 11]


def test_a_machine_that_stands_nothing_has_no_capacity():
    found = find_capacity(system(0), LIMITS, start=4)
    assert (found.calls, found.first_failing, found.passing_step()) == (0, 1, None)


def test_the_step_of_the_capacity_is_told():
    assert find_capacity(system(5), LIMITS).passing_step().calls == 5


def test_a_late_feeder_is_measured_again():
    readings = iter([9.0, 0.3, 0.3, 9.0, 9.0, 9.0, 9.0])

    def measure(calls):
        return replace(GOOD, calls=calls, jitter_p99_ms=next(readings))

    seen = []
    found = find_capacity(measure, LIMITS, maximum=4, told=lambda s, v: seen.append((s.calls, str(v))))
    assert found.calls == 2
    assert seen[:3] == [(1, "feeder late"), (1, "pass"), (2, "pass")]
    assert seen[3:5] == [(4, "feeder late"), (4, "feeder late")]


def test_a_step_that_fails_anyway_is_not_measured_again():
    seen = []

    def measure(calls):
        seen.append(calls)
        return replace(GOOD, calls=calls, jitter_p99_ms=9.0, commit_p95_s=9.0)

    find_capacity(measure, LIMITS)
    assert seen == [1]


@pytest.mark.parametrize(("start", "maximum"), [(0, 4), (5, 4)])
def test_a_wrong_range_is_refused(start, maximum):
    with pytest.raises(ValueError, match="start"):
        find_capacity(system(3), LIMITS, start=start, maximum=maximum)


def test_growth_per_call_leaves_out_steps_that_were_ended_early():
    steps = [replace(GOOD, calls=n, rss_mb=300 + 2 * n) for n in (1, 2, 4, 8)]
    steps.append(replace(GOOD, calls=16, rss_mb=5000.0, abandoned="ended early"))
    assert per_extra_call(steps, "rss_mb") == pytest.approx(2.0)
    assert per_extra_call(steps[:1], "rss_mb") is None


# Backlog and trends


def test_a_steady_series_has_no_trend_and_a_rising_one_has():
    random = np.random.default_rng(3)
    times = np.arange(0, 600.0)
    noise = random.normal(0, 0.2, len(times))
    steady, rising = trend(times, noise + 4), trend(times, noise + 0.02 * times)
    assert abs(steady.slope) < 0.001
    assert not steady.rises_by(0.001)
    assert rising.low < 0.02 < rising.high
    assert rising.rises_by(0.01)


def test_single_outliers_do_not_make_a_trend():
    values = [0.0] * 100
    values[97] = 50.0
    assert trend(list(range(100)), values).slope == 0


def test_two_readings_have_no_trend():
    assert trend([0.0, 1.0], [0.0, 9.0]).slope == 0


def watch_of(backlog):
    watch = BacklogWatch(limit_s=10.0, window_s=15.0)
    for second in range(60):
        watch.add(float(second), backlog(second))
    return watch


def test_a_growing_backlog_is_hopeless():
    watch = watch_of(lambda second: 0.6 * second)
    assert watch.hopeless
    assert watch.worst_s == pytest.approx(35.4)
    assert watch.trend().slope == pytest.approx(0.6)


@pytest.mark.parametrize(
    "backlog",
    [
        lambda second: 9.0,  # high and steady, within the limit
        lambda second: 30.0 if second == 59 else 0.1,  # one stall
        lambda second: max(0.0, 40.0 - 0.5 * second),  # catching up
        lambda second: 0.0,
    ],
)
def test_a_backlog_that_does_not_grow_is_not_hopeless(backlog):
    assert not watch_of(backlog).hopeless


def test_a_run_is_not_given_up_in_its_first_seconds():
    watch = BacklogWatch(limit_s=10.0, window_s=15.0)
    for second in range(10):
        watch.add(float(second), 5.0 * second)
    assert not watch.hopeless


# Files and pictures


TRACE = CallTrace(
    12.0,
    (
        TracedRequest(1.0, RequestKind.PARTIAL, 0, "0-0", 0.2, 1.0, 1.8, first=True),
        TracedRequest(3.0, RequestKind.FINAL, 0, "0-0", 0.2, 2.6, 3.4, commits=(1.0, 2.5), ends_s=2.5),
    ),
)


def written(path, calls=(1, 2, 4)):
    writer = CapacityWriter(path)
    writer.run({"model": "base", "machine": {"cores": 4}}, LIMITS, 4)
    writer.trace(TRACE)
    steps = [replace(GOOD, calls=n, rss_mb=300.0 + n, cpu_cores=0.3 * n) for n in calls]
    for step in steps:
        writer.step(step, judge(step, LIMITS), [Decode(RequestKind.FINAL, 2.4, 1, 0.12345)])
    writer.capacity(find_capacity(system(2), LIMITS))
    writer.close()
    return steps


def test_a_file_gives_back_what_was_written(tmp_path):
    steps = written(tmp_path / "deep" / "c.jsonl")
    found = read_capacity(tmp_path / "deep" / "c.jsonl")
    assert found.steps == steps
    assert found.traces == [TRACE]
    assert found.limits == LIMITS
    assert found.workers == 4
    assert found.run["model"] == "base"
    assert found.decodes[4] == [Decode(RequestKind.FINAL, 2.4, 1, 0.12345)]
    assert found.calls == 2
    assert [verdict.passed for verdict in found.verdicts] == [True] * 3


def test_a_run_that_was_broken_off_can_be_read(tmp_path):
    written(tmp_path / "c.jsonl")
    lines = (tmp_path / "c.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "half.jsonl").write_text("".join(lines[:4]))
    found = read_capacity(tmp_path / "half.jsonl")
    assert found.calls is None
    assert [step.calls for step in found.steps] == [1]


@pytest.mark.parametrize(
    "text",
    ["", "no json", "[1]\n", '{"kind": "run"}\n', '{"kind": "run", "record_version": 99}\n', '{"kind": "step"}\n'],
)
def test_another_file_is_refused(tmp_path, text):
    (tmp_path / "c.jsonl").write_text(text)
    with pytest.raises(ConfigError, match=r"c\.jsonl"):
        read_capacity(tmp_path / "c.jsonl")


def test_a_missing_file_is_refused_with_the_next_step(tmp_path):
    with pytest.raises(ConfigError) as caught:
        read_capacity(tmp_path / "none.jsonl")
    assert "callcore bench capacity" in caught.value.hint


def test_a_file_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        CapacityWriter(tmp_path / "file" / "c.jsonl")


def test_the_table_has_a_row_for_each_step_in_order_of_calls():
    steps = [replace(GOOD, calls=n, rss_mb=300 + 2.0 * n, cpu_cores=0.2 * n) for n in (1, 4, 2)]
    steps.append(replace(GOOD, calls=3, rss_mb=306.0, commit_p95_s=None, busy_share=None))
    text = markdown(steps, [judge(step, LIMITS) for step in steps])
    rows = [
        line.split(" | ")
        for line in text.splitlines()
        if line.startswith("| ") and "--" not in line and "calls" not in line
    ]
    assert [line[0].strip("| ") for line in rows] == ["1", "2", "3", "4"]
    assert {len(line) for line in rows} == {len(COLUMNS) + 1}
    assert "commit p95 unknown" in text
    assert "2.0 MB" in text


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_the_curves_are_drawn(tmp_path, ending):
    steps = [replace(GOOD, calls=n, cpu_cores=0.3 * n) for n in (1, 2)] + [replace(GOOD, calls=4, commit_p95_s=None)]
    path = tmp_path / f"capacity.{ending}"
    plot(steps, [judge(step, LIMITS) for step in steps], LIMITS, path, [(1, 1.0, 0.6), (2, 1.2, 0.7)])
    assert path.stat().st_size > 5000
