"""Work orders in the database: what people do with them, what was promised, what is to be delivered."""

from __future__ import annotations

import sqlite3
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from store_samples import NOON, write_call

from callcore.errors import CallNotFound, EditConflict, StoreError, TicketError
from callcore.store import Store
from callcore.store.desk import Actor, Customer, Edit, OrderFilter, Outline
from callcore.store.followups import Followup
from callcore.tickets.lifecycle import Move, State, editable, moved

MACHINE, LI = Actor("callcore", NOON), Actor("li", NOON, reason="customer called back")
DOCUMENT = {"fields": {"request.topic": "credit_card.fee"}}


@pytest.fixture
def store(tmp_path: Path):
    with Store.open(tmp_path / "calls.db") as opened:
        yield opened


@pytest.fixture
def filed(store: Store) -> str:
    call_id = write_call(store)
    store.desk.file(call_id, DOCUMENT, "rules-1", [Customer("sealed:1:k:A")], MACHINE)
    return call_id


def version(store: Store, call_id: str) -> int:
    return store.desk.order(call_id).version


@given(st.lists(st.sampled_from(Move), max_size=12))
def test_a_work_order_is_never_closed_without_having_been_confirmed(moves):
    state, confirmed = State.DRAFT, False
    for move in moves:
        try:
            state = moved(state, move)
        except TicketError:
            continue
        confirmed = confirmed or state is State.CONFIRMED
        assert confirmed
        if state is State.REOPENED:
            confirmed = False
            assert editable(state)
            confirmed = moved(state, Move.CONFIRM) is State.CONFIRMED


@pytest.mark.parametrize("state", State)
def test_a_move_that_cannot_be_says_what_can(state):
    for move in Move:
        try:
            moved(state, move)
        except TicketError as error:
            hint = error.hint
    assert all(moved(state, Move(name.strip(" ."))) for name in hint.partition(": ")[2].split(","))


def test_the_way_of_a_work_order_is_kept_with_actor_time_and_reason(store, filed):
    for move in (Move.CONFIRM, Move.DISPATCH, Move.CLOSE, Move.REOPEN):
        store.desk.move(filed, version(store, filed), move, LI)
    assert store.desk.order(filed).state is State.REOPENED
    trail = store.desk.trail(filed)
    assert [line.action for line in trail] == ["filled", "confirm", "dispatch", "close", "reopen"]
    assert {line.actor for line in trail[1:]} == {"li"}
    assert trail[-1].detail == {"from": "closed", "to": "reopened", "reason": "customer called back"}


def test_a_move_that_makes_no_sense_changes_nothing(store, filed):
    with pytest.raises(TicketError, match="draft work order cannot be closed"):
        store.desk.move(filed, 1, Move.CLOSE, LI)
    assert version(store, filed) == 1
    assert len(store.desk.trail(filed)) == 1


def test_an_edit_stands_beside_the_machines_value(store, filed):
    edit = Edit("request.topic", "年费", "credit_card.fee", "账单", "credit_card.bill")
    assert store.desk.edit(filed, 1, [edit], LI) == 2
    again = Edit("request.topic", "额度", "credit_card.limit", "账单", "credit_card.bill")
    store.desk.edit(filed, 2, [again], LI)
    order = store.desk.order(filed)
    assert order.document == DOCUMENT
    assert order.edits["request.topic"].normal == "credit_card.limit"
    assert [item.normal for item in store.desk.history(filed)] == ["credit_card.fee", "credit_card.limit"]
    assert store.desk.history(filed)[0].machine_normal == "credit_card.bill"


def test_whoever_saw_an_older_version_is_told_and_changes_nothing(store, filed):
    store.desk.edit(filed, 1, [Edit("a.b", "x", "x")], LI)
    with pytest.raises(EditConflict, match="version 2, not 1"):
        store.desk.edit(filed, 1, [Edit("a.b", "y", "y")], Actor("wang", NOON))
    with pytest.raises(EditConflict):
        store.desk.move(filed, 1, Move.CONFIRM, LI)
    assert store.desk.order(filed).edits["a.b"].value == "x"


