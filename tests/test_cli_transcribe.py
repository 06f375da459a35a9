"""``callcore transcribe``: the bundled call from end to end with the bundled model, and what is printed and refused."""

from __future__ import annotations

import io
import json
import shutil
import sys
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from batch_tools import CALL, ROOT, cut, scripted_model, some_calls

import callcore.output
from callcore.batch.transcriber import Transcriber
from callcore.cli import run
from callcore.config import load_settings
from callcore.evaluate.normalise import MANDARIN
from callcore.evaluate.rates import Counts, compare
from callcore.store import Store
from callcore.types import Role, WarningKind, seconds

AUDIO = {".flac", ".wav", ".mp3", ".ogg", ".opus", ".m4a"}


@pytest.fixture(autouse=True)
def own_data(tmp_path, monkeypatch):
    """Nothing of the user's own machine: neither models nor databases."""
    monkeypatch.setenv("CALLCORE_MODELS__FOLDER", str(tmp_path / "models"))
    monkeypatch.setenv("CALLCORE_STORE__DB", str(tmp_path / "calls.db"))


@pytest.fixture
def scripted(monkeypatch):
    """The commands use a scripted model."""
    monkeypatch.setattr("callcore.assembly.load_model", lambda settings, live: scripted_model())


def called(capsys, *arguments: object) -> tuple[int, str, str]:
    code = run([*map(str, arguments)])
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return code, out, err


def one_error(err: str) -> list[str]:
    lines = err.splitlines()
    assert len(lines) == 2, err
    assert lines[0].startswith("callcore: ")
    assert lines[1].startswith("  ")
    return lines


def test_the_bundled_call_from_end_to_end(tmp_path, capsys, fixture_call_reference):
    out_folder = tmp_path / "out"
    code, out, err = called(
        capsys, "transcribe", CALL, "--output", out_folder, "--format", "json,jsonl,srt,vtt,txt,csv", "--stats"
    )
    assert code == 0
    assert "坐席" in out
    assert "客户" in out
    assert "1 done" in err
    assert str(tmp_path / "calls.db") in err
    assert len(list(out_folder.glob(f"{CALL.stem}.*"))) == 6

    with Store.open(tmp_path / "calls.db", read_only=True) as store:
        (call,) = store.list_calls()
        record = store.record(call.call_id)
        assert store.search("信用卡").total > 0
        assert store.check() == []
    assert record.roles.roles == {0: Role.AGENT, 1: Role.CUSTOMER}
    assert record.complete
    for turn in record.turns:
        assert turn.words
        assert all(turn.start_sample <= w.start_sample <= w.end_sample <= turn.end_sample for w in turn.words)
    total = Counts()
    for channel in (0, 1):
        said = [turn for turn in fixture_call_reference["turns"] if turn["channel"] == channel]
        reference = "".join(turn["text"] for turn in said)
        heard = "".join(turn.text for turn in record.turns if turn.channel == channel)
        total += compare(reference, heard, MANDARIN)
        # Times: the channel speaks in the first and last second of its reference, give or take.
        ours = [turn for turn in record.turns if turn.channel == channel]
        assert seconds(ours[0].start_sample) == pytest.approx(said[0]["start"], abs=0.7)
        assert seconds(ours[-1].end_sample) == pytest.approx(said[-1]["end"], abs=0.7)
    assert total.units > 300
    assert total.rate < 0.15  # of which .08 are characters that are masked

    schema = json.loads(Path(callcore.output.__file__).with_name("transcript.schema.json").read_text("utf-8"))
    written = json.loads((out_folder / f"{CALL.stem}.json").read_text("utf-8"))
    jsonschema.validate(written, schema)
    assert written["call"]["source"] == str(CALL)

    code, out, err = called(capsys, "transcribe", CALL, "--format", "json")
    assert code == 0
    assert "1 done before" in err
    assert json.loads(out) == written
    code, out, _ = called(capsys, "search", "信用卡")
    assert code == 0
    assert "信用卡" in out


def test_standard_input_is_called_so(tmp_path, capsys, monkeypatch, scripted):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(cut(tmp_path / "x.wav", 0, 5).read_bytes())))
    code, out, err = called(capsys, "transcribe", "-", "--output", tmp_path / "out", "--format", "json")
    assert code == 0
    assert out
    assert "callcore-" not in err  # no name of a temporary file
    (written,) = (tmp_path / "out").glob("*.json")
    assert written.name == "stdin.json"
    assert json.loads(written.read_text("utf-8"))["call"]["source"] == "stdin"
    # Another call through the pipe is another recording: the first result is not lost.
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(cut(tmp_path / "y.wav", 6, 12).read_bytes())))
    code, _, err = called(capsys, "transcribe", "-", "--output", tmp_path / "out", "--format", "json")
    assert code == 6
    assert "another recording" in one_error(err.split("\n", err.count("\n") - 2)[-1])[0]


