"""What the text models see of a text."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcore.understand.features import HEAD_POSITIONS, TAIL_POSITIONS, features, merged_sound


def grams_of(text: str) -> set[int]:
    grams = features(text).grams
    return set(grams[grams > 0].tolist())


@given(st.text(max_size=300))
def test_any_text_has_features_that_lie_in_it(text: str):
    seen = features(text)
    assert seen.grams.dtype == np.uint32
    assert len(seen.grams) == len(seen.spans) <= HEAD_POSITIONS + TAIL_POSITIONS
    assert all(0 <= start < end <= len(text) for start, end in seen.spans)
    assert [start for start, _ in seen.spans] == sorted(start for start, _ in seen.spans)


@pytest.mark.parametrize("text", ["", " ", "😀😀", "。，", "\n\t"])
def test_a_text_that_says_nothing_has_no_position(text: str):
    assert features(text).grams.shape == (0, 1)


def test_a_long_text_is_seen_at_both_ends():
    text = "卡丢了" + "啊" * 10_000 + "我要销户"
    grams = grams_of(text)
    assert grams_of("卡丢了") - grams_of("了") <= grams | grams_of("了啊")
    assert len(features(text).spans) == HEAD_POSITIONS + TAIL_POSITIONS
    assert features(text).spans[-1] == (len(text) - 1, len(text))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("信用卡", "信用卡"),
        ("信用卡", "信 用 卡"),
        ("轉帳", "转帐"),
        ("ＡＴＭ", "atm"),
        ("Don’t", "don't"),
        ("尾号1234", "尾号5678"),
    ],
)
def test_ways_of_writing_the_same_are_the_same(one: str, other: str):
    assert np.array_equal(features(one).grams, features(other).grams)


def test_a_homophone_keeps_what_sounds_and_loses_what_is_seen():
    right, heard, other = grams_of("转账限额"), grams_of("转帐现额"), grams_of("余额明细")
    assert len(right & heard) > len(right & other)
    assert len(right & heard) >= len(right) / 2


@pytest.mark.parametrize(
    ("syllable", "sound"),
    [("zhong", "zon"), ("chi", "ci"), ("shang", "san"), ("ning", "lin"), ("e", "e"), ("ang", "an")],
)
def test_sounds_that_are_often_confused_are_one(syllable: str, sound: str):
    assert merged_sound(syllable) == sound


def test_words_that_share_letters_share_features():
    assert grams_of("withdrawal") & grams_of("withdrawals") - {0}


def test_another_process_sees_the_same():
    text = "我的信用卡被盗刷了 my card 1234！"
    code = f"from callcore.understand.features import features; print(features({text!r}).grams.tobytes().hex())"
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True, env={"PYTHONHASHSEED": "7"}
    ).stdout
    assert printed.strip() == features(text).grams.tobytes().hex()
