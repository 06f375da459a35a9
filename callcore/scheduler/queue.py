"""Whose audio is decoded next.

No threads and no clock: the time is passed in. Worker threads drive it in a live process (``workers.py``); a simulation
drives it with a virtual clock and service times of its own, and decides exactly as a live process would:

    queue = RequestQueue(workers, Cadence.of(settings, workers))
    queue.submit(Ticket(call_id, request), now_s)
    batch = queue.take(now_s)                  # for an idle worker; None: nothing to do before queue.next_s(now_s)
    queue.done(batch, now_s + service_s)       # who gets the answers
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from callcore.scheduler.base import Answered
from callcore.scheduler.cadence import Cadence
from callcore.scheduler.metrics import Meter, SchedulerMetrics
from callcore.scheduler.ranks import Rank, rank_of
from callcore.types import DecodeFailure, DecodeRequest, DecodeResult, RequestKind, samples

BATCH_WINDOW_S = 0.015  #: a GPU waits so long for companions: little beside a decode, and calls come in every 20 ms
OLD_INTERVALS = 2.0  #: widest intervals after which a wish for a PARTIAL is forgotten: nobody misses it any more


def _nobody(_: DecodeResult | DecodeFailure) -> None:
    """Takes an answer that nobody waits for (simulations)."""


@dataclass(frozen=True, slots=True, eq=False)
class Ticket:
    """A request of a call, and who waits for the answer.

    ``batch_key`` and ``batch_limit`` are the engine's for this request: those of equal key may be decoded together,
    so many at most.
    """

    call_id: str
    request: DecodeRequest
    answered: Answered = _nobody
    batch_key: tuple[object, ...] = ()
    batch_limit: int = 1

    @property
    def group(self) -> tuple[object, ...]:
        """What must be equal within a batch; PARTIALs may have an engine of their own."""
        return (self.request.kind is RequestKind.PARTIAL, self.batch_key)


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Requests to be decoded together, now. ``ranks``: of the tickets, in their order."""

    tickets: tuple[Ticket, ...]
    ranks: tuple[Rank, ...]
    taken_s: float

    @property
    def rank(self) -> Rank:
        """Of the ticket for whose sake the batch was taken."""
        return self.ranks[0]


@dataclass(slots=True, eq=False)
class _Waiting:
    ticket: Ticket
    rank: Rank
    submitted_s: float
    since_s: float  #: since when its final or its channel waits; the wishes it replaced included
    order: int


@dataclass(slots=True, eq=False)
class _Lane:
    """One channel of one call: the newest wish for words that are not final, and how the last ones fared."""

    waiting: _Waiting | None = None
    served_s: float = -math.inf  #: when a PARTIAL was last taken
    owed: str = ""  #: the segment whose first PARTIAL was asked for and not yet taken
    owed_s: float = 0.0  #: since when
    segment_id: str = ""  #: of the PARTIAL last taken
    decoding: Ticket | None = None  #: that PARTIAL, until it is done
    free_s: float = -math.inf  #: when it was done

    def look(self, ticket: Ticket, interval: int, slack: int, now_s: float) -> None:
        """A PARTIAL is taken. ``interval`` to the next one and ``slack``, the distance of wishes, in samples."""
        segment_id, end = ticket.request.segment_id, ticket.request.end_sample
        if segment_id == self.segment_id:
            # What a refresh comes too late counts towards the next one, up to one wish: so their mean distance is the
            # interval, though they can only be let through when wishes come.
            self.anchor = min(end, max(self.anchor + interval, end - slack))
        else:
            self.anchor = end
        if self.owed == segment_id:
            self.owed = ""
        self.segment_id, self.served_s, self.decoding = segment_id, now_s, ticket

    anchor: int = 0  #: sample from which the interval to the next refresh counts


@dataclass(slots=True, eq=False)
class _Running:
    released: set[str] = field(default_factory=set)  #: calls that are over
    heirs: dict[Ticket, Ticket] = field(default_factory=dict)  #: SPECULATIVE -> the FINAL that takes over its answer


