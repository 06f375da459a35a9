"""What all live calls of a process share: models, voice scorer, cues and the scheduler."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

from callcore.assembly import Assembly, CallFacts
from callcore.config import Settings
from callcore.engines.hardware import share_heap
from callcore.live.call import LiveCall, Sink
from callcore.loading import LoadedModel, load_model, settle
from callcore.scheduler.workers import Scheduler


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
        self._assembly = Assembly(settings, model, live=True)
        self.model = self._assembly.model
        self.result_settings = self._assembly.result_settings
        self.settings_hash = self._assembly.settings_hash
        self.filer = self._assembly.filer
        self._partial_model = partial_model or load_partial_model(settings)
        partial = self._partial_model.engine if self._partial_model else None
        self.scheduler = Scheduler(self.model.engine, partial, settings.live)
        if not settings.live.max_calls:
            self.scheduler.calibrate()  # now, and not in the event loop of the first call
        settle()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop the workers and free the weights."""
        self.scheduler.close()
        self._assembly.close()
        if self._partial_model:
            self._partial_model.engine.close()

    def call(self, facts: CallFacts, sink: Sink, backlog_s: Callable[[], float] = lambda: 0.0) -> LiveCall:
        """A new call, ready to run. ``backlog_s``: see :class:`LiveCall`.

        Raises :class:`Overloaded` when the machine cannot take another call.
        """
        self.scheduler.admit(facts.call_id)
        pipeline = self._assembly.pipeline(facts)
        hangup_s = self.settings.live.hangup_silence_s
        return LiveCall(facts.call_id, pipeline, self.scheduler, sink, hangup_silence_s=hangup_s, backlog_s=backlog_s)


def load_partial_model(settings: Settings) -> LoadedModel | None:
    """The model for partials, where the settings name one of its own. Raises as :class:`LiveStation`."""
    name = settings.live.partial_model
    if not name:
        return None
    recognise = settings.recognise.model_copy(update={"model": name})
    return load_model(settings.model_copy(update={"recognise": recognise}), live=True)
