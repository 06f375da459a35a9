"""A machine full of calls as a discrete-event simulation: what a live process would decode, and when.

The queue and the cadence are those of the live process (``callcore.scheduler``), driven with virtual time. Requests
come from recorded traces of calls, service times from a real run. No threads, no real time: the same seed gives the
same figures.
"""

from __future__ import annotations

import itertools
import random
from collections import defaultdict, deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from callcore.bench.capacity import StepResult
from callcore.bench.service import MeasuredTimes
from callcore.bench.trace import CallTrace, TracedRequest
from callcore.bench.trend import BacklogWatch
from callcore.config import LiveSettings
from callcore.errors import MissingExtra
from callcore.scheduler.cadence import Cadence
from callcore.scheduler.queue import RequestQueue, Ticket
from callcore.types import SAMPLE_RATE_HZ, DecodeRequest, RequestKind, samples

if TYPE_CHECKING:
    import simpy

Process = Generator[Any, Any, None]  #: of simpy
LEAST_WAIT_S = 1e-4  #: a worker looks again no sooner, whatever the queue says
READING_S = 1.0  #: interval of the readings of backlog and cadence
WARM_UP_S = 20.0  #: at the start of a run, in which queues fill and the cadence settles; not counted
FLUSH_S = 20.0  #: at its end, in which the answers to what was said come; words said meanwhile are not counted


@dataclass(frozen=True, slots=True)
class Machine:
    """What decodes."""

    workers: int
    service: MeasuredTimes
    settings: LiveSettings
    batched: bool = False  #: one worker that decodes many requests at once (GPU)


@dataclass(slots=True)
class Simulated:
    """What came of a number of calls at once. Latencies in seconds after a word's end."""

    calls: int
    length_s: float  #: of all replications together
    workers: int
    commits: list[float] = field(default_factory=list)
    finals: list[float] = field(default_factory=list)
    busy_s: float = 0.0
    cadence_s: list[float] = field(default_factory=list)
    backlogs: list[BacklogWatch] = field(default_factory=list)  #: one a replication

    @property
    def busy_share(self) -> float:
        """Of the workers' time."""
        return min(1.0, self.busy_s / self.length_s / self.workers)

    def percentiles(self, name: str) -> tuple[float, float, float] | None:
        """50th, 95th and 99th of "commits" or "finals"; None without any."""
        values = getattr(self, name)
        if not values:
            return None
        p50, p95, p99 = np.percentile(values, (50, 95, 99))
        return float(p50), float(p95), float(p99)

    def as_step(self) -> StepResult:
        """As a measured step, for the search; memory is unknown (0), and a simulation drops nothing."""
        commit, final = self.percentiles("commits"), self.percentiles("finals")
        return StepResult(
            calls=self.calls,
            length_s=self.length_s,
            commit_p50_s=commit[0] if commit else None,
            commit_p95_s=commit[1] if commit else None,
            final_p50_s=final[0] if final else None,
            final_p95_s=final[1] if final else None,
            coverage=None,
            dropped_s=0.0,
            backlog_slope=float(np.mean([backlog.trend().slope for backlog in self.backlogs])),
            backlog_worst_s=max(backlog.worst_s for backlog in self.backlogs),
            jitter_p99_ms=0.0,
            cpu_cores=self.busy_share * self.workers,
            busy_share=self.busy_share,
            cadence_ms=1000 * float(np.mean(self.cadence_s)) if self.cadence_s else None,
            rss_mb=0.0,
        )


def simulate(
    machine: Machine,
    traces: Sequence[CallTrace],
    calls: int,
    *,
    length_s: float = 60.0,
    replications: int = 5,
    seed: int = 0,
) -> Simulated:
    """``calls`` places, on each of which calls follow one another without a gap; at first all are in their middle.

    Calls that repeat keep their distances, so one long run would tell of one constellation only: ``replications`` runs
    of ``length_s`` seconds begin at other moments of the calls each, and their words are pooled. Raises
    :class:`MissingExtra` without simpy.
    """
    try:
        import simpy
    except ImportError as error:
        raise MissingExtra("simpy is not installed.", "Install it with: pip install 'callcore[bench]'") from error
    found = Simulated(calls, length_s * replications, machine.workers)
    source = random.Random(seed)
    for _ in range(replications):
        run = _Run(simpy.Environment(), machine, (WARM_UP_S, WARM_UP_S + length_s), found)
        run.play(traces, calls, source)
    return found


