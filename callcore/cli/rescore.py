"""``callcore rescore``: stored calls under other rules or models."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callcore.cli import selection
from callcore.cli.options import F, db_option, format_option, overrides, settings_option
from callcore.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from callcore.orders.rescore import Rescored, Summary
    from callcore.store import Store

SHOWN_VALUE = 60  #: characters
KINDS = ("filled", "changed", "emptied", "edited")


def _file_option(name: str, what: str) -> Callable[[F], F]:
    return click.option(
        f"--{name}", f"{name}_file", type=click.Path(path_type=Path), metavar="FILE", help=f"Other {what} (TOML)."
    )


@click.command(
    epilog="""\b
Examples:
  callcore rescore --since 2026-11-01 --rules new.toml
  callcore rescore --since 2026-11-01 --fields fields.toml --format json > changes.json
  callcore rescore 3fa9 --rules new.toml --apply
  callcore rescore --since 2026-11-01 --models    turns read by the models of this callcore
  callcore rescore --apply                    also makes the work orders that calls lack

\b
Exit codes: 0 done, 1 some calls could not be filled, 2 wrong options or rules, 5 database, 6 disk full."""
)
@click.argument("call", nargs=-1)
@click.option("--since", callback=selection.since, metavar="DATE", help="Calls transcribed on or after this day.")
@click.option("--until", callback=selection.until, metavar="DATE", help="Calls transcribed up to this day.")
@_file_option("rules", "rules: severity, terms, weights")
@_file_option("fields", "fields")
@_file_option("cues", "cues")
@_file_option("promises", "words of promises")
@click.option("--models", is_flag=True, help="Read what turns mean anew, with the models of this callcore.")
@click.option("--settled", is_flag=True, help="Also write those that were confirmed, dispatched or closed.")
@click.option("--apply", is_flag=True, help="Write what would change; without it nothing is written.")
@format_option("table")
@db_option
@settings_option
def rescore(
    call: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    form: str,
    db: Path | None,
    settings_file: Path | None,
    **own: Any,
) -> int:
    """Fill the work orders of CALL (or of all calls) anew from their stored events and show what would change.

    With --apply the machine's part is written; what people set stays, and so do work orders that somebody has
    confirmed, dispatched or closed, unless you say --settled. A line in the audit trail says so for each.
    """
    from rich.console import Console

    from callcore.config import load_settings
    from callcore.loading import load_understander
    from callcore.orders import Filer
    from callcore.orders import rescore as work

    models, settled, apply = (own.pop(name) for name in ("models", "settled", "apply"))
    settings = load_settings(settings_file, overrides(store={"db": db}, tickets=own))
    filer = Filer.load(settings)
    screen = Console(stderr=True, highlight=False, soft_wrap=True)
    with selection.stored(settings, read_only=not apply) as store:
        ids = _chosen(store, call, since, until)
        understander = load_understander(settings) if models else None
        summary = work.Summary(filer.rules.hash)
        at = datetime.now(UTC)
        found = work.rescore(store, filer, ids, at, apply=apply, settled=settled, understander=understander)
        for done in _with_progress(found, len(ids), screen):
            summary.calls.append(done)
    if form == "json":
        click.echo(json.dumps(summary.as_json(), ensure_ascii=False, indent=2))
    else:
        _print(summary, Console(highlight=False), screen, applied=apply)
    return 1 if any(call.problem for call in summary.calls) else 0


def _chosen(store: Store, call: tuple[str, ...], since: datetime | None, until: datetime | None) -> list[str]:
    from callcore.store import CallFilter, Status

    if call and (since or until):
        raise ConfigError("name calls, or give --since and --until.", "See callcore rescore --help.")
    ids = tuple(dict.fromkeys(store.resolve(beginning) for beginning in call)) or None
    ended = (Status.DONE, Status.INTERRUPTED)
    found = store.list_calls(CallFilter(call_ids=ids, statuses=ended, since=since, until=until))
    return sorted(one.call_id for one in found)


def _with_progress(found: Iterable[Rescored], count: int, screen: Console) -> Iterable[Rescored]:
    if not screen.is_terminal:
        yield from found
        return
    from rich.progress import track

    yield from track(found, "Filling anew", total=count, console=screen, transient=True)


def _print(summary: Summary, out: Console, screen: Console, *, applied: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    from callcore.cli.printing import printable
    from callcore.cli.tables import print_table
    from callcore.orders.rescore import counted

    counts = summary.counts()
    if counts:
        table = Table("field", *KINDS, "such as", box=None, header_style="bold", pad_edge=False)
        for name, counter in counts.items():
            call_id, change = summary.examples(name)[0]
            example = Text(f"{call_id}  {_shown(change.before)} → {_shown(change.after)}")
            numbers = [Text(str(counter[kind] or ""), justify="right") for kind in KINDS]
            table.add_row(Text(name), *numbers, Text(printable(example.plain)))
        if out.is_terminal:
            print_table(table, out)
        else:
            click.echo("\t".join(("field", *KINDS, "such as")))
            for name, counter in counts.items():
                call_id, change = summary.examples(name)[0]
                cells = [name, *(str(counter[kind]) for kind in KINDS)]
                click.echo(
                    "\t".join([*cells, printable(f"{call_id}  {_shown(change.before)} → {_shown(change.after)}")])
                )
    screen.print(Text(counted(summary.calls)))
    kept = sum(call.kept for call in summary.calls)
    if kept:
        screen.print(Text(f"{kept} of them were confirmed, dispatched or closed, and are left as they are."))
    for call in summary.calls:
        if call.problem:
            screen.print(Text(f"failed  {call.call_id}: {printable(call.problem)}", style="red"))
    written = sum(call.written for call in summary.calls)
    screen.print(Text(f"Written: {written}." if applied else "Nothing was written; --apply does it."))


def _shown(values: tuple[str, ...]) -> str:
    text = ", ".join("(sealed)" if value.startswith("sealed:") else value for value in values) or "(empty)"
    return text if len(text) <= SHOWN_VALUE else f"{text[: SHOWN_VALUE - 1]}…"
