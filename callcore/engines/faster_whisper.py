"""Whisper on CTranslate2: faster-whisper's loader, tokenizer and feature extractor with a decode loop of our own.

faster-whisper pads every window to 30 s. Here a window is trimmed to its audio plus the model's padding dial, windows
of equal length are decoded together, each worker is one thread, and one encoding serves both text and word times.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import ctranslate2
import numpy as np
import numpy.typing as npt
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer

from callcore.config import LiveSettings, RecogniseSettings
from callcore.engines.base import EngineInfo
from callcore.engines.hardware import (
    calm_blas,
    choose_compute_type,
    choose_device,
    keep_few_kernels,
    usable_cores,
)
from callcore.engines.languages import language_probabilities
from callcore.engines.token_map import TokenMap, read_token_map
from callcore.engines.windows import FRAMES_PER_S, HOP_SAMPLES, generate_max_length, token_cap, window_frames
from callcore.engines.words import words_from_alignment
from callcore.errors import EngineError, LanguageUnsupported, ModelCorrupt
from callcore.types import SAMPLE_RATE_HZ, DecodeRequest, DecodeResult, Hypothesis, RequestKind, Word

T = TypeVar("T")
Features = npt.NDArray[np.float32]
LENGTH_PENALTY = 1.0  # scores are means over tokens, as openai/whisper ranks beams
CPU_BATCH_FRAMES = 2000  #: mel frames of all windows of a batch: more gains a CPU nothing and costs each worker memory
CUDA_BATCH_FRAMES = 48_000
MAX_PROMPT_TOKENS = 223  # half the decoder's positions less the start of text: what Whisper keeps of a prompt


@dataclass(frozen=True, slots=True)
class WhisperFiles:
    """A model folder and what is known of the weights in it."""

    name: str
    folder: Path
    languages: frozenset[str]  #: empty = all that the tokenizer names
    window_s: float = 30.0  #: longest window the weights were trained on
    padding_s: float | None = None  #: silence after the audio of a trimmed window; None = always the whole window


class FasterWhisperEngine:
    """A loaded model. Weights are shared by all workers; the object holds no state of any call."""

    def __init__(
        self,
        files: WhisperFiles,
        settings: RecogniseSettings,
        hotwords: Sequence[str] = (),
        live: LiveSettings | None = None,
    ) -> None:
        """Load the weights. Raises :class:`ModelCorrupt` when they cannot be loaded.

        ``live``: how PARTIAL requests are decoded; recorded calls have none.
        """
        calm_blas()
        keep_few_kernels()
        self._settings = settings
        self._window_s = files.window_s
        self._padding_s = files.padding_s if settings.padding_s is None else settings.padding_s
        live = live or LiveSettings()
        self._partial_padding_s = self._padding_s if live.partial_padding_s is None else live.partial_padding_s
        self._history_tokens = live.history_tokens
        device = choose_device(settings.device)
        compute_type = choose_compute_type(settings.compute_type, device)
        workers = 1 if device == "cuda" else settings.workers or usable_cores()
        self._whisper, self._token_map = self._load(files, device, compute_type, workers)
        self._model: ctranslate2.models.Whisper = self._whisper.model
        self._mels = int(self._model.n_mels)
        known = frozenset(self._token_map.languages if self._token_map else self._whisper.supported_languages)
        languages = files.languages & known or known
        self._tokenizers = {language: self._tokenizer(language) for language in languages}
        self._prompt_text = " ".join(part for part in (settings.initial_prompt, " ".join(hotwords)) if part)
        self._info = EngineInfo(
            model=files.name,
            languages=languages,
            max_audio_s=files.window_s - min(self._padding_s or 0.0, files.window_s / 4),
            workers=workers,
            device=device,
            compute_type=compute_type,
        )

    @staticmethod
    def _load(
        files: WhisperFiles, device: str, compute_type: str, workers: int
    ) -> tuple[WhisperModel, TokenMap | None]:
        try:
            token_map = read_token_map(files.folder)
            whisper = WhisperModel(
                str(files.folder),
                device=device,
                compute_type=compute_type,
                cpu_threads=1,
                num_workers=workers,
                local_files_only=True,
            )
            return whisper, token_map
        except Exception as error:  # the tokenizers library raises bare Exception on a broken file
            raise ModelCorrupt(
                f"model {files.name} in {files.folder} cannot be loaded ({type(error).__name__}: {error}).",
                f"Check it with: callcore models verify {files.name}",
            ) from error

    @property
    def info(self) -> EngineInfo:
        """What was loaded and how it runs."""
        return self._info

    def close(self) -> None:
        """Free the weights."""
        self._model.unload_model()

    def batch_key(self, request: DecodeRequest) -> tuple[object, ...]:
        """Window length, token cap, language and effort: what must be equal within one decode."""
        # Prompts of a batch must be of equal length, and its language one: what has a history of its own, or has still
        # to find its language, stands alone.
        greedy = request.kind is RequestKind.PARTIAL
        answer = "language" if request.kind is RequestKind.LANGUAGE else "text"
        frames, cap_s = self._frames(request), self._cap_s(request)
        alone = (request.segment_id, request.end_sample) if request.history or not request.language else None
        return (answer, greedy, frames, cap_s, request.language, request.effort, alone)

    def batch_limit(self, request: DecodeRequest) -> int:
        """Windows of this length that are worth decoding together."""
        budget = CUDA_BATCH_FRAMES if self._info.device == "cuda" else CPU_BATCH_FRAMES
        return self._settings.batch_size or max(1, budget // self._frames(request))

    def decode(self, requests: Sequence[DecodeRequest]) -> list[DecodeResult]:
        """Answers in order. Requests must share one ``batch_key``. Raises :class:`EngineError`."""
        if not requests:
            return []
        frames = self._frames(requests[0])
        encoded = _guarded(lambda: self._encode(requests, frames))
        if requests[0].kind is RequestKind.LANGUAGE:
            detected = _guarded(lambda: self._detect_languages(encoded, len(requests)))
            return [
                _result(r, frames, language_probabilities=found) for r, found in zip(requests, detected, strict=True)
            ]
        return _guarded(lambda: self._transcribe(requests, encoded, frames))

    def _frames(self, request: DecodeRequest) -> int:
        padding_s = None if request.effort.full_window else self._padding(request)
        return window_frames(len(request.audio), padding_s, self._settings.bucket_s, self._window_s, self._mels)

    def _padding(self, request: DecodeRequest) -> float | None:
        return self._partial_padding_s if request.kind is RequestKind.PARTIAL else self._padding_s

    def _cap_s(self, request: DecodeRequest) -> float:
        """Seconds of audio the token cap is reckoned from; equal for windows of one length where that is possible."""
        frames, bucket_s = self._frames(request), self._settings.bucket_s
        padding_s = self._padding(request)
        trimmed = padding_s is not None and frames < round(self._window_s * FRAMES_PER_S)
        if trimmed and not request.effort.full_window:
            return max(frames / FRAMES_PER_S - (padding_s or 0.0), bucket_s)  # the most such a window can hold
        return math.ceil(len(request.audio) / SAMPLE_RATE_HZ / bucket_s) * bucket_s

    def _tokenizer(self, language: str) -> Tokenizer:
        multilingual = self._token_map.multilingual if self._token_map else self._model.is_multilingual
        return Tokenizer(self._whisper.hf_tokenizer, multilingual, task="transcribe", language=language)

    def _features(self, request: DecodeRequest, frames: int) -> Features:
        """Log-mel spectrogram, float32 (mels, frames); zeros after the audio, as faster-whisper pads."""
        audio = request.audio[: frames * HOP_SAMPLES]
        features: Features = self._whisper.feature_extractor(audio)[:, : len(audio) // HOP_SAMPLES]
        padded = np.pad(features, ((0, 0), (0, frames - features.shape[1])))
        return np.ascontiguousarray(padded, np.float32)

    def _encode(self, requests: Sequence[DecodeRequest], frames: int) -> _Encoded:
        windows = [self._features(request, frames)[np.newaxis] for request in requests]
        if self._info.device == "cuda":
            whole = self._model.encode(ctranslate2.StorageView.from_array(np.concatenate(windows)))
            return _Encoded(whole, [whole])
        parts = [self._model.encode(ctranslate2.StorageView.from_array(window)) for window in windows]
        if len(parts) == 1:
            return _Encoded(parts[0], parts)
        joined = np.concatenate([np.array(part, copy=False) for part in parts])
        return _Encoded(ctranslate2.StorageView.from_array(joined), parts)

    def _detect_languages(self, encoded: _Encoded, count: int) -> list[dict[str, float]]:
        if len(self._info.languages) == 1:
            (only,) = self._info.languages
            return [{only: 1.0}] * count
        if self._token_map:
            answers = language_probabilities(self._model, encoded.whole, count, self._whisper.hf_tokenizer)
        else:
            ranked = self._model.detect_language(encoded.whole)
            answers = [{token.strip("<|>"): probability for token, probability in found} for found in ranked]
        return [{code: found.get(code, 0.0) for code in self._info.languages} for found in answers]

    def _prompt(self, tokenizer: Tokenizer, history: str) -> list[int]:
        fixed = tokenizer.encode(" " + self._prompt_text)[:MAX_PROMPT_TOKENS] if self._prompt_text else []
        room = min(self._history_tokens, MAX_PROMPT_TOKENS - len(fixed))
        said = tokenizer.encode(history)[-room:] if history and room > 0 else []
        before = [tokenizer.sot_prev, *fixed, *said] if fixed or said else []
        return [*before, *tokenizer.sot_sequence, tokenizer.no_timestamps]

    def _transcribe(self, requests: Sequence[DecodeRequest], encoded: _Encoded, frames: int) -> list[DecodeResult]:
        first = requests[0]
        language = first.language or self._likeliest(encoded, len(requests))
        tokenizer = self._tokenizer_for(language)
        effort = first.effort
        prompt = self._prompt(tokenizer, first.history)
        prefixes = [tokenizer.encode(request.prefix) if request.prefix else [] for request in requests]
        longest = max(len(prefix) for prefix in prefixes)
        cap = token_cap(self._cap_s(first), self._settings.tokens_per_s, len(prompt) + longest)
        sampling = (
            {"beam_size": 1, "sampling_topk": 0, "sampling_temperature": effort.temperature}
            if effort.temperature
            else {"beam_size": 1 if first.kind is RequestKind.PARTIAL else self._settings.beam_size}
        )
        generated = self._model.generate(
            encoded.whole,
            [[*prompt, *prefix] for prefix in prefixes],
            max_length=generate_max_length(cap, len(prompt) + longest),
            length_penalty=LENGTH_PENALTY,
            no_repeat_ngram_size=effort.no_repeat_ngram,
            return_scores=True,
            return_no_speech_prob=True,
            **sampling,
        )
        texts = [[t for t in item.sequences_ids[0] if t < tokenizer.eot] for item in generated]  # prefixes included
        words = self._align(requests, encoded, texts, tokenizer)
        return [
            _result(
                request,
                frames,
                hypothesis=_hypothesis(
                    tokenizer, item, tokens, found, effort.temperature, len(prefix), self._token_map
                ),
                language=language,
                no_speech_probability=round(float(item.no_speech_prob), 4),
            )
            for request, item, tokens, found, prefix in zip(requests, generated, texts, words, prefixes, strict=True)
        ]

    def _likeliest(self, encoded: _Encoded, count: int) -> str:
        """The language of a partial that came before any was decided; such a request stands alone."""
        found = self._detect_languages(encoded, count)[0]
        return max(sorted(found), key=lambda code: found[code])

    def _tokenizer_for(self, language: str | None) -> Tokenizer:
        try:
            return self._tokenizers[language or ""]
        except KeyError:
            raise LanguageUnsupported(
                f"model {self._info.model} does not write {language!r}.",
                "Choose another model (callcore models list) or another --language.",
            ) from None

    def _align(
        self, requests: Sequence[DecodeRequest], encoded: _Encoded, texts: Sequence[list[int]], tokenizer: Tokenizer
    ) -> list[list[Word]]:
        heard = [max(2, len(request.audio) // HOP_SAMPLES) for request in requests]
        size = len(requests) // len(encoded.parts)
        alignments = [
            alignment
            for start, part in zip(range(0, len(requests), size), encoded.parts, strict=True)
            for alignment in self._model.align(
                part, tokenizer.sot_sequence, list(texts[start : start + size]), heard[start : start + size]
            )
        ]
        return [
            words_from_alignment(tokenizer, tokens, alignment, request.start_sample, request.end_sample)
            for request, tokens, alignment in zip(requests, texts, alignments, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class _Encoded:
    """Encoder output of a batch, shape (windows, frames / 2, width), and the parts it came in.

    A CPU encodes and aligns window by window: a batch falls out of its cache and takes half as long again to encode,
    and aligning a batch holds the scores of all tokens of the vocabulary for all its words. A GPU has one part.
    """

    whole: ctranslate2.StorageView
    parts: list[ctranslate2.StorageView]


def _result(request: DecodeRequest, frames: int, **answer: Any) -> DecodeResult:
    return DecodeResult(
        request.segment_id,
        request.kind,
        request.channel,
        window_s=frames / FRAMES_PER_S,
        start_sample=request.start_sample,
        end_sample=request.end_sample,
        **answer,
    )


def _hypothesis(
    tokenizer: Tokenizer,
    generated: Any,
    tokens: list[int],
    words: list[Word],
    temperature: float,
    given: int,
    token_map: TokenMap | None,
) -> Hypothesis:
    text = tokenizer.decode(tokens).strip()
    written = len(generated.sequences_ids[0])
    # The score is the sum of log probabilities over length ** penalty: the end of text counts as one token more, the
    # ``given`` tokens of a prefix count in the length and not in the sum.
    avg_logprob = generated.scores[0] * written**LENGTH_PENALTY / (written - given + 1)
    raw = text.encode("utf-8")
    return Hypothesis(
        text=text,
        words=tuple(words),
        tokens=token_map.published(tokens) if token_map else tuple(tokens),
        avg_logprob=round(float(avg_logprob), 4),
        compression_ratio=round(len(raw) / len(zlib.compress(raw)), 3) if raw else 0.0,
        temperature=temperature,
    )


def _guarded(work: Callable[[], T]) -> T:
    try:
        return work()
    except (RuntimeError, ValueError, MemoryError) as error:
        raise EngineError(
            f"the recogniser failed ({type(error).__name__}: {error}).",
            "Check the model with callcore models verify, and free memory with callcore doctor.",
        ) from error
