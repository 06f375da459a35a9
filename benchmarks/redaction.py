"""How well secrets are masked in text and in what a recogniser makes of it, and what the redaction costs a turn.

    python -m benchmarks.redaction
    python -m benchmarks.redaction --rounds 5

Sentences are the test sentences of the entities that come with the source, each by itself; heard ones are those of
benchmarks/results/heard_zh.tsv (benchmarks.heard_speech made them with the starter model). All on one thread.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from rapidfuzz.distance import Levenshtein

from benchmarks.common import ROOT, markdown_table, spread, write_result
from benchmarks.heard_texts import read_heard
from callcore.evaluate.entities import EntitySet, read_set
from callcore.evaluate.redaction import is_secret, score
from callcore.loading import load_taggers
from callcore.paths import labelled_turns_folder
from callcore.privacy import Redactor
from callcore.privacy.seal import Sealer, new_key
from callcore.types import MASK, Final, Turn, Understanding
from callcore.understand.entities import CallEntities, Context, plain_words, prepare

OUTPUT = ROOT / "benchmarks" / "results" / "redaction.json"
PAGE = ROOT / "docs" / "benchmarks" / "redaction.md"
HEARD = ROOT / "benchmarks" / "results" / "heard_zh.tsv"
LANGUAGES = ("zh", "en")
GIVEN_AWAY = 3  #: characters in a row by which a secret is given away
TURNS = 50  #: of a call
CER_BELOW = (float("inf"), 0.3, 0.1)  #: heard sentences are also counted without those that were misheard more
_HAN_DIGITS = str.maketrans("零一二三四五六七八九幺两〇", "0123456789120")

Mask = Callable[[str, date], str]


def test_set(language: str) -> EntitySet:
    """The sentences of a language."""
    return read_set(labelled_turns_folder() / "entities" / f"{language}_test.toml")


def masker(language: str) -> Mask:
    """What masks a text that stands by itself."""
    redactor = Redactor(Sealer(), taggers=load_taggers())
    return lambda text, day: redactor.text(text, language, day)


@dataclass(frozen=True, slots=True)
class HeardSecret:
    """What became of a secret. ``whole``: nothing that was heard in its place can be read. ``safe``: no three of its
    characters in a row (all of a shorter one) that were heard right can be read.
    """

    cer: float  #: of its sentence
    whole: bool
    safe: bool


def heard_secrets(marked: EntitySet, mask: Mask) -> Iterator[HeardSecret]:
    """The secrets of the heard sentences; those in whose place nothing was heard are left out.

    A secret lies where its characters align with what was heard (fewest edits; digits count alike in Han and in Arabic
    writing).
    """
    heard = read_heard(HEARD)["entities"]
    for sentence in marked.sentences:
        one = heard.get(sentence.text)
        if one is None:
            continue
        text, shown = " ".join(one.heard.split()), mask(one.heard, marked.date)
        codes = Levenshtein.opcodes(*(said.lower().translate(_HAN_DIGITS) for said in (sentence.text, text)))
        right = {
            c.src_start + i: c.dest_start + i for c in codes if c.tag == "equal" for i in range(c.src_end - c.src_start)
        }
        for gold in filter(is_secret, sentence.gold):
            places = [i for i in range(*_aligned(codes, gold.start, gold.end)) if text[i].isalnum()]
            said = [i for i in range(gold.start, gold.end) if sentence.text[i].isalnum()]
            legible = [i in right and shown[right[i]] != MASK for i in said]
            run = max((sum(1 for _ in group) for open_, group in groupby(legible) if open_), default=0)
            if places:
                whole = all(shown[i] == MASK for i in places)
                yield HeardSecret(one.cer, whole, run < min(GIVEN_AWAY, len(said)))


def heard_recall(marked: EntitySet, mask: Mask) -> dict[str, Any]:
    """Recall on heard sentences, by how badly they were heard."""
    secrets = list(heard_secrets(marked, mask))
    rows: dict[str, Any] = {}
    for limit in CER_BELOW:
        kept = [one for one in secrets if one.cer < limit]
        shares = {name: sum(getattr(one, name) for one in kept) / len(kept) for name in ("whole", "safe")}
        cer = sum(one.cer for one in kept) / len(kept)
        name = f"CER below {limit:g}" if limit <= 1 else "all"
        rows[name] = {"secrets": len(kept), "mean_cer": round(cer, 3), **{k: round(v, 4) for k, v in shares.items()}}
    return rows


def _aligned(codes: Iterable[Any], start: int, end: int) -> tuple[int, int]:
    """The range of the heard text that stands for characters ``start`` to ``end`` of the written one."""
    first = last = 0
    for code in codes:
        if code.src_start <= start:
            first = min(code.dest_end, code.dest_start + max(0, start - code.src_start))
        if code.src_start < end:
            last = code.dest_end if code.src_end <= end else min(code.dest_end, code.dest_start + end - code.src_start)
    return first, last


def cost(language: str, rounds: int) -> dict[str, Any]:
    """Milliseconds for all events of a turn, and characters of the turns."""
    prepare((language,))
    marked = test_set(language)
    redactor = Redactor(Sealer([new_key()]), taggers=load_taggers())
    spent: list[float] = []
    used: list[float] = []
    for _ in range(rounds):
        for number, sentence in enumerate(marked.sentences):
            if number % TURNS == 0:
                call, entities = redactor.call(marked.date), CallEntities(Context(marked.date))
            final, turn = _events(number, sentence.text, language)
            understanding = Understanding(number, number % 2, 0, 1, language, entities=entities.read(turn)[0])
            began, before = time.perf_counter(), time.process_time()
            call.follow([final])
            call.follow([turn, understanding])
            used.append(1000 * (time.process_time() - before))
            spent.append(1000 * (time.perf_counter() - began))
    lengths = [float(len(sentence.text)) for sentence in marked.sentences]
    return {"ms": spread(spent), "processor_ms": spread(used), "characters": spread(lengths)}


def _events(number: int, text: str, language: str) -> tuple[Final, Turn]:
    words = plain_words(text)
    span = (words[0].start_sample, words[-1].end_sample)
    final = Final(f"s{number}", number % 2, *span, text, words, language, -0.2, 0.0, 0.9)
    return final, Turn(number, number % 2, *span, text, words, language, (f"s{number}",))


def measure(rounds: int) -> dict[str, Any]:
    """Everything."""
    results: dict[str, Any] = {}
    for language in LANGUAGES:
        marked, mask = test_set(language), masker(language)
        results[language] = {"clean": score(marked, mask).as_json(), "cost": cost(language, rounds)}
        if language == "zh":
            results[language]["heard"] = heard_recall(marked, mask)
    return results


def page(document: Mapping[str, Any]) -> str:
    """The results as Markdown."""
    results = document["results"]
    kinds = list(dict.fromkeys(kind for one in results.values() for kind in one["clean"]["secrets"]))
    rows = []
    for kind in [*(kind for kind in kinds if kind != "all"), "all"]:
        cells: list[object] = [kind]
        for language in LANGUAGES:
            row = results[language]["clean"]["secrets"].get(kind)
            cells += [row["marked"], row["masked"], f"{row['recall']:.4f}"] if row else ["", "", ""]
        rows.append(cells)
    found = markdown_table(
        ("secret", *(f"{lang}: {name}" for lang in LANGUAGES for name in ("marked", "masked", "recall"))), rows
    )
    precise = [
        (
            lang,
            one["clean"]["sentences"],
            one["clean"]["stretches"]["masked"],
            one["clean"]["stretches"]["needless"],
            one["clean"]["precision"],
        )
        for lang, one in results.items()
    ]
    costs = [
        (
            lang,
            measure,
            one["cost"]["characters"]["p50"],
            *(f"{one['cost'][key][p]:.2f}" for p in ("p50", "p95", "p99", "max")),
        )
        for lang, one in results.items()
        for key, measure in (("ms", "elapsed"), ("processor_ms", "processor"))
    ]
    heard = [(name, *row.values()) for name, row in results["zh"]["heard"].items()]
    machine = document["machine"]
    return "\n".join(
        [
            "# Redaction, measured",
            "",
            f"`python -m benchmarks.redaction`, {document['date']}, one thread of {machine['cpu']}. What the figures "
            f"mean:",
            "[privacy.md](../privacy.md#measured).",
            "",
            "## Clean text",
            "",
            found,
            "",
            markdown_table(("", "sentences", "masked stretches", "needless", "precision"), precise),
            "",
            "## Heard text (Mandarin, starter model, telephone)",
            "",
            markdown_table(("sentences", "secrets", "mean CER", "masked as a whole", "not given away"), heard),
            "",
            "## Milliseconds a turn (final, turn and meaning; p50 characters of a turn)",
            "",
            markdown_table(("", "time", "characters", "p50", "p95", "p99", "max"), costs),
            "",
        ]
    )


def main() -> None:
    """Measure, and write result and page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="how often every turn is timed")
    arguments = parser.parse_args()
    results = measure(arguments.rounds)
    document = write_result(OUTPUT, "redaction", results, {"rounds": arguments.rounds}, ("callcore",))
    PAGE.write_text(page(document), encoding="utf-8")
    for language, one in results.items():
        print(
            language, "recall", one["clean"]["recall"], "precision", one["clean"]["precision"], "ms", one["cost"]["ms"]
        )
    print("heard", results["zh"]["heard"])


if __name__ == "__main__":
    main()
