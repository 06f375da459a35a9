"""What the text models are trained with: turns that a recogniser heard, the manifest's row, calibration and export."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcore.evaluate.labelled import LabelledTurn, read_corpus
from models.training.understand.enter import enter
from models.training.understand.heard import HEARD, HeardTurn, partly_heard, read_heard_turns
from models.training.understand.material import HERE, accompanied_turns

HAN = st.text("卡号转账限额查询办理", min_size=1, max_size=12)


def corpus(part: str) -> set[str]:
    return {turn.text for turn in read_corpus(HEARD.parent / part, "zh")}


def test_heard_turns_are_training_turns_and_no_test_turns():
    heard = set(read_heard_turns())
    assert len(heard) >= 6000
    assert not heard & corpus("test")
    assert len(heard & corpus("train")) >= 0.8 * len(heard)  # turns may have been reworded since


def test_training_and_measuring_hear_other_voices():
    pytest.importorskip("scipy")
    pytest.importorskip("cn2an")
    from benchmarks.heard_speech import VARIANTS
    from models.training.understand.heard_turns import CHECK_VOICES, VOICES

    groups = [set(VOICES), set(CHECK_VOICES), {variant.lstrip("+") for variant in VARIANTS}]
    assert len(set.union(*groups)) == sum(map(len, groups))


def test_what_is_said_beside_a_matter_takes_nothing_from_it():
    matter = LabelledTurn(
        "you charged me twice", "complaint", ("transfer.payment",), ("dispute",), ("charge.error",), "agitated",
        "angry", in_scope=True,
    )  # fmt: skip
    turns = [*(replace(matter, text=f"{matter.text} on day {day}") for day in range(40))]
    found = accompanied_turns(turns, "en", seed=1)
    assert len(found) == 16
    for turn in found:
        assert matter.text in turn.text
        assert len(turn.text) > len(f"{matter.text} on day 10")
        assert (turn.category, turn.topics, turn.causes) == (matter.category, matter.topics, matter.causes)
        assert (turn.caller, turn.emotion) == ("agitated", "angry")
        assert "dispute" in turn.intents
    assert accompanied_turns([replace(one, speaker="agent") for one in turns], "en", seed=1) == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_is_said_beside_matters_holds_none(language: str):
    for turn in read_corpus(HERE / f"beside_{language}.toml", language):
        assert (turn.category, turn.emotion, turn.caller, turn.topics) == ("none", "calm", "none", ())


def test_no_file_of_heard_turns_is_none(tmp_path):
    assert read_heard_turns(tmp_path / "heard.tsv") == {}


@given(HAN, HAN, st.floats(0, 1), st.integers())
def test_partly_heard_lies_between_said_and_heard(said: str, heard: str, kept: float, seed: int):
    turn = HeardTurn(said, heard)
    assert partly_heard(turn, 0.0, Random(seed)) == said
    assert partly_heard(turn, 1.1, Random(seed)) == heard
    assert set(partly_heard(turn, kept, Random(seed))) <= set(said + heard)


def test_marks_and_spaces_are_not_heard():
    assert partly_heard(HeardTurn("补卡,多少钱?", "不卡, 多少 钱。"), 1.1, Random(0)) == "不卡多少钱"


MANIFEST = """# kept
[[reader]]
name = "one"
kind = "text"
card = { size = 1, sha256 = "aa" }

