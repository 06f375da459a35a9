"""Which models are found, what a name means, what "auto" takes, and what broken models say."""

from __future__ import annotations

import json
import os
import shutil
import socket
from pathlib import Path

import pytest
from model_hub import model_files, tokenizer, weights, write_model

from callcore.config import ModelSettings
from callcore.errors import LanguageUnsupported, ModelCorrupt, ModelNotFound
from callcore.models.files import HashCache
from callcore.models.install import add
from callcore.models.registry import Place, find_models, language_code, resolve

TINY = {"payload_bytes": 100}
BUNDLED = {"starter-zh", "starter-en"}


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch):
    """Finding a model must never ask the network: every attempt fails the test."""

    def refuse(*_: object, **__: object):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder and a hub cache of the test's own."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr("callcore.models.files.data_folder", lambda: tmp_path / "data" / "callcore")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path


@pytest.fixture
def settings(home: Path) -> ModelSettings:
    return ModelSettings(folder=home / "models")


def cache_like_the_hub_library(home: Path, hub_id: str, files: dict[str, bytes]) -> Path:
    """What other programs leave in the Hugging Face cache: blobs, and a snapshot of links to them."""
    repo = home / "hub" / f"models--{hub_id.replace('/', '--')}"
    commit = "f" * 40
    snapshot = repo / "snapshots" / commit
    snapshot.mkdir(parents=True)
    (repo / "blobs").mkdir()
    (repo / "refs").mkdir()
    (repo / "refs" / "main").write_text(commit, encoding="ascii")
    for name, content in files.items():
        (repo / "blobs" / name).write_bytes(content)
        (snapshot / name).symlink_to(repo / "blobs" / name)
    return snapshot


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_bundled_models_are_there_without_doing_anything(settings: ModelSettings, language: str):
    model = resolve("auto", language, settings)
    assert (model.name, model.place, model.languages) == (f"starter-{language}", Place.BUNDLED, (language,))
    assert model.synthetic_only
    assert len(model.model_hash) == 64
    assert resolve(f"starter-{language}", f"{language}-XX", settings) == model


def test_without_a_language_the_bundled_model_is_the_mandarin_one(settings: ModelSettings):
    assert resolve("auto", None, settings).name == "starter-zh"
    assert resolve("starter", "zh-CN", settings).name == "starter-zh"


def test_the_hash_follows_the_contents_and_nothing_else(settings: ModelSettings, home: Path):
    first = write_model(home / "a", model_files(**TINY))
    second = write_model(home / "b", model_files(**TINY))
    (second / "README.md").write_text("not part of the model", encoding="utf-8")
    other = write_model(home / "c", model_files(seed=2, **TINY))
    hashes = [resolve(str(folder), None, settings).model_hash for folder in (first, second, other)]
    assert hashes[0] == hashes[1] != hashes[2]


def test_a_file_is_read_for_its_checksum_only_once(settings: ModelSettings, home: Path, monkeypatch):
    folder = str(write_model(home / "own", model_files(**TINY)))
    before = resolve(folder, None, settings)

    def read_again(*_: object):
        raise AssertionError("read again")

    monkeypatch.setattr("callcore.models.files.sha256_of", read_again)
    assert resolve(folder, None, settings) == before
    os.utime(Path(folder) / "model.bin", ns=(1, 1))
    with pytest.raises(AssertionError, match="read again"):
        resolve(folder, None, settings)


def test_a_damaged_or_unwritable_hash_cache_is_no_obstacle(settings: ModelSettings, home: Path):
    folder = str(write_model(home / "own", model_files(**TINY)))
    before = resolve(folder, None, settings)
    cache = home / "data" / "callcore" / "model-hashes.json"
    cache.write_text("{ damaged", encoding="utf-8")
    assert resolve(folder, None, settings) == before
    shutil.rmtree(cache.parent)
    cache.parent.write_text("a file where the folder should be", encoding="utf-8")
    assert resolve(folder, None, settings) == before


def test_the_hash_cache_forgets_files_that_are_gone(home: Path):
    cache = HashCache(home / "cache.json")
    for name in ("one", "two"):
        (home / name).write_bytes(name.encode())
        cache.entries([home / name])
    (home / "one").unlink()
    (home / "three").write_bytes(b"three")
    cache.entries([home / "three"])
    assert {Path(path).name for path in json.loads((home / "cache.json").read_text())} == {"two", "three"}


def test_a_folder_nobody_described_is_understood_from_its_files(settings: ModelSettings, home: Path):
    folder = write_model(home / "own", model_files(("en", "zh", "yue"), window_s=20, **TINY))
    model = resolve(str(folder), "yue", settings)
    assert model.languages == ("en", "zh", "yue")
    assert (model.window_s, model.padding_s, model.synthetic_only) == (20, None, False)
    assert model.place is Place.FOLDER


