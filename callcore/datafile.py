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
        raise ConfigError(f"{name} is no TOML: {error}", hint) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = (name, ".".join(map(str, first["loc"])), first["msg"])
        raise ConfigError(": ".join(filter(None, place)), hint) from error


def unreadable(name: str, error: Exception, hint: str) -> ConfigError:
    """A file that could not be read: why, and what to do (``hint``, where the cause is in the file)."""
    match error:
        case FileNotFoundError():
            why, hint = "there is no such file", "Check the path."
        case IsADirectoryError():
            why, hint = "it is a folder", "Name a file."
        case PermissionError():
            why, hint = "you may not read it", "Check its permissions."
        case UnicodeDecodeError():
            why = "it is no UTF-8 text"
        case tomllib.TOMLDecodeError():
            why = f"it is no TOML: {error}"
        case _:
            why = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return ConfigError(f"{name} cannot be read: {why}.", hint)


def distinct(kind: str, codes: Sequence[str]) -> None:
    """For validators: no code stands twice. Raises ``ValueError`` that names the ``kind`` and the first that does."""
    twice = {code for code in codes if codes.count(code) > 1}
    if twice:
        raise ValueError(f"{kind} {min(twice)} is there twice")
