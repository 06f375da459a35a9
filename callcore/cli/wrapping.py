"""Text broken into lines as wide as the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from rich.cells import cell_len

CLOSING = frozenset("…，。！？；：、）》」』】”’%‰,.!?;:)")  #: never at the start of a line
OPENING = frozenset("（《「『【“‘(")  #: never at the end of one


@lru_cache(maxsize=512)
def wrapped(runs: tuple[tuple[str, bool], ...], width: int) -> tuple[tuple[tuple[str, bool], ...], ...]:
    """Text broken into lines of at most ``width`` cells; each line is again runs of text and whether it is firm.

    Han text breaks anywhere but before closing and after opening marks, other text between words.
    """
    letters = [(letter, firm, cell_len(letter)) for text, firm in runs for letter in text]
    lines: list[tuple[tuple[str, bool], ...]] = []
    start = 0
    while start < len(letters):
        end = _line_end(letters, start, width)
        lines.append(_runs(letters[start:end]))
        start = end
        while start < len(letters) and letters[start][0] == " ":
            start += 1
    return tuple(lines) or ((),)


def _line_end(letters: Sequence[tuple[str, bool, int]], start: int, width: int) -> int:
    """One past the last letter of the line that begins at ``start``."""
    used, place = 0, start
    for index in range(start, len(letters)):
        if index > start and _breakable(letters[index - 1], letters[index]):
            place = index
        used += letters[index][2]
        if used > width and letters[index][0] != " ":
            return place if place > start else max(index, start + 1)
    return len(letters)


def _breakable(before: tuple[str, bool, int], after: tuple[str, bool, int]) -> bool:
    if after[0] in CLOSING or before[0] in OPENING:
        return False
    return before[0] == " " or before[2] == 2 or after[2] == 2


def _runs(letters: Sequence[tuple[str, bool, int]]) -> tuple[tuple[str, bool], ...]:
    runs: list[tuple[str, bool]] = []
    for letter, firm, _ in letters:
        if runs and runs[-1][1] == firm:
            runs[-1] = (runs[-1][0] + letter, firm)
        else:
            runs.append((letter, firm))
    return tuple(runs)
