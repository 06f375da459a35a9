"""What is asked of a recogniser, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from callcore.types.audio import Samples
from callcore.types.speech import Word


class RequestKind(StrEnum):
    """What a decode is for; drivers order requests by it."""

    LANGUAGE = "language"  #: which language is spoken; the pipeline waits for the answer before it asks for finals
    PARTIAL = "partial"  #: what has been said so far in a segment that is still open; a newer one replaces it
    SPECULATIVE = "speculative"  #: the final of a segment that has paused, asked for before its endpoint is sure
    FINAL = "final"


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
