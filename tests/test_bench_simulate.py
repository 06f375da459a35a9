"""The simulation of a machine against queueing theory, and what it says of calls."""

from __future__ import annotations

import math
import random

import pytest

from callcore.bench.capacity import Limits, find_capacity
from callcore.bench.service import Decode, MeasuredTimes
from callcore.bench.simulate import Machine, simulate
from callcore.bench.trace import CallTrace, TracedRequest
from callcore.config import LiveSettings
from callcore.types import RequestKind

LENGTH_S = 1500.0
CALLS = 200  #: so many that finals hardly wait for older ones of their call
SETTINGS = LiveSettings(partial_interval_ms=1000, max_partial_interval_ms=1000)  # never widened, however dear


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
    found = simulate(machine, traces, CALLS, length_s=LENGTH_S, replications=5, seed=1)
    return sum(found.commits) / len(found.commits) - mean_service_s, found.busy_share


def erlang_c_wait(workers, load, mean_service_s):
    """Mean wait of M/M/c; ``load``: busy workers on average."""
    terms = [load**k / math.factorial(k) for k in range(workers)]
    last = load**workers / math.factorial(workers) * workers / (workers - load)
    return last / (sum(terms) + last) * mean_service_s / (workers - load)


@pytest.mark.parametrize(("workers", "share"), [(1, 0.5), (1, 0.7), (4, 0.6), (4, 0.8)])
def test_the_wait_of_random_arrivals_and_services_is_that_of_the_formula(workers, share):
    mean_s = 0.5
    wait_s, busy = waits(workers, exponential(mean_s), mean_s, workers * share / mean_s)
    assert busy == pytest.approx(share, rel=0.08)
    assert wait_s == pytest.approx(erlang_c_wait(workers, workers * busy, mean_s), rel=0.1)


@pytest.mark.parametrize("share", [0.5, 0.8])
def test_the_wait_of_services_of_one_length_is_that_of_the_formula(share):
    seconds = 0.5
    wait_s, busy = waits(1, constant(seconds), seconds, share / seconds)
    assert busy == pytest.approx(share, rel=0.08)
    assert wait_s == pytest.approx(busy * seconds / (2 * (1 - busy)), rel=0.1)


# Calls


def partial(at_s, segment, commits=(), first=False):
    return TracedRequest(at_s, RequestKind.PARTIAL, 0, segment, 0.0, at_s, at_s, first=first, commits=commits)


SEGMENT = (
    partial(1.0, "a", first=True),
    partial(2.0, "a", commits=(0.8, 1.4)),
    TracedRequest(3.2, RequestKind.SPECULATIVE, 0, "a", 0.0, 3.0, 3.0, commits=(2.2,)),
    TracedRequest(3.5, RequestKind.FINAL, 0, "a", 0.0, 3.0, 3.0, commits=(2.9,), ends_s=2.9),
)
TALK = CallTrace(10.0, SEGMENT)


def machine(seconds, workers=1):
    return Machine(workers, constant(seconds), SETTINGS)


def latencies(trace, seconds, calls=1, **options):
    found = simulate(machine(seconds), [trace], calls, length_s=60.0, replications=1, **options)
    return {round(value, 3) for value in found.commits}, {round(value, 3) for value in found.finals}


def test_a_quick_machine_commits_with_the_updates_and_needs_no_decode_for_the_final():
    commits, finals = latencies(TALK, 0.1)
    assert commits == {1.3, 0.7, 1.1, 0.6}  # 2.1 - 0.8, 2.1 - 1.4, 3.3 - 2.2, 3.5 - 2.9
    assert finals == {0.6}


def test_a_final_takes_over_the_speculative_decode_that_is_under_way():
    commits, finals = latencies(TALK, 0.5)
    assert finals == {0.8}  # 3.2 + 0.5 - 2.9
    assert commits == {1.7, 1.1, 1.5, 0.8}  # the word of the speculative answer comes with the final


def test_words_of_an_update_that_comes_too_late_come_with_the_final():
    # Decodes at 1.0, 2.6 and 4.2: the second update is answered after the segment has closed (3.5).
    commits, finals = latencies(TALK, 1.6)
    assert finals == {2.9}  # 5.8 - 2.9
    assert commits == {5.0, 4.4, 3.6, 2.9}


def test_finals_keep_the_order_of_their_segments():
    slow = TracedRequest(1.0, RequestKind.FINAL, 0, "a", 0.0, 1.0, 9.0, ends_s=1.0)
    quick = TracedRequest(1.1, RequestKind.FINAL, 1, "b", 0.0, 1.0, 1.0, ends_s=1.0)
    times = MeasuredTimes([Decode(RequestKind.FINAL, 9.0, 1, 2.0)] * 40 + [Decode(RequestKind.FINAL, 1.0, 1, 0.1)] * 40)
    trace = CallTrace(10.0, (slow, quick))
    found = simulate(Machine(2, times, SETTINGS), [trace], 1, length_s=50.0, replications=1)
    assert {round(value, 3) for value in found.finals} == {2.0}


def test_requests_that_follow_from_answers_come_after_them():
    asked = TracedRequest(1.0, RequestKind.LANGUAGE, 0, "a", 0.0, 1.0, 1.0)
    answer = TracedRequest(1.0, RequestKind.FINAL, 0, "a", 0.0, 1.0, 1.0, after=0, commits=(1.0,), ends_s=1.0)
    assert latencies(CallTrace(10.0, (asked, answer)), 0.2) == ({0.4}, {0.4})


def test_the_same_seed_gives_the_same_figures_and_another_seed_others():
    def figures(seed):
        found = simulate(machine(0.3), [TALK, CallTrace(12.5, SEGMENT)], 12, length_s=40.0, replications=2, seed=seed)
        return found.as_step(), tuple(found.commits)

    assert figures(1) == figures(1)
    assert figures(1) != figures(2)


def test_too_many_calls_show_as_latency_and_backlog():
    widening = Machine(1, constant(0.06), LiveSettings())
    few = simulate(widening, [TALK], 4, length_s=60.0).as_step()
    many = simulate(widening, [TALK], 250, length_s=60.0).as_step()
    assert few.final_p95_s < 1.0 < many.final_p95_s
    assert few.backlog_slope < 0.01 < many.backlog_slope
    assert few.busy_share < 0.8 < many.busy_share
    assert many.cadence_ms > few.cadence_ms


def test_the_search_finds_more_calls_on_more_workers():
    def capacity(workers):
        def measure(calls):
            return simulate(machine(0.2, workers), [TALK], calls, length_s=40.0, replications=2).as_step()

        return find_capacity(measure, Limits(), maximum=64).calls

    assert 1 <= capacity(1) < capacity(2) < 64
