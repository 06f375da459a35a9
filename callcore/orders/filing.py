"""Filing: the ticket that a call's stored events add up to becomes its work order, its promises follow-ups."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from callcore.config import Settings
from callcore.errors import ConfigError, RewriteError
from callcore.loading import load_ticket_rules
from callcore.orders.form import MACHINE, Form, as_json
from callcore.orders.promised import Settled, settle_promises
from callcore.record import fold
from callcore.rewrite import Rewriter
from callcore.store import CallFilter, Status, Store
from callcore.store.desk import Actor, WorkOrder
from callcore.store.followups import Followup
from callcore.tickets import Ticket, TicketRules, ticket_of
from callcore.tickets.followup import FollowupRules
from callcore.types import Event
from callcore.understand.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Filed:
    """A work order that was filed. ``settled``: what the call made of promises of earlier calls."""

    form: Form
    settled: tuple[Settled, ...] = ()


class Filer:
    """Makes work orders with one set of rules. Read-only; threads may share it."""

    def __init__(self, rules: TicketRules, *, posting: bool, rewriter: Rewriter | None = None) -> None:
        """``posting``: messages for the bank's system are stored with what they tell of."""
        self.rules = rules
        self.posting = posting
        self._rewriter = rewriter
        self._followups = FollowupRules.load()

    @classmethod
    def load(cls, settings: Settings) -> Filer:
        """With the files that the settings name.

        Raises :class:`ConfigError`, :class:`ModelNotFound`, :class:`ModelCorrupt`.
        """
        return cls.of(settings, load_ticket_rules(settings, Catalogue.of(settings.understand)))

    @classmethod
    def of(cls, settings: Settings, rules: TicketRules) -> Filer:
        """The same where the rules are loaded."""
        return cls(rules, posting=bool(settings.webhook.url), rewriter=Rewriter.of(settings.tickets))

    def ticket(self, events: Iterable[Event]) -> Ticket:
        """The fold of a call's events. Raises ``ValueError`` when the call's start is not among them."""
        ticket = ticket_of(events, self.rules)
        if ticket is None:
            raise ValueError("a call begins with its start")
        return ticket

    def form(self, store: Store, call_id: str) -> Form:
        """The work order of a call: as filed, or made from its events while it is not.

        Raises :class:`CallNotFound`, :class:`StoreError` and its kinds.
        """
        order = store.desk.order(call_id)
        if order and order.document:
            return self.filed(order)
        return Form.of(self.ticket(store.events(call_id)), self.rules, order)

    def filed(self, order: WorkOrder) -> Form:
        """A work order that was filed. Raises :class:`ConfigError` for one of a newer callcore."""
        try:
            return Form.of(Ticket.model_validate(order.document), self.rules, order)
        except ValueError as error:
            hint = f"Update callcore, or fill it anew: callcore rescore {order.call_id} --apply"
            raise ConfigError(f"the work order of {order.call_id} is of another callcore.", hint) from error

    def file(self, store: Store, call_id: str, at: datetime, *, action: str = "filled") -> Filed:
        """Fill the work order of a call from its stored events, and see what it means for earlier promises.

        All of it is stored, or nothing. Raises :class:`StoreError` and its kinds, :class:`DiskFull`.
        """
        events = store.events(call_id)
        ticket = self._rewritten(self.ticket(events), events)
        with store.together():
            form = Form.of(ticket, self.rules, store.desk.order(call_id))
            changed = self.keep(store, form, Actor(MACHINE, at), action=action)
            settled = settle_promises(store, self._followups, form, events, at)
            form = replace(form, version=_version(store, call_id))
            if changed and self.posting:
                self.post(store, form, "filled", at)
        return Filed(form, tuple(settled))

    def _rewritten(self, ticket: Ticket, events: Iterable[Event]) -> Ticket:
        """With the summary in other words, where the settings name who finds them; else, or on a fault, as it is."""
        if self._rewriter is None:
            return ticket
        record = fold(events)
        try:
            return self._rewriter.rewrite(ticket, record.turns, record.roles.roles if record.roles else {})
        except RewriteError as error:
            logging.getLogger(__name__).warning("%s: %s", ticket.call.id, error.message)
            return ticket

    def keep(self, store: Store, form: Form, actor: Actor, *, action: str = "filled") -> bool:
        """Store the machine's part of a work order with its follow-ups; returns whether anything changed."""
        call_id, document = form.ticket.call.id, form.ticket.model_dump(mode="json")
        with store.together():
            changed = store.desk.file(
                call_id, document, self.rules.hash, form.customers, actor, form.outline, action=action
            )
            store.followups.file(call_id, form.followups(), actor.at)
        return changed

    def post(self, store: Store, form: Form, what: str, at: datetime) -> None:
        """Store a message that tells of a work order: ``ticket.what``."""
        body = as_json(form, self.followups(store, form))
        store.outbox.post(form.ticket.call.id, f"ticket.{what}", body, at)

    def followups(self, store: Store, form: Form) -> list[Followup]:
        """What was promised in the call: as stored, or as it would be."""
        return store.followups.of([form.ticket.call.id]) if form.version else form.followups()


def left_behind(store: Store) -> list[str]:
    """Calls that have ended without a work order: their process was killed, or they are older than work orders."""
    ids = tuple(store.desk.unfiled())
    if not ids:
        return []
    ended = store.list_calls(CallFilter(call_ids=ids, statuses=(Status.DONE, Status.INTERRUPTED)))
    return sorted(call.call_id for call in ended)


def _version(store: Store, call_id: str) -> int:
    order = store.desk.order(call_id)
    return order.version if order else 0
