"""Training of what judges calls: what is written says what was learned, and learns what there is to learn."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("sklearn")

from ticket_tools import call_view, written

from callcore.engines.word_model import LinearWordModel
from callcore.evaluate.tickets import Gold, GoldCall
from callcore.tickets.picks import WORDED, worded
from callcore.tickets.wording import VERSION
from models.training.tickets import judge, promises
from models.training.tickets.codes import LISTS, QUESTIONS, Coded, learn, learn_all
from models.training.tickets.views import each, head_of
from models.training.tickets.words import Words

FIELDS = ("caller.type", "handling.authority")


def example(number: int) -> judge.Example:
    """A call whose sign tells its label, beside a sign of chance; the rules always say the same."""
    chance = random.Random(number)
    kind = ("agitated", "confused", "none")[number % 3]
    signs = {f"caller.{kind}": 0.6 + chance.random() / 3, "turns": chance.random()}
    authority = ("within", "beyond")[number % 3 == 0]
    candidates = {code: {f"code.{code}": 1.0, "best": chance.random() + (code == kind)} for code in ("none", kind)}
    coded = Coded(candidates, frozenset([kind]), frozenset())
    return judge.Example(
        signs,
        {"caller.type": kind, "handling.authority": authority},
        dict.fromkeys(FIELDS, "none"),
        dict.fromkeys(LISTS, coded),
        ({7: 1, 100 + number % 3: 2}, {9: 1}, {7: 1}),
    )


CALLS = [example(number) for number in range(100)]


@pytest.mark.parametrize("name", FIELDS)
def test_the_written_head_says_what_the_learned_one_says(name: str) -> None:
    vectors, model = judge._fitted(name, CALLS, 1.0)
    head = head_of(list(map(str, vectors.get_feature_names_out())), model, 1.0)
    for one in CALLS[:6]:
        signs = judge._used(name, one)
        wanted = dict(zip(map(str, model.classes_), model.predict_proba(vectors.transform([signs]))[0], strict=True))
        assert head.probabilities(signs) == pytest.approx(wanted, abs=0.01)


def test_a_field_that_signs_tell_is_learned() -> None:
    learned = judge.learn("caller.type", CALLS[:80], CALLS[80:], Words(CALLS[:80], CALLS[80:]))
    assert learned.accuracy > 0.9 > learned.rules
    assert max(learned.head.probabilities({"caller.confused": 0.8}).items(), key=lambda one: one[1])[0] == "confused"


def test_what_only_the_wording_tells_is_learned_and_written(tmp_path: Path) -> None:
    mute = [replace(one, signs={"turns": 0.5}, rules=dict.fromkeys(FIELDS, "none")) for one in CALLS]
    words = Words(mute[:80], mute[80:])
    learned = judge.learn("caller.type", mute[:80], mute[80:], words)
    assert learned.accuracy > 0.9 > learned.alone
    words.write(tmp_path, "1", {"caller.type": learned.share})
    written = LinearWordModel(tmp_path / "ticket-words", VERSION)
    for one in mute[:6]:
        sums = written.sums(one.wording)["caller.type"]
        assert max(sums, key=lambda label: sums[label]) == one.gold["caller.type"]


def test_codes_are_learned_one_by_one() -> None:
    coded = [one.codes["caller.causes"] for one in CALLS]
    picked = learn("caller.causes", coded[:80], coded[80:])
    assert picked.f1 > 0.8 > picked.rules
    assert set(picked.head.labels) == {"no", "yes"}
    assert 0.15 <= picked.head.least < 0.75


@pytest.mark.parametrize("name", LISTS)
def test_codes_that_only_the_wording_tells_are_learned_and_written(name: str, tmp_path: Path) -> None:
    codes = ("agitated", "confused", "none")
    mute = [
        replace(one, codes={name: replace(field, candidates={code: {"best": 0.5} for code in codes})
                            for name, field in one.codes.items()})
        for one in CALLS
    ]  # fmt: skip
    words = Words(mute[:80], mute[80:])
    heads = learn_all([one.codes for one in mute[:80]], [one.codes for one in mute[80:]], words)
    assert heads[f"{name}{WORDED}"].f1 > 0.9 > heads[name].f1
    words.write(tmp_path, "1", {}, QUESTIONS)
    written = LinearWordModel(tmp_path / "ticket-words", VERSION)
    for one in mute[:6]:
        candidates = worded(name, one.codes[name].candidates, written.sums(one.wording))
        likely = {code: heads[f"{name}{WORDED}"].head.yes(values) for code, values in candidates.items()}
        assert max(likely, key=lambda code: likely[code]) == one.gold["caller.type"]


def test_promises_are_learned_as_gold_tickets_have_them() -> None:
    lines = "A: 我明天下午三点前给您回电。\nC: 那我明天去网点办。"
    call = written(lines)
    gold = Gold.model_validate(
        {"fields": {}, "promises": [{"by": "agent", "kind": "call_back", "due": "2026-11-13T15:00", "turn": 0}]}
    )
    one = promises.lesson(GoldCall("call-1", call, gold), call_view(lines))
    assert {name for traits, holds in one.rows if holds for name in traits} >= {"is.agent.call_back", "due"}
    lessons = [one] * (10 * promises.FEWEST)
    model = promises.asking(promises.learn(lessons, 10.0), 0.5)  # of so few the weights are small
    found = promises.score(lessons, model).as_row()
    assert (found["f1"], found["due_right"]) == (1.0, 1.0)
    assert promises.score(lessons, promises.asking(model, 1.0)).told == 0


def test_calls_are_looked_at_on_all_cores_in_their_order():
    calls = [f"call {number}" for number in range(100)]
    assert each(str.upper, calls) == [name.upper() for name in calls]
