"""Several labels of the same written call, how far they agree, and what they settle to.

A part whose calls were labelled more than once has a file ``labels/<part>.jsonl``: a line for each call and labeller,
the writer first. Free text and secrets are the writer's alone.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from benchmarks.written_calls.check import FOLDER, NO_EVIDENCE, RISKS, GoldPromise
from benchmarks.written_calls.values import FIELDS
from callcore.evaluate.tickets import FREE_TEXT

WRITER = "writer"
LABELS = FOLDER / "labels"
PROMISES = "promises"  #: beside the fields
Value = str | list[str]
Counts = tuple[int, int]  #: agreed, and told by either: F1 is 2 * agreed / told


class Labels(BaseModel):
    """What one labeller says of one call."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    call: str
    by: str
    fields: dict[str, Value]
    evidence: dict[str, list[int]]
    promises: list[GoldPromise]


def read_labels(file: Path) -> dict[str, list[Labels]]:
    """By call, the writer first. Raises :class:`ValueError` where a line cannot be read or a call has no writer."""
    rows: dict[str, list[Labels]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        one = Labels.model_validate_json(line)
        rows.setdefault(one.call, []).append(one)
    for call, labels in rows.items():
        labels.sort(key=lambda one: one.by != WRITER)
        if labels[0].by != WRITER or len(labels) != 3:
            raise ValueError(f"{file.name}: {call} wants the writer's labels and two more")
    return rows


def write_labels(file: Path, rows: Iterable[Labels]) -> None:
    """A line each."""
    lines = [json.dumps(one.model_dump(), ensure_ascii=False) for one in rows]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def settled(labels: Sequence[Labels]) -> tuple[dict[str, Value], dict[str, list[int]], list[GoldPromise]]:
    """Fields, evidence and promises that hold for a call that was labelled three times, the writer first.

    A value holds that two give, and so does it that there is none; where all differ the writer's does. Lists are
    settled item by item. Free text is the writer's.
    """
    fields: dict[str, Value] = {}
    for name, form in FIELDS.items():
        rows = [one.fields.get(name) for one in labels]
        value = rows[0] if name in FREE_TEXT else _list(rows) if form.many else _one(rows)
        if value:
            fields[name] = value
    fields = _consistent(fields, labels)
    evidence = {name: turns for name, value in fields.items() if (turns := _evidence(name, value, labels))}
    return fields, evidence, _promises(labels)


def _one(rows: Sequence[Value | None]) -> Value | None:
    value, count = Counter(str(row) for row in rows).most_common(1)[0]
    return next(row for row in rows if str(row) == value) if count > 1 else rows[0]


def _list(rows: Sequence[Value | None]) -> list[str]:
    counts = Counter(item for row in rows for item in dict.fromkeys(row or ()))
    return [item for item, count in counts.items() if count > 1]


def _consistent(fields: Mapping[str, Value], labels: Sequence[Labels]) -> dict[str, Value]:
    """Without what goes only with another value of another field."""
    fitting = dict(fields)
    topics = [*fitting.get("request.topics", ())]
    if (topic := str(fitting["request.topic"])) not in topics:
        fitting["request.topics"] = [topic, *topics]
    if fitting["handling.resolution"] != "transferred":
        fitting = {name: value for name, value in fitting.items() if not name.startswith("handling.transfer_")}
    if fitting["handling.resolution"] == "solved":
        fitting = {name: value for name, value in fitting.items() if not name.startswith("followup.")}
    if fitting["caller.churn_risk"] not in RISKS:
        fitting.pop("caller.retention_tried", None)
    elif "caller.retention_tried" not in fitting:
        told = [one.fields["caller.retention_tried"] for one in labels if "caller.retention_tried" in one.fields]
        fitting["caller.retention_tried"] = told[0]
    return fitting


def _evidence(name: str, value: Value, labels: Sequence[Labels]) -> list[int]:
    """Turns that the first labeller names who gives this value, or failing that the first who gives any."""
    if value in NO_EVIDENCE:
        return []
    named = [one for one in labels if one.evidence.get(name)]
    agreed = [one for one in named if _items(one.fields.get(name)) == _items(value)]
    return (agreed or named)[0].evidence[name] if named else []


def _promises(labels: Sequence[Labels]) -> list[GoldPromise]:
    """Those of the same side and kind that two labellers hold.

    Of a promise that others give another kind in the same turn, the writer's kind holds unless two agree.
    """
    groups = _together(labels)
    held = [group for group in groups if len(group) > 1]
    alone = [group for group in groups if len(group) == 1]
    seen = {(promise.turn, promise.by, by) for group in groups for by, promise in group.items()}
    agreed = {(promise.turn, promise.by) for group in held for promise in group.values()}
    for group in alone:
        promise = group.get(WRITER)
        if promise and (promise.turn, promise.by) not in agreed:
            others = {by for turn, side, by in seen if (turn, side) == (promise.turn, promise.by)} - {WRITER}
            if others:
                held.append(group)
    return sorted((_told(group) for group in held), key=lambda one: (one.turn, one.by, one.kind))


def _together(labels: Sequence[Labels]) -> list[dict[str, GoldPromise]]:
    """Promises of one side and kind that stand for the same, by whose label: the nearest of each labeller."""
    groups: list[dict[str, GoldPromise]] = []
    for one in labels:
        for promise in one.promises:
            fits = [
                group
                for group in groups
                if one.by not in group
                and all((other.by, other.kind) == (promise.by, promise.kind) for other in group.values())
            ]
            near = min(fits, key=lambda group: min(abs(o.turn - promise.turn) for o in group.values()), default=None)
            if near is None:
                groups.append({one.by: promise})
            else:
                near[one.by] = promise
    return groups


def _told(group: Mapping[str, GoldPromise]) -> GoldPromise:
    """One promise for those of a group: the first's turn, and the time that most give, of several the first's."""
    first = next(iter(group.values()))
    due = Counter(promise.due for promise in group.values()).most_common(1)[0][0]
    return first.model_copy(update={"due": due})


def agreement(rows: Iterable[Sequence[Labels]], names: Container[str]) -> float | None:
    """F1 of one labeller's labels by another's, of fields or :data:`PROMISES`, all pairs and calls together."""
    pairs = [pair for labels in rows for pair in combinations(labels, 2)]
    found = [counts for pair in pairs for name, counts in compared(*pair).items() if name in names]
    told = sum(count for _, count in found)
    return round(2 * sum(agreed for agreed, _ in found) / told, 4) if told else None


def compared(one: Labels, other: Labels) -> dict[str, Counts]:
    """How far two labellers agree about a call, by field."""
    found: dict[str, Counts] = {}
    for name in {*one.fields, *other.fields} - {*FREE_TEXT}:
        mine, yours = _items(one.fields.get(name)), _items(other.fields.get(name))
        found[name] = len(mine & yours), len(mine) + len(yours)
    made, kept = (Counter((p.by, p.kind) for p in labels.promises) for labels in (one, other))
    found[PROMISES] = (made & kept).total(), made.total() + kept.total()
    return found


def _items(value: Any) -> set[str]:
    return set(value) if isinstance(value, list) else {value} if value else set()
