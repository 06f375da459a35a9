"""The states of a work order, and what leads from one to the next."""

from __future__ import annotations

from enum import StrEnum

from callcore.errors import TicketError


class State(StrEnum):
    """Where a work order stands."""

    DRAFT = "draft"  #: as callcore filled it
    CONFIRMED = "confirmed"  #: a person says that it is right
    DISPATCHED = "dispatched"  #: handed to the department that deals with it
    CLOSED = "closed"
    REOPENED = "reopened"


class Move(StrEnum):
    """What a person does with a work order."""

    CONFIRM = "confirm"
    DISPATCH = "dispatch"
    CLOSE = "close"
    REOPEN = "reopen"


_MOVES = {
    (State.DRAFT, Move.CONFIRM): State.CONFIRMED,
    (State.REOPENED, Move.CONFIRM): State.CONFIRMED,
    (State.CONFIRMED, Move.DISPATCH): State.DISPATCHED,
    (State.CONFIRMED, Move.CLOSE): State.CLOSED,  # solved on the call: there is nobody to send it to
    (State.DISPATCHED, Move.CLOSE): State.CLOSED,
    (State.CLOSED, Move.REOPEN): State.REOPENED,
    (State.DISPATCHED, Move.REOPEN): State.REOPENED,  # the department sends it back
    (State.CONFIRMED, Move.REOPEN): State.REOPENED,
}
DONE = {
    Move.CONFIRM: "confirmed",
    Move.DISPATCH: "dispatched",
    Move.CLOSE: "closed",
    Move.REOPEN: "reopened",
}  #: what has then been done with it


def moved(state: State, move: Move) -> State:
    """The state after ``move``. Raises :class:`TicketError` when it does not lead from ``state``."""
    try:
        return _MOVES[state, move]
    except KeyError:
        possible = [str(other) for (before, other) in _MOVES if before is state]
        raise TicketError(
            f"a {state} work order cannot be {DONE[move]}.", f"Possible now: {', '.join(possible)}."
        ) from None


def editable(state: State) -> bool:
    """Whether fields may be changed: what was handed on or closed must be reopened first."""
    return state in (State.DRAFT, State.CONFIRMED, State.REOPENED)
