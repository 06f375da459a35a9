"""How long decodes take, as measured: an empirical distribution by kind, window length and batch size. No I/O."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from callcore.errors import ConfigError
from callcore.types import RequestKind

NEIGHBOURS = 40  #: decodes of nearest window length that a time is drawn from; all that are as near count too
STANDS_FOR = {
    RequestKind.SPECULATIVE: (RequestKind.FINAL, RequestKind.PARTIAL),
    RequestKind.FINAL: (RequestKind.SPECULATIVE, RequestKind.PARTIAL),
    RequestKind.PARTIAL: (RequestKind.FINAL, RequestKind.SPECULATIVE),
    RequestKind.LANGUAGE: (RequestKind.PARTIAL, RequestKind.FINAL, RequestKind.SPECULATIVE),
}  #: where a kind was never measured, the first of these that was gives the times


@dataclass(frozen=True, slots=True)
class Decode:
    """One measured decode: ``batch`` requests of one kind together."""

    kind: RequestKind
    window_s: float  #: length decoded, padding included
    batch: int
    seconds: float


class MeasuredTimes:
    """Draws service times as they were measured."""

    def __init__(self, decodes: Iterable[Decode]) -> None:
        """Raises :class:`ConfigError` without any decode."""
        self._groups: dict[tuple[RequestKind, int], list[Decode]] = defaultdict(list)
        for decode in decodes:
            self._groups[decode.kind, decode.batch].append(decode)
        if not self._groups:
            raise ConfigError("no service times were measured.", "Give a result of: callcore bench capacity")
        self._near: dict[tuple[RequestKind, float, int], list[float]] = {}

    def draw(self, kind: RequestKind, window_s: float, batch: int, source: random.Random) -> float:
        """Seconds that a decode takes: one of the measured ones nearest to it in batch size and window length."""
        key = (kind, round(window_s, 1), batch)
        if key not in self._near:
            self._near[key] = self._nearest(*key)
        return source.choice(self._near[key])

    @property
    def largest_batch(self) -> int:
        """The most requests that were seen in one decode."""
        return max(batch for _, batch in self._groups)

    def _nearest(self, kind: RequestKind, window_s: float, batch: int) -> list[float]:
        kinds = {known for known, _ in self._groups}
        stand_in = next(one for one in (kind, *STANDS_FOR[kind]) if one in kinds)
        sizes = [size for known, size in self._groups if known is stand_in]
        size = min(sizes, key=lambda size: (abs(size - batch), size))
        group = self._groups[stand_in, size]
        distances = sorted(abs(decode.window_s - window_s) for decode in group)
        reach = distances[min(NEIGHBOURS, len(group)) - 1]
        return [decode.seconds for decode in group if abs(decode.window_s - window_s) <= reach]
