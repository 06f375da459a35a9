"""Lengths of Whisper windows: how much audio an encoder is shown, and how many tokens it may write.

Positions: one mel frame is 10 ms (hop 160 samples at 16 kHz); the encoder halves the frames, so one position is 20 ms.
"""

from __future__ import annotations

import math

from callcore.types import SAMPLE_RATE_HZ

HOP_SAMPLES = 160  #: samples a mel frame advances (openai/whisper, audio.py)
FRAMES_PER_S = SAMPLE_RATE_HZ // HOP_SAMPLES
MAX_TOKENS = 448  #: positions of the published decoders, prompt included
SPARE_TOKENS = 8  #: allowed beyond the rate, so that very short windows can still end a sentence


def window_frames(sample_count: int, padding_s: float | None, bucket_s: float, window_s: float, mels: int) -> int:
    """Mel frames of the window for ``sample_count`` samples of audio.

    The audio plus ``padding_s`` is rounded up to a multiple of ``bucket_s`` (so that windows share lengths and can be
    batched) and never exceeds ``window_s``; ``padding_s`` None asks for the whole window.
    """
    longest = round(window_s * FRAMES_PER_S)
    if padding_s is None:
        return clear_of_trap(longest, mels)
    wanted_s = sample_count / SAMPLE_RATE_HZ + padding_s
    frames = round(math.ceil(wanted_s / bucket_s - 1e-9) * bucket_s * FRAMES_PER_S)
    return clear_of_trap(min(max(frames, 1), longest), mels)


def clear_of_trap(frames: int, mels: int) -> int:
    """``frames``, moved up where CTranslate2 would mistake the encoder's output for a spectrogram.

    ``generate`` and ``align`` take features ``[batch, mels, frames]`` or encoder output ``[batch, positions, width]``
    and tell them apart by the middle dimension alone: when ``ceil(frames / 2) == mels`` the output is encoded a second
    time and the text is wrong, without an error.
    """
    return 2 * mels + 1 if math.ceil(frames / 2) == mels else frames


def token_cap(audio_s: float, tokens_per_s: float, prompt_tokens: int) -> int:
    """Most tokens that ``audio_s`` seconds of audio may be given; bounds a repetition loop."""
    wanted = math.ceil(audio_s * tokens_per_s) + SPARE_TOKENS
    return max(1, min(wanted, MAX_TOKENS // 2, MAX_TOKENS - prompt_tokens))


def generate_max_length(cap: int, prompt_tokens: int) -> int:
    """The ``max_length`` that makes CTranslate2's Whisper write at most ``cap`` tokens.

    It writes ``min(max_length / 2, max_length - prompt)`` tokens at most, after openai/whisper's ``sample_len``.
    """
    return min(MAX_TOKENS, max(2 * cap, cap + prompt_tokens))
