"""What was said in a call and when: the yardstick of the benchmark."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from rapidfuzz.distance import Levenshtein

from callcore.errors import ConfigError
from callcore.evaluate.normalise import Normaliser, normaliser_for

LONGEST_HAN_S = 0.35  #: a character of running speech; a longer gap to the next onset holds a pause


@dataclass(frozen=True, slots=True)
class Unit:
    """What is compared and timed: a Han character or a Latin word, normalised. Times in seconds of the call."""

    text: str
    start_s: float
    end_s: float
    turn: int  #: index of its turn in the channel


@dataclass(frozen=True, slots=True)
class ReferenceTurn:
    """One say of a channel, from its first sound to the end of its last word."""

    start_s: float
    end_s: float
    text: str


@dataclass(frozen=True, slots=True)
class Reference:
    """What was said in one call, per channel in order of time. ``source`` says where the times come from."""

    duration_s: float
    normaliser: Normaliser
    turns: tuple[tuple[ReferenceTurn, ...], ...]  #: by channel
    units: tuple[tuple[Unit, ...], ...]  #: by channel
    source: str

    @property
    def channel_count(self) -> int:
        """Channels of the call, silent ones included."""
        return len(self.turns)

    @property
    def silence_s(self) -> float:
        """Time without speech, summed over channels."""
        spoken = sum(turn.end_s - turn.start_s for turns in self.turns for turn in turns)
        return self.duration_s * self.channel_count - spoken


MIN_PAUSE_S = 0.3  #: turns of one channel that follow closer than this are one: nobody could tell where one ended

Timed = tuple[str, float, float]  #: text, start and end in seconds


def read_reference(file: Path) -> Reference:
    """Read the JSON that ``audio_fixtures`` shows: ``duration``, ``channels`` and ``turns``.

    Each turn has ``channel``, ``start``, ``end``, ``text`` and either ``char_onsets`` (pairs of text and onset) or
    ``words`` (text, start and end). A character lasts until the next onset, at most :data:`LONGEST_HAN_S`; the last of
    a turn until the turn's end. Raises :class:`ConfigError`.
    """
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        turns = [_turn(item) for item in values["turns"]]
        channel_count = len(values["channels"])
        return build_reference(turns, channel_count, float(values["duration"]), values.get("source", "given"))
    except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError, IndexError) as error:
        raise ConfigError(
            f"reference {file} cannot be used ({type(error).__name__}).",
            "See docs/bench.md for the format; without a reference the words are timed by the model.",
        ) from error


def build_reference(
    turns: Sequence[tuple[int, ReferenceTurn, Sequence[Timed]]], channel_count: int, duration_s: float, source: str
) -> Reference:
    """A reference from turns (channel, turn, timed words) in any order. ``IndexError`` for a channel out of range."""
    normaliser = normaliser_for("", " ".join(turn.text for _, turn, _ in turns))
    by_channel: list[list[ReferenceTurn]] = [[] for _ in range(channel_count)]
    units: list[list[Unit]] = [[] for _ in range(channel_count)]
    for channel, turn, timed in sorted(turns, key=lambda item: item[1].start_s):
        if channel < 0:
            raise IndexError(channel)
        found = timed_units(normaliser.units(turn.text), timed, normaliser)
        before = by_channel[channel]
        if not found:
            continue
        if before and turn.start_s - before[-1].end_s < MIN_PAUSE_S:
            last = before.pop()
            turn = ReferenceTurn(last.start_s, max(last.end_s, turn.end_s), f"{last.text} {turn.text}")
        units[channel] += [Unit(text, start, end, len(before)) for text, start, end in found]
        before.append(turn)
    return Reference(duration_s, normaliser, tuple(map(tuple, by_channel)), tuple(map(tuple, units)), source)


def timed_units(units: Sequence[str], timed: Sequence[Timed], normaliser: Normaliser) -> list[Timed]:
    """Units of a text with times taken from ``timed``, which says the same in other pieces.

    Normalisers may join or rewrite words (twenty five to 25), so units are matched by edit distance; those between two
    matches share the time between them.
    """
    pieces = [
        (unit, start + (end - start) * index / len(parts), start + (end - start) * (index + 1) / len(parts))
        for word, start, end in timed
        for parts in [normaliser.units(word)]
        for index, unit in enumerate(parts)
    ]
    result: list[Timed] = []
    known = wanted = 0  # positions reached in pieces and units
    for block in Levenshtein.opcodes([piece[0] for piece in pieces], units).as_matching_blocks():
        result += _shared(units[wanted : block.b], pieces, known, block.a)
        known, wanted = block.a + block.size, block.b + block.size
        result += pieces[block.a : known]
    return result


def _shared(units: Sequence[str], pieces: Sequence[Timed], first: int, end: int) -> list[Timed]:
    """Units that share the time of the pieces from ``first`` to before ``end``; without any, the moment between."""
    here = pieces[first:end]
    edge = pieces[first - 1][2] if first else pieces[0][1] if pieces else 0.0
    start_s, end_s = (here[0][1], here[-1][2]) if here else (edge, edge)
    width = (end_s - start_s) / max(1, len(units))
    return [(unit, start_s + width * i, start_s + width * (i + 1)) for i, unit in enumerate(units)]


def _turn(item: dict[str, Any]) -> tuple[int, ReferenceTurn, list[Timed]]:
    turn = ReferenceTurn(float(item["start"]), float(item["end"]), str(item["text"]))
    if "words" in item:
        return int(item["channel"]), turn, [(str(w[0]), float(w[1]), float(w[2])) for w in item["words"]]
    onsets = [(str(text), float(onset)) for text, onset in item["char_onsets"]]
    after = [min(later, onset + LONGEST_HAN_S) for (_, onset), (_, later) in pairwise(onsets)]
    ends = [*after, turn.end_s]
    return int(item["channel"]), turn, [(text, onset, end) for (text, onset), end in zip(onsets, ends, strict=True)]
