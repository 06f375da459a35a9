"""Arithmetic of stretches of samples: union, gaps, overlap. The one place where it is done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

Interval = tuple[int, int]  #: first sample and the sample after the last


@dataclass(frozen=True, slots=True)
class Tally:
    """How long who talks in a stretch of time. ``talk``: samples by channel."""

    talk: Mapping[int, int]
    anyone: int = 0  #: samples in which at least one channel talks
    overlap: int = 0  #: samples in which two or more talk

    def plus(self, other: Tally) -> Tally:
        """Both stretches together, which must not overlap."""
        talk = {
            channel: self.talk.get(channel, 0) + other.talk.get(channel, 0) for channel in {*self.talk, *other.talk}
        }
        return Tally(talk, self.anyone + other.anyone, self.overlap + other.overlap)


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """The union of intervals as disjoint ones in order; empty ones vanish, touching ones become one."""
    union: list[Interval] = []
    for start, end in sorted(interval for interval in intervals if interval[0] < interval[1]):
        if union and start <= union[-1][1]:
            union[-1] = (union[-1][0], max(union[-1][1], end))
        else:
            union.append((start, end))
    return union


def clipped(intervals: Iterable[Interval], start: int, end: int) -> Iterator[Interval]:
    """The parts of intervals that lie between ``start`` and ``end``."""
    cut = ((max(start, first), min(end, last)) for first, last in intervals)
    return (interval for interval in cut if interval[0] < interval[1])


def total(intervals: Iterable[Interval]) -> int:
    """Their lengths added up."""
    return sum(end - start for start, end in intervals)


def overlap(intervals: Iterable[Interval]) -> int:
    """Samples covered twice or more by intervals that are disjoint within each channel."""
    edges = sorted(edge for start, end in intervals for edge in ((start, 1), (end, -1)))
    depth = covered = 0
    for (position, step), (following, _) in pairwise(edges):
        depth += step
        if depth >= 2:
            covered += following - position
    return covered


def common(left: Iterable[Interval], right: Iterable[Interval]) -> list[Interval]:
    """What both unions of intervals cover."""
    others = merged(right)
    return merged(part for start, end in merged(left) for part in clipped(others, start, end))


def gaps(union: list[Interval], start: int, end: int) -> Iterator[Interval]:
    """What a union in order leaves free between ``start`` and ``end``."""
    starts = [start, *(last for _, last in union)]
    ends = [*(first for first, _ in union), end]
    return ((free, taken) for free, taken in zip(starts, ends, strict=True) if free < taken)


def tally(talk: Mapping[int, Iterable[Interval]], start: int, end: int) -> Tally:
    """Who talks how long between ``start`` and ``end``. ``talk``: intervals by channel, in any order."""
    within = {channel: merged(clipped(intervals, start, end)) for channel, intervals in talk.items()}
    everything = [interval for intervals in within.values() for interval in intervals]
    talking = {channel: total(intervals) for channel, intervals in within.items()}
    return Tally(talking, total(merged(everything)), overlap(everything))
