"""What lies between a mouth and the recogniser: room, noise, telephone band, codec, level, lost packets.

Arrays are float32 at 16 kHz. G.711 as in ITU-T G.711 by its continuous companding laws, eight bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import numpy as np
import numpy.typing as npt
from scipy import fft

RATE_HZ = 16_000
Audio = npt.NDArray[np.float32]
PACKET = 160  #: samples of 20 ms at 8 kHz


@dataclass(frozen=True, slots=True)
class Channel:
    """One way from mouth to recogniser. Levels in dB, frequencies in Hz."""

    telephone: bool
    low: float = 0.0
    high: float = 8000.0
    tilt: float = 0.0  #: dB an octave above and below 1 kHz
    codec: str = "none"  #: ulaw, alaw or none
    room_s: float = 0.0  #: reverberation time; 0 = none
    room_level: float = -12.0  #: of the reverberation against the direct sound
    noise: str = "white"
    snr: float = 60.0
    level: float = -20.0  #: RMS of the speech against full scale
    loss: float = 0.0  #: share of 20 ms packets that never arrive


def draw(random: Random, *, telephone: bool | None = None) -> Channel:
    """A channel as calls have them; ``telephone`` None: three of four are."""
    phone = random.random() < 0.75 if telephone is None else telephone
    common = {
        "tilt": random.gauss(0, 1.5),
        "room_s": random.uniform(0.08, 0.6) if random.random() < 0.3 else 0.0,
        "room_level": random.uniform(-22, -4),
        "noise": random.choice(("white", "pink", "brown", "hum", "babble", "pink", "babble")),
        "snr": random.choice((random.uniform(5, 20), random.uniform(12, 40), random.uniform(25, 55))),
        "level": random.uniform(-36, -12),
    }
    if not phone:
        return Channel(False, random.choice((0.0, 60.0, 120.0)), random.choice((8000.0, 8000.0, 6000.0)), **common)
    loss = random.choice((0.0,) * 9 + (random.uniform(0.005, 0.04),))
    codec = random.choice(("ulaw", "ulaw", "alaw", "none"))
    return Channel(True, random.uniform(150, 350), random.uniform(3000, 3700), codec=codec, loss=loss, **common)


def test_channel(random: Random, *, telephone: bool) -> Channel:
    """The channel of the tests: clean 16 kHz, or a common telephone line with noise 15 to 35 dB below the speech."""
    if not telephone:
        return Channel(False, snr=50.0, level=-20.0)
    return Channel(
        True,
        random.uniform(200, 320),
        random.uniform(3200, 3600),
        tilt=random.gauss(0, 1),
        codec=random.choice(("ulaw", "alaw")),
        noise=random.choice(("white", "pink", "babble")),
        snr=random.uniform(15, 35),
        level=random.uniform(-30, -16),
    )


def apply(audio: Audio, channel: Channel, rng: np.random.Generator, babble: Audio | None = None) -> Audio:
    """``audio`` (speech at an RMS of 0.1 where there is speech) as it comes out of the channel, of equal length.

    ``babble``: other people's speech for that noise, of any length.
    """
    count = len(audio)
    if not count:
        return audio
    size = fft.next_fast_len(count + (count & 1), real=True)
    size += size & 1
    spectrum = fft.rfft(audio, size)
    if channel.room_s:
        spectrum *= _room(channel, size, rng)
    spectrum += _noise(channel, size, rng, babble)
    spectrum *= _band(channel, size)
    gain = np.float32(10 ** (channel.level / 20) / 0.1)
    if not channel.telephone:
        return np.clip(fft.irfft(spectrum, size)[:count] * gain, -1, 1).astype(np.float32)
    narrow = fft.irfft(spectrum[: size // 4 + 1], size // 2) * (gain / 2)
    narrow = _lost(coded(np.clip(narrow, -1, 1), channel.codec), channel.loss, rng)
    wide = np.zeros(size // 2 + 1, np.complex64)
    wide[: size // 4] = fft.rfft(narrow)[: size // 4] * 2
    return fft.irfft(wide, size)[:count].astype(np.float32)


def _room(channel: Channel, size: int, rng: np.random.Generator) -> npt.NDArray[np.complex64]:
    """Spectrum of an impulse and an exponentially decaying noise after it (60 dB in ``room_s``)."""
    length = min(round(channel.room_s * RATE_HZ), size)
    tail = rng.standard_normal(length).astype(np.float32) * np.exp(-6.9 * np.arange(length, dtype=np.float32) / length)
    tail[: RATE_HZ // 200] = 0
    tail *= 10 ** (channel.room_level / 20) / max(float(np.sqrt(np.sum(tail**2))), 1e-6)
    tail[0] = 1
    return fft.rfft(tail.astype(np.float32), size)


def _noise(channel: Channel, size: int, rng: np.random.Generator, babble: Audio | None) -> npt.NDArray[np.complex64]:
    wanted = 0.1 * 10 ** (-channel.snr / 20)
    if channel.noise == "babble" and babble is not None and len(babble):
        return fft.rfft(np.resize(babble, size).astype(np.float32), size) * np.float32(wanted / 0.1)
    bins = size // 2 + 1
    noise = (rng.standard_normal(bins) + 1j * rng.standard_normal(bins)).astype(np.complex64)
    hertz = np.maximum(np.arange(bins, dtype=np.float32) * (RATE_HZ / size), 40.0)
    slope = {"pink": 0.5, "brown": 1.0, "babble": 0.7}.get(channel.noise, 0.0)
    noise /= hertz**slope
    if channel.noise == "hum":
        noise *= 0.1
        for harmonic in range(1, 8):
            noise[round(harmonic * rng.choice((50, 60)) * size / RATE_HZ)] += np.sqrt(bins) / harmonic
    power = np.sqrt(2 * np.sum(np.abs(noise) ** 2)) / size
    return noise * np.float32(wanted / max(float(power), 1e-9))


def _band(channel: Channel, size: int) -> npt.NDArray[np.float32]:
    """Gain at each bin: slopes of the order of a telephone's filters, and a tilt."""
    hertz = np.maximum(np.arange(size // 2 + 1, dtype=np.float32) * (RATE_HZ / size), 20.0)
    gain = (hertz / 1000) ** np.float32(channel.tilt / 6.02)
    if channel.low:
        gain /= np.sqrt(1 + (channel.low / hertz) ** 8)
    if channel.high < RATE_HZ / 2:
        gain /= np.sqrt(1 + (hertz / channel.high) ** 24)
    return gain.astype(np.float32)


def coded(audio: Audio, codec: str) -> Audio:
    """``audio`` within ±1 through eight bits of G.711 and back."""
    if codec == "ulaw":
        squeezed = np.sign(audio) * np.log1p(255 * np.abs(audio)) / np.log(256)
        steps = np.round(squeezed * 127) / 127
        return (np.sign(steps) * np.expm1(np.abs(steps) * np.log(256)) / 255).astype(np.float32)
    if codec == "alaw":
        scale = 1 + np.log(87.6)
        size = np.abs(audio)
        squeezed = np.where(size < 1 / 87.6, 87.6 * size, 1 + np.log(np.maximum(87.6 * size, 1))) / scale
        steps = np.round(squeezed * 127) / 127
        opened = np.where(steps * scale < 1, steps * scale / 87.6, np.exp(steps * scale - 1) / 87.6)
        return (np.sign(audio) * opened).astype(np.float32)
    return audio.astype(np.float32)


def _lost(audio: Audio, share: float, rng: np.random.Generator) -> Audio:
    """Packets lost and filled with silence or with the packet before, as a telephone does."""
    if not share:
        return audio
    audio = audio.copy()
    for packet in np.flatnonzero(rng.random(len(audio) // PACKET) < share):
        start = packet * PACKET
        repeat = packet and rng.random() < 0.6
        audio[start : start + PACKET] = audio[start - PACKET : start] * 0.7 if repeat else 0.0
    return audio
