"""callcore's live station as the capacity run measures it: with every decode timed, and its backlog in view."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from callcore.bench.callcore_system import CallcoreSession, CallcoreSystem
from callcore.bench.protocol import TICK_S, Frame, ShownLog
from callcore.bench.service import Decode
from callcore.engines.base import EngineInfo, Recogniser
from callcore.live.station import LiveStation, load_partial_model
from callcore.loading import load_model
from callcore.types import AudioWarning, CallEnded, DecodeRequest, DecodeResult, Event, WarningKind, seconds

SHORTFALL_S = 0.1  #: resampling and the last packet may make a call so much longer or shorter


class TimedEngine:
    """A recogniser that notes how long its decodes take. Threads may share it."""

    def __init__(self, engine: Recogniser) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._decodes: list[Decode] = []

    @property
    def info(self) -> EngineInfo:
        """Of the recogniser."""
        return self._engine.info

    def batch_key(self, request: DecodeRequest) -> tuple[object, ...]:
        """Of the recogniser."""
        return self._engine.batch_key(request)

    def batch_limit(self, request: DecodeRequest) -> int:
        """Of the recogniser."""
        return self._engine.batch_limit(request)

    def decode(self, requests: Sequence[DecodeRequest]) -> list[DecodeResult]:
        """Answers of the recogniser; raises what it raises, and then notes nothing."""
        began = time.perf_counter()
        results = self._engine.decode(requests)
        took = time.perf_counter() - began
        if results:
            window_s = results[0].window_s or seconds(len(requests[0].audio))
            with self._lock:
                self._decodes.append(Decode(requests[0].kind, window_s, len(requests), took))
        return results

    def close(self) -> None:
        """Free the weights."""
        self._engine.close()

    def take_decodes(self) -> list[Decode]:
        """What was timed since the last time."""
        with self._lock:
            taken, self._decodes = self._decodes, []
        return taken


@dataclass(frozen=True, slots=True)
class Load:
    """The station at one moment."""

    backlog_s: float  #: audio that waits to be heard, of the worst call, and the wait of the oldest final
    work_s: float  #: that the workers have done since the start
    cadence_ms: float


class TimedSession(CallcoreSession):
    """Also counts the audio sent, heard and lost."""

    sent_s = 0.0
    heard_s = 0.0
    gaps_s = 0.0

    def send(self, tick_index: int, frames: Sequence[Frame]) -> None:
        """As :class:`CallcoreSession`."""
        self.sent_s += TICK_S
        super().send(tick_index, frames)

    def take(self, event: Event) -> None:
        """As :class:`CallcoreSession`."""
        if isinstance(event, AudioWarning) and event.kind is WarningKind.GAP:
            self.gaps_s += event.detail.get("missing_s", 0.0)
        elif isinstance(event, CallEnded):
            self.heard_s = seconds(event.sample_count)
        super().take(event)

    @property
    def waiting_s(self) -> float:
        """Audio that waits to be heard."""
        return self._buffer.waiting_s

    @property
    def lost_s(self) -> float:
        """Audio that was sent and, once the call has ended, not heard."""
        shortfall_s = self.sent_s - self.heard_s
        return self.gaps_s + (shortfall_s if shortfall_s > SHORTFALL_S else 0.0)


class TimedSystem(CallcoreSystem):
    """The station of this process with its engines timed."""

    sessions: list[TimedSession]
    _engines: list[TimedEngine]

    def start(self) -> None:
        """Load the models. Raises as :class:`~callcore.live.station.LiveStation`."""
        model, partial_model = load_model(self._settings, live=True), load_partial_model(self._settings)
        self.sessions, self._engines = [], [TimedEngine(model.engine)]
        if partial_model:
            self._engines.append(TimedEngine(partial_model.engine))
            partial_model = replace(partial_model, engine=self._engines[1])
        self._run(LiveStation(self._settings, replace(model, engine=self._engines[0]), partial_model))

    def open_call(self, call_id: str, channel_count: int, rate_hz: int, log: ShownLog) -> TimedSession:
        """Admit a call. Raises :class:`~callcore.errors.Overloaded`."""
        session = super().open_call(call_id, channel_count, rate_hz, log)
        assert isinstance(session, TimedSession)
        self.sessions.append(session)
        return session

    def _session_class(self) -> type[CallcoreSession]:
        return TimedSession

    @property
    def workers(self) -> int:
        """Decodes that run at the same time."""
        return self._engines[0].info.workers

    @property
    def device(self) -> str:
        """Where it decodes."""
        return self._engines[0].info.device

    def take_decodes(self) -> list[Decode]:
        """All decodes timed since the last time, in the order in which they ended per engine."""
        return [decode for engine in self._engines for decode in engine.take_decodes()]

    def load(self) -> Load:
        """The station now."""
        station, _ = self._started()
        metrics = station.scheduler.metrics()
        waiting_s = max((session.waiting_s for session in self.sessions), default=0.0)
        work_s = sum(rank.service_s for rank in metrics.ranks.values())
        return Load(waiting_s + metrics.oldest_final_s, work_s, metrics.interval_ms)
