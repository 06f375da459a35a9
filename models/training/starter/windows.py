"""Windows: utterances and pauses packed as they stand in calls, and what the model shall make of each.

The audio of a window is as long as a turn; after it come frames of zeros up to the window's length, as callcore pads
what it has trimmed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import numpy as np
import numpy.typing as npt

from models.training.starter import channel, machines
from models.training.starter.speech import SAMPLE_RATE_HZ, Audio, Piece, Sound, Utterance
from models.training.starter.tokens import Tokens

POSITION_S = 0.02  #: of the encoder
FRAMES_PER_S = 100
TAIL_S = 0.1  #: after the speech, where the end of the text is looked for

Speak = Callable[[int], Utterance]  #: an utterance of at most so many syllables


@dataclass(frozen=True, slots=True)
class Placed:
    """An utterance and the second of the window it starts at."""

    utterance: Utterance
    start: float


@dataclass(frozen=True, slots=True)
class Example:
    """What one window teaches.

    ``features``: (80, frames) float16. ``inputs``, ``targets``: (tokens,), target -1 where nothing is to be learnt.
    ``spans``: (tokens, 2), first and last (exclusive) encoder position of the target; -1 where it has none.
    ``syllables``, ``tones``: (positions,), 0 for silence, -1 where it is not known.
    """

    features: npt.NDArray[np.float16]
    inputs: list[int]
    targets: list[int]
    spans: list[tuple[int, int]]
    syllables: npt.NDArray[np.int16]
    tones: npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Plan:
    """How a window is laid out: the seconds of its audio, and what is odd about it."""

    audio_s: float
    silent: bool = False  #: nobody speaks
    cut: bool = False  #: the audio ends in the middle of speech
    pauses: tuple[float, float] = (0.1, 0.8)


def plan(length_s: float, random: Random) -> Plan:
    """A layout for a window of ``length_s``."""
    kind = random.random()
    if kind < 0.45:  # as long as it can be
        audio_s = length_s - random.uniform(0, min(0.4, length_s / 4))
    else:
        audio_s = random.uniform(min(1.0, length_s / 2), length_s)
    pauses = (0.5, 4.0) if random.random() < 0.15 else (0.1, 1.0)
    audio_s = round(audio_s / POSITION_S) * POSITION_S
    return Plan(audio_s, silent=random.random() < 0.05, cut=random.random() < 0.12, pauses=pauses)


def lay_out(layout: Plan, speak: Speak, random: Random) -> list[Placed]:
    """Utterances with pauses that fill the audio; in a cut window the last one does not fit and is left to be cut."""
    placed: list[Placed] = []
    at = random.uniform(0.02, min(0.5, layout.audio_s / 5))
    if random.random() < 0.06:
        at = random.uniform(0, layout.audio_s * 0.6)
    while layout.audio_s - at > 0.6:
        room = layout.audio_s - at - 0.05
        utterance = speak(max(3, int(room * (8 if layout.cut else 4.2))))
        if utterance.seconds > room:
            utterance = utterance if layout.cut else trimmed(utterance, room)
        if not utterance.pieces:
            break
        placed.append(Placed(utterance, at))
        at += utterance.seconds + random.uniform(*layout.pauses)
        if random.random() < 0.15:
            break
    return placed


def trimmed(utterance: Utterance, seconds: float) -> Utterance:
    """The part of an utterance that was said within ``seconds``; what was not said to its middle is not in the text."""
    kept = tuple(piece for piece in utterance.pieces if (piece.start + piece.end) / 2 < seconds)
    while kept and kept[-1].start == kept[-1].end:  # a mark that follows nothing any more
        kept = kept[:-1]
    until = max((piece.end for piece in kept), default=0.0)
    until = min(max(until, 0.0), seconds)
    audio = utterance.audio[: round(until * SAMPLE_RATE_HZ)]
    pieces = tuple(Piece(p.text, p.start, min(p.end, until)) for p in kept)
    sounds = tuple(Sound(s.syllable, s.tone, s.start, min(s.end, until)) for s in utterance.sounds if s.start < until)
    return Utterance(audio, pieces, sounds, utterance.language)


def mixed(placed: list[Placed], audio_s: float, random: Random) -> tuple[Audio, list[Placed]]:
    """Audio of all utterances at slightly different levels, and the utterances as far as the audio holds them."""
    audio = np.zeros(round(audio_s * SAMPLE_RATE_HZ), np.float32)
    kept: list[Placed] = []
    for one in placed:
        start = round(one.start * SAMPLE_RATE_HZ)
        part = one.utterance.audio[: len(audio) - start]
        audio[start : start + len(part)] += part * np.float32(10 ** (random.uniform(-4, 4) / 20))
        room = audio_s - one.start
        if one.utterance.seconds > room:
            spoken = tuple(p for p in one.utterance.pieces if (p.start + p.end) / 2 < room)
            while spoken and spoken[-1].start == spoken[-1].end:
                spoken = spoken[:-1]
            one = Placed(Utterance(part, spoken, one.utterance.sounds, one.utterance.language), one.start)
        if one.utterance.pieces:
            kept.append(one)
    return audio, kept


def frame_labels(placed: list[Placed], positions: int) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int16]]:
    """Syllable and tone at the middle of each encoder position."""
    syllables = np.zeros(positions, np.int16)
    tones = np.zeros(positions, np.int16)
    for one in placed:
        for sound in one.utterance.sounds:
            first = int(np.ceil((one.start + sound.start) / POSITION_S - 0.5))
            last = int(np.ceil((one.start + sound.end) / POSITION_S - 0.5))
            syllables[max(first, 0) : last] = sound.syllable if sound.syllable else -1
            tones[max(first, 0) : last] = sound.tone if sound.syllable else -1
    return syllables, tones


@dataclass
class Writer:
    """Token sequences of windows."""

    tokens: Tokens
    random: Random
    corrupt: float = 0.6  #: share of windows whose inputs hold wrong tokens
    timestamps: float = 0.25  #: share of windows that are written with times
    _inputs: list[int] = field(default_factory=list)
    _targets: list[int] = field(default_factory=list)
    _spans: list[tuple[float, float] | None] = field(default_factory=list)

    def write(
        self, placed: list[Placed], positions: int, prompt: list[int] | None = None
    ) -> tuple[list[int], list[int], list[tuple[int, int]]] | None:
        """Inputs, targets and spans; None where a token is not among the learnt. No utterances: no speech."""
        self._inputs, self._targets, self._spans = [], [], []
        tokens = self.tokens
        for row in [tokens.previous, *prompt] if prompt else []:
            self._add(row)
        language = tokens.languages[placed[0].utterance.language] if placed else min(tokens.languages.values())
        self._add(tokens.sot, language if placed else tokens.no_speech)
        self._add(language, tokens.transcribe if placed else -1)
        if not placed:
            self._add(tokens.transcribe)
            self._add(tokens.no_timestamps, tokens.eot)
            return self._finished(positions)
        written = self._timed(placed) if self.random.random() < self.timestamps else self._plain(placed)
        return self._finished(positions) if written else None

    def _plain(self, placed: list[Placed]) -> bool:
        self._add(self.tokens.transcribe)
        before = self.tokens.no_timestamps
        for one in placed:
            timed = self.tokens.timed(one.utterance.pieces)
            if timed is None:
                return False
            for token in timed:
                self._add(before, token.row, (one.start + token.start, one.start + token.end))
                before = token.row
        end = placed[-1].start + placed[-1].utterance.seconds
        self._add(before, self.tokens.eot, (end, end + TAIL_S))
        return True

    def _timed(self, placed: list[Placed]) -> bool:
        before = self.tokens.transcribe
        for one in placed:
            timed = self.tokens.timed(one.utterance.pieces)
            if timed is None:
                return False
            start, end = self.tokens.time_row(one.start), self.tokens.time_row(one.start + one.utterance.seconds)
            self._add(before, start)
            before = start
            for token in timed:
                self._add(before, token.row, (one.start + token.start, one.start + token.end))
                before = token.row
            self._add(before, end)
            before = end
        self._add(before, self.tokens.eot)
        return True

    def _add(self, row: int, target: int = -1, span: tuple[float, float] | None = None) -> None:
        self._inputs.append(row)
        self._targets.append(target)
        self._spans.append(span)

    def _finished(self, positions: int) -> tuple[list[int], list[int], list[tuple[int, int]]]:
        spans = [position_span(span, positions) for span in self._spans]
        return self._corrupted(), self._targets, spans

    def _corrupted(self) -> list[int]:
        """Inputs with some text tokens replaced by any others: what is written must follow what is heard."""
        if self.random.random() >= self.corrupt:
            return list(self._inputs)
        share = self.random.uniform(0.03, 0.25)
        return [
            self.random.randrange(self.tokens.first_text, self.tokens.end_text)
            if row < self.tokens.end_text and self.random.random() < share
            else row
            for row in self._inputs
        ]


def position_span(span: tuple[float, float] | None, positions: int) -> tuple[int, int]:
    """Encoder positions, first and last exclusive, of a span of seconds; at least one. (-1, -1) of None."""
    if span is None:
        return -1, -1
    first = min(max(int(np.floor(span[0] / POSITION_S + 0.5)), 0), positions - 1)
    last = min(max(int(np.floor(span[1] / POSITION_S + 0.5)), first + 1), positions)
    return first, last


def babble(speak: Speak, count: int, random: Random) -> Audio:
    """Several people at once, at an RMS of 0.1."""
    voices = [speak(20).audio for _ in range(random.choice((3, 4, 5)))]
    longest = max(len(voice) for voice in voices)
    total = np.sum([np.resize(voice, longest) for voice in voices], axis=0, dtype=np.float32)
    total = np.resize(np.roll(total, random.randrange(max(longest, 1))), count)
    return (total * (0.1 / max(float(np.sqrt(np.mean(total**2))), 1e-5))).astype(np.float32)


def crosstalk(audio: Audio, speak: Speak, random: Random) -> Audio:
    """``audio`` with somebody else far in the background, who is not to be written down."""
    other = speak(30).audio
    start = random.randrange(max(1, len(audio) - len(other) // 2)) if len(audio) else 0
    part = other[: len(audio) - start]
    mixed_audio = audio.copy()
    mixed_audio[start : start + len(part)] += part * np.float32(10 ** (random.uniform(-38, -20) / 20))
    return mixed_audio


def disturbed(audio: Audio, silent: bool, random: Random) -> Audio:
    """``audio`` with the sound of a machine in it, which is not to be written down; weaker where somebody speaks."""
    level = random.uniform(-30, 3) if silent else random.uniform(-40, -8)
    return (audio + machines.sound(len(audio) / SAMPLE_RATE_HZ, random)[: len(audio)] * 10 ** (level / 20)).astype(
        np.float32
    )


def heard(audio: Audio, way: channel.Channel, random: Random, speak: Speak) -> Audio:
    """``audio`` through a channel."""
    rng = np.random.default_rng(random.getrandbits(32))
    others = babble(speak, len(audio), random) if way.noise == "babble" else None
    return channel.apply(audio, way, rng, others)
