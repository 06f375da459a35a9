"""Marks for Mandarin text that has none: a small linear model of the characters, and the pauses between words.

Whether a comma or a stop belongs between two characters is scored by a multinomial logistic model of the characters
around the place (as in Lu & Ng, "Better punctuation prediction with dynamic conditional random fields", 2010, cut
down to local features); how much longer than usual the speaker took to go on is added to both scores. A second model
says whether a finished sentence is a question. ``punctuation.tsv`` holds the weights; ``benchmarks/punctuation.py``
makes and measures it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from statistics import median

from callcore.text.chars import HAN_CHARACTER, Text
from callcore.types import Word

MAX_PAUSE = 6.0  #: longer pauses say no more; in usual lengths of a character
_REACH = 3  # characters looked at on each side of a place
_OUTSIDE = "|"  # stands for what is before the first and after the last character


@dataclass(frozen=True, slots=True)
class PauseWeights:
    """What is added to the scores of comma and stop: ``slope * pause + shift``, pauses in usual characters."""

    slope: float = 0.0
    shift: float = 0.0


@dataclass(frozen=True, slots=True)
class Restorer:
    """``places``: feature to its weights for comma and stop; ``questions``: feature to its weight for a question."""

    places: Mapping[str, tuple[float, float]]
    questions: Mapping[str, float]
    pauses: PauseWeights = PauseWeights()

    @classmethod
    def bundled(cls) -> Restorer:
        """The weights that come with callcore."""
        return _bundled()

    @classmethod
    def parse(cls, table: str, pauses: PauseWeights | None = None) -> Restorer:
        """From lines of kind, feature and weights, tab-separated; ``#`` starts a comment. ``ValueError`` on others."""
        places: dict[str, tuple[float, float]] = {}
        questions: dict[str, float] = {}
        for line in table.splitlines():
            if not line or line.startswith("#"):
                continue
            kind, feature, *weights = line.split("\t")
            if kind == "pause":
                pauses = pauses or PauseWeights(*map(float, weights))
            elif kind == "place":
                comma, stop = map(float, weights)
                places[feature] = (comma, stop)
            elif kind == "question":
                questions[feature] = float(weights[0])
            else:
                raise ValueError(f"unknown kind {kind!r}")
        return cls(places, questions, pauses or PauseWeights())

    def restore(self, text: Text, words: Sequence[Word], *, ended: bool = True) -> Text:
        """The text with ， 。 ？ after the words where they belong; with an end mark if the sentence ``ended``."""
        positions = [i for i, character in enumerate(text.characters) if character != " "]
        characters = "".join(text.characters[i] for i in positions)
        owners = [text.owners[i] for i in positions]
        marks = self.marks(characters, pauses(characters, owners, words), ended=ended)
        return text.insert({positions[i]: mark for i, mark in marks.items()})

    def marks(self, characters: str, pause_after: Sequence[float | None], *, ended: bool = True) -> dict[int, str]:
        """Index of a character to the mark after it. ``pause_after``: as :func:`pauses` gives them."""
        found: dict[int, str] = {}
        sentence = last = 0
        for i, pause in enumerate(pause_after[:-1]):
            if pause is None:
                continue
            comma, stop = self._scores(characters, i + 1, last, pause)
            if max(comma, stop) <= 0:
                continue
            last = i + 1
            if comma >= stop:
                found[i] = "，"
            else:
                found[i] = self._end_mark(characters[sentence : i + 1])
                sentence = i + 1
        if ended and characters:
            found[len(characters) - 1] = self._end_mark(characters[sentence:])
        return found

    def _scores(self, characters: str, at: int, last: int, pause: float) -> tuple[float, float]:
        comma = stop = self.pauses.slope * pause + self.pauses.shift
        for feature in place_features(characters, at, last):
            weights = self.places.get(feature)
            if weights:
                comma += weights[0]
                stop += weights[1]
        return comma, stop

    def _end_mark(self, sentence: str) -> str:
        return "？" if sum(self.questions.get(f, 0.0) for f in question_features(sentence)) > 0 else "。"


def pauses(characters: str, owners: Sequence[int], words: Sequence[Word]) -> list[float | None]:
    """How much longer than usual it took to go on after each character, in usual lengths of a character.

    None where no mark may stand: inside a word of the recogniser and between Latin letters or digits. The time from
    the start of a word to the start of the next is compared with what its number of characters takes in this segment,
    so a pause counts wherever the recogniser put it: between two words or at the end of the first.
    """
    if not characters:
        return []
    ends = [i for i, owner in enumerate(owners) if i + 1 == len(owners) or owners[i + 1] != owner]
    sizes = [end - start for start, end in zip([-1, *ends], ends, strict=False)]
    starts = [words[owners[end]].start_sample for end in ends]
    spans = [max(later - earlier, 0) for earlier, later in pairwise(starts)]
    usual = median(span / size for span, size in zip(spans, sizes, strict=False)) if spans else 0
    result: list[float | None] = [None] * len(characters)
    for end, span, size in zip(ends, spans, sizes, strict=False):
        if _is_han(characters[end]) or _is_han(characters[end + 1]):
            result[end] = min(max(span / usual - size, 0.0), MAX_PAUSE) if usual else 0.0
    return result


def place_features(characters: str, at: int, last: int) -> Iterator[str]:
    """What is seen at the place before character ``at``, when the last mark stood before character ``last``."""
    around = _OUTSIDE * _REACH + _folded(characters[max(at - _REACH, 0) : at])
    left = around[-_REACH:]
    right = (_folded(characters[at : at + _REACH]) + _OUTSIDE * _REACH)[:_REACH]
    yield "bias"
    yield f"d{min((at - last).bit_length(), 5)}"
    for size in range(1, _REACH + 1):
        yield f"{left[-size:]}<"
        yield f">{right[:size]}"
    yield f"{left[-1]}.{right[0]}"
    yield f"{left[-2:]}.{right[0]}"
    yield f"{left[-1]}.{right[:2]}"


def question_features(sentence: str) -> Iterator[str]:
    """What is seen in a sentence without its marks: pairs of characters anywhere, its beginning and its end."""
    folded = _folded(sentence)
    yield "bias"
    yield from {folded[i : i + 2] for i in range(len(folded) - 1)}
    for size in (1, 2, 3):
        yield f"{folded[-size:]}<"
        yield f">{folded[:size]}"


def _folded(characters: str) -> str:
    return "".join("0" if c.isdecimal() else c if _is_han(c) or c == _OUTSIDE else "a" for c in characters)


def _is_han(character: str) -> bool:
    return bool(HAN_CHARACTER.match(character))


@cache
def _bundled() -> Restorer:
    return Restorer.parse(files("callcore.text").joinpath("punctuation.tsv").read_text(encoding="utf-8"))
