"""What becomes of a final once the recogniser is done with it, and how long each step takes.

    python -m benchmarks.turn_cost
    python -m benchmarks.turn_cost --rounds 5

Written calls with gold tickets, all but those that models learn from, go the way of heard calls, on one thread: meaning
of the turn (labels, mood, entities, dialogue acts), redaction, ticket. A turn's time is that of its final and its turn
together, so it is also how long after the final a field that the final holds is filled. Nothing is heard, so no voice
is judged.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.common import ROOT, markdown_table, spread, write_result
from callcore.config import Settings
from callcore.loading import load_redactor, load_ticket_rules, load_understander, settle
from callcore.pipeline.follower import Follower
from callcore.pipeline.ticketed import Ticketed
from callcore.privacy.seal import Sealer, new_key
from callcore.types import Output, Turn
from callcore.written import read_written, told

OUTPUT = ROOT / "benchmarks" / "results" / "turn_cost.json"
PAGE = ROOT / "docs" / "benchmarks" / "turn_cost.md"
CALLS = ROOT / "benchmarks" / "written_calls"
PARTS = ("dev", "fresh", "test")  #: all but what models learn from, which grows
STEPS = ("meaning", "redaction", "ticket")
TOGETHER = ("redaction and ticket", "all")


class Stamp:
    """A follower that changes nothing and notes when a turn came by, in seconds."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def follow(self, outputs: Sequence[Output]) -> list[Output]:
        """The same outputs."""
        if any(isinstance(output, Turn) for output in outputs):
            self.times.append(time.perf_counter())
        return [*outputs]


def measure(rounds: int) -> dict[str, Any]:
    """Milliseconds of each step by language of the call."""
    settings = Settings()
    understander = load_understander(settings)
    redactor = load_redactor(settings, understander.taggers)
    redactor = replace(redactor, sealer=Sealer([new_key()]))
    rules = load_ticket_rules(settings, understander.catalogue)
    settle()  # as a station of live calls does
    spent: dict[str, dict[str, list[float]]] = {}
    for file in [file for part in PARTS for file in sorted((CALLS / part).glob("*.json"))] * rounds:
        call = read_written(file)
        stamps = [Stamp() for _ in range(3)]
        finder = understander.finder()
        followers: list[Follower] = [
            stamps[0], redactor.call(call.call_date, finder), stamps[1], Ticketed(rules), stamps[2],
        ]  # fmt: skip
        told(call, file.stem, settings, understander, followers, finder)
        _add(spent.setdefault(call.language, {}), [stamp.times for stamp in stamps])
    return {language: {step: spread(values) for step, values in steps.items()} for language, steps in spent.items()}


def _add(spent: dict[str, list[float]], times: Sequence[Sequence[float]]) -> None:
    """Of all turns but the first, before which the call itself began."""
    for place in range(1, len(times[0])):
        ends = [times[2][place - 1], *(one[place] for one in times)]
        steps = [1000 * (after - before) for before, after in pairwise(ends)]
        for name, value in zip((*STEPS, *TOGETHER), (*steps, sum(steps[1:]), sum(steps)), strict=True):
            spent.setdefault(name, []).append(value)


def page(document: Mapping[str, Any]) -> str:
    """The results as Markdown."""
    rows = [
        (language, step, *(f"{values[key]:.2f}" for key in ("p50", "p95", "p99", "max")))
        for language, steps in document["results"].items()
        for step, values in steps.items()
    ]
    turns = {language: steps["all"]["n"] for language, steps in document["results"].items()}
    counted = ", ".join(f"{count} turns {language}" for language, count in turns.items())
    return "\n".join(
        [
            "# From final to ticket",
            "",
            f"`python -m benchmarks.turn_cost`, {document['date']}, one thread of {document['machine']['cpu']};",
            f"{counted}, each call {document['settings']['rounds']} times. Milliseconds a turn of the",
            "[written calls](../../benchmarks/written_calls/README.md): what its final and its turn cost. *All*",
            "is also the time from a final to the fields that it fills. The mood of the voice is not in it",
            "([understanding.md](understanding.md) has it).",
            "",
            markdown_table(("call", "step", "p50", "p95", "p99", "max"), rows),
            "",
        ]
    )


def main() -> None:
    """Measure, and write result and page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="how often every call is told")
    parser.add_argument("--out", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    document = write_result(
        arguments.out, "turn_cost", measure(arguments.rounds), {"rounds": arguments.rounds}, ("callcore", "onnxruntime")
    )
    if arguments.out == OUTPUT:
        PAGE.write_text(page(document), encoding="utf-8")
    print(page(document))


if __name__ == "__main__":
    main()
