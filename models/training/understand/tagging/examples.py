"""What a tagger learns from: turns with what is secret in them, and what the other side said before.

Calls with marked secrets, turns of the corpus as the rules of the redaction read them, and pieces made from phrases.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from callcore.evaluate.entities import read_set
from callcore.evaluate.labelled import LabelledTurn
from callcore.privacy.find import search
from callcore.privacy.sounds import as_meant
from callcore.privacy.view import View
from callcore.types import Role
from callcore.understand.entities import Context, plain_words
from callcore.understand.entities.find import Found
from callcore.understand.entities.tagger import KINDS
from callcore.understand.tag_features import BEFORE

SILVER_DAY = date(2026, 3, 2)
LONG_NUMBER = 6  #: digits that are some secret number, whatever the rules know of it
_NUMBER = frozenset({"card_number", "card_tail", "account", "phone", "id_number", "code"})
_STREET = re.compile(r"[路街巷弄村区号栋室]|\d|\b(?:street|road|avenue|lane|drive|close)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mark:
    """A range of characters and what it may be: one kind, several where nobody knows which, none for "anything"."""

    start: int
    end: int
    kinds: frozenset[str]


@dataclass(frozen=True, slots=True)
class Example:
    """A turn. ``before``: the end of what the other side said; ``speaker``: agent, customer."""

    before: str
    speaker: Role
    text: str
    marks: tuple[Mark, ...] = ()
    weight: float = 1.0


def before_of(said: Sequence[str]) -> str:
    """The end of several turns, as the tagger sees what was said before."""
    return " ".join(said)[-BEFORE:]


def call_examples(file: Path) -> list[Example]:
    """All turns of a written call with its marked secrets, in the order in which they end."""
    values = json.loads(file.read_text(encoding="utf-8"))
    turns, secrets = values["turns"], values["gold"].get("secrets", [])
    said: dict[str, deque[str]] = {side: deque(maxlen=4) for side in ("agent", "customer")}
    found = []
    for place in sorted(range(len(turns)), key=lambda i: (turns[i]["end_s"], turns[i]["start_s"])):
        side, text = turns[place]["speaker"], " ".join(turns[place]["text"].split())
        other = "customer" if side == "agent" else "agent"
        marks = tuple(_marks(text, [one for one in secrets if one["turn"] == place]))
        found.append(Example(before_of(said[other]), Role(side), text, marks))
        said[side].append(text)
    return found


def call_files(folder: Path, language: str) -> list[Path]:
    """The written calls of a language in a folder, and in those below it."""
    files = sorted(folder.rglob("*.json"))
    return [file for file in files if json.loads(file.read_text(encoding="utf-8")).get("language") == language]


def _marks(text: str, secrets: Sequence[dict[str, str]]) -> Iterator[Mark]:
    at = 0
    for one in secrets:
        start = text.find(one["text"], at)
        if start >= 0:
            at = start + len(one["text"])
            yield Mark(start, at, _marked_as(one["kind"]))


def sentence_examples(file: Path) -> list[Example]:
    """Single sentences with their secrets marked, by nobody knows whom."""
    found = []
    for sentence in read_set(file).sentences:
        marks = tuple(Mark(gold.start, gold.end, _marked_as(gold.kind)) for gold in sentence.gold)
        found.append(Example("", Role.UNKNOWN, sentence.text, marks))
    return found


def silver(turns: Sequence[LabelledTurn], language: str, weight: float) -> list[Example]:
    """Turns as the rules read them; of what these only suspect nothing is taught."""
    found = []
    for turn in turns:
        text = " ".join(turn.text.split())
        if text:
            found.append(
                Example("", Role(turn.speaker), text, tuple(_silver_marks(text, turn.speaker, language)), weight)
            )
    return found


def _silver_marks(text: str, speaker: str, language: str) -> Iterator[Mark]:
    words = plain_words(text)
    found = Found.of(as_meant(words), language, Context(SILVER_DAY))
    secrets = search(found, View(found.spoken, found.spans, speaker=Role(speaker))).secrets
    sure: set[int] = set()
    spans = {(span.kind, span.start, span.end) for span in found.spans}
    for one in sorted(secrets, key=lambda one: (one.kind == "digits", one.start)):
        characters = set(range(one.start, one.end))
        if characters & sure or one.end > len(text):
            continue
        kinds = _believed(one.kind, text[one.start : one.end], (one.kind, one.start, one.end) in spans)
        sure |= characters
        yield Mark(one.start, one.end, kinds)


def _marked_as(kind: str) -> frozenset[str]:
    """What a marked secret teaches: of digits that nobody explains, that they are a number of some kind."""
    return frozenset({kind}) if kind in KINDS else frozenset(_NUMBER)


def _believed(kind: str, said: str, by_entities: bool) -> frozenset[str]:
    """What a finding of the rules teaches: a kind, several, or nothing."""
    if kind == "digits":
        count = sum(one.isalnum() for one in said)
        return frozenset(_NUMBER) if count >= LONG_NUMBER else frozenset()
    if kind in ("name", "code"):
        return frozenset({kind}) if by_entities else frozenset()
    if kind == "address":
        return frozenset({kind}) if _STREET.search(said) else frozenset()
    return frozenset({kind})
