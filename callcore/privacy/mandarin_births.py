"""Dates of birth in Mandarin that are told in pieces: 八五年的, 十月二十三, 属虎, 国庆节那天.

A piece is one only where a date of birth is spoken of: one was asked for in the turns before, by whichever side the
piece is said, or the text itself says so (五二年生人).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from callcore.privacy.mandarin_lexicon import CLAUSE, any_of
from callcore.privacy.spans import NEVER, Secret
from callcore.privacy.view import View

TOPIC = "birth"  #: of a call in which such a date is spoken of

_DIGIT = "[零〇○一二三四五六七八九幺]"
_YEAR = (
    rf"(?<![\d零一二三四五六七八九十])(?:(?:19|20)\d\d|\d\d|[一幺二两][九零〇]{_DIGIT}{{2}}|{_DIGIT}{{2}}|"
    rf"两千(?:零{_DIGIT}|一十?{_DIGIT}?)?)年"
)
_CALENDAR = "(?:阴历|农历|阳历|公历|旧历|新历|闰)?"
_MONTH = "(?:0?[1-9]|1[0-2]|十[一二]?|零?[一二三四五六七八九])月份?|[正冬腊]月"
_DAY = "(?:[12][0-9]|3[01]|0?[1-9]|[二三]?十[一二三四五六七八九]?|廿[一二三四五六七八九]?|零?[一二三四五六七八九])"
_LUNAR_DAY = "(?:大年)?初[一二三四五六七八九十]|廿[一二三四五六七八九]?"
_SIGN = "属[鼠牛虎兔龙蛇马羊猴鸡狗猪]"
_MONTH_AND_DAY = rf"{_CALENDAR}(?:{_MONTH})(?:的?[ ,、]?(?:{_LUNAR_DAY}|{_DAY})[号日]?(?![\d年月个元块]))?"
_PIECE = re.compile(
    rf"{_YEAR}|{_MONTH_AND_DAY}|{_LUNAR_DAY}|(?<![\d第]){_DAY}[号日](?!线|楼|院|店|窗|柜|机)|{any_of('festivals')}|{_SIGN}"
)
#: figures that are a clause by themselves: 零九，一七; 不是，是十四
_BARE = re.compile(
    r"(?:嗯|呃|啊|哦|对|是|不是|不对|应该|好|那|就|,| )*"
    r"(?P<figures>\d{1,8}|[零一二三四五六七八九十幺]{1,8}|[二三]?十[一二三四五六七八九])(?:的|啊|吧|呀)?"
)
_BORN = re.compile(
    rf"(?P<date>{_YEAR}(?:的|[, ])*(?:{_MONTH_AND_DAY})?)[ ,]*(?:出生|生的|生人|(?=的?[ ,]*{_SIGN}))|"
    rf"(?P<sign>{_SIGN})的?[ ,]*(?:我?是)?(?P<year>{_YEAR})(?!{_MONTH_AND_DAY}[存取办开])"
)
_CUE = re.compile(
    "(?:生日|出生日期|出生年月日?|出生年份)(?!月|当|礼|特|优惠|福利|那|蛋糕|快乐|祝|活动|积分|派对|惊喜|专|双倍)"
)
#: what an agent says who goes on to something else
DONE = re.compile(
    "请讲|您讲|您说吧|(?:办|咨询|需要)(?:什么|理|哪)|什么(?:业务|问题|可以帮)|帮到?您|核[实对验](?:了|完|无误|成功)|"
    "通过|(?<!不)正确|对上了|一致|[哪个家](?:网点|支行)"
)
#: what a date of another kind stands beside
_OTHER = re.compile(
    "还款|消费|转[账了给]|存[款的了]|取[款的了现]|办[的了理]|开户|开的|到账|入账|账单|那笔|交易|扣[款了]|买|刷|到期|"
    "工作日|以前|之前|之后|以后|寄|明天|后天|昨天|下周|上周|激活|[失有生]效|过期|工资|分期|今年|去年|明年|预约|网点|岁|花了?|"
    "再来|来[领办]|过来|活动|优惠|[一二三四五六七八九十百千万0-9][块元]"
)


def births(view: View) -> Iterator[Secret]:
    """Pieces of dates of birth."""
    text = view.text
    for match in _BORN.finditer(text):
        for group in ("date", "sign", "year"):
            if match[group]:
                yield Secret("code", *match.span(group), least=NEVER)
    start = 0
    if {TOPIC, "proof"}.isdisjoint({view.asked, *view.topics}):
        cue = _CUE.search(text)
        if cue is None:
            return
        start = cue.end()
    for clause in CLAUSE.finditer(text, start):
        if _OTHER.search(clause[0]):
            continue
        if bare := _BARE.fullmatch(clause[0]):
            at = clause.start()
            yield Secret("code", at + bare.start("figures"), at + bare.end("figures"), least=NEVER)
            continue
        for piece in _PIECE.finditer(text, clause.start(), clause.end()):
            yield Secret("code", *piece.span(), least=NEVER)
