"""Texts that grow and change, matched against what was said. Pure functions of texts and times."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence

from rapidfuzz.distance import Levenshtein

Units = list[str]
Seen = tuple[float, Units]  #: when (s since t = 0), and the units of the text seen then

EARLY_S = 0.1  #: a word may be matched this long before its reference onset: aligners err by as much
KEPT_UNITS = 40  #: units before the newest that are matched anew each time; what lies further back is settled


class UnitReader:
    """Units of the texts of one channel. What was added to the final text is cut into units only once."""

    def __init__(self, units: Callable[[str], Units]) -> None:
        self._cut = units
        self._final = ""
        self._units: Units = []

    def final(self, text: str) -> Units:
        """Units of a final text; quick where it only grew."""
        if not text.startswith(self._final):
            self._final, self._units = "", []
        if text != self._final:
            self._units = self._units + self._cut(text[len(self._final) :])
            self._final = text
        return self._units

    def longer(self, final: str, text: str) -> Units:
        """Units of a text that begins with ``final``."""
        known = self.final(final)
        rest = text[len(final) :]
        return known + self._cut(rest) if rest else known


def matched_pairs(heard: Sequence[str], wanted: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs (index heard, index wanted) of equal units in the alignment of fewest edits, in order."""
    return [
        (block.a + offset, block.b + offset)
        for block in Levenshtein.opcodes(heard, wanted).as_matching_blocks()
        for offset in range(block.size)
    ]


def aligned_pairs(heard: Sequence[str], wanted: Sequence[str]) -> list[tuple[int, int]]:
    """As :func:`matched_pairs`, with units that stand in each other's place though they differ."""
    return [
        (step.src_start + offset, step.dest_start + offset)
        for step in Levenshtein.opcodes(heard, wanted)
        if step.tag in ("equal", "replace")
        for offset in range(min(step.src_end - step.src_start, step.dest_end - step.dest_start))
    ]


def first_times(seen: Iterable[Seen], wanted: Sequence[str], starts_s: Sequence[float]) -> list[float | None]:
    """When each wanted unit was first matched in what was seen; None for never.

    ``starts_s``: onsets of the wanted units, ascending. A text is matched against what had begun by then alone, so that
    a word said twice is not found before it is said.
    """
    first: list[float | None] = [None] * len(wanted)
    before: Units = []
    anchor_heard = anchor_wanted = 0  # everything before them is settled
    for at_s, heard in seen:
        if heard == before:
            continue
        if before[:anchor_heard] != heard[:anchor_heard]:
            anchor_heard = anchor_wanted = 0
        begun = bisect_right(starts_s, at_s + EARLY_S)
        pairs = matched_pairs(heard[anchor_heard:], wanted[anchor_wanted:begun])
        base_heard, base_wanted = anchor_heard, anchor_wanted
        for index, target in pairs:
            if first[base_wanted + target] is None:
                first[base_wanted + target] = at_s
            if base_heard + index < len(heard) - KEPT_UNITS:
                anchor_heard, anchor_wanted = base_heard + index, base_wanted + target
        before = heard
    return first


def settled_times(seen: Iterable[Seen]) -> list[float]:
    """For each unit of the last text: since when the text has been the same up to and with it."""
    times: list[float] = []
    before: Units = []
    for at_s, heard in seen:
        same = common_length(before, heard)
        times = times[:same] + [at_s] * (len(heard) - same)
        before = heard
    return times


def common_length(one: Sequence[str], other: Sequence[str]) -> int:
    """Number of units both begin with."""
    shorter = min(len(one), len(other))
    if one[:shorter] == other[:shorter]:
        return shorter
    return next(index for index in range(shorter) if one[index] != other[index])


def revised_units(seen: Iterable[Seen]) -> int:
    """Units that were there and were then changed or taken away, summed over all changes of the text."""
    count = 0
    before: Units = []
    for _, heard in seen:
        same = common_length(before, heard)
        steps = Levenshtein.editops(before[same:], heard[same:])
        count += sum(step.tag != "insert" for step in steps)
        before = heard
    return count


def as_first_said(seen: Iterable[Seen]) -> Units:
    """The text of a listener who takes every word when it is first promised and never looks back.

    Where the text changed, only what follows the place of the last word taken is added.
    """
    taken: Units = []
    before: Units = []
    for _, heard in seen:
        same = common_length(before, heard)
        steps = Levenshtein.opcodes(before[same:], heard[same:])
        last = steps[-1] if len(steps) else None
        if last is not None and last.tag == "insert":
            taken = taken + heard[same + last.dest_start :]
        before = heard
    return taken
