"""The course of a conversation as a fold over what is said, in order: who takes the floor, who breaks in, who waits.

Terms after Sacks, Schegloff and Jefferson ("A simplest systematics for the organization of turn-taking for
conversation", Language 50, 1974) and Heldner and Edlund ("Pauses, gaps and overlaps in conversations", Journal of
Phonetics 38, 2010); docs/dynamics.md gives every definition with its figure.

Whoever feeds it does so in order of time, and tells with ``until`` up to where nothing more will come: what comes out
depends on what was said and heard alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import inf

from callcore.config import UnderstandSettings
from callcore.intervals import Interval, clipped, common, gaps, merged, total
from callcore.types import SAMPLE_RATE_HZ, Incident, samples, seconds
from callcore.understand.music import Heard
from callcore.understand.remarks import Remarks

STRETCH_GAP = samples(0.5)  #: a speaker's shorter pause is none
FLOOR_GAP = samples(1.0)  #: who goes on within this after a back-channel has kept the floor
SIMULTANEOUS = samples(0.2)  #: two who begin within this of each other break in on nobody
WAIT_SPAN = samples(5.0)  #: a wait announced so long before a silence belongs to it
MUSIC_BRIDGE = samples(4.1)  #: ring-back in China is silent for 4 s
MIN_MUSIC = samples(4.5)  #: from the first to the last of it
MIN_MUSIC_SHARE = 0.3  #: of the judgements in that time
HOLD_MUSIC_SHARE = 0.5  #: of a silence
KEPT = samples(60.0)  #: how long past speech is remembered, unless it still goes on


@dataclass(frozen=True, slots=True, order=True)
class Speech:
    """One segment whose words are known; ``start`` and ``end`` without the rolls of the segmenter, in samples.

    Ordered by start, then channel.
    """

    start: int
    channel: int
    end: int
    text: str = ""
    syllables: int = 0

    @property
    def span(self) -> Interval:
        return self.start, self.end


@dataclass(slots=True)
class Stretch:
    """What one speaker says without a pause worth the name."""

    channel: int
    pieces: list[Speech]
    during: list[Stretch]  #: stretches of others that were being spoken when it began
    listens: bool | None = None  #: whether it is a back-channel; None until it is over

    @property
    def start(self) -> int:
        return self.pieces[0].start

    @property
    def end(self) -> int:
        return max(piece.end for piece in self.pieces)

    @property
    def text(self) -> str:
        return " ".join(piece.text for piece in self.pieces)

    def spans(self, until: float = inf) -> list[Interval]:
        """Where it is spoken, of the pieces that begin before ``until``."""
        return merged(piece.span for piece in self.pieces if piece.start < until)


@dataclass(slots=True)
class Side:
    """What is counted of one speaker."""

    interruptions: int = 0
    backchannels: int = 0
    syllables: int = 0
    answers_s: list[float] = field(default_factory=list)  #: from the end of the other's say to the own; negative = over
    question_answers_s: list[float] = field(default_factory=list)  #: those after a question
    longest_monologue: int = 0


@dataclass(slots=True)
class MusicRun:
    """Music on one channel while it may go on."""

    start: int
    end: int
    hits: int = 0
    judged: int = 0
    judged_at_end: int = 0  #: judgements up to the last hit

    @property
    def sure(self) -> bool:
        """Whether it is long and dense enough."""
        return self.end - self.start >= MIN_MUSIC and self.hits >= MIN_MUSIC_SHARE * self.judged_at_end


class Course:
    """Folds speech, music and pauses into incidents and counts."""

    def __init__(self, channels: Sequence[int], settings: UnderstandSettings, remarks: Remarks) -> None:
        self.sides = {channel: Side() for channel in channels}
        self.dead_air = 0  #: samples
        self.holds: list[Interval] = []
        self._remarks = remarks
        self._interruption = settings.interruption_ms * SAMPLE_RATE_HZ // 1000
        self._dead_air = samples(settings.dead_air_s)
        self._hold = samples(settings.hold_s)
        self._recent: deque[Speech] = deque()
        self._last: dict[int, Stretch] = {}
        self._open: list[Stretch] = []  #: in order of their start; not judged yet
        self._row: deque[Stretch] = deque()  #: in order of their start; the floor has not been given to them yet
        self._floor: Stretch | None = None
        self._monologue: tuple[int, int] = (-1, 0)  #: whose, and how long
        self._talk_end: int | None = None
        self._music: dict[int, MusicRun] = {}
        self._played: dict[int, list[Interval]] = {channel: [] for channel in channels}
        self._pauses: list[tuple[int, float]] = []

    def paused(self, start: int) -> None:
        """Listening stops; silence from here on says nothing."""
        self._pauses.append((start, inf))

    def resumed(self, start: int) -> None:
        """Listening goes on."""
        if self._pauses and self._pauses[-1][1] == inf:
            self._pauses[-1] = (self._pauses[-1][0], start)

    @property
    def talk_end(self) -> int | None:
        """Where the last speech ended; None before the first."""
        return self._talk_end

    @property
    def playing(self) -> tuple[int, ...]:
        """Channels on which there is music for some time."""
        return tuple(sorted(channel for channel, run in self._music.items() if run.sure))

    def waiting(self, since: int) -> bool:
        """Whether a silence that began at ``since`` was announced, or music plays in it."""
        return bool(self.playing) or self._announcer(since) is not None

    def say(self, speech: Speech) -> list[Incident]:
        """Take the next speech. Speech must come in order of start and channel."""
        incidents = self.until(speech.start)
        if self._talk_end is not None and speech.start > self._talk_end:
            for start, end in self._heard(self._talk_end, speech.start):
                incidents += self._silence(start, end, last=False)
        self._talk_end = max(speech.end, self._talk_end or 0)
        self._place(speech)
        self._recent.append(speech)
        while self._recent and self._recent[0].end < speech.start - KEPT:
            self._recent.popleft()
        return incidents

    def hear(self, channel: int, heard: Heard) -> list[Incident]:
        """Take the next judgement on a channel's sound, after all speech that begins before it ends."""
        incidents = self.until(heard.end)
        talk = merged(speech.span for speech in self._recent if speech.channel == channel)
        spoken = total(clipped(talk, heard.start, heard.end))
        music = heard.music and 2 * spoken < heard.end - heard.start
        run = self._music.get(channel)
        if run is not None:
            if heard.end - run.end > MUSIC_BRIDGE and not music:
                incidents += self._stop(channel)
                run = None
            else:
                run.judged += 1
        if music:
            if run is None:
                run = self._music[channel] = MusicRun(heard.start, heard.end, judged=1)
            run.end, run.hits, run.judged_at_end = heard.end, run.hits + 1, run.judged
        return incidents

    def until(self, limit: float) -> list[Incident]:
        """Nothing that begins before ``limit`` will come any more. Returns what is certain now."""
        over = [stretch for stretch in self._open if stretch.end + FLOOR_GAP < limit]
        incidents: list[Incident] = []
        for stretch in sorted(over, key=lambda item: (item.end, item.channel)):
            incidents += self._judge(stretch)
        if over:
            self._open = [stretch for stretch in self._open if stretch.listens is None]
            while self._row and self._row[0].listens is not None:
                self._take_floor(self._row.popleft())
        return incidents

    def finish(self, length: int) -> list[Incident]:
        """The call is over after ``length`` samples."""
        incidents = self.until(inf)
        if self._talk_end is not None:
            for start, end in self._heard(self._talk_end, length):
                incidents += self._silence(start, end, last=True)
        for channel in sorted(self._music):
            incidents += self._stop(channel)
        return incidents

    def _place(self, speech: Speech) -> None:
        last = self._last.get(speech.channel)
        if last is not None and speech.start - last.end <= STRETCH_GAP:
            last.pieces.append(speech)
            return
        during = [
            other
            for channel, other in sorted(self._last.items())
            if channel != speech.channel
            and other.start + SIMULTANEOUS <= speech.start
            and any(piece.start <= speech.start < piece.end for piece in other.pieces)
        ]
        stretch = Stretch(speech.channel, [speech], during)
        self._last[speech.channel] = stretch
        self._open.append(stretch)
        self._row.append(stretch)

    def _judge(self, stretch: Stretch) -> list[Incident]:
        side = self.sides[stretch.channel]
        side.syllables += sum(piece.syllables for piece in stretch.pieces)
        stretch.listens = self._listens(stretch)
        if stretch.listens:
            side.backchannels += 1
            return []
        over = [(common(stretch.spans(), other.spans(stretch.end)), other) for other in stretch.during]
        spans, other = max(over, key=lambda pair: total(pair[0]), default=([], stretch))
        if total(spans) < self._interruption:
            return []
        side.interruptions += 1
        detail = {"overlap_s": seconds(total(spans)), "yielded": float(other.spans(stretch.end)[-1][1] < stretch.end)}
        return [Incident("interruption", stretch.channel, stretch.start, spans[-1][1], detail)]

    def _listens(self, stretch: Stretch) -> bool:
        """Whether it is a back-channel: small words while another speaks, or between two says of who has the floor."""
        longest = samples(self._remarks.backchannel.longest_s)
        if stretch.end - stretch.start > longest or not self._remarks.only_listens(stretch.text):
            return False
        if stretch.during:
            return True
        near = [speech for speech in self._recent if speech.channel != stretch.channel]
        before = [speech for speech in near if stretch.start - FLOOR_GAP <= speech.end and speech.start < stretch.start]
        goes_on = {
            speech.channel
            for speech in near
            if stretch.start < speech.start <= stretch.end + FLOOR_GAP and speech.end > stretch.end
        }
        asked = bool(before) and self._remarks.asks(before[-1].text)
        return bool(before) and before[-1].channel in goes_on and not asked

    def _take_floor(self, stretch: Stretch) -> None:
        """Give the floor to the next stretch in order, unless it only listens."""
        if stretch.listens:
            return
        whose, talk = self._monologue
        talk = total(stretch.spans()) + (talk if whose == stretch.channel else 0)
        self._monologue = (stretch.channel, talk)
        side = self.sides[stretch.channel]
        side.longest_monologue = max(side.longest_monologue, talk)
        holder = self._floor
        if holder is None or holder.channel == stretch.channel:
            self._floor = stretch
        elif stretch.end > holder.end:
            self._floor = stretch
            if stretch.start - holder.end < self._dead_air:
                delay_s = round((stretch.start - holder.end) / SAMPLE_RATE_HZ, 3)
                side.answers_s.append(delay_s)
                if self._remarks.asks(holder.text):
                    side.question_answers_s.append(delay_s)

    def _silence(self, start: int, end: int, *, last: bool) -> list[Incident]:
        """What a silence of all sides is. ``last``: nobody speaks after it."""
        if end - start < min(self._dead_air, self._hold):
            return []
        announcer = self._announcer(start)
        playing = [(total(common(self._runs(channel), [(start, end)])), channel) for channel in self.sides]
        played, source = max(playing, key=lambda pair: (pair[0], -pair[1]))
        music = played >= HOLD_MUSIC_SHARE * (end - start)
        detail = {"announced": float(announcer is not None), "music_s": seconds(played)}
        if music or announcer is not None or (end - start >= self._hold and not last):
            self.holds.append((start, end))
            whose = announcer if announcer is not None else source if music else None
            return [Incident("hold", whose, start, end, detail)]
        if last or end - start < self._dead_air:
            return []
        self.dead_air += end - start
        return [Incident("dead_air", None, start, end)]

    def _announcer(self, silence: int) -> int | None:
        """Who asked to wait just before a silence that begins there."""
        for speech in reversed(self._recent):
            if speech.end >= silence - WAIT_SPAN and self._remarks.asks_to_wait(speech.text):
                return speech.channel
        return None

    def _runs(self, channel: int) -> Iterator[Interval]:
        yield from self._played[channel]
        run = self._music.get(channel)
        if run is not None and run.sure:
            yield run.start, run.end

    def _stop(self, channel: int) -> list[Incident]:
        run = self._music.pop(channel)
        if not run.sure:
            return []
        self._played[channel] = [*self._played[channel], (run.start, run.end)]
        return [Incident("music", channel, run.start, run.end)]

    def _heard(self, start: int, end: int) -> list[Interval]:
        """The parts of a silence in which callcore was listening."""
        away = merged((max(start, first), min(end, int(last) if last < inf else end)) for first, last in self._pauses)
        return list(gaps([span for span in away if span[0] < span[1]], start, end))
