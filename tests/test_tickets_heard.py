"""Parts of the benchmark of tickets on heard calls that need neither voice nor recogniser."""

from __future__ import annotations

import datetime
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.call_texts import (
    HeardCall,
    HeardTurn,
    Piece,
    as_heard,
    carried,
    digest,
    error_counts,
    heard_call_line,
    pieces_of,
    placed,
    read_heard_calls,
    same_turns,
)
from benchmarks.misheard import partly_heard
from benchmarks.ticket_scores import (
    CallScore,
    SecretCounts,
    loss_interval,
    mean_rows,
    secret_counts,
    whole_row,
)
from benchmarks.tickets_page import points_lost, write_page, write_picture
from benchmarks.written_calls.check import GoldCall, secret_spans
from callcore.evaluate.normalise import MANDARIN
from callcore.types import Word

CALL = GoldCall.model_validate(
    {
        "language": "zh",
        "call_date": "2026-11-12",
        "turns": [
            {"speaker": "agent", "start_s": 0.0, "end_s": 2.0, "text": "您贵姓，卡尾号多少"},
            {"speaker": "customer", "start_s": 2.5, "end_s": 5.0, "text": "我姓王，尾号六六二八"},
            {"speaker": "agent", "start_s": 4.8, "end_s": 5.1, "text": "嗯"},
            {"speaker": "customer", "start_s": 5.5, "end_s": 7.0, "text": "明天去网点，六六二八"},
        ],
        "gold": {
            "fields": {"customer.name": "王", "customer.card_tail": "6628", "request.topic": "branch.service"},
            "evidence": {"customer.name": [1], "customer.card_tail": [1, 3], "request.topic": [2]},
            "promises": [{"by": "customer", "kind": "visit", "due": "2026-11-13", "turn": 3}],
            "secrets": [
                {"turn": 1, "text": "王", "kind": "name"},
                {"turn": 1, "text": "六六二八", "kind": "card_tail"},
                {"turn": 3, "text": "六六二八", "kind": "card_tail"},
            ],
        },
    }
)
HAN = st.text(st.sampled_from("我姓王尾号六二八，"), min_size=1, max_size=12)


def word(text, start_s, end_s, space_before=False):
    return Word(text, round(start_s * 16_000), round(end_s * 16_000), 1.0, space_before)


def turn(speaker, start_s, end_s, *pieces):
    return HeardTurn(speaker, start_s, end_s, tuple(Piece(of, text) for of, text in pieces))


def test_turns_keep_their_times_until_one_takes_longer():
    written = [(0.0, 2.0), (2.5, 4.0), (3.8, 4.2), (5.0, 6.0)]
    assert placed(written, [1.5, 2.0, 0.3, 1.0]) == [(0.0, 1.5), (2.5, 4.5), (4.3, pytest.approx(4.6)), (5.5, 6.5)]


@given(st.lists(st.tuples(st.floats(0.1, 5), st.floats(0, 2), st.floats(0.1, 8)), min_size=1, max_size=12))
def test_a_turn_never_begins_before_its_time_nor_its_speaker_over_himself(rows):
    written, now = [], 0.0
    for length, gap, _ in rows:
        written.append((now + gap, now + gap + length))
        now += gap + length
    spans = placed(written, [spoken for _, _, spoken in rows])
    assert all(start >= was for (start, _), (was, _) in zip(spans, written, strict=True))
    assert all(later[0] >= earlier[1] - 1e-6 for earlier, later in pairwise(spans))


def test_words_go_to_the_written_turn_that_they_lie_in():
    words = [word("嗯", 1.0, 1.2), word("卡", 3.0, 3.2), word("App", 3.2, 3.5, space_before=True), word("吧", 9.0, 9.1)]
    spans = [(0, 8_000, 24_000), (4, 40_000, 64_000)]
    assert pieces_of(words, spans) == (Piece(0, "嗯"), Piece(4, "卡 App吧"))


def test_a_stretch_is_found_in_what_was_heard_of_it():
    text, heard = "我姓王，尾号六六二八对吧", "我姓黄,未号 6638,对吧"
    there = carried(text, heard, 6, 10)
    assert (heard[there.start : there.end], there.right) == ("6638", 0.75)
    assert carried(text, heard, 2, 3) is None
    assert carried(text, "", 6, 10) is None


