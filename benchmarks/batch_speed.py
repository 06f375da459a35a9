"""Speed of batch transcription, side by side in one run: callcore, faster-whisper as it comes, tuned, and batched.

All systems read the same two-channel calls with the same weights on the same cores, beam 5, and give word times (except
where a row says so). With random weights every system is made to write as many tokens as the starter model writes for
the same calls (the table shows how near it came); with the starter model each writes what it hears, and its error rate
stands beside its speed.

    python -m benchmarks.batch_speed                      # random weights of the base shape and the starter model
    python -m benchmarks.batch_speed --sizes tiny base small --calls 8 --rounds 3
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np

from benchmarks.batch_systems import BEAM, RANDOM_PADDING_S, SYSTEMS, Call, Heard, Setting, ours
from benchmarks.common import ROOT, markdown_table, read_audio, write_result
from benchmarks.random_whisper import build
from callcore.engines.hardware import usable_cores
from callcore.evaluate.normalise import normaliser_for
from callcore.evaluate.rates import Counts, compare
from callcore.types import SAMPLE_RATE_HZ

FIXTURE = ROOT / "audio_fixtures" / "call01_card_loss_8k_stereo.wav"
STARTER = ROOT / "models" / "starter-zh"
PACKAGES = ("callcore", "faster-whisper", "ctranslate2", "onnxruntime", "numpy")


def load_calls(files: Sequence[Path], count: int, folder: Path) -> list[Call]:
    """``count`` calls, taken in turn from ``files``, each copy a file of its own."""
    calls = []
    for index in range(count):
        source = files[index % len(files)]
        description = json.loads((source.parent / f"{source.stem.removesuffix('_8k_stereo')}.json").read_text("utf-8"))
        texts = ["".join(t["text"] for t in description["turns"] if t["channel"] == c) for c in (0, 1)]
        path = folder / f"call{index:02d}.wav"
        path.write_bytes(source.read_bytes())
        calls.append(Call(path, read_audio(source), texts))
    return calls


@contextmanager
def _prepared(setting: Setting, systems: Sequence[str]) -> Iterator[dict[str, Callable[[], Heard]]]:
    prepared = {name: SYSTEMS[name](setting) for name in systems}
    try:
        yield {name: run for name, (run, _) in prepared.items()}
    finally:
        for _, close in prepared.values():
            close()


def measure(setting: Setting, rounds: int, systems: Sequence[str]) -> dict[str, Any]:
    """All systems in turn, ``rounds`` times; the ratios are taken within each round."""
    times: dict[str, list[float]] = {name: [] for name in systems}
    heard: dict[str, Heard] = {}
    with _prepared(setting, systems) as runs:
        for number in range(rounds):
            for name, run in runs.items():
                began = time.perf_counter()
                heard[name] = run()
                times[name].append(time.perf_counter() - began)
                print(f"  round {number + 1} {name}: {times[name][-1]:.1f} s", flush=True)
    audio_s = sum(call.seconds for call in setting.calls)
    rows: dict[str, Any] = {}
    for name in systems:
        ratios = [other / own for other, own in zip(times[name], times[systems[0]], strict=True)]
        rows[name] = {
            "seconds": [round(value, 3) for value in times[name]],
            "times_real_time": round(audio_s / statistics.median(times[name]), 1),
            "callcore_is_faster_by": round(statistics.median(ratios), 2),
            "callcore_is_faster_by_range": [round(min(ratios), 2), round(max(ratios), 2)],
            "tokens": heard[name].tokens,
        }
        if not setting.random:
            rows[name]["cer"] = _error_rate(setting, heard[name])
    return rows


def _error_rate(setting: Setting, heard: Heard) -> float:
    normaliser = normaliser_for("zh", "")
    counts = Counts()
    for (index, number), text in heard.texts.items():
        counts += compare(setting.calls[index].reference[number], text, normaliser)
    return round(counts.errors / counts.units, 4)


def speech_seconds(calls: Sequence[Call]) -> list[float]:
    """Seconds that faster-whisper's VAD keeps of every channel with its defaults."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    return [
        sum(s["end"] - s["start"] for s in get_speech_timestamps(channel, VadOptions())) / SAMPLE_RATE_HZ
        for call in calls
        for channel in call.channels
    ]


