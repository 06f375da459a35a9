"""Whose audio is decoded next: order, replacement, attachment, batches. Time is passed in."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from scheduler_tools import FINAL, LANGUAGE, PARTIAL, SPECULATIVE, ticket

from callcore.scheduler import Cadence, Rank, RequestQueue


def make(workers=1, *, narrowest_s=0.3, widest_s=1.5, **options):
    return RequestQueue(workers, Cadence(narrowest_s, widest_s, workers, 0.8), **options)


def overload(queue, now_s=0.0):
    """Let the cadence see more work than there is room for."""
    queue.cadence.refreshed(1.0)
    for _ in range(2000):
        queue.cadence.wished(now_s)


def taken(queue, now_s):
    batch = queue.take(now_s)
    return None if batch is None else [(item.call_id, item.request.segment_id) for item in batch.tickets]


def serve(queue, now_s=0.0):
    """Everything that may be taken now, in order; each is done at once."""
    order = []
    while batch := queue.take(now_s):
        order += [(item.request.kind, item.request.segment_id) for item in batch.tickets]
        queue.done(batch, now_s)
    return order


# Order


def test_finals_come_before_first_words_before_speculation_before_refreshes():
    queue = make()
    queue.submit(ticket(PARTIAL, "refreshed", call="a"), 0.0)
    queue.submit(ticket(SPECULATIVE, "paused", call="b"), 0.1)
    queue.submit(ticket(PARTIAL, "begun", call="c", first=True), 0.2)
    queue.submit(ticket(FINAL, "ended", call="d"), 0.3)
    queue.submit(ticket(LANGUAGE, "asked", call="e"), 0.4)
    assert [segment for _, segment in serve(queue, 0.5)] == ["ended", "asked", "begun", "paused", "refreshed"]


def test_finals_and_first_words_go_by_age():
    queue = make()
    for number, call in enumerate("abc"):
        queue.submit(ticket(PARTIAL, f"first-{call}", call=call, first=True), number)
        queue.submit(ticket(FINAL, f"final-{call}", call=call), number)
    order = [segment for _, segment in serve(queue, 3.0)]
    assert order == ["final-a", "final-b", "final-c", "first-a", "first-b", "first-c"]


def test_channels_take_turns_in_their_refreshes():
    queue = make()
    order = []
    for round_number in range(4):
        now_s = 0.3 * round_number
        for call in "abc":
            queue.submit(ticket(PARTIAL, "s", call=call, end_s=1 + now_s), now_s)
        batch = queue.take(now_s)  # one worker, one refresh a round: not the same channel each time
        order.append(batch.tickets[0].call_id)
        queue.done(batch, now_s + 0.1)
    assert sorted(order[:3]) == ["a", "b", "c"]
    assert order[3] == order[0]


def test_who_was_served_longest_ago_comes_before_who_asked_first():
    queue = make()
    for now_s, call in ((0.0, "early"), (0.5, "late")):
        queue.submit(ticket(PARTIAL, call=call, first=True), now_s)
        queue.done(queue.take(now_s), now_s + 0.1)
    queue.submit(ticket(PARTIAL, call="late", end_s=2.0), 1.0)
    queue.submit(ticket(PARTIAL, call="early", end_s=2.0), 1.1)
    assert taken(queue, 1.2) == [("early", "s1")]


# One wish a channel


def test_a_newer_wish_replaces_the_older_one_of_its_channel_only():
    queue = make()
    queue.submit(ticket(PARTIAL, "old", channel=0), 0.0)
    queue.submit(ticket(PARTIAL, "other", channel=1), 0.0)
    queue.submit(ticket(SPECULATIVE, "new", channel=0), 0.1)
    assert [segment for _, segment in serve(queue, 0.2)] == ["new", "other"]
    assert queue.meter.snapshot(0.2, waiting=queue.waiting(), interval_s=0, oldest_s=0).ranks["refresh"].replaced == 1


def test_a_first_partial_keeps_its_place_when_a_newer_one_takes_over():
    queue = make()
    queue.submit(ticket(PARTIAL, "early", call="a", first=True), 0.0)
    queue.submit(ticket(PARTIAL, "late", call="b", first=True), 0.1)
    queue.submit(ticket(PARTIAL, "early", call="a", end_s=1.3), 0.3)  # not marked: its first was asked for, not decoded
    batch = queue.take(0.4)
    assert batch.rank is Rank.FIRST
    assert batch.tickets[0].request.end_sample == round(1.3 * 16_000)


def test_a_pause_does_not_cost_a_first_partial_its_place():
    queue = make()
    queue.submit(ticket(PARTIAL, "early", call="a", first=True), 0.0)
    queue.submit(ticket(PARTIAL, "late", call="b", first=True), 0.1)
    queue.submit(ticket(SPECULATIVE, "early", call="a"), 0.2)
    queue.submit(ticket(PARTIAL, "early", call="a", end_s=1.3, first=True), 0.3)  # speech goes on
    assert taken(queue, 0.4) == [("a", "early")]


def test_a_segment_has_one_first_partial():
    queue = make()
    queue.submit(ticket(PARTIAL, "music", call="a", first=True), 0.0)
    assert serve(queue) == [(PARTIAL, "music")]
    queue.submit(ticket(PARTIAL, "music", call="a", end_s=2, first=True), 0.3)  # nothing was made of the first
    queue.submit(ticket(PARTIAL, "speech", call="b", first=True), 0.4)
    assert [segment for _, segment in serve(queue, 0.5)] == ["speech", "music"]


def test_one_partial_of_a_segment_is_decoded_at_a_time():
    queue = make(workers=2)
    queue.submit(ticket(PARTIAL, end_s=1), 0.0)
    running = queue.take(0.0)
    queue.submit(ticket(PARTIAL, end_s=1.3), 0.3)
    assert queue.take(0.3) is None
    assert queue.next_s(0.3) is None
    queue.done(running, 0.4)
    assert queue.next_s(0.4) == 0.4
    assert taken(queue, 0.4) == [("c1", "s1")]


def test_a_final_removes_the_wishes_of_its_segment_and_no_others():
    queue = make()
    queue.submit(ticket(PARTIAL, "ended", channel=0), 0.0)
    queue.submit(ticket(PARTIAL, "next", channel=1, first=True), 0.0)
    queue.submit(ticket(FINAL, "ended", channel=0), 0.1)
    queue.submit(ticket(FINAL, "before", channel=1), 0.1)
    assert serve(queue, 0.2) == [(FINAL, "ended"), (FINAL, "before"), (PARTIAL, "next")]


def test_wishes_that_became_old_are_forgotten_finals_never():
    queue = make(widest_s=1.5)
    queue.submit(ticket(PARTIAL, "partial", call="a"), 0.0)
    queue.submit(ticket(FINAL, "final", call="b"), 0.0)
    assert serve(queue, 3600.0) == [(FINAL, "final")]
    snapshot = queue.snapshot(3600.0)
    assert snapshot.ranks["refresh"].expired == 1
    assert snapshot.ranks["final"].delay_p95_ms == 3_600_000


# Finals that were decoded ahead


def test_a_final_takes_over_the_speculative_decode_that_runs():
    queue = make(workers=2)
    ahead = ticket(SPECULATIVE)
    queue.submit(ahead, 0.0)
    batch = queue.take(0.0)
    final = ticket(FINAL)
    queue.submit(final, 0.1)
    assert queue.take(0.1) is None
    assert queue.done(batch, 0.3) == (final,)
    assert queue.snapshot(0.3).taken_over == 1


def test_a_final_takes_the_place_of_the_speculative_request_that_waits():
    queue = make()
    queue.submit(ticket(SPECULATIVE), 0.0)
    queue.submit(ticket(FINAL), 0.1)
    assert serve(queue, 0.2) == [(FINAL, "s1")]


@pytest.mark.parametrize(
    "other",
    [{"end_s": 1.2}, {"start_s": 0.2}, {"channel": 1}, {"call": "c2"}, {"segment": "s2"}, {"history": "before"}],
    ids=lambda change: next(iter(change)),
)
def test_a_final_of_other_audio_is_decoded_itself(other):
    queue = make(workers=2)
    ahead = ticket(SPECULATIVE)
    queue.submit(ahead, 0.0)
    batch = queue.take(0.0)
    final = ticket(FINAL, **other)
    queue.submit(final, 0.1)
    assert queue.take(0.1).tickets == (final,)
    assert queue.done(batch, 0.3) == (ahead,)


def test_of_two_finals_of_the_same_audio_each_gets_an_answer():
    queue = make(workers=2)
    queue.submit(ticket(SPECULATIVE), 0.0)
    batch = queue.take(0.0)
    first, second = ticket(FINAL), ticket(FINAL)
    queue.submit(first, 0.1)
    queue.submit(second, 0.1)
    assert queue.take(0.2).tickets == (second,)
    assert queue.done(batch, 0.3) == (first,)


# Cadence


@pytest.mark.parametrize("interval_s", [0.4, 0.75, 1.5])
def test_under_load_refreshes_are_let_through_at_the_interval(interval_s):
    """On the average, for they can only be let through when wishes come, which is every 300 ms."""
    queue = make(widest_s=interval_s)
    served = []
    for step in range(60):
        now_s = 0.3 * step
        overload(queue, now_s)
        queue.submit(ticket(PARTIAL, first=step == 0, end_s=0.5 + now_s), now_s)
        if batch := queue.take(now_s):
            served.append(batch.tickets[0].request.end_sample / 16_000)
            queue.done(batch, now_s + 0.05)
    gaps = [later - earlier for earlier, later in pairwise(served)]
    assert gaps == pytest.approx([interval_s] * len(gaps), abs=0.31)
    assert sum(gaps) / len(gaps) == pytest.approx(interval_s, rel=0.05)


def test_the_last_refresh_is_let_through_when_no_newer_one_follows():
    queue = make()
    queue.submit(ticket(PARTIAL, first=True, end_s=1.0), 0.0)
    queue.done(queue.take(0.0), 0.1)
    queue.submit(ticket(PARTIAL, end_s=1.3), 0.3)
    overload(queue, 0.3)
    assert queue.take(0.3) is None
    due_s = queue.next_s(0.3)
    assert due_s == pytest.approx(1.8)
    overload(queue, due_s)
    assert taken(queue, due_s) == [("c1", "s1")]


def delay_ms(queue, rank, now_s):
    return queue.snapshot(now_s).ranks[rank].delay_p95_ms


def test_the_delay_of_a_refresh_counts_from_the_first_wish_that_could_have_been_taken():
    queue = make()
    queue.submit(ticket(FINAL, call="other"), 0.0)
    blocking = queue.take(0.0)
    for now_s in (0.1, 0.4, 0.7):
        queue.submit(ticket(PARTIAL, end_s=1 + now_s), now_s)
    queue.done(blocking, 1.1)
    queue.take(1.1)
    assert delay_ms(queue, "refresh", 1.1) == pytest.approx(1000)


def test_the_time_that_its_own_channel_is_decoded_is_no_delay_of_a_refresh():
    queue = make()
    queue.submit(ticket(PARTIAL, first=True), 0.0)
    running = queue.take(0.0)
    queue.submit(ticket(PARTIAL, end_s=1.3), 0.3)
    queue.done(running, 2.0)
    queue.take(2.1)
    assert delay_ms(queue, "refresh", 2.1) == pytest.approx(100)


# Batches


def test_a_cpu_decodes_together_only_what_is_more_than_its_workers():
    queue = make(workers=2)
    for number in range(3):
        queue.submit(ticket(FINAL, f"s{number}", key=("k",), limit=8), 0.0)
    assert taken(queue, 0.0) == [("c1", "s0"), ("c1", "s1")]
    assert taken(queue, 0.0) == [("c1", "s2")]
    queue = make(workers=4)
    for number in range(3):
        queue.submit(ticket(FINAL, f"s{number}", key=("k",), limit=8), 0.0)
    assert taken(queue, 0.0) == [("c1", "s0")]


def test_batches_hold_requests_of_one_key_and_no_more_than_the_limit():
    queue = make()
    for number in range(6):
        queue.submit(ticket(FINAL, f"s{number}", key=(number % 2,), limit=2), 0.0)
    assert taken(queue, 0.0) == [("c1", "s0"), ("c1", "s2")]
    assert taken(queue, 0.0) == [("c1", "s1"), ("c1", "s3")]


def test_a_refresh_does_not_make_a_first_partial_slower():
    queue = make()
    queue.submit(ticket(PARTIAL, "old", call="a", key=("k",), limit=8), 0.0)
    queue.submit(ticket(PARTIAL, "new", call="b", key=("k",), limit=8, first=True), 0.0)
    queue.submit(ticket(PARTIAL, "other", call="c", key=("l",), limit=8, first=True), 0.0)
    assert taken(queue, 0.0) == [("b", "new")]


def test_a_gpu_waits_a_moment_for_companions():
    queue = make(batched=True, batch_window_s=0.015)
    queue.submit(ticket(PARTIAL, "a", call="a", key=("k",), limit=3, first=True), 1.0)
    assert queue.take(1.0) is None
    assert queue.next_s(1.0) == pytest.approx(1.015)
    queue.submit(ticket(PARTIAL, "b", call="b", key=("k",), limit=3), 1.010)
    assert taken(queue, queue.next_s(1.010)) == [("a", "a"), ("b", "b")]


def test_a_gpu_does_not_wait_when_the_batch_is_full():
    queue = make(batched=True, batch_window_s=0.015)
    for call in "abc":
        queue.submit(ticket(FINAL, call=call, key=("k",), limit=3), 1.0)
    assert len(taken(queue, 1.0)) == 3


# Calls end


def test_a_call_that_is_over_has_nothing_waiting_and_gets_no_answers():
    queue = make()
    queue.submit(ticket(SPECULATIVE, call="a"), 0.0)
    batch = queue.take(0.0)
    queue.submit(ticket(FINAL, call="a"), 0.0)
    queue.submit(ticket(FINAL, "s2", call="a"), 0.0)
    queue.submit(ticket(FINAL, "s3", call="b"), 0.0)
    assert [item.request.segment_id for item in queue.release("a")] == ["s2"]
    assert queue.done(batch, 0.1) == (None,)
    assert serve(queue, 0.1) == [(FINAL, "s3")]


def test_a_batch_is_done_once():
    queue = make()
    queue.submit(ticket(FINAL), 0.0)
    batch = queue.take(0.0)
    assert queue.done(batch, 0.1) == batch.tickets
    assert queue.done(batch, 0.2) == (None,)


# Whatever happens, in whatever order

CALLS = st.sampled_from(["a", "b", "c"])
CHANNELS = st.sampled_from([0, 1])
KEYS = st.sampled_from([("k",), ("l",)])


class Disorder(RuleBasedStateMachine):
    """Requests, workers and hang-ups in any order; a plain model of what must hold."""

    @initialize(workers=st.integers(1, 3), batched=st.booleans())
    def begin(self, workers, batched):
        self.queue = make(workers, batched=batched)
        self.workers = workers
        self.batched = batched
        self.now_s = 0.0
        self.segments = {}  # lane -> number of its segment
        self.wishes = {}  # lane -> newest wish that waits
        self.taken_segments = set()  # of PARTIALs
        self.finals = []  # waiting, oldest first
        self.attached = {}  # SPECULATIVE -> FINAL
        self.running = []
        self.owed = set()  # finals of live calls without an answer
        self.answered = []

    def lane(self, call, channel):
        return call, channel, f"{call}{channel}-{self.segments.get((call, channel), 0)}"

    def make(self, kind, call, channel, key, end_s, **options):
        name = self.lane(call, channel)[2]
        end = self.now_s + end_s
        return ticket(kind, name, call=call, channel=channel, end_s=min(end, 29), key=key, limit=3, **options)

    @rule(call=CALLS, channel=CHANNELS, key=KEYS, kind=st.sampled_from([PARTIAL, SPECULATIVE]), first=st.booleans())
    def wish(self, call, channel, key, kind, first):
        wished = self.make(kind, call, channel, key, 1.0, first=first and kind is PARTIAL)
        self.queue.submit(wished, self.now_s)
        self.wishes[call, channel] = wished

    @rule(call=CALLS, channel=CHANNELS, key=KEYS)
    def end_segment(self, call, channel, key):
        segment = self.lane(call, channel)[2]
        ahead = [
            item
            for batch in self.running
            for item in batch.tickets
            if (item.call_id, item.request.segment_id, item.request.kind) == (call, segment, SPECULATIVE)
        ]
        if ahead:  # the pause was the end
            span = ahead[-1].request
            final = ticket(
                FINAL,
                segment,
                call=call,
                channel=channel,
                start_s=span.start_sample / 16_000,
                end_s=span.end_sample / 16_000,
            )
        else:
            final = self.make(FINAL, call, channel, key, 1.0)
        before = self.queue.waiting()[Rank.FINAL]
        self.queue.submit(final, self.now_s)
        self.owed.add(final)
        if self.queue.waiting()[Rank.FINAL] == before:
            assert ahead, "a final vanished"
            matching = [item for item in ahead if item.request.end_sample == final.request.end_sample]
            self.attached.setdefault(next(item for item in matching if item not in self.attached), final)
        else:
            assert not ahead
            self.finals.append(final)
        waiting = self.wishes.get((call, channel))
        if waiting and waiting.request.segment_id == segment:
            del self.wishes[call, channel]
        self.segments[call, channel] = self.segments.get((call, channel), 0) + 1

    @rule(call=CALLS)
    def ask_language(self, call):
        asked = ticket(LANGUAGE, f"{call}-language", call=call)
        self.queue.submit(asked, self.now_s)
        self.finals.append(asked)
        self.owed.add(asked)

    @rule(step_s=st.sampled_from([0.02, 0.3, 1.0, 5.0]))
    def pass_time(self, step_s):
        self.now_s += step_s

    @precondition(lambda self: len(self.running) < self.workers)
    @rule()
    def take(self):
        due_s = self.queue.next_s(self.now_s)
        if due_s is not None and due_s > self.now_s:
            self.now_s = due_s
        batch = self.queue.take(self.now_s)
        if batch is None:
            assert not self.finals
            return
        self.check_order(batch)
        for item in batch.tickets:
            self.leave(item)
        self.running.append(batch)

    def check_order(self, batch):
        if self.finals:
            assert batch.rank is Rank.FINAL
            assert batch.tickets[0] is self.finals[0]
        elif batch.rank > Rank.FIRST:
            firsts = [
                item
                for item in self.wishes.values()
                if item.request.first and item.request.segment_id not in self.taken_segments
            ]
            assert not [item for item in firsts if item in self.waiting_now()]
        assert len({item.group for item in batch.tickets}) == 1
        assert len(batch.tickets) <= 3
        if not self.batched:
            assert len(set(batch.ranks)) == 1

    def waiting_now(self):
        """Wishes that did not become too old when the batch was taken."""
        return {lane.waiting.ticket for lane in self.queue._lanes.values() if lane.waiting}

    def leave(self, item):
        if item in self.finals:
            self.finals.remove(item)
            return
        lane = (item.call_id, item.request.channel)
        assert self.wishes.pop(lane) is item, "an older wish was taken"
        if item.request.kind is PARTIAL:
            for batch in self.running:
                for other in batch.tickets:
                    same = other.request.segment_id == item.request.segment_id and other.call_id == item.call_id
                    assert not (same and other.request.kind is PARTIAL), "two partials of a segment at once"
            self.taken_segments.add(item.request.segment_id)

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def bring_back(self, data):
        batch = self.running.pop(data.draw(st.integers(0, len(self.running) - 1)))
        for item, recipient in zip(batch.tickets, self.queue.done(batch, self.now_s), strict=True):
            expected = self.attached.pop(item, item)
            if recipient is not None:
                assert recipient is expected
                self.answered.append(recipient)
                self.owed.discard(recipient)
            else:
                assert expected not in self.owed

    @rule(call=CALLS)
    def hang_up(self, call):
        self.queue.release(call)
        self.owed = {item for item in self.owed if item.call_id != call}
        self.finals = [item for item in self.finals if item.call_id != call]
        self.wishes = {lane: item for lane, item in self.wishes.items() if lane[0] != call}
        self.taken_segments = {segment for segment in self.taken_segments if not segment.startswith(call)}
        for channel in (0, 1):  # a call of the same name would have segments of other names
            self.segments[call, channel] = self.segments.get((call, channel), 0) + 1

    @invariant()
    def at_most_one_wish_a_channel(self):
        if not hasattr(self, "queue"):
            return
        waiting = self.queue.waiting()
        assert sum(waiting.values()) - waiting[Rank.FINAL] <= len(self.wishes)
        assert waiting[Rank.FINAL] == len(self.finals)

    def teardown(self):
        if not hasattr(self, "queue"):
            return
        while self.running or self.queue.next_s(self.now_s) is not None:
            for batch in self.running:
                for recipient in self.queue.done(batch, self.now_s):
                    self.answered.append(recipient)
                    self.owed.discard(recipient)
            self.running = []
            self.now_s = max(self.now_s, self.queue.next_s(self.now_s) or 0.0)
            if batch := self.queue.take(self.now_s):
                self.running.append(batch)
        assert not self.owed, "a final was lost"
        told = [item for item in self.answered if item is not None]
        assert len(told) == len(set(told)), "answered twice"


Disorder.TestCase.settings = hypothesis_settings(max_examples=150, stateful_step_count=40)
TestDisorder = Disorder.TestCase