@pytest.mark.parametrize("content", [b"", b"no audio at all"])
def test_standard_input_that_is_no_audio(capsys, monkeypatch, scripted, content):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    code, out, err = called(capsys, "transcribe", "-")
    assert (code, out) == (3, "")
    assert one_error(err)[0].startswith("callcore: stdin: ")


def test_one_bad_file_is_one_error(tmp_path, capsys, scripted):
    (tmp_path / "text.wav").write_text("hello\n" * 99)
    code, out, err = called(capsys, "transcribe", tmp_path / "text.wav")
    assert (code, out) == (3, "")
    one_error(err)
    code, _, err = called(capsys, "transcribe", tmp_path / "gone.wav")
    assert code == 3
    one_error(err)


def test_bad_files_among_good_ones(tmp_path, capsys, scripted):
    good = some_calls(tmp_path / "in", 2)
    (tmp_path / "in" / "text.wav").write_text("hello\n" * 99)
    code, out, err = called(capsys, "transcribe", tmp_path / "in", tmp_path / "gone.wav", "*.nothing")
    assert code == 1
    assert out == ""  # many conversations are noise: they are in the database
    lines = err.splitlines()
    assert "2 done, 3 failed" in err
    for name, reason in (("text.wav", "not audio"), ("gone.wav", "no such file"), ("*.nothing", "nothing matches")):
        (told,) = [line for line in lines[-3:] if line.startswith("failed") and name in line]
        assert reason in told
    for path in good:
        assert any(line.startswith("done ") and str(path) in line for line in lines)
    code, out, err = called(capsys, "transcribe", tmp_path / "gone.wav", tmp_path / "too.wav")
    assert code == 1
    assert "2 failed" in err


def test_hostile_names_are_printed_safely(tmp_path, capsys, scripted):
    folder = tmp_path / "a["
    folder.mkdir()
    names = ["b].wav", "[red]x[bold].wav", "new\nline\x1b[31m.wav"]
    for number, name in enumerate(names):
        cut(tmp_path / "cut.wav", 5 * number, 5 * number + 4).rename(folder / name)
    (folder / "bad\x1b[2J.wav").write_text("no audio")
    code, _, err = called(capsys, "transcribe", folder, "--output", tmp_path / "[out]", "--stats")
    assert code == 1
    assert "\x1b" not in err
    assert "[red]x[bold].wav" in err
    assert "[out]" in err
    assert sum(line.startswith("done ") for line in err.splitlines()) == 3
    code, _, err = called(capsys, "transcribe", folder / "bad\x1b[2J.wav")
    assert code == 3
    assert "\x1b" not in err
    one_error(err)


