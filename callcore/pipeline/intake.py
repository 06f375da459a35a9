"""Audio of one channel on its way into the segmenter."""

from __future__ import annotations

import numpy as np

from callcore.types import SAMPLE_RATE_HZ, AudioFrame, AudioWarning, Samples, WarningKind


class Intake:
    """Samples of one channel that were received and not yet segmented; contiguous."""

    def __init__(self) -> None:
        self.received = 0
        self._parts: list[Samples] = []
        self.waiting = 0

    def push(self, frame: AudioFrame) -> int:
        """Append a frame; returns the number of missing samples before it, filled with silence."""
        missing = frame.start_sample - self.received
        if missing < 0:
            raise ValueError(f"frame at {frame.start_sample} lies before {self.received}, already received")
        for samples in (np.zeros(missing, np.float32), frame.samples) if missing else (frame.samples,):
            self._parts.append(samples)
            self.waiting += len(samples)
            self.received += len(samples)
        return missing

    def take(self, count: int) -> Samples:
        """The oldest ``count`` samples."""
        joined = np.concatenate(self._parts) if self._parts else np.zeros(0, np.float32)
        taken, rest = joined[:count], joined[count:]
        self._parts = [rest] if len(rest) else []
        self.waiting = len(rest)
        return taken


def gap_warning(frame: AudioFrame, missing: int) -> AudioWarning:
    """The warning that ``missing`` samples were lacking before ``frame``."""
    length_s = missing / SAMPLE_RATE_HZ
    return AudioWarning(
        WarningKind.GAP,
        f"{length_s:.3f} s of audio are missing; silence was put in their place.",
        frame.channel,
        frame.start_sample - missing,
        {"missing_s": round(length_s, 3)},
    )
