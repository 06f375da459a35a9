"""Names from the data files: banks, merchants, channels, products."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from callcore.understand.entities.spans import Span
from callcore.understand.entities.spoken import Spoken

_HAN = "\u3400-\u9fff"


class Terms:
    """Finds the names of one kind; of names inside each other the longest counts."""

    def __init__(self, kind: str, values: Mapping[str, str], *, plural: bool = False) -> None:
        """``values``: name in lower case to value. ``plural``: Latin names may be followed by s."""
        self._kind, self._values = kind, {name.lower(): value for name, value in values.items()}
        names = sorted(self._values, key=lambda name: (-len(name), name))
        ends = "(?:'s|s)?" if plural else ""
        han = [re.escape(name) for name in names if _is_han(name)]
        latin = "|".join(re.escape(name) for name in names if not _is_han(name))
        shown = [*han, rf"(?<![a-z\d])(?:{latin}){ends}(?![a-z\d])"] if latin else han
        self._pattern = re.compile("|".join(shown) or r"(?!)")
        self._plural = plural

    def find(self, spoken: Spoken) -> Iterator[Span]:
        """Every name in a turn."""
        for match in self._pattern.finditer(spoken.text):
            value = self._values.get(match[0])
            if value is None:  # with its ending
                value = self._values.get(match[0].removesuffix("s")) or self._values[match[0].removesuffix("'s")]
            yield Span(self._kind, *match.span(), value, 0.95, rank=1)


def load(name: str) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Tables of a data file: section to value to names."""
    text = files("callcore.understand.entities").joinpath("data", name).read_text(encoding="utf-8")
    return {
        section: {value: tuple(names) for value, names in rows.items()} for section, rows in tomllib.loads(text).items()
    }


def text_of_signs() -> str:
    """``data/currencies.toml``: what tells where people pay in which currency."""
    return files("callcore.understand.entities").joinpath("data", "currencies.toml").read_text(encoding="utf-8")


def currency_signs() -> Sequence[Mapping[str, Any]]:
    """The same, a row for each currency."""
    rows: Sequence[Mapping[str, Any]] = tomllib.loads(text_of_signs())["currency"]
    return rows


@cache
def terms_of(language: str, kind: str, file: str = "") -> Terms:
    """The names of a kind in ``data/{language}.toml``, or of products in ``data/products.toml``."""
    rows = load("products.toml")[language] if kind == "product" else load(file or f"{language}.toml")[kind]
    return Terms(kind, {name: value for value, names in rows.items() for name in names}, plural=language == "en")


def _is_han(name: str) -> bool:
    return re.search(f"[{_HAN}]", name) is not None
