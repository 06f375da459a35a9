"""How well entities are found: sentences with marked entities against what the rules find."""

from __future__ import annotations

import datetime
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from callcore.datafile import unreadable
from callcore.errors import ConfigError
from callcore.types import Entity, Word
from callcore.understand.entities import Context, find, plain_words
from callcore.understand.entities.spoken import Spoken

#: kinds whose value is a string of digits, every one of which must be right
DIGIT_KINDS = (
    "card_number",
    "card_tail",
    "account",
    "phone",
    "id_number",
    "code",
    "card_expiry",
    "reference",
    "digits",
)
FORMAT_HINT = "See docs/entities.md for the format of entity sets."

Finder = Callable[[Sequence[Word], str, Context], Sequence[Entity]]
FLAGS = ("corrected", "valid", "invalid")  #: what a mark may say beside kind and value
_MARK = re.compile(r"\[([^\[\]|]*)\|([^\[\]|]*)\|([^\[\]|]*)((?:\|[^\[\]|]*)*)\]")


@dataclass(frozen=True, slots=True)
class Gold:
    """An entity of a sentence: half-open range of its characters. ``flags``: some of :data:`FLAGS`."""

    kind: str
    start: int
    end: int
    value: str
    flags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the set; ``about`` names its block."""

    text: str
    gold: tuple[Gold, ...]
    about: str = ""


@dataclass(frozen=True, slots=True)
class EntitySet:
    """Sentences, and the date on which they are said."""

    date: datetime.date
    sentences: tuple[Sentence, ...]


@dataclass(slots=True)
class Tally:
    """Counts of one kind. ``exact``: entities found whose value is right too."""

    found: int = 0
    spurious: int = 0
    missed: int = 0
    exact: int = 0

    def as_row(self) -> dict[str, Any]:
        """Counts, precision, recall, F1, and the share of all marked entities that were found with the right value."""
        wanted, given = self.found + self.missed, self.found + self.spurious
        precision = self.found / given if given else None
        recall = self.found / wanted if wanted else None
        f1 = 2 * self.found / (wanted + given) if wanted + given else None
        exact = self.exact / wanted if wanted else None
        shown = {"precision": precision, "recall": recall, "f1": f1, "value_exact": exact}
        rounded = {name: None if share is None else round(share, 4) for name, share in shown.items()}
        return {"marked": wanted, "found": self.found, "spurious": self.spurious, "missed": self.missed, **rounded}


@dataclass(slots=True)
class EntityReport:
    """What :func:`score` counted. ``wrong`` holds the numbers (from 0) of sentences that were not all right.

    ``flags``: each flag to how often it was marked and how often the entity found says the same.
    """

    sentences: int = 0
    kinds: dict[str, Tally] = field(default_factory=dict)
    wrong: list[int] = field(default_factory=list)
    flags: dict[str, tuple[int, int]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Everything, ready for JSON: ``kinds`` in alphabetical order, ``all`` over them (micro), ``digits_exact``."""
        digits = _sum(self.kinds[kind] for kind in DIGIT_KINDS if kind in self.kinds)
        rows = {kind: tally.as_row() for kind, tally in sorted(self.kinds.items())}
        marked = [row["f1"] for row in rows.values() if row["marked"]]
        return {
            "version": 1,
            "sentences": self.sentences,
            "sentences_wrong": len(self.wrong),
            "kinds": rows,
            "all": _sum(self.kinds.values()).as_row(),
            "macro_f1": round(sum(marked) / len(marked), 4) if marked else None,
            "digits_exact": digits.as_row()["value_exact"],
            "flags": {flag: {"marked": wanted, "right": right} for flag, (wanted, right) in sorted(self.flags.items())},
        }

    def table(self) -> list[tuple[str, ...]]:
        """Header and rows of a table, one for each kind and one for all, shares with three decimals."""
        report = self.as_json()
        names = ("marked", "precision", "recall", "f1", "value_exact")
        rows = [*report["kinds"].items(), ("all", report["all"])]
        return [("kind", *names), *((kind, *(_shown(row[name]) for name in names)) for kind, row in rows)]