def test_an_english_only_model_speaks_english_only(settings: ModelSettings, home: Path):
    files = {**model_files(**TINY), "tokenizer.json": tokenizer(("en", "zh"), start=50_257)}
    folder = str(write_model(home / "english", files))
    assert resolve(folder, "en", settings).languages == ("en",)
    with pytest.raises(LanguageUnsupported, match="zh") as caught:
        resolve(folder, "zh", settings)
    assert "--model starter-zh" in caught.value.hint


def test_a_trainers_record_tells_how_to_use_its_weights(settings: ModelSettings, home: Path):
    folder = write_model(home / "own", model_files(**TINY))
    entries = HashCache().entries([folder / name for name in model_files(**TINY)])
    record = {
        "format": 1,
        "name": "bank-zh",
        "source": "trained here",
        "files": {name: entry.model_dump() for name, entry in entries.items()},
        "facts": {"languages": ["zh"], "window_s": 12.0, "padding_s": 0.7, "padding_measured": True},
    }
    (folder / "callcore-model.json").write_text(json.dumps(record), encoding="utf-8")
    model = resolve(str(folder), "zh", settings)
    assert (model.name, model.languages, model.window_s, model.padding_s) == ("bank-zh", ("zh",), 12, 0.7)
    add(folder, settings)
    assert resolve("bank-zh", "zh", settings).padding_s == 0.7


def test_auto_takes_the_best_that_knows_the_language(settings: ModelSettings, home: Path):
    add(write_model(home / "ours", model_files(("en", "zh"), **TINY)), settings)
    assert resolve("auto", "zh", settings).name == "ours"  # people's speech before synthetic
    assert resolve("auto", "en", settings).name == "ours"
    cache_like_the_hub_library(home, "Systran/faster-whisper-base", model_files(**TINY))
    assert resolve("auto", "zh", settings).name == "base"


def test_auto_prefers_many_languages_when_none_is_given(settings: ModelSettings, home: Path):
    add(write_model(home / "several", model_files(("en", "zh"), **TINY)), settings)
    one = write_model(home / "one", model_files(("zh",), seed=3, **TINY))
    facts = {"languages": ["zh"], "quality_rank": 99}
    files = {name: entry.model_dump() for name, entry in HashCache().entries(one.iterdir()).items()}
    record = {"name": "one", "source": "here", "files": files, "facts": facts}
    (one / "callcore-model.json").write_text(json.dumps(record), encoding="utf-8")
    add(one, settings)
    assert resolve("auto", None, settings).name == "several"
    assert resolve("auto", "auto", settings).name == "several"
    assert resolve("auto", "zh", settings).name == "one"


def test_models_in_the_hub_cache_are_used_and_incomplete_ones_are_not(settings: ModelSettings, home: Path):
    snapshot = cache_like_the_hub_library(home, "Systran/faster-whisper-tiny", model_files(**TINY))
    model = resolve("tiny", "en", settings)
    assert (model.name, model.place, model.folder) == ("tiny", Place.HUB_CACHE, snapshot)
    assert resolve("Systran/faster-whisper-tiny", None, settings) == model
    (snapshot / "tokenizer.json").unlink()
    assert {found.name for found in find_models(settings)} == BUNDLED
    with pytest.raises(ModelNotFound, match="not installed"):
        resolve("tiny", "en", settings)


def test_any_hub_id_in_the_hub_cache_can_be_named(settings: ModelSettings, home: Path):
    cache_like_the_hub_library(home, "acme/our-whisper", model_files(**TINY))
    assert resolve("acme/our-whisper", "en", settings).name == "our-whisper"


