"""Error rates of the starter model, through the whole batch pipeline, and the sweep that sets its padding dial.

    python -m benchmarks.recognition --data FOLDER      # the folder of recordings described in docs/evaluation.md

Sets: synthetic Mandarin utterances and two-channel calls, human Mandarin, human English (which the starter model does
not know), and noise, where every character written is invented. For the sweep the same synthetic speech is transcribed
with windows trimmed to the audio plus each padding, and with the model's whole window.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.common import ROOT, markdown_table, write_result
from callcore.batch.transcriber import Transcriber
from callcore.config import load_settings
from callcore.evaluate.normalise import MANDARIN
from callcore.evaluate.rates import Counts, compare, interval
from callcore.evaluate.recognition import Recognised, Report, Row, evaluate, read_set
from callcore.models.manifest import load_manifest
from callcore.types import seconds

MODEL = "starter-zh"
PADDINGS_S: tuple[float | None, ...] = (0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, None)
SWEEP_BUCKET_S = 0.1  #: fine, so that rounding adds next to no padding of its own
PACKAGES = ("callcore", "faster-whisper", "ctranslate2", "jiwer", "opencc", "whisper-normalizer")
PAGE = ROOT / "docs" / "benchmarks" / "recognition.md"


def synthetic_rows(data: Path) -> list[Row]:
    """The synthetic utterances, clean and through the telephone channel, as rows of a set."""
    folder = data / "synthetic_zh"
    rows = []
    for item in json.loads((folder / "utterances.json").read_text(encoding="utf-8")):
        for channel in ("clean", "phone"):
            columns = {"lang": "zh", "channel": channel, "voice": "held out" if item["voice_held_out"] else "seen"}
            rows.append(Row(item[channel], item["text"], folder / item[channel], columns))
    return rows


def score_calls(data: Path, transcriber: Transcriber) -> dict[str, Any]:
    """Error rate of each channel of the synthetic calls: all its turns in a row against all its reference turns."""
    found: dict[str, Any] = {}
    total = Counts()
    for description in sorted((data / "synthetic_zh" / "calls").glob("*.json")):
        call = json.loads(description.read_text(encoding="utf-8"))
        record = transcriber.record(data / "synthetic_zh" / call["wav"])
        for channel in (0, 1):
            reference = "".join(turn["text"] for turn in call["turns"] if turn["channel"] == channel)
            heard = "".join(turn.text for turn in record.turns if turn.channel == channel)
            counts = compare(reference, heard, MANDARIN)
            found[f"{description.stem}, channel {channel}"] = _rates(counts)
            total += counts
        found[f"{description.stem}, channel 0"]["role"] = record.speaker(0).value
    found["all"] = _rates(total)
    return found


def _rates(counts: Counts) -> dict[str, Any]:
    rounded = {name: getattr(counts, name) for name in ("rate", "digit_rate", "other_rate")}
    return {
        "units": counts.units,
        "errors": counts.errors,
        **{name: None if value is None else round(value, 4) for name, value in rounded.items()},
    }


def score_set(rows: Sequence[Row], transcriber: Transcriber, **options: Any) -> Report:
    """A set through the batch pipeline."""

    def recognise(row: Row) -> Recognised:
        record = transcriber.record(row.audio)
        pieces = [(turn.text, seconds(turn.start_sample), seconds(turn.end_sample)) for turn in record.turns]
        return Recognised(pieces, seconds(record.sample_count))

    return evaluate(rows, recognise, **options)


@contextmanager
def _transcriber(**recognise: Any) -> Iterator[Transcriber]:
    values = {"model": MODEL, "fallback_temperatures": (), **recognise}  # no sampling: the same each time
    with Transcriber(load_settings(None, {"recognise": values}).unredacted()) as transcriber:
        yield transcriber


def sweep(data: Path) -> list[dict[str, Any]]:
    """Error rate and time for each padding, on utterances and calls together."""
    rows = synthetic_rows(data)
    points = []
    for padding_s in PADDINGS_S:
        # A padding longer than the model's window asks for the whole of it.
        with _transcriber(padding_s=30.0 if padding_s is None else padding_s, bucket_s=SWEEP_BUCKET_S) as transcriber:
            began = time.perf_counter()
            report = score_set(rows, transcriber)
            calls = score_calls(data, transcriber)
            elapsed = time.perf_counter() - began
        counts = [one.counts for one in report.scored]
        pooled = sum(counts, Counts())
        spread = interval(counts)
        points.append(
            {
                "padding_s": "whole window" if padding_s is None else padding_s,
                "cer_utterances": round(pooled.errors / pooled.units, 4),
                "interval_utterances": [round(end, 4) for end in spread] if spread else None,
                "cer_calls": calls["all"]["rate"],
                "cer": round((pooled.errors + calls["all"]["errors"]) / (pooled.units + calls["all"]["units"]), 4),
                "seconds": round(elapsed, 2),
            }
        )
        print(points[-1], flush=True)
    return points


def measure(data: Path) -> dict[str, Any]:
    """All sets with the model's own dial, then the sweep."""
    results: dict[str, Any] = {}
    with _transcriber() as transcriber:
        results["synthetic calls"] = score_calls(data, transcriber)
        synthetic = score_set(synthetic_rows(data), transcriber)
        results["synthetic utterances"] = _short(synthetic, "channel")
        for name in ("speech_zh", "speech_en"):
            results[name] = _short(score_set(read_set(data / name / "transcripts.tsv"), transcriber), None)
            print(name, results[name]["totals"], flush=True)
        noise = [
            row for row in read_set(data / "noise" / "transcripts.tsv") if not row.path.startswith(("vad/", "babble/"))
        ]
        results["noise"] = _short(score_set(noise, transcriber, no_speech=True), None)
        print("noise", results["noise"]["silence"], flush=True)
    results["padding sweep"] = sweep(data)
    return results