def plot(results: dict[str, Any], path: Path) -> None:
    """Bars of speed, one panel a model."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(results), figsize=(6.2 * len(results), 3.4), squeeze=False)
    for axis, (title, rows) in zip(axes[0], results.items(), strict=True):
        names = list(rows)[::-1]
        values = [rows[name]["times_real_time"] for name in names]
        colours = ["#0a7d6c" if name == "callcore" else "#b8c0c8" for name in names]
        bars = axis.barh(names, values, color=colours)
        labels = [f"{v:.0f}x" + (f"  CER {rows[n]['cer']:.1%}" if "cer" in rows[n] else "") for n, v in zip(names, values, strict=True)]  # fmt: skip  # noqa: E501
        axis.bar_label(bars, labels=labels, padding=3, fontsize=9)
        axis.set_xlim(0, max(values) * 1.35)
        axis.set_title(title, fontsize=11)
        axis.set_xlabel("seconds of call transcribed per second")
        axis.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def write_page(document: dict[str, Any], path: Path) -> None:
    """The results as a Markdown page."""
    machine = document["machine"]
    lines = [
        "# Batch speed",
        "",
        "Written by `python -m benchmarks.batch_speed`. Two-channel calls, beam 5, int8, every system on the same",
        "calls, weights and cores in one run, in turn; the figures are medians over the rounds, the ratios are taken",
        "within a round. callcore's time includes reading and resampling the files; the others get decoded audio.",
        "",
        f"Machine: {machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB.",
        f"Commit {document['commit']}.",
        f"Settings: {document['settings']}.",
        "",
        f"![speed]({path.with_suffix('.png').name})",
    ]
    for title, rows in document["results"].items():
        lines += ["", f"## {title}", ""]
        table = [
            [
                name,
                f"{row['times_real_time']:.0f}x",
                f"{row['callcore_is_faster_by']:.2f}x ({row['callcore_is_faster_by_range'][0]:.2f}–"
                f"{row['callcore_is_faster_by_range'][1]:.2f})",
                row["tokens"],
                f"{row['cer']:.2%}" if "cer" in row else "–",
            ]
            for name, row in rows.items()
        ]
        header = ["system", "times real time", "callcore is faster by", "tokens written", "CER"]
        lines.append(markdown_table(header, table))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Run the comparison and write JSON, table and picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="*", default=["base"], help="shapes with random weights [base]")
    parser.add_argument("--calls", type=int, default=8, help="calls of 75 to 81 s [8]")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=list(SYSTEMS), choices=list(SYSTEMS), help="systems to run [all]")
    parser.add_argument("--padding", type=float, default=RANDOM_PADDING_S, help="dial of the random weights [3 s]")
    parser.add_argument(
        "--files", nargs="*", type=Path, default=[FIXTURE], help="call files, each with its JSON beside"
    )
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results" / "batch_speed.json")
    arguments = parser.parse_args()
    cores = usable_cores()
    av.logging.set_level(av.logging.ERROR)
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        calls = load_calls(arguments.files, arguments.calls, folder)
        speech_s = speech_seconds(calls)
        starter = Setting(STARTER, False, calls, cores, speech_s, 0, arguments.padding)
        run, close = ours(starter)
        tokens = run().tokens  # what there is to write in these calls
        close()
        models = [
            (f"Whisper {size} shape, random weights", build(size, folder / size), True) for size in arguments.sizes
        ]
        for title, model, random in [*models, ("starter-zh, recognition", STARTER, False)]:
            print(title, flush=True)
            setting = replace(starter, model=model, random=random, tokens=tokens)
            results[title] = measure(setting, arguments.rounds, arguments.only)
    settings = {
        "calls": len(calls), "minutes": round(sum(call.seconds for call in calls) / 60, 2),
        "tokens": tokens, "rounds": arguments.rounds, "beam": BEAM,
        "padding_s": arguments.padding,
        "cores": cores, "files": [file.name for file in arguments.files],
    }  # fmt: skip
    document = write_result(arguments.output, "batch_speed", results, settings, PACKAGES)
    if arguments.only != list(SYSTEMS):
        return  # a look at a part; pages hold whole comparisons
    page = ROOT / "docs" / "benchmarks" / f"{arguments.output.stem}.md"
    plot(results, page.with_suffix(".png"))
    write_page(document, page)
    print(page.read_text(encoding="utf-8"))


if __name__ == "__main__":
    np.seterr(all="raise", under="ignore")
    main()
