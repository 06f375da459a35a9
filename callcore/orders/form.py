"""A work order as it stands: the machine's ticket, what people set beside it, and what follows from both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from callcore.privacy.seal import is_sealed
from callcore.store.desk import Customer, Edit, Outline, WorkOrder
from callcore.store.followups import Followup
from callcore.tickets import Ticket, TicketRules
from callcore.tickets.lifecycle import State
from callcore.tickets.model import Commitment, Value
from callcore.tickets.spec import FieldSpec, missing

FORM_VERSION = 1  #: raised when the meaning of a key changes or one goes; new keys do not raise it
SEPARATOR = ","  #: between the codes of an edit of a field that takes several
WEAK = ("customer.name", "customer.card_tail")  #: fields that several customers may share a value of
OPEN = ("transferred", "promised", "unresolved")  #: resolutions after which somebody is told where it stands
STATUS_PROMISE, STATUS_KIND = "status", "inform"  #: "tell the customer where it stands", which nobody promised
AGENT, CUSTOMER = "agent", "customer"
MACHINE = "callcore"  #: who fills work orders and sees what became of promises


@dataclass(frozen=True, slots=True)
class FieldNow:
    """One field: the machine's ``values`` and, beside them, what a person set last."""

    name: str
    spec: FieldSpec | None  #: None: no longer among the fields
    values: tuple[Value, ...]
    edit: Edit | None = None

    @property
    def value(self) -> str:
        """As shown: a person's, else the machine's."""
        if self.edit:
            return self.edit.value
        separator = "、" if any(not value.value.isascii() for value in self.values) else ", "
        return separator.join(dict.fromkeys(value.value for value in self.values))

    @property
    def normals(self) -> tuple[str, ...]:
        """Normal forms: a person's, else the machine's."""
        if self.edit is None:
            return tuple(value.normal for value in self.values)
        several = self.spec is not None and self.spec.type == "codes"
        return tuple(self.edit.normal.split(SEPARATOR) if several else [self.edit.normal]) if self.edit.value else ()

    @property
    def machine_normal(self) -> str:
        """What the machine had, in one string."""
        return SEPARATOR.join(value.normal for value in self.values)

    @property
    def secret(self) -> bool:
        """Whether its original is sealed, or was not kept."""
        return any(map(is_sealed, self.normals))


@dataclass(frozen=True, slots=True)
class Form:
    """A work order. ``version`` 0: not filed."""

    ticket: Ticket
    fields: Mapping[str, FieldNow]  #: those with a value or an edit, in the order of the rules
    missing: tuple[str, ...]
    version: int = 0
    state: State = State.DRAFT
    updated_at: str = ""

    @classmethod
    def of(cls, ticket: Ticket, rules: TicketRules, order: WorkOrder | None = None) -> Form:
        """``order``: what is known of it in the database, its edits above all."""
        edits = order.edits if order else {}
        specs = {spec.name: spec for spec in rules.fields}
        names = [*specs, *(name for name in (*ticket.fields, *edits) if name not in specs)]
        fields = {
            name: FieldNow(name, specs.get(name), ticket.fields.get(name, ()), edits.get(name))
            for name in dict.fromkeys(names)
            if name in ticket.fields or name in edits
        }
        normals = {name: field.normals for name, field in fields.items() if field.normals}
        lacking = missing(rules.fields, normals, [(promise.by, promise.kind) for promise in ticket.promises])
        if order is None:
            return cls(ticket, fields, lacking)
        return cls(ticket, fields, lacking, order.version, order.state, order.updated_at)

    def normal(self, name: str) -> str:
        """First normal form of a field; "" without one."""
        field = self.fields.get(name)
        return next(iter(field.normals), "") if field else ""

    @property
    def outline(self) -> Outline:
        """What it is listed by."""
        return Outline(
            self.ticket.call.day,
            self.normal("handling.severity"),
            self.normal("request.topic"),
            self.normal("handling.department"),
            len(self.missing),
        )

    @property
    def customers(self) -> list[Customer]:
        """Sealed values by which the caller is known, the machine's and those that people set."""
        return [
            Customer(normal, field.name, weak=field.name in WEAK)
            for field in self.fields.values()
            for normal in dict.fromkeys((*field.normals, *(value.normal for value in field.values)))
            if normal.startswith("sealed:")
        ]

    def followups(self) -> list[Followup]:
        """What is to be done: every promise, and where nobody promised a call back, to say where the matter stands."""
        owner, due = self.normal("followup.owner"), self.normal("followup.due")
        owed = [promise for promise in self.ticket.promises if promise.by != CUSTOMER]
        main = min(owed, key=lambda promise: (promise.kind != "call_back", promise.due or "~"), default=None)
        edit = self.fields.get("followup.due")
        moved = bool(edit and edit.edit)
        found = [
            self._promised(promise, owner, due if promise is main and (moved or not promise.due) else promise.due)
            for promise in self.ticket.promises
        ]
        told = any(promise.kind == "call_back" for promise in owed)
        if self.normal("handling.resolution") in OPEN and due and not told:
            call_id = self.ticket.call.id
            found.append(Followup(0, call_id, STATUS_PROMISE, STATUS_KIND, owner or AGENT, due, ""))
        return found

    def _promised(self, promise: Commitment, owner: str, due: str) -> Followup:
        who = CUSTOMER if promise.by == CUSTOMER else owner or AGENT
        return Followup(0, self.ticket.call.id, promise.id, promise.kind, who, due, promise.contact)


def as_json(form: Form, followups: Sequence[Followup] = ()) -> dict[str, Any]:
    """A work order for other programs (docs/tickets-desk.md): secrets masked, sealed originals as they are."""
    ticket = form.ticket.model_dump(mode="json")
    return {
        "form_version": FORM_VERSION,
        "call_id": form.ticket.call.id,
        "state": str(form.state),
        "version": form.version,
        "updated_at": form.updated_at or None,
        "call": ticket["call"],
        "fields": {name: _field(field, ticket["fields"].get(name, [])) for name, field in form.fields.items()},
        "missing": list(form.missing),
        "promises": ticket["promises"],
        "followups": [followup_json(item) for item in followups],
        "summary": ticket["summary"],
        "made": ticket["made"],
    }


def followup_json(item: Followup) -> dict[str, Any]:
    """A follow-up for other programs."""
    return {
        "number": item.number,
        "call_id": item.call_id,
        "promise": item.promise_id,
        "kind": item.kind,
        "owner": item.owner,
        "due": item.due or None,
        "contact": item.contact,
        "status": item.status,
        "by_call": item.by_call or None,
        "changed_at": item.changed_at or None,
    }


def _field(field: FieldNow, machine: list[Any]) -> dict[str, Any]:
    edit = field.edit
    return {
        "value": field.value,
        "normal": list(field.normals),
        "machine": machine,
        "edit": None
        if edit is None
        else {"value": edit.value, "normal": edit.normal, "by": edit.actor, "at": edit.at, "reason": edit.reason},
    }
