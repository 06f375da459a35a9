"""``callcore tickets``: work orders, from draft to closed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callcore.cli.acting import acting
from callcore.cli.counts import count_of
from callcore.cli.options import COUNT, POSITIVE_COUNT, db_option, form_list, format_option, overrides, settings_option
from callcore.cli.selection import iso_time, open_store, stored
from callcore.errors import ConfigError

if TYPE_CHECKING:
    from callcore.config import Settings
    from callcore.orders.desk import OrderDesk
    from callcore.orders.form import Form
    from callcore.privacy import Redactor
    from callcore.store import Store
    from callcore.tickets.lifecycle import Move

STATES = ("draft", "confirmed", "dispatched", "closed", "reopened")  # as lifecycle.State, not imported for --help
SEVERITIES = ("P1", "P2", "P3", "P4")
TICKET_FORMATS = ("json", "csv", "md")
version_option = click.option(
    "--if-version", "version", type=int, metavar="N", help="Only if nobody has changed it since version N."
)
reason_option = click.option("--reason", default="", metavar="TEXT", help="Kept in the audit trail.")


@click.group()
def tickets() -> None:
    """List, show, edit, confirm, dispatch, close, export and send work orders.

    Every call has a work order under the call's id, named by its beginning as in callcore calls.
    """


@contextmanager
def order_desk(
    db: Path | None, settings_file: Path | None, *, read_only: bool = False, sealing: bool = True
) -> Iterator[tuple[OrderDesk, Settings]]:
    """The work orders of the database that the options name.

    ``sealing``: with the key, where one is set; to look at work orders none is needed.
    """
    from callcore.config import load_settings
    from callcore.orders import Filer
    from callcore.orders.desk import OrderDesk

    settings = load_settings(settings_file, overrides(store={"db": db}))
    filer = Filer.load(settings)
    redactor = _redactor(settings, sealing=sealing)
    with stored(settings, read_only=read_only) as store:
        yield OrderDesk(store, filer, redactor), settings


def _redactor(settings: Settings, *, sealing: bool) -> Redactor:
    from callcore.keys import load_sealer
    from callcore.privacy import Redactor
    from callcore.privacy.seal import Sealer

    sealer = load_sealer(settings.privacy) if sealing else Sealer()
    return Redactor.of(sealer, settings.understand)


@tickets.command(
    "list",
    epilog="""\b
Examples:
  callcore tickets list
  callcore tickets list --state draft --severity P1 --severity P2
  callcore tickets list --topic credit_card --due 2026-11-13
  callcore tickets list --missing --format json""",
)
@click.option("--state", "states", type=click.Choice(STATES), multiple=True, help="Only these; may be repeated.")
@click.option("--severity", "severities", type=click.Choice(SEVERITIES), multiple=True, help="Only these.")
@click.option("--topic", default="", metavar="CODE", help="Only this topic, or all of a product: credit_card.")
@click.option("--department", default="", metavar="CODE", help="Only those of this department.")
@click.option("--due", default="", metavar="DATE", help="Only those with something open that is due by then.")
@click.option("--missing", is_flag=True, help="Only those whose required fields are not all filled.")
@click.option("--limit", type=POSITIVE_COUNT, default=50, show_default=True, help="At most so many.")
@click.option("--offset", type=COUNT, default=0, help="Leave out so many of the newest.")
@format_option("table")
@db_option
@settings_option
def list_tickets(
    limit: int, offset: int, form: str, db: Path | None, settings_file: Path | None, **chosen: Any
) -> None:
    """List work orders, newest call first: state, severity, what is due, topic, missing fields."""
    from callcore.cli.ticket_view import order_row, print_orders
    from callcore.orders.filing import left_behind
    from callcore.store.desk import OrderFilter
    from callcore.tickets.lifecycle import State

    chosen["states"] = tuple(map(State, chosen["states"]))
    chosen["due"] = iso_time(chosen["due"]) if chosen["due"] else ""
    with order_desk(db, settings_file, read_only=True, sealing=False) as (desk, _):
        found = desk.store.desk.orders(OrderFilter(**chosen), limit=limit, offset=offset)
        left = len(left_behind(desk.store))
        names = desk.filer.rules.catalogue
    if form == "json":
        click.echo(json.dumps([order_row(order) for order in found], ensure_ascii=False, indent=2))
    elif found:
        print_orders(found, names)
    else:
        click.echo("No such work orders." if any(chosen.values()) else "No work orders.", err=True)
    if left:
        click.echo(
            f"{count_of(left, 'call has', 'calls have')} no work order yet; this makes them: callcore rescore --apply",
            err=True,
        )


@tickets.command(
    epilog="""\b
