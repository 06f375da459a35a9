"""Plays a recording as if it were being spoken now."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from callcore.audio import AudioSource, Layout, RawFormat, open_audio, probe_layout
from callcore.config import AudioSettings
from callcore.types import SAMPLE_RATE_HZ, AudioFrame, AudioWarning, Event, Tick

TICK_S = 0.020


class Replay:
    """A thread that hands out a file in 20 ms ticks on an absolute schedule, never waiting for whoever takes them.

    A context manager: leaving it stops the playing and closes the file.
    """

    def __init__(
        self,
        path: Path,
        settings: AudioSettings,
        deliver: Callable[[Tick], None],
        *,
        ended: Callable[[], None] = lambda: None,
        speed: float = 1.0,
        raw: RawFormat | None = None,
    ) -> None:
        """Open the file. ``ended`` is called once, after the last tick, or after :meth:`stop`.

        Raises :class:`AudioError` when the file cannot be used.
        """
        self._source: AudioSource = open_audio(path, raw)
        try:
            self.layout: Layout
            self.layout, self._blocks = probe_layout(self._source, settings)
        except BaseException:
            self._source.close()
            raise
        self._deliver = deliver
        self._ended = ended
        self._speed = speed
        self._stop = threading.Event()
        self.error: Exception | None = None  #: what broke the file off in the middle
        self._thread = threading.Thread(target=self._play, name="replay", daemon=True)

    @property
    def rate_hz(self) -> int:
        """Sample rate of the file."""
        return self._source.rate_hz

    @property
    def channel_count(self) -> int:
        """Channels of the file."""
        return self._source.channel_count

    @property
    def duration_s(self) -> float | None:
        """Length that the file states, if it does."""
        return self._source.duration_s

    def start(self) -> None:
        """Begin to play."""
        self._thread.start()

    def stop(self) -> None:
        """Stop playing; returns once the thread has ended."""
        self._stop.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()

    def __enter__(self) -> Replay:
        return self

    def __exit__(self, *reason: object) -> None:
        self.stop()
        self._source.close()
        # Whoever takes the ticks often knows the replay too: the audio read ahead must not wait for the collector.
        self._blocks = iter(())

    def _play(self) -> None:
        began = time.monotonic()
        try:
            for number, tick in enumerate(self._ticks()):
                wait_s = began + number * TICK_S / self._speed - time.monotonic()
                if (wait_s > 0 and self._stop.wait(wait_s)) or self._stop.is_set():
                    break
                self._deliver(tick)
            warnings: list[AudioFrame | Event] = [*self._warnings()]
            if warnings:
                self._deliver(warnings)
        except Exception as error:  # told by whoever started the replay
            self.error = error
        finally:
            self._ended()

    def _ticks(self) -> Iterator[list[AudioFrame]]:
        tick: list[AudioFrame] = []
        for frame in self.layout.frames(self._blocks, round(TICK_S * SAMPLE_RATE_HZ)):
            if tick and frame.channel == tick[0].channel:
                yield tick
                tick = []
            tick.append(frame)
        if tick:
            yield tick

    def _warnings(self) -> list[AudioWarning]:
        return [*self.layout.warnings, *self._source.warnings()]
