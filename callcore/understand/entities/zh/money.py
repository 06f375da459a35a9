"""Amounts and rates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from callcore.understand.entities import forms
from callcore.understand.entities.spans import Context, Span
from callcore.understand.entities.spoken import Spoken
from callcore.understand.entities.zh.numbers import SIZES, Number, cardinal, numbers

_CURRENCIES = {
    "CNY": "元人民币|块人民币|人民币|块钱|元钱|元整|元|块|圆|rmb|cny",
    "USD": "美元|美金|刀|usd|dollars?",
    "EUR": "欧元|eur",
    "GBP": "英镑|gbp",
    "HKD": "港币|港元|港纸|hkd",
    "JPY": "日元|日币|jpy",
    "AUD": "澳元|澳币",
    "CAD": "加元|加币",
    "SGD": "新加坡元|新币",
    "KRW": "韩元|韩币",
    "THB": "泰铢",
    "MOP": "澳门元|澳门币",
    "TWD": "新台币|台币",
}
_UNIT = re.compile(
    r" ?(?P<more>多|来|余)?(?P<big>万|亿|千|百)?(?:个)? ?(?:"
    + "|".join(f"(?P<{code}>{names})" for code, names in sorted(_CURRENCIES.items(), key=lambda item: item[0] == "CNY"))
    + ")"
)
_SYMBOLS = {"¥": "CNY", "人民币": "CNY", "rmb": "CNY", "$": "USD", "us$": "USD", "美元": "USD"}
_SYMBOLS |= {"美金": "USD", "€": "EUR", "欧元": "EUR", "£": "GBP", "hk$": "HKD", "港币": "HKD", "usd": "USD"}
_SYMBOL = re.compile(f"({'|'.join(re.escape(one) for one in sorted(_SYMBOLS, key=len, reverse=True))}) ?$")

_H = "[一二两三四五六七八九\\d]"
_MINOR = re.compile(
    rf"零?({_H})(?:毛钱?|角)(?:零?({_H})(?:分钱?)?(?!{_H}|期|钟|之))?|零?({_H})分(?:钱|(?!期|钟|之|行|开|类|账))"
)
_BARE_MINOR = re.compile(
    rf"(?:零({_H})|({_H}{{1,2}}))(?![一二三四五六七八九十百千万零\d点个次张笔年月日天号期毛角分%.:到至])"
)
_COINS = re.compile(rf"({_H})(?:毛钱?|角钱?)(?:({_H})分?)?")
_TOGETHER = re.compile("儿|去|来|走|办|吃|玩|工作|跟|和|给|的时候")

_VERB = (
    "转账|转出|转入|转走|转错|转给|转过去|转|汇款|汇|打款|打了?|取现|取款|取出|取|存入|存进|存|刷卡|"
    "刷|扣款|扣除|扣|花费|花|付款|支付|付|还款|还|充值|充|借|"
    "贷款|贷|欠款|欠|收费|收款|收|退款|退|赔偿|赔|买|卖|交|缴|消费|支出|进账|到账|入账|出账|余额|额度|"
    "限额|金额|本金|利息|年费|手续费|违约金|工资|奖金|房租|首付|"
    "月供|保证金|押金|定金|总共|一共|共计|合计|大概|大约|只有|还有|剩下?|少了|多了|不到|超过|最多|"
    "最低|最少|至少|亏|赚|涨到|提到|提高到|升到|降到|调到|申请|需要|要|投资?|投"
)
_BEFORE_BARE = re.compile(
    rf"(?:{_VERB}|不对|说错了?|错了|应该|改成|不是)(?:了|过|的|到|给我|给你|我|他|她|你|是|为|在|有|"
    rf"将近|差不多|大概|大约|个|成|走|出来|进去|上|,| |呢|呀|啊|应该是?|就){{0,4}}$"
)
_BEFORE_SMALL = re.compile(
    "(?:扣|收|花|刷|充|付|转|取|存|退|少|多扣|交|欠|还款?|手续费|年费|利息|工资|余额)(?:了|掉|过|走|"
    "我|给我|是|为|只有|还有|差不多|大概){0,3}$"
)
_LIMIT = re.compile(" ?(?:以上|以下|以内|之内|左右|起存|起购|封顶|整|就行|就够)")
_TAKEN_BACK = re.compile(
    "[,。 ]*(?:啊|呃|哦|嗯)?[,。 ]*(?:不对|不是|说错了?|错了|不不)[,。 ]*(?:是|应该是)?[,。 ]*[一二两三四五六七八九]"
)
_COUNTED = re.compile(
    " ?(?:多|来|余)?(?:个|位|名|人|次|笔|张|条|步|分|积分|点|份|件|台|套|天|年|月|周|号|日|小时|公里|"
    "里程|米|平|股|手|岁|倍|成|期|家|页|字|颗|斤|%|％|‰|:|/|-\\d|楼|路|层|户|代|周岁|左右的?积分|克)"
)
_ROUND = re.compile(r"[1-9]\d{0,4}00")  #: one number in a hundred ends so that is no sum
_IS_ALL = re.compile(r" ?(?:[,。!?;、]|$)")
_APPROXIMATE = re.compile(" ?(?:多|来|余)(万|亿|千|百)?")

_PERIODS = (
    ("daily", "日利率|日息|日费率|每天|每日|一天|按日|日"),
    ("monthly", "月利率|月息|月费率|每月|每个月|一个月|按月"),
    ("annual", "年化收益率|年化利率|年化|年利率|年息|年费率|年收益率|每年|一年|年"),
)
_PERIOD = re.compile(
    "(?:" + "|".join(f"(?P<{name}>{words})" for name, words in _PERIODS) + ")"
    "(?:的|收益率?|利率|利息|综合|大概|差不多|大约|是|为|有|才|只有|就|按|收|达到|能到|到|在|也|可以|能|要|:| ){0,4}$"
)
_FRACTION = re.compile(r"(百|千|万)分之")
_RATE_UNIT = re.compile(r" ?(?:(?P<percent>个?%|个百分点|个点(?!儿))|(?P<mille>‰)|(?P<basis>个?基点|个?bp\b))")
_TENTHS = re.compile(
    "成(?:(?P<half>半)|(?P<fives>[一二三四五六七八九]))?(?!功|为|交|本|立|长|都|员|人|就|绩|家|熟|果|套|分|年|新)"
)
_LI = re.compile(r"(?P<unit>厘|分)(?P<more>[一二三四五六七八九])?")
_RATE_WORD = re.compile(
    r"(?:利率|年化|收益率?|费率|利息|lpr|月息|年息|点差|加点)[^\d一二三四五六七八九十元块点]{0,10}$"
)
_OF_RATE = re.compile(" ?的(?:年化|月|年|日)?(?:利率|费率|利息|收益率?|年化|月息|年息)")
_WHOLE = re.compile("百分(?:之)?百(?!分)")
_SHORT = re.compile(
    "(?:(?<=手续费)|(?<=费率)|(?<=佣金)|(?<=利率)|(?<=利息)|(?<=日息))(?:是|按|"
    "收)?(?P<size>[千万])(?P<parts>[一二三四五六七八九])(?![十百千万元块多个])"
    "|(?P<size_>[千万])(?P<parts_>[一二三四五六七八九])(?=的?(?:利息|费率|手续费|佣金|利率|日息))"
)
REACH = 14  #: characters before a number in which a word may tell what it is


def amounts(spoken: Spoken, context: Context) -> Iterator[Span]:
    """Sums of money: with a currency, or without one where a verb of money or the size tells."""
    text = spoken.text
    home = context.currency or "CNY"
    for number in numbers(text):
        symbol = _SYMBOL.search(text, max(0, number.start - 4), number.start)
        unit = _UNIT.match(text, number.end)
        if unit is not None and not _is_together(text, number, unit):
            yield _with_unit(text, number, unit, symbol)
        elif symbol is not None:
            yield _amount(symbol.start(), number.end, _bounds(number), _SYMBOLS[symbol[1]], 0.97)
        elif _is_bare(text, number):
            more = _APPROXIMATE.match(text, number.end)
            size = SIZES[more[1]] if more and more[1] else 1
            end = more.end() if more else number.end
            yield _amount(number.start, end, [bound * size for bound in _bounds(number)], home, 0.88)
    for coins in _COINS.finditer(text):
        value = cardinal(coins[1]) or Decimal(0)
        cents = (cardinal(coins[2]) or Decimal(0)) if coins[2] else Decimal(0)
        yield _amount(*coins.span(), [value / 10 + cents / 100], home, 0.9)


def rates(spoken: Spoken, _context: Context) -> Iterator[Span]:
    """Percentages, parts per thousand or ten thousand, tenths (成), interest in 厘 and 分, basis points."""
    text = spoken.text
    for number in numbers(text):
        found = _percent(text, number)
        if found is None:
            continue
        start, end, scale = found
        bounds = [bound * scale for bound in _bounds(number)]
        period = _period(text, start)
        shown = [forms.rate(bound, period if i == len(bounds) - 1 else "") for i, bound in enumerate(bounds)]
        yield Span("rate", start, end, "/".join(shown), 0.95, rank=5)
    for match in _WHOLE.finditer(text):
        yield Span("rate", *match.span(), forms.rate(Decimal(100)), 0.9, rank=5)
    for match in _SHORT.finditer(text):
        size, parts = match["size"] or match["size_"], match["parts"] or match["parts_"]
        percent = (cardinal(parts) or Decimal(0)) * 100 / SIZES[size]
        start = match.start("size" if match["size"] else "size_")
        yield Span("rate", start, match.end(), forms.rate(percent, _period(text, start)), 0.9, rank=5)


def _percent(text: str, number: Number) -> tuple[int, int, Decimal] | None:
    """Start, end, and what one of the number is in per cent; None for a number that is no rate."""
    fraction = _FRACTION.search(text, max(0, number.start - 3), number.start)
    if fraction and fraction.end() == number.start:
        return fraction.start(), number.end, Decimal(100) / (SIZES[fraction[1]])
    if unit := _RATE_UNIT.match(text, number.end):
        scale = Decimal("0.1") if unit["mille"] else Decimal("0.01") if unit["basis"] else Decimal(1)
        return number.start, unit.end(), scale
    small = number.value < 10 and number.value == int(number.value)
    if small and (tenths := _TENTHS.match(text, number.end)) and number.text not in ("零", "0"):
        extra = (
            Decimal("0.5")
            if tenths["half"]
            else (cardinal(tenths["fives"]) or Decimal(0)) / 10
            if tenths["fives"]
            else Decimal(0)
        )
        return number.start, tenths.end(), Decimal(10) * (number.value + extra) / number.value
    period = _period(text, number.start)
    if period and (li := _LI.match(text, number.end)) and number.high is None:
        base = {"daily": Decimal("0.01"), "monthly": Decimal("0.1"), "annual": Decimal(1)}[period]
        base *= 10 if li["unit"] == "分" else 1
        extra = (cardinal(li["more"]) or Decimal(0)) / 10 if li["more"] else Decimal(0)
        return number.start, li.end(), base * (number.value + extra) / (number.value or 1)
    decimal = number.value != int(number.value)
    told = _RATE_WORD.search(text, max(0, number.start - REACH), number.start) or _OF_RATE.match(text, number.end)
    if decimal and told and number.value < 40 and not _UNIT.match(text, number.end):
        return number.start, number.end, Decimal(1)
    return None


def _period(text: str, start: int) -> str:
    match = _PERIOD.search(text, max(0, start - REACH), start)
    return str(match.lastgroup) if match and match.lastgroup else ""


def _with_unit(text: str, number: Number, unit: re.Match[str], symbol: re.Match[str] | None) -> Span:
    code = str(unit.lastgroup)
    size = SIZES[unit["big"]] if unit["big"] else 1
    bounds = [bound * size for bound in _bounds(number)]
    end = unit.end()
    if code == "CNY" and len(bounds) == 1:
        cents, end = _minor(text, end)
        bounds[0] += cents
    if symbol is not None and code == "CNY" and _SYMBOLS[symbol[1]] == "CNY":
        return _amount(symbol.start(), end, bounds, code, 0.97)
    return _amount(number.start, end, bounds, code, 0.97)


def _minor(text: str, at: int) -> tuple[Decimal, int]:
    """五毛, 五毛二, 八分 and the bare 五 after 块 (一百二十五块五), as a part of the unit, and where it ends."""
    if match := _MINOR.match(text, at):
        tenths, cents, only_cents = (cardinal(group) or Decimal(0) if group else Decimal(0) for group in match.groups())
        return tenths / 10 + (cents + only_cents) / 100, match.end()
    if text[at - 1] in "块元" and (match := _BARE_MINOR.match(text, at)):
        if match[1]:
            return (cardinal(match[1]) or Decimal(0)) / 100, match.end()
        digits = [cardinal(one) or Decimal(0) for one in match[2]]
        return digits[0] / 10 + (digits[1] / 100 if len(digits) > 1 else 0), match.end()
    return Decimal(0), at


def _is_together(text: str, number: Number, unit: re.Match[str]) -> bool:
    """一块 in 一块儿, 我们一块去: together, no money."""
    return (
        number.text == "一"
        and unit[0] == "块"
        and (
            _TOGETHER.match(text, unit.end()) is not None
            or (
                text[unit.end() : unit.end() + 1] in ("", ",", "。")
                and _BEFORE_BARE.search(text, max(0, number.start - REACH), number.start) is None
            )
        )
    )


def is_uncounted(text: str, number: Number) -> bool:
    """Whether nothing beside a number says that it counts things, tells a time, or is the place in a row."""
    return not _COUNTED.match(text, number.end) and not (
        number.start and text[number.start - 1] in "第尾号年月点:/.-之"
    )


def _is_bare(text: str, number: Number) -> bool:
    """Whether a number without a currency is money all the same."""
    if not is_uncounted(text, number):
        return False
    more = _APPROXIMATE.match(text, number.end)
    if (number.value >= 10_000 and set(number.text) & set("万亿w")) or (more and more[1] in ("万", "亿")):
        return True
    if number.value < 10 or number.text[0] == "0":
        return False
    if number.text[0].isdecimal():
        cents = re.fullmatch(r"[\d,]+\.\d\d", number.text) is not None
        if cents or (number.value >= 100 and (_LIMIT.match(text, number.end) or "," in number.text)):
            return True
        if _ROUND.fullmatch(number.text) and _IS_ALL.match(text, number.end):
            return True
    elif set(number.text) & set("百千") and (number.value >= 1000 or (number.value >= 100 and number.value % 10 == 0)):
        return True
    if _TAKEN_BACK.match(text, number.end):
        return number.value >= 100
    verbs = _BEFORE_BARE if number.value >= 100 and len(number.text) <= 7 else _BEFORE_SMALL
    return verbs.search(text, max(0, number.start - REACH), number.start) is not None


def _bounds(number: Number) -> list[Decimal]:
    return [number.value] if number.high is None else [number.value, number.high]


def _amount(start: int, end: int, bounds: list[Decimal], currency: str, probability: float) -> Span:
    low = [forms.amount(bound, currency).removesuffix(f" {currency}") for bound in bounds]
    return Span("amount", start, end, f"{'/'.join(low)} {currency}", probability, rank=2)
