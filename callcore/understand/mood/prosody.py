"""How a stretch of speech sounds: pitch, loudness, pace and voice quality in the band of a telephone.

No kept library measures these under a licence a product can use and with wheels for every Python callcore runs on
(docs/mood.md), so they are made here from published methods, in numpy:

* pitch: autocorrelation of the windowed frame over that of the window (Boersma 1993, "Accurate short-term analysis of
  the fundamental frequency and the harmonics-to-noise ratio of a sampled sound"), of what lies below 2 kHz (low-pass
  as in Rabiner 1977, "On the use of autocorrelation analysis for pitch detection"), twice: instead of a path search,
  the second pass looks only around the quartiles of the first (Hirst 2011, "The analysis by synthesis of speech
  melody").
* harmonics-to-noise ratio: from the same autocorrelation (Boersma 1993).
* pace: peaks of loudness with a dip before them, in voiced frames: syllable nuclei (de Jong and Wempe 2009, "Praat
  script to detect syllable nuclei and measure speech rate automatically").
* tilt: the level above 1 kHz beside that below, after the alpha ratio of eGeMAPS (Eyben et al. 2016), its bands moved
  into the telephone's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from callcore.types import SAMPLE_RATE_HZ, Samples
from callcore.understand.base import VoiceTone

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
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
HOP = 120  #: 15 ms: often enough for syllables, a third less work than every 10 ms
FFT = 512  #: points of the spectrum, 15.6 Hz apart
TAPS, BLOCK = 48, 32  #: of the filter on the way to 8 kHz, and the samples that are made at once
LOWEST_HZ, HIGHEST_HZ = 75.0, 500.0
VOICED = 0.5  #: least autocorrelation of a voiced frame
OCTAVE_COST = 0.005  #: a peak an octave up may be this much lower and still be the pitch
BELOW_PEAK_DB = 30.0  #: frames further below the loud ones are pauses
LEAST_LEVEL_DB = -65.0  #: of speech, dB of full scale
LEAST_VOICED_FRAMES = 20  #: 0.3 s
LEAST_VOICED_SHARE = 0.2  #: of the frames that are no pauses
DIP_DB = 2.0  #: before the peak of a syllable
PEAK_TO_TILT_HZ = 1_000.0
BAND_HZ = (200.0, 3_400.0)
PITCH_BAND_HZ = (60.0, 2_000.0)  #: where pitch is looked for; above it a voice is breath as much as tone
STEADY_STEP = 0.04  #: semitones between frames: less than half of a voice's steps are smaller
STEADY_SHARE = 0.55  #: of the steps of a hum, a signal tone or a held note
LARGEST_STEP = 2.0  #: semitones, median: what jumps about more is noise whose pitch is chance
LEAST_RANGE_DB = 10.0  #: of the level: speech rises and falls with its syllables; music and engines do so less
LEAST_CHANGE_DB = 1.3  #: of the level between frames, mean
MOST_SAMPLES = 30 * SAMPLE_RATE_HZ  #: of a stretch that are measured: no segment is longer


@dataclass(frozen=True, slots=True)
class _Frames:
    """Spectra and levels of the frames: ``power`` (n, bins), ``level`` (n,) dB, ``active`` (n,)."""

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
    quiet, loud = _quantiles(level, 0.1, 0.9)
    change = float(np.abs(np.diff(level))[together].mean())
    if loud - quiet < LEAST_RANGE_DB or change < LEAST_CHANGE_DB:
        return None
    is_voiced = np.zeros(len(frames.active), dtype=bool)
    is_voiced[at[voiced]] = True
    speech_s = len(level) * HOP / BAND_RATE_HZ
    low, middle, high = _quantiles(pitch[voiced], 0.1, 0.5, 0.9)
    values = (
        middle,
        high,
        high - low,
        _slope(at[voiced] * (HOP / BAND_RATE_HZ), pitch[voiced]),
        level[voiced].mean(),
        loud - quiet,
        change,
        _nuclei(frames.level, is_voiced) / speech_s,
        _tilt(power, voiced),
        _hnr(*_quantiles(strength[voiced], 0.5)),
        count / len(voiced),
    )
    return VoiceTone({name: float(value) for name, value in zip(MEASURES, values, strict=True)}, len(audio))


def _quantiles(values: Float32, *shares: float) -> list[float]:
    """Values below which a share of all lies, between neighbours on a straight line. Of a few hundred values this
    takes a tenth of the time of numpy's own.
    """
    ordered = np.sort(values).tolist()
    found = []
    for share in shares:
        place, part = divmod(share * (len(ordered) - 1), 1)
        below, above = ordered[int(place)], ordered[min(int(place) + 1, len(ordered) - 1)]
        found.append(below + part * (above - below))
    return found


@cache
def _halving() -> Float32:
    """A low-pass at 3.6 kHz (windowed sinc) and every second sample of what it leaves, as one product: what makes
    ``BLOCK`` samples at 8 kHz from the 2 * BLOCK + TAPS - 2 that they hang on.
    """
    taps = np.arange(TAPS) - (TAPS - 1) / 2
    sinc = np.sinc(0.45 * taps) * np.hamming(TAPS)
    product = np.zeros((2 * BLOCK + TAPS - 2, BLOCK), dtype=np.float32)
    for place in range(BLOCK):
        product[2 * place : 2 * place + TAPS, place] = sinc / sinc.sum()
    return product


def _window() -> Float64:
    """The Hann window of a frame, scaled so that the power of the half spectrum adds up to the mean square."""
    window = np.hanning(FRAME + 2)[1:-1]
    return np.asarray(window * np.sqrt(2.0 / (FFT * (window**2).sum())))


@cache
def _spectrum() -> tuple[Float32, Float32]:
    """What turns the sum and the difference of a frame's halves, the earlier one backwards, into the two parts of its
    spectrum up to the end of ``BAND_HZ``, its mean taken off and under the window: (FRAME / 2, bins) each.

    As products of matrices both take half the time of numpy's Fourier transform, which works frame by frame.
    """
    places = np.arange(FRAME // 2) + 0.5  # from the middle of the frame
    turns = 2 * np.pi / FFT * np.outer(places, np.arange(_bins(*BAND_HZ).stop))
    window = _window()[FRAME // 2 :, None]
    cosines, sines = window * np.cos(turns), window * np.sin(turns)
    return (cosines - cosines.mean(axis=0)).astype(np.float32), sines.astype(np.float32)


@cache
def _lags() -> tuple[Float32, Float32]:
    """The lags searched, ascending, in samples at 8 kHz; what the octave costs at each."""
    lags = np.arange(int(BAND_RATE_HZ / HIGHEST_HZ) - 1, int(BAND_RATE_HZ / LOWEST_HZ) + 2)
    return lags.astype(np.float32), (OCTAVE_COST * np.log2(lags * LOWEST_HZ / BAND_RATE_HZ)).astype(np.float32)


def _bins(low_hz: float, high_hz: float) -> slice:
    return slice(round(low_hz * FFT / BAND_RATE_HZ), round(high_hz * FFT / BAND_RATE_HZ) + 1)


@cache
def _of_bins(low_hz: float, high_hz: float) -> Float32:
    """What adds up the power of the bins of a range, (bins,)."""
    bins = np.zeros(_bins(*BAND_HZ).stop, dtype=np.float32)
    bins[_bins(low_hz, high_hz)] = 1
    return bins


@cache
def _waves() -> Float32:
    """What turns power into autocorrelation over that of the window, (bins of ``PITCH_BAND_HZ``, 1 + lags): at lag 0
    and at those searched.

    The inverse transform of a real, even spectrum, written out: a fifth of its lags are wanted.
    """
    lags = np.concatenate([[0], _lags()[0].astype(int)])
    bins = np.arange(FFT // 2 + 1)[_bins(*PITCH_BAND_HZ)]
    own = np.fft.irfft(np.abs(np.fft.rfft(_window(), 2 * FFT)) ** 2)[lags]
    return np.asarray(np.cos(2 * np.pi / FFT * np.outer(bins, lags)) * (own[0] / own), dtype=np.float32)


def _frames(audio: Samples) -> _Frames | None:
    """Cut ``audio`` into frames at 8 kHz; None where there is not one that could be speech."""
    sound = np.asarray(audio, dtype=np.float32)
    if len(sound) < 2 * FRAME + TAPS + 4 * BLOCK:
        return None
    if not np.isfinite(sound).all():
        sound = np.nan_to_num(sound, nan=0.0, posinf=0.0, neginf=0.0)
    sound = np.clip(sound, -4.0, 4.0)  # full scale is 1; what a faulty source gives beyond must not overflow
    halving = _halving()
    band = (sliding_window_view(sound, len(halving))[:: 2 * BLOCK] @ halving).reshape(-1)
    cut = sliding_window_view(band, FRAME)[::HOP]
    later, earlier = cut[:, FRAME // 2 :], cut[:, FRAME // 2 - 1 :: -1]
    cosines, sines = _spectrum()
    power, other = (later + earlier) @ cosines, (later - earlier) @ sines
    power *= power
    power += np.square(other, out=other)
    level = 10 * np.log10(power @ _of_bins(*BAND_HZ) + np.float32(1e-10))
    (loud,) = _quantiles(level, 0.95)
    if loud < LEAST_LEVEL_DB:
        return None
    return _Frames(power, level, level > max(loud - BELOW_PEAK_DB, LEAST_LEVEL_DB))


def _pitch(power: Float32) -> tuple[Float32, Float32]:
    """Pitch in semitones above 1 Hz and strength 0..1 of frames with spectra ``power`` (n, bins)."""
    lags, cost = _lags()
    curve = power[:, _bins(*PITCH_BAND_HZ)] @ _waves()
    curve = curve[:, 1:] / (curve[:, :1] + np.float32(1e-12))
    inner = curve[:, 1:-1]
    tops = np.where((inner >= curve[:, :-2]) & (inner > curve[:, 2:]), inner - cost[1:-1], np.float32(-np.inf))
    pitch, strength = _pick(curve, tops, lags)
    sure = strength >= VOICED
    if not sure.any():
        return pitch, strength
    # Hirst (2011): from three quarters of the lower quartile to one and a half of the upper.
    lower, upper = _quantiles(pitch[sure], 0.25, 0.75)
    shortest, longest = BAND_RATE_HZ / (1.5 * 2 ** (upper / 12)), BAND_RATE_HZ / (0.75 * 2 ** (lower / 12))
    first = int(lags[1:-1].searchsorted(shortest))
    end = int(lags[1:-1].searchsorted(longest, side="right"))
    return _pick(curve[:, first : end + 2], tops[:, first:end], lags[first : end + 2])


def _pick(curve: Float32, tops: Float32, lags: Float32) -> tuple[Float32, Float32]:
    """The best peak of each frame, its place refined by a parabola: semitones and strength; 0 where there is none.

    ``curve`` (n, lags) and its peaks ``tops`` (n, lags - 2), which neither the first nor the last lag can be.
    """
    best = tops.argmax(axis=1)
    rows = np.arange(len(best))
    left, middle, right = (curve[rows, best + aside] for aside in range(3))
    bend = np.minimum(left - 2 * middle + right, np.float32(-1e-6))
    shift = np.clip((left - right) / (2 * bend), -0.5, 0.5)
    strength = np.where(np.isfinite(tops[rows, best]), np.clip(middle, 0.0, 0.9999), 0.0)
    return 12 * np.log2(BAND_RATE_HZ / (lags[best + 1] + shift)), strength


def _is_no_voice(pitch: Float32, voiced: Bool, together: Bool) -> bool:
    """Whether the pitch hardly moves from frame to frame (a hum, a tone), or leaps about (noise)."""
    steps = np.abs(np.diff(pitch))[voiced[1:] & voiced[:-1] & together]
    if not len(steps):
        return True
    return float((steps < STEADY_STEP).mean()) > STEADY_SHARE or _quantiles(steps, 0.5)[0] > LARGEST_STEP


def _slope(times: npt.NDArray[np.floating], values: Float32) -> float:
    centred = times - times.mean()
    spread = float((centred**2).sum())
    return float((centred * values).sum() / spread) if spread > 0 else 0.0


def _hnr(strength: float) -> float:
    clipped = min(max(strength, 0.01), 0.999)
    return 10 * math.log10(clipped / (1 - clipped))


def _tilt(power: Float32, voiced: Bool) -> float:
    mean = voiced.astype(np.float32) @ power / voiced.sum()
    below = float(mean[_bins(BAND_HZ[0], PEAK_TO_TILT_HZ)].sum())
    above = float(mean[_bins(PEAK_TO_TILT_HZ, BAND_HZ[1])].sum())
    return 10 * math.log10((above + 1e-12) / (below + 1e-12))


def _nuclei(level: Float32, voiced: Bool) -> int:
    """Peaks of the smoothed level, in voiced frames, each with a dip of 2 dB or more between it and the one before."""
    edged = np.concatenate([level[:1], level, level[-1:]])
    smooth = (edged[:-2] + edged[1:-1] + edged[2:]) / 3
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
