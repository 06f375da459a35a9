"""Tickets and masks of written calls, scored against their gold: fields, promises, secrets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from benchmarks.written_calls.check import GoldCall, secret_spans
from callcore.config import load_settings
from callcore.errors import SealError
from callcore.evaluate import tickets as scoring
from callcore.following import Following
from callcore.loading import load_understander
from callcore.privacy import Redactor
from callcore.privacy.masks import MASK
from callcore.privacy.seal import Sealer, new_key
from callcore.tickets import Ticket, TicketRules, ticket_of
from callcore.tickets.spec import FieldSpec
from callcore.types import Event, Turn
from callcore.written import WrittenCall, told

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
GROUPS = ("always_required", "required", "digit_free", "all")
COUNTED = ("marked", "right", "wrong", "spurious")


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


def group_row(fields: Mapping[str, Mapping[str, Any]], names: Iterable[str]) -> dict[str, Any]:
    """Fields together (micro): counts, precision over all that was filled, recall, F1."""
    sums = {key: sum(fields[name][key] for name in names if name in fields) for key in COUNTED}
    filled = sums["right"] + sums["wrong"] + sums["spurious"]
    return {
        **sums,
        "precision": _ratio(sums["right"], filled),
        "recall": _ratio(sums["right"], sums["marked"]),
        "f1": _ratio(2 * sums["right"], filled + sums["marked"]),
    }


def mean_rows(rows: Sequence[Any]) -> Any:
    """Rows of the same shape as one: means of their numbers, to four places; None only where all are None."""
    first = rows[0]
    if isinstance(first, Mapping):
        names = dict.fromkeys(name for row in rows for name in row)
        return {name: mean_rows([row[name] for row in rows if name in row]) for name in names}
    known = [value for value in rows if value is not None]
    return round(sum(known) / len(known), 4) if known else None


class TicketScorer:
    """Rules, models and a key made for the run, shared by all calls."""

    def __init__(self) -> None:
        self._settings = load_settings()
        self._understander = load_understander(self._settings)
        self._sealer = Sealer([new_key()])
        how = self._settings.understand
        self._rules = TicketRules.load(self._settings.tickets, self._understander.catalogue)
        self._following = Following(Redactor(self._sealer, how.currency, how.region), self._rules)
        self.versions = {language: model.version for language, model in self._understander.models.items()}

    def row(self, calls: Mapping[str, GoldCall]) -> dict[str, Any]:
        """Fields, groups of fields, promises and secrets of calls by name."""
        secrets = SecretCounts()

        def fill(one: scoring.GoldCall) -> tuple[Ticket, Sequence[Event]]:
            nonlocal secrets
            followers = self._following.call(one.call.call_date, ticket=True)
            events = told(one.call, one.name, self._settings, self._understander, followers)
            secrets += call_secrets(calls[one.name], events)
            filled = ticket_of(events, self._rules)
            assert filled is not None
            return filled, events

        report = scoring.score(
            [as_scored(name, call) for name, call in calls.items()], fill, self._rules.fields, self._open
        ).as_json(self._rules.fields)
        fields = {name: {key: row[key] for key in COUNTED} for name, row in report["fields"].items()}
        return {
            "groups": {name: group_row(fields, names) for name, names in self._groups(fields).items()},
            "fields": {name: group_row(fields, [name]) for name in fields},
            "promises": report["promises"],
            "secrets": secrets.as_row(),
        }

    def _groups(self, fields: Iterable[str]) -> dict[str, list[str]]:
        specs = self._rules.fields
        return {
            "always_required": [spec.name for spec in specs if spec.required is True],
            "required": [spec.name for spec in specs if spec.required is not False],
            "digit_free": [name for name in fields if name not in DIGIT_FIELDS],
            "all": list(fields),
        }

    def _open(self, spec: FieldSpec, sealed: str) -> str:
        for kind in spec.kinds or ("name",):
            try:
                return self._sealer.open(kind, sealed)
            except SealError:  # sealed as another kind of this field
                continue
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
