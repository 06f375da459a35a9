"""What is wrong with a recording, told from its samples alone.

Pure: blocks go in, warnings come out at the end. Statistics are gathered second by second, so that the findings do not
depend on how the audio was cut into blocks. The thresholds were set on real calls; docs/audio.md tells how.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from callcore.audio.frames import Block
from callcore.types import SAMPLE_RATE_HZ, AudioWarning, WarningKind

CHUNK = SAMPLE_RATE_HZ  #: samples judged at once
WINDOW = SAMPLE_RATE_HZ // 10  #: 100 ms, about a syllable: the grain of "alive" and "active"

ALIVE_LEVEL = 10 ** (-60 / 20)  #: RMS; line noise and comfort noise stay below, the faintest usable speech is near -50
DEAD_ALIVE_S = 0.3  #: a channel alive for less is dead: a switching click or two, but no word
LIVE_ALIVE_S = 1.0  #: the other channel must live at least so long, else the whole call is silent and not one side

ACTIVE_LEVEL = 10 ** (-50 / 20)  #: RMS of windows that count for clipping and bandwidth: speech, not the room
CLIP_LEVEL = 0.95  #: below the top code of mu-law (0.980) and A-law (0.984) by the ripple that resampling adds
CLIP_RUN = 3  #: samples in a row: a single peak touches the ceiling, a cut wave stays there
CLIP_SHARE = 5e-3  #: of active samples: a call recorded some 6 dB too loud; less does no harm to recognition
CLIP_ACTIVE_S = 0.5  #: less sound than this is not judged

DUPLICATE_RESIDUAL = 10 ** (-25 / 10)  #: left of one channel when the other is taken away; coded copies reach -34 dB
DUPLICATE_GAIN_DB = 12.0  #: copies differ less in level; a fainter likeness is crosstalk of the line

DC_LEVEL = 0.02  #: of full scale; eight-bit telephone recordings have up to 0.01 and nothing suffers from it
DC_MIN_S = 3.0  #: the mean of a shorter sound is no offset

BAND_RATE_HZ = 16_000  #: only containers of at least this rate promise sound above 4 kHz
BAND_WINDOW = 1024  #: 64 ms
BAND_WINDOWS_PER_CHUNK = 4  #: a quarter of the time is looked at
BAND_MIN_WINDOWS = 32  #: two seconds of sound, or the consonants that reach high may just not have come
BAND_MAX_WINDOWS = 2400  #: ten minutes of sound tell all; the work ends there
BAND_VOICE_HZ = (300.0, 3400.0)  #: the telephone's band
BAND_HIGH_HZ = (4400.0, 7200.0)  #: above the edge of any telephone filter, below that of the resampler
BAND_RATIO_DB = -50.0  #: wideband speech has -45 to -10 dB (shared recordings), telephone speech -60 or less

TAPER = np.hanning(BAND_WINDOW).astype(np.float32)


class FaultDetector:
    """Gathers figures over a call and judges them at its end.

    ``source_rate_hz``: rate before resampling; tells whether sound above 4 kHz can be expected.
    """

    def __init__(self, channel_count: int, source_rate_hz: int) -> None:
        self._channels = [_Channel() for _ in range(channel_count)]
        self._source_rate_hz = source_rate_hz
        self._sample_count = 0
        self._sums = np.zeros(channel_count)
        self._products = np.zeros((channel_count, channel_count))
        self._rest: Block = np.empty((channel_count, 0), dtype=np.float32)

    @property
    def sample_count(self) -> int:
        """Samples of each channel taken in so far."""
        return self._sample_count + int(self._rest.shape[1])

    def push(self, block: Block) -> None:
        """Take in ``block``: shape (channels, n), float32, at 16 kHz."""
        pending = np.concatenate((self._rest, block), axis=1) if self._rest.shape[1] else block
        whole = pending.shape[1] - pending.shape[1] % CHUNK
        for start in range(0, whole, CHUNK):
            self._judge(pending[:, start : start + CHUNK])
        self._rest = pending[:, whole:].copy()

    def finish(self) -> list[AudioWarning]:
        """What is wrong, in the order of :class:`~callcore.types.WarningKind`. The detector is used up then."""
        if self._rest.shape[1]:
            self._judge(self._rest)
            self._rest = self._rest[:, :0]
        return self.found()

    def found(self) -> list[AudioWarning]:
        """What is wrong by the whole seconds taken in so far; the detector goes on."""
        found = self._duplicates()
        for number, channel in enumerate(self._channels):
            others_s = max((c.alive_s for c in self._channels if c is not channel), default=0.0)
            found += _dead(number, channel, others_s)
            found += _clipping(number, channel)
            found += _dc_offset(number, float(self._sums[number]) / max(1, self._sample_count), self._sample_count)
            found += _not_finite(number, channel)
            if self._source_rate_hz >= BAND_RATE_HZ:
                found += _telephone_band(number, channel, self._source_rate_hz)
        order = list(WarningKind)
        return sorted(found, key=lambda warning: (order.index(warning.kind), warning.channel or 0))

    def _judge(self, chunk: Block) -> None:
        """Add at most one second to the figures."""
        finite = np.isfinite(chunk)
        if not finite.all():
            for good, channel in zip(finite, self._channels, strict=True):
                channel.not_finite += good.size - int(np.count_nonzero(good))
            chunk = np.where(finite, chunk, np.float32(0))
        self._sample_count += chunk.shape[1]
        exact = chunk.astype(np.float64)
        self._sums += exact.sum(axis=1)
        self._products += exact @ exact.T
        for row, channel in zip(chunk, self._channels, strict=True):
            channel.judge(row, bands=self._source_rate_hz >= BAND_RATE_HZ)

    def _duplicates(self) -> list[AudioWarning]:
        """Channels that are a copy (also a louder, fainter or inverted one) of a channel before them."""
        if not self._sample_count:
            return []
        covariance = self._products - np.outer(self._sums, self._sums) / self._sample_count
        found = []
        for number, channel in enumerate(self._channels):
            for first in range(number):
                if min(channel.alive_s, self._channels[first].alive_s) < DEAD_ALIVE_S:
                    continue
                own, other = covariance[number, number], covariance[first, first]
                residual = max(0.0, 1.0 - covariance[number, first] ** 2 / (own * other))
                gain_db = 10 * math.log10(own / other)
                if residual < DUPLICATE_RESIDUAL and abs(gain_db) < DUPLICATE_GAIN_DB:
                    found.append(_duplicate(number, first, residual, gain_db))
                    break
        return found


@dataclass(slots=True)
class _Channel:
    """Figures of one channel."""

    alive_windows: int = 0
    active_windows: int = 0
    clipped_samples: int = 0
    not_finite: int = 0
    band_windows: int = 0
    voice_power: float = 0.0
    high_power: float = 0.0
    peak: float = 0.0

    @property
    def alive_s(self) -> float:
        return self.alive_windows * WINDOW / SAMPLE_RATE_HZ

    def judge(self, row: npt.NDArray[np.float32], *, bands: bool) -> None:
        """Add at most one second, shape (n,), to the figures; a last stretch below 100 ms is left out."""
        windows = row[: row.size - row.size % WINDOW].reshape(-1, WINDOW)
        level = windows.std(axis=1)
        self.alive_windows += int(np.count_nonzero(level > ALIVE_LEVEL))
        active = int(np.count_nonzero(level > ACTIVE_LEVEL))
        self.active_windows += active
        if not active:
            return
        magnitude = np.abs(row)
        peak = float(magnitude.max())
        self.peak = max(self.peak, peak)
        if peak >= CLIP_LEVEL:
            self.clipped_samples += _samples_in_runs(magnitude >= CLIP_LEVEL, CLIP_RUN)
        if bands and self.band_windows < BAND_MAX_WINDOWS:
            self._add_bands(row)

    def _add_bands(self, row: npt.NDArray[np.float32]) -> None:
        step = CHUNK // BAND_WINDOWS_PER_CHUNK
        starts = range(0, row.size - BAND_WINDOW + 1, step)
        windows = np.array([row[start : start + BAND_WINDOW] for start in starts]).reshape(-1, BAND_WINDOW)
        windows = windows[windows.std(axis=1) > ACTIVE_LEVEL]
        power = np.abs(np.fft.rfft(windows * TAPER, axis=1)) ** 2
        self.band_windows += len(windows)
        self.voice_power += float(power[:, _bins(BAND_VOICE_HZ)].sum())
        self.high_power += float(power[:, _bins(BAND_HIGH_HZ)].sum())


def _bins(band_hz: tuple[float, float]) -> slice:
    low, high = band_hz
    return slice(round(low * BAND_WINDOW / SAMPLE_RATE_HZ), round(high * BAND_WINDOW / SAMPLE_RATE_HZ) + 1)


def _samples_in_runs(hot: npt.NDArray[np.bool_], length: int) -> int:
    """How many samples of ``hot`` lie in runs of at least ``length``."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], hot, [False])).astype(np.int8)))
    runs = edges[1::2] - edges[::2]
    return int(runs[runs >= length].sum())


