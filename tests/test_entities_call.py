"""What the other side's words make of names and numbers: questions, read-backs, corrections, full names."""

from __future__ import annotations

import datetime

import pytest

from callcore.types import Entity, Turn
from callcore.understand.entities import CallEntities, Context, find, plain_words

TODAY = datetime.date(2026, 11, 12)
AGENT, CUSTOMER = 0, 1


class Call:
    """A call turn by turn; values that hold at its end."""

    def __init__(self, language: str = "zh") -> None:
        self._call, self._language, self._turns = CallEntities(Context(TODAY)), language, 0
        self.values: dict[tuple[int, int], tuple[str, str, str]] = {}

    def says(self, channel: int, text: str) -> list[tuple[str, str]]:
        """Kinds and values of what is said; what it changes is kept in ``values``."""
        self._turns += 1
        turn = Turn(self._turns, channel, 0, 1, text, plain_words(text), self._language, ())
        found, resolved = self._call.read(turn)
        for place, one in enumerate(found):
            self.values[self._turns, place] = one.kind, one.value, one.status
        for change in resolved:
            kind, _, _ = self.values[change.turn_id, change.entity]
            self.values[change.turn_id, change.entity] = kind, change.value, change.status
        return [(one.kind, one.value) for one in found]

    def of(self, kind: str) -> set[tuple[str, str]]:
        """Values of a kind, as they stand now, with their status."""
        return {(value, status) for found, value, status in self.values.values() if found == kind}


def names(text: str, language: str = "zh", **known: object) -> list[str]:
    found: tuple[Entity, ...] = find(plain_words(text), language, Context(TODAY, **known))  # type: ignore[arg-type]
    return [one.value for one in found if one.kind == "name"]


@pytest.mark.parametrize(
    ("question", "answer", "name"),
    [
        ("您的姓名和卡号后四位说一下。", "苗青，禾苗的苗，六六幺八。", "苗青"),
        ("怎么称呼您，账号是多少？", "耿秋，账号是四四零幺二二九八。", "耿秋"),
        ("您贵姓？", "裴，裴文静。", "裴文静"),
        ("您贵姓？", "登记过的呀，柏，柏树的柏。", "柏"),
        ("写谁的名字？", "就写吧，焦月娥，月亮的月。", "焦月娥"),
    ],
)
def test_the_answer_to_a_question_for_a_name_is_one(question: str, answer: str, name: str) -> None:
    call = Call()
    call.says(AGENT, question)
    assert ("name", name) in call.says(CUSTOMER, answer)


@pytest.mark.parametrize("text", ["他姓都不敢报。", "一打开就是白板，", "结果还是黑屏。", "这都是钱啊，"])
def test_common_words_are_no_names(text: str) -> None:
    assert names(text) == []


def test_the_bank_is_no_first_name_of_the_agent() -> None:
    assert names("Good morning, Fairlawn Building Union, Keith speaking.", "en") == ["Keith"]


@pytest.mark.parametrize("question", ["Name, please?", "Could I take a name?", "And can I get your name?"])
def test_questions_for_a_name_in_english(question: str) -> None:
    call = Call("en")
    call.says(AGENT, question)
    assert call.says(CUSTOMER, "Imogen Thackeray.") == [("name", "Imogen Thackeray")]


def test_a_surname_stands_for_the_full_name_that_was_said() -> None:
    call = Call("en")
    call.says(AGENT, "May I have your full name?")
    call.says(CUSTOMER, "Imogen Thackeray.")
    call.says(AGENT, "Thank you, Ms Thackeray.")
    assert call.of("name") == {("Imogen Thackeray", "confirmed")}


def test_a_spelled_surname_stands_for_the_full_name() -> None:
    call = Call("en")
    call.says(AGENT, "Name, please?")
    call.says(CUSTOMER, "Fiona McLeish.")
    call.says(AGENT, "Could you spell the last name?")
    call.says(CUSTOMER, "M C, L E I S H.")
    assert {value for value, _ in call.of("name")} == {"Fiona McLeish"}


def test_a_full_name_that_follows_a_surname_takes_its_place() -> None:
    call = Call()
    call.says(CUSTOMER, "我姓裴。")
    call.says(AGENT, "全名怎么称呼？")
    call.says(CUSTOMER, "裴文静。")
    assert {value for value, _ in call.of("name")} == {"裴文静"}


def test_a_surname_of_two_people_stays_a_surname() -> None:
    call = Call("en")
    call.says(CUSTOMER, "My name is Imogen Thackeray. My husband is Ralph Thackeray.")
    call.says(AGENT, "Thank you, Ms Thackeray.")
    assert ("Thackeray", "said") in call.of("name")


def test_an_answer_to_a_surname_that_is_asked_for_gives_the_full_name() -> None:
    call = Call()
    call.says(AGENT, "是向女士吗？")
    assert call.says(CUSTOMER, "嗯对，向梅。") == [("name", "向梅")]


