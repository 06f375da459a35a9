"""The interval of refreshes: wide under load, narrow again after it, and calm in between."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcore.config import LiveSettings
from callcore.scheduler import Cadence

TICK_S = 0.1


def make(workers=4, busy_share=0.8, **options):
    return Cadence(0.3, 1.5, workers, busy_share, **options)


def load(cadence, start_s, length_s, *, channels, cost_s=0.1, other=0.0):
    """Channels that wish for a refresh every 300 ms; ``other``: worker seconds a second of other decodes.

    Returns the interval at every tick.
    """
    seen = []
    for step in range(round(length_s / TICK_S)):
        now_s = start_s + step * TICK_S
        for _ in range(channels):
            if step % 3 == 0:
                cadence.wished(now_s)
                cadence.refreshed(cost_s)
        cadence.worked(other * TICK_S, now_s)
        seen.append(cadence.interval_s(now_s))
    return seen


def test_the_settings_give_its_bounds():
    cadence = Cadence.of(LiveSettings(partial_interval_ms=200, max_partial_interval_ms=2000), 2)
    assert (cadence.narrowest_s, cadence.widest_s) == (0.2, 2.0)


def test_a_widest_interval_below_the_narrowest_is_the_narrowest():
    cadence = Cadence.of(LiveSettings(partial_interval_ms=400, max_partial_interval_ms=100), 2)
    assert (cadence.narrowest_s, cadence.widest_s) == (0.4, 0.4)


def test_without_load_every_wish_is_let_through():
    assert set(load(make(), 0.0, 30.0, channels=3)) == {0.3}


def test_the_interval_makes_the_wishes_fit_what_is_left():
    # 24 channels x 0.1 s every T plus 1.0 of other work in 4 workers, 80 % of which may be used: T = 2.4 / 2.2.
    seen = load(make(), 0.0, 120.0, channels=24, other=1.0)
    assert seen[-1] == pytest.approx(2.4 / 2.2, rel=0.05)


def test_other_work_that_fills_the_workers_leaves_the_widest_interval():
    assert load(make(), 0.0, 60.0, channels=1, other=3.5)[-1] == 1.5


def test_after_the_load_the_interval_is_the_narrowest_again():
    cadence = make()
    assert load(cadence, 0.0, 60.0, channels=60)[-1] == 1.5
    assert load(cadence, 60.0, 60.0, channels=2)[-1] == 0.3


def test_silence_narrows_it_too():
    cadence = make()
    load(cadence, 0.0, 60.0, channels=60)
    cadence.delayed(10.0, 60.0)
    assert cadence.interval_s(180.0) == 0.3


@given(st.integers(0, 200), st.floats(0.001, 2.0), st.floats(0.0, 8.0), st.booleans(), st.integers(1, 16))
def test_it_stays_within_its_bounds(channels, cost_s, other, batched, workers):
    cadence = make(workers, batched=batched)
    seen = load(cadence, 5.0, 6.0, channels=channels, cost_s=cost_s, other=other)
    cadence.delayed(cost_s * 100, 11.0)
    assert all(0.3 <= interval <= 1.5 for interval in [*seen, cadence.interval_s(11.0)])


@given(st.integers(1, 60), st.integers(0, 60), st.floats(0.01, 0.3), st.floats(0.0, 2.0))
def test_more_load_never_narrows_it(channels, more, cost_s, other):
    less_loaded = load(make(), 0.0, 10.0, channels=channels, cost_s=cost_s, other=other)
    more_loaded = load(make(), 0.0, 10.0, channels=channels + more, cost_s=cost_s, other=other)
    assert all(above >= below - 1e-9 for below, above in zip(less_loaded, more_loaded, strict=True))


@given(st.integers(2, 60), st.integers(2, 60), st.floats(0.02, 0.2))
def test_it_goes_from_one_steady_load_to_another_without_swinging(before, after, cost_s):
    cadence = make()
    load(cadence, 0.0, 60.0, channels=before, cost_s=cost_s)
    seen = load(cadence, 60.0, 60.0, channels=after, cost_s=cost_s)[::3]
    direction = 1 if after >= before else -1
    ripple = 0.05  # wishes come in bunches of a tick
    for earlier, later in pairwise(seen):
        assert (later - earlier) * direction >= -ripple * earlier


def follow_delay(cadence, length_s, delay_of, start_s=0.0):
    """Close the loop: refreshes of 20 channels wait as ``delay_of`` the interval says. Returns the intervals."""
    seen = []
    for step in range(round(length_s / TICK_S)):
        now_s = start_s + step * TICK_S
        interval_s = cadence.interval_s(now_s)
        for _ in range(round(20 * TICK_S / interval_s)):
            cadence.delayed(delay_of(interval_s), now_s)
        seen.append(interval_s)
    return seen


@given(st.floats(0.05, 3.0), st.floats(0.5, 4.0))
def test_long_waits_widen_it_to_a_point_of_rest(delay_s, steepness):
    """Even where what a refresh costs says nothing (GPU)."""
    cadence = make(batched=True)
    seen = follow_delay(cadence, 120.0, lambda interval_s: delay_s * (0.3 / interval_s) ** steepness)
    rest = seen[-100:]
    assert max(rest) - min(rest) <= 0.05 * max(rest)
    assert (rest[-1] > 0.3) == (delay_s > 0.15 * 1.06) or delay_s == pytest.approx(0.15, rel=0.1)
    assert follow_delay(cadence, 60.0, lambda _: 0.0, start_s=120.0)[-1] == 0.3


def test_dear_refreshes_are_fewer_even_when_nobody_else_speaks():
    cadence = make(refresh_share=0.2)
    cadence.refreshed(0.03)
    assert cadence.interval_s(10.0) == 0.3
    dear = make(refresh_share=0.2)
    dear.refreshed(0.1)
    assert dear.interval_s(10.0) == pytest.approx(0.5)
    dear.refreshed(9.0)
    assert dear.interval_s(10.0) == pytest.approx(0.6)
