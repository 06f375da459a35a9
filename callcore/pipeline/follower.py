"""What stands between the pipeline and whoever listens to a call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from callcore.types import Output


class Follower(Protocol):
    """Sees every output of one call in order, and may change events, hold them back, or add some.

    Decode requests pass unchanged. The end of the call stays last.
    """

    def follow(self, outputs: Sequence[Output]) -> list[Output]:
        """The outputs as they go on from here."""


def passed(outputs: Sequence[Output], followers: Iterable[Follower]) -> list[Output]:
    """The outputs as the last of ``followers`` lets them go."""
    told = list(outputs)
    for follower in followers:
        told = follower.follow(told)
    return told
