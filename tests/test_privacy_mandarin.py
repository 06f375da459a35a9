"""What exchanges in Mandarin show of figures and names, by rules and tagger together."""

from __future__ import annotations

from datetime import date

import pytest

from callcore.privacy import Redactor
from callcore.privacy.seal import Sealer
from callcore.types import Role, RolesAssigned, Turn
from callcore.understand.entities import plain_words
from tests.privacy_calls import taggers

DAY = date(2026, 11, 22)


def shown(*texts: str) -> list[str]:
    """What is shown of an exchange that an agent begins."""
    call = Redactor(Sealer(), taggers=taggers()).call(DAY)
    call.follow([RolesAssigned({0: Role.AGENT, 1: Role.CUSTOMER}, 1.0, "option")])
    turns = (
        Turn(number, number % 2, 0, 16_000, text, plain_words(text), "zh", (f"s{number}",))
        for number, text in enumerate(texts)
    )
    return [event.text for event in call.follow([*turns]) if isinstance(event, Turn)]


@pytest.mark.parametrize(
    ("texts", "last"),
    [
        (("请报卡号后四位。", "5318，我昨天交了13,500，怎么还说欠？"), "****，我昨天交了13,500，怎么还说欠？"),
        (("请报卡号后四位。", "2907。里头8,300是货款。"), "****。里头8,300是货款。"),
        (("请问您的手机号？", "13,988,120,445"), "**************"),
        (("发短信的号码您记得吗？", "记不全，106开头的一长串。"), "记不全，106开头的一长串。"),
        (("您登记的是哪个号码？", "幺八六开头那个。"), "***开头那个。"),
        (("三万元整，四个零，对吗？",), "三万元整，四个零，对吗？"),
        (("请留个电话。", "座机零七三一，八八四零二二一七，分机六零三。"), "座机*************，分机六零三。"),
    ],
)
def test_figures_that_are_nobodys_own_stay_readable(texts, last):
    assert shown(*texts)[-1] == last


@pytest.mark.parametrize(
    ("texts", "last"),
    [
        (("您好。", "我要夸你们一个柜员，她叫孟晓彤。"), "我要夸你们一个柜员，她叫孟晓彤。"),
        (("您记得她叫什么吗？", "胸牌上写的邰露。"), "胸牌上写的邰露。"),
        (("找谁办的？", "你们支行的，戴眼镜，姓晏。"), "你们支行的，戴眼镜，姓晏。"),
        (("我给您接过去，接您的是一位荆老师。",), "我给您接过去，接您的是一位荆老师。"),
        (("值班同事半小时内联系您，他姓曲。",), "值班同事半小时内联系您，他姓曲。"),
        (("请问贵姓？", "我是项目经理，姓佟。"), "我是项目经理，姓*。"),
        (("收款人叫什么？", "她叫白秀珍。"), "她叫***。"),
        (("您母亲叫什么？", "叫伍桂香。"), "叫***。"),
        (("您好。", "你们支行给我老公办的卡，他叫郎志远。"), "你们支行给我老公办的卡，他叫***。"),
        (("请问贵姓？", "免贵姓晏，城南支行的卡。"), "免贵姓*，城南支行的卡。"),
    ],
)
def test_people_of_the_bank_are_told_from_private_ones(texts, last):
    assert shown(*texts)[-1] == last


@pytest.mark.parametrize(
    ("texts", "last"),
    [
        (("您贵姓？", "我姓那，对。"), "我姓*，对。"),
        (("您好，宿老太太在家吗？",), "您好，*老太太在家吗？"),
        (("请问您的姓名？", "欧阳雪松。", "我写欧雪松可以吗？"), "我写***可以吗？"),
        (("您好。", "手机是我侄女郑可欣帮我弄的。"), "手机是我侄女***帮我弄的。"),
        (("您好。", "我们村支书褚万山说能贷。"), "我们村支书***说能贷。"),
        (("您的电话？", "幺三九零零二，六六幺零，后面还有一位……八。"), "***********，后面还有一位……*。"),
        (("卡寄到哪？", "吉庆街二十号，四号楼三单元，六楼左手。"), "******************。"),
    ],
)
def test_what_is_told_of_people_is_masked(texts, last):
    assert shown(*texts)[-1] == last


@pytest.mark.parametrize(
    "texts",
    [
        ("谁看见了？", "宿管阿姨看见了。"),
        ("祝叔叔早日康复。",),
        ("卡寄到哪？", "寄到店里，家里没人。"),
    ],
)
def test_what_only_looks_like_a_name_or_an_address_stays_readable(texts):
    assert shown(*texts) == list(texts)


def test_a_title_is_no_part_of_a_name_that_is_known_again():
    assert shown("您好。", "我姓李。", "好的李阿姨。", "嗯。", "阿姨自己看着也放心。")[-1] == "阿姨自己看着也放心。"
