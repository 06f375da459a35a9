"""How far labellers agree about the tickets of written calls, and callcore with them.

    python -m benchmarks.agreement

Each call of the parts that :mod:`benchmarks.written_calls.labels` knows of was labelled three times, blind to the other
labels. Every figure is F1 of one's fields by the other's, as ``callcore evaluate tickets`` counts them: labellers with
one another (all pairs), callcore with each of them (mean), callcore with what two of three say.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.common import ROOT, markdown_table, write_result
from benchmarks.ticket_scores import TicketScorer, mean_rows, whole_row
from benchmarks.written_calls.check import FOLDER, Gold, GoldCall, read
from benchmarks.written_calls.labels import LABELS, PROMISES, Labels, agreement, read_labels
from benchmarks.written_calls.values import FIELDS
from callcore.evaluate.tickets import FREE_TEXT

OUTPUT = ROOT / "benchmarks" / "results" / "agreement.json"
PAGE = ROOT / "docs" / "benchmarks" / "agreement.md"
PACKAGES = ("callcore", "onnxruntime", "numpy")
PARTS = {"test": "Test half", "dev": "Development half"}
GROUPS = {
    "always_required": "always required",
    "required": "required",
    "digit_free": "without digits",
    "all": "all",
    PROMISES: PROMISES,
}
COLUMNS = ("labellers", "callcore_with_each", "callcore_with_writer", "callcore_with_settled")
HEAD = ("field", "labellers", "callcore with each", "callcore with the writer", "callcore with two of three")


def measure(part: str, scorer: TicketScorer) -> dict[str, Any]:
    """F1 by group of fields, by field and of promises."""
    rows = read_labels(LABELS / f"{part}.jsonl")
    calls = {name: read(FOLDER / part / f"{name}.json") for name in rows}
    told = {name: scorer.told(name, call) for name, call in calls.items()}

    def scored(labelled: Mapping[str, GoldCall]) -> dict[str, float | None]:
        scores = [scorer.score(name, call, told[name]) for name, call in labelled.items()]
        return _by_field(whole_row(scores, scorer.groups()))

    by_labeller = [
        scored({name: _labelled(calls[name], labels[place]) for name, labels in rows.items()}) for place in range(3)
    ]
    named = {name: {name} for name in (*FIELDS, PROMISES) if name not in FREE_TEXT}
    return {
        "calls": len(calls),
        "labellers": {name: agreement(rows.values(), names) for name, names in {**named, **scorer.groups()}.items()},
        "callcore_with_each": mean_rows(by_labeller),
        "callcore_with_writer": by_labeller[0],
        "callcore_with_settled": scored(calls),
    }


def _labelled(call: GoldCall, labels: Labels) -> GoldCall:
    gold = Gold(fields=labels.fields, evidence=labels.evidence, promises=labels.promises, secrets=call.gold.secrets)
    return call.model_copy(update={"gold": gold})


def _by_field(row: Mapping[str, Any]) -> dict[str, float | None]:
    fields = {name: one["f1"] for name, one in {**row["fields"], **row["groups"]}.items()}
    return {**fields, PROMISES: row["promises"]["f1"]}


def page(document: Mapping[str, Any]) -> str:
    """The results as Markdown."""
    parts = [
        "# How far labellers agree about a ticket, and callcore with them",
        f"Written by `python -m benchmarks.agreement`. Commit {document['commit']}, {document['machine']['cpu']}.",
        TEXT,
    ]
    for part, title in PARTS.items():
        if row := document["results"].get(part):
            parts += [f"## {title}, {row['calls']} calls", markdown_table(HEAD, _table(row))]
    return "\n\n".join(parts) + "\n"


def _table(row: Mapping[str, Any]) -> list[list[str]]:
    names = [*GROUPS, *(name for name, value in row["labellers"].items() if name not in GROUPS and value is not None)]
    return [[GROUPS.get(name, name), *(_shown(row[key].get(name)) for key in COLUMNS)] for name in names]


TEXT = """Each of the [written calls](../../benchmarks/written_calls/README.md) below was labelled three times by the
same guide, each time without sight of the other labels: by its writer, and by two who had not seen it
before. F1, as tickets are scored: *labellers* with one another, over all pairs; *callcore* with each of the
three (mean), with the writer alone, and with what two of three say, which is the gold that all other pages
measure by. What is missing to the first column is callcore's own fault, not one of the labels. Labellers who
learnt from one guide and have a like mind agree more than the inspectors of different banks would, so the
first column is an upper bound. Free text is left out."""


def _shown(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f} %"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, keep the results and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args(arguments)
    scorer = TicketScorer()
    results = {file.stem: measure(file.stem, scorer) for file in sorted(LABELS.glob("*.jsonl"))}
    document = write_result(options.output, "agreement", results, {"models": scorer.versions}, PACKAGES)
    PAGE.write_text(page(document), encoding="utf-8")
    print(PAGE.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
