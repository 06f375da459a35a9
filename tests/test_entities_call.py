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
        ("您叫什么？", "禹长江，您记一下。", "禹长江"),
        ("请问怎么称呼？", "我叫邴秋月。", "邴秋月"),
        ("您贵姓？", "登记过的呀，柏，柏树的柏。", "柏"),
        ("写谁的名字？", "就写吧，焦月娥，月亮的月。", "焦月娥"),
    ],
)
def test_the_answer_to_a_question_for_a_name_is_one(question: str, answer: str, name: str) -> None:
    call = Call()
    call.says(AGENT, question)
    assert ("name", name) in call.says(CUSTOMER, answer)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("您是周建国周先生？", "周建国"),
        ("请问是李兰李女士本人吗？", "李兰"),
        ("欧阳振华欧阳经理您好", "欧阳振华"),
    ],
)
def test_a_full_name_before_surname_and_title_is_whole(text: str, name: str) -> None:
    assert names(text)[0] == name
    call = Call()
    call.says(AGENT, text)
    assert {value for value, _ in call.of("name")} == {name}


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


@pytest.mark.parametrize("text", ["发到您手机上，尾号幺幺三七", "他的账号我有，最后四位六零三七", "手机后四位三零幺二"])
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
        ("麻烦您提供一下身份证号码的后四位。", "id_number"),
        ("您身份证后四位是多少？", "id_number"),
        ("请问信用卡的后四位是多少？", "card_tail"),
        ("卡号后四位报一下。", "card_tail"),
        ("请您报一下卡号后四位和手机号。", "card_tail"),
    ],
)
def test_last_four_are_those_of_what_was_asked_for(question, kind):
    call = Call()
    call.says(AGENT, question)
    assert call.says(CUSTOMER, "嗯，后四位是5816。") == [(kind, "5816")]


@pytest.mark.parametrize(
    ("language", "question", "answer", "kind", "value"),
    [
        ("zh", "姓名和身份证号后六位。", "陈大民，一九零四二二。", "id_number", "190422"),
        ("zh", "姓名和身份证号。", "陈大民，一九零四。", "digits", "1904"),
        ("zh", "请讲。", "我身份证后四位是五零二七。", "id_number", "5027"),
        ("zh", "请讲。", "就那张卡3316，锁了。", "card_tail", "3316"),
        ("en", "And the last four of your Social?", "Ines Duarte. Four one one seven.", "id_number", "4117"),
        ("en", "Your NRIC, just the last four characters?", "773D.", "id_number", "773D"),
        ("en", "The last four digits of the loan agreement?", "It ends in three oh one six.", "account", "3016"),
        ("en", "Name and the tail of it?", "Bo Lind. 7741.", "card_tail", "7741"),
        ("en", "What's the card?", "Two two, nine eight.", "card_tail", "2298"),
        (
            "en",
            "The last four digits and the expiry?",
            "Four four one six. Expires oh three, thirty.",
            "card_tail",
            "4416",
        ),
        ("en", "What can I do?", "My account ends in 4417.", "account", "4417"),
        ("en", "What can I do?", "My savings card ends in 4417.", "card_tail", "4417"),
        ("en", "Your member number?", "Three one nine, double two oh five.", "account", "3192205"),
        ("en", "Your passport number?", "K two two four one nine oh eight.", "id_number", "K2241908"),
    ],
)
def test_an_end_that_was_asked_for_stands_for_the_number(
    language: str, question: str, answer: str, kind: str, value: str
) -> None:
    call = Call(language)
    call.says(AGENT, question)
    found = [one for one in call.says(CUSTOMER, answer) if one[0] not in ("name", "card_expiry", "product")]
    assert found == [(kind, value)]


def test_the_end_of_a_number_that_is_known_is_no_number_of_its_own() -> None:
    call = Call()
    call.says(CUSTOMER, "身份证622401197209302509。")
    call.says(AGENT, "身份证后四位再说一下？")
    call.says(CUSTOMER, "二五零九。")
    assert {value for value, _ in call.of("id_number")} == {"622401197209302509"}