Examples:
  callcore tickets show 3fa9
  callcore tickets show 3fa9 --format json
  callcore tickets show 3fa9 --reveal customer.phone --reason "call back agreed"

\b
Exit codes: 0 shown, 2 wrong options, 5 database or call, 10 originals are not for you, or the key is lost or wrong,
11 the field holds no secret."""
)
@click.argument("call")
@click.option("--reveal", "names", multiple=True, metavar="FIELD", help="Also show its original; may be repeated.")
@click.option("--reason", default="", metavar="TEXT", help="Why an original is looked at; kept in the audit trail.")
@format_option("text")
@db_option
@settings_option
def show(
    call: str, names: tuple[str, ...], reason: str, form: str, db: Path | None, settings_file: Path | None
) -> None:
    """Print the work order of CALL with its evidence: who said it and when, how sure it is, what is missing.

    Values that people set stand before the machine's. Originals of masked values are shown to roles that the settings
    name ([privacy] roles, reveal_roles), for a reason; who asked is written down before.
    """
    from rich.console import Console

    from callcore.cli.ticket_view import print_order
    from callcore.orders.form import as_json, followup_json

    with order_desk(db, settings_file, read_only=not names, sealing=bool(names)) as (desk, settings):
        call_id = desk.store.resolve(call)
        found = desk.look(call_id)
        mine = desk.filer.followups(desk.store, found)
        earlier = desk.store.followups.of(desk.store.desk.same_customer(call_id))
        earlier = [item for item in earlier if item.call_id < call_id]
        originals = _revealed(desk, settings, found, names, reason) if names else {}
        notes = _interrupted(desk.store, call_id)
    if form == "json":
        values = {**as_json(found, mine), "earlier": [followup_json(item) for item in earlier]}
        if originals:
            values["revealed"] = originals
        click.echo(json.dumps(values, ensure_ascii=False, indent=2))
        return
    print_order(found, mine, earlier, originals, Console(highlight=False), notes)


def _revealed(
    desk: OrderDesk, settings: Settings, form: Form, names: tuple[str, ...], reason: str
) -> dict[str, list[str]]:
    from callcore.orders.desk import reveal, without_secrets

    actor = without_secrets(acting(reason), desk.redactor)
    return reveal(desk.store, form, names, desk.redactor.sealer, settings.privacy, actor)


def _interrupted(store: Store, call_id: str) -> str:
    from callcore.store import CallFilter, Status

    (call,) = store.list_calls(CallFilter(call_ids=(call_id,)))
    if call.status is Status.DONE:
        return ""
    return f"the call is {call.status.value}" + (f": {call.reason}" if call.reason else "")


@tickets.command(
    epilog="""\b
Examples:
  callcore tickets edit 3fa9 request.topic=credit_card.fee
  callcore tickets edit 3fa9 request.amount=300 followup.due=明天下午三点 --reason "customer called again"
  callcore tickets edit 3fa9 customer.phone=13800138000 --if-version 2
  callcore tickets edit 3fa9 request.merchant=            empties the field

