"""Dialogue acts: what a sentence does in the call, such as a promise, a refusal, a threat to leave.

A turn is read sentence by sentence: an act belongs to one of them, and its evidence is that sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from callcore.text.sentences import sentences
from callcore.types import Label, Word
from callcore.understand.catalogue import Acts
from callcore.understand.features import See, features, without_marks
from callcore.understand.text_reader import Network, joined, words_of

LEAST_LETTERS = 2  #: of a sentence that may do something
MOST = 12  #: sentences of a turn that are read one by one; of a longer one the last is the rest of it
LEAST = 0.02  #: probability of an act that is looked at any further
DIGITS = 4  #: of probabilities


class ActReader:
    """Finds acts with a network whose heads are the two sides. Read-only; calls share it."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._promises = frozenset(act.code for act in Acts.load().act if act.promise)

    @property
    def version(self) -> str:
        """Name and version of the model, as results cite it."""
        return self._network.version

    def likely(self, words: Sequence[Word], see: See = features) -> tuple[Label, ...]:
        """Acts of either side with at least the probability :data:`LEAST`, in the order of the turn.

        Who speaks is for others to know.
        """
        text, starts = joined(words)
        found: list[Label] = []
        for start, end in _pieces(text):
            first, last = words_of((start, end), starts)
            likely, _ = self._network.read(see(without_marks(text[start:end])).grams)
            for head, codes in self._network.heads.items():
                found += [
                    Label(code, round(probability, DIGITS), first, last)
                    for code, probability in zip(codes, likely[head], strict=True)
                    if probability >= LEAST
                ]
        return tuple(found)

    def sure(self, likely: Iterable[Label]) -> tuple[Label, ...]:
        """Of acts those that are sure enough."""
        thresholds = self._network.thresholds
        return tuple(label for label in likely if label.probability >= thresholds[label.code])

    def promises(self, likely: Iterable[Label]) -> tuple[Label, ...]:
        """Of acts those that promise something."""
        return tuple(label for label in likely if label.code in self._promises)


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """The sentences of a text that may do something; what goes beyond the most is one with the last of them."""
    spans = sentences(text)
    if len(spans) > MOST:
        spans = [*spans[: MOST - 1], (spans[MOST - 1][0], spans[-1][1])]
    for start, end in spans:
        if sum(map(str.isalnum, text[start:end])) >= LEAST_LETTERS:
            yield start + len(text[start:end]) - len(text[start:end].lstrip()), end
