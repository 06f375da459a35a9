"""In which currency an English call means "dollars" and bare numbers: what it says of the country it is in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from pydantic import Field, model_validator

from callcore.datafile import distinct, parse_toml
from callcore.tickets.phrases import Phrases
from callcore.tickets.spec import FORMAT_HINT, Entry, Text
from callcore.understand.entities.terms import text_of_signs

SURE, LIKELY, HINT = 4, 2, 1  #: weights of signs
FEWEST = 2  #: weight of all signs of a country by which it is believed
Sign = tuple[str, str, int]  #: currency, what was said, weight


class CurrencySigns(Entry):
    """A currency and what is said where people pay in it."""

    code: str = Field(pattern="^[A-Z]{3}$")
    sure: tuple[Text, ...] = ()
    likely: tuple[Text, ...] = ()
    hints: tuple[Text, ...] = ()


class CurrencyFile(Entry):
    """A parsed file of currencies."""

    version: Literal[1]
    currency: tuple[CurrencySigns, ...]

    @model_validator(mode="after")
    def _distinct(self) -> CurrencyFile:
        distinct("currency", [one.code for one in self.currency])
        return self


def load_currencies() -> Sequence[CurrencySigns]:
    """Those that come with callcore."""
    return parse_toml(CurrencyFile, text_of_signs(), "currencies", FORMAT_HINT).currency


def phrases_of(currencies: Iterable[CurrencySigns]) -> Iterator[tuple[tuple[str, int], Phrases]]:
    """What is looked for: the phrases of each currency and weight."""
    for one in currencies:
        for weight, said in ((SURE, one.sure), (LIKELY, one.likely), (HINT, one.hints)):
            yield (one.code, weight), Phrases.of(said)


def likeliest(signs: Iterable[frozenset[Sign]]) -> str:
    """The currency of most signs, each counted once a call; "" where they are few or two are even."""
    weights: Counter[str] = Counter()
    for code, _, weight in frozenset[Sign]().union(*signs):
        weights[code] += weight
    first, second = [*weights.most_common(2), ("", 0), ("", 0)][:2]
    return first[0] if first[1] >= FEWEST and first[1] > second[1] else ""
