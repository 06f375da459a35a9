"""Words that the redaction of Mandarin goes by."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files


def is_nationality(said: str) -> bool:
    """Whether what is said is a country or a people, or who is of one: 韩国人, 蒙古族."""
    return _nationality().fullmatch(said) is not None


@cache
def _nationality() -> re.Pattern[str]:
    return re.compile(f"(?:(?:{any_of('nations')})(?:人|籍)?|(?:{any_of('peoples')})族)(?:人|的)?")


@cache
def words_of() -> dict[str, tuple[str, ...]]:
    """The lists of ``data/zh.toml``, by name."""
    text = files("callcore.privacy").joinpath("data", "zh.toml").read_text(encoding="utf-8")
    return {name: tuple(" ".join(lines).split()) for name, lines in tomllib.loads(text).items()}


def any_of(name: str) -> str:
    """The words of a list as alternatives of a pattern, the longest first."""
    return "|".join(sorted(words_of()[name], key=len, reverse=True))