@pytest.mark.parametrize(
    ("name", "language", "error", "says", "command"),
    [
        ("base", "zh", ModelNotFound, "not installed", "callcore models pull base"),
        ("turbo", None, ModelNotFound, "large-v3-turbo", "callcore models pull large-v3-turbo"),
        ("acme/own", None, ModelNotFound, "acme/own", "callcore models pull acme/own"),
        ("nonesuch", None, ModelNotFound, "starter-zh", "callcore models list"),
        ("./nowhere", None, ModelNotFound, "./nowhere", "path"),
        ("auto", "de", LanguageUnsupported, "de", "callcore models pull small"),
        ("auto", "xx", LanguageUnsupported, "no model knows", "zh or en"),
        ("starter-zh", "de", LanguageUnsupported, "only zh", "callcore models pull small"),
        ("starter-zh", "en", LanguageUnsupported, "only zh", "--model starter-en"),
        ("starter-zh", "xx", LanguageUnsupported, "only zh", "No model of callcore"),
    ],
)
def test_what_cannot_be_had_is_said_with_the_command_that_helps(
    settings: ModelSettings, name: str, language: str | None, error: type, says: str, command: str
):
    with pytest.raises(error) as caught:
        resolve(name, language, settings)
    assert says in caught.value.message
    assert command in caught.value.hint
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda folder: (folder / "model.bin").unlink(), "model.bin missing"),
        (lambda folder: (folder / "vocabulary.json").unlink(), "vocabulary.json"),
        (lambda folder: (folder / "tokenizer.json").write_bytes(b""), "tokenizer.json"),
        (lambda folder: (folder / "config.json").write_bytes(b'{"a": '), "config.json"),
        (lambda folder: (folder / "config.json").write_bytes(b"\xff\xfe\x00"), "config.json"),
        (lambda folder: os.truncate(folder / "model.bin", 60), "model.bin has 60 bytes"),
        (lambda folder: os.truncate(folder / "model.bin", 0), "model.bin has 0 bytes"),
        (lambda folder: (folder / "model.bin").write_bytes(weights(100, seed=9)), "checksum of model.bin"),
        (lambda folder: (folder / "callcore-model.json").write_bytes(b"{"), "callcore-model.json is damaged"),
    ],
)
def test_a_broken_installed_model_says_what_and_how_to_mend_it(settings: ModelSettings, home: Path, damage, says: str):
    model = add(write_model(home / "ours", model_files(**TINY)), settings)
    damage(model.folder)
    with pytest.raises(ModelCorrupt, match="ours") as caught:
        resolve("ours", "zh", settings)
    assert says in caught.value.message
    assert "callcore models add PATH --name ours --force" in caught.value.hint


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "empty"), (weights(100)[:50], "cut short"), (b"<html>", "not a CTranslate2"), (weights(9, "X"), "no Whis")],
)
def test_a_folder_with_broken_weights_says_so_without_any_checksum(
    settings: ModelSettings, home: Path, content: bytes, says: str
):
    folder = write_model(home / "own", {**model_files(**TINY), "model.bin": content})
    with pytest.raises(ModelCorrupt, match=says):
        resolve(str(folder), "zh", settings)


def test_a_changed_bundled_model_is_noticed(settings: ModelSettings, home: Path, starter_model: Path, monkeypatch):
    shutil.copytree(starter_model.parent, home / "models-copy")
    (home / "callcore").mkdir()
    (home / "models-copy").rename(home / "models")
    monkeypatch.setattr("callcore.paths.PACKAGE", home / "callcore")
    weights_file = home / "models" / "starter-zh" / "model.bin"
    content = bytearray(weights_file.read_bytes())
    content[-100] ^= 1
    weights_file.write_bytes(content)
    with pytest.raises(ModelCorrupt, match=r"checksum of model\.bin"):
        resolve("starter-zh", "zh", ModelSettings(folder=home / "none"))
    weights_file.write_bytes(content[:1000])
    with pytest.raises(ModelCorrupt, match="1000 bytes instead of"):
        resolve("auto", "zh", ModelSettings(folder=home / "none"))


def test_auto_says_so_rather_than_quietly_taking_a_worse_model(settings: ModelSettings, home: Path):
    model = add(write_model(home / "ours", model_files(**TINY)), settings)
    for content in (weights(100, seed=9), weights(100)[:70], b""):
        (model.folder / "model.bin").write_bytes(content)
        with pytest.raises(ModelCorrupt, match="ours"):
            resolve("auto", "zh", settings)


def test_a_model_too_broken_to_tell_its_languages_is_left_out_and_named(
    settings: ModelSettings, home: Path, caplog: pytest.LogCaptureFixture
):
    model = add(write_model(home / "ours", model_files(**TINY)), settings)
    (model.folder / "tokenizer.json").unlink()
    assert resolve("auto", "zh", settings).name == "starter-zh"
    assert "ours" in caplog.text
    assert "tokenizer.json missing" in caplog.text


def test_a_folder_copied_in_half_by_hand_is_mended_by_a_pull(settings: ModelSettings, home: Path):
    files = model_files(**TINY)
    write_model(home / "models" / "base", {**files, "model.bin": files["model.bin"][:50]})
    with pytest.raises(ModelCorrupt, match="cut short") as caught:
        resolve("base", "zh", settings)
    assert "callcore models pull base --force" in caught.value.hint


def test_folders_that_hold_no_model_are_no_models(settings: ModelSettings, home: Path):
    (home / "models" / "notes").mkdir(parents=True)
    (home / "models" / "notes" / "todo.txt").write_text("nothing", encoding="utf-8")
    write_model(home / "models" / ".hidden")
    assert {model.name for model in find_models(settings)} == BUNDLED


@pytest.mark.parametrize(
    ("given", "code"), [(None, None), ("auto", None), ("zh", "zh"), ("zh-CN", "zh"), ("EN_us", "en"), ("yue", "yue")]
)
def test_languages_are_reduced_to_what_models_know(given: str | None, code: str | None):
    assert language_code(given) == code
