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
import math
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import av
import numpy as np

from benchmarks.common import ROOT, Samples, markdown_table, read_audio, write_result
from benchmarks.random_whisper import build
from callcore.batch.transcriber import Job, Transcriber, load_model
from callcore.config import load_settings
from callcore.engines.base import Recogniser
from callcore.engines.windows import SPARE_TOKENS
from callcore.evaluate.normalise import normaliser_for
from callcore.evaluate.rates import Counts, compare
from callcore.record import CallRecord, fold
from callcore.types import SAMPLE_RATE_HZ, DecodeRequest, DecodeResult

FIXTURE = ROOT / "audio_fixtures" / "call01_card_loss_8k_stereo.wav"
STARTER = ROOT / "models" / "starter-zh"
PACKAGES = ("callcore", "faster-whisper", "ctranslate2", "onnxruntime", "numpy")
BEAM = 5
FIRST_HAN = 0x4E00
LEGIBLE_PER_S = 2  #: Han characters a second: few enough to pass as speech however short the segment in its window
RANDOM_PADDING_S = 3.0  #: the dial of the published tiny, base and small in models/manifest.toml


@dataclass(slots=True)
class Call:
    """One call: its file, its channels at 16 kHz and what was said on each."""

    path: Path
    channels: Samples
    reference: list[str]

    @property
    def seconds(self) -> float:
        return float(self.channels.shape[1] / SAMPLE_RATE_HZ)


@dataclass(slots=True)
class Heard:
    """What a system made of all calls: text per call and channel, tokens written."""

    texts: dict[tuple[int, int], str] = field(default_factory=dict)
    tokens: int = 0


@dataclass(slots=True)
class Setting:
    """One comparison: weights, calls and the token budget that random weights get."""

    model: Path
    random: bool
    calls: list[Call]
    cores: int
    speech_s: list[float]  #: of every channel, by faster-whisper's VAD with its pauses and margins
    tokens: int  #: that every system with random weights is to write, all calls together
    padding_s: float = RANDOM_PADDING_S  #: of callcore's windows with random weights

    @property
    def speech_windows(self) -> int:
        """Windows of 30 s that hold the speech of all channels once silence is cut out."""
        return sum(math.ceil(speech_s / 30) for speech_s in self.speech_s)


System = Callable[[Setting], tuple[Callable[[], Heard], Callable[[], None]]]


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


