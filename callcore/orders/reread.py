"""What stored turns mean by the models of today."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from callcore.types import Event, Turn, Understanding
from callcore.understand.call import Understander
from callcore.understand.mood.fusion import fuse


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
    found = understander.judged(turn.words, turn.language, before.entities if before else ())
    voice = before.voice_mood if before else None
    return replace(
        found,
        turn_id=turn.turn_id,
        channel=turn.channel,
        start_sample=turn.start_sample,
        end_sample=turn.end_sample,
        acts=understander.acts_of(turn.words, turn.language),
        voice_mood=voice,
        mood=fuse(found.text_mood, voice),
    )
