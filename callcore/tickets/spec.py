"""Which fields a ticket has: the file that comes with callcore, and a bank's own that adds to it or replaces fields."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, StringConstraints, model_validator

from callcore.datafile import distinct, parse_toml, unreadable
from callcore.errors import ConfigError
from callcore.text.chars import is_chinese
from callcore.tickets.phrases import Phrases

FORMAT_HINT = "See docs/tickets.md for the format."
FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.]*$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Speaker = Literal["customer", "agent", "either"]
FieldType = Literal["text", "code", "codes", "amount", "date", "number"]
Part = TypeVar("Part", bound=BaseModel)


class Entry(BaseModel):
    """A table of a data file: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Condition(Entry):
    """Holds where ``field`` has one of the values ``is``, or where one of the ``promises`` was made.

    A promise is named by its kind, or by side and kind ("agent.call_back").
    ``unless``: fields of which one that is filled takes the condition away.
    """

    field: FieldName | None = None
    values: tuple[str, ...] = Field((), alias="is")
    promises: tuple[str, ...] = ()
    unless: tuple[FieldName, ...] = ()

    def holds(self, normals: Mapping[str, Sequence[str]], promised: Collection[str]) -> bool:
        """Of a ticket with these normal forms by field, in which promises of these names were made."""
        if any(name in normals for name in self.unless):
            return False
        if any(name in promised for name in self.promises):
            return True
        return self.field is not None and any(normal in self.values for normal in normals.get(self.field, ()))

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.promises and not (self.field and self.values):
            raise ValueError("a condition names a field and what it is, or promises")
        return self


class Choice(Entry):
    """One value of a field of choices, with the phrases that choose it."""

    code: Code
    zh: Text
    en: Text
    phrases_zh: tuple[Text, ...] = ()
    phrases_en: tuple[Text, ...] = ()
    _phrases: Phrases = PrivateAttr()

    @property
    def phrases(self) -> Phrases:
        """Of both languages."""
        return self._phrases

    @model_validator(mode="after")
    def _compiled(self) -> Self:
        self._phrases = Phrases.of((*self.phrases_zh, *self.phrases_en))
        return self


class FieldSpec(Entry):
    """One field: where its values come from, when it must have one, and what a value must look like.

    extractor: "entity" (facts of the ``kinds``; ``choice`` names their codes), "intent" (which of the ``intents`` the
    customer has), "pattern" (the first group of a regular expression), "choice" (the ``choice`` whose phrases are
    said), "rule" (the rule of that name). Of facts the phrases of a ``choice`` make it one that a model may choose.
    ``pick``: of several entities the one that was said last, or the one the matter is about; ``prefer`` and ``avoid``:
    what in the words just before and after it, or in its own, speaks for and against that; ``alone``: one that only the
    agent names is the matter's where no other was named; ``ahead``: what must stand beside a day to come for it to be
    the matter's; ``just_now``: what tells in the customer's first turns that the day is that of the call.
    """

    name: FieldName
    zh: Text
    en: Text
    type: FieldType
    extractor: Literal["entity", "intent", "pattern", "choice", "rule"]
    speaker: Speaker = "either"
    sealed: bool = False
    required: bool | tuple[Condition, ...] = False
    valid: str = ""
    kinds: tuple[Code, ...] = ()
    pick: Literal["last", "main"] = "last"
    alone: bool = False
    prefer: tuple[Text, ...] = ()
    avoid: tuple[Text, ...] = ()
    ahead: tuple[Text, ...] = ()
    just_now: tuple[Text, ...] = ()
    intents: tuple[Code, ...] = ()
    patterns_zh: tuple[str, ...] = ()
    patterns_en: tuple[str, ...] = ()
    choice: tuple[Choice, ...] = ()
    rule: str = ""
    _valid: re.Pattern[str] | None = PrivateAttr()
    _patterns: tuple[re.Pattern[str], ...] = PrivateAttr()

    @property
    def patterns(self) -> tuple[re.Pattern[str], ...]:
        """Of both languages; the first group is the value."""
        return self._patterns

    @property
    def secret_kinds(self) -> tuple[str, ...]:
        """Kinds under which secrets of it may have been sealed."""
        return self.kinds or (("name",) if self.rule == "customer_name" else (self.name,))

    @property
    def section(self) -> str:
        """First half of the name."""
        return self.name.partition(".")[0]

    def title(self, language: str) -> str:
        """In Chinese for "zh" and "yue", in English else."""
        return self.zh if is_chinese(language) else self.en

    def choice_name(self, code: str, language: str) -> str:
        """The name of one of its choices, as :meth:`title`; "" for a code that is none."""
        return next((one.zh if is_chinese(language) else one.en for one in self.choice if one.code == code), "")

    def accepts(self, normal: str) -> bool:
        """Whether a normal form is one that the field takes; of a sealed original nobody can tell, and it is taken."""
        return not self.valid or is_hidden(normal) or self._accepted(normal)

    def offers(self, normal: str) -> bool:
        """Whether a model may choose a normal form: one that the field takes by rules, or any of its choices."""
        return self.accepts(normal) or any(one.code == normal for one in self.choice)

    def _accepted(self, normal: str) -> bool:
        return self._valid is not None and self._valid.fullmatch(normal) is not None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needs = {"entity": "kinds", "intent": "intents", "choice": "choice", "rule": "rule"}
        key = needs.get(self.extractor)
        if key is not None and not getattr(self, key):
            raise ValueError(f"{self.name}: extractor {self.extractor!r} needs {key!r}")
        expressions = (*self.patterns_zh, *self.patterns_en)
        if self.extractor == "pattern" and not expressions:
            raise ValueError(f"{self.name}: extractor 'pattern' needs 'patterns_zh' or 'patterns_en'")
        try:
            self._valid = re.compile(self.valid) if self.valid else None
            self._patterns = tuple(re.compile(one, re.IGNORECASE) for one in expressions)
        except re.error as error:
            raise ValueError(f"{self.name}: not a regular expression: {error}") from error
        if any(pattern.groups < 1 for pattern in self._patterns):
            raise ValueError(f"{self.name}: a pattern has its value in a group: (...)")
        return self


