"""What is found by its name: channels, products, banks, merchants."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache

from callcore.understand.entities.en.lexicon import alternatives, lexicon, product_names
from callcore.understand.entities.en.numbers import Reading
from callcore.understand.entities.spans import Context, Span

CHANNEL_RANK, NAMED_RANK = 2, 3

_BEFORE_PLAIN = re.compile(r"\b(?:at|from|to|by|with|via|bank|called|my|using) $")


def named(reading: Reading, context: Context) -> Iterator[Span]:
    """Channels, products, banks and merchants."""
    text, raw = reading.spoken.text, reading.spoken.raw
    for kind, rank in _RANKS.items():
        pattern, values = _names(kind)
        for match in pattern.finditer(text):
            plain = match[0] in lexicon().words["plain"]
            if (
                plain
                and not raw[match.start()].isupper()
                and not _BEFORE_PLAIN.search(text, max(0, match.start() - 10), match.start())
            ):
                continue
            yield Span(kind, match.start(), match.end(), values[match[0]], rank=rank)
    pattern, values = _products(tuple(context.products.items()))
    for match in pattern.finditer(text):
        value = values[match[0]] if match[0] in values else values[match[0].removesuffix("s")]
        yield Span("product", match.start(), match.end(), value, rank=NAMED_RANK)


@cache
def _names(kind: str) -> tuple[re.Pattern[str], Mapping[str, str]]:
    lists: dict[str, Mapping[str, tuple[str, ...]]] = {
        "channel": lexicon().channels, "bank": lexicon().banks, "merchant": lexicon().merchants,
    }  # fmt: skip
    values = {said: value for value, phrases in lists[kind].items() for said in phrases}
    if kind != "channel":
        values |= {value.lower(): value for value in lists[kind]}
    return re.compile(rf"(?<![\w@.])(?:{alternatives(values)})(?![\w@]|\.\w)"), values


@lru_cache(maxsize=8)
def _products(own: tuple[tuple[str, str], ...]) -> tuple[re.Pattern[str], Mapping[str, str]]:
    """Names of products: the common ones and the bank's ``own``, which win."""
    values = {**product_names(), **{name.lower(): code for name, code in own if name.isascii()}}
    return re.compile(rf"(?<!\w)(?:{alternatives(values)})s?(?!\w)"), values


_RANKS = {"channel": CHANNEL_RANK, "bank": NAMED_RANK, "merchant": NAMED_RANK}