@pytest.mark.parametrize("amounts", ["里头还有9,500。", "里头剩14,700，够吗？", "43,000多分，要换锅。"])
def test_a_number_with_thousands_is_no_card(amounts: str) -> None:
    call = Call()
    call.says(AGENT, "卡号后四位？")
    assert call.says(CUSTOMER, f"6480。{amounts}")[0] == ("card_tail", "6480")
    assert [value for value, _ in call.of("card_tail")] == ["6480"]


def test_a_tail_that_is_begun_anew_is_the_last() -> None:
    assert Call().says(CUSTOMER, "卡尾号二零七，二零七九。") == [("card_tail", "2079")]


@pytest.mark.parametrize(
    "address",
    ["Four eighteen Larch Street, apartment two, Dover, one nine nine oh one.", "Born on 4/11/1979."],
)
def test_a_telephone_number_takes_no_digits_of_an_address(address: str) -> None:
    call = Call("en")
    call.says(CUSTOMER, address)
    call.says(AGENT, "And the new cell?")
    assert ("phone", "+13025550143") in call.says(CUSTOMER, "Three oh two, five five five, oh one four three.")


def test_a_stretch_given_anew_mends_the_number_within() -> None:
    call = Call()
    call.says(AGENT, "是幺五九三七二零四四幺八，对吗？")
    call.says(CUSTOMER, "不对，中间是三七六零。")
    assert {value for value, _ in call.of("phone")} == {"+8615937604418"}


def test_that_is_the_one_agrees_to_a_number() -> None:
    call = Call("en")
    call.says(AGENT, "Is it 212-736-5000?")
    call.says(CUSTOMER, "That's the one.")
    assert call.of("phone") == {("+12127365000", "confirmed")}


@pytest.mark.parametrize(
    ("language", "pieces", "kind", "whole"),
    [
        ("zh", ["身份证六二二四零幺……", "幺九七二，零九三零，二五零九。"], "id_number", "622401197209302509"),
        ("zh", ["打幺五九，三七二零，四四……等下我看看，四四幺八。"], "phone", "+8615937204418"),
        ("zh", ["手机幺三三，零二七五……等下，幺三三，零二七五，九幺六四。"], "phone", "+8613302759164"),
        ("zh", ["手机幺三九，四三零零，二八七，我瞅一眼啊，二八六七。"], "phone", "+8613943002867"),
        ("en", ["My number is oh seven seven double oh.", "Nine hundred, three one nine."], "phone", "+447700900319"),
        ("en", ["My phone number is 212, 736, 50, uh, 5000."], "phone", "+12127365000"),
    ],
)
def test_pieces_make_the_whole_that_check_digits_know(language: str, pieces: list[str], kind: str, whole: str) -> None:
    call = Call(language)
    for piece in pieces:
        call.says(CUSTOMER, piece)
        call.says(AGENT, "嗯。" if language == "zh" else "Okay.")
    assert {value for value, _ in call.of(kind)} == {whole}


@pytest.mark.parametrize(
    ("question", "piece"),
    [
        ("请报身份证号。", "二零零四四二。"),
        ("您的手机号？", "幺三三，零幺四六……"),
        ("", "身份证是二幺零四零二，幺九四二……"),
    ],
)
def test_a_piece_of_a_number_is_no_number_of_its_kind(question: str, piece: str) -> None:
    call = Call()
    call.says(AGENT, question)
    assert {kind for kind, _ in call.says(CUSTOMER, piece)} == {"digits"}


@pytest.mark.parametrize(
    ("wrong", "right", "tail"),
    [
        ("卡尾号三三八五。", "", "3385"),
        ("卡尾号五二六八。慢着，眼花了，", "五二八六。", "5286"),
        ("卡尾号零八三九。不对不对，那是我媳妇儿的。我的是，等我翻一下啊……", "七七二零。", "7720"),
    ],
)
def test_a_number_that_is_taken_back_is_outdone_by_the_next(wrong: str, right: str, tail: str) -> None:
    call = Call()
    call.says(CUSTOMER, wrong + right)
    assert (tail, "said") in call.of("card_tail")
    assert len({status for _, status in call.of("card_tail")}) == 1 + bool(right)


