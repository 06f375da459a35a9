"""``callcore calls``: list, show, export and delete stored calls."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from callcore.cli import selection
from callcore.cli.asking import confirmed
from callcore.cli.conversation import print_conversation, print_facts
from callcore.cli.counts import count_of
from callcore.cli.options import COUNT, POSITIVE_COUNT, db_option, form_list, format_option, settings_option
from callcore.cli.printing import printable
from callcore.cli.selection import local_time, open_store
from callcore.errors import ConfigError
from callcore.text.clock import clock

if TYPE_CHECKING:
    from callcore.store import CallSummary

STATUSES = ("running", "done", "failed", "interrupted")  # as store.Status, without importing it for --help
STATUS_STYLES = {"running": "cyan", "done": "green", "failed": "red", "interrupted": "yellow"}


@click.group()
def calls() -> None:
    """List, show, measure, export and delete stored calls.

    A call is named by the beginning of its id, or by the beginning of a part of it after a dash, as long as that fits
    one call only.
    """


@calls.command(
    "list",
    epilog="""\b
Examples:
  callcore calls list
  callcore calls list --status failed
  callcore calls list --since 2026-01-31 --format json""",
)
@click.option("--status", "statuses", type=click.Choice(STATUSES), multiple=True, help="Only these; may be repeated.")
@click.option("--language", metavar="CODE", help="Only calls in this language (zh, en, ...).")
@click.option("--since", callback=selection.since, metavar="DATE", help="Transcribed on or after this day or moment.")
@click.option("--until", callback=selection.until, metavar="DATE", help="Transcribed up to this day or moment.")
@click.option("--limit", type=POSITIVE_COUNT, default=50, show_default=True, help="At most so many.")
@click.option("--offset", type=COUNT, default=0, help="Leave out so many of the newest.")
@format_option("table")
@db_option
@settings_option
def list_calls(
    statuses: tuple[str, ...],
    language: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    offset: int,
    form: str,
    db: Path | None,
    settings_file: Path | None,
) -> None:
    """List calls, newest first: id, file, date, length, language, turns, status."""
    from callcore.store import CallFilter, Status

    which = CallFilter(statuses=tuple(map(Status, statuses)), language=language, since=since, until=until)
    with open_store(db, settings_file, read_only=True) as store:
        found = store.list_calls(which, limit=limit, offset=offset)
    if form == "json":
        click.echo(json.dumps([call.as_json() for call in found], ensure_ascii=False, indent=2))
    elif found:
        print_calls(found)
    else:
        click.echo("No calls." if which == CallFilter() else "No such calls.", err=True)


@calls.command(
    epilog="""\b
Examples:
  callcore calls show 20260131-093000
  callcore calls show 3fa9 --db calls.db"""
)
@click.argument("call")
@db_option
@settings_option
def show(call: str, db: Path | None, settings_file: Path | None) -> None:
    """Print CALL: what is known of it, warnings, refused segments, and the conversation."""
    from rich.console import Console

    with open_store(db, settings_file, read_only=True) as store:
        record = store.record(store.resolve(call))
    console = Console(highlight=False)
    print_facts(record, console)
    console.print()
    print_conversation(record, console)


@calls.command(
    "stats",
    epilog="""\b
Examples:
  callcore calls stats 20260131-093000
  callcore calls stats 3fa9 --db calls.db""",
)
@click.argument("call")
@db_option
@settings_option
def stats_of_call(call: str, db: Path | None, settings_file: Path | None) -> None:
    """Print how CALL went: who talked how much and how fast, interruptions, answers, silence, holds.

    Calls stored before such things were noted have them as well: they follow from what was said when.
    """
    from rich.console import Console

    from callcore.cli.stats_view import render_incidents, render_stats
    from callcore.stats import call_stats

    with open_store(db, settings_file, read_only=True) as store:
        record = store.record(store.resolve(call))
    stats = call_stats(record)
    console = Console(highlight=False)
    console.print(render_stats(stats, record.language))
    if stats.incidents:
        console.print()
        console.print(render_incidents(stats, record.language))


@calls.command(
    epilog="""\b
