"""Systems that can be measured, by name. A new one is a file with an adapter, and a row here."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from callcore.bench.protocol import System
from callcore.config import Settings
from callcore.errors import ConfigError

SYSTEMS: dict[str, tuple[str, str]] = {
    "callcore": ("callcore.bench.callcore_system:CallcoreSystem", "callcore's live station, in this process"),
    "whisper-streaming": (
        "callcore.bench.peers.factories:whisper_streaming",
        "faster-whisper in the way of whisper_streaming, defaults",
    ),
    "whisper-streaming-tuned": (
        "callcore.bench.peers.factories:whisper_streaming_tuned",
        "the same: a worker a core, greedy, voice gate",
    ),
    "whisper-live": ("callcore.bench.peers.factories:whisper_live", "WhisperLive's server, defaults"),
    "whisper-live-tuned": ("callcore.bench.peers.factories:whisper_live_tuned", "the same: a model a connection"),
    "whisper-live-batched": (
        "callcore.bench.peers.factories:whisper_live_batched",
        "the same: batched, greedy decoding",
    ),
}  #: name -> ("module:factory", what it is); the factory takes Settings and gives a System that was not started


def make_system(name: str, settings: Settings) -> System:
    """A system by name, not started. Raises :class:`ConfigError` for a name that is not known."""
    if name not in SYSTEMS:
        raise ConfigError(f"no system is called {name!r}.", f"Known: {', '.join(SYSTEMS)}.")
    module, _, attribute = SYSTEMS[name][0].partition(":")
    factory: Callable[[Settings], System] = getattr(importlib.import_module(module), attribute)
    return factory(settings)
