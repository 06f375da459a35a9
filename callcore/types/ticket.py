"""What the work order holds, as it grows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from callcore.types.speech import Role

PromiseKind = Literal["call_back", "handle", "send", "refund", "visit", "pay", "document", "other"]


class FieldStatus(StrEnum):
    """How sure the value of a field is."""

    SUGGESTED = "suggested"  #: by text that may still change
    FILLED = "filled"
    CONFIRMED = "confirmed"  #: read back and agreed to
    DISPUTED = "disputed"  #: said otherwise elsewhere in the call; both are shown


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where in the call something was said. ``first_word``, ``end_word``: half-open range; both 0 = the whole turn."""

    turn_id: int  #: -1: of a segment that is still open
    channel: int
    start_sample: int
    end_sample: int
    first_word: int = 0
    end_word: int = 0


@dataclass(frozen=True, slots=True)
class FieldValue:
    """One value of one field of a ticket."""

    name: str  #: section and field, "customer.phone"
    value: str  #: as it is shown; secrets are masked
    normal: str  #: normal form: a code, a date, a number; of secrets the sealed original
    confidence: float  #: 0..1
    status: FieldStatus
    evidence: tuple[Evidence, ...]
    source: str  #: rule or model that filled it, with its version


@dataclass(frozen=True, slots=True)
class Promise:
    """Something that one side said it would do."""

    promise_id: str  #: "turn-place", unique in its call
    kind: str  #: a :data:`PromiseKind`; of a newer callcore perhaps another
    by: Role
    due: str  #: ISO 8601 date or time, "" where no time was given
    contact: str  #: how the customer is reached, "" where nothing was said; masked
    confidence: float
    evidence: tuple[Evidence, ...]
    source: str


@dataclass(frozen=True, slots=True)
class TicketChanged:
    """The ticket has other values than before. Not stored: the ticket is the fold of the events that are.

    ``fields``: those that changed, each with all its values; a name in ``emptied`` has none any more.
    """

    at_sample: int
    fields: tuple[FieldValue, ...]
    emptied: tuple[str, ...]
    promises: tuple[Promise, ...]  #: those that are new or changed
    missing: tuple[str, ...]  #: names of required fields without a value
