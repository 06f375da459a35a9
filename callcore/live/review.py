"""What a second, more careful reading of a call says otherwise than the live one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from callcore.recognise.guards import bare
from callcore.record import CallRecord
from callcore.types import Turn, Word, text_of


@dataclass(frozen=True, slots=True)
class Difference:
    """A turn that was read differently. ``changed``: words (Han characters) by which the readings differ."""

    turn: Turn
    text: str  #: as it was read again
    changed: int


def differences(live: CallRecord, again: CallRecord) -> list[Difference]:
    """Turns of ``live`` whose words ``again`` reads differently, in order of time; punctuation and case do not count.

    Words belong to the turn of their channel in which their middle lies; what the second reading hears between the
    turns of the first counts to the turn before it.
    """
    found = []
    for channel in live.channels:
        turns = [turn for turn in live.turns if turn.channel == channel]
        words = [word for turn in again.turns if turn.channel == channel for word in turn.words]
        for number, turn in enumerate(turns):
            start = turn.start_sample if number else 0
            end = turns[number + 1].start_sample if number + 1 < len(turns) else None
            mine = [word for word in words if start <= _middle(word) and (end is None or _middle(word) < end)]
            changed = Levenshtein.distance(_units(turn.words), _units(mine))
            if changed:
                text = text_of(mine).strip()
                found.append(Difference(turn, text, changed))
    return sorted(found, key=lambda difference: (difference.turn.start_sample, difference.turn.channel))


def _units(words: Iterable[Word]) -> list[str]:
    """Words without marks; Han words character by character, however the recogniser put them together."""
    plain = [bare(word.text) for word in words]
    return [unit for word in plain if word for unit in ([word] if word.isascii() else word)]


def _middle(word: Word) -> int:
    return (word.start_sample + word.end_sample) // 2
