"""The dynamics of a call while it goes on: who talks how much and how fast, who breaks in, who waits for whom.

A state machine in samples. It takes what the segmenter and the recogniser find, in whatever portions and with whatever
delay, and decides only what nothing to come can change: incidents and their order depend on the call alone.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import ceil

from callcore.config import SegmentSettings, UnderstandSettings
from callcore.intervals import Interval, Tally, clipped, merged, tally, total
from callcore.record import CallRecord
from callcore.types import SAMPLE_RATE_HZ, Final, Incident, Paused, Samples
from callcore.understand.course import Course, Speech
from callcore.understand.music import BLOCK_SAMPLES, Heard, MusicEar
from callcore.understand.pace import count_syllables
from callcore.understand.remarks import Remarks

RECENT = 30 * SAMPLE_RATE_HZ  #: the speaking rate "now" is that of so much time
MIN_RATE_TALK = SAMPLE_RATE_HZ  #: less talk than this gives no rate
SETTLE_STEP = SAMPLE_RATE_HZ // 4  #: what has become certain is looked at so often


@dataclass(frozen=True, slots=True)
class Answers:
    """How soon somebody speaks after the other has ended; seconds, negative where they begin before that."""

    count: int = 0
    last_s: float | None = None
    median_s: float | None = None
    p95_s: float | None = None

    @classmethod
    def of(cls, delays_s: Sequence[float]) -> Answers:
        """From delays in order of time."""
        if not delays_s:
            return cls()
        row = sorted(delays_s)
        middle = (row[(len(row) - 1) // 2] + row[len(row) // 2]) / 2
        return cls(len(row), delays_s[-1], round(middle, 3), row[ceil(0.95 * len(row)) - 1])


@dataclass(frozen=True, slots=True)
class ChannelDynamics:
    """One side of a call so far. Lengths in samples; docs/dynamics.md defines every figure."""

    channel: int
    talk: int = 0
    share: float = 0.0  #: of the talk of all sides added up, 0..1; 0 when nobody has talked
    syllables_per_s: float | None = None  #: of talk; None while there is too little of it
    recent_syllables_per_s: float | None = None  #: over the last 30 s
    interruptions: int = 0
    backchannels: int = 0
    answers: Answers = Answers()
    question_answers: Answers = Answers()
    longest_monologue: int = 0


@dataclass(frozen=True, slots=True)
class DynamicsSnapshot:
    """The course of a call up to ``position``, as far as it is known. Lengths in samples."""

    position: int
    channels: tuple[ChannelDynamics, ...]
    silence: int = 0  #: nobody talks
    overlap: int = 0  #: two or more talk
    current_silence: int = 0  #: since somebody last talked; 0 before the first word
    waiting: bool = False  #: the current silence was announced, or music plays
    music: tuple[int, ...] = ()  #: channels with music or tones
    holds: int = 0
    hold: int = 0  #: length of all holds
    dead_air: int = 0  #: length of all dead air

    @property
    def silence_share(self) -> float:
        """0..1; 0 at the very beginning."""
        return self.silence / self.position if self.position else 0.0

    @property
    def overlap_share(self) -> float:
        """0..1; 0 at the very beginning."""
        return self.overlap / self.position if self.position else 0.0


@dataclass(slots=True)
class _Channel:
    """What is known of a channel and not settled yet, and what it adds up to."""

    open: dict[int, int | None] = field(default_factory=dict)  #: segments without their words: start, end (None = open)
    spans: dict[int, Interval] = field(default_factory=dict)  #: of closed ones, without the rolls, by start
    last_end: int = -1
    ear: MusicEar = field(default_factory=MusicEar)
    recent: deque[Speech] = field(default_factory=deque)
    talk: int = 0  #: of speech whose words are known
    syllables: int = 0


class Dynamics:
    """Follows one call. Nothing here blocks, reads a clock or does I/O."""

    def __init__(
        self,
        channels: Sequence[int],
        settings: UnderstandSettings,
        segment: SegmentSettings,
        remarks: Remarks | None = None,
    ) -> None:
        """``segment``: of the segmenter, whose rolls are taken off what it reports. ``remarks``: else the bundled."""
        self._channels = {channel: _Channel() for channel in channels}
        self._course = Course(channels, settings, remarks or Remarks.load())
        self._pre_roll = segment.pre_roll_ms * SAMPLE_RATE_HZ // 1000
        self._post_roll = segment.post_roll_ms * SAMPLE_RATE_HZ // 1000
        self._speech: list[Speech] = []  #: heap in order of start, not handed on yet
        self._heard: list[tuple[int, int, bool]] = []  #: heap of the sound's end, channel, and whether it is music
        self._settled = 0  #: everything before this is known and counted
        self._talking: list[Speech] = []  #: reaches beyond it
        self._tally = Tally(dict.fromkeys(channels, 0))
        self._finished = False

    def opened(self, channel: int, start_sample: int) -> None:
        """A segment of speech has begun, its start final."""
        self._channels[channel].open[start_sample] = None

    def closed(self, channel: int, start_sample: int, end_sample: int) -> None:
        """It has ended; its words, or their refusal, are still to come."""
        known = self._channels[channel]
        known.open[start_sample] = end_sample
        known.spans[start_sample] = self._without_rolls(start_sample, end_sample, known.last_end)
        known.last_end = end_sample

    def refused(self, channel: int, start_sample: int, end_sample: int) -> None:  # noqa: ARG002  (as the event has it)
        """A segment, open or closed, turned out to be no speech, or without words."""
        known = self._channels[channel]
        known.open.pop(start_sample, None)
        known.spans.pop(start_sample, None)

    def said(self, final: Final) -> Interval:
        """The words of a segment, which need not have been reported before. Returns where in it there is speech."""
        known = self._channels[final.channel]
        if final.start_sample not in known.spans:
            self.closed(final.channel, final.start_sample, final.end_sample)
        del known.open[final.start_sample]
        start, end = known.spans.pop(final.start_sample)
        if start < end:
            speech = Speech(start, final.channel, end, final.text, count_syllables(final.text))
            heapq.heappush(self._speech, speech)
        return start, end

    def sounded(self, channel: int, start_sample: int, audio: Samples) -> None:
        """The next audio of a channel, shape (n,), float32, 16 kHz, without holes from sample 0 on.

        Raises ValueError when it does not begin where the last one ended.
        """
        known = self._channels[channel]
        if start_sample != known.ear.position:
            raise ValueError(f"audio from sample {start_sample}, expected {known.ear.position}")
        for heard in known.ear.push(audio):
            heapq.heappush(self._heard, (heard.end, channel, heard.music))

    def paused(self, start_sample: int) -> None:
        """Listening stops at a sample: the silence that follows is none of the call's."""
        self._course.paused(start_sample)

    def resumed(self, start_sample: int) -> None:
        """Listening goes on."""
        self._course.resumed(start_sample)

    def advance(self, position: int) -> list[Incident]:
        """No segment that is yet to be opened begins before ``position``, and the sound up to it was handed in.

        Returns the incidents that have become certain, in an order that depends on the call alone.
        """
        if position - self._settled < SETTLE_STEP:
            return []
        waits_for = [start for known in self._channels.values() for start in known.open]
        limit = min([position, *waits_for])
        return self._hand_on(limit) if limit - self._settled >= SETTLE_STEP else []

    def finish(self, sample_count: int) -> list[Incident]:
        """The call is over. Segments that never got words count as silence. Calling it again returns nothing."""
        if self._finished:
            return []
        self._finished = True
        for known in self._channels.values():
            known.open.clear()
            known.spans.clear()
        late = [speech.start for speech in self._speech]
        incidents = self._hand_on(max([sample_count, self._settled, *late]) + 1, sample_count)
        return incidents + self._course.finish(sample_count)

    def snapshot(self, position: int) -> DynamicsSnapshot:
        """The figures at ``position``, which counts what is not settled yet as it looks now."""
        course, now = self._course, self._tally
        if position > self._settled:
            now = now.plus(tally(self._unsettled(position), self._settled, position))
        whole = sum(now.talk.values())
        current = 0
        if course.talk_end is not None:
            last = max([course.talk_end, *(end for spans in self._unsettled(position).values() for _, end in spans)])
            current = max(position - last, 0)
        return DynamicsSnapshot(
            position=position,
            channels=tuple(
                self._side(channel, now.talk.get(channel, 0), whole, position) for channel in self._channels
            ),
            silence=max(position - now.anyone, 0),
            overlap=now.overlap,
            current_silence=current,
            waiting=current > 0 and course.waiting(position - current),
            music=course.playing,
            holds=len(course.holds),
            hold=total(course.holds),
            dead_air=course.dead_air,
        )

    def _hand_on(self, limit: int, end: int | None = None) -> list[Incident]:
        """Fold everything before ``limit``; what lies beyond ``end`` is not counted as talk."""
        incidents: list[Incident] = []
        fresh: list[Speech] = []
        while self._speech or self._heard:
            start = self._speech[0].start if self._speech else limit
            sound = self._heard[0][0] if self._heard else limit + 1
            if sound <= min(start, limit):  # speech that begins where the sound was judged comes after it
                heard_end, channel, music = heapq.heappop(self._heard)
                incidents += self._course.hear(channel, Heard(heard_end - BLOCK_SAMPLES, heard_end, music))
            elif start < limit:
                speech = heapq.heappop(self._speech)
                incidents += self._course.say(speech)
                fresh.append(speech)
            else:
                break
        incidents += self._course.until(limit)
        self._count([*self._talking, *fresh], fresh, limit if end is None else max(end, self._settled))
        return incidents

    def _count(self, talking: list[Speech], fresh: Iterable[Speech], limit: int) -> None:
        self._tally = self._tally.plus(tally(_by_channel(talking), self._settled, limit))
        self._settled = limit
        self._talking = [speech for speech in talking if speech.end > limit]
        for speech in fresh:
            known = self._channels[speech.channel]
            known.talk += speech.end - speech.start
            known.syllables += speech.syllables
            known.recent.append(speech)
            while known.recent and known.recent[0].end < limit - RECENT:
                known.recent.popleft()

    def _unsettled(self, position: int) -> dict[int, list[Interval]]:
        """Where somebody talks as far as it looks now, by channel: with words, waiting for them, or still open."""
        spans = _by_channel([*self._talking, *self._speech])
        for channel, known in self._channels.items():
            row = spans.setdefault(channel, [])
            row += known.spans.values()
            row += [(start + self._pre_roll, position) for start, end in known.open.items() if end is None]
        return {channel: list(clipped(row, 0, position)) for channel, row in spans.items()}

    def _side(self, channel: int, talk: int, whole: int, position: int) -> ChannelDynamics:
        known, side = self._channels[channel], self._course.sides[channel]
        return ChannelDynamics(
            channel=channel,
            talk=talk,
            share=talk / whole if whole else 0.0,
            syllables_per_s=_rate(known.syllables, known.talk),
            recent_syllables_per_s=_recent_rate(known.recent, position),
            interruptions=side.interruptions,
            backchannels=side.backchannels,
            answers=Answers.of(side.answers_s),
            question_answers=Answers.of(side.question_answers_s),
            longest_monologue=side.longest_monologue,
        )

    def _without_rolls(self, start: int, end: int, last_end: int) -> Interval:
        """A segment without the audio kept around its speech; one that touches the one before has none in front."""
        first = start if start <= last_end else start + self._pre_roll
        last = end - self._post_roll
        return (first, last) if first < last else (start, end)


