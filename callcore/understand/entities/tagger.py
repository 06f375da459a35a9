"""Secrets as a learned tagger sees them: how likely each character of a turn is part of one, and of which kind.

It knows wordings that no rule foresaw, and the question that a turn answers; it knows nothing of check digits and of
what was said earlier in the call. Rules and tagger are joined in joining.py, and by the redaction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from callcore.types import Role
from callcore.understand.tag_features import Said, Vocabulary, rows

#: kinds of secrets that are marked in written calls (benchmarks/written_calls/README.md)
KINDS = (
    "name",
    "phone",
    "card_number",
    "card_tail",
    "card_expiry",
    "account",
    "id_number",
    "code",
    "address",
    "email",
)
PIECE = 256  #: characters that are tagged at once; what a longer turn holds is read in several pieces
OVERLAP = 32  #: characters of the pieces beside that are read with one
_WORD = re.compile("[a-z\u00df-\u024f]{2,}(?:['-][a-z\u00df-\u024f]+)*|[0-9]{2,}")
NOTHING = Said("", "")

Float32 = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int32]


class TagNetwork(Protocol):
    """The weights."""

    @property
    def version(self) -> str:
        """Name and version, as results cite it."""

    @property
    def labels(self) -> Sequence[str]:
        """What a character may be, in the order of the answers; the first is "none"."""

    @property
    def characters(self) -> str:
        """The characters that the model knows, in the order of its table."""

    @property
    def grams(self) -> npt.NDArray[np.uint32]:
        """Checksums of the grams that it knows, shape (n,), in the order of its table."""

    def tag(self, rows: Rows, start: int) -> Float32:
        """Probabilities of shape (positions from ``start`` on, labels)."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A stretch of characters that are likely secret: half-open. ``likely``: how likely its likeliest character is."""

    kind: str
    start: int
    end: int
    likely: float
    kind_likely: float  #: of the kind, where it is one


@dataclass(frozen=True, slots=True)
class Tagged:
    """What the tagger says of a turn. ``likely``: shape (characters, labels), float32, the first label is "none"."""

    likely: Float32
    labels: tuple[str, ...]

    def secret(self, start: int, end: int) -> float:
        """How likely the likeliest character of a range is part of a secret; 0 of an empty range."""
        return float(1 - self.likely[start:end, 0].min()) if end > start else 0.0

    def kind(self, start: int, end: int) -> tuple[str, float]:
        """The likeliest kind of a range if it is a secret, and how likely it is of that kind then."""
        shares = self.likely[start:end, 1:].sum(axis=0)
        best = int(shares.argmax())
        return self.labels[1 + best], float(shares[best] / max(float(shares.sum()), 1e-9))

    def tags(self, text: str, least: float) -> Iterator[Tag]:
        """Stretches of characters that are secret with a probability of ``least``, in order.

        Where the kind changes a new one begins; spaces and marks at the ends belong to none.
        """
        likely = self.likely[:, 0] <= 1 - least
        if not likely.any():
            return
        over, kinds = likely.tolist(), self.likely[:, 1:].argmax(axis=1).tolist()
        start = 0
        while start < len(text):
            if not over[start] or not text[start].isalnum():
                start += 1
                continue
            end = start
            while end < len(text) and over[end] and (kinds[end] == kinds[start] or not text[end].isalnum()):
                end += 1
            after = end
            while not text[end - 1].isalnum():
                end -= 1
            yield Tag(*self._named(start, end))
            start = after

    def _named(self, start: int, end: int) -> tuple[str, int, int, float, float]:
        kind, kind_likely = self.kind(start, end)
        return kind, start, end, self.secret(start, end), kind_likely


class SecretTagger:
    """Tags turns with a network. Read-only; calls share it."""

    def __init__(self, network: TagNetwork) -> None:
        self._network = network
        self._labels = tuple(network.labels)
        self._vocabulary = Vocabulary.of(network.characters, network.grams)

    @property
    def version(self) -> str:
        """Name and version of the model, as results cite it."""
        return self._network.version

    def read(self, said: Said, before: Said = NOTHING, speaker: Role = Role.UNKNOWN) -> Tagged:
        """What of a turn is secret. ``before``: what the other side said last."""
        parts = [np.zeros((0, len(self._labels)), dtype=np.float32)]
        for start in range(0, len(said.text), PIECE):
            end = min(start + PIECE, len(said.text))
            first, last = max(start - OVERLAP, 0), min(end + OVERLAP, len(said.text))
            piece = Said(said.raw[first:last], said.text[first:last])
            likely = self._network.tag(*rows(before, piece, speaker, self._vocabulary))
            parts.append(likely[start - first : end - first])
        return Tagged(_by_words(np.concatenate(parts), said.text), self._labels)


def _by_words(likely: Float32, text: str) -> Float32:
    """Probabilities by word of letters and by figure: each of its characters has their mean."""
    for match in _WORD.finditer(text):
        part = likely[match.start() : match.end()]
        part[:] = np.add.reduce(part, axis=0) / len(part)
    return likely
