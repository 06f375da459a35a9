"""Facts in English turns: what is found, its value, and that no text breaks it."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from num2words import num2words

from callcore.text.chars import HAN_CHARACTER
from callcore.types import Entity
from callcore.understand.entities import Context, find, plain_words
from callcore.understand.entities.en.money import of_any_country, spoken_value
from callcore.understand.entities.en.numbers import Reading
from callcore.understand.entities.spoken import Spoken

SUNDAY = datetime.date(2026, 11, 22)
CONTEXT = Context(SUNDAY)


def entities(text: str, context: Context = CONTEXT) -> list[Entity]:
    return list(find(plain_words(text), "en", context))


def facts(text: str, context: Context = CONTEXT) -> list[tuple[str, str]]:
    return [(one.kind, one.value) for one in entities(text, context)]


MONEY = [
    ("i was charged one twenty five fifty dollars at the store", "125.50 USD"),
    ("that is twelve hundred bucks", "1200.00 USD"),
    ("can i get 35k this way", "35000.00 USD"),
    ("i'd like to send £250 to my brother", "250.00 GBP"),
    ("there is $3,500.00 in it", "3500.00 USD"),
    ("it cost me five pounds fifty", "5.50 GBP"),
    ("they took 20p", "0.20 GBP"),
    ("fifty cents please", "0.50 USD"),
    ("i want to deposit ten grand", "10000.00 USD"),
    ("raise my limit to fifteen thousand", "15000.00 USD"),
    ("the payoff is 11,204.16 today", "11204.16 USD"),
    ("between two hundred and three hundred dollars", "200.00/300.00 USD"),
    ("three to five thousand yuan", "3000.00/5000.00 CNY"),
    ("i paid nineteen ninety nine for it", "19.99 USD"),
    ("a hundred and twenty five dollars and fifty cents", "125.50 USD"),
    ("transfer three five zero zero dollars", "3500.00 USD"),
    ("two million three hundred thousand rupees", "2300000.00 INR"),
    ("two lakh fifty thousand rupees", "250000.00 INR"),
    ("one point two million euros", "1200000.00 EUR"),
    ("half a million dollars", "500000.00 USD"),
    ("one oh five dollars", "105.00 USD"),
    ("S$80 was taken", "80.00 SGD"),
    ("it is thirteen hundred and five behind", "1305.00 USD"),
    ("Two hundred and fifty. And the little girl's name?", "250.00 USD"),
    ("a hundred and eighty-four thousand, two hundred, from a new payer", "184200.00 USD"),
    ("two thousand, two hundred ninety-seven", "2297.00 USD"),
    ("so all together one twenty-five eighty-two", "125.82 USD"),
    ("to clear the statement you'd need two eighty-seven forty-seven", "287.47 USD"),
    ("eighty-six thousand shillings", "86000.00 KES"),
    ("my transfer of thirteen hundred and five didn't go through", "1305.00 USD"),
    ("i paid four thousand nine fifty with the helper", "4950.00 USD"),
    ("i paid eighty-four twelve sixty", "8412.60 USD"),
    ("one million, nine hundred and twenty thousand on friday", "1920000.00 USD"),
    ("the amount is one lakh fifty only", "150000.00 USD"),
    ("Rs 7,50,000 principal", "750000.00 INR"),
    ("₹3,71,450 since april", "371450.00 INR"),
    ("it's a sixty-dollar tank", "60.00 USD"),
    ("the five thousand dollar one", "5000.00 USD"),
    ("a bank in the middle took sixty off", "60.00 USD"),
]

RATES = [
    ("four point five percent", "4.5%"),
    ("half a percent", "0.5%"),
    ("it went up 25 basis points", "0.25%"),
    ("three and a quarter percent per annum", "3.25% annual"),
    ("1.5% a month", "1.5% monthly"),
    ("the apr is nineteen point nine nine percent", "19.99% annual"),
    ("three quarters of a percent", "0.75%"),
]

DAYS = [
    ("i was born on the fifteenth of march nineteen ninety", ("date", "1990-03-15")),
    ("on march 3rd", ("date", "2027-03-03")),
    ("on 03/15/2026", ("date", "2026-03-15")),
    ("on 25/12/2026", ("date", "2026-12-25")),
    ("by the end of the month", ("date", "../2026-11-30")),
    ("within three business days", ("date", "../2026-11-25")),
    ("in three days", ("date", "2026-11-25")),
    ("two weeks ago", ("date", "2026-11-08")),
    ("the day before yesterday", ("date", "2026-11-20")),
    ("tomorrow morning", ("date", "2026-11-23")),
    ("next tuesday", ("date", "2026-11-24")),
    ("last wednesday", ("date", "2026-11-18")),
    ("this friday", ("date", "2026-11-20")),
    ("the 5th of every month", ("date", "XXXX-XX-05")),
    ("the last three months", ("period", "2026-08-22/2026-11-22")),
    ("last month", ("period", "2026-10-01/2026-10-31")),
    ("from october first to october thirty first", ("period", "2026-10-01/2026-10-31")),
    ("from the 1st to the 15th of october", ("period", "2026-10-01/2026-10-15")),
    ("between march and may", ("period", "2027-03-01/2027-05-31")),
    ("since twenty nineteen", ("period", "2019-01-01/2019-12-31")),
    ("at half past three", ("time", "15:30")),
    ("at nine-thirty", ("time", "09:30")),
    ("at nine thirty am", ("time", "09:30")),
    ("from nine to five", ("time", "09:00/17:00")),
    ("between 9am and 5pm", ("time", "09:00/17:00")),
    ("quarter to five", ("time", "16:45")),
    ("half eight in the evening", ("time", "20:30")),
    ("before 5 pm", ("time", "../17:00")),
    ("i do evening shifts so not after nine", ("time", "21:00/..")),
    ("tomorrow before three", ("datetime", "../2026-11-23T15:00")),
    ("at 3 pm on the fifth of december", ("datetime", "2026-12-05T15:00")),
    ("around eight last night", ("datetime", "2026-11-21T20:00")),
    ("an hour and a half", ("duration", "PT1H30M")),
    ("for half an hour", ("duration", "PT30M")),
    ("a 12 month term", ("duration", "P12M")),
    ("two years and six months", ("duration", "P2Y6M")),
    ("three to five business days", ("duration", "3/5 working days")),
    ("two to three weeks", ("duration", "P2W/P3W")),
]

DIGITS = [
    ("ending in double six two eight", ("card_tail", "6628")),
    ("my card 4417 was declined", ("card_tail", "4417")),
    ("the visa ending in nineteen eighty four", ("card_tail", "1984")),
    ("ending in four thousand and twelve", ("card_tail", "4012")),
    ("my card number is 4532 0151 1283 0366", ("card_number", "4532015112830366")),
    ("account number zero one two three four five six seven", ("account", "01234567")),
    ("iban gb29 nwbk 6016 1331 9268 19", ("account", "GB29NWBK60161331926819")),
    ("call me back on 415-555-2671", ("phone", "+14155552671")),
    ("one eight hundred two two one one two one two is the number", ("phone", "+18002211212")),
    ("ring me on oh two oh seven nine four six oh nine five eight", ("phone", "+442079460958")),
    ("my social is one two three four five six seven eight nine", ("id_number", "123456789")),
    ("passport number E12345678", ("id_number", "E12345678")),
    ("national insurance number q q one two three four five six c", ("id_number", "QQ123456C")),
    ("my verification code is four four two nine one oh", ("code", "442910")),
    ("the pin is twelve thirty four", ("code", "1234")),
    ("case one one two eight four", ("reference", "11284")),
    ("reference number A B one two three four", ("reference", "AB1234")),
    ("expires oh eight twenty eight", ("card_expiry", "2028-08")),
    ("the expiry date is august 2028", ("card_expiry", "2028-08")),
    ("valid thru 05/27", ("card_expiry", "2027-05")),
    ("it is six two two eight four eight", ("digits", "622848")),
]

NAMES = [
    ("my name is john smith", ("name", "John Smith")),
    ("this is Maria Garcia speaking", ("name", "Maria Garcia")),
    ("hi i'm daniel and i need help", ("name", "Daniel")),
    ("Hello, is this Mr. O'Brien?", ("name", "O'Brien")),
    ("my last name is smyth s m y t h e", ("name", "Smythe")),
    ("my name is LaTonya van der Berg", ("name", "LaTonya van der Berg")),
    ("my name is Dustin Haverkamp, H A V E R", ("name", "Dustin Haverkamp")),
    ("my name is Abena Asante, A B E N A", ("name", "Abena Asante")),
    ("b as in bravo r as in romeo o as in oscar w as in whiskey n as in november", ("name", "Brown")),
    ("i went to the oxford street branch", ("branch", "Oxford Street")),
    ("the branch on main street", ("branch", "Main Street")),
    ("john dot smith at gmail dot com", ("email", "john.smith@gmail.com")),
    ("my email is j smith four two at outlook dot co dot uk", ("email", "jsmith42@outlook.co.uk")),
    ("s a m double l at my company dot com", ("email", "samll@mycompany.com")),
    ("in the mobile app", ("channel", "app")),
    ("from wells fargo", ("bank", "Wells Fargo")),
    ("i bought it at target", ("merchant", "Target")),
    ("my mortgage", ("product", "loan")),
]

NOTHING = [
    "wait a minute please",
    "one second",
    "you have told me a million times",
    "nine times out of ten",
    "i have two cards",
    "press one and hold",
    "thanks a million",
    "it's the second time i have asked",
    "i do not need it 24/7",
    "this is ridiculous",
    "i'm standing here and nobody comes",
    "why do you ask, i'm STUCK at the airport",
    "around one or two customers came",
    "hi this is not what i wanted",
    "my name was spelled wrong",
    "may i ask who is there",
    "the target of all this",
    "",
    "?",
]


@pytest.mark.parametrize(("text", "value"), MONEY)
def test_an_amount_has_its_sum_and_currency(text: str, value: str) -> None:
    assert ("amount", value) in facts(text)


@pytest.mark.parametrize(("text", "value"), RATES)
def test_a_rate_is_written_in_per_cent(text: str, value: str) -> None:
    assert facts(text) == [("rate", value)]


@pytest.mark.parametrize(("text", "fact"), DAYS + NAMES)
def test_a_fact_is_found_and_nothing_else(text: str, fact: tuple[str, str]) -> None:
    assert facts(text) == [fact]


@pytest.mark.parametrize(("text", "fact"), DIGITS)
def test_digits_are_told_by_what_is_said_around_them(text: str, fact: tuple[str, str]) -> None:
    assert fact in facts(text)


@pytest.mark.parametrize("text", NOTHING)
def test_words_that_only_look_like_facts_are_none(text: str) -> None:
    assert facts(text) == []


def test_a_dollar_is_the_calls_own() -> None:
    assert facts("fifty dollars", Context(SUNDAY, currency="SGD")) == [("amount", "50.00 SGD")]
    assert facts("transfer fifty to him", Context(SUNDAY, currency="GBP")) == [("amount", "50.00 GBP")]


@pytest.mark.parametrize("said", ["fifty dollars", "a buck", "20 bucks", "$3,500", "$5 us dollars"])
def test_dollars_may_be_of_any_country(said: str) -> None:
    assert of_any_country(said)


@pytest.mark.parametrize(
    "said", ["fifty us dollars", "5 u.s. dollars", "american dollars", "us$5", "s$80", "ten hk dollars", "£5", "fifty"]
)
def test_named_dollars_are_of_their_country(said: str) -> None:
    assert not of_any_country(said)


def test_an_amount_without_a_currency_takes_the_one_said_in_the_turn() -> None:
    assert facts("i withdrew 30 but it only gave me 10 pounds") == [("amount", "30.00 GBP"), ("amount", "10.00 GBP")]


@pytest.mark.parametrize(
    "text",
    [
        "a hundred thanks",
        "since nineteen hundred",
        "two eighty-seven forty-seven",
        "oh seven seven, nine hundred, two one",
        "eighty-four twelve sixty",
        "four hundred and seven fifty",
        "my pin's 171.55",
        "it's 171.55",
        "reference R21400",
        "it is on R1",
    ],
)
def test_a_number_that_may_be_anything_is_no_amount(text: str) -> None:
    assert "amount" not in dict(facts(text))


FIGURES = st.integers(min_value=5, max_value=999)
MILLIONS = st.sampled_from((("m", 10**6), ("M", 10**6), ("mm", 10**6), ("b", 10**9), ("B", 10**9)))


@given(FIGURES, MILLIONS, st.sampled_from(("{}", "{}. b for bedok.", "block 12, {}, is it", "it says {} on the slip")))
def test_a_letter_after_a_figure_makes_no_millions_by_itself(figure: int, letter: tuple[str, int], said: str) -> None:
    assert "amount" not in dict(facts(said.format(f"{figure}{letter[0]}")))


@given(
    FIGURES,
    MILLIONS,
    st.sampled_from(("${}", "{} dollars", "we owe {}", "the balance is {} now", "that comes to {} altogether")),
)
def test_a_letter_after_a_figure_makes_millions_of_money(figure: int, letter: tuple[str, int], said: str) -> None:
    assert ("amount", f"{figure * letter[1]}.00 USD") in facts(said.format(f"{figure}{letter[0]}"))


def test_a_long_figure_is_no_amount() -> None:
    assert facts("transfer it to 156234897258") == [("digits", "156234897258")]


def test_a_banks_own_products_are_found() -> None:
    own = Context(SUNDAY, products={"golden saver": "deposit"})
    assert facts("tell me about the golden saver", own) == [("product", "deposit")]


def test_check_digits_are_told() -> None:
    good, bad = entities("my card number is 4532015112830366")[0], entities("my card number is 4532015112830367")[0]
    assert (good.valid, bad.valid) == (True, False)


@pytest.mark.parametrize(
    ("text", "kept", "taken_back"),
    [
        ("that was thirty dollars sorry i mean fifty dollars", "50.00 USD", "30.00 USD"),
        ("send thirty no fifty dollars", "50.00 USD", "30.00 USD"),
        ("transfer 300 dollars, wait, make that 400", "400.00 USD", "300.00 USD"),
        ("it's fifty dollars not fifteen dollars", "50.00 USD", "15.00 USD"),
        ("ending in 6628 no make that 6629", "6629", "6628"),
        ("on the fifth sorry the sixth of december", "2026-12-06", "2026-12-05"),
        ("at three no four o'clock", "16:00", "15:00"),
        ("next monday no wait next tuesday", "2026-11-24", "2026-11-23"),
    ],
)
def test_what_is_taken_back_is_marked(text: str, kept: str, taken_back: str) -> None:
    assert {(one.value, one.status) for one in entities(text)} == {(kept, "said"), (taken_back, "corrected")}


def test_numbers_beside_each_other_are_of_one_kind() -> None:
    assert facts("my cards ending in 6628 and 7710") == [("card_tail", "6628"), ("card_tail", "7710")]


def test_the_words_of_an_entity_are_known() -> None:
    found = entities("please send thirty five dollars today")[0]
    assert (found.text, found.first_word, found.end_word) == ("thirty five dollars", 2, 5)
    assert found.source.startswith("rules/en/")


def read(text: str) -> list[Decimal]:
    return [number.value for number in Reading.of(Spoken.of(plain_words(text))).numbers.values()]


@given(st.integers(min_value=0, max_value=999_999_999))
def test_a_number_said_in_words_is_read_again(number: int) -> None:
    assert read(num2words(number).replace(",", "")) == [number]


@given(st.integers(min_value=1, max_value=9999), st.integers(min_value=0, max_value=99))
def test_a_decimal_said_in_words_is_read_again(whole: int, cents: int) -> None:
    number = Decimal(f"{whole}.{cents:02d}")
    assert read(num2words(number).replace(",", "")) == [number]


@given(st.integers(min_value=1, max_value=31))
def test_an_ordinal_said_in_words_is_read_again(number: int) -> None:
    assert facts(f"the {num2words(number, to='ordinal')} of december 2026") == [("date", f"2026-12-{number:02d}")]


@given(st.integers(min_value=1, max_value=10**7), st.integers(min_value=1, max_value=99))
def test_an_amount_said_in_words_is_read_again(dollars: int, cents: int) -> None:
    text = f"{num2words(dollars)} dollars and {num2words(cents)} cents".replace(",", "")
    assert facts(text) == [("amount", f"{dollars}.{cents:02d} USD")]


@given(st.integers(min_value=100, max_value=999), st.integers(min_value=10, max_value=99))
def test_a_price_said_in_pairs_is_read_again(dollars: int, cents: int) -> None:
    hundreds, rest = divmod(dollars, 100)
    middle = f"oh {num2words(rest)}" if rest < 10 else num2words(rest)
    text = f"{num2words(hundreds)} {middle} {num2words(cents)}"
    reading = Reading.of(Spoken.of(plain_words(text)))
    expected = Decimal(f"{dollars}.{cents:02d}")
    if rest:
        assert spoken_value(list(reading.numbers.values()), reading.code) == expected


DIGIT_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@st.composite
def said_digits(draw: st.DrawFn) -> tuple[str, str]:
    """Digits, and a way to say them: one by one, with oh, double and triple."""
    digits = draw(st.text("0123456789", min_size=5, max_size=10))
    words, rest = [], digits
    while rest:
        same = len(rest) - len(rest.lstrip(rest[0]))
        name = draw(st.sampled_from(("zero", "oh", "o"))) if rest[0] == "0" else DIGIT_WORDS[int(rest[0])]
        count = draw(st.integers(1, min(same, 3)))
        words.append(f"{('', '', 'double ', 'triple ')[count]}{name}")
        rest = rest[count:]
    return digits, " ".join(words)


@given(said_digits())
def test_digits_said_one_by_one_are_read_again(said: tuple[str, str]) -> None:
    digits, words = said
    assert facts(f"my account number is {words}") == [("account", digits)]


@given(st.dates(datetime.date(1930, 1, 1), datetime.date(2069, 12, 31)))
def test_a_date_said_with_its_year_is_read_again(date: datetime.date) -> None:
    month, day = date.strftime("%B").lower(), num2words(date.day, to="ordinal")
    year = num2words(date.year, to="year").replace(" and ", " ").replace("-", " ")
    assert facts(f"{month} {day} {year}") == [("date", date.isoformat())]
    assert facts(date.strftime("%m/%d/%Y")) == [("date", date.isoformat())]


@given(st.integers(min_value=1, max_value=12), st.sampled_from((0, 5, 15, 30, 45, 59)), st.sampled_from(("am", "p.m.")))
def test_a_time_said_in_words_is_read_again(hour: int, minute: int, half: str) -> None:
    minutes = "" if not minute else f" oh {num2words(minute)}" if minute < 10 else f" {num2words(minute)}"
    expected = hour % 12 + (12 if half == "p.m." else 0)
    assert facts(f"at {num2words(hour)}{minutes} {half}") == [("time", f"{expected:02d}:{minute:02d}")]


BITS = st.sampled_from(
    "one two nineteen twenty hundred thousand million oh double triple point half quarter and a percent dollars"
    " cents $ £ % . , - / : @ at to the of by between from in ago days hours january may 3rd 12 2026 1,000 4.5"
    " 1,204.16 my name is card account number ending expires branch dot com sorry no b as in bravo s m i t h next"
    " last friday pm am é İ ﬁ 🙂 ١٢ ² ½".split()
)
TEXTS = st.one_of(
    st.text(max_size=80), st.lists(BITS, max_size=25).map(" ".join), st.lists(BITS, max_size=12).map("".join)
).filter(lambda text: not HAN_CHARACTER.search(text))  # Han characters are read by Mandarin's rules


@settings(max_examples=300)
@given(TEXTS)
def test_any_text_gives_entities_inside_its_words(text: str) -> None:
    words = plain_words(text)
    for one in find(words, "en", CONTEXT):
        assert 0 <= one.first_word < one.end_word <= len(words)
        assert one.text == one.text.strip() != ""
        assert one.value
        assert one.start_sample == words[one.first_word].start_sample
        assert one.end_sample == words[one.end_word - 1].end_sample
    spans = [(one.first_word, one.end_word) for one in find(words, "en", CONTEXT)]
    assert spans == sorted(spans)


@pytest.mark.parametrize(
    "bit",
    ["a ", "one ", "1 ", "x", "twenty five dollars and ", "my name is ", "at ", "1/", "b as in ", "dot ", "$", "., ",
     "a@", "account number ", "1234567890", "not sorry no ", "half a ", "january ", "expires valid until ", "o ", "- ",
     "card ", "double "],
)  # fmt: skip
def test_ten_thousand_characters_of_anything_are_read(bit: str) -> None:
    words = plain_words((bit * (10_000 // len(bit) + 1))[:10_000])
    assert all(one.end_word <= len(words) for one in find(words, "en", CONTEXT))  # backtracking would take minutes


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("It'll be with you by Friday the twentieth.", "../2026-11-20"),
        ("It will reach you by Monday.", "../2026-11-23"),
        ("Was it Friday the thirteenth?", "2026-11-13"),
        ("I was at your counter on Saturday.", "2026-11-14"),
        ("On Friday they took it twice.", "2026-11-13"),
        ("It went out on the 29th.", "2026-10-29"),
        ("You debited it, it was paid on March second.", "2026-03-02"),
        ("I've got a meeting there on Saturday.", "2026-11-21"),
        ("I was hoping to come in on Saturday.", "2026-11-21"),
        ("He said it would go out on the 29th.", "2026-11-29"),
    ],
)
def test_a_day_takes_its_side_of_today_from_what_is_said_beside_it(text: str, value: str) -> None:
    context = Context(datetime.date(2026, 11, 18))
    assert ("date", value) in facts(text, context)


@pytest.mark.parametrize(
    ("text", "days"),
    [("How may I help you today?", 0), ("Is there anything else today?", 0), ("Can I pay it today?", 1)],
)
def test_what_agents_ask_of_today_names_no_day(text: str, days: int) -> None:
    assert sum(kind == "date" for kind, _ in facts(text, CONTEXT)) == days
