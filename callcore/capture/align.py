"""One device's samples, brought to 16 kHz of the common clock.

Pure: samples and their arrival times go in, samples at their positions come out. The change of rate and the correction
of the drift are one and the same step, soxr's variable-rate resampler (docs/capture.md has its measured quality); only
what a device lost or leapt is filled with silence or cut, with soft joints.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import soxr

from callcore.capture.clock import DeviceClock
from callcore.types import SAMPLE_RATE_HZ

Packed = npt.NDArray[np.float32]  #: shape (n, channels), float32, full scale 1.0

RATE_MARGIN = 1.01  #: soxr wants to know the largest ratio beforehand
STEER_S = 20.0  #: an offset is steered away within about this time, ...
MAX_STEER = 500e-6  #: ... the pitch never off by more than this beside the drift itself: a hundredth of a semitone
REALIGN_S = 5e-3  #: once the clock has settled, a larger first offset is cut or filled instead of steered away
JOINT = SAMPLE_RATE_HZ * 4 // 1000  #: samples of the soft passage where audio was cut or filled


class Aligner:
    """From one opening of a device to its end. Times are seconds since the start of the call.

    :attr:`drift_ppm` and :attr:`error_s` tell how it goes.
    """

    def __init__(self, rate_hz: float, channel_count: int) -> None:
        self.clock = DeviceClock(rate_hz)
        self.start: int | None = None  #: position of the first sample that came; None before it
        self.error_s = 0.0  #: by how much the samples should lie later than they do
        self._rate_hz = rate_hz
        self._channel_count = channel_count
        self._stream = _stream(rate_hz, channel_count)
        self._lag = resampler_lag(rate_hz)
        self._produced = 0  # samples at 16 kHz so far, with what was inserted or cut
        self._settled = False

    @property
    def drift_ppm(self) -> float:
        """By how much the device is slow, in millionths."""
        return self.clock.drift * 1e6

    def push(self, samples: Packed | None, frame_count: int, arrival_s: float) -> tuple[Packed, int, float]:
        """Bring ``frame_count`` frames in; ``samples`` None stands for silence of that length.

        Returns what is ready, shape (n, channels) at 16 kHz; the correction to be made ahead of it in samples at 16
        kHz (positive: silence is to be put in, negative: so much of what follows is to be dropped); and the seconds
        the device's clock leapt, usually 0.
        """
        if samples is None:
            samples = np.zeros((frame_count, self._channel_count), dtype=np.float32)
        leap_s = self.clock.push(frame_count, arrival_s)
        if self.start is None:
            self.start = round((arrival_s - frame_count / self._rate_hz) * SAMPLE_RATE_HZ)
        correction = 0
        self._steer(frame_count)
        ready: Packed = self._stream.resample_chunk(np.ascontiguousarray(samples))
        self._produced += len(ready)
        self.error_s = self.clock.now_s - (self.start + self._produced + self._lag) / SAMPLE_RATE_HZ
        settles = self.clock.settled and not self._settled
        if leap_s or (settles and abs(self.error_s) > REALIGN_S):
            correction = round(self.error_s * SAMPLE_RATE_HZ)
            self._produced += correction
            self.error_s = 0.0
        self._settled = self.clock.settled
        return ready, correction, leap_s

    def finish(self) -> Packed:
        """What the resampler still holds, shape (n, channels)."""
        if self.start is None:
            return np.empty((0, self._channel_count), dtype=np.float32)
        frame_count = round(self._lag * self._rate_hz / SAMPLE_RATE_HZ)
        rest: Packed = self._stream.resample_chunk(np.zeros((frame_count, self._channel_count), dtype=np.float32))
        return rest

    def _steer(self, frame_count: int) -> None:
        steer = min(max(self.error_s / STEER_S, -MAX_STEER), MAX_STEER)
        factor = (1.0 + self.clock.drift) * (1.0 + steer)
        self._stream.set_io_ratio(self._rate_hz / factor, SAMPLE_RATE_HZ, frame_count)


class Lane:
    """The samples of one device on the common clock, from position :attr:`start` to :attr:`end`, without a hole."""

    def __init__(self, channel_count: int, start: int = 0) -> None:
        self.start = start
        self.end = start
        self._channel_count = channel_count
        self._pieces: list[Packed] = []
        self._skip = 0
        self._joint = False
        self._last = np.zeros(channel_count, dtype=np.float32)

    def append(self, samples: Packed) -> None:
        """Put samples, shape (n, channels), at the end."""
        if self._skip:
            skipped = min(self._skip, len(samples))
            self._skip -= skipped
            samples = samples[skipped:]
        if not len(samples):
            return
        if self._joint:
            samples = self._softened(samples)
            self._joint = False
        self._pieces.append(samples)
        self.end += len(samples)
        self._last = samples[-1]

    def correct(self, count: int) -> None:
        """Silence at the end (``count`` > 0), or so many of the samples to come left out (``count`` < 0)."""
        cancelled = min(max(count, 0), self._skip)
        self._skip -= cancelled
        count -= cancelled
        if count:
            self._joint = True
        if count > 0:
            self.append(np.zeros((count, self._channel_count), dtype=np.float32))
            self._joint = True
        else:
            self._skip -= count

    def begin_at(self, position: int) -> None:
        """What follows belongs to ``position``: a hole before it becomes silence, what is too late is left out."""
        self._skip = 0
        self._joint = True
        self.correct(position - self.end)

    def fill_to(self, position: int) -> None:
        """Silence until ``position``, if the lane is not there yet."""
        if position > self.end:
            self._joint = True
            self.append_silence(position - self.end)

    def append_silence(self, count: int) -> None:
        self.append(np.zeros((count, self._channel_count), dtype=np.float32))
        self._joint = True

    def take(self, count: int) -> Packed:
        """The next ``count`` samples, shape (count, channels); they must be there."""
        have = np.concatenate(self._pieces) if len(self._pieces) > 1 else self._pieces[0]
        self._pieces = [have[count:]] if len(have) > count else []
        self.start += count
        return have[:count]

    def forget(self) -> None:
        """Turn all that waits into silence."""
        self._pieces = [np.zeros_like(piece) for piece in self._pieces]
        self._last = np.zeros(self._channel_count, dtype=np.float32)

    def _softened(self, samples: Packed) -> Packed:
        """``samples`` faded in while the last value before them fades out: no click at the joint."""
        count = min(JOINT, len(samples))
        ramp = (np.arange(1, count + 1, dtype=np.float32) / np.float32(count + 1))[:, np.newaxis]
        head = samples[:count] * ramp + self._last * (np.float32(1) - ramp)
        return np.concatenate((head, samples[count:]))


@cache
def resampler_lag(rate_hz: float) -> int:
    """Samples at 16 kHz that the resampler for ``rate_hz`` holds back, measured on a second of silence.

    soxr states a constant for its variable-rate mode that is not it.
    """
    stream = _stream(rate_hz, 1)
    block = np.zeros((round(rate_hz / 50), 1), dtype=np.float32)
    produced = sum(len(stream.resample_chunk(block)) for _ in range(50))
    return round(50 * len(block) * SAMPLE_RATE_HZ / rate_hz) - produced


def _stream(rate_hz: float, channel_count: int) -> soxr.ResampleStream:
    stream = soxr.ResampleStream(rate_hz * RATE_MARGIN, SAMPLE_RATE_HZ, channel_count, "float32", vr=True)
    stream.set_io_ratio(rate_hz, SAMPLE_RATE_HZ)
    return stream
