"""What was worked out last in a call, for those who ask for the same again."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

KEPT = 4  #: answers: both sides may speak at once, and of each a final and its turn are read

Key = TypeVar("Key")
Answer = TypeVar("Answer")


class Latest(Generic[Key, Answer]):
    """The last answers by question. Holds what was said in a call: it lives and dies with it."""

    def __init__(self) -> None:
        self._known: deque[tuple[Key, Answer]] = deque(maxlen=KEPT)

    def of(self, key: Key, work: Callable[[], Answer]) -> Answer:
        """The answer to ``key``; what ``work`` gives, which must follow from ``key`` alone, where it is not known.

        Whatever ``work`` raises is raised, and nothing is kept.
        """
        for known, answer in self._known:
            if known == key:
                return answer
        answer = work()
        self._known.appendleft((key, answer))
        return answer
