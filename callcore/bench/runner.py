"""One run: a system listens to calls that are played to it as if they were spoken now."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from callcore.bench.cost import CostMeter, Sample
from callcore.bench.protocol import Frame, Session, Shown, ShownLog, System, now
from callcore.bench.replay import Facts, Feeder, Playing, Sent
from callcore.bench.summary import Cost

STAGGER_S = 1.37  #: between the starts of two calls; no multiple of a packet, so that packets of calls do not coincide
FLUSH_S = 60.0  #: a system has this long to say the rest once a call has ended
POLL_S = 0.25

Progress = Callable[[float], None]  #: seconds played so far


@dataclass(frozen=True, slots=True)
class Heard:
    """One call as it was heard."""

    call_id: str
    path: Path
    facts: Facts
    shown: tuple[Shown, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """What came of a run."""

    calls: tuple[Heard, ...]
    sent: Sent
    cost: Cost
    samples: tuple[Sample, ...] = field(repr=False)

    @property
    def call_minutes(self) -> float:
        """Length of all calls together."""
        return sum(call.facts.duration_s for call in self.calls) / 60


def plan(paths: Sequence[Path], concurrent: int | None = None) -> list[Playing]:
    """Calls of a run: each recording once, or ``concurrent`` calls that take the recordings in turn; staggered."""
    count = concurrent or len(paths)
    return [Playing(paths[number % len(paths)], number * STAGGER_S) for number in range(count)]


def listen(
    system: System,
    playing: Sequence[Playing],
    progress: Progress = lambda _: None,
    own: Collection[int] = (),
) -> Run:
    """Play calls to a started system and collect what it shows.

    ``own``: processes of the benchmark that may look like the system's (:func:`children` before it was started).
    Raises :class:`~callcore.errors.AudioError` for a recording that cannot be used, and what the system raises when it
    cannot take the calls (:class:`~callcore.errors.Overloaded`).
    """
    before = children()
    with Feeder(playing) as feeder:
        own = {*own, *(children() - before)}
        facts = feeder.prepare()
        logs = [ShownLog() for _ in playing]
        sessions = [
            system.open_call(f"bench-{number:03d}", item.channel_count, item.rate_hz, log)
            for number, (item, log) in enumerate(zip(facts, logs, strict=True))
        ]
        with CostMeter(system.pids, own) as meter:
            sent = _play(feeder, playing, sessions, logs, progress)
            problems = [_ended(session) for session in sessions]
    calls = tuple(
        Heard(f"bench-{number:03d}", item.path, fact, tuple(log), problem)
        for number, (item, fact, log, problem) in enumerate(zip(playing, facts, logs, problems, strict=True))
    )
    minutes = sum(fact.duration_s for fact in facts) / 60
    return Run(calls, sent, meter.cost(minutes), tuple(meter.samples))


def children() -> set[int]:
    """Processes that this one has started, and those that they have."""
    return {process.pid for process in psutil.Process().children(recursive=True)}


def _play(
    feeder: Feeder,
    playing: Sequence[Playing],
    sessions: Sequence[Session],
    logs: Sequence[ShownLog],
    progress: Progress,
) -> Sent:
    def received(call: int, tick: int, frames: Sequence[Frame]) -> None:
        sessions[call].send(tick, frames)

    def ended(call: int) -> None:
        sessions[call].finish()

    start_at = feeder.start(received, ended, lambda begins: _set_origin(logs, playing, begins))
    while (sent := feeder.wait(POLL_S)) is None:
        progress(max(0.0, now() - start_at))
    return sent


def _set_origin(logs: Sequence[ShownLog], playing: Sequence[Playing], start_at: float) -> None:
    for log, item in zip(logs, playing, strict=True):
        log.t0 = start_at + item.offset_s


def _ended(session: Session) -> tuple[str, ...]:
    """Wait for the rest of a call; what went wrong with it."""
    complete = session.wait(FLUSH_S)
    late = () if complete else (f"not all was final {FLUSH_S:.0f} s after the end of the call",)
    return (*session.problems(), *late)