def _duplicate(number: int, first: int, residual: float, gain_db: float) -> AudioWarning:
    residual_db = 10 * math.log10(max(residual, 1e-12))
    return AudioWarning(
        WarningKind.DUPLICATED_CHANNELS,
        f"channels {first} and {number} carry the same signal ({residual_db:.0f} dB difference): mono saved as stereo, "
        "so the speakers cannot be told apart by channel",
        channel=number,
        detail={"of": float(first), "residual_db": round(residual_db, 1), "gain_db": round(gain_db, 1)},
    )


def _dead(number: int, channel: _Channel, others_s: float) -> list[AudioWarning]:
    if channel.alive_s >= DEAD_ALIVE_S or others_s < LIVE_ALIVE_S:
        return []
    message = (
        f"channel {number} is dead: {channel.alive_s:.1f} s above {20 * math.log10(ALIVE_LEVEL):.0f} dBFS, "
        f"the other {others_s:.1f} s; one side of the call is missing"
    )
    detail = {"alive_s": round(channel.alive_s, 1), "other_alive_s": round(others_s, 1)}
    return [AudioWarning(WarningKind.DEAD_CHANNEL, message, channel=number, detail=detail)]


def _clipping(number: int, channel: _Channel) -> list[AudioWarning]:
    active = channel.active_windows * WINDOW
    if active < CLIP_ACTIVE_S * SAMPLE_RATE_HZ or channel.clipped_samples < CLIP_SHARE * active:
        return []
    share = channel.clipped_samples / active
    message = (
        f"channel {number} is clipped: {share:.1%} of its sound lies at full scale; it was recorded too loud and words "
        "may be lost"
    )
    detail = {"share": round(share, 5), "peak": round(channel.peak, 3)}
    return [AudioWarning(WarningKind.CLIPPING, message, channel=number, detail=detail)]


