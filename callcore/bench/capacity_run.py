"""One number of calls at once, measured on the live station in real time, each in a fresh process.

A process of its own for each number: its memory is that of these calls alone, and a run that is given up leaves nothing
behind.
"""

from __future__ import annotations

import os
import signal
import wave
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import numpy as np

from callcore.bench.capacity import StepResult
from callcore.bench.capacity_audio import loop
from callcore.bench.capacity_station import Load, TimedSystem
from callcore.bench.cost import Sample
from callcore.bench.latency import find_reference, live_pipeline, prepare
from callcore.bench.metrics import CallMetrics, measure_call
from callcore.bench.offline import has_times
from callcore.bench.reference import Reference, read_reference
from callcore.bench.replay import Playing, Recording, read_recording
from callcore.bench.runner import STAGGER_S, Heard, Run, listen
from callcore.bench.service import Decode
from callcore.bench.summary import percentiles
from callcore.bench.trace import CallTrace, record_trace
from callcore.bench.trend import BacklogWatch
from callcore.bench.view import Ear
from callcore.config import Settings
from callcore.engines.silero import SileroVad
from callcore.errors import CallcoreError, unexpected
from callcore.loading import load_model
from callcore.roles import RoleCues
from callcore.types import AudioFrame, WarningKind

GOLDEN = 0.6180339887  #: phases of calls, by multiples of the golden section, lie apart however many there are
RAMP_S = 10.0  #: within which all calls begin
SETTLE_S = 2.0  #: from the last begin to the first word that counts
LATE_EXIT_S = 120.0  #: over the length of a run, until its process is given up

Progress = Callable[[int, float, float], None]  #: calls, seconds played, seconds in all


def _unseen(calls: int, at_s: float, of_s: float) -> None:
    """Nobody looks."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A recording and what is said in it."""

    path: Path
    recording: Recording
    reference: Reference


def read_calls(paths: Sequence[Path], references: Sequence[Path], settings: Settings, folder: Path) -> list[Spoken]:
    """Recordings with their references. Where a reference has no word times, the model gives them (``folder`` keeps its
    texts). Raises ``CallcoreError``.
    """
    files = {path: find_reference(path, references) for path in paths}
    timed = {path: read_reference(file) for path, file in files.items() if file is not None and has_times(file)}
    others = [path for path in paths if path not in timed]
    if others:
        timed |= {task.path: task.reference for task in prepare(others, references, settings, folder)}
    return [Spoken(path, read_recording(path), timed[path]) for path in paths]


def traces(
    calls: Sequence[Spoken], settings: Settings, told: Callable[[int], None] = lambda _: None
) -> list[CallTrace]:
    """What each recording asks of the model that the settings name. Raises ``CallcoreError``.

    ``told``: after each, how many are done.
    """
    model = load_model(settings, live=True)
    scorer, cues = SileroVad(), RoleCues.load(settings.roles.cues_file)
    found: list[CallTrace] = []
    try:
        for spoken in calls:
            pipeline = live_pipeline(spoken.path.name, spoken.recording, settings, model.engine, scorer, cues)
            found.append(record_trace(pipeline, _frames(spoken.recording), model.engine, spoken.reference))
            told(len(found))
    finally:
        model.engine.close()
    return found


def _frames(recording: Recording) -> Iterator[AudioFrame]:
    ear = Ear(recording.facts.channel_count, recording.rate_hz)
    for tick in range(recording.ticks):
        yield from ear.hear(tuple(recording.tick(tick)))
    yield from ear.finish()


@dataclass(frozen=True, slots=True)
class _Order:
    """What a child process is to do."""

    settings: Settings
    playing: tuple[Playing, ...]
    length_s: float


@dataclass(frozen=True, slots=True)
class _Report:
    """What it found. ``run`` None: given up."""

    run: Run | None
    loads: tuple[tuple[float, Load], ...]
    decodes: tuple[Decode, ...]
    lost_s: float
    workers: int
    device: str
    abandoned: str = ""


