"""What stands between the pipeline of every call and whoever listens to it, in order: redaction, then the ticket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from callcore.config import Settings
from callcore.loading import load_ticket_rules
from callcore.pipeline.follower import Follower
from callcore.pipeline.ticketed import Ticketed
from callcore.privacy import Redactor
from callcore.tickets import TicketRules
from callcore.types import Event
from callcore.understand.call import Understander
from callcore.understand.entities import Finder
from callcore.written import WrittenCall, told


@dataclass(frozen=True, slots=True)
class Following:
    """What all calls share of it. Read-only."""

    redactor: Redactor | None
    tickets: TicketRules | None

    @classmethod
    def of(cls, settings: Settings, understander: Understander | None, redactor: Redactor | None) -> Following:
        """Without an ``understander`` nothing is read from turns, and there are no tickets.

        Raises :class:`ConfigError` for a broken file of fields, cues, promises or rules, :class:`ModelNotFound` and
        :class:`ModelCorrupt` for the models of tickets.
        """
        wanted = understander if settings.tickets.enabled else None
        return cls(redactor, load_ticket_rules(settings, wanted.catalogue) if wanted else None)

    def call(self, day: date, *, ticket: bool, finder: Finder | None = None) -> list[Follower]:
        """The followers of a new call on ``day``. ``ticket``: whether it tells how its ticket grows.

        ``finder``: that of the meaning of the call, so that the redaction finds nothing a second time.
        """
        followers: list[Follower] = [self.redactor.call(day, finder)] if self.redactor else []
        if ticket and self.tickets:
            followers.append(Ticketed(self.tickets))
        return followers

    def told(
        self, call: WrittenCall, name: str, settings: Settings, understander: Understander, *, ticket: bool
    ) -> list[Event]:
        """The events of a written call as they leave the followers; see :func:`callcore.written.told`."""
        finder = understander.finder()
        day = settings.understand.call_date or call.call_date
        return told(call, name, settings, understander, self.call(day, ticket=ticket, finder=finder), finder)
