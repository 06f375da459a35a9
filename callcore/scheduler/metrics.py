"""What the scheduler did and how it fares, counted without a clock of its own."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from callcore.scheduler.ranks import Rank
from callcore.types import SAMPLE_RATE_HZ, DecodeRequest

RECENT_S = 60.0  #: delays older than this are forgotten
MOST_DELAYS = 4096  #: kept for each rank, however many came within RECENT_S
BUSY_MEMORY_S = 10.0  #: time constant of the busy share


@dataclass(frozen=True, slots=True)
class RankMetrics:
    """Requests of one rank (:class:`~callcore.scheduler.ranks.Rank`). Counts since the start, delays of a minute."""

    asked: int  #: requests that came in
    waiting: int
    delay_p50_ms: float | None  #: from being due to being taken by a worker; None: no request lately
    delay_p95_ms: float | None
    decodes: int  #: requests decoded, failures included
    service_s: float  #: worker time they took, all together
    audio_s: float  #: audio they held, all together
    failures: int
    replaced: int  #: gave way to a newer wish of the channel, or to the final
    expired: int  #: too old when a worker was free


@dataclass(frozen=True, slots=True)
class StuckDecode:
    """A decode that runs longer than any should."""

    worker: int
    rank: str
    running_s: float
    segment_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SchedulerMetrics:
    """A look at the scheduler. :meth:`as_dict` is ready for JSON."""

    workers: int
    running: int  #: batches being decoded
    busy_share: float  #: of the workers' time, 0..1, over the last seconds
    interval_ms: float  #: between two refreshes of a channel, now
    oldest_final_s: float  #: how long the oldest final has been waiting
    taken_over: int  #: finals that needed no decode of their own, because the speculative one was under way
    ranks: Mapping[str, RankMetrics]
    calls: int = 0
    calls_limit: int | None = None  #: None: not known, or not limited
    work_per_call: float | None = None  #: worker seconds that a call takes a second, refreshed least often
    workers_replaced: int = 0  #: worker threads that died
    stuck: Sequence[StuckDecode] = ()

    def as_dict(self) -> dict[str, Any]:
        """The same as plain values, seconds and shares rounded."""
        plain: dict[str, Any] = _rounded(asdict(self))
        return plain


@dataclass(frozen=True, slots=True)
class Work:
    """Work since the start, in seconds of a worker."""

    other_s: float = 0.0  #: of all decodes but refreshes
    refreshes_asked: int = 0
    refreshes: int = 0
    refresh_s: float = 0.0


class Meter:
    """Counts what a :class:`~callcore.scheduler.queue.RequestQueue` does. The time is passed in."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._ranks = {rank: _Counts() for rank in Rank}
        self._taken_over = 0
        self._busy = 0.0
        self._running = 0
        self._changed_s: float | None = None

    def asked(self, rank: Rank) -> None:
        """A request came in that has to be decoded."""
        self._ranks[rank].asked += 1

    def taken(self, rank: Rank, delay_s: float, now_s: float) -> None:
        """A request went to a worker, ``delay_s`` after it could have."""
        self._ranks[rank].delays.append((now_s, delay_s))

    def taken_over(self, now_s: float) -> None:
        """A final takes over the answer of a decode that is under way: it has no delay."""
        self._taken_over += 1
        self.taken(Rank.FINAL, 0.0, now_s)

    def replaced(self, rank: Rank) -> None:
        """A wish gave way to a newer one or to the final."""
        self._ranks[rank].replaced += 1

    def expired(self, rank: Rank) -> None:
        """A wish became too old."""
        self._ranks[rank].expired += 1

    def served(self, rank: Rank, work_s: float, request: DecodeRequest) -> None:
        """A request was decoded, or failed; its share of the decode took a worker ``work_s``."""
        counts = self._ranks[rank]
        counts.decodes += 1
        counts.service_s += work_s
        counts.audio_s += len(request.audio) / SAMPLE_RATE_HZ

    def failed(self, rank: Rank) -> None:
        """A request could not be decoded."""
        self._ranks[rank].failures += 1

    def busy(self, running: int, now_s: float) -> None:
        """From now on, ``running`` workers decode."""
        self._busy = self._busy_share(now_s)
        self._running, self._changed_s = running, now_s

    def work(self) -> Work:
        """What was done so far."""
        total_s = sum(counts.service_s for counts in self._ranks.values())
        refresh = self._ranks[Rank.REFRESH]
        return Work(total_s - refresh.service_s, refresh.asked, refresh.decodes, refresh.service_s)

    def snapshot(
        self, now_s: float, *, waiting: Mapping[Rank, int], interval_s: float, oldest_s: float
    ) -> SchedulerMetrics:
        """Everything as of now; the queue knows what is passed in."""
        return SchedulerMetrics(
            workers=self._workers,
            running=self._running,
            busy_share=self._busy_share(now_s),
            interval_ms=interval_s * 1000,
            oldest_final_s=oldest_s,
            taken_over=self._taken_over,
            ranks={rank.label: self._ranks[rank].metrics(waiting[rank], now_s) for rank in Rank},
        )

    def _busy_share(self, now_s: float) -> float:
        """Mean share of busy workers; older time counts less."""
        if self._changed_s is None:
            return 0.0
        kept = math.exp((self._changed_s - now_s) / BUSY_MEMORY_S)
        return self._busy * kept + self._running / self._workers * (1.0 - kept)


class _Counts:
    def __init__(self) -> None:
        self.delays: deque[tuple[float, float]] = deque(maxlen=MOST_DELAYS)
        self.asked = 0
        self.decodes = 0
        self.service_s = 0.0
        self.audio_s = 0.0
        self.failures = 0
        self.replaced = 0
        self.expired = 0

    def metrics(self, waiting: int, now_s: float) -> RankMetrics:
        recent = sorted(delay_s for at_s, delay_s in self.delays if at_s >= now_s - RECENT_S)
        return RankMetrics(
            asked=self.asked,
            waiting=waiting,
            delay_p50_ms=_percentile_ms(recent, 0.50),
            delay_p95_ms=_percentile_ms(recent, 0.95),
            decodes=self.decodes,
            service_s=self.service_s,
            audio_s=self.audio_s,
            failures=self.failures,
            replaced=self.replaced,
            expired=self.expired,
        )


def _percentile_ms(ordered: Sequence[float], share: float) -> float | None:
    """The value that ``share`` of all do not exceed (nearest rank), in milliseconds."""
    return ordered[math.ceil(share * len(ordered)) - 1] * 1000 if ordered else None


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, Mapping):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return value
