"""``callcore bench``: how fast text comes and what it costs, measured on your own recordings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from callcore.cli.bench_options import model_options, plots_option, reference_option
from callcore.cli.lazy import LazyGroup
from callcore.cli.options import overrides, settings_option

if TYPE_CHECKING:
    from callcore.bench.latency import SystemResult, Task
    from callcore.bench.protocol import System

COMMANDS: dict[str, tuple[str, str]] = {
    "latency": ("callcore.cli.bench:latency", "How soon words are shown, committed and final."),
    "capacity": ("callcore.cli.bench_capacity:capacity", "How many calls at once this machine stands."),
    "plan": ("callcore.cli.bench_capacity:plan", "Machines for any number of calls, from a measured capacity."),
}  #: name -> ("module:command", one-line help)

INVALID = 1  # exit code of a run whose audio was not sent on time


@click.group(cls=LazyGroup, table=COMMANDS)
def bench() -> None:
    """Measure how fast live text comes, and what it costs, on recordings of your own."""


@click.command(
    epilog="""\b
Examples:
  callcore bench latency call7.wav
  callcore bench latency calls/*.wav --model small --calls 8 --out results
  callcore bench latency call7.wav --reference call7.json --clock virtual

docs/bench.md says what is measured and how a reference is written. Without one, the model's own text of the whole
recording is the reference. The folder written with --out holds what was said in offline/, and nowhere else."""
)
@click.argument("calls", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="CALLS...")
@click.option(
    "--clock",
    type=click.Choice(["realtime", "virtual"]),
    default="realtime",
    show_default=True,
    help="As in life; or in virtual time, the same on every machine, for tests of the policy.",
)
@model_options
@click.option("--compare", multiple=True, metavar="NAME", help="Also measure this system; may be repeated.")
@click.option(
    "--calls", "concurrent", type=click.IntRange(1), metavar="N", help="Calls at once [default: each recording once]."
)
@reference_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default="bench",
    show_default=True,
    metavar="FOLDER",
    help="Where results are written.",
)
@click.option("--allow-jitter", is_flag=True, help="Do not fail when audio was not sent on time.")
@plots_option
@settings_option
def latency(
    calls: tuple[Path, ...],
    clock: str,
    compare: tuple[str, ...],
    concurrent: int | None,
    references: tuple[Path, ...],
    out: Path,
    allow_jitter: bool,
    no_plots: bool,
    settings_file: Path | None,
    **recognise: str | None,
) -> int:
    """How soon words are shown, committed and final when recorded calls are played as if they were spoken now.

    Plays CALLS in real time (a call of ten minutes takes ten minutes), prints a table, and writes JSON Lines, a
    Markdown table and plots.
    """
    from callcore.bench.latency import measure_virtually, prepare
    from callcore.bench.plots import require_matplotlib
    from callcore.bench.systems import make_system
    from callcore.config import load_settings
    from callcore.errors import ConfigError

    if compare and clock == "virtual":
        raise ConfigError("only callcore can be measured in virtual time.", "Leave out --compare, or --clock virtual.")
    settings = load_settings(settings_file, overrides(recognise=recognise))
    if not no_plots:
        require_matplotlib()
    systems = [make_system(name, settings) for name in dict.fromkeys(("callcore", *compare))]
    with _progress("Decoding offline", len(calls)) as told:
        tasks = prepare(calls, references, settings, out / "offline", told)
    if clock == "virtual":
        results = [measure_virtually(settings, tasks, concurrent)]
    else:
        results = [_measured(system, tasks, concurrent) for system in systems]
    _write(results, tasks, out, plots=not no_plots)
    return 0 if allow_jitter or all(result.summary.valid for result in results) else INVALID


def _measured(system: System, tasks: Sequence[Task], concurrent: int | None) -> SystemResult:
    """Measure one system, with a bar of the seconds played."""
    from callcore.bench.latency import measure_system
    from callcore.bench.runner import STAGGER_S

    count = concurrent or len(tasks)
    ends = (number * STAGGER_S + tasks[number % len(tasks)].offline.duration_s for number in range(count))
    with _progress(f"Playing to {system.name}", max(ends)) as played:
        return measure_system(system, tasks, concurrent, played)


def _write(results: Sequence[SystemResult], tasks: Sequence[Task], out: Path, *, plots: bool) -> None:
    from callcore.bench.plots import write_plots
    from callcore.bench.records import records, run_header, write_lines, write_text
    from callcore.bench.report import markdown

    header = run_header(results, [task.reference.source for task in tasks])
    written = [out / "latency.jsonl", out / "latency.md"]
    write_lines(written[0], records(header, results))
    write_text(written[1], markdown(results, header))
    if plots:
        written += write_plots(out, results, header)
    _print(results, written)


def _print(results: Sequence[SystemResult], written: Sequence[Path]) -> None:
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Column, Table

    from callcore.bench.report import notes, rows
    from callcore.cli.tables import print_table

    console = Console()
    names = (Column(result.name, justify="right") for result in results)
    table = Table(Column(""), *names, box=SIMPLE, pad_edge=False)
    for row in rows(results):
        table.add_row(*row)
    print_table(table, console)
    for note in notes(results):
        console.print(note, markup=False, style="red", soft_wrap=True)
    for file in written:
        console.print(f"wrote {file}", markup=False, style="dim", soft_wrap=True)


@contextmanager
def _progress(title: str, total: float) -> Iterator[Callable[[float], None]]:
    """A bar on the error stream, where that is a terminal; yields what is told how far it has come."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task(title, total=total)
        yield lambda done: bars.update(task, completed=done)
