"""What was worked out of a call before, given again for as long as all that it follows from is what it was."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from operator import is_
from typing import Any, TypeVar

Thing = TypeVar("Thing")


class Kept:
    """Of one call: the fold of the call owns it, and the looks at it share it, so that each works on what is new.

    Grounds are compared as objects, not by what they hold: what is equal but not the same is worked out again. Things
    that were given out must not be changed.
    """

    def __init__(self) -> None:
        self._known: dict[Hashable, tuple[tuple[object, ...], Any]] = {}

    def of(self, what: Hashable, grounds: Iterable[object], work: Callable[[], Thing]) -> Thing:
        """What ``work`` makes of ``grounds``, and of nothing else that changes in a call; the last is kept."""
        grounds = tuple(grounds)
        known = self._known.get(what)
        if known is not None and len(known[0]) == len(grounds) and all(map(is_, known[0], grounds)):
            thing: Thing = known[1]
            return thing
        thing = work()
        self._known[what] = grounds, thing
        return thing

    def row(self, what: Hashable, things: Sequence[Thing]) -> Sequence[Thing]:
        """``things``, or the row that held the same before."""
        return self.of(what, things, lambda: things)

    def same(self, what: Hashable, thing: Thing) -> Thing:
        """``thing``, or what it was before where that is equal: a ground that only comes anew where it is another."""
        known = self._known.get(("same", what))
        before: Thing = known[1] if known is not None else thing
        if before == thing:
            thing = before
        self._known["same", what] = (), thing
        return thing
