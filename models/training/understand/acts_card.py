"""Measure a model for dialogue acts and write its card.

``python -m models.training.understand.acts_card --language zh`` writes ``README.md`` into the model's folder and the
figures as JSON to ``--results``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from callcore.engines.text_model import OnnxTextModel
from callcore.evaluate.labelled import LabelledTurn
from callcore.understand.acts import ActReader
from callcore.understand.catalogue import Acts
from callcore.understand.entities import plain_words
from callcore.understand.features import VERSION
from models.training.understand.augment import noise
from models.training.understand.card import ERRORS, NAMES, ROOT, markdown
from models.training.understand.material import act_turns


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--language", choices=tuple(NAMES), required=True)
    parser.add_argument("--results", type=Path, default=ROOT / "benchmarks" / "results")
    options = parser.parse_args(arguments)
    folder = ROOT / "models" / f"acts-{options.language}"
    model = OnnxTextModel(folder, VERSION)
    reader, turns = ActReader(model), act_turns(options.language, 0, "test")
    change, random = noise(options.language, [turn.text for turn in turns], ERRORS), Random(9)
    report = {
        "clean": scored(reader, turns, lambda text: text),
        "misheard": scored(reader, turns, lambda text: change(text, random)),
    }
    turns_learned: dict[str, int] = json.loads((folder / "model.json").read_text(encoding="utf-8"))["turns"]
    (folder / "README.md").write_text(_text(options.language, report, sum(turns_learned.values())), encoding="utf-8")
    options.results.mkdir(parents=True, exist_ok=True)
    file = options.results / f"acts-{options.language}.json"
    file.write_text(json.dumps({"model": model.version, **report}, indent=1) + "\n", encoding="utf-8")
    return 0


def scored(reader: ActReader, turns: Sequence[LabelledTurn], heard: Callable[[str], str]) -> dict[str, Any]:
    """Precision, recall and F1 of each act over lines of its side; their mean, and those of all acts together."""
    sides = {act.code: act.by for act in Acts.load().act}
    marked: Counter[str] = Counter()
    told: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for turn in turns:
        wanted = set(turn.acts or ())
        acts = reader.sure(reader.likely(plain_words(heard(turn.text))))
        found = {label.code for label in acts if sides[label.code] == turn.speaker}
        marked.update(wanted)
        told.update(found)
        right.update(wanted & found)
    classes = [_row(code, marked[code], told[code], right[code]) for code in sides]
    macro = sum(row["f1"] for row in classes) / len(classes)
    whole = _row("all", marked.total(), told.total(), right.total())
    return {"lines": len(turns), "macro_f1": round(macro, 4), "all": whole, "classes": classes}


def _row(code: str, marked: int, told: int, right: int) -> dict[str, Any]:
    precision, recall = right / told if told else 0.0, right / marked if marked else 0.0
    f1 = 2 * precision * recall / (precision + recall) if right else 0.0
    return {"act": code, "marked": marked, **{k: round(v, 4) for k, v in
            (("precision", precision), ("recall", recall), ("f1", f1))}}  # fmt: skip


def _text(language: str, report: dict[str, Any], learned: int) -> str:
    clean, misheard = report["clean"], report["misheard"]
    sides = {act.code: act.by for act in Acts.load().act}
    rows = [("act", "of", "lines", "precision", "recall", "F1", "F1, 10 % wrong")]
    for one, other in zip((*clean["classes"], clean["all"]), (*misheard["classes"], misheard["all"]), strict=True):
        numbers = (f"{one[key]:.2f}" for key in ("precision", "recall", "f1"))
        rows.append((one["act"], sides.get(one["act"], ""), str(one["marked"]), *numbers, f"{other['f1']:.2f}"))
    return "\n".join(
        [
            f"# acts-{language}\n",
            f"Finds dialogue acts in {NAMES[language]} sentences of bank calls: promises, handing on, refusals, "
            f"complaints, threats to leave and the like. The same kind of model as `understand-{language}`: "
            "`docs/understanding-models.md`. What each act is: `models/training/understand/corpus/acts/README.md`.\n",
            f"Made by `python -m models.training.understand.acts --language {language}`; licence Apache-2.0.\n",
            "## Measured\n",
            f"On {clean['lines']} lines of the test part, written by others than the training part. Half of the lines "
            "without an act are near misses; in calls both acts and near misses are rarer. Mean F1 over the acts "
            f"{clean['macro_f1']:.3f}, with {ERRORS:.0%} of the characters or words changed as a recogniser would "
            f"{misheard['macro_f1']:.3f}.\n",
            markdown(rows),
            "## Learned from\n",
            f"{learned:,} sentences and short turns of the project's own (`models/training/understand/corpus/acts`). "
            "No recorded call, no customer's words.\n",
            "## Limits\n",
            "- A sentence is read by itself: that it answers a question is not seen.\n"
            "- Thresholds are for acts of which one sentence in 25 holds a certain one.\n"
            "- Written sentences; how often acts occur in the calls of a bank is not known.\n",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
