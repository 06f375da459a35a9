"""Labelled turns: the corpora of :file:`models/training/understand/corpus`, and tables of a text and its class."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from callcore.datafile import unreadable
from callcore.errors import ConfigError
from callcore.evaluate.slots import fill

EMOTIONS = ("calm", "pleased", "confused", "anxious", "dissatisfied", "angry", "disappointed")
NEGATIVE = ("anxious", "dissatisfied", "angry", "disappointed")  #: emotions that count as negative
_KEYS = {
    "topics", "category", "intents", "emotion", "caller", "causes", "speaker", "out_of_scope", "context", "lines",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LabelledTurn:
    """A turn and what it means; None where nobody has said."""

    text: str
    category: str | None = None  #: "none": no business of the bank
    topics: tuple[str, ...] | None = None
    intents: tuple[str, ...] | None = None
    causes: tuple[str, ...] | None = None
    caller: str | None = None
    emotion: str | None = None
    in_scope: bool | None = None
    acts: tuple[str, ...] | None = None  #: dialogue acts of the speaker
    speaker: str = "customer"
    context: tuple[str, ...] = ()  #: turns before, oldest first, each "agent: ..." or "customer: ..."
    source: str = ""  #: set or file
    positive_only: bool = False  #: labels that are not named may hold as well


def read_corpus(place: Path, language: str, *, seed: int = 0) -> tuple[LabelledTurn, ...]:
    """Turns of a file, or of all ``*.toml`` below a folder in order; slots filled, each text once.

    Raises :class:`ConfigError` naming file and block on anything that is not in the format.
    """
    random = Random(seed)
    turns: dict[str, LabelledTurn] = {}
    for file in sorted(place.rglob("*.toml")) if place.is_dir() else [place]:
        for turn in _read_blocks(file):
            text = fill(turn.text, language, random)
            turns.setdefault(text, _replace_text(turn, text))
    return tuple(turns.values())


def read_acts(place: Path, language: str, *, seed: int = 0) -> tuple[LabelledTurn, ...]:
    """Sentences labelled with dialogue acts, of all ``*.toml`` below a folder; each text of a side once, slots filled.

    Raises :class:`ConfigError` naming file and block on anything that is not in the format.
    """
    random = Random(seed)
    found: dict[tuple[str, str], LabelledTurn] = {}
    for file in sorted(place.rglob("*.toml")):
        for where, block in _blocks(file):
            if set(block) != {"speaker", "acts", "lines"} or block["speaker"] not in ("agent", "customer"):
                raise ConfigError(f"{where}: must have speaker (agent or customer), acts and lines, and nothing else.")
            for line in filter(None, map(str.strip, str(block["lines"]).splitlines())):
                turn = LabelledTurn(
                    fill(line, language, random), acts=tuple(block["acts"]), speaker=block["speaker"], source=file.stem
                )
                found.setdefault((turn.speaker, turn.text), turn)
    return tuple(found.values())


def _replace_text(turn: LabelledTurn, text: str) -> LabelledTurn:
    fields = {name: getattr(turn, name) for name in turn.__slots__}
    return LabelledTurn(**{**fields, "text": text})


def _read_blocks(file: Path) -> Iterator[LabelledTurn]:
    for where, block in _blocks(file):
        yield from _read_block(block, where, file.stem)


def _blocks(file: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The blocks of a file, and where each stands."""
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise unreadable(f"corpus file {file}", error, "docs/evaluation.md has the format.") from error
    blocks = data.get("block", [])
    if not isinstance(blocks, list):
        raise ConfigError(f"corpus file {file}: block must be written [[block]].")
    for number, block in enumerate(blocks, start=1):
        yield f"corpus file {file}, block {number}", block


def _read_block(block: Mapping[str, Any], where: str, source: str) -> Iterator[LabelledTurn]:
    if unknown := set(block) - _KEYS:
        raise ConfigError(f"{where}: unknown key {sorted(unknown)[0]}.")
    for key in ("category", "intents", "lines"):
        if key not in block:
            raise ConfigError(f"{where}: {key} is missing.")
    emotion = block.get("emotion", "calm")
    if emotion not in EMOTIONS:
        raise ConfigError(f"{where}: there is no emotion {emotion}.")
    common = LabelledTurn(
        text="",
        category=block["category"],
        topics=tuple(block.get("topics", ())),
        intents=tuple(block["intents"]),
        causes=tuple(block.get("causes", ())),
        caller=block.get("caller", "none"),
        emotion=emotion,
        in_scope=not block.get("out_of_scope", False),
        speaker=block.get("speaker", "customer"),
        context=tuple(block.get("context", ())),
        source=source,
    )
    for line in str(block["lines"]).splitlines():
        if text := line.strip():
            yield _replace_text(common, text)


def read_table(file: Path, *, text: str = "text", label: str = "intent") -> tuple[tuple[str, str], ...]:
    """Pairs of text and class from a tab-separated file with a header line. Raises :class:`ConfigError`."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
            if missing := {text, label} - set(rows.fieldnames or ()):
                raise ConfigError(
                    f"{file} has no column {sorted(missing)[0]}.", "Its first line must name the columns."
                )
            return tuple((row[text] or "", row[label] or "") for row in rows)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise unreadable(str(file), error, "It must be UTF-8, tab-separated.") from error
