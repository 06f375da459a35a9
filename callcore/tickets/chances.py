"""What speaks for a sentence promising something, as named numbers.

All are read off the sentence, its turn, and what was said before, so that nothing that follows takes a promise back.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from callcore.text.chars import is_chinese
from callcore.tickets.deadlines import Deadlines
from callcore.tickets.grams import grams
from callcore.tickets.reading import CallView, Chance, Reading

VERSION = 3  #: of these traits; a model made for another version is refused
PROMISES = "promises"  #: the head that takes or leaves what a sentence may promise
SURE = 0.99  #: probability beyond which the odds grow no more
LONG_ZH, LONG_EN = 60, 180  #: characters of a sentence beyond which more count no more
SHORT_ZH, SHORT_EN = 8, 20  #: characters of a turn that says little
MANY_SENTENCES = 6  #: of a turn, beyond which more count no more
WORDS, KIND_WORDS, WORDS_BEFORE = 6.0, 6.0, 4.0  #: length of the vectors of n-grams beside the other traits
BEFORE_ZH, BEFORE_EN = 20, 60  #: last characters of the turn before whose words count

Traits = dict[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class UpTo:
    """A turn, and all before it. ``found``: what it may promise, with traits."""

    found: Sequence[tuple[Chance, Traits]] = ()
    reading: Reading | None = None
    likeliest: Mapping[str, float] = field(default_factory=dict)  #: by act, the probability of its best sentence so far


class Chances:
    """Takes the turns of one call in order; gives what each may promise, with the traits of it but its words."""

    def __init__(self, call: CallView, deadlines: Deadlines) -> None:
        self._call, self._deadlines = call, deadlines
        self._chinese = is_chinese(call.language)
        self._last = call.kept.of("up to none", (), UpTo)

    def take(self, reading: Reading) -> Sequence[tuple[Chance, Traits]]:
        """Of the next turn; the same object as in the look before where nothing new was said up to here."""
        last, times = self._last, self._deadlines.said_in(reading)
        timed = last.reading is not None and bool(self._deadlines.said_in(last.reading))
        grounds = (reading, last, self._call.language, timed, *times)
        self._last = self._call.kept.of(("up to", reading.turn.turn_id), grounds, lambda: self._up_to(reading, last))
        return self._last.found

    def _up_to(self, reading: Reading, last: UpTo) -> UpTo:
        chances = [chance for chance in reading.chances if reading.speaks(chance.hit.by)]
        found = []
        if chances:
            around = self._around(reading, last.reading)
            for one in chances:
                traits = around | self._own(reading, one, chances) | self._of_times(reading, one)
                traits |= _in_call(one, last) | _of_kind(one, traits)
                found.append((one, {name: value for name, value in traits.items() if value}))
        likeliest = dict(last.likeliest)
        for act, probability in _likeliest(chances).items():
            likeliest[act] = max(likeliest.get(act, 0.0), probability)
        return UpTo(found, reading, likeliest)

    def _around(self, reading: Reading, before: Reading | None) -> Traits:
        """Of all sentences of a turn, and of the turn before it."""
        traits = {
            "chinese": float(self._chinese),
            "sentences": min(len(reading.sentences), MANY_SENTENCES) / MANY_SENTENCES,
            "time.turn": float(bool(self._deadlines.said_in(reading))),
        }
        if before is None:
            return traits
        traits |= {f"prev.{act}": probability for act, probability in _likeliest(before.chances).items()}
        traits |= {f"prev.{code}": 1.0 for code in before.done(self._call.said_by)}
        return traits | {
            "prev.asks": float(before.asks()),
            "prev.own": float(before.role is reading.role),
            "prev.time": float(bool(self._deadlines.said_in(before))),
            "prev.short": float(len(before.text) < (SHORT_ZH if self._chinese else SHORT_EN)),
        }

    def _own(self, reading: Reading, one: Chance, chances: Sequence[Chance]) -> Traits:
        """Of the sentence, and beside it."""
        span, act = one.hit.span, one.hit.act
        inside = _likeliest(other for other in chances if other.hit.span == span and other.hit.act != act)
        outside = _likeliest(other for other in chances if other.hit.span != span)
        rival, again = max(inside.values(), default=0.0), outside.get(act, 0.0)
        text = reading.text[span[0] : span[1]].strip()
        traits = {f"with.{other}": probability for other, probability in inside.items()}
        traits |= {f"turn.{other}": probability for other, probability in outside.items()}
        traits |= {f"with.{code}": 1.0 for code in reading.done(self._call.said_by, span)}
        return traits | {
            "odds": _odds(one.probability),
            "p": one.probability,
            "rival": rival,
            "rival.more": float(rival > one.probability),
            "again": again,
            "again.more": float(again > one.probability),
            "asks": float(reading.asks(span[1])),
            "denied": float(one.denied),
            "long": min(len(text) / (LONG_ZH if self._chinese else LONG_EN), 1.0),
            "first": float(reading.sentences[0][1] > span[0]),
            "last": float(reading.sentences[-1][0] < span[1]),
        }

    def _of_times(self, reading: Reading, one: Chance) -> Traits:
        times = self._deadlines.said_in(reading, one.hit.span)
        traits = {"today": float(one.hit.today)}
        if not times:
            return traits
        due = self._deadlines.as_read(times, one.hit.span)
        return traits | {
            "time": 1.0,
            "due": float(bool(due)),
            "past": float(not due),
            "due.hour": float(len(due) > len(self._call.day)),
            "due.today": float(due[: len(self._call.day)] == self._call.day),
        }


def ending(reading: Reading | None, language: str) -> str:
    """The last words of a turn; "" where there is none."""
    return reading.text[-(BEFORE_ZH if is_chinese(language) else BEFORE_EN) :] if reading else ""


def worded(text: str, before: str, by: str, kind: str, language: str) -> Traits:
    """How a sentence is worded, for any promise and for one of its ``kind``, and how the turn ``before`` ends."""
    chinese = is_chinese(language)
    own = grams(text, chinese=chinese)
    traits = _vector("word", own, WORDS) | _vector(f"{by}.{kind}.word", own, KIND_WORDS)
    return traits | _vector("prev.word", grams(before, chinese=chinese) if before else (), WORDS_BEFORE)


def _vector(name: str, found: Sequence[str], length: float) -> Traits:
    """Traits of n-grams, all of one weight, that together are a vector of a ``length``."""
    weight = length / math.sqrt(len(found) or 1)
    return {f"{name}.{gram}": weight for gram in found}


def _in_call(one: Chance, last: UpTo) -> Traits:
    """Whether the same was promised before."""
    before = last.likeliest.get(one.hit.act, 0.0)
    return {"before": before, "before.more": float(before > one.probability)}


def _of_kind(one: Chance, traits: Traits) -> Traits:
    """The kind of the promise and whose it is, and what weighs differently for each."""
    by, kind = one.hit.by, f"{one.hit.by}.{one.hit.kind}"
    own = {f"{by}.{name}": traits.get(name, 0.0) for name in ("asks", "past", "due", "prev.asks")}
    crossed = {f"{kind}.{name}": traits.get(name, 0.0) for name in ("odds", "p", "due", "with.transfer")}
    return {f"is.{kind}": 1.0, **own, **crossed}


def _likeliest(chances: Iterable[Chance]) -> dict[str, float]:
    found: dict[str, float] = {}
    for one in chances:
        found[one.hit.act] = max(found.get(one.hit.act, 0.0), one.probability)
    return found


def _odds(probability: float) -> float:
    probability = min(max(probability, 1 - SURE), SURE)
    return math.log(probability / (1 - probability))
