"""Stored calls filled anew with other rules or models: what would change, and the change itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from callcore.errors import CallcoreError, StoreError
from callcore.orders.filing import Filer
from callcore.orders.form import Form
from callcore.orders.reread import reread
from callcore.store import Store
from callcore.tickets import Ticket
from callcore.tickets.lifecycle import State
from callcore.tickets.model import SUMMARY
from callcore.types import Event, Understanding
from callcore.understand.call import Understander

FREE = (State.DRAFT, State.REOPENED)  #: nobody has put their name to it
EXAMPLES = 5  #: calls named for each kind of change
PROMISES, MISSING = "promises", "missing"  #: counted beside the fields


@dataclass(frozen=True, slots=True)
class Changed:
    """A field (or the promises, or the missing fields) that would have other values. Secrets stay sealed."""

    name: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    edited: bool = False  #: a person's value stands before either

    @property
    def kind(self) -> str:
        """What happens to it."""
        return "changed" if self.before and self.after else "filled" if self.after else "emptied"


@dataclass(frozen=True, slots=True)
class Rescored:
    """One call under the new rules."""

    call_id: str
    state: State
    changes: tuple[Changed, ...]
    before_hash: str  #: of the rules of its work order; "" where there is none
    written: bool = False
    kept: bool = False  #: left as it is, for a person has confirmed it
    problem: str = ""

    @property
    def new(self) -> bool:
        """Whether the call had no work order."""
        return not self.before_hash


@dataclass(slots=True)
class Summary:
    """What all calls come to."""

    rules_hash: str
    calls: list[Rescored] = field(default_factory=list)

    def counts(self) -> dict[str, Counter[str]]:
        """By field: how many calls have it filled, changed, emptied, and how many of these a person had edited."""
        found: dict[str, Counter[str]] = {}
        for call in self.calls:
            for change in call.changes:
                counter = found.setdefault(change.name, Counter())
                counter[change.kind] += 1
                counter["edited"] += change.edited
        return dict(sorted(found.items(), key=lambda item: (-sum(item[1].values()), item[0])))

    def examples(self, name: str) -> list[tuple[str, Changed]]:
        """Calls in which a field changes."""
        pairs = ((call.call_id, change) for call in self.calls for change in call.changes if change.name == name)
        return list(pairs)[:EXAMPLES]

    def as_json(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "rules_hash": self.rules_hash,
            "calls": len(self.calls),
            "changed": sum(bool(call.changes) and not call.new for call in self.calls),
            "new": sum(call.new and not call.problem for call in self.calls),
            "written": sum(call.written for call in self.calls),
            "kept": sum(call.kept for call in self.calls),
            "failed": {call.call_id: call.problem for call in self.calls if call.problem},
            "fields": {name: dict(counter) for name, counter in self.counts().items()},
            "by_call": {
                call.call_id: [
                    {"field": c.name, "before": c.before, "after": c.after, "edited": c.edited} for c in call.changes
                ]
                for call in self.calls
                if call.changes
            },
        }


def rescore(
    store: Store,
    filer: Filer,
    call_ids: Iterable[str],
    at: datetime,
    *,
    apply: bool,
    settled: bool = False,
    understander: Understander | None = None,
) -> Iterator[Rescored]:
    """Each call under the filer's rules, as it comes; written with ``apply``.

    ``understander``: reads what turns mean anew; what it reads otherwise is stored with what is written. ``settled``:
    also those that a person has confirmed, dispatched or closed. A call that cannot be read or filled is
    told and passed over. Raises :class:`StoreError` and its kinds for what every other call would meet as well.
    """
    for call_id in call_ids:
        try:
            events = store.events(call_id)
            newer = reread(events, understander) if understander else []
            yield _one(store, filer, call_id, at, [*events, *newer], newer, apply=apply, settled=settled)
        except StoreError:
            raise
        except (CallcoreError, ValueError) as error:
            problem = error.message if isinstance(error, CallcoreError) else type(error).__name__
            yield Rescored(call_id, State.DRAFT, (), "", problem=problem)


def _one(
    store: Store,
    filer: Filer,
    call_id: str,
    at: datetime,
    events: Sequence[Event],
    newer: Sequence[Understanding],
    *,
    apply: bool,
    settled: bool,
) -> Rescored:
    order = store.desk.order(call_id)
    now = filer.ticket(events)
    if order is None or not order.document:
        if apply:
            _write(store, filer, call_id, at, newer, "filled")
        return Rescored(call_id, State.DRAFT, (), "", written=apply)
    before = Ticket.model_validate(order.document)
    changes = differences(before, Form.of(now, filer.rules, order), order.edits)
    free = settled or order.state in FREE
    write = apply and free and (bool(changes or newer) or order.rules_hash != filer.rules.hash)
    if write:
        _write(store, filer, call_id, at, newer, "rescored")
    kept = not free and bool(changes)
    return Rescored(call_id, order.state, tuple(changes), order.rules_hash, written=write, kept=kept)


def _write(store: Store, filer: Filer, call_id: str, at: datetime, newer: Sequence[Understanding], action: str) -> None:
    with store.together():
        store.add_meanings(call_id, newer)
        filer.file(store, call_id, at, action=action)


def differences(before: Ticket, form: Form, edited: Iterable[str] = ()) -> list[Changed]:
    """What is otherwise in a new ticket: values of fields, promises, missing fields."""
    after, people = form.ticket, set(edited)
    names = [name for name in dict.fromkeys((*before.fields, *after.fields)) if not _rewritten(before, name)]
    pairs = [(name, _normals(before, name), _normals(after, name), name in people) for name in names]
    pairs.append((PROMISES, _promises(before), _promises(after), False))
    pairs.append((MISSING, before.missing, after.missing, False))
    return [Changed(name, old, new, was_edited) for name, old, new, was_edited in pairs if old != new]


def _normals(ticket: Ticket, name: str) -> tuple[str, ...]:
    return tuple(value.normal for value in ticket.fields.get(name, ()))


def _rewritten(ticket: Ticket, name: str) -> bool:
    """Whether a language model put it in other words, which rules have no part in."""
    first = ticket.first(name)
    return name == SUMMARY and first is not None and first.source.startswith("model/")


def _promises(ticket: Ticket) -> tuple[str, ...]:
    return tuple(f"{promise.by} {promise.kind} {promise.due}".rstrip() for promise in ticket.promises)


def counted(calls: Sequence[Rescored]) -> str:
    """Such as ``12 calls: 3 would change, 1 has no work order yet``."""
    changed = sum(bool(call.changes) for call in calls)
    new, failed = sum(call.new and not call.problem for call in calls), sum(bool(call.problem) for call in calls)
    parts = [f"{changed} would change"]
    parts += [f"{new} would be filed"] if new else []
    parts += [f"{failed} failed"] if failed else []
    return f"{len(calls)} call{'s' * (len(calls) != 1)}: {', '.join(parts)}"
