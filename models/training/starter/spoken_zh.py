"""Numbers, dates, sums and names as they are said in Mandarin: values for the slots of the grammar.

Each function draws one value and returns it in Han characters. ``SLOTS`` names them for ``{slot}`` in a line.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random

DIGITS = "零一二三四五六七八九"
_PLACES = ("", "十", "百", "千")
_GROUPS = ("", "万", "亿")
_LISTS: dict[str, list[str]] = {
    name: words.split()
    for name, words in tomllib.loads((Path(__file__).parent / "slots_zh.toml").read_text("utf-8")).items()
}
_SURNAMES, _GIVEN = "".join(_LISTS["surname"]), "".join(_LISTS["given"])


def cardinal(number: int, random: Random | None = None, *, spoken_two: bool = True) -> str:
    """A whole number from 0 up to 10 ** 12 - 1. ``random``: 两 for 二 before 百 千 万 亿 half of the time."""
    if number == 0:
        return "零"
    groups = []
    while number:
        number, low = divmod(number, 10_000)
        groups.append(low)
    text = ""
    for index in range(len(groups) - 1, -1, -1):
        value = groups[index]
        if not value:
            continue
        if text and (value < 1000 or groups[index + 1] % 10 == 0):
            text += "零"
        text += _below_10000(value) + _GROUPS[index]
    if text.startswith("一十"):
        text = text[1:]
    if random and spoken_two:
        text = re.sub("二(?=[百千万亿])", lambda _: random.choice("二两"), text)
    return text


def _below_10000(value: int) -> str:
    text, gap = "", False
    for place in range(3, -1, -1):
        digit = value // 10**place % 10
        if digit:
            text += ("零" if gap and text else "") + DIGITS[digit] + _PLACES[place]
            gap = False
        else:
            gap = True
    return text


def one_by_one(digits: str, random: Random | None = None) -> str:
    """Digits said singly; with ``random``, all of 1 as 幺 in most numbers."""
    said = "".join(DIGITS[int(digit)] for digit in digits)
    return said.replace("一", "幺") if random and random.random() < 0.65 else said


def written_out(text: str, random: Random) -> str:
    """``text`` with its Arabic digits as they are said: long ones singly, years singly, the rest as numbers."""
    text = re.sub(r"(\d+)\.(\d+)", lambda m: f"{_number(m[1], random)}点{one_by_one(m[2])}", text)
    text = re.sub(r"(\d{4})(?=年)", lambda m: one_by_one(m[1]), text)
    return re.sub(r"\d+", lambda m: _number(m[0], random), text)


def _number(digits: str, random: Random) -> str:
    hotline = len(digits) == 5 and digits[:2] in ("10", "12", "95", "96")
    if hotline or len(digits) > 5 or (len(digits) > 1 and digits[0] == "0"):
        return one_by_one(digits, random)
    return cardinal(int(digits), random)


def _grouped(digits: str, sizes: tuple[int, ...], random: Random) -> str:
    """Digits with a pause (a comma) between groups, now and then."""
    said = one_by_one(digits, random)
    if random.random() < 0.5:
        return said
    parts, at = [], 0
    for size in sizes:
        parts.append(said[at : at + size])
        at += size
    return "，".join(part for part in [*parts, said[at:]] if part)


def _digits(random: Random, count: int) -> str:
    return "".join(random.choice("0123456789") for _ in range(count))


def phone(random: Random) -> str:
    """A mobile number of eleven digits."""
    return _grouped(random.choice(("13", "15", "18", "17", "19")) + _digits(random, 9), (3, 4), random)


def tail(random: Random) -> str:
    """The last four digits of a card."""
    return one_by_one(_digits(random, 4), random)


def code(random: Random) -> str:
    """A code of four to six digits."""
    return one_by_one(_digits(random, random.choice((4, 6, 6))), random)


def card(random: Random) -> str:
    """A card number of 16 or 19 digits, in groups of four."""
    return _grouped("62" + _digits(random, random.choice((14, 17))), (4, 4, 4, 4), random)


def identity(random: Random) -> str:
    """An identity number: eighteen characters, or its last four or six."""
    whole = _digits(random, 17) + random.choice("0123456789")
    return _grouped(random.choice((whole, whole[-6:], whole[-4:])), (6, 4, 4), random)


def amount(random: Random) -> str:
    """A sum of money, round or to the cent, formal or as people shorten it."""
    kind = random.random()
    if kind < 0.3:
        value = random.randrange(1, 100) * 10 ** random.randrange(1, 6)
        return cardinal(value, random) + random.choice(("元", "块", "块钱", "", "元人民币"))
    if kind < 0.55:
        return cardinal(round(10 ** random.uniform(0.5, 6.5)), random) + random.choice(("元", "块", "块钱", "元整"))
    if kind < 0.8:
        value = round(10 ** random.uniform(0.5, 5.5))
        return f"{cardinal(value, random)}{_cents(random)}"
    high, place = random.choice(("万", "千", "百")), random.choice("一二三四五六七八九")
    first = random.choice("两三四五六七八九一")
    ten = random.choice(("", "", "十", "二十", "三十")) if high == "万" else ""
    return ten + first + high + place


def _cents(random: Random) -> str:
    tenth, cent = random.randrange(10), random.randrange(1, 10)
    kind = random.random()
    if kind < 0.4:
        return f"元{DIGITS[tenth]}角{DIGITS[cent]}分" if tenth else f"元零{DIGITS[cent]}分"
    if kind < 0.7:
        return f"块{DIGITS[tenth or 5]}毛{DIGITS[cent]}" if random.random() < 0.5 else f"块{DIGITS[tenth or 5]}"
    return f"点{DIGITS[tenth]}{DIGITS[cent]}元"


def percent(random: Random) -> str:
    """A rate."""
    value = random.choice((random.uniform(0, 6), random.uniform(0, 25)))
    whole, rest = f"{value:.{random.choice((0, 1, 2, 2, 3))}f}".partition(".")[::2]
    said = cardinal(int(whole)) + (f"点{one_by_one(rest)}" if rest else "")
    return random.choice(("百分之", "百分之", "百分之", "年化百分之", "万分之", "")) + said


def date(random: Random) -> str:
    """A day, with or without month and year, or one told from today."""
    kind = random.random()
    month, day = cardinal(random.randrange(1, 13)), cardinal(random.randrange(1, 32))
    of_month = f"{month}月{day}{random.choice('号号日')}"
    if kind < 0.35:
        return of_month
    if kind < 0.55:
        return f"{one_by_one(str(random.randrange(1950, 2032)))}年{of_month}"
    if kind < 0.7:
        return random.choice(("这个月", "上个月", "下个月", "每月", "本月")) + f"{day}号"
    return random.choice(_LISTS["near"])


def clock(random: Random) -> str:
    """A time of day."""
    hour = cardinal(random.randrange(1, 13)).replace("二", "两" if random.random() < 0.5 else "二")
    hour = "十二" if hour == "十两" else hour
    part = random.choice(("上午", "下午", "晚上", "早上", "中午", ""))
    minute = random.randrange(60)
    past = random.choice(
        ("", "半", "多", f"{cardinal(minute)}分" if minute > 9 else f"零{DIGITS[minute or 5]}分", "左右")
    )
    return f"{part}{hour}点{past}"


def duration(random: Random) -> str:
    """How long."""
    number = cardinal(random.randrange(1, 40))
    unit = random.choice(("天", "个工作日", "个月", "分钟", "小时", "年", "期", "周"))
    if number == "二":
        number = "两"
    return random.choice(
        (f"{number}{unit}", f"{number}{unit}", "半个小时", "半年", "一个多月", "好几天", "一两天", "三到五个工作日")
    )


def count(random: Random) -> str:
    """A small number of things."""
    value = random.choice((random.randrange(1, 10), random.randrange(1, 100), random.randrange(1, 1000)))
    return cardinal(value, random).replace("二", "两") if value == 2 else cardinal(value, random)


def name(random: Random) -> str:
    """A person's name."""
    return random.choice(_SURNAMES) + "".join(random.choice(_GIVEN) for _ in range(random.choice((1, 2, 2))))


