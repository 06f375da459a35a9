"""Who talked how much: talk time, silence, overlap, turns, speaking rate and the course of a stored call.

The figures are those of :mod:`callcore.understand.dynamics`, which follows live calls, made from the call's finals.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from callcore.config import SegmentSettings, UnderstandSettings
from callcore.intervals import Interval, gaps
from callcore.record import CallRecord
from callcore.types import MASK, SAMPLE_RATE_HZ, Incident, Role, seconds
from callcore.understand.dynamics import Answers, ChannelDynamics, follow

BOUNDS = ("interruption_ms", "dead_air_s", "hold_s")  #: settings that decide what is an incident
ROLLS = ("pre_roll_ms", "post_roll_ms")  #: settings that say how much longer segments are than speech

_COUNTED_IN_CHARACTERS = frozenset({"zh", "yue", "ja"})
_WORD = re.compile(rf"\w+(?:['’.-]\w+)*|{re.escape(MASK)}+")
_HAN_KANA = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
# Han and kana one by one, digits one by one (each is a syllable in Mandarin), other letters by the word.
_CHARACTER = re.compile(rf"[{_HAN_KANA}]|\d|{re.escape(MASK)}|[^\W\d_{_HAN_KANA}]+")


@dataclass(frozen=True, slots=True)
class ChannelStats:
    """One side of a call. Lengths in samples at ``SAMPLE_RATE_HZ``."""

    channel: int
    role: Role
    talk_samples: int
    share: float  #: of the talk of all channels added up, 0..1; 0 when nobody talks
    turn_count: int
    longest_monologue_samples: int  #: longest talk, added up, in which no other channel said more than a back-channel
    unit_count: int
    unit: Literal["characters", "words"]
    mean_word_probability: float | None  #: of the recogniser, 0..1; None without words
    syllables_per_s: float | None  #: of talk; None where there is too little of it
    interruptions: int
    backchannels: int
    answers: Answers

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
    incidents: tuple[Incident, ...]  #: as stored; for calls stored without any, found in their finals

    @property
    def longest_silence_s(self) -> float:
        start, end = self.longest_silence
        return seconds(end - start)

    def lengths(self, kind: str) -> list[int]:
        """How long each incident of a kind was, in samples."""
        return [one.end_sample - one.start_sample for one in self.incidents if one.kind == kind]


def call_stats(record: CallRecord) -> CallStats:
    """The statistics of a call; speech beyond its end, which only a damaged record has, is not counted."""
    length = record.sample_count
    given = record.started.settings if record.started else {}
    course, found, talk = follow(record, _understand(given), _segment(given))
    incidents = tuple(record.incidents or found)
    interruptions = Counter(one.channel for one in incidents if one.kind == "interruption")
    return CallStats(
        length_samples=length,
        talk_samples=length - course.silence,
        overlap_samples=course.overlap,
        silence_samples=course.silence,
        longest_silence=max(gaps(talk, 0, length), key=lambda gap: (gap[1] - gap[0], -gap[0]), default=(0, 0)),
        channels=tuple(_channel_stats(record, side, interruptions[side.channel]) for side in course.channels),
        incidents=incidents,
    )


def count_units(text: str, language: str) -> tuple[int, Literal["characters", "words"]]:
    """How much is said: characters in Chinese and Japanese, else words."""
    if language.partition("-")[0].lower() in _COUNTED_IN_CHARACTERS:
        return len(_CHARACTER.findall(text)), "characters"
    return len(_WORD.findall(text)), "words"


def _channel_stats(record: CallRecord, side: ChannelDynamics, interruptions: int) -> ChannelStats:
    turns = [turn for turn in record.turns if turn.channel == side.channel]
    language = next((turn.language for turn in turns), record.language)
    unit_count, unit = count_units("\n".join(turn.text for turn in turns), language)
    probabilities = [word.probability for turn in turns for word in turn.words]
    return ChannelStats(
        channel=side.channel,
        role=record.speaker(side.channel),
        talk_samples=side.talk,
        share=side.share,
        turn_count=len(turns),
        longest_monologue_samples=side.longest_monologue,
        unit_count=unit_count,
        unit=unit,
        mean_word_probability=sum(probabilities) / len(probabilities) if probabilities else None,
        syllables_per_s=side.syllables_per_s,
        interruptions=interruptions,
        backchannels=side.backchannels,
        answers=side.answers,
    )


def _understand(given: Mapping[str, Any]) -> UnderstandSettings:
    """The bounds that the call was followed with; today's defaults for calls that were stored without any."""
    kept = given.get("understand", {})
    return UnderstandSettings.model_validate({key: kept[key] for key in BOUNDS if key in kept})


def _segment(given: Mapping[str, Any]) -> SegmentSettings:
    """The rolls that the call's segments have; none where nobody knows."""
    kept = given.get("segment", {})
    return SegmentSettings.model_validate({key: kept.get(key, 0) for key in ROLLS})
