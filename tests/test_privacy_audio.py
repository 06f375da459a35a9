"""Recordings with their secrets covered, and the commands for it."""

from __future__ import annotations

import json
import stat
from itertools import pairwise

import av
import numpy as np
import pytest
from batch_tools import cut, run_job, scripted_model
from click.testing import CliRunner
from command_tools import Command
from hypothesis import given
from hypothesis import strategies as st
from store_samples import NOON, call_events, sha, started

from callcore.audio import open_audio
from callcore.capture.recording import write_recording
from callcore.cli import run
from callcore.errors import OutputError
from callcore.privacy.audio import JOIN, MARGIN, cover, covered_spans
from callcore.privacy.seal import Sealer, new_key
from callcore.store import Store
from callcore.types import SAMPLE_RATE_HZ, Final, Rejected, Turn, Word


def turn(*words):
    made = tuple(Word(text, start, end, 0.9) for text, start, end in words)
    return Turn(1, 0, 0, 1, "".join(w.text for w in made), made, "zh", ("s1",))


def test_masked_words_are_covered_with_a_margin_and_neighbours_together():
    second = SAMPLE_RATE_HZ
    spans = covered_spans(
        [turn(("我", 0, second), ("**", 2 * second, 3 * second), ("*", 3 * second + JOIN // 4, 4 * second))]
    )
    assert spans == [(2 * second - MARGIN, 4 * second + MARGIN)]
    assert covered_spans([turn(("*", 0, 100))]) == [(0, 100 + MARGIN)]
    assert covered_spans([turn(("好", 0, 100))]) == []


def test_refused_speech_is_covered_where_there_was_text():
    assert covered_spans([Rejected("s1", 0, 16_000, 32_000, "repetition", "", 40)]) == [
        (16_000 - MARGIN, 32_000 + MARGIN)
    ]
    assert covered_spans([Rejected("s1", 0, 16_000, 32_000, "gate", "", 0)]) == []


@given(st.lists(st.integers(1, 39_999), max_size=5), st.sampled_from(["beep", "mute"]))
def test_nothing_is_left_of_the_sound_however_it_is_cut(cuts, how):
    audio = np.random.default_rng(3).uniform(-0.5, 0.5, (2, 40_000)).astype(np.float32)
    spans = [(5_000, 12_000), (30_000, 31_000), (39_500, 50_000)]
    places = sorted({0, 40_000, *cuts})
    pieces = [cover(audio[:, a:b], a, spans, how) for a, b in pairwise(places)]
    whole = np.concatenate(pieces, axis=1)
    assert np.array_equal(whole, cover(audio, 0, spans, how))
    inside = np.zeros(40_000, bool)
    for start, end in spans:
        inside[start:end] = True
    assert np.array_equal(whole[:, ~inside], audio[:, ~inside])
    assert np.array_equal(whole[0, inside], whole[1, inside])  # of neither channel is anything left
    level = float(np.abs(whole[:, inside]).max())
    assert level == 0 if how == "mute" else 0.05 < level < 0.101


REDACT = Command("redact")
SECRET = "我叫龚雪梅尾号六六二八"


@pytest.fixture
def stored(tmp_path, fixture_call):
    """A call that says a secret, in a database."""
    database = tmp_path / "calls.db"
    length = 16 * SAMPLE_RATE_HZ

    def answer(request):
        return SECRET if request.start_sample < length else "好的再见"

    _, _, calls = run_job([fixture_call], database, model=scripted_model(answer))
    return database, calls[0].call_id


def samples_of(path):
    with open_audio(path) as source:
        return np.concatenate(list(source.blocks()), axis=1)


@pytest.mark.parametrize("how", ["beep", "mute"])
def test_a_copy_of_a_recording_has_its_secrets_covered(how, stored, tmp_path, fixture_call, capsys):
    database, call_id = stored
    out = tmp_path / "copies"
    assert run(["redact", str(fixture_call), "-o", str(out), "--audio", how, "--db", str(database)]) == 0
    (copy,) = out.iterdir()
    assert copy.name == f"{fixture_call.stem}.redacted.flac"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    before, after = samples_of(fixture_call), samples_of(copy)
    assert before.shape == after.shape
    with Store.open(database, read_only=True) as store:
        record = store.record(call_id)
    words = [word for event in record.turns for word in event.words]
    hidden = [word for word in words if "*" in word.text]
    assert "".join(word.text for word in hidden).count("*") >= 7
    for word in hidden:
        part = after[:, word.start_sample : word.end_sample]
        assert float(np.abs(part).max()) <= (0.11 if how == "beep" else 1e-3)
        assert np.allclose(part[0], part[1], atol=1e-4)
    untouched = after[:, -SAMPLE_RATE_HZ:]
    assert np.allclose(untouched, before[:, -SAMPLE_RATE_HZ:], atol=2e-4)
    assert run(["redact", call_id, "-o", str(out), "--db", str(database)]) == 6  # nothing is written over
    assert run(["redact", call_id, "-o", str(out), "--db", str(database), "--format", "wav"]) == 0
    assert (out / f"{fixture_call.stem}.redacted.wav").is_file()


def test_a_call_that_was_stored_as_it_was_said_is_searched_now(tmp_path, fixture_call):
    from callcore.config import Settings

    database = tmp_path / "calls.db"
    run_job([fixture_call], database, model=scripted_model(lambda request: SECRET), settings=Settings().unredacted())
    with Store.open(database, read_only=True) as store:
        record = store.record(store.list_calls()[0].call_id)
    assert any("龚雪梅" in one.text for one in record.turns)
    assert (
        run(["redact", str(fixture_call), "-o", str(tmp_path / "out"), "--audio", "mute", "--db", str(database)]) == 0
    )
    after = samples_of(tmp_path / "out" / f"{fixture_call.stem}.redacted.flac")
    name = [word for word in record.turns[0].words if word.text in "龚雪梅"]
    for word in name:
        assert float(np.abs(after[:, word.start_sample : word.end_sample]).max()) < 1e-3


def test_recordings_that_are_not_there_are_errors(stored, tmp_path, capsys):
    database, call_id = stored
    other = tmp_path / "other.wav"
    write_recording(other, 1, [np.zeros((1, 16_000), np.float32)])
    assert run(["redact", str(other), "-o", str(tmp_path), "--db", str(database)]) == 5
    assert run(["redact", call_id, "--db", str(database)]) == 2
    assert (
        run(["redact", "--recording", str(tmp_path / "no.wav"), call_id, "-o", str(tmp_path), "--db", str(database)])
        == 3
    )
    assert run(["redact", "--recording", str(other), call_id, "x", "-o", str(tmp_path), "--db", str(database)]) == 2


def test_a_recording_of_another_length_is_not_that_of_the_call(stored, tmp_path, fixture_call, capsys):
    database, call_id = stored
    out = tmp_path / "copies"
    other = cut(tmp_path / "other.wav", 0, 2)
    arguments = (call_id, "--recording", other, "-o", out, "--db", database)
    assert "not its recording" in REDACT.refused(capsys, *arguments, code=3)
    assert not list(out.iterdir())
    same = tmp_path / "same.wav"
    same.write_bytes(fixture_call.read_bytes())
    assert REDACT.called(capsys, call_id, "--recording", same, "-o", out, "--db", database)[0] == 0


def test_a_call_that_was_broken_off_is_not_copied(tmp_path, fixture_call, capsys):
    """What was said behind its end would be left open."""
    database = tmp_path / "calls.db"
    with Store.open(database) as store:
        begun = started("a")
        with store.begin_call(begun, content_sha256=sha("a"), started_at=NOON) as writer:
            writer.append(call_events()[:-1])
            writer.interrupt("the call broke off")
    message = REDACT.refused(
        capsys, begun.call_id, "--recording", fixture_call, "-o", tmp_path / "out", "--db", database, code=10
    )
    assert "callcore transcribe" in message


def test_copies_go_when_their_call_is_purged_and_the_recording_stays(stored, tmp_path, capsys):
    database, call_id = stored
    recording = cut(tmp_path / "mine.wav", 0, 4)
    run_job([recording], database, model=scripted_model(lambda request: SECRET))
    out = tmp_path / "copies"
    REDACT.called(capsys, recording, call_id, "-o", out, "--db", database)
    assert len(list(out.iterdir())) == 2
    with Store.open(database, read_only=True) as store:
        mine = next(call.call_id for call in store.list_calls() if call.call_id != call_id)
    code, _, err = Command("purge").called(capsys, mine, "--yes", "--db", database)
    assert code == 0
    assert [path.name for path in out.iterdir()] != ["mine.redacted.flac"]
    assert len(list(out.iterdir())) == 1
    assert recording.exists()
    assert f"stays   {recording}" in err


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_folder_that_cannot_be_made_is_named(stored, tmp_path, capsys, place):
    database, call_id = stored
    (tmp_path / "file").write_text("in the way")
    message = REDACT.refused(capsys, call_id, "-o", tmp_path / place, "--db", database, code=6)
    assert str(tmp_path / place) in message


def test_a_database_that_is_not_there_is_not_made(tmp_path, fixture_call, capsys):
    missing = tmp_path / "no.db"
    assert "no database" in REDACT.refused(capsys, "3fa9", "-o", tmp_path / "out", "--db", missing, code=5)
    assert not missing.exists()


def test_a_recording_that_breaks_off_leaves_no_file(tmp_path):
    def pieces():
        yield np.zeros((2, 16_000), np.float32)
        raise KeyError("broken")

    with pytest.raises(KeyError):
        write_recording(tmp_path / "a.flac", 2, pieces())
    assert not list(tmp_path.iterdir())
    with pytest.raises(OutputError):
        write_recording(tmp_path / "a.mp3", 2, [])


def test_what_is_written_sounds_the_same(tmp_path):
    audio = np.random.default_rng(1).uniform(-0.9, 0.9, (2, 32_000)).astype(np.float32)
    for name in ("a.flac", "a.wav"):
        write_recording(tmp_path / name, 2, [audio[:, :20_000], audio[:, 20_000:]])
        with av.open(str(tmp_path / name)) as container:
            assert container.streams.audio[0].codec_context.sample_rate == SAMPLE_RATE_HZ
        assert np.allclose(samples_of(tmp_path / name), audio, atol=1e-4)


def test_texts_are_printed_masked(tmp_path, capfd):
    file = tmp_path / "letter.txt"
    file.write_text("我叫龚雪梅\ncall me on 415 555 0132\n", encoding="utf-8")
    assert run(["redact", "--text", "尾号六六二八", str(file)]) == 0
    assert capfd.readouterr().out.splitlines() == ["尾号****", "我叫***", "call me on *** *** ****"]


@pytest.mark.parametrize("name", ["nofile.txt", "no file.md", "notes/letter", "notes"])
def test_a_text_file_that_is_not_there_is_no_text(name, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes").mkdir()
    assert name in REDACT.refused(capsys, "--text", "尾号六六二八", name)


def test_texts_with_dots_and_strokes_are_texts(tmp_path, capfd, monkeypatch):
    monkeypatch.chdir(tmp_path)
    texts = ["see www.bank.com", "and/or", "data: a, b", "请看/听。"]
    assert run(["redact", "--text", *texts]) == 0
    assert capfd.readouterr().out.splitlines() == texts


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--text", "x", "-o", "out"], "--output"),
        (["--text", "x", "--audio", "beep"], "--audio"),
        (["--text", "x", "--recording", "a.wav"], "--recording"),
        (["--text", "x", "--format", "wav"], "--format"),
        (["--text", "x", "--language", "xx"], "'xx'"),
        (["3fa9", "-o", "out", "--language", "zh"], "--language"),
    ],
)
def test_options_that_would_do_nothing_are_refused(arguments, named, capsys):
    assert named in REDACT.refused(capsys, *arguments)


def test_standard_input_is_masked():
    from callcore.cli import cli

    result = CliRunner().invoke(cli, ["redact", "--text", "-"], input="密码是abc123\n")
    assert result.output == "密码是******\n"


def test_a_key_is_made_and_checked(tmp_path, capsys, monkeypatch):
    key = tmp_path / "k" / "privacy.key"
    assert run(["privacy", "init", str(key)]) == 0
    out = capsys.readouterr().out
    assert f"key_file = {json.dumps(str(key))}" in out
    secret = key.read_text().splitlines()[-1]
    assert secret not in out
    assert run(["privacy", "init", str(key)]) == 10
    settings = tmp_path / "callcore.toml"
    settings.write_text(f'[privacy]\nkey_file = "{key}"\nroles = {{ li = "supervisor", wang = "agent" }}\n')
    assert run(["privacy", "check", "--settings", str(settings)]) == 0
    out = capsys.readouterr().out
    assert Sealer([secret]).key_id in out
    assert secret not in out
    assert "li" in out
    assert "wang" not in out
    key.write_text(f"{secret}\n{new_key()}\n")
    assert run(["privacy", "check", "--settings", str(settings)]) == 0
    assert "opens also" in capsys.readouterr().out
    key.write_text("nonsense")
    assert run(["privacy", "check", "--settings", str(settings)]) == 10
    monkeypatch.delenv("CALLCORE_PRIVACY__KEY", raising=False)
    assert run(["privacy", "check"]) == 0


def test_a_key_is_not_taken_from_a_settings_file(tmp_path, capsys, monkeypatch):
    key = new_key()
    settings = tmp_path / "callcore.toml"
    settings.write_text(f'[privacy]\nkey = "{key}"\n')
    message = Command("privacy", "check").refused(capsys, "--settings", settings)
    assert "CALLCORE_PRIVACY__KEY" in message
    assert key not in message
    monkeypatch.setenv("CALLCORE_PRIVACY__KEY", key)
    assert "environment" in Command("privacy", "check").called(capsys)[1]


def test_finals_are_covered_as_their_turns_are():
    words = (Word("*", 16_000, 17_000, 0.9),)
    said = Final("s1", 0, 0, 1, "*", words, "zh", -0.1, 0.0, 0.9)
    assert covered_spans([said]) == [(16_000 - MARGIN, 17_000 + MARGIN)]


def test_the_figures_of_the_redaction_are_printed(tmp_path, capfd):
    file = tmp_path / "set.toml"
    file.write_text(
        'date = 2026-11-22\n[[block]]\nlines = """\n我叫[龚雪梅|name|龚雪梅]\n转[三千五|amount|3500.00 CNY]\n"""\n',
        encoding="utf-8",
    )
    assert run(["evaluate", "redaction", "--file", str(file), "--format", "json"]) == 0
    report = json.loads(capfd.readouterr().out)["zh"]
    assert (report["recall"], report["precision"]) == (1.0, 1.0)
    assert run(["evaluate", "redaction", "--file", str(file)]) == 0
    assert "龚雪梅" not in capfd.readouterr().out
