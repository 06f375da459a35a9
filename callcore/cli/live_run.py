"""One live call while it goes on: recognised by a loop in a thread of its own, watched from the main thread."""

from __future__ import annotations

import asyncio
import math
import queue
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from callcore.cli.live_state import ChannelVitals, ScreenState, Vitals
from callcore.errors import CallcoreError, unexpected
from callcore.live.timing import FinalTimer
from callcore.types import CallEnded, CallStarted, Event, Passing, Tick

if TYPE_CHECKING:
    from callcore.cli.live_sources import CallSource
    from callcore.live.buffer import TickBuffer
    from callcore.live.call import LiveCall, LiveStatus
    from callcore.live.storing import Storing
    from callcore.scheduler.metrics import SchedulerMetrics

LOOK_S = 0.05  #: how often the loop notes how the call is doing
METRICS_S = 1.0  #: how often the scheduler is asked
WIDENED = 1.2  #: an interval that is wider by this factor is worth telling,
BUSY = 0.6  #: when the workers are busy for more than this share: a dear model is refreshed less often without any load
WAITING_PARTIALS = 1000  #: events that wait to be printed, from which on partials are passed over


Begin = Callable[[CallStarted], "Storing"]


class EventDesk:
    """Takes the events of the call, in its loop, and hands each to whoever needs it; keeps what will be stored.

    What is stored is shown once it is stored, so that nobody has read what a crash then takes away.
    """

    def __init__(self, state: ScreenState, timer: FinalTimer, begin: Begin | None, *, printing: bool) -> None:
        """``begin``: starts to store the call. ``printing``: events are also queued for :meth:`next`."""
        self.state = state
        self.timer = timer
        self.events: list[Event] = []
        self.storing: Storing | None = None
        self._begin = begin
        self._queue: queue.SimpleQueue[Event | None] | None = queue.SimpleQueue() if printing else None

    def __call__(self, event: Event) -> None:
        """Take the next event. Raises what beginning to store the call raises."""
        if isinstance(event, CallStarted) and self._begin is not None:
            self.storing = self._begin(event)
        if not isinstance(event, Passing):
            self.events.append(event)
        if self.storing is not None:
            self.storing.put(event, self._show)
        else:
            self._show(event)

    def _show(self, event: Event) -> None:
        self.timer.event(event, time.monotonic())
        self.state.apply(event)
        # A reader that is slow costs partials, which newer ones replace, and nothing else.
        if self._queue is not None and not (isinstance(event, Passing) and self._queue.qsize() > WAITING_PARTIALS):
            self._queue.put(event)

    def close(self) -> None:
        """No more events come."""
        if self.storing is not None:
            self.storing.settle()
        if self._queue is not None:
            self._queue.put(None)

    def next(self, timeout_s: float) -> Event | None:
        """The next event to print. Raises ``queue.Empty`` when none came in time; None: there are no more."""
        assert self._queue is not None
        return self._queue.get(timeout=timeout_s)

    @property
    def complete(self) -> bool:
        """Whether the call was followed to its end."""
        return bool(self.events) and isinstance(self.events[-1], CallEnded)


