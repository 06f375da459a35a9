"""The written calls that tickets are scored on are sound, and the check of them finds what is not."""

import copy
import itertools
import json

import pytest

from benchmarks.written_calls.check import FOLDER, PARTS, GoldCall, check, faults, read, secret_spans, uncovered
from benchmarks.written_calls.values import field_checks
from callcore.understand.catalogue import Catalogue

SAID = (
    *("您好", "查一下余额,尾号六六二八", "尾号六六二八对吗", "对", "您贵姓", "姓王", "王女士,我明天给您回电话"),
    *("好", "嗯", "那个", "还有吗", "没有", "再见", "再见"),
)
CALL = {
    "language": "zh",
    "call_date": "2026-11-12",
    "turns": [
        {
            "speaker": "customer" if index % 2 else "agent",
            "start_s": index * 2.0,
            "end_s": index * 2.0 + 1.5,
            "text": text,
        }
        for index, text in enumerate(SAID)
    ],
    "gold": {
        "fields": {
            "customer.name": "王",
            "customer.card_tail": "6628",
            "request.topic": "account.balance",
            "request.topics": ["account.balance"],
            "caller.churn_risk": "none",
            "handling.severity": "P4",
            "handling.resolution": "promised",
            "followup.owner": "agent",
            "followup.due": "2026-11-13",
        },
        "evidence": {
            "customer.name": [5],
            "customer.card_tail": [1, 2],
            "request.topic": [1],
            "request.topics": [1],
            "handling.severity": [1],
            "handling.resolution": [6],
            "followup.owner": [6],
            "followup.due": [6],
        },
        "promises": [{"by": "agent", "kind": "call_back", "due": "2026-11-13", "turn": 6}],
        "secrets": [
            {"turn": 1, "text": "六六二八", "kind": "card_tail"},
            {"turn": 2, "text": "六六二八", "kind": "card_tail"},
            {"turn": 5, "text": "王", "kind": "name"},
            {"turn": 6, "text": "王", "kind": "name"},
        ],
    },
}
LONGEST_COMMON = 15  #: characters; what is no longer ("没有了,谢谢") may stand in any call
FAULTS = {
    "unknown field": (("gold", "fields", "customer.shoe"), "42"),
    "unknown code": (("gold", "fields", "request.topic"), "account.shoe"),
    "list for one value": (("gold", "fields", "handling.severity"), ["P4"]),
    "tail of three digits": (("gold", "fields", "customer.card_tail"), "628"),
    "follow-up on a day that is not": (("gold", "fields", "followup.due"), "2026-11-31"),
    "follow-up though solved": (("gold", "fields", "handling.resolution"), "solved"),
    "transfer facts without transfer": (("gold", "fields", "handling.transfer_deadline"), "2026-11-13"),
    "value without evidence": (("gold", "evidence", "customer.name"), []),
    "evidence beyond the call": (("gold", "evidence", "customer.name"), [14]),
    "promise due before the call": (("gold", "promises", 0, "due"), "2026-11-11"),
    "promise in a turn of the other side": (("gold", "promises", 0, "turn"), 5),
    "secret that is not in its turn": (("gold", "secrets", 0, "turn"), 0),
    "secret said again, not listed": (("turns", 8, "text"), "六六二八啊"),
    "unknown kind of secret": (("gold", "secrets", 0, "kind"), "shoe"),
    "turns out of order": (("turns", 3, "start_s"), 1.0),
    "turn that ends before it begins": (("turns", 3, "end_s"), 1.0),
    "call on a Sunday": (("call_date",), "2026-11-08"),
}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load()


@pytest.mark.parametrize("part", PARTS)
def test_the_written_calls_are_sound(part: str, catalogue: Catalogue) -> None:
    assert check(FOLDER / part, catalogue)[1] == []


def test_the_test_half_holds_every_category_severity_and_outcome(catalogue: Catalogue) -> None:
    calls = check(FOLDER / "test", catalogue)[0]
    assert uncovered(calls, catalogue) == []
    assert sum(call.language == "zh" for call in calls) >= 15
    assert sum(call.language == "en" for call in calls) >= 5


def test_the_parts_share_no_words_of_customers() -> None:
    said = [
        {
            turn.text
            for file in (FOLDER / part).glob("*.json")
            for turn in read(file).turns
            if turn.speaker == "customer" and len(turn.text) > LONGEST_COMMON
        }
        for part in PARTS
    ]
    assert not [one & other for one, other in itertools.combinations(said, 2) if one & other]


def test_a_sound_call_has_no_fault(catalogue: Catalogue) -> None:
    assert faults(GoldCall.model_validate(CALL), field_checks(catalogue)) == []


@pytest.mark.parametrize(("place", "value"), FAULTS.values(), ids=FAULTS.keys())
def test_what_is_wrong_is_found(place: tuple[str | int, ...], value: object, catalogue: Catalogue) -> None:
    call = copy.deepcopy(CALL)
    part = call
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = value
    assert faults(GoldCall.model_validate(call), field_checks(catalogue))


@pytest.mark.parametrize("text", ["{", "{}", json.dumps(CALL | {"language": "fr"}), json.dumps(CALL | {"more": 1})])
def test_a_file_that_is_no_call_is_named(text: str, tmp_path, catalogue: Catalogue) -> None:
    (tmp_path / "broken.json").write_text(text, encoding="utf-8")
    found = check(tmp_path, catalogue)[1]
    assert len(found) == 1
    assert found[0].startswith("broken.json: ")


def test_the_same_secret_twice_in_a_turn_stands_in_two_places() -> None:
    call = copy.deepcopy(CALL)
    call["turns"][1]["text"] = "六六二八,就是六六二八"
    call["gold"]["secrets"].insert(1, call["gold"]["secrets"][0])
    assert secret_spans(GoldCall.model_validate(call), 1) == [(0, 4, "card_tail"), (7, 11, "card_tail")]
