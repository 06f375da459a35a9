"""How much of the understanding is lost on text that a recogniser wrote.

    python -m benchmarks.heard                  # scores the sentences of benchmarks/results/heard_zh.tsv
    python -m benchmarks.heard --heard FILE     # ... of another file; what it lacks is said and recognised first

Mandarin test turns and test sentences of the entities are said and recognised (`python -m benchmarks.heard_speech`, one
core, some minutes, once), then read as written, as said and as heard, by the same models. Errors of lower rates are the
heard ones in part, or made up; English ones are made up. Nothing here takes part in training.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from rich.progress import track

from benchmarks.common import ROOT, write_result
from benchmarks.heard_page import write_page
from benchmarks.heard_texts import read_heard
from benchmarks.misheard import Homophones, SoundAlikes, english_words, misheard, partly_heard, without_marks
from callcore.config import TextSettings, load_settings
from callcore.evaluate.entities import DIGIT_KINDS, EntitySet, Gold, read_set
from callcore.evaluate.labelled import LabelledTurn, read_corpus
from callcore.evaluate.normalise import ENGLISH, MANDARIN, Normaliser
from callcore.evaluate.rates import Counts, compare
from callcore.evaluate.understanding import evaluate_turns
from callcore.loading import load_understander
from callcore.paths import labelled_turns_folder
from callcore.text import TextWriter
from callcore.understand.base import Scores, TextModel
from callcore.understand.entities import Context, find, plain_words

HEARD = ROOT / "benchmarks" / "results" / "heard_zh.tsv"
OUTPUT = ROOT / "benchmarks" / "results" / "heard.json"
PAGE = ROOT / "docs" / "benchmarks" / "heard.md"
PACKAGES = ("callcore", "faster-whisper", "ctranslate2", "onnxruntime", "pypinyin", "jiwer", "jellyfish")
BANDS: tuple[tuple[str, float], ...] = (
    ("0 %", 0.0),
    ("0 to 10 %", 0.10),
    ("10 to 20 %", 0.20),
    ("20 to 40 %", 0.40),
    ("above 40 %", float("inf")),
)  #: name and highest rate
RATES = (0.05, 0.10, 0.20)
TARGET = 0.10
SEEDS = 3  #: of made-up errors; their scores are means
RESAMPLES = 1000

Score = Callable[[str], Scores]


@dataclass(frozen=True, slots=True)
class Pair:
    """A labelled turn, what was said, and what was made of it."""

    turn: LabelledTurn
    said: str
    heard: str
    counts: Counts

    @classmethod
    def of(cls, turn: LabelledTurn, said: str, heard: str, normaliser: Normaliser) -> Pair:
        """With its errors counted."""
        return cls(turn, said, heard, compare(said, heard, normaliser))


class Judge:
    """A text model and what it makes of texts, each read once."""

    def __init__(self, model: TextModel) -> None:
        self.model = model
        self.score: Score = lru_cache(maxsize=4096)(lambda text: model.score(plain_words(text)))

    def measures(self, turns: Sequence[LabelledTurn]) -> dict[str, float | None]:
        """The scores that the page shows."""
        report = evaluate_turns(turns, self.score, self.model.thresholds)
        return {
            "topic": report["topic"]["macro_f1"],
            "category": report["category"]["macro_f1"],
            "intent": report["intent"]["macro_f1"],
            "emotion": report["emotion"]["macro_f1"],
            "negative": report["negative"]["area_under_curve"],
            "out_of_scope": report["in_scope"]["out_of_scope_recall"],
            "in_scope": report["in_scope"]["in_scope_recall"],
        }

    def topics(self, turns: Sequence[LabelledTurn]) -> list[set[str]]:
        """Labels at or above the threshold."""
        threshold = self.model.thresholds["topic"]
        return [
            {code for code, likely in self.score(turn.text).heads["topic"].items() if likely >= threshold}
            for turn in turns
        ]

    def row(self, pairs: Sequence[Pair]) -> dict[str, Any]:
        """The same turns clean and heard, and how sure the loss of topics is."""
        clean = [pair.turn for pair in pairs]
        heard = [replace(pair.turn, text=pair.heard) for pair in pairs]
        wanted = [set(turn.topics or ()) for turn in clean]
        return {
            "turns": len(pairs),
            "error_rate": rate(pairs),
            "clean": self.measures(clean),
            "heard": self.measures(heard),
            "topic_loss_interval": loss_interval(wanted, self.topics(clean), self.topics(heard)),
        }


def rate(pairs: Iterable[Pair]) -> float | None:
    """Errors of all pairs over their units."""
    total = sum((pair.counts for pair in pairs), Counts())
    return None if total.rate is None else round(total.rate, 4)


def in_bands(pairs: Sequence[Pair]) -> dict[str, list[Pair]]:
    """Pairs by the error rate of each: a band reaches above the one before it, up to its highest rate."""
    bands: dict[str, list[Pair]] = {name: [] for name, _ in BANDS}
    for pair in pairs:
        own = pair.counts.rate or 0.0
        bands[next(name for name, highest in BANDS if own <= highest)].append(pair)
    return bands


def fewer_right(pairs: Sequence[Pair], target: float, random: Random) -> list[Pair]:
    """The pairs without some of those that were heard without an error, drawn: so many that the rest has ``target``."""
    right = [place for place, pair in enumerate(pairs) if not pair.counts.rate]
    random.shuffle(right)
    kept = {*range(len(pairs))} - {*right}
    total = sum((pairs[place].counts for place in kept), Counts())
    for place in right:
        total += pairs[place].counts
        if (total.rate or 0.0) < target:
            break
        kept.add(place)
    return [pairs[place] for place in sorted(kept)]


def loss_interval(
    wanted: Sequence[set[str]], clean: Sequence[set[str]], heard: Sequence[set[str]], seed: int = 1
) -> tuple[float, float] | None:
    """95 % percentile bootstrap interval of the loss of macro-F1, turns drawn with replacement; None for none."""
    labels = sorted(set().union(*wanted))
    if not labels:
        return None

    def table(sets: Sequence[set[str]]) -> Any:
        return np.array([[label in one for label in labels] for one in sets], dtype=np.float64)

    has = table(wanted)
    drawn = np.random.default_rng(seed).multinomial(len(wanted), [1 / len(wanted)] * len(wanted), size=RESAMPLES)

    def macro(said: Any) -> Any:
        known = drawn @ has
        f1 = 2 * (drawn @ (has * said)) / np.maximum(known + drawn @ said, 1)
        return (f1 * (known > 0)).sum(axis=1) / np.maximum((known > 0).sum(axis=1), 1)

    low, high = np.quantile(macro(table(clean)) - macro(table(heard)), [0.025, 0.975])
    return round(float(low), 4), round(float(high), 4)


def mean_row(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Rows of turns with other errors, or of other turns, as one: means; of intervals the lowest and highest end."""

    def mean(values: Iterable[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        return round(sum(known) / len(known), 4) if known else None

    ends = [row["topic_loss_interval"] for row in rows if row["topic_loss_interval"]]
    return {
        "turns": round(sum(row["turns"] for row in rows) / len(rows)),
        "error_rate": mean(row["error_rate"] for row in rows),
        **{key: {name: mean(row[key][name] for row in rows) for name in rows[0][key]} for key in ("clean", "heard")},
        "topic_loss_interval": (min(low for low, _ in ends), max(high for _, high in ends)) if ends else None,
    }


def with_marks(text: str) -> str:
    """A Mandarin text with the marks that a transcript gets, from its words alone."""
    return _writer().write(plain_words(text), "zh")[0]


@cache
def _writer() -> TextWriter:
    return TextWriter(TextSettings())


def mandarin_turns(judge: Judge, heard: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    """All tables of the Mandarin turns. ``heard``: by text, what was said and what was heard."""
    turns = read_corpus(labelled_turns_folder() / "corpus" / "zh" / "test", "zh")
    pairs = [Pair.of(turn, *heard[turn.text], MANDARIN) for turn in turns if turn.text in heard]
    own = rate(pairs) or 1.0
    alike = Homophones(turn.text for turn in read_corpus(labelled_turns_folder() / "corpus" / "zh", "zh")).alike

    def without(pair: Pair, wanted: float, random: Random) -> str:
        return partly_heard(pair.said, pair.heard, wanted / own, random)

    def part(pair: Pair, wanted: float, random: Random) -> str:
        return with_marks(without(pair, wanted, random))

    def made_up(pair: Pair, wanted: float, random: Random) -> str:
        return with_marks(misheard(MANDARIN.units(pair.said), wanted, alike, random))

    return {
        "all": judge.row(pairs),
        "without marks": judge.row([replace(pair, heard=without_marks(pair.heard)) for pair in pairs]),
        "bands": {name: judge.row(found) for name, found in in_bands(pairs).items() if found},
        "fewer heard right": _fewer(judge, pairs) if own < TARGET else None,
        "heard in part": {
            f"{wanted:.0%}": _drawn(judge, pairs, wanted, part, MANDARIN) for wanted in (0.0, *RATES) if wanted < own
        },
        "heard in part, without marks": {
            f"{wanted:.0%}": _drawn(judge, pairs, wanted, without, MANDARIN) for wanted in (0.0, TARGET) if wanted < own
        },
        "homophones": {f"{wanted:.0%}": _drawn(judge, pairs, wanted, made_up, MANDARIN) for wanted in RATES},
        "not heard": len(turns) - len(pairs),
    }


def english_turns(judge: Judge) -> dict[str, Any]:
    """English turns with made-up errors."""
    folder = labelled_turns_folder() / "corpus" / "en"
    turns = read_corpus(folder / "test", "en")
    alike = SoundAlikes(turn.text for turn in read_corpus(folder, "en")).alike
    pairs = [Pair.of(turn, turn.text, turn.text, ENGLISH) for turn in turns]

    def made_up(pair: Pair, wanted: float, random: Random) -> str:
        return misheard(english_words(pair.said), wanted, alike, random)

    return {
        "sound-alikes": {f"{wanted:.0%}": _drawn(judge, pairs, wanted, made_up, ENGLISH) for wanted in (0.0, *RATES)}
    }


def _fewer(judge: Judge, pairs: Sequence[Pair]) -> dict[str, Any]:
    """Turns of which a tenth of the characters is wrong, where less is in all of them."""
    return mean_row([judge.row(fewer_right(pairs, TARGET, Random(seed))) for seed in range(SEEDS)])


def _drawn(
    judge: Judge,
    pairs: Sequence[Pair],
    wanted: float,
    make: Callable[[Pair, float, Random], str],
    normaliser: Normaliser,
) -> dict[str, Any]:
    """The pairs with errors of about one rate, :data:`SEEDS` times; once for a rate of 0."""
    rows = []
    for seed in track(range(SEEDS if wanted else 1), f"{make.__name__.replace('_', ' ')}, {wanted:.0%}"):
        random = Random(seed)
        worse = [Pair.of(pair.turn, pair.said, make(pair, wanted, random), normaliser) for pair in pairs]
        rows.append(judge.row(worse))
    return mean_row(rows)


def values_found(sentences: Sequence[tuple[str, Sequence[Gold]]], context: Context) -> dict[str, Any]:
    """Entities by kind and value, wherever they stand: the text differs from the one that was marked.

    A marked entity is right where one of its kind and value was found, one to one.
    """
    marked, given, right, kinds = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for text, gold in sentences:
        wanted = Counter((one.kind, one.value) for one in gold)
        found = Counter((one.kind, one.value) for one in find(plain_words(text), "zh", context))
        for counts, pairs in ((marked, wanted), (given, found), (right, wanted & found)):
            for (kind, _), count in pairs.items():
                counts[kind] += count
        for kind, count in (_by_kind(wanted) & _by_kind(found)).items():
            kinds[kind] += count
    rows = {kind: _entity_row(marked[kind], given[kind], right[kind], kinds[kind]) for kind in sorted(marked | given)}
    together = [sum(counts.values()) for counts in (marked, given, right, kinds)]
    digits = [sum(counts[kind] for kind in DIGIT_KINDS) for counts in (marked, given, right, kinds)]
    return {"kinds": rows, "all": _entity_row(*together), "digits": _entity_row(*digits)}


def _by_kind(pairs: Counter[tuple[str, str]]) -> Counter[str]:
    total = Counter[str]()
    for (kind, _), count in pairs.items():
        total[kind] += count
    return total


def _entity_row(marked: int, given: int, right: int, kind_right: int) -> dict[str, Any]:
    """Counts, F1 of value and kind, share of the marked whose value is right, and whose kind alone is."""
    return {
        "marked": marked,
        "given": given,
        "right": right,
        "f1": round(2 * right / (marked + given), 4) if marked + given else None,
        "value_recall": round(right / marked, 4) if marked else None,
        "kind_recall": round(kind_right / marked, 4) if marked else None,
    }


def entities(heard: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    """Entities of the sentences as written, as said, as heard, and heard in part."""
    whole = read_set(labelled_turns_folder() / "entities" / "zh_test.toml")
    known = EntitySet(whole.date, tuple(one for one in whole.sentences if one.text in heard))
    context, gold = Context(known.date), [one.gold for one in known.sentences]
    said, written = ([heard[one.text][place] for one in known.sentences] for place in (0, 1))
    total = sum((compare(a, b, MANDARIN) for a, b in zip(said, written, strict=True)), Counts())
    found: dict[str, Any] = {
        "sentences": len(known.sentences),
        "not heard": len(whole.sentences) - len(known.sentences),
        "error_rate": total.rate,
        "digit_error_rate": total.digit_rate,
        "as written": values_found([(one.text, one.gold) for one in known.sentences], context),
        "as said": values_found(list(zip(said, gold, strict=True)), context),
        "heard": values_found(list(zip(written, gold, strict=True)), context),
        "heard in part": {},
    }
    for wanted in (wanted for wanted in (0.0, *RATES) if wanted < (total.rate or 0)):
        random = Random(0)
        parts = [partly_heard(a, b, wanted / (total.rate or 1), random) for a, b in zip(said, written, strict=True)]
        found["heard in part"][f"{wanted:.0%}"] = values_found(list(zip(parts, gold, strict=True)), context)
    return found


def spoken_texts(file: Path) -> Iterator[tuple[str, dict[str, tuple[str, str]]]]:
    """Each set of a file of heard sentences: by text, what was said and heard. What the file lacks is heard first."""
    # In a process of its own: it loads pypinyin otherwise than callcore does.
    subprocess.run(
        [sys.executable, "-m", "benchmarks.heard_speech", "--heard", str(file.resolve())], cwd=ROOT, check=True
    )
    for name, found in read_heard(file).items():
        yield name, {one.text: (one.said, one.heard) for one in found.values()}


def main() -> None:
    """Measure, and write JSON and page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--heard", type=Path, default=HEARD, metavar="FILE", help="heard sentences [%(default)s]")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--page", type=Path, default=PAGE)
    arguments = parser.parse_args()
    heard = dict(spoken_texts(arguments.heard))
    settings = load_settings()
    models = load_understander(settings).models
    results = {
        "models": {language: model.version for language, model in models.items()},
        "zh": mandarin_turns(Judge(models["zh"]), heard["turns"]),
        "entities": entities(heard["entities"]),
        "en": english_turns(Judge(models["en"])),
    }
    document = write_result(arguments.output, "heard", results, {"model": "starter-zh", "seeds": SEEDS}, PACKAGES)
    write_page(document, arguments.page)
    print(arguments.page.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
