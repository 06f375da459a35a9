import datetime
import re
from decimal import Decimal
from pathlib import Path

import cn2an
import mandarin_numbers as speech
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from callcore.errors import ConfigError
from callcore.evaluate.entities import read_set, score
from callcore.text import convert_string
from callcore.types import Turn, Word
from callcore.understand.entities import CallEntities, Context, find, plain_words
from callcore.understand.entities.calendar import add_working_days, is_working_day_in_china
from callcore.understand.entities.forms import duration
from callcore.understand.entities.zh.numbers import cardinal

TODAY = datetime.date(2026, 11, 12)
SETS = Path(__file__).parent.parent / "models" / "training" / "understand" / "entities"


def heard(text, language="zh", **known):
    return [(e.kind, e.value) for e in find(plain_words(text), language, Context(TODAY, **known))]


def values(text, kind, language="zh"):
    return [value for found, value in heard(text, language) if found == kind]


@given(st.integers(0, 10**12))
@example(10**12)
@example(10_005)
@example(100_000_010)
def test_every_way_to_say_a_number_is_read_back(number):
    for way in speech.colloquial(number):
        assert cardinal(way) == number, way


@given(st.integers(1, 10**12 - 1))
def test_numbers_are_read_as_the_library_for_them_does(number):
    said = cn2an.an2cn(number)
    assert cardinal(said) == cn2an.cn2an(said, "smart") == number


@given(st.integers(1, 9_999_999), st.integers(0, 99))
def test_amounts_are_read_back(yuan, cents):
    tenths, hundredths = divmod(cents, 10)
    said = speech.cardinal(yuan) + "块"
    if tenths:
        said += speech.DIGITS[tenths] + "毛" + (speech.DIGITS[hundredths] if hundredths else "")
    elif hundredths:
        said += "零" + speech.DIGITS[hundredths] + "分"
    assert values(f"扣了我{said}", "amount") == [f"{yuan + Decimal(cents) / 100:.2f} CNY"]


@given(st.integers(0, 9999))
def test_percentages_are_read_back(basis_points):
    whole, part = divmod(basis_points, 100)
    places = f"{part:02d}".rstrip("0")
    said = speech.cardinal(whole) + ("点" + speech.digits(places, yao=False) if places else "")
    shown = f"{whole}.{places}" if places else str(whole)
    assert values(f"百分之{said}", "rate") == [f"{shown}%"]
    assert values(f"{shown}%", "rate") == [f"{shown}%"]


@given(st.dates(datetime.date(2005, 1, 1), datetime.date(2035, 12, 31)), st.booleans())
def test_dates_are_read_back(day, spoken):
    if spoken:
        said = f"{speech.digits(str(day.year), yao=False)}年{speech.section(day.month)}月{speech.section(day.day)}号"
        said = said.replace("一十", "十")
    else:
        said = f"{day.year}年{day.month}月{day.day}日"
    assert values(f"是{said}的事", "date") == [day.isoformat()]


@given(st.text("0123456789", min_size=4, max_size=6), st.booleans())
def test_digits_said_one_by_one_are_read_back(digits, yao):
    assert values(f"尾号{speech.digits(digits, yao=yao)}", "card_tail") == [digits]
    assert values(f"尾号{digits}", "card_tail") == [digits]


@given(st.text(max_size=60), st.sampled_from(["zh", "en", "fr"]))
@example("٠一", "zh")
@example("²", "en")
@example("١٢٣٤٥ \U0001d7d8", "en")
@example("İ点三", "zh")
@example("😀3万😀", "zh")
def test_no_text_breaks_it_and_every_entity_lies_in_its_words(text, language):
    words = plain_words(text)
    for entity in find(words, language, Context(TODAY)):
        assert 0 <= entity.first_word < entity.end_word <= len(words)
        assert entity.start_sample == words[entity.first_word].start_sample
        assert entity.end_sample == words[entity.end_word - 1].end_sample
        assert entity.text


PIECES = (
    "三 五 八 零 幺 万 千 百 十 点 块 号 月 年 周 半 分 之 到 前 后 个 天 尾号 卡号 "
    "不对 是 6 28 2026 , 。 % ¥ 张 先生 支行 @ com 手机 嗯"
).split()


@given(st.lists(st.sampled_from(PIECES), max_size=25))
def test_pieces_of_entities_in_any_order_break_nothing(pieces):
    words = plain_words("".join(pieces))
    found = find(words, "zh", Context(TODAY))
    ranges = [(e.first_word, e.end_word) for e in found]
    assert ranges == sorted(ranges)


