"""Values for the slots in written corpus lines: ``{amount}``, ``{date}`` and their like, as they are spoken."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from random import Random

from callcore.errors import ConfigError

_SLOT = re.compile(r"\{(\w+)\}")
_DIGITS_ZH = "零一二三四五六七八九"
_DIGITS_EN = ("oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_CHOICES_ZH = {
    "amount": "三千五 两万块 五百块钱 八千六 一千二百块 十万 三万五千 二十块 六百八十八块 五十万 1500元 两百块 七千三",
    "date": "昨天 前天 上个月二十号 三月八号 上周五 这个月十五号 九月三十号 去年年底 今天早上 前几天 下周一 上礼拜",
    "name": "王芳 李伟 张敏 刘洋 陈静 杨磊 赵丽娟 周建国 吴晓燕 孙志强 欧阳雪",
    "bank": "工行 农行 建行 招行 交行 中行 邮储 中信银行 民生银行 平安银行 工商银行",
    "branch": "人民路支行 解放路网点 高新区支行 城南支行 火车站旁边那家 中山路支行 开发区网点 东街支行",
    "merchant": "淘宝 京东 拼多多 美团 滴滴 中石化 沃尔玛 携程 抖音商城 苹果商店 一家超市 加油站",
    "product": "稳健理财 日日盈 安心定投 月月宝 黄金积存 养老理财 悦享存单 白金卡 金卡 车主卡",
    "rate": "百分之三点二 三点八五 百分之四 万分之五 百分之二点六 年化三点一 百分之十八",
    "months": "三期 六期 十二期 二十四期 三十六期 半年 十二个月",
    "duration": "三天 一个星期 半个月 两个小时 二十分钟 一个多月 半年 三个工作日 一下午 四十分钟",
    "city": "北京 上海 成都 广州 武汉 西安 长沙 沈阳 杭州 郑州 昆明",
    "app": "手机银行 你们那个app 掌上银行 网银 微信小程序 云闪付",
}
_CHOICES_EN = {
    "amount": "two hundred pounds|fifty dollars|three thousand five hundred|$1,200|a hundred and twenty euros|£35|"
    "nineteen ninety-nine|ten thousand dollars|eight hundred bucks|$64.50|a couple of grand",
    "date": "yesterday|last Friday|the third of March|two days ago|last month|on the fifteenth|this morning|"
    "October second|next Monday|the end of June",
    "name": "John Carter|Maria Lopez|Wei Zhang|Susan Miller|David Brown|Priya Shah|Tom O'Neil|Emma Jones",
    "bank": "Chase|Barclays|HSBC|Lloyds|Citibank|Santander|NatWest|Wells Fargo",
    "branch": "the High Street branch|the downtown branch|the branch on Fifth Avenue|the Oxford Road branch|"
    "the one near the station|the airport branch",
    "merchant": "Amazon|Netflix|Uber|Walmart|Tesco|a gas station|Apple|a hotel in Rome|Spotify|Costco",
    "product": "the platinum card|the easy saver|the balanced fund|the gold card|the flexible loan|the growth bond",
    "rate": "three point two percent|four percent|5.5%|eighteen percent|two and a half percent|1.9%",
    "months": "six months|twelve months|twenty-four months|three instalments|a year|thirty-six months",
    "duration": "three days|a week|two hours|half an hour|over a month|ten working days|forty minutes|two weeks",
    "city": "London|Chicago|Leeds|Boston|Dublin|Manchester|Seattle|Singapore|Toronto",
    "app": "the app|your mobile app|online banking|the website|the banking app|your site",
}
_CHOICES: Mapping[str, Mapping[str, list[str]]] = {
    "zh": {slot: words.split() for slot, words in _CHOICES_ZH.items()},
    "en": {slot: words.split("|") for slot, words in _CHOICES_EN.items()},
}


def fill(line: str, language: str, random: Random) -> str:
    """``line`` with every slot given a value; the same random state gives the same words.

    ``language`` "zh" or "en". Raises :class:`ConfigError` on a slot that is not known.
    """
    return _SLOT.sub(lambda match: _value(match.group(1), language, random), line)


def _value(slot: str, language: str, random: Random) -> str:
    if slot in _NUMBERS:
        return _NUMBERS[slot](language, random)
    words = _CHOICES[language].get(slot)
    if words is None:
        raise ConfigError(f"there is no slot {{{slot}}}.", "docs/understanding-models.md lists them.")
    return random.choice(words)


def _spoken(digits: str, language: str, random: Random) -> str:
    """Digits as written, or one by one as spoken."""
    if random.random() < 0.3:
        return digits
    if language == "zh":
        return "".join(_DIGITS_ZH[int(digit)] for digit in digits).replace("一", random.choice("一幺"))
    return " ".join(_DIGITS_EN[int(digit)] for digit in digits)


def _tail(language: str, random: Random) -> str:
    return _spoken(f"{random.randrange(10000):04d}", language, random)


def _phone(language: str, random: Random) -> str:
    start = "13" if language == "zh" else "07"
    return _spoken(f"{start}{random.randrange(10**9):09d}", language, random)


_NUMBERS: Mapping[str, Callable[[str, Random], str]] = {"tail": _tail, "phone": _phone}
