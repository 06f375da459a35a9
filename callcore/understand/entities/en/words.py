"""What is found by its name: channels, products, banks, merchants."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from callcore.understand.entities.en.lexicon import lexicon
from callcore.understand.entities.en.numbers import Reading
from callcore.understand.entities.spans import Context, Span
from callcore.understand.entities.terms import Terms, terms_of

_RANKS = {"channel": 2, "bank": 3, "merchant": 3, "product": 3}
_BEFORE_PLAIN = re.compile(r"\b(?:at|from|to|by|with|via|bank|called|my|using) $")


def named(reading: Reading, context: Context) -> Iterator[Span]:
    """Channels, products, banks and merchants."""
    text, raw, plain = reading.spoken.text, reading.spoken.raw, lexicon().words["plain"]
    for kind, rank in _RANKS.items():
        for span in terms_of("en", kind).find(reading.spoken):
            if kind in ("bank", "merchant") and text[span.start : span.end] in plain:
                before = _BEFORE_PLAIN.search(text, max(0, span.start - 10), span.start)
                if before is None and not raw[span.start].isupper():
                    continue
            if text[span.end : span.end + 1] != "@":  # the name of an address
                yield replace(span, rank=rank)
    if context.products:
        for span in _own(tuple(context.products.items())).find(reading.spoken):
            yield replace(span, rank=_RANKS["product"] + 1)


@lru_cache(maxsize=8)
def _own(products: tuple[tuple[str, str], ...]) -> Terms:
    return Terms("product", dict(products), plural=True)
