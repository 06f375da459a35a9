"""The latency benchmark from end to end: recordings and references in, one result per system out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from callcore.audio import open_audio
from callcore.bench.cost import Sample
from callcore.bench.metrics import CallMetrics, measure_call
from callcore.bench.offline import (
    Offline,
    aligned_reference,
    decode_offline,
    has_times,
    recognised_reference,
)
from callcore.bench.protocol import Shown, ShownLog, System
from callcore.bench.reference import Reference, read_reference
from callcore.bench.replay import Recording, Sent, read_recording
from callcore.bench.runner import STAGGER_S, Progress, Run, children, listen, plan
from callcore.bench.summary import Summary, summarise
from callcore.bench.view import Ear
from callcore.bench.virtual import ServiceTimes, VirtualCall, VirtualClock, VirtualStation
from callcore.config import Settings
from callcore.engines.base import Recogniser
from callcore.engines.silero import SileroVad
from callcore.errors import ConfigError
from callcore.loading import LoadedModel, load_model, result_settings
from callcore.pipeline import CallPipeline, CallPlan
from callcore.roles import RoleCues
from callcore.segment import SpeechScorer
from callcore.types import AudioFrame, CallStarted

VIRTUAL_WORKERS = 4  #: where the settings name no number: a result in virtual time must not depend on the machine


@dataclass(frozen=True, slots=True)
class Task:
    """A recording, what was said in it, and what the model makes of it at leisure."""

    path: Path
    reference: Reference
    offline: Offline


@dataclass(frozen=True, slots=True)
class CallResult:
    """One call of a run. ``path``: of its recording."""

    path: Path
    metrics: CallMetrics
    shown: tuple[Shown, ...] = field(repr=False)
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SystemResult:
    """One system on one set of calls. ``sent`` and ``samples`` only of runs in real time."""

    name: str
    settings: Mapping[str, Any]
    clock: Literal["realtime", "virtual"]
    summary: Summary
    calls: tuple[CallResult, ...]
    sent: Sent | None = None
    samples: tuple[Sample, ...] = ()


def prepare(
    paths: Sequence[Path],
    references: Sequence[Path],
    settings: Settings,
    folder: Path,
    told: Callable[[int], None] = lambda _: None,
) -> list[Task]:
    """Decode every recording at leisure and find its reference.

    ``references``: files, or folders of them; see :func:`find_reference`. ``folder``: where offline texts are kept.
    Raises ``CallcoreError``.
    """
    channel_counts = {}
    for path in paths:
        with open_audio(path) as source:
            channel_counts[path] = source.channel_count
    offline = decode_offline(paths, settings, folder, told)
    return [
        Task(path, _reference(path, references, offline[path], channel_counts[path]), offline[path]) for path in paths
    ]


def _reference(path: Path, references: Sequence[Path], offline: Offline, channel_count: int) -> Reference:
    file = find_reference(path, references)
    if file is None:
        return recognised_reference(offline, channel_count)
    if not has_times(file):
        return aligned_reference(file, offline, channel_count)
    reference = read_reference(file)
    if reference.channel_count != channel_count:
        raise ConfigError(
            f"{file} tells of {reference.channel_count} channels, and {path} has {channel_count}.",
            "Is it the reference of another call?",
        )
    return reference


def find_reference(path: Path, references: Sequence[Path]) -> Path | None:
    """The JSON file that belongs to a recording: the one with the longest name that the recording's name begins with.

    Looked for among ``references`` (files, and folders of files), or beside the recording if there are none. None: the
    recording has no reference. Raises :class:`ConfigError` where references were named and none belongs.
    """
    places = references or [path.parent]
    files = [file for place in places for file in (sorted(place.glob("*.json")) if place.is_dir() else [place])]
    fitting = [file for file in files if path.stem.startswith(file.stem)]
    if fitting:
        return max(fitting, key=lambda file: len(file.stem))
    if references:
        raise ConfigError(
            f"no reference belongs to {path}.",
            "A reference is called like its recording: call7.json for call7.wav or call7_8k.wav.",
        )
    return None


def measure_system(
    system: System, tasks: Sequence[Task], concurrent: int | None = None, progress: Progress = lambda _: None
) -> SystemResult:
    """Measure one system in real time; starts and closes it. Raises ``CallcoreError``."""
    own = children()
    system.start()
    try:
        settings = dict(system.settings)
        run = listen(system, plan([task.path for task in tasks], concurrent), progress, own)
    finally:
        system.close()
    return _result(system, settings, run, tasks)


def _result(system: System, settings: Mapping[str, Any], run: Run, tasks: Sequence[Task]) -> SystemResult:
    by_path = {task.path: task for task in tasks}
    calls = tuple(
        CallResult(call.path, _measured(call.call_id, call.shown, by_path[call.path]), call.shown, call.problems)
        for call in run.calls
    )
    summary = summarise(
        [call.metrics for call in calls],
        run.call_minutes,
        turn_finals=system.turn_finals,
        cost=run.cost,
        valid=run.sent.valid,
        problems=sum(len(call.problems) for call in calls),
    )
    return SystemResult(system.name, settings, "realtime", summary, calls, run.sent, run.samples)


def _measured(call_id: str, shown: Sequence[Shown], task: Task) -> CallMetrics:
    return measure_call(call_id, shown, task.reference, task.offline.texts())


def measure_virtually(
    settings: Settings, tasks: Sequence[Task], concurrent: int | None = None, service: ServiceTimes | None = None
) -> SystemResult:
    """The policy of callcore in virtual time, with the decodes of the model that the settings name.

    Raises ``CallcoreError``.
    """
    model = load_model(settings, live=True)
    service = service or ServiceTimes()
    try:
        return _virtual_run(settings, model, tasks, concurrent, service)
    finally:
        model.engine.close()


def _virtual_run(
    settings: Settings, model: LoadedModel, tasks: Sequence[Task], concurrent: int | None, service: ServiceTimes
) -> SystemResult:
    workers = settings.recognise.workers or VIRTUAL_WORKERS
    clock = VirtualClock()
    scorer, cues = SileroVad(), RoleCues.load(settings.roles.cues_file)
    recordings = {task.path: read_recording(task.path) for task in tasks}
    played = [tasks[number % len(tasks)] for number in range(concurrent or len(tasks))]
    calls = []
    for number, task in enumerate(played):
        recording = recordings[task.path]
        pipeline = live_pipeline(f"bench-{number:03d}", recording, settings, model.engine, scorer, cues)
        offset_s = round(number * STAGGER_S, 3)
        calls.append(VirtualCall(f"bench-{number:03d}", pipeline, _ticks(recording), ShownLog(clock), offset_s))
    VirtualStation(model.engine, settings.live, clock, workers, service).run(calls)
    results = tuple(
        CallResult(task.path, _measured(call.call_id, tuple(call.log), task), tuple(call.log))
        for call, task in zip(calls, played, strict=True)
    )
    minutes = sum(recordings[task.path].facts.duration_s for task in played) / 60
    summary = summarise([result.metrics for result in results], minutes)
    stated = {
        **result_settings(settings, model, cues, live=True),
        "model_hash": model.model_hash,
        "workers": workers,
        "service": {name: getattr(service, name) for name in ServiceTimes.__slots__},
    }
    return SystemResult("callcore", stated, "virtual", summary, results)


def live_pipeline(
    call_id: str, recording: Recording, settings: Settings, engine: Recogniser, scorer: SpeechScorer, cues: RoleCues
) -> CallPipeline:
    """The pipeline of a live call that plays a recording."""
    facts = recording.facts
    started = CallStarted(call_id, call_id, facts.channel_count, facts.rate_hz, engine.info.model, "", "")
    call_plan = CallPlan(
        started, tuple(range(facts.channel_count)), None, engine.info.languages, engine.info.max_audio_s, live=True
    )
    return CallPipeline(call_plan, settings, scorer, cues)


def _ticks(recording: Recording) -> Iterator[list[AudioFrame]]:
    ear = Ear(recording.facts.channel_count, recording.rate_hz)
    for tick in range(recording.ticks):
        yield ear.hear(tuple(recording.tick(tick)))
    yield ear.finish()
