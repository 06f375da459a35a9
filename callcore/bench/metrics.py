"""Latency and quality of one call as a listener had it. Pure functions of what was shown and what was said.

Terms as in docs/bench.md. All times are seconds since t = 0, the scheduled time of the call's first frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from callcore.bench.matching import (
    Seen,
    UnitReader,
    Units,
    aligned_pairs,
    as_first_said,
    first_times,
    matched_pairs,
    revised_units,
    settled_times,
)
from callcore.bench.protocol import Shown
from callcore.bench.reference import Reference, ReferenceTurn, Unit
from callcore.evaluate.normalise import MANDARIN, Normaliser
from callcore.evaluate.rates import Counts, compare_units

TURN_TAIL_S = 1.0  #: a turn counts as finalised once a word is final that ends this close to its end
SCALE_UNITS = frozenset("十百千万亿点元块角毛分")  #: what stands within amounts, between digits or after them


@dataclass(frozen=True, slots=True)
class WordTimes:
    """One reference word: when it ended, and how long after that it was there; None for never."""

    channel: int
    end_s: float
    first_shown_s: float | None
    commit_s: float | None


@dataclass(frozen=True, slots=True)
class TurnTimes:
    """One reference turn: when its last word ended, and how long after that its text was final; None for never."""

    channel: int
    end_s: float
    finalisation_s: float | None
    cut_early: bool  #: some of it was final before it was said to its end
    missed: bool  #: no word of it is in the final text


@dataclass(frozen=True, slots=True)
class Errors:
    """Error counts of one text of a call against its reference; ``numbers`` within digits and amounts alone."""

    counts: Counts = field(default_factory=Counts)
    number_units: int = 0
    number_errors: int = 0

    def __add__(self, other: Errors) -> Errors:
        return Errors(
            self.counts + other.counts,
            self.number_units + other.number_units,
            self.number_errors + other.number_errors,
        )

    @property
    def number_rate(self) -> float | None:
        """Units of digits and amounts that are wrong or missing; None without any."""
        return self.number_errors / self.number_units if self.number_units else None


@dataclass(frozen=True, slots=True)
class CallMetrics:
    """All that is measured of one call."""

    call_id: str
    measure: str  #: "CER" or "WER"
    words: tuple[WordTimes, ...]
    turns: tuple[TurnTimes, ...]
    update_lags_s: tuple[float, ...]  #: of every text whose audio's end is known: arrival minus that end
    revised: int  #: units shown and then changed or taken away
    revised_commits: int  #: units committed and then changed or taken away
    final_units: int
    invented: int  #: final units in pieces that match nothing said
    silence_s: float
    live: Errors  #: of the text as first committed
    final: Errors
    offline: Errors | None = None  #: of the whole recording decoded at leisure by the same weights


@dataclass(frozen=True, slots=True)
class _Channel:
    """What was seen on one channel."""

    number: int
    shown: Sequence[Seen]
    committed: Sequence[Seen]
    final: Sequence[Seen]

    @property
    def last(self) -> Units:
        return self.final[-1][1] if self.final else []


def measure_call(
    call_id: str, shown: Iterable[Shown], reference: Reference, offline: Mapping[int, str] | None = None
) -> CallMetrics:
    """Measure one call. ``offline``: by channel, what the same weights make of the whole recording."""
    shown = list(shown)
    channels = [_channel(number, shown, reference.normaliser) for number in range(reference.channel_count)]
    words: list[WordTimes] = []
    turns: list[TurnTimes] = []
    live, final, at_leisure = Errors(), Errors(), Errors()
    invented = 0
    for channel, units, spoken in zip(channels, reference.units, reference.turns, strict=True):
        wanted = [unit.text for unit in units]
        words += _word_times(channel, units, wanted)
        turns += _turn_times(channel, units, wanted, spoken)
        invented += _invented(channel, wanted)
        live += errors_of(as_first_said(channel.committed), wanted, reference.normaliser)
        final += errors_of(channel.last, wanted, reference.normaliser)
        heard = reference.normaliser.units((offline or {}).get(channel.number, ""))
        at_leisure += errors_of(heard, wanted, reference.normaliser)
    return CallMetrics(
        call_id=call_id,
        measure=reference.normaliser.measure,
        words=tuple(words),
        turns=tuple(turns),
        update_lags_s=tuple(item.at_s - item.heard_until_s for item in shown if item.heard_until_s is not None),
        revised=sum(revised_units(channel.shown) for channel in channels),
        revised_commits=sum(revised_units(channel.committed) for channel in channels),
        final_units=sum(len(channel.last) for channel in channels),
        invented=invented,
        silence_s=reference.silence_s,
        live=live,
        final=final,
        offline=at_leisure if offline is not None else None,
    )


def _channel(number: int, shown: Iterable[Shown], normaliser: Normaliser) -> _Channel:
    reader = UnitReader(normaliser.units)
    rows = [item for item in shown if item.channel == number]
    return _Channel(
        number,
        [(row.at_s, reader.longer(row.final, row.shown)) for row in rows],
        [(row.at_s, reader.longer(row.final, row.committed)) for row in rows],
        [(row.at_s, reader.final(row.final)) for row in rows],
    )


def _word_times(channel: _Channel, units: Sequence[Unit], wanted: Sequence[str]) -> list[WordTimes]:
    starts = list(accumulate((unit.start_s for unit in units), max))
    shown = first_times(channel.shown, wanted, starts)
    committed = first_times(channel.committed, wanted, starts)
    return [
        WordTimes(channel.number, unit.end_s, _after(seen, unit.end_s), _after(kept, unit.end_s))
        for unit, seen, kept in zip(units, shown, committed, strict=True)
    ]


def _turn_times(
    channel: _Channel, units: Sequence[Unit], wanted: Sequence[str], turns: Sequence[ReferenceTurn]
) -> list[TurnTimes]:
    settled = settled_times(channel.final)
    placed: dict[int, list[tuple[float, float]]] = {}  # turn -> (end of a word, when what stands for it was final)
    for heard, target in aligned_pairs(channel.last, wanted):
        placed.setdefault(units[target].turn, []).append((units[target].end_s, settled[heard]))
    found = {units[target].turn for _, target in matched_pairs(channel.last, wanted)}
    result = []
    for number, turn in enumerate(turns):
        words = placed.get(number, [])
        last_end_s, final_at_s = words[-1] if words else (0.0, 0.0)
        complete = bool(words) and number in found and last_end_s >= turn.end_s - TURN_TAIL_S
        result.append(
            TurnTimes(
                channel=channel.number,
                end_s=turn.end_s,
                finalisation_s=final_at_s - turn.end_s if complete else None,
                cut_early=any(at_s < turn.end_s for _, at_s in words),
                missed=number not in found,
            )
        )
    return result


def _invented(channel: _Channel, wanted: Sequence[str]) -> int:
    """Units of final text that came in pieces (made final at one moment) without a counterpart in the reference."""
    settled = settled_times(channel.final)
    known = {settled[heard] for heard, _ in aligned_pairs(channel.last, wanted)}
    return sum(at_s not in known for at_s in settled)


def errors_of(heard: Sequence[str], wanted: Sequence[str], normaliser: Normaliser) -> Errors:
    """Errors of a text in units, and those among digits and amounts."""
    numbers = number_places(wanted, normaliser)
    right = {target for _, target in matched_pairs(heard, wanted)}
    return Errors(compare_units(wanted, heard, normaliser), len(numbers), len(numbers - right))


def number_places(units: Sequence[str], normaliser: Normaliser) -> set[int]:
    """Places of digits, and of the words of size and money that stand beside them (三 万 五 千 元)."""
    scales = SCALE_UNITS if normaliser is MANDARIN else frozenset()
    places: set[int] = set()
    run: list[int] = []
    for index, unit in enumerate([*units, "."]):
        if normaliser.is_digit(unit) or (unit in scales and run):
            run.append(index)
        else:
            places.update(run)
            run = []
    return places


def _after(at_s: float | None, end_s: float) -> float | None:
    return None if at_s is None else at_s - end_s
