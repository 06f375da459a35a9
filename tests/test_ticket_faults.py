"""Work orders when things go wrong: killed processes, programs side by side, full disks, rules that fail."""

from __future__ import annotations

import os
import random
import threading
from datetime import timedelta

import pytest
from batch_tools import Told, cut, run_job, some_calls, until
from live_process import LiveProcess
from order_calls import KEY, NOON, call_events, file_call, filer, write_events
from small_disk import fill

from callcore.batch.job import Stopped
from callcore.config import Settings
from callcore.errors import DiskFull, EditConflict
from callcore.orders import Filer
from callcore.orders.desk import OrderDesk
from callcore.privacy import Redactor
from callcore.privacy.seal import Sealer
from callcore.store import Status, Store
from callcore.store.desk import Actor
from callcore.tickets.lifecycle import Move, State
from callcore.types import CallEnded, CallStarted, Final, Passing, TicketChanged, WarningKind

LI = Actor("li", NOON + timedelta(hours=1))
SPEED = 6


@pytest.fixture
def environment(tmp_path) -> dict[str, str]:
    """Nothing of the user's own machine."""
    home = {"HOME": str(tmp_path / "home"), "XDG_DATA_HOME": str(tmp_path / "home" / "data")}
    own = {"CALLCORE_MODELS__FOLDER": str(tmp_path / "models"), "CALLCORE_RECOGNISE__LANGUAGE": "zh"}
    return {**os.environ, **home, **own, "CALLCORE_PRIVACY__KEY": KEY}


def test_killed_at_any_moment_every_final_shown_is_stored_and_the_work_order_is_their_fold(tmp_path, environment):
    call_file, db = cut(tmp_path / "call.wav", 8.3, 26), tmp_path / "calls.db"
    count = random.randint(5, 90)
    with LiveProcess("--replay", call_file, "--speed", SPEED, "--db", db, environment=environment) as live:
        live.wait_for(CallStarted)
        until(lambda: len(live.events) >= count or live.ended, f"{count} events")
        live.kill()
        live.exit_code()
    with Store.open(db) as store:
        (call,) = store.list_calls()
        stored = store.events(call.call_id)
        shown = [event for event in live.events if not isinstance(event, Passing)]
        assert stored[: len(shown)] == shown, f"killed after {count} events"
        # What was seen of the ticket is the fold of what was seen of the call,
        seen, fold = {}, filer().rules.fold(stored[0])
        last = max((at for at, event in enumerate(live.events) if isinstance(event, TicketChanged)), default=-1)
        for event in live.events[: last + 1]:
            if isinstance(event, TicketChanged):
                seen |= {
                    name: tuple(v for v in event.fields if v.name == name) for name in {v.name for v in event.fields}
                }
                seen = {name: values for name, values in seen.items() if name not in event.emptied}
            else:
                fold.take(event)
        if seen != dict(fold.fields):  # what the end of the call changes is told just before it
            assert isinstance(stored[-1], CallEnded)
            fold.take(stored[-1])
        assert seen == dict(fold.fields)
        # and the work order that of what is stored: shown now, and filed later.
        desk = OrderDesk(store, filer(), Redactor(Sealer()))
        form = desk.look(call.call_id)
        assert form.ticket == filer().ticket(stored)
        filed = filer().file(store, call.call_id, NOON).form
        assert (filed.ticket, filed.version, filed.fields) == (form.ticket, 1, form.fields)
        assert form.ticket.call.complete == isinstance(stored[-1], CallEnded)


