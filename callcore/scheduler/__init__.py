"""The only place that knows about load: whose audio is decoded next, how often, and how many calls are taken on.

``Scheduler`` does it for a process, with threads. ``RequestQueue``, ``Cadence`` and ``Admission`` decide, without
threads and clock, so that simulations and tests drive them too.
"""

from callcore.scheduler.admission import Admission, Costs
from callcore.scheduler.base import Answered, DecodeService
from callcore.scheduler.cadence import Cadence
from callcore.scheduler.metrics import Meter, RankMetrics, SchedulerMetrics, StuckDecode
from callcore.scheduler.queue import Batch, RequestQueue, Ticket
from callcore.scheduler.ranks import Rank
from callcore.scheduler.workers import Scheduler

__all__ = [
    "Admission",
    "Answered",
    "Batch",
    "Cadence",
    "Costs",
    "DecodeService",
    "Meter",
    "Rank",
    "RankMetrics",
    "RequestQueue",
    "Scheduler",
    "SchedulerMetrics",
    "StuckDecode",
    "Ticket",
]