def whisper_default(word_times: bool) -> System:
    """faster-whisper's ``transcribe`` with its defaults: whole channels, 30 s windows, one after the other."""

    def prepare(setting: Setting) -> tuple[Callable[[], Heard], Callable[[], None]]:
        from faster_whisper import WhisperModel

        model = WhisperModel(str(setting.model), device="cpu", compute_type="int8")
        windows = sum(-(-channel.size // (SAMPLE_RATE_HZ * 30)) for call in setting.calls for channel in call.channels)
        options = _forced(setting.tokens / windows) if setting.random else {}

        def run() -> Heard:
            heard = Heard()
            for index, number, channel in _channels(setting):
                segments, _ = model.transcribe(
                    channel, language="zh", beam_size=BEAM, word_timestamps=word_times, **options
                )
                _collect(heard, (index, number), segments)
            return heard

        return run, model.model.unload_model

    return prepare


def whisper_tuned(setting: Setting) -> tuple[Callable[[], Heard], Callable[[], None]]:
    """The best layout of plain ``transcribe``: VAD filter, one thread a worker, one worker a core, channels abreast."""
    from faster_whisper import WhisperModel

    model = WhisperModel(
        str(setting.model), device="cpu", compute_type="int8", cpu_threads=1, num_workers=setting.cores
    )
    options: dict[str, Any] = {"vad_filter": True, "condition_on_previous_text": False, "temperature": 0.0}
    if setting.random:
        options |= _forced(setting.tokens / setting.speech_windows)

    def one(item: tuple[int, int, Samples]) -> tuple[tuple[int, int], list[Any]]:
        index, number, channel = item
        segments, _ = model.transcribe(channel, language="zh", beam_size=BEAM, word_timestamps=True, **options)
        return (index, number), list(segments)

    def run() -> Heard:
        heard = Heard()
        with ThreadPoolExecutor(setting.cores) as pool:
            for key, segments in pool.map(one, _channels(setting)):
                _collect(heard, key, segments)
        return heard

    return run, model.model.unload_model


def whisper_batched(abreast: bool) -> System:
    """faster-whisper's ``BatchedInferencePipeline``: as it comes, or one worker a core with channels abreast."""

    def prepare(setting: Setting) -> tuple[Callable[[], Heard], Callable[[], None]]:
        from faster_whisper import BatchedInferencePipeline, WhisperModel

        threads = {"cpu_threads": 1, "num_workers": setting.cores} if abreast else {}
        model = WhisperModel(str(setting.model), device="cpu", compute_type="int8", **threads)
        pipeline = BatchedInferencePipeline(model=model)
        options: dict[str, Any] = {}
        if setting.random:
            options = _forced(setting.tokens / setting.speech_windows)

        def one(item: tuple[int, int, Samples]) -> tuple[tuple[int, int], list[Any]]:
            index, number, channel = item
            segments, _ = pipeline.transcribe(
                channel, language="zh", beam_size=BEAM, word_timestamps=True, batch_size=8, **options
            )
            return (index, number), list(segments)

        def run() -> Heard:
            heard = Heard()
            with ThreadPoolExecutor(setting.cores if abreast else 1) as pool:
                for key, segments in pool.map(one, _channels(setting)):
                    _collect(heard, key, segments)
            return heard

        return run, model.model.unload_model

    return prepare


class CountingEngine:
    """A recogniser that counts the tokens it passes on; what random weights wrote becomes legible Han text.

    Random tokens are a jumble that the guards would refuse and have decoded again at great cost.
    """

    def __init__(self, engine: Recogniser, legible: bool, padding_s: float = RANDOM_PADDING_S) -> None:
        self._engine = engine
        self._legible = legible
        self._padding_s = padding_s
        self.tokens = 0
        self.requests = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def decode(self, requests: Sequence[DecodeRequest]) -> list[DecodeResult]:
        results = self._engine.decode(requests)
        self.requests += len(requests)
        self.tokens += sum(len(result.hypothesis.tokens) for result in results if result.hypothesis)
        return [_legible(result, self._padding_s) for result in results] if self._legible else results


def _legible(result: DecodeResult, padding_s: float) -> DecodeResult:
    assert result.hypothesis
    most = max(1, int(LEGIBLE_PER_S * (result.window_s - padding_s)))
    words = tuple(
        replace(word, text=chr(FIRST_HAN + 37 * index % 20_000), space_before=False)
        for index, word in enumerate(result.hypothesis.words[:most])
    )
    text = "".join(word.text for word in words)
    plain = replace(result.hypothesis, words=words, text=text, avg_logprob=-0.1, compression_ratio=1.0)
    return replace(result, hypothesis=plain, no_speech_probability=0.0)


def ours(setting: Setting) -> tuple[Callable[[], Heard], Callable[[], None]]:
    """Callcore's batch job: reading and resampling the files, VAD, decoding, word times, turns."""
    if not setting.random:
        return _ours(setting, {})
    # A first run, not counted, tells how many tokens a cap makes; the cap is then set to the common number.
    rate = 3.0
    run, close = _ours(setting, {"tokens_per_s": rate, "padding_s": setting.padding_s})
    written = run().tokens
    close()
    spare = SPARE_TOKENS * run.engine.requests
    rate = max(0.1, rate * (setting.tokens - spare) / (written - spare))
    return _ours(setting, {"tokens_per_s": rate, "padding_s": setting.padding_s})


def _ours(setting: Setting, recognise: dict[str, Any]) -> tuple[OurRun, Callable[[], None]]:
    values = {"model": str(setting.model), "language": "zh", "device": "cpu", **recognise}
    settings = load_settings(None, {"recognise": values})
    model = load_model(settings)
    counting = CountingEngine(model.engine, setting.random, setting.padding_s)
    transcriber = Transcriber(settings, replace(model, engine=counting))
    return OurRun(setting, transcriber, counting), transcriber.close


class OurRun:
    """All calls through callcore."""

    def __init__(self, setting: Setting, transcriber: Transcriber, engine: CountingEngine) -> None:
        self._setting, self._transcriber, self.engine = setting, transcriber, engine

    def __call__(self) -> Heard:
        self.engine.tokens = self.engine.requests = 0
        heard = Heard()
        with ThreadPoolExecutor(max(2, self._setting.cores // 2)) as pool:
            for index, record in pool.map(self._one, enumerate(self._setting.calls)):
                for number in (0, 1):
                    heard.texts[index, number] = "".join(t.text for t in record.turns if t.channel == number)
        heard.tokens = self.engine.tokens
        return heard

    def _one(self, item: tuple[int, Call]) -> tuple[int, CallRecord]:
        index, call = item
        return index, fold(self._transcriber.events(Job(str(index), call.path, call.path.name)))


def _forced(tokens: float) -> dict[str, Any]:
    """Options that make random weights write ``tokens`` a window, and no retries."""
    # CTranslate2 writes min(max_length / 2, max_length - prompt) tokens; faster-whisper adds the prompt of 4.
    wanted = 2 * round(tokens) - 4
    return {
        "max_new_tokens": min(wanted, 444), "temperature": 0.0, "without_timestamps": True,
        "condition_on_previous_text": False,
        "compression_ratio_threshold": None, "log_prob_threshold": None, "no_speech_threshold": None,
    }  # fmt: skip


def _channels(setting: Setting) -> Iterator[tuple[int, int, Samples]]:
    for index, call in enumerate(setting.calls):
        for number, channel in enumerate(call.channels):
            yield index, number, channel


def _collect(heard: Heard, key: tuple[int, int], segments: Any) -> None:
    listed = list(segments)
    heard.texts[key] = "".join(segment.text for segment in listed)
    heard.tokens += sum(len(segment.tokens) for segment in listed)


SYSTEMS: dict[str, System] = {
    "callcore": ours,
    "faster-whisper, default": whisper_default(word_times=False),
    "faster-whisper, default, word times": whisper_default(word_times=True),
    "faster-whisper, tuned": whisper_tuned,
    "BatchedInferencePipeline": whisper_batched(abreast=False),
    "BatchedInferencePipeline, tuned": whisper_batched(abreast=True),
}


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
    cores = len(os.sched_getaffinity(0))
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