\b
Exit codes: 0 done, 2 wrong options, 5 database or call, 10 no key, 11 no such field or value, or somebody else was
first."""
)
@click.argument("call")
@click.argument("values", nargs=-1, required=True, metavar="FIELD=VALUE...")
@version_option
@reason_option
@db_option
@settings_option
def edit(
    call: str, values: tuple[str, ...], version: int | None, reason: str, db: Path | None, settings_file: Path | None
) -> None:
    """Set fields of the work order of CALL by hand; the machine's values stay beside them.

    Codes, names of codes, amounts and times are taken as typed or as said (三百元, 明天下午三点). Secrets are sealed
    and masked like those of calls. A confirmed work order stays confirmed; one that is dispatched or closed has to be
    reopened first.
    """
    parted = [value.partition("=") for value in values]
    if not all(name and equals for name, equals, _ in parted):
        raise ConfigError("fields are set as FIELD=VALUE.", "For example: request.topic=credit_card.fee")
    with order_desk(db, settings_file) as (desk, _):
        call_id = desk.store.resolve(call)
        form = desk.edit(call_id, {name.strip(): text for name, _, text in parted}, version, acting(reason))
    for name in dict.fromkeys(name.strip() for name, _, _ in parted):
        field = form.fields.get(name)
        click.echo(f"{name}  {field.value if field and field.value else '(empty)'}")
    _tell(form)


def _tell(form: Form) -> None:
    click.echo(f"{form.state}, version {form.version}", err=True)
    if form.missing:
        click.echo(f"missing: {', '.join(form.missing)}", err=True)


def _move(name: str, help_text: str, examples: str, *, needs_reason: bool = False) -> None:
    def act(call: str, version: int | None, reason: str, db: Path | None, settings_file: Path | None) -> None:
        from callcore.tickets.lifecycle import Move

        _lead_on(Move(name), call, version, reason, db, settings_file)

    act.__doc__ = help_text
    why = click.option("--reason", required=True, metavar="TEXT", help="Why; kept in the audit trail.")
    for option in (settings_option, db_option, why if needs_reason else reason_option, version_option):
        act = option(act)
    act = click.argument("call")(act)
    codes = "Exit codes: 0 done, 2 wrong options, 5 database or call, 11 not possible now, or somebody was first."
    tickets.command(name, epilog=f"\b\nExamples:\n{examples}\n\n\b\n{codes}")(act)


def _lead_on(
    move: Move, call: str, version: int | None, reason: str, db: Path | None, settings_file: Path | None
) -> None:
    with order_desk(db, settings_file) as (desk, _):
        form = desk.move(desk.store.resolve(call), move, version, acting(reason))
    _tell(form)


_move(
    "confirm",
    "Say that the work order of CALL is right. With required fields missing it needs a reason.",
    '  callcore tickets confirm 3fa9\n  callcore tickets confirm 3fa9 --reason "customer gave no number"',
)
_move(
    "dispatch",
    "Hand the confirmed work order of CALL to its department.",
    "  callcore tickets dispatch 3fa9\n  callcore tickets dispatch 3fa9 --if-version 4",
)
_move(
    "close",
    "Close the work order of CALL: what it asks for is done.",
    '  callcore tickets close 3fa9 --reason "refunded on 2026-11-14"',
)
_move(
    "reopen",
    "Reopen the work order of CALL: one dispatched or closed can be changed again, and is confirmed anew.",
    '  callcore tickets reopen 3fa9 --reason "sent back: wrong department"',
    needs_reason=True,
)


@tickets.command(
    epilog="""\b
