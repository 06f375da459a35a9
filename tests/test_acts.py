"""Dialogue acts: found sentence by sentence, and taken by the ticket beside the phrases of its rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ticket_tools import RULES, events_of, normals

from callcore.config import load_settings
from callcore.errors import ConfigError
from callcore.evaluate.labelled import read_acts
from callcore.loading import load_understander
from callcore.text.sentences import sentences
from callcore.tickets import ticket_of
from callcore.tickets.cues import CueCode
from callcore.types import Label, Turn, Understanding, text_of
from callcore.understand.acts import MOST, ActReader
from callcore.understand.catalogue import Acts
from callcore.understand.entities import plain_words
from callcore.understand.features import features


class EveryText:
    """A network that finds both of its acts in every text, the second of them less surely."""

    def __init__(self):
        self.version = "every@1"
        self.heads = {"agent": ("solved", "closing")}
        self.thresholds = {"solved": 0.5, "closing": 0.5}

    def read(self, grams):
        return {"agent": np.array([0.9, 0.4], dtype=np.float32)}, np.zeros((1, 2), dtype=np.float32)


READER = ActReader(EveryText())


def read(words):
    return READER.sure(READER.likely(words))


def said(label, words):
    return text_of(words[label.first_word : label.end_word]).strip()


def test_every_sentence_is_evidence_of_its_own_acts_alone():
    words = plain_words("卡已经挂失了。新卡三天内寄出！还有别的需要吗")
    found = read(words)
    assert [label.code for label in found] == ["solved"] * 3  # what is not sure enough is left out
    assert [said(label, words) for label in found] == ["卡已经挂失了。", "新卡三天内寄出！", "还有别的需要吗"]


def test_unlikely_acts_are_told_apart():
    likely = READER.likely(plain_words("卡已经挂失了。"))
    assert [label.code for label in likely] == ["solved", "closing"]
    assert [label.code for label in READER.sure(likely)] == ["solved"]
    assert READER.promises(likely) == ()


def test_evidence_begins_with_the_first_word_of_its_sentence():
    words = plain_words("I hear you. It comes back tomorrow.")
    assert [said(label, words) for label in read(words)] == ["I hear you.", "It comes back tomorrow."]


def test_what_a_sentence_may_promise_goes_with_its_meaning():
    (found,) = [event for event in events_of("A: 我明天下午三点前给您回电。") if isinstance(event, Understanding)]
    assert "promise.call_back" in {label.code for label in found.may_promise}
    assert {label for label in found.acts if label.code.startswith("promise.")} <= set(found.may_promise)


def test_a_sentence_of_one_letter_does_nothing():
    words = plain_words("好。我帮您取消了这笔分期。")
    assert [said(label, words) for label in read(words)] == ["我帮您取消了这笔分期。"]


@given(st.text("今天好的已经办理了。！?. ok", max_size=200))
def test_evidence_lies_in_the_turn_and_in_order(text):
    words = plain_words(text)
    found = read(words)
    assert len(found) <= MOST
    places = [(label.first_word, label.end_word) for label in found]
    assert places == sorted(places)
    assert all(0 <= first < end <= len(words) for first, end in places)


@given(st.text("一二三。！?. ab", max_size=60))
def test_sentences_hold_all_that_is_said(text):
    covered = "".join(text[a:b] for a, b in sentences(text))
    assert "".join(covered.split()) == "".join(text.split())


def test_every_act_is_one_that_the_rules_of_tickets_ask_for():
    for act in Acts.load().act:
        assert act.promise if act.code.startswith("promise.") else act.code in get_args(CueCode), act.code


def with_acts(events, turn, *codes):
    """The same events; the model has found ``codes`` in all of a turn, in place of what it did find."""
    words = {event.turn_id: len(event.words) for event in events if isinstance(event, Turn)}
    return [
        replace(event, acts=tuple(Label(code, 0.9, 0, words[turn]) for code in codes))
        if isinstance(event, Understanding) and event.turn_id == turn
        else event
        for event in events
    ]


def test_a_promise_that_no_phrase_tells_of_is_found_by_its_act():
    events = events_of("C: 我的信用卡丢了\nA: 明天下午准有信鸽飞过去")
    assert not ticket_of(with_acts(events, 2), RULES).promises
    (promise,) = ticket_of(with_acts(events, 2, "promise.call_back"), RULES).promises
    assert (promise.kind, promise.by, promise.due) == ("call_back", "agent", "2026-11-13")
    assert promise.evidence[0].words == "明天下午准有信鸽飞过去"


def test_an_act_counts_only_from_the_side_whose_act_it_is():
    events = events_of("C: 我的信用卡丢了\nC: 明天下午准有信鸽飞过去")
    assert not ticket_of(with_acts(events, 2, "promise.call_back", "transfer"), RULES).promises


def test_a_promise_of_phrase_and_act_counts_once():
    events = events_of("C: 我的信用卡丢了\nA: 明天下午三点前给您回电话")
    assert len(ticket_of(with_acts(events, 2, "promise.call_back"), RULES).promises) == 1


def test_what_the_agent_does_decides_how_the_call_ends():
    events = events_of("C: 我的信用卡丢了\nA: 这单子归那头管了\nC: 嗯")
    assert normals(ticket_of(with_acts(events, 2, "promise.call_back", "transfer"), RULES), "handling.resolution") == [
        "transferred"
    ]


@pytest.fixture(scope="module")
def bundled():
    return load_understander(load_settings())


@pytest.mark.parametrize(
    ("text", "language", "code"),
    [
        ("我这边明天上午查清楚之后给您回个电话", "zh", "promise.call_back"),
        ("您这张卡我已经帮您挂失好了", "zh", "carried_out"),
        ("再不解决我就去银保监会举报你们", "zh", "escalation"),
        ("I'll give you a call back tomorrow before noon.", "en", "promise.call_back"),
        ("I'm afraid there is nothing we can do about that charge.", "en", "unresolved"),
        ("Let me speak to your manager.", "en", "supervisor"),
    ],
)
def test_unmistakable_acts(bundled, text, language, code):
    assert code in {label.code for label in bundled.acts_of(plain_words(text), language)}


def test_a_language_that_no_model_reads_has_no_acts(bundled):
    assert bundled.acts_of(plain_words("wir rufen Sie zurück"), "de") == ()


@pytest.mark.parametrize("text", ["", "嗯", "👍", "好" * 5000, "mixed 中文 and English。" * 30])
def test_whatever_is_said_is_read(bundled, text):
    words = plain_words(text)
    for label in bundled.acts_of(words, "zh"):
        assert 0 <= label.first_word < label.end_word <= len(words)


def test_a_corpus_in_another_form_is_refused_by_name(tmp_path):
    (tmp_path / "agent.toml").write_text('[[block]]\nspeaker = "bank"\nacts = []\nlines = "好"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"agent\.toml, block 1"):
        read_acts(tmp_path, "zh")


def test_a_turn_of_one_sentence_is_seen_once_by_both_models(bundled, monkeypatch):
    seen = []
    monkeypatch.setattr("callcore.understand.call.features", lambda text: seen.append(text) or features(text))
    call = bundled.call((0, 1), date(2026, 11, 22), load_settings().segment)
    for number, text in enumerate(("我明天给您回电话", "好的。谢谢您!")):
        words = plain_words(text)
        (found,) = call.take(Turn(number, 0, 0, words[-1].end_sample, text, words, "zh", (str(number),)))
        assert found.acts == bundled.acts_of(words, "zh")
        rest = replace(found, acts=(), may_promise=(), entities=())
        assert rest == replace(bundled.labelled(words, "zh"), turn_id=number, channel=0)
    assert seen == ["我明天给您回电话", "好的。谢谢您 ", "好的。", "谢谢您 "]
