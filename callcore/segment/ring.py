"""The last stretch of a channel's audio."""

from __future__ import annotations

from collections import deque

import numpy as np

from callcore.types import Samples


class AudioRing:
    """Keeps the samples of one channel that may still be asked for; whole chunks are dropped once they are not."""

    def __init__(self) -> None:
        self._chunks: deque[Samples] = deque()
        self._start = 0  #: position of the first sample kept
        self._end = 0

    def __len__(self) -> int:
        """Samples kept."""
        return self._end - self._start

    def append(self, chunk: Samples) -> None:
        """Add samples, shape (n,), float32. The chunk is kept, not copied."""
        self._chunks.append(chunk)
        self._end += len(chunk)

    def drop_before(self, position: int) -> None:
        """Forget chunks that end at or before ``position``."""
        while self._chunks and self._start + len(self._chunks[0]) <= position:
            self._start += len(self._chunks.popleft())

    def read(self, start: int, end: int) -> Samples:
        """A copy of the samples from ``start`` to ``end``, shape (end - start,). Raises IndexError if some are gone."""
        if start < self._start or end > self._end or start > end:
            raise IndexError(f"samples {start} to {end} are not in the ring ({self._start} to {self._end})")
        parts = []
        position = self._start
        for chunk in self._chunks:
            low, high = max(start - position, 0), min(end - position, len(chunk))
            if low < high:
                parts.append(chunk[low:high])
            position += len(chunk)
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.float32)
