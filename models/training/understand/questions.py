"""Real questions put to the shipped Mandarin model: ``python -m models.training.understand.questions --data FOLDER``.

Customers' questions to two lenders (BQ corpus, ATEC) belong to a bank; what is said to assistants (SMP 2017 and 2019)
and to a telephone company (MobileCS) does not. Half of all but MobileCS chooses the threshold of scope (train.py);
the rest is measured here. Nothing is learned from any of them: their licences allow evaluation alone.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any
from zlib import crc32

import numpy as np

from callcore.engines.text_model import OnnxTextModel
from callcore.types import Word
from callcore.understand.features import VERSION
from callcore.understand.text_reader import TextReader

ROOT = Path(__file__).parents[3]
MOST = 2000  #: texts of one set
PAIRS = {"bq": ("bq_corpus_dev.tsv", "bq_corpus_test.tsv"), "atec": ("atec_pairs.tsv",)}
ASSISTANTS = {"smp": ("smp2017_domains.tsv", "smp2019_ecdt.tsv")}
CALLS = "mobilecs_dialogs.json"
NEAR = frozenset({"stock", "lottery", "domain"})  #: domains left out: a bank sells shares; the last is a header line
INSIDE, CHOOSING = ("bq", "atec"), ("bq", "atec", "smp")


@dataclass(frozen=True, slots=True)
class Question:
    """A text, the set it comes from, and whether a bank has to do with it."""

    text: str
    source: str
    in_scope: bool


def scope_questions(language: str, data: Path, *, choose: bool) -> list[Question]:
    """Questions to choose the threshold on, or the others; none of another language or without the sets."""
    folder = data / "intent_zh"
    if language != "zh" or not folder.is_dir():
        return []
    texts: dict[str, set[str]] = {}
    for source, names in PAIRS.items():
        rows = [row for name in names for row in _rows(folder / name)]
        texts[source] = {row[key] for row in rows for key in ("sentence1", "sentence2") if row[key]}
    for source, names in ASSISTANTS.items():
        texts[source] = {
            row["text"] for name in names for row in _rows(folder / name) if row["domain"] not in NEAR and row["text"]
        }
    if not choose:
        texts["mobilecs"] = _customers(folder / CALLS)
    found: list[Question] = []
    for source, known in texts.items():
        half = sorted(t for t in known if source not in CHOOSING or (crc32(t.encode()) % 2 == 0) == choose)
        chosen = Random(0).sample(half, min(MOST, len(half)))
        found += [Question(text, source, source in INSIDE) for text in chosen]
    return found


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def _customers(file: Path) -> set[str]:
    """Turns of customers of at least six characters: shorter ones say nothing of what the call is about."""
    calls = json.loads(file.read_text(encoding="utf-8"))
    turns = {str(turn.get("[SPEAKER 2]", "")) for call in calls for turn in call["content"]}
    return {turn.replace("_", "") for turn in turns if len(turn) >= 6}


def measured(questions: Sequence[Question], reader: TextReader) -> dict[str, dict[str, Any]]:
    """By set: texts, share kept in scope, share that gets a topic, and mean probability of scope."""
    rows: dict[str, list[tuple[bool, bool, float]]] = {}
    thresholds: Mapping[str, float] = reader.thresholds
    for question in questions:
        scores = reader.score([Word(question.text, 0, 1, 1.0)])
        kept = scores.in_scope >= thresholds["in_scope"]
        topic = kept and max(scores.heads["topic"].values()) >= thresholds["topic"]
        rows.setdefault(question.source, []).append((kept, topic, scores.in_scope))
    return {
        source: {
            "texts": len(found),
            "of_a_bank": source in INSIDE,
            "kept": round(float(np.mean([kept for kept, _, _ in found])), 4),
            "with_topic": round(float(np.mean([topic for _, topic, _ in found])), 4),
            "mean_in_scope": round(float(np.mean([likely for _, _, likely in found])), 4),
        }
        for source, found in rows.items()
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the public sets")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "understanding-questions.json")
    options = parser.parse_args(arguments)
    model = OnnxTextModel(ROOT / "models" / "understand-zh", VERSION)
    results = measured(scope_questions("zh", options.data, choose=False), TextReader(model))
    document = {"model": model.version, "threshold": model.thresholds["in_scope"], "sets": results}
    options.out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(document, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
