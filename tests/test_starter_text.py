"""What the starter recogniser is taught to say: numbers, pronunciation, tokens with their times."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from random import Random

import cn2an
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.training.starter import sounds, spoken_zh, text
from models.training.starter.sounds import Unit
from models.training.starter.speech import Piece
from models.training.starter.tokens import EOT, Tokens


@given(st.integers(0, 10**12 - 1))
def test_a_number_is_said_as_it_is_read(number: int) -> None:
    assert cn2an.cn2an(spoken_zh.cardinal(number), "normal") == number


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("1500元", "一千五百元"),
        ("2024年3月8日", "二零二四年三月八日"),
        ("利率3.85", "利率三点八五"),
        ("尾号0042", "尾号零零四二"),
        ("打12378", "打一二三七八"),
        ("13800138000", "一三八零零一三八零零零"),
    ],
)
def test_digits_are_written_as_they_are_said(written: str, said: str) -> None:
    assert spoken_zh.written_out(written, Random(0)).replace("幺", "一") == said


@given(st.integers(0, 2**32))
def test_every_slot_gives_something_that_can_be_said(seed: int) -> None:
    random = Random(seed)
    slot = random.choice(sorted(spoken_zh.SLOTS))
    value = spoken_zh.fill(f"{{{slot}}}", random)
    assert value
    assert sounds.units(value) is not None


def test_a_slot_that_is_not_known_is_refused() -> None:
    with pytest.raises(KeyError):
        spoken_zh.fill("{nonsense}", Random(0))


def test_every_line_of_the_grammar_can_be_said() -> None:
    lines = (Path(text.__file__).parent / "grammar_zh.txt").read_text(encoding="utf-8").split("\n")
    for line in filter(None, lines):
        assert sounds.units(spoken_zh.fill(line, Random(0))) is not None, line


def test_characters_marks_and_letters_become_units() -> None:
    found = sounds.units("我要，APP。")
    assert found is not None
    assert [unit.text for unit in found] == ["我", "要", "，", "A", "P", "P", "。"]
    assert [unit.syllables for unit in found] == [("wo3",), ("yao4",), (), ("ei1",), ("pi4",), ("pi4",), ()]


@pytest.mark.parametrize("line", ["价格$5", "α", "100"])
def test_what_cannot_be_said_is_refused(line: str) -> None:
    assert sounds.units(line) is None


def test_a_third_tone_rises_before_another() -> None:
    said = sounds.sandhi([Unit("你", ("ni3",)), Unit("好", ("hao3",)), Unit("不", ("bu4",)), Unit("要", ("yao4",))])
    assert [unit.syllables[0] for unit in said] == ["ni2", "hao3", "bu2", "yao4"]


def test_every_syllable_has_one_initial_and_one_final() -> None:
    count = len(sounds.syllable_list())
    assert len(sounds.initial_table()) == len(sounds.final_table()) == count + 1
    assert max(sounds.final_table()) == len(sounds.finals())
    assert sounds.parts("zhuang") == ("zh", "uang")
    assert sounds.parts("er") == ("", "er")
    assert sounds.split("lv4") == ("lü", 4)


def test_teaching_and_testing_share_no_line() -> None:
    teaching, testing = text.mandarin(None), text.mandarin(None, held_out=True)
    assert testing.own
    assert not set(teaching.lines()) & set(testing.lines())


def test_lines_kept_apart_are_in_neither() -> None:
    line = text.mandarin(None).own[0]
    apart = frozenset({text.finished(line)})
    assert line not in set(text.mandarin(None, apart=apart).lines())


@given(st.integers(0, 2**32), st.integers(3, 40))
def test_texts_of_the_stream_are_as_short_as_asked(seed: int, most: int) -> None:
    sentences = text.Sentences(("我想查一下信用卡账单，还有利息。", "卡丢了"), ("尾号{tail}，手机号{phone}。",), ())
    found = text.Stream(sentences, Random(seed)).draw(most)
    assert 0 < sum(len(unit.syllables) for unit in found) <= most


@pytest.mark.parametrize(("line", "ends"), [("多少钱", "？"), ("卡丢了", "。"), ("好的！", "！")])
def test_a_line_without_a_mark_gets_one(line: str, ends: str) -> None:
    assert text.finished(line)[-1] == ends


@pytest.fixture(scope="module")
def tokens(starter_model: Path) -> Tokens:
    file = starter_model / "tokenizer.json"
    return Tokens(file, Tokens.rows_for(file, ["您好，滬"], ["zh"], 4.0))


def test_tokens_carry_the_times_of_their_characters(tokens: Tokens) -> None:
    timed = tokens.timed([Piece("您", 0.0, 0.2), Piece("好", 0.2, 0.5), Piece("，", 0.5, 0.5)])
    assert timed is not None
    assert tokens.decode(token.row for token in timed) == "您好，"
    assert timed[0].start == 0.0
    assert all(later.start >= earlier.start for earlier, later in pairwise(timed))
    assert timed[-1].end == 0.5


def test_tokens_of_one_character_share_its_time(tokens: Tokens) -> None:
    timed = tokens.timed([Piece("滬", 1.0, 1.3)])
    assert timed is not None
    assert len(timed) > 1
    lengths = [token.end - token.start for token in timed]
    assert sum(lengths) == pytest.approx(0.3)
    assert max(lengths) == pytest.approx(min(lengths))


def test_every_text_can_be_written_byte_by_byte_but_not_every_token_is_learnt(tokens: Tokens) -> None:
    assert tokens.encode("hello world") is None
    assert tokens.rows[tokens.eot] == EOT
    assert tokens.time_row(4.0) - tokens.time_row(0.0) == 200
