"""A text as the rules for secrets see it: its characters, what is known of it, and where it stands in the call."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import TypedDict

from callcore.privacy.spans import Secret
from callcore.types import Role
from callcore.understand.entities.spans import Span
from callcore.understand.entities.spoken import Spoken


class Stage(IntEnum):
    """How much of what somebody says is known."""

    PARTIAL = 0  #: still being said: digits in a row are masked whatever they may become
    FINAL = 1  #: its words stay, but more may follow in the same turn: its end may be half a secret
    TURN = 2  #: all of it


@dataclass(frozen=True, slots=True)
class View:
    """What a rule gets.

    ``spans``: what the rules for entities found, secret or not. ``asked``: what the other side has just asked for
    ("name", "address", "birth", "proof" ...), "" for nothing. ``number_wanted``: a number was asked for, or begun;
    ``reference_wanted``: one that is no secret. ``public``: numbers of the call that are none, ``staff``: names of
    people of the bank. ``opening``: whether its side has not had a turn before. ``speaker``: whose words they are.
    ``topics``: what either side has asked about lately (:class:`~callcore.privacy.topics.Topics`).
    """

    spoken: Spoken
    spans: tuple[Span, ...]
    stage: Stage = Stage.TURN
    asked: str = ""
    number_wanted: bool = False
    reference_wanted: bool = False
    public: frozenset[str] = frozenset()
    staff: frozenset[str] = frozenset()
    opening: bool = False
    speaker: Role = Role.UNKNOWN
    topics: frozenset[str] = frozenset()

    @property
    def text(self) -> str:
        """The text as patterns read it (:attr:`Spoken.text`)."""
        return self.spoken.text

    @property
    def unfinished(self) -> bool:
        """Whether more may follow."""
        return self.stage < Stage.TURN

    def readable(self, start: int, end: int) -> bool:
        """Whether a fact that is no secret (an amount, a date ...) lies over all of the range."""
        return any(span.start <= start and end <= span.end for span in self.spans if span.kind in READABLE)


class Known(TypedDict):
    """What the call tells of a text: fields of :class:`View`."""

    asked: str
    number_wanted: bool
    reference_wanted: bool
    public: frozenset[str]
    staff: frozenset[str]
    opening: bool
    topics: frozenset[str]


READABLE = frozenset(
    "amount rate date period time datetime duration reference branch bank merchant product channel".split()
)

Rule = Callable[[View], Iterable[Secret]]
