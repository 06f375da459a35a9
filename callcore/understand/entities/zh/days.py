"""Days and stretches of days: 十五号, 下周三, 三个工作日内, 上个月, 最近三个月."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from callcore.understand.entities import calendar, forms
from callcore.understand.entities.calendar import DAY, WEEK
from callcore.understand.entities.zh.numbers import VALUES, cardinal

WEEKDAYS = "一二三四五六日"
PART = (
    "凌晨|清晨|早晨|早上|大早上|一早|早|上午|中午|午后|下午|傍晚|晚上|晚间|夜里|半夜|深夜|夜间|晚"  #: parts of the day
)


@dataclass(frozen=True, slots=True)
class Day:
    """A day, or with ``last`` the days up to it; ``value`` is their form. ``part``: a part of the day said with it."""

    start: int
    end: int
    value: str
    first: datetime.date | None
    last: datetime.date | None = None
    part: str = ""

    @property
    def kind(self) -> str:
        """Which of "period" and "date" it is."""
        return "date" if self.last is None else "period"


_N = r"[零一二两三四五六七八九十百\d]"
_YEAR = (
    r"(?:(?P<year>(?:19|20)?\d\d|[一二两零][零九][零一二三四五六七八九]{2}|"
    r"[零一二三四五六七八九]{2})年|(?P<years>大前|前|去|今|明|后)年的?)"
)
_MONTH_DAY = r"(?P<month>1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])月(?:份的?)?"
_DAY = r"(?P<day>3[01]|[12]\d|0?[1-9]|三十一?|二十[一二三四五六七八九]?|十[一二三四五六七八九]?|[一二三四五六七八九])"
_NOT_DAY = "(?!线|楼|店|机|码|院|窗|柜|门|桌|台|坐席|客服|床|房|公馆|期|单元|卡|车|仓|文)"

_FULL = re.compile(rf"(?:{_YEAR})?{_MONTH_DAY}{_DAY}[日号]")
_NO_SUFFIX = re.compile(
    rf"(?:{_YEAR})?{_MONTH_DAY}(?P<day>3[01]|[12]\d|三十一?|二十[一二三四五六七八九]?|"
    rf"十[一二三四五六七八九]?)(?![\d一二三四五六七八九十百千万块元个天年笔期号日%.多来几分])"
)
_ISO = re.compile(r"(?<![\d.])(20\d\d|19\d\d)([-/.年])(0?[1-9]|1[0-2])[-/.月](3[01]|[12]\d|0?[1-9])日?(?![\d-])")
_MONTH_WORD = r"(?:(?P<months>上上|上|下下|下|这|本|当)个?月的?)"
_ONLY_DAY = re.compile(
    rf"(?P<every>每个?月的?)?{_MONTH_WORD}?(?<![\d一二三四五六七八九十.第])(?:{_DAY})[号日]{_NOT_DAY}"
    rf"(?![\d一二三四五六七八九十]++(?![点时:]))"  # 十六号十点, not 8号2栋
)
_NAMED = re.compile(
    "大前天|大后天|前天|昨天|昨日|昨儿个?|昨(?=晚|夜)|今天|今日|今儿个?|今(?=早|晚|夜|晨)|明天|明日|"
    "明儿个?|明(?=早|晚|晨)|后天"
)
_OFFSETS = {"大前": -3, "前": -2, "昨": -1, "今": 0, "明": 1, "后": 2, "大后": 3}
_WEEKDAY = re.compile(
    r"(?<!每)(?<!每个)(?P<weeks>上上|上|下下|下|这|本)?个?(?:周|星期|"
    r"礼拜)(?P<day>[一二三四五六日天1-6])(?![\d十百期年个岁天至、]|到(?!期|账|的|了)|[一二三四五六日]{1,3}(?:到|至))"
)
_END = re.compile(
    r"(?:(?P<which>这个月|本月|上个月|上月|下个月|下月|今年|去年|明年)?的?(?P<unit>月|年)|"
    rf"(?<![\d一二三四五六七八九十]){_YEAR}?{_MONTH_DAY})(?:底|末)"
)
_AWAY = re.compile(
    rf"(?<!第)(?<!最近)(?<!近)(?P<again>再?过)?(?P<count>半|{_N}{{1,8}})(?P<big>个?工作日|个?交易日|天|"
    rf"个?星期|个?礼拜|周|个?月|年)(?P<half>半)?(?P<side>以后|之后|过后|后|以前|之前|前)(?!天|期|提|边|"
    rf"面|年|来|台)"
)
_WORKING = re.compile(rf"(?P<first>{_N}{{1,8}})(?:(?:到|至|-|~|、)(?P<last>{_N}{{1,8}}))?个?工作日(?:之内|以内|内)")
_PERIOD_WORD = re.compile(
    r"(?P<which>上上|上|下下|下|这|本|当)(?:一|1)?个?(?P<unit>月(?![底末初]|薪|嫂|光)|周(?!末|转|期|"
    r"[一二三四五六日天\d]|年)|星期(?![一二三四五六日天\d])|礼拜(?![一二三四五六日天\d])|季度)"
)
_YEAR_WORD = re.compile(
    r"(?P<which>前|去|今|明|后)年(?:全年|一整年|一年)?(?P<part>上半年|下半年|[第]?[一二三四]季度)?(?!底|末|初|龄|轻|货)"
)
_HALF_YEAR = re.compile(r"(?P<part>上半年|下半年|第?[一二三四]季度)")
_PAST = re.compile(
    rf"(?:最近|近|过去)(?:的?这?)(?P<count>半|{_N}{{1,8}})(?P<unit>天|日|个?星期|个?礼拜|周|个?月|年|"
    rf"个?季度)(?P<half>半)?(?![前后])"
)
_MONTH = re.compile(rf"{_YEAR}?{_MONTH_DAY}(?!\d|[一二三四五六七八九十]|底|末|初|薪|供|租|嫂)")
_ONLY_YEAR = re.compile(
    r"(?<![\d一二三四五六七八九零])(?P<year>(?:19|20)\d\d|"
    r"[一二两][零九][零一二三四五六七八九]{2})年(?:全年|度|一整年)?(?!期|"
    r"[\d一二三四五六七八九十]{1,2}月)"
)
_TO = re.compile(" ?(?:到|至|~|-|—) ?")


def days(text: str, today: datetime.date) -> list[Day]:
    """Every day and period in a text. Overlaps are left: the longest is meant."""
    found: list[Day] = []
    for pattern, read in _READERS:
        for match in pattern.finditer(text):
            try:
                day = read(match, today)
            except (ValueError, OverflowError):
                continue  # no such date: 二月三十号, or beyond the calendar
            if day is not None:
                found.append(day)
    return [*found, *_from_to(text, found)]


def _single(match: re.Match[str], day: datetime.date) -> Day:
    return Day(*match.span(), day.isoformat(), day)


def _period(match: re.Match[str], bounds: tuple[datetime.date, datetime.date]) -> Day:
    return Day(*match.span(), forms.days(*bounds), *bounds)


def _integer(text: str) -> int:
    value = cardinal(text)
    if value is None:
        raise ValueError("no number")
    return int(value)


def _year(match: re.Match[str], today: datetime.date) -> int | None:
    """The year that a match names, None where it names none."""
    if word := match["years"]:
        return today.year + {"大前": -3, "前": -2, "去": -1, "今": 0, "明": 1, "后": 2}[word]
    return _year_number(match["year"], today) if match["year"] else None


def _year_number(said: str, today: datetime.date) -> int:
    digits = int("".join(str(VALUES[one]) for one in said))
    if digits < 100:
        century = today.year // 100 * 100
        digits += century if digits <= today.year % 100 + 20 else century - 100
    return digits


def _full(match: re.Match[str], today: datetime.date) -> Day | None:
    groups = match.groupdict()
    month, day = _integer(groups["month"]), _integer(groups["day"])
    year = _year(match, today)
    if year is not None:
        return _single(match, datetime.date(year, month, day))
    nearest = calendar.nearest_day(today, month, day)
    return None if nearest is None else _single(match, nearest)


def _iso(match: re.Match[str], _today: datetime.date) -> Day:
    return _single(match, datetime.date(int(match[1]), int(match[3]), int(match[4])))


#: what makes a day that is only named one that is gone by, said behind it: 二十八号扣的
_DONE = re.compile(
    "(?:(?!到期|出账|之?前|[会要将能才再就可下])[^,.。!?;，！？；]){0,8}?"
    "(?:扣|转|存|取|买|办|刷|去|打|寄|付|汇|签|交|收到|申请|提交|消费|划走?|还|报)(?:的|了|过)(?!吗|话)"
)


def _only_day(match: re.Match[str], today: datetime.date) -> Day | None:
    day = _integer(match["day"])
    if match["every"]:
        return Day(*match.span(), f"XXXX-XX-{day:02d}", None)
    if which := match["months"]:
        first = calendar.shift_months(today.replace(day=1), _STEPS[which])
        return _single(match, first.replace(day=day))
    nearest = calendar.nearest_month_day(today, day)
    if nearest is not None and nearest > today and _DONE.match(match.string, match.end()):
        nearest = calendar.shift_months(nearest, -1)
    return None if nearest is None else _single(match, nearest)


#: said behind a 今天 that names no day: 今天有什么可以帮您
_SERVING = re.compile(
    "(?:来电)?(?:是)?(?:有什么|有啥|需要(?:办理|咨询|了解)?(?:些)?什么|想(?:办理|咨询)什么|打算办(?:理)?什么)"
)


def _named(match: re.Match[str], today: datetime.date) -> Day | None:
    said = match[0].rstrip("天日儿个")
    if said == "今" and _SERVING.match(match.string, match.end()):
        return None
    return _single(match, today + _OFFSETS[said] * DAY) if said in _OFFSETS else None


def _weekday(match: re.Match[str], today: datetime.date) -> Day:
    said = match["day"].replace("天", "日")
    place = int(said) - 1 if said.isdecimal() else WEEKDAYS.index(said)
    monday = calendar.week(today)[0] + _STEPS[match["weeks"] or "这"] * WEEK
    day = monday + place * DAY
    gone = day > today and not match["weeks"] and _DONE.match(match.string, match.end())
    return _single(match, day - WEEK if gone else day)


def _end_of(match: re.Match[str], today: datetime.date) -> Day | None:
    if match["month"]:
        number, year = _integer(match["month"]), _year(match, today)
        middle = datetime.date(year, number, 15) if year else calendar.nearest_day(today, number, 15)
        return None if middle is None else _single(match, calendar.month(middle)[1])
    which = match["which"] or "这"
    step = -1 if which[0] in "上去" else 1 if which[0] in "下明" else 0
    if match["unit"] == "月" and "年" in which:
        return None
    if match["unit"] == "月":
        return _single(match, calendar.month(calendar.shift_months(today.replace(day=1), step))[1])
    return _single(match, datetime.date(today.year + step, 12, 31))


def _away(match: re.Match[str], today: datetime.date) -> Day | None:
    unit, sign = match["big"].removeprefix("个"), 1 if "后" in match["side"] else -1
    half = match["count"] == "半"
    if half and unit not in ("年", "月"):
        return None
    count = 0 if half else _integer(match["count"])
    if unit in ("工作日", "交易日"):
        if sign < 0:
            return None
        return _single(match, calendar.add_working_days(today, count, calendar.is_working_day_in_china))
    months = {"月": count, "年": 12 * count + 6 * bool(half or match["half"])}.get(unit)
    if unit == "月" and (half or match["half"]):
        return _single(match, calendar.shift_months(today, sign * count) + sign * 15 * DAY)
    if months is not None:
        return _single(match, calendar.shift_months(today, sign * months))
    return _single(match, today + sign * count * (1 if unit == "天" else 7) * DAY)


def _working(match: re.Match[str], today: datetime.date) -> Day:
    count = _integer(match["last"] or match["first"])
    day = calendar.add_working_days(today, count, calendar.is_working_day_in_china)
    return Day(*match.span(), forms.span("", day.isoformat()), None)


def _period_word(match: re.Match[str], today: datetime.date) -> Day:
    step, unit = _STEPS[match["which"]], match["unit"]
    if unit == "月":
        return _period(match, calendar.month(calendar.shift_months(today.replace(day=1), step)))
    if unit == "季度":
        return _period(match, calendar.quarter(calendar.shift_months(today.replace(day=1), 3 * step)))
    return _period(match, calendar.week(today + step * WEEK))


def _year_word(match: re.Match[str], today: datetime.date) -> Day:
    year = today.year + {"前": -2, "去": -1, "今": 0, "明": 1, "后": 2}[match["which"]]
    return _period(match, _part_of_year(year, match["part"] or ""))


def _half_year(match: re.Match[str], today: datetime.date) -> Day:
    return _period(match, _part_of_year(today.year, match["part"]))


def _part_of_year(year: int, part: str) -> tuple[datetime.date, datetime.date]:
    first, months = 1, 12
    if part.endswith("半年"):
        first, months = (1 if part[0] == "上" else 7), 6
    elif part:
        first, months = 3 * "一二三四".index(part.removeprefix("第")[0]) + 1, 3
    begin = datetime.date(year, first, 1)
    return begin, calendar.shift_months(begin, months) - DAY


def _past(match: re.Match[str], today: datetime.date) -> Day | None:
    unit, half = match["unit"].removeprefix("个"), match["count"] == "半"
    if half and unit not in ("年", "月"):
        return None
    count = 0 if half else _integer(match["count"])
    extra = half or bool(match["half"])
    if unit == "月":
        first = calendar.shift_months(today, -count) - (15 if extra else 0) * DAY
    elif unit in ("年", "季度"):
        first = calendar.shift_months(today, -(count * (12 if unit == "年" else 3) + 6 * extra))
    else:
        first = today - count * (1 if unit in "天日" else 7) * DAY
    return _period(match, (first, today))


def _month(match: re.Match[str], today: datetime.date) -> Day | None:
    number, year = _integer(match["month"]), _year(match, today)
    if year is None:
        middle = calendar.nearest_day(today, number, 15)
        return None if middle is None else _period(match, calendar.month(middle))
    return _period(match, calendar.month(datetime.date(year, number, 1)))


def _only_year(match: re.Match[str], today: datetime.date) -> Day:
    return _period(match, _part_of_year(_year_number(match["year"], today), ""))


def _from_to(text: str, found: list[Day]) -> Iterator[Day]:
    """十月一号到十月五号, 一号到五号, 三月到五月: from the first to the last."""
    by_start = {day.start: day for day in sorted(found, key=lambda one: one.end - one.start) if day.first}
    for day in found:
        link = _TO.match(text, day.end)
        other = by_start.get(link.end()) if link else None
        if day.first is None or other is None or other.first is None:
            continue
        last = other.last or other.first
        if (
            "月" in text[day.start : day.end]
            and "月" not in text[other.start : other.end]
            and last.day >= day.first.day
        ):
            last = last.replace(year=day.first.year, month=day.first.month)
        if day.first <= last:
            yield Day(day.start, other.end, forms.days(day.first, last), day.first, last)


_STEPS = {"上上": -2, "上": -1, "这": 0, "本": 0, "当": 0, "下": 1, "下下": 2}
_Reader = Callable[[re.Match[str], datetime.date], Day | None]
_READERS: tuple[tuple[re.Pattern[str], _Reader], ...] = (
    (_FULL, _full),
    (_NO_SUFFIX, _full),
    (_ISO, _iso),
    (_ONLY_DAY, _only_day),
    (_NAMED, _named),
    (_WEEKDAY, _weekday),
    (_END, _end_of),
    (_AWAY, _away),
    (_WORKING, _working),
    (_PERIOD_WORD, _period_word),
    (_YEAR_WORD, _year_word),
    (_HALF_YEAR, _half_year),
    (_PAST, _past),
    (_MONTH, _month),
    (_ONLY_YEAR, _only_year),
)
