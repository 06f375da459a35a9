"""Calls written, read, replaced and deleted."""

from __future__ import annotations

import json
import sqlite3
import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from event_strategies import ENDS, LATER_EVENTS, STARTS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_samples import AGENT, CALL, CUSTOMER, NOON, call_events, sha, started, turns, write_call

from callcore.errors import CallInProgress, CallNotFound, StoreError
from callcore.record import fold
from callcore.store import CallFilter, Status, Store, new_call_id, sqlite_features
from callcore.types import CallEnded, CallStarted, Event, Role
from callcore.wire import to_wire


@pytest.fixture
def store(tmp_path: Path):
    with Store.open(tmp_path / "calls.db") as opened:
        yield opened


def break_off(store: Store, start: CallStarted, error: type[BaseException]) -> None:
    """Leave the writing of a call after five events by an exception."""

    def write() -> None:
        with store.begin_call(start, content_sha256=sha("a"), started_at=NOON) as writer:
            writer.append(call_events()[:5])
            raise error

    with pytest.raises(error):
        write()


def rows(path: Path, sql: str) -> list[tuple]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def as_bytes(record: object) -> bytes:
    return repr(record).encode("utf-8", "surrogatepass")


def test_a_written_call_reads_back_as_the_fold_of_its_events(store: Store) -> None:
    call_id = write_call(store)
    events = [started(), *call_events()]
    assert store.events(call_id) == events
    assert as_bytes(store.record(call_id)) == as_bytes(fold(events))


def test_the_first_event_may_come_again_but_another_start_may_not(store: Store) -> None:
    start = started()
    with store.begin_call(start, content_sha256=sha("a"), started_at=NOON) as writer:
        writer.append([start, *call_events()])
        with pytest.raises(ValueError, match="starts once"):
            writer.append([started("b")])
        writer.complete(NOON)
    assert store.events(start.call_id) == [start, *call_events()]


def projected(path: Path, call_id: str) -> tuple[list, list, list]:
    """Turns with words, channels and header as the tables say."""
    found = []
    for row, *turn in rows(
        path,
        "SELECT id, turn_id, channel, start_sample, end_sample, language, text FROM turns"
        f" WHERE call_id = '{call_id}' ORDER BY start_sample, channel, seq",
    ):
        spoken = rows(
            path,
            "SELECT text, start_sample, end_sample, probability, space_before FROM words"
            f" WHERE turn = {row} ORDER BY position",
        )
        found.append((*turn, spoken))
    channels = rows(path, f"SELECT channel, role FROM channels WHERE call_id = '{call_id}' ORDER BY channel")
    header = rows(path, f"SELECT language, sample_count FROM calls WHERE call_id = '{call_id}'")
    return found, channels, header


def expected_projection(events: list[Event]) -> tuple[list, list, list]:
    record = fold(events)

    def shown(text: str) -> str:
        return text.encode("utf-8", "backslashreplace").decode()

    found = [
        (
            turn.turn_id,
            turn.channel,
            turn.start_sample,
            turn.end_sample,
            turn.language,
            shown(turn.text),
            [(shown(w.text), w.start_sample, w.end_sample, w.probability, int(w.space_before)) for w in turn.words],
        )
        for turn in record.turns
    ]
    channels = [(channel, str(record.speaker(channel))) for channel in record.channels]
    return found, channels, [(record.language, record.sample_count)]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STARTS, st.lists(st.lists(LATER_EVENTS, max_size=5), max_size=4), ENDS)
def test_tables_say_what_the_fold_says_however_the_events_were_batched(
    tmp_path: Path, start, batches: list[list[Event]], end: CallEnded
) -> None:
    path = tmp_path / "any.db"
    path.unlink(missing_ok=True)
    with Store.open(path) as store:
        with store.begin_call(start, content_sha256="c", started_at=NOON) as writer:
            for batch in batches:
                writer.append(batch)
            writer.append([end])
            writer.complete(NOON)
        events = [start, *(event for batch in batches for event in batch), end]
        assert store.events(start.call_id) == events
        assert as_bytes(store.record(start.call_id)) == as_bytes(fold(events))
        assert projected(path, start.call_id) == expected_projection(events)
        before = rows(path, "SELECT words, sounds FROM turn_search ORDER BY rowid")
        store.rebuild(start.call_id)
        assert projected(path, start.call_id) == expected_projection(events)
        assert sorted(rows(path, "SELECT words, sounds FROM turn_search")) == sorted(before)
        assert store.check() == []