[[reader]]
name = "one-more"
card = { size = 2, sha256 = "bb" }
"""


def test_the_row_of_a_model_gets_its_card(tmp_path: Path):
    manifest, card = tmp_path / "manifest.toml", tmp_path / "model.json"
    manifest.write_text(MANIFEST, encoding="utf-8")
    card.write_text("{}")
    enter(manifest, "one", card)
    one, more = tomllib.loads(manifest.read_text(encoding="utf-8"))["reader"]
    assert one["card"]["size"] == 2
    assert one["card"]["sha256"].startswith("44136fa355b3678a")
    assert more["card"] == {"size": 2, "sha256": "bb"}
    assert manifest.read_text(encoding="utf-8").startswith("# kept")
    with pytest.raises(SystemExit, match="0 rows of two"):
        enter(manifest, "two", card)


def test_rare_labels_count_more():
    from models.training.understand.heads import label_weights

    heads = {"topic": ("a", "b"), "emotion": ("calm", "angry")}
    wanted = np.array([[1, 0, 1, 0], [1, 0, 1, 0], [0, 1, 1, 0], [0, 0, 0, 1], [-1, -1, -1, -1]], dtype=np.float32)
    found = label_weights(wanted, np.array([1, 1, 1, 1, 0.5], dtype=np.float32), heads, {"topic": 1.5})
    assert found[2, 1] == 1.5  # three have it not, one has it: the root of 3, at most 1.5
    assert found[0, 0] == 1  # as many have it as have it not
    assert (found[3, 2:] > 1).all()
    assert (found[0, 2:] < 1).all()
    assert (found[4] == 0.5).all()


def some_sums(seed: int = 0, texts: int = 400, labels: int = 4):
    """Sums in which the network is right oftener than the machines, of texts with one label or none."""
    from models.training.understand.calibrate import Sums

    random = np.random.default_rng(seed)
    wanted = np.zeros((texts, labels), dtype=np.float32)
    for row, label in zip(wanted, random.integers(0, labels + 1, texts), strict=True):
        row[label : label + 1] = 1
    machines, network = (2 * wanted - 1 + spread * random.normal(size=wanted.shape) for spread in (1.5, 0.7))
    return Sums(machines.astype(np.float32), network.astype(np.float32)), wanted


@pytest.mark.parametrize(("head", "most"), [("topic", 0.08), ("category", 0.08)])
def test_what_is_calibrated_is_as_often_right_as_it_says(head: str, most: float):
    pytest.importorskip("torch")
    from callcore.evaluate.understanding import calibration_error
    from models.training.understand import calibrate

    sums, wanted = some_sums()
    if head == "category":
        rows = wanted.any(axis=1)
        sums, wanted = sums.at(rows, slice(None)), wanted[rows]
    scale = calibrate.scales(sums, wanted, {head: tuple("abcd")})[head]
    assert scale.network * 0.7 > scale.machines
    likely = calibrate.probabilities(sums, head, scale)
    right = wanted[np.arange(len(wanted)), likely.argmax(axis=1)] == 1
    assert calibration_error(likely.max(axis=1), right) < most


def test_a_threshold_of_scope_keeps_what_belongs_to_a_bank():
    pytest.importorskip("torch")
    from models.training.understand.calibrate import threshold_scope

    likely = np.array([[0.9], [0.8], [0.7], [0.3], [0.2]])
    aims = np.array([[1], [1], [1], [0], [0]])
    assert 0.29 < threshold_scope([(likely, aims)]) <= 0.7
    assert threshold_scope([(likely[:3], aims[:3])]) == 0.5


def test_the_graph_says_what_the_trained_model_says(tmp_path: Path):
    for library in ("torch", "onnx", "sklearn"):
        pytest.importorskip(library)
    from callcore.engines.text_model import OnnxTextModel
    from callcore.understand.features import VERSION, features
    from models.training.understand import calibrate
    from models.training.understand.calibrate import Scale
    from models.training.understand.export import write_folder
    from models.training.understand.heads import head_places, product_heads
    from models.training.understand.material import own_turns
    from models.training.understand.train import train_once

    turns, heads = own_turns("zh", 0)[:300], product_heads()
    trained = train_once(turns, [], heads, "zh", 0, rounds=1)
    scales = {head: Scale(2.0, 3.0, 0.5) for head in heads}
    scales["topic"] = Scale(2.0, 3.0, 0.5, rivals=0.4, sharpness=1.3, ceiling=0.93)
    card = {"format": 1, "name": "x", "version": "1", "language": "zh", "features": VERSION, "heads": heads}
    write_folder(tmp_path, trained, heads, scales, {**card, "thresholds": dict.fromkeys(heads, 0.5)})
    model = OnnxTextModel(tmp_path, VERSION)
    sums = trained.sums([turn.text for turn in turns[:20]])
    for place, turn in enumerate(turns[:20]):
        found = model.classify(features(turn.text).grams)
        for head, labels in head_places(heads).items():
            scale = scales[head] if head not in calibrate.EXCLUSIVE else Scale(2.0, 3.0)
            wanted = calibrate.probabilities(sums.at([place], labels), head, scale)[0]
            assert found[head] == pytest.approx(wanted, abs=0.01)


def test_tables_take_their_places_on_the_page():
    from models.training.understand.tables import MEASURES, PAGE, filled

    state = {"texts": 9, **{head: {key: 0.5 for _, one, key in MEASURES if one == head} for _, head, _ in MEASURES}}
    row = {"architecture": "linear", "pretrained": False, "accuracy": 0.25}
    mood = {"set": "own", "answers": "model", "texts": 3, "macro_f1": 0.125, "accuracy": 0.5, "negative_auc": None}
    asked = {"smp": {"texts": 7, "kept": 0.0625, "with_topic": 0.0}}
    results = {
        "zh": {"clean": state, "misheard": state},
        "en": {"clean": state, "misheard": state},
        "compare": [{"task": "zh_topics", "results": [row]}],
        "emotions": {"sets": [mood]},
        "questions": {"sets": asked},
    }
    page = filled(PAGE.read_text(encoding="utf-8"), results.__getitem__)
    assert "| category accuracy | 0.500 | 0.500 | 0.500 | 0.500 |" in page
    assert "| linear machines | 0.250 | |" in page
    assert "| own | 3 | model | 0.125 | 0.500 | |" in page
    assert "| SMP 2017 and 2019, said to assistants | 7 | 0.062 | 0.000 |" in page
    assert filled(page, results.__getitem__) == page
    with pytest.raises(SystemExit, match="0 places"):
        filled("", results.__getitem__)
