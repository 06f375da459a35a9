"""What a bank calls its business: categories, topics, intents, causes, departments. Data files, checked when read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, StringConstraints, model_validator

from callcore.config import UnderstandSettings
from callcore.datafile import distinct, parse_toml, unreadable
from callcore.errors import ConfigError
from callcore.text.chars import is_chinese
from callcore.types import PromiseKind

FORMAT_HINT = "See docs/understanding.md for the format."
Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
DottedCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")]
Phrase = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Named(BaseModel):
    """A code for programs with its names for people."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Code
    zh: Phrase
    en: Phrase

    def name(self, language: str) -> str:
        """In Chinese for "zh", in English else."""
        return self.zh if is_chinese(language) else self.en


class Topic(Named):
    """What a turn is about: ``product.topic``. ``like``: the topic of the models whose answers this one takes over."""

    code: DottedCode
    department: Code
    terms_zh: tuple[Phrase, ...] = ()
    terms_en: tuple[Phrase, ...] = ()
    like: DottedCode | None = None


class Cause(Named):
    """Why a caller is dissatisfied: ``group.cause``."""

    code: DottedCode


class Act(Named):
    """What a sentence does in the call. ``by``: whose act it is; ``promise``: kind of the promise that it makes;
    ``or_promise``: kinds that it makes instead where the words are such.
    """

    code: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$")]
    by: Literal["agent", "customer"]
    promise: PromiseKind | None = None
    or_promise: tuple[PromiseKind, ...] = ()

    @property
    def may_promise(self) -> tuple[PromiseKind, ...]:
        """Kinds of promises that it may make, the usual one first."""
        return (self.promise, *self.or_promise) if self.promise else ()


class Acts(BaseModel):
    """The parsed file of acts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1]
    act: tuple[Act, ...] = Field(min_length=1)

    @classmethod
    def load(cls) -> Acts:
        """Those that come with callcore; rules are made for their codes, so a bank has no others."""
        return _read(Acts, None, "acts")

    def of(self, by: str) -> tuple[str, ...]:
        """Codes of one side, in order."""
        return tuple(act.code for act in self.act if act.by == by)

    def name(self, code: str, language: str) -> str:
        """The name of an act; the code itself if unknown."""
        return next((act.name(language) for act in self.act if act.code == code), code)


class Override(BaseModel):
    """Categories or causes that go to a department whatever the topic."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    department: Code
    categories: tuple[Code, ...] = ()
    causes: tuple[DottedCode, ...] = ()


