"""``callcore doctor``: what it finds, what it advises, and that only real obstacles fail it."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from model_hub import model_files, serving, write_model

from callcore import doctor
from callcore.capture.devices import AudioDevice
from callcore.cli import run
from callcore.config import ModelSettings, Settings, StoreSettings
from callcore.doctor import Finding, Status, examine
from callcore.engines import hardware
from callcore.errors import MissingExtra
from callcore.store import Store
from callcore.store.features import SqliteFeatures, sqlite_features


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr("callcore.models.files.data_folder", lambda: tmp_path / "data" / "callcore")
    monkeypatch.setattr("callcore.doctor.data_folder", lambda: tmp_path / "data" / "callcore")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("CALLCORE_MODELS__FOLDER", str(tmp_path / "models"))
    monkeypatch.setenv("CALLCORE_STORE__DB", str(tmp_path / "calls.db"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(models=ModelSettings(folder=tmp_path / "models"), store=StoreSettings(db=tmp_path / "calls.db"))


def of(check: str, findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.check == check]


def test_a_fresh_machine_can_work_and_is_told_about_the_starter_model(settings: Settings):
    findings = examine(settings)
    assert [finding for finding in findings if finding.status is Status.BROKEN] == []
    checks = {finding.check for finding in findings}
    assert checks >= {"python", "packages", "processor", "cores", "memory", "gpu", "models", "audio devices", "sqlite"}
    assert checks >= {"data folder", "database", "models folder", "current folder"}
    assert "network" not in checks
    (model,) = of("models", findings)
    assert "synthetic" in model.fix
    assert "callcore models pull small" in model.fix
    assert all(finding.fix for finding in findings if finding.status is not Status.OK)


def test_nothing_touches_the_network_unless_asked(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object, **__: object):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    examine(settings)


def test_the_hub_is_asked_on_request(settings: Settings):
    with serving({}) as hub:
        here = settings.model_copy(update={"models": ModelSettings(hub_endpoint=hub.url)})
        (finding,) = of("network", examine(here, network=True))
        assert finding.status is Status.OK
        assert hub.requests == [("HEAD", "/", "")]
    (finding,) = of("network", examine(here, network=True))
    assert finding.status is Status.WARNING
    assert "HF_ENDPOINT" in finding.fix


def test_a_folder_is_tried_and_left_as_it_was(settings: Settings, tmp_path: Path):
    before = sorted(tmp_path.rglob("*"))
    examine(settings)
    changed = set(tmp_path.rglob("*")) - set(before)
    assert {path.name for path in changed} <= {"data", "callcore", "model-hashes.json"}


def test_a_database_folder_that_cannot_be_written_is_an_obstacle(settings: Settings, tmp_path: Path):
    (tmp_path / "file").write_bytes(b"")
    there = settings.model_copy(update={"store": StoreSettings(db=tmp_path / "file" / "calls.db")})
    (finding,) = of("database", examine(there))
    assert finding.status is Status.BROKEN
    assert "store.db" in finding.fix


def test_a_full_disk_is_a_warning(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 5e8}))
    (finding,) = of("database", examine(settings))
    assert finding.status is Status.WARNING
    assert "0.5 GB free" in finding.message


def test_a_missing_model_or_package_is_an_obstacle(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    recognise = settings.recognise.model_copy(update={"model": "base"})
    (finding,) = of("models", examine(settings.model_copy(update={"recognise": recognise})))
    assert finding.status is Status.BROKEN
    assert "callcore models pull base" in finding.fix
    monkeypatch.setattr(doctor, "PACKAGES", ("numpy", "no-such-package"))
    (finding,) = of("packages", examine(settings))
    assert finding.status is Status.BROKEN
    assert "no-such-package" in finding.message


def test_broken_models_are_listed_beside_the_one_in_use(settings: Settings, tmp_path: Path):
    write_model(tmp_path / "models" / "base", {**model_files(payload_bytes=10), "model.bin": b""})
    recognise = settings.recognise.model_copy(update={"model": "starter-zh"})
    broken, used = of("models", examine(settings.model_copy(update={"recognise": recognise})))
    assert "base: model.bin is empty" in broken.message
    assert "callcore models pull base --force" in broken.fix
    assert "starter-zh (bundled)" in used.message


def test_missing_portaudio_is_a_warning_with_the_systems_own_command(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    def missing() -> list[AudioDevice]:
        raise MissingExtra("the PortAudio library is missing.")

    monkeypatch.setattr("callcore.capture.devices.audio_devices", missing)
    for system, command in [("Linux", "apt install libportaudio2"), ("Darwin", "brew install"), ("Windows", "pip")]:
        monkeypatch.setattr(doctor.platform, "system", lambda system=system: system)
        (finding,) = of("audio devices", examine(settings))
        assert (finding.status, command in finding.fix) == (Status.WARNING, True)


def test_microphones_are_named(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    devices = [AudioDevice("Headset", 1, 2, 48_000.0), AudioDevice("Speaker", 0, 2, 48_000.0)]
    monkeypatch.setattr("callcore.capture.devices.audio_devices", lambda: devices)
    (finding,) = of("audio devices", examine(settings))
    assert (finding.status, finding.message) == (Status.OK, "1 input(s): Headset")


def test_an_sqlite_without_full_text_search_is_an_obstacle(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("callcore.store.features.sqlite_features", lambda: SqliteFeatures("3.8.0", False, False, True))
    (finding,) = of("sqlite", examine(settings))
    assert (finding.status, finding.message) == (Status.BROKEN, "3.8.0 lacks fts5, trigram")


def test_the_sqlite_here_is_tried_for_real():
    features = sqlite_features()
    assert features.fts5
    assert features.trigram
    assert features.json


def test_the_processor_here_computes_in_float32_at_least():
    assert "float32" in hardware.cpu_compute_types()
    assert (hardware.cuda_devices() == 0) == (hardware.cuda_compute_types() == ())


@pytest.mark.parametrize(
    ("driver", "card", "status", "says"),
    [(True, True, Status.WARNING, "CUDA 12"), (False, True, Status.WARNING, "driver"), (False, False, Status.OK, "")],
)
def test_a_gpu_that_cannot_be_used_is_explained(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, driver: bool, card: bool, status: Status, says: str
):
    monkeypatch.setattr(hardware, "cuda_devices", lambda: 0)
    monkeypatch.setattr(doctor.shutil, "which", lambda _: "/usr/bin/nvidia-smi" if driver else None)
    monkeypatch.setattr(doctor, "_nvidia_card", lambda: card)
    (finding,) = of("gpu", examine(settings))
    assert finding.status is status
    assert says in finding.fix


def test_a_usable_gpu_is_named_with_what_it_computes(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(hardware, "cuda_devices", lambda: 2)
    monkeypatch.setattr(hardware, "cuda_compute_types", lambda: ("float16", "int8_float16"))
    (finding,) = of("gpu", examine(settings))
    assert (finding.status, finding.message) == (Status.OK, "2 CUDA device(s); computes float16, int8_float16")


def test_an_nvidia_card_is_seen_on_the_bus(tmp_path: Path):
    for name, vendor, kind in [("a", "0x8086", "0x030000"), ("b", "0x10de", "0x040300"), ("c", "0x10de", "0x030200")]:
        (tmp_path / name).mkdir()
        (tmp_path / name / "vendor").write_text(vendor + "\n", encoding="ascii")
        (tmp_path / name / "class").write_text(kind + "\n", encoding="ascii")
    (tmp_path / "d").mkdir()
    assert doctor._nvidia_card(tmp_path)
    (tmp_path / "c" / "vendor").write_text("0x8086\n", encoding="ascii")
    assert not doctor._nvidia_card(tmp_path)
    assert not doctor._nvidia_card(tmp_path / "none")


def test_a_slow_processor_is_a_warning(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(doctor.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(doctor, "_cpu_model_and_flags", lambda: ("Old", frozenset({"sse4_2"})))
    (finding,) = of("processor", examine(settings))
    assert (finding.status, "AVX2" in finding.fix) == (Status.WARNING, True)
    monkeypatch.setattr(hardware, "cpu_compute_types", lambda: ("float32",))
    (finding,) = of("processor", examine(settings))
    assert "int8" in finding.fix


def test_a_container_with_less_cpu_than_cores_is_told(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(doctor, "_cgroup_cpus", lambda: 0.5)
    (finding,) = of("cores", examine(settings))
    assert finding.status is Status.WARNING
    assert "recognise.workers to 1" in finding.fix


@pytest.mark.parametrize("content", [b"junk " * 1000, b"junk"])
def test_a_database_that_cannot_be_opened_is_an_obstacle(settings: Settings, tmp_path: Path, content: bytes):
    (tmp_path / "calls.db").write_bytes(content)
    (finding,) = of("database", examine(settings))
    assert (finding.status, "not a callcore database" in finding.message) == (Status.BROKEN, True)
    assert "--db" in finding.fix


def test_a_database_is_looked_at_and_left_as_it_is(settings: Settings, tmp_path: Path):
    file = tmp_path / "calls.db"
    with Store.open(file):
        pass
    before = file.read_bytes()
    (finding,) = of("database", examine(settings))
    assert finding.status is Status.OK
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.glob("calls.db*")] == ["calls.db"]


def test_little_memory_is_a_warning(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(doctor, "_free_memory_bytes", lambda: 300_000_000)
    (finding,) = of("memory", examine(settings))
    assert (finding.status, finding.message) == (Status.WARNING, "0.3 GB free")


def test_a_check_that_fails_is_reported_and_the_others_go_on(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    def broken():
        raise OSError("no such thing")

    monkeypatch.setattr("callcore.store.features.sqlite_features", broken)
    findings = examine(settings)
    (finding,) = of("sqlite", findings)
    assert (finding.status, "no such thing" in finding.message) == (Status.BROKEN, True)
    assert of("current folder", findings)


def test_the_command_prints_a_line_a_check_and_its_fix(capsys: pytest.CaptureFixture[str]):
    assert run(["doctor"]) == 0
    text = capsys.readouterr().out
    assert "✓ python" in text
    assert "! models" in text
    assert "→ It knows synthetic speech only." in text


def test_the_command_fails_only_when_transcription_cannot_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("CALLCORE_RECOGNISE__MODEL", "nonesuch")
    assert run(["doctor", "--format", "json"]) == 1
    findings = json.loads(capsys.readouterr().out)
    (broken,) = [finding for finding in findings if finding["status"] == "broken"]
    assert broken["check"] == "models"
    assert "nonesuch" in broken["message"]
