"""Addresses of people in Mandarin: streets with numbers, estates with flats, and whatever is said to be an address."""

from __future__ import annotations

import re
from collections.abc import Iterator

from callcore.privacy.spans import NEVER, Secret
from callcore.privacy.view import View
from callcore.types import Role

_HAN = "\u4e00-\u9fff"
_NUMBER = r"(?:[a-z]?\d{1,6}[a-z]?|[a-z]|[零一二三四五六七八九十百千两幺]{1,8}|[东西南北甲乙丙丁])"
_UNIT = "(?:号院|号楼|号|弄|栋|幢|座|单元|层|楼|室|户|组|队|门牌|门|排|期|支弄|附)"
_DOOR = rf"(?:第? ?{_NUMBER} ?{_UNIT}|之 ?{_NUMBER}|附 ?{_NUMBER} ?号)"
_DOORS = (
    rf"(?:{_DOOR}(?:[ ,、]{{0,2}}(?:的|嗯|呃)?{_DOOR})*(?:[ ,]?{_NUMBER}(?![\d元块万千百年月日天点号期次张笔个%]))?)"
)
_ROAD = "(?:大街|大道|公路|胡同|马路|环路|路|街|巷|弄堂|道|里)"
_ESTATE = (
    "(?:小区|花园|公寓|大厦|家园|新村|新城|广场|宿舍|大楼|写字楼|工业园|科技园|家属院|家属楼|社区|名苑|雅苑|嘉苑|花苑|"
    "御苑|庭院|豪庭|华庭|别墅|山庄|"
    "公馆|名邸|国际城|产业园|教师楼|安置房|苑|府|湾|郡|城)"
)
_REGION = "(?:省|自治区|市|新区|开发区|区|县|旗|州|盟|镇|乡|街道(?:办事处|办)?|村委会|村|屯|庄|社区|大队|小组|生产队)"
_SIDE = "(?:东|西|南|北|中)?(?:[一二三四]?段|[一二三四五]期|东路|西路|南路|北路|中路)?"

_STREET = re.compile(rf"[{_HAN}\d]{{1,8}}?{_ROAD}{_SIDE}[ ,]?(?:的|嗯|呃)?{_DOORS}")
_FLAT = re.compile(rf"[{_HAN}a-z]{{2,10}}?{_ESTATE}(?:的)?[ ,]?{_DOORS}")
_ROOM = re.compile(
    rf"{_NUMBER} ?(?:号楼|栋|幢|座|楼)[ ,]?(?:{_NUMBER} ?单元[ ,]?)?{_NUMBER} ?(?:室|号|户|房)|"
    rf"{_NUMBER} ?单元[ ,]?{_NUMBER}(?: ?(?:室|号|户))?"
    rf"|{_NUMBER} ?(?:号楼|栋|幢|座)[ ,]?(?:\d{{3,4}}|[一二三四五六七八九][零一二三四五六七八九]{{2,3}})(?![\d元块])"
)
_VILLAGE = re.compile(rf"[{_HAN}]{{1,6}}(?:县|市|区)[{_HAN}]{{1,6}}(?:镇|乡)[{_HAN}]{{0,8}}(?:村|组|队|屯|庄|街)?")
_DISTRICT = re.compile(
    rf"[{_HAN}]{{2,6}}(?:省|市)(?:[{_HAN}]{{2,6}}市)?[{_HAN}]{{1,6}}(?:区|县|市)[{_HAN}]{{1,8}}(?:{_ROAD}|镇|乡|街道|"
    rf"小区)[{_HAN}]{{0,2}}(?:号|弄)?"
)
_CUE = re.compile(
    r"(?:地址|住址|住所|户籍地|籍贯|老家)(?:给我|帮我|帮您)?(?:改成|改到|改为|换成|换到|变更为|变更成|更新为|"
    r"登记的?是|写的?是|填的?是|留的?是|应该是|就?是在?|为|在|:|,| ){1,2}"
    r"|(?:住|家|人|公司|单位|店|厂|户口)在|家住|现住|住(?=[^在哪址所宿])|(?:寄|邮|送|快递|发|投递)(?:给我)?(?:到|往|"
    r"去|至)(?:了)?|搬到了?|搬去了?|搬家到|收货地是?|收件地是?"
)
_FILLER = re.compile(r"(?:[ ,:]|嗯|呃|啊|那个|就是|是|新的?|我们?|咱们?|家里?|(?:现在)?的地址){0,6}")
_MARK = re.compile(rf"{_REGION}|{_ROAD}{_SIDE}|{_ESTATE}|{_DOOR}|{_NUMBER} ?{_UNIT}")
_CLAUSE = re.compile(r"[^。?!;]*")
_GENERAL = re.compile(
    r"什么|哪|这|那|附近|旁边|您|你|他|她|别|对|错|不|没|有|怎|为|改|换|变|更|错|需要|要|可以|能|多|原来|以前|柜台|"
    r"网点|银行|支行|营业|手机|邮箱|短信|微信|家里?(?=[,。 ]|$)|"
    r"单位(?=[,。 ]|$)|公司(?=[,。 ]|$)|国外|外地"
    r"|(?:[店厂村]里|办公室|宿舍)(?=[,。 ]|$)"
    r"|学校(?=[,。 ]|$)|本人|同一|上面|门口|楼下|院里?|医院(?=[,。 ]|$)|宾馆|酒店|一起|了|着|过|的|得|院"
)
_CUT = re.compile(
    r"地址|住址|住在|家住|现住|住|寄到|寄往|邮到|送到|快递到|发到|搬到了?|搬去|在|是|我们?家?|咱们?|说|家里|公司|单位|"
    r"[,。?!:; ]|那个|这个|嗯|呃|啊|的|了|[问想查请您你]"
)
_BEFORE = re.compile(rf"(?:[{_HAN}]{{2,8}}?{_REGION}[ ,、]{{0,2}}){{1,5}}$")
_PUBLIC = re.compile(r"支行|分行|网点|营业厅|营业部|营业所|储蓄所|分理处|自助银行|atm|取款机|柜员机|柜台|我行")
_PERSONAL = re.compile(r"住|家|我的?地址|寄|邮|送|快递|收件|收货|户口|单位|公司")
_OF_CALLER = re.compile("您|住|家|寄|邮|送|快递|收件|收货|户口|单位|公司")
_POSTCODE = re.compile(r"(?:邮编|邮政编码)(?:就?是|为|:|,| ){0,2}(?P<code>(?:[\d零一二三四五六七八九幺][ ,]?){5,6})")
_HOUSE = re.compile(
    rf"(?![的了吧对是我您你他她那这就也还都要呢啊嗯呀哈不没])[{_HAN}]{{2,8}}(?:\d{{1,4}}|[一二三四五六七八九十]{{1,3}})?[楼层室]?"
    r"(?=[ ,。!?、]|$)"
)
#: which flat of a floor, behind it: 六楼左手
_SIDE_OF_FLOOR = re.compile(
    r"(?<=[楼层左右东西])[ ,]?(?:靠?[左右东西][手边户侧]?|[手边户侧])(?:边|那家)?(?=[ ,.。!?]|$)"
)
#: where somebody lives, told by what stands there: 住在村东头大槐树旁边第二家
_BESIDE = re.compile(
    rf"(?:我|我们|我家|家)(?:就|现在|是|目前)?(?:住在?|在)(?P<place>[{_HAN}a-z\d]{{2,14}}?"
    rf"(?:旁边|后面|对面|前面|隔壁|楼上|楼下|斜对过|斜对面|背后|东头|西头|南头|北头|路口|巷口|村口)"
    rf"(?:的|那个|那栋|那幢|那边)*[{_HAN}\d]{{0,8}}(?:院子?|楼|家|户|屋|号|层|排|巷|弄)"
    rf"(?:[ ,][{_HAN}\d]{{1,6}}(?:楼|层|户|室|号|手边|手))?)"
    r"(?=[ ,.。!?]|$)"
)
_SHORTEST = 3  # characters of an address
_REACH = 40  # characters after a cue in which an address lies


