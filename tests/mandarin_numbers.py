"""Says numbers in Mandarin, the ways people do: the other direction of what callcore reads."""

from __future__ import annotations

DIGITS = "零一二三四五六七八九"


def section(number: int) -> str:
    """1 to 9999."""
    said, gap = "", False
    for size, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, size)
        if digit:
            said += ("零" if gap and said else "") + DIGITS[digit] + unit
        gap = not digit
    return said


def cardinal(number: int) -> str:
    """0 to 10^12, the schoolbook way: 一万零五十."""
    if number == 0:
        return "零"
    if number >= 10**12:
        return cardinal(number // 10**8) + "亿" + (_rest(number % 10**8, 10**8))
    said = ""
    for size, unit in ((10**8, "亿"), (10**4, "万"), (1, "")):
        part, number = divmod(number, size)
        if part:
            said += ("零" if said and part < 1000 else "") + section(part) + unit
    return said


def _rest(number: int, size: int) -> str:
    return "" if not number else ("零" if number < size // 10 else "") + cardinal(number)


def colloquial(number: int) -> list[str]:
    """Other ways to say it: 十五, 两百, 三万五, 一百二, 2.5万 is not among them."""
    plain = cardinal(number)
    ways = [plain]
    if plain.startswith("一十"):
        ways.append(plain[1:])
    ways += [plain.replace("二千", "两千").replace("二百", "两百").replace("二万", "两万").replace("二亿", "两亿")]
    for unit, below in (("亿", "千万"), ("万", "千"), ("千", "百"), ("百", "十")):
        head, mark, tail = plain.rpartition(unit)
        if mark and len(tail) == len(below) + 1 and tail.endswith(below) and tail[0] in DIGITS[1:] and unit not in tail:
            ways.append(f"{head}{unit}{tail[0]}")
    return ways


def digits(text: str, *, yao: bool = True) -> str:
    """Digit by digit: 幺三八."""
    return "".join(DIGITS[int(digit)] for digit in text).replace("一", "幺" if yao else "一")
