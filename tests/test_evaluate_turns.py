"""How well turns are understood: the figures by hand and as laws, and the files that they are counted on."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from understand_tools import THRESHOLDS, scores

from callcore.errors import ConfigError
from callcore.evaluate.labelled import EMOTIONS, LabelledTurn, read_corpus, read_table
from callcore.evaluate.understanding import (
    accuracy,
    area_under_curve,
    calibration_error,
    class_scores,
    confusion,
    evaluate_turns,
    macro_f1,
    micro_f1,
)
from callcore.paths import labelled_turns_folder
from callcore.understand.catalogue import Catalogue

LABELS = st.sampled_from(["a", "b", "c"])
PAIRS = st.lists(st.tuples(LABELS, LABELS), min_size=1, max_size=30)

# Figures


def test_figures_by_hand():
    wanted, said = ["a", "a", "b", "c"], ["a", "b", "b", "a"]
    assert accuracy(wanted, said) == 0.5
    found = class_scores([[one] for one in wanted], [[one] for one in said])
    assert [(one.label, one.support, one.precision, one.recall, one.f1) for one in found] == [
        ("a", 2, 0.5, 0.5, 0.5),
        ("b", 1, 0.5, 1.0, pytest.approx(2 / 3)),
        ("c", 1, 0.0, 0.0, 0.0),
    ]
    assert macro_f1(found) == pytest.approx((0.5 + 2 / 3) / 3)
    labels, counts = confusion(wanted, said)
    assert labels == ("a", "b", "c")
    assert counts.tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 0]]


def test_labels_that_nobody_has_count_against_precision_and_not_in_the_mean():
    found = class_scores([["a"], []], [["a", "z"], ["z"]])
    assert [(one.label, one.support) for one in found] == [("a", 1), ("z", 0)]
    assert macro_f1(found) == 1.0
    assert micro_f1([["a"], []], [["a", "z"], ["z"]]) == 0.5


def test_figures_of_nothing_are_none():
    assert all(math.isnan(one) for one in (accuracy([], []), macro_f1([]), micro_f1([[]], [[]])))
    nothing = np.array([])
    assert math.isnan(calibration_error(nothing, nothing.astype(bool)))
    assert math.isnan(area_under_curve(nothing, nothing.astype(bool)))
    assert math.isnan(area_under_curve(np.array([0.5]), np.array([True])))


def test_calibration_by_hand():
    sure = np.array([1.0, 1.0, 0.5, 0.5])
    assert calibration_error(sure, np.array([True, True, True, False])) == 0
    assert calibration_error(sure, np.array([True, False, False, False])) == pytest.approx(0.5)


@given(PAIRS)
def test_of_single_labels_micro_f1_is_accuracy(pairs):
    wanted, said = [a for a, _ in pairs], [b for _, b in pairs]
    as_sets = [[one] for one in wanted], [[one] for one in said]
    assert micro_f1(*as_sets) == pytest.approx(accuracy(wanted, said))
    _, counts = confusion(wanted, said)
    assert counts.sum() == len(pairs)
    assert np.trace(counts) == pytest.approx(accuracy(wanted, said) * len(pairs))


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40))
def test_calibration_error_is_a_share(rows):
    assert 0 <= calibration_error(np.array([p for p, _ in rows]), np.array([r for _, r in rows])) <= 1


TURNS = (
    LabelledTurn("lost", "inquiry", ("credit_card.lost",), ("report_loss",), (), "none", "calm", True),
    LabelledTurn("angry", "complaint", (), ("complain",), ("staff.empathy",), "agitated", "angry", True),
    LabelledTurn("weather", "none", (), (), (), "none", "pleased", False),
)
ANSWERS = {
    "lost": {"category": "inquiry", "topic": ("credit_card.lost", "loan.personal"), "intent": ("report_loss",)},
    "angry": {"category": "complaint", "emotion": "angry", "intent": ("thank",), "caller": "agitated"},
    "weather": {"in_scope": 0.1, "emotion": "pleased"},
}


def told(text):
    found = scores(ANSWERS[text])
    emotions = dict.fromkeys(EMOTIONS, 0.0) | dict(found.heads["emotion"])
    return type(found)({**found.heads, "emotion": emotions}, found.in_scope, 0.0, 0.0, {})


def test_turns_are_counted_head_by_head():
    report = evaluate_turns(TURNS, told, THRESHOLDS)
    assert report["texts"] == 3
    assert report["category"]["accuracy"] == report["emotion"]["accuracy"] == report["caller"]["accuracy"] == 1
    assert report["category"]["answered"] == 1
    assert report["topic"]["micro_f1"] == pytest.approx(2 / 3, abs=1e-4)
    assert report["topic"]["top_accuracy"] == 1
    assert report["intent"]["micro_f1"] == 0.5
    assert report["cause"]["micro_f1"] == 0
    assert report["negative"]["area_under_curve"] == 1
    scope = report["in_scope"]
    assert (scope["out_of_scope_texts"], scope["out_of_scope_recall"], scope["in_scope_recall"]) == (1, 1, 1)


def test_what_nobody_has_labelled_is_not_counted():
    report = evaluate_turns([*TURNS, LabelledTurn("lost", emotion="calm")], told, THRESHOLDS)
    assert report["texts"] == report["emotion"]["texts"] == 4
    assert report["category"]["texts"] == report["topic"]["texts"] == report["in_scope"]["texts"] == 3
    bare = evaluate_turns([LabelledTurn("lost")], told, THRESHOLDS)
    assert bare["category"]["accuracy"] is bare["topic"]["micro_f1"] is bare["negative"]["area_under_curve"] is None


def test_answers_below_the_threshold_are_counted_apart():
    report = evaluate_turns(TURNS, told, THRESHOLDS | {"category": 0.95})
    assert report["category"]["accuracy"] == 1
    assert report["category"]["answered"] == 0
    assert report["category"]["accuracy_answered"] is None


# Files


CORPUS = """
[[block]]
topics = ["credit_card.limit"]
category = "inquiry"
intents = ["ask_data"]
lines = '''
我的额度有多少

我的额度是{amount}吗
我的额度有多少
'''

