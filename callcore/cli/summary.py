"""What is printed when a batch has ended."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from callcore.batch.job import FileReport, Outcome, Summary

if TYPE_CHECKING:
    from rich.console import Console

SHOWN_FAILURES = 20
SHOWN_OUTPUTS = 6


def print_report(
    report: FileReport, out: Console, screen: Console, options: Mapping[str, Any], *, single: bool
) -> None:
    """The conversation (one file without --output), its warnings and, when asked for, its figures."""
    from callcore.cli.conversation import print_conversation, printable
    from callcore.output import render

    record = report.record
    if record is None:
        return
    if options["output"] is not None and str(options["output"]) == "-":
        out.out(render(record, (options["formats"] or ("txt",))[0]), end="", highlight=False)
    elif not options["quiet"] and (single or options["output"] is None):
        if not single:
            out.rule(printable(str(report.path)))
        print_conversation(record, out)
    if not options["quiet"]:
        for warning in record.warnings:
            where = f" (channel {warning.channel})" if warning.channel is not None else ""
            screen.print(f"[yellow]warning[/]{where}: {warning.message}", highlight=False, soft_wrap=True)
    if options["stats"]:
        from callcore.cli.stats_view import render_stats
        from callcore.stats import call_stats

        screen.print(render_stats(call_stats(record), record.language))


def print_summary(summary: Summary, screen: Console, database: Path, model: str) -> None:
    """Counts, audio, speed, failures with their reasons, and where everything is."""
    from rich.table import Table

    done, failed = summary.count(Outcome.DONE), summary.count(Outcome.FAILED)
    table = Table.grid(padding=(0, 2, 0, 0))
    skipped, stopped = summary.count(Outcome.SKIPPED), summary.count(Outcome.STOPPED)
    counts = [f"{done} done", f"{skipped} done before" if skipped else "", f"{failed} failed" if failed else ""]
    counts.append(f"{stopped} stopped" if stopped else "")
    table.add_row("calls", ", ".join(filter(None, counts)))
    if done:
        speed = summary.audio_s / max(summary.elapsed_s, 0.001)
        table.add_row("audio", f"{summary.audio_s / 60:.1f} min in {summary.elapsed_s:.1f} s: {speed:.0f}x real time")
    table.add_row("model", model)
    outputs = [path for report in summary.reports for path in report.outputs]
    for index, path in enumerate(outputs[:SHOWN_OUTPUTS]):
        table.add_row("files" if not index else "", str(path))
    if len(outputs) > SHOWN_OUTPUTS:
        table.add_row("", f"... {len(outputs)} in all")
    table.add_row("database", str(database))
    screen.print(table, highlight=False, soft_wrap=True)
    _print_failures(summary, screen)


def _print_failures(summary: Summary, screen: Console) -> None:
    from rich.markup import escape

    if len(summary.reports) == 1:
        return  # the error itself ends the run
    for report in summary.failures[:SHOWN_FAILURES]:
        error = report.error
        text = f"{error.message} {error.hint}" if error else ""
        screen.print(f"[red]failed[/] {escape(str(report.path))}: {escape(text)}", highlight=False, soft_wrap=True)
    if len(summary.failures) > SHOWN_FAILURES:
        screen.print(f"... and {len(summary.failures) - SHOWN_FAILURES} more failures")
