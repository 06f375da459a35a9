"""Whether a quantity grows over time: the slope of a series with its confidence interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from callcore.errors import MissingExtra

BLOCKS = 60  #: means that a long series is reduced to, so that neighbouring readings, which hang together, count once


@dataclass(frozen=True, slots=True)
class Trend:
    """Slope of a series per unit of its times, and the interval that holds it with 95 % confidence."""

    slope: float
    low: float
    high: float

    def rises_by(self, tolerance: float) -> bool:
        """Whether the series rises for certain, and by more than ``tolerance`` (per unit of time)."""
        return self.slope > tolerance and self.low > 0


def trend(times: Sequence[float], values: Sequence[float]) -> Trend:
    """Theil-Sen slope of ``values`` over ``times`` (equally long, times rising), which single outliers do not move.

    Source: Sen, "Estimates of the regression coefficient based on Kendall's tau", 1968. A long series is first reduced
    to the means of :data:`BLOCKS` equal blocks. Fewer than three readings have no trend: all zero. Raises
    :class:`MissingExtra` without scipy.
    """
    try:
        from scipy.stats import theilslopes
    except ImportError as error:
        raise MissingExtra("scipy is not installed.", "Install it with: pip install 'callcore[bench]'") from error
    if len(times) < 3:
        return Trend(0.0, 0.0, 0.0)
    at, of = _block_means(np.asarray(times, np.float64)), _block_means(np.asarray(values, np.float64))
    found = theilslopes(of, at, alpha=0.95)
    return Trend(float(found.slope), float(found.low_slope), float(found.high_slope))


def _block_means(values: np.ndarray) -> np.ndarray:
    if len(values) <= BLOCKS:
        return values
    return np.array([block.mean() for block in np.array_split(values, BLOCKS)])


class BacklogWatch:
    """Looks at the backlog of a run as it goes on and says when the run is hopeless.

    Hopeless: over the newest ``window_s`` seconds the backlog never fell to half of ``limit_s``, its later half lies
    above its earlier half, and it has passed ``limit_s``.
    """

    def __init__(self, limit_s: float = 10.0, window_s: float = 15.0) -> None:
        self._limit_s = limit_s
        self._window_s = window_s
        self._readings: list[tuple[float, float]] = []

    def add(self, at_s: float, backlog_s: float) -> None:
        """A reading; ``at_s`` never falls."""
        self._readings.append((at_s, backlog_s))

    @property
    def worst_s(self) -> float:
        """The largest backlog seen, in seconds."""
        return max((backlog for _, backlog in self._readings), default=0.0)

    @property
    def hopeless(self) -> bool:
        """Whether the run may as well be ended."""
        if not self._readings or self._readings[-1][1] <= self._limit_s:
            return False
        end = self._readings[-1][0]
        if end - self._readings[0][0] < self._window_s:
            return False
        recent = [backlog for at, backlog in self._readings if at >= end - self._window_s]
        half = len(recent) // 2
        if half == 0 or min(recent) < self._limit_s / 2:
            return False
        return float(np.mean(recent[half:])) > float(np.mean(recent[:half]))

    def trend(self) -> Trend:
        """Seconds of backlog gained per second."""
        return trend([at for at, _ in self._readings], [backlog for _, backlog in self._readings])
