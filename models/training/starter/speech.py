"""Utterances: a text said by a voice, with the time of every character."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from random import Random

import numpy as np
import numpy.typing as npt
import soxr

from models.training.starter import voices
from models.training.starter.espeak import RATE_HZ, Espeak, Manner
from models.training.starter.sounds import Unit, split

SAMPLE_RATE_HZ = 16_000
Audio = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sound:
    """One syllable: its class (toneless, from 1; 0 where it is not known) and tone, from ``start`` to ``end`` s."""

    syllable: int
    tone: int
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Piece:
    """A unit of text and the seconds it is said in; of punctuation, the pause after what was said before it."""

    text: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Utterance:
    """Clean speech: float32 at 16 kHz, without silence around it."""

    audio: Audio
    pieces: tuple[Piece, ...]
    sounds: tuple[Sound, ...]
    language: str = "zh"

    @property
    def text(self) -> str:
        """What is said."""
        return "".join(piece.text for piece in self.pieces)

    @property
    def seconds(self) -> float:
        """Length."""
        return len(self.audio) / SAMPLE_RATE_HZ


def timed(
    units: list[Unit], starts: list[float], ends: list[float], syllables: dict[str, int]
) -> tuple[tuple[Piece, ...], tuple[Sound, ...]]:
    """Pieces and sounds from units and the times of their syllables in order."""
    pieces: list[Piece] = []
    sounds: list[Sound] = []
    index, last = 0, 0.0
    for unit in units:
        if not unit.syllables:
            pieces.append(Piece(unit.text, last, last))
            continue
        first = index
        for syllable in unit.syllables:
            plain, tone = split(syllable)
            sounds.append(Sound(syllables.get(plain, 0), tone, starts[index], ends[index]))
            index += 1
        last = ends[index - 1]
        pieces.append(Piece(unit.text, starts[first], last))
    return tuple(pieces), tuple(sounds)


class MandarinSpeaker:
    """Says Mandarin units with espeak-ng."""

    def __init__(self, espeak: Espeak, syllables: dict[str, int]) -> None:
        self._espeak = espeak
        self._syllables = syllables

    def say(self, units: list[Unit], manner: Manner, stretch: float) -> Utterance | None:
        """An utterance; None where espeak-ng does not time every syllable."""
        text, places = _written(units)
        said = self._espeak.say(text, manner)
        starts = _starts(said.words, places)
        if starts is None:
            return None
        rate = RATE_HZ * stretch
        ends = _ends(starts, said.pauses, said.end)
        first = starts[0]
        at = [(start - first) / rate for start in starts]
        until = [(end - first) / rate for end in ends]
        pieces, sounds = timed(units, at, until, self._syllables)
        return Utterance(cut_out(said.audio, rate, first, ends[-1]), pieces, sounds)

    def draw(self, units: list[Unit], random: Random, *, held_out: bool = False) -> Utterance | None:
        """The same with a voice drawn."""
        chosen = voices.manner(random, held_out=held_out)
        return self.say(units, chosen, voices.stretch(random, held_out=held_out))


def _written(units: list[Unit]) -> tuple[str, list[int]]:
    """Pinyin for espeak-ng, and the character at which each syllable begins."""
    text, places = "", []
    for unit in units:
        if not unit.syllables:
            text = text.rstrip() + {"，": ", ", "、": ", ", "；": ", ", "：": ", "}.get(unit.text, ". ")
        for syllable in unit.syllables:
            places.append(len(text))
            text += syllable.replace("ü", "v") + " "
    return text, places


def _starts(words: list[tuple[int, int]], places: list[int]) -> list[int] | None:
    """First sample of each syllable; None where one was not announced once and in order."""
    found: dict[int, int] = {}
    for position, sample in words:
        if position in found:
            return None
        found[position] = sample
    starts = [found.get(place, -1) for place in places]
    if -1 in starts or any(later <= earlier for earlier, later in pairwise(starts)):
        return None
    return starts


def _ends(starts: list[int], pauses: list[int], end: int) -> list[int]:
    """Last sample of each syllable: where the next begins, or a pause before it."""
    ends: list[int] = []
    for index, start in enumerate(starts):
        until = starts[index + 1] if index + 1 < len(starts) else end
        inside = [pause for pause in pauses if start < pause <= until]
        ends.append(min([until, *inside]))
    return ends


def cut_out(audio: Audio, rate_hz: float, first: int, last: int) -> Audio:
    """Samples ``first`` to ``last`` of audio taken to be at ``rate_hz``, at 16 kHz and an RMS of 0.1."""
    audio = soxr.resample(audio[first:last], rate_hz, SAMPLE_RATE_HZ, quality="LQ").astype(np.float32)
    power = float(np.sqrt(np.mean(np.square(audio)))) if len(audio) else 0.0
    return audio * np.float32(0.1 / max(power, 1e-4))
