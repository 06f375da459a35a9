"""Who of the names of a call are people of the bank: those told with what they do there, greeters, who is thanked."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from callcore.privacy import mandarin_staff
from callcore.privacy.english_lexicon import ASKS_FOR
from callcore.privacy.spans import PLACE, SOFT, Secret
from callcore.privacy.view import View
from callcore.text.chars import HAN_CHARACTER
from callcore.types import Role
from callcore.understand.entities.find import Found

_OWN_NAME = re.compile(
    r"(?:我是|我叫|我姓|免贵姓|本人|客服|坐席|客户经理|专员|工号[^,。]{1,12}[,。 ]|my name is|my name's|name is|"
    r"this is|i'm|i am|"
    r"you(?:'re| are) (?:speaking|talking) (?:with|to)|you(?:'re| are) (?:on|through) (?:with|to)|"
    r"you(?:'ve| have) (?:got|"
    r"reached)|you can call me|call me|(?:^|[,.。])[叫姓])"
    r"[ ,:]*(?:(?:这边的?)?(?:客服|坐席|客户经理|专员|主管|组长|经理))?(?:小|老)?$"
)
#: how agents tell of a colleague
_COLLEAGUE = re.compile("(?:那边|同事|行长|经理|主任|专员)[^。?!我您]{0,5}[姓叫]$")
_SPEAKING = re.compile(r",? (?:speaking|here)\b|[ ,。]*(?:很高兴|竭诚)?(?:能)?(?:为您服务|很高兴)")
_STAFF = re.compile(
    r"(?:胸牌|工牌|名牌|柜员|大堂经理|大堂|客户经理|理财经理|坐席|客服|工作人员|主管|组长|专员|同事|店长|行长|"
    r"你们的?(?:一个|那个|一位)?(?:同事|"
    r"员工|经理))"
    r"(?:上写[的着]?|上面写[的着]?|名字|姓名)?(?:就?是|叫做?|的?)?[ ,]?(?:小|老)?$"
    r"|\b(?:your|the|a|our) (?:colleague|agent|adviser|advisor|teller|clerk|cashier|representative|rep|operator|guard|"
    r"branch manager|duty manager|officer)"
    r"(?: named| called|,| was| is)?[ ,]*$|\bofficer $"
    r"|\byour (?:own )?(?:man|lady|guy|girl|fella|chap|manager|supervisor|people),? (?:(?:mr|mrs|ms|miss)\b\.? )?$"
)
_PEOPLE = "man|woman|lady|gentleman|girl|guy|fella|fellow|chap|lad|bloke|lass"
#: whom the two sides speak of as somebody neither belongs to, such as "a lady called Ann": of the bank, as a rule
_SOMEBODY = re.compile(
    rf"\b(?:a|one|this|that|some|another)(?: (?!my\b|our\b)[a-z]+){{0,2}}? (?:{_PEOPLE}),? (?:named|called) "
    r"(?:(?:mr|mrs|ms|miss)\b\.? )?$"
    rf"|\b(?:a|this|some) (?:(?:young|old|nice|lovely|kind|small|tall|wee) )?(?:{_PEOPLE}), "
    r"(?:(?:mr|mrs|ms|miss)\b\.? )?$"
    r"|(?<! to )\b(?:somebody|someone) (?:named|called) $"
)
#: what is done with people outside the bank
_DEALT = re.compile(
    r"\b(?:bought|sold|pay|paid|paying|sent|send|sending|transfer\w*|owe|rent|lent|off|my|our|went|money|payments?|"
    r"hundred|thousand|pounds|dollars|credited)\b[^.?!]*$"
)
#: how customers speak of whom they dealt with; their own people are told otherwise
_POST = re.compile("(?:客户经理|大堂经理|理财经理|经理|主任|行长|专员|柜员|主管|组长|客服|坐席)")
_MET = re.compile(
    r"(?:你们|贵行|柜台|网点|支行|上次|那天|昨天|前天)(?:的|那个?|有个|一个|叫)*(?:小|老)?$|(?:找|问|跟|"
    r"是)(?:你们)?(?:那个)?小$"
    r"|\b(?:spoke|spoken|talked|chatted|dealing|dealt) (?:with|to)(?: a| an| someone called| somebody called)?[ ,]*$"
    r"|\b(?:helped|served|handled|assisted|told|advised|informed) by[ ,]*$"
    r"|\b(?:put|pass|connect)(?:ting)? me (?:back )?(?:through )?(?:to|with) $"
    r"|\bbadge (?:said|says|read|reads) $"
    r"|(?:你们|大堂|柜台|窗口|支行|网点|营业厅)[^。?!我他她]{0,16}[姓叫]$"
    r"|\b(?:branch|counter|front desk|bank)\b[^.?!]{0,12}\b(?:with|by|met|saw)\b[^.?!]{0,12}\b(?:one|called|named|a) $"
)
#: whom a customer works with, and a stranger who rang or paid them
_OWN_COLLEAGUE = re.compile("我(?:们|的|们单位|单位)?的?同事[ ,]?(?:叫|小|老)?$")
_STRANGER = re.compile("的?(?:人|女的|男的)?(?:给我(?:转|汇|打)|打(?:电话|来)|加我|骗|冒充|自称)")
#: what an agent tells of those who work with them: 韩梅是我们组的, 韩梅今天休息
_WORKS_HERE = re.compile(
    "(?:经理|主任|行长|组长|主管)?(?:他|她)?(?:[ ,]?"
    "是我(?:们(?:行|部门|这边|组|支行)?)?的?(?:组|同事|组长|主管|领导|经理|"
    "柜员|客户经理|行长|员工|支行|部门|行|这边)|"
    "(?:今天|明天|这周|这两天|现在|刚)?(?:休息|轮休|调休|休假|上班|值班|转岗|已经?调|调[到去走]|已?经?离职))"
)
#: where they work: "Johan at the Reitz branch", "Ms Ho of that team"
_PLACE = re.compile(
    r",? (?:at|in|from|of|over at|who's at|who is at) (?:(?:the|your|our|that|this) )?(?:[\w']+ ){0,2}?"
    r"(?:branch|desk|counter|team|department|office|front desk)\b"
)
_YOUR_MR = re.compile(
    r"\b(?:your(?: own)?|(?<!is )this|branch,|(?:spoke|spoken|speaking|talked|talking|chatted|dealing|dealt|met|saw|"
    r"seen|by|with)(?: to| with)?,? (?:a|one)) (?:mr|mrs|ms|miss?)\b\.? ?$"
)
_A_MR = re.compile(r"\b(?:a|one) (?:mr|mrs|ms|miss?)\b\.? ?$")  #: whom an agent says so of is a colleague
#: behind such a name, what the bank's people did
_DID = re.compile(
    r" (?:got|had|took|takes|has|rang|phoned|called|said|told|promised|picked|held|answered|wrote|signed|"
    r"(?:at|in|from|of) (?:the|your|that))\b"
)
_AT_YOURS = re.compile(
    r"[^.?!]{0,40}\b(?:at|in|from) your\b[^.?!]{0,30}\b(?:branch|office|desk|bank|team|department)\b"
)
_MANAGER_OF = re.compile(r"'s (?:manager|supervisor|boss|team lead\w*)\b")
#: before a title, of whom an agent speaks and not to whom: the file goes to Mrs Roy, or is with her
_TOLD_OF = re.compile(r"(?:\b(?:to|with|by|under|it's|ask for|and it's) )(?:mr|mrs|ms|miss)\b\.? $")
_ASK_FOR = re.compile(r"\bask for (?:(?:mr|mrs|ms|miss)\b\.? )?$")
#: where those whom an agent names so are other people's: payees, holders of accounts
_OF_OTHERS = re.compile(
    r"\b(?:payments?|payees?|paid|pay|transfer\w*|standing orders?|account|joint|name|rent|cheque|check|speak\w*|"
    r"talk\w*|address\w*|married|belongs)\b[^.?!]*$"
)
#: behind a name with a title, what an agent tells of a colleague
_DOES = re.compile(
    r"(?: there| over there| from there)?,? (?:who |is (?:out|off|away|in|on|back|free)\b|(?:will|'ll) (?:ring|call|"
    r"phone|write|e-?mail|contact|reply|decide|take|have|look|deal)\b|(?:rings|calls|phones|writes|picked|takes|handles|heads|runs|"
    r"has it|has taken)\b)|'ll (?:ring|call|phone|write|e-?mail|contact|reply|decide|take|have|look|deal)\b"
)
#: whom a caller had on the line before: "I was talking to Efe and we were cut off"
_TALKING = re.compile(r"\b(?:was|been) (?:talking|speaking|on) (?:to|with) $")
_BEFORE = re.compile(
    r",? (?:before|earlier|just now|just then|yesterday|a (?:minute|moment|second) ago|(?:and|but|when) we)\b"
)
_BANK = re.compile(r"\b(?:branch|counter|desk|bank|till)\b")
_POST_AFTER = re.compile(
    r"(?: now)?[,.]? (?:who|she|he|they)(?:'s| is| are| runs?| leads?| heads?| deals?| handles?|"
    r" looks? after| opens?)\b"
    r"|,? (?:the|our|a) (?:\w+ )?(?:manager|supervisor|head|lead|officer|specialist|director)\b| (?:has|will have) it\b"
)
#: customers that thank or greet somebody by name mean whom they speak with
_THANKED = re.compile(
    r"(?:^|[.!?,] ?)(?:(?:oh|ah|well|no|and|all right|alright|okay|ok|so|right|yes|many) ,?)*"
    r"(?:hi|hello|hey|thanks|thank you|cheers|"
    r"ta|bye|goodbye|good morning|good afternoon|good evening|god bless(?: you)?|bless you)"
    r"(?: again| so much| very much| there| then| a lot)?[, ]+$"
)
_IS_HERE = re.compile(r" (?:here|speaking)\b")  #: behind the name of who speaks: "Hello, Ann Bell here"
#: what comes before the name of whom an agent asks for
_ASKED_FOR = re.compile(rf"\b(?:{ASKS_FOR}) (?:[\w.]+ )?$")
#: behind the caller's name, in their first words: "Good day, Ann Bell, I'd like ..."
_GOES_ON = re.compile(
    r"(?:, |[.] )(?:i'?d|i'?m|i|i'?ve|my|about|ringing|calling|phoning)\b| (?:this side|calling|again)\b"
)
#: whose name an agent reads back
_THEIR_NAME = re.compile(r"\b(?:the|that|your|his|her|their|full|last|first|sur) ?name(?:'s| is)[ ,]*$")
#: in a greeting, what says that the name is the other side's
_FOR_WHOM = re.compile(
    r"(?:\b(?:mr|mrs|ms|miss|doctor|dr)\.? |"
    r"^(?:hello|hi|hey|good morning|good afternoon|good evening|morning)(?: there)?,? )$"
    r"|(?:请问|您)(?:是|找)?$|^(?:喂|您好|你好)[ ,.。]*$"
)
_ADDRESSED = re.compile(
    "(?:先生|女士|小姐|太太|老(?:太太|先生|爷子|人家)|阿姨|叔叔|大爷|大妈|吗|是吗|对吗)|[ ,]*(?:right|correct)?\\?"
)
_TITLE = re.compile(r"\b(?:mr|mrs|ms|miss|mister|doctor|dr|officer|madam|sir)\b\.? ?")
_HAN_TITLE = re.compile("(?:女士|先生|小姐|姑娘|经理|主任|行长|老师|同志|妹妹|妹子|小伙子)$")
_LETTERS = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
_REACH = 40  # characters before a name that are looked at
_MR = re.compile(r"\b(?:mr|mrs|ms|miss)\b\.? $")
_CERTAIN = 0.97  #: probability from which on the tagger knows a customer's name whatever is told of it


def of_staff(one: Secret, view: View, found: Found, *, sure: bool) -> bool:
    """Whether a name is that of somebody of the bank: the agent's own, or told with what they do there.

    ``sure``: that the words beside it make it a name whatever the tagger says, such as one that is spoken to.
    """
    text = view.text
    before = max(0, one.start - _REACH)
    if is_staff(text[one.start : one.end], view.staff):
        return True
    if view.speaker is Role.CUSTOMER and _OWN_COLLEAGUE.search(text, max(0, one.start - _REACH), one.start):
        return False
    if _STAFF.search(text, before, one.start) or mandarin_staff.told_surely(one, view):
        return True
    if mandarin_staff.told(one, view) and _unlikely(one, found, PLACE):
        return True
    somebody = _SOMEBODY.search(text, before, one.start) and not _DEALT.search(text, before, one.start)
    if somebody and "merchant" not in view.topics:
        return True
    titled = _name_start(one, text)
    if _YOUR_MR.search(text, before, titled):
        return True
    a_mr = _A_MR.search(text, before, titled)
    if a_mr and (view.speaker is Role.AGENT or _BANK.search(text) or _DID.match(text, one.end)):
        return True
    if view.speaker is Role.AGENT:
        return _told_by_agent(one, view, found, sure=sure)
    at_place = _PLACE.match(text, one.end) is not None and _unlikely(one, found)
    cut_off = _TALKING.search(text, before, one.start) and _BEFORE.match(text, one.end)
    met = (
        "staff" in view.topics
        or cut_off
        or at_place
        or _POST.match(text, one.end)
        or _MANAGER_OF.match(text, one.end)
        or (_has_title(text, titled) and _AT_YOURS.match(text, one.end))
        or _MET.search(text, before, one.start)
    )
    if _STRANGER.match(text, one.end):
        return False
    thanked = _THANKED.search(text, before, one.start) and not _IS_HERE.match(text, one.end)
    if thanked and view.opening and sure and _GOES_ON.match(text, one.end):
        return False
    return view.speaker is Role.CUSTOMER and bool(met or thanked)


def _told_by_agent(one: Secret, view: View, found: Found, *, sure: bool) -> bool:
    """Whether an agent names themselves, or a colleague; of customers they speak to these."""
    text, before = view.text, max(0, one.start - _REACH)
    start = _name_start(one, text)
    if _ASKED_FOR.search(text, before, start):
        return False
    if not view.opening and (_ASK_FOR.search(text, before, start) or _is_told_of(one, start, text)):
        return _unlikely(one, found, _CERTAIN)
    asked = not view.opening or text[one.end : one.end + 1] == "?"
    if sure and asked and _THEIR_NAME.search(text, before, one.start):
        return False
    if _OWN_NAME.search(text, before, one.start) or _COLLEAGUE.search(text, before, one.start):
        return True
    if _SPEAKING.match(text, one.end) or _WORKS_HERE.match(text, one.end):
        return True
    if view.opening and not _greets(one, text, before):
        return True
    if _POST_AFTER.match(text, one.end):
        return _unlikely(one, found, PLACE)
    told = _POST.match(text, one.end) or _PLACE.match(text, one.end)
    of_others = not sure and not HAN_CHARACTER.search(text[one.start : one.end])
    return bool(told or of_others) and _unlikely(one, found)


def _is_told_of(one: Secret, start: int, text: str) -> bool:
    """Whether an agent speaks of whom they name with a title, as of a colleague. ``start``: of the name behind it."""
    before = max(0, one.start - _REACH)
    if not _has_title(text, start) or _OF_OTHERS.search(text, before, start):
        return False
    return _TOLD_OF.search(text, before, start) is not None or _DOES.match(text, one.end) is not None


def _name_start(one: Secret, text: str) -> int:
    """Where a name begins, after its title."""
    title = _TITLE.match(text, one.start, one.end)
    return title.end() if title else one.start


def _has_title(text: str, start: int) -> bool:
    """Whether a title stands before a name."""
    return _MR.search(text, max(0, start - 6), start) is not None


def _unlikely(one: Secret, found: Found, least: float = SOFT) -> bool:
    """Whether the tagger rather takes a name for none."""
    return found.tagged is not None and found.tagged.secret(one.start, one.end) < least


def _greets(one: Secret, text: str, before: int) -> bool:
    """Whether a name in the agent's first words is that of whom they are said to."""
    return _FOR_WHOM.search(text, before, one.start) is not None or _ADDRESSED.match(text, one.end) is not None


def is_staff(name: str, staff: Collection[str]) -> bool:
    """Whether a name (in lower case), or a part of one, is among those of the bank."""
    if name in staff:
        return True
    if HAN_CHARACTER.search(name):
        plain = _HAN_TITLE.sub("", name)
        if plain in staff or (plain[:1] in ("小", "老") and plain[1:] in staff):
            return True
        return len(name) > 1 and any(name in one or (len(one) > 1 and one in name) for one in staff)
    words = set(name_words(name))
    return bool(words) and any(words <= set(name_words(one)) for one in staff)


def name_words(name: str) -> Iterator[str]:
    """The words of a name that is written with letters, without titles."""
    return (match[0].removesuffix("'s") for match in _LETTERS.finditer(_TITLE.sub("", name)))
