"""What decodes cost on this machine, before the first call: a few seconds of synthetic audio on all workers at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from callcore.config import LiveSettings
from callcore.engines.base import Recogniser
from callcore.scheduler.admission import Costs
from callcore.types import SAMPLE_RATE_HZ, DecodeRequest, RequestKind, Samples

FINAL_S = 4.0  #: audio of a usual stretch of speech
ROUNDS = 2  #: the first one warms up caches and buffers and does not count


def measure_costs(
    final: Recogniser, partial: Recogniser, settings: LiveSettings, clock: Callable[[], float] = time.monotonic
) -> Costs:
    """Decode synthetic audio on all workers at once. Raises :class:`EngineError` when that fails.

    The audio sounds like a voice and says nothing; a recogniser may write more or less for it than for speech, so the
    costs are a first guess.
    """
    final_audio = synthetic_voice(min(FINAL_S, final.info.max_audio_s))
    partial_audio = synthetic_voice(min(settings.window_s / 2, partial.info.max_audio_s))

    def work(_: int) -> tuple[float, float]:
        started_s = clock()
        final.decode([_request(RequestKind.FINAL, final_audio, final)])
        between_s = clock()
        partial.decode([_request(RequestKind.PARTIAL, partial_audio, partial)])
        return between_s - started_s, clock() - between_s

    workers = final.info.workers
    with ThreadPoolExecutor(workers, thread_name_prefix="calibrate") as pool:
        for _ in range(ROUNDS):
            times = list(pool.map(work, range(workers)))
    final_s, partial_s = (sum(column) / workers for column in zip(*times, strict=True))
    return Costs(final_s / (len(final_audio) / SAMPLE_RATE_HZ), partial_s)


def synthetic_voice(length_s: float) -> Samples:
    """A buzz with the pitch, rhythm and noise of a voice. Shape (n,), float32, full scale 1.0; always the same."""
    time_s = np.arange(round(length_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    buzz = sum(np.sin(2 * np.pi * 140 * harmonic * time_s) / harmonic for harmonic in range(1, 20))
    syllables = 0.5 - 0.5 * np.cos(2 * np.pi * 4 * time_s)
    noise = np.random.default_rng(0).normal(0, 0.02, len(time_s))
    return np.asarray(0.15 * buzz * syllables + noise, np.float32)


def _request(kind: RequestKind, audio: Samples, engine: Recogniser) -> DecodeRequest:
    return DecodeRequest("calibration", kind, 0, 0, audio, min(engine.info.languages))
