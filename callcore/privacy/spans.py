"""What is secret, as ranges of the characters of a text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

#: kinds of entities (docs/entities.md) that are somebody's own, and those that only the redaction knows
SECRET_KINDS = frozenset(
    (
        "card_number",
        "card_tail",
        "card_expiry",
        "account",
        "phone",
        "id_number",
        "name",
        "email",
        "code",
        "digits",
        "address",
    )
)
NUMBER_KINDS = SECRET_KINDS - {"name", "email", "address"}  #: told by their digits


DOUBT = 0.03  #: probability below which the tagger takes back what a rule without a check found
DIGITS = 0.2  #: that, of digits that nothing explains
HAN = 0.1  #: that, of names and passwords in Han, but for a name after 姓
SOFT = 0.3  #: that, of what a rule takes for a secret only because nothing explains it
PLACE = 0.8  #: that, where a word for places comes before it
NEVER = 0.0  #: that, of what the words beside it make sure of


@dataclass(frozen=True, slots=True)
class Secret:
    """A stretch to be masked: half-open range of characters. ``value``: its normal form where that is known.

    ``lasting``: it is one whatever follows; else it only may become one. ``least``: it is none where the tagger gives
    it a probability below this; 0 for what nobody may take back.
    """

    kind: str
    start: int
    end: int
    value: str = ""
    lasting: bool = True
    least: float = DOUBT


def characters(secrets: Iterable[Secret]) -> frozenset[int]:
    """All characters of secrets."""
    return frozenset(i for secret in secrets for i in range(secret.start, secret.end))


def last_asked(
    text: str, asking: re.Pattern[str], kinds: Iterable[tuple[str, re.Pattern[str]]], security: re.Pattern[str]
) -> str:
    """What a text asks the other side for last: "name", "address", "email", "word" (a password), or "".

    ``asking``: what no question is without; ``kinds``: each with how it is asked for; ``security``: what makes any
    question one for a password.
    """
    if not asking.search(text):
        return ""
    if security.search(text):
        return "word"
    ends = [(match.end(), kind) for kind, pattern in kinds for match in pattern.finditer(text)]
    return max(ends, default=(0, ""))[1]
