"""Tickets and masks of written calls, scored against their gold: fields, promises, secrets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

from benchmarks.written_calls.check import GoldCall, secret_spans
from callcore.config import load_settings
from callcore.errors import SealError
from callcore.evaluate import tickets as scoring
from callcore.following import Following
from callcore.loading import load_ticket_rules, load_understander
from callcore.privacy import Redactor
from callcore.privacy.seal import Sealer, new_key
from callcore.tickets import Ticket, ticket_of
from callcore.tickets.spec import FieldSpec
from callcore.types import MASK, Event, Turn
from callcore.written import WrittenCall

DIGIT_FIELDS = (
    "customer.phone",
    "customer.id_number",
    "customer.card_tail",
    "customer.account",
    "request.amount",
    "request.date",
    "handling.transfer_deadline",
    "followup.due",
)  #: whose values are numbers or dates that are said; of the others none is lost by a digit heard wrong
COUNTED = ("marked", "right", "wrong", "spurious")
PROMISES = ("marked", "told", "found", "due_right")
RESAMPLES = 1000


@dataclass(slots=True)
class SecretCounts:
    """Secrets of calls, and the masks over them.

    ``hidden``: secrets of which no letter or digit can be read. ``stretches``: masked stretches (what nothing but
    spaces and marks stand between is one), ``needless``: those that touch no secret.
    """

    marked: int = 0
    hidden: int = 0
    stretches: int = 0
    needless: int = 0

    def __add__(self, other: SecretCounts) -> SecretCounts:
        return SecretCounts(*(getattr(self, key) + getattr(other, key) for key in self.__slots__))

    def as_row(self) -> dict[str, Any]:
        """Counts, recall and precision."""
        return {
            **{key: getattr(self, key) for key in self.__slots__},
            "recall": _ratio(self.hidden, self.marked),
            "precision": _ratio(self.stretches - self.needless, self.stretches),
        }


def secret_counts(text: str, shown: str, spans: Iterable[tuple[int, int]]) -> SecretCounts:
    """Secrets at ``spans`` of a turn's text; ``shown``: the text as it left the redaction, as long as ``text``."""
    counts, secret = SecretCounts(), [False] * len(text)
    for start, end in spans:
        letters = [place for place in range(start, end) if text[place].isalnum()]
        counts.marked += 1
        counts.hidden += all(shown[place] == MASK for place in letters)
        secret[start:end] = [True] * (end - start)
    told_of = [
        (shown[place] == MASK, secret[place])
        for place, character in enumerate(text)
        if character.isalnum() or shown[place] == MASK
    ]
    for masked, stretch in groupby(told_of, key=lambda one: one[0]):
        if masked:
            counts.stretches += 1
            counts.needless += not any(is_secret for _, is_secret in stretch)
    return counts


@dataclass(frozen=True, slots=True)
class CallScore:
    """Counts of one call: of each field and of its promises, and its secrets."""

    fields: Mapping[str, Mapping[str, int]]
    promises: Mapping[str, int]
    secrets: SecretCounts

    def of(self, names: Iterable[str]) -> dict[str, int]:
        """Fields together."""
        return {key: sum(self.fields[name][key] for name in names if name in self.fields) for key in COUNTED}


def f1_row(sums: Mapping[str, int]) -> dict[str, Any]:
    """Counts, precision over all that was filled, recall, F1."""
    filled = sums["right"] + sums["wrong"] + sums["spurious"]
    return {
        **sums,
        "precision": _ratio(sums["right"], filled),
        "recall": _ratio(sums["right"], sums["marked"]),
        "f1": _ratio(2 * sums["right"], filled + sums["marked"]),
    }


def whole_row(calls: Iterable[CallScore], groups: Mapping[str, Iterable[str]]) -> dict[str, Any]:
    """All calls together (micro): groups of fields, fields, promises and secrets."""
    found = list(calls)
    names = sorted({name for one in found for name in one.fields})
    promises = {key: sum(one.promises[key] for one in found) for key in PROMISES}
    return {
        "groups": {group: f1_row(_sums(one.of(members) for one in found)) for group, members in groups.items()},
        "fields": {name: f1_row(_sums(one.of([name]) for one in found)) for name in names},
        "promises": {
            **promises,
            "precision": _ratio(promises["found"], promises["told"]),
            "recall": _ratio(promises["found"], promises["marked"]),
            "f1": _ratio(2 * promises["found"], promises["marked"] + promises["told"]),
            "due_right": _ratio(promises["due_right"], promises["found"]),
        },
        "secrets": sum((one.secrets for one in found), SecretCounts()).as_row(),
    }


