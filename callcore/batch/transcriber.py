"""One loaded model, ready for any number of files."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from callcore.assembly import Assembly, CallFacts
from callcore.audio import AudioSource, Block, FaultDetector, Layout, RawFormat, open_audio, probe_layout
from callcore.config import Settings, load_settings
from callcore.drivers import BulkDriver, DecodePool
from callcore.loading import LoadedModel
from callcore.record import CallRecord, fold
from callcore.types import SAMPLE_RATE_HZ, AudioWarning, Event

Opened = Callable[[float | None], None]  #: called with the length in seconds that the source states, if any
Check = Callable[[], None]  #: called between blocks of audio and while answers are waited for; raises to stop


@dataclass(frozen=True, slots=True)
class Job:
    """What is known of one input before it is read."""

    call_id: str
    source: Path | str | BinaryIO
    name: str
    raw: RawFormat | None = None
    day: date | None = None  #: of the call; None = today
    trust: bool = True  #: leave out a channel that the first minute shows to be a copy, or dead


class LayoutRefuted(Exception):
    """A channel was left out for what its first minute showed, and the rest of the call does not bear it out.

    Transcribe the call again with ``Job.trust`` off.
    """


class Transcriber:
    """Model, voice scorer and settings, shared by all files. A context manager; threads may share it."""

    def __init__(self, settings: Settings, model: LoadedModel | None = None) -> None:
        """``model``: loaded from the settings unless given. Raises as :func:`load_model`."""
        self.settings = settings
        self._assembly = Assembly(settings, model)
        self.model = self._assembly.model
        self.engine = self.model.engine
        self.settings_hash = self._assembly.settings_hash
        self.filer = self._assembly.filer
        self._pool = DecodePool(self.engine)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop the workers and free the weights."""
        self._pool.close()
        self._assembly.close()

    def events(
        self, job: Job, opened: Opened = lambda _: None, check: Check = lambda: None
    ) -> Generator[Event, None, None]:
        """The events of one call, as they come about. Close the generator to stop early.

        Raises :class:`AudioError`, :class:`EngineError`, and :class:`LayoutRefuted` when a channel that was left out
        turns out to matter and the source can be read again.
        """
        with open_audio(job.source, job.raw) as source:
            opened(source.duration_s)
            layout, blocks = probe_layout(source, self.settings.audio, trust=job.trust)
            detector = FaultDetector(source.channel_count, source.rate_hz)
            watched = _watch(blocks, detector, check)
            pipeline = self._assembly.pipeline(_facts(job, source, layout))
            frames = layout.frames(watched, self.settings.audio.frame_ms * SAMPLE_RATE_HZ // 1000)

            def warnings() -> Sequence[AudioWarning]:
                found = detector.finish()
                if isinstance(job.source, Path) and layout.refuted_by(found):
                    raise LayoutRefuted
                return [*layout.warnings, *source.warnings(), *layout.news(found)]

            driver = BulkDriver(self._pool, self.settings.batch.group_s, check)
            with contextlib.closing(driver.run(pipeline, frames, warnings)) as events:
                yield from events

    def record(self, source: Path | str | BinaryIO, raw: RawFormat | None = None) -> CallRecord:
        """The whole call, without storing it."""
        name = str(source) if isinstance(source, Path | str) else "stream"
        job = Job("", source, name, raw)
        try:
            return fold(self.events(job))
        except LayoutRefuted:
            return fold(self.events(replace(job, trust=False)))


def _facts(job: Job, source: AudioSource, layout: Layout) -> CallFacts:
    return CallFacts(
        call_id=job.call_id,
        source=job.name,
        channels=layout.channels,
        channel_count=source.channel_count,
        rate_hz=source.rate_hz,
        roles=layout.roles,
        day=job.day,
    )


def _watch(blocks: Iterator[Block], detector: FaultDetector, check: Check) -> Iterator[Block]:
    for block in blocks:
        check()
        detector.push(block)
        yield block


def transcribe(source: Path | str | BinaryIO, settings: Settings | None = None) -> CallRecord:
    """Transcribe one recording and return its record: turns, words, roles, warnings. Nothing is stored.

    For many files make one :class:`Transcriber` and call its :meth:`~Transcriber.record`.
    """
    with Transcriber(settings or load_settings()) as transcriber:
        return transcriber.record(Path(source) if isinstance(source, str) and source != "-" else source)
