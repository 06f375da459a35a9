"""What a device's clock really does, told from when its samples arrive. Pure: no clock of the machine is read here.

A device that claims 48,000 samples a second delivers 47,995 or 48,004 of them; two devices drift apart by up to a
second an hour. How many samples have come is known exactly. When they came is known with jitter that can only make them
late, never early. So of each second the earliest arrival counts, and a Kalman filter with two states, offset and drift,
follows these minima: quick while it knows little, slow and calm afterwards.
"""

from __future__ import annotations

import math

BUCKET_S = 1.0  #: one observation a second: the least late of some fifty arrivals
SETTLED_BUCKETS = 2  #: until then the first arrivals, which may have waited in the device, are not held against it
JUMP_S = 0.040  #: a whole second of arrivals this far off is no jitter; two 20 ms packets
MAX_DRIFT = 500e-6  #: sound devices stay within 100 ppm, bad ones within 300; more is no drift but a fault

OFFSET_SPREAD_S = 5e-3  #: of the first observation
DRIFT_SPREAD = 100e-6  #: of devices, before anything is known
OFFSET_WALK = 20e-6  #: s per square root of a second: how the floor of the jitter wanders with the load
DRIFT_WALK = 0.05e-6  #: per square root of a second: 3 ppm an hour, as a crystal warms up
MIN_NOISE_S = 0.5e-3  #: of a minimum
FIRST_NOISE_S = 4e-3
MAX_NOISE_S = 15e-3
NOISE_MEMORY = 0.95  #: share of the old noise estimate kept with each observation
OUTLIER = 3.0  #: an observation further out counts as if it were this many standard deviations out


class DeviceClock:
    """Follows one device. Times are seconds of any common clock that runs evenly, the same for all devices.

    The device's own time is ``samples / rate_hz``. ``drift`` is by how much a second of the device is longer than one
    of the common clock: +100e-6 for a device that delivers 100 ppm too few samples.
    """

    def __init__(self, rate_hz: float) -> None:
        self.rate_hz = rate_hz
        self.drift = 0.0
        self._sample_count = 0
        self._offset_s = 0.0  # at _updated_s of device time: arrival less device time
        self._updated_s = 0.0
        self._spread = (OFFSET_SPREAD_S**2, 0.0, DRIFT_SPREAD**2)  # covariance: offset, both, drift
        self._noise = FIRST_NOISE_S**2
        self._buckets = 0
        self._least_s = math.inf  # smallest deviation in the open bucket
        self._opened_s = -math.inf  # arrival that opened the bucket

    @property
    def settled(self) -> bool:
        """Whether enough has been seen to hold the device to it."""
        return self._buckets >= SETTLED_BUCKETS

    @property
    def device_s(self) -> float:
        """Device time at the end of what was pushed."""
        return self._sample_count / self.rate_hz

    @property
    def now_s(self) -> float:
        """Common time at the end of what was pushed, freed of jitter."""
        return self.device_s + self._expected_s()

    def push(self, sample_count: int, arrival_s: float) -> float:
        """Samples arrived, the last of them at ``arrival_s``. Returns by how many seconds the device leapt, usually 0.

        Positive: samples are missing (the device stood still or lost them). Negative: there are too many.
        """
        self._sample_count += sample_count
        if math.isinf(self._opened_s):
            self._offset_s = arrival_s - self.device_s
            self._updated_s = self.device_s
            self._opened_s = arrival_s
        deviation_s = arrival_s - self.device_s - self._expected_s()
        if not self.settled and deviation_s < 0:
            self._offset_s += deviation_s  # it came earlier than thought possible: the first ones had waited
            self._least_s = max(self._least_s - deviation_s, 0.0) if math.isfinite(self._least_s) else 0.0
            deviation_s = 0.0
        self._least_s = min(self._least_s, deviation_s)
        # Both clocks must have moved on: a burst after a stall holds many samples and says nothing new.
        if arrival_s - self._opened_s < BUCKET_S or self.device_s - self._updated_s < BUCKET_S / 2:
            return 0.0
        least_s, self._least_s, self._opened_s = self._least_s, math.inf, arrival_s
        self._buckets += 1
        if abs(least_s) >= JUMP_S and self.settled:
            self._offset_s += least_s
            return least_s
        self._update(least_s)
        return 0.0

    def _expected_s(self) -> float:
        return self._offset_s + self.drift * (self.device_s - self._updated_s)

    def _update(self, deviation_s: float) -> None:
        """One step of the Kalman filter."""
        step_s = self.device_s - self._updated_s
        offset, both, drift = self._spread
        offset += step_s * (2 * both + step_s * drift) + OFFSET_WALK**2 * step_s
        both += step_s * drift
        drift += DRIFT_WALK**2 * step_s
        self._offset_s = self._expected_s()
        self._updated_s = self.device_s
        limit_s = OUTLIER * math.sqrt(offset + self._noise)
        kept_s = min(max(deviation_s, -limit_s), limit_s)
        noise = NOISE_MEMORY * self._noise + (1 - NOISE_MEMORY) * kept_s**2
        self._noise = min(max(noise, MIN_NOISE_S**2), MAX_NOISE_S**2)
        gain_offset = offset / (offset + self._noise)
        gain_drift = both / (offset + self._noise)
        self._offset_s += gain_offset * kept_s
        self.drift = min(max(self.drift + gain_drift * kept_s, -MAX_DRIFT), MAX_DRIFT)
        self._spread = ((1 - gain_offset) * offset, (1 - gain_offset) * both, drift - gain_drift * both)
