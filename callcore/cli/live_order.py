"""What a live call came to, in a few lines at its end: its work order, and promises old and new."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from callcore.cli.printing import printable
from callcore.cli.ticket_view import SEVERITY_STYLES, STANDING_STYLES, print_followups
from callcore.orders import Filed
from callcore.orders.words import Words
from callcore.store import Store
from callcore.store.followups import OPEN

HEADLINE = ("request.category", "request.topic", "handling.department", "handling.resolution")


def print_filed(filed: Filed, store: Store, console: Console) -> None:
    """Severity, topic, department, result; what is missing; what was promised; what became of earlier promises."""
    form = filed.form
    call, say, severity = form.ticket.call, Words(form.ticket.call.language), form.normal("handling.severity")
    told = [printable(form.fields[name].value) for name in HEADLINE if name in form.fields]
    head = Text.assemble((f"{'order':<9} ", "dim"), (severity, SEVERITY_STYLES.get(severity, "")))
    head.append(f"{'  ' if severity else ''}{' · '.join(told)}")
    console.print(head, soft_wrap=True)
    if form.missing:
        console.print(Text.assemble((f"{'missing':<9} ", "dim"), (", ".join(form.missing), "red")), soft_wrap=True)
    for settled in filed.settled:
        line = Text.assemble(
            (f"{'earlier':<9} ", "dim"), f"#{settled.followup.number} {say.kind(settled.followup.kind)}"
        )
        line.append(f"  {say.standing(settled.status)}", STANDING_STYLES[settled.status])
        line.append(f"  {settled.because}", "dim")
        console.print(line, soft_wrap=True)
    earlier = store.followups.of(store.desk.same_customer(call.id))
    waiting = [item for item in earlier if item.status == OPEN and item.call_id < call.id]
    for title, items, own in (("promises", store.followups.of([call.id]), True), ("earlier", waiting, False)):
        if items:
            console.print(Text(say(title), style="dim"))
            print_followups(items, console, say, form if own else None)
    console.print(Text(f"callcore tickets show {call.id}", style="dim"), soft_wrap=True)
