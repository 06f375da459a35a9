"""Peers made ready from the settings that callcore itself would run with.

Model, language and number of workers are taken from them; all else is the peer's own.
"""

from __future__ import annotations

from pathlib import Path

from callcore.bench.protocol import System
from callcore.config import Settings


def whisper_streaming(settings: Settings) -> System:
    """faster-whisper in the way of whisper_streaming, defaults of both. Raises as ``models.registry.resolve``."""
    from callcore.bench.peers import whisper_streaming as peer

    return peer.WhisperStreaming(peer.StreamingOptions(*_weights(settings)))


def whisper_streaming_tuned(settings: Settings) -> System:
    """The same as quick as it gets. Raises as ``models.registry.resolve``."""
    from callcore.bench.peers import whisper_streaming as peer
    from callcore.engines.hardware import usable_cores

    folder, language = _weights(settings)
    options = peer.tuned(folder, language, settings.recognise.workers or usable_cores())
    return peer.WhisperStreaming(options, "whisper-streaming-tuned")


def whisper_live(settings: Settings) -> System:
    """WhisperLive with its defaults. Raises as ``models.registry.resolve``."""
    from callcore.bench.peers import whisper_live as peer

    folder, language = _weights(settings)
    return peer.WhisperLive(peer.WhisperLiveOptions(folder, peer.interpreter(), language))


def whisper_live_tuned(settings: Settings) -> System:
    """WhisperLive as quick as it gets on a processor. Raises as ``models.registry.resolve``."""
    from callcore.bench.peers import whisper_live as peer

    folder, language = _weights(settings)
    return peer.WhisperLive(peer.tuned(folder, peer.interpreter(), language), "whisper-live-tuned")


def whisper_live_batched(settings: Settings) -> System:
    """WhisperLive with its batched decoding on all cores. Raises as ``models.registry.resolve``."""
    from callcore.bench.peers import whisper_live as peer
    from callcore.engines.hardware import usable_cores

    folder, language = _weights(settings)
    options = peer.batched(folder, peer.interpreter(), language, settings.recognise.workers or usable_cores())
    return peer.WhisperLive(options, "whisper-live-batched")


def _weights(settings: Settings) -> tuple[Path, str | None]:
    from callcore.models.registry import resolve

    language = None if settings.recognise.language == "auto" else settings.recognise.language
    return resolve(settings.recognise.model, language, settings.models).folder, language
