"""The country that an English call is in, by what is said in it: whose numbering plan telephone numbers follow."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import product

from callcore.types import Entity
from callcore.understand.entities.terms import currency_signs

WEIGHTS = {"sure": 4, "likely": 2, "hints": 1}  #: of what is said where people pay in a currency
UNSTATED = "USD"  #: currency of amounts that name none, where the bank has no other
STATED = 2  #: weight of amounts in it
FEWEST = 2  #: weight of all signs of a country by which it is believed
_REGIONS = {
    "USD": "US",
    "CAD": "CA",
    "AUD": "AU",
    "NZD": "NZ",
    "SGD": "SG",
    "HKD": "HK",
    "GBP": "GB",
    "EUR": "IE",
    "INR": "IN",
    "KES": "KE",
    "NGN": "NG",
    "ZAR": "ZA",
    "GHS": "GH",
    "TTD": "TT",
    "JMD": "JM",
    "PHP": "PH",
    "MYR": "MY",
    "AED": "AE",
}
_WORD = re.compile(r"[a-z\d]+(?:'[a-z]+)?")
_CHOICE = re.compile(r"\[([^]]*)\]")


class Country:
    """What the sides of one call have said that tells where it is."""

    def __init__(self) -> None:
        self._signs: set[tuple[str, str]] = set()
        self._weights: Counter[str] = Counter()

    def heard(self, text: str, entities: Sequence[Entity], default: str) -> None:
        """A turn has ended. ``text``: in lower case; ``default``: currency of amounts that name none."""
        words = _WORD.findall(text)
        for place, word in enumerate(words):
            for phrase, code, weight in _phrases().get(word, ()):
                if tuple(words[place : place + len(phrase)]) == phrase:
                    self._add(code, " ".join(phrase), weight)
        for entity in entities:
            code = entity.value.rpartition(" ")[2] if entity.kind == "amount" else ""
            if code and code != default:
                self._add(code, code, STATED)

    @property
    def region(self) -> str:
        """ISO 3166 code; "" where little tells it, or two countries are as likely."""
        first, second = [*self._weights.most_common(2), ("", 0), ("", 0)][:2]
        return _REGIONS.get(first[0], "") if first[1] >= FEWEST and first[1] > second[1] else ""

    def _add(self, code: str, said: str, weight: int) -> None:
        if (code, said) not in self._signs:
            self._signs.add((code, said))
            self._weights[code] += weight


@cache
def _phrases() -> Mapping[str, Sequence[tuple[tuple[str, ...], str, int]]]:
    """By its first word: each phrase, the currency it tells, and its weight."""
    found: defaultdict[str, list[tuple[tuple[str, ...], str, int]]] = defaultdict(list)
    for row in currency_signs():
        for name, weight in WEIGHTS.items():
            for phrase in row.get(name, ()):
                for said in _spellings(phrase):
                    words = tuple(_WORD.findall(said))
                    found[words[0]].append((words, str(row["code"]), weight))
    return found


def _spellings(phrase: str) -> list[str]:
    """Every form of a phrase with ``[a|b]`` in it."""
    parts = _CHOICE.split(phrase.lower())
    choices = [part.split("|") if place % 2 else [part] for place, part in enumerate(parts)]
    return ["".join(one) for one in product(*choices)]
