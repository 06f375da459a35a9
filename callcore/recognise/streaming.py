"""What is shown of speech that is still going on: when to ask, which words to commit, where to cut the window. No I/O.

A partial is decoded from a growing window of the open segment. A word is committed in the same update when it ends well
before the window's edge and the recogniser is sure of it; a doubtful word is committed when two readings in a row agree
on it (LocalAgreement-2: Liu, Spanakis, Niehues, "Low-Latency Sequence-to-Sequence Speech Recognition and Translation by
Partial Hypothesis Selection", 2020; Macháček, Dabre, Bojar, "Turning Whisper into Real-Time Transcription System",
2023). Committed words never change. Once the window is long, its audio is cut at committed words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from rapidfuzz.distance import Levenshtein

from callcore.config import LiveSettings, RecogniseSettings
from callcore.recognise.guards import CLEAR_SPEECH, bare, judge
from callcore.types import SAMPLE_RATE_HZ, DecodeResult, RequestKind, Word, text_of

FIRST_AFTER_MS = 480  #: audio of a segment worth a first look; less is mostly misread
PAUSE_MS = 64  #: silence that is worth a look at what was said before it
OVERLAP_WORDS = 2  #: committed words whose audio stays in a window that was cut, so that it does not begin in mid-word
STUCK_S = 8.0  #: audio without a commit after which words are committed whatever their probability
STUCK_MARGIN_S = 2.0  #: the newest of it, still left open
HEARD_MS = 40  #: a word shorter than this was guessed from the words before it, not heard
MARKS = "，。？！、；：,.?!;:…"  #: punctuation after a word
REFUSALS = 2  #: readings refused in a row after which their audio is left out of the next window


@dataclass(frozen=True, slots=True)
class Look:
    """A window worth decoding: what was said before it (``history``), and what is committed of it (``prefix``)."""

    start_sample: int
    history: str
    prefix: str
    first: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """What an answer changed: words newly committed, and the words that may still change.

    ``mark``: punctuation that has turned up after the word committed last, "" where there is none.
    """

    mark: str
    committed: tuple[Word, ...]
    unstable: tuple[Word, ...]


@dataclass(slots=True)
class _Stream:
    """The open segment of one channel."""

    segment_id: str
    start: int
    window_start: int
    asked: int = 0  #: end of the audio last asked for
    paused_at: int = -1  #: last speech before the pause that was looked at
    stable: list[Word] = field(default_factory=list)
    previous: Sequence[Word] = ()  #: words of the last reading that were not committed
    refusals: int = 0
    answered: bool = False

    @property
    def stable_end(self) -> int:
        return self.stable[-1].end_sample if self.stable else self.start


class PartialPolicy:
    """Follows the open segments of all channels of one call."""

    def __init__(self, settings: LiveSettings, guards: RecogniseSettings) -> None:
        """``guards``: limits for texts that cannot have been said, as for finals."""
        self._settings = settings
        self._guards = guards
        self._interval = settings.partial_interval_ms * SAMPLE_RATE_HZ // 1000
        self._margin = settings.commit_margin_ms * SAMPLE_RATE_HZ // 1000
        self._doubt = settings.doubt_ms * SAMPLE_RATE_HZ // 1000
        self._window = round(settings.window_s * SAMPLE_RATE_HZ)
        self._streams: dict[int, _Stream] = {}
        self._said: dict[int, str] = {}  #: end of what was said on a channel, for the history

    def opened(self, channel: int, segment_id: str, start: int, carried: Sequence[Word] = ()) -> None:
        """A segment begins. ``carried``: words committed already when the one before was cut for its length."""
        stream = _Stream(segment_id, start, start, asked=start, stable=list(carried))
        self._streams[channel] = stream

    def closed(self, channel: int, end: int) -> tuple[Word, ...]:
        """The channel's segment ended at sample ``end``. Returns the committed words that lie after it."""
        stream = self._streams.pop(channel, None)
        return tuple(word for word in stream.stable if word.start_sample + word.end_sample >= 2 * end) if stream else ()

    def said(self, channel: int, text: str) -> None:
        """A final came out: it is the history of what follows."""
        self._said[channel] = text

    def look(self, channel: int, position: int, last_speech: int) -> Look | None:
        """Whether audio up to ``position`` should be decoded now. ``last_speech``: end of the last speech so far."""
        stream = self._streams.get(channel)
        if stream is None or last_speech <= stream.asked:
            return None  # nothing new was said
        silence = position - last_speech
        due = position - stream.asked >= (self._interval if stream.answered or stream.asked > stream.start else _FIRST)
        if silence >= _PAUSE and stream.paused_at != last_speech:
            stream.paused_at = last_speech
            due = due or position - stream.asked >= 2 * _PAUSE
        if not due or silence > 2 * _PAUSE:
            return None
        stream.asked = position
        before = [word for word in stream.stable if word.start_sample < stream.window_start]
        within = stream.stable[len(before) :]
        history = f"{self._said.get(channel, '')}{text_of(before)}" if self._settings.history_tokens else ""
        return Look(stream.window_start, history, text_of(within), not stream.answered)

    def answer(self, result: DecodeResult, speech_probability: float) -> Reading | None:
        """Take the answer to a look, or that to a speculative final. None when it is stale, or not to be shown.

        ``speech_probability``: mean voice probability of the open segment, 0..1.
        """
        stream = self._streams.get(result.channel)
        if stream is None or stream.segment_id != result.segment_id or result.hypothesis is None:
            return None
        length = result.end_sample - result.start_sample
        verdict = judge(result, length, speech_probability, self._guards)
        doubtful = verdict.reason == "low_confidence" and speech_probability >= CLEAR_SPEECH
        if not verdict.keep and not doubtful:
            self._refused(stream, result.end_sample)
            return None
        stream.refusals = 0
        stream.answered = True
        within = [word for word in stream.stable if word.start_sample >= result.start_sample]
        words = result.hypothesis.words
        known = _match(within, words)
        fresh = words[known:]
        count = 0 if doubtful else self._count_committed(stream, fresh, result)
        # The mark after the newest committed word stays open: it depends on what follows.
        mark = _mark(words[known - 1]) if known and within and count else ""
        committed = (*fresh[: count - 1], _without_mark(fresh[count - 1])) if count else ()
        if mark:
            stream.stable[-1] = replace(stream.stable[-1], text=stream.stable[-1].text + mark)
        stream.stable += committed
        stream.previous = fresh[count:]
        self._cut(stream, result.end_sample)
        return Reading(mark, committed, tuple(self._shown(fresh[count:])))

    def _count_committed(self, stream: _Stream, fresh: tuple[Word, ...], result: DecodeResult) -> int:
        # The audio of a speculative final ends in silence: all its words have ended.
        margin = 0 if result.kind is RequestKind.SPECULATIVE else self._margin
        edge = result.end_sample - margin
        stuck = result.end_sample - stream.stable_end > STUCK_S * SAMPLE_RATE_HZ
        sure_before = result.end_sample - STUCK_MARGIN_S * SAMPLE_RATE_HZ if stuck else 0
        for count, word in enumerate(fresh):
            same = count < len(stream.previous) and bare(stream.previous[count].text) == bare(word.text)
            old = word.end_sample <= result.end_sample - self._doubt
            agreed = same and (old or word.probability >= self._settings.agree_probability)
            heard = word.end_sample <= edge and word.end_sample - word.start_sample >= _HEARD
            sure = word.probability >= self._settings.commit_probability
            if not ((heard and sure) or agreed or word.end_sample <= sure_before):
                return count
        return len(fresh)

    def _shown(self, words: Sequence[Word]) -> Sequence[Word]:
        """The open words that are worth showing: without guesses at the end."""
        count = len(words)
        while count and words[count - 1].probability < self._settings.show_probability:
            count -= 1
        return words[:count]

    def _refused(self, stream: _Stream, asked_end: int) -> None:
        stream.refusals += 1
        if stream.refusals >= REFUSALS:
            keep = round(STUCK_MARGIN_S * SAMPLE_RATE_HZ)
            stream.window_start = max(stream.window_start, asked_end - keep)
            stream.previous = ()

    def _cut(self, stream: _Stream, end: int) -> None:
        if end - stream.window_start > self._window and len(stream.stable) > OVERLAP_WORDS:
            stream.window_start = max(stream.window_start, stream.stable[-OVERLAP_WORDS].start_sample)
        limit = round((STUCK_S + self._settings.window_s) * SAMPLE_RATE_HZ)
        stream.window_start = max(stream.window_start, end - limit)


