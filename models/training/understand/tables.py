"""Puts the measured figures into ``docs/understanding-models.md``: ``python -m models.training.understand.tables``.

Reads ``benchmarks/results/understanding-*.json`` and writes each table between the comments that name it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "understanding-models.md"
RESULTS = ROOT / "benchmarks" / "results"
MEASURES = (
    ("category macro-F1", "category", "macro_f1"),
    ("category accuracy", "category", "accuracy"),
    ("category calibration error", "category", "calibration_error"),
    ("topic macro-F1 at the threshold", "topic", "macro_f1"),
    ("likeliest topic right", "topic", "top_accuracy"),
    ("likeliest topic calibration error", "topic", "calibration_error"),
    ("intent macro-F1", "intent", "macro_f1"),
    ("likeliest intent right", "intent", "top_accuracy"),
    ("likeliest intent calibration error", "intent", "calibration_error"),
    ("cause macro-F1", "cause", "macro_f1"),
    ("caller macro-F1", "caller", "macro_f1"),
    ("emotion macro-F1", "emotion", "macro_f1"),
    ("emotion accuracy", "emotion", "accuracy"),
    ("emotion calibration error", "emotion", "calibration_error"),
    ("negative or not, AUC", "negative", "area_under_curve"),
    ("out-of-scope recall", "in_scope", "out_of_scope_recall"),
    ("in-scope turns kept", "in_scope", "in_scope_recall"),
)
ANSWERS = {"model": "model", "regression": "regression", "commonest": "commonest mood"}
KINDS = {
    "linear": "linear machines",
    "bag": "bag of n-grams, residual layer",
    "cnn": "bag and two gated convolutions",
    "transformer": "bag and two transformer layers",
    "linear + bag": "machines and bag",
    "linear + cnn": "machines and convolutions",
    "linear + transformer": "machines and transformer",
}
SETS = {
    "bq": "BQ corpus, questions to a lender",
    "atec": "ATEC, questions to a lender",
    "smp": "SMP 2017 and 2019, said to assistants",
    "mobilecs": "MobileCS, said to a telephone company",
}

Results = Callable[[str], Any]


def measured(results: Results) -> list[Sequence[str]]:
    """Test turns, both languages, clean and misheard."""
    reports = [results(language)[state] for language in ("zh", "en") for state in ("clean", "misheard")]
    rows: list[Sequence[str]] = [("", "Mandarin", "misheard", "English", "misheard")]
    rows += [(name, *(_number(report[head][key]) for report in reports)) for name, head, key in MEASURES]
    return [*rows, ("turns", str(reports[0]["texts"]), "", str(reports[2]["texts"]), "")]


def compared(results: Results) -> list[Sequence[str]]:
    """Architectures; of each task without and with pre-training."""
    tasks = results("compare")
    found = {
        (task["task"], row["architecture"], row.get("pretrained", False)): _number(row["accuracy"])
        for task in tasks
        for row in task["results"]
    }
    columns = [(task["task"], pretrained) for task in tasks for pretrained in (False, True)]
    names = {"zh_topics": "zh topics", "banking77": "BANKING77"}
    head = ["architecture", *(names[task] + (", pre-trained" if pre else "") for task, pre in columns)]
    kinds = dict.fromkeys(row["architecture"] for row in tasks[0]["results"])
    return [head, *([KINDS[kind], *(found.get((task, kind, pre), "") for task, pre in columns)] for kind in kinds)]


def emotions(results: Results) -> list[Sequence[str]]:
    """Moods by set, of the model and of what it stands beside."""
    rows: list[Sequence[str]] = [("set", "texts", "", "macro-F1", "accuracy", "negative or not, AUC")]
    for row in results("emotions")["sets"]:
        numbers = (_number(row[key]) for key in ("macro_f1", "accuracy", "negative_auc"))
        rows.append((row["set"], str(row["texts"]), ANSWERS[row["answers"]], *numbers))
    return rows


def questions(results: Results) -> list[Sequence[str]]:
    """Real questions: kept in scope, and given a topic."""
    rows: list[Sequence[str]] = [("set", "texts", "kept in scope", "given a topic")]
    for name, row in results("questions")["sets"].items():
        rows.append((SETS[name], str(row["texts"]), _number(row["kept"]), _number(row["with_topic"])))
    return rows


TABLES: Mapping[str, Callable[[Results], list[Sequence[str]]]] = {
    "measured": measured,
    "compared": compared,
    "emotions": emotions,
    "questions": questions,
}


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """Rows as a table; the first is its head, numbers stand to the right."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines.insert(1, "| --- |" + " ---: |" * (len(rows[0]) - 1))
    return "\n".join(line.replace("|  |", "| |").replace("|  |", "| |") for line in lines)


def filled(page: str, results: Results) -> str:
    """The page with its tables. Raises ``SystemExit`` where the comments of one are missing."""
    for name, rows in TABLES.items():
        place = re.compile(rf"(<!-- table {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        table = markdown(rows(results))
        page, found = place.subn(lambda match, table=table: f"{match[1]}\n{table}\n\n{match[2]}", page)
        if found != 1:
            raise SystemExit(f"{PAGE.name} has {found} places for the table {name}.")
    return page


def main() -> None:
    """Write the page."""

    def results(name: str) -> Any:
        return json.loads((RESULTS / f"understanding-{name}.json").read_text(encoding="utf-8"))

    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), results), encoding="utf-8")


if __name__ == "__main__":
    main()
