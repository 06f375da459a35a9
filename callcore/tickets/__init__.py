"""The work order that fills itself: a fold over the events of a call."""

from callcore.tickets.fold import TicketFold, ticket_of
from callcore.tickets.model import Ticket, ticket_schema
from callcore.tickets.rules import TicketRules

__all__ = ["Ticket", "TicketFold", "TicketRules", "ticket_of", "ticket_schema"]
