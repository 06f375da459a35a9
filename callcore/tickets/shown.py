"""Which turns show what a finished call was judged to be.

A judge weighs the whole call, and what weighed most is not always what shows its verdict: how callers ended is shown by
their last words, whatever the first ones told of it. Pure functions of the call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from callcore.tickets.judge import MOST_EVIDENCE
from callcore.tickets.matter import Judged
from callcore.tickets.pooled import scores_of
from callcore.tickets.reading import CallView, Reading

LEAST_SHARE = 0.1  #: of what the turn that shows it best scores
LAST = 2  #: turns that show how a call ended
MOST_DONE = 2  #: turns that show what the agent did
DONE = ("carried_out", "solved")  #: cues of it
FADING = 0.92  #: what a turn counts beside the one before it where a call tells early what it is for

Show = Callable[[CallView, Judged], Sequence[Reading]]


def shown(name: str, judged: Judged, call: CallView) -> Judged:
    """A verdict on the field ``name`` with the turns that show it, at most three, what shows it best first: screens
    have room for one.
    """
    show = SHOWN.get(name)
    if show is None or not call.customer:
        return judged
    own = {place.turn_id: place for place in judged.evidence}
    turns = dict.fromkeys(reading.turn.turn_id for reading in show(call, judged))
    if not turns:
        return judged
    places = (own[turn] if turn in own else call.turns[turn].at() for turn in [*turns][:MOST_EVIDENCE])
    return replace(judged, evidence=tuple(places))


def _saying(readings: Sequence[Reading]) -> Sequence[Reading]:
    """Those that say more than yes, goodbye or a secret; all where none does."""
    return [reading for reading in readings if reading.says_something] or readings


def _opening(call: CallView, _judged: Judged) -> Sequence[Reading]:
    return _saying(call.customer)[:1]


def _severity(call: CallView, judged: Judged) -> Sequence[Reading]:
    """What is the matter is told in the first two turns; then what weighed most."""
    return [*_saying(call.customer)[:2], *_own(call, judged)]


def _ending(call: CallView, _judged: Judged) -> Sequence[Reading]:
    return _last(call.customer)


def _last(readings: Sequence[Reading]) -> Sequence[Reading]:
    """The last of all first."""
    return _saying(readings)[: -LAST - 1 : -1]


def _result(call: CallView, judged: Judged) -> Sequence[Reading]:
    """A call that broke off shows it by how it ends, one that solved the matter by what the agent does; what else came
    of it by what the agent says.
    """
    if judged.normal == "abandoned":
        return _last(call.readings)
    return _done(call) if judged.normal == "solved" else _told(call, judged)


def _authority(call: CallView, judged: Judged) -> Sequence[Reading]:
    return _done(call) if judged.normal == "within" else _told(call, judged)


def _told(call: CallView, judged: Judged) -> Sequence[Reading]:
    """Of what weighed most the agent's turns; all where none is."""
    own = _own(call, judged)
    return [reading for reading in own if reading.agent] or own


def _done(call: CallView) -> Sequence[Reading]:
    """The agent's turns that say that something is done, and then those that say most; not the greeting."""
    turns = _saying(call.agent)[1:]
    return sorted(turns, key=lambda one: (one.hits.keys().isdisjoint(DONE), -len(one.text)))[:MOST_DONE]


def _own(call: CallView, judged: Judged) -> Sequence[Reading]:
    """What weighed most."""
    return [call.turns[place.turn_id] for place in judged.evidence if place.turn_id in call.turns]


def _worst(call: CallView, judged: Judged) -> Sequence[Reading]:
    """A mood by the turns that have most of it; where there never was any, the opening does."""
    if judged.normal == "calm":
        return _opening(call, judged)
    return _loudest("emotion", _saying(call.customer), judged.normal)


def _purpose(head: str) -> Show:
    """What the call is for: the opening, then the turns that tell most of it, the earlier the more."""

    def show(call: CallView, judged: Judged) -> Sequence[Reading]:
        turns = _saying(call.customer)
        return [*turns[:1], *_loudest(head, turns, judged.normal, FADING)]

    return show


def _loudest(head: str, turns: Sequence[Reading], code: str, fading: float = 1.0) -> Sequence[Reading]:
    """Turns in the order of what they score for a ``code`` of one head, without those that score next to nothing."""
    scores = [
        scores_of(reading.found, head).get(code, 0.0) * fading**place if reading.found else 0.0
        for place, reading in enumerate(turns)
    ]
    least = max(scores, default=0.0) * LEAST_SHARE
    places = sorted(range(len(turns)), key=lambda place: -scores[place])
    return [turns[place] for place in places if scores[place] > least]


SHOWN: Mapping[str, Show] = {
    "request.category": _purpose("category"),
    "request.topic": _purpose("topic"),
    "caller.mood_start": _opening,
    "caller.mood_worst": _worst,
    "caller.mood_end": _ending,
    "caller.satisfaction": _ending,
    "handling.severity": _severity,
    "handling.authority": _authority,
    "handling.resolution": _result,
}  #: by field
