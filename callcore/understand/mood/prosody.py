"""How a stretch of speech sounds: pitch, loudness, pace and voice quality in the band of a telephone.

No kept library measures these under a licence a product can use and with wheels for every Python callcore runs on
(docs/mood.md), so they are made here from published methods, in numpy:

* pitch: autocorrelation of the windowed frame over that of the window (Boersma 1993, "Accurate short-term analysis of
  the fundamental frequency and the harmonics-to-noise ratio of a sampled sound"), twice: instead of a path search, the
  second pass looks only around the quartiles of the first (Hirst 2011, "The analysis by synthesis of speech melody").
* harmonics-to-noise ratio: from the same autocorrelation (Boersma 1993).
* pace: peaks of loudness with a dip before them, in voiced frames: syllable nuclei (de Jong and Wempe 2009, "Praat
  script to detect syllable nuclei and measure speech rate automatically").
* tilt: the level above 1 kHz beside that below, after the alpha ratio of eGeMAPS (Eyben et al. 2016), its bands moved
  into the telephone's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from callcore.types import SAMPLE_RATE_HZ, Samples
from callcore.understand.base import VoiceTone

Float32 = npt.NDArray[np.float32]
Bool = npt.NDArray[np.bool_]

MEASURES = (
    "pitch",  #: median, semitones above 1 Hz
    "pitch_high",  #: 90th percentile, semitones above 1 Hz
    "pitch_range",  #: between the 10th and the 90th percentile, semitones
    "pitch_slope",  #: of a straight line through the pitch, semitones a second
    "level",  #: mean of the voiced frames, dB of full scale
    "level_range",  #: between the 10th and the 90th percentile of speech, dB
    "level_change",  #: mean step between frames 10 ms apart, dB
    "rate",  #: syllable nuclei a second of speech
    "tilt",  #: level of 1 to 3.4 kHz beside 0.2 to 1 kHz in voiced frames, dB
    "hnr",  #: median harmonics-to-noise ratio of the voiced frames, dB
    "voiced",  #: share of speech that is voiced, 0..1
)

BAND_RATE_HZ = 8_000  #: everything is measured at a telephone's rate, whatever the call's audio holds above it
FRAME = 320  #: samples at 8 kHz, 40 ms: three periods of the lowest pitch, as Boersma (1993) asks
HOP = 80  #: 10 ms
FFT = 512
LAG_STEP = 2  #: points of the autocorrelation for each sample
LOWEST_HZ, HIGHEST_HZ = 75.0, 500.0
VOICED = 0.5  #: least autocorrelation of a voiced frame
OCTAVE_COST = 0.005  #: a peak an octave up may be this much lower and still be the pitch
BELOW_PEAK_DB = 30.0  #: frames further below the loud ones are pauses
LEAST_LEVEL_DB = -65.0  #: of speech, dB of full scale
LEAST_VOICED_FRAMES = 30  #: 0.3 s
LEAST_VOICED_SHARE = 0.2  #: of the frames that are no pauses
DIP_DB = 2.0  #: before the peak of a syllable
PEAK_TO_TILT_HZ = 1_000.0
BAND_HZ = (200.0, 3_400.0)
STEADY_STEP = 0.03  #: semitones between frames: less than half of a voice's steps are smaller
STEADY_SHARE = 0.55  #: of the steps of a hum, a signal tone or a held note
LARGEST_STEP = 1.0  #: semitones, median: what jumps about more is noise whose pitch is chance
LEAST_RANGE_DB = 10.0  #: of the level: speech rises and falls with its syllables; music and engines do so less
LEAST_CHANGE_DB = 0.9  #: of the level between frames, mean
MOST_SAMPLES = 30 * SAMPLE_RATE_HZ  #: of a stretch that are measured: no segment is longer


@dataclass(frozen=True, slots=True)
class _Frames:
    """Spectra and levels of the frames: ``power`` (n, 257), ``level`` (n,) dB, ``active`` (n,)."""

    power: Float32
    level: Float32
    active: Bool


def measure(audio: Samples) -> VoiceTone | None:
    """The tone of one speaker's stretch, shape (n,), float32, 16 kHz, 0.5 to 30 s of it; of more the first 30 s.

    None where there is too little voice in it to judge: silence, noise, less than 0.3 s voiced, a sound whose pitch
    stays (hum, signal tones) or whose level does (engines, much music). Not finite samples count as silence.
    """
    frames = _frames(audio[:MOST_SAMPLES])
    if frames is None or int(frames.active.sum()) < LEAST_VOICED_FRAMES:
        return None
    power, level = frames.power[frames.active], frames.level[frames.active]
    pitch, strength = _pitch(power)
    voiced = strength >= VOICED
    count = int(voiced.sum())
    if count < max(LEAST_VOICED_FRAMES, LEAST_VOICED_SHARE * len(voiced)):
        return None
    at = np.flatnonzero(frames.active)
    together = np.diff(at) == 1
    if _is_no_voice(pitch, voiced, together):
        return None
    quiet, loud = np.percentile(level, (10, 90))
    change = float(np.abs(np.diff(level))[together].mean())
    if loud - quiet < LEAST_RANGE_DB or change < LEAST_CHANGE_DB:
        return None
    is_voiced = np.zeros(len(frames.active), dtype=bool)
    is_voiced[at[voiced]] = True
    speech_s = len(level) * HOP / BAND_RATE_HZ
    low, middle, high = np.percentile(pitch[voiced], (10, 50, 90))
    values = (
        middle,
        high,
        high - low,
        _slope(at[voiced] * (HOP / BAND_RATE_HZ), pitch[voiced]),
        level[voiced].mean(),
        loud - quiet,
        change,
        _nuclei(frames.level, is_voiced) / speech_s,
        _tilt(power[voiced]),
        np.median(_hnr(strength[voiced])),
        count / len(voiced),
    )
    return VoiceTone({name: float(value) for name, value in zip(MEASURES, values, strict=True)}, len(audio))


@cache
def _halving() -> tuple[Float32, Float32]:
    """A low-pass at 3.6 kHz for half the rate (windowed sinc, 48 taps), its even and its odd taps."""
    taps = np.arange(48) - 23.5
    sinc = np.sinc(0.45 * taps) * np.hamming(48)
    sinc = (sinc / sinc.sum()).astype(np.float32)
    return sinc[0::2], sinc[1::2]


@cache
def _window() -> tuple[Float32, Float32, Float32, Float32]:
    """The Hann window; its autocorrelation at the lags searched; those lags in samples; their octave cost."""
    window = np.hanning(FRAME + 2)[1:-1].astype(np.float32)
    spectrum = np.abs(np.fft.rfft(window, 2 * FFT)) ** 2
    own = np.fft.irfft(spectrum, 2 * FFT * LAG_STEP)[: FFT * LAG_STEP] * LAG_STEP
    first = int(BAND_RATE_HZ / HIGHEST_HZ * LAG_STEP) - 1
    end = int(BAND_RATE_HZ / LOWEST_HZ * LAG_STEP) + 2
    lags = np.arange(first, end)
    cost = OCTAVE_COST * np.log2(lags / LAG_STEP * LOWEST_HZ / BAND_RATE_HZ)
    return (
        window,
        (own[lags] / own[0]).astype(np.float32),
        (lags / LAG_STEP).astype(np.float32),
        cost.astype(np.float32),
    )


def _bins(low_hz: float, high_hz: float) -> slice:
    return slice(round(low_hz * FFT / BAND_RATE_HZ), round(high_hz * FFT / BAND_RATE_HZ) + 1)


_VOICE = slice(_bins(60.0, 60.0).start, _bins(*BAND_HZ).stop)  #: of the spectrum, where pitch is looked for


@cache
def _waves() -> Float32:
    """What turns power into autocorrelation, (bins of ``_VOICE``, 1 + lags): at lag 0 and at those searched.

    The inverse transform of a real, even spectrum, written out: a fifth of its lags are wanted.
    """
    lags = np.concatenate([[0.0], _window()[2]])
    bins = np.arange(_VOICE.start, _VOICE.stop)
    return np.asarray(np.cos(2 * np.pi / FFT * np.outer(bins, lags)) / (FFT * LAG_STEP / 2), dtype=np.float32)


def _frames(audio: Samples) -> _Frames | None:
    """Cut ``audio`` into frames at 8 kHz; None where there is not one that could be speech."""
    sound = np.nan_to_num(np.asarray(audio, dtype=np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    if len(sound) < 2 * (FRAME + len(_halving()[0]) * 2):
        return None
    sound = np.clip(sound, -4.0, 4.0)  # full scale is 1; what a faulty source gives beyond must not overflow
    even, odd = _halving()
    sound = sound[: len(sound) // 2 * 2]
    band = np.convolve(sound[0::2], even, "valid") + np.convolve(sound[1::2], odd, "valid")
    cut = np.lib.stride_tricks.sliding_window_view(band, FRAME)[::HOP]
    window = _window()[0]
    spectrum = np.fft.rfft((cut - cut.mean(axis=1, keepdims=True)) * window, FFT)
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    energy = power[:, _bins(*BAND_HZ)].sum(axis=1) * np.float32(2.0 / (FFT * (window**2).sum()))
    level = (10 * np.log10(energy + np.float32(1e-10))).astype(np.float32)
    loud = float(np.percentile(level, 95))
    if loud < LEAST_LEVEL_DB:
        return None
    return _Frames(power, level, level > max(loud - BELOW_PEAK_DB, LEAST_LEVEL_DB))


def _pitch(power: Float32) -> tuple[Float32, Float32]:
    """Pitch in semitones above 1 Hz and strength 0..1 of frames with spectra ``power`` (n, 257)."""
    _, own, lags, cost = _window()
    shape = power[:, _VOICE] @ _waves()
    curve = (shape[:, 1:] / (shape[:, :1] + np.float32(1e-12)) / own).astype(np.float32)
    tops = np.full_like(curve, -np.inf)
    inner = curve[:, 1:-1]
    tops[:, 1:-1] = np.where((inner >= curve[:, :-2]) & (inner > curve[:, 2:]), inner - cost[1:-1], -np.inf)
    pitch, strength = _pick(curve, tops, lags)
    sure = strength >= VOICED
    if not sure.any():
        return pitch, strength
    # Hirst (2011): from three quarters of the lower quartile to one and a half of the upper.
    lower, upper = np.percentile(pitch[sure], (25, 75))
    hertz = BAND_RATE_HZ / lags
    outside = (hertz < 0.75 * 2 ** (lower / 12)) | (hertz > 1.5 * 2 ** (upper / 12))
    tops[:, outside] = -np.inf
    return _pick(curve, tops, lags)


def _pick(curve: Float32, tops: Float32, lags: Float32) -> tuple[Float32, Float32]:
    """The best peak of each frame, its place refined by a parabola: semitones and strength; 0 where there is none."""
    best = np.clip(tops.argmax(axis=1), 1, len(lags) - 2)
    rows = np.arange(len(best))
    left, middle, right = curve[rows, best - 1], curve[rows, best], curve[rows, best + 1]
    bend = left - 2 * middle + right
    shift = np.where(bend < -1e-6, 0.5 * (left - right) / np.minimum(bend, -1e-6), 0.0)
    lag = lags[best] + np.clip(shift, -0.5, 0.5) / LAG_STEP
    found = np.isfinite(tops[rows, best])
    strength = np.where(found, np.clip(middle, 0.0, 0.9999), 0.0)
    return (12 * np.log2(BAND_RATE_HZ / lag)).astype(np.float32), strength.astype(np.float32)


def _is_no_voice(pitch: Float32, voiced: Bool, together: Bool) -> bool:
    """Whether the pitch hardly moves from frame to frame (a hum, a tone), or leaps about (noise)."""
    steps = np.abs(np.diff(pitch))[voiced[1:] & voiced[:-1] & together]
    if not len(steps):
        return True
    return float((steps < STEADY_STEP).mean()) > STEADY_SHARE or float(np.median(steps)) > LARGEST_STEP


def _slope(times: npt.NDArray[np.floating], values: Float32) -> float:
    centred = times - times.mean()
    spread = float((centred**2).sum())
    return float((centred * values).sum() / spread) if spread > 0 else 0.0


def _hnr(strength: Float32) -> Float32:
    clipped = np.clip(strength, 0.01, 0.999)
    return np.asarray(10 * np.log10(clipped / (1 - clipped)), dtype=np.float32)


def _tilt(power: Float32) -> float:
    below = power[:, _bins(BAND_HZ[0], PEAK_TO_TILT_HZ)].sum(axis=1)
    above = power[:, _bins(PEAK_TO_TILT_HZ, BAND_HZ[1])].sum(axis=1)
    return float(10 * np.log10((above.mean() + 1e-12) / (below.mean() + 1e-12)))


def _nuclei(level: Float32, voiced: Bool) -> int:
    """Peaks of the smoothed level, in voiced frames, each with a dip of 2 dB or more between it and the one before."""
    smooth = np.convolve(np.pad(level, 2, mode="edge"), np.full(5, 0.2, dtype=np.float32), "valid")
    rising = np.diff(smooth) > 0
    tops = np.flatnonzero(rising[:-1] & ~rising[1:]) + 1
    count, dip, height = 0, -np.inf, -np.inf
    before = 0
    for top in tops.tolist():
        dip = min(float(smooth[before : top + 1].min()), dip) if count else -np.inf
        if voiced[top] and float(smooth[top]) - dip >= DIP_DB:
            count, height, dip = count + 1, float(smooth[top]), np.inf
        elif count and float(smooth[top]) > height and voiced[top]:
            height, dip = float(smooth[top]), np.inf  # the same syllable goes on rising
        before = top
    return count
