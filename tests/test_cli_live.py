"""``callcore live``: the bundled call played as if live, in a terminal and without, and every way it can end."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import wave
from pathlib import Path

import numpy as np
import pytest
from batch_tools import CALL, ROOT, cut, scripted_model
from pipeline_tools import say
from terminal import ENTER_SCREEN, LEAVE_SCREEN, Terminal, plain

from callcore.batch.transcriber import Transcriber
from callcore.cli import run
from callcore.config import Settings, load_settings
from callcore.evaluate.normalise import MANDARIN
from callcore.evaluate.rates import compare
from callcore.store import Status, Store
from callcore.types import CallEnded, Final, Partial, Passing, Paused, Resumed, Role, WarningKind
from callcore.wire import from_wire

CHILD = Path(__file__).with_name("live_child.py")
PATIENCE_S = 60.0


@pytest.fixture(autouse=True)
def own_data(tmp_path, monkeypatch):
    """Nothing of the user's own machine: neither models nor databases."""
    monkeypatch.setenv("CALLCORE_MODELS__FOLDER", str(tmp_path / "models"))
    monkeypatch.setenv("CALLCORE_STORE__DB", str(tmp_path / "calls.db"))
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture
def scripted(monkeypatch):
    """The command uses a scripted model."""
    monkeypatch.setattr("callcore.assembly.load_model", lambda settings, live: scripted_model())


def called(capsys, *arguments: object) -> tuple[int, str, str]:
    code = run(["live", *map(str, arguments)])
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return code, out, err


def one_error(err: str) -> str:
    lines = err.splitlines()
    assert len(lines) == 2, err
    assert lines[0].startswith("callcore: ")
    assert lines[1].startswith("  ")
    return lines[0]


def only_call(tmp_path):
    with Store.open(tmp_path / "calls.db", read_only=True) as store:
        (call,) = store.list_calls()
        assert store.check() == []
        return call, store.record(call.call_id)


def mono(target: Path, start_s: float, end_s: float) -> Path:
    """The agent's half of a part of the bundled call."""
    with wave.open(str(cut(target, start_s, end_s))) as source:
        both = np.frombuffer(source.readframes(source.getnframes()), np.int16).reshape(-1, 2)
    with wave.open(str(target), "wb") as out:
        out.setparams((1, 2, 8000, 0, "NONE", ""))
        out.writeframes(both[:, 0].tobytes())
    return target


def text_of(record, channel):
    return "".join(turn.text for turn in record.turns if turn.channel == channel)


# In a terminal


def test_the_bundled_call_in_a_terminal_from_end_to_end(tmp_path):
    with Terminal("-m", "callcore", "live", "--replay", CALL, "--speed", "4") as terminal:
        terminal.wait_for(ENTER_SCREEN)
        terminal.wait_for("说话")
        terminal.wait_for("信用卡")
        terminal.resize(60, 20)
        end = terminal.wait_for(LEAVE_SCREEN)
        assert terminal.exit_code() == 0
        terminal.wait_for(str(tmp_path / "calls.db"), end)
        assert terminal.after == terminal.before
        screen, afterwards = plain(terminal.written[:end]), plain(terminal.written[end:])
    for sign in ("● 实时", "延迟", "静音", "客户", "坐席", "q  结束", "starter-zh"):
        assert sign in screen
    assert "\x1b[2;32m" in terminal.written  # text that may still change
    assert "再见" in afterwards
    assert "finals revised" in afterwards

    call, live = only_call(tmp_path)
    assert call.status is Status.DONE
    assert live.complete
    assert live.roles.roles == {0: Role.AGENT, 1: Role.CUSTOMER}
    with Transcriber(load_settings()) as transcriber:
        batch = transcriber.record(CALL)
    for channel in (0, 1):
        assert compare(text_of(batch, channel), text_of(live, channel), MANDARIN).rate <= 0.04


