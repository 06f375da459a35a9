"""The clocks of devices: found out, followed over hours, and brought to one common clock without clicks."""

from __future__ import annotations

import numpy as np
import pytest
from capture_tools import PERIOD_S, Device, jitter, listen, telling, told
from hypothesis import given, settings
from hypothesis import strategies as st

from callcore.capture.align import JOINT, Aligner, Lane, resampler_lag
from callcore.capture.assemble import Assembler
from callcore.capture.clock import DeviceClock
from callcore.types import SAMPLE_RATE_HZ, WarningKind

BOUND_S = 0.020  #: what is promised of two devices; measured values are far below
SETTLED_S = 3.0  #: after it the bound holds
STEADY_S = 120.0
STEADY_BOUND_S = 0.002


def run_clock(device: Device, seconds: float, seed: int = 0):
    """Errors in seconds and drifts after every block, and the leaps."""
    clock = DeviceClock(device.rate_hz)
    frames = round(device.rate_hz * device.block_s)
    count = int(seconds / device.block_s)
    ends_s = device.start_s + np.arange(1, count + 1) * device.block_s * (1 + device.ppm * 1e-6)
    late_s = device.jitter(np.random.default_rng(seed), count)
    arrivals_s = np.maximum.accumulate(ends_s + late_s)
    errors, drifts, leaps = [], [], []
    for arrival_s, end_s in zip(arrivals_s.tolist(), ends_s.tolist(), strict=True):
        leap_s = clock.push(frames, arrival_s)
        if leap_s:
            leaps.append(leap_s)
        errors.append(clock.now_s - end_s)
        drifts.append(clock.drift)
    return np.array(errors), np.array(drifts), leaps


@pytest.mark.parametrize("ppm", [-300, 0, 300])
def test_a_clock_that_is_off_is_followed_for_hours_through_jitter(ppm):
    # 0.1 s blocks, so that three hours are simulated in a moment.
    device = Device(0, 8_000, ppm, block_s=0.1)
    errors, drifts, leaps = run_clock(device, 3 * 3600)
    assert leaps == []
    settled = round(SETTLED_S / device.block_s)
    steady = round(STEADY_S / device.block_s)
    assert np.abs(errors[settled:]).max() < BOUND_S / 2
    assert np.abs(errors[steady:]).max() < STEADY_BOUND_S
    assert drifts[-1] * 1e6 == pytest.approx(ppm, abs=2)


@settings(max_examples=25)
@given(
    ppm=st.floats(-300, 300),
    seed=st.integers(0, 2**16),
    floor_ms=st.floats(0, 4),
    spread_ms=st.floats(0, 10),
)
def test_any_clock_within_300_ppm_is_followed(ppm, seed, floor_ms, spread_ms):
    def late_s(rng, count):  # a floor that wanders, as load comes and goes
        swing = (np.sin(np.arange(count) / 400) > 0) * floor_ms
        return (swing + rng.exponential(spread_ms, count)) / 1000

    errors, _, leaps = run_clock(Device(0, ppm=ppm, jitter=late_s), 90, seed)
    assert leaps == []
    assert np.abs(errors[round(SETTLED_S / 0.02) :]).max() < BOUND_S / 2


def test_a_stall_of_the_computer_is_no_leap_of_the_device():
    def stall(rng, count):
        late_s = rng.exponential(0.002, count)
        late_s[1000:1040] += np.linspace(0.8, 0.0, 40)  # nothing for 0.8 s, then all at once
        return late_s

    errors, _, leaps = run_clock(Device(0, jitter=stall), 60)
    assert leaps == []
    assert np.abs(errors[150:]).max() < BOUND_S / 2


@pytest.mark.parametrize("leap_s", [0.2, 3.0, -0.15])
def test_a_leap_of_the_device_is_noticed_once_and_measured(leap_s):
    def leaping(rng, count):
        return rng.exponential(0.002, count) + (np.arange(count) > 1000) * leap_s

    _, drifts, leaps = run_clock(Device(0, jitter=leaping), 60)
    assert leaps == [pytest.approx(leap_s, abs=0.005)]
    assert abs(drifts[-1]) < 20e-6, "the leap is not taken for drift"


@pytest.mark.parametrize(("first_hz", "second_hz"), [(48_000, 44_100), (16_000, 8_000)])
def test_two_devices_stay_together(first_hz, second_hz):
    devices = [Device(0, first_hz, 300), Device(1, second_hz, -300, start_s=0.013)]
    heard = listen(Assembler([(0,), (1,)]), devices, 180)
    assert heard.incidents == []
    errors = []
    for channel in (0, 1):
        samples = heard.samples(channel)[160::320]
        # The assembler's zero is the arrival of the first block less its length, jitter and all: a constant.
        positions_s = (np.arange(len(samples)) * 320 + 160) / SAMPLE_RATE_HZ
        error_s = (told(samples) - positions_s + PERIOD_S / 2) % PERIOD_S - PERIOD_S / 2
        wraps = (positions_s % PERIOD_S < 0.3) | (positions_s % PERIOD_S > PERIOD_S - 0.3)
        error_s[wraps | (samples == 0)] = np.nan
        errors.append(error_s)
    count = min(map(len, errors)) - 10
    between_s = np.abs(errors[0][:count] - errors[1][:count])
    assert np.nanmax(between_s[round(SETTLED_S * 50) :]) < BOUND_S
    assert np.nanmax(between_s[round(STEADY_S * 50) :]) < STEADY_BOUND_S


