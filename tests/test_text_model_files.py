"""The text models as files: what they answer, where they lie, and what is refused."""

from __future__ import annotations

import hashlib
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from callcore.engines.text_model import EXCLUSIVE, OnnxTextModel
from callcore.errors import ModelCorrupt, ModelNotFound
from callcore.models.manifest import Manifest, load_manifest
from callcore.models.readers import named_reader_folder, reader_folder
from callcore.paths import bundled_models_folder
from callcore.understand.catalogue import Catalogue
from callcore.understand.entities import plain_words
from callcore.understand.features import VERSION, features
from callcore.understand.telling import strongest
from callcore.understand.text_reader import CIRCUMPLEX, TextReader

TEXTS = ("我的信用卡被盗刷了", "I lost my card", "", "。。。", "谢谢你" * 200)


@pytest.fixture(scope="module")
def model() -> OnnxTextModel:
    return OnnxTextModel(reader_folder("text", "zh"), VERSION)


@pytest.fixture
def own(tmp_path) -> Path:
    """A copy of the model that a test may spoil."""
    return shutil.copytree(reader_folder("text", "zh"), tmp_path / "own")


def change_card(folder: Path, **changes: object) -> dict:
    card = json.loads((folder / "model.json").read_text(encoding="utf-8")) | changes
    (folder / "model.json").write_text(json.dumps(card), encoding="utf-8")
    return card


def replace_file(folder: Path, name: str, content: bytes) -> None:
    """Another content, with its own checksum on the card."""
    (folder / name).write_bytes(content)
    files = json.loads((folder / "model.json").read_text(encoding="utf-8"))["files"]
    entry = {"size": max(1, len(content)), "sha256": hashlib.sha256(content).hexdigest()}
    change_card(folder, files=files | {name: entry})


@pytest.mark.parametrize("text", TEXTS)
def test_probabilities_are_probabilities(model, text):
    grams = features(text).grams
    found = model.classify(grams)
    assert set(found) == set(model.heads)
    for head, values in found.items():
        assert values.shape == (len(model.heads[head]),)
        assert ((values >= 0) & (values <= 1)).all()
        if head in EXCLUSIVE:
            assert float(values.sum()) == pytest.approx(1, abs=1e-4)
    read, evidence = model.read(grams)
    assert all(np.array_equal(np.float32(read[head]), found[head]) for head in found)
    assert evidence.shape == (max(1, len(grams)), sum(map(len, model.heads.values())))


@given(arrays.arrays(np.uint32, arrays.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=30)))
@settings(max_examples=30)
def test_grams_that_no_text_has_are_taken(grams):
    model = OnnxTextModel(reader_folder("text", "en"), VERSION)
    assert all(np.isfinite(values).all() for values in model.classify(grams).values())
    rows = model.rows(grams)
    assert rows.shape == grams.shape
    assert (rows >= 0).all()
    assert not rows[grams == 0].any()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_labels_are_those_of_the_catalogue(language):
    heads = OnnxTextModel(reader_folder("text", language), VERSION).heads
    catalogue = Catalogue.load()
    known = {
        "category": catalogue.taxonomy.category,
        "topic": catalogue.taxonomy.topic,
        "intent": catalogue.taxonomy.intent,
        "caller": catalogue.taxonomy.caller,
        "cause": catalogue.causes.cause,
    }
    for head, items in known.items():
        assert set(heads[head]) - {"none"} <= {item.code for item in items}, head
    assert set(heads["emotion"]) == set(CIRCUMPLEX)


def test_threads_share_it(model):
    grams = [features(text).grams for text in TEXTS * 8]
    alone = [model.classify(one)["category"] for one in grams]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda one: model.classify(one)["category"], grams))
    assert all(np.array_equal(one, other) for one, other in zip(alone, together, strict=True))


def test_the_words_that_show_a_label_lie_in_the_turn(model):
    words = plain_words("您好我想问一下我的信用卡被盗刷了怎么办")
    scores = TextReader(model).score(words)
    topics = scores.heads["topic"]
    first, end = scores.shown("topic", max(topics, key=topics.__getitem__))
    assert 0 <= first < end <= len(words)
    assert scores.shown("topic", min(topics, key=topics.__getitem__)) == (0, 0)


@given(st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=8))
def test_the_strongest_range_is_never_empty_and_inside(adds):
    first, end = strongest(adds)
    assert 0 <= first < end <= len(adds)


@given(st.lists(st.integers(-100, 100), min_size=1, max_size=8))
def test_no_range_adds_more_than_the_strongest(adds):
    def excess(first: int, end: int) -> int:  # in whole numbers: beyond the mean, times how many there are
        return len(adds) * sum(adds[first:end]) - (end - first) * sum(adds)

    first, end = strongest(adds)
    ends = {end, end - 1} if end == len(adds) else {end - 1}  # an n-gram reaches on from where it begins
    most = max(excess(a, b) for a in range(len(adds)) for b in range(a + 1, len(adds) + 1))
    assert most == pytest.approx(max(excess(first, one) for one in ends if one > first), abs=1e-6)


