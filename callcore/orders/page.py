"""A work order as Markdown: for a mail, a wiki, a printer."""

from __future__ import annotations

import re
from collections.abc import Sequence

from callcore.orders.form import FieldNow, Form
from callcore.orders.words import Words, sections
from callcore.output.labels import one_line
from callcore.store.followups import Followup
from callcore.text.clock import clock_ms
from callcore.tickets.model import Place

EVIDENCE = 2  #: places shown a value
_STEERING = re.compile(r"([\\`*_{}\[\]<>#|])")


def markdown(form: Form, followups: Sequence[Followup]) -> str:
    """The whole work order, secrets masked."""
    say = Words(form.ticket.call.language)
    call = form.ticket.call
    lines = [
        f"# {say('work order')} {call.id}",
        "",
        f"{say.state(form.state)} · {say('version')} {form.version} · {call.day} · {clock_ms(call.duration_ms)}",
        "",
    ]
    if form.missing:
        lines += [f"**{say('missing')}**: {', '.join(form.missing)}", ""]
    for name, fields in sections(form).items():
        lines += [f"## {say.section(name)}", "", "|  |  |  |", "| --- | --- | --- |"]
        lines += [_row(field, say) for field in fields]
        lines.append("")
    if followups:
        lines += [f"## {say('promises')}", ""]
        lines += [
            f"- {escaped(say.kind(item.kind))} · {escaped(item.owner)} · {say('due')} {item.due or '-'}"
            f" · {say.standing(item.status)}"
            for item in followups
        ]
        lines.append("")
    return "\n".join(lines)


def _row(field: FieldNow, say: Words) -> str:
    shown = escaped(field.value) if field.value else say("empty")
    if field.edit:
        machine = escaped("; ".join(value.value for value in field.values))
        why = f"{field.edit.actor}, {field.edit.at[:16].replace('T', ' ')}" + (
            f": {field.edit.reason}" if field.edit.reason else ""
        )
        proof = escaped(why) + (f" ({say('machine')}: {machine})" if machine else "")
    else:
        places = [place for value in field.values for place in value.evidence[:EVIDENCE]]
        proof = "<br>".join(dict.fromkeys(_place(place, say) for place in places[: 2 * EVIDENCE]))
    return f"| {escaped(say.title(field))} | {shown} | {proof} |"


def _place(place: Place, say: Words) -> str:
    return f"{clock_ms(place.start_ms)} {escaped(say.speaker(place))}: {escaped(place.words)}"


def escaped(text: str) -> str:
    """A text on one line that Markdown leaves as it is."""
    return _STEERING.sub(r"\\\1", one_line(text))
