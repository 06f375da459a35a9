"""The scheduler of a process: worker threads that decode what the queue gives them, for all live calls."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from callcore.config import LiveSettings
from callcore.engines.base import Recogniser
from callcore.engines.hardware import trim_heap
from callcore.errors import CallcoreError, EngineError, unexpected
from callcore.scheduler.admission import Admission
from callcore.scheduler.base import Answered
from callcore.scheduler.cadence import Cadence
from callcore.scheduler.calibration import measure_costs
from callcore.scheduler.metrics import SchedulerMetrics, StuckDecode
from callcore.scheduler.queue import Batch, RequestQueue, Ticket
from callcore.types import DecodeFailure, DecodeRequest, DecodeResult, RequestKind

STUCK_S = 60.0  #: no decode of a window takes so long; one that does has hung
JOIN_S = 0.5  #: how often :meth:`Scheduler.close` looks whether a worker it waits for is stuck
CLOSED = "the recogniser has been closed"

Outcome = DecodeResult | DecodeFailure
_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Worker:
    number: int
    thread: threading.Thread | None = None
    idle: bool = True  #: asks the queue for work
    batch: Batch | None = None  #: being decoded
    undelivered: deque[tuple[Ticket, Outcome]] = field(default_factory=deque)


class Scheduler:
    """Decodes for all calls of a process; a :class:`~callcore.scheduler.base.DecodeService`. Threads may share it.

    As many threads as ``final`` has workers serve both recognisers: on a CPU they share its cores, on a GPU its one
    worker. The recognisers stay the caller's, who closes them after the scheduler.
    """

    def __init__(
        self,
        final: Recogniser,
        partial: Recogniser | None = None,
        settings: LiveSettings | None = None,
        clock: Callable[[], float] = time.monotonic,
        stuck_s: float = STUCK_S,
    ) -> None:
        """``partial``: a recogniser for PARTIAL requests alone, in the place of ``final``. ``clock``: seconds."""
        self._final, self._partial = final, partial or final
        self._settings = settings or LiveSettings()
        self._clock = clock
        self._stuck_s = stuck_s
        workers, batched = final.info.workers, final.info.device == "cuda"
        cadence = Cadence.of(self._settings, workers, batched=batched)
        self._queue = RequestQueue(workers, cadence, batched=batched)
        self._admission = Admission(self._settings, workers, self._queue.meter, final.info.model)
        self._changed = threading.Condition()
        self._closed = False
        self._deaths = 0
        self._numbers = itertools.count()
        self._crew: dict[int, _Worker] = {}  # those whose thread has not come to its end
        with self._changed:
            for _ in range(workers):
                self._hire()

    # What calls ask for

    def admit(self, call_id: str) -> None:
        """Take a call on; :meth:`release` ends it.

        The first time, some seconds of synthetic audio are decoded to learn what calls cost (unless :meth:`calibrate`
        was called before). Raises :class:`Overloaded` when the machine cannot take the call, :class:`EngineError` when
        the recogniser does not work.
        """
        if not self._admission.calibrated:
            self.calibrate()
        with self._changed:
            self._admission.admit(call_id, self._clock())

    def calibrate(self) -> None:
        """Measure what decodes cost here; takes as long as some decodes. Raises :class:`EngineError`."""
        costs = measure_costs(self._final, self._partial, self._settings, self._clock)
        with self._changed:
            self._admission.calibrate(costs)

    def submit(self, call_id: str, request: DecodeRequest, answered: Answered) -> None:
        """Queue a request; see :class:`~callcore.scheduler.base.DecodeService`.

        After :meth:`close`, FINAL and LANGUAGE requests fail at once. ``answered`` may be called before this returns.
        """
        engine = self._engine(request)
        try:
            ticket = Ticket(call_id, request, answered, engine.batch_key(request), engine.batch_limit(request))
        except Exception as error:  # the engine cannot even measure it
            self._answer(Ticket(call_id, request, answered), DecodeFailure(request, _reason(error)))
            return
        with self._changed:
            if not self._closed:
                self._queue.submit(ticket, self._clock())
                self._changed.notify()
                return
        self._refuse([ticket])

    def release(self, call_id: str) -> None:
        """The call is over: what it has waiting is forgotten, and what is being decoded for it answers nobody."""
        with self._changed:
            now_s = self._clock()
            self._queue.release(call_id)
            self._admission.release(call_id, now_s)
        trim_heap()

    # What an operator asks for

    def metrics(self) -> SchedulerMetrics:
        """A look at the scheduler."""
        with self._changed:
            now_s = self._clock()
            return replace(
                self._queue.snapshot(now_s),
                calls=self._admission.calls,
                calls_limit=self._admission.limit(now_s),
                work_per_call=self._admission.work_per_call(now_s),
                workers_replaced=self._deaths,
                stuck=tuple(found for worker in self._crew.values() if (found := self._stuck(worker, now_s))),
            )

    def close(self, *, flush: bool = True) -> None:
        """Stop: no new requests, what is being decoded is answered, the threads end.

        ``flush``: FINAL and LANGUAGE requests that wait are decoded first; otherwise they fail. PARTIAL and SPECULATIVE
        ones are left unanswered. A worker that is stuck is not waited for; its requests fail.
        """
        with self._changed:
            self._closed = True
            gone = self._queue.drain(wishes_only=flush)
            self._changed.notify_all()
        self._refuse(gone)
        while (thread := self._unfinished()) is not None:
            thread.join(JOIN_S)
            self._give_up_stuck()
        with self._changed:
            gone = self._queue.drain()  # of workers that were all stuck
        self._refuse(gone)

    # Threads

    def _hire(self) -> None:
        worker = _Worker(next(self._numbers))
        worker.thread = threading.Thread(
            target=self._serve, args=(worker,), name=f"live-decode-{worker.number}", daemon=True
        )
        self._crew[worker.number] = worker
        worker.thread.start()

    def _serve(self, worker: _Worker) -> None:
        try:
            while (batch := self._next(worker)) is not None:
                outcomes = self._decode([ticket.request for ticket in batch.tickets])
                with self._changed:
                    worker.undelivered.extend(self._settle(batch, outcomes))
                    worker.batch = None
                self._answer_all(worker)
        except BaseException as error:  # a thread that dies silently would leave calls waiting for ever
            self._bury(worker, error)
        finally:
            with self._changed:
                self._crew.pop(worker.number, None)

    def _next(self, worker: _Worker) -> Batch | None:
        """The next batch, as soon as there is one; None when there will be none."""
        with self._changed:
            worker.idle = True
            while True:
                now_s = self._clock()
                worker.batch = self._queue.take(now_s)
                if worker.batch:
                    worker.idle = False
                    self._changed.notify()  # another worker looks after what still waits
                    return worker.batch
                next_s = self._queue.next_s(now_s)
                if self._closed and next_s is None:
                    return None
                self._changed.wait(None if next_s is None else max(0.0, next_s - now_s))

    def _decode(self, requests: Sequence[DecodeRequest]) -> list[Outcome]:
        """An answer or failure for each request. A batch that fails is tried one by one, to spare the innocent."""
        try:
            results = self._engine(requests[0]).decode(requests)
            if len(results) != len(requests):
                raise EngineError(f"the recogniser gave {len(results)} answers to {len(requests)} requests.")
        except Exception as error:
            if len(requests) == 1:
                return [DecodeFailure(requests[0], _reason(error))]
        else:
            return list(results)
        return [outcome for request in requests for outcome in self._decode([request])]

    def _settle(self, batch: Batch, outcomes: Sequence[Outcome]) -> list[tuple[Ticket, Outcome]]:
        """A batch is over: who is to be told what."""
        for rank, outcome in zip(batch.ranks, outcomes, strict=True):
            if isinstance(outcome, DecodeFailure):
                self._queue.meter.failed(rank)
        recipients = self._queue.done(batch, self._clock())
        return [(who, outcome) for who, outcome in zip(recipients, outcomes, strict=True) if who is not None]

    def _answer_all(self, worker: _Worker) -> None:
        while worker.undelivered:
            self._answer(*worker.undelivered.popleft())

    def _answer(self, ticket: Ticket, outcome: Outcome) -> None:
        """Call back, outside the lock. Whatever the callback does is no reason for a worker to stop."""
        request = ticket.request
        if isinstance(outcome, DecodeFailure):
            outcome = DecodeFailure(request, outcome.message)
        elif outcome.kind is not request.kind:
            outcome = replace(outcome, kind=request.kind)  # a FINAL that takes over a SPECULATIVE answer
        try:
            ticket.answered(outcome)
        except Exception as error:
            _log.error(
                "call %s, segment %s: its listener failed: %s", ticket.call_id, request.segment_id, _reason(error)
            )

    def _refuse(self, tickets: Sequence[Ticket]) -> None:
        for ticket in tickets:
            if ticket.request.kind in (RequestKind.FINAL, RequestKind.LANGUAGE):
                self._answer(ticket, DecodeFailure(ticket.request, CLOSED))

    # When things go wrong

    def _bury(self, worker: _Worker, error: BaseException) -> None:
        """A worker thread dies: its requests fail, and another one takes its place."""
        _log.error("decoding thread %d died: %s", worker.number, type(error).__name__)
        gone: list[Ticket] = []
        with self._changed:
            self._deaths += 1
            worker.undelivered.extend(self._fail(worker, f"the decoding thread died ({type(error).__name__})"))
            if worker.idle:  # not the recogniser but the queue is broken, and would break the next thread at once
                self._closed = True
                gone = self._queue.drain()
                self._changed.notify_all()
            else:
                self._hire()
        self._answer_all(worker)
        self._refuse(gone)

    def _fail(self, worker: _Worker, message: str) -> list[tuple[Ticket, Outcome]]:
        """Give up what a worker decodes."""
        batch, worker.batch = worker.batch, None
        if batch is None:
            return []
        return self._settle(batch, [DecodeFailure(ticket.request, message) for ticket in batch.tickets])

    def _stuck(self, worker: _Worker, now_s: float) -> StuckDecode | None:
        batch = worker.batch
        if batch is None or now_s - batch.taken_s <= self._stuck_s:
            return None
        segments = tuple(ticket.request.segment_id for ticket in batch.tickets)
        return StuckDecode(worker.number, batch.rank.label, now_s - batch.taken_s, segments)

    def _unfinished(self) -> threading.Thread | None:
        """A thread that :meth:`close` has to wait for; not the one it runs in."""
        with self._changed:
            threads = (worker.thread for worker in self._crew.values())
            return next((thread for thread in threads if thread is not threading.current_thread()), None)

    def _give_up_stuck(self) -> None:
        """Fail the requests of workers that are stuck, and leave their threads to themselves."""
        failed: list[tuple[Ticket, Outcome]] = []
        with self._changed:
            now_s = self._clock()
            for worker in [worker for worker in self._crew.values() if self._stuck(worker, now_s)]:
                _log.error("decoding thread %d is stuck and left behind", worker.number)
                failed += self._fail(worker, "the decode did not come to an end")
                del self._crew[worker.number]
        for ticket, outcome in failed:
            self._answer(ticket, outcome)

    def _engine(self, request: DecodeRequest) -> Recogniser:
        return self._partial if request.kind is RequestKind.PARTIAL else self._final


def _reason(error: BaseException) -> str:
    """What went wrong, without words said."""
    if isinstance(error, CallcoreError):
        return error.message
    return unexpected(error).message if isinstance(error, Exception) else type(error).__name__
