"""Two hours of live calls at the load that the station admits: memory flat, latency flat, no audio lost.

    python -m benchmarks.soak                                   # two hours, the bundled call and model
    python -m benchmarks.soak --minutes 120 --model /path/to/model --calls 12 --files calls/*.wav
    python -m benchmarks.soak --minutes 2 --calls 4 --speed 2   # a quick look: half the time, twice the load

Calls start and end all the time: each lasts a random part of its recording and is followed by another after a random
gap. Latencies are counted from the ends that the model itself gives its words: good for flatness, not for comparisons.
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import Any

from benchmarks.common import ROOT, write_result
from callcore.bench.soak import Reading, SoakLimits, judge_soak, p95_by_slice
from callcore.bench.soak_run import Soaked, SoakWishes, soak
from callcore.config import load_settings
from callcore.live.station import LiveStation

FIXTURE = ROOT / "audio_fixtures" / "call01_card_loss_8k_stereo.wav"
PAGE = ROOT / "docs" / "benchmarks" / "soak.md"
PACKAGES = ("callcore", "faster-whisper", "ctranslate2", "onnxruntime", "numpy")
POINTS = 240  #: readings kept in the result


def told(reading: Reading) -> None:
    """A line a minute."""
    if reading.at_s % 60 < 5:
        when, memory = f"{reading.at_s / 60:6.1f} min", f"{reading.rss_mb:7.1f} MB"
        print(f"{when}  {reading.calls:3d} calls  {memory}  lag {reading.lag_s:.2f} s", flush=True)


def measure(wishes: SoakWishes, model: str, workers: int) -> tuple[Soaked, dict[str, Any]]:
    """Run, and sum up as JSON."""
    recognise = {"language": "zh", "workers": workers} | ({"model": model} if model else {})
    with LiveStation(load_settings(None, {"recognise": recognise})) as station:
        found = asyncio.run(soak(station, wishes, told))
        name = station.model.name
    commits, finals = found.commits.all(), found.finals.all()
    verdict = judge_soak(found.readings, commits, finals, found.calls, SoakLimits())
    step = -(-len(found.readings) // POINTS)
    slice_s = max(10.0, wishes.length_s / 60)
    results = {
        "model": name,
        "places": found.places,
        "calls": len(found.calls),
        "call_hours": round(sum(call.heard_samples for call in found.calls) / 16_000 / 3600, 3),
        "verdict": verdict.as_json(),
        "readings": [
            [round(r.at_s, 1), round(r.rss_mb, 1), r.calls, round(r.lag_s, 3)] for r in found.readings[::step]
        ],
        "commit_p95": [
            [round(value, 3) for value in pair] for pair in zip(*p95_by_slice(commits, slice_s), strict=True)
        ],
        "final_p95": [[round(value, 3) for value in pair] for pair in zip(*p95_by_slice(finals, slice_s), strict=True)],
        "problems": sorted({call.problem for call in found.calls if call.problem}),
    }
    return found, results


def plot(results: dict[str, Any], path: Path) -> None:
    """Memory above, latency below, over time."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, (memory, latency) = plt.subplots(2, 1, figsize=(9, 5), sharex=True)
    minutes = [reading[0] / 60 for reading in results["readings"]]
    memory.plot(minutes, [reading[1] for reading in results["readings"]], color="#6b4fa0")
    memory.set_ylabel("resident memory, MB")
    memory.set_ylim(bottom=0)
    for name, colour in (("commit_p95", "#0b6e4f"), ("final_p95", "#2f5d9b")):
        points = results[name]
        latency.plot([p[0] / 60 for p in points], [p[1] for p in points], color=colour, label=name.replace("_", " "))
    latency.set_ylabel("seconds after the word")
    latency.set_xlabel("minutes")
    latency.set_ylim(bottom=0)
    latency.legend(fontsize=8, frameon=False)
    for axis in (memory, latency):
        axis.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def write_page(document: dict[str, Any], page: Path) -> None:
    """The result as a Markdown page."""
    results, machine, settings = document["results"], document["machine"], document["settings"]
    verdict = results["verdict"]
    answer = "passed" if verdict["passed"] else "did not pass: " + ", ".join(verdict["failures"])
    lines = [
        "# Soak",
        "",
        "Written by `python -m benchmarks.soak`.",
        "",
        f"Machine: {machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB.",
        f"Commit {document['commit']}. Model {results['model']}.",
        "",
        f"{settings['minutes']:g} minutes at {settings['speed']:g}x speed, {results['places']} calls at once, "
        f"{results['calls']} calls begun and ended ({results['call_hours']} hours of call). It **{answer}**.",
        "",
        f"- Memory: {_slope(verdict['rss'])} MB an hour (95 % interval).",
        f"- Commit p95: {_slope(verdict['commit'])} s an hour.",
        f"- Final p95: {_slope(verdict['final'])} s an hour.",
        f"- Samples lost: {verdict['lost_samples']}.",
        *([] if verdict["trends_judged"] else ["- Too short a run to say whether memory or latency grow."]),
        "",
        f"![Memory and latency over time]({page.with_suffix('.png').name})",
    ]
    page.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _slope(trend: dict[str, float]) -> str:
    return f"{trend['slope']:+.3f} ({trend['low']:+.3f} to {trend['high']:+.3f})"


def main() -> None:
    """Run, and write JSON, page and picture; the exit code is 1 when the soak did not pass."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=120.0)
    parser.add_argument("--calls", type=int, default=0, help="at once; 0 = as many as the station admits [0]")
    parser.add_argument("--speed", type=float, default=1.0, help="of the playing; the load grows with it [1]")
    parser.add_argument("--model", default="", help="name or folder [as in the settings]")
    parser.add_argument("--workers", type=int, default=0, help="decodes at the same time; 0 = one a core [0]")
    parser.add_argument("--files", nargs="*", type=Path, default=[FIXTURE])
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results" / "soak.json")
    parser.add_argument("--page", type=Path, default=PAGE)
    arguments = parser.parse_args()
    wishes = SoakWishes(arguments.files, arguments.calls, 60 * arguments.minutes, arguments.speed)
    _, results = measure(wishes, arguments.model, arguments.workers)
    settings = {
        "minutes": arguments.minutes,
        "speed": arguments.speed,
        "files": [path.name for path in arguments.files],
    }
    document = write_result(arguments.output, "soak", results, settings, PACKAGES)
    plot(results, arguments.page.with_suffix(".png"))
    write_page(document, arguments.page)
    print(arguments.page.read_text(encoding="utf-8"))
    raise SystemExit(0 if results["verdict"]["passed"] else 1)


if __name__ == "__main__":
    main()