@dataclass(slots=True)
class CapacityRunner:
    """Measures any number of calls: a :data:`~callcore.bench.capacity.Measure`."""

    settings: Settings
    calls: Sequence[Spoken]
    length_s: float
    folder: Path  #: for the audio of the calls; the caller removes it
    progress: Progress = _unseen
    decodes: list[Decode] = field(default_factory=list)  #: of the last step
    workers: int = 0
    device: str = ""
    _sources: dict[int, tuple[Path, Reference]] = field(default_factory=dict)

    def __call__(self, calls: int) -> StepResult:
        """One run. Raises ``CallcoreError`` when the station cannot be run."""
        gap_s = min(STAGGER_S, RAMP_S / calls)
        sources = [self._source(number) for number in range(calls)]
        playing = tuple(Playing(path, number * gap_s) for number, (path, _) in enumerate(sources))
        live = self.settings.live.model_copy(update={"max_calls": calls})
        order = _Order(self.settings.model_copy(update={"live": live}), playing, self.length_s)
        report = self._in_child(order, calls)
        self.decodes, self.workers, self.device = list(report.decodes), report.workers, report.device
        return step_result(report, playing, [reference for _, reference in sources], self.length_s)

    def _source(self, number: int) -> tuple[Path, Reference]:
        """The audio of one call, the same whatever the number of calls."""
        if number not in self._sources:
            spoken = self.calls[number % len(self.calls)]
            looped = loop(spoken.recording, spoken.reference, number * GOLDEN % 1, self.length_s)
            path = self.folder / f"call{number:04d}.wav"
            _write_wav(path, looped.recording)
            self._sources[number] = path, looped.reference
        return self._sources[number]

    def _in_child(self, order: _Order, calls: int) -> _Report:
        context = get_context("spawn")
        ours, theirs = context.Pipe(duplex=False)
        child = context.Process(target=_child, args=(theirs, order), name="bench-capacity")
        child.start()
        theirs.close()
        try:
            while True:
                if not ours.poll(self.length_s + LATE_EXIT_S):
                    raise CallcoreError(f"the run with {calls} calls does not end.", "Is the machine overloaded?")
                answer: Any = ours.recv()
                if isinstance(answer, _Report):
                    return answer
                if isinstance(answer, CallcoreError):
                    raise answer
                self.progress(calls, answer, self.length_s)
        except EOFError:
            raise CallcoreError(f"the process that ran {calls} calls died.", "Is there memory enough?") from None
        finally:
            child.terminate()
            child.join()
            ours.close()


class _HopelessError(Exception):
    """The backlog grows: no need to go on."""


