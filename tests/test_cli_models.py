"""``callcore models`` as a user meets it: output, exit codes, hints."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from model_hub import HUB_ID, Hub, model_files, serving, weights, write_model

from callcore.cli import run

ROOT = Path(__file__).parent.parent
FILES = model_files(payload_bytes=300_000)


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("CALLCORE_MODELS__FOLDER", str(tmp_path / "models"))
    monkeypatch.setattr("callcore.models.files.data_folder", lambda: tmp_path / "data" / "callcore")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("callcore.models.download.RETRY_WAITS_S", (0, 0))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with serving(dict(FILES)) as running:
        monkeypatch.setenv("CALLCORE_MODELS__HUB_ENDPOINT", running.url)
        monkeypatch.setenv("CALLCORE_MODELS__MODELSCOPE_ENDPOINT", running.url)
        yield running


def listed(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, dict]:
    capsys.readouterr()
    assert run(["models", "list", "--format", "json", *options]) == 0
    return {row["name"]: row for row in json.loads(capsys.readouterr().out)}


def test_list_shows_what_is_here_what_could_be_and_what_auto_takes(capsys: pytest.CaptureFixture[str]):
    assert run(["models", "list"]) == 0
    text = capsys.readouterr().out
    (starred,) = [line for line in text.splitlines() if line.lstrip().startswith("*   ")]
    assert "starter-zh" in starred
    assert "bundled" in starred
    for shown in ("tiny", "large-v3-turbo", "not installed", "MIT", "CER 80.4 %", "486 MB"):
        assert shown in text


def test_list_as_json_says_all_of_it(capsys: pytest.CaptureFixture[str]):
    rows = listed(capsys)
    assert rows["starter-zh"]["installed"]
    assert rows["starter-zh"]["auto"]
    assert rows["starter-zh"]["synthetic_only"]
    assert rows["base"]["size_bytes"] == 147_882_941
    assert not rows["base"]["installed"]
    assert [name for name, row in listed(capsys, "--language", "en").items() if row["auto"]] == ["starter-en"]
    assert not any(row["auto"] for row in listed(capsys, "--language", "de").values())


def test_pull_then_list_verify_path_remove(hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["models", "pull", HUB_ID, "--name", "ours"]) == 0
    output = capsys.readouterr()
    assert f"installed ours in {tmp_path / 'models' / 'ours'}" in output.out
    assert "callcore transcribe --model ours" in output.out
    assert "model.bin: 0.3 MB" in output.err
    assert listed(capsys, "--language", "en")["ours"]["auto"]
    assert run(["models", "verify"]) == 0
    assert "✓ ours: whole (recorded checksums)" in capsys.readouterr().out
    assert run(["models", "path", "auto", "--language", "en"]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "models" / "ours")
    assert run(["models", "remove", "ours", "--yes"]) == 0
    assert "ours" not in listed(capsys)


def test_remove_asks_first(hub: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    assert run(["models", "pull", HUB_ID]) == 0
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: "n")
    assert run(["models", "remove", "whisper-mini"]) == 1
    assert "Nothing was removed." in capsys.readouterr().out
    assert listed(capsys)["whisper-mini"]["installed"]
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: "y")
    assert run(["models", "remove", "whisper-mini"]) == 0
    assert "whisper-mini" not in listed(capsys)


def test_verify_reports_a_broken_model_and_how_to_mend_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["models", "add", str(write_model(tmp_path / "ours", FILES))]) == 0
    (tmp_path / "models" / "ours" / "model.bin").write_bytes(weights(300_000, seed=8))
    capsys.readouterr()
    assert run(["models", "verify"]) == 4
    text = capsys.readouterr().out
    assert "✗ ours" in text
    assert "checksum of model.bin" in text
    assert "callcore models add PATH --name ours --force" in text
    assert "✓ starter-zh" in text
    (tmp_path / "models" / "ours" / "model.bin").unlink()
    assert run(["models", "list"]) == 0
    assert "ours is broken: model.bin missing" in capsys.readouterr().out


def test_a_cut_off_pull_shows_in_the_list_and_says_how_to_go_on(hub: Hub, capsys: pytest.CaptureFixture[str]):
    hub.cuts = [280_000, 0, 0, 0]
    assert run(["models", "pull", HUB_ID]) == 4
    error = capsys.readouterr().err
    assert "connection" in error
    assert "again" in error
    assert run(["models", "pull", HUB_ID]) == 0


def test_an_interrupted_pull_says_that_nothing_is_lost(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    from callcore.models import download

    def interrupt(*_: object):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(download.Download, "_receive", interrupt)
        assert run(["models", "pull", HUB_ID]) == 130
    assert "Run the same command again to fetch the rest" in capsys.readouterr().err
    assert "whisper-mini" not in listed(capsys)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["pull", "nonesuch"], 4, "Known: tiny"),
        (["pull", "starter-zh"], 4, "part of callcore"),
        (["pull", "acme/none"], 4, "not found"),
        (["pull", HUB_ID, "--source", "ftp://x/y"], 4, "huggingface or modelscope"),
        (["add", "nowhere.zip"], 4, "nowhere.zip"),
        (["remove", "nonesuch"], 4, "not installed"),
        (["remove", "starter-zh", "--yes"], 4, "part of callcore"),
        (["verify", "nonesuch"], 4, "not installed"),
        (["path", "base"], 4, "callcore models pull base"),
        (["list", "--settings", "nowhere.toml"], 2, "nowhere.toml"),
        (["frobnicate"], 2, "No such command"),
    ],
)
def test_errors_are_one_line_a_hint_and_a_code(
    hub: Hub, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, says: str
):
    assert run(["models", *arguments]) == code
    output = capsys.readouterr()
    assert says in output.err
    assert output.out == ""
    assert "Traceback" not in output.err


def test_hf_endpoint_is_honoured_by_a_fresh_process(hub: Hub, tmp_path: Path):
    environment = {key: value for key, value in os.environ.items() if key != "CALLCORE_MODELS__HUB_ENDPOINT"}
    environment |= {"HF_ENDPOINT": hub.url, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    pulled = subprocess.run(
        [sys.executable, "-m", "callcore", "models", "pull", HUB_ID],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert pulled.returncode == 0, pulled.stderr
    assert (tmp_path / "models" / "whisper-mini" / "model.bin").read_bytes() == FILES["model.bin"]


def test_a_bar_is_drawn_on_a_terminal(hub: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert run(["models", "pull", HUB_ID]) == 0
    error = capsys.readouterr().err
    assert "model.bin" in error
    assert "━" in error


@pytest.mark.parametrize("command", ["list", "pull", "add", "remove", "verify", "path"])
def test_every_command_has_examples(command: str, capsys: pytest.CaptureFixture[str]):
    assert run(["models", command, "--help"]) == 0
    assert f"callcore models {command}" in click.unstyle(capsys.readouterr().out)
