"""Who talked how much: talk time, silence, overlap, turns and speaking rate of a call. Pure interval arithmetic.

Talk is measured on the finals, the stretches of speech whose text was kept; they carry the little audio that the
segmenter keeps around speech, so talk is slightly longer and silence slightly shorter than what a stop-watch gives.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Literal

from callcore.record import CallRecord
from callcore.types import SAMPLE_RATE_HZ, Role, Turn, seconds

Interval = tuple[int, int]  #: first sample and the sample after the last

_COUNTED_IN_CHARACTERS = frozenset({"zh", "yue", "ja"})
_WORD = re.compile(r"\w+(?:['’.-]\w+)*")
_HAN_KANA = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
# Han and kana one by one, digits one by one (each is a syllable in Mandarin), other letters by the word.
_CHARACTER = re.compile(rf"[{_HAN_KANA}]|\d|[^\W\d_{_HAN_KANA}]+")


@dataclass(frozen=True, slots=True)
class ChannelStats:
    """One side of a call. Lengths in samples at ``SAMPLE_RATE_HZ``."""

    channel: int
    role: Role
    talk_samples: int
    share: float  #: of the talk of all channels added up, 0..1; 0 when nobody talks
    turn_count: int
    longest_monologue_samples: int  #: longest run of turns, added up, in which no other channel began a turn
    unit_count: int
    unit: Literal["characters", "words"]
    mean_word_probability: float | None  #: of the recogniser, 0..1; None without words

    @property
    def units_per_minute(self) -> float | None:
        """Speaking rate while talking; None when nothing was said."""
        return self.unit_count * 60 * SAMPLE_RATE_HZ / self.talk_samples if self.talk_samples else None


@dataclass(frozen=True, slots=True)
class CallStats:
    """A call as a whole. Lengths in samples at ``SAMPLE_RATE_HZ``.

    ``talk_samples + silence_samples == length_samples``; with two channels
    ``talk_a + talk_b - overlap_samples + silence_samples == length_samples``.
    """

    length_samples: int
    talk_samples: int  #: at least one channel talks
    overlap_samples: int  #: two or more channels talk
    silence_samples: int  #: nobody talks
    longest_silence: Interval  #: the first of the longest stretches in which nobody talks; (0, 0) when there is none
    channels: tuple[ChannelStats, ...]

    @property
    def longest_silence_s(self) -> float:
        start, end = self.longest_silence
        return seconds(end - start)


def call_stats(record: CallRecord) -> CallStats:
    """The statistics of a call; speech beyond its end, which only a damaged record has, is not counted."""
    length = record.sample_count
    channels = sorted({*record.channels, *(turn.channel for turn in record.turns)})
    talk = {
        channel: merged(
            (max(0, final.start_sample), min(length, final.end_sample))
            for final in record.finals
            if final.channel == channel
        )
        for channel in channels
    }
    anyone = merged(interval for intervals in talk.values() for interval in intervals)
    all_talk = sum(_total(intervals) for intervals in talk.values())
    monologues = _longest_monologues(record.turns)
    return CallStats(
        length_samples=length,
        talk_samples=_total(anyone),
        overlap_samples=_overlap([interval for intervals in talk.values() for interval in intervals]),
        silence_samples=length - _total(anyone),
        longest_silence=max(_gaps(anyone, length), key=lambda gap: (gap[1] - gap[0], -gap[0]), default=(0, 0)),
        channels=tuple(
            _channel_stats(record, channel, _total(talk[channel]), all_talk, monologues.get(channel, 0))
            for channel in channels
        ),
    )


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """The union of intervals as disjoint ones in order; empty ones vanish, touching ones become one."""
    union: list[Interval] = []
    for start, end in sorted(interval for interval in intervals if interval[0] < interval[1]):
        if union and start <= union[-1][1]:
            union[-1] = (union[-1][0], max(union[-1][1], end))
        else:
            union.append((start, end))
    return union


def count_units(text: str, language: str) -> tuple[int, Literal["characters", "words"]]:
    """How much is said: characters in Chinese and Japanese, else words."""
    if language.partition("-")[0].lower() in _COUNTED_IN_CHARACTERS:
        return len(_CHARACTER.findall(text)), "characters"
    return len(_WORD.findall(text)), "words"


def _channel_stats(record: CallRecord, channel: int, talk: int, all_talk: int, monologue: int) -> ChannelStats:
    turns = [turn for turn in record.turns if turn.channel == channel]
    language = next((turn.language for turn in turns), record.language)
    unit_count, unit = count_units("\n".join(turn.text for turn in turns), language)
    probabilities = [word.probability for turn in turns for word in turn.words]
    return ChannelStats(
        channel=channel,
        role=record.speaker(channel),
        talk_samples=talk,
        share=talk / all_talk if all_talk else 0.0,
        turn_count=len(turns),
        longest_monologue_samples=monologue,
        unit_count=unit_count,
        unit=unit,
        mean_word_probability=sum(probabilities) / len(probabilities) if probabilities else None,
    )


def _longest_monologues(turns: Iterable[Turn]) -> dict[int, int]:
    longest: dict[int, int] = {}
    for channel, run in groupby(turns, key=lambda turn: turn.channel):
        length = _total(merged((turn.start_sample, turn.end_sample) for turn in run))
        longest[channel] = max(longest.get(channel, 0), length)
    return longest


def _total(intervals: Iterable[Interval]) -> int:
    return sum(end - start for start, end in intervals)


def _overlap(intervals: Iterable[Interval]) -> int:
    """Samples covered twice or more by intervals that are disjoint within each channel."""
    edges = sorted(edge for start, end in intervals for edge in ((start, 1), (end, -1)))
    depth = covered = 0
    for (position, step), (following, _) in pairwise(edges):
        depth += step
        if depth >= 2:
            covered += following - position
    return covered


def _gaps(union: list[Interval], length: int) -> Iterator[Interval]:
    starts = [0, *(end for _, end in union)]
    ends = [*(start for start, _ in union), length]
    return ((start, end) for start, end in zip(starts, ends, strict=True) if start < end)
