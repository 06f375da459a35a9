"""Work orders on the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import click
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from callcore.cli.fields import is_wrapped, print_fields
from callcore.cli.printing import printable
from callcore.cli.tables import print_table
from callcore.orders.form import FieldNow, Form
from callcore.orders.words import Words, sections
from callcore.privacy.seal import is_sealed
from callcore.store.desk import Edit, Trace, WorkOrder
from callcore.store.followups import Followup
from callcore.text.clock import clock_ms
from callcore.tickets.lifecycle import State
from callcore.tickets.model import Place, Value

if TYPE_CHECKING:
    from callcore.understand.catalogue import Catalogue

STATE_STYLES = {
    State.DRAFT: "yellow",
    State.CONFIRMED: "cyan",
    State.DISPATCHED: "blue",
    State.CLOSED: "green",
    State.REOPENED: "magenta",
}
SEVERITY_STYLES = {"P1": "bold red", "P2": "red", "P3": "yellow", "P4": "dim"}
STANDING_STYLES = {"open": "yellow", "kept": "green", "broken": "red", "repeated": "magenta", "cancelled": "dim"}
EVIDENCE = 2  #: places shown a value
QUOTE_COLUMNS = 36
ROOMY_COLUMNS = 120
CALL_LANGUAGE = "zh"  #: of names in lists, where each call may have another


def order_row(order: WorkOrder) -> dict[str, Any]:
    """A line of the list for other programs."""
    outline = order.outline
    return {
        "call_id": order.call_id,
        "day": outline.day,
        "state": str(order.state),
        "version": order.version,
        "severity": outline.severity or None,
        "due": order.due or None,
        "topic": outline.topic or None,
        "department": outline.department or None,
        "missing": outline.missing,
        "updated_at": order.updated_at,
    }


def print_orders(orders: Sequence[WorkOrder], catalogue: Catalogue) -> None:
    """A table of work orders; columns parted by tabs where it goes to a program."""
    heads = ("call", "day", "state", "severity", "due", "topic", "department", "missing")
    rows = []
    for order in orders:
        outline, language = order.outline, str(order.document.get("call", {}).get("language") or CALL_LANGUAGE)
        rows.append(
            (
                order.call_id,
                outline.day,
                str(order.state),
                outline.severity,
                order.due.replace("T", " "),
                catalogue.name(outline.topic, language),
                catalogue.name(outline.department, language),
                str(outline.missing or ""),
            )
        )
    console = Console(highlight=False)
    if not console.is_terminal:
        for row in (heads, *rows):
            click.echo("\t".join(map(printable, row)))
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for head in heads:
        table.add_column(head, justify="right" if head == "missing" else "left")
    today = date.today().isoformat()
    for order, row in zip(orders, rows, strict=True):
        late = "red" if order.due and order.due[:10] < today else ""
        cells = list(map(Text, map(printable, row)))
        for place, style in (
            (2, STATE_STYLES[order.state]),
            (3, SEVERITY_STYLES.get(row[3], "")),
            (4, late),
            (7, "red"),
        ):
            cells[place].stylize(style)
        table.add_row(*cells)
    print_table(table, console)


def print_order(
    form: Form,
    followups: Sequence[Followup],
    earlier: Sequence[Followup],
    originals: Mapping[str, Sequence[str]],
    console: Console,
    note: str = "",
) -> None:
    """A work order with its evidence. ``originals``: of masked fields, as revealed. ``note``: about the call itself."""
    say = Words(form.ticket.call.language)
    _print_head(form, say, note, console)
    roomy = not is_wrapped(console) or console.width >= ROOMY_COLUMNS
    rows: list[tuple[Text, ...]] = []
    for name, fields in sections(form).items():
        rows.append((Text(say.section(name), style="bold underline"),))
        for field in fields:
            rows += _field_rows(field, originals.get(field.name, ()), say, roomy=roomy)
    if is_wrapped(console):
        print_fields(rows, console)
    else:
        _print_whole(rows, console)
    for title, items, own in ((say("promises"), followups, True), (say("earlier"), earlier, False)):
        if items:
            console.print()
            console.print(Text(title, style="bold underline"))
            print_followups(items, console, say, form if own else None)


def _print_whole(rows: Iterable[Sequence[Text]], console: Console) -> None:
    """A line a value, whatever its length; what else a field holds stands under its first value."""
    indent = 0
    for label, *cells in rows:
        if label.plain:
            indent = cell_len(label.plain)
        else:
            label = Text(" " * indent)
        console.print(Text("  ").join([label, *(cell for cell in cells if cell.plain)]), soft_wrap=True)


def _print_head(form: Form, say: Words, note: str, console: Console) -> None:
    whole = not is_wrapped(console)
    call, severity = form.ticket.call, form.normal("handling.severity")
    facts = [call.day, clock_ms(call.duration_ms), call.language, printable(call.source)]
    head = Text.assemble(
        (f"{say('work order')}  ", "dim"),
        (call.id, "bold"),
        "  ",
        (say.state(form.state), STATE_STYLES[form.state]),
        (f"  {say('version')} {form.version}", "dim"),
        (f"  {severity}", SEVERITY_STYLES.get(severity, "")),
    )
    console.print(head, soft_wrap=whole)
    about = Text.assemble((f"{say('call')}  ", "dim"), "  ".join(filter(None, facts)))
    console.print(about, soft_wrap=whole)
    if note or not call.complete:
        console.print(Text(f"! {printable(note) or say('unfinished')}", style="yellow"), soft_wrap=whole)
    if form.missing:
        console.print(Text(f"{say('missing')}  {', '.join(form.missing)}", style="red"), soft_wrap=whole)
    console.print()


def _field_rows(field: FieldNow, originals: Sequence[str], say: Words, *, roomy: bool) -> Iterator[tuple[Text, ...]]:
    """Label, value, how sure it is and what shows it, of each value.

    ``roomy``: with the field's name, by which it is edited, beside its title, and more evidence.
    """
    title = Text.assemble("  ", say.title(field), (f"  {field.name}" if roomy else "", "dim"))
    if field.edit:
        shown = Text(printable(field.value) or say("empty"), style="bold cyan")
        why = f"{field.edit.actor}, {local(field.edit.at)}" + (f": {field.edit.reason}" if field.edit.reason else "")
        yield title, shown, Text(), Text(printable(why), style="cyan")
        title = Text()
    for value in field.values:
        shown = Text(printable(value.value), style="strike dim" if field.edit else "bold")
        if is_sealed(value.normal):
            kept = "sealed" if value.normal.startswith("sealed:") else "withheld"
            shown.append(f"  {say(kept)}", "not bold dim")
        elif value.normal != value.value:
            shown.append(f"  {printable(value.normal)}", "not bold dim")
        if field.edit:
            shown = Text.assemble((f"{say('machine')}: ", "dim"), shown)
        sure = Text(f"{value.confidence:>4.0%}", style="dim")
        yield title, shown, sure, _proof(value, say, EVIDENCE if roomy else 1)
        title = Text()
    if originals:
        yield Text(), Text(f"{say('original')}: {', '.join(map(printable, originals))}", style="bold magenta")


def _proof(value: Value, say: Words, count: int) -> Text:
    proof = Text(style="dim")
    if status := say.status(value.status):
        proof.append(f"{status}  ", "red" if value.status == "disputed" else "green")
    places = list(dict.fromkeys(_quote(place, say) for place in value.evidence))
    proof.append("  ".join(places[:count]))
    if len(places) > count:
        proof.append(f"  +{len(places) - count}", "dim")
    return proof


def _quote(place: Place, say: Words) -> str:
    words = printable(place.words)
    if cell_len(words) > QUOTE_COLUMNS:
        while cell_len(words) > QUOTE_COLUMNS - 1:
            words = words[:-1]
        words += "…"
    return f"{say.speaker(place)} {clock_ms(place.start_ms)} “{words}”"


def print_followups(items: Sequence[Followup], console: Console, say: Words, form: Form | None = None) -> None:
    """What was promised; ``form``: of the call, whose words are shown in place of its id."""
    quotes = {promise.id: promise.evidence for promise in form.ticket.promises} if form else {}
    today = date.today().isoformat()
    for item in items:
        late = item.status == "open" and bool(item.due) and item.due[:10] < today
        line = Text(f"  {f'#{item.number}' if item.number else '-':<5} ", style="dim")
        line.append(f"{say.kind(item.kind)}", "bold")
        line.append(f"  {item.owner}")
        line.append(f"  {say('due')} {item.due.replace('T', ' ') or '-'}", "red" if late else "")
        line.append(f"  {say.standing(item.status)}", STANDING_STYLES.get(item.status, ""))
        if item.contact:
            line.append(f"  {printable(item.contact)}")
        if item.by_call:
            line.append(f"  → {item.by_call}", "dim")
        evidence = quotes.get(item.promise_id, ())
        line.append("  " + (_quote(evidence[0], say) if evidence else "" if form else item.call_id), "dim")
        console.print(line, soft_wrap=not is_wrapped(console))


def print_history(trail: Sequence[Trace], edits: Sequence[Edit], console: Console) -> None:
    """The audit trail, and under each edit what it changed."""
    by_time: dict[str, list[Edit]] = {}
    for edit in edits:
        by_time.setdefault(edit.at, []).append(edit)
    for line in trail:
        who = f"{line.actor} ({line.role})" if line.role else line.actor
        row = Text.assemble((f"{local(line.at)}  ", "dim"), (f"{line.action:<14} ", "bold"), f"{printable(who)}  ")
        detail = {key: value for key, value in line.detail.items() if key not in ("reason", "fields")}
        row.append("  ".join(f"{key} {_plain(value)}" for key, value in detail.items()), "dim")
        if line.action != "edited" and (fields := line.detail.get("fields")):
            row.append(_plain(fields))
        if reason := line.detail.get("reason"):
            row.append(f"  “{printable(str(reason))}”", "cyan")
        console.print(row, soft_wrap=True)
        for edit in by_time.get(line.at, ()) if line.action == "edited" else ():
            change = Text(f"{'':18}{edit.field}  ", style="dim")
            change.append(printable(edit.value) or "(empty)", "bold not dim")
            if edit.machine_value:
                change.append(f"   callcore: {printable(edit.machine_value)}")
            console.print(change, soft_wrap=True)


def local(at: str) -> str:
    """A stored time in the user's zone, to the minute."""
    return f"{datetime.fromisoformat(at).astimezone():%Y-%m-%d %H:%M}"


def _plain(value: Any) -> str:
    return printable(", ".join(map(str, value)) if isinstance(value, list) else str(value))
