"""What is asked of the engine for each segment, in which language, and what becomes of the answer. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from callcore.config import RecogniseSettings
from callcore.recognise.guards import Verdict, acceptable_at_last, better, efforts, judge
from callcore.recognise.language import LanguageVote
from callcore.types import (
    DecodeFailure,
    DecodeRequest,
    DecodeResult,
    LanguageDecided,
    Rejected,
    RequestKind,
    Samples,
    SpeechSegment,
)

HOPELESS_AFTER = 6  #: segments in a row that no retry could mend, after which doubtful texts are not retried


@dataclass(slots=True)
class Work:
    """One segment on its way to a text."""

    segment: SpeechSegment
    audio: Samples = field(repr=False)
    cut: bool = False  #: the speech goes on in the next segment
    attempt: int = 0
    best: DecodeResult | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """A segment and the reading that was kept."""

    work: Work
    result: DecodeResult


@dataclass(frozen=True, slots=True)
class FellSilent:
    """A channel was silent for so long that its turn is over; stands among the outcomes in order of time."""

    channel: int


Outcome = Accepted | Rejected | FellSilent


class FinalPolicy:
    """Decides requests for finals and judges their results, for all channels of one call.

    Outcomes come in the order in which segments were added, whatever the order of the results.
    """

    def __init__(self, settings: RecogniseSettings, languages: frozenset[str], live: bool = False) -> None:
        self._settings = settings
        self._efforts = efforts(settings, live)
        self._fixed = settings.language if settings.language != "auto" else ""
        if not self._fixed and len(languages) == 1:
            (self._fixed,) = languages
        self._votes: dict[int | None, LanguageVote] = {}
        self._waiting: dict[int | None, list[Work]] = {}
        self._asking: set[str] = set()
        self._order: list[str | FellSilent] = []
        self._work: dict[str, Work] = {}
        self._outcomes: dict[str, Outcome] = {}
        self._hopeless = 0

    @property
    def fixed_language(self) -> str:
        """The language when it needs no detection, else ""."""
        return self._fixed

    @property
    def idle(self) -> bool:
        """Whether every segment has its outcome and every outcome was taken."""
        return not self._order

    @property
    def open_count(self) -> int:
        """Segments without an outcome yet."""
        return len(self._work) - len(self._outcomes)

    def language_of(self, channel: int) -> str:
        """Language decided for a channel; "" while it is open."""
        return self._fixed or self._vote(channel).decided

    def add(self, segment: SpeechSegment, audio: Samples, ahead: DecodeResult | None = None) -> list[DecodeRequest]:
        """A segment closed: ask for its text, or first for its language.

        ``ahead``: an answer to just this audio that came before the endpoint was sure.
        """
        work = Work(segment, audio)
        self._work[segment.segment_id] = work
        self._order.append(segment.segment_id)
        language = self.language_of(segment.channel)
        if language and ahead is not None and ahead.language == language:
            return self.final_result(replace(ahead, kind=RequestKind.FINAL))
        if language:
            return [self._request(work, language)]
        self._waiting.setdefault(self._key(segment.channel), []).append(work)
        self._asking.add(segment.segment_id)
        return [DecodeRequest(segment.segment_id, RequestKind.LANGUAGE, segment.channel, segment.start_sample, audio)]

    def add_silence(self, channel: int) -> None:
        """A channel fell silent, after the segments added so far."""
        self._order.append(FellSilent(channel))

    def mark_cut(self, segment_id: str) -> None:
        """The segment was cut for its length: its last sentence goes on in the next one."""
        if segment_id in self._work:
            self._work[segment_id].cut = True

    def language_result(self, result: DecodeResult) -> tuple[list[LanguageDecided], list[DecodeRequest]]:
        """A LANGUAGE answer: maybe the decision, and then the requests that waited for it."""
        self._asking.discard(result.segment_id)
        vote = self._vote(result.channel)
        if not vote.decided:
            vote.add(result.language_probabilities, len(self._work[result.segment_id].audio))
        return self._release(self._key(result.channel), vote)

    def close_votes(self) -> tuple[list[LanguageDecided], list[DecodeRequest]]:
        """No more audio will come: decide by what was heard, once no answer is outstanding."""
        decided: list[LanguageDecided] = []
        requests: list[DecodeRequest] = []
        if self._asking:
            return decided, requests
        for key in [key for key, waiting in self._waiting.items() if waiting]:
            vote = self._votes[key]
            vote.close()
            more_decided, more_requests = self._release(key, vote)
            decided += more_decided
            requests += more_requests
        return decided, requests

    def final_result(self, result: DecodeResult) -> list[DecodeRequest]:
        """A FINAL answer: keep it, refuse it, or ask again with more effort."""
        work = self._work[result.segment_id]
        segment = work.segment
        length = (segment.end_sample or segment.start_sample) - segment.start_sample
        verdict = judge(result, length, segment.speech_probability, self._settings)
        if verdict.keep:
            self._hopeless = 0
            self._outcomes[segment.segment_id] = Accepted(work, result)
            return []
        if verdict.reason == "low_confidence":
            work.best = better(work.best, result) if work.best else result
        patience = verdict.reason != "low_confidence" or self._hopeless < HOPELESS_AFTER
        if verdict.retry and patience and work.attempt + 1 < len(self._efforts):
            work.attempt += 1
            return [self._request(work, result.language or self.language_of(segment.channel))]
        self._hopeless += 1
        self._outcomes[segment.segment_id] = self._at_last(work, result, verdict)
        return []

    def failed(self, failure: DecodeFailure) -> None:
        """No answer will come to a request: its segment is given up. A failed language request casts no vote."""
        request = failure.request
        if request.kind is RequestKind.LANGUAGE:
            self._asking.discard(request.segment_id)
        elif request.kind is RequestKind.FINAL and request.segment_id in self._work:
            segment = self._work[request.segment_id].segment
            self._outcomes[segment.segment_id] = _rejected(segment, "engine_failed", failure.message)

    def take_outcomes(self) -> list[Outcome]:
        """Outcomes that are ready, in order of their segments; a segment still open holds back those after it."""
        ready: list[Outcome] = []
        while self._order:
            head = self._order[0]
            if isinstance(head, FellSilent):
                ready.append(head)
            elif head in self._outcomes:
                ready.append(self._outcomes.pop(head))
                del self._work[head]
            else:
                break
            self._order.pop(0)
        return ready

    def _at_last(self, work: Work, result: DecodeResult, verdict: Verdict) -> Outcome:
        segment = work.segment
        if work.best is not None and acceptable_at_last(segment.speech_probability):
            return Accepted(work, work.best)
        text = result.hypothesis.text if result.hypothesis else ""
        return _rejected(segment, verdict.reason, verdict.detail, len(text))

    def _key(self, channel: int) -> int | None:
        return channel if self._settings.language_scope == "channel" else None

    def _vote(self, channel: int) -> LanguageVote:
        return self._votes.setdefault(self._key(channel), LanguageVote())

    def _release(self, key: int | None, vote: LanguageVote) -> tuple[list[LanguageDecided], list[DecodeRequest]]:
        waiting = self._waiting.get(key, [])
        if not vote.decided or not waiting:
            return [], []
        self._waiting[key] = []
        decided = LanguageDecided(vote.decided, vote.probability, key)
        return [decided], [self._request(work, vote.decided) for work in waiting]

    def _request(self, work: Work, language: str) -> DecodeRequest:
        segment = work.segment
        return DecodeRequest(
            segment.segment_id,
            RequestKind.FINAL,
            segment.channel,
            segment.start_sample,
            work.audio,
            language,
            self._efforts[work.attempt],
        )


def _rejected(segment: SpeechSegment, reason: str, detail: str, text_length: int = 0) -> Rejected:
    return Rejected(
        segment.segment_id,
        segment.channel,
        segment.start_sample,
        segment.end_sample or segment.start_sample,
        reason,
        detail,
        text_length,
    )