@given(HAN, st.integers(0, 11), st.integers(1, 12))
def test_a_stretch_of_a_text_heard_right_is_itself(text, start, length):
    there = carried(text, text, start, start + length)
    wanted = text[start : start + length].strip("，")
    assert (text[there.start : there.end] if there else "") == wanted
    assert there is None or there.right == 1.0


def test_words_put_in_do_not_move_an_english_secret():
    text, heard = (
        "It's Margaret Osei and it ends in five five one two",
        "its uh margaret oh say and it ends in five five on two",
    )
    there = carried(text, heard, text.index("five"), len(text))
    assert heard[there.start : there.end] == "five five on two"
    assert there.right == 0.75


def test_gold_follows_the_turns_that_were_heard():
    heard = as_heard(
        CALL,
        [
            turn("agent", 0.0, 2.0, (0, "您贵姓卡尾号多少")),
            turn("customer", 2.5, 7.0, (1, "我姓黄，尾号 6628"), (3, "明天去网店六六二吧")),
            turn("agent", 7.5, 7.6, (2, " ")),
        ],
    )
    assert [(one.speaker, one.text) for one in heard.turns] == [
        ("agent", "您贵姓卡尾号多少"),
        ("customer", "我姓黄，尾号 6628明天去网店六六二吧"),
    ]
    assert heard.gold.fields == CALL.gold.fields
    assert heard.gold.evidence == {"customer.name": [1], "customer.card_tail": [1]}
    assert [(one.kind, one.turn) for one in heard.gold.promises] == [("visit", 1)]
    assert [(one.turn, one.text) for one in heard.gold.secrets] == [(1, "6628"), (1, "六六二")]
    assert secret_spans(heard, 1) == [(7, 11, "card_tail"), (16, 19, "card_tail")]


def test_a_secret_heard_over_two_turns_is_two():
    heard = as_heard(CALL, [turn("customer", 2.5, 3.5, (1, "我姓王尾号六六")), turn("customer", 3.9, 5.0, (1, "二八"))])
    assert [(one.turn, one.text) for one in heard.gold.secrets] == [(0, "王"), (0, "六六"), (1, "二八")]
    assert heard.gold.evidence["customer.card_tail"] == [0, 1]
    assert heard.gold.promises[0].turn == 0


def test_the_written_text_itself_keeps_all_gold():
    same = as_heard(CALL, same_turns(CALL, [one.text for one in CALL.turns]))
    assert same == CALL


@given(st.integers(0, 20), st.floats(0, 1))
def test_secrets_stand_in_their_turns_whatever_was_heard(seed, kept):
    texts = ["您贵姓卡位多少", "我姓望尾号刘六28", "", "明天就网点六六爱吧"]
    random = Random(seed)
    parts = [partly_heard(one.text, text, kept, random) for one, text in zip(CALL.turns, texts, strict=True)]
    heard = as_heard(CALL, same_turns(CALL, parts))
    assert sum(len(secret_spans(heard, place)) for place in range(len(heard.turns))) == len(heard.gold.secrets)
    assert heard.call_date == datetime.date(2026, 11, 12)


def test_heard_calls_are_read_back_and_a_line_cut_off_is_left_out(tmp_path):
    one = HeardCall(
        "a", digest(CALL), "starter@1", "m7", ("王", "嗯"), (turn("customer", 1.0, 2.0, (0, "黄"), (1, " 嗯")),)
    )
    file = tmp_path / "heard.jsonl"
    assert read_heard_calls(file) == {}
    file.write_text(heard_call_line(one) + heard_call_line(one)[:40], encoding="utf-8")
    assert read_heard_calls(file) == {"a": one}
    assert one.heard() == ["黄", "嗯"]
    assert error_counts(one, MANDARIN).rate == 0.5


def test_a_call_that_is_said_otherwise_has_another_digest():
    other = CALL.model_copy(update={"turns": [*CALL.turns[:-1], CALL.turns[-1].model_copy(update={"text": "明天去"})]})
    assert digest(CALL) == digest(CALL.model_copy(update={"gold": CALL.gold}))
    assert digest(other) != digest(CALL)


def test_secrets_are_hidden_when_nothing_of_them_can_be_read():
    text = "我姓王，尾号六六，二八，一共五百"
    spans = [(2, 3), (6, 11)]
    assert secret_counts(text, "我姓*，尾号**，**，一共五百", spans) == SecretCounts(2, 2, 2, 0)
    assert secret_counts(text, "我姓王，尾号**，*八，一共**", spans) == SecretCounts(2, 0, 2, 1)
    both = SecretCounts(2, 1, 4, 1) + SecretCounts(0, 0, 0, 0)
    assert (both.as_row()["recall"], both.as_row()["precision"]) == (0.5, 0.75)
    assert SecretCounts().as_row()["recall"] is None


