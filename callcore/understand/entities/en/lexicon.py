"""The words that English rules go by (data/en.toml), as patterns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache

from pydantic import BaseModel, ConfigDict

from callcore.understand.entities.corrections import Corrections
from callcore.understand.entities.terms import load

Phrases = tuple[str, ...]


class Lexicon(BaseModel):
    """``data/en.toml`` as it stands."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    currencies: Mapping[str, Phrases]
    cents: Mapping[str, Phrases]
    channel: Mapping[str, Phrases]
    bank: Mapping[str, Phrases]
    merchant: Mapping[str, Phrases]
    numbers: Mapping[str, Phrases]
    words: Mapping[str, Phrases]

    def spoken_currencies(self) -> dict[str, str]:
        """Each way to say a currency, to its code, "" for dollars of no country in particular."""
        return {phrase: code for code, phrases in self.currencies.items() for phrase in phrases}

    def spoken_cents(self) -> dict[str, str]:
        """Each way to say hundredths, to the code of the currency, "" for the call's own."""
        return {phrase: code for code, phrases in self.cents.items() for phrase in phrases}


@cache
def lexicon() -> Lexicon:
    """The lexicon, read once."""
    return Lexicon.model_validate(load("en.toml"))


def alternatives(phrases: Iterable[str]) -> str:
    """A pattern for any of the phrases, the longest first."""
    return "|".join(re.escape(phrase).replace(r"\ ", " ") for phrase in sorted(phrases, key=len, reverse=True))


@cache
def correcting() -> Corrections:
    """How English takes back what was said."""
    said = alternatives(lexicon().words["corrections"])
    link = (
        r"(?:(?:it's|it is|its|that's|should be|is|to|the|for|a|an|um|uh|er|with|at|on|in|by|of|ending in|was|be|"
        r"about|from|say|until|mr|ms|mrs|number|you know) ?)"
    )
    return Corrections(
        between=re.compile(rf"[ ,.!?-]*(?:\b(?:{said})\b[ ,.!?-]*){{1,3}}{link}{{0,4}}[ $£€]*"),
        not_before=re.compile(r"\bnot (?:the |for |on |at |in |ending in |from |by )?$"),
        between_not=re.compile(rf"[ ,.-]*(?:but )?{link}{{0,4}}[ $£€]*"),
        second_refused=re.compile(r"[ ,.]*\bnot (?:the |for |on |at |in |ending in |by )?[$£€]?"),
    )
