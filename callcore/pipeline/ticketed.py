"""The ticket of a call, kept from harming it: a fault costs the ticket, and never the call or its words."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import zip_longest

from callcore.errors import unexpected
from callcore.tickets import Ticket, TicketFold, TicketRules
from callcore.types import AudioWarning, CallEnded, CallStarted, DecodeRequest, Event, Output, Resolved, WarningKind


class Ticketed:
    """A :class:`~callcore.pipeline.follower.Follower` that adds :class:`~callcore.types.TicketChanged` of one call."""

    def __init__(self, rules: TicketRules) -> None:
        self._rules = rules
        self._fold: TicketFold | None = None
        self._failed = False

    def follow(self, outputs: Sequence[Output]) -> list[Output]:
        """The outputs, each event followed by what it changes in the ticket; the end of the call stays last.

        What a turn settles of earlier ones follows from its meaning, so both are looked at together.
        """
        told: list[Output] = []
        for output, following in zip_longest(outputs, outputs[1:]):
            if isinstance(output, DecodeRequest):
                told.append(output)
                continue
            changes = self._changes(output, look=not isinstance(following, Resolved))
            told += [*changes, output] if isinstance(output, CallEnded) else [output, *changes]
        return told

    def ticket(self) -> Ticket | None:
        """As of now; None before the call has begun, and after a fault."""
        return self._fold.ticket() if self._fold and not self._failed else None

    def _changes(self, event: Event, *, look: bool) -> list[Event]:
        try:
            if isinstance(event, CallStarted):
                self._fold = self._rules.fold(event)
            if self._fold is None or self._failed:
                return []
            if look:
                return self._fold.take(event)
            self._fold.absorb(event)
            return []
        except Exception as error:
            self._failed = True
            logging.getLogger(__name__).error("ticket: %s", unexpected(error).message)
            message = f"the ticket cannot be filled any further ({type(error).__name__}); the call goes on."
            return [AudioWarning(WarningKind.NO_TICKET, message)]
