"""A model takes or leaves what sentences may promise, by what was said up to them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ticket_tools import BROKEN, CATALOGUE, RULES, assert_refused, call_view, events_of, ticket

from callcore.config import Settings, TicketSettings
from callcore.loading import load_ticket_rules
from callcore.tickets import TicketRules, ticket_of
from callcore.tickets.chances import PROMISES, VERSION
from callcore.tickets.grams import LONGEST, grams
from callcore.tickets.linear import Head, LinearModel
from callcore.tickets.promises import Promises
from callcore.types import Event, Understanding

CALL_BACK = "A: 我明天下午三点前给您回电。"
VISIT = "C: 那我明天去网点办。"
ASKED = "A: 您明天来网点办吗？"
BUNDLED = load_ticket_rules(Settings(), CATALOGUE)


CALLS_BACK = {"is.agent.call_back": 4.0}


def head(bias: float, weights: dict[str, float], least: float = 0.5) -> Head:
    rows = {name: (0.0, weight) for name, weight in weights.items()}
    return Head(labels=("no", "yes"), bias=(0.0, bias), weights=rows, least=least)


def judged(one: Head, own: TicketSettings | None = None) -> TicketRules:
    model = LinearModel(format=1, name="promised", version="9", features=VERSION, heads={PROMISES: one})
    return TicketRules.load(own or TicketSettings(), CATALOGUE, promises=model)


def test_what_is_taken_has_the_probability_and_names_the_model() -> None:
    (found,) = ticket(CALL_BACK, rules=judged(head(-2.0, CALLS_BACK))).promises
    assert (found.kind, found.due, found.id) == ("call_back", "2026-11-13T15:00", "1-0")
    assert found.confidence == pytest.approx(0.8808)
    assert found.source == "promised@9"
    assert [promise.source for promise in ticket(CALL_BACK).promises] == ["promises/1"], "without it the rules do"


def test_nothing_is_taken_that_is_not_likely_enough() -> None:
    assert not ticket(CALL_BACK, rules=judged(head(-2.0, CALLS_BACK, least=0.9))).promises


def test_of_one_sentence_the_likeliest_is_taken_and_what_is_likely_beside_it() -> None:
    lines = "A: 我们核实以后明天给您回电话答复。"
    (view,) = (reading for reading in call_view(lines).readings if reading.chances)
    assert len(view.chances) > 1, "the sentence may promise several things"

    def taken(handles: float) -> list[str]:
        weights = CALLS_BACK | {"is.agent.handle": handles}
        return [promise.kind for promise in ticket(lines, rules=judged(head(-3.0, weights, least=0.1))).promises]

    assert taken(2.0) == ["call_back"], "a promise to deal with it has a probability of 0.27"
    assert taken(3.0) == ["call_back", "handle"]


def test_a_telephone_number_is_wanted_where_the_bank_will_ring_and_not_where_the_customer_will() -> None:
    rules = judged(head(-2.0, CALLS_BACK | {"is.customer.call_back": 4.0}))
    assert "customer.phone" in ticket(CALL_BACK, rules=rules).missing
    found = ticket("C: 我问清楚了明天再给你们打电话。", rules=rules)
    assert [(promise.by, promise.kind) for promise in found.promises] == [("customer", "call_back")]
    assert "customer.phone" not in found.missing


def test_words_of_the_sentence_and_of_the_turn_before_count() -> None:
    def taken(weights: dict[str, float], lines: str = CALL_BACK) -> bool:
        return bool(ticket(lines, rules=judged(head(-2.0, weights))).promises)

    assert taken({"word.回电": 3.0})
    assert taken({"agent.call_back.word.回电": 3.0})
    assert not taken({"word.来电": 3.0, "customer.visit.word.回电": 3.0})
    assert taken({"prev.word.吗|": 3.0}, f"C: 明天能给我答复吗？\n{CALL_BACK}")
    assert not taken({"prev.word.吗|": 3.0}, f"C: 明天给我答复。\n{CALL_BACK}")


@given(st.text(max_size=40), st.booleans())
def test_grams_are_short_pieces_of_the_text_each_once(text: str, chinese: bool) -> None:
    found = grams(text, chinese=chinese)
    assert list(found) == sorted(set(found))
    assert all(len(gram if chinese else gram.split(" ")) <= LONGEST for gram in found)
    assert grams(re.sub(r"\d+", "7", text), chinese=chinese) == found, "a number is as good as another"


def test_phrases_of_the_bank_hold_whatever_the_model_says(tmp_path: Path) -> None:
    own = tmp_path / "promises.toml"
    own.write_text(
        'version = 1\n[[promise]]\nkind = "call_back"\nby = "agent"\nzh = ["给您~准信"]\n'
        "[never]\nzh = []\nen = []\n[same_day]\nzh = []\nen = []\n",
        "utf-8",
    )
    lines = f"A: 明天给您一个准信。\n{VISIT}"
    (found,) = ticket(lines, rules=judged(head(-9.0, {}), TicketSettings(promises_file=own))).promises
    assert (found.kind, found.source) == ("call_back", "promises/1")


def test_a_turn_that_an_older_callcore_has_read_has_its_acts_alone() -> None:
    def older(event: Event) -> Event:
        return replace(event, may_promise=()) if isinstance(event, Understanding) else event

    found = ticket_of([older(event) for event in events_of(CALL_BACK)], judged(head(-2.0, CALLS_BACK)))
    assert found is not None
    assert [promise.kind for promise in found.promises] == ["call_back"]


@pytest.mark.parametrize(
    ("line", "language", "kind"),
    [
        (CALL_BACK, "zh", "call_back"),
        ("A: 新卡五个工作日内寄到您家里。", "zh", "send"),
        (VISIT, "zh", "visit"),
        ("A: I'll call you back by Friday.", "en", "call_back"),
        ("C: I'll email you the documents tomorrow.", "en", "document"),
        ("C: I'll check with my husband and ring you back tomorrow.", "en", "call_back"),
    ],
)
def test_what_comes_with_callcore_takes_promises(line: str, language: str, kind: str) -> None:
    (found,) = ticket(f"{ASKED}\n{line}", language, BUNDLED).promises
    assert (found.kind, found.source) == (kind, "ticket-promises@1")


@pytest.mark.parametrize("line", ["A: 需要我们给您回电吗？", "C: 我昨天去网点办过了。", "A: 已经给您发短信了。"])
def test_what_comes_with_callcore_leaves_questions_and_what_was_done(line: str) -> None:
    assert not ticket(line, rules=BUNDLED).promises


def test_without_learned_models_the_rules_tell() -> None:
    without = load_ticket_rules(Settings.model_validate({"tickets": {"judge": False}}), CATALOGUE)
    assert (without.promises, without.hash) == (None, RULES.hash)


def test_another_model_makes_other_rules() -> None:
    assert len({judged(head(bias, {})).hash for bias in (1.0, 2.0)} | {RULES.hash}) == 3


@pytest.mark.parametrize("change", BROKEN)
def test_a_broken_model_is_a_clear_error(change: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_refused("promises", BUNDLED.promises, change, tmp_path, monkeypatch)


TURNS = st.lists(
    st.sampled_from([CALL_BACK, VISIT, ASKED, "C: 好的。", "A: 这笔钱三个工作日内退还到您的卡里。已经转给专员了。"]),
    min_size=2,
    max_size=6,
)


@settings(max_examples=25)
@given(TURNS)
def test_what_follows_takes_no_promise_back(turns: list[str]) -> None:
    call = call_view("\n".join(turns))
    whole = [(chance, traits) for _, chance, traits in Promises(call).rows()]
    for count in range(1, len(turns)):
        begun = Promises(replace(call, readings=call.readings[:count])).rows()
        assert [(chance, traits) for _, chance, traits in begun] == whole[: len(begun)]


def test_set_phrases_hold_whatever_the_model_says() -> None:
    (found,) = ticket("A: 已经为您登记，会有专人与您联系。", rules=judged(head(-9.0, {}))).promises
    assert (found.kind, found.by) == ("call_back", "agent")
    assert not ticket("A: 如果审核没通过，会有专人联系您。", rules=judged(head(-9.0, {}))).promises


@pytest.mark.parametrize(
    ("line", "language", "handled", "heard"),
    [
        ("A: 我把这个报上去处理，明天下午五点前会有专人联系您。", "zh", "", "2026-11-13T17:00"),
        ("A: 我今天把这个报上去处理，明天下午五点前会有专人联系您。", "zh", "2026-11-12", "2026-11-13T17:00"),
        ("A: They'll correct it by Tuesday, and I'll call you on Wednesday.", "en", "2026-11-17", "2026-11-18"),
        ("A: We'll look into it, and somebody will call you by Wednesday.", "en", "", "2026-11-18"),
    ],
)
def test_the_time_of_the_answer_is_not_that_of_the_work(line: str, language: str, handled: str, heard: str) -> None:
    rules = judged(head(-3.0, {"is.agent.call_back": 4.0, "is.agent.handle": 4.0}))
    found = {promise.kind: promise.due for promise in ticket(line, language, rules=rules).promises}
    assert found == {"handle": handled, "call_back": heard}