Examples:
  callcore calls export 3fa9                       JSON to the screen
  callcore calls export 3fa9 --format srt > a.srt
  callcore calls export 3fa9 77b2 --format txt,srt --output FOLDER"""
)
@click.argument("call", nargs=-1, required=True)
@click.option(
    "--format", "forms", default="json", show_default=True, help="json, jsonl, srt, vtt, txt or csv; or several."
)
@click.option("--output", type=click.Path(path_type=Path), metavar="FOLDER", help="Write files named by call id there.")
@click.option("--overwrite", is_flag=True, help="Replace files in FOLDER that callcore did not write.")
@db_option
@settings_option
def export(
    call: tuple[str, ...],
    forms: str,
    output: Path | None,
    overwrite: bool,
    db: Path | None,
    settings_file: Path | None,
) -> None:
    """Write CALL (one or more) in a format for other programs, to the screen or as files in a folder."""
    from callcore.audio import content_sha256
    from callcore.output import FORMATS, render, write
    from callcore.store.files import MadeFile

    wanted = form_list(forms, FORMATS)
    if output is None and len(wanted) > 1:
        raise ConfigError("several formats need a folder.", "Give --output FOLDER.")
    with open_store(db, settings_file, read_only=output is None) as store:
        for call_id in dict.fromkeys(store.resolve(beginning) for beginning in call):
            record = store.record(call_id)
            if output is None:
                click.echo(render(record, wanted[0]).encode(), nl=False)  # as bytes: line ends are the format's own
                continue
            paths = write(record, wanted, output, call_id, overwrite=overwrite)
            store.files.note(
                [MadeFile(call_id, path, "export", content_sha256(path)) for path in paths], datetime.now(UTC)
            )
            for path in paths:
                click.echo(str(path), err=True)


@calls.command(
    epilog="""\b
Examples:
  callcore calls delete 3fa9
  callcore calls delete --older-than 90 --dry-run
  callcore calls delete --older-than 90 --yes"""
)
@click.argument("call", nargs=-1)
@click.option(
    "--older-than",
    type=COUNT,
    callback=selection.days_ago,
    metavar="DAYS",
    help="Calls transcribed before so many days.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
@db_option
@settings_option
def delete(
    call: tuple[str, ...],
    older_than: datetime | None,
    yes: bool,
    dry_run: bool,
    db: Path | None,
    settings_file: Path | None,
) -> int:
    """Delete CALL (one or more), or all that are older than some days.

    What was said is removed from the tables, the search and the bytes of the file. Exit code 1 when you answer no.
    """
    from callcore.store import CallFilter

    if bool(call) == (older_than is not None):
        raise ConfigError("name calls, or give --older-than DAYS.", "See callcore calls delete --help.")
    with open_store(db, settings_file, read_only=dry_run) as store:
        if older_than is None:
            ids = tuple(dict.fromkeys(store.resolve(beginning) for beginning in call))
            found = store.list_calls(CallFilter(call_ids=ids))
        else:
            found = selection.ended_before(store, older_than)
        if not found:
            click.echo("Nothing to delete.")
            return 0
        if dry_run or not yes:
            print_calls(found)
        if dry_run:
            click.echo(f"Would delete {count_of(len(found), 'call')}.")
            return 0
        if not yes and not confirmed(f"Delete {count_of(len(found), 'call')} for good?"):
            click.echo("Nothing was deleted.")
            return 1
        deleted = store.delete([call.call_id for call in found])
    click.echo(f"Deleted {count_of(len(found), 'call')}.")
    if not deleted.wiped:
        click.echo("Another program still has the database open; the old bytes go when it closes.", err=True)
    return 0


def print_calls(found: list[CallSummary]) -> None:
    """A table of calls; columns parted by tabs where it goes to a program."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from callcore.cli.tables import print_table

    heads = ("call", "file", "date", "length", "language", "turns", "status")
    rows = [
        (
            call.call_id,
            printable(Path(call.source).name),
            local_time(call.started_at),
            clock(call.sample_count),
            call.language,
            str(call.turn_count),
            call.status.value + (f": {printable(call.reason)}" if call.reason else ""),
        )
        for call in found
    ]
    console = Console(highlight=False)
    if not console.is_terminal:
        for row in (heads, *rows):
            click.echo("\t".join(row))
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for head in heads:
        table.add_column(head, justify="right" if head in ("length", "turns") else "left")
    for call, row in zip(found, rows, strict=True):
        table.add_row(*map(Text, row[:-1]), Text(row[-1], style=STATUS_STYLES[call.status.value]))
    print_table(table, console)
