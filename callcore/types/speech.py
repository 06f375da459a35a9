"""What is said, and by whom."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

MASK = "*"  #: stands for each character of what is secret in words and texts that have left a call
_PARTING = re.compile(r"(?:[,，、;；:：。]|(?<!\b\w)\.)+$")  # the stop of "3 p.m." is its own


class Role(StrEnum):
    """Who speaks on a channel."""

    AGENT = "agent"
    CUSTOMER = "customer"
    UNKNOWN = "unknown"


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
class RolesAssigned:
    """Who is who. ``source`` is "option", "cues" or "mono"; ``confidence`` 0..1."""

    roles: Mapping[int, Role]
    confidence: float
    source: str


def quoted(words: Sequence[Word], first: int, end: int) -> str:
    """A half-open range of words as one quotes it, without the comma or full stop that parts it from the rest; all of
    them where it is empty.
    """
    chosen = words[first:end]
    if not chosen or len(chosen) == len(words):
        return text_of(words).strip()
    return _PARTING.sub("", text_of(chosen).strip())


def text_of(words: Sequence[Word]) -> str:
    """The text that words add up to; begins with a space where the first word has one before it."""
    return "".join(f" {word.text}" if word.space_before else word.text for word in words)
