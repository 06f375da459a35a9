"""The learned tagger of secrets beside the rules: what it adds, what it may not take away, and how it fails."""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcore import loading
from callcore.config import Settings
from callcore.engines.tag_model import OnnxTagModel
from callcore.errors import ModelCorrupt, ModelNotFound
from callcore.models.readers import reader_folder
from callcore.privacy import Redactor
from callcore.privacy.seal import Sealer
from callcore.types import AudioWarning, Final, Partial, Role, RolesAssigned, Turn
from callcore.understand.entities import CallEntities, Context, Finder, plain_words
from callcore.understand.entities.spoken import Spoken
from callcore.understand.entities.tagger import KINDS, PIECE, SecretTagger, Tagged
from callcore.understand.tag_features import VERSION, Said

DAY = date(2026, 11, 22)
LABELS = ("none", *KINDS)
AGENT, CUSTOMER = 0, 1
LANGUAGES = ("zh", "en")


class Untrained:
    """A network that is never asked."""

    version = "scripted@1"
    labels = LABELS
    characters = ""
    grams = np.zeros(0, dtype=np.uint32)


class ScriptedTagger(SecretTagger):
    """A tagger that knows secrets by their words."""

    def __init__(self, found: dict[str, tuple[str, float]]) -> None:
        super().__init__(Untrained())
        self._found = found
        self.before: list[str] = []

    def read(self, said, before=None, speaker=Role.UNKNOWN):
        self.before.append(before.text if before else "")
        likely = np.zeros((len(said.text), len(LABELS)), dtype=np.float32)
        likely[:, 0] = 0.999
        for words, (kind, probability) in self._found.items():
            at = said.text.find(words)
            if at >= 0:
                likely[at : at + len(words)] = 0
                likely[at : at + len(words), 0] = 1 - probability
                likely[at : at + len(words), LABELS.index(kind)] = probability
        return Tagged(likely, LABELS)


class Broken(ScriptedTagger):
    def read(self, said, before=None, speaker=Role.UNKNOWN):
        raise RuntimeError("这里有 13800138000")


@cache
def bundled(language: str) -> SecretTagger:
    return SecretTagger(OnnxTagModel(reader_folder("secrets", language), VERSION))


@pytest.fixture(params=LANGUAGES)
def tagger(request) -> SecretTagger:
    return bundled(request.param)


@pytest.fixture
def own(tmp_path) -> Path:
    """A copy of a model that a test may spoil."""
    return shutil.copytree(reader_folder("secrets", "zh"), tmp_path / "own")


def said(text: str) -> Said:
    spoken = Spoken.of(plain_words(text))
    return Said(spoken.raw, spoken.text)


def turn(number: int, channel: int, text: str, language: str = "zh") -> Turn:
    return Turn(number, channel, 0, 16_000, text, plain_words(text), language, (f"s{number}",))


def final(number: int, channel: int, text: str) -> Final:
    return Final(f"s{number}", channel, 0, 16_000, text, plain_words(text), "zh", -0.1, 0.0, 0.9)


def call_with(tagger: SecretTagger | None):
    call = Redactor(Sealer(), taggers={"zh": tagger, "en": tagger} if tagger else {}).call(DAY)
    call.follow([RolesAssigned({AGENT: Role.AGENT, CUSTOMER: Role.CUSTOMER}, 1.0, "option")])
    return call


def told(call, *events):
    return [event.text for event in call.follow(events) if isinstance(event, Final | Turn)]


def facts(tagger: SecretTagger, *says: tuple[int, str], language: str = "zh") -> list[list[tuple[str, str]]]:
    call = CallEntities(Context(DAY), Finder({language: tagger}))
    found = [call.read(turn(i, channel, text, language))[0] for i, (channel, text) in enumerate(says, 1)]
    return [[(one.kind, one.value) for one in entities] for entities in found]


# The models


