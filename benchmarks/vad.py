"""Voice activity detection: callcore's segmenter beside Silero alone and webrtcvad alone, on the same audio.

    python -m benchmarks.vad --data FOLDER --output benchmarks/results/vad.json

Scored on a grid of 10 ms, as the detection error rate of pyannote.metrics is; that library itself brings in pandas,
scikit-learn and more for what are three sums here. Also writes docs/benchmarks/vad.md and vad.png. Takes
about 3 minutes on one core.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
import numpy as np
import webrtcvad

from benchmarks.common import RATE_HZ, ROOT, Samples, spread, write_result
from benchmarks.vad_data import (
    VOICED_NOISE,
    Clip,
    bank_calls,
    crosstalk,
    meetings,
    mixtures,
    noises,
    quiet_calls,
    telephone_calls,
)
from benchmarks.vad_report import write_markdown, write_plot
from benchmarks.vad_systems import COLLAR_S, Detector, Score, detectors, segment
from callcore.config import SegmentSettings
from callcore.engines.silero import SileroVad
from callcore.segment import Segmenter, SegmentRefused

PACKAGES = ("faster-whisper", "onnxruntime", "webrtcvad-wheels", "numpy", "soxr")
HALVES = ("tune", "report")
REPEATS = 5
ALL = "all"  #: the pool of all kinds of noise

Systems = dict[str, Detector]


def compare(systems: Systems, clips: Iterable[tuple[str, Clip]]) -> dict[str, Any]:
    """Rates by key and system, with and without a collar. ``clips``: (key, clip) pairs; equal keys are pooled."""
    scores: dict[str, dict[str, tuple[Score, Score]]] = {}
    for key, clip in clips:
        row = scores.setdefault(key, {})
        for name, detect in systems.items():
            exact, forgiving = row.setdefault(name, (Score(), Score()))
            spans = detect(clip.audio)
            exact.add(clip, spans)
            forgiving.add(clip, spans, COLLAR_S)
    return {
        key: {name: {"exact": one.rates(), "collar": two.rates()} for name, (one, two) in row.items()}
        for key, row in scores.items()
    }


def compare_noises(systems: Systems, clips: list[Clip]) -> dict[str, Any]:
    """False alarms by half, kind and system; kind :data:`ALL` pools them."""
    scores: dict[str, dict[str, dict[str, Score]]] = {half: {} for half in HALVES}
    for name, detect in systems.items():
        for clip in clips:
            spans = detect(clip.audio)
            for kind in (clip.group, ALL):
                scores[clip.half].setdefault(kind, {}).setdefault(name, Score()).add(clip, spans)
    return {
        half: {kind: {name: one.noise_rates() for name, one in kinds[kind].items()} for kind in order(kinds)}
        for half, kinds in scores.items()
    }


def order(kinds: Iterable[str]) -> list[str]:
    """By name, :data:`ALL` last."""
    return sorted(kinds, key=lambda kind: (kind == ALL, kind))


def compare_mixtures(systems: Systems, data: Path, clips: list[Clip]) -> dict[str, Any]:
    """Speech with noise, pooled by ratio and by noise, for each half."""
    mixed = list(mixtures(data, clips))
    return {
        half: {
            "by_snr_db": compare(systems, ((str(snr), clip) for _, snr, clip in mixed if clip.half == half)),
            "by_noise": compare(systems, ((noise, clip) for noise, _, clip in mixed if clip.half == half)),
        }
        for half in HALVES
    }


def uncovered(systems: Systems, clips: list[Clip]) -> dict[str, dict[str, float]]:
    """By clip and system: % of the loud frames of real calls that lie in no segment."""
    rows: dict[str, dict[str, float]] = {}
    for clip in clips:
        for name, detect in systems.items():
            score = Score()
            score.add(clip, detect(clip.audio))
            rows.setdefault(clip.name, {})[name] = score.rates()["miss_pct"]
    return rows


def gate_saving(settings: SegmentSettings, model: SileroVad, clips: list[Clip]) -> dict[str, float]:
    """By clip: % of the windows that Silero is not asked about."""
    shares = {}
    for clip in clips:
        stream = CountingStream(model)
        segmenter = Segmenter(0, settings, stream)
        segmenter.push(clip.audio)
        segmenter.finish()
        shares[clip.name] = round(100 * stream.skipped / max(stream.skipped + stream.scored, 1), 1)
    return shares


class CountingStream:
    """A Silero stream that counts its windows."""

    def __init__(self, model: SileroVad) -> None:
        self._stream = model.stream()
        self.scored = 0
        self.skipped = 0

    def score(self, windows: Any) -> Any:
        """Pass on and count."""
        self.scored += len(windows)
        return self._stream.score(windows)

    def skip(self, windows: Any) -> None:
        """Pass on and count."""
        self.skipped += len(windows)
        self._stream.skip(windows)


def refusals(settings: SegmentSettings, model: SileroVad, clips: list[Clip]) -> dict[str, int]:
    """How often each reason was given."""
    counts: dict[str, int] = {}
    for clip in clips:
        for event in segment(clip.audio, settings, model):
            if isinstance(event, SegmentRefused):
                counts[event.reason.value] = counts.get(event.reason.value, 0) + 1
    return counts


def timing(settings: SegmentSettings, model: SileroVad, audio: Samples) -> dict[str, Any]:
    """Microseconds on one core: medians of :data:`REPEATS` runs over the same minute of a call."""
    minute = audio[: 60 * RATE_HZ // 512 * 512]
    windows = minute.reshape(-1, 512)
    pcm = (np.clip(minute, -1, 1) * 32767).astype("<i2")
    frames = [pcm[at : at + 480].tobytes() for at in range(0, len(pcm) - 479, 480)]

    def silero(block: int) -> Callable[[], object]:
        def run() -> None:
            stream = model.stream()
            for at in range(0, len(windows), block):
                stream.score(windows[at : at + block])

        return run

    def webrtc() -> None:
        vad = webrtcvad.Vad(3)
        for frame in frames:
            vad.is_speech(frame, RATE_HZ)

    def whole(gate: bool, block: int) -> Callable[[], object]:
        chosen = settings.model_copy(update={"gate": gate, "block_windows": block})
        return lambda: segment(minute, chosen, model)

    return {
        "silero_us_per_window_n1": measure(silero(1), len(windows)),
        "silero_us_per_window_n16": measure(silero(16), len(windows)),
        "webrtcvad_us_per_30_ms_frame": measure(webrtc, len(frames)),
        "segmenter_us_per_window_n1": measure(whole(True, 1), len(windows)),
        "segmenter_us_per_window_n16": measure(whole(True, 16), len(windows)),
        "segmenter_us_per_window_n16_no_gate": measure(whole(False, 16), len(windows)),
    }


def measure(run: Callable[[], object], count: int) -> dict[str, float]:
    """Spread of the microseconds per item of a run over ``count`` items, after one run to warm up."""
    run()
    taken = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        run()
        taken.append((time.perf_counter() - start) / count * 1e6)
    return {**spread(taken), "median": round(statistics.median(taken), 2)}


def collect(data: Path, settings: SegmentSettings) -> dict[str, Any]:
    """All measurements."""
    model = SileroVad()
    systems = detectors(settings, model)
    calls, rooms, sounds, lines = (
        list(clips) for clips in (bank_calls(data), meetings(data), noises(data), telephone_calls(data))
    )
    say = click.echo
    say("speech")
    speech = {
        half: compare(systems, ((clip.group, clip) for clip in [*rooms, *calls] if clip.half == half))
        for half in HALVES
    }
    say("sounds without speech")
    noise = compare_noises(systems, sounds)
    say("speech with noise")
    mixed = compare_mixtures(systems, data, calls)
    say("cross-talk, quiet speech, real calls, time")
    return {
        "detectors": list(systems),
        "speech": speech,
        "noise": noise,
        "noise_that_is_voice": sorted(VOICED_NOISE),
        "mixtures": mixed,
        "crosstalk": compare(systems, ((str(below_db), clip) for below_db, clip in crosstalk(data))),
        "quiet": compare(systems, ((str(down_db), clip) for down_db, clip in quiet_calls(calls))),
        "loud_uncovered_pct": uncovered(systems, lines),
        "windows_not_scored_pct": gate_saving(settings, model, [*lines, *calls]),
        "refusals_on_noise": refusals(settings, model, sounds),
        "timing": timing(settings, model, lines[0].audio),
    }


@click.command()
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), default=ROOT / "benchmarks/results/vad.json")
@click.option("--docs", type=click.Path(file_okay=False, path_type=Path), default=ROOT / "docs/benchmarks")
def main(data: Path, output: Path, docs: Path) -> None:
    """Compare voice activity detectors on the recordings in --data."""
    settings = SegmentSettings()
    document = write_result(output, "vad", collect(data, settings), settings.model_dump(), PACKAGES)
    docs.mkdir(parents=True, exist_ok=True)
    write_markdown(docs / "vad.md", document)
    write_plot(docs / "vad.png", document, next(clip for clip in bank_calls(data) if clip.name.endswith("/1")))
    click.echo(f"{output}, {docs / 'vad.md'}, {docs / 'vad.png'}")


if __name__ == "__main__":
    main()
