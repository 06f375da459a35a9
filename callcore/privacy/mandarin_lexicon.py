"""Words that the redaction of Mandarin goes by."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files


@cache
def words_of() -> dict[str, tuple[str, ...]]:
    """The lists of ``data/zh.toml``, by name."""
    text = files("callcore.privacy").joinpath("data", "zh.toml").read_text(encoding="utf-8")
    return {name: tuple(" ".join(lines).split()) for name, lines in tomllib.loads(text).items()}


def any_of(name: str) -> str:
    """The words of a list as alternatives of a pattern, the longest first."""
    return "|".join(sorted(words_of()[name], key=len, reverse=True))
