"""The file of sentences that were said and heard."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

COLUMNS = ("set", "text", "said", "heard", "cer", "voice", "snr_db")
SETS = ("turns", "entities")


@dataclass(frozen=True, slots=True)
class Heard:
    """A sentence as written, as said (numbers in words) and as recognised. ``cer``: heard against said."""

    text: str
    said: str
    heard: str
    cer: float


def read_heard(file: Path) -> dict[str, dict[str, Heard]]:
    """By set and text; empty without the file. A last line that was cut off is left out."""
    found: dict[str, dict[str, Heard]] = {name: {} for name in SETS}
    if not file.is_file():
        return found
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row["snr_db"]:
                one = Heard(row["text"], row["said"] or row["text"], row["heard"], float(row["cer"]))
                found[row["set"]][one.text] = one
    return found


def heard_line(name: str, one: Heard, voice: str, snr_db: int) -> str:
    """A line of the file, its end included; ``said`` is left empty where it is the text itself."""
    cells: Sequence[str] = (name, one.text, "" if one.said == one.text else one.said, one.heard)
    return "\t".join([*cells, f"{one.cer:.3f}", voice, str(snr_db)]) + "\n"


def repair(file: Path) -> None:
    """Cut off a line that was not finished, so that others can be written after it."""
    whole = file.read_bytes() if file.is_file() else b""
    if whole and not whole.endswith(b"\n"):
        file.write_bytes(whole[: whole.rfind(b"\n") + 1])