@dataclass(frozen=True, slots=True)
class _Pending:
    """A request on its way."""

    window_s: float
    answered: Callable[[], None]


class _Run:
    """One simulation: the queue, its workers, and the calls that come and go."""

    def __init__(
        self, env: simpy.Environment, machine: Machine, counted: tuple[float, float], found: Simulated
    ) -> None:
        self.env = env
        self.machine = machine
        self._counted = counted
        self._found = found
        self._backlog = BacklogWatch()
        found.backlogs.append(self._backlog)
        cadence = Cadence.of(machine.settings, machine.workers, batched=machine.batched)
        self.queue = RequestQueue(machine.workers, cadence, batched=machine.batched)
        self._wake = env.event()
        self._pending: dict[Ticket, _Pending] = {}

    def play(self, traces: Sequence[CallTrace], calls: int, source: random.Random) -> None:
        """Run to the end. ``source`` says where each call is at the start."""
        for number in range(calls):
            order = [*traces[number % len(traces) :], *traces[: number % len(traces)]]
            self.env.process(self._place(number, order, source.uniform(0, order[0].length_s)))
        for _ in range(self.machine.workers):
            self.env.process(self._worker(random.Random(source.random())))
        self.env.process(self._readings())
        self.env.run(until=self._counted[1] + FLUSH_S)

    def _place(self, number: int, traces: Sequence[CallTrace], phase_s: float) -> Process:
        """Calls follow each other without a gap; the first is ``phase_s`` old."""
        for turn in itertools.count():
            call = _Call(self, f"{number}-{turn}", traces[turn % len(traces)], phase_s)
            yield from call.play()
            phase_s = 0.0

    def _worker(self, source: random.Random) -> Process:
        """Takes what the queue gives, for as long as such decodes took."""
        while True:
            batch = self.queue.take(self.env.now)
            if batch is None:
                due_s = self.queue.next_s(self.env.now)
                if due_s is None:
                    yield self._wake
                else:
                    yield self._wake | self.env.timeout(max(LEAST_WAIT_S, due_s - self.env.now))
                continue
            kind = batch.tickets[0].request.kind
            window_s = self._pending[batch.tickets[0]].window_s
            service_s = self.machine.service.draw(kind, window_s, len(batch.tickets), source)
            yield self.env.timeout(service_s)
            self._found.busy_s += self._counted_part(self.env.now - service_s, self.env.now)
            for ticket in self.queue.done(batch, self.env.now):
                if ticket is not None:
                    self._pending.pop(ticket).answered()
            self._rouse()

    def _readings(self) -> Process:
        """Backlog and cadence, every second."""
        while True:
            yield self.env.timeout(READING_S)
            if self._counted[0] <= self.env.now <= self._counted[1]:
                self._backlog.add(self.env.now, self.queue.oldest_final_s(self.env.now))
                self._found.cadence_s.append(self.queue.cadence.interval_s(self.env.now))

    def submit(self, call_id: str, traced: TracedRequest, answered: Callable[[], None]) -> None:
        """Hand a request to the queue."""
        limit = self.machine.service.largest_batch
        ticket = Ticket(call_id, _request(traced), batch_key=(round(traced.window_s, 2),), batch_limit=limit)
        self._pending[ticket] = _Pending(traced.window_s, answered)
        self.queue.submit(ticket, self.env.now)
        self._rouse()

    def release(self, call_id: str) -> None:
        """The call is over."""
        self.queue.release(call_id)
        for ticket in [ticket for ticket in self._pending if ticket.call_id == call_id]:
            del self._pending[ticket]

    def count(self, name: str, said_s: float) -> None:
        """A word said at ``said_s`` has just been committed, or made final."""
        if self._counted[0] <= said_s < self._counted[1]:
            getattr(self._found, name).append(self.env.now - said_s)

    def _counted_part(self, start_s: float, end_s: float) -> float:
        return max(0.0, min(end_s, self._counted[1]) - max(start_s, self._counted[0]))

    def _rouse(self) -> None:
        self._wake.succeed()
        self._wake = self.env.event()