def test_of_many_who_edit_at_once_one_is_first(store, filed):
    won, lost = [], []

    def edit(number: int) -> None:
        try:
            won.append(store.desk.edit(filed, 1, [Edit("a.b", str(number), str(number))], LI))
        except EditConflict:
            lost.append(number)

    threads = [threading.Thread(target=edit, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (won, len(lost)) == ([2], 7)


def test_what_was_handed_on_is_changed_only_after_it_was_reopened(store, filed):
    store.desk.move(filed, 1, Move.CONFIRM, LI)
    store.desk.move(filed, 2, Move.DISPATCH, LI)
    with pytest.raises(TicketError, match="dispatched"):
        store.desk.edit(filed, 3, [Edit("a.b", "x", "x")], LI)
    store.desk.move(filed, 3, Move.REOPEN, LI)
    store.desk.edit(filed, 4, [Edit("a.b", "x", "x")], LI)


def test_filling_anew_keeps_edits_and_state_and_raises_the_version(store, filed):
    store.desk.edit(filed, 1, [Edit("a.b", "x", "x")], LI)
    store.desk.move(filed, 2, Move.CONFIRM, LI)
    store.desk.file(filed, DOCUMENT, "rules-1", [], MACHINE)
    assert version(store, filed) == 3, "the same again is no change"
    store.desk.file(filed, {**DOCUMENT, "more": 1}, "rules-2", [], MACHINE)
    order = store.desk.order(filed)
    assert (order.version, order.state, order.rules_hash) == (4, State.CONFIRMED, "rules-2")
    assert order.edits["a.b"].value == "x"


def test_a_call_done_again_takes_over_what_people_did(store, filed):
    store.desk.edit(filed, 1, [Edit("a.b", "x", "x")], LI)
    again = write_call(store, at=NOON + timedelta(hours=1))
    order = store.desk.order(again)
    assert order.edits["a.b"].value == "x"
    assert [line.action for line in store.desk.trail(again)] == ["filled", "edited"]
    assert store.desk.order(filed) is None


def test_a_deleted_call_takes_its_work_order_along_and_leaves_the_trail(store, filed):
    store.followups.file(filed, [Followup(0, filed, "3-0", "call_back", "agent", "2026-11-13", "")], NOON)
    store.outbox.post(filed, "ticket", DOCUMENT, NOON)
    store.delete([filed])
    assert store.desk.order(filed) is None
    assert store.followups.due("2030", everything=True) == []
    assert store.outbox.waiting() == []
    assert [line.action for line in store.desk.trail(filed)] == ["filled"]


def test_the_trail_cannot_be_changed_or_removed(store, filed, tmp_path):
    connection = sqlite3.connect(tmp_path / "calls.db")
    for statement in ("UPDATE audit SET actor = 'nobody'", "DELETE FROM audit"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)
    connection.close()
    assert store.desk.trail(filed)[0].actor == "callcore"


def test_a_work_order_needs_a_call(store):
    with pytest.raises(CallNotFound):
        store.desk.file("nowhere", DOCUMENT, "r", [], MACHINE)
    with pytest.raises(TicketError, match="no work order"):
        store.desk.move("nowhere", 1, Move.CONFIRM, LI)


def followup(call_id: str, name: str, due: str = "2026-11-13T15:00") -> Followup:
    return Followup(0, call_id, name, "call_back", "agent", due, "")


def test_what_is_due_comes_in_order_and_without_a_time_last(store, filed):
    dues = {"1-0": "2026-11-20", "2-0": "", "3-0": "2026-11-13T15:00", "4-0": "2026-11-13"}
    store.followups.file(filed, [followup(filed, name, due) for name, due in dues.items()], NOON)
    assert [item.promise_id for item in store.followups.due("2026-11-13")] == ["4-0", "3-0", "2-0"]
    assert [item.promise_id for item in store.followups.due("2026-11-13T14:00")] == ["4-0", "2-0"]
    assert len(store.followups.due("2026-11-13", everything=True)) == 4


def test_a_promise_is_kept_once(store, filed):
    store.followups.file(filed, [followup(filed, "1-0")], NOON)
    (item,) = store.followups.due("2026-12-01")
    store.followups.settle(item.number, "kept", LI)
    assert store.followups.due("2026-12-01") == []
    with pytest.raises(TicketError, match="kept already"):
        store.followups.settle(item.number, "broken", LI)
    with pytest.raises(TicketError, match="no follow-up 99"):
        store.followups.settle(99, "kept", LI)
    assert store.desk.trail(filed)[-1].detail["status"] == "kept"


def test_filling_anew_moves_what_is_open_and_leaves_what_is_settled(store, filed):
    store.followups.file(filed, [followup(filed, "1-0"), followup(filed, "2-0"), followup(filed, "3-0")], NOON)
    store.followups.settle(store.followups.due("2030")[0].number, "kept", LI)
    store.followups.file(filed, [followup(filed, "2-0", "2026-12-24"), followup(filed, "4-0")], NOON)
    found = {item.promise_id: (item.status, item.due) for item in store.followups.due("2030", everything=True)}
    assert found == {
        "1-0": ("kept", "2026-11-13T15:00"),
        "2-0": ("open", "2026-12-24"),
        "4-0": ("open", "2026-11-13T15:00"),
    }


def test_the_next_call_of_a_customer_shows_what_is_open(store, filed):
    store.followups.file(filed, [followup(filed, "1-0")], NOON)
    later = write_call(store, "b", NOON + timedelta(days=1))
    store.desk.file(later, DOCUMENT, "rules-1", [Customer("sealed:1:k:A"), Customer("sealed:1:k:B")], MACHINE)
    assert store.desk.same_customer(later) == [filed]
    assert [item.promise_id for item in store.followups.of(store.desk.same_customer(later))] == ["1-0"]


def test_a_name_or_the_end_of_a_card_alone_makes_nobody_the_same_customer(store):
    ids = [write_call(store, content, NOON + timedelta(hours=n)) for n, content in enumerate("abcd")]
    name, tail = Customer("n", "customer.name", weak=True), Customer("t", "customer.card_tail", weak=True)
    other = Customer("n2", "customer.name", weak=True)
    for call_id, known in zip(ids, ([name, other], [name, other], [tail], [name, tail]), strict=True):
        store.desk.file(call_id, DOCUMENT, "r", known, MACHINE)
    assert store.desk.same_customer(ids[0]) == []
    assert store.desk.same_customer(ids[3]) == []
    store.desk.file(ids[2], {"more": 1}, "r", [name, tail], MACHINE)
    assert store.desk.same_customer(ids[3]) == [ids[2]]


def test_what_is_done_together_is_stored_as_a_whole_or_not_at_all(store, filed):

    def edit_and_close() -> None:
        with store.together():
            store.desk.edit(filed, 1, [Edit("a.b", "x", "x")], LI)
            store.desk.move(filed, 2, Move.CLOSE, LI)

    with pytest.raises(TicketError):
        edit_and_close()
    assert version(store, filed) == 1
    with store.together():
        store.desk.edit(filed, 1, [Edit("a.b", "x", "x")], LI)
        with pytest.raises(TicketError):
            store.desk.move(filed, 2, Move.CLOSE, LI)
        store.outbox.post(filed, "ticket.confirmed", DOCUMENT, NOON)
    assert store.desk.order(filed).edits["a.b"].value == "x"
    assert len(store.outbox.waiting()) == 1


def test_work_orders_are_chosen_by_what_they_hold(store):
    outlines = [
        Outline("2026-11-12", "P1", "credit_card.fee", "cards", 0),
        Outline("2026-11-12", "P3", "credit_cards_x", "cards", 2),
        Outline("2026-11-13", "P3", "loan", "loans", 0),
    ]
    ids = [write_call(store, content, NOON + timedelta(hours=n)) for n, content in enumerate("abc")]
    for call_id, outline in zip(ids, outlines, strict=True):
        store.desk.file(call_id, DOCUMENT, "r", [], MACHINE, outline)
    store.followups.file(ids[2], [followup(ids[2], "1-0", "2026-11-13T15:00")], NOON)

    def found(**which) -> list[int]:
        return [ids.index(order.call_id) for order in store.desk.orders(OrderFilter(**which))]

    assert found() == [2, 1, 0]
    assert found(topic="credit_card") == [0]
    assert found(severities=("P3",)) == [2, 1]
    assert found(missing=True) == [1]
    assert found(department="loans") == [2]
    assert found(due="2026-11-13") == [2]
    assert found(due="2026-11-13T14:00") == []
    assert found(states=(State.CLOSED,)) == []
    assert store.desk.order(ids[2]).due == "2026-11-13T15:00"
    assert store.desk.order(ids[0]).outline == outlines[0]


def test_a_call_without_a_work_order_is_known(store, filed):
    later = write_call(store, "b", NOON + timedelta(days=1))
    assert store.desk.unfiled() == [later]


def test_a_message_is_claimed_by_one_program_only(store, filed, tmp_path):
    message_id = store.outbox.post(filed, "ticket", DOCUMENT, NOON)
    until = NOON + timedelta(minutes=1)
    with Store.open(tmp_path / "calls.db") as other:
        claimed = [box.claim(NOON, until) for box in (store.outbox, other.outbox)]
    assert [message and message.message_id for message in claimed] == [message_id, None]
    assert claimed[0].body == DOCUMENT


def test_a_claim_that_nobody_answered_for_ends(store, filed):
    store.outbox.post(filed, "ticket", DOCUMENT, NOON)
    later = NOON + timedelta(minutes=1)
    first = store.outbox.claim(NOON, later)
    assert store.outbox.claim(later, later + timedelta(minutes=1)) == first


def test_a_message_that_failed_waits_its_time_and_goes_out_under_the_same_id(store, filed):
    store.outbox.post(filed, "ticket", DOCUMENT, NOON)
    later = NOON + timedelta(minutes=5)
    first = store.outbox.claim(NOON, NOON)
    store.outbox.failed(first, "refused", later)
    assert store.outbox.claim(NOON, NOON) is None
    second = store.outbox.claim(later, later)
    assert (second.message_id, second.attempts, second.problem) == (first.message_id, 1, "refused")
    store.outbox.delivered(second, later)
    assert store.outbox.waiting() == []
    assert store.outbox.claim(later + timedelta(days=1), later + timedelta(days=2)) is None


def test_a_database_of_an_older_callcore_gets_its_desk(store, tmp_path, filed):
    connection = sqlite3.connect(tmp_path / "calls.db")
    names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    connection.close()
    assert {"tickets", "ticket_edits", "followups", "outbox", "audit"} <= names


def test_a_closed_database_is_an_error_that_is_known(tmp_path):
    store = Store.open(tmp_path / "calls.db")
    store.close()
    with pytest.raises(StoreError):
        store.desk.order("x")
