"""An understanding as plain values, with the words that show each label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from callcore.types import Entity, Label, Mood, Resolved, Understanding, Word, quoted, seconds


def meaning(
    understanding: Understanding, words: Sequence[Word], resolved: Mapping[int, Resolved] | None = None
) -> dict[str, Any]:
    """Ready for JSON, times in seconds. ``words``: of the turn, in which the labels' evidence lies.

    ``resolved``: what later turns made of its entities, by their place.
    """
    later = resolved or {}
    return {
        "in_scope": understanding.in_scope,
        "category": _label(understanding.category, words),
        "topics": [_label(label, words) for label in understanding.topics],
        "intents": [_label(label, words) for label in understanding.intents],
        "causes": [_label(label, words) for label in understanding.causes],
        "caller": _label(understanding.caller, words),
        "acts": [_label(label, words) for label in understanding.acts],
        "mood": _mood(understanding.mood, words),
        "text_mood": _mood(understanding.text_mood, words),
        "voice_mood": _mood(understanding.voice_mood, words),
        "entities": [_entity(entity, later.get(place)) for place, entity in enumerate(understanding.entities)],
        "source": understanding.source,
    }


def evidence(first: int, end: int, words: Sequence[Word]) -> tuple[str, float, float]:
    """The words of a half-open range, all of them where it is empty, and where they start and end in seconds."""
    chosen = words[first:end] or words
    if not chosen:
        return "", 0.0, 0.0
    text = quoted(words, first, end)
    return text, seconds(chosen[0].start_sample), seconds(chosen[-1].end_sample)


def _label(label: Label | None, words: Sequence[Word]) -> dict[str, Any] | None:
    if label is None:
        return None
    return {"code": label.code, "probability": label.probability, **_evidence(label.first_word, label.end_word, words)}


def _mood(mood: Mood | None, words: Sequence[Word]) -> dict[str, Any] | None:
    if mood is None:
        return None
    return {
        "label": mood.label or None,
        "probability": mood.probability,
        "valence": mood.valence,
        "arousal": mood.arousal,
        **_evidence(mood.first_word, mood.end_word, words),
        "source": mood.source,
    }


def _evidence(first: int, end: int, words: Sequence[Word]) -> dict[str, Any]:
    text, start_s, end_s = evidence(first, end, words)
    return {"words": text, "start_s": start_s, "end_s": end_s}


def _entity(entity: Entity, resolved: Resolved | None) -> dict[str, Any]:
    return {
        "kind": entity.kind,
        "text": entity.text,
        "value": entity.value or None,
        "valid": entity.valid,
        "status": entity.status,
        "probability": entity.probability,
        "start_s": seconds(entity.start_sample),
        "end_s": seconds(entity.end_sample),
        "source": entity.source,
        "resolved": {"status": resolved.status, "value": resolved.value, "by_turn": resolved.by_turn}
        if resolved
        else None,
    }
