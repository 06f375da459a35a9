"""Work orders as JSON, CSV and Markdown; written as files that a removal of the call finds."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

from callcore.audio import content_sha256
from callcore.orders.form import Form, as_json
from callcore.orders.page import markdown
from callcore.output.files import write_files
from callcore.output.tables import BYTE_ORDER_MARK, harmless
from callcore.store import Store
from callcore.store.desk import Actor
from callcore.store.files import MadeFile
from callcore.store.followups import Followup
from callcore.tickets import TicketRules

Order = tuple[Form, Sequence[Followup]]
CSV_HEAD = ("call_id", "day", "state", "version", "missing")
TABLE = "tickets.csv"
MINE = {"source": "tickets", "call_id": ""}  #: how the ledger names files of several calls


def render_orders(orders: Sequence[Order], form: str, rules: TicketRules, *, single: bool = False) -> str:
    """Work orders in one text. JSON: a list, or with ``single`` the only one."""
    if form == "csv":
        return _csv(orders, rules)
    if form == "md":
        return "\n".join(markdown(order, followups) for order, followups in orders)
    values = [as_json(order, followups) for order, followups in orders]
    return json.dumps(values[0] if single and values else values, ensure_ascii=False, indent=2) + "\n"


def write_orders(
    store: Store,
    orders: Sequence[Order],
    forms: Sequence[str],
    folder: Path,
    rules: TicketRules,
    actor: Actor,
    *,
    overwrite: bool = False,
) -> list[Path]:
    """Write files: ``CALL.ticket.json``, ``CALL.ticket.md`` of each, ``tickets.csv`` of all; noted with their calls.

    Raises :class:`OutputError`, :class:`DiskFull`, :class:`StoreError` and its kinds.
    """
    made: list[MadeFile] = []
    for order, followups in orders:
        call_id = order.ticket.call.id
        texts = {
            f"{call_id}.ticket.{form}": render_orders([(order, followups)], form, rules, single=True)
            for form in forms
            if form != "csv"
        }
        made += _written(folder, texts, {**MINE, "call_id": call_id}, [call_id], overwrite=overwrite)
    if "csv" in forms:
        ids = [order.ticket.call.id for order, _ in orders]
        made += _written(folder, {TABLE: _csv(orders, rules)}, MINE, ids, overwrite=overwrite)
    with store.together():
        store.files.note(made, actor.at)
        for order, _ in orders:
            store.desk.note("exported", order.ticket.call.id, {"formats": list(forms)}, actor)
    return list(dict.fromkeys(item.path for item in made))


def _written(
    folder: Path, texts: dict[str, str], recording: dict[str, str], call_ids: Sequence[str], *, overwrite: bool
) -> list[MadeFile]:
    contents = {folder / name: text.encode() for name, text in texts.items()}
    write_files(folder, contents, recording, overwrite=overwrite)
    return [MadeFile(call_id, path, "export", content_sha256(path)) for path in contents for call_id in call_ids]


def _csv(orders: Sequence[Order], rules: TicketRules) -> str:
    """A row a work order, a column a field: normal forms of codes and numbers, masked text of secrets."""
    names = [spec.name for spec in rules.fields]
    names += [n for n in dict.fromkeys(n for order, _ in orders for n in order.fields) if n not in names]
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow([*CSV_HEAD, *names])
    for order, _ in orders:
        call = order.ticket.call
        cells = [call.id, call.day, str(order.state), str(order.version), " ".join(order.missing)]
        writer.writerow(map(harmless, [*cells, *(_cell(order, name) for name in names)]))
    return BYTE_ORDER_MARK + written.getvalue()


def _cell(order: Form, name: str) -> str:
    field = order.fields.get(name)
    if field is None:
        return ""
    return field.value if field.secret else ";".join(dict.fromkeys(field.normals))
