"""Calls at once on this machine, by measurement and by simulation, and the pages made of the results.

    python -m benchmarks.capacity                                        # the bundled call and model
    python -m benchmarks.capacity --name base --model /path/to/base --files calls/*.wav --max 48
    python -m benchmarks.capacity --pages                                # only write the pages anew

Each run adds or replaces benchmarks/results/capacity-NAME.jsonl. The pages are written from all such files; the worked
example in docs/capacity-planning.md from the one named with --example.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from benchmarks.common import ROOT
from callcore.bench.capacity import Limits, StepResult
from callcore.bench.capacity_file import CapacityFile, read_capacity
from callcore.bench.capacity_report import markdown, plot
from callcore.bench.capacity_search import CapacityWishes, search
from callcore.bench.fleet import FleetWishes
from callcore.bench.machine import machine_line
from callcore.bench.plan import Plan, Planner
from callcore.bench.plan_report import markdown as plan_markdown
from callcore.bench.plan_report import tables
from callcore.config import load_settings

FIXTURE = ROOT / "audio_fixtures" / "call01_card_loss_8k_stereo.wav"
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "benchmarks" / "capacity.md"
GUIDE = ROOT / "docs" / "capacity-planning.md"
TOTALS = (1_000, 100_000)
EXAMPLE = re.compile(r"(<!-- worked example -->\n).*?(<!-- end -->)", re.DOTALL)


class Lines:
    """Shows a search line by line."""

    def preparing(self, text: str) -> None:
        """Before the first run."""
        print(text, flush=True)

    def playing(self, calls: int, at_s: float, of_s: float) -> None:
        """Nothing: a benchmark's output goes to a file."""

    def step(self, cells: Sequence[str], headings: Sequence[str]) -> None:
        """A number of calls was measured."""
        print("; ".join(f"{name} {cell}" for name, cell in zip(headings, cells, strict=True)), flush=True)


def planned(found: CapacityFile) -> tuple[Plan, list[StepResult]]:
    """The plan for the machine as measured, and its curve."""
    planner = Planner(found)
    plan = planner.plan(TOTALS, found.limits, FleetWishes())
    return plan, planner.curve(plan)


def section(name: str, found: CapacityFile) -> str:
    """What is said of one result; draws its picture."""
    plan, curve = planned(found)
    picture = PAGE.with_name(f"capacity-{name}.png")
    simulated = [(s.calls, s.commit_p95_s or 0.0, s.final_p95_s or 0.0) for s in curve]
    plot(found.steps, found.verdicts, found.limits, picture, simulated)
    check = tables(plan, curve)[0]
    lines = ["| " + " | ".join(check.headings) + " |", "|" + " --: |" * len(check.headings)]
    lines += ["| " + " | ".join(cells) + " |" for cells in check.rows]
    edge = "" if found.first_failing is None else f"; {found.first_failing} did not pass"
    return "\n\n".join(
        [
            f"## {name}: {found.calls} calls at once",
            f"{machine_line(found.run['machine'])}; {found.workers} decodes at once. Model {found.run['model_name']}, "
            f"{found.run['date']}, commit {found.run['commit']}. {found.run['length_s']:.0f} s a run{edge}. "
            f"By simulation {plan.capacity.calls}.",
            f"![Latency, processor time and memory against calls at once]({picture.name})",
            markdown(found.steps, found.verdicts),
            f"{check.title}:",
            "\n".join(lines),
        ]
    )


def write_pages(example: str) -> None:
    """Both pages from all results."""
    results = {
        path.stem.removeprefix("capacity-"): read_capacity(path) for path in sorted(RESULTS.glob("capacity-*.jsonl"))
    }
    limits = next(iter(results.values())).limits
    head = (
        "# Capacity\n\nWritten by `python -m benchmarks.capacity`. Two-channel calls played in real time, each number "
        f"of calls in a fresh process. Pass: commit p95 <= {limits.commit_p95_s:g} s, final p95 <= "
        f"{limits.final_p95_s:g} s, no audio lost, no growing backlog, audio sent on time. What follows from it: "
        "[capacity planning](../capacity-planning.md).\n\nstarter is the bundled model; tiny and base are the starter "
        "widened to the shapes of Whisper tiny and base ([peers](../peers.md)): the work of those, the text of the "
        "starter. With -zh the output head is cut to Mandarin (`callcore models trim`)."
    )
    PAGE.write_text("\n\n".join([head, *(section(name, found) for name, found in results.items())]) + "\n", "utf-8")
    if example in results:
        plan, curve = planned(results[example])
        text = plan_markdown(plan, curve, FleetWishes(), results[example].run).replace("\n## ", "\n### ")
        guide = GUIDE.read_text(encoding="utf-8")
        GUIDE.write_text(EXAMPLE.sub(lambda found: f"{found[1]}\n{text}\n{found[2]}", guide), encoding="utf-8")


def main() -> None:
    """Measure, and write results and pages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", default="starter", help="of the result [starter]")
    parser.add_argument("--model", default="", help="name or folder [as in the settings]")
    parser.add_argument("--workers", type=int, default=0, help="decodes at the same time; 0 = one a core [0]")
    parser.add_argument("--files", nargs="*", type=Path, default=[FIXTURE], help="calls, each with its JSON beside")
    parser.add_argument("--start", type=int, default=1)
    parser.add_argument("--max", type=int, default=256)
    parser.add_argument("--minutes", type=float, default=1.5, help="of each run [1.5]")
    parser.add_argument("--coverage", type=float, default=0.95, help="least share of words found [0.95]")
    parser.add_argument("--example", default="base", help="result that the worked example is made of [base]")
    parser.add_argument("--pages", action="store_true", help="measure nothing")
    arguments = parser.parse_args()
    if not arguments.pages:
        recognise = {"language": "zh", "workers": arguments.workers}
        recognise |= {"model": arguments.model} if arguments.model else {}
        wishes = CapacityWishes(
            arguments.files,
            (),
            Limits(coverage=arguments.coverage),
            arguments.start,
            arguments.max,
            60 * arguments.minutes,
            RESULTS / f"capacity-{arguments.name}.jsonl",
            report=False,
        )
        search(load_settings(None, {"recognise": recognise}), wishes, Lines())
    write_pages(arguments.example)


if __name__ == "__main__":
    main()
