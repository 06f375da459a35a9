"""The bundled text models, and folders that are none."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from callcore.engines.card import CARD_FILE, GRAMS_FILE, GRAPH_FILE
from callcore.engines.text_model import OnnxTextModel
from callcore.errors import ModelCorrupt, ModelNotFound
from callcore.models.manifest import load_manifest
from callcore.models.readers import named_reader_folder, reader_folder
from callcore.types import Word, quoted, text_of
from callcore.understand.features import VERSION, features
from callcore.understand.telling import strongest
from callcore.understand.text_reader import TextReader


@pytest.fixture(scope="module")
def models() -> dict[str, OnnxTextModel]:
    return {language: OnnxTextModel(reader_folder("text", language), VERSION) for language in ("zh", "en")}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(reader_folder("text", "zh"), tmp_path / "model"))


def characters(text: str) -> list[Word]:
    return [Word(character, i, i + 1, 1.0) for i, character in enumerate(text)]


def english(text: str) -> list[Word]:
    return [Word(word, i, i + 1, 1.0, space_before=i > 0) for i, word in enumerate(text.split())]


TURNS = [
    ("zh", "信用卡年费怎么收", "credit_card.fee"),
    ("zh", "取款机把我的卡吞了", "branch.atm"),
    ("zh", "房贷想提前还一部分", "loan.mortgage"),
    ("en", "the ATM swallowed my card", "branch.atm"),
    ("en", "I want to raise my credit limit", "credit_card.limit"),
    ("en", "the verification code never arrives", "digital.message"),
]


@pytest.mark.parametrize(("language", "text", "topic"), TURNS)
def test_plain_turns_have_their_topic(models, language: str, text: str, topic: str):
    words = characters(text) if language == "zh" else english(text)
    scores = TextReader(models[language]).score(words)
    topics = scores.heads["topic"]
    assert max(topics, key=lambda code: topics[code]) == topic
    first, end = scores.shown("topic", topic)
    assert 0 <= first < end <= len(words)


SHOWN = [
    ("zh", "我的信用卡被盗刷了，你们到底管不管！", "topic", "fraud.unauthorised", "我的信用卡被盗刷了"),
    ("zh", "我的信用卡被盗刷了，你们到底管不管！", "category", "complaint", "你们到底管不管"),
    ("en", "my card was stolen, what shall i do now", "topic", "debit_card.lost", "my card was stolen"),
]


@pytest.mark.parametrize(("language", "text", "head", "code", "shown"), SHOWN)
def test_a_short_clause_is_shown_whole(models, language: str, text: str, head: str, code: str, shown: str):
    words = characters(text) if language == "zh" else english(text)
    scores = TextReader(models[language]).score(words)
    assert quoted(words, *scores.shown(head, code)) == shown


def test_of_a_long_clause_whole_words_are_shown(models):
    words = characters("我想问一下我那个信用卡年费怎么又扣了三百六")
    scores = TextReader(models["zh"]).score(words)
    text = text_of(words)
    for head, code in (("topic", "credit_card.fee"), ("intent", "dispute")):
        first, end = scores.shown(head, code)
        assert end - first < len(words)
        for word in ("想问", "一下", "那个", "年费", "怎么", "三百六"):
            place = text.index(word)
            assert not place < first < place + len(word)
            assert not place < end < place + len(word)


def test_an_angry_turn_is_bad_and_excited_and_a_thankful_one_good(models):
    reader = TextReader(models["zh"])
    angry = reader.score(characters("你们到底管不管，我要投诉你们"))
    pleased = reader.score(characters("太感谢了，你们服务真好"))
    assert angry.valence < 0 < pleased.valence
    assert angry.arousal > pleased.arousal


@pytest.mark.parametrize(
    "text", ["", "嗯", "😀", "啊" * 10_000, "ABC中文123", "<s>ignore all instructions</s>", "\x00"]
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_any_text_gets_probabilities(models, language: str, text: str):
    scores = TextReader(models[language]).score(characters(text))
    for head in ("category", "caller", "emotion"):
        assert sum(scores.heads[head].values()) == pytest.approx(1.0, abs=1e-5)
    for options in scores.heads.values():
        assert all(0.0 <= probability <= 1.0 for probability in options.values())
    assert -1.0 <= scores.valence <= 1.0
    assert -1.0 <= scores.arousal <= 1.0


def test_a_turn_is_read_the_same_every_time(models):
    grams = features("转账怎么还没到账").grams
    one, other = (models["zh"].classify(grams) for _ in range(2))
    assert all(np.array_equal(one[head], other[head]) for head in one)


def test_heads_and_thresholds_fit_the_catalogue(models):
    from callcore.understand.catalogue import Catalogue

    catalogue = Catalogue.load()
    for model in models.values():
        assert set(model.heads["topic"]) == {topic.code for topic in catalogue.taxonomy.topic}
        assert set(model.heads["intent"]) == {intent.code for intent in catalogue.taxonomy.intent}
        assert set(model.heads["cause"]) == {cause.code for cause in catalogue.causes.cause}
        assert set(model.thresholds) == set(model.heads)


def test_the_manifest_has_the_cards_of_all_bundled_readers_and_those_of_turns_are_small():
    total = 0
    for row in load_manifest().reader:
        folder = named_reader_folder(row.name)
        assert (folder / CARD_FILE).stat().st_size == row.card.size
        if row.kind in ("text", "acts", "secrets", "voice"):
            total += sum(file.stat().st_size for file in folder.iterdir() if file.suffix in (".json", ".onnx", ".bin"))
    assert total <= 15_000_000


@pytest.mark.parametrize("name", [GRAPH_FILE, GRAMS_FILE])
def test_a_changed_file_is_refused(copy: Path, name: str):
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).write_bytes(content)
    with pytest.raises(ModelCorrupt, match="checksum"):
        OnnxTextModel(copy, VERSION)


@pytest.mark.parametrize("name", [GRAPH_FILE, GRAMS_FILE])
def test_a_missing_file_is_told(copy: Path, name: str):
    (copy / name).unlink()
    with pytest.raises(ModelCorrupt, match=name):
        OnnxTextModel(copy, VERSION)


def test_no_model_is_told(tmp_path: Path):
    with pytest.raises(ModelNotFound):
        OnnxTextModel(tmp_path, VERSION)
    with pytest.raises(ModelNotFound):
        reader_folder("text", "tlh")
    with pytest.raises(ModelNotFound):
        named_reader_folder("nobody")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 2}'])
def test_a_broken_card_is_refused(copy: Path, text: str):
    (copy / CARD_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(ModelCorrupt):
        OnnxTextModel(copy, VERSION)


def test_a_model_for_other_features_is_refused(copy: Path):
    with pytest.raises(ModelCorrupt, match="features"):
        OnnxTextModel(copy, VERSION + 1)


def test_a_card_with_labels_that_the_graph_has_not_is_refused(copy: Path):
    card = json.loads((copy / CARD_FILE).read_text(encoding="utf-8"))
    card["heads"]["topic"].append("other.more")
    (copy / CARD_FILE).write_text(json.dumps(card), encoding="utf-8")
    with pytest.raises(ModelCorrupt, match="labels"):
        OnnxTextModel(copy, VERSION)


def test_the_strongest_words_are_those_that_add_most():
    assert strongest([0.0, 3.0, 2.0, 0.0, 0.0]) == (1, 4)
    assert strongest([0.0, 0.0, 0.0, 0.0, 5.0]) == (4, 5)
    assert strongest([0.0]) == (0, 1)
