"""Lists of words that the redaction goes by: ``data/*.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def word_lists(language: str) -> Mapping[str, tuple[str, ...]]:
    """The lists of a language ("zh" or "en"), by name."""
    text = files("callcore.privacy").joinpath("data", f"{language}.toml").read_text(encoding="utf-8")
    return {name: tuple(" ".join(lines).split()) for name, lines in tomllib.loads(text).items()}
