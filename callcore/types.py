"""The words of callcore: every value that flows between its stages.

All of them are frozen, slotted dataclasses and this module imports nothing of ours. Positions in time are integer
samples at :data:`SAMPLE_RATE_HZ` counted from the start of the call; seconds appear only at the edges (files, screens).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

SAMPLE_RATE_HZ = 16_000  #: rate of all audio inside callcore; what Whisper and Silero were trained on

Samples = npt.NDArray[np.float32]  #: mono audio, shape (n,), float32, full scale = 1.0


class Role(StrEnum):
    """Who speaks on a channel."""

    AGENT = "agent"
    CUSTOMER = "customer"
    UNKNOWN = "unknown"


class RequestKind(StrEnum):
    """What a decode is for; drivers order requests by it."""

    LANGUAGE = "language"  #: which language is spoken; the pipeline waits for the answer before it asks for finals
    PARTIAL = "partial"  #: what has been said so far in a segment that is still open; a newer one replaces it
    SPECULATIVE = "speculative"  #: the final of a segment that has paused, asked for before its endpoint is sure
    FINAL = "final"


class WarningKind(StrEnum):
    """Faults found in the audio of a call (:class:`AudioWarning`)."""

    DUPLICATED_CHANNELS = "duplicated_channels"  #: two channels carry the same signal: mono saved as stereo
    DEAD_CHANNEL = "dead_channel"
    SWAPPED_CHANNELS = "swapped_channels"
    CLIPPING = "clipping"
    TELEPHONE_BAND = "telephone_band"  #: a container of 16 kHz or more without content above 4 kHz
    DC_OFFSET = "dc_offset"
    NOT_FINITE = "not_finite"  #: NaN or infinite samples, replaced by silence
    TRUNCATED = "truncated"  #: the container ended early or broke; what could be read was used
    GAP = "gap"  #: samples missing in the stream, filled with silence
    NO_SPEECH = "no_speech"
    MODEL_MISMATCH = "model_mismatch"  #: the model was not made for what it hears
    OVERRUN = "overrun"  #: a sound device delivered faster than it was read; what was lost became silence
    DEVICE_LOST = "device_lost"  #: a sound device went away; its channel is silent until it returns
    DEVICE_RETURNED = "device_returned"
    CLOCK_JUMP = "clock_jump"  #: a device's clock leapt, or drifts further than devices do
    LAGGING = "lagging"  #: the machine does not keep up; text comes late
    NOT_UNDERSTOOD = "not_understood"  #: what was said could not be read for its meaning; its words are all there
    RECORDING_STOPPED = "recording_stopped"  #: the recording cannot go on (disk full); the transcript does


@dataclass(frozen=True, slots=True)
class AudioFrame:
    """A packet of samples of one channel.

    ``samples``: shape (n,), float32, full scale 1.0, at ``rate_hz``; ``start_sample`` counts from the call's start.
    """

    channel: int
    start_sample: int
    samples: Samples
    rate_hz: int = SAMPLE_RATE_HZ

    @property
    def end_sample(self) -> int:
        return self.start_sample + len(self.samples)


@dataclass(frozen=True, slots=True)
class SpeechSegment:
    """One stretch of speech on one channel; ``end_sample`` is None while it is still open."""

    segment_id: str
    channel: int
    start_sample: int
    end_sample: int | None = None
    speech_probability: float = 0.0  #: mean voice probability over the segment, 0..1


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its times. Han text counts one character (or one token of several) as a word.

    ``text`` carries no leading or trailing space; ``space_before`` says whether one is written before it.
    """

    text: str
    start_sample: int
    end_sample: int
    probability: float
    space_before: bool = False


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One reading of a window. ``avg_logprob`` is the mean natural-log probability per token (Whisper's measure)."""

    text: str
    words: tuple[Word, ...]
    tokens: tuple[int, ...]
    avg_logprob: float
    compression_ratio: float
    temperature: float = 0.0


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard to try. The first attempt is the default; later ones follow when a text was refused."""

    full_window: bool = False  #: decode the model's whole window instead of one trimmed to the audio
    temperature: float = 0.0  #: 0 = beam search; above, sampling (not reproducible from run to run)
    no_repeat_ngram: int = 0  #: forbid repeating a run of this many tokens; 0 = off


@dataclass(frozen=True, slots=True)
class DecodeRequest:
    """A wish to have audio decoded, not a call. ``audio``: shape (n,), float32, at :data:`SAMPLE_RATE_HZ`."""

    segment_id: str
    kind: RequestKind
    channel: int
    start_sample: int
    audio: Samples = field(repr=False, compare=False)
    language: str | None = None  #: BCP-47 primary subtag ("zh", "en"); None = to be found (LANGUAGE, first PARTIALs)
    effort: Effort = Effort()
    history: str = field(default="", repr=False)  #: what was said just before, given ahead of the start of text
    prefix: str = field(default="", repr=False)  #: what the answer must begin with: text committed before
    first: bool = False  #: the first PARTIAL of its segment: nothing of the segment is on any screen yet

    @property
    def end_sample(self) -> int:
        return self.start_sample + len(self.audio)


@dataclass(frozen=True, slots=True)
class DecodeResult:
    """What an engine answered. Word positions are samples of the call, as in the request.

    A FINAL or PARTIAL result has a ``hypothesis``, a LANGUAGE result ``language_probabilities``.
    """

    segment_id: str
    kind: RequestKind
    channel: int
    hypothesis: Hypothesis | None = None
    language: str | None = None
    language_probabilities: Mapping[str, float] = field(default_factory=dict)
    no_speech_probability: float = 0.0
    window_s: float = 0.0  #: length of the decoded window, padding included
    start_sample: int = 0  #: of the request
    end_sample: int = 0  #: of the request


@dataclass(frozen=True, slots=True)
class DecodeFailure:
    """No answer to a request: the engine failed, or the worker died. ``message`` holds no words said."""

    request: DecodeRequest
    message: str


@dataclass(frozen=True, slots=True)
class CallStarted:
    """First event of every call. ``settings`` holds all that changes the result, ready for JSON."""

    call_id: str
    source: str
    channel_count: int
    rate_hz: int  #: of the source, before resampling
    model: str
    model_hash: str
    settings_hash: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    day: str = ""  #: of the call, ISO 8601; relative times count from it


@dataclass(frozen=True, slots=True)
class AudioWarning:
    """Something is wrong with the audio; the call goes on. ``detail`` holds the measured figures."""

    kind: WarningKind
    message: str
    channel: int | None = None
    at_sample: int = 0
    detail: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LanguageDecided:
    """The language of a channel (or of the whole call when ``channel`` is None)."""

    language: str
    probability: float
    channel: int | None = None


@dataclass(frozen=True, slots=True)
class Partial:
    """What is known of a segment that is still open. Not stored: the segment's :class:`Final` takes its place.

    ``stable`` holds every word committed so far: it only ever grows, word by word. ``unstable`` follows it and may be
    different in the next partial.
    """

    segment_id: str
    channel: int
    start_sample: int  #: of the segment
    end_sample: int  #: of the audio behind this partial
    stable: tuple[Word, ...]
    unstable: tuple[Word, ...]
    language: str


@dataclass(frozen=True, slots=True)
class Revision:
    """A final that says otherwise than what had been committed of its segment (punctuation and case do not count).

    Follows right after the :class:`Final`. ``changed``: committed words that the final does not hold in their place.
    """

    segment_id: str
    channel: int
    start_sample: int
    end_sample: int
    committed: tuple[Word, ...]
    changed: int


@dataclass(frozen=True, slots=True)
class Paused:
    """Listening was paused from ``start_sample`` (a payment card is read out); what follows until the next
    :class:`Resumed` is silence put there by callcore.
    """

    start_sample: int


@dataclass(frozen=True, slots=True)
class Resumed:
    """Listening goes on at ``start_sample``."""

    start_sample: int


@dataclass(frozen=True, slots=True)
class Final:
    """The words of one segment. Never changes once emitted."""

    segment_id: str
    channel: int
    start_sample: int
    end_sample: int
    text: str
    words: tuple[Word, ...]
    language: str
    avg_logprob: float
    no_speech_probability: float
    speech_probability: float
    attempts: int = 1  #: decodes it took; more than one when the first text was refused
    temperature: float = 0.0


@dataclass(frozen=True, slots=True)
class Rejected:
    """A segment whose text was refused, and why. ``text_length`` only: refused text is not kept."""

    segment_id: str
    channel: int
    start_sample: int
    end_sample: int
    reason: str
    detail: str
    text_length: int = 0


@dataclass(frozen=True, slots=True)
class Turn:
    """One speaker's say: one or more finals of a channel in a row."""

    turn_id: int
    channel: int
    start_sample: int
    end_sample: int
    text: str
    words: tuple[Word, ...]
    language: str
    segment_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Label:
    """A judgement with its probability (calibrated, 0..1) and the words that show it.

    ``first_word``, ``end_word``: half-open range in the words of the turn; both 0 where the whole turn shows it.
    """

    code: str
    probability: float
    first_word: int = 0
    end_word: int = 0


@dataclass(frozen=True, slots=True)
class Entity:
    """A fact that was said: an amount, a date, a card number ...

    ``value`` is the normal form (docs/entities.md gives it for each kind), "" where none could be made.
    """

    kind: str  #: "amount", "rate", "date", "time", "duration", "card_number", "card_tail", "phone", ...
    text: str  #: as said
    value: str
    probability: float
    start_sample: int
    end_sample: int
    first_word: int  #: half-open range in the words of the turn
    end_word: int
    valid: bool | None = None  #: what its check digits say (Luhn, resident ID, numbering plan); None = it has none
    status: str = "said"  #: "said", "corrected" (by what follows it), "confirmed" (read back), "disputed"
    source: str = ""  #: rule or model that found it, with its version
    parts: tuple[int, ...] = ()  #: ids of the earlier turns that hold the beginning of a number said in pieces


@dataclass(frozen=True, slots=True)
class Mood:
    """A speaker's state as one source sees it; ``label`` "" where the source abstains.

    ``valence`` -1 (bad) .. 1 (good), ``arousal`` -1 (calm) .. 1 (excited), after Russell's circumplex (1980).
    """

    label: str
    probability: float
    valence: float
    arousal: float
    first_word: int = 0
    end_word: int = 0
    source: str = ""  #: model, with its version


@dataclass(frozen=True, slots=True)
class Understanding:
    """What one turn means. Follows its :class:`Turn`; labels that are not sure enough are left out."""

    turn_id: int
    channel: int
    start_sample: int
    end_sample: int
    language: str
    category: Label | None = None  #: None: no business of the bank, or abstained
    topics: tuple[Label, ...] = ()  #: most probable first; several where a turn holds several
    intents: tuple[Label, ...] = ()
    causes: tuple[Label, ...] = ()  #: of dissatisfaction
    caller: Label | None = None  #: type of caller
    in_scope: float = 1.0  #: probability that the turn is about a bank's business
    text_mood: Mood | None = None
    voice_mood: Mood | None = None
    mood: Mood | None = None  #: both together
    entities: tuple[Entity, ...] = ()
    source: str = ""  #: models and rules, with their versions


@dataclass(frozen=True, slots=True)
class UnderstandingPreview:
    """The same of what is stable so far of a segment that is still open. Not stored: the turn's own takes its place."""

    segment_id: str
    understanding: Understanding


@dataclass(frozen=True, slots=True)
class MoodAlert:
    """The course of a speaker's mood has turned. ``kind``: "worsening" (early warning) or "recovered"."""

    kind: str
    channel: int
    at_sample: int
    probability: float
    turn_ids: tuple[int, ...]  #: that show it


@dataclass(frozen=True, slots=True)
class Resolved:
    """An entity of an earlier turn has changed its standing: corrected, confirmed by a read-back, or disputed."""

    turn_id: int  #: of the entity
    entity: int  #: its place in the turn's entities
    status: str  #: "corrected", "confirmed", "disputed"
    value: str  #: the value that holds now
    by_turn: int
    probability: float


@dataclass(frozen=True, slots=True)
class Incident:
    """Something in the course of the conversation that is no words.

    ``kind``: "interruption", "dead_air", "hold", "music".
    """

    kind: str
    channel: int | None  #: whose doing; None: nobody's
    start_sample: int
    end_sample: int
    detail: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RolesAssigned:
    """Who is who. ``source`` is "option", "cues" or "mono"; ``confidence`` 0..1."""

    roles: Mapping[int, Role]
    confidence: float
    source: str


@dataclass(frozen=True, slots=True)
class CallEnded:
    """Last event of a complete call. ``sample_count`` is the call's length at :data:`SAMPLE_RATE_HZ`."""

    sample_count: int
    segment_count: int


Event = (
    CallStarted
    | AudioWarning
    | LanguageDecided
    | Partial
    | Final
    | Revision
    | Rejected
    | Turn
    | Understanding
    | UnderstandingPreview
    | MoodAlert
    | Resolved
    | Incident
    | RolesAssigned
    | Paused
    | Resumed
    | CallEnded
)
Passing = Partial | UnderstandingPreview  #: events that are shown and not stored: something better follows
Output = Event | DecodeRequest
Tick = Sequence[AudioFrame | Event]  #: one moment of a live call: frames, and incidents

EVENT_TYPES: dict[str, type[Any]] = {
    "call_started": CallStarted,
    "audio_warning": AudioWarning,
    "language_decided": LanguageDecided,
    "partial": Partial,
    "final": Final,
    "revision": Revision,
    "rejected": Rejected,
    "turn": Turn,
    "understanding": Understanding,
    "understanding_preview": UnderstandingPreview,
    "mood_alert": MoodAlert,
    "resolved": Resolved,
    "incident": Incident,
    "roles_assigned": RolesAssigned,
    "paused": Paused,
    "resumed": Resumed,
    "call_ended": CallEnded,
}
EVENT_NAMES: dict[type[Any], str] = {cls: name for name, cls in EVENT_TYPES.items()}


def text_of(words: Sequence[Word]) -> str:
    """The text that words add up to; begins with a space where the first word has one before it."""
    return "".join(f" {word.text}" if word.space_before else word.text for word in words)


def seconds(sample: int) -> float:
    """Position in seconds, rounded to the millisecond, of a sample at :data:`SAMPLE_RATE_HZ`."""
    return round(sample / SAMPLE_RATE_HZ, 3)


def samples(position_s: float) -> int:
    """Nearest sample at :data:`SAMPLE_RATE_HZ` of a position in seconds."""
    return round(position_s * SAMPLE_RATE_HZ)