def test_the_end_of_a_number_that_was_read_back_is_no_card() -> None:
    call = Call()
    call.says(CUSTOMER, "电话一三八零零一三八零七九。")
    call.says(AGENT, "一三八零零一三八零九七，对吗？")
    assert call.says(CUSTOMER, "不对，末尾是零七九。") == [("digits", "079")]
    assert {value for value, _ in call.of("phone")} == {"+8613800138079"}


def test_a_new_end_corrects_a_number_without_a_no() -> None:
    call = Call()
    call.says(CUSTOMER, "账号六零五幺三三八零二二七。")
    call.says(AGENT, "六零五幺三三八零二二七，对吗？")
    call.says(CUSTOMER, "哦，后头不是二二七，是二七七。")
    assert {value for value, _ in call.of("account")} == {"60513380277"}


def test_the_end_that_is_said_with_a_yes_confirms() -> None:
    call = Call()
    call.says(CUSTOMER, "电话一三八零零一三八零七九。")
    call.says(AGENT, "一三八零零一三八零七九，对吗？")
    call.says(CUSTOMER, "对，零七九。")
    assert call.of("phone") == {("+8613800138079", "confirmed")}


@pytest.mark.parametrize(
    "text", ["发到您手机上，尾号幺幺三七", "他的账号我有，最后四位六零三七", "身份证后四位三零幺二"]
)
def test_ends_of_other_numbers_are_no_cards(text: str) -> None:
    assert {one.kind for one in find(plain_words(text), "zh", Context(TODAY))} == {"digits"}


@pytest.mark.parametrize("text", ["最后四个是九零五六", "手机银行绑的卡尾号九零五六", "末四个数九零五六"])
def test_ends_of_cards_are_told(text: str) -> None:
    found = find(plain_words(text), "zh", Context(TODAY))
    assert ("card_tail", "9056") in [(one.kind, one.value) for one in found]


def test_an_id_number_asked_for_by_its_end() -> None:
    call = Call()
    call.says(AGENT, "姓名和身份证后四位报一下。")
    assert ("id_number", "301X") in call.says(CUSTOMER, "乔立伟，三零一X。")


def test_an_account_said_in_two_turns_is_joined() -> None:
    call = Call("en")
    call.says(AGENT, "And the number of the account?")
    call.says(CUSTOMER, "five five oh, two one nine,")
    call.says(AGENT, "Mm-hm.")
    call.says(CUSTOMER, "three three one four.")
    assert {value for value, _ in call.of("account")} == {"5502193314"}


def test_another_end_in_the_same_turn_replaces_the_first() -> None:
    call = Call("en")
    call.says(AGENT, "And the number of the account?")
    call.says(CUSTOMER, "five five oh, two one nine,")
    call.says(CUSTOMER, "three three one four. Hang on, no, that's the old one. It ends six oh seven seven.")
    assert {value for value, status in call.of("account") if status != "corrected"} >= {"5502196077"}
    assert "5502193314" not in {value for value, status in call.of("account") if status == "said"}


def test_digits_that_answer_for_an_account_are_one_whoever_says_them() -> None:
    call = Call("en")
    call.says(AGENT, "And the number on the CD?")
    assert call.says(CUSTOMER, "5512 0043 77.") == [("account", "5512004377")]
    assert call.says(AGENT, "5512 0043 77, thank you.") == [("account", "5512004377")]


def test_a_mobile_number_of_britain_is_no_landline_of_china() -> None:
    found = find(
        plain_words("my number is oh seven seven double oh, nine double oh three eight six"), "en", Context(TODAY)
    )
    assert [(one.kind, one.value, one.valid) for one in found] == [("phone", "+447700900386", True)]


def test_yes_confirms_a_date_whatever_else_is_said_after_it() -> None:
    call = Call("en")
    call.says(AGENT, "Sent on the third of November?")
    call.says(CUSTOMER, "That's right. And yesterday somebody told me it had arrived.")
    assert ("2026-11-03", "confirmed") in call.of("date")


def test_a_shop_that_nobody_has_listed_is_found_where_words_say_so() -> None:
    found = find(plain_words("三笔全是一个叫Velora Games的，我没买过"), "zh", Context(TODAY))
    assert [one.value for one in found if one.kind == "merchant"] == ["Velora Games"]
    found = find(plain_words("三笔转给一个叫Peter Smith的人"), "zh", Context(TODAY))
    assert [one.value for one in found if one.kind == "merchant"] == []


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("麻烦您提供一下身份证号码的后四位。", "digits"),
        ("您身份证后四位是多少？", "digits"),
        ("请问信用卡的后四位是多少？", "card_tail"),
        ("卡号后四位报一下。", "card_tail"),
        ("请您报一下卡号后四位和手机号。", "card_tail"),
    ],
)
def test_last_four_are_those_of_what_was_asked_for(question, kind):
    call = Call()
    call.says(AGENT, question)
    assert call.says(CUSTOMER, "嗯，后四位是5816。") == [(kind, "5816")]
