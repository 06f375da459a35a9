"""What a call means for promises of the same customer's earlier calls."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from callcore.orders.form import CUSTOMER, MACHINE, Form
from callcore.record import fold
from callcore.store import Store
from callcore.store.desk import Actor
from callcore.store.followups import OPEN, Followup
from callcore.tickets import Ticket
from callcore.tickets.followup import FollowupRules, LaterCall, Owed, Said
from callcore.types import SAMPLE_RATE_HZ, Event


@dataclass(frozen=True, slots=True)
class Settled:
    """A follow-up of an earlier call, and what the later one made of it."""

    followup: Followup
    status: str
    because: str  #: the rule and its place, such as "called back, turn 2 at 00:07"


def settle_promises(
    store: Store, rules: FollowupRules, form: Form, events: Sequence[Event], at: datetime
) -> list[Settled]:
    """Mark open promises of earlier calls by this one, and this one's by later calls that were filed before it."""
    call = form.ticket.call
    others = [(_day(store, other), other) for other in store.desk.same_customer(call.id)]
    here = (call.day, call.id)
    earlier = [call_id for day, call_id in others if (day, call_id) < here]
    settled = _settle(store, rules, earlier, later_call(form.ticket, events), at)
    for day, other in sorted(others):
        if (day, other) > here:
            order = store.desk.order(other)
            if order and order.document:
                later = later_call(Ticket.model_validate(order.document), store.events(other))
                settled += _settle(store, rules, [call.id], later, at)
    return settled


def later_call(ticket: Ticket, events: Iterable[Event]) -> LaterCall:
    """A call as the rules for promises see it."""
    record = fold(events)
    said = [
        Said(turn.turn_id, record.speaker(turn.channel).value, turn.text, turn.start_sample * 1000 // SAMPLE_RATE_HZ)
        for turn in record.turns
    ]
    return LaterCall(
        ticket.call.id,
        ticket.call.day,
        tuple(value.normal for value in ticket.fields.get("request.topics", ())),
        tuple(value.normal for value in ticket.fields.get("request.intents", ())),
        tuple((promise.by, promise.kind) for promise in ticket.promises),
        tuple(said),
    )


def _settle(
    store: Store, rules: FollowupRules, earlier: Sequence[str], later: LaterCall, at: datetime
) -> list[Settled]:
    settled = []
    for item in store.followups.of(earlier):
        order = store.desk.order(item.call_id)
        if item.status != OPEN or order is None:
            continue
        owed = Owed(item.kind, CUSTOMER if item.owner == CUSTOMER else "agent", item.due, order.outline.topic)
        verdict = rules.judge(owed, later)
        if verdict is not None:
            because = verdict.because
            done = store.followups.settle(
                item.number, verdict.status, Actor(MACHINE, at, reason=because), later.call_id
            )
            settled.append(Settled(done, verdict.status, because))
    return settled


def _day(store: Store, call_id: str) -> str:
    order = store.desk.order(call_id)
    return order.outline.day if order else ""
