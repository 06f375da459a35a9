"""What a listener sees of a call of callcore: its events as the texts of :class:`~callcore.bench.protocol.ShownLog`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from callcore.audio.resample import Resampler
from callcore.bench.protocol import Frame, ShownLog
from callcore.types import SAMPLE_RATE_HZ, AudioFrame, Event, Final, Partial, Rejected, Word, text_of

FULL_SCALE = 32768.0


@dataclass(slots=True)
class _Channel:
    final: str = ""
    open: dict[str, tuple[int, str, str]] = field(default_factory=dict)  #: segment -> start, stable, unstable


class CallView:
    """Follows the events of one call, as a screen would, and writes every change to a log."""

    def __init__(self, log: ShownLog) -> None:
        self._log = log
        self._channels: dict[int, _Channel] = {}

    def take(self, event: Event) -> None:
        """Take the next event; those that change no text are ignored."""
        match event:
            case Partial():
                channel = self._channel(event.channel)
                texts = written(event.stable), written(event.unstable)
                channel.open[event.segment_id] = (event.start_sample, *texts)
            case Final():
                channel = self._channel(event.channel)
                channel.open.pop(event.segment_id, None)
                channel.final = f"{channel.final} {event.text}" if channel.final else event.text
            case Rejected():
                if self._channel(event.channel).open.pop(event.segment_id, None) is None:
                    return
            case _:
                return
        self._show(event.channel, event.end_sample)

    def _channel(self, number: int) -> _Channel:
        return self._channels.setdefault(number, _Channel())

    def _show(self, number: int, end_sample: int) -> None:
        channel = self._channels[number]
        committed, tentative = "", ""
        for _, stable, unstable in sorted(channel.open.values()):
            if stable and not tentative:  # what follows a text that may change cannot be promised in its place
                committed += f" {stable}"
            elif stable:
                tentative += f" {stable}"
            if unstable:
                tentative += f" {unstable}"
        self._log.show(
            number,
            final=channel.final,
            committed=committed,
            tentative=tentative,
            heard_until_s=end_sample / SAMPLE_RATE_HZ,
        )


def written(words: Sequence[Word]) -> str:
    """Words as one text."""
    return text_of(words).strip()


class Ear:
    """Packets of a call as callcore's own frames: float32 at 16 kHz, contiguous from sample 0."""

    def __init__(self, channel_count: int, rate_hz: int) -> None:
        self._resampler = Resampler(rate_hz, channel_count)
        self._channel_count = channel_count
        self._position = 0

    def hear(self, frames: Sequence[Frame]) -> list[AudioFrame]:
        """The next packet; a resampler holds some samples back until more come, so frames may differ in length."""
        packed = np.stack(frames, axis=1).astype(np.float32) / np.float32(FULL_SCALE)
        return self._frames(self._resampler.push(packed))

    def finish(self) -> list[AudioFrame]:
        """What was still held back."""
        return self._frames(self._resampler.finish())

    def _frames(self, packed: np.ndarray) -> list[AudioFrame]:
        if not len(packed):
            return []
        start, self._position = self._position, self._position + len(packed)
        return [AudioFrame(c, start, np.ascontiguousarray(packed[:, c])) for c in range(self._channel_count)]