@settings(max_examples=30)
@given(st.sampled_from(sorted({sentence.text for sentence in read_set(SETS / "zh_test.toml").sentences})))
def test_traditional_characters_mean_the_same(text):
    simplified = convert_string(text, "simplified")
    traditional = convert_string(simplified, "traditional")
    if convert_string(traditional, "simplified") == simplified:
        assert heard(traditional) == heard(simplified)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("转三万五给他", [("amount", "35000.00 CNY")]),
        ("一百二十五块五毛", [("amount", "125.50 CNY")]),
        ("一点五万", [("amount", "15000.00 CNY")]),
        ("两个亿", [("amount", "200000000.00 CNY")]),
        ("三到五万块", [("amount", "30000.00/50000.00 CNY")]),
        ("五百美金", [("amount", "500.00 USD")]),
        ("嗯,27800。", [("amount", "27800.00 CNY")]),
        ("300,账单里会列出来", [("amount", "300.00 CNY")]),
        ("8643。", [("digits", "8643")]),
        ("尾号多少?8600。", [("card_tail", "8600")]),
        ("日息万分之五", [("rate", "0.05% daily")]),
        ("月息五厘", [("rate", "0.5% monthly")]),
        ("明天下午三点前", [("datetime", "../2026-11-13T15:00")]),
        ("三个工作日内到账", [("date", "../2026-11-17")]),
        ("上个月", [("period", "2026-10-01/2026-10-31")]),
        ("九点到五点", [("time", "09:00/17:00")]),
        ("每月十五号", [("date", "XXXX-XX-15")]),
        ("一年半", [("duration", "P1Y6M")]),
        ("弓长张", [("name", "张")]),
        ("我叫李小明", [("name", "李小明")]),
        ("我在工行望京支行办的", [("bank", "工商银行"), ("branch", "望京支行")]),
        ("尾号四个八", [("card_tail", "8888")]),
        ("有效期零八二八", [("card_expiry", "2028-08")]),
        ("zhang三艾特qq点com", [("email", "zhang3@qq.com")]),
        ("快一点 我们一块去 万一不行", []),
        ("二十号十点我过来", [("datetime", "2026-11-20T10:00")]),
        ("住在6号3栋", []),
        ("晚上我盘完货,九点前发给你", [("time", "../21:00")]),
        ("今晚没空,明早九点吧", [("date", "2026-11-12"), ("datetime", "2026-11-13T09:00")]),
        ("二月三十号", [("period", "2027-02-01/2027-02-28")]),
    ],
)
def test_mandarin_values(text, wanted):
    found = heard(text)
    if text == "二月三十号":  # there is no such day: nothing may crash
        assert ("date", "2027-02-30") not in found
    else:
        assert found == wanted


def test_a_misheard_digit_of_a_card_an_id_or_a_mobile_shows():
    def valid(text):
        return [e.valid for e in find(plain_words(text), "zh", Context(TODAY))]

    assert valid("卡号4539148803436467") == [True]
    assert valid("卡号4539148803436468") == [False]
    assert valid("身份证110101199003074514") == [True]
    assert valid("身份证110101199003074515") == [False]
    assert valid("手机号幺三八零零幺三八零零零") == [True]
    assert valid("手机号幺零八零零幺三八零零零") == [False]


def test_a_call_with_spaces_between_figures_is_read_as_one_number():
    words = (Word("尾号", 0, 10, 1.0), Word("66", 10, 20, 1.0, True), Word("28", 20, 30, 1.0, True))
    (entity,) = find(words, "zh", Context(TODAY))
    assert (entity.kind, entity.value, entity.start_sample, entity.end_sample) == ("card_tail", "6628", 10, 30)


def test_what_is_taken_back_in_the_same_breath_is_marked():
    entities = find(plain_words("三千, 不对, 是三千五"), "zh", Context(TODAY))
    assert [(e.value, e.status) for e in entities] == [("3000.00 CNY", "corrected"), ("3500.00 CNY", "said")]


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("二十号扣的", ["2026-10-20"]),
        ("二十号要扣的那笔", ["2026-11-20"]),
        ("二十号到期的账单", ["2026-11-20"]),
        ("今天有什么可以帮您", []),
        ("今天扣了两笔", ["2026-11-12"]),
    ],
)
def test_what_is_said_behind_a_day_tells_whether_it_is_gone_by(text, days):
    assert [e.value for e in find(plain_words(text), "zh", Context(TODAY)) if e.kind == "date"] == days


def test_working_days_follow_the_notices_and_weekends_beyond_their_years():
    assert not is_working_day_in_china(datetime.date(2026, 10, 1))
    assert is_working_day_in_china(datetime.date(2026, 10, 10))  # a Saturday worked in place of a holiday
    assert not is_working_day_in_china(datetime.date(2050, 1, 1))
    assert add_working_days(datetime.date(2026, 9, 30), 1, is_working_day_in_china) == datetime.date(2026, 10, 8)


