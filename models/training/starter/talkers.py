"""Who speaks a language's texts in training: synthesisers' voices and, in Mandarin, recorded people."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Protocol

from models.training.starter import english, sounds, speech_en, voices
from models.training.starter.espeak import Espeak
from models.training.starter.recordings import Recordings, Splicer, Voice
from models.training.starter.speech import MandarinSpeaker, Utterance
from models.training.starter.text import Sentences, Stream, mandarin, said_texts, sentences_apart

SPLICED = 0.3  #: share of windows spoken by recorded people, where there are recordings
ALONE = 0.15  #: share of their utterances that are one recorded word
LANGUAGES = ("zh", "en")


class Talker(Protocol):
    """Speaks without an end, in one voice until it is told to change."""

    def change(self) -> None:
        """Another voice from here on."""

    def say(self, most: int) -> Utterance | None:
        """An utterance of at most ``most`` syllables; None where it did not come out well."""

    def prompt(self) -> str:
        """A text to stand before a window."""


class MandarinTalker:
    """Mandarin by espeak-ng, and by ``recordings`` where there are any."""

    def __init__(self, sentences: Sentences, random: Random, recordings: Recordings | None = None) -> None:
        self._random = random
        self._stream = Stream(sentences, random)
        self._speaker = MandarinSpeaker(Espeak(), sounds.classes())
        self._splicer = Splicer(recordings) if recordings else None
        self.change()

    def change(self) -> None:
        self._manner = voices.manner(self._random)
        self._stretch = voices.stretch(self._random)
        spliced = self._splicer is not None and self._random.random() < SPLICED
        self._voice = Voice.draw(self._random) if spliced else None

    def say(self, most: int) -> Utterance | None:
        if self._splicer is None or self._voice is None:
            return self._speaker.say(self._stream.draw(most), self._manner, self._stretch)
        if most >= 4 and self._random.random() < ALONE:
            return self._splicer.word(self._random)
        return self._splicer.say(self._stream.draw(most), self._voice, self._random)

    def prompt(self) -> str:
        return "".join(unit.text for unit in self._stream.draw(30))


class EnglishTalker:
    """English by espeak-ng, and by flite where it is installed."""

    def __init__(self, sentences: Sentences, random: Random) -> None:
        self._random = random
        self._stream = english.EnglishStream(sentences, random)
        self._speaker = speech_en.EnglishSpeaker(Espeak(), speech_en.installed_flite())
        self.change()

    def change(self) -> None:
        self._manner = self._speaker.manner(self._random)
        self._stretch = voices.stretch(self._random)

    def say(self, most: int) -> Utterance | None:
        return self._speaker.say(self._stream.draw(most), self._manner, self._stretch)

    def prompt(self) -> str:
        return self._stream.draw(30)


def talker(language: str, data: Path | None, random: Random, recordings: Path | None) -> Talker:
    """The talker of a language over all text that may teach."""
    if language == "en":
        return EnglishTalker(english.english(data), random)
    people = Recordings(recordings) if recordings else None
    return MandarinTalker(mandarin(data, apart=sentences_apart(data)), random, people)


def synthesisers(language: str) -> str:
    """Who speaks on this machine, in words."""
    if language != "en":
        return "espeak-ng"
    return "espeak-ng and flite" if speech_en.installed_flite() else "espeak-ng alone: libflite is not installed"


def all_texts(language: str, data: Path | None, most_lines: int | None = None) -> list[str]:
    """Texts as they are written in transcripts, those for testing too: what the tokens are chosen from."""
    if language == "en":
        lines = [*english.english(data).lines(), *english.english(data, held_out=True).lines()][:most_lines]
        random = Random(0)
        values = [draw(random) for draw in english.SLOTS.values() for _ in range(300)]
        return [" " + english.finished(english.fill(line, random)) for line in lines] + [" " + v for v in values]
    return said_texts([*mandarin(data).lines(), *mandarin(data, held_out=True).lines()][:most_lines])


def frame_classes(language: str) -> dict[str, int]:
    """How many classes frames have, by the name of the :class:`~models.training.starter.model.Shape`'s field."""
    initials, finals = frame_tables(language)
    return {"syllables": len(initials), "initials": max(initials) + 1, "finals": max(finals) + 1}


def frame_tables(language: str) -> tuple[list[int], list[int]]:
    """Initial and final of each class of frames. English phonemes have neither: one class, which costs nothing."""
    if language == "en":
        none = [0] * (len(speech_en.PHONEMES) + 1)
        return none, none
    return sounds.initial_table(), sounds.final_table()
