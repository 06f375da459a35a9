"""The part of a call that only live listeners need: text before its final, and finals asked for ahead of time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from callcore.config import Settings
from callcore.recognise.streaming import Look, PartialPolicy, changed_words
from callcore.segment import Segmenter
from callcore.text import TextWriter
from callcore.types import (
    SAMPLE_RATE_HZ,
    DecodeRequest,
    DecodeResult,
    Final,
    Partial,
    Rejected,
    RequestKind,
    Revision,
    SpeechSegment,
    Word,
)


@dataclass(slots=True)
class _Open:
    """What is shown of the open segment of one channel, and what was decoded ahead."""

    segment: SpeechSegment
    stable: list[Word] = field(default_factory=list)  #: committed words as they are written
    ahead: DecodeResult | None = None
    asked_end: int = -1  #: end of the audio last decoded ahead


@dataclass(frozen=True, slots=True)
class _Carried:
    """Committed words from after the place where a segment was cut, as read and as written."""

    words: tuple[Word, ...]
    written: tuple[Word, ...]


class LiveText:
    """Partials, speculative finals, revisions and the two-channel cue of one call."""

    def __init__(self, settings: Settings, segmenters: Mapping[int, Segmenter]) -> None:
        self._settings = settings.live
        self._min_probability = settings.segment.min_mean_probability
        self._segmenters = segmenters
        self._partials = PartialPolicy(settings.live, settings.recognise)
        # Restored punctuation needs the whole sentence; until then words stand as the recogniser wrote them.
        shown = "none" if settings.text.punctuation == "none" else "keep"
        self._writer = TextWriter(settings.text.model_copy(update={"punctuation": shown}))
        self._other_speaks = settings.live.other_speaks_ms * SAMPLE_RATE_HZ // 1000
        self._open: dict[int, _Open] = {}
        self._committed: dict[str, tuple[Word, ...]] = {}  #: of segments that wait for their final
        self._carried: dict[int, _Carried] = {}

    def set_hangover(self, channel: int) -> None:
        """Two-channel cue: who has been answered for a while has finished, and needs less silence to say so."""
        answered = any(
            other != channel and segmenter.spoken >= self._other_speaks and segmenter.silence < self._other_speaks
            for other, segmenter in self._segmenters.items()
        )
        settings = self._settings
        self._segmenters[channel].set_hangover(
            min(settings.short_hangover_ms, settings.hangover_ms) if answered else settings.hangover_ms
        )

    def opened(self, segment: SpeechSegment) -> None:
        """Somebody begins to speak, or goes on after a cut."""
        carried = self._carried.pop(segment.channel, _Carried((), ()))
        if carried.words and carried.words[0].end_sample <= segment.start_sample:
            carried = _Carried((), ())
        self._open[segment.channel] = _Open(segment, list(carried.written))
        self._partials.opened(segment.channel, segment.segment_id, segment.start_sample, carried.words)

    def closed(self, segment: SpeechSegment) -> DecodeResult | None:
        """The segment ended; returns the answer that was sought ahead, if it is for just this audio."""
        shown = self._open.pop(segment.channel, None)
        end = segment.end_sample or segment.start_sample
        after = self._partials.closed(segment.channel, end)
        if shown is None:
            return None
        committed = [word for word in shown.stable if word.start_sample + word.end_sample < 2 * end]
        if committed:
            self._committed[segment.segment_id] = tuple(committed)
        self._carried[segment.channel] = _Carried(after, tuple(shown.stable[len(committed) :]))
        ahead = shown.ahead
        return ahead if ahead and (ahead.start_sample, ahead.end_sample) == (segment.start_sample, end) else None

    def requests(self, channel: int, language: str) -> list[DecodeRequest]:
        """What is worth decoding now on a channel. ``language``: "" while it is not decided."""
        shown, segmenter = self._open.get(channel), self._segmenters[channel]
        if shown is None or segmenter.mean_probability < self._min_probability:
            return []
        end = segmenter.end_if_closed
        if language and self._settings.speculate and shown.asked_end != end <= segmenter.position:
            shown.asked_end = end
            return [self._request(RequestKind.SPECULATIVE, shown, shown.segment.start_sample, end, language)]
        look = self._partials.look(channel, segmenter.position, segmenter.last_speech)
        if look is None:
            return []
        return [self._request(RequestKind.PARTIAL, shown, look.start_sample, segmenter.position, language, look)]

    def answer(self, result: DecodeResult) -> list[Partial]:
        """Take the answer to a request of :meth:`requests`; late ones are passed over."""
        shown = self._open.get(result.channel)
        if shown is None or shown.segment.segment_id != result.segment_id:
            return []
        if result.kind is RequestKind.SPECULATIVE:
            shown.ahead = result
        reading = self._partials.answer(result, self._segmenters[result.channel].mean_probability)
        if reading is None:
            return []
        language = result.language or ""
        if reading.mark:
            marked = replace(shown.stable[-1], text=shown.stable[-1].text + reading.mark)
            mark = self._write((marked,), language)[0].text[len(shown.stable[-1].text) :]
            if mark:
                end = marked.end_sample
                shown.stable.append(replace(marked, text=mark, start_sample=end, space_before=False))
        # Committed words are written once and for all: a script converted anew could change them.
        shown.stable += self._write(reading.committed, language, after=shown.stable)
        unstable = self._write(reading.unstable, language, after=shown.stable)
        segment = shown.segment
        return [
            Partial(
                segment.segment_id,
                segment.channel,
                segment.start_sample,
                result.end_sample,
                tuple(shown.stable),
                unstable,
                language,
            )
        ]

    def _write(self, words: Sequence[Word], language: str, after: Sequence[Word] = ()) -> tuple[Word, ...]:
        """Words as they are shown after those of ``after``."""
        if not words:
            return ()
        _, written = self._writer.write(words, language, ended=False)
        _, joined = self._writer.join([after, written])
        return joined[len(joined) - len(written) :]

    def final(self, final: Final) -> list[Revision]:
        """A final came out: whether it says otherwise than what had been committed."""
        self._partials.said(final.channel, final.text)
        return self._revision(final, final.words)

    def rejected(self, rejected: Rejected) -> list[Revision]:
        """A segment was refused: what had been committed of it is taken back."""
        return self._revision(rejected, ())

    def _revision(self, outcome: Final | Rejected, words: Sequence[Word]) -> list[Revision]:
        committed = self._committed.pop(outcome.segment_id, ())
        changed = changed_words(committed, words)
        if not changed:
            return []
        span = outcome.start_sample, outcome.end_sample
        return [Revision(outcome.segment_id, outcome.channel, *span, committed, changed)]

    def _request(
        self,
        kind: RequestKind,
        shown: _Open,
        start: int,
        end: int,
        language: str,
        look: Look | None = None,
    ) -> DecodeRequest:
        audio = self._segmenters[shown.segment.channel].read(start, end)
        return DecodeRequest(
            shown.segment.segment_id,
            kind,
            shown.segment.channel,
            start,
            audio,
            language or None,
            history=look.history if look else "",
            prefix=look.prefix if look else "",
            first=look.first if look else False,
        )