def test_lengths_of_time():
    assert duration(Decimal("0.5"), "year") == "P6M"
    assert duration(Decimal("1.5"), "hour") == "PT1H30M"
    assert duration(Decimal("2"), "quarter") == "P6M"


def test_known_products_and_currency_come_from_the_context():
    assert heard("办张星耀卡", products={"星耀卡": "credit_card"}) == [("product", "credit_card")]
    assert heard("取五百", currency="HKD") == [("amount", "500.00 HKD")]


class Call:
    def __init__(self, language="zh"):
        self.entities, self.language, self.turns = CallEntities(Context(TODAY)), language, 0

    def says(self, channel, text):
        self.turns += 1
        turn = Turn(self.turns, channel, 0, 1, text, plain_words(text), self.language, ())
        found, resolved = self.entities.read(turn)
        return [(e.kind, e.value, e.parts) for e in found], [(r.turn_id, r.status, r.value) for r in resolved]


def test_a_number_said_over_several_turns_is_joined():
    call = Call()
    call.says(1, "请报一下您的手机号码")
    assert call.says(0, "幺三八") == ([("digits", "138", ())], [])
    call.says(1, "嗯")
    assert call.says(0, "零零幺三")[0] == [("digits", "0013", (2,))]
    call.says(1, "嗯")
    assert call.says(0, "八零零零")[0] == [("phone", "+8613800138000", (2, 4))]


def test_a_card_number_said_over_several_turns_in_english():
    call = Call("en")
    call.says(1, "what is your card number please")
    call.says(0, "four five three nine")
    call.says(1, "mm hmm")
    call.says(0, "one four eight eight")
    call.says(1, "okay")
    found, _ = call.says(0, "oh three four three six four six seven")
    assert found == [("card_number", "4539148803436467", (2, 4))]


def test_a_value_read_back_and_agreed_to_is_confirmed():
    call = Call()
    call.says(1, "您的尾号是六六二八对吗")
    assert call.says(0, "对")[1] == [(1, "confirmed", "6628")]


def test_a_value_read_back_wrong_is_corrected():
    call = Call()
    call.says(0, "我尾号六六二八")
    call.says(1, "您的尾号是六六二九对吗")
    assert call.says(0, "不对 是六六二八")[1] == [(1, "confirmed", "6628"), (2, "corrected", "6628")]


def test_a_value_refused_without_another_is_disputed():
    call = Call()
    call.says(0, "尾号六六二八")
    call.says(1, "六六二九是吗")
    assert call.says(0, "不对")[1] == [(2, "disputed", "6629")]


def test_a_value_that_the_other_side_repeats_is_confirmed():
    call = Call()
    call.says(0, "转三万五")
    assert call.says(1, "好的 转三万五千元")[1] == [(1, "confirmed", "35000.00 CNY")]


@given(st.lists(st.tuples(st.integers(0, 1), st.lists(st.sampled_from(PIECES), max_size=8)), max_size=10))
def test_any_course_of_a_call_resolves_the_same_way_twice(turns):
    one, other = Call(), Call()
    for channel, pieces in turns:
        assert one.says(channel, "".join(pieces)) == other.says(channel, "".join(pieces))


@pytest.mark.parametrize(("language", "least"), [("zh", 0.95), ("en", 0.95)])
def test_the_written_sets_stay_as_good_as_they_are_said_to_be(language, least):
    entities = read_set(SETS / f"{language}_test.toml")
    report = score(entities, language).as_json()
    assert report["sentences"] >= 500
    assert report["all"]["f1"] >= least


def test_scores_count_kinds_values_and_flags(tmp_path):
    file = tmp_path / "set.toml"
    file.write_text(
        'date = 2026-11-12\n[[block]]\nlines = """\n[三万|amount|30000.00 CNY|corrected]不对[三万五|amount|1.00 CNY]\n'
        '[明天|date|2026-11-13]去\n您好\n[小熊|name|熊]在\n"""\n',
        encoding="utf-8",
    )
    report = score(read_set(file), "zh")
    shown = report.as_json()
    assert shown["kinds"]["amount"]["f1"] == 1.0
    assert shown["kinds"]["amount"]["value_exact"] == 0.5
    assert shown["kinds"]["name"]["missed"] == 1
    assert shown["flags"]["corrected"] == {"marked": 1, "right": 1}
    assert report.table()[0][0] == "kind"


@pytest.mark.parametrize(
    "content",
    ["lines = 1", "date = 2026-11-12\n[[block]]\nabout = 'x'", "date = 2026-11-12\n[[block]]\nlines = '[a|b]'", "["],
)
def test_a_broken_set_says_what_is_wrong(tmp_path, content):
    file = tmp_path / "set.toml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=re.escape(str(file))):
        read_set(file)
