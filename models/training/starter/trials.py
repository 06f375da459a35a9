"""Speech to measure on: sentences and voices that never taught, each clean and through a telephone, all times known."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np

from models.training.starter import channel, english, sounds, speech_en, spoken_zh, windows
from models.training.starter.espeak import Espeak
from models.training.starter.speech import SAMPLE_RATE_HZ, Audio, MandarinSpeaker, Utterance
from models.training.starter.text import CORPUS, corpus_lines, mandarin, said_texts, sentences_apart, shortened

MOST_TRIED = 60  #: utterances, to find those that together have a certain length
AROUND_S = 0.25  #: of channel noise before and after what is said, as a voice detector leaves it
PAUSES_S = (0.2, 0.9)
LONGEST_S = 10.0  #: of a single utterance
MOST_SYLLABLES = 50
NUMBERS = ("phone", "card", "digits", "amount", "amount", "date", "percent", "id", "code", "clock")


@dataclass(frozen=True, slots=True)
class Trial:
    """One thing said. ``starts``: each character (in English, word or run of words) and the second at which it begins.

    ``group``: ``bank`` (lines of the corpus kept from training), ``fresh`` (its test part, by other hands), ``open``
    (public dialogue), ``numbers``, ``packed`` (several sentences with pauses, 3 to 11 s) or ``long`` (up to 14.4 s).
    """

    group: str
    text: str
    starts: tuple[tuple[str, float], ...]
    clean: Audio
    phone: Audio


Say = Callable[[str], Utterance | None]


def make(
    data: Path | None, each: int = 40, seed: int = 0, *, held_out: bool = True, language: str = "zh"
) -> list[Trial]:
    """``each`` trials of every group, equal for equal seeds. ``held_out`` False: by voices of the training."""
    random = Random(seed)
    groups = (_english_texts if language == "en" else _mandarin_texts)(data, random, 4 * each)
    say = (_english if language == "en" else _mandarin)(random, held_out)
    trials: list[Trial] = []
    for group, texts in groups.items():
        random.shuffle(texts)
        said = _spoken(texts, say)
        trials += [_trial(group, [next(said)], random) for _ in range(min(each, len(texts) // 2))]
    said = _spoken([text for texts in groups.values() for text in texts[each:]], say)
    trials += [_trial("packed", _several(said, random, 3, 11), random) for _ in range(each)]
    trials += [_trial("long", _several(said, random, 12.5, 14.4), random) for _ in range(each // 2)]
    return trials


def _mandarin_texts(data: Path | None, random: Random, numbers: int) -> dict[str, list[str]]:
    kept = mandarin(data, held_out=True, apart=sentences_apart(data))
    fresh = corpus_lines(CORPUS / "zh" / "test")
    return {
        "bank": said_texts(kept.own)[: len(kept.own)],
        "fresh": said_texts(fresh)[: len(fresh)],
        "open": said_texts(kept.public)[: len(kept.public)],
        "numbers": [spoken_zh.SLOTS[NUMBERS[n % len(NUMBERS)]](random) + "。" for n in range(numbers)],
    }


def _english_texts(data: Path | None, random: Random, numbers: int) -> dict[str, list[str]]:
    kept = english.english(data, held_out=True)
    fresh = [line for line in corpus_lines(CORPUS / "en" / "test") if english.sayable(line)]
    slots = ("phone", "card", "digits", "amount", "date", "rate", "code", "clock")

    def said(lines: Sequence[str]) -> list[str]:
        return [english.finished(english.fill(line, random)) for line in lines]

    return {
        "bank": said(kept.own),
        "fresh": said(fresh),
        "open": said(kept.public),
        "numbers": said([f"{{{slots[n % len(slots)]}}}" for n in range(numbers)]),
    }


def _mandarin(random: Random, held_out: bool) -> Say:
    speaker = MandarinSpeaker(Espeak(), sounds.classes())

    def say(text: str) -> Utterance | None:
        units = sounds.units(text, random)
        shorter = shortened(units, MOST_SYLLABLES, random) if units else None
        return speaker.draw(shorter, random, held_out=held_out) if shorter else None

    return say


def _english(random: Random, held_out: bool) -> Say:
    speaker = speech_en.EnglishSpeaker(Espeak(), speech_en.installed_flite())
    return lambda text: speaker.draw(text, random, held_out=held_out)


def _spoken(texts: list[str], say: Say) -> Iterator[Utterance]:
    """Utterances of texts in turn, those that cannot be said left out, from the start again at the end."""
    while True:
        for text in texts:
            said = say(text)
            if said is not None and said.sounds and said.seconds < LONGEST_S:
                yield said


def _several(said: Iterator[Utterance], random: Random, least_s: float, most_s: float) -> list[Utterance]:
    """Utterances that with pauses last between these seconds, or fewer where none that are tried fill them."""
    wanted, chosen = random.uniform(least_s, most_s), [next(said)]
    for following in itertools.islice(said, MOST_TRIED):
        total = sum(one.seconds + PAUSES_S[1] for one in (*chosen, following)) + 2 * AROUND_S
        if total <= wanted:
            chosen.append(following)
        elif total > most_s and sum(one.seconds for one in chosen) > least_s - 4:
            break
    return chosen


def _trial(group: str, said: list[Utterance], random: Random) -> Trial:
    placed, at = [], AROUND_S
    for utterance in said:
        placed.append(windows.Placed(utterance, at))
        at += utterance.seconds + random.uniform(*PAUSES_S)
    length = placed[-1].start + placed[-1].utterance.seconds + AROUND_S
    audio = np.zeros(round(length * SAMPLE_RATE_HZ), np.float32)
    for one in placed:
        start = round(one.start * SAMPLE_RATE_HZ)
        audio[start : start + len(one.utterance.audio)] += one.utterance.audio
    starts = tuple(
        (piece.text.strip(), one.start + piece.start)
        for one in placed
        for piece in one.utterance.pieces
        if piece.text not in sounds.MARKS
    )
    heard = []
    for telephone in (False, True):
        way = channel.test_channel(random, telephone=telephone)
        rng = np.random.default_rng(random.getrandbits(32))
        others = np.roll(audio[::-1], len(audio) // 3).copy() if way.noise == "babble" else None
        heard.append(channel.apply(audio, way, rng, others))
    return Trial(group, "".join(one.text for one in said).strip(), starts, *heard)
