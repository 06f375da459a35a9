"""What a user types into the search, as a question the full-text index understands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from callcore.errors import QueryError
from callcore.store.tokens import sounds, tokenize

Column = Literal["words", "sounds"]

MAX_TERMS = 64
MAX_LENGTH = 1000
_QUOTES = str.maketrans(dict.fromkeys("“”„«»「」『』＂", '"'))
_PIECE = re.compile(r'(?P<minus>(?:^|(?<=\s))[-－−])?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')
_HINT = 'See docs/database.md for how to search: words, "phrases", -without, this OR that.'


@dataclass(frozen=True, slots=True)
class Term:
    """A run of tokens that must occur side by side; with ``prefix`` the last one may go on (``card*``)."""

    words: tuple[str, ...]
    sounds: tuple[str, ...]
    prefix: bool = False

    def spans(self, tokens: Sequence[str], column: Column = "words") -> Iterator[tuple[int, int]]:
        """Where the term occurs in a text's tokens (or their sounds), as (first, one past the last)."""
        wanted = getattr(self, column)
        size = len(wanted)
        for first in range(len(tokens) - size + 1):
            there = tuple(tokens[first : first + size])
            whole = there == wanted
            begun = self.prefix and there[:-1] == wanted[:-1] and there[-1].startswith(wanted[-1])
            if whole or begun:
                yield first, first + size


@dataclass(frozen=True, slots=True)
class Query:
    """All of ``clauses`` must hold (each by any of its terms), and none of ``excluded``."""

    clauses: tuple[tuple[Term, ...], ...]
    excluded: tuple[Term, ...] = ()

    @property
    def terms(self) -> tuple[Term, ...]:
        """Every term looked for."""
        return tuple(term for clause in self.clauses for term in clause)

    def expression(self, column: Column) -> str:
        """The question in FTS5's language. Only quoted tokens of ours get into it, never the user's own text."""
        clauses = " AND ".join(_any_of(clause, column) for clause in self.clauses)
        wanted = f"{column} : ({clauses})"
        return f"({wanted}) NOT words : {_any_of(self.excluded, 'words')}" if self.excluded else wanted


def parse(text: str) -> Query:
    """Read a query: ``a b`` both, ``"a b"`` side by side, ``-a`` without, ``a OR b`` either, ``card*`` beginning.

    OR joins its two neighbours only: ``a b OR c`` is a, and b or c. Raises :class:`QueryError`.
    """
    if len(text) > MAX_LENGTH:
        raise QueryError(f"the query has {len(text)} characters; {MAX_LENGTH} are allowed.", _HINT)
    clauses: list[list[Term]] = []
    excluded: list[Term] = []
    joining = False
    for minus, term in _pieces(text):
        if term is None:
            if joining or not clauses:
                raise QueryError("OR needs a word on both sides.", _HINT)
            joining = True
        elif minus:
            if joining:
                raise QueryError("a word with - cannot stand beside OR.", _HINT)
            excluded.append(term)
        elif joining:
            clauses[-1].append(term)
            joining = False
        else:
            clauses.append([term])
    if joining:
        raise QueryError("OR needs a word on both sides.", _HINT)
    if not clauses:
        raise QueryError(
            "the query only says what to leave out." if excluded else "there is no word in the query.", _HINT
        )
    if sum(map(len, clauses)) + len(excluded) > MAX_TERMS:
        raise QueryError(f"the query has more than {MAX_TERMS} words.", _HINT)
    return Query(tuple(tuple(clause) for clause in clauses), tuple(excluded))


def _pieces(text: str) -> Iterator[tuple[bool, Term | None]]:
    # Each term with whether it is excluded; None stands for OR. What holds nothing to compare (":-)") is passed over.
    for match in _PIECE.finditer(text.translate(_QUOTES)):
        word, phrase = match["word"], match["phrase"]
        minus = match["minus"] is not None
        if word == "OR" and not minus:
            yield False, None
            continue
        term = _term(phrase if word is None else word, prefix=word is not None and word.endswith(("*", "＊")))
        if term.words:
            yield minus, term


def _term(text: str, *, prefix: bool) -> Term:
    tokens = tokenize(text)
    # A Han character never goes on; only letters and digits can be the beginning of a longer token.
    return Term(
        tuple(token.text for token in tokens),
        tuple(sounds(tokens)),
        prefix and bool(tokens) and not tokens[-1].wide,
    )


def _any_of(terms: Sequence[Term], column: Column) -> str:
    quoted = (f'"{" ".join(getattr(term, column))}"{" *" if term.prefix else ""}' for term in terms)
    return f"({' OR '.join(quoted)})"
