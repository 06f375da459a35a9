"""Blocks of all channels to frames of one channel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from callcore.types import AudioFrame

Block = npt.NDArray[np.float32]  #: shape (channels, n), float32, full scale 1.0, at types.SAMPLE_RATE_HZ


def frames(
    blocks: Iterable[Block], channels: Sequence[int], frame_samples: int, *, downmix: bool = False
) -> Iterator[AudioFrame]:
    """Re-cut ``blocks`` to frames of ``frame_samples``; the last frame of a channel may be shorter.

    For each stretch of time one frame of every channel of ``channels``, in that order; a frame's ``channel`` is the
    channel's number in the source. With ``downmix`` the mean of ``channels`` comes as channel 0. How the audio was cut
    into blocks makes no difference. Frames are views: they keep their block alive.

    Raises ``ValueError`` for no channels or a frame of no samples.
    """
    if not channels or frame_samples < 1:
        raise ValueError(f"cannot cut {len(channels)} channels into frames of {frame_samples} samples")
    numbers = [0] if downmix else list(channels)
    picked = list(channels)
    position = 0
    rest = np.empty((len(numbers), 0), dtype=np.float32)
    for block in blocks:
        heard = block[picked]
        if downmix:
            heard = heard.mean(axis=0, keepdims=True, dtype=np.float32)
        pending = np.concatenate((rest, heard), axis=1) if rest.shape[1] else heard
        whole = pending.shape[1] - pending.shape[1] % frame_samples
        for start in range(0, whole, frame_samples):
            for row, number in enumerate(numbers):
                yield AudioFrame(number, position + start, pending[row, start : start + frame_samples])
        position += whole
        rest = pending[:, whole:]
    if rest.shape[1]:
        for row, number in enumerate(numbers):
            yield AudioFrame(number, position, rest[row])
