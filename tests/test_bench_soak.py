"""What counts as unchanged after hours."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np
import pytest

from callcore.bench.soak import Delay, Reading, SoakedCall, SoakLimits, judge_soak, p95_by_slice
from callcore.bench.soak_run import DelayLog, SoakWishes, admitted, soak
from callcore.config import load_settings
from callcore.live.station import LiveStation

RANDOM = np.random.default_rng(11)
HOURS_2 = 7200
NOISE = RANDOM.normal(0, 3, HOURS_2 // 5)


def readings(rss=lambda at_s: 300.0, lag=lambda at_s: 0.1):
    times = np.arange(0, HOURS_2, 5.0)
    return [Reading(float(at), rss(at) + noise, 8, lag(at)) for at, noise in zip(times, NOISE, strict=True)]


def delays(level=lambda at_s: 0.8):
    times = np.sort(RANDOM.uniform(0, HOURS_2, 6000))
    return [Delay(float(at), level(at) + float(RANDOM.gamma(2, 0.1))) for at in times]


CALLS = [SoakedCall(f"c{n}", n * 60.0, n * 60.0 + 90, 90 * 16_000, 90 * 16_000) for n in range(100)]
COMMITS, FINALS = delays(), delays()


def judge(**changes):
    values = {"readings": readings(), "commits": COMMITS, "finals": FINALS, "calls": CALLS, "limits": SoakLimits()}
    return judge_soak(**{**values, **changes})


def test_a_steady_run_passes():
    verdict = judge()
    assert verdict.passed
    assert verdict.failures == ()
    assert verdict.rss.low < 0 < verdict.rss.high
    assert verdict.as_json()["passed"] is True


def test_memory_that_settles_after_the_start_is_flat():
    assert judge(readings=readings(rss=lambda at: 300 - 80 * np.exp(-at / 200))).passed


@pytest.mark.parametrize(
    ("changes", "failure"),
    [
        ({"readings": readings(rss=lambda at: 300 + 20 * at / 3600)}, "memory grows"),
        ({"commits": delays(lambda at: 0.8 + 0.3 * at / 3600)}, "commit latency grows"),
        ({"finals": delays(lambda at: 0.4 + 0.3 * at / 3600)}, "final latency grows"),
        ({"finals": []}, "no final was seen"),
        ({"readings": readings(lag=lambda at: 30.0 if at == 5000 else 0.1)}, "a call lagged"),
        ({"calls": [*CALLS, replace(CALLS[0], heard_samples=90 * 16_000 - 320)]}, "audio was lost"),
        ({"calls": []}, "no call ended"),
        ({"calls": [*CALLS, replace(CALLS[0], problem="decode failed")]}, "1 calls had problems"),
    ],
)
def test_each_change_is_found_and_named(changes, failure):
    verdict = judge(**changes)
    assert verdict.failures == (failure,)
    assert not verdict.passed


def test_a_slope_below_the_tolerance_is_flat():
    assert judge(readings=readings(rss=lambda at: 300 + 3 * at / 3600)).passed


def test_lost_and_invented_audio_both_count():
    calls = [
        replace(CALLS[0], heard_samples=100, sent_samples=90),
        replace(CALLS[1], heard_samples=90, sent_samples=95),
    ]
    assert judge(calls=calls).lost_samples == 15


def test_slices_with_few_delays_say_nothing():
    many = [Delay(10.0, 1.0)] * 30
    few = [Delay(70.0, 9.0)] * 5
    assert p95_by_slice([*many, *few], 60.0) == ([30.0], [1.0])


def test_a_short_run_says_nothing_about_growth():
    short = [replace(reading, at_s=reading.at_s / 20, rss_mb=300 + reading.at_s) for reading in readings()]
    verdict = judge(readings=short)
    assert verdict.passed
    assert not verdict.trends_judged


def test_noted_delays_come_back_in_order_however_many():
    log = DelayLog(2)
    for number in range(5):
        log.add(Delay(float(number), number / 4))
    assert log.all() == [Delay(float(number), number / 4) for number in range(5)]


def test_calls_that_come_and_go_lose_nothing(fixture_call, starter_model):
    recognise = {"language": "zh", "workers": 1, "model": str(starter_model)}
    settings = load_settings(None, {"recognise": recognise, "live": {"max_calls": 2}})
    with LiveStation(settings) as station:
        assert admitted(station) == 2
        wishes = SoakWishes([fixture_call], 0, 6.0, speed=6.0, reading_s=0.5)
        found = asyncio.run(soak(station, wishes))
    assert found.places == 2
    assert len(found.calls) >= 2
    for call in found.calls:
        assert call.sent_samples == call.heard_samples > 0
        assert call.problem == ""
    assert found.readings
    verdict = judge_soak(found.readings, found.commits.all(), found.finals.all(), found.calls, SoakLimits(lag_s=60.0))
    assert verdict.passed, verdict.failures
