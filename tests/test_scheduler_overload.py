"""A virtual machine under load: the queue and the cadence as they are, decodes as numbers."""

from __future__ import annotations

import heapq
import itertools
import random
from dataclasses import dataclass, field

import pytest
from scheduler_tools import FINAL, PARTIAL, SPECULATIVE, ticket

from callcore.scheduler import Cadence, Rank, RequestQueue

INTERVAL_S = 0.3
WINDOW_S = 6.0  #: a partial looks back so far


@dataclass
class Machine:
    """Decodes requests in virtual time on ``workers`` workers."""

    workers: int = 4
    now_s: float = 0.0
    asked: dict = field(default_factory=dict)  #: ticket -> time
    answered: dict = field(default_factory=dict)  #: ticket -> time
    known_ahead: int = 0  #: segments whose text was there when they ended
    intervals: list = field(default_factory=list)  #: (time, interval)

    def __post_init__(self):
        self.queue = RequestQueue(self.workers, Cadence(INTERVAL_S, 1.5, self.workers, 0.8))
        self._agenda, self._number, self._random = [], itertools.count(), random.Random(3)

    def at(self, when_s, action):
        heapq.heappush(self._agenda, (when_s, next(self._number), action))

    def submit(self, wanted):
        self.asked[wanted] = self.now_s
        self.queue.submit(wanted, self.now_s)

    def service_s(self, wanted):
        length_s = len(wanted.request.audio) / 16_000
        mean_s = 0.05 + 0.025 * length_s if wanted.request.kind is PARTIAL else 0.05 + 0.12 * length_s
        return mean_s * self._random.uniform(0.8, 1.2)

    def finish(self, batch):
        for recipient in self.queue.done(batch, self.now_s):
            if recipient:
                self.answered[recipient] = self.now_s

    def run(self):
        while self._agenda:
            self.now_s, _, action = heapq.heappop(self._agenda)
            action()
            self.intervals.append((self.now_s, self.queue.cadence.interval_s(self.now_s)))
            while self.queue.running < self.workers and (batch := self.queue.take(self.now_s)):
                service_s = sum(self.service_s(item) for item in batch.tickets)
                self.at(self.now_s + service_s, lambda batch=batch: self.finish(batch))
            due_s = self.queue.next_s(self.now_s)
            if due_s is not None and due_s > self.now_s and self.queue.running < self.workers:
                self.at(due_s, lambda: None)

    def talk(self, call, start_s, end_s):
        """One side after the other speaks; asks as the pipeline of a live call does."""
        chance = random.Random(call)
        time_s = start_s + chance.uniform(0, 3)
        for number in itertools.count():
            length_s = min(12.0, max(0.6, chance.expovariate(1 / 3)))
            if time_s + length_s > end_s:
                return
            self.speak(call, f"{call}-{number}", number % 2, time_s, length_s)
            time_s += length_s + chance.uniform(0.3, 1.0)

    def speak(self, call, segment, channel, start_s, length_s):
        def asked(kind, heard_s, since_s=0.0, **options):
            key = (round(2 * (heard_s - since_s)),)
            span = {"start_s": since_s, "end_s": heard_s}
            return ticket(kind, segment, call=call, channel=channel, key=key, limit=3, **span, **options)

        for count in range(1, int(length_s / INTERVAL_S) + 1):
            heard_s = count * INTERVAL_S
            wanted = asked(PARTIAL, heard_s, max(0.0, heard_s - WINDOW_S), first=count == 1)
            self.at(start_s + heard_s, lambda wanted=wanted: self.submit(wanted))
        ahead, final = asked(SPECULATIVE, length_s), asked(FINAL, length_s)

        def end():
            if ahead in self.answered:
                self.known_ahead += 1
            else:
                self.submit(final)

        self.at(start_s + length_s + 0.16, lambda: self.submit(ahead))
        self.at(start_s + length_s + 0.40, end)

    def delays(self, kind):
        """Times from the asking to the answer, of those that were answered; and the share of those."""
        asked = [item for item in self.asked if item.request.kind is kind]
        found = sorted(self.answered[item] - self.asked[item] for item in asked if item in self.answered)
        return found, len(found) / len(asked)

    def interval_at(self, when_s):
        return next(interval for at_s, interval in reversed(self.intervals) if at_s <= when_s)


def machine_with(calls, *, start_s=0.0, end_s=90.0):
    machine = Machine()
    for number in range(calls):
        machine.talk(f"call{number}", start_s, end_s)
    return machine


def p95(values):
    return values[int(0.95 * len(values))]


def test_a_machine_with_room_lets_everything_through():
    machine = machine_with(4)
    machine.run()
    assert {interval for _, interval in machine.intervals} == {INTERVAL_S}
    waits, share = machine.delays(PARTIAL)
    assert share > 0.99
    assert p95(waits) < 0.3


def decoded_shares(machine):
    """Share of the asked that was decoded: refreshes, speculative finals, first partials (of all segments)."""
    ranks = machine.queue.snapshot(machine.now_s).ranks
    finals, _ = machine.delays(FINAL)
    segments = len(finals) + machine.known_ahead
    refresh, speculative = ranks["refresh"], ranks["speculative"]
    return (
        refresh.decodes / refresh.asked,
        speculative.decodes / speculative.asked,
        ranks["first"].decodes / segments,
    )


def test_under_overload_refreshes_thin_out_first_then_speculation_then_first_words():
    """17 calls would fit at the widest interval; these are 24."""
    machine = machine_with(24)
    machine.run()
    waits, share = machine.delays(FINAL)
    refreshes, speculative, first_words = decoded_shares(machine)
    assert share == 1.0
    assert p95(waits) < 1.5
    assert refreshes < 0.25
    assert refreshes < speculative < first_words
    assert first_words > 0.95


def test_twice_the_load_loses_no_final():
    machine = machine_with(34)
    machine.run()
    _, share = machine.delays(FINAL)
    _, speculative, first_words = decoded_shares(machine)
    assert share == 1.0
    assert speculative < first_words
    assert machine.queue.snapshot(machine.now_s).ranks["refresh"].replaced > 1000
    assert machine.queue.waiting() == dict.fromkeys(Rank, 0)


def test_the_cadence_widens_under_load_and_narrows_after_it():
    machine = machine_with(3, end_s=180.0)
    for number in range(20):
        machine.talk(f"rush{number}", 40.0, 90.0)
    machine.run()
    assert machine.interval_at(39.0) == INTERVAL_S
    assert machine.interval_at(85.0) == 1.5
    assert machine.interval_at(150.0) == INTERVAL_S


@pytest.mark.parametrize("calls", [10, 14])
def test_finals_find_a_worker_soon_because_refreshes_leave_room(calls):
    machine = machine_with(calls)
    machine.run()
    metrics = machine.queue.snapshot(machine.now_s)
    assert metrics.ranks["final"].delay_p95_ms < 200
    assert metrics.ranks["first"].delay_p95_ms < 400
    _, share = machine.delays(FINAL)
    assert share == 1.0


def test_all_channels_get_their_share_of_refreshes():
    machine = machine_with(20)
    machine.run()
    shares = []
    for number in range(20):
        asked = [item for item in machine.asked if item.call_id == f"call{number}" and item.request.kind is PARTIAL]
        shares.append(sum(item in machine.answered for item in asked) / len(asked))
    assert min(shares) > 0.5 * max(shares)
