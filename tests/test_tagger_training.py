"""What the taggers of secrets learn from: phrases, swapped people and numbers, and noise keep their marks in place."""

from __future__ import annotations

import json
from random import Random

import numpy as np
import pytest

from callcore.privacy.digits import stretches
from callcore.types import Role
from callcore.understand.entities.tagger import KINDS
from models.training.understand.tagging.examples import Example, Mark, call_examples, call_files, silver
from models.training.understand.tagging.invented import digits, pairs_of, tables
from models.training.understand.tagging.makers import maker as maker_of
from models.training.understand.tagging.noise import Noise
from models.training.understand.tagging.phrases import Phrases, Swap, questions_of

LANGUAGES = ("zh", "en")
NAME = frozenset({"name"})
TAIL = frozenset({"card_tail"})


def phrases(language: str, seed: int = 0) -> Phrases:
    known, random = tables(language), Random(seed)
    return Phrases(maker_of(language, known, random, {}), known, random, {})


@pytest.mark.parametrize("language", LANGUAGES)
def test_phrases_are_filled_and_their_secrets_marked(language):
    made = phrases(language)
    examples = [made.make() for _ in range(2000)]
    kinds: set[str] = set()
    for one in examples:
        assert not set("<>{}") & set(one.text + one.before)
        ends = [0, *(mark.end for mark in one.marks)]
        for mark, end in zip(one.marks, ends, strict=False):
            assert end <= mark.start < mark.end <= len(one.text)
            kinds |= mark.kinds
    assert kinds == set(KINDS)
    assert 0.1 < sum(not one.marks for one in examples) / len(examples) < 0.6  # near misses
    assert {one.speaker for one in examples} == {Role.AGENT, Role.CUSTOMER}


@pytest.mark.parametrize("language", LANGUAGES)
def test_people_and_numbers_are_swapped_and_nothing_else(language):
    text = (
        "我叫李小明，卡号尾数四四七幺，好吧"
        if language == "zh"
        else "I'm Anna Patel, it ends four four seven one, okay"
    )
    name, tail = ("李小明", "四四七幺") if language == "zh" else ("Anna Patel", "four four seven one")
    marks = tuple(Mark(text.index(one), text.index(one) + len(one), kind) for one, kind in ((name, NAME), (tail, TAIL)))
    known = tables(language)
    swap = Swap(maker_of(language, known, Random(1), {}), Random(1))
    seen = set()
    for _ in range(30):
        one = swap.swapped(Example("", Role.CUSTOMER, text, marks))
        first, second = one.marks
        assert one.text[: first.start] == text[: marks[0].start]
        assert one.text[first.end : second.start] == text[marks[0].end : marks[1].start]
        assert one.text[second.end :] == text[marks[1].end :]
        assert (first.kinds, second.kinds) == (NAME, TAIL)
        seen.add(one.text[first.start : first.end])
    assert len(seen) > 10


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_misheard_keeps_its_marks(language):
    made = phrases(language)
    examples = [made.make() for _ in range(500)]
    noise = Noise(language, [one.text for one in examples], Random(2))
    for one in examples:
        heard = noise.heard(one)
        assert len(heard.marks) == len(one.marks)
        assert all(0 <= mark.start <= mark.end <= len(heard.text) for mark in heard.marks)


@pytest.mark.parametrize("seed", range(40))
def test_numbers_are_said_digit_for_digit(seed):
    random = Random(seed)
    maker = maker_of("zh", tables("zh"), random, {})
    number = digits(random, random.choice((3, 4, 8, 11)), "1")
    said = maker.number(number)
    assert "".join(one.digits for one in stretches(said)) == number, said


def test_pairs_of_characters_are_common_words_alone():
    pairs = pairs_of(["明天去上海", "明天吧"] * 8 + ["海军"])
    assert pairs["明"] == ["明天"]
    assert "军" not in pairs


def test_calls_are_read_with_what_was_said_before(tmp_path):
    turns = [
        {"speaker": "agent", "start_s": 0, "end_s": 1, "text": "您贵姓？"},
        {"speaker": "customer", "start_s": 1, "end_s": 2, "text": "么，什么的么。"},
    ]
    secrets = [{"turn": 1, "text": "么", "kind": "name"}, {"turn": 1, "text": "什么的么", "kind": "name"}]
    file = tmp_path / "zh_one.json"
    file.write_text(json.dumps({"language": "zh", "turns": turns, "gold": {"secrets": secrets}}), encoding="utf-8")
    assert call_files(tmp_path, "zh") == [file]
    assert call_files(tmp_path, "en") == []
    question, answer = call_examples(file)
    assert (question.before, question.marks) == ("", ())
    assert answer.before == "您贵姓？"
    assert [answer.text[mark.start : mark.end] for mark in answer.marks] == ["么", "什么的么"]
    assert questions_of([question, Example("您贵姓？", Role.CUSTOMER, "么", (Mark(0, 1, NAME),))]) == {
        "name": ["您贵姓？"]
    }


def test_what_rules_only_suspect_teaches_nothing():
    from callcore.evaluate.labelled import LabelledTurn

    turns = [LabelledTurn("我叫李小明", speaker="customer"), LabelledTurn("报表当面交给客户", speaker="customer")]
    sure, none = silver(turns, "zh", 0.5)
    assert [(sure.text[m.start : m.end], m.kinds) for m in sure.marks] == [("李小明", NAME)]
    assert (none.marks, none.weight) == ((), 0.5)


@pytest.mark.parametrize("start", [1, 5, 13, 14, 40])
@pytest.mark.parametrize("said", [1, 3, 30])
def test_the_graph_answers_as_the_network_does_wherever_the_turn_begins(start, said):
    torch, _ = pytest.importorskip("torch"), pytest.importorskip("onnx")
    from callcore.engines.onnx_session import open_session
    from models.training.understand.tagging.export import graph
    from models.training.understand.tagging.network import Tagger

    torch.manual_seed(start)
    tagger = Tagger(50, 4, width=8).eval()
    session = open_session(graph(tagger, 1.0).SerializeToString(), "no graph", "")
    rows = np.random.default_rng(said).integers(0, 50, (start + said, 5), dtype=np.int32)
    (logits,) = session.run(None, {"rows": rows, "start": np.array([start])})
    before = torch.zeros(1, len(rows), 1)
    before[:, :start] = 1
    with torch.no_grad():
        wanted = tagger(torch.from_numpy(rows)[None].long(), before, 1 - before)[0, start:].numpy()
    assert logits == pytest.approx(wanted, abs=0.03)  # weights are exported in 8 bits
