"""What all live calls of a process share: models, voice scorer, cues and the scheduler."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

from callcore.config import Settings, settings_hash
from callcore.engines.hardware import share_heap
from callcore.engines.silero import SileroVad
from callcore.live.call import LiveCall, Sink
from callcore.loading import LoadedModel, load_model, result_settings
from callcore.pipeline import CallPipeline, CallPlan
from callcore.roles import RoleCues
from callcore.scheduler.workers import Scheduler
from callcore.types import CallStarted, Role


class LiveStation:
    """One per process. A context manager."""

    def __init__(
        self, settings: Settings, model: LoadedModel | None = None, partial_model: LoadedModel | None = None
    ) -> None:
        """Load what the settings name, unless ``model`` (and ``partial_model``) is given.

        Raises :class:`ModelNotFound`, :class:`ModelCorrupt`, :class:`LanguageUnsupported`, :class:`ConfigError`.
        """
        share_heap()  # whoever runs a station: the command line, a benchmark, a server
        self.settings = settings
        self.model = model or load_model(settings, live=True)
        self._partial_model = partial_model or load_partial_model(settings)
        self._scorer = SileroVad()
        self._cues = RoleCues.load(settings.roles.cues_file)
        self.result_settings = result_settings(settings, self.model, self._cues, live=True)
        self.settings_hash = settings_hash(self.result_settings)
        partial = self._partial_model.engine if self._partial_model else None
        self.scheduler = Scheduler(self.model.engine, partial, settings.live)
        if not settings.live.max_calls:
            self.scheduler.calibrate()  # now, and not in the event loop of the first call

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop the workers and free the weights."""
        self.scheduler.close()
        self.model.engine.close()
        if self._partial_model:
            self._partial_model.engine.close()

    def call(
        self,
        call_id: str,
        source: str,
        sink: Sink,
        *,
        channels: Sequence[int],
        channel_count: int,
        rate_hz: int,
        roles: Mapping[int, Role] | None = None,
        backlog_s: Callable[[], float] = lambda: 0.0,
    ) -> LiveCall:
        """A new call, ready to run. ``roles`` None: found from the words.

        Raises :class:`Overloaded` when the machine cannot take another call.
        """
        self.scheduler.admit(call_id)
        info = self.model.engine.info
        started = CallStarted(
            call_id=call_id,
            source=source,
            channel_count=channel_count,
            rate_hz=rate_hz,
            model=self.model.name,
            model_hash=self.model.model_hash,
            settings_hash=self.settings_hash,
            settings=self.result_settings,
        )
        plan = CallPlan(
            started=started,
            channels=tuple(channels),
            roles=roles,
            languages=info.languages,
            max_audio_s=info.max_audio_s,
            better_model=self.model.better,
            live=True,
        )
        pipeline = CallPipeline(plan, self.settings, self._scorer, self._cues)
        hangup_s = self.settings.live.hangup_silence_s
        return LiveCall(call_id, pipeline, self.scheduler, sink, hangup_silence_s=hangup_s, backlog_s=backlog_s)


def load_partial_model(settings: Settings) -> LoadedModel | None:
    """The model for partials, where the settings name one of its own. Raises as :class:`LiveStation`."""
    name = settings.live.partial_model
    if not name:
        return None
    recognise = settings.recognise.model_copy(update={"model": name})
    return load_model(settings.model_copy(update={"recognise": recognise}), live=True)
