"""Sounds for the voice mood: a voice made of pulses through formants, changed as a speaker changes it, and what is no
voice."""

from __future__ import annotations

import numpy as np
import soxr

RATE = 16_000


def voice(seconds: float, seed: int = 0, hertz: float = 160.0, level: float = 0.05) -> np.ndarray:
    """Syllables of a gliding pitch, four a second, with pauses and a little breath; float32, 16 kHz."""
    draw = np.random.default_rng(seed)
    count = int(seconds * RATE)
    time = np.arange(count) / RATE
    glide = 3 * np.sin(2 * np.pi * 0.6 * time + draw.uniform(0, 6)) + np.cumsum(draw.normal(0, 0.01, count))
    phase = np.cumsum(hertz * 2 ** (glide / 12) / RATE)
    pulses = sum(np.cos(2 * np.pi * k * phase) / k**0.8 * (1 if k * hertz < 3400 else 0) for k in range(1, 25))
    beat = np.clip(np.sin(2 * np.pi * 2 * time + draw.uniform(0, 6)) ** 2, 0.002, 1) ** 1.5
    sound = pulses * beat + 0.01 * draw.normal(size=count)
    return (level * sound / np.sqrt((sound**2).mean())).astype(np.float32)


def shouted(audio: np.ndarray) -> np.ndarray:
    """The same 8 dB louder and 4 semitones up, by playing it faster."""
    faster = soxr.resample(audio, RATE, RATE / 2 ** (4 / 12))
    return np.clip(faster * 10 ** (8 / 20), -1, 1).astype(np.float32)


def hum(seconds: float) -> np.ndarray:
    time = np.arange(int(seconds * RATE)) / RATE
    return (0.1 * sum(np.sin(2 * np.pi * 50 * k * time) / k for k in range(1, 12))).astype(np.float32)


def keys(seconds: float) -> np.ndarray:
    """Telephone keys, 120 ms each with 80 ms between."""
    time = np.arange(int(seconds * RATE)) / RATE
    place = (time / 0.2).astype(int)
    low, high = np.array([697, 770, 852, 941])[place % 4], np.array([1209, 1336, 1477])[place % 3]
    tones = np.sin(2 * np.pi * low * time) + np.sin(2 * np.pi * high * time)
    return (0.1 * tones * (time % 0.2 < 0.12)).astype(np.float32)


def organ(seconds: float) -> np.ndarray:
    """Chords of half a second."""
    time = np.arange(int(seconds * RATE)) / RATE
    root = 220 * 2 ** (np.array([0, 5, 7, 0])[(time / 0.5).astype(int) % 4] / 12)
    return (0.05 * sum(np.sin(2 * np.pi * root * step * time) for step in (1, 1.26, 1.5, 2, 3))).astype(np.float32)


def hiss(seconds: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.05, int(seconds * RATE)).astype(np.float32)
