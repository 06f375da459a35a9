"""Tickets, promises and masks of written calls: as written, and as a recogniser heard them.

    python -m benchmarks.tickets_heard                 # both halves
    python -m benchmarks.tickets_heard --half dev      # only this half: tuning may look at it

Heard calls are read from benchmarks/results/calls_heard_{dev,test}.jsonl; those that the files lack are said and
recognised first (`python -m benchmarks.call_speech`, one core, some 20 s a call). The bundled recogniser writes more
errors than one that is fit for calls, so the calls are also read with a part of its errors, such that a tenth of the
characters is wrong; English, which it does not write, with made-up errors.
Of the test half nothing is told by call.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from rich.progress import track

from benchmarks.call_texts import HeardCall, as_heard, digest, error_counts, read_heard_calls, same_turns
from benchmarks.common import ROOT, write_result
from benchmarks.heard import with_marks
from benchmarks.misheard import SoundAlikes, english_words, misheard, partly_heard
from benchmarks.ticket_scores import CallScore, TicketScorer, loss_interval, mean_rows, whole_row
from benchmarks.tickets_page import write_page, write_picture
from benchmarks.written_calls.check import FOLDER, HALVES, GoldCall, read
from callcore.evaluate.labelled import read_corpus
from callcore.evaluate.normalise import ENGLISH, MANDARIN, Normaliser
from callcore.evaluate.rates import Counts, compare
from callcore.paths import labelled_turns_folder

RESULTS = ROOT / "benchmarks" / "results"
OUTPUT = RESULTS / "tickets.json"
PAGE = ROOT / "docs" / "benchmarks" / "tickets.md"
PACKAGES = ("callcore", "faster-whisper", "ctranslate2", "onnxruntime", "rapidfuzz", "jellyfish", "jiwer")
RATE = 0.10
SEEDS = 3  #: of errors that are drawn; their scores are means
NORMALISERS = {"zh": MANDARIN, "en": ENGLISH}


@dataclass(frozen=True, slots=True)
class Version:
    """Calls by name with one kind of text, once for each draw of its errors, and the errors of all draws together."""

    draws: list[dict[str, GoldCall]] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)

    def row(self, scorer: TicketScorer, written: Mapping[str, CallScore]) -> dict[str, Any]:
        """Scores, means over the draws. ``written``: those of the calls as written."""
        groups, draws = scorer.groups(), [scorer.scores(calls) for calls in self.draws]
        found: dict[str, Any] = mean_rows([whole_row(scores, groups) for scores in draws])
        clean = [written[name] for name in self.draws[0]]
        return {
            "calls": len(clean),
            "error_rate": rounded(self.counts.rate),
            "loss_interval": loss_interval(clean, draws, groups["digit_free"]),
            **found,
        }


def rounded(rate: float | None) -> float | None:
    """To four places."""
    return None if rate is None else round(rate, 4)


def as_recognised(calls: Mapping[str, GoldCall], heard: Mapping[str, HeardCall], normaliser: Normaliser) -> Version:
    """The turns of the recogniser."""
    counts = sum((error_counts(heard[name], normaliser) for name in calls), Counts())
    return Version([{name: as_heard(call, heard[name].turns) for name, call in calls.items()}], counts)


def with_errors(
    calls: Mapping[str, GoldCall],
    said: Mapping[str, tuple[str, ...]],
    make: Callable[[str, int, Random], str],
    normaliser: Normaliser,
) -> Version:
    """The written turns with other texts. ``make``: a call's name, a turn's number and a source of chance to a text."""
    draws, counts = [], Counts()
    for seed in range(SEEDS):
        random, draw = Random(seed), {}
        for name, call in calls.items():
            texts = [make(name, number, random) for number in range(len(call.turns))]
            pairs = zip(said[name], texts, strict=True)
            counts = sum((compare(wanted, text, normaliser) for wanted, text in pairs), counts)
            draw[name] = as_heard(call, same_turns(call, texts))
        draws.append(draw)
    return Version(draws, counts)


def in_part(calls: Mapping[str, GoldCall], heard: Mapping[str, HeardCall], own: float) -> Version:
    """Mandarin with so many of the recogniser's errors that :data:`RATE` are left. ``own``: its rate over all calls."""
    texts = {name: heard[name].heard() for name in calls}
    kept = min(RATE / own, 1.0)

    def make(name: str, number: int, random: Random) -> str:
        return with_marks(partly_heard(heard[name].said[number], texts[name][number], kept, random))

    return with_errors(calls, {name: heard[name].said for name in calls}, make, MANDARIN)


