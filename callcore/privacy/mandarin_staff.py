"""How people of the bank are told in Mandarin: 你们一个柜员，她叫…; 胸牌上写…; 值班同事联系您，他姓…

Of strangers, relatives and customers people speak in other words. A question for the name of one of the bank's people
(她叫什么，您记得吗) is told from one for a caller's own.
"""

from __future__ import annotations

import re
from functools import cache

from callcore.privacy.mandarin_lexicon import any_of
from callcore.privacy.spans import Secret
from callcore.privacy.view import View
from callcore.types import Role

ASKED = "staff"  #: what a question for the name of one of the bank's people asks for

_POST = (
    "(?:行长|柜员|大堂|经理|信贷员|工作人员|业务员|保安|保洁|销售|主管|主任|坐席|客服|接线员|同志|"
    "胸牌|工牌|名牌|工号|表扬)"
)
_PLACE = "(?:你们|恁们?|贵行|柜台|窗口|[支分]行|网点|营业[厅部所]|信贷部|银行)"
_NAMED = "(?:[他她](?:的?名字)?)?(?:[姓叫]|名字(?:是|叫)|名叫)(?:小|老)?$"
#: the last word for the bank's people before a name, and what stands between
_OF_BANK = re.compile(rf".*(?P<word>(?P<post>{_POST})|{_PLACE})(?P<between>[^?!]{{0,40}}?){_NAMED}", re.DOTALL)
_SURE_POST = re.compile("行长|柜员|大堂|信贷员|工作人员|保安|胸牌|工牌|名牌|坐席|接线员")
_ELSE = re.compile("[我。写名户卡账]")  #: between, what may make the name another's
_OWN_POST = re.compile(r"(?:我|本人)(?:就?是|在|当)[^ ,。]{0,8}$")  #: 我是项目经理，姓佟
_BADGE = re.compile(r"(?:胸牌|工牌|名牌)上?(?:面)?(?:写|印|挂)?[着的]?(?:是|名字)*[ ,:]?(?:小|姓)?$")
_ANOTHER = re.compile("另外?(?:还有)?一?[个位]?[^ ,。]{0,3}姓$")
_BANK_BEFORE = re.compile(_PLACE)
_REACH = 55  # characters before a name in which its bearer is told
_OWN = re.compile("(?:我|本人|免贵|我也)(?:是|叫|姓|名叫)?$")
#: where somebody works, behind the name: 宋佳，城南支行的; 叫何苗的？工号末了是三七
_WORKS = re.compile("的?[ ,]?在?[^ ,。?!我]{0,6}(?:支行|网点|营业部)的(?!卡|账|户|客)|的?[ ,。?]{0,2}工号|[ ,]?是你们")
_TITLE = "(?:老师|工|主管|经理|专员|组长|科长|主任|师傅)"
#: what an agent says before a colleague's surname and title
_COLLEAGUE = re.compile(
    r"(?:接您的|[联找]系?您的|跟您对接的|对接人|负责人|值班的?|专员|同事|他们的?|我们的?|我们这边的?)(?:就?是|叫|有)?(?:一位|一个|个)?$"
)
_ASKED_FOR = re.compile("(?:(?<!您)(?<!你)找|那边的?|[组岗科部席]的?)(?:一位|个|就?是)?$")
_HAS_POST = re.compile(
    "(?:同事|值班|负责人|专员|组长|主管|经理|[席岗组部]|那边)(?P<between>[^。?!]{0,20})[他她]?[姓叫]$"
)
_TITLED = re.compile(_TITLE)
#: 雷老师明天下午四点前会给您回电话
_RINGS_BACK = re.compile(
    rf"{_TITLE}[^。?!,]{{0,16}}(?:[给跟][您你](?:再)?(?:回|打|联系)|回[您你]|打给[您你]|联系[您你]|答复[您你])(?!的钱|了?钱|款)"
)
#: questions for the name of somebody of whom a caller has told
_ASKS = re.compile(
    "(?:[他她]|那[位个人]|[那这]位(?:同志|同事|师傅|经理|小伙子|姑娘))(?:本人)?(?:[姓叫](?:什么|啥|甚)|贵姓|怎么称呼)|"
    "(?:记得|知道|晓得|记住)(?:了?[他她]|是)?(?:[姓叫](?:什么|啥)|的?名字|哪[位两几])|表扬的?(?:是|人是)?(?:谁|哪)|"
    "投诉的?(?:是|人是)?(?:谁|哪[位个])|(?:谁|哪位)(?:接待|张罗|经办|给您办|帮您办|办的)|哪位(?:同事|柜员|经理|工作人员)|"
    "打电话的人"
)


def asks(text: str) -> bool:
    """Whether a text asks who of the bank it was that a caller tells of."""
    return _ASKS.search(text) is not None and not _private(text)


def told_surely(one: Secret, view: View) -> bool:
    """Whether a name is told in words that tell it of nobody else: 接您的是一位臧老师, 你们一个柜员，她叫…"""
    text, start = view.text, max(0, one.start - _REACH)
    if view.speaker is Role.AGENT:
        return bool(_TITLED.match(text, one.end) and _COLLEAGUE.search(text, start, one.start))
    bank = _OF_BANK.fullmatch(text, start, one.start)
    if bank is None or not _SURE_POST.fullmatch(bank["word"]) or _OWN_POST.search(text, start, bank.end("word")):
        return False
    return view.speaker is Role.CUSTOMER and not (_private(bank["between"]) or _ELSE.search(bank["between"]))


def told(one: Secret, view: View) -> bool:
    """Whether the words beside a name say that it is one of the bank's people."""
    if view.speaker is Role.AGENT:
        return _told_by_agent(one, view.text)
    return view.speaker is Role.CUSTOMER and _told_by_customer(one, view)


def _told_by_agent(one: Secret, text: str) -> bool:
    start = max(0, one.start - _REACH)
    if _RINGS_BACK.match(text, one.end):
        return True
    if _TITLED.match(text, one.end) and _ASKED_FOR.search(text, start, one.start):
        return True
    post = _HAS_POST.search(text, start, one.start)
    return post is not None and not _private(post["between"]) and "您" not in post["between"][-2:]


def _told_by_customer(one: Secret, view: View) -> bool:
    text, start = view.text, max(0, one.start - _REACH)
    if _OWN.search(text, start, one.start):
        return False
    if view.asked == ASKED or _BADGE.search(text, start, one.start) or _WORKS.match(text, one.end):
        return True
    if _ANOTHER.search(text, start, one.start):
        return _BANK_BEFORE.search(text, 0, one.start) is not None
    bank = _OF_BANK.fullmatch(text, start, one.start)
    if bank is None or _private(bank["between"]) or _OWN_POST.search(text, start, bank.end("word")):
        return False
    return bank["post"] is not None or "。" not in bank["between"]


def _private(said: str) -> bool:
    """Whether people are told who are not of the bank."""
    return _private_people().search(said) is not None


@cache
def _private_people() -> re.Pattern[str]:
    return re.compile(any_of("private"))