def _short(report: Report, column: str | None) -> dict[str, Any]:
    values = report.as_json(column)
    inventions = {
        one["path"]: one["insertions"] for one in values["files"] if one.get("units") == 0 and one["insertions"]
    }
    del values["files"]
    return values | {"invented_in": inventions}


def plot(points: list[dict[str, Any]], path: Path) -> None:
    """Error rate over padding."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    labels = [str(point["padding_s"]).replace(" ", "\n") for point in points]
    figure, axis = plt.subplots(figsize=(6.4, 3.4))
    for name, colour, label in (
        ("cer_calls", "#0a7d6c", "two-channel calls"),
        ("cer_utterances", "#c2571a", "utterances, held-out and seen voices"),
    ):
        axis.plot(labels, [100 * point[name] for point in points], marker="o", color=colour, label=label)
    axis.set_xlabel("padding after the audio (s)")
    axis.set_ylabel("CER (%)")
    highest = max(100 * point[name] for point in points for name in ("cer_calls", "cer_utterances"))
    axis.set_ylim(0, 1.15 * highest or 1)  # lines that are level keep room above them
    axis.legend(frameon=False)
    axis.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, dpi=130)
    plt.close(figure)


def write_page(document: dict[str, Any], path: Path) -> None:
    """The results as a Markdown page."""
    results = document["results"]
    row = load_manifest().find(MODEL)
    assert row is not None
    lines = [
        "# Recognition with the starter model",
        "",
        "Written by `python -m benchmarks.recognition`. Every file goes through the whole batch pipeline (reading,",
        "VAD, decoding with beam 5, guards); texts are compared as `docs/evaluation.md` declares. The starter model",
        "is trained on synthetic Mandarin speech: human speech is beyond it, and English is not in it at all.",
        "The calls' wording is near the model's training templates, the utterances' is not.",
        "",
        f"Commit {document['commit']}, {document['machine']['cpu']}.",
        "",
        markdown_table(["set", "measure", "units", "error rate", "digits", "the rest"], _rows(results)),
        "",
        f"Invented on {results['noise']['silence']['files']} files of noise, music, tones and ringing "
        f"({60 * results['noise']['silence']['hours']:.1f} min): {results['noise']['silence']['invented']} characters"
        + (f", in {results['noise']['invented_in']}." if results["noise"]["invented_in"] else "."),
        "",
        "## Padding",
        "",
        f"Windows trimmed to the audio plus this much padding, against the model's whole window of {row.window_s:g} s.",
        "",
        "![padding](padding.png)",
        "",
        markdown_table(
            ["padding (s)", "CER, all", "CER, utterances", "95 %", "CER, calls", "seconds"],
            [
                [
                    point["padding_s"],
                    f"{point['cer']:.2%}",
                    f"{point['cer_utterances']:.2%}",
                    "–".join(f"{end:.1%}" for end in point["interval_utterances"] or []),
                    f"{point['cer_calls']:.2%}",
                    point["seconds"],
                ]
                for point in results["padding sweep"]
            ],
        ),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _rows(results: dict[str, Any]) -> Iterator[list[str]]:
    for name, rates in results["synthetic calls"].items():
        yield [f"synthetic calls: {name}", "CER", str(rates["units"]), *_percentages(rates)]
    for total in results["synthetic utterances"]["groups"]["channel"]:
        yield [f"synthetic utterances: {total['group']}", "CER", str(total["units"]), *_percentages(total)]
    for name in ("speech_zh", "speech_en"):
        for total in results[name]["totals"]:
            yield [f"human speech: {name}", total["measure"], str(total["units"]), *_percentages(total)]


def _percentages(rates: dict[str, Any]) -> list[str]:
    return ["–" if rates[name] is None else f"{rates[name]:.1%}" for name in ("rate", "digit_rate", "other_rate")]


def main() -> None:
    """Measure, and write JSON, page and picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with synthetic_zh, speech_zh, speech_en, noise"
    )
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results" / "recognition.json")
    arguments = parser.parse_args()
    results = measure(arguments.data)
    settings = load_settings().unredacted().result_settings() | {"model": MODEL, "fallback_temperatures": []}
    document = write_result(arguments.output, "recognition", results, settings, PACKAGES)
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    plot(results["padding sweep"], PAGE.with_name("padding.png"))
    write_page(document, PAGE)
    print(PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
