"""The fields of a gold ticket, and what their values look like."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from callcore.evaluate.labelled import EMOTIONS
from callcore.understand.catalogue import Catalogue

Check = Callable[[str], bool]

SEVERITIES = ("P1", "P2", "P3", "P4")
CHANNELS = ("app", "online", "branch", "atm", "phone", "wechat", "sms", "email")
SECRET_KINDS = frozenset(
    "card_number card_tail card_expiry account phone id_number name email code address digits".split()
)
DIALOGUE_ACTS = frozenset("give_info confirm deny not_understood greet thank bye hold_on acknowledge".split())
_DUE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d)?")


class FieldForm(NamedTuple):
    """How a field is written: what its values are (see :func:`field_checks`), and whether it is a list."""

    form: str
    many: bool = False


FIELDS: Mapping[str, FieldForm] = {
    "customer.name": FieldForm("text"),
    "customer.phone": FieldForm("phone"),
    "customer.id_number": FieldForm("letters_digits"),
    "customer.card_tail": FieldForm("tail"),
    "customer.account": FieldForm("letters_digits"),
    "request.category": FieldForm("category"),
    "request.topic": FieldForm("topic"),
    "request.topics": FieldForm("topic", many=True),
    "request.intents": FieldForm("intent", many=True),
    "request.product": FieldForm("product"),
    "request.summary": FieldForm("text"),
    "request.amount": FieldForm("amount"),
    "request.date": FieldForm("date"),
    "request.merchant": FieldForm("text"),
    "request.branch": FieldForm("text"),
    "request.channel": FieldForm("channel"),
    "caller.type": FieldForm("caller"),
    "caller.mood_start": FieldForm("emotion"),
    "caller.mood_worst": FieldForm("emotion"),
    "caller.mood_end": FieldForm("emotion"),
    "caller.causes": FieldForm("cause", many=True),
    "caller.satisfaction": FieldForm("satisfaction"),
    "caller.churn_risk": FieldForm("churn"),
    "caller.retention_tried": FieldForm("yes_no"),
    "handling.severity": FieldForm("severity"),
    "handling.department": FieldForm("department"),
    "handling.authority": FieldForm("authority"),
    "handling.resolution": FieldForm("resolution"),
    "handling.transfer_reason": FieldForm("text"),
    "handling.transfer_route": FieldForm("text"),
    "handling.transfer_deadline": FieldForm("due"),
    "handling.transfer_contact": FieldForm("text"),
    "followup.owner": FieldForm("owner"),
    "followup.due": FieldForm("due"),
}


def is_due(value: str) -> bool:
    """Whether it is an ISO date, or date and time to the minute, of a day that there is."""
    if not _DUE.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def field_checks(catalogue: Catalogue) -> dict[str, Check]:
    """For each field what tells whether a value is in its normal form."""
    taxonomy, departments = catalogue.taxonomy, [item.code for item in catalogue.routing.department]
    codes: dict[str, Sequence[str]] = {
        "category": [item.code for item in taxonomy.category],
        "topic": [item.code for item in taxonomy.topic],
        "intent": [item.code for item in taxonomy.intent if item.code not in DIALOGUE_ACTS],
        "product": [item.code for item in taxonomy.product],
        "channel": CHANNELS,
        "caller": [*(item.code for item in taxonomy.caller), "none"],
        "emotion": EMOTIONS,
        "cause": [item.code for item in catalogue.causes.cause],
        "satisfaction": ("satisfied", "neutral", "unsatisfied"),
        "churn": ("none", "possible", "stated"),
        "yes_no": ("yes", "no"),
        "severity": SEVERITIES,
        "department": departments,
        "authority": ("within", "beyond"),
        "resolution": ("solved", "transferred", "promised", "unresolved", "abandoned"),
        "owner": [*departments, "agent"],
    }
    checks: dict[str, Check] = {form: frozenset(known).__contains__ for form, known in codes.items()}
    checks |= {form: _matching(pattern) for form, pattern in _PATTERNS.items()}
    checks |= {"due": is_due}
    return {name: checks[field.form] for name, field in FIELDS.items()}


_PATTERNS = {
    "text": r"\S(.*\S)?",
    "phone": r"\+\d{7,15}|\d{3,6}",
    "letters_digits": r"[A-Z0-9]{4,24}",
    "tail": r"\d{4}",
    "amount": r"\d+\.\d\d(/\d+\.\d\d)? [A-Z]{3}",
    "date": r"(\.\./)?[\dX]{4}-[\dX]{2}-\d\d(/(\.\.|\d{4}-\d\d-\d\d))?",
}


def _matching(pattern: str) -> Check:
    compiled = re.compile(pattern, re.DOTALL)
    return lambda value: compiled.fullmatch(value) is not None