def mean_rows(rows: Sequence[Any]) -> Any:
    """Rows of the same shape as one: means of their numbers, to four places; None only where all are None."""
    if isinstance(rows[0], Mapping):
        names = dict.fromkeys(name for row in rows for name in row)
        return {name: mean_rows([row[name] for row in rows if name in row]) for name in names}
    known = [value for value in rows if value is not None]
    if not known or all(value == known[0] for value in known):
        return known[0] if known else None
    return round(sum(known) / len(known), 4)


def loss_interval(
    clean: Sequence[CallScore], draws: Sequence[Sequence[CallScore]], names: Sequence[str], seed: int = 1
) -> tuple[float, float]:
    """95 % percentile bootstrap interval of the loss of F1 of fields, calls drawn with replacement.

    ``draws``: the same calls with other texts, once or more often; each call counts with its mean.
    """
    drawn = np.random.default_rng(seed).multinomial(len(clean), [1 / len(clean)] * len(clean), size=RESAMPLES)

    def f1(calls: Any) -> Any:
        right, marked, filled = (drawn @ calls[:, place] for place in range(3))
        return 2 * right / np.maximum(marked + filled, 1)

    def table(scores: Sequence[CallScore]) -> Any:
        sums = [one.of(names) for one in scores]
        rows = [(one["right"], one["marked"], one["right"] + one["wrong"] + one["spurious"]) for one in sums]
        return np.array(rows, dtype=np.float64)

    worse = np.mean([table(scores) for scores in draws], axis=0)
    low, high = np.quantile(f1(table(clean)) - f1(worse), [0.025, 0.975])
    return round(float(low), 4), round(float(high), 4)


def _sums(rows: Iterable[Mapping[str, int]]) -> dict[str, int]:
    found = list(rows)
    return {key: sum(row[key] for row in found) for key in COUNTED}


class Told(NamedTuple):
    """What the pipeline made of a call."""

    ticket: Ticket
    events: Sequence[Event]


class TicketScorer:
    """Rules, models and a key made for the run, shared by all calls."""

    def __init__(self) -> None:
        self._settings = load_settings()
        self._understander = load_understander(self._settings)
        self._sealer = Sealer([new_key()])
        self._rules = load_ticket_rules(self._settings, self._understander.catalogue)
        self._following = Following(
            Redactor.of(self._sealer, self._settings.understand, self._understander.taggers), self._rules
        )
        self.versions = {language: model.version for language, model in self._understander.models.items()}

    def groups(self) -> dict[str, list[str]]:
        """Fields by group. Free text is in none: nobody can say letter for letter what is right."""
        specs = [spec for spec in self._rules.fields if spec.name not in scoring.FREE_TEXT]
        return {
            "always_required": [spec.name for spec in specs if spec.required is True],
            "required": [spec.name for spec in specs if spec.required is not False],
            "digit_free": [spec.name for spec in specs if spec.name not in DIGIT_FIELDS],
            "all": [spec.name for spec in specs],
        }

    def scores(self, calls: Mapping[str, GoldCall]) -> list[CallScore]:
        """Counts of each call."""
        return [self.score(name, call, self.told(name, call)) for name, call in calls.items()]

    def told(self, name: str, call: GoldCall) -> Told:
        """What becomes of a call; its labels play no part."""
        one = as_scored(name, call)
        events = self._following.told(one.call, name, self._settings, self._understander, ticket=True)
        ticket = ticket_of(events, self._rules)
        assert ticket is not None
        return Told(ticket, events)

    def score(self, name: str, call: GoldCall, told: Told) -> CallScore:
        """Counts of what was ``told`` of a call against its labels."""
        report = scoring.score(
            [as_scored(name, call)], lambda _: (told.ticket, told.events), self._rules.fields, self._open
        )
        fields = {field: {key: getattr(row, key) for key in COUNTED} for field, row in report.fields.items()}
        promises = {key: getattr(report.promises, key) for key in PROMISES}
        return CallScore(fields, promises, call_secrets(call, told.events))

    def _open(self, spec: FieldSpec, sealed: str) -> str:
        try:
            return self._sealer.open_any(spec.secret_kinds, sealed)
        except SealError:
            return ""


def as_scored(name: str, call: GoldCall) -> scoring.GoldCall:
    """A call as the scoring of callcore takes it."""
    values = call.model_dump(mode="json")
    return scoring.GoldCall(name, WrittenCall.model_validate(values), scoring.Gold.model_validate(values["gold"]))


def call_secrets(call: GoldCall, events: Iterable[Event]) -> SecretCounts:
    """Secrets of a call and what its events show of them."""
    order = sorted(range(len(call.turns)), key=lambda place: (call.turns[place].end_s, call.turns[place].start_s))
    counts = SecretCounts()
    for event in events:
        if isinstance(event, Turn):
            place = order[event.turn_id - 1]
            text = call.turns[place].text
            spans = [(start, end) for start, end, _ in secret_spans(call, place)]
            counts += secret_counts(text, event.text, spans)
    return counts


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
