"""All entities of a turn: the rules of its language, the best of what overlaps, corrections within the turn."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from callcore.types import Entity, Word
from callcore.understand.entities.corrections import corrected
from callcore.understand.entities.joining import joined
from callcore.understand.entities.languages import Language, english, mandarin
from callcore.understand.entities.spans import Context, Span, choose
from callcore.understand.entities.spoken import Spoken, plain_words
from callcore.understand.entities.tagger import Tagged

VERSION = "1"
MANDARIN = ("zh", "yue")

REGIONS = {"zh": ("CN",), "en": ("US", "GB")}  #: of telephone numbers without a country code
Tag = Callable[[Spoken, Language], Tagged | None]  #: what a tagger says of a turn; None where it reads no such language


def find(words: Sequence[Word], language: str, context: Context) -> tuple[Entity, ...]:
    """The entities of a turn, in order.

    ``language``: of the turn; words with Han characters are read as Mandarin whatever it says.
    """
    return Found.of(words, language, context).entities


def prepare(languages: Iterable[str]) -> None:
    """Loads what the first turn in each language would otherwise wait for (some 80 ms): rules, calendar, checks."""
    mandarin_sample = "三个工作日内, 卡号4539148803436467, 手机号13800138000"
    for language in languages:
        sample = mandarin_sample if language in MANDARIN else "card number 4539148803436467, call 212 736 5000"
        find(plain_words(sample), language, Context(datetime.date(2026, 1, 1)))


@dataclass(frozen=True, slots=True)
class Found:
    """Entities of a turn with what they were made from: ``spans[i]`` is ``entities[i]``.

    ``tagged``: what the tagger of secrets says of it, where one was asked.
    """

    spoken: Spoken
    language: Language  #: whose rules were used
    spans: tuple[Span, ...]
    entities: tuple[Entity, ...]
    tagged: Tagged | None = None

    @classmethod
    def of(cls, words: Sequence[Word], language: str, context: Context, tag: Tag | None = None) -> Found:
        """See :func:`find`. ``tag``: the tagger that is heard as well, none for the rules alone."""
        spoken = Spoken.of(words)
        read = mandarin() if language in MANDARIN or spoken.has_han else english()
        best = choose(span for rule in read.rules for span in rule(spoken, context))
        tagged = tag(spoken, read) if tag and words else None
        if tagged:
            best = joined(
                best, tagged, spoken, (context.region, *REGIONS[read.name]) if context.region else REGIONS[read.name]
            )
        spans = tuple(corrected(best, spoken.text, read.corrections))
        return cls(spoken, read, spans, tuple(_entity(spoken, span, read.name) for span in spans), tagged)


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
