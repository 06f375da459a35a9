"""What is wrong with the sound of a call, told while there is still time to mend it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from callcore.audio import FaultDetector
from callcore.pipeline.intake import Intake
from callcore.types import SAMPLE_RATE_HZ, AudioFrame, AudioWarning, WarningKind

SECOND = SAMPLE_RATE_HZ
LOOK_S = 10  #: between two looks at the figures
PATIENT_S = 30  #: before it is told that a side is silent or both are the same: one party may speak alone for a while
PATIENT = frozenset({WarningKind.DEAD_CHANNEL, WarningKind.DUPLICATED_CHANNELS})


class Soundness:
    """Judges the audio of all channels together; each fault of a channel is told once."""

    def __init__(self, channels: Sequence[int]) -> None:
        self._intake = {channel: Intake() for channel in channels}
        # A microphone beside a telephone line: what lies above 4 kHz says nothing about a fault.
        self._detector = FaultDetector(len(channels), source_rate_hz=SAMPLE_RATE_HZ // 2)
        self._seconds = 0
        self._told: set[tuple[WarningKind, int | None]] = set()

    def push(self, frame: AudioFrame) -> tuple[AudioFrame, list[AudioWarning]]:
        """The frame with samples that are no numbers as silence, and what has been noticed by now."""
        intake = self._intake.get(frame.channel)
        if intake is None or frame.start_sample < intake.received:
            return frame, []  # refused by the pipeline
        intake.push(frame)
        news: list[AudioWarning] = []
        while min(item.waiting for item in self._intake.values()) >= SECOND:
            self._detector.push(np.stack([item.take(SECOND) for item in self._intake.values()]))
            self._seconds += 1
            if self._seconds % LOOK_S == 0:
                news += self._news()
        return _finite(frame), news

    def finish(self) -> list[AudioWarning]:
        """No more audio will come: what has not been told yet."""
        rest = min((item.waiting for item in self._intake.values()), default=0)
        if rest:
            self._detector.push(np.stack([item.take(rest) for item in self._intake.values()]))
        return list(self._untold(self._detector.finish()))

    def _news(self) -> Iterator[AudioWarning]:
        found = self._detector.found()
        if self._seconds < PATIENT_S:
            found = [warning for warning in found if warning.kind not in PATIENT]
        for warning in self._untold(found):
            yield replace(warning, at_sample=self._seconds * SECOND)

    def _untold(self, found: Sequence[AudioWarning]) -> Iterator[AudioWarning]:
        channels = tuple(self._intake)
        for warning in found:
            channel = None if warning.channel is None else channels[warning.channel]
            if (warning.kind, channel) not in self._told:
                self._told.add((warning.kind, channel))
                yield replace(warning, channel=channel)


def _finite(frame: AudioFrame) -> AudioFrame:
    good = np.isfinite(frame.samples)
    return frame if good.all() else replace(frame, samples=np.where(good, frame.samples, np.float32(0)))
