"""The list of models callcore knows by name: ``models/manifest.toml``, read and checked."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from callcore.errors import ModelError
from callcore.paths import bundled_models_folder

MANIFEST_FILE = "manifest.toml"
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"  #: a model's name is also its folder's name
SHA256_PATTERN = r"^[0-9a-f]{64}$"

Sha256 = Annotated[str, Field(pattern=SHA256_PATTERN)]


class Strict(BaseModel):
    """Immutable; unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class FileEntry(Strict):
    """Size in bytes and SHA-256 of one file of a model."""

    size: int = Field(ge=0)
    sha256: Sha256


class Facts(Strict):
    """What the recogniser must know about weights. ``padding_s`` None pads the whole window."""

    languages: tuple[str, ...] = Field(min_length=1)
    window_s: float = Field(30.0, gt=0, le=30)  #: longest window the weights can hear, seconds
    padding_s: float | None = Field(None, ge=0, le=30)  #: silence after the audio of a trimmed window, seconds
    padding_measured: bool = False
    synthetic_only: bool = False  #: trained on synthetic speech only
    quality_rank: int = Field(15, ge=0)  #: higher is better; decides what "auto" takes
    licence: str = "unknown"


class Measured(Strict):
    """An error rate with the set it was measured on and where the figure comes from."""

    metric: Literal["CER", "WER"]
    percent: float = Field(ge=0)
    set: str
    source: str


class Source(Strict):
    """Where a model is published. ``revision`` pins the Hugging Face commit."""

    huggingface: str | None = Field(None, pattern=r"^[^/\s]+/[^/\s]+$")
    revision: str | None = Field(None, pattern=r"^[0-9a-f]{40}$")
    modelscope: str | None = Field(None, pattern=r"^[^/\s]+/[^/\s]+$")


class Row(Strict):
    """One model of the manifest."""

    name: str = Field(pattern=NAME_PATTERN)
    aliases: tuple[str, ...] = ()
    languages: tuple[str, ...] = Field(min_length=1)
    parameters: int = Field(gt=0)
    licence: str
    bundled: bool = False
    recommended: bool = False  #: the one to name to a user who needs a better model
    synthetic_only: bool = False
    window_s: float = Field(gt=0, le=30)
    padding_s: Annotated[float, Field(ge=0, le=30)] | Literal["full"]
    padding_measured: bool
    quality_rank: int = Field(ge=0)
    hashes: Literal["computed", "published"]
    source: Source = Source()
    files: Mapping[str, FileEntry]
    measured: tuple[Measured, ...] = ()

    @model_validator(mode="after")
    def _obtainable(self) -> Row:
        if "model.bin" not in self.files:
            raise ValueError(f"model {self.name}: files must list model.bin")
        if not (self.bundled or self.source.huggingface):
            raise ValueError(f"model {self.name}: a model that is not bundled needs a source")
        return self

    @property
    def size_bytes(self) -> int:
        """Size of all files."""
        return sum(entry.size for entry in self.files.values())

    @property
    def facts(self) -> Facts:
        """What the recogniser must know."""
        return Facts(
            languages=self.languages,
            window_s=self.window_s,
            padding_s=None if self.padding_s == "full" else self.padding_s,
            padding_measured=self.padding_measured,
            synthetic_only=self.synthetic_only,
            quality_rank=self.quality_rank,
            licence=self.licence,
        )

    def answers_to(self, name: str) -> bool:
        """Whether ``name`` is this model's name, an alias or its id on a hub; case does not matter."""
        names = (self.name, *self.aliases, self.source.huggingface, self.source.modelscope)
        return name.casefold() in {known.casefold() for known in names if known}


class Reader(Strict):
    """A bundled model of the understanding. Its card, ``model.json``, names the checksums of its other files."""

    name: str = Field(pattern=NAME_PATTERN)
    kind: Literal["text", "acts", "secrets", "voice", "judge", "words", "facts", "promises", "yardstick"]
    languages: tuple[str, ...] = Field(min_length=1)
    licence: str
    card: FileEntry


class Manifest(Strict):
    """The whole file. Iterates over its rows."""

    format: Literal[1]
    languages: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    model: tuple[Row, ...]
    reader: tuple[Reader, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _expand_languages(cls, data: Any) -> Any:
        """Replace ``"@set"`` in a row's languages by that set's languages."""
        if not isinstance(data, dict):
            return data
        sets: dict[str, list[str]] = dict(data.get("languages", {}))
        rows = [{**row, "languages": _expand(row.get("languages", []), sets)} for row in data.get("model", [])]
        return {**data, "languages": {name: _expand(value, sets) for name, value in sets.items()}, "model": rows}

    @model_validator(mode="after")
    def _unambiguous(self) -> Manifest:
        seen: set[str] = set()
        for row in self.model:
            for name in (row.name, *row.aliases):
                if name.casefold() in seen:
                    raise ValueError(f"the name {name} is given to two models")
                seen.add(name.casefold())
        return self

    def __iter__(self) -> Iterator[Row]:  # type: ignore[override]  # pydantic iterates over fields; rows are the use
        return iter(self.model)

    def find(self, name: str) -> Row | None:
        """The model of that name, alias or hub id."""
        return next((row for row in self.model if row.answers_to(name)), None)

    def with_weights(self, sha256: str) -> Row | None:
        """The model whose model.bin has that SHA-256."""
        return next((row for row in self.model if row.files["model.bin"].sha256 == sha256), None)

    def suggestion(self, language: str | None) -> Row | None:
        """The model to name to a user who needs a better one for ``language``: recommended first, then the best."""
        fit = [row for row in self.model if not row.bundled and (language is None or language in row.languages)]
        return max(fit, key=lambda row: (row.recommended, row.quality_rank), default=None)


def _expand(languages: list[str], sets: Mapping[str, list[str]]) -> list[str]:
    expanded: list[str] = []
    for language in languages:
        if language.startswith("@"):
            if language[1:] not in sets:
                raise ValueError(f"there is no set of languages named {language[1:]}")
            expanded += _expand(sets[language[1:]], sets)
        else:
            expanded.append(language)
    return expanded


def read_manifest(file: Path) -> Manifest:
    """Manifest in ``file``. Raises :class:`ModelError` naming the first fault."""
    try:
        return Manifest.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ModelError(f"model list {file} cannot be read: {error}", "Install callcore again.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ModelError(f"model list {file}: {where}: {first['msg']}", "Install callcore again.") from error


@cache
def load_manifest() -> Manifest:
    """The manifest shipped with callcore."""
    return read_manifest(bundled_models_folder() / MANIFEST_FILE)
