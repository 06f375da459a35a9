"""Speech to measure on: sentences and voices that never taught, each clean and through a telephone, all times known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np

from models.training.starter import channel, sounds, spoken_zh, windows
from models.training.starter.espeak import Espeak
from models.training.starter.examples import sentences_apart
from models.training.starter.sounds import Unit
from models.training.starter.speech import SAMPLE_RATE_HZ, Audio, MandarinSpeaker, Utterance
from models.training.starter.text import CORPUS, corpus_lines, mandarin, said_texts, shortened

AROUND_S = 0.25  #: of channel noise before and after what is said, as a voice detector leaves it
PAUSES_S = (0.2, 0.9)
MOST_SYLLABLES = 50
NUMBERS = ("phone", "card", "digits", "amount", "amount", "date", "percent", "id", "code", "clock")


@dataclass(frozen=True, slots=True)
class Trial:
    """One thing said. ``starts``: seconds from the audio's start at which each character begins, marks left out.

    ``group``: ``bank`` (lines of the corpus kept from training), ``fresh`` (its test part, by other hands), ``open``
    (public dialogue), ``numbers``, ``packed`` (several sentences with pauses, 3 to 11 s) or ``long`` (up to 14.4 s).
    """

    group: str
    text: str
    starts: tuple[tuple[str, float], ...]
    clean: Audio
    phone: Audio


def make(data: Path | None, each: int = 40, seed: int = 0, *, held_out: bool = True) -> list[Trial]:
    """``each`` trials of every group, equal for equal seeds. ``held_out`` False: by voices of the training."""
    random = Random(seed)
    speaker = MandarinSpeaker(Espeak(), sounds.classes())
    apart = sentences_apart(data)
    kept = mandarin(data, held_out=True, apart=apart)
    fresh = corpus_lines(CORPUS / "zh" / "test")
    trials: list[Trial] = []
    groups = {
        "bank": said_texts(kept.own)[: len(kept.own)],
        "fresh": said_texts(fresh)[: len(fresh)],
        "open": said_texts(kept.public)[: len(kept.public)],
        "numbers": list(_numbers(random, 4 * each)),
    }
    for group, texts in groups.items():
        random.shuffle(texts)
        said = _spoken(texts, speaker, random, held_out)
        trials += [_trial(group, [next(said)], random) for _ in range(min(each, len(texts) // 2))]
    said = _spoken([text for texts in groups.values() for text in texts[each:]], speaker, random, held_out)
    trials += [_trial("packed", _several(said, random, 3, 11), random) for _ in range(each)]
    trials += [_trial("long", _several(said, random, 12.5, 14.4), random) for _ in range(each // 2)]
    return trials


def _numbers(random: Random, count: int) -> Iterator[str]:
    for index in range(count):
        yield spoken_zh.SLOTS[NUMBERS[index % len(NUMBERS)]](random) + "。"


def _spoken(texts: list[str], speaker: MandarinSpeaker, random: Random, held_out: bool) -> Iterator[Utterance]:
    """Utterances of texts in turn, those that cannot be said left out, from the start again at the end."""
    while True:
        for text in texts:
            units: list[Unit] | None = sounds.units(text, random)
            if not units:
                continue
            said = speaker.draw(shortened(units, MOST_SYLLABLES, random), random, held_out=held_out)
            if said is not None and said.sounds and said.seconds < 10:
                yield said


def _several(said: Iterator[Utterance], random: Random, least_s: float, most_s: float) -> list[Utterance]:
    """Utterances that with pauses last between these seconds, or one alone where ``least_s`` cannot be had."""
    wanted, chosen = random.uniform(least_s, most_s), [next(said)]
    for following in said:
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
        (piece.text, one.start + piece.start)
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
    return Trial(group, "".join(one.text for one in said), starts, *heard)
