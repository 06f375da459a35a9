"""Sounds that nobody says and that are not to be written: rings, tones, keys, melodies, knocks, sirens.

All are made from drawn numbers; none is a recording. Arrays are float32 at 16 kHz, at an RMS of about 0.1 where there
is sound.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import numpy as np
import numpy.typing as npt

from models.training.starter.channel import RATE_HZ, Audio

SIGNALS_HZ = (
    (450,),
    (425,),
    (440, 480),
    (480, 620),
    (350, 440),
    (400, 450),
    (950, 1400),
    (1100,),
    (2100,),
)  #: of exchanges and fax machines
CADENCES_S = ((1.0, 4.0), (0.35, 0.35), (0.5, 0.5), (0.4, 0.2), (2.0, 4.0), (0.1, 0.1), (30.0, 0.1))
ROWS_HZ, COLUMNS_HZ = (697, 770, 852, 941), (1209, 1336, 1477, 1633)  #: of ITU-T Q.23
BELL = (1.0, 2.0, 2.4, 3.0, 4.5, 5.3)  #: partials of a bell, roughly
SCALE = (0, 2, 4, 7, 9, 12, 14, 16)  #: semitones


def sound(seconds: float, random: Random) -> Audio:
    """A sound of one machine or another, (samples,)."""
    count = max(1, round(seconds * RATE_HZ))
    audio = random.choice(_KINDS)(count, random)
    loud = np.abs(audio) > 1e-4
    level = float(np.sqrt(np.mean(audio[loud] ** 2))) if loud.any() else 1.0
    return (audio * (0.1 / max(level, 1e-6))).astype(np.float32)


def _signal(count: int, random: Random) -> Audio:
    """Ringing, busy and other tones of an exchange."""
    tones = [hertz * random.uniform(0.97, 1.03) for hertz in random.choice(SIGNALS_HZ)]
    on, off = random.choice(CADENCES_S)
    return _tone(count, tones, random) * _cadence(count, on, off, random)


def _keys(count: int, random: Random) -> Audio:
    """Keys of a telephone."""
    audio, at = np.zeros(count, np.float32), round(random.uniform(0, 0.5) * RATE_HZ)
    on, off = random.uniform(0.06, 0.25), random.uniform(0.05, 0.6)
    while at < count:
        part = audio[at : at + round(on * RATE_HZ)]
        part += _tone(len(part), [random.choice(ROWS_HZ), random.choice(COLUMNS_HZ)], random)
        at += round((on + off * random.uniform(0.6, 1.6)) * RATE_HZ)
    return audio


def _bell(count: int, random: Random) -> Audio:
    """A struck bell: a chime now and then, or the clapper of a telephone."""
    base, dying = random.uniform(300, 2400), random.uniform(0.04, 1.2)
    strike = _struck(base, dying, random)
    if random.random() < 0.6:
        every, cadence = (
            1 / random.uniform(10, 28),
            _cadence(count, random.uniform(0.4, 2), random.uniform(0.2, 4), random),
        )
    else:
        every, cadence = random.uniform(0.25, 3), np.ones(count, np.float32)
    audio, at = np.zeros(count + len(strike), np.float32), random.uniform(0, every)
    while at * RATE_HZ < count:
        start = round(at * RATE_HZ)
        audio[start : start + len(strike)] += strike * np.float32(cadence[start] * random.uniform(0.7, 1))
        at += every * random.uniform(0.97, 1.03)
    return audio[:count]


def _struck(base: float, dying: float, random: Random) -> Audio:
    time = np.arange(round(min(4 * dying, 3.0) * RATE_HZ) + 1, dtype=np.float32) / RATE_HZ
    total = np.zeros(len(time), np.float32)
    for partial in BELL:
        hertz = base * partial * random.uniform(0.98, 1.02)
        if hertz < RATE_HZ / 2:
            total += np.sin(2 * np.pi * hertz * time) * np.exp(-time * partial / dying) * np.float32(random.random())
    return total


def _warble(count: int, random: Random) -> Audio:
    """An electronic ring: two or three tones that follow each other quickly."""
    base, rate = random.uniform(400, 2200), random.uniform(5, 28)
    tones = np.array([base * factor for factor in (1, random.uniform(1.1, 1.6), random.uniform(0.7, 1.9))])
    step = (np.arange(count) * (rate / RATE_HZ)).astype(int) % random.choice((2, 2, 3))
    return _edged(np.cumsum(tones[step]) / RATE_HZ, random) * _cadence(
        count, random.uniform(0.3, 2), random.uniform(0.1, 4), random
    )


def _beep(count: int, random: Random) -> Audio:
    """One tone, again and again: an alarm, a reversing lorry, a till."""
    phase = np.arange(count) * (random.uniform(300, 3200) / RATE_HZ)
    return _edged(phase, random) * _cadence(count, random.uniform(0.04, 0.8), random.uniform(0.05, 2), random)


def _siren(count: int, random: Random) -> Audio:
    """A tone that rises and falls."""
    sweep = np.sin(2 * np.pi * random.uniform(0.15, 6) * np.arange(count) / RATE_HZ)
    hertz = random.uniform(400, 1500) * 2 ** (sweep * random.uniform(0.1, 0.8))
    return _edged(np.cumsum(hertz) / RATE_HZ, random)


def _melody(count: int, random: Random) -> Audio:
    """Notes of a scale, one or two at a time: hold music, a ring tone."""
    audio = np.zeros(count, np.float32)
    for _ in range(random.choice((1, 2, 2, 3))):
        base, beat = random.uniform(110, 880), random.uniform(0.1, 0.6)
        at = 0
        while at < count:
            length = round(beat * random.choice((1, 1, 2)) * RATE_HZ)
            part = audio[at : at + length]
            hertz = base * 2 ** (random.choice(SCALE) / 12)
            dying = np.exp(-np.arange(len(part), dtype=np.float32) / RATE_HZ / random.uniform(0.1, 1.5))
            part += _edged(np.arange(len(part)) * (hertz / RATE_HZ), random) * dying
            at += length
    return audio


def _motor(count: int, random: Random) -> Audio:
    """A motor or a fan: many harmonics that throb."""
    time = np.arange(count, dtype=np.float32) / RATE_HZ
    base = random.uniform(40, 400)
    tones = [base * harmonic * random.uniform(0.995, 1.005) for harmonic in range(1, 12)]
    throb = 1 + random.uniform(0, 1) * np.sin(2 * np.pi * random.uniform(0.5, 30) * time)
    return (_tone(count, tones, random) * throb).astype(np.float32)


def _knocks(count: int, random: Random) -> Audio:
    """Short bursts of noise: a keyboard, a door, a cup."""
    rng = np.random.default_rng(random.getrandbits(32))
    audio, at, rate = np.zeros(count, np.float32), 0.0, random.uniform(0.7, 12)
    time = np.arange(RATE_HZ // 4, dtype=np.float32) / RATE_HZ
    while (at := at + random.expovariate(rate)) * RATE_HZ < count:
        noise = np.convolve(rng.standard_normal(len(time)), np.ones(random.randrange(1, 24)), "same")
        burst = noise * np.exp(-time / random.uniform(0.002, 0.04)) * random.uniform(0.2, 1)
        part = audio[round(at * RATE_HZ) :][: len(time)]
        part += burst[: len(part)].astype(np.float32)
    return audio


_KINDS: tuple[Callable[[int, Random], Audio], ...] = (
    _signal, _keys, _bell, _bell, _warble, _beep, _siren, _melody, _melody, _motor, _knocks,
)  # fmt: skip


def _tone(count: int, hertz: list[float], random: Random) -> Audio:
    time = np.arange(count, dtype=np.float32) / RATE_HZ
    waves = [np.sin(2 * np.pi * (one * time + random.random())) * random.uniform(0.4, 1) for one in hertz]
    return np.sum(waves, axis=0, dtype=np.float32)


def _edged(phase: npt.NDArray[np.float64], random: Random) -> Audio:
    """A sine of this phase in turns, driven into distortion or not: anything up to a square wave."""
    drive = random.choice((0.3, 1.0, 3.0, 10.0))
    return np.tanh(drive * np.sin(2 * np.pi * phase)).astype(np.float32)


def _cadence(count: int, on: float, off: float, random: Random) -> Audio:
    """1 while it sounds and 0 in between, with edges of 4 ms."""
    place = (np.arange(count) / RATE_HZ + random.uniform(0, on + off)) % (on + off)
    edge = np.minimum(place, on - place) / 0.004
    return np.clip(edge, 0, 1).astype(np.float32)