def test_steering_makes_no_clicks():
    tone = 440.0

    def sine(times_s):
        return (0.5 * np.sin(2 * np.pi * tone * times_s)).astype(np.float32)

    heard = listen(Assembler([(0,)]), [Device(0, 48_000, 250, signal=sine)], 60)
    samples = heard.samples(0)[round(SETTLED_S * SAMPLE_RATE_HZ) : -SAMPLE_RATE_HZ].astype(np.float64)
    # A sine obeys x[n+1] = 2 cos(w) x[n] - x[n-1]; a click breaks that, a tiny change of pitch hardly does.
    broken = np.abs(samples[2:] - 2 * np.cos(2 * np.pi * tone / SAMPLE_RATE_HZ) * samples[1:-1] + samples[:-2])
    assert broken.max() < 2e-5


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100, 48_000, 96_000])
def test_the_resampler_keeps_speech_and_its_lag_is_short(rate_hz):
    assert resampler_lag(float(rate_hz)) < SAMPLE_RATE_HZ * 0.035

    def sine(times_s):
        return (0.5 * np.sin(2 * np.pi * 3_000 * times_s)).astype(np.float32)

    heard = listen(Assembler([(0,)]), [Device(0, rate_hz, 0, signal=sine)], 3)
    middle = heard.samples(0)[16_000:32_000]
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.01)


def test_samples_that_were_lost_are_filled_and_the_rest_stays_in_place():
    def losing(rng, count):
        return rng.exponential(0.002, count) + (np.arange(count) > 1000) * 0.5

    heard = listen(Assembler([(0,)]), [Device(0, jitter=losing, signal=lambda t: np.ones(len(t), np.float32))], 60)
    assert heard.kinds() == [WarningKind.CLOCK_JUMP]
    (warning,) = heard.incidents
    assert warning.channel == 0
    assert warning.detail["leapt_s"] == pytest.approx(0.5, abs=0.01)
    samples = heard.samples(0)
    assert len(samples) / SAMPLE_RATE_HZ == pytest.approx(60.5, abs=0.1)
    silent = np.flatnonzero(samples[1600:-1600] == 0) / SAMPLE_RATE_HZ
    assert len(silent) / SAMPLE_RATE_HZ == pytest.approx(0.5, abs=0.02)
    assert np.abs(np.diff(samples[1600:-1600])).max() < 2 / JOINT, "no click where the silence begins and ends"


def test_samples_too_many_are_cut():
    def leaping(rng, count):
        return rng.exponential(0.002, count) - (np.arange(count) > 1000) * 0.2

    heard = listen(Assembler([(0,)]), [Device(0, jitter=leaping)], 40)
    assert heard.kinds() == [WarningKind.CLOCK_JUMP]
    assert heard.incidents[0].detail["leapt_s"] == pytest.approx(-0.2, abs=0.01)
    assert len(heard.samples(0)) / SAMPLE_RATE_HZ == pytest.approx(39.8, abs=0.1)


def test_a_clock_beyond_all_devices_is_told_but_not_every_second():
    heard = listen(Assembler([(0,)]), [Device(0, ppm=6_000)], 60)
    kinds = heard.kinds()
    assert set(kinds) == {WarningKind.CLOCK_JUMP}
    assert 1 <= len(kinds) <= 6
    assert len(heard.samples(0)) / SAMPLE_RATE_HZ == pytest.approx(60 * 1.006, abs=0.2)


def test_silence_in_place_of_samples_keeps_the_time():
    aligner = Aligner(48_000.0, 1)
    produced = 0
    for number in range(100):
        samples = None if number % 3 else telling(np.arange(960) / 48_000)[:, np.newaxis]
        ready, correction, _ = aligner.push(samples, 960, (number + 1) * 0.02)
        produced += len(ready) + correction
    assert produced == pytest.approx(100 * 320 - resampler_lag(48_000.0), abs=2)


@given(steps=st.lists(st.tuples(st.sampled_from(["append", "correct", "fill", "take"]), st.integers(-400, 400))))
def test_a_lane_has_no_hole_whatever_is_done_to_it(steps):
    lane = Lane(2)
    taken = 0
    for step, count in steps:
        if step == "append":
            lane.append(np.ones((abs(count), 2), dtype=np.float32))
        elif step == "correct":
            lane.correct(count)
        elif step == "fill":
            lane.fill_to(lane.start + abs(count))
        elif lane.end - lane.start >= abs(count) > 0:
            taken += len(lane.take(abs(count)))
        assert lane.start == taken
        assert lane.end >= lane.start
    rest = lane.end - lane.start
    if rest:
        assert lane.take(rest).shape == (rest, 2)


def test_jitter_of_the_simulation_is_what_it_says():
    late_s = jitter(np.random.default_rng(0), 100_000)
    assert late_s.min() >= 0
    assert 0.2 < late_s.max() < 0.35
