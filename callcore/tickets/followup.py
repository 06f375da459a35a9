"""What a later call of the same customer tells of a promise: kept, broken, or promised again. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from callcore.text.clock import clock_ms
from callcore.tickets.cues import Said as Phrasing
from callcore.tickets.spec import Entry, read

Status = Literal["kept", "broken", "repeated"]
FIRST_WORDS = 4  #: turns of the agent in which who calls back says so
ASKS_AGAIN = frozenset({"urge", "complain", "escalate", "ask_status"})  #: intents of who has waited in vain


@dataclass(frozen=True, slots=True)
class Owed:
    """An open promise. ``by``: "agent" (the bank) or "customer"; ``due``: ISO 8601 date or time, "" without one."""

    kind: str
    by: str
    due: str
    topic: str = ""  #: of the call in which it was made


@dataclass(frozen=True, slots=True)
class Said:
    """A turn. ``text``: masked, as stored."""

    turn: int
    speaker: str  #: "agent", "customer", "unknown"
    text: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class LaterCall:
    """A call after the promise. ``promises``: by whom, and kind."""

    call_id: str
    day: str
    topics: tuple[str, ...]
    intents: tuple[str, ...]
    promises: tuple[tuple[str, str], ...]
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a promise, by which rule, and where in the call it shows."""

    status: Status
    because: str


class FollowupRules(Entry):
    """The data file: what is said when a promise was kept, or not."""

    version: Literal[1]
    called_back: Phrasing  #: the agent rings, as was promised
    result: Phrasing  #: the agent tells what has been done
    asks_again: Phrasing  #: the customer has waited in vain
    done: Phrasing  #: the customer has done what he said he would

    @classmethod
    def load(cls) -> FollowupRules:
        """Those that come with callcore."""
        return read(cls, None, "followups")

    def judge(self, owed: Owed, later: LaterCall) -> Verdict | None:
        """What a later call of the same customer makes of a promise; None where it tells nothing.

        The bank's: kept by the call back itself; broken when its time is past and the customer asks again; kept when
        the result is told; repeated when it is promised again. The customer's are never broken by us.
        """
        same = _same_matter(owed.topic, later.topics)
        if owed.by == "customer":
            return self._customers(owed, later) if same else None
        if owed.kind in ("call_back", "inform") and same and (said := self._called_back(later)):
            return Verdict("kept", f"called back, {_place(said)}")
        if _past(owed.due, later.day) and same and (asked := self._asks_again(later)):
            return Verdict("broken", asked)
        if same and (said := _heard(self.result, later, "agent")):
            return Verdict("kept", f"result told, {_place(said)}")
        if same and any(by != "customer" and kind == owed.kind for by, kind in later.promises):
            return Verdict("repeated", "promised again")
        return None

    def _customers(self, owed: Owed, later: LaterCall) -> Verdict | None:
        if said := _heard(self.done, later, "customer"):
            return Verdict("kept", f"done, {_place(said)}")
        if owed.kind == "call_back" and not self._called_back(later):
            return Verdict("kept", "the customer called")
        if any(promise == ("customer", owed.kind) for promise in later.promises):
            return Verdict("repeated", "promised again")
        return None

    def _called_back(self, later: LaterCall) -> Said | None:
        first = [said for said in later.said if said.speaker != "customer"][:FIRST_WORDS]
        return next((said for said in first if self.called_back.phrases.find(said.text.lower())), None)

    def _asks_again(self, later: LaterCall) -> str:
        if said := _heard(self.asks_again, later, "customer"):
            return f"due is past and the customer asks again, {_place(said)}"
        if ASKS_AGAIN.intersection(later.intents):
            return "due is past and the customer asks again"
        return ""


def _heard(phrasing: Phrasing, later: LaterCall, speaker: str) -> Said | None:
    """The first turn of a speaker, or of nobody knows whom, that says so."""
    spoken = (said for said in later.said if said.speaker in (speaker, "unknown"))
    return next((said for said in spoken if phrasing.phrases.find(said.text.lower())), None)


def _place(said: Said) -> str:
    return f"turn {said.turn} at {clock_ms(said.at_ms)}"


def _past(due: str, day: str) -> bool:
    """Whether the day of a call lies after a time; of its own day nobody can tell."""
    return bool(due) and day > due[:10]


def _same_matter(topic: str, topics: tuple[str, ...]) -> bool:
    """Whether a call is about the same product; so it is taken where either call does not tell."""
    return not topic or not topics or topic.partition(".")[0] in {other.partition(".")[0] for other in topics}
