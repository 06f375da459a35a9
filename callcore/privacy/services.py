"""What everybody may know: hotlines, numbers that are told to be none's own, mailboxes of the bank's desks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from callcore.text.chars import HAN_CHARACTER

KNOWN = 5  #: digits from which on a service's number needs no other sign
_PUBLIC = re.compile(
    r"1(?:10|12|14|19|20|22)|12\d{3}|100\d{2}|9[56]\d{3,4}|[48]00\d{7}"  # China
    r"|1?8(?:00|33|44|55|66|77|88)\d{7}|0?8(?:00|08)\d{6,7}|0?3(?:00|33|45)\d{7}|911|999|101|111"
)
_CALLED = re.compile(r"(?:拨打?|打|报警|电话|\b(?:call|dial|ring|phone))[ ,:是]*$")
_COUNTRY = re.compile(r"^\+(?:86|44|1(?=8))")
_EXPLAINED = re.compile(
    r"(?:错误码?|报错|(?:错误|基金|产品|股票|机构)?代码|网点号|联行号|行号|批次号?|型号|版本号?|工号|排队号|排号|序号|"
    r"第|"
    r"\b(?:error(?: code)?|extension|ext|version|form|model|flight|page|section|article|employee number|"
    r"badge(?: number)?))"
    r"[ ,:]*(?:(?:是|为|提示|显示|is|was|number|says|it's)[ ,:]*)?$"
)
_REFERENCE_TAIL = re.compile(
    r"(?:工单|单|受理|编|案件|流水)号?的?(?:后|末|最后|尾)[三四五六3456]位数?(?:就?是|为)?[ ,:]*$"
    r"|\b(?:last|final) (?:two|three|four|five|six|\d) (?:digits )?of the (?:case|reference|ticket|complaint)"
    r"(?: number)?(?: is| are|,)? $"
)
#: what comes before the telephone of one of the bank's places
_DESK = re.compile(
    r"(?:支行|分行|网点|营业[厅部所]|办公室|经理|主任|行长|柜台|客服|中心)[^。?!您我]{0,10}(?:座机|电话|热线|固话|办公室)"
    r"[^。?!您我]{0,6}$"
)
_DIGIT = r"[\d零一二三四五六七八九幺洞拐两]"
_FLIGHT = re.compile(
    rf"(?:航班号?(?:是|:|,| )?|[东国南海川厦深山吉]航|春秋|飞机|机票|"
    r"(?<![a-z\d\u4e00-\u9fff])(?=(?:mu|ca|cz|hu|mf|zh|ho|fm|3u|9c)\d{4}(?!\d)))"
    rf"(?P<number>[a-z\d][a-z] ?{_DIGIT}{{3,4}})(?!{_DIGIT}|[a-z])|"
    rf"(?:高铁|动车|火车|车次|列车|车票)[^。?!]{{0,8}}?(?<![a-z])(?P<train>[gdkctz] ?{_DIGIT}{{1,4}})(?!{_DIGIT}|[a-z])"
)
_MAILBOX = re.compile(
    r"\b(?:[\w]+[ ._-]){0,2}?(?:service|services|care|claims|disputes|support|help|helpdesk|complaints|info|fraud|docs|"
    r"papers|proofs?|records|ideas|research|certificates|corrections|enquiries|inquiries|contact|feedback|security|desk|"
    r"lending|mortgages|cards|payments|documents|team)"
    r" ?(?:at|@) ?[\w.-]+(?: (?:dot|\.) ?\w+){0,3}"
)


def is_service(number: str) -> bool:
    """Whether a number is a hotline or the like, which everybody may know."""
    return _PUBLIC.fullmatch(_COUNTRY.sub("", number)) is not None


def explained(text: str, start: int, digits: str) -> bool:
    """Whether something tells that the digits that begin at ``start`` are nobody's own."""
    known = len(digits) >= KNOWN and (HAN_CHARACTER.search(text) is not None or len(digits) > KNOWN + 1)
    service = is_service(digits) and (known or _CALLED.search(text, max(0, start - 12), start))
    return bool(service) or _EXPLAINED.search(text, max(0, start - 24), start) is not None


def of_desk(text: str, start: int) -> bool:
    """Whether the number that begins at ``start`` is told to be the telephone of a branch or of a post in it."""
    return _DESK.search(text, max(0, start - 30), start) is not None


def flights(text: str) -> Iterator[tuple[int, int]]:
    """Flights and trains, which everybody may know: 东航MU五一三七, CA1501. Half-open ranges."""
    return (match.span(match.lastgroup or 0) for match in _FLIGHT.finditer(text))


def of_reference(text: str, start: int) -> bool:
    """Whether digits are told to be the last ones of a reference: 工单后四位."""
    return _REFERENCE_TAIL.search(text, max(0, start - 30), start) is not None


def mailboxes(text: str) -> Iterator[tuple[int, int]]:
    """E-mail addresses of desks, as an agent gives them: "disputes at mybank dot example". Half-open ranges."""
    return (match.span() for match in _MAILBOX.finditer(text))
