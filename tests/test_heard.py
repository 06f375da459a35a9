"""Parts of the benchmark of understanding on heard text that need neither voice nor recogniser."""

from __future__ import annotations

import datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.heard import Pair, fewer_right, in_bands, loss_interval, rate, values_found
from benchmarks.heard_texts import COLUMNS, Heard, heard_line, read_heard, repair
from benchmarks.misheard import Homophones, SoundAlikes, english_words, misheard, partly_heard, without_marks
from callcore.evaluate.entities import Gold
from callcore.evaluate.labelled import LabelledTurn
from callcore.evaluate.normalise import MANDARIN
from callcore.evaluate.rates import compare
from callcore.pinyin import syllables
from callcore.understand.entities import Context

SAID, HEARD = "我要挂失信用卡", "我要瓜是信用卡吧"
TEXTS = ("我要挂失信用卡", "他的是事情", "十张卡", "查一下账单", "帐单不对")
HAN = st.text(st.sampled_from("我要挂失信用卡是的账单"), min_size=1, max_size=12)


def pair(said, heard):
    return Pair.of(LabelledTurn(said), said, heard, MANDARIN)


@given(HAN, HAN)
def test_errors_are_all_kept_or_all_put_right(said, heard):
    assert partly_heard(said, heard, 1.0, Random(0)) == heard
    assert partly_heard(said, heard, 0.0, Random(0)) == said


@given(HAN, HAN, st.integers(0, 5))
def test_errors_kept_in_part_never_add_errors(said, heard, seed):
    some = partly_heard(said, heard, 0.5, Random(seed))
    assert compare(said, some, MANDARIN).errors <= compare(said, heard, MANDARIN).errors


def test_errors_that_touch_stand_or_fall_together():
    texts = {partly_heard(SAID, HEARD, 0.5, Random(seed)) for seed in range(40)}
    assert texts == {SAID, HEARD, "我要瓜是信用卡", "我要挂失信用卡吧"}


def test_marks_go_and_latin_words_stay_apart():
    assert without_marks("我的 App,log in 不了?") == "我的app log in不了"


def test_nothing_heard_is_kept_or_put_right_as_one():
    assert {partly_heard(SAID, "", 0.5, Random(seed)) for seed in range(20)} == {SAID, ""}


def test_homophones_sound_the_same_and_are_others():
    alike = Homophones(TEXTS).alike
    names, weights = alike("是")
    assert set(names) == {"失", "事", "十"}
    assert len(names) == len(weights)
    assert all(syllables(name) == syllables("是") for name in names)
    assert alike("卡") == ([], [])


def test_sound_alikes_are_near_in_sound():
    alike = SoundAlikes(["my card was stolen by the guard", "the cart is two carts", "the gate is late"]).alike
    assert "cart" in alike("card")[0]
    assert set(alike("lead")[0]) == {"late"}
    assert "stolen" not in alike("card")[0]


def test_made_up_errors_come_at_about_their_rate():
    alike = Homophones(TEXTS).alike
    units = MANDARIN.units("是失十事账帐" * 300)
    counts = compare("".join(units), misheard(units, 0.1, alike, Random(1)), MANDARIN)
    assert counts.rate == pytest.approx(0.1, abs=0.02)
    assert misheard(units, 0.0, alike, Random(1)) == "".join(units)


def test_english_words_keep_their_apostrophes():
    assert english_words("I’ve LOST it, haven't I?") == ["i've", "lost", "it", "haven't", "i"]
    assert misheard(english_words("It's gone."), 0.0, lambda _: ([], []), Random(0)) == "it's gone"


def test_bands_take_their_upper_end():
    pairs = [
        pair("一" * 10, heard) for heard in ("一" * 10, "一" * 9 + "卡", "一" * 7 + "卡卡卡", "", "一" * 9 + "卡卡")
    ]
    bands = in_bands(pairs)
    assert [len(found) for found in bands.values()] == [1, 1, 1, 1, 1]


def test_turns_heard_right_are_left_out_until_the_rest_has_the_rate():
    right, wrong = pair("一" * 10, "一" * 10), pair("一" * 10, "一" * 8 + "卡卡")
    kept = fewer_right([right, wrong, right, right, wrong, right], 0.1, Random(0))
    assert kept.count(wrong) == 2
    assert rate(kept) == 0.1
    assert fewer_right([right, wrong], 0.1, Random(0)) == [right, wrong]
    assert fewer_right([right], 0.1, Random(0)) == []


def test_loss_is_zero_where_nothing_changed_and_all_where_nothing_is_left():
    wanted = [{"a"}, {"b"}, {"a", "b"}, set()] * 20
    assert loss_interval(wanted, wanted, wanted) == (0.0, 0.0)
    assert loss_interval(wanted, wanted, [set()] * 80) == (1.0, 1.0)
    assert loss_interval([set()], [set()], [set()]) is None


def test_values_count_wherever_they_stand():
    context = Context(datetime.date(2026, 11, 22))
    gold = (Gold("amount", 3, 6, "35000.00 CNY"),)
    texts = [("那个转三万五千块", gold), ("转三万块", gold), ("你好", gold)]
    row = values_found(texts, context)["kinds"]["amount"]
    assert (row["marked"], row["right"], row["given"]) == (3, 1, 2)
    assert row["value_recall"] == pytest.approx(1 / 3, abs=1e-4)
    assert row["kind_recall"] == pytest.approx(2 / 3, abs=1e-4)


def test_file_goes_on_after_a_line_that_was_cut_off(tmp_path):
    file = tmp_path / "heard.tsv"
    one, two = Heard("尾号15", "尾号一五", '尾号"一五', 0.0), Heard("你好", "你好", "", 1.0)
    lines = "\t".join(COLUMNS) + "\n" + heard_line("turns", one, "m1", 30) + heard_line("entities", two, "plain", 15)
    file.write_text(lines[:-3], encoding="utf-8")
    assert set(read_heard(file)["turns"]) == {one.text}
    repair(file)
    with file.open("a", encoding="utf-8") as stream:
        stream.write(heard_line("entities", two, "plain", 15))
    assert read_heard(file) == {"turns": {one.text: one}, "entities": {two.text: two}}
    assert read_heard(tmp_path / "none.tsv") == {"turns": {}, "entities": {}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("尾号0815的卡", "尾号零八一五的卡"),
        ("扣了15.8元", "扣了十五点八元"),
        ("3500块钱", "三千五百块钱"),
        ("利率3.1%", "利率百分之三点一"),
        ("20:30收到", "二十点三十分收到"),
        ("明天15:00", "明天十五点"),
        ("卡号5456 1942 4692 5902", "卡号五四五六一九四二四六九二五九零二"),
        ("2019年8月15日", "二零一九年八月十五日"),
        ("没有数字", "没有数字"),
    ],
)
def test_digits_are_said_in_words(text, said):
    pytest.importorskip("scipy")
    from benchmarks.heard_speech import spoken_form

    assert spoken_form(text) == said
