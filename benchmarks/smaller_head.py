"""What a smaller output head saves: time of decoding and aligning one window, disk, memory.

    python -m benchmarks.smaller_head                    # shape base
    python -m benchmarks.smaller_head --size small

Random weights of a published shape are trimmed as ``callcore models trim`` does it. Every variant decodes the same
window on one thread and writes the same number of tokens, its end of text suppressed; rounds go through the variants in
turn, so that a busy moment of the machine falls on all of them. Memory is that of a process that loads one and decodes
once.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np

from benchmarks.common import ROOT, write_result
from benchmarks.random_whisper import SHAPES, build
from callcore.config import ModelSettings
from callcore.models.trim import trim

VARIANTS: dict[str, tuple[tuple[str, ...], int | None]] = {
    "zh": (("zh",), None),
    "zh, en, 20,000 tokens": (("zh", "en"), 20_000),
    "zh, en, 30,000 tokens": (("zh", "en"), 30_000),
    "zh, en": (("zh", "en"), None),
}
WINDOW_FRAMES = 700  #: 5 s of speech and the padding dial's silence
TOKENS = 24
PACKAGES = ("callcore", "ctranslate2", "numpy")


class Variant:
    """A loaded model and what it must be told to write a given number of tokens."""

    def __init__(self, folder: Path) -> None:
        vocabulary = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
        row_of = {text: row for row, text in enumerate(vocabulary)}
        self.rows = len(vocabulary)
        self.model = ctranslate2.models.Whisper(str(folder), compute_type="int8", intra_threads=1)
        self.end = row_of["<|endoftext|>"]
        self.start = [row_of[f"<|{name}|>"] for name in ("startoftranscript", "zh", "transcribe")]
        self.prompt = [*self.start, row_of["<|notimestamps|>"]]
        noise = np.random.default_rng(0).standard_normal((1, 80, WINDOW_FRAMES)).astype(np.float32)
        self.encoded = self.model.encode(ctranslate2.StorageView.from_array(noise))

    def write(self, beam: int) -> list[int]:
        """Decode the window; the token ids written, :data:`TOKENS` of them."""
        (result,) = self.model.generate(
            self.encoded,
            [self.prompt],
            beam_size=beam,
            max_length=2 * TOKENS,
            suppress_tokens=[-1, *range(self.end, self.rows)],
            return_scores=True,
            return_no_speech_prob=True,
        )
        written = [int(token) for token in result.sequences_ids[0]]
        assert len(written) == TOKENS
        return written

    def align(self) -> None:
        """Align the first :data:`TOKENS` tokens; their ids are of every variant."""
        self.model.align(self.encoded, self.start, [list(range(20, 20 + TOKENS))], WINDOW_FRAMES)


def measure(folders: dict[str, Path], rounds: int) -> dict[str, dict[str, float]]:
    """Median milliseconds by variant and step."""
    variants = {name: Variant(folder) for name, folder in folders.items()}
    steps: dict[str, Callable[[Variant], Any]] = {
        "greedy_ms": lambda variant: variant.write(1),
        "beam5_ms": lambda variant: variant.write(5),
        "align_ms": Variant.align,
    }
    times: dict[str, dict[str, list[float]]] = {name: {step: [] for step in steps} for name in variants}
    for round_number in range(rounds + 1):
        for name, variant in variants.items():
            for step, run in steps.items():
                begun = time.perf_counter()
                run(variant)
                if round_number:  # the first warms up
                    times[name][step].append((time.perf_counter() - begun) * 1000)
    return {
        name: {"rows": variants[name].rows} | {step: round(statistics.median(t), 2) for step, t in found.items()}
        for name, found in times.items()
    }


def _peak_memory_mb() -> float:
    """Of this process alone: what getrusage says includes the moment before it became one of its own."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024 / 1e6


def _memory_mb(folder: Path) -> float:
    command = [sys.executable, "-m", "benchmarks.smaller_head", "--child", str(folder)]
    return float(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)


def main() -> None:
    """Build, trim, measure, write benchmarks/results/smaller_head.json and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=SHAPES, default="base")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        loaded = Variant(arguments.child)
        loaded.write(5)
        loaded.align()
        print(_peak_memory_mb())
        return
    with tempfile.TemporaryDirectory() as scratch:
        folders = {"whole": build(arguments.size, Path(scratch) / "whole")}
        settings = ModelSettings(folder=Path(scratch) / "models")
        for index, (name, (languages, limit)) in enumerate(VARIANTS.items()):
            made = trim(str(folders["whole"]), languages, settings, new_name=f"trimmed-{index}", limit=limit)
            folders[name] = made.model.folder
        results: dict[str, Any] = measure(folders, arguments.rounds)
        for name, folder in folders.items():
            results[name]["disk_mb"] = round(sum(file.stat().st_size for file in folder.iterdir()) / 1e6, 1)
            results[name]["peak_memory_mb"] = round(_memory_mb(folder), 1)
    _report(results)
    write_result(
        ROOT / "benchmarks" / "results" / "smaller_head.json",
        "smaller_head",
        results,
        {"size": arguments.size, "rounds": arguments.rounds, "tokens": TOKENS, "frames": WINDOW_FRAMES},
        PACKAGES,
    )


def _report(results: dict[str, Any]) -> None:
    keys = list(results["whole"])
    print("| tokens kept | " + " | ".join(keys) + " |")
    for name, row in results.items():
        print(f"| {name} | " + " | ".join(str(row[key]) for key in keys) + " |")


if __name__ == "__main__":
    main()
