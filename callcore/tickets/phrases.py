"""Phrases as banks write them in data files, found in what was said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

from callcore.text.chars import HAN_CHARACTER
from callcore.text.sentences import SENTENCE_END

CLAUSE_END = "，,"
GAP_HAN, GAP_OTHER = 14, 40  #: characters that ``~`` stands for at most
Key = TypeVar("Key")
PIECE = 4  #: characters of an anchor, at most, by which phrases are found
ALWAYS = ""  #: an anchor that is in every text
_TOKENS = re.compile(r"[\[\]|~]|\s+|[!-Z\\^-{}]+|[^\x00-\x7f]+")


@dataclass(frozen=True, slots=True)
class Phrase:
    """One phrase: ``~`` stands for a few characters of the same sentence, ``[a|b]`` for either, ``[a|]`` for a or not.

    ``anchors``: one of them must be there for it to fit, which is quick to look for.
    """

    pattern: re.Pattern[str]
    anchors: tuple[str, ...]

    @classmethod
    def of(cls, text: str, clause: bool = False) -> Phrase:
        """From a data file. ``clause``: in Chinese ``~`` goes no further than a comma.

        Raises ``ValueError`` for a bracket that is not closed.
        """
        return _phrase(text.strip().lower(), clause)

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Half-open ranges of characters of ``text``, which is in lower case."""
        if any(anchor in text for anchor in self.anchors):
            yield from (match.span() for match in self.pattern.finditer(text) if match.end() > match.start())


@dataclass(frozen=True, slots=True)
class Phrases:
    """Phrases of one meaning, and those that take it back where they overlap it (``not_`` in the data files)."""

    wanted: tuple[Phrase, ...]
    unwanted: tuple[Phrase, ...] = ()

    @classmethod
    def of(cls, wanted: Iterable[str], unwanted: Iterable[str] = (), clause: bool = False) -> Phrases:
        """From a data file; ``clause``: see :meth:`Phrase.of`.

        Raises ``ValueError`` for a bracket that is not closed.
        """
        return cls(tuple(Phrase.of(one, clause) for one in wanted), tuple(Phrase.of(one, clause) for one in unwanted))

    def find(self, text: str) -> list[tuple[int, int]]:
        """Where ``text`` (lower case) says it: half-open ranges of characters in order, none inside another."""
        return self.kept(text, {span for phrase in self.wanted for span in phrase.find(text)})

    def kept(self, text: str, found: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
        """What is left of the places where ``text`` has one of the wanted phrases."""
        spans = sorted(found, key=lambda span: (span[0], -span[1]))
        if not spans:
            return []
        against = [span for phrase in self.unwanted for span in phrase.find(text)]
        kept: list[tuple[int, int]] = []
        for start, end in spans:
            inside = bool(kept) and end <= kept[-1][1]
            if not inside and not any(a < end and start < b for a, b in against):
                kept.append((start, end))
        return kept


def pieces_of(text: str) -> set[str]:
    """All that a text holds of up to :data:`PIECE` characters in a row."""
    sizes = range(1, PIECE + 1)
    return {text[place : place + size] for size in sizes for place in range(len(text) - size + 1)} | {ALWAYS}


class PhraseIndex(Generic[Key]):
    """Many groups of phrases, looked for together: only those of which a piece is in the text are tried."""

    def __init__(self, groups: Iterable[tuple[Key, Phrases]]) -> None:
        self._groups = list(groups)
        self._by_piece: dict[str, list[tuple[int, Phrase]]] = {}
        for number, (_, phrases) in enumerate(self._groups):
            for phrase in phrases.wanted:
                for piece in {anchor[:PIECE] for anchor in phrase.anchors}:
                    self._by_piece.setdefault(piece, []).append((number, phrase))

    def find(self, text: str, pieces: set[str]) -> list[tuple[Key, list[tuple[int, int]]]]:
        """Of every group that ``text`` (lower case, of which these are the ``pieces``) says: where; see
        :meth:`Phrases.find`.
        """
        found: dict[int, set[tuple[int, int]]] = {}
        for piece in pieces & self._by_piece.keys():
            for number, phrase in self._by_piece[piece]:
                for span in phrase.find(text):
                    found.setdefault(number, set()).add(span)
        kept = [
            (self._groups[number][0], self._groups[number][1].kept(text, found[number])) for number in sorted(found)
        ]
        return [(key, spans) for key, spans in kept if spans]


@lru_cache(maxsize=8192)
def _phrase(text: str, clause: bool) -> Phrase:
    han = HAN_CHARACTER.search(text)
    ends = SENTENCE_END + CLAUSE_END if clause and han else SENTENCE_END
    gap = rf"[^{re.escape(ends)}]{{0,{GAP_HAN if han else GAP_OTHER}}}?"
    parts = _TOKENS.findall(text)
    pattern, anchors = _sequence(parts, gap)
    if parts or not text:
        raise ValueError(f"phrase {text!r}: brackets do not pair, or nothing is in it")
    if not han:
        pattern = rf"(?:(?<!\w)|(?=')){pattern}(?!\w)"  # "'ll" may follow any word
    return Phrase(re.compile(pattern), anchors)


def _sequence(parts: list[str], gap: str) -> tuple[str, tuple[str, ...]]:
    """Pattern and anchors of the parts up to the end of this option, which are taken off the list."""
    pattern, literal = "", False
    best: tuple[str, ...] = (ALWAYS,)
    while parts and parts[0] not in ("|", "]"):
        part = parts.pop(0)
        if part == "[":
            piece, anchors = _either(parts, gap)
        elif part == "~" or part.isspace():
            piece, anchors = (gap if part == "~" else r"\s*"), (ALWAYS,)
        else:  # of two texts in a row one is Han, the other is not: there may be a space between them
            piece, anchors = (r"\s?" if literal else "") + re.escape(part), (part,)
        literal = anchors == (part,)
        pattern += piece
        best = max(best, anchors, key=lambda options: (min(map(len, options)), -len(options)))
    return pattern, best


def _either(parts: list[str], gap: str) -> tuple[str, tuple[str, ...]]:
    """The same of the options between brackets, the first of which is open already."""
    found = [_sequence(parts, gap)]
    while parts and parts[0] == "|":
        parts.pop(0)
        found.append(_sequence(parts, gap))
    if not parts:
        raise ValueError("a bracket of a phrase is not closed")
    parts.pop(0)
    return "(?:" + "|".join(pattern for pattern, _ in found) + ")", tuple(one for _, every in found for one in every)