class _Call:
    """One call on its way through its trace."""

    def __init__(self, run: _Run, call_id: str, trace: CallTrace, phase_s: float) -> None:
        """``phase_s``: how far the call is; what was asked for before is passed over."""
        self._run = run
        self._call_id = call_id
        self._trace = trace
        self._phase_s = phase_s
        self._begin_s = run.env.now - phase_s
        self._asked: set[int] = set()
        self._noted: set[int] = set()
        self._segments: dict[str, list[int]] = defaultdict(list)
        self._followers: dict[int, list[int]] = defaultdict(list)
        last_finals: dict[str, int] = {}
        for index, one in enumerate(trace.requests):
            self._segments[one.segment].append(index)
            if one.after is not None:
                self._followers[one.after].append(index)
            if one.kind is RequestKind.FINAL and one.at_s >= phase_s:
                last_finals[one.segment] = index
        self._finals = deque(last_finals.values())  # in the order of their segments
        self._answered_finals: set[int] = set()
        self._speculated: set[tuple[str, float, float]] = set()
        self._closed: set[str] = set()
        self._ended = False

    def play(self) -> Process:
        """Make the requests that the audio leads to, when it does, until the audio ends."""
        env = self._run.env
        for index, traced in enumerate(self._trace.requests):
            if traced.after is None and traced.at_s >= self._phase_s:
                yield env.timeout(max(0.0, self._begin_s + traced.at_s - env.now))
                self._ask(index)
        yield env.timeout(max(0.0, self._begin_s + self._trace.length_s - env.now))
        self._ended = True
        self._release()

    def _ask(self, index: int) -> None:
        if index in self._asked:
            return
        self._asked.add(index)
        traced = self._trace.requests[index]
        if traced.kind is RequestKind.FINAL:
            self._closed.add(traced.segment)
            if (traced.segment, traced.start_s, traced.end_s) in self._speculated:
                self._answered(index)
                return
        self._run.submit(self._call_id, traced, lambda: self._answered(index))

    def _answered(self, index: int) -> None:
        traced = self._trace.requests[index]
        if traced.kind is RequestKind.FINAL:
            self._follow(index)
            self._answered_finals.add(index)
            self._make_final()
            self._release()
        elif traced.kind is RequestKind.LANGUAGE or traced.segment not in self._closed:
            if traced.kind is RequestKind.SPECULATIVE:
                self._speculated.add((traced.segment, traced.start_s, traced.end_s))
            self._catch_up(index)

    def _catch_up(self, index: int) -> None:
        """An answer stands for all older ones of its segment too: the words they would have committed are in it."""
        for older in self._segments[self._trace.requests[index].segment]:
            if older <= index and older not in self._noted:
                self._noted.add(older)
                for end_s in self._trace.requests[older].commits:
                    self._run.count("commits", self._begin_s + end_s)
                self._follow(older)

    def _follow(self, index: int) -> None:
        for follower in self._followers[index]:
            self._ask(follower)

    def _make_final(self) -> None:
        """Finals come in the order of their segments."""
        while self._finals and self._finals[0] in self._answered_finals:
            index = self._finals.popleft()
            self._catch_up(index)
            if (ends_s := self._trace.requests[index].ends_s) is not None:
                self._run.count("finals", self._begin_s + ends_s)

    def _release(self) -> None:
        if self._ended and not self._finals:
            self._run.release(self._call_id)


def _request(traced: TracedRequest) -> DecodeRequest:
    """Silence of the right length, which takes no memory."""
    length = max(1, samples(traced.end_s - traced.start_s))
    return DecodeRequest(
        segment_id=traced.segment,
        kind=traced.kind,
        channel=traced.channel,
        start_sample=round(traced.start_s * SAMPLE_RATE_HZ),
        audio=np.broadcast_to(np.float32(0.0), (length,)),
        language="zh",
        first=traced.first,
    )
