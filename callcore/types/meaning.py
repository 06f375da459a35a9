"""What turns mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


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
    tail: str = ""  #: of a card's number whose value is sealed: its last four digits, sealed by themselves


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
    acts: tuple[Label, ...] = ()  #: dialogue acts, each with the words of the sentence that holds it
    may_promise: tuple[Label, ...] = ()  #: promises among the acts, also unlikely ones: the rest of the call may tell
    scores: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  #: by head and label, also unlikely ones


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
    tail: str = ""  #: as that of an entity


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
