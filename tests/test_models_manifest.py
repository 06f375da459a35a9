"""The manifest, and the look into model.bin."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_hub import manifest_text, model_files, weights

from callcore.errors import ModelError
from callcore.models.manifest import load_manifest, read_manifest
from callcore.models.weights import WeightsFault, check_weights

SMALL = weights(payload_bytes=64)


def test_the_shipped_manifest_knows_the_published_sizes_by_name_alias_and_hub_id():
    manifest = load_manifest()
    for name in ("starter-zh", "starter-en", "tiny", "base", "small", "medium", "large-v3", "large-v3-turbo"):
        assert manifest.find(name) is not None
    assert manifest.find("turbo") is manifest.find("mobiuslabsgmbh/faster-whisper-large-v3-turbo")
    assert manifest.find("Systran/faster-whisper-base") is manifest.find("BASE")
    assert manifest.find("nonesuch") is None


def test_published_sizes_are_those_faster_whisper_fetches():
    from faster_whisper import utils

    for row in load_manifest():
        if not row.bundled:
            assert utils._MODELS[row.name] == row.source.huggingface


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_starters_rows_give_the_checksums_of_the_bundled_files(starter_model: Path, language: str):
    starter_model = starter_model.with_name(f"starter-{language}")
    row = load_manifest().find(starter_model.name)
    assert row is not None
    assert row.languages == (language,)
    assert row.synthetic_only
    assert row.window_s == json.loads((starter_model / "preprocessor_config.json").read_text())["chunk_length"]
    for name, entry in row.files.items():
        content = (starter_model / name).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (entry.size, entry.sha256)


def test_weights_that_lose_words_when_trimmed_are_padded_whole():
    turbo = load_manifest().find("turbo")
    assert turbo is not None
    assert turbo.facts.padding_s is None


def test_a_better_model_is_suggested_for_a_language_somebody_knows():
    manifest = load_manifest()
    assert manifest.suggestion("zh") is manifest.find("small")
    assert manifest.suggestion("yue") is manifest.find("large-v3")
    assert manifest.suggestion("tlh") is None


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda text: text.replace('name = "mini"', 'name = "../mini"'), "name"),
        (lambda text: text.replace("format = 1", "format = 2"), "format"),
        (lambda text: text.replace('languages = ["en", "zh"]', 'languages = ["@nonesuch"]'), "nonesuch"),
        (lambda text: text.replace('aliases = ["smallest"]', 'aliases = ["mini"]'), "two models"),
        (lambda text: text.replace('"model.bin"', '"other.bin"'), "model.bin"),
        (lambda text: text.replace("padding_s = 1.5", 'padding_s = "some"'), "padding_s"),
        (lambda text: text + "= nonsense", "cannot be read"),
    ],
)
def test_a_wrong_manifest_is_refused_with_the_place(tmp_path: Path, change, complaint: str):
    file = tmp_path / "manifest.toml"
    file.write_text(change(manifest_text(model_files(payload_bytes=10))), encoding="utf-8")
    with pytest.raises(ModelError, match=complaint):
        read_manifest(file)


def test_the_weights_of_the_starter_model_and_of_the_fake_are_whole(tmp_path: Path, starter_model: Path):
    check_weights(starter_model / "model.bin")
    (tmp_path / "model.bin").write_bytes(SMALL)
    check_weights(tmp_path / "model.bin")


@given(length=st.integers(0, len(SMALL) - 1))
def test_weights_cut_anywhere_are_noticed(tmp_path_factory: pytest.TempPathFactory, length: int):
    file = tmp_path_factory.getbasetemp() / "cut.bin"
    file.write_bytes(SMALL[:length])
    with pytest.raises(WeightsFault):
        check_weights(file)


@given(content=st.binary(max_size=300), headed=st.booleans())
def test_anything_else_is_refused_and_nothing_else_raised(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, headed: bool
):
    file = tmp_path_factory.getbasetemp() / "noise.bin"
    file.write_bytes(SMALL[:19] + content if headed else content)
    with pytest.raises(WeightsFault):
        check_weights(file)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS"),
        (b"<!DOCTYPE html><html>sign in</html>", "not a CTranslate2 model"),
        (json.dumps({"a": 1}).encode(), "not a CTranslate2 model"),
        (weights(10, spec="TransformerSpec"), "no Whisper"),
        (b"\x07" + SMALL[1:], "newer"),
        (SMALL + b"tail", "4 bytes more"),
        (SMALL[:-5], "cut short"),
    ],
)
def test_what_is_wrong_with_weights_is_said(tmp_path: Path, content: bytes, complaint: str):
    (tmp_path / "model.bin").write_bytes(content)
    with pytest.raises(WeightsFault, match=complaint):
        check_weights(tmp_path / "model.bin")
