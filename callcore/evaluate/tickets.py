"""How well tickets are filled: written calls with the tickets they should give, against what the rules make of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from callcore.errors import ConfigError
from callcore.tickets import Ticket
from callcore.tickets.model import Commitment, Value
from callcore.tickets.spec import FieldSpec, is_hidden
from callcore.types import SAMPLE_RATE_HZ, Event, Promise, TicketChanged
from callcore.written import FORMAT_HINT, WrittenCall, read_written

FREE_TEXT = (
    "request.summary",
    "handling.transfer_reason",
    "handling.transfer_route",
    "handling.transfer_contact",
)  #: of which nobody can say letter for letter what is right
TAIL = 4
_DIGITS = 4

Reveal = Callable[[FieldSpec, str], str]  #: a field's sealed original in the clear; "" where it cannot be had


class GoldPromise(BaseModel):
    """A promise that was made; ``turn`` counts turns from 0 in the order of the file."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    by: Literal["agent", "customer"]
    kind: str
    due: str | None = ""
    turn: int = Field(ge=0)


class Gold(BaseModel):
    """The ticket that a call should give. Fields that are not named should be empty."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    fields: dict[str, tuple[str, ...]]
    evidence: dict[str, tuple[int, ...]] = Field({})
    promises: tuple[GoldPromise, ...] = ()

    @field_validator("fields", mode="before")
    @classmethod
    def _rows(cls, fields: Any) -> Any:
        if not isinstance(fields, dict):
            return fields
        rows = {name: value if isinstance(value, list) else [value] for name, value in fields.items()}
        return {name: row for name, row in rows.items() if row and row != [None]}


@dataclass(frozen=True, slots=True)
class GoldCall:
    """A written call and its gold ticket."""

    name: str
    call: WrittenCall
    gold: Gold


@dataclass(slots=True)
class FieldScore:
    """Counts of one field over all calls; of a field of several codes each code counts.

    ``cited``: right ones of which evidence lies in a turn that should show it.
    """

    marked: int = 0
    right: int = 0
    wrong: int = 0  #: marked, and filled otherwise
    spurious: int = 0  #: filled, and not marked
    evidence_marked: int = 0
    cited: int = 0
    delays_s: list[float] = field(default_factory=list)

    def as_row(self) -> dict[str, Any]:
        """Precision, recall, share of right values of those filled where one was marked, evidence, delay."""
        filled = self.right + self.wrong
        delays = sorted(self.delays_s)
        return {
            "marked": self.marked,
            "right": self.right,
            "wrong": self.wrong,
            "missed": self.marked - filled,
            "spurious": self.spurious,
            "precision": _ratio(self.right, filled + self.spurious),
            "precision_where_marked": _ratio(self.right, filled),
            "recall": _ratio(self.right, self.marked),
            "evidence": _ratio(self.cited, self.evidence_marked),
            "delay_s_median": round(delays[len(delays) // 2], 3) if delays else None,
        }


@dataclass(slots=True)
class PromiseScore:
    """Counts of promises: found are those of the right side and kind; ``due_right`` of them with the right time."""

    marked: int = 0
    told: int = 0
    found: int = 0
    due_right: int = 0

    def as_row(self) -> dict[str, Any]:
        """Precision, recall, F1, share of times that are right."""
        return {
            "marked": self.marked,
            "told": self.told,
            "found": self.found,
            "precision": _ratio(self.found, self.told),
            "recall": _ratio(self.found, self.marked),
            "f1": _ratio(2 * self.found, self.marked + self.told),
            "due_right": _ratio(self.due_right, self.found),
        }


@dataclass(slots=True)
class TicketReport:
    """What :func:`score` counted. ``wrong``: call, field, what it should be, what it was (private data left out)."""

    calls: int = 0
    fields: dict[str, FieldScore] = field(default_factory=dict)
    promises: PromiseScore = field(default_factory=PromiseScore)
    wrong: list[tuple[str, str, tuple[str, ...], tuple[str, ...]]] = field(default_factory=list)

    def as_json(self, specs: Sequence[FieldSpec]) -> dict[str, Any]:
        """Everything, ready for JSON; ``required`` and ``all`` are counted over their fields (micro)."""
        required = [spec.name for spec in specs if spec.required is not False]
        always = [spec.name for spec in specs if spec.required is True]
        facts = [spec.name for spec in specs if spec.extractor in ("entity", "pattern") or spec.rule == "customer_name"]
        return {
            "version": 1,
            "calls": self.calls,
            "always_required": self._sum(always).as_row(),
            "required": self._sum(required).as_row(),
            "facts": self._sum(facts).as_row(),
            "all": self._sum(self.fields).as_row(),
            "fields": {name: self.fields[name].as_row() for name in sorted(self.fields)},
            "promises": self.promises.as_row(),
            "wrong": [
                {"call": call, "field": name, "marked": list(marked), "filled": list(filled)}
                for call, name, marked, filled in self.wrong
            ],
        }

    def _sum(self, names: Iterable[str]) -> FieldScore:
        whole = FieldScore()
        for score in (self.fields[name] for name in names if name in self.fields):
            for key in ("marked", "right", "wrong", "spurious", "evidence_marked", "cited"):
                setattr(whole, key, getattr(whole, key) + getattr(score, key))
            whole.delays_s += score.delays_s
        return whole


def read_gold(folder: Path) -> list[GoldCall]:
    """All written calls of a folder (``*.json``) with their gold tickets. Raises :class:`ConfigError`."""
    files = sorted(folder.glob("*.json")) if folder.is_dir() else [folder]
    if not files:
        raise ConfigError(f"{folder} holds no written calls (*.json).", FORMAT_HINT)
    calls = []
    for file in files:
        call = read_written(file)
        values = json.loads(file.read_text(encoding="utf-8-sig"))
        try:
            calls.append(GoldCall(file.stem, call, Gold.model_validate(values.get("gold"))))
        except ValidationError as error:
            first = error.errors(include_input=False)[0]
            place = ".".join(map(str, ("gold", *first["loc"])))
            raise ConfigError(f"{file}: {place}: {first['msg']}", FORMAT_HINT) from error
    return calls


def score(
    calls: Iterable[GoldCall],
    fill: Callable[[GoldCall], tuple[Ticket, Sequence[Event]]],
    specs: Sequence[FieldSpec],
    reveal: Reveal,
) -> TicketReport:
    """Counts over calls. ``fill``: a call to its ticket and events; ``reveal``: opens what is sealed in it."""
    report = TicketReport()
    known = {spec.name: spec for spec in specs}
    for one in calls:
        report.calls += 1
        ticket, events = fill(one)
        firsts = _filled_at(ticket, events)
        for name in sorted({*one.gold.fields, *ticket.fields}):
            if name in known:
                _count(report, one, known[name], ticket, reveal, firsts.get(name))
        count_promises(report.promises, one.gold.promises, ticket.promises)
    return report


def _count(
    report: TicketReport, one: GoldCall, spec: FieldSpec, ticket: Ticket, reveal: Reveal, filled_at_s: float | None
) -> None:
    row = report.fields.setdefault(spec.name, FieldScore())
    marked, values = one.gold.fields.get(spec.name, ()), ticket.fields.get(spec.name, ())
    if spec.name in FREE_TEXT and not marked:
        return
    if spec.type == "codes":
        _count_codes(report, row, one.name, spec.name, set(marked), {value.normal for value in values})
        return
    row.marked += bool(marked)
    if not values:
        if marked:
            report.wrong.append((one.name, spec.name, () if spec.sealed else marked, ()))
        return
    filled = tuple(_clear(spec, value, reveal) for value in values)
    right = _same(spec, marked, filled)
    if not marked:
        row.spurious += 1
    else:
        row.right += right
        row.wrong += not right
    if not right and spec.name not in FREE_TEXT:
        report.wrong.append((one.name, spec.name, () if spec.sealed else marked, () if spec.sealed else filled))
    wanted = one.gold.evidence.get(spec.name, ())
    if right and wanted:
        row.evidence_marked += 1
        turns = turn_ids(one.call, wanted)
        row.cited += any(place.turn in turns for value in values for place in value.evidence)
        if filled_at_s is not None:
            said_s = min(one.call.turns[index].end_s for index in wanted if index < len(one.call.turns))
            row.delays_s.append(max(filled_at_s - said_s, 0.0))


def _count_codes(
    report: TicketReport, row: FieldScore, call: str, name: str, marked: set[str], filled: set[str]
) -> None:
    """Of a field of several codes each counts by itself."""
    row.marked += len(marked)
    row.right += len(marked & filled)
    row.spurious += len(filled - marked)
    if marked != filled:
        report.wrong.append((call, name, tuple(sorted(marked)), tuple(sorted(filled))))


def _same(spec: FieldSpec, marked: tuple[str, ...], filled: tuple[str, ...]) -> bool:
    if spec.name in FREE_TEXT:
        return bool(marked)
    return set(marked) == set(filled)


def _clear(spec: FieldSpec, value: Value, reveal: Reveal) -> str:
    normal = reveal(spec, value.normal) if is_hidden(value.normal) else value.normal
    return normal[-TAIL:] if spec.name == "customer.card_tail" else normal


def turn_ids(call: WrittenCall, indexes: Iterable[int]) -> set[int]:
    """Ids of turns, which are numbered in the order in which they end, from their places in the file."""
    order = sorted(range(len(call.turns)), key=lambda index: (call.turns[index].end_s, call.turns[index].start_s))
    numbers = {index: number for number, index in enumerate(order, 1)}
    return {numbers[index] for index in indexes if index in numbers}


def _filled_at(ticket: Ticket, events: Iterable[Event]) -> dict[str, float]:
    """When each field first had the values it ends with, in seconds of the call."""
    final = {name: {value.normal for value in values} for name, values in ticket.fields.items()}
    at: dict[str, float] = {}
    for event in events:
        if isinstance(event, TicketChanged):
            said: dict[str, set[str]] = {}
            for value in event.fields:
                said.setdefault(value.name, set()).add(value.normal)
            for name, normals in said.items():
                if normals != final.get(name):
                    at.pop(name, None)
                elif name not in at:
                    at[name] = event.at_sample / SAMPLE_RATE_HZ
    return at


def count_promises(row: PromiseScore, marked: Sequence[GoldPromise], told: Sequence[Commitment | Promise]) -> None:
    """Adds one call to the counts."""
    row.marked += len(marked)
    row.told += len(told)
    left = list(told)
    for gold in sorted(marked, key=lambda one: not one.due):
        fits = [one for one in left if one.by == gold.by and one.kind == gold.kind]
        if fits:
            best = next((one for one in fits if one.due == (gold.due or "")), fits[0])
            left.remove(best)
            row.found += 1
            row.due_right += best.due == (gold.due or "")


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, _DIGITS) if whole else None
