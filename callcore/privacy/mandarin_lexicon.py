"""Words that the redaction of Mandarin goes by."""

from __future__ import annotations

import re
from functools import cache

from callcore.privacy.word_lists import word_lists

#: what stands between any two marks
CLAUSE = re.compile("[^ ,.。!?;:、]+")


def is_nationality(said: str) -> bool:
    """Whether what is said is a country or a people, or who is of one: 韩国人, 蒙古族."""
    return _nationality().fullmatch(said) is not None


@cache
def _nationality() -> re.Pattern[str]:
    return re.compile(f"(?:(?:{any_of('nations')})(?:人|籍)?|(?:{any_of('peoples')})族)(?:人|的)?")


def any_of(name: str) -> str:
    """The words of a list as alternatives of a pattern, the longest first."""
    return "|".join(sorted(word_lists("zh")[name], key=len, reverse=True))