def changed_words(committed: Sequence[Word], final: Sequence[Word]) -> int:
    """Committed words that the final does not hold in their place; what the final adds after them does not count.

    Punctuation and case do not count either (Levenshtein, 1966).
    """
    before = [key for word in committed if (key := bare(word.text))]
    after = [key for word in final if (key := bare(word.text))]
    return min(_prefix_distances(before, after)) if before else 0


def _without_mark(word: Word) -> Word:
    return replace(word, text=word.text.rstrip(MARKS) or word.text)


def _mark(word: Word) -> str:
    return word.text[len(word.text.rstrip(MARKS)) :]


def _match(committed: Sequence[Word], words: Sequence[Word]) -> int:
    """How many of ``words`` are those already ``committed``, by the edit distance of what both begin with."""
    before, after = [bare(word.text) for word in committed], [bare(word.text) for word in words]
    if after[: len(before)] == before:
        return len(before)
    distances = _prefix_distances(before, after)
    return distances.index(min(distances))


def _prefix_distances(before: Sequence[str], after: Sequence[str]) -> list[int]:
    """Edit distance of ``before`` to the first 0, 1, 2, ... of ``after``."""
    return [Levenshtein.distance(before, after[:count]) for count in range(len(after) + 1)]


_HEARD = HEARD_MS * SAMPLE_RATE_HZ // 1000
_FIRST = FIRST_AFTER_MS * SAMPLE_RATE_HZ // 1000
_PAUSE = PAUSE_MS * SAMPLE_RATE_HZ // 1000