def test_keys_pause_go_on_and_stop(tmp_path):
    with Terminal("-m", "callcore", "live", "--replay", CALL, "--speed", "2", "--language", "zh") as terminal:
        at = terminal.wait_for("说话")
        terminal.press("p")
        at = terminal.wait_for("已暂停：不收听任何声音", at)
        terminal.press("p")
        at = terminal.wait_for("● 实时", at)
        terminal.press("Q")
        assert terminal.exit_code() == 0
        assert terminal.after == terminal.before
    call, record = only_call(tmp_path)
    assert (call.status, call.reason) == (Status.INTERRUPTED, "stopped before the end of the file")
    assert record.complete
    assert [type(event) for event in record.pauses] == [Paused, Resumed]


def test_ctrl_c_ends_in_order_and_a_second_one_at_once(tmp_path):
    with Terminal(CHILD, tmp_path, "live", "--replay", CALL, "--language", "zh", "--speed", "3") as terminal:
        at = terminal.wait_for("您好")
        (tmp_path / "hold").touch()  # the last texts take for ever
        at = terminal.wait_for("说话", terminal.wait_for("静音", at))
        terminal.press("\x03")
        terminal.wait_for("收尾中", at)
        terminal.press("\x1a")  # Ctrl-Z does not leave a call that hears nothing
        terminal.press("\x03")
        assert terminal.exit_code() == 130
        assert terminal.after == terminal.before
        assert terminal.written.count(ENTER_SCREEN) == terminal.written.count(LEAVE_SCREEN) == 1
    call, _ = only_call(tmp_path)
    assert call.status is Status.INTERRUPTED


def test_a_terminal_without_colours(tmp_path):
    path = cut(tmp_path / "call.wav", 0, 6)
    with Terminal(CHILD, tmp_path, "live", "--replay", path, "--speed", "4", NO_COLOR="1") as terminal:
        assert terminal.exit_code() == 0
        assert "\x1b[32m" not in terminal.written
        assert ENTER_SCREEN in terminal.written


def test_plain_lines_in_a_terminal(tmp_path):
    path = cut(tmp_path / "call.wav", 0, 6)
    with Terminal(CHILD, tmp_path, "live", "--replay", path, "--speed", "4", "--plain") as terminal:
        terminal.wait_for("database")
        assert terminal.exit_code() == 0
        assert ENTER_SCREEN not in terminal.written
        assert terminal.after == terminal.before


# Without a terminal


def test_no_terminal_means_a_line_per_text(tmp_path, capsys, scripted):
    path = cut(tmp_path / "call.wav", 0, 12)
    code, out, err = called(capsys, "--replay", path, "--speed", 20, "--language", "zh", "--agent-channel", 0)
    assert code == 0
    call, record = only_call(tmp_path)
    assert call.status is Status.DONE
    assert call.source == str(path)
    said = [line for line in out.splitlines() if "›" not in line]  # others tell what a turn means
    assert [line.split("  ")[-1] for line in said] == [final.text for final in record.finals]
    assert {line.split()[1] for line in said} == {"坐席", "客户"}
    assert len(said) < len(out.splitlines())
    assert "\x1b" not in out + err
    assert "updates   " in err


def test_a_replay_again_replaces_the_first_one_and_transcribe_keeps_its_own(tmp_path, capsys, scripted, monkeypatch):
    path = cut(tmp_path / "call.wav", 0, 6)
    for _ in range(2):
        assert called(capsys, "--replay", path, "--speed", 20)[0] == 0
    only_call(tmp_path)
    monkeypatch.setattr("callcore.assembly.load_model", lambda settings, live: scripted_model())
    assert run(["transcribe", str(path)]) == 0
    with Store.open(tmp_path / "calls.db") as store:
        assert len(store.list_calls()) == 2