@pytest.mark.parametrize(
    "text",
    ["您留的是幺五八开头、三幺零七结尾的手机？", "打您预留的电话，末尾零二七五，没错吧？", "先报工单后四位三零五二。"],
)
def test_the_end_of_another_number_is_no_cards(text: str) -> None:
    call = Call()
    assert "card_tail" not in {kind for kind, _ in call.says(AGENT, text)}


def test_what_the_other_side_puts_together_is_the_number() -> None:
    call = Call()
    call.says(AGENT, "账号报一下。")
    call.says(CUSTOMER, "三七幺零，零五，后头磨得看不大清……")
    call.says(AGENT, "不急。")
    call.says(CUSTOMER, "八八四六，二幺。")
    call.says(AGENT, "三七幺零零五八八四六二幺，名字对得上。")
    assert {value for value, _ in call.of("account")} == {"371005884621"}


def test_an_end_given_anew_is_found_among_what_is_said_with_it() -> None:
    call = Call()
    call.says(CUSTOMER, "手机幺五七，零零七幺，九三二八。")
    call.says(AGENT, "幺五七，零零七幺，九三八二？")
    call.says(CUSTOMER, "不是八二，二八，九三二八。")
    assert {value for value, _ in call.of("phone")} == {"+8615700719328"}


def test_what_is_asked_after_a_number_is_repeated_is_another() -> None:
    call = Call()
    call.says(AGENT, "卡号后四位？")
    call.says(CUSTOMER, "九二幺零。")
    call.says(AGENT, "九二幺零。身份证也要报一下。")
    assert call.says(CUSTOMER, "三三零二零四，一九五六。") == [("digits", "3302041956")]


@pytest.mark.parametrize(
    ("text", "answer", "status"),
    [
        ("您信用卡目前额度十五万元，请问需要办理挂失吗？", "对，我要挂失。", "said"),
        ("您信用卡目前额度是十五万元，对吗？", "对。", "confirmed"),
        ("一共十五万元。您看是吗？", "是的。", "confirmed"),
    ],
)
def test_who_says_yes_to_an_offer_confirms_nothing_that_was_said_before_it(text: str, answer: str, status: str) -> None:
    call = Call()
    call.says(AGENT, text)
    call.says(CUSTOMER, answer)
    assert call.of("amount") == {("150000.00 CNY", status)}


@pytest.mark.parametrize(
    ("before", "number", "value"),
    [
        ("I'm in Tauranga, it's my KiwiSaver.", "My mobile is 021 555 0199.", "+64215550199"),
        ("It's an EFT from Durban, eighty rand.", "My cell is 082 555 0142.", "+27825550142"),
        ("I sent fifty naira to Lagos.", "My phone is 0803 555 0142.", "+2348035550142"),
        ("Two lakh rupees, from Pune.", "My mobile is 98425 50012.", "+919842550012"),
        ("My NRIC and my CPF are right.", "My mobile is nine one eight four, double oh two six.", "+6591840026"),
        ("I'm ringing about my ISA.", "My mobile is 07700 900142.", "+447700900142"),
        ("My zip code has changed.", "My cell is three oh two, five five five, oh one four three.", "+13025550143"),
    ],
)  # fmt: skip
def test_telephone_numbers_are_of_the_country_that_the_call_is_in(before: str, number: str, value: str) -> None:
    call = Call("en")
    call.says(CUSTOMER, before)
    call.says(AGENT, "I see.")
    assert ("phone", value) in call.says(CUSTOMER, number)


def test_a_number_written_as_in_america_is_one_of_america_in_any_call() -> None:
    call = Call("en")
    call.says(CUSTOMER, "I sent fifty naira to Lagos.")
    assert ("phone", "+13025550143") in call.says(CUSTOMER, "It's 302-555-0143, please.")


def test_a_country_that_is_only_spoken_of_once_changes_no_number() -> None:
    call = Call("en")
    call.says(CUSTOMER, "I paid forty euros in Dublin, that's thirty-four quid, and my sort code is on the letter.")
    assert ("phone", "+447700900142") in call.says(CUSTOMER, "My mobile is 07700 900142.")
