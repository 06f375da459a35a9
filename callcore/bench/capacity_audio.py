"""Recordings made endless for a capacity run: repeated, cut to length, and each call somewhere else in them. No I/O."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from callcore.bench.reference import Reference, ReferenceTurn, Unit
from callcore.bench.replay import Recording

TAIL_S = 1.0  #: words that end later than this before the end are not expected: their turn may be cut off


@dataclass(frozen=True, slots=True)
class Looped:
    """A recording and what is said in it."""

    recording: Recording
    reference: Reference


def loop(recording: Recording, reference: Reference, phase: float, length_s: float) -> Looped:
    """The recording from ``phase`` (0 to 1 of it) on, again and again, for ``length_s`` seconds.

    It begins at the moment nearest to the phase at which nobody speaks, so that no word is cut.
    """
    duration_s = recording.facts.duration_s
    begin_s = quiet_moment(reference, phase * duration_s)
    whole = round(length_s * recording.rate_hz)
    turned = np.roll(recording.samples, -round(begin_s * recording.rate_hz), axis=1)
    repeats = -(-whole // turned.shape[1])
    samples = np.tile(turned, (1, repeats))[:, :whole]
    return Looped(replace(recording, samples=samples), _loop_reference(reference, begin_s, duration_s, length_s))


def quiet_moment(reference: Reference, near_s: float) -> float:
    """The moment nearest to ``near_s`` at which no turn goes on, in seconds; 0 when there is no such moment."""
    spans = sorted((turn.start_s, turn.end_s) for turns in reference.turns for turn in turns)
    moments, quiet_from = [0.0], 0.0
    for start_s, end_s in spans:
        if start_s > quiet_from:
            moments.append((quiet_from + start_s) / 2)
        quiet_from = max(quiet_from, end_s)
    if quiet_from < reference.duration_s:
        moments.append((quiet_from + reference.duration_s) / 2)
    return min(moments, key=lambda moment: abs(moment - near_s))


def _loop_reference(reference: Reference, begin_s: float, duration_s: float, length_s: float) -> Reference:
    all_turns, all_units = [], []
    for turns, units in zip(reference.turns, reference.units, strict=True):
        new_turns: list[ReferenceTurn] = []
        new_units: list[Unit] = []
        for index, shift_s in _shifts(turns, begin_s, duration_s, length_s):
            turn = turns[index]
            new_units += [
                Unit(unit.text, unit.start_s + shift_s, unit.end_s + shift_s, len(new_turns))
                for unit in units
                if unit.turn == index
            ]
            new_turns.append(ReferenceTurn(turn.start_s + shift_s, turn.end_s + shift_s, turn.text))
        all_turns.append(tuple(new_turns))
        all_units.append(tuple(new_units))
    return replace(reference, duration_s=length_s, turns=tuple(all_turns), units=tuple(all_units))


def _shifts(
    turns: tuple[ReferenceTurn, ...], begin_s: float, duration_s: float, length_s: float
) -> Iterator[tuple[int, float]]:
    """Turns as they come, by index, and by how much each is moved; none that ends after the end."""
    found = []
    for index, turn in enumerate(turns):
        shift_s = -begin_s if turn.start_s >= begin_s else duration_s - begin_s
        while turn.end_s + shift_s <= length_s - TAIL_S:
            found.append((index, shift_s))
            shift_s += duration_s
    return iter(sorted(found, key=lambda item: turns[item[0]].start_s + item[1]))