def call_score(right, wrong=0, spurious=0, name="request.topic"):
    counts = {"marked": right + wrong, "right": right, "wrong": wrong, "spurious": spurious}
    return CallScore({name: counts}, {"marked": 2, "told": 1, "found": 1, "due_right": 0}, SecretCounts(1, 1, 1, 0))


def test_calls_together_count_every_value_once():
    calls = [call_score(3, 1), call_score(1, 0, 1, "customer.name")]
    row = whole_row(calls, {"both": ["request.topic", "customer.name", "customer.phone"], "none": []})
    both = row["groups"]["both"]
    assert (both["marked"], both["precision"], both["recall"], both["f1"]) == (5, 0.6667, 0.8, 0.7273)
    assert row["groups"]["none"]["recall"] is None
    assert row["fields"]["customer.name"]["precision"] == 0.5
    assert (row["promises"]["precision"], row["promises"]["recall"], row["promises"]["due_right"]) == (1.0, 0.5, 0.0)
    assert row["secrets"]["recall"] == 1.0


def test_draws_become_their_mean():
    rows = [{"a": 1, "b": {"c": None}, "e": 2}, {"a": 2, "b": {"c": 0.5}, "d": 3, "e": 2}]
    assert mean_rows(rows) == {"a": 1.5, "b": {"c": 0.5}, "e": 2, "d": 3}


def test_the_interval_of_a_loss_holds_the_loss():
    clean = [call_score(4), call_score(3, 1), call_score(4)]
    worse = [[call_score(2, 2), call_score(3, 1), call_score(4)], [call_score(4), call_score(1, 3), call_score(4)]]
    low, high = loss_interval(clean, worse, ["request.topic"])
    assert low <= 11 / 12 - 9 / 12 <= high
    assert loss_interval(clean, [clean], ["request.topic"]) == (0.0, 0.0)


def scores(f1, rate=None):
    row = {"marked": 3, "right": 2, "wrong": 1, "spurious": 0, "precision": f1, "recall": f1, "f1": f1}
    return {
        "calls": 2,
        "error_rate": rate,
        "loss_interval": (-0.01, 0.2),
        "groups": dict.fromkeys(("always_required", "required", "digit_free", "all"), row),
        "fields": {"request.topic": row},
        "promises": {"f1": 0.5},
        "secrets": {"recall": 1.0, "precision": None},
    }


def document():
    recognised = {
        "calls": 2, "turns": 60, "turns_heard": 58, "units": 900, "error_rate": 0.25, "digit_error_rate": None,
        "rates": [0.2, 0.3], "by_call": {"d2_one": 0.2}, "models": ["starter-zh@1"],
    }  # fmt: skip
    zh = {"as written": scores(0.9), "heard in part": scores(0.85, 0.1), "heard": scores(0.6, 0.25)}
    en = {"as written": scores(0.8), "sound-alikes": scores(0.7, 0.1)}
    half = {"zh": {"recognition": recognised, "versions": zh}, "en": {"recognition": None, "versions": en}}
    hidden = {**half, "zh": {**half["zh"], "recognition": {**recognised, "by_call": {}}}}
    return {
        "commit": "abc", "machine": {"cpu": "X"}, "settings": {"seeds": 3},
        "results": {"models": {"zh": "m@1"}, "halves": {"dev": half, "test": hidden}},
    }  # fmt: skip


def test_the_page_says_what_is_lost_and_whether_that_meets_the_goal(tmp_path):
    page = tmp_path / "tickets.md"
    write_page(document(), page)
    text = page.read_text(encoding="utf-8")
    assert "Mandarin, heard in part: at 10.0 % errors 5.0 points" in text
    assert text.count("this meets the goal of at most 8") == 2
    assert text.count("this misses the goal of at most 8") == 2
    assert text.count("d2_one") == 1
    assert points_lost(document()["results"]["halves"]["dev"]["zh"]["versions"], "heard") == pytest.approx(30.0)


def test_the_picture_is_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    write_picture(document(), tmp_path / "docs" / "tickets.png")
    assert (tmp_path / "docs" / "tickets.png").stat().st_size > 10_000
