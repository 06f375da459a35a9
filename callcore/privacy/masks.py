"""Masking, character for character: words keep their number, their order, their length and their times."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from callcore.types import MASK, Entity, Word, text_of
from callcore.understand.entities.spoken import Spoken


@dataclass(frozen=True, slots=True)
class Masked:
    """Words as said and as they may leave."""

    said: tuple[Word, ...]
    words: tuple[Word, ...]

    @classmethod
    def of(cls, spoken: Spoken, hidden: AbstractSet[int], words: Sequence[Word]) -> Masked:
        """``words``: those at the end of ``spoken`` that are wanted; ``hidden``: characters of ``spoken``."""
        said = tuple(words)
        if not hidden:
            return cls(said, said)
        first = len(spoken.words) - len(words)
        shown = []
        for place, word in enumerate(said, first):
            at = spoken.starts[place] + spoken.words[place].space_before
            if not hidden.isdisjoint(range(at, at + len(word.text))):
                text = "".join(MASK if at + i in hidden and one != " " else one for i, one in enumerate(word.text))
                word = replace(word, text=text)
            shown.append(word)
        return cls(said, tuple(shown))

    @classmethod
    def whole(cls, words: Sequence[Word]) -> Masked:
        """Nothing of the words can be read."""
        return cls(tuple(words), tuple(replace(word, text=all_masked(word.text)) for word in words))

    def text(self, text: str) -> str:
        """``text``, which the words add up to, as it may leave; all masked where it is another."""
        said, shown = _texts(self.said, self.words)
        if text == said:
            return shown
        return shown.strip() if text == said.strip() else all_masked(text)

    def entity(self, entity: Entity) -> tuple[str, bool]:
        """The text of an entity of these words as it may leave, and whether any of it is masked."""
        first, end = entity.first_word, entity.end_word
        said, shown = _texts(self.said[first:end], self.words[first:end])
        at = said.find(entity.text)
        if at < 0:
            return all_masked(entity.text), True
        text = shown[at : at + len(entity.text)]
        return text, text != entity.text


def _texts(said: tuple[Word, ...], shown: tuple[Word, ...]) -> tuple[str, str]:
    text = text_of(said)
    return text, text if said == shown else text_of(shown)


def all_masked(text: str) -> str:
    """``text`` with nothing left but its length and its spaces."""
    return "".join(one if one == " " else MASK for one in text)
