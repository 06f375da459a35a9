"""Peak memory of a very long recording with base shapes, and the cold start of the command line.

    python -m benchmarks.footprint               # a three-hour two-channel call made of the bundled one
    python -m benchmarks.footprint --hours 0.5

The recording is transcribed into a database as the batch job does it, in a process of its own whose peak resident
memory the operating system reports. Random weights stand in for published ones; see benchmarks/batch_speed.py.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import wave
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.batch_systems import BEAM, RANDOM_PADDING_S, CountingEngine
from benchmarks.common import ROOT, spread, write_result
from benchmarks.random_whisper import build
from callcore.engines.hardware import usable_cores

FIXTURE = ROOT / "audio_fixtures" / "call01_card_loss_8k_stereo.wav"
PAGE = ROOT / "docs" / "benchmarks" / "footprint.md"
PACKAGES = ("callcore", "faster-whisper", "ctranslate2", "onnxruntime", "numpy")
COLD_STARTS = 15


def long_call(hours: float, path: Path) -> Path:
    """The bundled call, again and again, as one WAV file of ``hours``."""
    with wave.open(str(FIXTURE)) as source, wave.open(str(path), "wb") as target:
        target.setparams(source.getparams())
        pcm = source.readframes(source.getnframes())
        wanted = round(hours * 3600 * source.getframerate())
        for _ in range(-(-wanted // source.getnframes())):
            target.writeframesraw(pcm)
    return path


def child(model: Path, call: Path, database: Path) -> None:
    """Transcribe ``call`` into ``database`` and print the figures as JSON."""
    from callcore.batch.job import BatchJob, Wishes
    from callcore.batch.transcriber import Transcriber
    from callcore.cli.progress import Silent
    from callcore.config import load_settings
    from callcore.engines.hardware import share_heap
    from callcore.loading import load_model
    from callcore.store import Store

    share_heap()  # as the command line does
    settings = load_settings(
        None,
        {"recognise": {"model": str(model), "language": "zh", "padding_s": RANDOM_PADDING_S, "tokens_per_s": 4.0}},
    )
    loaded = load_model(settings)
    before_mb = _peak_mb()
    began = time.perf_counter()
    with (
        Transcriber(settings, replace(loaded, engine=CountingEngine(loaded.engine, legible=True))) as transcriber,
        Store.open(database) as store,
    ):
        summary = BatchJob(transcriber, store, Wishes(), Silent()).run([call])
        turns = store.list_calls()[0].turn_count
    elapsed = time.perf_counter() - began
    figures = {
        "audio_hours": round(summary.audio_s / 3600, 3),
        "seconds": round(elapsed, 1),
        "times_real_time": round(summary.audio_s / elapsed, 1),
        "turns": turns,
        "peak_mb": round(_peak_mb()),
        "after_loading_mb": round(before_mb),
        "database_mb": round(database.stat().st_size / 1e6, 1),
    }
    print(json.dumps(figures))


def _peak_mb() -> float:
    """Peak resident memory of this process in MB."""
    status = Path("/proc/self/status")
    if status.is_file():  # ru_maxrss of a fresh process still counts what its parent held
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024) / 1e6


def cold_start(arguments: list[str]) -> dict[str, float]:
    """Seconds from start to end of a fresh process, many times."""
    times = []
    for _ in range(COLD_STARTS):
        began = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
        times.append(time.perf_counter() - began)
    return spread(times)


def measure(hours: float) -> dict[str, Any]:
    """All figures."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        model = build("base", folder / "base")
        call = long_call(hours, folder / "long.wav")
        command = [sys.executable, "-m", "benchmarks.footprint", "--child", str(model), str(call), str(folder / "db")]
        finished = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
        memory = json.loads(finished.stdout.splitlines()[-1])
    return {
        "long call": memory,
        "callcore --help": cold_start(["-m", "callcore", "--help"]),
        "python -c pass": cold_start(["-c", "pass"]),
    }


def write_page(document: dict[str, Any]) -> None:
    """The results as a Markdown page."""
    results, machine = document["results"], document["machine"]
    memory, start, bare = results["long call"], results["callcore --help"], results["python -c pass"]
    lines = [
        "# Memory and start-up",
        "",
        "Written by `python -m benchmarks.footprint`.",
        "",
        f"Machine: {machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB.",
        f"Commit {document['commit']}.",
        "",
        f"- A two-channel call of {memory['audio_hours']} hours with weights of the Whisper base shape (int8, beam",
        f"  {BEAM}, {document['settings']['cores']} workers): peak resident memory **{memory['peak_mb']} MB**",
        f"  ({memory['after_loading_mb']} MB once the weights are loaded), {memory['seconds']} s,",
        f"  {memory['times_real_time']}x real time, {memory['turns']} turns, {memory['database_mb']} MB of database.",
        f"- `callcore --help` in a fresh process: median {start['p50'] * 1000:.0f} ms, slowest",
        f"  {start['max'] * 1000:.0f} ms of {start['n']:.0f} (Python alone: {bare['p50'] * 1000:.0f} ms).",
    ]
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Measure, and write JSON and page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=3.0)
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results" / "footprint.json")
    parser.add_argument("--child", nargs=3, type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(*arguments.child)
        return
    settings = {"hours": arguments.hours, "beam": BEAM, "cores": usable_cores(), "model": "base shape"}
    write_page(write_result(arguments.output, "footprint", measure(arguments.hours), settings, PACKAGES))
    print(PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