def test_a_second_reading_shows_what_it_reads_otherwise(tmp_path, capsys, scripted, monkeypatch):
    path = cut(tmp_path / "call.wav", 0, 12)
    misread = scripted_model(lambda request: say(request).replace("银行", "印行"))
    models = {True: scripted_model(), False: misread}
    monkeypatch.setattr("callcore.assembly.load_model", lambda settings, live: models[live])
    code, out, err = called(capsys, "--replay", path, "--speed", 20, "--review", "other", "--agent-channel", 0)
    assert code == 0
    with Store.open(tmp_path / "calls.db") as store:
        live, again = sorted((store.record(call.call_id) for call in store.list_calls()), key=lambda r: len(r.warnings))
        assert live.roles.roles == again.roles.roles
    (said,) = re.findall(r"Read again with scripted: (\d+) of \d+ turns differ, (\d+) of \d+ words", err)
    removed = [line for line in out.splitlines() if line.startswith("  - ")]
    added = [line for line in out.splitlines() if line.startswith("  + ")]
    assert len(removed) == len(added) == int(said[0])
    assert any("银行" in line for line in removed)
    assert any("印行" in line for line in added)
    without = called(capsys, "--replay", path, "--speed", 20, "--review", "other", "--no-store")
    assert "Read again with" in without[2]


def test_nothing_is_stored_where_that_is_not_wanted(tmp_path, capsys, scripted):
    code, out, err = called(capsys, "--replay", cut(tmp_path / "c.wav", 0, 6), "--speed", 20, "--no-store")
    assert code == 0
    assert out
    assert "database" not in err
    assert not (tmp_path / "calls.db").exists()


def test_programs_read_events(tmp_path):
    path = cut(tmp_path / "call.wav", 0, 12)
    done = subprocess.run(
        [sys.executable, CHILD, tmp_path, "live", "--replay", path, "--speed", "4", "--jsonl"],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(CHILD.parent), str(ROOT)])},
        timeout=PATIENCE_S,
    )
    events = [from_wire(json.loads(line)) for line in done.stdout.decode("utf-8").splitlines()]
    assert isinstance(events[-1], CallEnded)
    assert any(isinstance(event, Partial) for event in events)
    with Store.open(tmp_path / "calls.db") as store:
        (call,) = store.list_calls()
        assert store.events(call.call_id) == [event for event in events if not isinstance(event, Passing)]


def a_child(tmp_path, *arguments) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, CHILD, tmp_path, "live", "--replay", CALL, "--jsonl", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(CHILD.parent), str(ROOT)])},
    )


def first_final(process: subprocess.Popen) -> Final:
    for line in process.stdout:
        event = from_wire(json.loads(line))
        if isinstance(event, Final):
            return event
    raise AssertionError(process.stderr.read())


def test_a_reader_that_goes_away_ends_the_call_in_order(tmp_path):
    with a_child(tmp_path, "--speed", "4") as process:
        first_final(process)
        process.stdout.close()
        assert process.wait(PATIENCE_S) == 0
        assert b"Traceback" not in process.stderr.read()
    call, record = only_call(tmp_path)
    assert record.complete
    assert call.status is Status.INTERRUPTED


def test_a_killed_process_leaves_the_call_up_to_then(tmp_path):
    with a_child(tmp_path, "--speed", "4") as process:
        final = first_final(process)
        deadline = time.monotonic() + PATIENCE_S
        while final.text not in [known.text for known in only_call(tmp_path)[1].finals]:
            assert time.monotonic() < deadline
        process.kill()
        process.wait(PATIENCE_S)
    call, record = only_call(tmp_path)
    assert call.status is Status.INTERRUPTED
    assert call.reason == "its process was killed"
    assert final in record.finals
    assert not record.complete


# Bad input


