"""``callcore followups``: what was promised, until it is kept."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from callcore.cli.acting import acting
from callcore.cli.options import db_option, format_option, settings_option
from callcore.cli.selection import iso_time, open_store
from callcore.errors import ConfigError

if TYPE_CHECKING:
    from callcore.store.followups import Followup

STANDINGS = ("open", "kept", "broken", "repeated", "cancelled")
owner_option = click.option("--owner", default="", metavar="NAME", help="Only of this department, agent or customer.")


@click.group()
def followups() -> None:
    """What was promised in calls: what is due, and what became of it.

    Promises of the bank and of customers come out of the work orders. A later call of the same customer marks them
    kept, broken or promised again; people settle them here.
    """


@followups.command(
    epilog="""\b
Examples:
  callcore followups due
  callcore followups due --until 2026-11-20 --owner credit_cards
  callcore followups due --format json"""
)
@click.option("--until", default="", metavar="DATE", help="Due by then [today].")
@owner_option
@format_option("table")
@db_option
@settings_option
def due(until: str, owner: str, form: str, db: Path | None, settings_file: Path | None) -> None:
    """List what is open and due by today, the oldest first; what has no time comes last."""
    day = iso_time(until) if until else date.today().isoformat()
    with open_store(db, settings_file, read_only=True) as store:
        found = store.followups.due(day)
    _show(found, owner, form, "Nothing is due.")


@followups.command(
    "list",
    epilog="""\b
Examples:
  callcore followups list
  callcore followups list --status broken
  callcore followups list --call 3fa9 --format json""",
)
@click.option("--status", "statuses", type=click.Choice(STANDINGS), multiple=True, help="Only these [open].")
@click.option("--all", "everything", is_flag=True, help="Whatever became of them.")
@click.option("--call", default="", metavar="CALL", help="Only those promised in this call.")
@owner_option
@format_option("table")
@db_option
@settings_option
def list_followups(
    statuses: tuple[str, ...],
    everything: bool,
    call: str,
    owner: str,
    form: str,
    db: Path | None,
    settings_file: Path | None,
) -> None:
    """List what was promised, whenever it is due; only what is open unless you say otherwise."""
    if everything and statuses:
        raise ConfigError("--all and --status do not go together.", "Leave one of them out.")
    wanted = set(STANDINGS if everything or (call and not statuses) else statuses or ("open",))
    with open_store(db, settings_file, read_only=True) as store:
        found = store.followups.of([store.resolve(call)]) if call else store.followups.due("", everything=True)
    _show([item for item in found if item.status in wanted], owner, form, "No such follow-ups.")


@followups.command(
    epilog="""\b
Examples:
  callcore followups done 12
  callcore followups done 12 --broken --reason "called two days late" """
)
@click.argument("number", type=int)
@click.option("--kept/--broken", default=True, help="Whether what was promised was done [kept].")
@click.option("--reason", default="", metavar="TEXT", help="Kept in the audit trail.")
@db_option
@settings_option
def done(number: int, kept: bool, reason: str, db: Path | None, settings_file: Path | None) -> None:
    """Settle follow-up NUMBER: it was kept, or broken."""
    _settle(number, "kept" if kept else "broken", reason, db, settings_file)


@followups.command(
    epilog="""\b
Examples:
  callcore followups cancel 12 --reason "customer settled it at the branch" """
)
@click.argument("number", type=int)
@click.option("--reason", required=True, metavar="TEXT", help="Why nothing is to be done; kept in the audit trail.")
@db_option
@settings_option
def cancel(number: int, reason: str, db: Path | None, settings_file: Path | None) -> None:
    """Cancel follow-up NUMBER: it need not be done any more."""
    _settle(number, "cancelled", reason, db, settings_file)


def _settle(number: int, status: str, reason: str, db: Path | None, settings_file: Path | None) -> None:
    from callcore.cli.tickets import order_desk
    from callcore.orders.desk import without_secrets

    with order_desk(db, settings_file, sealing=False) as (desk, _):
        item = desk.store.followups.settle(number, status, without_secrets(acting(reason), desk.redactor))
    click.echo(f"#{item.number}  {item.kind}  {item.owner}  {item.due or '-'}  {item.status}")


def _show(all_found: list[Followup], owner: str, form: str, nothing: str) -> None:
    """Show what ``owner`` ("" for anybody) has to do; where that is nothing, say whose there is: it may be a typo."""
    from callcore.orders.form import followup_json

    found = [item for item in all_found if not owner or item.owner == owner]
    if owner and all_found and not found:
        owners = ", ".join(sorted({item.owner for item in all_found}))
        nothing = f"{nothing.rstrip('.')} of {owner}; there is something of: {owners}."
    if form == "json":
        click.echo(json.dumps([followup_json(item) for item in found], ensure_ascii=False, indent=2))
    elif found:
        _print(found)
    else:
        click.echo(nothing, err=True)


def _print(found: list[Followup]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from callcore.cli.printing import printable
    from callcore.cli.tables import print_table
    from callcore.cli.ticket_view import STANDING_STYLES

    heads = ("number", "due", "kind", "owner", "contact", "call", "status")
    rows = [
        (
            str(item.number),
            item.due.replace("T", " "),
            item.kind,
            item.owner,
            item.contact,
            item.call_id,
            item.status + (f" by {item.by_call}" if item.by_call else ""),
        )
        for item in found
    ]
    console = Console(highlight=False)
    if not console.is_terminal:
        for row in (heads, *rows):
            click.echo("\t".join(map(printable, row)))
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for head in heads:
        table.add_column(head, justify="right" if head == "number" else "left")
    today = date.today().isoformat()
    for item, row in zip(found, rows, strict=True):
        cells = list(map(Text, map(printable, row)))
        cells[1].stylize("red" if item.status == "open" and item.due and item.due[:10] < today else "")
        cells[-1].stylize(STANDING_STYLES[item.status])
        table.add_row(*cells)
    print_table(table, console)