class LiveRun:
    """A call, its source and the thread they meet in. All methods are for the main thread."""

    def __init__(
        self,
        call: LiveCall,
        source: CallSource,
        buffer: TickBuffer,
        desk: EventDesk,
        *,
        metrics: Callable[[], SchedulerMetrics | None] = lambda: None,
        interval_s: float = 0.0,
        dead_air_s: float = math.inf,
    ) -> None:
        """``metrics``: of the scheduler. ``interval_s``: speech between two updates while there is time enough.

        ``dead_air_s``: see the settings.
        """
        self._call, self._source, self._buffer = call, source, buffer
        self.desk = desk
        self._metrics, self._interval_s, self._dead_air_s = metrics, interval_s, dead_air_s
        self._load = metrics()
        self._load_at_s = time.monotonic()
        self._status: LiveStatus = call.status()
        self._thread = threading.Thread(target=self._follow, name="live-call", daemon=True)
        self._error: Exception | None = None
        self._stopped = False
        self._cut = False

    def start(self) -> None:
        """Open the source and follow the call. Raises what opening raises (:class:`DeviceError`)."""
        try:
            self._source.start()
        except BaseException:
            self._buffer.close()
            raise
        self._thread.start()

    @property
    def done(self) -> bool:
        """Whether the call has ended and every text is there, or it failed."""
        return not self._thread.is_alive()

    @property
    def call_id(self) -> str:
        """The call's name in the database."""
        return self._call.call_id

    @property
    def cut(self) -> bool:
        """Whether it was stopped before the source came to its end."""
        return self._cut

    def tend(self) -> None:
        """To be called again and again: notices that the source has come to its end."""
        if self._source.finished:
            self.stop()
        self.desk.state.notice = self._notice()

    def _notice(self) -> str:
        storing = self.desk.storing
        if storing is None:
            return ""
        storing.release()
        if storing.error:
            return f"not stored at present: {storing.error.message}"
        return "not stored yet: the database is slow." if storing.behind else ""

    def stop(self) -> None:
        """No more audio; what was said last is still written down."""
        if not self._stopped:
            self._stopped = True
            self._cut = not self._source.finished
            self._source.stop()
            self._buffer.close()

    def toggle_pause(self) -> None:
        """Listen no more, or again."""
        if self._stopped:
            return
        if self._status.paused:
            self._source.resume()
        else:
            self._source.pause()

    def finish(self) -> CallcoreError | None:
        """Wait for the last text; returns the error that ended the call early, if one did."""
        self.stop()
        self._thread.join()
        error, self._error = self._error, None
        return error if error is None or isinstance(error, CallcoreError) else unexpected(error)

    def vitals(self) -> Vitals:
        """How it is doing now."""
        status, load = self._status, self._measured()
        return Vitals(
            elapsed_s=status.position_s,
            lag_s=status.lag_s,
            channels={n: ChannelVitals(c.level_dbfs, c.speaking) for n, c in status.channels.items()},
            paused=status.paused,
            ending=self._stopped or self._call.hung_up,
            busy_share=load.busy_share if load else 0.0,
            interval_s=load.interval_ms / 1000 if load else 0.0,
            degraded=load is not None
            and load.busy_share > BUSY
            and load.interval_ms / 1000 > WIDENED * self._interval_s,
            dropped=self.dropped,
            dynamics=status.dynamics,
            dead_air_s=self._dead_air_s,
        )

    @property
    def dropped(self) -> int:
        """Updates of open texts that were passed over, for a newer one or for want of time."""
        ranks = self._load.ranks.values() if self._load else ()
        return sum(rank.replaced + rank.expired for rank in ranks)

    def _measured(self) -> SchedulerMetrics | None:
        now_s = time.monotonic()
        if now_s - self._load_at_s >= METRICS_S or self.done:
            self._load, self._load_at_s = self._metrics(), now_s
        return self._load

    async def _run(self) -> None:
        looking = asyncio.create_task(self._look())
        try:
            await self._call.run(self._buffer)
        finally:
            looking.cancel()
            self._status = self._call.status()

    async def _look(self) -> None:
        # Here and not in the thread that draws: the call's own values change in its loop only.
        while True:
            self._status = self._call.status()
            await asyncio.sleep(LOOK_S)

    def _follow(self) -> None:
        try:
            asyncio.run(self._run())
        except Exception as error:
            self._error = error
        finally:
            self.desk.close()


def timed(deliver: Callable[[Tick], None], timer: FinalTimer) -> Callable[[Tick], None]:
    """``deliver``, with the time of each tick noted."""

    def take(tick: Tick) -> None:
        timer.tick(tick, time.monotonic())
        deliver(tick)

    return take