Examples:
  callcore tickets history 3fa9
  callcore tickets history 3fa9 --format json"""
)
@click.argument("call")
@format_option("text")
@db_option
@settings_option
def history(call: str, form: str, db: Path | None, settings_file: Path | None) -> None:
    """Print what was done with CALL and its work order, by whom, when and why; edits with the value before."""
    from dataclasses import asdict

    from rich.console import Console

    from callcore.cli.ticket_view import print_history

    with open_store(db, settings_file, read_only=True) as store:
        call_id = store.resolve(call)
        trail, edits = store.desk.trail(call_id), store.desk.history(call_id)
    if form == "json":
        values = {"trail": [asdict(line) for line in trail], "edits": [asdict(edit) for edit in edits]}
        click.echo(json.dumps(values, ensure_ascii=False, indent=2))
        return
    print_history(trail, edits, Console(highlight=False))


@tickets.command(
    epilog="""\b
Examples:
  callcore tickets export 3fa9
  callcore tickets export --state confirmed --format csv > orders.csv
  callcore tickets export 3fa9 77b2 --format json,csv,md --output FOLDER"""
)
@click.argument("call", nargs=-1)
@click.option("--state", "states", type=click.Choice(STATES), multiple=True, help="All work orders in this state.")
@click.option("--format", "forms", default="json", show_default=True, help="json, csv or md; or several.")
@click.option("--output", type=click.Path(path_type=Path), metavar="FOLDER", help="Write files there.")
@click.option("--overwrite", is_flag=True, help="Replace files in FOLDER that callcore did not write.")
@db_option
@settings_option
def export(
    call: tuple[str, ...],
    states: tuple[str, ...],
    forms: str,
    output: Path | None,
    overwrite: bool,
    db: Path | None,
    settings_file: Path | None,
) -> None:
    """Write the work orders of CALL (one or more), or of all in a state, for other programs or for people.

    JSON and Markdown: a file a call; CSV: one table, a work order a row. callcore purge finds the files.
    """
    from callcore.orders.export import render_orders, write_orders
    from callcore.store.desk import OrderFilter
    from callcore.tickets.lifecycle import State

    wanted = form_list(forms, TICKET_FORMATS)
    if output is None and len(wanted) > 1:
        raise ConfigError("several formats need a folder.", "Give --output FOLDER.")
    if bool(call) == bool(states):
        raise ConfigError("name calls, or give --state.", "See callcore tickets export --help.")
    with order_desk(db, settings_file, read_only=output is None, sealing=False) as (desk, _):
        ids = list(dict.fromkeys(desk.store.resolve(beginning) for beginning in call))
        chosen = OrderFilter(states=tuple(map(State, states)))
        ids = ids or [order.call_id for order in desk.store.desk.orders(chosen)]
        orders = [(form, desk.filer.followups(desk.store, form)) for form in map(desk.look, ids)]
        if output is None:
            text = render_orders(orders, wanted[0], desk.filer.rules, single=len(call) == 1)
            click.echo(text.encode(), nl=False)  # as bytes: line ends are the format's own
            return
        for path in write_orders(desk.store, orders, wanted, output, desk.filer.rules, acting(), overwrite=overwrite):
            click.echo(str(path), err=True)


@tickets.command(
    epilog="""\b
Examples:
  callcore tickets deliver
  callcore tickets deliver --watch
  callcore tickets deliver --settings bank.toml --db calls.db

\b
Exit codes: 0 all that was due is delivered, 1 something was not taken and is tried again later, 2 no address is set
or a setting is wrong, 5 database."""
)
@click.option("--watch", is_flag=True, help="Go on with what comes, until Ctrl-C.")
@db_option
@settings_option
def deliver(watch: bool, db: Path | None, settings_file: Path | None) -> int:
    """Send the work orders that wait to the bank's system ([webhook] url), each once; failures are tried again."""
    from callcore.cli.delivery import deliver_waiting, watch_outbox
    from callcore.config import load_settings
    from callcore.webhook import Sender

    settings = load_settings(settings_file, overrides(store={"db": db}))
    with Sender(settings.webhook) as sender, stored(settings, read_only=False) as store:
        return watch_outbox(sender, store) if watch else deliver_waiting(sender, store)
