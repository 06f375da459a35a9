"""In which order the requests of all calls are decoded."""

from __future__ import annotations

from enum import IntEnum

from callcore.types import RequestKind


class Rank(IntEnum):
    """The lower, the sooner. What a rank means for the person at the screen is in docs/scheduling.md."""

    FINAL = 0  #: a FINAL or LANGUAGE request: never dropped, oldest first
    FIRST = 1  #: a PARTIAL of a segment of which nothing has been decoded yet: short, and the screen shows nothing
    SPECULATIVE = 2  #: will be the final if the pause lasts; while it waits it costs nothing, the FINAL replaces it
    REFRESH = 3  #: any later PARTIAL of a segment: as often as the load permits

    @property
    def label(self) -> str:
        """Name in metrics."""
        return self.name.lower()


def rank_of(kind: RequestKind, *, first: bool) -> Rank:
    """Rank of a request; ``first``: nothing of its segment has been decoded yet."""
    if kind in (RequestKind.FINAL, RequestKind.LANGUAGE):
        return Rank.FINAL
    if kind is RequestKind.SPECULATIVE:
        return Rank.SPECULATIVE
    return Rank.FIRST if first else Rank.REFRESH
