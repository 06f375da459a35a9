"""The simulation of a machine against queueing theory, and what it says of calls."""

from __future__ import annotations

import math
import random

import pytest

from callcore.bench.service import Decode, MeasuredTimes
from callcore.bench.simulate import Machine, simulate
from callcore.bench.trace import CallTrace, TracedRequest
from callcore.config import LiveSettings
from callcore.types import RequestKind

LENGTH_S = 2500.0
CALLS = 200  #: so many that finals hardly wait for older ones of their call
SETTINGS = LiveSettings()


def poisson_trace(rate, seed, length_s=LENGTH_S):
    """FINAL requests at random moments, ``rate`` a second; the word each commits ends when it is asked for."""
    source = random.Random(seed)
    requests, at_s = [], 0.0
    while (at_s := at_s + source.expovariate(rate)) < length_s:
        requests.append(final(at_s, str(len(requests))))
    return CallTrace(length_s, tuple(requests))


def final(at_s, segment, ends_s=None):
    said_s = at_s if ends_s is None else ends_s
    return TracedRequest(at_s, RequestKind.FINAL, 0, segment, at_s - 1.0, at_s, 1.0, commits=(said_s,), ends_s=said_s)


def exponential(mean_s, count=4000):
    """Times whose distribution is exponential: its quantiles at equal distances."""
    return MeasuredTimes(
        Decode(RequestKind.FINAL, 1.0, 1, -mean_s * math.log(1 - (index + 0.5) / count)) for index in range(count)
    )


def constant(seconds):
    return MeasuredTimes([Decode(RequestKind.FINAL, 1.0, 1, seconds)])


def waits(workers, service, mean_service_s, rate):
    """Mean wait and busy share of requests that come at random, ``rate`` a second, from many calls."""
    machine = Machine(workers, service, SETTINGS)
    traces = [poisson_trace(rate / CALLS, seed) for seed in range(CALLS)]
    found = simulate(machine, traces, CALLS, length_s=LENGTH_S, replications=6, seed=1)
    return sum(found.commits) / len(found.commits) - mean_service_s, found.busy_share


def erlang_c_wait(workers, load, mean_service_s):
    """Mean wait of M/M/c; ``load``: busy workers on average."""
    terms = [load**k / math.factorial(k) for k in range(workers)]
    last = load**workers / math.factorial(workers) * workers / (workers - load)
    return last / (sum(terms) + last) * mean_service_s / (workers - load)


@pytest.mark.parametrize(("workers", "share"), [(1, 0.5), (1, 0.7), (4, 0.6), (4, 0.8)])
def test_the_wait_of_random_arrivals_and_services_is_that_of_the_formula(workers, share):
    mean_s = 0.5
    load = workers * share
    wait_s, busy = waits(workers, exponential(mean_s), mean_s, load / mean_s)
    assert wait_s == pytest.approx(erlang_c_wait(workers, load, mean_s), rel=0.1)
    assert busy == pytest.approx(share, rel=0.03)


@pytest.mark.parametrize("share", [0.5, 0.8])
def test_the_wait_of_services_of_one_length_is_that_of_the_formula(share):
    seconds = 0.5
    wait_s, _ = waits(1, constant(seconds), seconds, share / seconds)
    assert wait_s == pytest.approx(share * seconds / (2 * (1 - share)), rel=0.1)
