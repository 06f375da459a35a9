"""``callcore purge``: calls and all that was made of them, removed by age or by customer."""

from __future__ import annotations

from collections.abc import Iterable, Set
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from callcore.cli.acting import acting
from callcore.cli.asking import confirmed
from callcore.cli.calls import print_calls
from callcore.cli.counts import count_of
from callcore.cli.options import COUNT, db_option, overrides, settings_option
from callcore.cli.selection import days_ago, ended_before, stored
from callcore.errors import ConfigError
from callcore.types import Event, Resolved, Understanding

if TYPE_CHECKING:
    from callcore.config import Settings
    from callcore.retention import Removal
    from callcore.store import CallSummary, Store

# Kinds under which a caller's number or name can have been sealed.
CUSTOMER_KINDS = ("phone", "id_number", "card_number", "card_tail", "account", "name", "email")


@click.command(
    epilog="""\b
Examples:
  callcore purge --older-than 365 --dry-run
  callcore purge --older-than 365 --yes --reason "retention period"
  callcore purge --customer +8613800138000 --dry-run
  callcore purge 3fa9 --reason "asked for by the customer"

\b
Exit codes: 0 done, 1 you answered no, 2 wrong options, 5 database, 10 no key for --customer, or a file that cannot
be removed."""
)
@click.argument("call", nargs=-1)
@click.option("--older-than", type=COUNT, callback=days_ago, metavar="DAYS", help="Calls heard before so many days.")
@click.option("--customer", metavar="VALUE", help="All calls of who has this telephone, ID, account or card number.")
@click.option("--reason", default="", metavar="TEXT", help="Kept in the audit trail.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@db_option
@settings_option
def purge(
    call: tuple[str, ...],
    older_than: datetime | None,
    customer: str | None,
    reason: str,
    yes: bool,
    dry_run: bool,
    db: Path | None,
    settings_file: Path | None,
) -> int:
    """Remove CALL (one or more), all calls older than some days, or all of a customer.

    With the call go its words, work order, follow-ups and search entries, and the files that callcore wrote of it:
    recordings of live calls, redacted copies, exports, unless somebody has changed them since. Recordings that you gave
    to callcore transcribe are yours: they are named, and stay. A line in the audit trail says that the call was there,
    who removed it and why, with secrets in the reason masked.
    """
    from callcore.config import load_settings
    from callcore.privacy import Redactor
    from callcore.privacy.seal import Sealer
    from callcore.retention import plan_removal, remove

    if sum([bool(call), older_than is not None, customer is not None]) != 1:
        raise ConfigError("name calls, or give --older-than or --customer.", "See callcore purge --help.")
    settings = load_settings(settings_file, overrides(store={"db": db}))
    with stored(settings, read_only=dry_run) as store:
        found = _chosen(store, call, older_than, customer, settings)
        if not found:
            click.echo("Nothing to remove.")
            return 0
        removal = plan_removal(store, found)
        _tell(removal)
        count = f"{count_of(len(found), 'call')} and {count_of(len(removal.removable), 'file')}"
        if dry_run:
            click.echo(f"Would remove {count}.")
            return 0
        if not yes and not confirmed(f"Remove {count} for good?"):
            click.echo("Nothing was removed.")
            return 1
        deleted = remove(store, removal, acting(reason), Redactor.of(Sealer(), settings.understand))
    click.echo(f"Removed {count}.")
    if not deleted.wiped:
        click.echo("Another program still has the database open; the old bytes go when it closes.", err=True)
    return 0


def _chosen(
    store: Store, call: tuple[str, ...], older_than: datetime | None, customer: str | None, settings: Settings
) -> list[CallSummary]:
    from callcore.store import CallFilter

    if older_than is not None:
        return ended_before(store, older_than)
    if customer is None:
        ids = tuple(dict.fromkeys(store.resolve(beginning) for beginning in call))
    else:
        ids = _of_customer(store, customer, settings)
    return store.list_calls(CallFilter(call_ids=ids)) if ids else []


def _of_customer(store: Store, customer: str, settings: Settings) -> tuple[str, ...]:
    """Calls of whoever has a number. A work order holds the last digits of a card: its call tells whose they are."""
    from callcore.errors import SealError
    from callcore.keys import load_sealer
    from callcore.privacy.redactor import CARD_TAIL
    from callcore.understand.entities.checks import phone

    sealer = load_sealer(settings.privacy)
    if not sealer.keeps:
        raise SealError("without a key customers are not told apart.", "See docs/privacy.md, keys.")
    digits = customer.replace(" ", "").replace("-", "")
    regions = [settings.understand.region] if settings.understand.region else ["CN", "US"]
    values = dict.fromkeys((customer, digits, phone(digits, regions)[0]))
    tokens = [token for kind in CUSTOMER_KINDS for value in values for token in sealer.seal_all(kind, value)]
    found = store.desk.calls_of(tokens)
    cards = frozenset(sealer.seal_all("card_number", digits))
    alike = store.desk.calls_of(sealer.seal_all("card_tail", digits[-CARD_TAIL:]))
    return tuple(dict.fromkeys((*found, *(call_id for call_id in alike if _names(store.events(call_id), cards)))))


def _names(events: Iterable[Event], cards: Set[str]) -> bool:
    """Whether one of some sealed numbers is said in a call."""
    return any(
        not cards.isdisjoint(entity.value for entity in event.entities)
        for event in events
        if isinstance(event, Understanding)
    ) or any(event.value in cards for event in events if isinstance(event, Resolved))


def _tell(removal: Removal) -> None:
    print_calls(list(removal.calls))
    for path in removal.removable:
        click.echo(f"file    {path}")
    for made, found in removal.staying:
        click.echo(f"stays   {made.path} ({found}: look at it yourself)", err=True)
    for path in removal.sources:
        click.echo(f"stays   {path} (callcore did not write it: look at it yourself)", err=True)