def test_rebuild_brings_back_lost_tables(store: Store) -> None:
    call_id = write_call(store)
    connection = sqlite3.connect(store.path, isolation_level=None)
    connection.execute("DELETE FROM turns")
    connection.execute("DELETE FROM channels")
    connection.close()
    assert store.search("信用卡").total == 0
    store.rebuild(call_id)
    assert store.search("信用卡").total == 1
    assert projected(store.path, call_id) == expected_projection([started(), *call_events()])


def test_stored_events_cannot_be_changed(store: Store) -> None:
    write_call(store)
    connection = sqlite3.connect(store.path)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute("UPDATE events SET wire = '{}'")
    connection.close()


def test_list_is_newest_first_and_filtered(store: Store) -> None:
    first = write_call(store, "a", NOON)
    second = write_call(store, "b", NOON + timedelta(days=1), language="en")
    with store.begin_call(started("c"), content_sha256=sha("c"), started_at=NOON + timedelta(days=2)) as writer:
        writer.fail("audio cannot be read", NOON)
    third = writer.call_id

    def ids(which: CallFilter | None = None, **window: int) -> list[str]:
        return [call.call_id for call in store.list_calls(which, **window)]

    assert ids() == [third, second, first]
    assert ids(limit=1, offset=1) == [second]
    assert ids(CallFilter(statuses=(Status.FAILED,))) == [third]
    assert ids(CallFilter(statuses=(Status.DONE,), language="zh")) == [first]
    assert ids(CallFilter(since=NOON + timedelta(days=1), until=NOON + timedelta(days=2))) == [second]
    assert ids(CallFilter(call_ids=(first,))) == [first]
    assert ids(CallFilter(call_ids=())) == []
    found = store.list_calls(CallFilter(call_ids=(first,)))[0]
    assert (found.turn_count, found.sample_count, found.language) == (4, 192_000, "zh")
    assert found.roles == {0: Role.AGENT, 1: Role.CUSTOMER}
    assert found.finished_at == NOON + timedelta(seconds=5)
    failed = store.list_calls(CallFilter(call_ids=(third,)))[0]
    assert failed.reason == "audio cannot be read"
    assert json.loads(json.dumps(failed.as_json()))["status"] == "failed"


def test_times_without_a_zone_are_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="time zone"):
        CallFilter(since=datetime(2026, 1, 1))
    with pytest.raises(ValueError, match="time zone"):
        store.begin_call(started(), content_sha256="a", started_at=datetime(2026, 1, 1))
    assert store.list_calls() == []


def test_done_is_found_by_content_model_and_settings(store: Store) -> None:
    start = started()
    assert store.find_done(sha("a"), start.model_hash, start.settings_hash) is None
    with store.begin_call(start, content_sha256=sha("a"), started_at=NOON) as writer:
        writer.append(call_events())
        assert store.find_done(sha("a"), start.model_hash, start.settings_hash) is None
        writer.complete(NOON)
    assert store.find_done(sha("a"), start.model_hash, start.settings_hash) == start.call_id
    assert store.find_done(sha("b"), start.model_hash, start.settings_hash) is None
    assert store.find_done(sha("a"), "another model", start.settings_hash) is None
    assert store.find_done(sha("a"), start.model_hash, "other settings") is None


def test_a_call_done_again_replaces_the_earlier_one_only_of_the_same_model(store: Store) -> None:
    write_call(store, "a", NOON)
    other = started("a", NOON, model="large")
    with store.begin_call(other, content_sha256=sha("a"), started_at=NOON) as writer:
        writer.append(call_events())
        writer.complete(NOON)
    again = write_call(store, "a", NOON + timedelta(hours=1))
    assert [call.call_id for call in store.list_calls()] == [again, other.call_id]
    assert store.search("信用卡").total == 2