[[block]]
category = "none"
intents = []
emotion = "pleased"
speaker = "agent"
lines = "您好"
"""


def corpus(tmp_path, content, name="a.toml"):
    (tmp_path / name).write_text(content, encoding="utf-8")
    return tmp_path


def test_a_corpus_is_read_once_a_text_with_its_slots_filled(tmp_path):
    turns = read_corpus(corpus(tmp_path, CORPUS), "zh")
    assert [turn.text for turn in turns][0::2] == ["我的额度有多少", "您好"]
    assert "{" not in turns[1].text
    first, _, last = turns
    assert (first.category, first.topics, first.intents) == ("inquiry", ("credit_card.limit",), ("ask_data",))
    assert (first.causes, first.caller, first.emotion, first.speaker) == ((), "none", "calm", "customer")
    assert first.in_scope is True
    assert (last.emotion, last.speaker, last.source) == ("pleased", "agent", "a")


def test_the_same_seed_fills_the_same_values(tmp_path):
    lines = "\n".join(f"第{n}笔{{amount}}在{{date}}" for n in range(30))
    folder = corpus(tmp_path, f"[[block]]\ncategory = 'none'\nintents = []\nlines = '''\n{lines}\n'''")
    assert read_corpus(folder, "zh") == read_corpus(folder, "zh")
    assert read_corpus(folder, "zh") != read_corpus(folder, "zh", seed=1)


def test_files_below_the_folder_are_read_in_order_of_name(tmp_path):
    (tmp_path / "deep").mkdir()
    block = "[[block]]\ncategory = 'none'\nintents = []\nlines = '{}'"
    corpus(tmp_path, block.format("二"), "b.toml")
    corpus(tmp_path, block.format("一"), "a.toml")
    corpus(tmp_path / "deep", block.format("三"), "c.toml")
    corpus(tmp_path, "no corpus", "notes.txt")
    assert [turn.text for turn in read_corpus(tmp_path, "zh")] == ["一", "二", "三"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[[block]", "cannot be read"),
        ("block = 1", r"\[\[block\]\]"),
        ("[[block]]\nintents = []\nlines = ''", "block 1: category is missing"),
        ("[[block]]\ncategory = 'none'\nlines = ''", "intents is missing"),
        ("[[block]]\ncategory = 'none'\nintents = []", "lines is missing"),
        (CORPUS + "colour = 1", "block 2: unknown key colour"),
        (CORPUS.replace('"pleased"', '"sad"'), "block 2: there is no emotion sad"),
        (CORPUS.replace("{amount}", "{colour}"), "colour"),
    ],
)
def test_a_corpus_that_is_wrong_is_named(tmp_path, content, told):
    with pytest.raises(ConfigError, match=told):
        read_corpus(corpus(tmp_path, content), "zh")


def test_a_corpus_that_is_no_text(tmp_path):
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"a\.toml"):
        read_corpus(tmp_path, "zh")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_turns_that_come_with_callcore_keep_to_the_catalogue(language):
    turns = read_corpus(labelled_turns_folder() / "corpus" / language / "test", language)
    assert len(turns) > 300
    assert len({turn.text for turn in turns}) == len(turns)
    catalogue = Catalogue.load()
    codes = {
        "category": {"none", *(item.code for item in catalogue.taxonomy.category)},
        "topics": {item.code for item in catalogue.taxonomy.topic},
        "intents": {item.code for item in catalogue.taxonomy.intent},
        "causes": {item.code for item in catalogue.causes.cause},
        "caller": {"none", *(item.code for item in catalogue.taxonomy.caller)},
    }
    for turn in turns:
        assert turn.category in codes["category"], turn
        assert turn.caller in codes["caller"], turn
        assert set(turn.topics) <= codes["topics"], turn
        assert set(turn.intents) <= codes["intents"], turn
        assert set(turn.causes) <= codes["causes"], turn


@pytest.mark.parametrize(("language", "longest"), [("zh", 6), ("en", 19)])
def test_no_turn_of_the_test_part_was_trained_on_but_for_the_shortest(language, longest):
    """ "Thank you" stands in both parts: that is the language."""

    def said(place):
        turns = read_corpus(labelled_turns_folder() / place, language)
        return {"".join(filter(str.isalnum, turn.text.lower())) for turn in turns}

    learned = said(f"corpus/{language}/train") | said(f"beside_{language}.toml")
    assert {text for text in learned & said(f"corpus/{language}/test") if len(text) > longest} == set()


def test_a_table_is_read_by_the_names_of_its_columns(tmp_path):
    file = tmp_path / "rows.tsv"
    file.write_bytes('\ufeffid\tintent\ttext\n1\tpay\t"quoted" text\n2\tlose\n'.encode())
    assert read_table(file) == (('"quoted" text', "pay"), ("", "lose"))
    assert read_table(file, text="id", label="text") == (("1", '"quoted" text'), ("2", ""))


@pytest.mark.parametrize(
    ("content", "told"), [(b"a\tb\n", "no column intent"), (b"", "no column"), (b"\xff\xfe", "cannot be read")]
)
def test_a_table_that_is_wrong_is_named(tmp_path, content, told):
    file = tmp_path / "rows.tsv"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=told):
        read_table(file)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_table(tmp_path / "gone.tsv")