def sound_alikes(calls: Mapping[str, GoldCall]) -> Version:
    """English with made-up errors.

    The rate is measured in units of the normaliser, which are not quite the words that are changed: a first try tells
    how far off it is.
    """
    corpus = read_corpus(labelled_turns_folder() / "corpus" / "en", "en")
    alike = SoundAlikes(turn.text for turn in corpus).alike

    said = {name: tuple(turn.text for turn in call.turns) for name, call in calls.items()}

    def at(rate: float) -> Version:
        def make(name: str, number: int, random: Random) -> str:
            return misheard(english_words(said[name][number]), rate, alike, random)

        return with_errors(calls, said, make, ENGLISH)

    return at(RATE * RATE / (at(RATE).counts.rate or RATE))


def versions(calls: Mapping[str, GoldCall], heard: Mapping[str, HeardCall], language: str) -> dict[str, Version]:
    """All versions of the calls of a language."""
    found = {"as written": Version([dict(calls)])}
    listened = {name: call for name, call in calls.items() if name in heard}
    if listened:
        recognised = as_recognised(listened, heard, NORMALISERS[language])
        found["heard"] = recognised
        if language == "zh":
            found["heard in part"] = in_part(listened, heard, recognised.counts.rate or 1.0)
    if language == "en":
        found["sound-alikes"] = sound_alikes(calls)
    return found


def recognition(half: str, calls: Mapping[str, GoldCall], heard: Mapping[str, HeardCall]) -> dict[str, Any]:
    """How well calls were recognised; by call for the half that may be looked at, without names for the other."""
    by_call = {name: error_counts(heard[name], NORMALISERS[call.language]) for name, call in calls.items()}
    total = sum(by_call.values(), Counts())
    return {
        "calls": len(calls),
        "turns": sum(len(call.turns) for call in calls.values()),
        "turns_heard": sum(len(heard[name].turns) for name in calls),
        "units": total.units,
        "error_rate": rounded(total.rate),
        "digit_error_rate": rounded(total.digit_rate),
        "rates": sorted(round(counts.rate or 0.0, 4) for counts in by_call.values()),
        "by_call": {name: rounded(counts.rate) for name, counts in by_call.items()} if half == "dev" else {},
        "models": sorted({heard[name].model for name in calls}),
    }


def measure_half(half: str, scorer: TicketScorer) -> dict[str, Any]:
    """Recognition and scores of a half, by language."""
    file = RESULTS / f"calls_heard_{half}.jsonl"
    # In a process of its own: it loads pypinyin otherwise than callcore does.
    subprocess.run([sys.executable, "-m", "benchmarks.call_speech", "--half", half], cwd=ROOT, check=True)
    everything = {one.stem: read(one) for one in sorted((FOLDER / half).glob("*.json"))}
    heard = {
        name: one
        for name, one in read_heard_calls(file).items()
        if name in everything and one.digest == digest(everything[name])
    }
    found: dict[str, Any] = {}
    for language in sorted({call.language for call in everything.values()}, reverse=True):
        calls = {name: call for name, call in everything.items() if call.language == language}
        listened = {name: call for name, call in calls.items() if name in heard}
        rows = versions(calls, heard, language).items()
        written = dict(zip(calls, scorer.scores(calls), strict=True))
        found[language] = {
            "recognition": recognition(half, listened, heard) if listened else None,
            "versions": {
                name: version.row(scorer, written) for name, version in track(list(rows), f"{half}, {language}")
            },
        }
    return found


def main() -> None:
    """Measure, and write JSON, page and picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=HALVES, action="append", help="only this one")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--page", type=Path, default=PAGE)
    arguments = parser.parse_args()
    scorer = TicketScorer()
    results = {half: measure_half(half, scorer) for half in arguments.half or HALVES}
    document = write_result(
        arguments.output,
        "tickets",
        {"models": scorer.versions, "halves": results},
        {"rate": RATE, "seeds": SEEDS},
        PACKAGES,
    )
    write_picture(document, arguments.page.with_suffix(".png"))
    write_page(document, arguments.page)
    print(arguments.page.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
