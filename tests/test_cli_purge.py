"""``callcore purge``: calls go with all that was made of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from command_tools import Command
from store_samples import NOON, call_events, started, write_call

from callcore.privacy.seal import Sealer, new_key
from callcore.store import Store
from callcore.store.desk import Actor, Customer
from callcore.store.files import MadeFile
from callcore.types import Entity, Turn, Understanding

PURGE = Command("purge")
EXPORT = Command("calls", "export")
KEY = new_key()


@pytest.fixture
def db(tmp_path: Path) -> Path:
    path = tmp_path / "calls.db"
    now = datetime.now(UTC)
    with Store.open(path) as store:
        old, new = write_call(store, "a", NOON), write_call(store, "b", now - timedelta(days=1))
        for call_id, number in ((old, "+8613800138000"), (new, "+8613900139000")):
            token = Sealer([KEY]).seal("phone", number)
            store.desk.file(call_id, {"fields": {}}, "rules", [Customer(token)], Actor("callcore", now))
    return path


def ids(db: Path) -> list[str]:
    with Store.open(db, read_only=True) as store:
        return [call.call_id for call in store.list_calls()]


def test_old_calls_go_with_their_exports_and_recordings(db, tmp_path, capsys):
    new, old = ids(db)
    folder, recording = tmp_path / "out", tmp_path / "call.flac"
    EXPORT.called(capsys, old, new, "--format", "json,srt", "--output", folder, "--db", db)
    recording.write_bytes(b"audio")
    with Store.open(db) as store:
        store.files.note([MadeFile(old, recording, "recording", "")], NOON)
    code, out, _ = PURGE.called(capsys, "--older-than", 30, "--yes", "--reason", "retention", "--db", db)
    assert code == 0
    assert "1 call and 3 files" in out
    assert ids(db) == [new]
    assert sorted(path.name for path in folder.iterdir() if not path.name.startswith(".")) == [
        f"{new}.json",
        f"{new}.srt",
    ]
    assert not recording.exists()
    with Store.open(db, read_only=True) as store:
        last = store.desk.trail(old)[-1]
    assert (last.action, last.detail["reason"], len(last.detail["files"])) == ("purged", "retention", 3)


@pytest.mark.parametrize(
    ("reason", "kept"),
    [
        ("身份证110101199003078515", "身份证" + "*" * 18),
        ("my name is John Smith, he asked", "my name is **** *****, he asked"),
    ],
)
def test_secrets_in_a_reason_are_masked_before_it_is_kept(db, capsys, reason, kept):
    _, old = ids(db)
    assert PURGE.called(capsys, old, "--yes", "--reason", reason, "--db", db)[0] == 0
    with Store.open(db, read_only=True) as store:
        assert store.desk.trail(old)[-1].detail["reason"] == kept


def test_a_dry_run_says_what_would_go_and_changes_nothing(db, tmp_path, capsys):
    before, content = ids(db), db.read_bytes()
    code, out, _ = PURGE.called(capsys, "--older-than", 0, "--dry-run", "--db", db)
    assert code == 0
    assert "Would remove 2 calls and 0 files" in out
    assert ids(db) == before
    assert db.read_bytes() == content


def test_a_file_that_somebody_has_changed_stays_and_is_named(db, tmp_path, capsys):
    _, old = ids(db)
    EXPORT.called(capsys, old, "--format", "txt", "--output", tmp_path / "out", "--db", db)
    path = tmp_path / "out" / f"{old}.txt"
    path.write_text("corrected by hand", encoding="utf-8")
    code, _, err = PURGE.called(capsys, old, "--yes", "--db", db)
    assert code == 0
    assert str(path) in err
    assert path.exists()


@pytest.mark.parametrize("number", ["13800138000", "+8613800138000", "138-0013 8000"])
def test_all_calls_of_a_customer_are_found_however_the_number_is_written(db, capsys, monkeypatch, number):
    monkeypatch.setenv("CALLCORE_PRIVACY__KEY", f"{KEY}\n{new_key()}")
    new, _ = ids(db)
    code, out, _ = PURGE.called(capsys, "--customer", number, "--yes", "--db", db)
    assert code == 0
    assert "Removed 1 call" in out
    assert ids(db) == [new]


def test_calls_in_which_a_card_was_said_are_found_by_its_number_and_others_of_that_ending_are_not(
    db, capsys, monkeypatch
):
    monkeypatch.setenv("CALLCORE_PRIVACY__KEY", KEY)
    sealer, number = Sealer([KEY]), "6222021001123456789"
    tail = Customer(sealer.seal("card_tail", number[-4:]), "customer.card_tail", weak=True)
    card = Entity("card_number", "*" * 19, sealer.seal("card_number", number), 0.9, 0, 16_000, 0, 1, tail=tail.token)
    with Store.open(db) as store:
        said, other = write_call(store, "said", NOON), write_call(store, "other", NOON)
        turn = next(event for event in store.events(said) if isinstance(event, Turn))
        meaning = Understanding(
            turn.turn_id, turn.channel, turn.start_sample, turn.end_sample, turn.language, entities=(card,)
        )
        store.add_meanings(said, [meaning])
        for call_id in (said, other):
            store.desk.file(call_id, {"fields": {}}, "rules", [tail], Actor("callcore", NOON))
    code, out, _ = PURGE.called(capsys, "--customer", number, "--yes", "--db", db)
    assert (code, "Removed 1 call" in out) == (0, True)
    assert said not in ids(db)
    assert other in ids(db)


def test_recordings_that_were_transcribed_are_named_and_stay(db, tmp_path, capsys):
    recording = tmp_path / "mine.wav"
    recording.write_bytes(b"audio")
    begun = started("c", source=str(recording))
    with Store.open(db) as store, store.begin_call(begun, content_sha256="c", started_at=NOON) as writer:
        writer.append(call_events())
        writer.complete(NOON)
    for last in ("--dry-run", "--yes"):
        code, _, err = PURGE.called(capsys, begun.call_id, last, "--db", db)
        assert code == 0
        assert f"stays   {recording}" in err
    assert recording.exists()


def test_without_a_key_customers_are_not_told_apart(db, capsys):
    assert "without a key" in PURGE.refused(capsys, "--customer", "13800138000", "--db", db, code=10)


def test_nothing_of_that_kind_is_no_error(db, capsys, monkeypatch):
    monkeypatch.setenv("CALLCORE_PRIVACY__KEY", KEY)
    code, out, _ = PURGE.called(capsys, "--customer", "13700000000", "--db", db)
    assert (code, out) == (0, "Nothing to remove.\n")


@pytest.mark.parametrize("arguments", [[], ["x", "--older-than", "3"], ["--older-than", "1", "--customer", "2"]])
def test_one_way_to_choose_is_needed(db, capsys, arguments):
    assert "name calls, or give" in PURGE.refused(capsys, *arguments, "--db", db)


def test_no_is_no(db, capsys, monkeypatch):
    monkeypatch.setattr("click.confirm", lambda *_, **__: False)
    code, out, _ = PURGE.called(capsys, "--older-than", 0, "--db", db)
    assert (code, out.splitlines()[-1]) == (1, "Nothing was removed.")
    assert len(ids(db)) == 2
