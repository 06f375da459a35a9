"""One call as a state machine: audio frames and decode results in, events and decode requests out. No I/O.

After the manner of h11: whoever drives it moves the bytes. The same code serves files, live calls, benchmarks and
tests; time is the sample count of the audio.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from callcore.config import SegmentSettings, Settings
from callcore.pipeline.doubt import Doubt
from callcore.pipeline.follower import Follower, passed
from callcore.pipeline.intake import Intake, gap_warning
from callcore.pipeline.live import LiveText
from callcore.pipeline.sides import Sides
from callcore.pipeline.understood import Understood
from callcore.recognise.policy import Accepted, FellSilent, FinalPolicy, Outcome
from callcore.roles import RoleCues
from callcore.segment import WINDOW_SAMPLES, SegmentClosed, Segmenter, SegmentEvent, SegmentOpened, SpeechScorer
from callcore.text import TextWriter
from callcore.turns import TurnAssembler
from callcore.types import (
    SAMPLE_RATE_HZ,
    AudioFrame,
    AudioWarning,
    CallEnded,
    CallStarted,
    DecodeFailure,
    DecodeResult,
    Event,
    Final,
    LanguageDecided,
    Output,
    Rejected,
    RequestKind,
    Role,
    Samples,
    WarningKind,
)
from callcore.understand.call import CallUnderstanding
from callcore.understand.dynamics import DynamicsSnapshot

NO_SPEECH = "no speech was found in the call. Where people speak very softly: CALLCORE_SEGMENT__GATE=false"


@dataclass(frozen=True, slots=True)
class CallPlan:
    """What is known of a call before its first sample."""

    started: CallStarted
    channels: tuple[int, ...]
    roles: Mapping[int, Role] | None  #: None = to be found from the words
    languages: frozenset[str]  #: that the model writes
    max_audio_s: float  #: longest audio the model takes at once
    better_model: str = ""  #: what to do when the model does not suit the audio
    live: bool = False


class CallPipeline:
    """Follows one call. Outputs depend on the audio and the results alone, not on how the audio was cut into frames."""

    def __init__(
        self,
        plan: CallPlan,
        settings: Settings,
        scorer: SpeechScorer,
        cues: RoleCues,
        understanding: CallUnderstanding | None = None,
        followers: Sequence[Follower] = (),
    ) -> None:
        """``understanding``: of this very call; None where only the words are wanted. ``followers``: in order."""
        self._plan = plan
        self._understood = Understood(understanding)
        self._followers = followers
        self._sides = Sides(plan.channels, plan.roles, cues, settings.roles)
        segment_settings = _segment_settings(plan, settings)
        self._segmenters = {c: Segmenter(c, segment_settings, scorer.stream()) for c in plan.channels}
        self._intake = {channel: Intake() for channel in plan.channels}
        self._policy = FinalPolicy(settings.recognise, plan.languages, plan.live)
        self._writer = TextWriter(settings.text)
        self._turns = TurnAssembler(settings.turns, self._writer.join)
        self._max_gap = round(settings.turns.max_gap_s * SAMPLE_RATE_HZ)
        self._silent_since: dict[int, int] = {}  #: end of the last segment of channels whose turn may go on
        self._live = LiveText(settings, self._segmenters) if plan.live else None
        # All channels advance together by whole blocks of the segmenter, so that cutting cannot reorder events.
        self._step = segment_settings.block_windows * WINDOW_SAMPLES
        self._last_closed: dict[int, tuple[str, int]] = {}
        self._doubt = Doubt()
        self._segment_count = 0
        self._finished = False
        self._concluded = False

    @property
    def done(self) -> bool:
        """Whether the call has ended and every segment has its text or its refusal."""
        return self._concluded

    @property
    def position(self) -> int:
        """Samples judged on every channel."""
        return min((item.received - item.waiting for item in self._intake.values()), default=0)

    @property
    def channels(self) -> tuple[int, ...]:
        """Channels that are listened to."""
        return self._plan.channels

    @property
    def silent_samples(self) -> int:
        """How long nobody has spoken on any channel."""
        return min((segmenter.silence for segmenter in self._segmenters.values()), default=0)

    @property
    def waiting_finals(self) -> int:
        """Segments that have ended and have no text yet."""
        return self._policy.open_count

    @property
    def dynamics(self) -> DynamicsSnapshot | None:
        """The course of the conversation so far; None where only the words are wanted."""
        return self._understood.dynamics(self.position)

    def speaking(self, channel: int) -> bool:
        """Whether somebody speaks on a channel now."""
        return self._segmenters[channel].speaking

    def start(self) -> list[Output]:
        """The first events."""
        events: list[Output] = [self._plan.started, *self._sides.start()]
        if self._policy.fixed_language:
            events.append(LanguageDecided(self._policy.fixed_language, 1.0))
        return self._told(events)

    def push(self, frame: AudioFrame) -> list[Output]:
        """Take the next frame of one channel. Missing samples become silence, with a warning.

        Raises ``ValueError`` for a frame of another rate, of a channel that is not listened to, or of the past.
        """
        if frame.rate_hz != SAMPLE_RATE_HZ:
            raise ValueError(f"frames must be at {SAMPLE_RATE_HZ} Hz, not {frame.rate_hz}")
        intake = self._intake.get(frame.channel)
        if intake is None:
            raise ValueError(f"channel {frame.channel} is not listened to")
        outputs: list[Output] = []
        missing = intake.push(frame)
        if missing:
            outputs.append(gap_warning(frame, missing))
        while all(item.waiting >= self._step for item in self._intake.values()):
            for channel, item in self._intake.items():
                outputs += self._advance(channel, item.received - item.waiting, item.take(self._step))
            outputs += self._understood.advance(min(one.earliest_start for one in self._segmenters.values()))
        return self._told(outputs)

    def deliver(self, result: DecodeResult) -> list[Output]:
        """Take an engine's answer to one of the requests."""
        outputs: list[Output] = []
        if result.kind is RequestKind.LANGUAGE:
            decided, requests = self._policy.language_result(result)
            outputs += [*decided, *requests]
        elif result.kind is RequestKind.FINAL:
            outputs += self._policy.final_result(result)
        elif self._live:
            return self._told(self._live.answer(result))
        return self._told(outputs + self._settle())

    def fail(self, failure: DecodeFailure) -> list[Output]:
        """A request got no answer: its segment is given up, and the call goes on."""
        self._policy.failed(failure)
        return self._told(self._settle())

    def finish(self, warnings: Sequence[AudioWarning] = ()) -> list[Output]:
        """No more audio will come. ``warnings``: what the reader of the audio found; they become events of the call."""
        outputs: list[Output] = [*warnings]
        for channel, item in self._intake.items():
            segmenter, rest = self._segmenters[channel], item.take(item.waiting)
            self._understood.sounded(channel, item.received - len(rest), rest)
            outputs += self._segment_events([*segmenter.push(rest), *segmenter.finish()])
        self._finished = True
        return self._told(outputs + self._settle())

    def _told(self, outputs: Sequence[Output]) -> list[Output]:
        """The outputs as they leave the pipeline."""
        return passed(outputs, (self._understood, *self._followers))

    def _advance(self, channel: int, start: int, audio: Samples) -> list[Output]:
        """Judge the next step of one channel."""
        segmenter = self._segmenters[channel]
        self._understood.sounded(channel, start, audio)
        if self._live:
            self._live.set_hangover(channel)
        outputs = self._segment_events(segmenter.push(audio))
        if self._live:
            outputs += self._live.requests(channel, self._policy.language_of(channel))
        silent_since = self._silent_since.get(channel)
        if silent_since is not None and segmenter.earliest_start > silent_since + self._max_gap:
            del self._silent_since[channel]
            self._policy.add_silence(channel)
        return outputs + self._settle()

    def _segment_events(self, events: Sequence[SegmentEvent]) -> list[Output]:
        outputs: list[Output] = []
        for event in events:
            segment = event.segment
            start = segment.start_sample
            end = start if segment.end_sample is None else segment.end_sample
            if isinstance(event, SegmentOpened):
                closed_id, closed_end = self._last_closed.get(segment.channel, ("", -1))
                if closed_end == start:
                    self._policy.mark_cut(closed_id)
                self._silent_since.pop(segment.channel, None)
                if self._live:
                    self._live.opened(segment)
                self._understood.opened(segment.channel, start)
            elif isinstance(event, SegmentClosed):
                self._last_closed[segment.channel] = (segment.segment_id, end)
                self._silent_since[segment.channel] = end
                self._segment_count += 1
                ahead = self._live.closed(segment) if self._live else None
                outputs += self._policy.add(segment, event.audio, ahead)
                self._understood.closed(segment.segment_id, segment.channel, start, event.audio)
            else:
                if self._live:
                    self._live.closed(segment)
                reason, detail = event.reason.value, event.detail
                outputs += self._refuse(Rejected(segment.segment_id, segment.channel, start, end, reason, detail))
        return outputs

    def _settle(self) -> list[Output]:
        """What has become certain: finals and turns in order; the end of the call once nothing is outstanding."""
        outputs: list[Output] = []
        if self._finished:
            decided, requests = self._policy.close_votes()
            outputs += [*decided, *requests]
        for outcome in self._policy.take_outcomes():
            outputs += self._publish(outcome)
        if self._finished and self._policy.idle and not self._concluded:
            self._concluded = True
            outputs += self._conclude()
        return outputs

    def _publish(self, outcome: Outcome) -> list[Event]:
        if isinstance(outcome, FellSilent):
            return [*self._turns.close(outcome.channel)]
        if isinstance(outcome, Rejected):
            return self._refuse(outcome)
        final = self._final(outcome)
        if not final.words:
            span = final.start_sample, final.end_sample
            return self._refuse(Rejected(final.segment_id, final.channel, *span, "no_text", "no words left"))
        self._sides.said(final)
        self._doubt.add(final)
        revision = self._live.final(final) if self._live else []
        early = self._sides.early() if self._live else []
        return [final, *revision, *self._turns.push(final), *early]

    def _refuse(self, rejected: Rejected) -> list[Event]:
        return [rejected, *(self._live.rejected(rejected) if self._live else ())]

    def _final(self, accepted: Accepted) -> Final:
        work, result = accepted.work, accepted.result
        segment, hypothesis = work.segment, result.hypothesis
        language = result.language or ""
        words = hypothesis.words if hypothesis else ()
        text, written = self._writer.write(words, language, ended=not work.cut)
        return Final(
            segment_id=segment.segment_id,
            channel=segment.channel,
            start_sample=segment.start_sample,
            end_sample=segment.start_sample + len(work.audio),
            text=text,
            words=written,
            language=language,
            avg_logprob=hypothesis.avg_logprob if hypothesis else 0.0,
            no_speech_probability=result.no_speech_probability,
            speech_probability=round(segment.speech_probability, 4),
            attempts=work.attempt + 1,
            temperature=hypothesis.temperature if hypothesis else 0.0,
        )

    def _conclude(self) -> list[Event]:
        turns = self._turns.finish()
        events: list[Event] = [*turns, *self._sides.finish()]
        if not self._segment_count:
            events.append(AudioWarning(WarningKind.NO_SPEECH, NO_SPEECH))
        events += self._doubt.warnings(self._plan.better_model)
        sample_count = max((item.received for item in self._intake.values()), default=0)
        events.append(CallEnded(sample_count, self._segment_count))
        return events


def _segment_settings(plan: CallPlan, settings: Settings) -> SegmentSettings:
    limit_s = min(settings.segment.max_segment_s, plan.max_audio_s)
    update: dict[str, float | int] = {"max_segment_s": limit_s}
    if plan.live:  # every window is judged as it comes
        update |= {"block_windows": 1, "hangover_ms": settings.live.hangover_ms}
    return settings.segment.model_copy(update=update)
