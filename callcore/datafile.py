"""Data files that a bank may edit: TOML, checked by a pydantic model, the first fault named."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from callcore.errors import ConfigError

Model = TypeVar("Model", bound=BaseModel)


def parse_toml(kind: type[Model], toml: str, name: str, hint: str) -> Model:
    """``toml`` as a ``kind``. Raises :class:`ConfigError` naming the file (``name``) and its first wrong key."""
    try:
        return kind.model_validate(tomllib.loads(toml))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}: {error}", hint) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = (name, ".".join(map(str, first["loc"])), first["msg"])
        raise ConfigError(": ".join(filter(None, place)), hint) from error


def distinct(kind: str, codes: Sequence[str]) -> None:
    """For validators: no code stands twice. Raises ``ValueError`` that names the ``kind`` and the first that does."""
    twice = {code for code in codes if codes.count(code) > 1}
    if twice:
        raise ValueError(f"{kind} {min(twice)} is there twice")
