"""How many machines a number of calls at once needs: varying arrivals, head-room, machines that fail. No I/O."""

from __future__ import annotations

import math
from dataclasses import dataclass

from callcore.errors import ConfigError, MissingExtra

SHORT_OF_MACHINES = 1e-4  #: accepted probability that more machines are down than there are spare ones


@dataclass(frozen=True, slots=True)
class FleetWishes:
    """What a fleet must stand."""

    refused: float = 0.001  #: share of calls that may find no room; 0 = the number of calls is a ceiling
    headroom: float = 0.1  #: share of a machine's capacity that is left unused
    availability: float = 0.999  #: share of the time a machine is up

    def __post_init__(self) -> None:
        for name, value in (("refused", self.refused), ("headroom", self.headroom)):
            if not 0 <= value < 1:
                raise ConfigError(f"{name} must lie from 0 to below 1, not {value}.")
        if not 0 < self.availability <= 1:
            raise ConfigError(f"availability must lie above 0 and up to 1, not {self.availability}.")


@dataclass(frozen=True, slots=True)
class Fleet:
    """Machines for a number of calls."""

    calls: int  #: at once, on average over the busy hour (or at most, with ``refused`` 0)
    places: int  #: calls that must be taken at once, so that few find no room
    per_machine: int  #: calls that one machine takes, head-room left
    needed: int  #: machines that must be up
    spare: int

    @property
    def machines(self) -> int:
        """Machines to buy."""
        return self.needed + self.spare


def erlang_b(offered: float, places: int) -> float:
    """Probability that a call finds all ``places`` taken when ``offered`` calls would be going on on average.

    Poisson arrivals, call lengths of any distribution, calls that find no room go away. Source: A. K. Erlang, 1917;
    the recursion over places is exact and does not overflow.
    """
    blocked = 1.0
    for place in range(1, places + 1):
        blocked = offered * blocked / (place + offered * blocked)
    return blocked


def places_needed(offered: float, refused: float) -> int:
    """Fewest places with which at most a share ``refused`` (above 0) of calls finds no room."""
    blocked, places = 1.0, 0
    while blocked > refused:
        places += 1
        blocked = offered * blocked / (places + offered * blocked)
    return places


def spares_needed(needed: int, availability: float) -> int:
    """Spare machines: one at least, and so many that fewer than ``needed`` are up with less than
    :data:`SHORT_OF_MACHINES` probability, machines failing one by one independently. Raises :class:`MissingExtra`.
    """
    try:
        from scipy.stats import binom
    except ImportError as error:
        raise MissingExtra("scipy is not installed.", "Install it with: pip install 'callcore[bench]'") from error
    spare = 1
    while binom.sf(spare, needed + spare, 1 - availability) > SHORT_OF_MACHINES:
        spare += max(1, spare // 8)
    while spare > 1 and binom.sf(spare - 1, needed + spare - 1, 1 - availability) <= SHORT_OF_MACHINES:
        spare -= 1
    return spare


def size_fleet(calls: int, capacity: int, wishes: FleetWishes) -> Fleet:
    """Machines for ``calls`` when one machine stands ``capacity`` calls at once.

    Raises :class:`ConfigError` when a machine takes no call at all, and :class:`MissingExtra` without scipy.
    """
    per_machine = math.floor(capacity * (1 - wishes.headroom) + 1e-9)
    if per_machine < 1:
        raise ConfigError(
            f"a machine of capacity {capacity} takes no call when {wishes.headroom:.0%} of it stay unused.",
            "Lower --headroom, choose a smaller model, or accept more latency.",
        )
    places = places_needed(calls, wishes.refused) if wishes.refused else calls
    needed = math.ceil(places / per_machine)
    return Fleet(calls, places, per_machine, needed, spares_needed(needed, wishes.availability))
