"""All entities of a turn: the rules of its language, the best of what overlaps, corrections within the turn."""

from __future__ import annotations

from collections.abc import Sequence

from callcore.types import Entity, Word
from callcore.understand.entities import en, zh
from callcore.understand.entities.corrections import corrected
from callcore.understand.entities.spans import Context, Span, choose
from callcore.understand.entities.spoken import Spoken

VERSION = "1"
MANDARIN = ("zh", "yue")


def find(words: Sequence[Word], language: str, context: Context) -> tuple[Entity, ...]:
    """The entities of a turn, in order.

    ``language``: of the turn; words with Han characters are read as Mandarin whatever it says.
    """
    spoken = Spoken.of(words)
    mandarin = language in MANDARIN or spoken.has_han
    rules = zh.RULES if mandarin else en.RULES
    corrections = zh.CORRECTIONS if mandarin else en.correcting()
    found = corrected(choose(span for rule in rules for span in rule(spoken, context)), spoken.text, corrections)
    return tuple(_entity(spoken, span, "zh" if mandarin else "en") for span in found)


def _entity(spoken: Spoken, span: Span, language: str) -> Entity:
    start, end = spoken.trim(span.start, span.end)
    first, last = spoken.word_range(start, end)
    return Entity(
        kind=span.kind,
        text=spoken.raw[start:end],
        value=span.value,
        probability=span.probability,
        start_sample=spoken.words[first].start_sample,
        end_sample=spoken.words[last - 1].end_sample,
        first_word=first,
        end_word=last,
        valid=span.valid,
        status=span.status,
        source=span.source or f"rules/{language}/{VERSION}",
        parts=span.parts,
    )