def person(random: Random) -> str:
    """How the agent addresses a customer."""
    return random.choice(_SURNAMES) + random.choice(("先生", "女士", "小姐", "阿姨", "总", "老师"))


def branch(random: Random) -> str:
    """An office of the bank."""
    place = random.choice(
        (random.choice(_LISTS["street"]), random.choice(_LISTS["city"]) + random.choice(_LISTS["street"]))
    )
    return place + random.choice(("支行", "网点", "营业厅", "分理处", "储蓄所"))


def address(random: Random) -> str:
    """Street and house."""
    text = random.choice(_LISTS["street"]) + f"{cardinal(random.randrange(1, 999))}号"
    if random.random() < 0.5:
        text += f"{cardinal(random.randrange(1, 40))}号楼{one_by_one(str(random.randrange(101, 2605)))}室"
    return text


def number_run(random: Random) -> str:
    """Digits of any length, said singly."""
    return _grouped(_digits(random, random.randrange(2, 20)), (random.choice((3, 4)), 4, 4, 4), random)


def _one_of(words: list[str]) -> Callable[[Random], str]:
    return lambda random: random.choice(words)


SLOTS: Mapping[str, Callable[[Random], str]] = {
    "phone": phone, "tail": tail, "code": code, "card": card, "id": identity, "amount": amount, "percent": percent,
    "rate": percent, "date": date, "clock": clock, "duration": duration, "months": duration, "count": count,
    "name": name, "person": person, "branch": branch, "address": address, "digits": number_run,
    **{name: _one_of(words) for name, words in _LISTS.items()},
}  # fmt: skip
_SLOT = re.compile(r"\{(\w+)\}")


def fill(line: str, random: Random) -> str:
    """``line`` with a fresh value in every slot. Raises KeyError on a slot that is not known."""
    return _SLOT.sub(lambda match: SLOTS[match[1]](random), line)