def _dc_offset(number: int, mean: float, sample_count: int) -> list[AudioWarning]:
    if abs(mean) < DC_LEVEL or sample_count < DC_MIN_S * SAMPLE_RATE_HZ:
        return []
    message = f"channel {number} is off centre by {mean:+.1%} of full scale (DC): a fault of the recorder's input"
    return [AudioWarning(WarningKind.DC_OFFSET, message, channel=number, detail={"offset": round(mean, 4)})]


def _not_finite(number: int, channel: _Channel) -> list[AudioWarning]:
    if not channel.not_finite:
        return []
    message = f"channel {number} has {channel.not_finite} samples that are no numbers"
    detail = {"samples": float(channel.not_finite)}
    return [AudioWarning(WarningKind.NOT_FINITE, message, channel=number, detail=detail)]


def _telephone_band(number: int, channel: _Channel, source_rate_hz: int) -> list[AudioWarning]:
    if channel.band_windows < BAND_MIN_WINDOWS or channel.voice_power <= 0:
        return []
    ratio_db = 10 * math.log10(max(channel.high_power / channel.voice_power, 1e-12))
    if ratio_db > BAND_RATIO_DB:
        return []
    message = (
        f"channel {number} is telephone sound in a {source_rate_hz / 1000:g} kHz file: {ratio_db:.0f} dB above 4 kHz; "
        "nothing is lost, but a model made for 8 kHz calls hears it better"
    )
    detail = {"high_band_db": round(ratio_db, 1)}
    return [AudioWarning(WarningKind.TELEPHONE_BAND, message, channel=number, detail=detail)]
