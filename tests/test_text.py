"""Written text: script, marks, spaces, and words that keep their times."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcore.config import TextSettings
from callcore.text import TextWriter, convert_string
from callcore.text.restore import Restorer
from callcore.types import Word, text_of

CHARACTER = 3200  # samples, 0.2 s


def spoken(*pieces: str, pause: dict[int, int] | None = None) -> list[Word]:
    """Words one after the other, a leading space as ``space_before``, ``pause`` samples before some of them."""
    words, at = [], 0
    for i, piece in enumerate(pieces):
        at += (pause or {}).get(i, 0)
        text = piece.strip(" ")
        end = at + CHARACTER * max(len(text), 1)
        words.append(Word(text, at, end, 0.9, piece.startswith(" ")))
        at = end
    return words


def written(*pieces: str, language: str = "zh", **kept: object) -> str:
    return TextWriter(TextSettings(**kept)).write(spoken(*pieces), language)[0]


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (("你好", ",", "我", "的", "卡", "丢", "了", "."), "你好，我的卡丢了。"),
        (("你好", "。", "。"), "你好。"),
        (("你好", "，", "。", "嗯", "。"), "你好。嗯。"),
        (("对", "吗", "?", "!"), "对吗？！"),
        (("，", "您好", "。"), "您好。"),
        (("。", "？"), ""),
        (("是", "3.5", "万元", "."), "是 3.5 万元。"),
        (("到", "10:30", "关门", "!"), "到 10:30 关门！"),
        (("稍", "等", "..."), "稍等……"),
        (("Mr.", "王", "。"), "Mr.王。"),
        (("OK", ".", "好", "的"), "OK。好的"),
        (("“", "你好", "”", "，", "他", "说", "。"), "“你好”，他说。"),
        (("你", " 好", " ，", " 我", " 是", "。"), "你好，我是。"),
        (("Ｖ", "Ｉ", "Ｐ", "客户", "１", "２", "号", "。"), "VIP 客户 12 号。"),
        (("你\ufffd", "\ufffd好", "\u200b", "\x07。"), "你好。"),
        (("我", "用", "iPhone", "付", "了", "50%", "的", "钱", "。"), "我用 iPhone 付了 50% 的钱。"),
    ],
)
def test_mandarin_is_written_with_one_full_width_mark_at_a_time(pieces: tuple[str, ...], text: str) -> None:
    assert written(*pieces) == text


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        ((" Hello", ",", ",", " ok", "?", "?"), "Hello, ok?"),
        ((" At", " 5", " p.m.,", " yes", ",."), "At 5 p.m., yes."),
        ((" Well", "..."), "Well..."),
        ((". Thank", " you", "."), "Thank you."),
        ((" It's", " $1,000.50", "."), "It's $1,000.50."),
        ((" really", "?", "!"), "really?!"),
    ],
)
def test_english_keeps_its_marks_but_no_two(pieces: tuple[str, ...], text: str) -> None:
    assert written(*pieces, language="en") == text


def test_a_mark_is_part_of_the_word_it_follows_and_times_stay() -> None:
    words = spoken("你好", ",", "我", "的", "卡", "。")
    _, result = TextWriter(TextSettings()).write(words, "zh")
    assert [word.text for word in result] == ["你好，", "我", "的", "卡。"]
    assert [(word.start_sample, word.end_sample) for word in result] == [
        (words[i].start_sample, words[i].end_sample) for i in (0, 2, 3, 4)
    ]


def test_script_is_converted_in_context_and_on_request() -> None:
    pieces = ("皇", "后", "的", "頭", "髮", "發", "財", "着", "急", "，", "這", "裡", "乾", "淨", "。")
    assert written(*pieces) == "皇后的头发发财着急，这里干净。"
    assert written(*pieces, script="keep") == "".join(pieces)
    assert written("这", "里", "干", "净", "。", script="traditional") == "這裡乾淨。"
    assert convert_string("著急的時候，著名的人", "simplified") == "着急的时候，著名的人"
    assert convert_string("这么什么", "simplified") == "这么什么"


def test_no_marks_at_all_on_request() -> None:
    assert written("你好", "，", "我", "有", "3.5", "元", "。", punctuation="none") == "你好我有 3.5 元"
    assert written("OK", "，", "VIP", "。", punctuation="none") == "OK VIP"
    assert written(" I", " don't", ",", " T-shirt", ".", language="en", punctuation="none") == "I don't T-shirt"


def test_spaces_between_han_and_latin_are_a_setting() -> None:
    assert written("工号", "3275", " 为您", "。", space_han_latin=False) == "工号3275为您。"
    assert written("工号", "3275", " 为您", "。") == "工号 3275 为您。"


def test_marks_are_restored_only_where_there_are_none() -> None:
    assert written("请", "问", "有", "什么", "可以", "帮", "您") == "请问有什么可以帮您？"
    assert written("再", "见") == "再见。"
    assert written("再", "见", punctuation="keep") == "再见"
    assert written("你好", "，", "再", "见") == "你好，再见"
    assert written(" Goodbye", language="en") == "Goodbye"


def test_speech_cut_in_a_sentence_gets_no_end_mark() -> None:
    words = spoken("我", "想", "问")
    assert TextWriter(TextSettings()).write(words, "zh", ended=False)[0] == "我想问"


def test_a_pause_asks_for_a_mark() -> None:
    pieces = list("我的卡丢了我要挂失")
    assert written(*pieces).count("，") + written(*pieces).count("。") <= 2
    paused, words = TextWriter(TextSettings()).write(spoken(*pieces, pause={5: CHARACTER * 4}), "zh")
    assert paused[5] in "，。"
    assert words[4].text == "了" + paused[5]


def test_restored_marks_fit_the_reference_of_the_bundled_call(fixture_call_reference: dict) -> None:
    restorer = Restorer.bundled()
    right = questions = 0
    turns = fixture_call_reference["turns"]
    for turn in turns:
        bare = "".join(c for c in turn["text"] if c not in "，。？")
        end = restorer.marks(bare, [None] * len(bare))[len(bare) - 1]
        right += end == turn["text"][-1]
        questions += end == "？"
    assert right >= 0.9 * len(turns)
    assert questions >= 3


def test_a_broken_table_of_weights_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown kind"):
        Restorer.parse("nonsense\tx\t1\t2")
    with pytest.raises(ValueError, match="unpack"):
        Restorer.parse("place\tx\t1")


def test_segments_are_joined_with_the_spaces_of_their_scripts() -> None:
    writer = TextWriter(TextSettings())
    text, words = writer.join([spoken("Hello."), spoken("OK"), spoken("你好，"), spoken("再", "见。")])
    assert text == "Hello. OK 你好，再见。"
    assert text_of(words) == text
    assert writer.join([]) == ("", ())


piece = st.text(
    st.one_of(
        st.sampled_from('，。？！、；：…,.?!;: "“”（）%著什麼吗了\ufffd\u3000Ａ１'), st.characters(codec="utf-8")
    ),
    max_size=4,
)
word_lists = st.lists(st.tuples(piece, st.booleans(), st.integers(0, 8000), st.integers(1, 8000)), max_size=12)
any_settings = st.builds(
    TextSettings,
    script=st.sampled_from(["simplified", "traditional", "keep"]),
    punctuation=st.sampled_from(["restore", "keep", "none"]),
    space_han_latin=st.booleans(),
)


def timed(pieces: list[tuple[str, bool, int, int]]) -> list[Word]:
    words, at = [], 0
    for text, space, gap, length in pieces:
        words.append(Word(text.strip(" "), at + gap, at + gap + length, 0.5, space))
        at += gap + length
    return words


@given(word_lists, any_settings, st.sampled_from(["zh", "en"]), st.booleans())
@settings(max_examples=400)
def test_words_add_up_to_the_text_whatever_the_recogniser_wrote(pieces, chosen, language, ended) -> None:
    words = timed(pieces)
    text, result = TextWriter(chosen).write(words, language, ended=ended)
    assert text_of(result) == text
    assert text == text.strip(" ")
    assert "  " not in text
    assert "\ufffd" not in text
    assert all(word.text and word.text == word.text.strip(" ") for word in result)
    times = [(word.start_sample, word.end_sample, word.probability) for word in words]
    kept = iter(times)
    assert all((word.start_sample, word.end_sample, word.probability) in kept for word in result), "order and times"


@given(word_lists, any_settings.filter(lambda chosen: chosen.script != "traditional"))
@settings(max_examples=200)
def test_writing_twice_changes_nothing(pieces, chosen) -> None:
    writer = TextWriter(chosen)
    once = writer.write(timed(pieces), "zh")
    assert writer.write(once[1], "zh") == once


@given(word_lists)
@settings(max_examples=200)
def test_mandarin_never_has_two_marks_together(pieces) -> None:
    text, _ = TextWriter(TextSettings()).write(timed(pieces), "zh")
    for pair in ("，，", "。。", "，。", "。，", "？？", "、，", "！？", "；。"):
        assert pair not in text
    assert not text or text[0] not in "，。？！、；："


@pytest.mark.shared_data
def test_restoring_with_pauses_beats_text_alone_on_the_calls(shared_data) -> None:
    writer = TextWriter(TextSettings())
    found = right = true = 0
    for path in sorted((shared_data / "synthetic_zh" / "calls").glob("*.json")):
        for turn in json.loads(path.read_text(encoding="utf-8"))["turns"]:
            onsets = [*turn["char_onsets"], ["", turn["end"]]]
            words = [Word(c, int(start * 16000), int(end * 16000), 1.0) for (c, start), (_, end) in pairwise(onsets)]
            text = writer.write(words, "zh")[0].replace(" ", "")
            places = [
                {
                    len(part.translate(str.maketrans("", "", "，。？")))
                    for part in (t[:i] for i in range(1, len(t)))
                    if part[-1] in "，。？"
                }
                for t in (turn["text"], text)
            ]
            true, found, right = true + len(places[0]), found + len(places[1]), right + len(places[0] & places[1])
    assert 2 * right / (true + found) > 0.7