def test_of_programs_that_edit_at_once_each_sees_what_it_changes(tmp_path):
    path = tmp_path / "calls.db"
    with Store.open(path) as store:
        call_id = file_call(store).form.ticket.call.id
    done, lost = [], []

    def edit(number: int) -> None:
        with Store.open(path) as own:
            desk = OrderDesk(own, filer(), Redactor(Sealer([KEY])))
            for version in (None, 1):
                try:
                    done.append(desk.edit(call_id, {"request.amount": str(number)}, version, LI).version)
                except EditConflict:
                    lost.append(number)

    threads = [threading.Thread(target=edit, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Store.open(path) as store:
        order = store.desk.order(call_id)
        assert sorted(done) == list(range(2, 2 + len(done))), "no version twice"
        assert order.version == 1 + len(done) == 1 + len(store.desk.history(call_id))
        assert len(done) + len(lost) == 8
        assert len(lost) >= 3


def test_a_full_disk_while_filing_costs_neither_the_call_nor_the_work_order(disk):
    with Store.open(disk / "calls.db") as store:
        events = [event for event in call_events() if not isinstance(event, Passing)]
        call_id = write_events(store, events)
        fill(disk)
        with pytest.raises(DiskFull):
            filer(posting=True).file(store, call_id, NOON)
        assert store.events(call_id) == events
        assert store.desk.order(call_id) is None
        assert store.outbox.waiting() == []
        (disk / "filler").unlink()
        assert filer(posting=True).file(store, call_id, NOON).form.version == 1
        assert len(store.outbox.waiting()) == 1


def test_a_full_disk_while_a_work_order_is_led_on_leaves_it_where_it_was(disk):
    with Store.open(disk / "calls.db") as store:
        call_id = file_call(store).form.ticket.call.id
        fill(disk)
        desk = OrderDesk(store, filer(posting=True), Redactor(Sealer([KEY])))

        def edit_on() -> None:
            for _ in range(50):  # what SQLite has kept free is soon used up
                desk.edit(call_id, {"request.merchant": "x" * 2000}, None, LI)

        with pytest.raises(DiskFull):
            edit_on()
        before = store.desk.order(call_id)
        with pytest.raises(DiskFull):
            desk.move(call_id, Move.CONFIRM, None, LI)
        assert store.desk.order(call_id) == before
        assert before.state is State.DRAFT
        assert store.outbox.waiting() == []


# Recorded calls


def orders(db):
    with Store.open(db, read_only=True) as store:
        assert store.check() == []
        return [order.call_id for order in store.desk.orders()]


def test_every_recorded_call_gets_its_work_order(tmp_path):
    paths, db = some_calls(tmp_path / "in", 2), tmp_path / "calls.db"
    _, _, calls = run_job(paths, db)
    assert sorted(orders(db)) == sorted(call.call_id for call in calls)
    _, summary, _ = run_job(paths, db)
    assert [report.outcome for report in summary.reports] == ["skipped", "skipped"]
    assert len(orders(db)) == 2


def test_a_run_that_was_killed_before_it_filed_is_made_good_by_the_next(tmp_path):
    paths, db = some_calls(tmp_path / "in", 1), tmp_path / "calls.db"
    _, _, calls = run_job(paths, db, tickets=False)
    assert orders(db) == []
    run_job(paths, db)
    assert orders(db) == [calls[0].call_id]


def test_rules_that_fail_cost_the_work_order_and_not_the_call(tmp_path, monkeypatch):
    def broken(*_):
        raise RuntimeError("words of the call")

    monkeypatch.setattr(Filer, "ticket", broken)
    paths, db = some_calls(tmp_path / "in", 1), tmp_path / "calls.db"
    _, summary, calls = run_job(paths, db)
    (report,) = summary.reports
    assert (report.outcome, calls[0].status) == ("done", Status.DONE)
    (warning,) = [one for one in report.warnings if one.kind is WarningKind.NO_TICKET]
    assert "words" not in warning.message
    assert orders(db) == []


def test_without_tickets_there_are_none(tmp_path):
    paths, db = some_calls(tmp_path / "in", 1), tmp_path / "calls.db"
    settings = Settings()
    off = settings.model_copy(update={"tickets": settings.tickets.model_copy(update={"enabled": False})})
    run_job(paths, db, settings=off)
    assert orders(db) == []


def test_a_stopped_run_files_what_there_is(tmp_path, monkeypatch):
    class Stopping(Told):
        """As if the run were stopped while a file is read."""

        def advanced(self, path, transcribed_s):
            raise Stopped

    monkeypatch.setattr("callcore.batch.job.FLUSH_EVENTS", 1)
    paths, db = some_calls(tmp_path / "in", 1), tmp_path / "calls.db"
    _, summary, (call,) = run_job(paths, db, progress=Stopping())
    assert summary.reports[0].outcome == "stopped"
    assert call.status is Status.INTERRUPTED
    assert orders(db) == [call.call_id]
    with Store.open(db, read_only=True) as store:
        assert not filer().form(store, call.call_id).ticket.call.complete


def test_finals_are_among_what_is_shown(tmp_path, environment):
    """The comparison above compares something."""
    call_file, db = cut(tmp_path / "call.wav", 8.3, 14), tmp_path / "calls.db"
    with LiveProcess("--replay", call_file, "--speed", SPEED, "--db", db, environment=environment) as live:
        assert live.exit_code() == 0, live.errors
    assert any(isinstance(event, Final) for event in live.events)
    assert any(isinstance(event, TicketChanged) for event in live.events)
    assert "order" in live.errors
    assert len(orders(db)) == 1
