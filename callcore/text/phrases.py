"""Where the phrases of a Mandarin text begin and end: the one door to BudouX."""

from __future__ import annotations

from functools import cache
from itertools import accumulate, pairwise

from budoux import Parser, load_default_simplified_chinese_parser


def phrases(text: str) -> list[tuple[int, int]]:
    """Half-open ranges of the phrases, a word or a few each, without a gap; of a text in Latin letters its own."""
    return list(pairwise(accumulate(map(len, _parser().parse(text)), initial=0)))


@cache
def _parser() -> Parser:
    return load_default_simplified_chinese_parser()
