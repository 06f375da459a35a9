"""English speech: a text said by espeak-ng or flite, with the time of every word and phoneme."""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random

from models.training.starter import espeak, flite, voices
from models.training.starter.espeak import Espeak
from models.training.starter.flite import Flite
from models.training.starter.speech import Audio, Piece, Sound, Utterance, cut_out

PHONEMES = (
    "t n d s k m @ l a z aI r E a# D p f i: oU 0 V w b eI u: aU v j I I2 N 3 h O@ g i U ; S @2 T tS r- dZ 3: A@ aa O: "
    "e@ @L I# aI2 o@ i@3 t# O2 U@ OI w# A: t[ i@ @5 t2 @- VR Z aI@ IR n- u A e o O @: ? x R l# E2 U: e: o: aI: eI:"
).split()  #: espeak-ng's names of English phonemes in all its accents; others are labelled unknown
_FLITE_PHONEMES = {
    "aa": "0", "ae": "a", "ah": "V", "ao": "O:", "aw": "aU", "ax": "@", "ay": "aI", "ch": "tS", "dh": "D", "eh": "E",
    "er": "3", "ey": "eI", "hh": "h", "ih": "I", "iy": "i:", "jh": "dZ", "ng": "N", "ow": "oU", "oy": "OI", "sh": "S",
    "th": "T", "uh": "U", "uw": "u:", "y": "j", "zh": "Z",
}  # fmt: skip  #: espeak-ng's names of flite's phonemes, where they differ
_BEFORE_R = {"aa": "A@", "ao": "O@", "eh": "e@", "ih": "i@3", "uh": "U@"}  #: the same of vowels that an r follows
FLITE_SHARE = 0.35  #: of windows in training, and of texts that test
Manner = espeak.Manner | flite.Manner
_Span = tuple[str, int, int]  #: a word or phoneme, its first and last sample
_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class _Timed:
    """What a synthesiser made of a text: words, several that run together as one, and phonemes by espeak-ng's names."""

    audio: Audio
    rate_hz: int
    words: list[_Span]
    phonemes: list[_Span]


class EnglishSpeaker:
    """Says English with espeak-ng and, where there is one, with flite."""

    def __init__(self, by_espeak: Espeak, by_flite: Flite | None) -> None:
        self._espeak, self._flite = by_espeak, by_flite
        self._classes = {phoneme: index for index, phoneme in enumerate(PHONEMES, 1)}

    def manner(self, random: Random, *, held_out: bool = False) -> Manner:
        """Which synthesiser speaks, in which voice, and how."""
        if self._flite and random.random() < FLITE_SHARE:
            return voices.flite_manner(random, held_out=held_out)
        return voices.manner(random, "en", held_out=held_out)

    def say(self, text: str, manner: Manner, stretch: float) -> Utterance | None:
        """An utterance; None where less than half of the words are timed."""
        timed = self._timed(text, manner)
        if len(timed.words) < max(1.0, len(text.split()) / 2):
            return None
        rate_hz = timed.rate_hz * stretch
        first = timed.words[0][1]
        pieces = tuple(Piece(" " + word, (a - first) / rate_hz, (b - first) / rate_hz) for word, a, b in timed.words)
        sounds = tuple(
            Sound(self._classes.get(mark, 0), 0, max(0.0, (start - first) / rate_hz), (end - first) / rate_hz)
            for mark, start, end in timed.phonemes
            if end > first
        )
        return Utterance(cut_out(timed.audio, rate_hz, first, timed.words[-1][2]), pieces, sounds, "en")

    def draw(self, text: str, random: Random, *, held_out: bool = False) -> Utterance | None:
        """The same with a voice drawn."""
        return self.say(text, self.manner(random, held_out=held_out), voices.stretch(random, held_out=held_out))

    def _timed(self, text: str, manner: Manner) -> _Timed:
        if isinstance(manner, espeak.Manner):
            said = self._espeak.say(text, manner)
            phonemes = [phoneme for phoneme in said.phonemes if not phoneme[0].startswith("_")]
            return _Timed(said.audio, espeak.RATE_HZ, word_groups(text, said), phonemes)
        if self._flite is None:
            raise ValueError("a voice of flite, without flite")
        spoken = self._flite.say(text, manner)
        return _Timed(spoken.audio, spoken.rate_hz, flite_words(text, spoken), flite_phonemes(spoken))


def installed_flite() -> Flite | None:
    """The synthesiser, where its library is on this machine."""
    try:
        return Flite()
    except OSError:
        return None


def word_groups(text: str, said: espeak.Said) -> list[_Span]:
    """Words with first and last sample. Words that espeak-ng runs together ("in the") stand together."""
    starts: dict[int, int] = {}
    for position, sample in said.words:
        while position < len(text) and text[position].isspace():
            position += 1
        starts.setdefault(position, sample)
    groups: list[_Span] = []
    for match in _WORD.finditer(text):
        sample = starts.get(match.start())
        if sample is None or (groups and sample <= groups[-1][1]):
            if not groups:
                return []
            groups[-1] = (f"{groups[-1][0]} {match[0]}", *groups[-1][1:])
        else:
            groups.append((match[0], sample, said.end))
    untils = [*(group[1] for group in groups[1:]), said.end]
    return [
        (part, start, min([until, *(pause for pause in said.pauses if start < pause <= until)]))
        for (part, start, _), until in zip(groups, untils, strict=True)
    ]


def flite_words(text: str, said: flite.Said) -> list[_Span]:
    """Words with first and last sample; those that make no sound stand with the word before.

    None at all where flite loses one, as it does an apostrophe between spaces.
    """
    written, words = text.split(), list[_Span]()
    if len(written) != len(said.words):
        return []
    for word, span in zip(written, said.words, strict=True):
        if span:
            words.append((word, *span))
        elif words:
            words[-1] = (f"{words[-1][0]} {word}", *words[-1][1:])
    return words


def flite_phonemes(said: flite.Said) -> list[_Span]:
    """Phonemes by espeak-ng's names, in which an r that no vowel follows is part of the vowel before it."""
    spans: list[_Span] = []
    names = [name for name, _, _ in said.phonemes]
    for (name, start, end), before, after in zip(said.phonemes, ["", *names], [*names[1:], ""], strict=False):
        if name == "r" and before in _BEFORE_R and after[:1] not in tuple("aeiou"):
            spans[-1] = (spans[-1][0], spans[-1][1], end)
        elif name != flite.PAUSE:
            named = _BEFORE_R.get(name) if after == "r" else None
            spans.append((named or _FLITE_PHONEMES.get(name, name), start, end))
    return spans
