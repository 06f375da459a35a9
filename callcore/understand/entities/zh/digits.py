"""Digits said one by one: 六二二八, 幺三八, 三个八, 双零, 6228 4801, 尾号6628."""

from __future__ import annotations

import re
from collections.abc import Iterator

from callcore.understand.entities.digits import DigitCues, DigitRun, classify
from callcore.understand.entities.shapes import expiry
from callcore.understand.entities.spans import Context, Span
from callcore.understand.entities.spoken import Spoken
from callcore.understand.entities.zh.cues import CORRECTIONS, FILLERS
from callcore.understand.entities.zh.numbers import VALUES

_D = "零一二三四五六七八九幺洞"
_THOUSANDS = r"\d{1,3}(?:,\d{3})+(?!,?\d)"  # 9,500: how much, not which
_REPEAT = rf"(?:[一二两三四五六2-6]个(?:[{_D}]|\d)(?!\d|[{_D}]?[十百千万]))|双[{_D}\d]"
_HAN = rf"(?:{_REPEAT}|[{_D}两](?![十百千万亿点]))"
_GROUP = rf"(?:(?!{_THOUSANDS})\+?\d+(?:[- ]\d+)*|{_HAN})"
_SEPARATOR = r"(?:[ ,、\-。]{0,2}(?:(?:嗯|呃|啊|额|斜杠|斜线|横杠|杠|然后是?|再是)[ ,、。]?)?)"
_RUN = re.compile(
    rf"(?<!\d,)(?:(?<![a-z])[a-z]{{1,2}} ?(?=\d{{6}}))?(?:{_GROUP})(?:{_SEPARATOR}{_GROUP})*(?:{_SEPARATOR}(?<="
    rf"[\d{_D}])(?:x|叉|艾克斯)(?![a-z]))?"
)
_MARKS = " ,、-。."
_BETWEEN = re.compile(r"[ ,、\-。]")
_PIECE = re.compile(
    rf"(?P<times>[一二两三四五六2-6])个(?P<digit>[{_D}]|\d)|双(?P<twice>[{_D}\d])|(?P<one>[{_D}\d两])|"
    rf"(?P<letter>[a-z+])|(?P<x>叉|艾克斯)"
)
_UNIT_AFTER = re.compile(
    r" ?(?:多|来|余)?(?:元|块|毛|角|圆|美|欧|英镑|港|日元|人民币|%|％|‰|年|月|号(?!码)|日|天|个|位数?|"
    r"点|时|分(?!行)|秒|小时|万|亿|千|百|十|期|笔|次|张|条|岁|倍|成|周|w(?![a-z])|积分|级|折|米|公里|"
    r"平|楼|层|卡友|s\b|kb?\b|[/:]\d)"
)
_BEFORE_NOT = re.compile(r"(?:[¥$€£第.:/]|百分之|千分之|万分之|hk\$|人民币)$")
_DECIMAL_AFTER = re.compile(r"\.\d|,\d{3}(?!\d)|点[零一二三四五六七八九]")
_SLASH = re.compile(r"(?:有效期|到期)[^\d。]{0,12}?(0[1-9]|1[0-2]) ?[/-] ?(\d\d)(?!\d)")
_MONTH_FIRST = re.compile(
    r"(?:有效期|到期)[^\d。]{0,12}?(1[0-2]|0?[1-9]|十[一二]?|"
    r"[一二三四五六七八九])月(?:份)?[ ,]?((?:20)?\d\d|二零[零一二三四五六七八九]{2}|"
    r"[二三四][零一二三四五六七八九])年"
)
_WRITTEN = re.compile(
    r"(?:有效期|到期)[^\d。]{0,12}?((?:20)?\d\d|[二][零][零一二三四五六七八九]{2}|"
    r"[二三四][零一二三四五六七八九])年的?(1[0-2]|0?[1-9]|十[一二]?|零?[一二三四五六七八九])月(?:份)?"
)

