"""From the probabilities of a text model to labels: thresholds, abstention, the bank's own topics. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from callcore.types import Label, Mood
from callcore.understand.base import Scores
from callcore.understand.catalogue import Catalogue

NONE = "none"
MOST = 3  #: labels of one kind on a turn
DIGITS = 4  #: of probabilities; more would be noise
LEAST_SCORE = 0.02  #: probability of a label that is worth keeping for what the whole call adds up to
SCORE_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a text is about and how it sounds in writing; what is not sure enough is left out."""

    category: Label | None
    topics: tuple[Label, ...]
    intents: tuple[Label, ...]
    causes: tuple[Label, ...]
    caller: Label | None
    in_scope: float
    mood: Mood
    scores: Mapping[str, Mapping[str, float]]  #: by head, of all labels from :data:`LEAST_SCORE` on


def judge(
    scores: Scores, thresholds: Mapping[str, float], catalogue: Catalogue, text: str, source: str = ""
) -> Judgement:
    """Labels at or above their head's threshold, most probable first. ``text``: that was scored, any case."""
    in_scope, own = scores.in_scope >= thresholds["in_scope"], _own_codes(catalogue, text)
    return Judgement(
        category=_one(scores, "category", thresholds) if in_scope else None,
        topics=_own_topics(_sure(scores, "topic", thresholds), own, catalogue)[:MOST] if in_scope else (),
        intents=_sure(scores, "intent", thresholds)[:MOST],
        causes=_sure(scores, "cause", thresholds)[:MOST] if in_scope else (),
        caller=_one(scores, "caller", thresholds) if in_scope else None,
        in_scope=round(scores.in_scope, DIGITS),
        mood=_mood(scores, thresholds, source),
        scores=_kept(scores, own, catalogue),
    )


def _label(scores: Scores, head: str, code: str) -> Label:
    first, end = scores.shown(head, code)
    return Label(code, round(scores.heads[head][code], DIGITS), first, end)


def _one(scores: Scores, head: str, thresholds: Mapping[str, float]) -> Label | None:
    """The likeliest label of a head whose labels exclude each other; None when it is "none", or not sure."""
    options = scores.heads[head]
    best = max(options, key=options.__getitem__)
    return None if best == NONE or options[best] < thresholds[head] else _label(scores, head, best)


def _sure(scores: Scores, head: str, thresholds: Mapping[str, float]) -> tuple[Label, ...]:
    """The labels of a head whose labels stand each for itself."""
    options, least = scores.heads[head], thresholds[head]
    sure = sorted((code for code, likely in options.items() if likely >= least), key=lambda code: -options[code])
    return tuple(_label(scores, head, code) for code in sure)


def _own_codes(catalogue: Catalogue, text: str) -> dict[str, str]:
    """Topics of the bank's own, one of whose terms is said, by those they are like and stand in for."""
    lower = text.lower()
    return {topic.like: topic.code for term, topic in catalogue.own_terms if topic.like and term in lower}


def _own_topics(topics: tuple[Label, ...], own: Mapping[str, str], catalogue: Catalogue) -> tuple[Label, ...]:
    """With the bank's ``own``; topics that the bank has taken out are left out."""
    renamed = [replace(label, code=own.get(label.code, label.code)) for label in topics]
    return tuple(label for label in renamed if label.code in catalogue.topics)


def _kept(scores: Scores, own: Mapping[str, str], catalogue: Catalogue) -> dict[str, dict[str, float]]:
    """By head, the labels worth keeping; topics as :func:`_own_topics` has them."""
    kept = {
        head: {code: round(likely, SCORE_DIGITS) for code, likely in options.items() if likely >= LEAST_SCORE}
        for head, options in scores.heads.items()
    }
    topics = {own.get(code, code): likely for code, likely in kept.get("topic", {}).items()}
    return kept | {"topic": {code: likely for code, likely in topics.items() if code in catalogue.topics}}


def _mood(scores: Scores, thresholds: Mapping[str, float], source: str) -> Mood:
    options = scores.heads["emotion"]
    best = max(options, key=options.__getitem__)
    sure = options[best] >= thresholds["emotion"]
    first, end = scores.shown("emotion", best)
    return Mood(
        best if sure else "",
        round(options[best], DIGITS),
        round(scores.valence, DIGITS),
        round(scores.arousal, DIGITS),
        first,
        end,
        source,
    )
