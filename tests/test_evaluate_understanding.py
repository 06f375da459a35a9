"""Measures of understanding, and the readers of labelled turns."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcore.errors import ConfigError
from callcore.evaluate.labelled import LabelledTurn, read_corpus, read_table
from callcore.evaluate.slots import fill
from callcore.evaluate.understanding import (
    area_under_curve,
    calibration_error,
    class_scores,
    confusion,
    evaluate_classes,
    evaluate_turns,
    macro_f1,
    micro_f1,
)
from callcore.understand.base import Scores

BLOCK = """
[[block]]
topics = ["credit_card.limit"]
category = "inquiry"
intents = ["ask_data"]
lines = '''
额度还有多少
刷了{amount}还剩多少
'''
"""


def corpus(folder: Path, text: str) -> tuple[LabelledTurn, ...]:
    (folder / "turns.toml").write_text(text, encoding="utf-8")
    return read_corpus(folder, "zh")


def test_a_corpus_is_read_with_its_slots_filled_the_same_way_each_time(tmp_path: Path):
    first, second = corpus(tmp_path, BLOCK)
    assert first.text == "额度还有多少"
    assert (first.category, first.topics, first.emotion, first.in_scope) == (
        "inquiry",
        ("credit_card.limit",),
        "calm",
        True,
    )
    assert "{" not in second.text
    assert corpus(tmp_path, BLOCK)[1] == second


def test_out_of_scope_and_context_are_kept(tmp_path: Path):
    (turn,) = corpus(
        tmp_path,
        '[[block]]\ncategory="none"\nintents=[]\nout_of_scope=true\ncontext=["agent: 您好"]\nlines="今天天气怎么样"',
    )
    assert turn.in_scope is False
    assert turn.context == ("agent: 您好",)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[block", "cannot be read"),
        ("block = 1", "[[block]]"),
        ('[[block]]\ncategory="inquiry"\nlines="a"', "intents is missing"),
        (BLOCK.replace("topics", "topic"), "unknown key topic"),
        (BLOCK + 'emotion = "hungry"', "no emotion hungry"),
        (BLOCK.replace("{amount}", "{nothing}"), "no slot"),
    ],
)
def test_what_is_wrong_with_a_corpus_is_said(tmp_path: Path, text: str, complaint: str):
    with pytest.raises(ConfigError) as caught:
        corpus(tmp_path, text)
    assert complaint in str(caught.value)


@given(st.sampled_from(["zh", "en"]), st.integers())
def test_every_slot_has_a_value(language: str, seed: int):
    names = "amount date tail phone name bank branch merchant product rate months duration city app".split()
    line = " ".join(f"{{{name}}}" for name in names)
    filled = fill(line, language, Random(seed))
    assert "{" not in filled
    assert filled == fill(line, language, Random(seed))


def test_a_table_is_read_and_a_missing_column_told(tmp_path: Path):
    file = tmp_path / "rows.tsv"
    file.write_text('text\tintent\nhe said "no\tdeny\n', encoding="utf-8")
    assert read_table(file) == (('he said "no', "deny"),)
    with pytest.raises(ConfigError, match="no column label"):
        read_table(file, label="label")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_table(tmp_path / "absent.tsv")


def test_f1_of_classes():
    scores = class_scores([["a"], ["a", "b"], []], [["a"], ["a"], ["c"]])
    assert [(s.label, s.support, s.f1) for s in scores] == [("a", 2, 1.0), ("b", 1, 0.0), ("c", 0, 0.0)]
    assert macro_f1(scores) == 0.5
    assert micro_f1([["a"], ["a", "b"], []], [["a"], ["a"], ["c"]]) == pytest.approx(4 / 6)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=2, max_size=40))
def test_the_area_is_the_chance_that_a_positive_scores_higher(pairs):
    scores, positive = np.array([s for s, _ in pairs]), np.array([p for _, p in pairs])
    area = area_under_curve(scores, positive)
    high, low = scores[positive], scores[~positive]
    if not len(high) or not len(low):
        assert np.isnan(area)
    else:
        assert area == pytest.approx(np.mean([(h > x) + 0.5 * (h == x) for h in high for x in low]))


def test_sure_and_right_is_calibrated_and_sure_and_wrong_is_not():
    sure = np.ones(10)
    assert calibration_error(sure, np.ones(10, dtype=bool)) == 0.0
    assert calibration_error(sure, np.zeros(10, dtype=bool)) == 1.0
    assert calibration_error(np.full(10, 0.5), np.arange(10) % 2 == 0) == pytest.approx(0.0)


def test_a_confusion_table_counts_rows_for_columns():
    labels, counts = confusion(["a", "a", "b"], ["a", "b", "b"])
    assert labels == ("a", "b")
    assert counts.tolist() == [[1, 1], [0, 1]]


def test_classes_out_of_scope_count_apart():
    answers = {"one": ("a", 0.9), "two": ("oos", 0.3), "three": ("oos", 0.2), "four": ("a", 0.8)}
    report = evaluate_classes([("one", "a"), ("two", "b"), ("three", "oos"), ("four", "oos")], answers.__getitem__)
    assert (report["texts"], report["accuracy"]) == (2, 0.5)
    assert (report["out_of_scope_texts"], report["out_of_scope_recall"]) == (2, 0.5)


def scores(text: str) -> Scores:
    angry = text == "bad"
    heads = {
        "category": {"complaint": 0.8, "none": 0.2} if angry else {"complaint": 0.1, "none": 0.9},
        "topic": {"service.staff": 0.7 if angry else 0.1},
        "intent": {"complain": 0.9 if angry else 0.0},
        "cause": {"service.attitude": 0.4},
        "caller": {"agitated": 0.9, "none": 0.1} if angry else {"agitated": 0.0, "none": 1.0},
        "emotion": {"calm": 0.1, "angry": 0.9, "anxious": 0.0, "dissatisfied": 0.0, "disappointed": 0.0}
        if angry
        else {"calm": 0.9, "angry": 0.1, "anxious": 0.0, "dissatisfied": 0.0, "disappointed": 0.0},
    }
    return Scores(heads, 0.9 if angry else 0.2, 0.0, 0.0, {})


def test_turns_are_measured_head_by_head_and_only_where_somebody_has_said():
    turns = [
        LabelledTurn("bad", "complaint", ("service.staff",), ("complain",), (), "agitated", "angry", in_scope=True),
        LabelledTurn("other", "none", (), (), (), "none", "calm", in_scope=False),
        LabelledTurn("unknown", emotion="calm"),
    ]
    thresholds = dict.fromkeys(("category", "topic", "intent", "cause", "caller", "emotion", "in_scope"), 0.5)
    report = evaluate_turns(turns, scores, thresholds)
    assert report["category"]["texts"] == 2
    assert report["category"]["macro_f1"] == report["topic"]["macro_f1"] == 1.0
    assert report["emotion"]["texts"] == 3
    assert report["negative"]["area_under_curve"] == 1.0
    assert report["in_scope"]["out_of_scope_recall"] == report["in_scope"]["in_scope_recall"] == 1.0


def test_nothing_to_measure_gives_no_numbers():
    report = evaluate_turns(
        [],
        scores,
        dict.fromkeys(("category", "topic", "intent", "cause", "caller"), 0.5) | {"emotion": 0.5, "in_scope": 0.5},
    )
    assert report["category"]["accuracy"] is None
    assert report["negative"]["area_under_curve"] is None