def _child(pipe: Connection, order: _Order) -> None:
    """Body of the process of one run."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's affair, which ends this process
    signal.signal(signal.SIGTERM, _leave)
    try:
        pipe.send(_run(pipe, order))
    except CallcoreError as error:
        pipe.send(error)
    except Exception as error:
        pipe.send(unexpected(error))
    finally:
        os._exit(0)  # calls that were given up would take minutes to end in order


def _leave(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001
    raise SystemExit  # so that the sending process is ended too


def _run(pipe: Connection, order: _Order) -> _Report:
    system = TimedSystem(order.settings)
    watch = BacklogWatch()
    loads: list[tuple[float, Load]] = []

    def progress(at_s: float) -> None:
        load = system.load()
        loads.append((at_s, load))
        watch.add(at_s, load.backlog_s)
        pipe.send(at_s)
        if watch.hopeless:
            raise _HopelessError

    run, abandoned, lost_s = None, "", 0.0
    system.start()
    try:
        run = listen(system, order.playing, progress)
        lost_s = sum(session.lost_s for session in system.sessions)
    except _HopelessError:
        abandoned = f"given up at {loads[-1][0]:.0f} s: {loads[-1][1].backlog_s:.0f} s behind"
    decodes = tuple(system.take_decodes())
    return _Report(run, tuple(loads), decodes, lost_s, system.workers, system.device, abandoned)


def step_result(
    report: _Report, playing: Sequence[Playing], references: Sequence[Reference], length_s: float
) -> StepResult:
    """Sum up a run, by the words said while all calls were going on."""
    from_s = playing[-1].offset_s + SETTLE_S
    watch = BacklogWatch()
    inside = [(at_s, load) for at_s, load in report.loads if from_s <= at_s <= length_s]
    for at_s, load in inside:
        watch.add(at_s, load.backlog_s)
    loads = [load for _, load in inside]
    commits, finals, said = _latencies(report.run, playing, references, from_s, length_s)
    commit, final = percentiles(commits), percentiles(finals)
    samples = report.run.samples if report.run else ()
    return StepResult(
        calls=len(playing),
        length_s=report.loads[-1][0] if report.abandoned else length_s,
        commit_p50_s=commit[0] if commit else None,
        commit_p95_s=commit[1] if commit else None,
        final_p50_s=final[0] if final else None,
        final_p95_s=final[1] if final else None,
        coverage=len(commits) / said if said else None,
        dropped_s=round(report.lost_s, 3),
        backlog_slope=watch.trend().slope,
        backlog_worst_s=watch.worst_s,
        jitter_p99_ms=1000 * report.run.sent.late_p99_s if report.run else 0.0,
        cpu_cores=_cores(samples, from_s, length_s),
        busy_share=_busy_share(inside, report.workers),
        cadence_ms=float(np.mean([load.cadence_ms for load in loads])) if loads else None,
        rss_mb=max((sample.rss_bytes for sample in samples), default=0) / 1e6,
        lost_calls=sum(_troubled(call) for call in report.run.calls) if report.run else 0,
        abandoned=report.abandoned,
    )


def _latencies(
    run: Run | None, playing: Sequence[Playing], references: Sequence[Reference], from_s: float, to_s: float
) -> tuple[list[float], list[float], int]:
    """Commit and final latencies of what was said between two moments of the run, and the number of words said."""
    commits: list[float] = []
    finals: list[float] = []
    said = 0
    for item, reference, heard in zip(playing, references, run.calls if run else (), strict=bool(run)):
        metrics: CallMetrics = measure_call(heard.call_id, heard.shown, reference)
        for word in metrics.words:
            if from_s <= item.offset_s + word.end_s <= to_s:
                said += 1
                commits += [] if word.commit_s is None else [word.commit_s]
        finals += [
            turn.finalisation_s
            for turn in metrics.turns
            if from_s <= item.offset_s + turn.end_s <= to_s and turn.finalisation_s is not None
        ]
    return commits, finals, said


def _busy_share(loads: Sequence[tuple[float, Load]], workers: int) -> float | None:
    if len(loads) < 2:
        return None
    (began_s, first), (ended_s, last) = loads[0], loads[-1]
    return (last.work_s - first.work_s) / (ended_s - began_s) / workers


def _troubled(call: Heard) -> bool:
    """Whether something went wrong with a call but that it was late, which its latencies show."""
    return any(not problem.startswith(WarningKind.LAGGING.value) for problem in call.problems)


def _cores(samples: Sequence[Sample], from_s: float, to_s: float) -> float:
    inside = [sample for sample in samples if from_s <= sample.at_s <= to_s]
    if len(inside) < 2:
        return 0.0
    return (inside[-1].cpu_s - inside[0].cpu_s) / (inside[-1].at_s - inside[0].at_s)


def _write_wav(path: Path, recording: Recording) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(recording.samples.shape[0])
        file.setsampwidth(2)
        file.setframerate(recording.rate_hz)
        file.writeframes(np.ascontiguousarray(recording.samples.T).astype("<i2").tobytes())