def missing(
    specs: Iterable[FieldSpec], normals: Mapping[str, Sequence[str]], promises: Iterable[tuple[str, str]]
) -> tuple[str, ...]:
    """Required fields without a value. ``normals``: by name, of fields that have one; ``promises``: side and kind."""
    promised = {name for by, kind in promises for name in (kind, f"{by}.{kind}")}
    return tuple(
        spec.name
        for spec in specs
        if spec.name not in normals
        and (
            spec.required
            if isinstance(spec.required, bool)
            else any(condition.holds(normals, promised) for condition in spec.required)
        )
    )


class FieldFile(Entry):
    """A parsed file of fields."""

    version: Literal[1]
    field: tuple[FieldSpec, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        distinct("field", [item.name for item in self.field])
        return self


def load_fields(own: Path | None, rules: Iterable[str]) -> tuple[FieldSpec, ...]:
    """The fields in order: callcore's, each replaced by the bank's of the same name, then those only the bank has.

    ``rules``: names of the rules there are. Raises :class:`ConfigError` naming the file and what is wrong in it.
    """
    fields = {spec.name: spec for spec in read(FieldFile, None, "fields").field}
    if own is not None:
        fields |= {spec.name: spec for spec in read(FieldFile, own, "fields").field}
    _check(tuple(fields.values()), frozenset(rules), str(own or "fields"))
    return tuple(fields.values())


def _check(fields: Sequence[FieldSpec], rules: frozenset[str], name: str) -> None:
    names = {spec.name for spec in fields}
    for spec in fields:
        if spec.rule and spec.rule not in rules:
            raise ConfigError(f"{name}: {spec.name}: there is no rule {spec.rule!r}.", FORMAT_HINT)
        for condition in () if isinstance(spec.required, bool) else spec.required:
            for other in (condition.field, *condition.unless):
                if other is not None and other not in names:
                    raise ConfigError(f"{name}: {spec.name}: required: there is no field {other!r}.", FORMAT_HINT)


def read(kind: type[Part], file: Path | None, name: str) -> Part:
    """A data file of the tickets, or the one that comes with callcore. Raises :class:`ConfigError`."""
    if file is None:
        text = (files("callcore.tickets") / "data" / f"{name}.toml").read_text(encoding="utf-8")
        return parse_toml(kind, text, name, FORMAT_HINT)
    try:
        return parse_toml(kind, file.read_text(encoding="utf-8"), str(file), FORMAT_HINT)
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(f"{name} {file}", error, f"Check [tickets] {name}_file.") from error


def is_hidden(normal: str) -> bool:
    """Whether a value is a sealed original, or a mask in its place."""
    return normal.startswith(("sealed:", "masked:"))
