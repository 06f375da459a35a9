"""Music and signalling tones on a channel: sound whose pitches stay, with notes that change.

Music leaves lines in the spectrogram: a note holds its partials at the same frequencies for a while, which neither
speech (whose pitch glides) nor most noise does. The strength of such lines is the "continuous frequency activation" of
Seyerlehner, Pohle, Schedl and Widmer ("Automatic music detection in television productions", DAFx 2007): the spectrum
in dB less its local mean, cut to 0 and 1, averaged over time; the five most prominent peaks added up. Machines hum with
lines too, but always the same ones, so lines that do not change are no music. A pure tone that stands for a third of a
second (ring-back, busy and dial tones; ITU-T E.180) counts as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from callcore.types import Samples

FRAME_SAMPLES = 1024  #: 64 ms: spectral lines 15.6 Hz apart; frames do not overlap
STEP_FRAMES = 16  #: a judgement every 1.024 s ...
BLOCK_FRAMES = 2 * STEP_FRAMES  #: ... of the last 2.048 s
STEP_SAMPLES = STEP_FRAMES * FRAME_SAMPLES
BLOCK_SAMPLES = BLOCK_FRAMES * FRAME_SAMPLES
FIRST_BIN, END_BIN = 16, 225  #: 250 to 3500 Hz, what the telephone carries
MIN_LEVEL_DBFS = -36.0  #: median of a block; music on hold is as loud as speech, noise mostly is not
PROMINENCE_DB = 3.0  #: a line stands out by this over the mean of
NEIGHBOURS = 21  #: bins (330 Hz) around it
VALLEY_BINS = 6  #: a peak of the activation is measured from the lower ground within so many bins
PEAKS = 5
MIN_ACTIVATION = 2.7  #: of 5; the hold music at hand has 2.9 to 4.2, speech 1.3 to 2.8
MAX_FLATNESS = 0.2  #: geometric by arithmetic mean of the power spectrum; 0.56 in white noise
MAX_SAMENESS = 0.88  #: correlation of the activation with that before; hum has 0.9 and more
FAR_STEPS = 4  #: steps back to the block that a block is compared with, besides its own halves
TONE_PURITY = 0.95  #: share of the power in the strongest bins
TONE_BINS = 6  #: two tones with the width of the window
TONE_LEVEL_DBFS = -40.0
TONE_FRAMES = 5  #: 0.32 s; a busy tone lasts 0.35 s, a key (DTMF) mostly 0.1 s
_TINY = 1e-9

_WINDOW = np.hanning(FRAME_SAMPLES).astype(np.float32)
_POWER = 2 / (FRAME_SAMPLES * float(np.sum(_WINDOW**2)))  #: from a sum of squared bins to mean power

Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Heard:
    """Whether the stretch from ``start`` to ``end`` (samples) sounds like music or a tone."""

    start: int
    end: int
    music: bool


class MusicEar:
    """Listens to one channel. Judgements lie at fixed places of the call, however its audio is cut into pushes."""

    def __init__(self) -> None:
        self._waiting = np.zeros(STEP_SAMPLES, dtype=np.float32)
        self._filled = 0
        self._steps: list[_Step] = []  #: the last ones, oldest first
        self._position = 0

    @property
    def position(self) -> int:
        """Samples taken so far."""
        return self._position

    def push(self, audio: Samples) -> list[Heard]:
        """Take the next samples, shape (n,), float32, 16 kHz. Returns the judgements that they complete."""
        heard = []
        taken = 0
        while taken < len(audio):
            part = audio[taken : taken + STEP_SAMPLES - self._filled]
            self._waiting[self._filled : self._filled + len(part)] = part
            self._filled += len(part)
            self._position += len(part)
            taken += len(part)
            if self._filled == STEP_SAMPLES:
                self._filled = 0
                heard += self._step()
        return heard

    def _step(self) -> list[Heard]:
        self._steps = [*self._steps[-FAR_STEPS - 1 :], _Step.of(self._waiting)]
        if len(self._steps) < 2:
            return []
        return [Heard(self._position - BLOCK_SAMPLES, self._position, self._is_tone() or self._is_music())]

    def _is_tone(self) -> bool:
        """Whether one pure tone, or two together, stands long enough."""
        before, now = self._steps[-2:]
        run = 0
        peak = -2
        for pure, place in zip((*before.pure, *now.pure), (*before.peaks, *now.peaks), strict=True):
            run = 0 if not pure else run + 1 if abs(place - peak) <= 1 else 1
            peak = place
            if run >= TONE_FRAMES:
                return True
        return False

    def _is_music(self) -> bool:
        before, now = self._steps[-2:]
        if before.lines is None or now.lines is None:
            return False
        if np.median((before.levels, now.levels)) < MIN_LEVEL_DBFS:
            return False
        if np.median((before.flatness, now.flatness)) > MAX_FLATNESS:
            return False
        lines = _half(before.lines + now.lines)
        if _activation(lines) < MIN_ACTIVATION or _sameness(before.lines, now.lines) > MAX_SAMENESS:
            return False
        far = [step.lines for step in self._steps[:2]]
        if len(self._steps) < FAR_STEPS + 2 or far[0] is None or far[1] is None:
            return True
        return _sameness(_half(far[0] + far[1]), lines) <= MAX_SAMENESS


@dataclass(frozen=True, slots=True)
class _Step:
    """What is kept of a step: by frame, and ``lines``: how often each bin stood out (None where all is quiet)."""

    levels: Array
    flatness: Array
    pure: tuple[bool, ...]
    peaks: tuple[int, ...]
    lines: Array | None

    @classmethod
    def of(cls, audio: Samples) -> _Step:
        frames = audio.reshape(STEP_FRAMES, FRAME_SAMPLES)
        power = np.einsum("ij,ij->i", frames, frames) / FRAME_SAMPLES
        if power.max() < 10 ** (TONE_LEVEL_DBFS / 10):  # most of a call: one side is silent while the other speaks
            quiet = np.full(STEP_FRAMES, -120.0, dtype=np.float32)
            return cls(quiet, np.ones(STEP_FRAMES, np.float32), (False,) * STEP_FRAMES, (0,) * STEP_FRAMES, None)
        spectrum = np.fft.rfft(frames * _WINDOW, axis=1)[:, FIRST_BIN:END_BIN]
        bins = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
        whole = bins.sum(axis=1)
        levels = 10 * np.log10(whole * _POWER + _TINY)
        strongest = np.partition(bins, -TONE_BINS, axis=1)[:, -TONE_BINS:].sum(axis=1)
        pure = (strongest > TONE_PURITY * whole) & (levels > TONE_LEVEL_DBFS)
        logs = np.log(bins + _TINY)
        flatness = np.exp(logs.mean(axis=1)) / (whole / bins.shape[1] + _TINY)
        decibels = logs * np.float32(10 / np.log(10))
        lines = (decibels - _local_mean(decibels) > PROMINENCE_DB).mean(axis=0, dtype=np.float32)
        return cls(levels, flatness, tuple(pure.tolist()), tuple(bins.argmax(axis=1).tolist()), lines)


def _half(lines: Array) -> Array:
    return lines * np.float32(0.5)


def _local_mean(rows: Array) -> Array:
    """Running mean over :data:`NEIGHBOURS` bins; edge values are repeated."""
    half = NEIGHBOURS // 2
    sums = np.cumsum(np.pad(rows, ((0, 0), (half + 1, half)), mode="edge"), axis=1, dtype=np.float64)
    return np.asarray((sums[:, NEIGHBOURS:] - sums[:, :-NEIGHBOURS]) / NEIGHBOURS, dtype=np.float32)


def _activation(lines: Array) -> float:
    """The most prominent peaks added up, 0 to :data:`PEAKS`."""
    valleys = sliding_window_view(np.pad(lines, VALLEY_BINS, mode="edge"), VALLEY_BINS).min(axis=1)
    ground = np.maximum(valleys[: len(lines)], valleys[VALLEY_BINS + 1 : VALLEY_BINS + 1 + len(lines)])
    return float(np.sort(lines - ground)[-PEAKS:].sum())


def _sameness(left: Array, right: Array) -> float:
    """Correlation, -1..1; 1 where one of them is flat."""
    left, right = left - left.mean(), right - right.mean()
    size = float(np.sqrt((left @ left) * (right @ right)))
    return float(left @ right) / size if size > 0 else 1.0
