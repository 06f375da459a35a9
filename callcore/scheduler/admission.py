"""How many live calls the machine takes on: as many as fit into the workers' time when all are refreshed least often.

What a call costs is first reckoned from a few decodes of synthetic audio, and then from what the calls really take. No
threads and no clock: the time is passed in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from callcore.config import LiveSettings
from callcore.errors import Overloaded
from callcore.scheduler.metrics import Meter, Work

# A call that nobody has measured yet: two people who take turns.
SPEECH_SHARE = 0.9  #: seconds of speech a second of the call, both sides added up
SEGMENTS_PER_S = 0.3  #: stretches of speech a second
DECODES_PER_FINAL = 1.5  #: with speculation: pauses that were no end are decoded for nothing
PRIOR_S = 120.0  #: call time after which what was measured counts as much as what was reckoned
MEMORY_S = 1800.0  #: time constant of what was measured: calls differ, days and models too


@dataclass(frozen=True, slots=True)
class Costs:
    """What decodes take a worker, while all workers are busy."""

    final_per_s: float  #: seconds of work a second of audio decoded for good
    partial_s: float  #: seconds of work a PARTIAL


class Admission:
    """Counts the calls, and refuses the one that would be too many."""

    def __init__(self, settings: LiveSettings, workers: int, meter: Meter, model: str) -> None:
        self._settings = settings
        self._workers = workers
        self._meter = meter
        self._model = model
        self._calls: set[str] = set()
        self._costs: Costs | None = None
        self._seen = Work()
        self._seen_s = -math.inf
        self._work_s = 0.0  #: taken by calls, as if all had been refreshed least often; fading
        self._call_s = 0.0  #: time of calls it was taken in; fading

    @property
    def calls(self) -> int:
        """Calls that run."""
        return len(self._calls)

    @property
    def calibrated(self) -> bool:
        """Whether there is anything to judge by."""
        return self._costs is not None or self._settings.max_calls > 0

    def calibrate(self, costs: Costs) -> None:
        """Take what decodes were measured to cost."""
        self._costs = costs

    def admit(self, call_id: str, now_s: float) -> None:
        """Take a call on. Raises :class:`Overloaded` when it would be too many."""
        limit = self.limit(now_s)
        if call_id in self._calls or limit is None or len(self._calls) < limit:
            self._calls.add(call_id)
            return
        raise Overloaded(*self._refusal(limit, now_s))

    def release(self, call_id: str, now_s: float) -> None:
        """A call is over, or never was."""
        self._observe(now_s)
        self._calls.discard(call_id)

    def limit(self, now_s: float) -> int | None:
        """Most calls at once; None while nothing is known."""
        if self._settings.max_calls:
            return self._settings.max_calls
        per_call = self.work_per_call(now_s)
        return None if per_call is None else int(self._settings.busy_share * self._workers / per_call + 1e-9)

    def work_per_call(self, now_s: float) -> float | None:
        """Seconds of work that a call takes a second when it is refreshed least often; None while nothing is known."""
        self._observe(now_s)
        if self._costs is None:
            return None
        work_s = PRIOR_S * self._reckoned(self._costs) + self._work_s
        return max(work_s / (PRIOR_S + self._call_s), 1e-6)

    def _reckoned(self, costs: Costs) -> float:
        settings = self._settings
        finals = SPEECH_SHARE * (DECODES_PER_FINAL if settings.speculate else 1.0) * costs.final_per_s
        return finals + (SEGMENTS_PER_S + SPEECH_SHARE / self._widest_s) * costs.partial_s

    @property
    def _widest_s(self) -> float:
        return max(self._settings.partial_interval_ms, self._settings.max_partial_interval_ms) / 1000

    def _observe(self, now_s: float) -> None:
        """Add what the calls took since the last look; the number of calls was the same all that time."""
        work, seen, passed_s = self._meter.work(), self._seen, now_s - self._seen_s
        self._seen, self._seen_s = work, now_s
        if not self._calls or not math.isfinite(passed_s):
            return
        kept = math.exp(-passed_s / MEMORY_S)
        refresh_cost_s = work.refresh_s / work.refreshes if work.refreshes else 0.0
        widened = self._settings.partial_interval_ms / 1000 / self._widest_s
        refreshes_s = (work.refreshes_asked - seen.refreshes_asked) * widened * refresh_cost_s
        self._work_s = self._work_s * kept + work.other_s - seen.other_s + refreshes_s
        self._call_s = self._call_s * kept + len(self._calls) * passed_s

    def _refusal(self, limit: int, now_s: float) -> tuple[str, str]:
        running = f"{self.calls} live {'call runs' if self.calls == 1 else 'calls run'}"
        if self._settings.max_calls:
            return (
                f"{running}, and {limit} is the most that the setting live.max_calls allows.",
                "Wait for a call to end, or allow more: CALLCORE_LIVE__MAX_CALLS.",
            )
        share, workers = self._settings.busy_share, self._workers
        per_call = self.work_per_call(now_s) or 0.0
        return (
            f"{running}, and this machine carries {limit} with model {self._model}: a call takes {per_call:.0%} of a "
            f"worker, and {share:.0%} of {workers} {'worker' if workers == 1 else 'workers'} may be used.",
            "Wait for a call to end, or choose a smaller model (recognise.model, live.partial_model), more cores or a "
            "wider live.max_partial_interval_ms; live.max_calls takes on more all the same.",
        )
