"""What is masked in a text and what is not, how masks are made, and who may see originals."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcore.config import PrivacySettings, Settings
from callcore.errors import RevealRefused
from callcore.evaluate.entities import EntitySet, Gold, Sentence
from callcore.evaluate.redaction import score
from callcore.privacy import Redactor
from callcore.privacy.access import may_reveal
from callcore.privacy.digits import stretches
from callcore.privacy.find import Search
from callcore.privacy.masks import Masked, all_masked
from callcore.privacy.memory import CallMemory
from callcore.privacy.seal import Sealer, is_sealed, new_key
from callcore.privacy.spans import Secret
from callcore.privacy.view import View
from callcore.types import (
    AudioWarning,
    Entity,
    Final,
    Incident,
    Partial,
    Resolved,
    Role,
    RolesAssigned,
    Turn,
    Understanding,
    UnderstandingPreview,
    WarningKind,
)
from callcore.understand.entities import plain_words
from callcore.understand.entities.spoken import Spoken
from tests.privacy_calls import taggers

DAY = date(2026, 11, 22)
REDACTOR = Redactor(Sealer())
KEY = new_key()


def masked(text: str) -> str:
    return REDACTOR.text(text, "zh" if any("一" <= one <= "鿿" for one in text) else "en", DAY)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("我叫龚雪梅，卡丢了", "我叫***，卡丢了"),
        ("我姓佟", "我姓*"),
        ("明是明天的明", "******"),
        ("裴，裴文静。", "*，***。"),
        ("我姓蔡，草字头那个蔡。", "我姓*，******。"),
        ("好的喻奶奶，还有事吗", "好的*奶奶，还有事吗"),
        ("商户名叫Velora Games", "商户名叫Velora Games"),
        ("两笔转给一个叫Peter Smith的人", "两笔转给一个叫***** *****的人"),
        ("密码是abc123", "密码是******"),
        ("验证码三八五零九一", "验证码******"),
        ("妥得禄。妥当的妥，得到的得", "***。*********"),
        ("我叫亓官默，亓是其他的其去掉中间那两横", "我叫*****************"),
        ("好的，招先生，请讲", "好的，*先生，请讲"),
        ("最后四位八八四拐", "最后四位****"),
        ("Our Hope had it for the wedding", "Our **** had it for the wedding"),
        ("I sent it to a Grant Summers on Monday", "I sent it to a ***** ******* on Monday"),
        ("Joy Tan. It is for the wedding", "*** ***. It is for the wedding"),
        ("it is the card ending in four one", "it is the card ending in **** ***"),
        ("Warsame, that's my cousin", "*******, that's my cousin"),
        ("我住在鼓楼区汉口路22号", "我住在*********"),
        ("请拨打95588", "请拨打95588"),
        ("工单号是一二三四五六", "工单号是一二三四五六"),
        ("转三千五百块，分十二期，利率百分之三", "转三千五百块，分十二期，利率百分之三"),
        ("错误码4003", "错误码4003"),
        ("有效其零六二九", "有效其****"),  # as it was misheard
        ("好的,往险生,麻烦您等一下", "好的,***,麻烦您等一下"),
        ("明天下午三点在望京支行", "明天下午三点在望京支行"),
        ("my name is Harriet Blackwood", "my name is ******* *********"),
        ("my password is purple elephant", "my password is ****** ********"),
        ("Thanks Priti, bye", "Thanks *****, bye"),
        ("I live at 17 Willow Lane, Portland", "I live at ** ****** ***** ********"),
        ("call us on 1 800 432 1000", "call us on 1 800 432 1000"),
        ("the reference number is 7 7 4 1", "the reference number is 7 7 4 1"),
        ("two hundred and fifty dollars on the third of March", "two hundred and fifty dollars on the third of March"),
        ("S as in Sierra nine nine four one two", "* ** ** ****** **** **** **** *** ***"),
        ("我姓鄂，湖北那个鄂。", "我姓*，*****。"),
        ("他发的“綦哥放心”", "他发的“*哥放心”"),
        ("寄到滨江道五十八号灯光仓库，下午送", "寄到***********，下午送"),
        (
            "The address on record is flat four, Mallard Residency",
            "The address on record is **** ***** ******* *********",
        ),
        ("the new one is four Skerry Cottages, Stromness", "the new one is **** ****** ********* *********"),
        ("I ticked box 4 on the form", "I ticked box 4 on the form"),
        ("I sent it to K Morales today", "I sent it to * ******* today"),
        ("To mine, it's 4 Orchard Steps, Wells, BA5 0ZZ.", "To mine, it's * ******* ****** ****** *** ***."),
        ("Eleven ninety Hat Creek Road. I like it.", "****** ****** *** ***** ****. I like it."),
        ("it comes by Rural Route 2 now", "it comes by ***** ***** * now"),
        ("Good day, Maureen Bird here from Leeds.", "Good day, ******* **** here from Leeds."),
        ("Fourteenth of the sixth, seventy-nine.", "********** ** *** ****** ************."),
        ("and it's March 11, 2001.", "and it's ***** *** ****."),
        ("一九七七年八月初十", "*********"),
        ("我九六年11月2号生的", "我********生的"),
        ("on the third of March 2026, and 2 April", "on the third of March 2026, and 2 April"),
        ("去年三月五号，还有2025年6月1号", "去年三月五号，还有2025年6月1号"),
        ("on the third of May fifty pounds went", "on the third of May fifty pounds went"),
        ("我的密码是六个八。", "我的密码是***。"),
        ("支付密码四个零后面跟着一二。", "支付密码*********。"),
        ("尾号四个七的那张卡", "尾号***的那张卡"),
        ("密码是大写的A，小写的b，然后一二三感叹号", "密码是******************"),
        ("QQ号是三四五六七八九", "QQ号是*******"),
        ("军官证号是军字第20110号", "军官证号是*********"),
        ("我护照号E一二三四五六七八也可以查", "我护照号*********也可以查"),
        ("车牌京A12345，还有一辆粤B八八六K二", "车牌*******，还有一辆*******"),
        ("密保问题，我小学是实验二小", "密保问题，我小学是****"),
        ("我生日是八月初八", "我生日是****"),
        ("我是李雷的太太", "我是**的太太"),
        ("还打给我单位领导老邱", "还打给我单位领导**"),
        ("我住在村东头大槐树旁边第二家。", "我住在***********。"),
        ("我是农民，我是安徽人，我是白金卡", "我是农民，我是安徽人，我是白金卡"),
        ("his card is four ones then two twos", "his card is **** **** **** *** ****"),
        ("my password is correct horse battery staple", "my password is ******* ***** ******* ******"),
        ("my password is correct but it says wrong", "my password is correct but it says wrong"),
        ("the password is Tr0ub4dor and 3", "the password is ********* *** *"),
        ("The memorable word is Marrakesh, I think, or Cairo.", "The memorable word is *********, I think, or *****."),
        ("bob underscore the builder at protonmail dot ch", "*** ********** *** ******* ** ********** *** **"),
        ("my Medicare number is 1EG4-TE5-MK73", "my Medicare number is *************"),
        ("my member number is a b nine two seven x", "my member number is * * **** *** ***** *"),
        ("the case number is W26-0415-77", "the case number is W26-0415-77"),
        (
            "I live above the chip shop on Station Road in Whitby",
            "I live above the chip shop on ******* **** ** ******",
        ),
        ("R740,000. My mother has a kitchen now.", "R740,000. My mother has a kitchen now."),
        ("The RM374 is the settlement charge", "The RM374 is the settlement charge"),
    ],
)
def test_secrets_are_masked_and_facts_are_not(text, shown):
    assert masked(text) == shown


@given(st.text(max_size=60), st.sampled_from(["zh", "en", "yue", "fr", ""]))
def test_any_text_keeps_its_length_and_its_spaces(text, language):
    plain = "".join((" " if word.space_before else "") + word.text for word in plain_words(text))
    shown = REDACTOR.text(text, language, DAY)
    assert len(shown) == len(plain)
    assert all(one in (was, "*") for was, one in zip(plain, shown, strict=True))
    assert [i for i, one in enumerate(plain) if one == " "] == [i for i, one in enumerate(shown) if one == " "]


@given(st.text("0123456789", min_size=5, max_size=19), st.sampled_from(["{}", "卡号是{}", "嗯{}", "my number is {}"]))
def test_no_unexplained_digits_stay(digits, frame):
    text = frame.format(" ".join(digits))
    shown = masked(text)
    service = shown == text  # a hotline, which everybody may know
    assert service or not any(one.isdigit() for one in shown)


HAN = "零一二三四五六七八九"
WORDS = "zero one two three four five six seven eight nine".split()


@given(st.text("0123456789", min_size=1, max_size=20))
def test_digits_are_read_however_they_are_said(digits):
    said = "".join(HAN[int(one)] for one in digits)
    spoken = " ".join(WORDS[int(one)] for one in digits)
    for text in (digits, said, spoken, "-".join(digits), said.replace("一", "幺")):
        assert "".join(one.digits for one in stretches(text)) == digits


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("三个八六六", "88866"),
        ("双零七", "007"),
        ("forty two seventeen", "4217"),
        ("double four one", "441"),
        ("seven three six five thousand", "7365000"),
        ("三千五百", ""),
        ("three hundred", ""),
        ("一一零一零一x", "110101X"),
    ],
)
def test_digits_of_other_writings(text, digits):
    assert "".join(one.digits for one in stretches(text)) == digits


def test_masks_follow_the_words():
    words = plain_words("我叫 Li Ming 吗")
    spoken = Spoken.of(words)
    shown = Masked.of(spoken, frozenset(range(2, 10)), words)
    assert [word.text for word in shown.words] == ["我", "叫", "**", "****", "吗"]
    assert [(w.start_sample, w.space_before) for w in shown.words] == [(w.start_sample, w.space_before) for w in words]
    assert shown.text("我叫 Li Ming 吗") == "我叫 ** **** 吗"
    assert shown.text("something else") == "********* ****"
    assert all_masked("a b") == "* *"


def words_of(text):
    return plain_words(text)


def turn(number, channel, text, language="zh"):
    words = words_of(text)
    return Turn(number, channel, 0, 16_000, text, words, language, (f"s{number}",))


def final(number, channel, text, language="zh"):
    return Final(f"s{number}", channel, 0, 16_000, text, words_of(text), language, -0.1, 0.0, 0.9)


def following(*, key="", roles=None, taggers=None):
    call = Redactor(Sealer([key] if key else []), taggers=taggers or {}).call(DAY)
    if roles:
        call.follow([RolesAssigned(roles, 1.0, "option")])
    return call


def told(call, *events):
    return [event.text for event in call.follow(events) if isinstance(event, Final | Turn)]


def test_what_was_secret_once_stays_so_for_both_sides():
    call = following()
    assert told(call, turn(1, 1, "我叫龚雪梅")) == ["我叫***"]
    assert told(call, turn(2, 0, "雪梅您好，龚雪美这个名字对吗")) == ["**您好，***这个名字对吗"]  # also as it sounds
    assert told(call, turn(3, 1, "密码是sunny77")) == ["密码是*******"]
    assert told(call, turn(4, 0, "您说的sunny77吗")) == ["您说的*******吗"]


@pytest.mark.parametrize(
    ("said", "again"),
    [
        ("王先生在，王女士也在", [(0, 1), (5, 6)]),
        ("是王芳，王小明。", [(1, 3), (4, 7)]),
        ("王者归来的时候", []),
        ("叫王先生", [(1, 2)]),
        ("王王芳", [(0, 3)]),
    ],
)
def test_a_surname_is_known_again_before_a_title_and_with_a_given_name(said, again):
    memory = CallMemory()
    memory.remember("王女士", Search((Secret("name", 0, 1),), frozenset(), frozenset()))
    spoken = Spoken.of(plain_words(said))
    assert [(one.start, one.end) for one in memory.repeats(View(spoken, ()))] == again


def test_numbers_in_pieces_are_masked_from_the_first_one_on():
    call = following()
    told(call, turn(1, 0, "请报一下您的卡号"))
    for number, piece in enumerate(("六二", "二八四八", "零", "幺七七"), 2):
        assert told(call, final(number, 1, piece), turn(number, 1, piece)) == ["*" * len(piece)] * 2


def test_an_answer_to_a_question_for_a_name_is_one():
    call = following()
    told(call, turn(1, 0, "请问怎么称呼您"))
    assert told(call, turn(2, 1, "晁错")) == ["**"]
    call = following()
    told(call, turn(1, 0, "what is your mother's maiden name", "en"))
    assert told(call, turn(2, 1, "it's Featherstone", "en")) == ["it's ************"]


@pytest.mark.parametrize(
    ("question", "answer", "shown", "language"),
    [
        ("And where were you born, for security?", "Mountain Home. Thank you.", "******** ****. Thank you.", "en"),
        ("Your memorable word. You chose it yourself.", "Try Bracken.", "Try *******.", "en"),
        ("Two letters of your security word?", "Er. A. And then, hang on. N.", "Er. *. And then, hang on. *.", "en"),
        ("安全问题，您的小学班主任姓什么？", "姓郝。", "**。", "zh"),
        ("Your address?", "Cairn House, Inveresk.", "***** ****** ********.", "en"),
        ("And your ID number?", "R, six one oh eight.", "** *** *** ** *****.", "en"),
        ("怎么称呼您？", "郦。郦道元的郦。", "*。*****。", "zh"),
        ("what's your name", "brenda cutting and the card is lost", "****** ******* and the card is lost", "en"),
    ],
)
def test_answers_are_known_by_their_questions(question, answer, shown, language):
    call = following(roles={0: Role.AGENT, 1: Role.CUSTOMER})
    told(call, turn(1, 0, question, language))
    assert told(call, turn(2, 1, answer, language)) == [shown]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            ["Third and sixth characters of your passcode?", "Third is a nine, sixth's an eight."],
            ["Third and sixth characters of your passcode?", "Third is a ****, sixth's an *****."],
        ),
        (
            ["Which digit is the second?", "A seven.", "And the final one?", "An ampersand.", "Thanks."],
            ["Which digit is the second?", "A *****.", "And the final one?", "An *********.", "Thanks."],
        ),
        (
            ["Letters one and four of your memorable word?", "one is k, four is nothing"],
            ["Letters one and four of your memorable word?", "one is *, four is *******"],
        ),
        (
            ["What are the last four digits of your card?", "Hold on, one is my fee, two is a question."],
            ["What are the last four digits of your card?", "Hold on, one is my fee, two is a question."],
        ),
        (
            ["And your date of birth?", "The ninth.", "Of which month?", "August.", "And the year?", "Fifty-one."],
            ["And your date of birth?", "The *****.", "Of which month?", "******.", "And the year?", "*********."],
        ),
        (
            ["When is your birthday?", "It's the second of April.", "What year was that?", "Nineteen seventy-seven."],
            ["When is your birthday?", "It's *** ****** ** *****.", "What year was that?", "******** *************."],
        ),
        (
            ["Your date of birth, please.", "Fourth month, eleventh day, two thousand and one."],
            ["Your date of birth, please.", "****** ****** ******** **** *** ******** *** ***."],
        ),
        (
            ["Your date of birth?", "6 May 1958. And what left my account in July?", "That was on 3 July."],
            ["Your date of birth?", "* *** ****. And what left my account in July?", "That was on 3 July."],
        ),
        (
            ["When did you take out the bond?", "Fifth of November, 1989."],
            ["When did you take out the bond?", "Fifth of November, 1989."],
        ),
        (
            ["When did you pay?", "On the ninth, I think.", "Of which month?", "August."],
            ["When did you pay?", "On the ninth, I think.", "Of which month?", "August."],
        ),
        (["When does the card expire?", "March twenty-nine."], ["When does the card expire?", "***** ***********."]),
        (["When does your rate expire?", "March 2029."], ["When does your rate expire?", "March 2029."]),
        (
            ["Which PIN did you enter?", "Thirty-one, sixty. As ever."],
            ["Which PIN did you enter?", "*********** *****. As ever."],
        ),
        (
            ["Who has a key?", "Only Milos, he waters the plants."],
            ["Who has a key?", "Only *****, he waters the plants."],
        ),
        (
            ["Who holds it?", "Ilse and Annika, they're my girls."],
            ["Who holds it?", "**** and ******, they're my girls."],
        ),
        (["Who told you?", "Only the website."], ["Who told you?", "Only the website."]),
        (
            ["May I have a name?", "Yes.", "So the name is Kaluza, K A L U Z A?", "Yes."],
            ["May I have a name?", "Yes.", "So the name is ******* * * * * * *?", "Yes."],
        ),
        (["And your name?", "Er.", "Is it Katja with a J?"], ["And your name?", "Er.", "Is it ***** **** * *?"]),
        (
            ["And your favourite book?", "The Wind in the Reeds."],
            ["And your favourite book?", "The **** ** *** *****."],
        ),
        (
            ["What was your first job?", "I was a baker in Wick."],
            ["What was your first job?", "I was a ***** ** ****."],
        ),
        (
            ["What was your first job?", "I can't remember that."],
            ["What was your first job?", "I can't remember that."],
        ),
        (
            [
                "Your password?",
                "Heron.",
                "That's not what I have.",
                "One second.",
                "Still no.",
                "What about kingfisher?",
            ],
            [
                "Your password?",
                "*****.",
                "That's not what I have.",
                "One second.",
                "Still no.",
                "What about **********?",
            ],
        ),
        (
            ["Sorry, that doesn't match.", "Is it because I moved?"],
            ["Sorry, that doesn't match.", "Is it because I moved?"],
        ),
        (
            ["And the house number?", "Three hundred and twelve."],
            ["And the house number?", "***** ******* *** ******."],
        ),
        (["First half of your postcode?", "LL5."], ["First half of your postcode?", "***."]),
        (["Your address?", "We're on plot 7, Ash Park."], ["Your address?", "We're on **** ** *** ****."]),
        (
            ["What's your national insurance number?", "It starts KN."],
            ["What's your national insurance number?", "It starts **."],
        ),
        (["Which email is it?", "No, Proton now."], ["Which email is it?", "No, ****** now."]),
        (["And your surname?", "B for Bravo, so Bodley."], ["And your surname?", "* *** *****, so ******."]),
        (
            ["Which company was it?", "Molly and Finn's in Leeds."],
            ["Which company was it?", "Molly and Finn's in Leeds."],
        ),
        (
            ["Which company was it?", "A man called Otto Brandt."],
            ["Which company was it?", "A man called **** ******."],
        ),
        (
            ["Which colleague helped you?", "A chap called Jonty."],
            ["Which colleague helped you?", "A chap called Jonty."],
        ),
        (["What were the amounts?", "52, 70 and 18.25."], ["What were the amounts?", "52, 70 and 18.25."]),
        (["Have you a case ID?", "It's 60 04 17 21."], ["Have you a case ID?", "It's 60 04 17 21."]),
        (["Favourite place?", "We usually went to Rhyl."], ["Favourite place?", "We usually went to ****."]),
        (
            ["Birthday, please?", "The fourth of June.", "And what year was that?", "That was nineteen forty-nine."],
            ["Birthday, please?", "*** ****** ** ****.", "And what year was that?", "That was ******** **********."],
        ),
        (["Is she family?", "She's my niece."], ["Is she family?", "She's my niece."]),
    ],
)
def test_answers_come_piece_by_piece(said, shown):
    call = following(roles={0: Role.AGENT, 1: Role.CUSTOMER})
    told(call, turn(1, 0, "Velmor Savings, good morning.", "en"))
    assert [told(call, turn(n, n % 2, text, "en"))[0] for n, text in enumerate(said, 2)] == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Hello, Ngaio this side from the shop.", "Hello, ***** this side from the shop."),
        ("Good evening, Tui Ngata, I'd like a statement.", "Good evening, *** *****, I'd like a statement."),
        ("Morning. Aled. I'm after a new card.", "Morning. ****. I'm after a new card."),
        ("Hi, it's happened again.", "Hi, it's happened again."),
        ("hi its happened again", "hi its happened again"),
        ("The Oyelowos next door got my letter.", "The ******** next door got my letter."),
        ("Her lawyer is a Mrs Castellanos.", "Her lawyer is a *** ***********."),
        ("I spoke to a Mrs Castellanos at the branch.", "I spoke to a Mrs Castellanos at the branch."),
        ("I put in my PIN, I tried 2468, so what now.", "I put in my PIN, I tried ****, so what now."),
        ("Christmas Day, nineteen sixty, that's me.", "********* **** ******** *****, that's me."),
        ("the van is a kn21 wpt and it was here", "the van is a **** *** and it was here"),
        ("I typed in Bracken for my password.", "I typed in ******* for my password."),
        ("Her badge said Jodie.", "Her badge said Jodie."),
        ("He was born in 1938, on a farm.", "He was born in ****, on a farm."),
    ],
)
def test_what_callers_open_with(text, shown):
    call = following(roles={0: Role.AGENT, 1: Role.CUSTOMER})
    told(call, turn(1, 0, "Velmor Savings, good morning.", "en"))
    assert told(call, turn(2, 1, text, "en")) == [shown]


def exchange(*texts, **known):
    """What is shown of an exchange in Mandarin that an agent begins."""
    call = following(roles={0: Role.AGENT, 1: Role.CUSTOMER}, **known)
    return [told(call, turn(number, number % 2, text))[0] for number, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("texts", "shown"),
    [
        (
            ("请问您哪天生日？", "九月二号。", "九月二号，哪一年呢？", "七三年的。"),
            ("****。", "****，哪一年呢？", "***的。"),
        ),
        (
            ("您的出生年份？", "八一。", "几月？", "冬月。", "几号？", "初七。"),
            ("**。", "几月？", "**。", "几号？", "**。"),
        ),
        (("您的生日？", "跟儿童节一天，六四年。"), ("跟***一天，***。",)),
        (("您多大了？", "我四八年生人。", "四八年几月？", "腊月初三。"), ("我***生人。", "***几月？", "****。")),
        (("您好。", "我属马的，七八年。"), ("我**的，***。",)),
        (
            ("生日是1977年5月3日吗？", "不对，是十三，五月十三。", "好，五月十三日。"),
            ("不对，是*******。", "好，*****。"),
        ),
        (
            ("您的生日？", "七月八号。", "核实了，请讲。", "我十月三号那笔消费不对。"),
            ("****。", "核实了，请讲。", "我十月三号那笔消费不对。"),
        ),
        (("生日当月有双倍积分。", "到几号？", "到十月三十一号。"), ("到几号？", "到十月三十一号。")),
        (("还款日是哪天？", "每月二十号。"), ("每月二十号。",)),
    ],
)
def test_dates_of_birth_are_masked_in_all_their_pieces(texts, shown):
    assert exchange(*texts)[1:] == list(shown)


@pytest.mark.parametrize(
    ("texts", "shown"),
    [
        (("请问门牌号？", "一百零六号。", "一百零六号，几楼？", "四楼。"), ("*****。", "*****，几楼？", "**。")),
        (
            ("您住几号？", "十二号院。", "几号楼？", "三号楼。", "几单元？", "一单元。"),
            ("****。", "几号楼？", "***。", "几单元？", "***。"),
        ),
        (("门牌多少？", "六十号附三。", "好，六十号附三。"), ("*****。", "好，*****。")),
        (("请问村名？", "大柳屯。", "几队？", "四队。"), ("***。", "几队？", "**。")),
        (("卡寄到哪？", "水利局宿舍，老楼，三楼。"), ("***********。",)),
        (("门牌？", "没有，写马长河家收。"), ("没有，写***家收。",)),
        (("请问信箱号？", "三零六信箱九分箱。"), ("********。",)),
        (("请核对地址。", "没变。", "好，卡十五号之前寄到。"), ("没变。", "好，卡十五号之前寄到。")),
        (
            ("卡寄到哪？", "我自己去取。", "去哪家网点？", "中山路那家，二号窗口。"),
            ("我自己去取。", "去哪家网点？", "中山路那家，二号窗口。"),
        ),
        (("想分几期？", "十二期。"), ("十二期。",)),
    ],
)
def test_addresses_are_masked_in_all_their_pieces(texts, shown):
    assert exchange(*texts)[1:] == list(shown)


@pytest.mark.parametrize(
    ("texts", "shown"),
    [
        (("密保问题，您丈夫的职业？", "厨师。", "厨师，正确。", "哈哈。"), ("**。", "**，正确。", "哈哈。")),
        (("提示问题是您第一只狗的名字。", "那是豆包。"), ("那是**。",)),
        (("您预留的短语是？", "一路平安。", "一路平安，对的。"), ("****。", "****，对的。")),
        (("请说出口令。", "口令是夏日清风。", "夏日清风，一致。"), ("口令是****。", "****，一致。")),
        (("密保问题，您母亲的出生年份？", "五五年的。", "一九五五年，正确。"), ("****。", "*****，正确。")),
        (("您的密保问题忘了吗？", "忘了。"), ("忘了。",)),
        (("请问户口簿编号？", "零零三六二二一八。"), ("********。",)),
        (("出生证明编号是多少？", "K 一二零零七七三八。"), ("* ********。",)),
        (("您的车牌？", "苏A，后面是三零八K六。", "苏A308K6。"), ("***********。", "*******。")),
        (("您好。", "我同事老冯让我问的。"), ("我同事**让我问的。",)),
        (("您好。", "我大姑姐方月梅、我小舅子方海。"), ("我大姑姐***、我小舅子**。",)),
        (("您好。", "昨天有个叫姚丽的给我打电话。"), ("昨天有个叫**的给我打电话。",)),
        (("您好。", "那位同事呢？", "周敏今天休息。"), ("那位同事呢？", "周敏今天休息。")),
        (
            ("您好。", "网点电话呢？", "江北支行电话是010-8765-0000。"),
            ("网点电话呢？", "江北支行电话是010-8765-0000。"),
        ),
        (("请问航班？", "东航MU五二八八。", "MU5288，退款六百。"), ("东航MU五二八八。", "MU5288，退款六百。")),
    ],
)
def test_what_an_exchange_in_mandarin_shows(texts, shown):
    assert exchange(*texts)[1:] == list(shown)


@pytest.mark.parametrize("said", ["我是韩国人", "她是蒙古族", "拿的是美国护照"])
def test_nationality_is_no_secret(said):
    assert exchange("您好。", said, taggers=taggers())[1] == said


def test_parts_of_an_address_of_mail_are_remembered():
    call = following(roles={0: Role.AGENT, 1: Role.CUSTOMER})
    told(call, turn(1, 1, "it comes from tamsin.oakes@postbox.example", "en"))
    assert told(call, turn(2, 1, "oakes, with an e", "en")) == ["*****, with an e"]
    assert told(call, turn(3, 0, "Thank you. oakes, then", "en")) == ["Thank you. *****, then"]


@pytest.mark.parametrize("kind", ["name", "merchant"])
def test_what_a_readable_name_is_corrected_to_is_sealed_as_a_name(kind):
    call = following(key=KEY)
    told(call, turn(1, 1, "my name is Isaak Feldsher", "en"), turn(2, 0, "good day", "en"))
    for number, said, first, of in ((1, "Isaak Feldsher", 3, kind), (2, "good", 0, "name")):
        entity = Entity(of, said, said, 0.9, 0, 1, first, first + 1 + said.count(" "))
        call.follow([Understanding(number, 0, 0, 16_000, "en", entities=(entity,))])
    (resolved,) = call.follow([Resolved(2, 0, "corrected", "Isaak Feldsher", 2, 0.9)])
    assert Sealer([KEY]).open("name", resolved.value) == "Isaak Feldsher"


def test_the_agents_own_name_is_none_of_the_customers_secrets():
    roles = {0: Role.AGENT, 1: Role.CUSTOMER}
    greeting = "您好，我是王丽，很高兴为您服务"
    assert told(following(roles=roles), turn(1, 0, greeting)) == [greeting]
    assert "王丽" not in told(following(roles=roles), turn(1, 1, greeting))[0]
    assert "王丽" not in told(following(), turn(1, 0, greeting))[0]  # nobody knows who speaks


def test_people_of_the_bank_are_no_secret_for_the_rest_of_the_call():
    roles = {0: Role.AGENT, 1: Role.CUSTOMER}
    call = following(roles=roles)
    assert told(call, turn(1, 0, "good morning, this is Tomasz, how can I help", "en"))[0].count("*") == 0
    assert told(call, turn(2, 1, "Hi Tomasz, it's Graham Bellweather", "en")) == ["Hi Tomasz, it's ****** ***********"]
    assert told(call, turn(3, 1, "your colleague Brenda told me otherwise", "en"))[0].count("*") == 0
    assert told(following(roles=roles), turn(1, 1, "上次那个刘经理答应过我的"))[0].count("*") == 0


def test_whom_a_greeting_names_is_of_the_bank_unless_it_is_said_to_them():
    roles = {0: Role.AGENT, 1: Role.CUSTOMER}
    greeting = "Thanks for holding for Velmor Savings, you've reached Refilwe."
    call = following(roles=roles)
    assert told(call, turn(1, 0, greeting, "en")) == [greeting]
    assert told(call, turn(2, 1, "Thank you, Refilwe, you are kind.", "en"))[0].count("*") == 0
    assert told(following(roles=roles), turn(1, 0, "Hello, is that Margaret?", "en")) == ["Hello, is that ********?"]
    assert told(following(roles=roles), turn(1, 0, "Hello, Mrs Banks.", "en")) == ["Hello, *** *****."]
    rung = "Hello, this is Fraser calling from Lomond Bank. Am I speaking to Catriona Muir?"
    assert told(following(roles=roles), turn(1, 0, rung, "en")) == [rung.replace("Catriona Muir", "******** ****")]
    rung = "Good evening, it's Rosa calling from Velmor. Is this Mr. Kirkland?"
    assert told(following(roles=roles), turn(1, 0, rung, "en")) == [rung.replace("Mr. Kirkland", "*** ********")]


def test_colleagues_of_an_agent_are_no_secret_and_customers_are():
    roles = {0: Role.AGENT, 1: Role.CUSTOMER}
    call = following(roles=roles)
    told(call, turn(1, 0, "您好，请讲。"))
    assert told(call, turn(2, 0, "我转给那边叫朱峻，他来办。")) == ["我转给那边叫朱峻，他来办。"]
    assert told(call, turn(3, 1, "我是项目经理，姓佟。")) == ["我是项目经理，姓*。"]


@pytest.mark.parametrize(
    ("text", "shown", "language"),
    [
        ("密码是芝麻开门。", "密码是****。", "zh"),
        ("你好，我是司马青衫，想办张卡", "你好，我是****，想办张卡", "zh"),
        ("我想check一下我的credit card的balance", "我想check一下我的credit card的balance", "zh"),
        ("Hello, Nguyen Thi Lan here.", "Hello, ****** *** *** here.", "en"),
        ("my wallet is bc1qar0srrr7xfkvy5l643lydnw", f"my wallet is {'*' * 27}", "en"),
    ],
)
def test_what_callers_say_of_themselves_with_the_learned_taggers(text, shown, language):
    call = following(taggers=taggers(), roles={0: Role.AGENT, 1: Role.CUSTOMER})
    told(
        call, turn(1, 0, "您好，请问有什么可以帮您？" if language == "zh" else "Alder Bank, how can I help?", language)
    )
    assert told(call, turn(2, 1, text, language)) == [shown]


def test_what_people_type_is_searched_in_both_languages():
    note = REDACTOR.note("客户来电 password is hunter2，年费 waiver 已申请", DAY, "zh")
    assert note == "客户来电 password is *******，年费 waiver 已申请"


def test_mailboxes_of_desks_are_no_secret_and_those_of_customers_are():
    roles = {0: Role.AGENT, 1: Role.CUSTOMER}
    desk, own = "please write to disputes at velmor dot example", "it is graham at velmor dot example"
    assert told(following(roles=roles), turn(1, 0, desk, "en")) == [desk]
    assert "graham" not in told(following(roles=roles), turn(1, 1, own, "en"))[0]


def test_a_word_is_remembered_as_a_word():
    call = following()
    told(call, turn(1, 0, "what is your name", "en"))
    told(call, turn(2, 1, "Ann Tho", "en"))
    assert told(call, turn(3, 0, "and then though we can, thomas", "en"))[0].startswith("and then though we can")
    told(call, turn(4, 1, "my number is two double eight oh. then four oh seven two", "en"))
    assert told(call, turn(5, 0, "then I see four of them", "en")) == ["then I see four of them"]


def test_towns_of_an_address_stay_readable_in_the_name_of_a_branch():
    call = following(roles={0: Role.AGENT, 1: Role.CUSTOMER})
    told(call, turn(1, 1, "My address is 19 Oyster Row, Whitstable, CT5 1ZZ.", "en"))
    branch = "You can go into the Whitstable branch on Monday."
    assert told(call, turn(2, 0, branch, "en")) == [branch]


def test_a_mobile_number_is_no_reference_though_one_was_asked_for():
    call = following(roles={0: Role.AGENT, 1: Role.CUSTOMER})
    told(call, turn(1, 0, "您的工单号是多少"))
    assert told(call, turn(2, 1, "幺五五，七三零四，二八幺九，白天打"))[0].count("*") >= 11


def test_a_reference_may_be_repeated():
    call = following(roles={0: Role.AGENT, 1: Role.CUSTOMER})
    assert told(call, turn(1, 0, "工单编号是二零九二三零四七"))[0].count("*") == 0
    assert told(call, turn(2, 1, "二零九二三零四七，好")) == ["二零九二三零四七，好"]
    assert told(call, turn(3, 1, "卡号是六二二八四八零四零二五六四八九")) == ["卡号是" + "*" * 15]


def test_only_what_is_certain_is_remembered():
    call = following()
    told(call, turn(1, 0, "what is your email address", "en"))
    told(call, final(2, 1, "yes that one", "en"))
    assert told(call, turn(3, 0, "yes that one is fine", "en")) == ["yes that one is fine"]


def test_the_end_of_a_final_is_masked_where_more_may_follow():
    call = following()
    assert told(call, final(1, 1, "我要转三")) == ["我要转*"]
    assert told(call, final(2, 1, "万五千块"), turn(1, 1, "我要转三万五千块")) == ["万五千块", "我要转三万五千块"]


def test_partials_hide_every_three_digits():
    call = following()
    words = words_of("金额是 3500")
    (event,) = call.follow([Partial("s1", 1, 0, 16_000, words[:2], words[2:], "zh")])
    assert "".join(word.text for word in (*event.stable, *event.unstable)) == "金额是****"


def test_values_are_sealed_alike_in_every_call():
    found = Entity("phone", "幺三八零零幺三八零零零", "+8613800138000", 0.9, 0, 1, 3, 14)
    said = turn(1, 1, "手机号幺三八零零幺三八零零零")
    tokens = set()
    for _ in range(2):
        call = following(key=KEY)
        meaning = Understanding(1, 1, 0, 16_000, "zh", entities=(found,))
        _, hidden, resolved = call.follow([said, meaning, Resolved(1, 0, "confirmed", "+8613800138000", 2, 0.9)])
        (entity,) = hidden.entities
        assert entity.text == "*" * 11
        assert resolved.value == entity.value
        tokens.add(entity.value)
    (token,) = tokens
    assert Sealer([KEY]).open("phone", token) == "+8613800138000"


def test_facts_keep_their_values():
    amount = Entity("amount", "三千五", "3500.00 CNY", 0.9, 0, 1, 1, 4)
    call = following(key=KEY)
    _, shown = call.follow([turn(1, 1, "转三千五"), Understanding(1, 1, 0, 1, "zh", entities=(amount,))])
    assert shown.entities == (amount,)


def test_what_nobody_can_place_is_withheld():
    name = Entity("name", "龚雪梅", "龚雪梅", 0.9, 0, 1, 0, 3)
    call = following(key=KEY)
    preview = UnderstandingPreview("s9", Understanding(-1, 1, 0, 1, "zh", entities=(name,)))
    shown, meaning, resolved = call.follow(
        [preview, Understanding(9, 1, 0, 1, "zh", entities=(name,)), Resolved(9, 0, "confirmed", "龚雪梅", 10, 0.9)]
    )
    for entity in (*shown.understanding.entities, *meaning.entities):
        assert (entity.text, entity.value) == ("***", "masked:name")
    assert is_sealed(resolved.value)


def test_events_without_words_pass():
    call = following()
    events = [Incident("hold", None, 0, 1), AudioWarning(WarningKind.CLIPPING, "clipped")]
    assert call.follow(events) == events


def test_a_words_text_that_is_another_is_masked_as_a_whole():
    (shown,) = following().follow([Turn(1, 1, 0, 1, "别的字", words_of("你好"), "zh", ("s1",))])
    assert shown.text == "***"


ROLES = {"li": "supervisor", "wang": "agent"}


def test_only_users_with_a_role_may_see_originals():
    settings = PrivacySettings(roles=ROLES)
    may_reveal(settings, "li")
    for user in ("wang", "nobody", ""):
        with pytest.raises(RevealRefused):
            may_reveal(settings, user)
    may_reveal(PrivacySettings(roles=ROLES, reveal_roles=("agent",)), "wang")
    with pytest.raises(RevealRefused):
        may_reveal(Settings().privacy, "li")


def test_figures_of_the_redaction():
    text = "我叫王芳尾号六六二八转三千五"
    marks = (Gold("name", 2, 4, "王芳"), Gold("card_tail", 6, 10, "6628"), Gold("amount", 11, 14, "3500.00 CNY"))
    shown = "我叫**尾号**二八转三千五*"
    marked = EntitySet(DAY, (Sentence(text + "块", marks),))
    report = score(marked, lambda *_: shown)
    assert (report.all.marked, report.all.whole, report.all.partly) == (2, 1, 1)
    assert (report.stretches, report.needless) == (3, 1)
    assert report.facts == {"amount": (1, 0)}
    assert report.left_open == report.masked_for_nothing == [0]
    assert report.as_json()["precision"] == pytest.approx(0.6667)