class Taxonomy(BaseModel):
    """A parsed taxonomy file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1]
    category: tuple[Named, ...] = Field(min_length=1)
    product: tuple[Named, ...] = Field(min_length=1)
    topic: tuple[Topic, ...] = Field(min_length=1)
    intent: tuple[Named, ...] = Field(min_length=1)
    caller: tuple[Named, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for kind in ("category", "product", "topic", "intent", "caller"):
            distinct(kind, [item.code for item in getattr(self, kind)])
        _grouped("topic", self.topic, "product", self.product)
        return self


class Causes(BaseModel):
    """A parsed file of causes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1]
    group: tuple[Named, ...] = Field(min_length=1)
    cause: tuple[Cause, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        distinct("group", [group.code for group in self.group])
        distinct("cause", [cause.code for cause in self.cause])
        _grouped("cause", self.cause, "group", self.group)
        return self


class Routing(BaseModel):
    """A parsed routing file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1]
    department: tuple[Named, ...] = Field(min_length=1)
    override: tuple[Override, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        codes = [department.code for department in self.department]
        distinct("department", codes)
        for override in self.override:
            if override.department not in codes:
                raise ValueError(f"override: there is no department {override.department!r}")
        return self


class Catalogue(BaseModel):
    """All three files together."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    taxonomy: Taxonomy
    causes: Causes
    routing: Routing
    _named: dict[str, Named] = PrivateAttr()
    _topics: dict[str, Topic] = PrivateAttr()
    _own_terms: tuple[tuple[str, Topic], ...] = PrivateAttr()

    @classmethod
    def of(cls, settings: UnderstandSettings) -> Catalogue:
        """From the files that the settings name, or those that come with callcore. Raises :class:`ConfigError`."""
        return cls.load(settings.taxonomy_file, settings.causes_file, settings.routing_file)

    @classmethod
    def load(cls, taxonomy: Path | None = None, causes: Path | None = None, routing: Path | None = None) -> Catalogue:
        """From files, or those that come with callcore. Raises :class:`ConfigError` naming the first wrong key."""
        parts = (
            _read(Taxonomy, taxonomy, "taxonomy"),
            _read(Causes, causes, "causes"),
            _read(Routing, routing, "routing"),
        )
        found = cls(taxonomy=parts[0], causes=parts[1], routing=parts[2])
        departments = {department.code for department in found.routing.department}
        for topic in found.taxonomy.topic:
            if topic.department not in departments:
                where = taxonomy or "taxonomy"
                raise ConfigError(f"{where}: topic {topic.code}: no department {topic.department!r}.", FORMAT_HINT)
        known = {cause.code for cause in found.causes.cause}
        for override in found.routing.override:
            for code in override.causes:
                if code not in known:
                    raise ConfigError(f"{routing or 'routing'}: override: no cause {code!r}.", FORMAT_HINT)
        return found

    def department(self, topics: Sequence[str], causes: Sequence[str] = (), category: str = "") -> str:
        """Code of the department in charge, by the first topic and the overrides; "" where nothing tells."""
        for override in self.routing.override:
            if category in override.categories or set(causes) & set(override.causes):
                return override.department
        return next((self._topics[code].department for code in topics if code in self._topics), "")

    @property
    def own_terms(self) -> tuple[tuple[str, Topic], ...]:
        """Terms, in small letters, of the topics that the bank has added to those of the models; with their topic."""
        return self._own_terms

    @property
    def topics(self) -> Mapping[str, Topic]:
        """By code."""
        return self._topics

    def name(self, code: str, language: str) -> str:
        """The name of a category, topic, intent, caller type, cause or department; the code itself if unknown."""
        item = self._named.get(code)
        return item.name(language) if item else code

    def model_post_init(self, _: Any) -> None:
        taxonomy = self.taxonomy
        groups: tuple[Sequence[Named], ...] = (
            self.routing.department,
            self.causes.group,
            self.causes.cause,
            taxonomy.product,
            taxonomy.caller,
            taxonomy.intent,
            taxonomy.topic,
            taxonomy.category,
        )
        self._named = {item.code: item for group in groups for item in group}
        self._topics = {topic.code: topic for topic in taxonomy.topic}
        self._own_terms = tuple(
            (term.lower(), topic)
            for topic in taxonomy.topic
            if topic.like
            for term in (*topic.terms_zh, *topic.terms_en)
        )


Part = TypeVar("Part", bound=BaseModel)


def _read(kind: type[Part], file: Path | None, name: str) -> Part:
    if file is None:
        bundled = (files("callcore.understand") / "data" / f"{name}.toml").read_text(encoding="utf-8")
        return parse_toml(kind, bundled, name, FORMAT_HINT)
    try:
        return parse_toml(kind, file.read_text(encoding="utf-8"), str(file), FORMAT_HINT)
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(f"{name} {file}", error, f"Check [understand] {name}_file.") from error


def _grouped(kind: str, items: Sequence[Named], group_kind: str, groups: Sequence[Named]) -> None:
    """Every code begins with that of one of the groups."""
    known = {group.code for group in groups}
    for item in items:
        group = item.code.partition(".")[0]
        if group not in known:
            raise ValueError(f"{kind} {item.code}: there is no {group_kind} {group!r}")