@pytest.mark.parametrize(
    ("language", "asked", "text", "secrets"),
    [
        ("zh", "好的，跟您核实一下，卡主姓名？", "令狐岚。", ["令狐岚"]),
        ("zh", "尾号几几几几？", "四四七幺。", ["四四七幺"]),
        ("en", "Name, please?", "Shauna McElroy.", ["Shauna", "McElroy"]),
        ("en", "And the one it ends in?", "Nine oh two seven.", ["Nine", "seven"]),
    ],
)
def test_answers_that_no_rule_introduces_are_secret(language, asked, text, secrets):
    tagged = bundled(language).read(said(text), said(asked), Role.CUSTOMER)
    for secret in secrets:
        assert tagged.secret(text.index(secret), text.index(secret) + len(secret)) > 0.5


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("zh", "您这笔转账两个小时之内到账，请您放心。"),
        ("zh", "我想问一下这个月的账单为什么还没出来"),
        ("en", "I just want to know why the payment hasn't gone through yet."),
        ("en", "It'll be with you in five working days."),
    ],
)
def test_talk_without_secrets_has_none(language, text):
    tagged = bundled(language).read(said(text))
    assert not list(tagged.tags(text.lower(), 0.5))


@given(text=st.text(max_size=80), before=st.text(max_size=80))
@settings(max_examples=40)
def test_any_text_has_probabilities_for_each_character(text, before):
    this = said(text)
    tagged = bundled("en").read(this, said(before))
    assert tagged.likely.shape == (len(this.text), len(LABELS))
    assert np.allclose(tagged.likely.sum(axis=1), 1, atol=1e-3)
    for tag in tagged.tags(this.text, 0.3):
        assert 0 <= tag.start < tag.end <= len(this.text)


def test_a_very_long_turn_is_read_to_its_end(tagger):
    text = "四四七幺，嗯，four four two one, " * 400
    this = said(text)
    assert len(this.text) > 10_000 > PIECE
    tagged = tagger.read(this)
    assert len(tagged.likely) == len(this.text)
    assert np.isfinite(tagged.likely).all()


def test_a_turn_without_words_and_mixed_scripts_are_taken(tagger):
    assert tagger.read(said("")).likely.shape == (0, len(LABELS))
    mixed = said("我叫Anna Müller，Вася，山田さん，١٢٣٤，🙂 卡号４４７１")
    assert len(tagger.read(mixed).likely) == len(mixed.text)


# What it adds to the rules


def test_what_only_the_tagger_finds_is_masked_and_stays_so():
    call = call_with(ScriptedTagger({"老常": ("name", 0.9)}))
    assert told(call, final(1, CUSTOMER, "隔壁老常都说好"), turn(1, CUSTOMER, "隔壁老常都说好")) == ["隔壁**都说好"] * 2
    without = call_with(None)
    assert told(without, turn(1, CUSTOMER, "隔壁老常都说好")) == ["隔壁老常都说好"]


def test_what_it_is_less_sure_of_is_masked_there_alone():
    secret = ScriptedTagger({"zorbin": ("name", 0.65)})
    call = call_with(secret)
    assert told(call, turn(1, CUSTOMER, "ask zorbin about it", "en")) == ["ask ****** about it"]
    secret._found = {}
    assert told(call, turn(2, AGENT, "zorbin did you say", "en")) == ["zorbin did you say"]


def test_a_turn_is_tagged_with_what_the_other_side_said_last():
    tagger = ScriptedTagger({})
    call = call_with(tagger)
    told(call, turn(1, AGENT, "请问您贵姓"), turn(2, CUSTOMER, "么"), turn(3, AGENT, "好的"))
    assert tagger.before[-3:] == ["", "请问您贵姓", "么"]


def test_partial_texts_are_left_to_the_rules():
    call = call_with(Broken({}))
    words = plain_words("我手机号幺三八零零幺三八零零零")
    (shown,) = call.follow([Partial("s1", CUSTOMER, 0, 16_000, words, (), "zh")])
    assert isinstance(shown, Partial)
    assert "".join(word.text for word in shown.stable) == "我手机号***********"


# What it may not take away


@pytest.mark.parametrize(
    "text",
    ["四五三九一四八八零三四三六四六七", "我手机幺三八零零幺三八零零零", "身份证11010519491231002X"],
)
def test_numbers_with_check_digits_and_telephones_stay_masked(text):
    shown = told(call_with(ScriptedTagger({})), turn(1, CUSTOMER, text))[0]
    assert not any(one.isdigit() or one in "零一二三四五六七八九幺" for one in shown)


