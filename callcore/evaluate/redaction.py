"""How well secrets are masked: sentences with marked entities against what the redaction leaves readable."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any

from callcore.evaluate.entities import EntitySet, Gold, Sentence
from callcore.privacy.services import is_service
from callcore.privacy.spans import SECRET_KINDS
from callcore.types import MASK

#: may end a mark, and are no secret
_TITLE = re.compile("(?<!^)(?:女士|先生|小姐|太太|经理|老师|主任|阿姨|师傅)$")
Mask = Callable[[str, date], str]  #: a text and the day on which it is said, to the text as it may leave


@dataclass(slots=True)
class Hidden:
    """Counts of the secrets of one kind. ``partly``: some of their characters can be read, but not all."""

    marked: int = 0
    whole: int = 0
    partly: int = 0

    @property
    def recall(self) -> float | None:
        """Share of which no letter or digit can be read."""
        return round(self.whole / self.marked, 4) if self.marked else None


@dataclass(slots=True)
class RedactionReport:
    """What :func:`score` counted.

    ``stretches``: masked stretches (what nothing but spaces and marks stand between is one), ``needless``: those of
    them that touch no secret. ``facts``: by kind of what is no secret, how often it was marked and how often touched by
    a mask. ``left_open``, ``masked_for_nothing``: numbers (from 0) of sentences with something left open, or
    masked for nothing.
    """

    sentences: int = 0
    kinds: dict[str, Hidden] = field(default_factory=dict)
    stretches: int = 0
    needless: int = 0
    facts: dict[str, tuple[int, int]] = field(default_factory=dict)
    left_open: list[int] = field(default_factory=list)
    masked_for_nothing: list[int] = field(default_factory=list)

    @property
    def all(self) -> Hidden:
        """Over all kinds."""
        rows = self.kinds.values()
        return Hidden(*(sum(getattr(row, name) for row in rows) for name in ("marked", "whole", "partly")))

    @property
    def precision(self) -> float | None:
        """Share of masked stretches that touch a secret."""
        return round(1 - self.needless / self.stretches, 4) if self.stretches else None

    def as_json(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        return {
            "version": 1,
            "sentences": self.sentences,
            "recall": self.all.recall,
            "precision": self.precision,
            "secrets": {kind: _row(hidden) for kind, hidden in sorted(self.kinds.items())} | {"all": _row(self.all)},
            "lines_open": [number + 1 for number in self.left_open],
            "lines_masked_for_nothing": [number + 1 for number in self.masked_for_nothing],
            "stretches": {"masked": self.stretches, "needless": self.needless},
            "facts": {kind: {"marked": marked, "touched": hit} for kind, (marked, hit) in sorted(self.facts.items())},
        }


def score(marked: EntitySet, mask: Mask) -> RedactionReport:
    """Counts over a set. Marks of kinds that are no secrets, and numbers of services, are to stay readable."""
    report = RedactionReport(len(marked.sentences))
    for number, sentence in enumerate(marked.sentences):
        shown = mask(sentence.text, marked.date)
        hidden = [one == MASK and was != MASK for was, one in zip(sentence.text, shown, strict=True)]
        if not _count_secrets(sentence, hidden, report):
            report.left_open.append(number)
        if not _count_needless(sentence, hidden, report):
            report.masked_for_nothing.append(number)
    return report


def is_secret(gold: Gold) -> bool:
    """Whether a marked entity is to be masked."""
    return gold.kind in SECRET_KINDS and not (gold.kind == "phone" and is_service(gold.value))


def _count_secrets(sentence: Sentence, hidden: Sequence[bool], report: RedactionReport) -> bool:
    """Adds the secrets of a sentence; whether none can be read."""
    before = report.all.whole, report.all.marked
    for gold in filter(is_secret, sentence.gold):
        title = _TITLE.search(sentence.text, gold.start, gold.end) if gold.kind == "name" else None
        end = title.start() if title else gold.end
        characters = [hidden[i] for i in range(gold.start, end) if sentence.text[i].isalnum()]
        kind = report.kinds.setdefault(gold.kind, Hidden())
        kind.marked += 1
        kind.whole += all(characters)
        kind.partly += any(characters) and not all(characters)
    return report.all.whole - before[0] == report.all.marked - before[1]


def _count_needless(sentence: Sentence, hidden: Sequence[bool], report: RedactionReport) -> bool:
    """Adds masked stretches and facts; whether all stretches touch a secret."""
    secret = {i for gold in sentence.gold if is_secret(gold) for i in range(gold.start, gold.end)}
    needless = 0
    for stretch in _stretches(sentence.text, hidden):
        report.stretches += 1
        needless += secret.isdisjoint(stretch)
    report.needless += needless
    for gold in sentence.gold:
        if not is_secret(gold):
            marked, touched = report.facts.get(gold.kind, (0, 0))
            report.facts[gold.kind] = marked + 1, touched + any(hidden[gold.start : gold.end])
    return not needless


def _stretches(text: str, hidden: Sequence[bool]) -> Iterator[range]:
    """Masked characters in a row; spaces and marks between do not part them."""
    seen = [(i, hidden[i]) for i in range(len(text)) if text[i].isalnum() or hidden[i]]
    for masked, group in groupby(seen, key=lambda one: one[1]):
        places = [i for i, _ in group]
        if masked:
            yield range(places[0], places[-1] + 1)


def _row(hidden: Hidden) -> dict[str, Any]:
    return {"marked": hidden.marked, "masked": hidden.whole, "partly": hidden.partly, "recall": hidden.recall}
