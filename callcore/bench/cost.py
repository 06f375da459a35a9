"""What a system takes of the machine while it listens: processor time and memory of its processes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import psutil

from callcore.bench.protocol import now
from callcore.bench.summary import Cost

INTERVAL_S = 0.5
SETTLING_SHARE = 0.25  #: of the run, at its start, that says nothing about growth
MIN_SLOPE_S = 300.0  #: a shorter run cannot tell growth from warming up


@dataclass(frozen=True, slots=True)
class Sample:
    """Totals of the system's processes. ``at_s`` since the meter was started; memory resident, in bytes."""

    at_s: float
    cpu_s: float
    rss_bytes: int


class CostMeter:
    """Samples a system's processes, and all they started, from a thread. A context manager."""

    def __init__(self, pids: Callable[[], Sequence[int]], excluded: Collection[int] = ()) -> None:
        """``pids``: the system's processes; ``excluded``: children of theirs that are the benchmark's own."""
        self._pids = pids
        self._excluded = frozenset(excluded)
        self._cpu_s: dict[tuple[int, float], float] = {}  # by process: what has ended still counts
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="bench-cost", daemon=True)
        self.samples: list[Sample] = []

    def __enter__(self) -> Self:
        self._start = now()
        self._take()
        self._thread.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self._stop.set()
        self._thread.join()
        self._take()

    def cost(self, call_minutes: float) -> Cost:
        """Sum up. ``call_minutes``: of all calls listened to meanwhile."""
        cpu_s = self.samples[-1].cpu_s - self.samples[0].cpu_s
        peak = max(sample.rss_bytes for sample in self.samples)
        return Cost(cpu_s / call_minutes, peak / 1e6, rss_slope_mb_per_hour(self.samples))

    def _run(self) -> None:
        while not self._stop.wait(INTERVAL_S):
            self._take()

    def _take(self) -> None:
        rss = 0
        for process in self._processes():
            try:
                with process.oneshot():
                    times = process.cpu_times()
                    self._cpu_s[process.pid, process.create_time()] = times.user + times.system
                    rss += process.memory_info().rss
            except psutil.NoSuchProcess:
                continue  # it ended between being found and being asked; its last known time stays
        self.samples.append(Sample(now() - self._start, sum(self._cpu_s.values()), rss))

    def _processes(self) -> Iterator[psutil.Process]:
        seen = set(self._excluded)
        for pid in self._pids():
            try:
                root = psutil.Process(pid)
                family = [root, *root.children(recursive=True)]
            except psutil.NoSuchProcess:
                continue
            for process in family:
                if process.pid not in seen:
                    seen.add(process.pid)
                    yield process


def rss_slope_mb_per_hour(samples: Sequence[Sample]) -> float | None:
    """Growth of memory by a straight line (least squares) through the run after its start; None if it was short."""
    length_s = samples[-1].at_s - samples[0].at_s
    if length_s < MIN_SLOPE_S:
        return None
    settled = [sample for sample in samples if sample.at_s - samples[0].at_s >= SETTLING_SHARE * length_s]
    hours = np.array([sample.at_s for sample in settled]) / 3600
    slope, _ = np.polyfit(hours, np.array([sample.rss_bytes for sample in settled]) / 1e6, 1)
    return float(slope)
