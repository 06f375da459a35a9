"""Follows one live call in an event loop: ticks in, events out, decodes done elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Callable, Iterable
from dataclasses import dataclass

import numpy as np

from callcore.live.soundness import Soundness
from callcore.pipeline import CallPipeline
from callcore.scheduler.base import DecodeService
from callcore.types import (
    SAMPLE_RATE_HZ,
    AudioFrame,
    AudioWarning,
    DecodeFailure,
    DecodeRequest,
    DecodeResult,
    Event,
    Output,
    Paused,
    RequestKind,
    Resumed,
    Revision,
    WarningKind,
    seconds,
)
from callcore.understand.dynamics import DynamicsSnapshot

Sink = Callable[[Event], None]  #: gets every event in order, in the loop's thread; must not block
SILENT_DBFS = -90.0  #: lowest level shown
LAGGING_S = 5.0  #: lag that is worth a warning
CAUGHT_UP_S = 1.0  #: lag below which the next one is worth another
ANSWERED = (RequestKind.FINAL, RequestKind.LANGUAGE)  #: kinds that are always answered


@dataclass(frozen=True, slots=True)
class ChannelStatus:
    """One side of the call, now."""

    level_dbfs: float
    speaking: bool


@dataclass(frozen=True, slots=True)
class LiveStatus:
    """A live call, now. ``lag_s``: how far the text is behind, by audio not heard yet and finals not decoded yet."""

    position_s: float
    lag_s: float
    channels: dict[int, ChannelStatus]
    paused: bool
    revisions: int
    waiting_finals: int
    dynamics: DynamicsSnapshot | None = None  #: the course of the conversation; None where only words are wanted


class LiveCall:
    """One call. :meth:`run` follows it to its end; everything happens in the loop that runs it."""

    def __init__(
        self,
        call_id: str,
        pipeline: CallPipeline,
        service: DecodeService,
        sink: Sink,
        *,
        hangup_silence_s: float = 0.0,
        backlog_s: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """``backlog_s``: seconds of audio that wait ahead of :meth:`run`. ``hangup_silence_s``: see the settings."""
        self.call_id = call_id
        self._pipeline = pipeline
        self._service = service
        self._sink = sink
        self._begun = False  #: somebody has spoken
        self._hangup_samples = round(hangup_silence_s * SAMPLE_RATE_HZ)
        self._backlog_s = backlog_s
        self._soundness = Soundness(pipeline.channels)
        self._levels = dict.fromkeys(pipeline.channels, SILENT_DBFS)
        self._asked: dict[tuple[str, RequestKind], float] = {}  #: when answers that must come were asked for
        self._paused = False
        self._lagging = False
        self._revisions = 0
        self._stopping = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._failure: BaseException | None = None
        self._settled = asyncio.Event()
        self.hung_up = False

    async def run(self, ticks: AsyncIterable[Iterable[AudioFrame | Event]]) -> None:
        """Follow the call until ``ticks`` end, :meth:`stop` is called, or it falls silent; flush all finals.

        Raises what the pipeline or the sink raises.
        """
        self._loop = asyncio.get_running_loop()
        try:
            self._take(self._pipeline.start())
            async for tick in ticks:
                self._hear(tick)
                if self._failure or self._stopping or self._silent_too_long():
                    break
                await asyncio.sleep(0)  # answers have their turn, also when ticks wait in a row
            self._take(self._pipeline.finish(self._soundness.finish()))
            while not self._pipeline.done and not self._failure:
                self._settled.clear()
                await self._settled.wait()
            if self._failure:
                raise self._failure
        finally:
            self._service.release(self.call_id)

    def stop(self) -> None:
        """End the call with the next tick. To be called in the loop's thread."""
        self._stopping = True

    def status(self) -> LiveStatus:
        """The call as it stands; cheap enough for every frame of a screen."""
        return LiveStatus(
            position_s=seconds(self._pipeline.position),
            lag_s=round(self._lag_s(), 3),
            channels={
                channel: ChannelStatus(round(level, 1), self._pipeline.speaking(channel))
                for channel, level in self._levels.items()
            },
            paused=self._paused,
            revisions=self._revisions,
            waiting_finals=self._pipeline.waiting_finals,
            dynamics=self._pipeline.dynamics,
        )

    def _hear(self, tick: Iterable[AudioFrame | Event]) -> None:
        for item in tick:
            if not isinstance(item, AudioFrame):
                self._emit(item)
            else:
                frame, warnings = self._soundness.push(item)
                self._levels[frame.channel] = _level_dbfs(frame)
                self._take([*warnings, *self._pipeline.push(frame)])
        self._watch_lag()

    def _take(self, outputs: Iterable[Output]) -> None:
        for output in outputs:
            if isinstance(output, DecodeRequest):
                self._ask(output)
            else:
                self._emit(output)

    def _ask(self, request: DecodeRequest) -> None:
        assert self._loop is not None
        loop, must = self._loop, request.kind in ANSWERED
        if must:
            self._asked[request.segment_id, request.kind] = loop.time()

        def answered(answer: DecodeResult | DecodeFailure) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._answered, answer)

        self._service.submit(self.call_id, request, answered)

    def _answered(self, answer: DecodeResult | DecodeFailure) -> None:
        try:
            if isinstance(answer, DecodeFailure):
                self._asked.pop((answer.request.segment_id, answer.request.kind), None)
                self._take(self._pipeline.fail(answer))
            else:
                self._asked.pop((answer.segment_id, answer.kind), None)
                self._take(self._pipeline.deliver(answer))
        except Exception as error:  # raised to whoever runs the call, not into the loop's log
            self._failure = error
        self._settled.set()

    def _emit(self, event: Event) -> None:
        if isinstance(event, Paused | Resumed):
            self._paused = isinstance(event, Paused)
        elif isinstance(event, Revision):
            self._revisions += 1
        self._sink(event)

    def _silent_too_long(self) -> bool:
        # Whoever listens before the call begins waits for its first word.
        self._begun = self._begun or any(map(self._pipeline.speaking, self._pipeline.channels))
        limit = self._hangup_samples if self._begun else 0
        self.hung_up = bool(limit) and self._pipeline.silent_samples >= limit
        return self.hung_up

    def _lag_s(self) -> float:
        now = self._loop.time() if self._loop else 0.0
        return self._backlog_s() + max((now - asked for asked in self._asked.values()), default=0.0)

    def _watch_lag(self) -> None:
        lag_s = self._lag_s()
        if self._lagging:
            self._lagging = lag_s > CAUGHT_UP_S
        elif lag_s > LAGGING_S:
            self._lagging = True
            message = f"the text is {lag_s:.0f} s behind: the machine does not keep up. Nothing said is lost."
            self._emit(
                AudioWarning(WarningKind.LAGGING, message, None, self._pipeline.position, {"lag_s": round(lag_s, 1)})
            )


def _level_dbfs(frame: AudioFrame) -> float:
    if not len(frame.samples):
        return SILENT_DBFS
    power = float(np.mean(np.square(frame.samples, dtype=np.float64)))
    return max(SILENT_DBFS, 10 * float(np.log10(max(power, 1e-12))))