def test_an_earlier_done_call_stays_until_its_replacement_is_done(store: Store) -> None:
    first = write_call(store, "a", NOON)
    again = started("a", NOON + timedelta(hours=1))
    break_off(store, again, RuntimeError)
    assert store.find_done(sha("a"), again.model_hash, again.settings_hash) == first


def test_complete_needs_the_end_of_the_call(store: Store) -> None:
    with store.begin_call(started(), content_sha256=sha("a"), started_at=NOON) as writer:
        writer.append(call_events()[:-1])
        with pytest.raises(ValueError, match="CallEnded"):
            writer.complete(NOON)


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_leaving_by_an_exception_marks_the_call_interrupted(store: Store, error: type[BaseException]) -> None:
    break_off(store, started(), error)
    call = store.list_calls()[0]
    assert (call.status, call.reason) == (Status.INTERRUPTED, error.__name__)
    assert store.events(call.call_id) == [started(), *call_events()[:5]]


def test_closing_the_store_marks_open_calls_interrupted(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "calls.db")
    store.begin_call(started(), content_sha256=sha("a"), started_at=NOON)
    write_call(store, "b")
    store.close()
    with Store.open(tmp_path / "calls.db", read_only=True) as again:
        assert {call.status for call in again.list_calls()} == {Status.INTERRUPTED, Status.DONE}


def test_what_was_interrupted_is_replaced_when_the_content_is_begun_again(store: Store) -> None:
    break_off(store, started(), RuntimeError)
    again = write_call(store, "a", NOON + timedelta(hours=1))
    assert [call.call_id for call in store.list_calls()] == [again]
    assert store.search("信用卡").total == 1
    assert rows(store.path, "SELECT count(*) FROM events") == [(1 + len(call_events()),)]


def test_the_same_content_twice_at_once_is_refused(store: Store) -> None:
    with store.begin_call(started(), content_sha256=sha("a"), started_at=NOON) as writer:
        again = started(at=NOON + timedelta(seconds=1))
        with pytest.raises(CallInProgress, match=writer.call_id):
            store.begin_call(again, content_sha256=sha("a"), started_at=NOON)
        with pytest.raises(CallInProgress):
            store.delete([writer.call_id])
        writer.append(call_events())
        writer.complete(NOON)
    assert len(store.list_calls()) == 1


def test_a_call_on_another_host_is_not_touched_but_can_be_deleted(store: Store) -> None:
    with store.begin_call(started(), content_sha256=sha("a"), started_at=NOON) as writer:
        connection = sqlite3.connect(store.path, isolation_level=None)
        connection.execute("UPDATE calls SET owner_host = 'far.away'")
        connection.close()
        again = started(at=NOON + timedelta(seconds=1))
        with pytest.raises(CallInProgress, match=r"far\.away") as told:
            store.begin_call(again, content_sha256=sha("a"), started_at=NOON)
        assert writer.call_id in told.value.hint
        store.delete([writer.call_id])
        with pytest.raises(StoreError, match="deleted"):
            writer.append(call_events())
        with pytest.raises(StoreError, match="deleted"):
            writer.fail("x", NOON)
        writer.is_open = False
    assert store.list_calls() == []


def test_threads_write_different_calls_at_once(store: Store) -> None:
    barrier = threading.Barrier(6)
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            start = started(f"thread {number}")
            with store.begin_call(start, content_sha256=sha(f"thread {number}"), started_at=NOON) as writer:
                barrier.wait(30)
                for event in call_events():
                    writer.append([event])
                    store.search("信用卡")
                writer.complete(NOON)
        except BaseException as error:
            failures.append(error)
            barrier.abort()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert [call.status for call in store.list_calls()] == [Status.DONE] * 6
    for call in store.list_calls():
        assert store.events(call.call_id)[1:] == call_events()
    assert store.search("信用卡").total == 6
    assert store.check() == []


