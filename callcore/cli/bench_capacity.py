"""``callcore bench capacity`` and ``callcore bench plan``: how many calls a machine stands, and what that means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from callcore.cli.bench_options import model_options, plots_option, reference_option
from callcore.cli.counts import count_of
from callcore.cli.options import Number, overrides, settings_option

if TYPE_CHECKING:
    from callcore.bench.capacity import StepResult
    from callcore.bench.plan import Plan

F = TypeVar("F", bound=Callable[..., Any])
NOTHING_PASSED = 1  # exit code of a search in which not even one call passed


def limit_options(command: F) -> F:
    """``--commit-p95`` and ``--final-p95``."""
    for name, text, default in (
        ("--final-p95", "Seconds from the end of a turn to its final text, 95th percentile.", 1.0),
        ("--commit-p95", "Seconds from the end of a word to its commit, 95th percentile.", 2.0),
    ):
        command = click.option(name, type=Number(0, min_open=True), default=default, show_default=True, help=text)(
            command
        )
    return command


@click.command(
    epilog="""\b
Examples:
  callcore bench capacity calls/*.wav
  callcore bench capacity call7.wav --model small --start 4 --max 32 --output capacity.jsonl
  callcore bench capacity calls/*.wav --minutes 5 --final-p95 0.8

Run it on a quiet machine: what else runs there counts against it. docs/capacity-planning.md says how to go on from
here."""
)
@click.argument("calls", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="CALLS...")
@click.option("--start", type=click.IntRange(1), default=1, show_default=True, help="Calls at once to begin with.")
@click.option("--max", "maximum", type=click.IntRange(1), default=256, show_default=True, help="Most calls to try.")
@click.option(
    "--minutes",
    type=Number(0.25),
    default=1.5,
    show_default=True,
    help="Length of each run; recordings are repeated or cut to it.",
)
@limit_options
@click.option(
    "--coverage",
    type=Number(0, 1),
    default=0.95,
    show_default=True,
    help="Share of the words that must be found; 0 where the model does not know the speech.",
)
@model_options
@reference_option
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default="capacity.jsonl",
    show_default=True,
    metavar="FILE",
    help="Where the result is written; a Markdown table and plots beside it.",
)
@plots_option
@settings_option
def capacity(
    calls: tuple[Path, ...],
    start: int,
    maximum: int,
    minutes: float,
    references: tuple[Path, ...],
    output: Path,
    no_plots: bool,
    settings_file: Path | None,
    **chosen: Any,
) -> int:
    """Find the largest number of two-channel calls at once that this machine stands.

    Doubles the number of calls, then halves in on the edge; every number is played in real time for --minutes, in a
    fresh process. A run whose backlog grows is given up early. Prints a line for each number; the last says which
    number passed.
    """
    from callcore.bench.capacity import Limits
    from callcore.bench.capacity_search import CapacityWishes, search
    from callcore.config import load_settings
    from callcore.errors import ConfigError

    if start > maximum:
        raise ConfigError(f"--start {start} lies above --max {maximum}.", "Give a start that is at most the maximum.")
    recognise = {name: chosen[name] for name in ("model", "language")}
    settings = load_settings(settings_file, overrides(recognise=recognise))
    limits = Limits(chosen["commit_p95"], chosen["final_p95"], chosen["coverage"])
    wishes = CapacityWishes(calls, references, limits, start, maximum, 60 * minutes, output, plots=not no_plots)
    with _Screen() as screen:
        found, written = search(settings, wishes, screen)
    screen.outcome(found.calls, found.first_failing, written)
    return 0 if found.calls else NOTHING_PASSED


class _Screen:
    """What a search shows: a table that grows on the output, progress on the error stream."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._console = Console()
        errors = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
        self._bars = Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal)
        self._task = self._bars.add_task("Preparing", total=None)
        self._begun = False

    def __enter__(self) -> _Screen:
        self._bars.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self._bars.stop()

    def preparing(self, text: str) -> None:
        """Before the first run."""
        self._bars.update(self._task, description=text)

    def playing(self, calls: int, at_s: float, of_s: float) -> None:
        """While a number of calls is measured."""
        self._bars.update(self._task, description=count_of(calls, "call"), completed=min(at_s, of_s), total=of_s)

    def step(self, cells: Sequence[str], headings: Sequence[str]) -> None:
        """A number of calls was measured."""
        widths = [max(len(heading), 6) for heading in headings]
        if not self._begun:
            self._line(headings, widths)
        self._begun = True
        self._line(cells, widths)

    def outcome(self, calls: int, first_failing: int | None, written: Sequence[Path]) -> None:
        """The answer."""
        if not calls:
            text = "Not even one call passed."
        elif first_failing is None:
            text = f"Calls: {calls} at once passed, the most that were tried."
        else:
            text = f"Calls: {calls} at once passed; {first_failing} did not."
        self._console.print(text, style="bold", highlight=False)
        for file in written:
            self._console.print(f"wrote {file}", markup=False, style="dim", soft_wrap=True)

    def _line(self, cells: Sequence[str], widths: Sequence[int]) -> None:
        line = "  ".join(cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


def _numbers(ctx: click.Context, parameter: click.Parameter, value: str) -> tuple[int, ...]:  # noqa: ARG001
    try:
        numbers = tuple(int(part) for part in value.split(","))
    except ValueError:
        raise click.BadParameter("give whole numbers with commas between them.") from None
    if min(numbers) < 1:
        raise click.BadParameter("numbers of calls are 1 or more.")
    return numbers


@click.command(
    epilog="""\b
Examples:
  callcore bench plan capacity.jsonl
  callcore bench plan capacity.jsonl --calls 250,5000 --headroom 0.2 --final-p95 0.8
  callcore bench plan capacity.jsonl --cores 16 --refused 0

RESULT is what callcore bench capacity wrote. docs/capacity-planning.md explains the method and its limits."""
)
@click.argument("result", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--calls",
    "totals",
    callback=_numbers,
    default="1000,100000",
    show_default=True,
    metavar="LIST",
    help="Calls at once over the busy hour, on average (with --refused 0: at most).",
)
@limit_options
@click.option("--cores", type=click.IntRange(1), help="Cores of a machine [default: as measured].")
@click.option(
    "--headroom",
    type=Number(0, 1, max_open=True),
    default=0.1,
    show_default=True,
    help="Share of a machine's capacity left unused.",
)
@click.option(
    "--refused",
    type=Number(0, 1, max_open=True),
    default=0.001,
    show_default=True,
    help="Share of calls that may find no room; 0 = the number of calls is never exceeded.",
)
@click.option(
    "--availability",
    type=Number(0, 1, min_open=True),
    default=0.999,
    show_default=True,
    help="Share of the time a machine is up; sets the spare machines, one at least.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the simulation's random numbers.")
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="Write the plan as Markdown here.")
def plan(
    result: Path,
    totals: tuple[int, ...],
    commit_p95: float,
    final_p95: float,
    cores: int | None,
    headroom: float,
    refused: float,
    availability: float,
    seed: int,
    output: Path | None,
) -> None:
    """Plan machines on paper from a measured capacity run.

    Simulates the scheduler with the service times and the requests of that run, shows how well the simulation meets
    what was measured, and gives calls per machine and machines per number of calls.
    """
    from callcore.bench.capacity import Limits
    from callcore.bench.capacity_file import read_capacity
    from callcore.bench.fleet import FleetWishes
    from callcore.bench.plan import Planner
    from callcore.bench.plan_report import markdown
    from callcore.bench.records import write_text

    found = read_capacity(result)
    wishes = FleetWishes(refused, headroom, availability)
    limits = Limits(commit_p95, final_p95, found.limits.coverage)
    planner = Planner(found, seed=seed)
    made = planner.plan(totals, limits, wishes, cores)
    _print_plan(made, planner.curve(made))
    if output:
        write_text(output, markdown(made, planner.curve(made), wishes, found.run))


def _print_plan(made: Plan, curve: Sequence[StepResult]) -> None:
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Column, Table

    from callcore.bench.plan_report import tables, verdict
    from callcore.cli.tables import print_table

    console = Console()
    for table in tables(made, curve):
        first, *others = table.headings
        columns = (Column(first, justify="right"), *(Column(name, justify="right") for name in others))
        shown = Table(*columns, title=table.title, title_justify="left", box=SIMPLE, pad_edge=False)
        for row in table.rows:
            shown.add_row(*row)
        print_table(shown, console)
    console.print(verdict(made), markup=False, soft_wrap=True, style="bold", highlight=False)
