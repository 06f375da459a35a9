"""The systems that benchmarks/batch_speed.py compares, each made ready to transcribe the same calls."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.common import Samples
from callcore.batch.transcriber import Job, Transcriber
from callcore.config import load_settings
from callcore.engines.base import Recogniser
from callcore.engines.windows import SPARE_TOKENS
from callcore.loading import load_model
from callcore.record import CallRecord, fold
from callcore.types import SAMPLE_RATE_HZ, DecodeRequest, DecodeResult

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
    settings = load_settings(None, {"recognise": values}).unredacted()
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
