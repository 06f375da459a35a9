"""What it costs to understand a turn: time of each part and of all together, memory, start-up.

    python -m benchmarks.understanding
    python -m benchmarks.understanding --language zh --rounds 5

Turns are the test turns that come with the source; everything runs on one thread.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import ROOT, write_result
from callcore.config import load_settings
from callcore.engines.hardware import calm_blas
from callcore.evaluate.labelled import read_corpus
from callcore.loading import load_understander
from callcore.paths import labelled_turns_folder
from callcore.types import Samples, Turn, Word
from callcore.understand.call import Understander
from callcore.understand.entities import find, plain_words

OUTPUT = ROOT / "benchmarks" / "results" / "understanding.json"
PAGE = ROOT / "docs" / "benchmarks" / "understanding.md"
PACKAGES = ("callcore", "onnxruntime", "numpy")
DAY = date(2026, 11, 22)
VOICE_S = 3.0  #: of the audio whose tone is measured
COST = """
import json, sys, time
import numpy, onnxruntime, psutil, pydantic
from callcore.config import load_settings
from callcore.loading import load_model
settings = load_settings(None, {"recognise": {"model": "starter-zh"}})
load_model(settings)
process = psutil.Process()
before, began = process.memory_info().rss, time.perf_counter()
from callcore.loading import load_understander
from callcore.understand.entities import plain_words
import datetime
understander = load_understander(settings)
loaded = time.perf_counter() - began
context = understander.context(datetime.date(2026, 11, 22))
for text, language in (("我的信用卡丢了,昨天刷了三千五", "zh"), ("my card was stolen yesterday", "en")):
    understander.read(plain_words(text), language, context)
first = time.perf_counter() - began
print(json.dumps({"loaded_s": loaded, "first_s": first, "memory_mb": (process.memory_info().rss - before) / 1e6}))
"""


def measure(language: str, rounds: int) -> dict[str, Any]:
    """Milliseconds a turn, by part."""
    understander = load_understander(load_settings())
    turns = [
        plain_words(turn.text) for turn in read_corpus(labelled_turns_folder() / "corpus" / language / "test", language)
    ]
    context = understander.context(DAY)
    model = understander.models[language]
    parts: dict[str, Callable[[tuple[Word, ...]], object]] = {
        "text model": lambda words: model.score(words),
        "entities": lambda words: find(words, language, context),
        "all but the voice": _whole(understander, language),
        "all, with 3 s of voice": _whole(understander, language, _spoken()),
    }
    found = {name: _percentiles(_times(part, turns, rounds)) for name, part in parts.items()}
    found["voice, 3 s of it"] = _percentiles(_voice(understander, rounds))
    return {"turns": len(turns), "milliseconds": found}


def _whole(
    understander: Understander, language: str, audio: Samples | None = None
) -> Callable[[tuple[Word, ...]], object]:
    """A turn after the other of a call; ``audio``: of each of them, where their voices are heard as well."""
    settings = load_settings()
    call = understander.call((0, 1), DAY, settings.segment)
    count = [0]

    def whole(words: tuple[Word, ...]) -> object:
        count[0] += 1
        channel, segment = count[0] % 2, f"{count[0] % 2}-{count[0]}"
        if audio is not None:
            call.opened(channel, count[0] * len(audio))
            call.closed(segment, channel, count[0] * len(audio), audio)
        text = "".join((" " if word.space_before else "") + word.text for word in words)
        end = words[-1].end_sample if words else 0
        return call.take(Turn(count[0], channel, 0, end, text, words, language, (segment,)))

    return whole


def _times(part: Callable[[tuple[Word, ...]], object], turns: Sequence[tuple[Word, ...]], rounds: int) -> list[float]:
    for words in turns[:50]:
        part(words)
    times = []
    for _ in range(rounds):
        for words in turns:
            began = time.perf_counter()
            part(words)
            times.append(1000 * (time.perf_counter() - began))
    return times


def _voice(understander: Understander, rounds: int) -> list[float]:
    call = understander.call((0,), DAY, load_settings().segment)
    audio = _spoken()
    times = []
    for number in range(40 * rounds):
        start = number * len(audio)
        call.opened(0, start)
        began = time.perf_counter()
        call.closed(f"0-{number}", 0, start, audio)
        times.append(1000 * (time.perf_counter() - began))
    return times


def _spoken() -> Samples:
    """Something that has a tone as voices do, shape (n,), float32, 16 kHz."""
    steps = np.arange(round(VOICE_S * 16_000)) / 16_000
    # A voice that glides about 150 Hz with its overtones up to the telephone's band, in syllables of 200 ms.
    phase = 2 * np.pi * np.cumsum(150 * 2 ** (np.sin(2 * np.pi * 0.9 * steps) / 4)) / 16_000
    loudness = 0.02 + np.clip(np.sin(2 * np.pi * 2.5 * steps) + 0.5, 0, 1)
    return (0.1 * loudness * sum(np.sin(phase * n) / n for n in range(1, 20))).astype(np.float32)


def _percentiles(times: Sequence[float]) -> dict[str, float]:
    return {
        name: round(float(np.percentile(times, share)), 3) for name, share in (("p50", 50), ("p95", 95), ("p99", 99))
    }


def start_up() -> dict[str, float]:
    """What the understanding adds to a process that has loaded a recogniser."""
    done = subprocess.run([sys.executable, "-c", COST], check=True, capture_output=True, text=True, cwd=ROOT)
    return {name: round(value, 3) for name, value in json.loads(done.stdout).items()}


def write_page(document: dict[str, Any], page: Path) -> None:
    """The result as a Markdown page."""
    machine, results = document["machine"], document["results"]
    lines = [
        "# Cost of understanding",
        "",
        "Written by `python -m benchmarks.understanding`.",
        "",
        f"Machine: {machine['cpu']}, {machine['cores']} cores. Commit {document['commit']}. One thread.",
        "",
        "| language | part | p50 ms | p95 ms | p99 ms |",
        "| --- | --- | --- | --- | --- |",
    ]
    for language, found in results["languages"].items():
        for part, row in found["milliseconds"].items():
            lines.append(f"| {language} | {part} | {row['p50']} | {row['p95']} | {row['p99']} |")
    cost = results["start_up"]
    lines += [
        "",
        f"Beside a loaded recogniser it adds {cost['memory_mb']:.0f} MB and {cost['loaded_s']:.2f} s at the start "
        f"({cost['first_s']:.2f} s up to the first turn of each language).",
    ]
    page.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Measure, and write JSON and page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--language", choices=("zh", "en"), help="only this one [both]")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--page", type=Path, default=PAGE)
    arguments = parser.parse_args()
    calm_blas()
    languages = [arguments.language] if arguments.language else ["zh", "en"]
    results = {
        "languages": {language: measure(language, arguments.rounds) for language in languages},
        "start_up": start_up(),
    }
    document = write_result(arguments.output, "understanding", results, {"rounds": arguments.rounds}, PACKAGES)
    write_page(document, arguments.page)
    print(arguments.page.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