def test_the_strongest_range_is_where_the_weight_lies():
    assert strongest([0, 9, 9, 0, 0]) == (1, 4)  # an n-gram reaches on from where it begins
    assert strongest([5, 0, 0, 0, 0]) == (0, 2)


# What is refused


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(ModelNotFound, match="no text model"):
        OnnxTextModel(tmp_path, VERSION)


@pytest.mark.parametrize("name", ["model.onnx", "grams.bin"])
def test_a_file_that_is_missing_or_differs(own, name):
    file = own / name
    file.write_bytes(file.read_bytes() + b"x")
    with pytest.raises(ModelCorrupt, match="checksum"):
        OnnxTextModel(own, VERSION)
    file.unlink()
    with pytest.raises(ModelCorrupt, match=name):
        OnnxTextModel(own, VERSION)


def test_a_model_made_for_other_features(own):
    with pytest.raises(ModelCorrupt, match=f"features {VERSION}, not {VERSION + 1}"):
        OnnxTextModel(own, VERSION + 1)


@pytest.mark.parametrize("content", ["", "[]", "{}", "{", '{"format": 2}'])
def test_a_card_that_is_none(own, content):
    (own / "model.json").write_text(content)
    with pytest.raises(ModelCorrupt, match="no card"):
        OnnxTextModel(own, VERSION)


@pytest.mark.parametrize(
    "changes",
    [{"thresholds": {"topic": 1.5}}, {"files": {}}, {"format": 9}, {"heads": 3}],
)
def test_a_card_with_values_that_cannot_be(own, changes):
    change_card(own, **changes)
    with pytest.raises(ModelCorrupt):
        OnnxTextModel(own, VERSION)


def test_a_card_with_other_labels_than_the_graph(own):
    heads = json.loads((own / "model.json").read_text(encoding="utf-8"))["heads"]
    change_card(own, heads=heads | {"category": ["none"]})
    with pytest.raises(ModelCorrupt, match="number of labels"):
        OnnxTextModel(own, VERSION)


def test_graphs_that_are_none_or_of_something_else(own):
    replace_file(own, "model.onnx", b"no graph")
    with pytest.raises(ModelCorrupt, match="no usable ONNX model"):
        OnnxTextModel(own, VERSION)
    replace_file(own, "model.onnx", (bundled_models_folder() / "voice-mood" / "voice.onnx").read_bytes())
    with pytest.raises(ModelCorrupt, match="not one of callcore's text models"):
        OnnxTextModel(own, VERSION)


def test_a_table_of_broken_length(own):
    replace_file(own, "grams.bin", (own / "grams.bin").read_bytes()[:-1])
    with pytest.raises(ModelCorrupt, match=r"grams\.bin"):
        OnnxTextModel(own, VERSION)


# Where they lie


def test_every_bundled_model_is_where_the_manifest_says():
    for row in load_manifest().reader:
        folder = named_reader_folder(row.name)
        assert hashlib.sha256((folder / "model.json").read_bytes()).hexdigest() == row.card.sha256
        assert (folder / "model.json").stat().st_size == row.card.size
        for language in row.languages:
            if row.kind != "yardstick":
                assert reader_folder(row.kind, language) == folder


def test_languages_and_names_without_a_model():
    with pytest.raises(ModelNotFound, match="reads fr"):
        reader_folder("text", "fr")
    with pytest.raises(ModelNotFound, match="named nothing"):
        named_reader_folder("nothing")


def test_a_bundled_model_that_is_missing_or_changed(tmp_path, monkeypatch):
    monkeypatch.setattr("callcore.models.readers.bundled_models_folder", lambda: tmp_path)
    with pytest.raises(ModelNotFound, match="understand-zh") as error:
        reader_folder("text", "zh")
    assert "Install callcore again." in error.value.hint
    folder = tmp_path / "understand-zh"
    shutil.copytree(bundled_models_folder() / "understand-zh", folder)
    assert reader_folder("text", "zh") == folder
    change_card(folder, version="9")
    with pytest.raises(ModelCorrupt, match="checksum"):
        reader_folder("text", "zh")


def test_yardsticks_read_no_calls(monkeypatch):
    row = {"name": "yard", "kind": "yardstick", "languages": ["fr"], "licence": "x"}
    card = {"size": 1, "sha256": "0" * 64}
    manifest = Manifest.model_validate({"format": 1, "model": [], "reader": [{**row, "card": card}]})
    monkeypatch.setattr("callcore.models.readers.load_manifest", lambda: manifest)
    with pytest.raises(ModelNotFound):
        reader_folder("text", "fr")
