"""What a live call asks of whoever decodes for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from callcore.types import DecodeFailure, DecodeRequest, DecodeResult

Answered = Callable[[DecodeResult | DecodeFailure], None]  #: called once, from any thread; must return at once


class DecodeService(Protocol):
    """Decodes the requests of many calls, in an order of its own choosing."""

    def submit(self, call_id: str, request: DecodeRequest, answered: Answered) -> None:
        """Queue a request; ``answered`` gets its result or failure.

        FINAL and LANGUAGE requests are always answered. A PARTIAL or SPECULATIVE one gives way to a newer one of the
        same call and channel, and may be left unanswered. A FINAL for which an equal SPECULATIVE one (segment, start,
        end) is under way takes over its answer.
        """

    def release(self, call_id: str) -> None:
        """The call is over: what it still has waiting is forgotten."""