def test_formats_on_stdout(tmp_path, capsys, scripted):
    one, two = some_calls(tmp_path / "in", 2)
    code, first, err = called(capsys, "transcribe", one, "--format", "srt")
    assert code == 0
    assert "-->" in first
    assert "1 done" in err
    code, second, _ = called(capsys, "transcribe", one, "--format", "srt", "--output", "-", "--quiet")
    assert (code, second) == (0, first)
    code, out, _ = called(capsys, "transcribe", one, two, "--format", "jsonl", "--output", "-", "--stats")
    assert code == 0
    events = [json.loads(line) for line in out.splitlines()]  # nothing else is mixed in
    assert [event["source"] for event in events if event["event"] == "call_started"] == [str(one), str(two)]


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--format", "srt,json"], 2, "only one format"),
        (["--format", "srt,json", "--output", "-"], 2, "only one format"),
        (["--format", "csv"], 2, "several calls"),
        (["--format", "doc"], 2, "doc is not one of"),
        (["--beam-size", "99"], 2, "--beam-size"),
        (["--mono", "--agent-channel", "0"], 2, "--mono"),
        (["--agent-channel", "1", "--customer-channel", "1"], 2, "both 1"),
        (["--raw", "mulaw"], 2, "raw format"),
        (["--settings", "gone.toml"], 2, "gone.toml"),
        (["--watch", "gone"], 3, "no such folder"),
        (["--hotwords", "gone.txt", "--model", "starter-zh"], 2, "gone.txt"),
        (["--model", "nonesuch"], 4, "no model named nonesuch"),
        (["--model", "small"], 4, "models pull small"),
        (["--model", "./gone"], 4, "no model folder ./gone"),
        (["--language", "xx"], 4, "xx"),
        (["--language", "de"], 4, "models pull"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_options_are_refused_before_any_work(tmp_path, capsys, options, code, said):
    some_calls(tmp_path / "in", 2)
    ended, out, err = called(capsys, "transcribe", tmp_path / "in", *options)
    assert (ended, out) == (code, "")
    assert said in err
    if code != 2 or "callcore:" in err:
        one_error(err)


def test_broken_models_are_named_with_what_mends_them(tmp_path, capsys):
    (call,) = some_calls(tmp_path / "in", 1, length_s=2)
    folder = tmp_path / "broken"
    shutil.copytree(ROOT / "models" / "starter-zh", folder)
    whole = (folder / "model.bin").read_bytes()
    (folder / "model.bin").write_bytes(whole[: len(whole) // 2])
    code, _, err = called(capsys, "transcribe", call, "--model", folder)
    assert code == 4
    assert "broken" in one_error(err)[0]
    (folder / "model.bin").write_bytes(b"\0" * len(whole))
    code, _, err = called(capsys, "transcribe", call, "--model", folder)
    assert code == 4
    one_error(err)
    (folder / "model.bin").unlink()
    code, _, err = called(capsys, "transcribe", call, "--model", folder)
    assert code == 4
    one_error(err)
    half = tmp_path / "models" / ".small.part"
    half.mkdir(parents=True)
    (half / "config.json").write_text("{}")
    code, _, err = called(capsys, "transcribe", call, "--model", "small")
    assert code == 4
    assert "cut off" in one_error(err)[0]
    assert "callcore models pull small" in err


def test_quiet_leaves_the_summary_and_the_failures(tmp_path, capsys, scripted):
    some_calls(tmp_path / "in", 1)
    (tmp_path / "in" / "bad.wav").touch()
    code, out, err = called(capsys, "transcribe", tmp_path / "in", "--quiet")
    assert (code, out) == (1, "")
    assert [line.split()[0] for line in err.splitlines()] == ["calls", "audio", "model", "database", "failed"]


def test_a_folder_for_results_that_cannot_be_made(tmp_path, capsys, scripted):
    (call,) = some_calls(tmp_path / "in", 1)
    (tmp_path / "file").touch()
    code, _, err = called(capsys, "transcribe", call, "-o", tmp_path / "file" / "nope")
    assert code == 6
    assert f"cannot make the folder {tmp_path / 'file' / 'nope'}: " in one_error(err)[0]


def test_piped_output_has_no_colours_and_no_wrapping(tmp_path, capsys, scripted, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    (call,) = some_calls(tmp_path / "in", 1, length_s=20)
    _, out, err = called(capsys, "transcribe", call)
    assert "\x1b" not in out + err
    said = [line for line in out.splitlines() if not line.lstrip().startswith("› ")]
    assert said
    assert all(line[:2].isdigit() for line in said)  # a line a turn, however long


def test_text_that_the_code_page_lacks_is_no_crash(tmp_path, scripted, monkeypatch):
    from callcore.cli import main

    (call,) = some_calls(tmp_path / "in", 1)
    out, err = io.BytesIO(), io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding="latin-1"))
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(err, encoding="latin-1"))
    monkeypatch.setattr(sys, "argv", ["callcore", "transcribe", str(call)])
    with pytest.raises(SystemExit) as ended:
        main()
    sys.stdout.flush()
    assert ended.value.code == 0
    assert b"\\u" in out.getvalue()


def test_channels_that_are_not_there(tmp_path, capsys, scripted):
    (call,) = some_calls(tmp_path / "in", 1)
    code, _, err = called(capsys, "transcribe", call, "--agent-channel", "5")
    assert code == 3
    assert "channel" in one_error(err)[0]


def test_raw_audio_as_the_help_spells_it(tmp_path, capsys, scripted):
    (tmp_path / "call.raw").write_bytes(bytes(np.full(16_000, 0xFF, np.uint8)))
    code, _, err = called(capsys, "transcribe", tmp_path / "call.raw", "--raw", "mulaw:8000:2")
    assert code == 0
    assert "no speech" in err
    code, out, _ = called(capsys, "transcribe", "--help")
    assert "mulaw:8000:2" in out


def real_files(shared_data: Path) -> list[Path]:
    files = [p for name in ("calls", "noise") for p in sorted((shared_data / name).rglob("*")) if p.suffix in AUDIO]
    for name in ("speech_zh", "speech_en", "synthetic_zh"):
        files += sorted(p for p in (shared_data / name).rglob("*") if p.suffix in AUDIO)[::60]
    return files


def test_every_real_recording_goes_through(tmp_path, capsys, shared_data, scripted):
    files = real_files(shared_data)
    assert len(files) > 80
    code, _, err = called(capsys, "transcribe", *files, "--quiet", "--output", tmp_path / "out")
    assert code == 0, err
    assert " done" in err
    assert len(list((tmp_path / "out").glob("*.txt"))) == len(files)


def test_the_real_two_channel_call(shared_data):
    settings = load_settings(overrides={"recognise": {"model": "starter-zh", "beam_size": 1}})
    with Transcriber(settings) as transcriber:
        record = transcriber.record(shared_data / "calls" / "two_channel" / "lca_auto_repairs_40.flac")
    assert {turn.channel for turn in record.turns} == {0, 1}
    mismatch = [warning for warning in record.warnings if warning.kind is WarningKind.MODEL_MISMATCH]
    assert len(mismatch) == 1
    assert "callcore models pull" in mismatch[0].message
