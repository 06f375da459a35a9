"""Training examples without an end: text, voice, channel and window drawn anew for each."""

from __future__ import annotations

from random import Random

import numpy as np
import numpy.typing as npt
from faster_whisper.feature_extractor import FeatureExtractor

from models.training.starter import channel, windows
from models.training.starter.speech import Utterance
from models.training.starter.talkers import Talker
from models.training.starter.tokens import Tokens

POOL = 300  #: utterances kept to be heard again
AGAIN = 0.5  #: share of utterances taken from the pool: other channel, other place
MASKED = 0.6  #: share of windows with masked bands and times (SpecAugment, arXiv 1904.08779)
PROMPTED = 0.1
SYLLABLES_PER_S = 4.2  #: what a window's room is reckoned by


class Speaker:
    """Lets a talker speak, in one voice a window, and keeps some of what it said."""

    def __init__(self, talker: Talker, random: Random) -> None:
        self.talker = talker
        self._random = random
        self._pool: list[Utterance] = []

    def speak(self, most: int) -> Utterance:
        """An utterance of at most ``most`` syllables or so."""
        if len(self._pool) > POOL // 2 and self._random.random() < AGAIN:
            index = self._random.randrange(len(self._pool))
            if self._pool[index].seconds <= most / SYLLABLES_PER_S:
                return self._pool[index]
        said = self.talker.say(most)
        while said is None:
            self.talker.change()
            said = self.talker.say(most)
        if len(self._pool) < POOL:
            self._pool.append(said)
        else:
            self._pool[self._random.randrange(POOL)] = said
        return said

    def others(self, most: int) -> Utterance:
        """Somebody else's utterance, from the pool where there is one."""
        return self._random.choice(self._pool) if self._pool else self.speak(most)


class Features:
    """Log-mel spectrograms as faster-whisper makes them, (80, frames) with zeros after the audio."""

    def __init__(self) -> None:
        self._extract = FeatureExtractor()

    def __call__(self, audio: npt.NDArray[np.float32], frames: int) -> npt.NDArray[np.float32]:
        found = self._extract(audio)[:, : len(audio) // 160]
        return np.pad(found, ((0, 0), (0, frames - found.shape[1]))).astype(np.float32)


class Examples:
    """Draws examples of a given length."""

    def __init__(self, talker: Talker, tokens: Tokens, random: Random) -> None:
        self._random = random
        self._tokens = tokens
        self._speaker = Speaker(talker, random)
        self._writer = windows.Writer(tokens, self._random)
        self._features = Features()

    def draw(self, length_s: float, most_tokens: int) -> windows.Example:
        """One example of ``length_s`` seconds and at most ``most_tokens`` tokens."""
        while True:
            found = self._try(length_s)
            if found is not None and len(found.inputs) <= most_tokens:
                return found

    def _try(self, length_s: float) -> windows.Example | None:
        random, speaker = self._random, self._speaker
        if random.random() < 0.8:
            speaker.talker.change()
        layout = windows.plan(length_s, random)
        placed = [] if layout.silent else windows.lay_out(layout, speaker.speak, random)
        audio, placed = windows.mixed(placed, layout.audio_s, random)
        if random.random() < (0.3 if layout.silent else 0.1):
            audio = windows.crosstalk(audio, speaker.others, random)
        if random.random() < (0.6 if layout.silent else 0.06):
            audio = windows.disturbed(audio, layout.silent, random)
        audio = windows.heard(audio, channel.draw(random), random, speaker.others)
        positions = round(length_s / windows.POSITION_S)
        prompt = self._prompt() if placed and random.random() < PROMPTED else None
        written = self._writer.write(placed, positions, prompt)
        if written is None:
            return None
        features = self._features(audio, positions * 2)
        if random.random() < MASKED:
            mask(features, round(layout.audio_s * windows.FRAMES_PER_S), random)
        syllables, tones = windows.frame_labels(placed, positions)
        return windows.Example(features.astype(np.float16), *written, syllables, tones)

    def _prompt(self) -> list[int] | None:
        """Tokens of a text before the window; callcore begins some prompts with a space."""
        return self._tokens.encode(self._random.choice(("", " ")) + self._speaker.talker.prompt())


def mask(features: npt.NDArray[np.float32], frames: int, random: Random) -> None:
    """Up to two bands and a stretch of time every four seconds are hidden, in place."""
    hidden = features[:, :frames].mean() if frames else 0.0
    for _ in range(random.randrange(3)):
        width = random.randrange(1, 13)
        low = random.randrange(len(features) - width)
        features[low : low + width, :frames] = hidden
    for _ in range(random.randrange(frames // 400 + 2)):
        width = random.randrange(1, 25)
        start = random.randrange(max(frames - width, 1))
        features[:, start : min(start + width, frames)] = hidden


def token_room(length_s: float) -> int:
    """Tokens that a window of this length may hold, start and prompt included; a multiple of eight."""
    return -(-round(24 + 7.5 * length_s) // 8) * 8
