"""All that tickets are made with: fields, cues, promises, rules, catalogue. Read-only; calls share it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callcore.config import TicketSettings, settings_hash
from callcore.engines.card import Card
from callcore.text.chars import is_chinese
from callcore.tickets.cues import Cue, PromiseFile, TopicWords, load_cues, load_promises, load_topics
from callcore.tickets.currencies import CurrencySigns, load_currencies
from callcore.tickets.linear import LinearModel
from callcore.tickets.look import RULES, VERSION
from callcore.tickets.reader import Reader
from callcore.tickets.rulefile import RuleFile
from callcore.tickets.spec import FieldSpec, load_fields, read
from callcore.tickets.wording import WordModel
from callcore.types import CallStarted
from callcore.understand.catalogue import Acts, Catalogue

if TYPE_CHECKING:
    from callcore.tickets.fold import TicketFold


@dataclass(frozen=True, slots=True)
class TicketRules:
    """``hash``: SHA-256 (first 16 hex digits) of everything in it."""

    fields: tuple[FieldSpec, ...]
    file: RuleFile
    catalogue: Catalogue
    reader: Reader
    hash: str
    names: Mapping[tuple[str, str], tuple[str, str]]  #: of the choices of fields: (field, code) to (zh, en)
    judge: LinearModel | None = None  #: judges calls that are over; without it the rules do
    words: WordModel | None = None  #: what the wording of a call adds to the judge's answers
    facts: LinearModel | None = None  #: chooses among facts that were said; without it the rules do
    promises: LinearModel | None = None  #: takes or leaves what sentences may promise; without it the rules do
    currency: str = ""  #: the bank's own, of amounts without one; "" = as calls show

    @classmethod
    def load(
        cls,
        settings: TicketSettings,
        catalogue: Catalogue,
        judge: LinearModel | None = None,
        facts: LinearModel | None = None,
        words: WordModel | None = None,
        promises: LinearModel | None = None,
        currency: str = "",
    ) -> TicketRules:
        """From the files that the settings name, or those that come with callcore. Raises :class:`ConfigError`.

        What a bank has written down itself holds: with a rules file of its own the severity is not the ``judge``'s, and
        ``facts`` chooses for no field that is the bank's own. ``currency``: its own; else calls show theirs.
        """
        if judge and settings.rules_file:
            judge = judge.without("handling.severity")
        fields = load_fields(settings.fields_file, RULES)
        facts = _for_own(facts, fields) if facts and settings.fields_file else facts
        phrases = _Words(
            tuple(load_cues(settings.cues_file)),
            load_promises(settings.promises_file),
            load_topics(settings.topics_file),
            () if currency else load_currencies(),
        )
        file = read(RuleFile, settings.rules_file, "rules")
        return cls(
            fields,
            file,
            catalogue,
            _reader(fields, phrases, catalogue),
            _hash(fields, phrases, file, catalogue, (judge, facts, promises, words.card if words else None)),
            {(spec.name, one.code): (one.zh, one.en) for spec in fields for one in spec.choice},
            judge,
            words,
            facts,
            promises,
            currency,
        )

    def fold(self, started: CallStarted) -> TicketFold:
        """The ticket of a new call."""
        from callcore.tickets.fold import TicketFold

        return TicketFold(self, started)

    def name(self, spec: FieldSpec, code: str, language: str) -> str:
        """A code of a field as people read it."""
        names = self.names.get((spec.name, code))
        if names:
            return names[0] if is_chinese(language) else names[1]
        return self.catalogue.name(code, language)


@dataclass(frozen=True, slots=True)
class _Words:
    """The phrases of the data files."""

    cues: tuple[Cue, ...]
    promises: PromiseFile
    topics: Sequence[TopicWords]
    currencies: Sequence[CurrencySigns]


def _reader(fields: Sequence[FieldSpec], words: _Words, catalogue: Catalogue) -> Reader:
    choices = [
        ((spec.name, one.code), one.phrases)
        for spec in fields
        if spec.extractor in ("choice", "entity")
        for one in spec.choice
        if one.phrases.wanted
    ]
    terms = [
        (term.lower(), topic.code) for topic in catalogue.taxonomy.topic for term in (*topic.terms_zh, *topic.terms_en)
    ]
    topics = [one for one in words.topics if one.code in catalogue.topics]
    promises = words.promises
    never, same_day = promises.never.phrases.find, promises.same_day.phrases.find
    return Reader(
        words.cues,
        promises.promise,
        never,
        same_day,
        choices,
        terms,
        topics,
        Acts.load().act,
        words.currencies,
    )


def _for_own(facts: LinearModel, fields: Sequence[FieldSpec]) -> LinearModel:
    """A model without the fields that are not as they come with callcore."""
    known = {spec.name: spec for spec in load_fields(None, RULES)}
    for spec in fields:
        if spec.name in facts.heads and spec != known.get(spec.name):
            facts = facts.without(spec.name)
    return facts


def _hash(
    fields: Sequence[FieldSpec],
    phrases: _Words,
    file: RuleFile,
    catalogue: Catalogue,
    models: Sequence[Card | None],
) -> str:
    return settings_hash(
        {
            "version": VERSION,
            "fields": [spec.model_dump(mode="json") for spec in fields],
            "cues": [cue.model_dump(mode="json") for cue in phrases.cues],
            "promises": phrases.promises.model_dump(mode="json"),
            "topics": [one.model_dump(mode="json") for one in phrases.topics],
            "currencies": [one.model_dump(mode="json") for one in phrases.currencies],
            "rules": file.model_dump(mode="json"),
            "catalogue": catalogue.model_dump(mode="json"),
            "models": [model.model_dump(mode="json") if model else None for model in models],
        }
    )
