"""What agents and customers say that tells how a call goes: the data files of cues and promises."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Literal, Self

from pydantic import Field, PrivateAttr, model_validator

from callcore.datafile import distinct
from callcore.tickets.phrases import Phrases
from callcore.tickets.spec import Code, Entry, Speaker, Text, read
from callcore.types import PromiseKind

CueCode = Literal[
    "complaint",
    "suggestion",
    "praise",
    "request",
    "question",
    "escalation",
    "supervisor",
    "many",
    "going_on",
    "urgent",
    "money_lost",
    "vulnerable",
    "solved",
    "carried_out",
    "transfer",
    "taken_over",
    "own_answer",
    "beyond",
    "unresolved",
    "retention",
    "asked_to_stay",
    "leaving",
    "may_leave",
    "takes_all",
    "long_here",
    "satisfied",
    "unsatisfied",
    "closing",
    "thanks",
    "accepted",
    "reason",
    "broke_off",
    "trouble",
]


class Said(Entry):
    """Phrases of one meaning, in both languages; ``not_``: those that take a hit back where they overlap it."""

    zh: tuple[Text, ...] = ()
    en: tuple[Text, ...] = ()
    not_zh: tuple[Text, ...] = ()
    not_en: tuple[Text, ...] = ()
    clause: ClassVar[bool] = False  #: whether ``~`` ends at a comma in Chinese
    _phrases: Phrases = PrivateAttr()

    @property
    def phrases(self) -> Phrases:
        """Of both languages: a turn may mix them."""
        return self._phrases

    @model_validator(mode="after")
    def _compiled(self) -> Self:
        self._phrases = Phrases.of((*self.zh, *self.en), (*self.not_zh, *self.not_en), self.clause)
        return self


class Cue(Said):
    """A code that rules ask for, and what it sounds like. ``by``: whose words count."""

    code: CueCode
    by: Speaker


class CueFile(Entry):
    """A parsed file of cues."""

    version: Literal[1]
    cue: tuple[Cue, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        distinct("cue", [item.code for item in self.cue])
        return self


class TopicWords(Said):
    """How a topic of the taxonomy sounds."""

    code: Code


class TopicFile(Entry):
    """A parsed file of topics' phrases."""

    version: Literal[1]
    topic: tuple[TopicWords, ...] = ()


class PromiseWords(Said):
    """How a promise of one kind sounds when one side makes it: who, what and to whom stand in one clause."""

    clause = True
    kind: PromiseKind
    by: Literal["customer", "agent"]


class PromiseFile(Entry):
    """A parsed file of promises. ``never``: what makes a sentence no promise if it comes before it; ``same_day``: what
    sets it for the day of the call where no time is given.
    """

    version: Literal[1]
    promise: tuple[PromiseWords, ...] = ()
    never: Said
    same_day: Said


def load_cues(file: Path | None) -> Sequence[Cue]:
    """From a file, or those that come with callcore. Raises :class:`~callcore.errors.ConfigError`."""
    return read(CueFile, file, "cues").cue


def load_topics(file: Path | None) -> Sequence[TopicWords]:
    """From a file, or those that come with callcore. Raises :class:`~callcore.errors.ConfigError`."""
    return read(TopicFile, file, "topics").topic


def load_promises(file: Path | None) -> PromiseFile:
    """From a file, or that which comes with callcore. Raises :class:`~callcore.errors.ConfigError`."""
    return read(PromiseFile, file, "promises")
