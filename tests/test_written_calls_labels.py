"""Several labels of a call: what they settle to, how far they agree, and that the gold of the calls is that."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.written_calls.check import FOLDER, GoldPromise
from benchmarks.written_calls.labels import LABELS, Labels, agreement, compared, read_labels, settled, write_labels
from benchmarks.written_calls.settle import gold

FIELDS = {
    "request.topic": "account.balance",
    "request.topics": ["account.balance"],
    "handling.severity": "P4",
    "handling.resolution": "promised",
    "caller.churn_risk": "none",
    "followup.owner": "agent",
    "followup.due": "2026-11-13",
}
EVIDENCE = {"request.topic": [1], "request.topics": [1], "handling.severity": [1], "followup.owner": [6]}


def label(by="writer", promises=(), *, without=(), evidence=EVIDENCE, **changes):
    fields = {**FIELDS, **{name.replace("__", "."): value for name, value in changes.items()}}
    fields = {name: value for name, value in fields.items() if name not in without}
    told = [GoldPromise(by=side, kind=kind, due=due, turn=turn) for turn, side, kind, due in promises]
    return Labels(call="zh_call", by=by, fields=fields, evidence=evidence, promises=told)


def three(first, second, third):
    return [
        one.model_copy(update={"by": by}) for one, by in zip((first, second, third), ("writer", "b", "c"), strict=True)
    ]


def test_the_value_of_two_holds_and_the_writers_where_all_differ():
    outvoted = three(label(), label(handling__severity="P2"), label(handling__severity="P2"))
    assert settled(outvoted)[0]["handling.severity"] == "P2"
    divided = three(label(), label(handling__severity="P2"), label(handling__severity="P3"))
    assert settled(divided)[0]["handling.severity"] == "P4"


def test_a_value_that_two_do_not_see_is_none():
    fields = settled(three(label(), label(without=["followup.due"]), label(without=["followup.due"])))[0]
    assert "followup.due" not in fields


def test_lists_are_settled_item_by_item_and_hold_the_main_topic():
    both = ["account.balance", "debit_card.lost"]
    labels = three(label(), label(request__topics=both), label(request__topics=[*both, "loan.personal"]))
    assert settled(labels)[0]["request.topics"] == both
    elsewhere = {"request__topic": "loan.personal", "request__topics": ["loan.personal"]}
    other = three(label(), label(**elsewhere), label(request__topic="loan.car", request__topics=["loan.personal"]))
    assert settled(other)[0]["request.topics"] == ["account.balance", "loan.personal"]


def test_what_goes_only_with_another_value_falls_with_it():
    solved = label(handling__resolution="solved", without=["followup.owner", "followup.due"])
    fields = settled(three(label(), solved, label(handling__resolution="solved")))[0]
    assert not [name for name in fields if name.startswith("followup.")]


def test_a_risk_of_leaving_says_whether_the_customer_was_asked_to_stay():
    risk = {"caller__churn_risk": "stated", "caller__retention_tried": "yes"}
    assert settled(three(label(), label(**risk), label(caller__churn_risk="stated")))[0]["caller.retention_tried"] == (
        "yes"
    )
    assert "caller.retention_tried" not in settled(three(label(), label(), label(**risk)))[0]


PROMISED = (6, "agent", "call_back", "2026-11-13")


def test_a_promise_that_two_hold_is_one_with_the_time_that_most_give():
    labels = three(
        label(promises=[PROMISED]),
        label(promises=[(4, "agent", "call_back", "2026-11-16")]),
        label(promises=[(8, "agent", "call_back", "2026-11-16")]),
    )
    assert [one.model_dump() for one in settled(labels)[2]] == [
        {"by": "agent", "kind": "call_back", "due": "2026-11-16", "turn": 6}
    ]


def test_a_promise_of_one_labeller_alone_is_none():
    assert not settled(three(label(promises=[PROMISED]), label(), label()))[2]
    assert not settled(three(label(), label(promises=[PROMISED]), label()))[2]


@pytest.mark.parametrize(
    ("kinds", "kind"),
    [
        pytest.param(("call_back", "handle", "other"), "call_back", id="all tell another, so the writer's holds"),
        pytest.param(("call_back", "handle", "handle"), "handle", id="two agree against the writer"),
    ],
)
def test_a_promise_of_several_kinds_has_one(kinds, kind):
    labels = three(*(label(promises=[(6, "agent", told, "")]) for told in kinds))
    assert [one.kind for one in settled(labels)[2]] == [kind]


def test_agreement_counts_as_tickets_are_scored():
    one, other = label(promises=[PROMISED]), label(by="b", handling__severity="P2")
    assert compared(one, other)["handling.severity"] == (0, 2)
    assert compared(one, other)["promises"] == (0, 1)
    rows = [three(label(), label(), label(handling__severity="P2"))]
    assert agreement(rows, {"handling.severity"}) == pytest.approx(1 / 3, abs=1e-4)
    assert agreement(rows, {"followup.owner", "followup.due"}) == 1.0
    assert agreement(rows, {"customer.name"}) is None


@given(
    st.lists(
        st.lists(
            st.tuples(
                st.integers(0, 9), st.sampled_from(["agent", "customer"]), st.sampled_from(["send", "pay"]), st.just("")
            ),
            max_size=4,
        ),
        min_size=3,
        max_size=3,
    )
)
def test_nobody_is_settled_to_promise_more_than_the_one_who_says_most(promises):
    labels = three(*(label(promises=row) for row in promises))
    kinds = {(side, kind) for row in promises for _, side, kind, _ in row}
    for side, kind in kinds:
        counts = sorted(sum((s, k) == (side, kind) for _, s, k, _ in row) for row in promises)
        found = sum((one.by, one.kind) == (side, kind) for one in settled(labels)[2])
        assert found <= counts[-1]
        assert found >= counts[0]


def test_labels_can_be_read_as_they_were_written(tmp_path):
    labels = three(label(promises=[PROMISED]), label(), label())
    write_labels(tmp_path / "test.jsonl", reversed(labels))
    assert read_labels(tmp_path / "test.jsonl")["zh_call"][0] == labels[0]
    write_labels(tmp_path / "test.jsonl", labels[:2])
    with pytest.raises(ValueError, match="two more"):
        read_labels(tmp_path / "test.jsonl")


@pytest.mark.parametrize("file", sorted(LABELS.glob("*.jsonl")), ids=lambda file: file.stem)
def test_the_gold_of_the_calls_is_what_the_labels_settle_to(file):
    rows = read_labels(file)
    assert set(rows) == {one.stem for one in (FOLDER / file.stem).glob("*.json")}
    for name, labels in rows.items():
        held = json.loads((FOLDER / file.stem / f"{name}.json").read_text(encoding="utf-8"))["gold"]
        assert gold(labels, held["secrets"]) == held, name
