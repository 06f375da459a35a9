"""Work orders: filed from stored events, edited, led on, with their follow-ups, messages and originals."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from order_calls import (
    CALLED_BACK,
    DAY,
    FEE,
    KEY,
    NOBODY_CALLED,
    NOON,
    PHONE,
    call_events,
    file_call,
    filer,
    understander,
    write_events,
)

from callcore.config import PrivacySettings
from callcore.errors import EditConflict, RevealRefused, SealError, TicketError
from callcore.orders.desk import OrderDesk, reveal, without_secrets
from callcore.orders.filing import left_behind
from callcore.orders.form import as_json
from callcore.orders.rescore import rescore
from callcore.privacy import Redactor
from callcore.privacy.seal import Sealer, new_key
from callcore.store import Store
from callcore.store.desk import Actor, OrderFilter
from callcore.tickets.lifecycle import Move, State
from callcore.types import Understanding

LI = Actor("li", NOON + timedelta(hours=1))
WHY = replace(LI, reason=f"客户电话{PHONE}又来电")
BOSS = PrivacySettings(roles={"li": "supervisor", "wu": "agent"})


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "calls.db") as opened:
        yield opened


def desk(store: Store, *keys: str, posting: bool = False) -> OrderDesk:
    return OrderDesk(store, filer(posting=posting), Redactor(Sealer(keys or (KEY,))))


def everything(store: Store) -> str:
    """All that the database holds, as text."""
    with store._connection.reading() as db:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return json.dumps([[list(map(str, row)) for row in db.execute(f"SELECT * FROM {name}")] for name in names])


def test_the_work_order_is_the_fold_of_the_stored_events(store):
    filed = file_call(store)
    call_id = filed.form.ticket.call.id
    order = store.desk.order(call_id)
    ticket = filer().ticket(store.events(call_id))
    assert order.document == ticket.model_dump(mode="json")
    assert (order.state, order.version, order.rules_hash) == (State.DRAFT, 1, filer().rules.hash)
    assert order.outline.topic == "credit_card.fee"
    assert order.due == "2026-11-13T15:00"
    assert [item.owner for item in store.followups.of([call_id])] == ["credit_cards"]


def test_filing_again_changes_nothing_and_says_nothing(store):
    call_id = file_call(store, posting=True).form.ticket.call.id
    before = everything(store)
    filer(posting=True).file(store, call_id, NOON + timedelta(days=1))
    assert everything(store) == before
    assert len(store.outbox.waiting()) == 1


def test_a_call_that_was_cut_off_has_what_there_is(store):
    events = call_events()
    call_id = write_events(store, events[: len(events) * 2 // 3])
    assert left_behind(store) == [call_id]
    form = desk(store).look(call_id)
    assert (form.version, form.state, form.ticket.call.complete) == (0, State.DRAFT, False)
    assert form.normal("request.category") == "complaint"
    assert desk(store).move(call_id, Move.CONFIRM, None, WHY).state is State.CONFIRMED
    assert left_behind(store) == []
    assert [line.action for line in store.desk.trail(call_id)] == ["filled", "confirm"]


def test_an_edit_stands_before_the_machines_value_and_moves_what_is_due(store):
    call_id = file_call(store).form.ticket.call.id
    form = desk(store).edit(
        call_id,
        {"request.topic": "信用卡挂失", "followup.due": "2026-11-16T10:00", "handling.severity": "p1"},
        1,
        WHY,
    )
    assert form.normal("request.topic") == "credit_card.lost"
    assert form.fields["request.topic"].values[0].normal == "credit_card.fee"
    assert "customer.card_tail" in form.missing, "what the new topic requires"
    order = store.desk.order(call_id)
    assert (order.outline.topic, order.outline.severity, order.outline.missing) == ("credit_card.lost", "P1", 1)
    assert order.due == "2026-11-16T10:00"
    assert [edit.machine_normal for edit in store.desk.history(call_id)] == [
        "credit_card.fee",
        "2026-11-13T15:00",
        "P3",
    ]
    assert store.desk.orders(OrderFilter(topic="credit_card.lost", missing=True))


def test_an_emptied_field_is_missing(store):
    call_id = file_call(store).form.ticket.call.id
    form = desk(store).edit(call_id, {"customer.phone": ""}, None, LI)
    assert form.missing == ("customer.phone",)
    assert form.fields["customer.phone"].values, "the machine's value stays"


@pytest.mark.parametrize(
    ("field", "typed", "normal"),
    [
        ("request.amount", "三百元", "300.00 CNY"),
        ("request.amount", "1,300.5", "1300.50 CNY"),
        ("request.amount", "20 USD", "20.00 USD"),
        ("request.topics", "credit_card.fee、房贷", "credit_card.fee,loan.mortgage"),
        ("request.category", "Complaint", "complaint"),
        ("handling.department", "信用卡中心", "credit_cards"),
        ("handling.resolution", "已解决", "solved"),
        ("followup.owner", "agent", "agent"),
        ("followup.due", "2026-11-20", "2026-11-20"),
        ("followup.due", "2026-11-20 09:30", "2026-11-20T09:30"),
        ("followup.due", "明天下午三点", "2026-11-13T15:00"),
        ("request.merchant", "  美团  外卖 ", "美团 外卖"),
    ],
)
def test_values_are_taken_as_typed_or_as_said(store, field, typed, normal):
    call_id = file_call(store).form.ticket.call.id
    form = desk(store).edit(call_id, {field: typed}, None, LI)
    assert ",".join(form.fields[field].normals) == normal


@pytest.mark.parametrize(
    ("field", "typed", "hint"),
    [
        ("handling.sevrity", "P1", "handling.severity"),
        ("severity", "P1", "handling.severity"),
        ("handling.severity", "P9", "P1, P2, P3, P4"),
        ("request.topic", "信用卡", "credit_card"),
        ("request.amount", "viel", "300"),
        ("followup.due", "never", "2026-11-13"),
        ("customer.phone", "12", "digits"),
        ("request.merchant", "x" * 2001, "Shorten"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_a_next_step_and_without_quoting_it(store, field, typed, hint):
    call_id = file_call(store).form.ticket.call.id
    with pytest.raises(TicketError) as raised:
        desk(store).edit(call_id, {"request.category": "praise", field: typed}, None, LI)
    assert hint in raised.value.hint
    assert typed not in raised.value.message or typed in field
    assert store.desk.order(call_id).edits == {}, "all of it or nothing"


def test_secrets_that_people_type_are_sealed_and_masked_everywhere(store):
    call_id = file_call(store).form.ticket.call.id
    other = "13900139000"
    form = desk(store).edit(
        call_id,
        {"customer.phone": other, "customer.name": "王建国", "request.branch": f"江城支行，电话{PHONE}"},
        None,
        WHY,
    )
    desk(store).move(call_id, Move.CONFIRM, None, replace(LI, reason=f"电话{other}"))
    text = everything(store) + json.dumps(as_json(form), ensure_ascii=False)
    for secret in (PHONE, other, "王建国"):
        assert secret not in text
    assert form.fields["customer.phone"].value == "*" * 11
    sealed = form.normal("customer.phone")
    assert Sealer([KEY]).open("phone", sealed) == f"+86{other}"
    assert store.desk.calls_of([sealed]) == [call_id], "a purge finds what people typed"
    assert store.desk.calls_of(Sealer([KEY]).seal_all("phone", f"+86{PHONE}")) == [call_id], "and what was said"


def test_of_a_card_the_work_order_holds_the_last_digits_whoever_gives_the_whole_number(store):
    number = "6222021001123456789"
    said = (*FEE[:3], f"客户：我姓王，卡号是{number}。", *FEE[4:])
    form = file_call(store, said).form
    found = form.fields["customer.card_tail"]
    edited = (
        desk(store).edit(form.ticket.call.id, {"customer.card_tail": number}, None, LI).fields["customer.card_tail"]
    )
    for field in (found, edited):
        assert field.value == "****"
        assert [Sealer([KEY]).open("card_tail", sealed) for sealed in field.normals] == ["6789"]


def test_what_is_required_holds_back_the_confirmation_unless_somebody_says_why(store):
    call_id = file_call(store, (*FEE[:3], "客户：不方便说。", *FEE[4:])).form.ticket.call.id
    with pytest.raises(TicketError, match=r"customer\.phone") as raised:
        desk(store).move(call_id, Move.CONFIRM, None, LI)
    assert "--reason" in raised.value.hint
    assert desk(store).move(call_id, Move.CONFIRM, None, WHY).state is State.CONFIRMED
    assert store.desk.trail(call_id)[-1].detail["reason"] == "客户电话***********又来电"


def test_every_move_posts_its_message_in_the_same_step(store):
    call_id = file_call(store, posting=True).form.ticket.call.id
    orders = desk(store, posting=True)
    for move in Move:
        orders.move(call_id, move, None, LI)
    kinds = ["ticket.filled", "ticket.confirmed", "ticket.dispatched", "ticket.closed", "ticket.reopened"]
    messages = store.outbox.waiting()
    assert [message.kind for message in messages] == kinds
    assert [message.body["state"] for message in messages] == ["draft", "confirmed", "dispatched", "closed", "reopened"]
    assert messages[1].body["fields"]["request.topic"]["normal"] == ["credit_card.fee"]
    assert PHONE not in json.dumps([message.body for message in messages])
    with pytest.raises(TicketError):
        orders.move(call_id, Move.CLOSE, None, LI)
    assert len(store.outbox.waiting()) == len(kinds)


def test_a_message_that_cannot_be_stored_takes_the_move_back(store, monkeypatch):
    call_id = file_call(store, posting=True).form.ticket.call.id

    def broken(*_):
        raise ValueError("a bug")

    monkeypatch.setattr(store.outbox, "post", broken)
    with pytest.raises(ValueError, match="a bug"):
        desk(store, posting=True).move(call_id, Move.CONFIRM, None, LI)
    assert store.desk.order(call_id).state is State.DRAFT


def test_whoever_looked_at_an_older_version_is_told(store):
    call_id = file_call(store).form.ticket.call.id
    desk(store).edit(call_id, {"handling.severity": "P1"}, 1, LI)
    with pytest.raises(EditConflict) as raised:
        desk(store).edit(call_id, {"handling.severity": "P4"}, 1, Actor("wang", NOON))
    assert "Look at it again" in raised.value.hint
    with pytest.raises(EditConflict):
        desk(store).move(call_id, Move.CONFIRM, 1, LI)


# Originals


def revealed(store, call_id, actor, *names, keys=(KEY,), settings=BOSS):
    return reveal(store, desk(store).look(call_id), names, Sealer(keys), settings, actor)


def test_an_original_is_shown_to_a_role_for_a_reason_and_written_down(store):
    call_id = file_call(store).form.ticket.call.id
    assert revealed(store, call_id, WHY, "customer.phone") == {"customer.phone": [f"+86{PHONE}"]}
    line = store.desk.trail(call_id)[-1]
    assert (line.action, line.actor, line.role, line.detail["fields"]) == (
        "revealed", "li", "supervisor", ["customer.phone"],
    )  # fmt: skip


@pytest.mark.parametrize("name", ["wu", "nobody"])
def test_others_are_refused_and_that_is_written_down_too(store, name):
    call_id = file_call(store).form.ticket.call.id
    with pytest.raises(RevealRefused):
        revealed(store, call_id, Actor(name, NOON, reason="x"), "customer.phone")
    assert store.desk.trail(call_id)[-1].action == "reveal_refused"


def test_nothing_is_opened_before_it_is_written_down(store, monkeypatch):
    call_id = file_call(store).form.ticket.call.id
    opened = []
    monkeypatch.setattr(Sealer, "open", lambda *arguments: opened.append(arguments))

    def full(*_):
        raise OSError("disk full")

    monkeypatch.setattr(store.desk, "note", full)
    with pytest.raises(OSError, match="disk full"):
        revealed(store, call_id, WHY, "customer.phone")
    assert opened == []


def test_without_a_reason_nothing_is_shown(store):
    call_id = file_call(store).form.ticket.call.id
    with pytest.raises(RevealRefused, match="reason"):
        revealed(store, call_id, LI, "customer.phone")


@pytest.mark.parametrize("field", ["request.topic", "customer.name", "no.such"])
def test_what_is_not_sealed_is_not_revealed(store, field):
    call_id = file_call(store).form.ticket.call.id
    with pytest.raises(TicketError, match="nothing that is sealed"):
        revealed(store, call_id, WHY, field)


def test_with_a_lost_or_wrong_key_work_orders_are_shown_and_originals_are_not(store):
    call_id = file_call(store).form.ticket.call.id
    for keys in ((), (new_key(),)):
        assert desk(store, *keys).look(call_id).fields["customer.phone"].value == "*" * 11
        with pytest.raises(SealError, match="not at hand"):
            revealed(store, call_id, WHY, "customer.phone", keys=keys)
    assert revealed(store, call_id, WHY, "customer.phone", keys=(KEY, new_key()))


def test_without_a_key_an_original_was_never_kept(store):
    call_id = file_call(store, keys=()).form.ticket.call.id
    with pytest.raises(SealError, match="not kept"):
        revealed(store, call_id, WHY, "customer.phone")


# Promises over several calls


def test_the_call_back_keeps_what_was_promised(store):
    first = file_call(store).form.ticket.call.id
    filed = file_call(store, CALLED_BACK, DAY + timedelta(days=1), NOON + timedelta(days=1))
    (settled,) = filed.settled
    assert (settled.status, settled.followup.call_id) == ("kept", first)
    (item,) = store.followups.of([first])
    assert (item.status, item.by_call) == ("kept", filed.form.ticket.call.id)
    line = store.desk.trail(first)[-1]
    assert (line.action, line.detail["reason"]) == ("followup", "called back, turn 1 at 00:00")


def test_who_calls_again_after_the_time_shows_that_it_was_broken(store):
    first = file_call(store).form.ticket.call.id
    again = file_call(store, NOBODY_CALLED, DAY + timedelta(days=3), NOON + timedelta(days=3))
    assert store.followups.of([first])[0].status == "broken"
    assert store.followups.of([again.form.ticket.call.id])[0].status == "open"


def test_it_makes_no_difference_in_which_order_calls_are_filed(store):
    later = file_call(store, CALLED_BACK, DAY + timedelta(days=1), NOON)
    assert later.settled == ()
    first = file_call(store, FEE, DAY, NOON + timedelta(hours=1))
    assert [settled.status for settled in first.settled] == ["kept"]
    assert store.followups.of([first.form.ticket.call.id])[0].by_call == later.form.ticket.call.id


def test_somebody_else_settles_nothing(store):
    first = file_call(store).form.ticket.call.id
    other = tuple(line.replace(PHONE, "13900139000") for line in CALLED_BACK)
    assert file_call(store, other, DAY + timedelta(days=1), NOON + timedelta(days=1)).settled == ()
    assert store.followups.of([first])[0].status == "open"


def test_without_a_promise_somebody_still_says_where_it_stands(store):
    lines = (*FEE[:4], "坐席：信用卡的年费问题我这边处理不了，我转给信用卡中心核实。", *FEE[5:])
    form = file_call(store, lines, judge=False).form
    (item,) = store.followups.of([form.ticket.call.id])
    assert (item.promise_id, item.kind, item.owner) == ("status", "inform", "credit_cards")
    assert item.due == form.normal("followup.due")
    desk(store).edit(form.ticket.call.id, {"handling.resolution": "solved"}, None, LI)
    assert store.followups.of([form.ticket.call.id]) == []


def test_a_call_done_again_keeps_edits_and_follow_ups(store):
    events = call_events()
    first = write_events(store, events[:-1])
    desk(store).edit(first, {"handling.severity": "P1"}, None, LI)
    begun = replace(events[0], call_id="20261112-050000000-aaaaaa")
    with store.begin_call(begun, content_sha256=_content(store, first), started_at=NOON) as writer:
        assert store.desk.order(begun.call_id).edits["handling.severity"].normal == "P1"
        form = desk(store).look(begun.call_id)
        assert "request.topic" not in form.fields, "the other call's words are gone"
        writer.append(events[1:])
        writer.complete(NOON)
    form = filer().file(store, begun.call_id, NOON).form
    assert (form.normal("handling.severity"), form.normal("request.topic")) == ("P1", "credit_card.fee")


def _content(store, call_id):
    return next(call.content_sha256 for call in store.list_calls() if call.call_id == call_id)


def test_a_time_that_runs_backwards_breaks_nothing(store):
    call_id = file_call(store, posting=True).form.ticket.call.id
    yesterday = Actor("li", NOON - timedelta(days=1))
    orders = desk(store, posting=True)
    assert orders.edit(call_id, {"handling.severity": "P1"}, 1, yesterday).version == 2
    assert orders.move(call_id, Move.CONFIRM, 2, yesterday).version == 3
    assert [line.action for line in store.desk.trail(call_id)] == ["filled", "edited", "confirm"]
    assert store.desk.history(call_id)[0].normal == "P1"


def test_rescoring_a_call_that_cannot_be_read_leaves_the_others(store):
    call_id = file_call(store).form.ticket.call.id
    found = list(rescore(store, filer(), [call_id], NOON, apply=False))
    assert [(one.changes, one.written, one.problem) for one in found] == [((), False, "")]


def without_acts(events):
    """As a callcore without models for dialogue acts stored them."""
    return [replace(event, acts=(), may_promise=()) if isinstance(event, Understanding) else event for event in events]


def test_newer_models_read_stored_calls_and_what_they_find_is_stored_with_the_order(store):
    call_id = write_events(store, without_acts(call_events()))
    old = filer().file(store, call_id, NOON).form
    assert not old.ticket.promises
    stored = store.events(call_id)
    (shown,) = rescore(store, filer(), [call_id], NOON, apply=False, understander=understander())
    assert "promises" in {change.name for change in shown.changes}
    assert store.events(call_id) == stored
    (done,) = rescore(store, filer(), [call_id], NOON, apply=True, understander=understander())
    assert done.written
    assert store.events(call_id)[: len(stored)] == stored, "nothing is rewritten"
    order = store.desk.order(call_id)
    assert filer().filed(order).ticket == filer().ticket(store.events(call_id))
    assert [(promise.kind, promise.by) for promise in filer().filed(order).ticket.promises] == [("call_back", "agent")]
    (again,) = rescore(store, filer(), [call_id], NOON, apply=True, understander=understander())
    assert (again.changes, again.written) == ((), False)


def test_a_meaning_that_is_read_again_leaves_nothing_of_the_one_before():
    events = call_events()
    turn = next(event for event in events if isinstance(event, Understanding) and event.acts)
    assert filer().ticket([*events, replace(turn, acts=())]) == filer().ticket(
        [replace(event, acts=()) if event == turn else event for event in events]
    )


def test_reasons_are_masked_even_when_they_cannot_be_searched(store, monkeypatch):
    def broken(*_):
        raise RuntimeError("a bug")

    monkeypatch.setattr(Redactor, "text", broken)
    who = without_secrets(Actor("li", NOON, reason=f"电话{PHONE} x"), desk(store).redactor)
    assert who.reason == "************* *"
