"""Public sets in the words of our taxonomy, by the mapping files beside this one."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from callcore.evaluate.labelled import LabelledTurn, read_table

HERE = Path(__file__).parent


def read_set(mapping_file: str, files: Sequence[Path]) -> list[LabelledTurn]:
    """Rows of ``files`` whose labels the mapping knows and that agree with one another."""
    mapping = tomllib.loads((HERE / mapping_file).read_text(encoding="utf-8"))
    turns: list[LabelledTurn] = []
    for file in files:
        for text, label in read_table(file, text=mapping["text"], label=mapping["label"]):
            turn = _turn(text, label, mapping)
            if turn is not None:
                turns.append(turn)
    return turns


def _turn(text: str, label: str, mapping: Mapping[str, Any]) -> LabelledTurn | None:
    labels = label.split(mapping["separator"]) if "separator" in mapping else [label]
    if any(name in mapping.get("skip", ()) for name in labels):
        return None
    known = [mapping["labels"][name] for name in labels if name in mapping["labels"]]
    if not known:
        if "elsewhere" not in mapping:
            return None
        known = [mapping["elsewhere"]]
    merged = _merged(known, positive_only=mapping.get("positive_only", False))
    if merged is None:
        return None
    if "category" in merged or "topics" in merged:
        merged.setdefault("in_scope", True)
    return LabelledTurn(text=text, source=mapping["set"], positive_only=mapping.get("positive_only", False), **merged)


def _merged(known: Sequence[Mapping[str, Any]], *, positive_only: bool) -> dict[str, Any] | None:
    """One meaning of several labels; None where they contradict one another."""
    merged: dict[str, Any] = {}
    for key in ("category", "emotion", "caller", "in_scope"):
        values = {entry[key] for entry in known if key in entry}
        if key == "category":
            values -= {"none"} if len(values) > 1 else set()
        if len(values) > 1:
            return None
        if values:
            merged[key] = values.pop()
    for key in ("topics", "intents", "causes"):
        if positive_only or all(key in entry for entry in known):
            values_of = [value for entry in known for value in entry.get(key, ())]
            if values_of or not positive_only:
                merged[key] = tuple(dict.fromkeys(values_of))
    return merged
