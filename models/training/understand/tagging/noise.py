"""Turns as a recogniser writes them, with what is marked in them still marked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from models.training.understand.augment import Confusions, misheard_en, misheard_zh, without_marks
from models.training.understand.tagging.examples import Example

IN_SECRETS = 0.3  #: of the errors beside secrets, in them
MOST = 0.2  #: share of characters or words that may be wrong

Change = Callable[[str, float], str]


class Noise:
    """Changes turns at random."""

    def __init__(self, language: str, texts: Sequence[str], random: Random) -> None:
        self._random = random
        self._language = language
        self._confusions = Confusions(texts) if language == "zh" else None
        self._vocabulary = sorted({word for text in texts for word in text.lower().split()})

    def heard(self, one: Example) -> Example:
        """A turn with what happens to it on the way: nothing, marks and capitals lost, words misheard."""
        kind = self._random.random()
        if kind < 0.45:
            return one
        if kind < 0.6 and self._language == "en":
            return self._changed(one, lambda text, _: text.lower(), 0.0)
        if kind < 0.72:
            return self._changed(one, lambda text, _: _spaced(text, without_marks).lower(), 0.0)
        return self._changed(one, self._misheard, MOST * self._random.random())

    def misheard(self, one: Example, rate: float) -> Example:
        """A turn with about ``rate`` wrong characters or words, a third as many in what is secret."""
        return self._changed(one, self._misheard, rate)

    def _misheard(self, text: str, rate: float) -> str:
        if self._confusions:
            return misheard_zh(text, rate, self._confusions, self._random)
        return _spaced(text, lambda core: misheard_en(core, rate, self._vocabulary, self._random))

    def _changed(self, one: Example, change: Change, rate: float) -> Example:
        text, marks, end = "", [], 0
        for mark in one.marks:
            if mark.start < end:
                continue
            between = one.text[end : mark.start]
            text += change(between, rate) if between else ""
            said = change(one.text[mark.start : mark.end], rate * IN_SECRETS)
            marks.append(replace(mark, start=len(text), end=len(text) + len(said)))
            text += said
            end = mark.end
        rest = one.text[end:]
        text += change(rest, rate) if rest else ""
        before = change(one.before, rate) if one.before else ""
        return replace(one, before=before, text=text, marks=tuple(marks))


def _spaced(text: str, change: Callable[[str], str]) -> str:
    """The text changed, with the spaces at its ends as they were."""
    core = text.strip()
    if not core:
        return text
    start = text.index(core)
    return text[:start] + change(core).strip() + text[start + len(core) :]
