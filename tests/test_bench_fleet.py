"""Machines for a number of calls: Erlang's formula, head-room, spare machines."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from callcore.bench.fleet import SHORT_OF_MACHINES, FleetWishes, erlang_b, places_needed, size_fleet, spares_needed
from callcore.errors import ConfigError


def erlang_b_by_definition(offered, places):
    terms = [offered**k / math.factorial(k) for k in range(places + 1)]
    return terms[-1] / sum(terms)


@pytest.mark.parametrize(("offered", "places"), [(0.5, 1), (1.0, 3), (10.0, 10), (20.0, 30), (50.0, 64)])
def test_blocking_is_that_of_the_definition(offered, places):
    assert erlang_b(offered, places) == pytest.approx(erlang_b_by_definition(offered, places))


@pytest.mark.parametrize(("offered", "places"), [(12.03, 20), (29.01, 40), (84.06, 100)])
def test_places_agree_with_published_tables(offered, places):
    # The loads that tables of Erlang B give for a blocking of 1 %.
    assert erlang_b(offered, places) == pytest.approx(0.01, rel=0.01)


@given(offered=st.floats(0.5, 3000), refused=st.floats(1e-5, 0.2))
def test_no_fewer_places_would_do(offered, refused):
    places = places_needed(offered, refused)
    assert erlang_b(offered, places) <= refused
    assert places == 0 or erlang_b(offered, places - 1) > refused


def test_large_fleets_need_relatively_fewer_places():
    assert places_needed(1000, 0.001) / 1000 > places_needed(100_000, 0.001) / 100_000 > 1


@given(needed=st.integers(1, 20_000), availability=st.floats(0.98, 1))
def test_spares_are_the_fewest_that_do(needed, availability):
    spare = spares_needed(needed, availability)
    assert spare >= 1
    assert binom.sf(spare, needed + spare, 1 - availability) <= SHORT_OF_MACHINES
    if spare > 1:
        assert binom.sf(spare - 1, needed + spare - 1, 1 - availability) > SHORT_OF_MACHINES


def test_a_fleet_carries_its_calls_with_a_machine_down():
    fleet = size_fleet(1000, 12, FleetWishes(refused=0.0, headroom=0.0, availability=1.0))
    assert (fleet.places, fleet.per_machine, fleet.needed, fleet.spare, fleet.machines) == (1000, 12, 84, 1, 85)


def test_headroom_variation_and_failures_cost_machines():
    plain = size_fleet(1000, 12, FleetWishes(refused=0.0, headroom=0.0, availability=1.0))
    assert size_fleet(1000, 12, FleetWishes(refused=0.0, headroom=0.2, availability=1.0)).needed == 112
    assert size_fleet(1000, 12, FleetWishes(refused=0.001, headroom=0.0, availability=1.0)).places == 1072
    assert size_fleet(1000, 12, FleetWishes(refused=0.0, headroom=0.0, availability=0.99)).spare > plain.spare


def test_headroom_of_a_whole_tenth_is_not_rounded_away():
    assert size_fleet(10, 10, FleetWishes(headroom=0.1)).per_machine == 9


@pytest.mark.parametrize("wrong", [{"refused": 1.0}, {"refused": -0.1}, {"headroom": 1.0}, {"availability": 0.0}])
def test_impossible_wishes_are_refused(wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        FleetWishes(**wrong)


def test_a_machine_that_takes_no_call_is_refused():
    with pytest.raises(ConfigError, match="takes no call"):
        size_fleet(10, 1, FleetWishes(headroom=0.5))
