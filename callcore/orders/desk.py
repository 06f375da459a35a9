"""What people do with work orders: edit, lead on, see originals. Every change with its follow-ups and its message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from callcore.config import PrivacySettings
from callcore.errors import RevealRefused, TicketError
from callcore.orders.filing import Filer
from callcore.orders.form import FieldNow, Form
from callcore.orders.values import ValueReader
from callcore.privacy import Redactor
from callcore.privacy.access import may_reveal
from callcore.privacy.seal import Sealer, is_sealed
from callcore.store import Store
from callcore.store.desk import Actor, Edit
from callcore.tickets.lifecycle import DONE, Move


@dataclass(frozen=True, slots=True)
class OrderDesk:
    """Work orders of a database, under the rules and keys of the settings."""

    store: Store
    filer: Filer
    redactor: Redactor

    def look(self, call_id: str) -> Form:
        """A work order as it stands; made from the stored events where it was not filed."""
        return self.filer.form(self.store, call_id)

    def edit(self, call_id: str, values: Mapping[str, str], version: int | None, actor: Actor) -> Form:
        """Set fields by hand. ``version``: the one that was looked at; None: whatever it is now.

        Raises :class:`TicketError` for a field or value that there is not, :class:`EditConflict`.
        """
        with self.store.together():
            form = self._filed(call_id, actor)
            reader = self._reader(form, actor)
            edits = []
            for name, text in values.items():
                written = reader.read(name, text)
                field = form.fields.get(name) or FieldNow(name, reader.spec(name), ())
                machine = replace(field, edit=None)
                edits.append(Edit(name, written.value, written.normal, machine.value, machine.machine_normal))
            seen = form.version if version is None else version
            self.store.desk.edit(call_id, seen, edits, without_secrets(actor, self.redactor))
            form = self.look(call_id)
            self.store.desk.describe(call_id, form.customers, form.outline)
            self.store.followups.file(call_id, form.followups(), actor.at)
        return form

    def move(self, call_id: str, move: Move, version: int | None, actor: Actor) -> Form:
        """Lead a work order on, with its message for the bank's system.

        Raises :class:`TicketError` where the move makes no sense, or required fields are missing and no reason is
        given; :class:`EditConflict`.
        """
        with self.store.together():
            form = self._filed(call_id, actor)
            if move is Move.CONFIRM and form.missing and not actor.reason:
                raise TicketError(
                    f"required fields are missing: {', '.join(form.missing)}.",
                    f"Fill them (callcore tickets edit {call_id} FIELD=VALUE), or say why not with --reason.",
                )
            seen = form.version if version is None else version
            self.store.desk.move(call_id, seen, move, without_secrets(actor, self.redactor))
            form = self.look(call_id)
            if self.filer.posting:
                self.filer.post(self.store, form, DONE[move], actor.at)
        return form

    def _filed(self, call_id: str, actor: Actor) -> Form:
        """The work order, filed now if it is not: its process was killed, say."""
        form = self.look(call_id)
        return form if form.version else self.filer.file(self.store, call_id, actor.at).form

    def _reader(self, form: Form, actor: Actor) -> ValueReader:
        day, language = actor.at.astimezone().date(), form.ticket.call.language or "zh"
        return ValueReader(self.filer.rules, self.redactor, day, language)


def without_secrets(actor: Actor, redactor: Redactor) -> Actor:
    """Who acts, with the reason that was typed as it may be stored."""
    return replace(actor, reason=redactor.note(actor.reason, actor.at.astimezone().date()))


def reveal(
    store: Store, form: Form, names: tuple[str, ...], sealer: Sealer, settings: PrivacySettings, actor: Actor
) -> dict[str, list[str]]:
    """Originals of sealed fields, by field. What is asked for is written down before anything is opened.

    Raises :class:`RevealRefused` for a user without a role that may, or without a reason; :class:`TicketError` for a
    field without a secret; :class:`SealError` for a key that is lost or wrong.
    """
    call_id = form.ticket.call.id
    secrets = {name: _sealed(form, name) for name in names}
    actor = replace(actor, role=settings.roles.get(actor.name, ""))
    try:
        may_reveal(settings, actor.name)
    except RevealRefused:
        store.desk.note("reveal_refused", call_id, {"fields": list(names)}, actor)
        raise
    if not actor.reason:
        raise RevealRefused("originals are shown for a reason only.", "Give it with --reason TEXT.")
    store.desk.note("revealed", call_id, {"fields": list(names)}, actor)
    return {name: [_opened(sealer, field, sealed) for sealed in normals] for name, (field, normals) in secrets.items()}


def _sealed(form: Form, name: str) -> tuple[FieldNow, list[str]]:
    field = form.fields.get(name)
    values = (*field.normals, *(value.normal for value in field.values)) if field else ()
    normals = [normal for normal in dict.fromkeys(values) if is_sealed(normal)]
    if field is None or not normals:
        raise TicketError(f"{name} holds nothing that is sealed.", f"See callcore tickets show {form.ticket.call.id}")
    return field, normals


def _opened(sealer: Sealer, field: FieldNow, sealed: str) -> str:
    """The field says which kinds it may be of; the kind is a part of the seal."""
    return sealer.open_any(field.spec.secret_kinds if field.spec else (field.name,), sealed)