def test_what_was_secret_in_the_call_stays_masked():
    tagger = ScriptedTagger({"龚雪梅": ("name", 0.99)})
    call = call_with(tagger)
    told(call, turn(1, CUSTOMER, "我叫龚雪梅"))
    tagger._found = {}
    assert told(call, turn(2, AGENT, "龚雪梅您好")) == ["***您好"]


def test_a_name_of_the_rules_that_is_surely_none_is_shown():
    text = "没问题，那我就让财务带着公章明天上午过去"
    assert "*" in told(call_with(None), turn(1, CUSTOMER, text))[0]
    assert told(call_with(ScriptedTagger({})), turn(1, CUSTOMER, text)) == [text]


def test_what_only_a_capital_speaks_for_needs_the_tagger_and_what_is_said_to_somebody_does_not():
    town, to_her = "I moved the money to Skibbereen on Monday", "Thank you, Mrs Banks."
    assert "*" in told(call_with(None), turn(1, CUSTOMER, town, "en"))[0]
    assert told(call_with(ScriptedTagger({"skibbereen": ("name", 0.2)})), turn(1, CUSTOMER, town, "en")) == [town]
    assert "*" in told(call_with(ScriptedTagger({"skibbereen": ("name", 0.5)})), turn(1, CUSTOMER, town, "en"))[0]
    call = call_with(ScriptedTagger({}))
    told(call, turn(1, AGENT, "How can I help?", "en"))
    assert told(call, turn(2, AGENT, to_her, "en")) == ["Thank you, Mrs *****."]


def test_the_tagger_must_be_surer_where_a_place_or_a_single_character_is_likely():
    text = "we are at Ballito until Monday"
    assert told(call_with(ScriptedTagger({"ballito": ("name", 0.7)})), turn(1, CUSTOMER, text, "en")) == [text]
    assert "*" in told(call_with(ScriptedTagger({"ballito": ("name", 0.9)})), turn(1, CUSTOMER, text, "en"))[0]
    assert told(call_with(ScriptedTagger({"雨": ("name", 0.7)})), turn(1, CUSTOMER, "下雨了")) == ["下雨了"]


def test_a_telephone_number_of_which_the_tagger_is_sure_is_no_reference():
    number = "07700900416"
    call = call_with(ScriptedTagger({number: ("phone", 0.99)}))
    told(call, turn(1, AGENT, "What is your case number?", "en"))
    assert told(call, turn(2, CUSTOMER, number, "en")) == ["*" * len(number)]


def test_several_numbers_that_could_make_a_telephone_number_need_the_tagger():
    text, number = "they took ten twelve and nine fifty at the same till", "ten twelve and nine fifty"
    shown = told(call_with(ScriptedTagger({number: ("phone", 0.9)})), turn(1, CUSTOMER, text, "en"))[0]
    assert "twelve" not in shown
    assert told(call_with(ScriptedTagger({})), turn(1, CUSTOMER, text, "en")) == [text]


def test_a_capital_that_the_tagger_doubts_is_not_remembered():
    tagger = ScriptedTagger({"skibbereen": ("name", 0.4)})
    call = call_with(tagger)
    assert "*" in told(call, turn(1, CUSTOMER, "They moved to Skibbereen on Monday", "en"))[0]
    tagger._found = {}
    assert told(call, turn(2, AGENT, "skibbereen then", "en")) == ["skibbereen then"]


def test_references_and_hotlines_stay_readable():
    call = call_with(ScriptedTagger({"七七零二幺九四": ("phone", 0.99), "95588": ("phone", 0.99)}))
    assert told(call, turn(1, AGENT, "工单号七七零二幺九四")) == ["工单号七七零二幺九四"]
    assert told(call, turn(2, CUSTOMER, "七七零二幺九四，好")) == ["七七零二幺九四，好"]
    assert told(call, turn(3, AGENT, "请拨打95588")) == ["请拨打95588"]


# Facts


