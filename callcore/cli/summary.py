"""What is printed when a batch has ended."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callcore.batch.report import FileReport, Outcome, Summary
from callcore.cli.conversation import print_conversation
from callcore.cli.counts import count_of
from callcore.cli.printing import printable
from callcore.cli.progress import reason
from callcore.types import WarningKind

if TYPE_CHECKING:
    from rich.console import Console

    from callcore.errors import CallcoreError
    from callcore.loading import LoadedModel
    from callcore.record import CallRecord

SHOWN_FAILURES = 20
SHOWN_OUTPUTS = 6
WORDS = {
    Outcome.DONE: "done",
    Outcome.SKIPPED: "done before",
    Outcome.FAILED: "failed",
    Outcome.STOPPED: "not finished",
}


def print_call(
    report: FileReport, record: CallRecord, screen: Console, options: Mapping[str, Any], *, single: bool
) -> None:
    """A call in the format asked for (``--output -``), or the only call as a conversation; figures where asked for."""
    from rich.console import Console
    from rich.text import Text

    from callcore.output import render

    out = Console(highlight=False)
    to_stdout = str(options["output"] or "") == "-"
    if to_stdout:
        # As bytes: UTF-8 and the format's own line ends, whatever the terminal's code page.
        click.echo(render(record, (options["formats"] or ("txt",))[0]).encode(), nl=False)
    elif single and not options["quiet"]:
        print_conversation(record, out)
    if single and not options["quiet"]:
        for warning in record.warnings:
            where = f" (channel {warning.channel})" if warning.channel is not None else ""
            text = Text.assemble(("warning", "yellow"), f"{where}: {printable(warning.message)}")
            screen.print(text, soft_wrap=True)
    if options["stats"]:
        from callcore.cli.stats_view import render_stats
        from callcore.stats import call_stats

        beside = screen if to_stdout else out
        if not single:
            beside.print(Text(printable(report.name), style="bold"), soft_wrap=True)
        beside.print(render_stats(call_stats(record), record.language))


def counted(counts: Mapping[Outcome, int]) -> str:
    """Such as ``3 done, 1 failed``."""
    return ", ".join(f"{counts[outcome]} {word}" for outcome, word in WORDS.items() if counts.get(outcome)) or "nothing"


def print_summary(
    summary: Summary, fatal: CallcoreError | None, screen: Console, database: Path, model: LoadedModel
) -> None:
    """Counts, audio, speed, where everything is, and failures with their reasons (not ``fatal``: it ends the run)."""
    from rich.text import Text

    rows = [("calls", counted({outcome: summary.count(outcome) for outcome in Outcome}))]
    if summary.count(Outcome.DONE):
        speed = summary.audio_s / max(summary.elapsed_s, 0.001)
        rows.append(("audio", f"{summary.audio_s / 60:.1f} min in {summary.elapsed_s:.1f} s: {speed:.0f}x real time"))
    rows.append(("model", model.name))
    outputs = [path for report in summary.reports for path in report.outputs]
    rows += [("" if index else "files", str(path)) for index, path in enumerate(outputs[:SHOWN_OUTPUTS])]
    if len(outputs) > SHOWN_OUTPUTS:
        rows.append(("", f"... {len(outputs)} in all, in {outputs[0].parent}"))
    rows.append(("database", str(database)))
    for name, value in rows:
        screen.print(Text.assemble((f"{name:<9} ", "dim"), printable(value)), soft_wrap=True)
    _print_doubt(summary, screen, model)
    _print_failures(summary, fatal, screen)


def _print_doubt(summary: Summary, screen: Console, model: LoadedModel) -> None:
    from rich.text import Text

    doubtful = sum(any(w.kind is WarningKind.MODEL_MISMATCH for w in report.warnings) for report in summary.reports)
    if doubtful and len(summary.reports) > 1:
        calls = count_of(doubtful, "call has", "calls have")
        text = f"{calls} doubtful words: the model was not made for such audio. {model.better}".rstrip()
        screen.print(Text.assemble(("warning", "yellow"), f"   {text}"), soft_wrap=True)


def _print_failures(summary: Summary, fatal: CallcoreError | None, screen: Console) -> None:
    from rich.text import Text

    failures = [report for report in summary.failures if report.error is not fatal]
    for report in failures[:SHOWN_FAILURES]:
        hint = report.error.hint if report.error else ""
        text = f"    {report.name}: {reason(report)} {hint}".rstrip()
        screen.print(Text.assemble(("failed", "red"), printable(text)), soft_wrap=True)
    if len(failures) > SHOWN_FAILURES:
        screen.print(f"... and {len(failures) - SHOWN_FAILURES} more failures; callcore calls list --status failed")
