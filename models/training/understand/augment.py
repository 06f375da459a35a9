"""Texts as a recogniser would have written them: homophones, near sounds, lost and repeated words, no punctuation.

The recogniser hears sounds and writes the character that is likeliest, so a wrong character nearly always sounds like
the right one. Candidates come from the characters of the training text itself, weighted by how often they occur.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from random import Random

from callcore.pinyin import syllables
from callcore.understand.features import merged_sound

Noisy = Callable[[str, Random], str]  #: a text as it may be heard

_HAN = re.compile("[\u4e00-\u9fff]")
_MARKS = re.compile(r"[，。？！、；：,.?!;:…“”\"]")
_FILLERS_ZH = ("嗯", "呃", "啊", "那个", "就是", "就是说", "然后", "这个", "哎", "喂")
_FILLERS_EN = ("um", "uh", "well", "like", "so", "you know", "i mean", "yeah", "okay")


class Confusions:
    """For each merged sound the characters that have it, with their counts."""

    def __init__(self, texts: Iterable[str]) -> None:
        counts = Counter(character for text in texts for character in text if _HAN.match(character))
        self._by_sound: dict[str, tuple[list[str], list[float]]] = {}
        self._sound_of: dict[str, str] = {}
        for character, count in sorted(counts.items()):
            spoken = syllables(character)
            if not spoken:
                continue
            sound = merged_sound(spoken[0])
            self._sound_of[character] = sound
            characters, weights = self._by_sound.setdefault(sound, ([], []))
            characters.append(character)
            weights.append(count**0.5)  # rare words are misheard as frequent ones, though not as the commonest alone
        self._sounds = sorted(self._by_sound)

    def alike(self, character: str, random: Random) -> str:
        """Another character of the same or nearly the same sound; sometimes of any sound."""
        sound = self._sound_of.get(character)
        if sound is None or random.random() < 0.15:
            sound = random.choice(self._sounds)
        elif random.random() < 0.15:
            sound = _near(sound, self._by_sound, random)
        characters, weights = self._by_sound[sound]
        return random.choices(characters, weights)[0]


def _near(sound: str, known: dict[str, tuple[list[str], list[float]]], random: Random) -> str:
    """A sound that differs in its first letter only."""
    near = [initial + sound[1:] for initial in "bpmfdtlgkhjqxzcsry" if initial + sound[1:] in known]
    return random.choice(near) if near else sound


def misheard_zh(text: str, rate: float, confusions: Confusions, random: Random) -> str:
    """``text`` with about ``rate`` wrong characters: four of five replaced, the rest lost or doubled; no marks."""
    written: list[str] = []
    for character in _MARKS.sub("", text):
        if not _HAN.match(character) or random.random() >= rate:
            written.append(character)
            continue
        kind = random.random()
        if kind < 0.8:
            written.append(confusions.alike(character, random))
        elif kind >= 0.9:
            written += [character, character]
    return "".join(written) or text


def misheard_en(text: str, rate: float, vocabulary: Sequence[str], random: Random) -> str:
    """``text`` with about ``rate`` wrong words (lost, doubled, another word, a letter off); no marks, lower case."""
    written: list[str] = []
    for word in re.sub(r"[,.?!;:\"]", " ", text.lower()).split():
        if random.random() >= rate:
            written.append(word)
            continue
        kind = random.random()
        if kind < 0.35:
            written.append(random.choice(vocabulary))
        elif kind < 0.65 and len(word) > 3:
            at = random.randrange(len(word))
            written.append(word[:at] + random.choice("aeiourstln") * (random.random() < 0.6) + word[at + 1 :])
        elif kind < 0.85:
            written += [word, word]
    return " ".join(written) or text


def with_fillers(text: str, language: str, random: Random) -> str:
    """A filler word at the front, and sometimes one inside."""
    if language == "zh":
        at = random.randrange(len(text) + 1) if random.random() < 0.5 else 0
        return text[:at] + random.choice(_FILLERS_ZH) + text[at:]
    words = text.split()
    at = random.randrange(len(words) + 1) if random.random() < 0.5 else 0
    return " ".join([*words[:at], random.choice(_FILLERS_EN), *words[at:]])


def without_marks(text: str) -> str:
    """``text`` with no punctuation."""
    return _MARKS.sub("" if _HAN.search(text) else " ", text)


def noise(language: str, texts: Sequence[str], rate: float | None = None) -> Noisy:
    """How a text is changed; ``rate`` None: at random up to a quarter of it wrong, fillers, or only marks lost."""
    confusions = Confusions(texts) if language == "zh" else None
    vocabulary = sorted({word for text in texts for word in text.lower().split()}) if language == "en" else []

    def change(text: str, random: Random) -> str:
        if rate is None and random.random() < 0.3:
            text = with_fillers(text, language, random)
        if rate is None and random.random() < 0.3:
            return without_marks(text)
        share = random.random() * 0.25 if rate is None else rate
        if confusions is not None:
            return misheard_zh(text, share, confusions, random)
        return misheard_en(text, share, vocabulary, random)

    return change