def read_set(file: Path) -> EntitySet:
    """An entity set from TOML. Raises :class:`ConfigError` naming what is wrong."""
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise unreadable(f"entity set {file}", error, FORMAT_HINT) from error
    date, blocks = content.get("date"), content.get("block")
    if not isinstance(date, datetime.date) or not isinstance(blocks, list):
        raise ConfigError(f"entity set {file}: needs a date and [[block]] tables", FORMAT_HINT)
    sentences: list[Sentence] = []
    for number, block in enumerate(blocks, 1):
        if not isinstance(block, dict) or not isinstance(block.get("lines"), str):
            raise ConfigError(f"entity set {file}: block {number} has no lines", FORMAT_HINT)
        about = str(block.get("about", ""))
        sentences += [_sentence(line, about, str(file)) for line in block["lines"].splitlines() if line.strip()]
    return EntitySet(date, tuple(sentences))


def score(entities: EntitySet, language: str, finder: Finder = find) -> EntityReport:
    """Counts over a set. An entity is found where one of the same kind shares a character with it (one to one)."""
    report = EntityReport(len(entities.sentences))
    context = Context(entities.date)
    for number, sentence in enumerate(entities.sentences):
        words = plain_words(sentence.text)
        heard = finder(words, language, context)
        if not _count(sentence, _characters(words, heard), report):
            report.wrong.append(number)
    return report


def _count(sentence: Sentence, heard: list[Gold], report: EntityReport) -> bool:
    """Adds one sentence to the tallies; whether everything was right."""
    right, kinds = True, report.kinds
    rest = list(heard)
    for gold in sentence.gold:
        tally = kinds.setdefault(gold.kind, Tally())
        match = _best(gold, rest)
        for flag in gold.flags:
            wanted, agreed = report.flags.get(flag, (0, 0))
            report.flags[flag] = (wanted + 1, agreed + (match is not None and flag in match.flags))
        if match is None:
            tally.missed += 1
            right = False
            continue
        rest.remove(match)
        tally.found += 1
        tally.exact += match.value == gold.value
        right = right and match.value == gold.value
    for kind, count in Counter(one.kind for one in rest).items():
        kinds.setdefault(kind, Tally()).spurious += count
    return right and not rest


def _best(gold: Gold, heard: list[Gold]) -> Gold | None:
    """The entity of the same kind that shares most characters, if any does."""
    shared = [(min(gold.end, one.end) - max(gold.start, one.start), one) for one in heard if one.kind == gold.kind]
    overlap, best = max(shared, key=lambda pair: pair[0], default=(0, None))
    return best if overlap > 0 else None


def _characters(words: Sequence[Word], heard: Iterable[Entity]) -> list[Gold]:
    """Entities with their range of characters."""
    spoken = Spoken.of(words)
    bounds = [*spoken.starts, len(spoken.raw)]
    spans: list[Gold] = []
    for entity in heard:
        first, last = bounds[entity.first_word], bounds[entity.end_word]
        at = spoken.raw.find(entity.text, first, last)
        start, end = (at, at + len(entity.text)) if at >= 0 else (first, last)
        spans.append(Gold(entity.kind, start, end, entity.value, _flags(entity)))
    return spans


def _flags(entity: Entity) -> frozenset[str]:
    checked = {None: (), True: ("valid",), False: ("invalid",)}[entity.valid]
    return frozenset((*checked, entity.status))


def _sentence(line: str, about: str, name: str) -> Sentence:
    """A line with marks; spaces are single, as in the text that words make."""
    text, gold, at = "", [], 0
    line = " ".join(line.split())
    for match in _MARK.finditer(line):
        text += line[at : match.start()]
        said, kind, value = (part.strip() for part in match.groups()[:3])
        flags = frozenset(flag.strip() for flag in match[4].split("|")[1:])
        if not said or not kind or not value:
            raise ConfigError(f"entity set {name}: a mark without words, kind or value: {match[0]}", FORMAT_HINT)
        if not flags <= set(FLAGS):
            raise ConfigError(f"entity set {name}: a mark may be {', '.join(FLAGS)}, not {match[4]}", FORMAT_HINT)
        gold.append(Gold(kind, len(text), len(text) + len(said), value, flags))
        text, at = text + said, match.end()
    text += line[at:]
    if "[" in text or "]" in text or "|" in text:
        raise ConfigError(f"entity set {name}: a mark that is not closed: {line}", FORMAT_HINT)
    return Sentence(text, tuple(gold), about)


def _sum(tallies: Iterable[Tally]) -> Tally:
    total = Tally()
    for tally in tallies:
        total.found += tally.found
        total.spurious += tally.spurious
        total.missed += tally.missed
        total.exact += tally.exact
    return total


def _shown(value: float | int | None) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.3f}"
