"""Measure a shipped model and write its card: ``python -m models.training.understand.card --model zh``.

Writes ``README.md`` and ``confusion.png`` into the model's folder and the figures as JSON to ``--results``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

from callcore.engines.text_model import OnnxTextModel
from callcore.evaluate.labelled import LabelledTurn, read_table
from callcore.evaluate.understanding import OUT_OF_SCOPE, confusion, evaluate_classes, evaluate_turns
from callcore.types import Word
from callcore.understand.base import Scores
from callcore.understand.features import VERSION, features
from callcore.understand.text_reader import TextReader
from models.training.understand.augment import noise
from models.training.understand.material import own_turns

ROOT = Path(__file__).parents[3]

TABLES = {"banking77": "intent_en/banking77_test.tsv", "clinc150": "intent_en/clinc150_test.tsv"}
ERRORS = 0.1  #: share of wrong characters (or words) of the misheard test
NAMES = {"zh": "Mandarin", "en": "English"}
LICENCES = {
    "banking77": "BANKING77 (PolyAI, CC BY 4.0)",
    "clinc150": "CLINC150 (University of Michigan, CC BY 3.0)",
    "cped": "CPED (South China University of Technology, Apache-2.0), emotions only",
    "goemotions": "GoEmotions (Google, Apache-2.0), emotions only",
    "multidogo": "MultiDoGO finance (Amazon, CDLA-Permissive-1.0)",
    "nlupp": "NLU++ banking (PolyAI, CC BY 4.0)",
    "cped.txt": "CPED, lines as out of scope",
    "crosswoz.txt": "CrossWOZ (Tsinghua University, Apache-2.0), lines as out of scope",
    "kdconv.txt": "KdConv (Tsinghua University, Apache-2.0), lines as out of scope",
    "phrases_zh": "sentences generated from the project's own phrases and carriers",
    "phrases_en": "sentences generated from the project's own phrases and carriers",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=("zh", "en", *TABLES), required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder of the public sets")
    parser.add_argument("--results", type=Path, default=ROOT / "benchmarks" / "results")
    options = parser.parse_args(arguments)
    folder = ROOT / "models" / f"understand-{options.model}"
    model = OnnxTextModel(folder, VERSION)
    if options.model in TABLES:
        report = {"test": _table(model, options.data / TABLES[options.model])}
        text = _yardstick_text(options.model, report["test"], folder)
    else:
        report, said = _turns(model, options.model)
        _picture(*confusion(*said), folder / "confusion.png")
        text = _product_text(options.model, report, folder)
    (folder / "README.md").write_text(text, encoding="utf-8")
    options.results.mkdir(parents=True, exist_ok=True)
    file = options.results / f"{folder.name.replace('understand', 'understanding')}.json"
    file.write_text(json.dumps({"model": model.version, **report}, indent=1) + "\n", encoding="utf-8")
    return 0


def _table(model: OnnxTextModel, file: Path) -> dict[str, Any]:
    labels, threshold = model.heads["class"], model.thresholds["class"]

    def classify(text: str) -> tuple[str, float]:
        likely = model.classify(features(text).grams)["class"]
        best = int(likely.argmax())
        return (labels[best] if likely[best] >= threshold else OUT_OF_SCOPE), float(likely[best])

    return evaluate_classes(read_table(file), classify)


def _turns(model: OnnxTextModel, language: str) -> tuple[dict[str, Any], tuple[list[str], list[str]]]:
    """Both reports, and wanted and said topic of the turns that have one."""
    reader = TextReader(model)
    turns = own_turns(language, 0, "test")

    def score(text: str) -> Scores:
        return reader.score([Word(text, 0, 1, 1.0)])

    change, random = noise(language, [turn.text for turn in turns], ERRORS), Random(9)
    report = {
        "clean": evaluate_turns(turns, score, model.thresholds),
        "misheard": evaluate_turns(turns, lambda text: score(change(text, random)), model.thresholds),
    }
    single = [turn for turn in turns if turn.topics is not None and len(turn.topics) == 1]
    return report, ([(turn.topics or ("",))[0] for turn in single], [_top(turn, score) for turn in single])


def _top(turn: LabelledTurn, score: Callable[[str], Scores]) -> str:
    topics = score(turn.text).heads["topic"]
    return max(topics, key=lambda code: topics[code])


def _picture(labels: Sequence[str], counts: Any, file: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 10))
    axes = figure.subplots()
    axes.imshow(counts / counts.sum(axis=1, keepdims=True).clip(1), cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(labels)), labels, rotation=90, fontsize=7)
    axes.set_yticks(range(len(labels)), labels, fontsize=7)
    axes.set_xlabel("likeliest topic")
    axes.set_ylabel("topic")
    for row in range(len(labels)):
        for column in range(len(labels)):
            if counts[row, column]:
                colour = "white" if counts[row, column] > counts[row].sum() / 2 else "black"
                axes.text(column, row, counts[row, column], ha="center", va="center", fontsize=6, color=colour)
    figure.tight_layout()
    figure.savefig(file, dpi=110)


def _product_text(language: str, report: Mapping[str, Any], folder: Path) -> str:
    clean, misheard = report["clean"], report["misheard"]
    rows = [("measure", "clean", "10 % wrong")]
    for head, measures in (
        ("category", ("accuracy", "macro_f1", "calibration_error")),
        ("topic", ("top_accuracy", "macro_f1", "calibration_error")),
        ("intent", ("top_accuracy", "macro_f1", "calibration_error")),
        ("cause", ("macro_f1",)),
        ("caller", ("accuracy", "macro_f1")),
        ("emotion", ("accuracy", "macro_f1", "calibration_error")),
        ("negative", ("area_under_curve", "calibration_error")),
        ("in_scope", ("out_of_scope_recall", "in_scope_recall")),
    ):
        rows += [(f"{head}: {m.replace('_', ' ')}", str(clean[head][m]), str(misheard[head][m])) for m in measures]
    parts = [
        f"# understand-{language}\n",
        f"Reads category, topics, intents, causes, type of caller, emotion and scope from {NAMES[language]} turns: a "
        "linear support vector machine for every label over n-grams of characters, sounds and words, and a small "
        "network of gated convolutions over the same, mixed and calibrated head by head. "
        "How it works and how it was chosen: `docs/understanding-models.md`.\n",
        f"Made by `python -m models.training.understand.train --model {language} --seed 0`; licence Apache-2.0.\n",
        f"## Measured\n\nOn {clean['texts']} turns of the project's own test part, written by others than the training "
        f'part. "10 % wrong": the same with {ERRORS:.0%} of the characters or words changed as a recogniser would.\n',
        markdown(rows),
        "Topics, likeliest against right, of turns with one topic:\n\n![confusion of topics](confusion.png)\n",
        *_classes_text(clean),
        _data_text(folder),
        "## Limits\n\n- Written turns, no recorded calls; how often topics and moods occur in a bank is not known.\n"
        "- It knows words, not meanings: a turn that names nothing of its topic is often taken for another.\n"
        "- What was said before is not looked at.\n"
        "- Dialects proper are not covered. Sarcasm in friendly words is taken at its word.\n"
        "- Labels are help for people who work on a call, no ground for decisions about the caller.\n",
    ]
    return "\n".join(parts)


def _classes_text(report: Mapping[str, Any]) -> list[str]:
    parts = ["## Each label\n"]
    for head in ("category", "topic", "intent", "cause", "caller", "emotion"):
        rows = [(head, "turns", "precision", "recall", "F1")]
        rows += [
            (c["label"], str(c["support"]), f"{c['precision']:.2f}", f"{c['recall']:.2f}", f"{c['f1']:.2f}")
            for c in report[head]["classes"]
        ]
        parts.append(markdown(rows))
    return parts


def _yardstick_text(name: str, report: Mapping[str, Any], folder: Path) -> str:
    rows = [("measure", "test")]
    rows += [(key.replace("_", " "), str(value)) for key, value in report.items() if key != "classes"]
    parts = [
        f"# understand-{name}\n",
        "The classes of a public set, learned as the models that callcore works with are, so that anyone can check: "
        f"`callcore evaluate understanding --set {name} --file ROWS.tsv`. Not used for calls.\n",
        f"Made by `python -m models.training.understand.train --model {name} --seed 0`; licence Apache-2.0.\n",
        "## Measured\n",
        markdown(rows),
        _data_text(folder),
    ]
    return "\n".join(parts)


def _data_text(folder: Path) -> str:
    turns: Mapping[str, int] = json.loads((folder / "model.json").read_text(encoding="utf-8"))["turns"]
    own = sum(count for source, count in turns.items() if source not in LICENCES)
    lines = [f"- {LICENCES[source]}: {count:,}" for source, count in turns.items() if source in LICENCES]
    if own:
        lines.insert(0, f"- the project's own training turns (`models/training/understand/corpus`): {own:,}")
    return "## Learned from\n\n" + "\n".join(lines) + "\n\nNo recorded call, no customer's words.\n"


def markdown(rows: Sequence[tuple[str, ...]]) -> str:
    """A table, the first row its heading."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines.insert(1, "| --- |" + " ---: |" * (len(rows[0]) - 1))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
