"""Numbers of things, in words."""

from __future__ import annotations


def count_of(number: int, one: str, many: str = "") -> str:
    """``1 call``, ``2 calls``, ``1,024 calls``. ``many``: where it is not ``one`` with an s."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
