"""How much of a turn's meaning is lost where a name, a number or thanks is said in the same breath.

    python -m benchmarks.one_breath

Customers' test turns with business are read as written, and with harmless words of benchmarks/one_breath.toml before
them, after them, and on both sides. None of these words takes part in training.
"""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.common import ROOT, markdown_table, write_result
from callcore.config import load_settings
from callcore.evaluate.labelled import LabelledTurn, read_corpus
from callcore.evaluate.understanding import evaluate_turns
from callcore.loading import load_understander
from callcore.paths import labelled_turns_folder
from callcore.understand.entities import plain_words

WORDS = Path(__file__).with_suffix(".toml")
OUTPUT = ROOT / "benchmarks" / "results" / "one_breath.json"
PAGE = ROOT / "docs" / "benchmarks" / "one_breath.md"
SIDES: Mapping[str, tuple[str, ...]] = {
    "alone": (),
    "after other words": ("before",),
    "before other words": ("after",),
    "between other words": ("before", "after"),
}
MEASURES = ("category", "topic", "cause", "caller", "emotion")


def measure(language: str, seed: int) -> dict[str, Any]:
    """Macro F1 of each head, by what is said beside the turns."""
    model = load_understander(load_settings()).models[language]
    corpus = read_corpus(labelled_turns_folder() / "corpus" / language / "test", language)
    turns = [turn for turn in corpus if turn.speaker == "customer" and turn.in_scope and turn.category != "none"]
    words = tomllib.loads(WORDS.read_text(encoding="utf-8"))[language]
    found = {}
    for name, sides in SIDES.items():
        random = Random(seed)
        said = [_said(turn, sides, words, random) for turn in turns]
        report = evaluate_turns(said, lambda text: model.score(plain_words(text)), model.thresholds)
        found[name] = {head: report[head]["macro_f1"] for head in MEASURES} | {
            "negative": report["negative"]["area_under_curve"]
        }
    return {"turns": len(turns), "model": model.version, "measures": found}


def _said(turn: LabelledTurn, sides: Sequence[str], words: Mapping[str, Sequence[str]], random: Random) -> LabelledTurn:
    before = f"{random.choice(words['before'])} " if "before" in sides else ""
    after = f" {random.choice(words['after'])}" if "after" in sides else ""
    return replace(turn, text=before + turn.text + after)


def page(document: Mapping[str, Any]) -> str:
    """The results as Markdown."""
    rows = [
        (language, name, *(f"{values[head]:.3f}" for head in (*MEASURES, "negative")))
        for language, result in document["results"].items()
        for name, values in result["measures"].items()
    ]
    turns = ", ".join(f"{one['turns']} {language} ({one['model']})" for language, one in document["results"].items())
    return "\n".join(
        [
            "# A matter said in one breath with something else",
            "",
            f"`python -m benchmarks.one_breath`, {document['date']}. Test turns of customers with business: {turns}.",
            "In calls a name, a number, an answer or thanks often stands in the same turn as the matter. Macro F1 of",
            "the labels of a turn alone, and with such words beside it that no model learned from; *negative*: area",
            "under the curve of negative moods. What is said beside a turn changes none of its labels but intents,",
            "which are left out.",
            "",
            markdown_table(("language", "a turn", *MEASURES, "negative"), rows),
            "",
        ]
    )


def main() -> None:
    """Measure, and write result and page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    results = {language: measure(language, arguments.seed) for language in ("zh", "en")}
    document = write_result(arguments.out, "one_breath", results, {"seed": arguments.seed}, ("callcore", "onnxruntime"))
    if arguments.out == OUTPUT:
        PAGE.write_text(page(document), encoding="utf-8")
    print(page(document))


if __name__ == "__main__":
    main()
