"""Measure a tagger of secrets and write its card.

``python -m models.training.understand.tagging.card --language zh`` writes ``README.md`` into the model's folder and the
figures as JSON to ``--results``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.ticket_scores import SecretCounts, secret_counts
from callcore.engines.tag_model import OnnxTagModel
from callcore.privacy.learned import FOUND, MASKED
from callcore.types import MASK
from callcore.understand.entities.tagger import KINDS, SecretTagger
from callcore.understand.tag_features import VERSION
from models.training.understand.card import ERRORS, NAMES, ROOT, markdown
from models.training.understand.tagging.batches import said_of
from models.training.understand.tagging.examples import Example, call_examples, call_files
from models.training.understand.tagging.noise import Noise

Change = Callable[[Example], Example]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--language", choices=tuple(NAMES), required=True)
    parser.add_argument("--calls", type=Path, default=ROOT / "benchmarks" / "written_calls" / "dev")
    parser.add_argument("--results", type=Path, default=ROOT / "benchmarks" / "results")
    options = parser.parse_args(arguments)
    folder = ROOT / "models" / f"secrets-{options.language}"
    model = OnnxTagModel(folder, VERSION)
    files = call_files(options.calls, options.language)
    examples = [one for file in files for one in call_examples(file)]
    heard = Noise(options.language, [one.text for one in examples], Random(9))
    report = {
        "calls": len(files),
        "clean": scored(SecretTagger(model), examples),
        "misheard": scored(SecretTagger(model), [heard.misheard(one, ERRORS) for one in examples]),
    }
    learned: dict[str, int] = json.loads((folder / "model.json").read_text(encoding="utf-8"))["turns"]
    (folder / "README.md").write_text(_text(options.language, report, learned), encoding="utf-8")
    options.results.mkdir(parents=True, exist_ok=True)
    file = options.results / f"secrets-{options.language}.json"
    file.write_text(json.dumps({"model": model.version, **report}, indent=1) + "\n", encoding="utf-8")
    return 0


def scored(tagger: SecretTagger, examples: Sequence[Example]) -> dict[str, Any]:
    """Secrets that the tagger finds whole, by kind, how many of them with their kind, and needless stretches."""
    kinds = {kind: {"marked": 0, "found": 0, "kind_right": 0} for kind in KINDS}
    counts = SecretCounts()
    for one in examples:
        text = one.text
        tagged = tagger.read(said_of(text), said_of(one.before), one.speaker)
        shown = list(text)
        for tag in tagged.tags(text, MASKED):
            if tag.likely >= FOUND:
                shown[tag.start : tag.end] = MASK * (tag.end - tag.start)
        counts += secret_counts(text, "".join(shown), [(mark.start, mark.end) for mark in one.marks])
        for mark in one.marks:
            row = kinds[next(iter(mark.kinds))]
            row["marked"] += 1
            row["found"] += all(shown[i] == MASK for i in range(mark.start, mark.end) if text[i].isalnum())
            row["kind_right"] += tagged.kind(mark.start, mark.end)[0] in mark.kinds
    return {"kinds": {kind: row for kind, row in kinds.items() if row["marked"]}, "all": counts.as_row()}


def _text(language: str, report: dict[str, Any], learned: dict[str, int]) -> str:
    clean, misheard = report["clean"], report["misheard"]
    rows = [("secret", "marked", "found whole", "kind right", "found, 10 % wrong")]
    for kind, row in clean["kinds"].items():
        heard = misheard["kinds"][kind]["found"]
        rows.append((kind, str(row["marked"]), str(row["found"]), str(row["kind_right"]), str(heard)))
    return "\n".join(
        [
            f"# secrets-{language}\n",
            f"Tags the characters of a turn of a bank call in {NAMES[language]} with what is secret in it: names, "
            "numbers, addresses and the like, by what is said and what the other side said before. It is heard beside "
            "the rules of the redaction: `docs/privacy.md`; how it is made: `docs/understanding-models.md`.\n",
            f"Made by `python -m models.training.understand.tagging.train --language {language}`; "
            "licence Apache-2.0.\n",
            "## Measured\n",
            f"The tagger alone, without any rule, on the {report['calls']} written calls of "
            "`benchmarks/written_calls/dev`, of which it has learned nothing: recall "
            f"{clean['all']['recall']:.3f}, precision of stretches {clean['all']['precision']:.3f}; with "
            f"{ERRORS:.0%} of the characters or words changed as a recogniser would "
            f"{misheard['all']['recall']:.3f} and "
            f"{misheard['all']['precision']:.3f}.\n",
            markdown(rows),
            "## Learned from\n",
            f"{learned['calls']} written calls with marked secrets (`benchmarks/written_calls/train`), in which people "
            f"and numbers are swapped for others; {learned['corpus']:,} turns of the project's own corpus as the rules "
            "read them; phrases with made-up people and numbers. No recorded call, no customer's words.\n",
            "## Limits\n",
            "- It sees one turn and the end of what the other side said before, not the rest of the call.\n"
            "- Written calls, by few hands; how often secrets occur in the calls of a bank is not known.\n"
            "- Whose a secret is, the customer's or somebody else's, it does not tell.\n",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
