"""``callcore evaluate tickets``: how well tickets are filled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callcore.cli.counts import count_of
from callcore.cli.evaluate import report_option, write_report
from callcore.cli.options import settings_option
from callcore.errors import SealError

if TYPE_CHECKING:
    from rich.console import Console

    from callcore.evaluate.tickets import GoldCall, TicketReport
    from callcore.tickets import TicketRules
    from callcore.tickets.spec import FieldSpec

GROUPS = ("always_required", "required", "facts", "all")
COLUMNS = ("marked", "precision", "precision_where_marked", "recall", "evidence", "delay_s_median")
HEADINGS = ("marked", "precision", "of those\nmarked", "recall", "evidence", "delay, s")


@click.command(
    epilog="""\b
Examples:
  callcore evaluate tickets benchmarks/written_calls/dev
  callcore evaluate tickets calls --format json --output report.json
\b
FOLDER holds written calls (*.json) with "gold": docs/tickets.md. Private data is masked and sealed as in any call, with
a key made for the run; what is sealed is opened to be compared. precision counts a field that is filled and not marked
as wrong; "of those marked" leaves such fields out."""
)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--wrong", is_flag=True, help="Also list what is wrong.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people or programs.",
)
@report_option
@settings_option
def tickets(folder: Path, wrong: bool, form: str, output: Path | None, settings_file: Path | None) -> int:
    """Score the tickets of written calls against those they should give."""
    report, rules = _scored(folder, settings_file)
    values = report.as_json(rules.fields)
    if output:
        write_report(output, values)
    if form == "json":
        click.echo(json.dumps(values, ensure_ascii=False, indent=1))
        return 0
    from rich.console import Console

    _print(values, rules, Console(highlight=False), wrong=wrong)
    return 0


def _scored(folder: Path, settings_file: Path | None) -> tuple[TicketReport, TicketRules]:
    from callcore.config import load_settings
    from callcore.evaluate.tickets import read_gold, score
    from callcore.following import Following
    from callcore.loading import load_ticket_rules, load_understander
    from callcore.privacy import Redactor
    from callcore.privacy.seal import Sealer, new_key
    from callcore.tickets import Ticket, ticket_of
    from callcore.types import Event

    settings = load_settings(settings_file)
    calls = read_gold(folder)
    understander = load_understander(settings)
    sealer = Sealer([new_key()])
    redactor = Redactor.of(sealer, settings.understand, understander.taggers)
    rules = load_ticket_rules(settings, understander.catalogue)
    following = Following(redactor if settings.privacy.redact else None, rules)

    def fill(one: GoldCall) -> tuple[Ticket, list[Event]]:
        events = following.told(one.call, one.name, settings, understander, ticket=True)
        filled = ticket_of(events, rules)
        assert filled is not None
        return filled, events

    def reveal(spec: FieldSpec, sealed: str) -> str:
        try:
            return sealer.open_any(spec.secret_kinds, sealed)
        except SealError:
            return ""

    return score(calls, fill, rules.fields, reveal), rules


def _print(values: Mapping[str, Any], rules: TicketRules, console: Console, *, wrong: bool) -> None:
    from rich.box import SIMPLE
    from rich.table import Table

    from callcore.cli.tables import print_table

    table = Table("field", *HEADINGS, box=SIMPLE, pad_edge=False, header_style="dim")
    rows = [(spec.name, values["fields"][spec.name]) for spec in rules.fields if spec.name in values["fields"]]
    rows += [(name.replace("_", " "), values[name]) for name in GROUPS]
    for name, row in rows:
        table.add_row(name, *(_shown(row[column]) for column in COLUMNS), style="bold" if " " in name else "")
    console.print(count_of(values["calls"], "call"))
    print_table(table, console)
    promises = values["promises"]
    told = ", ".join(f"{key} {_shown(promises[key])}" for key in ("marked", "precision", "recall", "f1", "due_right"))
    console.print(f"promises: {told}")
    if wrong:
        for one in values["wrong"]:
            console.print(f"{one['call']}  {one['field']}: {one['filled']} for {one['marked']}", soft_wrap=True)


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)