@pytest.mark.parametrize(
    "arguments",
    [
        ["--replay", "x.wav", "--agent", "headset"],
        ["--replay", "x.wav", "--check"],
        ["--replay", "x.wav", "--record", "x.flac"],
        ["--speed", "2"],
        ["--replay", "x.wav", "--speed", "0"],
        ["--device", "x", "--agent", "y"],
        ["--channels", "0,1"],
        ["--device", "x", "--channels", "0"],
        ["--device", "x", "--channels", "1,1"],
        ["--device", "x", "--channels", "a,b"],
        ["--agent-channel", "0"],
        ["--plain", "--jsonl"],
        ["--review", "small"],
        ["--review", "small", "--replay", "x.wav", "--jsonl"],
        ["--hang-up-after", "-1"],
    ],
)
def test_options_that_do_not_go_together(capsys, arguments):
    code, out, err = called(capsys, *arguments)
    assert (code, out) == (2, "")
    assert "Error: " in err


def test_files_that_cannot_be_replayed(tmp_path, capsys, scripted):
    (tmp_path / "text.wav").write_text("hello\n" * 99)
    for path in (tmp_path / "gone.wav", tmp_path / "text.wav", tmp_path):
        code, out, err = called(capsys, "--replay", path)
        assert (code, out) == (3, "")
        one_error(err)
    assert not (tmp_path / "calls.db").exists()


def test_a_channel_that_is_not_in_the_file(tmp_path, capsys, scripted):
    code, _, err = called(capsys, "--replay", cut(tmp_path / "c.wav", 0, 3), "--agent-channel", 7)
    assert code == 3
    one_error(err)


def test_a_mono_file_is_one_side(tmp_path, capsys, scripted):
    path = mono(tmp_path / "mono.wav", 0, 8)
    code, out, _ = called(capsys, "--replay", path, "--speed", 20, "--language", "zh")
    assert code == 0
    assert "声道 0" in out
    assert only_call(tmp_path)[1].started.channel_count == 1


def test_a_file_that_ends_early(tmp_path, capsys, scripted):
    whole = cut(tmp_path / "whole.wav", 0, 12).read_bytes()
    path = tmp_path / "cut.wav"
    path.write_bytes(whole[: len(whole) // 2])
    code, _, err = called(capsys, "--replay", path, "--speed", 20)
    assert code == 0
    call, record = only_call(tmp_path)
    assert WarningKind.TRUNCATED in [warning.kind for warning in record.warnings]
    assert "truncated" in err
    assert call.status is Status.DONE


def test_a_model_that_is_missing(capsys):
    code, out, err = called(capsys, "--replay", CALL, "--model", "no-such-model")
    assert (code, out) == (4, "")
    one_error(err)


def test_a_database_that_is_none(tmp_path, capsys, scripted):
    (tmp_path / "calls.db").write_bytes(b"no database" * 999)
    code, out, err = called(capsys, "--replay", CALL)
    assert (code, out) == (5, "")
    one_error(err)


def test_no_devices_at_all(tmp_path, capsys, scripted, monkeypatch):
    monkeypatch.setattr("callcore.capture.plan.audio_devices", list)
    for arguments in ([], ["--check"], ["--record", tmp_path / "call.flac"], ["--device", "x"]):
        code, out, err = called(capsys, *arguments)
        assert (code, out) == (8, "")
        one_error(err)
    assert not (tmp_path / "call.flac").exists()
    assert not (tmp_path / "calls.db").exists()


def test_settings_of_the_command_line_reach_the_call(tmp_path, capsys, monkeypatch):
    seen = []

    def load(settings: Settings, live: bool):
        seen.append(settings)
        return scripted_model()

    for module in ("assembly", "live.station"):  # the model of finals, and that of partials
        monkeypatch.setattr(f"callcore.{module}.load_model", load)
    path = cut(tmp_path / "c.wav", 0, 2)
    called(capsys, "--replay", path, "--speed", 20, "--partial-model", "tiny", "--hang-up-after", 9, "--language", "zh")
    assert [settings.recognise.model for settings in seen] == ["auto", "tiny"]
    assert seen[0].live.hangup_silence_s == 9
    assert seen[0].recognise.language == "zh"
