"""Whether the written calls are sound: form, codes, dates, and that evidence and secrets stand where they are said to.

    python -m benchmarks.written_calls.check

Prints what is wrong, a line each, and a table of what the parts hold; ends with 1 where anything is wrong.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from benchmarks.written_calls.values import FIELDS, SECRET_KINDS, SEVERITIES, Check, field_checks, is_due
from callcore.understand.catalogue import Catalogue

FOLDER = Path(__file__).parent
HALVES = ("dev", "test")  #: that are measured
PARTS = ("train", "fresh", *HALVES)
FEWEST_TURNS, MOST_TURNS = 6, 40
SHORTEST_SOUGHT = 3  #: characters of a secret that is looked for where it is not listed; shorter ones are common words
COUNTED = ("request.category", "request.product", "handling.severity", "handling.authority", "handling.resolution")
RISKS = ("possible", "stated")  #: of leaving, with which it is noted whether the customer was asked to stay
NO_EVIDENCE = ("none", "no")  #: values that say that something was not there
Seconds = Annotated[float, Field(ge=0)]
Side = Literal["agent", "customer"]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WrittenTurn(_Strict):
    """One turn; times in seconds from the start of the call."""

    speaker: Side
    start_s: Seconds
    end_s: Seconds
    text: str = Field(min_length=1)


class GoldPromise(_Strict):
    """What one side said it would do. ``due``: ISO date or date and time, "" where none was given."""

    by: Side
    kind: Literal["call_back", "handle", "send", "refund", "visit", "pay", "document", "other"]
    due: str
    turn: int


class GoldSecret(_Strict):
    """A secret as it stands in the text of a turn."""

    turn: int
    text: str = Field(min_length=1)
    kind: str


class Gold(_Strict):
    """What the ticket of the call should hold."""

    fields: dict[str, str | list[str]]
    evidence: dict[str, list[int]]
    promises: list[GoldPromise]
    secrets: list[GoldSecret]


class GoldCall(_Strict):
    """A written call with its gold ticket."""

    language: Literal["zh", "en"]
    call_date: date
    turns: list[WrittenTurn]
    gold: Gold


def read(file: Path) -> GoldCall:
    """One call. Raises :class:`ValueError` that names the file and what is wrong with it."""
    try:
        return GoldCall.model_validate(json.loads(file.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{file.name}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    except ValueError as error:
        raise ValueError(f"{file.name}: {error}") from error


def secret_spans(call: GoldCall, turn: int) -> list[tuple[int, int, str]]:
    """Where the secrets of a turn stand: start, end (characters, half-open) and kind, in order.

    The same text listed twice stands twice. Raises :class:`ValueError` where one is not found.
    """
    text, place, spans = call.turns[turn].text, 0, []
    for secret in (secret for secret in call.gold.secrets if secret.turn == turn):
        start = text.find(secret.text, place)
        if start < 0:
            raise ValueError(f"turn {turn}: a secret ({secret.kind}) does not stand there, or not in this order")
        place = start + len(secret.text)
        spans.append((start, place, secret.kind))
    return spans


def faults(call: GoldCall, checks: Mapping[str, Check]) -> list[str]:
    """What is wrong with a call that could be read; no words of it but codes and values of fields."""
    parts: Sequence[Callable[[GoldCall], Iterator[str]]] = (_turns, _evidence, _promises, _secrets, _handling)
    return [*_values(call, checks), *(fault for part in parts for fault in part(call))]


def _turns(call: GoldCall) -> Iterator[str]:
    if not FEWEST_TURNS <= len(call.turns) <= MOST_TURNS:
        yield f"{len(call.turns)} turns"
    if call.call_date.weekday() > 4:
        yield f"{call.call_date} is no working day"
    before, ended = 0.0, {"agent": 0.0, "customer": 0.0}
    for index, turn in enumerate(call.turns):
        if turn.end_s <= turn.start_s:
            yield f"turn {index} ends before it begins"
        if turn.start_s < before or turn.start_s < ended[turn.speaker]:
            yield f"turn {index} begins before the one before it, or while its speaker still speaks"
        before, ended[turn.speaker] = turn.start_s, turn.end_s


def _values(call: GoldCall, checks: Mapping[str, Check]) -> Iterator[str]:
    for name, value in call.gold.fields.items():
        if name not in FIELDS:
            yield f"there is no field {name!r}"
            continue
        items = value if isinstance(value, list) else [value]
        if isinstance(value, list) != FIELDS[name].many:
            yield f"{name}: {'a list' if FIELDS[name].many else 'one value'} is wanted"
        yield from (f"{name}: {item!r}" for item in items if not checks[name](item))
    fields = call.gold.fields
    if (topic := fields.get("request.topic")) not in fields.get("request.topics", ()):
        yield f"request.topic {topic!r} is not among request.topics"


def _evidence(call: GoldCall) -> Iterator[str]:
    gold = call.gold
    yield from (f"evidence of {name}, which has no value" for name in gold.evidence if name not in gold.fields)
    for name, value in gold.fields.items():
        turns = gold.evidence.get(name, [])
        if not turns and value not in NO_EVIDENCE and name != "request.summary":
            yield f"{name} has no evidence"
        if any(not 0 <= turn < len(call.turns) for turn in turns) or turns != sorted(set(turns)):
            yield f"evidence of {name}: {turns}"


def _promises(call: GoldCall) -> Iterator[str]:
    for place, promise in enumerate(call.gold.promises):
        if not 0 <= promise.turn < len(call.turns):
            yield f"promise {place}: there is no turn {promise.turn}"
        elif call.turns[promise.turn].speaker != promise.by:
            yield f"promise {place}: turn {promise.turn} is the other side's"
        if promise.due and not is_due(promise.due):
            yield f"promise {place}: due {promise.due!r}"
        elif promise.due and datetime.fromisoformat(promise.due).date() < call.call_date:
            yield f"promise {place}: due before the call"


def _secrets(call: GoldCall) -> Iterator[str]:
    yield from (
        f"there is no kind of secret {secret.kind!r}" for secret in call.gold.secrets if secret.kind not in SECRET_KINDS
    )
    if any(not 0 <= secret.turn < len(call.turns) for secret in call.gold.secrets):
        yield "a secret is of a turn that is not there"
        return
    known = {secret.text for secret in call.gold.secrets if len(secret.text) >= SHORTEST_SOUGHT}
    for index, turn in enumerate(call.turns):
        try:
            spans = secret_spans(call, index)
        except ValueError as error:
            yield str(error)
            continue
        listed = {place for start, end, _ in spans for place in range(start, end)}
        for text in known:
            for found in re.finditer(rf"(?<![a-z]){re.escape(text)}(?![a-z])", turn.text, re.IGNORECASE):
                if any(turn.text[place].isalnum() and place not in listed for place in range(*found.span())):
                    yield f"turn {index} holds a secret that is not listed, from character {found.start()}"


def _handling(call: GoldCall) -> Iterator[str]:
    fields = call.gold.fields
    resolution = fields.get("handling.resolution")
    if resolution != "transferred":
        yield from (f"{name} without a transfer" for name in fields if name.startswith("handling.transfer_"))
    if resolution == "solved":
        yield from (f"{name} though solved" for name in fields if name.startswith("followup."))
    if ("caller.retention_tried" in fields) != (fields.get("caller.churn_risk") in RISKS):
        yield "caller.retention_tried goes with a churn risk, and only with one"
    if fields.get("handling.severity") not in SEVERITIES:
        yield "no severity"


def uncovered(calls: Sequence[GoldCall], catalogue: Catalogue) -> list[str]:
    """Categories, severities and resolutions that no call has."""
    wanted = {
        "request.category": [category.code for category in catalogue.taxonomy.category],
        "handling.severity": SEVERITIES,
        "handling.authority": ("within", "beyond"),
        "handling.resolution": ("solved", "transferred", "promised", "unresolved", "abandoned"),
        "caller.churn_risk": ("none", "possible", "stated"),
    }
    had = {name: {call.gold.fields.get(name) for call in calls} for name in wanted}
    return [f"no call has {name} {code}" for name, codes in wanted.items() for code in codes if code not in had[name]]


def table(calls: Sequence[GoldCall]) -> list[str]:
    """Counts of what the calls hold, a line for each kind of label."""
    lines = [f"{len(calls)} calls, {sum(len(call.turns) for call in calls)} turns"]
    lines += [_counted(name, [str(call.gold.fields.get(name, "-")) for call in calls]) for name in COUNTED]
    lines.append(
        _counted("promise", [f"{promise.by} {promise.kind}" for call in calls for promise in call.gold.promises])
    )
    lines.append(_counted("secret", [secret.kind for call in calls for secret in call.gold.secrets]))
    return lines


def _counted(name: str, items: Sequence[str]) -> str:
    return f"{name} ({len(items)}): " + ", ".join(f"{item} {count}" for item, count in sorted(Counter(items).items()))


def check(half: Path, catalogue: Catalogue) -> tuple[list[GoldCall], list[str]]:
    """The calls of a folder that can be read, and what is wrong, each with the name of its file."""
    checks, calls, found = field_checks(catalogue), [], []
    for file in sorted(half.glob("*.json")):
        try:
            call = read(file)
        except ValueError as error:
            found.append(str(error))
            continue
        calls.append(call)
        found += [f"{file.name}: {fault}" for fault in faults(call, checks)]
    return calls, found


def main() -> int:
    """Check all parts and say what they hold."""
    catalogue, wrong = Catalogue.load(), 0
    for name in PARTS:
        calls, found = check(FOLDER / name, catalogue)
        if name == "test":
            found += uncovered(calls, catalogue)
        print(f"== {name}", *found, *table(calls), sep="\n")
        wrong += len(found)
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
