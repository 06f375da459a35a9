"""Conversation dynamics: how well music is told from other sounds, how well speech is timed, and what it costs.

    python -m benchmarks.dynamics --data FOLDER --output benchmarks/results/dynamics.json

Everything was looked at while the thresholds were chosen, but for the read and acted speech and the cost. Takes about
5 minutes on one core.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np

from benchmarks.common import RATE_HZ, ROOT, Samples, read_audio, spread, write_result
from benchmarks.vad_data import (
    FULL_LEVEL_DBFS,
    Clip,
    at_level,
    bank_calls,
    crosstalk,
    generated_sounds,
    meetings,
    noises,
    telephone,
    telephone_calls,
)
from benchmarks.vad_systems import segment
from callcore.config import SegmentSettings, UnderstandSettings
from callcore.engines.silero import SileroVad
from callcore.segment import SegmentClosed
from callcore.types import Final, Incident
from callcore.understand.dynamics import Dynamics
from callcore.understand.music import STEP_SAMPLES, MusicEar

PACKAGES = ("faster-whisper", "onnxruntime", "numpy", "soxr")
TONES = ("ring-back, China", "ring-back, US", "ring-back, UK", "busy, China", "busy, US", "special information",
         "fax, called", "fax, calling")  # fmt: skip
HOLD_MUSIC = "telephony/hold_music_8k.flac"
DIAL_TONE = "nonspeech100/n038.flac"
LEVELS_DBFS = (-15, -20, -25, -30, -35, -40)
READ_SPEECH = ("speech_zh/aishell1", "speech_zh/thchs30", "speech_zh/magicdata_cs", "speech_en/librispeech",
               "speech_en/telephone8k", "emotion_speech/casia")  # fmt: skip
MOST_FILES = 120  #: of each kind of read speech
STEP = 512  #: samples a step, as in live calls
CLASSES = ("music or tones", "other sounds", "other sounds, repeated for 30 s")


def incidents(audio: Samples, settings: SegmentSettings, model: SileroVad) -> list[Incident]:
    """Incidents of one channel whose speech has no words."""
    dynamics = Dynamics([0], UnderstandSettings(), settings)
    for event in segment(audio, settings, model):
        if isinstance(event, SegmentClosed):
            one = event.segment
            end = one.end_sample or 0
            dynamics.said(Final(one.segment_id, 0, one.start_sample, end, "", (), "", 0.0, 0.0, 1.0))
    dynamics.sounded(0, 0, audio)
    return dynamics.finish(len(audio))


def found(clip: Clip, settings: SegmentSettings, model: SileroVad) -> dict[str, Any]:
    """What is heard in a clip: judgements that say music, and incidents after speech was taken out."""
    heard = MusicEar().push(clip.audio)
    music = [one for one in incidents(clip.audio, settings, model) if one.kind == "music"]
    return {
        "name": clip.name,
        "length_s": round(clip.duration_s, 2),
        "judgements": len(heard),
        "music judgements": sum(one.music for one in heard),
        "incidents": len(music),
        "music_s": round(sum(one.end_sample - one.start_sample for one in music) / RATE_HZ, 2),
    }


def positives(data: Path) -> Iterator[Clip]:
    """Music and tones."""
    music = read_audio(data / "noise" / HOLD_MUSIC)[0]
    for level in LEVELS_DBFS:
        yield Clip(f"hold music at {level} dBFS", "", "", telephone(at_level(music, level)), [])
    sounds = generated_sounds()
    for name in (*TONES, "melody"):
        yield Clip(name, "", "", telephone(sounds[name]), [])
    yield Clip("dial tone (nonspeech100 n038)", "", "", read_audio(data / "noise" / DIAL_TONE)[0], [])


def negatives(data: Path) -> Iterator[Clip]:
    """Sounds that are neither."""
    for clip in noises(data):
        name = clip.name.removesuffix(" (telephone)")
        if name not in (HOLD_MUSIC, DIAL_TONE, "melody", *TONES):
            yield clip
    for path in sorted((data / "noise" / "babble").glob("*.flac")):
        yield Clip(f"babble/{path.name}", "babble", "", read_audio(path)[0], [])


def speech(data: Path) -> Iterator[tuple[str, Clip]]:
    """Speech by kind."""
    for kind, clips in (
        ("meetings", meetings(data)),
        ("telephone calls", telephone_calls(data)),
        ("bank calls, synthetic", bank_calls(data)),
        ("cross-talk", (clip for _, clip in crosstalk(data))),
    ):
        yield from ((kind, clip) for clip in clips)
    gap = np.zeros(RATE_HZ, dtype=np.float32)
    for kind in READ_SPEECH:
        parts: list[Samples] = []
        files = sorted((data / kind).rglob("*.flac"))
        for path in files[:: max(1, len(files) // MOST_FILES)]:
            parts += [telephone(at_level(read_audio(path)[0], FULL_LEVEL_DBFS)), gap]
        if parts:
            yield kind, Clip(kind, kind, "", np.concatenate(parts), [])


def false_alarms(rows: Iterable[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """Hours, incidents and music judgements by kind, and all together."""
    sums: dict[str, dict[str, float]] = {}
    for kind, row in rows:
        for key in (kind, "all"):
            one = sums.setdefault(key, {"hours": 0.0, "incidents": 0, "judgements": 0, "music judgements": 0})
            one["hours"] += row["length_s"] / 3600
            for name in ("incidents", "judgements", "music judgements"):
                one[name] += row[name]
    for one in sums.values():
        one["incidents an hour"] = round(one["incidents"] / one["hours"], 2)
        one["hours"] = round(one["hours"], 3)
    return sums


def timing(data: Path, settings: SegmentSettings, model: SileroVad) -> dict[str, Any]:
    """How far speech starts and ends from the truth on the synthetic bank calls, in seconds (positive: late)."""
    errors: dict[str, list[float]] = {"start": [], "end": []}
    for reference in sorted((data / "synthetic_zh" / "calls").glob("*.json")):
        call = json.loads(reference.read_text(encoding="utf-8"))
        for channel, audio in enumerate(read_audio(next(reference.parent.glob(f"{reference.stem}*.wav")))):
            dynamics = Dynamics([channel], UnderstandSettings(), settings)
            closed = [event.segment for event in segment(audio, settings, model) if isinstance(event, SegmentClosed)]
            said = [
                Final(o.segment_id, channel, o.start_sample, o.end_sample or 0, "", (), "", 0, 0, 1) for o in closed
            ]
            spans = [dynamics.said(final) for final in said]
            for turn in call["turns"]:
                low, high = turn["start"] * RATE_HZ, turn["end"] * RATE_HZ
                inside = [span for span in spans if span[0] < high and span[1] > low]
                if turn["channel"] == channel and inside:
                    errors["start"].append((inside[0][0] - low) / RATE_HZ)
                    errors["end"].append((inside[-1][1] - high) / RATE_HZ)
    return {edge: {key: round(value, 3) for key, value in spread(row).items()} for edge, row in errors.items()}


def cost(data: Path, model: SileroVad, settings: SegmentSettings) -> dict[str, Any]:
    """Milliseconds of processor time for a second of one channel, of the whole thing in live steps and of the ear."""
    audio = read_audio(data / "calls" / "two_channel" / "lca_auto_repairs_40.flac")
    finals = [
        Final(e.segment.segment_id, channel, e.segment.start_sample, e.segment.end_sample or 0, "好的", (), "", 0, 0, 1)
        for channel, side in enumerate(audio)
        for e in segment(side, settings, model)
        if isinstance(e, SegmentClosed)
    ]
    finals.sort(key=lambda final: final.end_sample)
    whole, ear = [], []
    for _ in range(5):
        begin = time.process_time()
        dynamics = Dynamics([0, 1], UnderstandSettings(), settings)
        waiting = list(reversed(finals))
        for at in range(0, len(audio[0]) - STEP, STEP):
            for channel in (0, 1):
                dynamics.sounded(channel, at, audio[channel][at : at + STEP])
            while waiting and waiting[-1].end_sample < at:
                dynamics.said(waiting.pop())
            dynamics.advance(at - RATE_HZ)
            if at % (50 * STEP) == 0:
                dynamics.snapshot(at)
        whole.append((time.process_time() - begin) * 1000 / (2 * len(audio[0]) / RATE_HZ))
        begin = time.process_time()
        MusicEar().push(audio[0][: len(audio[0]) // STEP_SAMPLES * STEP_SAMPLES])
        ear.append((time.process_time() - begin) * 1000 / (len(audio[0]) / RATE_HZ))
    return {"whole_ms": round(min(whole), 3), "ear_ms": round(min(ear), 3)}


@click.command()
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--output", type=click.Path(path_type=Path), default=ROOT / "benchmarks/results/dynamics.json")
def main(data: Path, output: Path) -> None:
    """Measure, and write the results."""
    settings, model = SegmentSettings(), SileroVad()
    others = list(negatives(data))
    repeated = [Clip(clip.name, clip.group, clip.half, np.resize(clip.audio, 30 * RATE_HZ), []) for clip in others]
    sounds = {
        kind: [found(clip, settings, model) for clip in clips]
        for kind, clips in zip(CLASSES, (positives(data), others, repeated), strict=True)
    }
    counts = {kind: f"{sum(row['incidents'] > 0 for row in rows)}/{len(rows)}" for kind, rows in sounds.items()}
    results: dict[str, Any] = {
        "sounds": sounds,
        "clips with music": counts,
        "speech": false_alarms((kind, found(clip, settings, model)) for kind, clip in speech(data)),
        "timing_s": timing(data, settings, model),
        "cost": cost(data, model, settings),
    }
    write_result(output, "dynamics", results, {"segment": settings.model_dump()}, PACKAGES)
    for kind, rows in sounds.items():
        click.echo(f"{kind}: {counts[kind]}")
        for row in rows:
            if kind == CLASSES[0] or row["incidents"]:
                click.echo(f"  {row}")
    click.echo(json.dumps({key: results[key] for key in ("speech", "timing_s", "cost")}, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