CUES = DigitCues(
    before={
        "digits": re.compile(  # before card_tail: of cues that end together the first decides
            "(?:手机(?!银行)|电话(?!银行)|账号|折子|折号)[^卡。!?\\d]{0,12}"
            "(?:尾号|(?:最?后|末)(?:面|尾)?四[位个]数?字?)"
            "|手机尾号|手机(?:号码?)?的?(?:最?后|末)[四六]位|邮编|行号|网点号|报错|错误码|代码|房号|门牌"
        ),
        "id_end": re.compile(  # before card_tail, for the same reason
            "身份证[^卡。!?\\d]{0,12}(?:尾[号数]|(?:最?后|末)(?:面|尾)?[四六46][位个]数?字?)"
        ),
        "card_tail": re.compile(
            "(?<!手机)(?<!工单)尾号|卡[ :]?$|"
            "(?<!身份证)(?<!身份证号)(?<!身份证号码)(?<!身份证的)(?<!手机号)(?<!手机)(?<!手机号码)(?:后四位|"
            "末四位|最后四位|后面四位|尾数|末尾|[后末]四个(?:数字?)?|尾巴)"
        ),
        "card_number": re.compile("卡号|卡的号码|(?:信用|储蓄|银行|借记)卡号?码?(?:是|:)|完整的?号码"),
        "account": re.compile("账号|帐号|账户号码?|账户是|账户:|户号|存折号|折子?号|存单号|账户"),
        "phone": re.compile(
            "手机号码?|电话号码?|电话|手机|座机|联系方式|热线|拨打|拨|打(?:的?是|过)?|联系号码|号码|预留号|"
            "来电|短信是?|本机|呼入"
        ),
        "id_number": re.compile("身份证号?码?|证件号码?|证件|护照号?码?|护照|证号|通行证号?码?"),
        "code": re.compile(
            "验证码|校验码|动态码|动态密码|动态口令|口令|密码|安全码|cvv2?|激活码|后三位|背面的?三位数?字?|"
            "授权码|确认码|pin码?"
        ),
        "card_expiry": re.compile("有效期限?|到期日|到期时间|到期年月"),
        "reference": re.compile(
            "工单(?:尾)?号?|单号|编号|流水号?|订单号?|工号|受理号|参考号|预约号|案件号?|批次号|批号|序列号|"
            "业务号|投诉号|回执号?|凭证号|合同号?|保单号?"
        ),
    },
    after={
        "card_expiry": re.compile(" ?(?:的|这个|是|就是)?(?:卡的?)?有效期"),
        "card_tail": re.compile(
            " ?(?:的)?(?:结尾|收尾|尾号|做尾号)| ?(?:的|这张|那张)(?:那张|这张)?(?:银行|信用|储蓄|借记)?卡(?!号)"
        ),
        "phone": re.compile(" ?(?:这个|的)(?:手机号?|电话)"),
    },
    reach=20,
    fillers=FILLERS,
    regions=("CN",),
    card=re.compile(".{0,4}卡"),
    ends={
        "card": re.compile("卡(?!住)"),
        "reference": re.compile("工单|单号|编号|回执"),
        "id_number": re.compile("身份证|证件"),
        "account": re.compile("存单|存折|账号|账户|贷款|合同|保单"),
        "phone": re.compile("手机|电话|开头|打头|起头|来电|短信|[的个]号(?!卡)|打给|打您"),
    },
    taken_back=re.compile("不对|不是|错了|说错|看错|等一?下"),
    correction=CORRECTIONS.between,
    abroad=False,
    refused=CORRECTIONS.second_refused,
)


def digit_strings(spoken: Spoken, context: Context) -> Iterator[Span]:
    """card_number, card_tail, account, phone, id_number, code, card_expiry, digits."""
    yield from _expiries(spoken)
    yield from classify(_runs(spoken.text), spoken, context, CUES)


def _runs(text: str) -> Iterator[DigitRun]:
    for match in _RUN.finditer(text):
        start, end = match.span()
        end = start + len(match[0].rstrip(_MARKS))
        if _BEFORE_NOT.search(text, max(0, start - 5), start) or _DECIMAL_AFTER.match(text, end):
            continue
        if _UNIT_AFTER.match(text, end):
            shorter = _without_last_figure(text, start, end)
            if shorter is None:
                continue
            end = shorter
        if end < len(text) and text[end - 1] == "一" and text[end] in "共起样":
            end = len(text[: end - 1].rstrip(_MARKS))
        said = text[start:end]
        pieces = tuple(filter(None, map(_written, _BETWEEN.split(said))))
        digits = "".join(pieces)
        if len(digits) >= 3 and not (said.isdecimal() and len(said) == 3 and said[-1] == "0"):
            yield DigitRun(start, end, pieces)


def _without_last_figure(text: str, start: int, end: int) -> int | None:
    """Where a run of Han digits ends whose last one counts what follows (尾号六六二八一张卡): one earlier."""
    if end - start > 4 and text[end - 1] in "一两" and text[end] in "个张笔条次":
        return len(text[: end - 1].rstrip(_MARKS))
    return None


def _written(said: str) -> str:
    """Figures of a run: 三个八 is 888, 双零 00."""
    pieces: list[str] = []
    for match in _PIECE.finditer(said):
        if match["times"]:
            pieces.append(_figure(match["digit"]) * VALUES[match["times"]])
        elif match["twice"]:
            pieces.append(_figure(match["twice"]) * 2)
        elif match["one"]:
            pieces.append(_figure(match["one"]))
        else:
            pieces.append("X" if match["x"] else match["letter"].upper())
    return "".join(pieces)


def _figure(digit: str) -> str:
    return "0" if digit == "洞" else str(VALUES[digit])


def _expiries(spoken: Spoken) -> Iterator[Span]:
    for match in _SLASH.finditer(spoken.text):
        yield Span("card_expiry", match.start(1), match.end(2), expiry(match[1] + match[2]), 0.95, rank=6)
    for pattern, year_group, month_group in ((_WRITTEN, 1, 2), (_MONTH_FIRST, 2, 1)):
        for match in pattern.finditer(spoken.text):
            year = "".join(str(VALUES[one]) for one in match[year_group])[-2:]
            value = expiry(f"{_month(match[month_group]):02d}{year}")
            if value:
                yield Span("card_expiry", match.start(1), match.end(), value, 0.9, rank=6)


def _month(said: str) -> int:
    if said.isdecimal():
        return int(said)
    return 10 * (said[0] == "十") + (VALUES[said[-1]] if said[-1] != "十" else 0)