def addresses(view: View) -> Iterator[Secret]:
    """Addresses, but for those of the bank's own places."""
    text = view.text
    for match in _POSTCODE.finditer(text):
        yield Secret("address", *match.span("code"))
    for pattern in (_STREET, _FLAT, _ROOM, _VILLAGE, _DISTRICT):
        for match in pattern.finditer(text):
            start = _start(text, match.start(), match.end())
            if not (_of_bank(view) or _public(text, start, match.end())) and not view.readable(start, match.end()):
                yield Secret("address", start, _house_end(view, start, match.end()))
    for match in _BESIDE.finditer(text):
        if not _PUBLIC.search(match["place"]):
            yield Secret("address", *match.span("place"), least=NEVER)
    starts = [match.end() for match in _CUE.finditer(text)]
    lead = _FILLER.match(text).end()  # type: ignore[union-attr]  # it also matches nothing
    if view.asked == "address" and not _CUE.match(text, lead):
        starts.append(0)
    for start in starts:
        yield from _told(view, start)


def _start(text: str, start: int, end: int) -> int:
    """Where the address begins whose street or house was found: with the districts before it, after words of talk."""
    whole_start = max(0, start - 30)
    if region := _BEFORE.search(text, whole_start, start):
        start = region.start()
    cut = start
    for match in _CUT.finditer(text, start, end):
        if match.end() < end - 3 and match.start() - start < 12 and not _MARK.search(text, start, match.start()):
            cut = match.end()
    return cut


def _house_end(view: View, start: int, end: int) -> int:
    """Where an address ends whose street or house was found: with the name of a house behind it (五十八号灯光仓库)."""
    text = view.text
    if side := _SIDE_OF_FLOOR.match(text, end):
        return side.end()
    if view.asked != "address" and not _PERSONAL.search(text, max(0, start - 10), start):
        return end
    house = _HOUSE.match(text, end)
    return house.end() if house else end


def _public(text: str, start: int, end: int) -> bool:
    """Whether the place is one of the bank's."""
    near = text[max(0, start - 15) : end + 12]
    return bool(_PUBLIC.search(near)) and not _PERSONAL.search(text, max(0, start - 10), start)


def _of_bank(view: View) -> bool:
    """Whether an agent tells where a place of the bank's is."""
    tells = view.speaker is Role.AGENT and "address" not in view.topics
    return tells and _PUBLIC.search(view.text) is not None and not _OF_CALLER.search(view.text)


def _told(view: View, cue_end: int) -> Iterator[Secret]:
    """What is said to be an address."""
    text = view.text
    start = _FILLER.match(text, cue_end).end()  # type: ignore[union-attr]  # it also matches nothing
    clause = _CLAUSE.match(text, start, min(len(text), start + _REACH))
    if clause is None or not clause[0] or _GENERAL.match(text, start):
        return
    end = start
    for mark in _MARK.finditer(text, start, clause.end()):
        if mark.start() - end > 12:
            break
        end = mark.end()
    if end > start:
        rest = re.compile(rf"[ ,]?{_NUMBER}(?: ?(?:室|号|户))?").match(text, end)
        end = rest.end() if rest and rest.end() - rest.start() >= 3 else end
    more = view.unfinished and clause.end() == len(text)
    if more:
        end = len(text)
    if (end - start >= _SHORTEST or (more and end > start)) and not _public(text, start, end):
        yield Secret("address", start, end, lasting=not more)
