"""All entities of a turn: the rules of its language, the best of what overlaps, corrections within the turn."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

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
    def of(cls, words: Sequence[Word], language: str, context: Context) -> Found:
        """By rules alone; see :func:`find`."""
        return Alone.of(words, language, context).ruled(context).found()


@dataclass(frozen=True, slots=True)
class Alone:
    """A text by itself: what those rules make of it that do not go by what was said before."""

    spoken: Spoken
    language: Language
    read: Any  #: the text as its rules are given it
    spans: tuple[tuple[Span, ...] | None, ...]  #: by rule; None of those that do

    @classmethod
    def of(cls, words: Sequence[Word], language: str, context: Context) -> Alone:
        """See :func:`find`. Of the ``context`` what :meth:`Context.alone` leaves of it."""
        spoken = Spoken.of(words)
        found = mandarin() if language in MANDARIN or spoken.has_han else english()
        read, context = found.read(spoken), context.alone()
        spans = (None if rule in found.answering else tuple(rule(read, context)) for rule in found.rules)
        return cls(spoken, found, read, tuple(spans))

    def ruled(self, context: Context) -> Ruled:
        """With the rules that do. ``context``: of the text, alike in all that :meth:`Context.alone` leaves."""
        rules = zip(self.language.rules, self.spans, strict=True)
        best = choose(span for rule, spans in rules for span in (rule(self.read, context) if spans is None else spans))
        home = context.region or (context.country if self.language.name == "en" else "")
        return Ruled(self.spoken, self.language, tuple(best), home)


@dataclass(frozen=True, slots=True)
class Ruled:
    """What the rules of a language make of a text: the best of what overlaps."""

    spoken: Spoken
    language: Language
    spans: tuple[Span, ...]
    region: str  #: ISO 3166 code of telephone numbers without a country code, "" where none is known

    def found(self, tagged: Tagged | None = None) -> Found:
        """The entities. ``tagged``: what the tagger of the language says of the text, where one was asked."""
        spoken, read, best = self.spoken, self.language, self.spans
        if tagged:
            regions = REGIONS[read.name]
            best = tuple(joined(best, tagged, spoken, (self.region, *regions) if self.region else regions))
        spans = tuple(corrected(best, spoken.text, read.corrections))
        return Found(spoken, read, spans, tuple(_entity(spoken, span, read.name) for span in spans), tagged)


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
