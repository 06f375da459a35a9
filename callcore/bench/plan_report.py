"""A plan as tables: how well the simulation meets the measurement, latency against load, machines for calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from callcore.bench.capacity import StepResult, judge
from callcore.bench.fleet import FleetWishes
from callcore.bench.machine import machine_line
from callcore.bench.plan import Plan


@dataclass(frozen=True, slots=True)
class PlanTable:
    """A table for any kind of paper."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tables(plan: Plan, curve: Sequence[StepResult]) -> list[PlanTable]:
    """The three tables of a plan."""
    checks = tuple(
        (
            str(check.measured.calls),
            _s(check.measured.commit_p95_s),
            _s(check.simulated.commit_p95_s),
            _s(check.measured.final_p95_s),
            _s(check.simulated.final_p95_s),
            _percent(check.measured.busy_share),
            _percent(check.simulated.busy_share),
        )
        for check in plan.checks
    )
    load = tuple(
        (
            str(step.calls),
            f"{_s(step.commit_p50_s)} / {_s(step.commit_p95_s)}",
            f"{_s(step.final_p50_s)} / {_s(step.final_p95_s)}",
            _percent(step.busy_share),
            "–" if step.cadence_ms is None else f"{step.cadence_ms:.0f}",
            str(judge(step, plan.limits)),
        )
        for step in curve
    )
    fleets = tuple(
        (
            f"{fleet.calls:,}",
            f"{fleet.places:,}",
            str(fleet.per_machine),
            f"{fleet.needed:,}",
            str(fleet.spare),
            f"{fleet.machines:,}",
            f"{fleet.machines * plan.workers:,}",
        )
        for fleet in plan.fleets
    )
    return [
        PlanTable(
            "Simulated against measured, seconds at p95",
            ("calls", "commit measured", "simulated", "final measured", "simulated", "busy measured", "simulated"),
            checks,
        ),
        PlanTable(
            f"Simulated on {_cores(plan.workers)}, seconds at p50 / p95",
            ("calls", "commit", "final", "busy", "update every ms", "verdict"),
            load,
        ),
        PlanTable(
            "Machines",
            ("calls at once", "places", "calls a machine", "machines in use", "spare", "machines", "cores"),
            fleets,
        ),
    ]


def verdict(plan: Plan) -> str:
    """Calls per machine, in one sentence."""
    limits = f"commit p95 {plan.limits.commit_p95_s:g} s and final p95 {plan.limits.final_p95_s:g} s"
    text = f"{plan.capacity.calls} calls on {_cores(plan.workers)} by simulation, at {limits}"
    return f"{text}." if plan.measured is None else f"{text}; {plan.measured} by measurement."


def markdown(plan: Plan, curve: Sequence[StepResult], wishes: FleetWishes, run: Mapping[str, Any]) -> str:
    """The plan as a Markdown document; headings begin at the second level."""
    where = machine_line(run["machine"])
    parts = [
        f"Measured on {where}, model {run['model_name']}, {run['date']}, commit {run['commit']}.",
        f"**{verdict(plan)}**",
    ]
    for table in tables(plan, curve):
        lines = ["| " + " | ".join(table.headings) + " |", "|" + " --: |" * len(table.headings)]
        lines += ["| " + " | ".join(cells) + " |" for cells in table.rows]
        parts += [f"## {table.title}", "\n".join(lines)]
    parts.append(
        f"{wishes.headroom:.0%} of each machine stay unused; "
        + (f"one call in {1 / wishes.refused:,.0f} may find no room" if wishes.refused else "no call finds no room")
        + f"; machines are up {wishes.availability:.2%} of the time."
    )
    return "\n\n".join(parts) + "\n"


def _cores(count: int) -> str:
    return f"{count} core" if count == 1 else f"{count} cores"


def _s(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f} %"
