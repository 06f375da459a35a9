"""Measure a starter model: ``python -m models.training.starter.evaluate FOLDER --data SHARED --out result.json``.

Everything goes through callcore: windows through its engine, recordings through its whole pipeline.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from faster_whisper import decode_audio
from rapidfuzz.distance import Levenshtein

from callcore.batch.transcriber import Transcriber
from callcore.config import RecogniseSettings, Settings, load_settings
from callcore.engines.faster_whisper import FasterWhisperEngine, WhisperFiles
from callcore.evaluate.normalise import ENGLISH, MANDARIN, Normaliser
from callcore.evaluate.rates import Counts, compare
from callcore.evaluate.recognition import Recognised, Report, Row, evaluate, read_set
from callcore.loading import LoadedModel
from callcore.types import SAMPLE_RATE_HZ, DecodeRequest, DecodeResult, Effort, RequestKind, seconds
from models.training.starter import talkers, trials
from models.training.starter.trials import Trial

PADDINGS_S = (0.0, 0.25, 0.5, 1.0, 2.0, 3.0)
NOT_SILENT = ("vad/", "babble/")  #: files among the noise in which somebody speaks


@dataclass(frozen=True, slots=True)
class Weights:
    """A model folder, how long its windows may be, and its padding dial in seconds."""

    folder: Path
    window_s: float
    padding_s: float
    language: str = "zh"

    @property
    def normaliser(self) -> Normaliser:
        """How texts of the language are compared."""
        return ENGLISH if self.language == "en" else MANDARIN


def engine(weights: Weights, beam: int = 5) -> FasterWhisperEngine:
    """The model as callcore loads it."""
    files = WhisperFiles("starter", weights.folder, frozenset({weights.language}), weights.window_s, weights.padding_s)
    return FasterWhisperEngine(files, RecogniseSettings(beam_size=beam, workers=1, bucket_s=0.5))


def hear(model: FasterWhisperEngine, audios: Sequence[Any], *, full: bool = False) -> list[DecodeResult]:
    """Each audio (float32, 16 kHz) in a window of its own."""
    effort = Effort(full_window=full)
    (language,) = model.info.languages
    requests = [
        DecodeRequest(str(index), RequestKind.FINAL, 0, 0, audio, language, effort)
        for index, audio in enumerate(audios)
    ]
    return [model.decode([request])[0] for request in requests]


def rates(counts: Sequence[Counts]) -> dict[str, Any]:
    """Error rates over all counts, in percent."""
    total = sum(counts, Counts())
    shown = {"cer": total.rate, "digits": total.digit_rate, "rest": total.other_rate}
    return {"units": total.units, **{k: None if v is None else round(100 * v, 2) for k, v in shown.items()}}


def by_group(weights: Weights, said: Sequence[Trial], heard: Sequence[DecodeResult]) -> dict[str, Any]:
    """Error rates of each group, and of all but the long ones."""
    counts = [compare(trial.text, text(result), weights.normaliser) for trial, result in zip(said, heard, strict=True)]
    found = {
        group: rates([count for trial, count in zip(said, counts, strict=True) if trial.group == group])
        for group in dict.fromkeys(trial.group for trial in said)
    }
    short = [count for trial, count in zip(said, counts, strict=True) if trial.group != "long"]
    return {**found, "all": rates(short)}


def text(result: DecodeResult) -> str:
    """What was written."""
    return result.hypothesis.text if result.hypothesis else ""


def time_errors(said: Sequence[Trial], heard: Sequence[DecodeResult]) -> dict[str, Any]:
    """Distance in ms between the times at which characters begin, over those that were recognised."""
    errors: list[float] = []
    for trial, result in zip(said, heard, strict=True):
        words = [
            (_first(word.text), word.start_sample / SAMPLE_RATE_HZ)
            for word in (result.hypothesis.words if result.hypothesis else ())
        ]
        wanted, found = [_first(said) for said, _ in trial.starts], [said for said, _ in words]
        for block in Levenshtein.opcodes(wanted, found):
            if block.tag == "equal":
                pairs = zip(range(block.src_start, block.src_end), range(block.dest_start, block.dest_end), strict=True)
                errors += [abs(trial.starts[a][1] - words[b][1]) * 1000 for a, b in pairs]
    if not errors:
        return {"characters": 0}
    within = {f"within_{limit}": round(float(np.mean(np.array(errors) <= limit)), 3) for limit in (60, 100, 200)}
    return {
        "characters": len(errors),
        "median_ms": round(float(np.median(errors))),
        "p90_ms": round(float(np.percentile(errors, 90))),
        **within,
    }


def _first(said: str) -> str:
    """What is compared of a word: its first character in Mandarin, the first of several words in English."""
    word = said.split()[0].strip(",.?!;:").lower() if said.split() else ""
    return word if word.isascii() else word[:1]


def synthetic(weights: Weights, data: Path | None, each: int) -> dict[str, Any]:
    """Held-out sentences and voices, and the paddings."""
    said = trials.make(data, each, language=weights.language)
    model = engine(weights)
    results: dict[str, Any] = {}
    for name in ("clean", "phone"):
        heard = hear(model, [getattr(trial, name) for trial in said])
        results[f"held-out voices, {name}"] = by_group(weights, said, heard) | {"times": time_errors(said, heard)}
    seen = trials.make(data, each, 1, held_out=False, language=weights.language)
    results["voices of the training, phone"] = by_group(weights, seen, hear(model, [trial.phone for trial in seen]))
    greedy = engine(weights, 1)
    results["held-out voices, phone, greedy"] = by_group(weights, said, hear(greedy, [trial.phone for trial in said]))
    paddings: dict[str, Any] = {}
    for padding_s in PADDINGS_S:
        dialled = engine(replace(weights, padding_s=padding_s))
        paddings[str(padding_s)] = by_group(weights, said, hear(dialled, [trial.phone for trial in said]))["all"]["cer"]
    paddings["whole window"] = by_group(weights, said, hear(model, [trial.phone for trial in said], full=True))["all"][
        "cer"
    ]
    results["paddings, phone"] = paddings
    return results


def quick(weights: Weights, data: Path | None, each: int) -> dict[str, Any]:
    """Held-out sentences and voices through the telephone alone."""
    said = trials.make(data, each, language=weights.language)
    heard = hear(engine(weights), [trial.phone for trial in said])
    return {"held-out voices, phone": by_group(weights, said, heard) | {"times": time_errors(said, heard)}}


def noise_windows(weights: Weights, data: Path) -> dict[str, Any]:
    """What is written about windows without speech, voice detection left out."""
    model = engine(weights)
    written, windows, probabilities, spoiled = 0, 0, [], []
    for row in read_set(data / "noise" / "transcripts.tsv", "path"):
        if row.path.startswith(NOT_SILENT):
            continue
        audio = decode_audio(str(row.audio))
        for start in range(0, max(len(audio) - SAMPLE_RATE_HZ, 1), 8 * SAMPLE_RATE_HZ):
            result = hear(model, [audio[start : start + 8 * SAMPLE_RATE_HZ]])[0]
            units = len(MANDARIN.units(text(result)))
            windows, written = windows + 1, written + units
            probabilities.append(result.no_speech_probability)
            spoiled += [row.path] if units else []
    return {
        "windows": windows,
        "windows_with_text": len(spoiled),
        "characters": written,
        "median_no_speech": round(float(np.median(probabilities)), 3),
        "files": sorted(set(spoiled)),
    }


@contextmanager
def pipeline(weights: Weights) -> Iterator[Transcriber]:
    """The whole pipeline of callcore with the model."""
    settings: Settings = load_settings(
        None, {"recognise": {"language": weights.language, "fallback_temperatures": (), "workers": 1}}
    ).unredacted()
    files = WhisperFiles("starter", weights.folder, frozenset({weights.language}), weights.window_s, weights.padding_s)
    loaded = LoadedModel("starter", "", FasterWhisperEngine(files, settings.recognise))
    with Transcriber(settings, loaded) as transcriber:
        yield transcriber


def recordings(weights: Weights, data: Path) -> dict[str, Any]:
    """Recorded calls, noise and people, through the whole pipeline."""
    results: dict[str, Any] = {}
    with pipeline(weights) as transcriber:
        if weights.language == "zh":
            results["synthetic calls"] = calls(data, transcriber)
        rows = [row for row in read_set(data / "noise" / "transcripts.tsv") if not row.path.startswith(NOT_SILENT)]
        silent = report(rows, transcriber, no_speech=True)
        results["noise"] = {"files": len(rows), "characters": silent.invented}
        for name in (f"speech_{weights.language}",):
            rows = read_set(data / name / "transcripts.tsv")
            results[name] = _by_folder(report(rows, transcriber), weights.normaliser)
    return results


def calls(data: Path, transcriber: Transcriber) -> dict[str, Any]:
    """The two-channel calls of ``synthetic_zh``: all turns of a channel against all its reference turns."""
    found: dict[str, list[Counts]] = {}
    for description in sorted((data / "synthetic_zh" / "calls").glob("*.json")):
        call = json.loads(description.read_text(encoding="utf-8"))
        record = transcriber.record(data / "synthetic_zh" / call["wav"])
        for channel in (0, 1):
            wanted = "".join(turn["text"] for turn in call["turns"] if turn["channel"] == channel)
            written = "".join(turn.text for turn in record.turns if turn.channel == channel)
            found[f"{description.stem}/{channel}"] = [compare(wanted, written, MANDARIN)]
    every = [count for counts in found.values() for count in counts]
    return {**{name: rates(counts) for name, counts in found.items()}, "all": rates(every)}


def report(rows: Sequence[Row], transcriber: Transcriber, **options: Any) -> Report:
    """A set through the pipeline."""

    def recognise(row: Row) -> Recognised:
        record = transcriber.record(row.audio)
        pieces = [(turn.text, seconds(turn.start_sample), seconds(turn.end_sample)) for turn in record.turns]
        return Recognised(pieces, seconds(record.sample_count))

    return evaluate(rows, recognise, language=transcriber.settings.recognise.language, **options)


def _by_folder(found: Report, normaliser: Normaliser) -> dict[str, Any]:
    folders: dict[str, list[Counts]] = {}
    for one in found.scored:
        if one.normaliser is normaliser and one.counts.units:
            folders.setdefault(one.row.path.split("/")[0], []).append(one.counts)
    every = [count for counts in folders.values() for count in counts]
    return {**{name: rates(counts) for name, counts in folders.items()}, "all": rates(every)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure one model folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path, help="folder of the shared data; without it only our own text is said")
    parser.add_argument(
        "--window", type=float, help="seconds of the longest window; the model's chunk_length if absent"
    )
    parser.add_argument("--language", choices=("zh", "en"), default="zh")
    parser.add_argument("--padding", type=float, default=0.5, help="seconds of silence after the audio")
    parser.add_argument("--each", type=int, default=40, help="trials of each group")
    parser.add_argument("--quick", action="store_true", help="held-out sentences alone")
    parser.add_argument("--out", type=Path, help="write the results there, too")
    options = parser.parse_args(arguments)
    facts = json.loads((options.folder / "preprocessor_config.json").read_text(encoding="utf-8"))
    window_s = options.window or float(facts["chunk_length"])
    weights = Weights(options.folder, window_s, options.padding, options.language)
    results: dict[str, Any] = {"synthesisers": talkers.synthesisers(weights.language)}
    for part in _parts(weights, options):
        results |= part()
        if options.out:  # after each part: the whole takes a while
            options.out.write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(results, ensure_ascii=False, indent=1))
    return 0


def _parts(weights: Weights, options: argparse.Namespace) -> Iterator[Callable[[], dict[str, Any]]]:
    data = options.data
    if options.quick:
        yield lambda: quick(weights, data, options.each)
        return
    yield lambda: synthetic(weights, data, options.each)
    if data:
        yield lambda: {"noise windows": noise_windows(weights, data)}
        yield lambda: recordings(weights, data)


if __name__ == "__main__":
    sys.exit(main())