def test_delete_removes_every_trace(store: Store) -> None:
    secret = ((AGENT, "请报一下您的身份证号码 zebrafish"), (CUSTOMER, "琥珀蜥蜴"))
    kept = write_call(store, "a", NOON)
    gone = write_call(store, "b", NOON + timedelta(days=1), lines=secret)
    assert store.search("琥珀").total == 1
    done = store.delete([gone])
    assert (done.count, done.wiped) == (1, True)
    assert store.search("琥珀").total == 0
    assert store.search("zebrafish", sounds_like=True).total == 0
    with pytest.raises(CallNotFound):
        store.events(gone)
    assert [call.call_id for call in store.list_calls()] == [kept]
    assert store.search("信用卡").total == 1
    left = b"".join(file.read_bytes() for file in sorted(store.path.parent.iterdir()))
    for trace in ("琥珀", "琥 珀", "hu po", "蜥", "zebrafish", gone):
        assert trace.encode() not in left, trace
    assert "信用卡".encode() in left
    for table in ("events", "turns", "channels"):
        assert rows(store.path, f"SELECT DISTINCT call_id FROM {table}") == [(kept,)]
    assert store.check() == []


def test_delete_of_an_unknown_call_deletes_nothing(store: Store) -> None:
    call_id = write_call(store)
    with pytest.raises(CallNotFound):
        store.delete([call_id, "nothing"])
    assert [call.call_id for call in store.list_calls()] == [call_id]


def test_delete_says_when_a_reader_still_holds_the_old_bytes(store: Store) -> None:
    call_id = write_call(store)
    reader = sqlite3.connect(store.path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM turns").fetchone()
    impatient = Store.open(store.path)
    with impatient._connection.maintenance() as db:
        db.execute("PRAGMA busy_timeout = 10")
    assert impatient.delete([call_id]).wiped is False
    impatient.close()
    reader.close()


def test_ids_sort_by_time_and_carry_the_content() -> None:
    early, late = new_call_id(NOON, "ab12cd34"), new_call_id(NOON + timedelta(milliseconds=1), "0012cd34")
    assert early == "20260301-120000000-ab12cd"
    assert early < late
    assert new_call_id(NOON, "ab12cd34", salt="x") != early


def test_a_beginning_of_an_id_is_enough(store: Store) -> None:
    first = write_call(store, "a", NOON)
    second = write_call(store, "b", NOON + timedelta(days=1))
    assert store.resolve(first) == first
    assert store.resolve("20260302") == second
    assert store.resolve(first.rpartition("-")[2][:4]) == first
    with pytest.raises(CallNotFound, match="several") as told:
        store.resolve("2026")
    assert first in told.value.message
    for unknown in ("", "nothing", "%", "_", "6030"):
        with pytest.raises(CallNotFound):
            store.resolve(unknown)


def test_names_that_are_not_utf8_are_kept(store: Store) -> None:
    start = started(source="/calls/\udcff\udcfe.wav")
    with store.begin_call(start, content_sha256=sha("a"), started_at=NOON) as writer:
        writer.append(call_events())
        writer.complete(NOON)
    assert store.events(start.call_id)[0] == start
    assert store.list_calls()[0].source == "/calls/\\udcff\\udcfe.wav"


def test_warnings_are_a_view(store: Store) -> None:
    call_id = write_call(store)
    found = rows(store.path, "SELECT call_id, kind, channel, at_sample, message FROM warnings")
    assert found == [(call_id, "clipping", 0, 12, "clipped")]


def test_models_used_are_kept_with_their_settings(store: Store) -> None:
    write_call(store, "a")
    write_call(store, "b")
    found = rows(store.path, "SELECT name, model_hash, settings_hash, settings FROM models")
    assert found == [("starter-zh", "hash of starter-zh", "5e77", '{"language":"zh","beam_size":5}')]
    store.delete([call.call_id for call in store.list_calls()])
    assert rows(store.path, "SELECT count(*) FROM models") == [(0,)]


def test_stored_json_is_the_wire_form(store: Store) -> None:
    call_id = write_call(store)
    wires = [json.loads(wire) for (wire,) in rows(store.path, "SELECT wire FROM events ORDER BY seq")]
    assert wires == [to_wire(event) for event in store.events(call_id)]


def test_sqlite_here_has_what_callcore_needs() -> None:
    features = sqlite_features()
    assert features.fts5
    assert features.json


def test_turns_in_the_samples_are_what_the_tests_think() -> None:
    assert [turn.text for turn in turns(CALL)] == [text for _, text in CALL]
