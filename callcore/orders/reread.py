"""What stored turns mean by the models of today."""

from __future__ import annotations

from collections.abc import Iterable

from callcore.types import Event, Turn, Understanding
from callcore.understand.call import Understander


def reread(events: Iterable[Event], understander: Understander) -> list[Understanding]:
    """The meanings of a call's turns that the models read otherwise than its events have them.

    Facts stay as they were found, since what is stored is masked, and so does the mood of the voice, since the sound is
    gone. Turns that nobody has read are read; they have no facts.
    """
    turns: dict[int, Turn] = {}
    known: dict[int, Understanding] = {}
    for event in events:
        if isinstance(event, Turn):
            turns[event.turn_id] = event
        elif isinstance(event, Understanding):
            known[event.turn_id] = event
    found = [_meaning(turn, known.get(turn.turn_id), understander) for turn in turns.values()]
    return [meaning for meaning in found if meaning != known.get(meaning.turn_id)]


def _meaning(turn: Turn, before: Understanding | None, understander: Understander) -> Understanding:
    return understander.meaning(turn, before.entities if before else (), before.voice_mood if before else None)
