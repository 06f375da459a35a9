"""How often the words of one channel are refreshed: as often as wished while there is room, less often under load.

Three measurements set the interval, and the widest of the three holds:

- *demand*: the worker time that all wishes for refreshes would take, against what the other decodes leave of the share
  of the workers that may be busy. It is known from the wishes, not from what the workers got done, so it does not
  saturate at 100 % and does not depend on the interval it sets: there is no loop that could swing.
- *price*: the refreshes of one channel may take a stated share of a worker. Where a refresh is dear (a large model on a
  small machine), a call that has the machine to itself is refreshed less often too.
- *delay*: how long refreshes wait for a worker. It catches what the first does not see. Refreshes wait less the wider
  the interval, so this is a loop; it is a proportional one behind a slow mean, which settles without swinging.

No threads and no clock: the time is passed in, in seconds of any origin, and never runs backwards.
"""

from __future__ import annotations

import math

from callcore.config import LiveSettings

MEMORY_S = 8.0  #: time constant of all means: some sentences, so that one long final does not widen the interval
TOLERATED_DELAY = 0.5  #: of the narrowest interval: refreshes may wait so long for a worker before the interval widens
COST_MEMORY = 0.1  #: weight of the newest refresh in the mean cost of one
MAX_PRICE_STRETCH = 2.0  #: of the narrowest interval, for the price of refreshes alone
SNAP = 1.02  #: an interval this close to the narrowest is the narrowest


class Cadence:
    """The interval at which refreshes of one channel are let through; the same for all channels."""

    def __init__(
        self,
        narrowest_s: float,
        widest_s: float,
        workers: int,
        busy_share: float,
        *,
        refresh_share: float = math.inf,
        batched: bool = False,
    ) -> None:
        """``refresh_share``: of a worker, that the refreshes of one channel may take. ``batched``: one decode takes
        many requests at little more than the price of one (GPU), so the price of a refresh says nothing about the
        demand and delay alone decides.
        """
        self.narrowest_s = narrowest_s
        self.widest_s = max(narrowest_s, widest_s)
        self._room = busy_share * workers
        self._refresh_share = refresh_share
        self._batched = batched
        self._wishes = _Fading()
        self._other_work = _Fading()
        self._delays = _Fading()
        self._delay_count = _Fading()
        self._cost_s = 0.0

    @classmethod
    def of(cls, settings: LiveSettings, workers: int, *, batched: bool = False) -> Cadence:
        """The cadence that the settings describe."""
        narrowest_s, widest_s = settings.partial_interval_ms / 1000, settings.max_partial_interval_ms / 1000
        share = settings.refresh_share
        return cls(narrowest_s, widest_s, workers, settings.busy_share, refresh_share=share, batched=batched)

    def wished(self, now_s: float) -> None:
        """A channel asked for a refresh, whether or not it will be let through."""
        self._wishes.add(1.0, now_s)

    def delayed(self, delay_s: float, now_s: float) -> None:
        """A refresh went to a worker ``delay_s`` after it could have."""
        self._delays.add(delay_s, now_s)
        self._delay_count.add(1.0, now_s)

    def refreshed(self, work_s: float) -> None:
        """A refresh took a worker ``work_s`` (its share, if others were decoded with it)."""
        self._cost_s += (work_s - self._cost_s) * (COST_MEMORY if self._cost_s else 1.0)

    def worked(self, work_s: float, now_s: float) -> None:
        """A decode that was no refresh took a worker ``work_s``."""
        self._other_work.add(work_s, now_s)

    def interval_s(self, now_s: float) -> float:
        """Least time between two refreshes of a channel, within [``narrowest_s``, ``widest_s``]."""
        stretch = max(self._demand(now_s), self._delay(now_s), self._price())
        if stretch < SNAP:
            return self.narrowest_s
        return min(self.widest_s, self.narrowest_s * stretch)

    def _demand(self, now_s: float) -> float:
        """Worker time that the wishes ask for, relative to what is left for them."""
        wanted = 0.0 if self._batched else self._wishes.rate(now_s) * self._cost_s
        left = self._room - self._other_work.rate(now_s)
        if wanted <= 0.0:
            return 0.0
        return wanted / left if left > 0.0 else math.inf

    def _price(self) -> float:
        """What a refresh costs, relative to what it may cost at the narrowest interval; thrift has
        its limit: where many calls make each decode dearer, the demand decides.
        """
        stretch = self._cost_s / (self._refresh_share * self.narrowest_s)
        return 0.0 if self._batched else min(stretch, MAX_PRICE_STRETCH)

    def _delay(self, now_s: float) -> float:
        """Mean delay relative to what is tolerated; sinks towards 0 when no refreshes are taken at all."""
        mean_s = self._delays.total(now_s) / (1.0 + self._delay_count.total(now_s))
        return mean_s / (TOLERATED_DELAY * self.narrowest_s)


class _Fading:
    """A sum that forgets: what was added fades by 1/e every :data:`MEMORY_S`."""

    def __init__(self) -> None:
        self._sum = 0.0
        self._at_s = 0.0

    def add(self, amount: float, now_s: float) -> None:
        self._sum = self.total(now_s) + amount
        self._at_s = now_s

    def total(self, now_s: float) -> float:
        return self._sum * math.exp(min(0.0, self._at_s - now_s) / MEMORY_S)

    def rate(self, now_s: float) -> float:
        """Amount a second."""
        return self.total(now_s) / MEMORY_S