def test_a_number_of_which_the_rules_know_no_kind_has_the_taggers():
    tagger = ScriptedTagger({"四四七一": ("card_tail", 0.97)})
    assert facts(ScriptedTagger({}), (CUSTOMER, "四四七一"))[0] == [("digits", "4471")]
    assert facts(tagger, (CUSTOMER, "四四七一"))[0] == [("card_tail", "4471")]


def test_a_name_that_only_the_tagger_finds_is_a_fact():
    assert facts(ScriptedTagger({"令狐岚": ("name", 0.95)}), (CUSTOMER, "令狐岚"))[0] == [("name", "令狐岚")]
    english = ScriptedTagger({"mr okafor": ("name", 0.95)})
    assert facts(english, (AGENT, "right then mr okafor"), language="en")[0] == [("name", "Okafor")]
    assert facts(ScriptedTagger({"令狐冲的冲": ("name", 0.95)}), (CUSTOMER, "令狐冲的冲"))[0] == []
    assert facts(ScriptedTagger({"鲍鱼": ("name", 0.95)}), (CUSTOMER, "鲍鱼那个。"))[0] == []


@pytest.mark.parametrize("name", ["Declan Ogilvie-Marsh", "Muhammad Irfan bin Salleh", "Siobhan O'Dowd"])
def test_names_of_letters_may_have_hyphens_and_particles(name):
    tagger = ScriptedTagger({name.lower(): ("name", 0.95)})
    assert facts(tagger, (CUSTOMER, f"{name}. That's it."), language="en")[0] == [("name", name)]


# Absent and broken


def test_without_models_the_rules_alone_mask(monkeypatch, caplog):
    def absent(kind: str, language: str) -> Path:
        raise ModelNotFound(f"no bundled {kind} model reads {language}.", "Install callcore again.")

    monkeypatch.setattr(loading, "reader_folder", absent)
    assert loading.load_taggers() == {}
    assert "rules alone" in caplog.text
    redactor = loading.load_redactor(Settings())
    assert redactor.text("我叫龚雪梅，卡丢了", "zh", DAY) == "我叫***，卡丢了"


def test_cantonese_is_read_by_the_mandarin_model():
    assert reader_folder("secrets", "yue") == reader_folder("secrets", "zh")


@pytest.mark.parametrize("name", ["model.json", "model.onnx", "grams.bin"])
def test_a_model_that_was_changed_is_refused(own, name):
    (own / name).write_bytes(b"{}")
    with pytest.raises(ModelCorrupt):
        OnnxTagModel(own, VERSION)


@pytest.mark.parametrize("name", ["model.onnx", "grams.bin"])
def test_a_model_without_a_file_is_refused(own, name):
    (own / name).unlink()
    with pytest.raises(ModelCorrupt):
        OnnxTagModel(own, VERSION)


def test_no_model_at_all_is_told_apart(tmp_path):
    with pytest.raises(ModelNotFound):
        OnnxTagModel(tmp_path, VERSION)


def test_a_model_of_other_features_or_labels_is_refused(own):
    with pytest.raises(ModelCorrupt, match="features"):
        OnnxTagModel(own, VERSION + 1)
    card = json.loads((own / "model.json").read_text(encoding="utf-8"))
    (own / "model.json").write_text(json.dumps({**card, "labels": card["labels"][:-1]}), encoding="utf-8")
    with pytest.raises(ModelCorrupt, match="labels"):
        OnnxTagModel(own, VERSION)


def test_grams_of_no_whole_number_are_refused(own):
    content = b"\1\2\3"
    (own / "grams.bin").write_bytes(content)
    card = json.loads((own / "model.json").read_text(encoding="utf-8"))
    card["files"]["grams.bin"] = {"size": 3, "sha256": hashlib.sha256(content).hexdigest()}
    (own / "model.json").write_text(json.dumps(card), encoding="utf-8")
    with pytest.raises(ModelCorrupt, match="grams"):
        OnnxTagModel(own, VERSION)


def test_a_tagger_that_fails_masks_the_whole_turn(caplog):
    events = call_with(Broken({})).follow([turn(1, CUSTOMER, "天气不错")])
    assert [event.text for event in events if isinstance(event, Turn)] == ["****"]
    assert any(isinstance(event, AudioWarning) for event in events)
    assert "13800138000" not in caplog.text
