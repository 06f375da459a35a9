"""Planning on paper: what a measured machine would do with other numbers of calls, cores and targets. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from callcore.bench.capacity import Capacity, Limits, StepResult, find_capacity
from callcore.bench.capacity_file import CapacityFile
from callcore.bench.fleet import Fleet, FleetWishes, size_fleet
from callcore.bench.service import MeasuredTimes
from callcore.bench.simulate import Machine, simulate
from callcore.config import LiveSettings
from callcore.errors import ConfigError

MAXIMUM = 4096  #: calls at once that are tried at most
CURVE_SHARES = (0.1, 0.25, 0.5, 0.75, 0.9, 1.1, 1.25)  #: of the capacity, that the curve shows


@dataclass(frozen=True, slots=True)
class Check:
    """A measured step beside the simulation of the same number of calls."""

    measured: StepResult
    simulated: StepResult


@dataclass(frozen=True, slots=True)
class Plan:
    """What a machine of ``workers`` cores carries under ``limits``, and what fleets need."""

    limits: Limits
    workers: int
    checks: tuple[Check, ...]  #: of the cores that were measured
    capacity: Capacity  #: by simulation
    measured: int | None  #: capacity of the real run; None: not found, or for other cores or limits
    fleets: tuple[Fleet, ...]

    @property
    def per_machine(self) -> int:
        """Capacity to build on: the smaller of simulated and measured."""
        return self.capacity.calls if self.measured is None else min(self.capacity.calls, self.measured)


class Planner:
    """Simulates the machine of a capacity run."""

    def __init__(self, found: CapacityFile, *, seed: int = 0, length_s: float = 60.0) -> None:
        """``length_s``: of each of the replications.

        Raises :class:`ConfigError` where the run lacks what a simulation needs.
        """
        if not found.traces or not found.usable_steps():
            raise ConfigError(
                "the result holds no traces of calls, or no step with service times.",
                "Make one with: callcore bench capacity CALLS… --output RESULT.jsonl",
            )
        self._found = found
        self._settings = LiveSettings.model_validate(found.run.get("live", {}))
        self._seed = seed
        self._length_s = length_s
        self._known: dict[tuple[int, int], StepResult] = {}
        self._times = {step.calls: MeasuredTimes(found.decodes[step.calls]) for step in found.usable_steps()}

    def simulate(self, calls: int, workers: int) -> StepResult:
        """A number of calls on a number of cores.

        Service times are those of the measured step with the nearest load a core: decodes slow each other down.
        """
        if (calls, workers) not in self._known:
            self._known[calls, workers] = self._simulated(calls, workers)
        return self._known[calls, workers]

    def _simulated(self, calls: int, workers: int) -> StepResult:
        load = calls / workers
        nearest = min(self._times, key=lambda measured: (abs(measured / self._found.workers - load), measured))
        machine = Machine(workers, self._times[nearest], self._settings, self._found.device == "cuda")
        return simulate(machine, self._found.traces, calls, length_s=self._length_s, seed=self._seed).as_step()

    def curve(self, plan: Plan) -> list[StepResult]:
        """Simulated steps from light load to beyond the capacity of a plan."""
        edge = plan.capacity.calls
        numbers = sorted({max(1, round(edge * share)) for share in CURVE_SHARES} | {edge, edge + 1} - {0})
        return [self.simulate(calls, plan.workers) for calls in numbers]

    def checks(self) -> tuple[Check, ...]:
        """Every measured step beside its simulation, by number of calls."""
        steps = {step.calls: step for step in self._found.usable_steps()}
        return tuple(Check(step, self.simulate(calls, self._found.workers)) for calls, step in sorted(steps.items()))

    def plan(
        self,
        totals: Sequence[int],
        limits: Limits,
        wishes: FleetWishes,
        workers: int | None = None,
        told: Callable[[StepResult], None] = lambda _: None,
    ) -> Plan:
        """The whole plan. ``totals``: concurrent calls of the fleets. ``told``: after each simulated number of calls.

        Raises :class:`ConfigError` when the machine carries no call at all under the limits.
        """
        cores = workers or self._found.workers
        capacity = find_capacity(
            lambda calls: self.simulate(calls, cores),
            replace(limits, coverage=0.0),
            maximum=MAXIMUM,
            told=lambda step, _: told(step),
        )
        same = cores == self._found.workers and limits == self._found.limits
        measured = self._found.calls if same and self._found.first_failing is not None else None
        plan = Plan(limits, cores, self.checks(), capacity, measured, ())
        return replace(plan, fleets=tuple(size_fleet(total, plan.per_machine, wishes) for total in totals))