def follow(
    record: CallRecord, settings: UnderstandSettings, segment: SegmentSettings
) -> tuple[DynamicsSnapshot, list[Incident], list[Interval]]:
    """The dynamics of a call that is over, from its finals and pauses: as if followed live, but without the sound.

    Returns the figures at its end, the incidents, and where anybody talks.
    """
    channels = sorted({*record.channels, *(turn.channel for turn in record.turns)})
    dynamics = Dynamics(channels, settings, segment)
    for event in record.pauses:
        if isinstance(event, Paused):
            dynamics.paused(event.start_sample)
        else:
            dynamics.resumed(event.start_sample)
    talk = merged(clipped((dynamics.said(final) for final in record.finals), 0, record.sample_count))
    incidents = dynamics.finish(record.sample_count)
    return dynamics.snapshot(record.sample_count), incidents, talk


def _rate(syllables: float, talk: float) -> float | None:
    return round(syllables * SAMPLE_RATE_HZ / talk, 2) if talk >= MIN_RATE_TALK else None


def _recent_rate(row: Iterable[Speech], position: int) -> float | None:
    """Syllables a second of the last 30 s; speech that lies within them in part counts in part."""
    syllables = talk = 0.0
    for speech in row:
        within = min(speech.end, position) - max(speech.start, position - RECENT)
        if within > 0:
            talk += within
            syllables += speech.syllables * within / (speech.end - speech.start)
    return _rate(syllables, talk)


def _by_channel(row: Iterable[Speech]) -> dict[int, list[Interval]]:
    spans: dict[int, list[Interval]] = {}
    for speech in row:
        spans.setdefault(speech.channel, []).append(speech.span)
    return spans
