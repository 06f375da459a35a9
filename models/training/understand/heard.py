"""What a recogniser made of Mandarin training turns (``corpus/zh/heard.tsv``), and texts with some of its errors."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

from rapidfuzz.distance import Levenshtein

from models.training.understand.material import CORPUS

HEARD = CORPUS / "zh" / "heard.tsv"
COLUMNS = ("text", "said", "heard", "cer", "voice", "snr_db")
_NOT_SAID = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class HeardTurn:
    """A turn as said (numbers in words) and as recognised."""

    said: str
    heard: str


def read_heard_turns(file: Path = HEARD) -> Mapping[str, HeardTurn]:
    """By the text of the turn; empty without the file."""
    if not file.is_file():
        return {}
    with file.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {row["text"]: HeardTurn(row["said"] or row["text"], row["heard"]) for row in rows if row["snr_db"]}


def partly_heard(turn: HeardTurn, kept: float, random: Random) -> str:
    """What was said with each of the recogniser's errors kept with chance ``kept``; without marks and spaces.

    An error is a stretch of characters in which the two differ.
    """
    said, heard = _NOT_SAID.sub("", turn.said), _NOT_SAID.sub("", turn.heard)
    parts: list[str] = []
    erring = False
    chosen = heard
    for step in Levenshtein.opcodes(said, heard):
        if step.tag == "equal":
            erring, chosen = False, heard
        elif not erring:
            erring, chosen = True, heard if random.random() < kept else said
        span = (step.src_start, step.src_end) if chosen is said else (step.dest_start, step.dest_end)
        parts.append(chosen[slice(*span)])
    return "".join(parts) or said
