"""Addresses in Mandarin that are told in pieces, each too short to be one by itself: 九号院, 二单元, 小王庄, 附二.

A piece is one only where an address is spoken of: one was asked for in the turns before, by whichever side the piece is
said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from callcore.privacy.mandarin_lexicon import CLAUSE
from callcore.privacy.spans import NEVER, Secret
from callcore.privacy.view import View
from callcore.types import Role
from callcore.understand.entities.zh.people import COMMON, RARE

TOPIC = "address"  #: of a call in which one is spoken of

_HAN = "\u4e00-\u9fff"
_NUMBER = "(?:[a-z]?\\d{1,6}[a-z]?|[零一二三四五六七八九十百千幺]{1,8}|[a-z]|[甲乙丙丁])"
_UNIT = (
    "(?:号院|号楼|号|弄|栋|幢|座|单元|层|楼|室|户|组|队|门|梯|排|区|院|巷|街|支弄|分箱|信箱|分队|摊位|铺位?|床|家|社)"
)
_FEW = "[一二三四五六1-6]"
#: tails of a house number: 附二, 之一, 靠左
_TAIL = (
    rf"(?:[附之杠-]{_NUMBER}号?|[甲乙丙丁](?![{_HAN}])|靠?[左右]手?(?:边|侧)?|靠[东西南北里外中]|[东西南北中][户门]|"
    "顶楼|中间户)"
)
#: behind a number and 号 or 楼 that are a day or a place of the bank's
_NO_DOOR = (
    "(?!之?[前后间]|以[前后]|左右|的?(?:钱|[我他她不还扣刷付存取转办]|那[笔天次]|消费|账)|[到送寄][达到货的]?|"
    "[上下][午个]|线|口)"
)
_DOOR = re.compile(
    rf"(?<![\d月年])(?:第?{_NUMBER} ?{_UNIT}|(?<![分每这那十百千]){_FEW}期(?!限|[还付])){_NO_DOOR}"
    rf"(?:[ ,]?{_TAIL})*(?:{_NUMBER}(?! ?{_UNIT}|[\d元块万千百月天]))?|"
    rf"[附之]{_NUMBER}号?|(?<![{_HAN}]){_TAIL}(?=[ ,.。?!]|$)|{_NUMBER}(?:[杠-]{_NUMBER}){{1,3}}"
)
#: a number or a letter that is a clause by itself
_BARE = re.compile(
    "(?:嗯|呃|啊|哦|对|是|好|那|就|,| )*"
    r"(?P<number>[a-z]?\d{1,5}[a-z]?|[零一二三四五六七八九幺]{1,5}|[a-z]|[甲乙丙丁])(?:的|啊|吧|呀)?"
)
_LEAD = re.compile(
    r"(?:就?[写填][的是]?|[寄送放邮]到?|收件|地址|详细|就是|还是|应该|是在?|不是|住在?|现在|目前|我们?家?|咱家?|家里?|在|"
    r"那边|那个|那|这边|没有?门牌号?|没得|嗯|呃|啊|哦|对头?|好的?|系|搬到了?|改成|叫|呢|的|,| )*"
)
#: what a place is known by, at the end of what is said of it
_PLACE = (
    "(?:省|市|区|县|旗|州|盟|镇|乡|街道?|村|屯|庄|组|队|寨|沟|坡|坪|湾|坝|洼|岭|圩|浜|塘|巷子?|胡同|里弄|弄堂|路|大道|"
    "小区|花园|公寓|大厦|家园|新村|新城|广场|宿舍|大楼|家属[院楼区]|社区|苑|府|郡|城|世家|国际|帝景|名都|园区?|基地|"
    "嘎查|苏木|牧场|农场|林场|厂里?|公司|商店|五金店|超市|便利店|门市部?|医院|学校|[小中大]学|研究所|派出所|部队|信箱|传达室|"
    "收发室|门卫|护士站|对[过面]|旁边|隔壁|后[面身]|屋里|那[家户]|头)"
)
_NAMED = re.compile(rf"(?P<place>[{_HAN}a-z\d]{{1,14}}?{_PLACE})(?:的|那个?|那边|收|就[行好可]以?|吧|啊|呀|附近|里)*")
#: the householder stands for the house: 写王富贵家收
_HOUSEHOLDER = re.compile(
    rf"[写填](?P<name>[老大小]?[{COMMON}{RARE}](?:[{_HAN}](?<![家屋收就的那])){{0,2}})(?=家|屋|收|就|那|$|[ ,.。])"
)
_TALK = re.compile(
    "什么|怎么|哪|几|多少|吗|谁|不[是对能要用住在]|没[有收]|可以|能|知道|原来|以前|改|换|变|更新|查|问|说|想|收到|网点|支行|"
    "分行|柜台|营业|银行|[您你他她]|手机|电话|短信|快递|本人|拆|退"
)
#: numbers of another kind
_OTHER = re.compile(
    "分期|利率|还款|金额|账单|工作日|今天|明天|后天|上午|下午|月底|[月年]\\d|[元块]|[月][一二三十]|网点|支行|柜台|窗口|营业"
)
#: what asks for a piece of one and can be nothing else of it
QUESTION = (
    "门牌|楼栋号?|楼号|楼层|单元号|房号|房间号|几号楼|[几哪](?:一|个)?(?:栋|幢|座|单元|室|户|队|弄|屯)|第几[户家组]|[几哪]个?组|"
    "几楼|几层|几零几|[住家]几号|哪个?[条个]?(?:街道?|路|巷子?|弄堂|胡同|乡|镇|村|屯|庄|社区|区|县|旗|小区|园区)(?!支行|网点)|"
    "什么[路街]|(?:报|说)一?下小区|小区(?=[ ,.。?]|$|名|叫|是|呢)|"
    "乡镇|村名|社区名|小区名|户主名|信箱号|嘎查名|园区|收货地|寄哪|住处|邮寄到|寄到"
)
#: questions that hold nothing of an address themselves: 房号呢
_ASKS_ALONE = re.compile(
    "(?:好的?|嗯|那|请问|您|的|,| )*(?:街道|门牌号?|房间?号|楼栋?号|楼层|单元号?|和|"
    "[村组队镇乡区门栋]|几期|几?号)+"
    "(?:是|呢|多少|[ ,.。?])*"
)
_LONGEST_QUESTION = 20  # characters


def asks_alone(text: str) -> bool:
    """Whether a text asks for a piece of an address and says none."""
    return len(text) < _LONGEST_QUESTION and _ASKS_ALONE.fullmatch(text) is not None


def pieces(view: View) -> Iterator[Secret]:
    """Pieces of addresses."""
    if TOPIC not in view.topics and (view.asked != TOPIC or view.speaker is Role.AGENT):
        return
    text = view.text
    for match in _HOUSEHOLDER.finditer(text):
        yield Secret("name", *match.span("name"), least=NEVER)
    for clause in CLAUSE.finditer(text):
        if _OTHER.search(clause[0]):
            continue
        if bare := _BARE.fullmatch(clause[0]):
            at = clause.start()
            yield Secret("address", at + bare.start("number"), at + bare.end("number"), least=NEVER)
            continue
        for door in _DOOR.finditer(text, *clause.span()):
            yield Secret("address", *door.span(), least=NEVER)
        if view.asked != TOPIC or view.speaker is Role.AGENT:
            continue
        start = _LEAD.match(text, *clause.span()).end()  # type: ignore[union-attr]  # it also matches nothing
        named = _NAMED.fullmatch(text, start, clause.end())
        if named and not _TALK.search(named["place"]):
            yield Secret("address", *named.span("place"), least=NEVER)