@dataclass(frozen=True, slots=True)
class _Batching:
    """Which requests are decoded together; ``batched`` and ``window_s`` as of :class:`RequestQueue`."""

    workers: int
    batched: bool
    window_s: float  #: that a batch may wait for companions

    def together(self, ready: Sequence[_Waiting]) -> list[_Waiting]:
        """Of what may be taken, the most urgent first, one batch."""
        first = ready[0]
        limit = first.ticket.batch_limit
        if limit <= 1:
            return [first]
        companions = [item for item in ready if item.ticket.group == first.ticket.group]
        if not self.batched:
            companions = [item for item in companions if item.rank is first.rank]
            equals = sum(item.rank is first.rank for item in ready)
            limit = min(limit, -(-equals // self.workers))  # the others are left to the other workers
        return companions[:limit]

    def ripe_s(self, ready: Sequence[_Waiting]) -> float:
        """When a batch need not wait for companions any longer."""
        if not self.window_s:
            return -math.inf
        together = self.together(ready)
        if len(together) >= ready[0].ticket.batch_limit:
            return -math.inf
        return min(item.submitted_s for item in together) + self.window_s


class RequestQueue:
    """The requests of all calls: those that wait and those that are being decoded. Not safe for threads.

    Its size is bounded by the calls' own: one wish a channel, and the finals of audio that was heard.
    """

    def __init__(
        self,
        workers: int,
        cadence: Cadence,
        meter: Meter | None = None,
        *,
        batched: bool = False,
        batch_window_s: float = BATCH_WINDOW_S,
    ) -> None:
        """``batched``: one worker decodes many requests at little more than the price of one (GPU); it may wait
        ``batch_window_s`` for companions. Otherwise (CPU) only what waits anyway is decoded together, and only as far
        as there is more of it than workers: alone, each request is answered sooner.
        """
        self.cadence = cadence
        self.meter = meter or Meter(workers)
        self._batching = _Batching(workers, batched, batch_window_s if batched else 0.0)
        self._max_age_s = OLD_INTERVALS * cadence.widest_s
        self._order = itertools.count()
        self._finals: dict[Ticket, _Waiting] = {}  # in the order in which they came
        self._lanes: dict[tuple[str, int], _Lane] = {}
        self._running: dict[Batch, _Running] = {}

    @property
    def running(self) -> int:
        """Batches being decoded."""
        return len(self._running)

    def waiting(self) -> dict[Rank, int]:
        """Requests that wait, by rank, refreshes that are held back included."""
        counts = dict.fromkeys(Rank, 0)
        for item in self._all_waiting():
            counts[item.rank] += 1
        return counts

    def snapshot(self, now_s: float) -> SchedulerMetrics:
        """A look at the queue and its work."""
        interval_s, oldest_s = self.cadence.interval_s(now_s), self.oldest_final_s(now_s)
        return self.meter.snapshot(now_s, waiting=self.waiting(), interval_s=interval_s, oldest_s=oldest_s)

    def oldest_final_s(self, now_s: float) -> float:
        """How long the final that came first has been waiting; 0 without any."""
        return next((now_s - item.since_s for item in self._finals.values()), 0.0)

    def submit(self, ticket: Ticket, now_s: float) -> None:
        """Queue a request.

        A PARTIAL or SPECULATIVE one replaces what waits of these kinds on its channel. A FINAL removes those of its
        segment; if the same audio is being decoded as SPECULATIVE it waits for that answer instead of its own.
        """
        kind = ticket.request.kind
        if kind in (RequestKind.PARTIAL, RequestKind.SPECULATIVE):
            self._wish(ticket, now_s)
            return
        if kind is RequestKind.FINAL:
            self._drop_wish(ticket)
            if self._attach(ticket):
                self.meter.taken_over(now_s)
                return
        self.meter.asked(Rank.FINAL)
        self._finals[ticket] = _Waiting(ticket, Rank.FINAL, now_s, now_s, next(self._order))

    def release(self, call_id: str) -> list[Ticket]:
        """Forget a call. Returns what it had waiting, which is gone; what is being decoded for it has no recipient."""
        gone = [item.ticket for item in self._all_waiting() if item.ticket.call_id == call_id]
        for ticket in gone:
            self._finals.pop(ticket, None)
        for key in [key for key in self._lanes if key[0] == call_id]:
            del self._lanes[key]
        for running in self._running.values():
            running.released.add(call_id)
        return gone

    def drain(self, *, wishes_only: bool = False) -> list[Ticket]:
        """Take everything out that waits, or the PARTIAL and SPECULATIVE wishes alone, to be decoded by nobody."""
        gone = [item.ticket for item in self._all_waiting() if not (wishes_only and item.rank is Rank.FINAL)]
        for lane in self._lanes.values():
            lane.waiting = None
        if not wishes_only:
            self._finals.clear()
        return gone

    def take(self, now_s: float) -> Batch | None:
        """What an idle worker is to decode now; None when nothing may be taken yet (:meth:`next_s`)."""
        self._expire(now_s)
        ready = self._ready(now_s)
        if not ready or now_s < self._batching.ripe_s(ready):
            return None
        chosen = self._batching.together(ready)
        batch = Batch(tuple(item.ticket for item in chosen), tuple(item.rank for item in chosen), now_s)
        interval = samples(self.cadence.interval_s(now_s))
        for item in chosen:
            self._leave(item, interval, now_s)
        self._running[batch] = _Running()
        self.meter.busy(len(self._running), now_s)
        return batch

    def next_s(self, now_s: float) -> float | None:
        """When to ask :meth:`take` again: now, at a later time, or (None) not before something else happens."""
        ready = self._ready(now_s)
        if ready:
            return max(now_s, self._batching.ripe_s(ready))
        times = [self._due_s(lane, lane.waiting, now_s) for lane in self._lanes.values() if lane.waiting]
        earliest = min(times, default=math.inf)
        return None if math.isinf(earliest) else earliest

    def done(self, batch: Batch, now_s: float) -> tuple[Ticket | None, ...]:
        """A batch was decoded, or failed. Returns who gets each answer, in the order of its tickets.

        None: nobody (the call is over). A FINAL that takes over a SPECULATIVE answer stands in its place. Asked again
        for the same batch, it returns nobody at all.
        """
        running = self._running.pop(batch, None)
        if running is None:
            return (None,) * len(batch.tickets)
        self.meter.busy(len(self._running), now_s)
        work_s = (now_s - batch.taken_s) / len(batch.tickets)
        for ticket, rank in zip(batch.tickets, batch.ranks, strict=True):
            self.meter.served(rank, work_s, ticket.request)
            lane = self._lanes.get((ticket.call_id, ticket.request.channel))
            if lane and lane.decoding is ticket:
                lane.decoding, lane.free_s = None, now_s
            if rank is Rank.REFRESH:
                self.cadence.refreshed(work_s)
            else:
                self.cadence.worked(work_s, now_s)
        return tuple(
            None if ticket.call_id in running.released else running.heirs.get(ticket, ticket)
            for ticket in batch.tickets
        )

    # Coming in

    def _wish(self, ticket: Ticket, now_s: float) -> None:
        request = ticket.request
        lane = self._lanes.setdefault((ticket.call_id, request.channel), _Lane())
        # A segment has one first PARTIAL. A recogniser that makes nothing of it (music) earns no second one.
        first = request.kind is RequestKind.PARTIAL and request.first and lane.segment_id != request.segment_id
        if first and lane.owed != request.segment_id:
            lane.owed, lane.owed_s = request.segment_id, now_s
        rank = rank_of(request.kind, first=lane.owed == request.segment_id)
        since_s = now_s
        before = lane.waiting
        if before:
            self.meter.replaced(before.rank)
            if before.rank is rank:
                since_s = min(now_s, self._due_s(lane, before, now_s))
        if rank is Rank.FIRST:
            since_s = lane.owed_s  # whatever took its place meanwhile: the screen has been empty so long
        elif rank is Rank.REFRESH:
            self.cadence.wished(now_s)
        self.meter.asked(rank)
        lane.waiting = _Waiting(ticket, rank, now_s, since_s, next(self._order))

    def _drop_wish(self, final: Ticket) -> None:
        lane = self._lanes.get((final.call_id, final.request.channel))
        if lane and lane.waiting and lane.waiting.ticket.request.segment_id == final.request.segment_id:
            self.meter.replaced(lane.waiting.rank)
            lane.waiting = None

    def _attach(self, final: Ticket) -> bool:
        for batch, running in self._running.items():
            for ticket in batch.tickets:
                free = ticket not in running.heirs and ticket.call_id not in running.released
                if free and ticket.call_id == final.call_id and _same_decode(ticket.request, final.request):
                    running.heirs[ticket] = final
                    return True
        return False

    # Going out

    def _all_waiting(self) -> Iterator[_Waiting]:
        yield from self._finals.values()
        yield from (lane.waiting for lane in self._lanes.values() if lane.waiting)

    def _lane(self, item: _Waiting) -> _Lane:
        return self._lanes[item.ticket.call_id, item.ticket.request.channel]

    def _expire(self, now_s: float) -> None:
        for lane in self._lanes.values():
            if lane.waiting and now_s - lane.waiting.submitted_s > self._max_age_s:
                self.meter.expired(lane.waiting.rank)
                lane.waiting = None

    def _due_s(self, lane: _Lane, item: _Waiting, now_s: float) -> float:
        """When a wish may be taken (or might have been, if in the past); infinity: when the one before is done."""
        request = item.ticket.request
        if request.kind is not RequestKind.PARTIAL or request.segment_id != lane.segment_id:
            return item.since_s
        if lane.decoding:
            return math.inf  # an older look answered after a newer one would take words back
        due_s = max(item.since_s, lane.free_s)
        interval_s = self.cadence.interval_s(now_s)
        # The interval counts in audio, so that of the wishes that come every 300 ms, say, some are let through as they
        # come and the others give way to fresher ones. Only where no fresher one follows does it count in time.
        held = interval_s > self.cadence.narrowest_s and request.end_sample - lane.anchor < samples(interval_s)
        return max(due_s, item.submitted_s + interval_s) if held else due_s

    def _ready(self, now_s: float) -> list[_Waiting]:
        """What may be taken, the most urgent first."""
        due = [
            lane.waiting
            for lane in self._lanes.values()
            if lane.waiting and self._due_s(lane, lane.waiting, now_s) <= now_s
        ]
        return [*self._finals.values(), *sorted(due, key=self._urgency)]

    def _urgency(self, item: _Waiting) -> tuple[Rank, float, int]:
        # Channels take turns in their refreshes; all else goes by age.
        turn_s = self._lane(item).served_s if item.rank is Rank.REFRESH else item.since_s
        return item.rank, turn_s, item.order

    def _leave(self, item: _Waiting, interval: int, now_s: float) -> None:
        """A request goes to a worker; ``interval`` in samples."""
        if item.rank is Rank.FINAL:
            del self._finals[item.ticket]
            self.meter.taken(item.rank, now_s - item.since_s, now_s)
            return
        lane = self._lane(item)
        delay_s = now_s - self._due_s(lane, item, now_s)
        self.meter.taken(item.rank, delay_s, now_s)
        lane.waiting = None
        if item.ticket.request.kind is not RequestKind.PARTIAL:
            return
        if item.rank is Rank.REFRESH:
            self.cadence.delayed(delay_s, now_s)
        lane.look(item.ticket, interval, samples(self.cadence.narrowest_s), now_s)


def _same_decode(speculative: DecodeRequest, final: DecodeRequest) -> bool:
    """Whether a FINAL is nothing but a SPECULATIVE request come true: then both have the same answer."""
    if speculative.kind is not RequestKind.SPECULATIVE or speculative.end_sample != final.end_sample:
        return False
    return replace(speculative, kind=final.kind, first=final.first) == final
