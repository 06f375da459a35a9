"""Pitch and length of recorded speech changed apart from each other, by overlap and add at the periods of the voice.

TD-PSOLA: Moulines and Charpentier, Speech Communication 9 (1990). Arrays are float32 at 16 kHz.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import fft

from models.training.starter.channel import RATE_HZ, Audio

LOWEST_HZ, HIGHEST_HZ = 70.0, 420.0
FRAME, HOP = 640, 160
VOICED = 0.5  #: of the energy that must repeat after one period
FIRST_PEAK = 0.85  #: of the highest peak
UNVOICED_STEP = 80  #: samples between marks where there is no voice

Marks = npt.NDArray[np.int32]


def periods(audio: Audio) -> Audio:
    """The period of the voice in samples every 10 ms; 0 where there is none."""
    if len(audio) < FRAME:
        return np.zeros(1, np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(audio, FRAME)[::HOP] * np.hanning(FRAME).astype(np.float32)
    size = fft.next_fast_len(2 * FRAME, real=True)
    power = np.abs(fft.rfft(frames, size)) ** 2
    repeats = fft.irfft(power, size)[:, :FRAME]
    window = np.abs(fft.rfft(np.hanning(FRAME), size)) ** 2
    repeats /= np.maximum(fft.irfft(window, size)[:FRAME] / np.sum(np.hanning(FRAME) ** 2), 0.05)
    shortest, longest = round(RATE_HZ / HIGHEST_HZ), round(RATE_HZ / LOWEST_HZ)
    part = repeats[:, shortest:longest]
    # Two periods repeat as well as one: the first peak that is nearly as high as the highest.
    middle = part[:, 1:-1]
    peak = (middle >= part[:, :-2]) & (middle >= part[:, 2:]) & (middle > FIRST_PEAK * part.max(1, keepdims=True))
    best = np.where(peak.any(1), peak.argmax(1) + 1, part.argmax(1))
    energy = np.maximum(repeats[:, 0], 1e-6)
    voiced = (part[np.arange(len(part)), best] / energy > VOICED) & (energy > 1e-3 * energy.max())
    found = np.where(voiced, best + shortest, 0).astype(np.float32)
    return _smoothed(found)


def _smoothed(found: Audio) -> Audio:
    """Leaps of an octave and lone frames taken out."""
    voiced = found > 0
    if voiced.sum() < 3:
        return np.zeros_like(found)
    middle = float(np.median(found[voiced]))
    found = np.where(voiced & (found > 1.6 * middle), found / 2, found)
    found = np.where(voiced & (found < middle / 1.8), found * 2, found)
    padded = np.pad(found, 1, mode="edge")
    alone = voiced & (padded[:-2] == 0) & (padded[2:] == 0)
    return np.where(alone, 0, found).astype(np.float32)


def marks(audio: Audio) -> Marks:
    """(marks, 2): sample at which a period begins, and its length; negative lengths where there is no voice."""
    period = periods(audio)
    found: list[tuple[int, int]] = []
    at = 0
    while at < len(audio):
        step = int(period[min(at // HOP, len(period) - 1)])
        if step:
            low, high = max(0, at - step // 5), min(len(audio), at + step // 5 + 1)
            at = low + int(np.argmax(audio[low:high]))
            if found and at <= found[-1][0]:
                at = found[-1][0] + step
            found.append((at, step))
            at += step
        else:
            found.append((at, -UNVOICED_STEP))
            at += UNVOICED_STEP
    return np.array(found or [(0, -UNVOICED_STEP)], np.int32)


def reshaped(audio: Audio, places: Marks, duration: float, pitch: Audio | float) -> Audio:
    """``audio`` with its length times ``duration`` and its pitch times ``pitch`` (a number, or one a source sample)."""
    total = max(1, round(len(audio) * duration))
    out = np.zeros(total + 1024, np.float32)
    weight = np.zeros_like(out)
    starts = places[:, 0]
    at = 0.0
    while at < total:
        source = at / duration
        index = min(int(np.searchsorted(starts, source)), len(starts) - 1)
        if index and source - starts[index - 1] < starts[index] - source:
            index -= 1
        mark, length = int(starts[index]), int(places[index, 1])
        reach = abs(length)
        low, high = max(0, mark - reach), min(len(audio), mark + reach)
        if high > low:
            window = _hann(2 * reach)[low - mark + reach : high - mark + reach]
            begin = round(at) - (mark - low)
            cut = max(0, -begin)
            begin += cut
            end = min(begin + high - low - cut, len(out))
            out[begin:end] += audio[low + cut : low + cut + end - begin] * window[cut : cut + end - begin]
            weight[begin:end] += window[cut : cut + end - begin]
        factor = float(pitch[min(int(source), len(pitch) - 1)]) if isinstance(pitch, np.ndarray) else pitch
        at += reach / factor if length > 0 else reach
    return out[:total] / np.maximum(weight[:total], 0.6)


_WINDOWS: dict[int, Audio] = {}


def _hann(size: int) -> Audio:
    if size not in _WINDOWS:
        _WINDOWS[size] = np.hanning(size + 1)[:-1].astype(np.float32)
    return _WINDOWS[size]
