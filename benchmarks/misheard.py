"""Texts with made-up errors of recognition, and heard texts with some of their errors put right. Pure functions.

Errors made up here are not those that the training of the text models makes up: a model would know them already.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from random import Random

import jellyfish
import jiwer
from rapidfuzz.distance import Levenshtein

from callcore.evaluate.normalise import MANDARIN
from callcore.pinyin import syllables

Draw = tuple[list[str], list[float]]  #: what may stand there, and how likely each is
REPLACED, LOST = 0.8, 0.1  #: shares of the errors; the rest are words put in
NEAR = 0.34  #: share of a code's letters by which sound-alikes may differ
_LATIN = re.compile(r"[^\W_]", re.ASCII)
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


def partly_heard(said: str, heard: str, kept: float, random: Random) -> str:
    """``said`` with each error of ``heard`` kept with chance ``kept``; in units of ``zh-cer-1``, without marks.

    An error is a stretch where the two differ. With 0 the text as said, with 1 as heard.
    """
    wanted, written = MANDARIN.units(said), MANDARIN.units(heard)
    if not wanted or not written:
        return _join(written if random.random() < kept else wanted)
    parts: list[str] = []
    stretch: list[tuple[int, int, int, int]] = []

    def settle() -> None:
        if stretch:
            first, last = stretch[0], stretch[-1]
            parts.extend(written[first[2] : last[3]] if random.random() < kept else wanted[first[0] : last[1]])
            stretch.clear()

    for chunk in jiwer.process_words(" ".join(wanted), " ".join(written)).alignments[0]:
        span = (chunk.ref_start_idx, chunk.ref_end_idx, chunk.hyp_start_idx, chunk.hyp_end_idx)
        if chunk.type == "equal":
            settle()
            parts += wanted[span[0] : span[1]]
        else:
            stretch.append(span)
    settle()
    return _join(parts)


def without_marks(text: str) -> str:
    """A Mandarin text in units of ``zh-cer-1``, nothing between them but spaces between Latin words."""
    return _join(MANDARIN.units(text))


class Homophones:
    """For each Han character others of the same syllable, tones apart, by how often they occur in ``texts``."""

    def __init__(self, texts: Iterable[str]) -> None:
        counts = Counter(unit for text in texts for unit in MANDARIN.units(text) if len(unit) == 1)
        by_sound: dict[str, list[tuple[str, int]]] = defaultdict(list)
        self._sound_of = {}
        for character, count in sorted(counts.items()):
            for sound in syllables(character):
                self._sound_of[character] = sound
                by_sound[sound].append((character, count))
        self._by_sound = {sound: _draw(found) for sound, found in by_sound.items()}

    def alike(self, character: str) -> Draw:
        """Other characters that sound the same; none for a sound of its own."""
        return _without(character, self._by_sound.get(self._sound_of.get(character, ""), ([], [])))


class SoundAlikes:
    """For each English word of ``texts`` others whose Metaphone code (Philips, 1990) is equal or nearly so."""

    def __init__(self, texts: Iterable[str]) -> None:
        counts = Counter(word for text in texts for word in english_words(text) if word[0].isalpha())
        self._codes = {word: jellyfish.metaphone(word) for word in sorted(counts)}
        self._counts = counts
        self._known: dict[str, Draw] = {}

    def alike(self, word: str) -> Draw:
        """Other words of nearly the same sound, the nearer and the commoner the likelier."""
        if word not in self._known:
            code = self._codes.get(word) or jellyfish.metaphone(word)
            found = []
            for other, sound in self._codes.items():
                apart = Levenshtein.distance(code, sound) / max(len(code), len(sound), 1)
                if other != word and apart <= NEAR and sound[:1] == code[:1]:
                    found.append((other, self._counts[other] * (1 - apart) ** 4))
            self._known[word] = _draw(found)
        return self._known[word]


def english_words(text: str) -> list[str]:
    """Words in lower case, with their inner apostrophes; no marks."""
    return _WORD.findall(text.lower().replace("’", "'"))


def misheard(units: Sequence[str], rate: float, alike: Callable[[str], Draw], random: Random) -> str:
    """The units as a text with about ``rate`` errors: replaced by sound, lost, or said twice.

    A unit that nothing sounds like is lost in place of being replaced.
    """
    written: list[str] = []
    for unit in units:
        if random.random() >= rate:
            written.append(unit)
            continue
        kind = random.random()
        if kind < REPLACED:
            choices, weights = alike(unit)
            written += random.choices(choices, weights) if choices else []
        elif kind >= REPLACED + LOST:
            written += [unit, unit]
    return _join(written)


def _draw(found: Sequence[tuple[str, float]]) -> Draw:
    """Weighted by the root of the count: common words are likelier, without being the only ones."""
    return [name for name, _ in found], [count**0.5 for _, count in found]


def _without(character: str, draw: Draw) -> Draw:
    pairs = [(name, weight) for name, weight in zip(*draw, strict=True) if name != character]
    return [name for name, _ in pairs], [weight for _, weight in pairs]


def _join(units: Iterable[str]) -> str:
    """Units as a text: spaces between Latin words only."""
    text = ""
    for unit in units:
        gap = text and _LATIN.match(unit) and _LATIN.match(text[-1])
        text += f" {unit}" if gap else unit
    return text
