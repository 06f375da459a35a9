"""What stands between the pipeline of every call and whoever listens to it, in order."""

from __future__ import annotations

from dataclasses import dataclass

from callcore.config import Settings
from callcore.pipeline.follower import Follower
from callcore.pipeline.ticketed import Ticketed
from callcore.tickets import TicketRules
from callcore.understand.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Following:
    """What all calls share of it. Read-only."""

    tickets: TicketRules | None

    @classmethod
    def load(cls, settings: Settings, catalogue: Catalogue | None) -> Following:
        """``catalogue`` None: nothing is read from turns, so there are no tickets. Raises :class:`ConfigError`."""
        wanted = settings.tickets.enabled and catalogue is not None
        return cls(TicketRules.load(settings.tickets, catalogue) if wanted and catalogue else None)

    def before_ticket(self) -> list[Follower]:
        """Of a new call: what its ticket and everybody else see the events through."""
        return []

    def ticketed(self) -> Ticketed | None:
        """Of a new call: the ticket that grows with it."""
        return Ticketed(self.tickets) if self.tickets else None
