"""Times of day, days with times, bounds, and lengths of time."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from callcore.understand.entities import forms
from callcore.understand.entities.spans import Context, Span
from callcore.understand.entities.spoken import Spoken
from callcore.understand.entities.zh.days import PART, Day, days
from callcore.understand.entities.zh.numbers import Number, cardinal, numbers

_H = r"(?:二十[一二三四]?|十[一二三四五六七八九]?|[零一二两三四五六七八九]|2[0-4]|1\d|0?\d)"
_M = r"(?:[零]?[一二三四五六七八九]|[二三四五]?十[一二三四五六七八九]?|[0-5]\d)"
_CLOCK = re.compile(
    rf"(?:(?P<part>{PART})的?[, ]?)?(?:差(?P<less>{_M}|一刻)分?(?:钟)?(?P<hour_less>{_H})点|"
    rf"(?<![\d:.])(?P<digits>2[0-4]|1\d|0?\d)[:时](?P<digit_minutes>[0-5]\d)(?::[0-5]\d|分)?(?!\d)|"
    rf"(?<![\d.零一二三四五六七八九十百])(?P<hour>{_H})点(?:(?P<half>半)|(?P<quarters>[一三])刻(?:钟)?|"
    rf"(?:过|零)?(?P<minutes>{_M})分(?!钟|期|之)|"
    rf"(?P<bare>[零]?{_M})(?![一二三四五六七八九十百千万\d个块元%.]|分[钟期之])|(?P<sharp>钟|整))?(?:钟|"
    rf"左右)?)"
)
_BEFORE = re.compile(" ?(?:钟)?(?:之前|以前|前)(?!天|面|台|期|来)")
_AFTER = re.compile(" ?(?:钟)?(?:之后|以后|过后|后)(?!天|面|台|来)")
_DAY_BEFORE = re.compile(" ?(?:之前|以前|前)(?!天|面|台|期|来|一天|几天|两天|后)")
_DAY_AFTER = re.compile(" ?(?:之后|以后)")
_TO = re.compile(" ?(?:到|至|~|-|—) ?")
_LINK = re.compile(f" ?(?:的|,|在)? ?(?:(?:{PART})(?:的|,)?)? ?")
LINK_LENGTH = 8  #: characters between a day and its time
LATE_REACH = 24  #: characters over which a part of the day holds: 今晚到家以后,八点前发给你
MORNING = range(7, 12)  #: hours that are the morning's where nothing says otherwise
_TRAIL = re.compile(f" ?(?:的)?(?P<part>{PART})")
_POINT_WORDS = re.compile("了?(?:东西|意见|问题|儿|点|的话|都|也|要求|建议|关系|额外|内容|需要|[首先]|来(?=说))")
_LATE = re.compile(
    "(?P<late>[今明昨当后]晚|晚[上间]|夜里|傍晚|下午|午后)(?!见|好)|[。？！?!]|(?:[明后昨今][天早日]|第二天|隔天|次日|上午|早[上晨]|中午)"
)  #: what a later time of the sentence is in, and what ends that
_AFTERNOON = ("下午", "傍晚", "晚上", "晚间", "夜里", "午后", "夜间", "深夜", "晚")

_MEASURES = {
    "year": "年",
    "quarter": "个季度 季度",
    "month": "个月 期",
    "week": "个星期 星期 个礼拜 礼拜 周",
    "day": "天",
    "hour": "个小时 小时 个钟头 钟头 个钟",
    "minute": "分钟",
    "second": "秒钟 秒",
}
_UNITS = {name: unit for unit, names in _MEASURES.items() for name in names.split()}
_NAMES = "|".join(sorted(_UNITS, key=len, reverse=True))
_LENGTH = re.compile(
    rf" ?(?:多|来)?(?P<halves>个半(?=月|小时|钟头|星期|礼拜))?(?P<unit>{_NAMES}|(?<=半)(?:月|小时|钟头|"
    rf"星期))(?P<half>半)?(?P<more>零?(?P<months>[一二三四五六七八九\d]{{1,2}})个月)?"
)
_HALF = re.compile(
    r"(?<!大)(?<!上)(?<!下)(?<!前)(?<!后)半(?:个)?(?P<unit>年|月|小时|钟头|天(?=之?内|以内|左右|时间|"
    r"假|就)|季度|分钟|星期|礼拜)(?!后|前|之后|以后|之前|以前|利|报)"
)
_ONE_AND_HALF = re.compile(r"个半(?P<unit>月|小时|钟头|星期|礼拜)")
_QUARTER = re.compile("(一|三|两)刻钟")
_WORKING = re.compile(r"个?(?:工作日|交易日)(?!之?内|以内|后|之后|以后)")
_EACH = re.compile(
    r"(?:的?(?:利息|利率)?(?:是|就|要|收|按)?)(?:[百千万]分之|\d+(?:\.\d+)?[%‰])"
)  # 一天万分之五: the rate's own
_NO_LENGTH_AFTER = re.compile("代|级|检|轮|内存|后天|线|薪|度|报|审|租|终|味|下午|天气|猫|底|末|初|货|纪|历")


@dataclass(frozen=True, slots=True)
class _Clock:
    start: int
    end: int
    hour: int
    minute: int
    sure: bool  #: it can be nothing but a time of day
    part: str = ""

    @property
    def value(self) -> str:
        return forms.clock(self.hour, self.minute)


def moments(spoken: Spoken, context: Context) -> Iterator[Span]:
    """date, period, time, datetime."""
    text = spoken.text
    found = _longest(days(text, context.date))
    clocks = list(_clocks(text))
    starts = [clock.start for clock in clocks]
    joined: set[int] = set()
    for day in found:
        place = bisect_left(starts, day.end)
        clock = clocks[place] if place < len(clocks) and _follows(text, day, clocks[place]) else None
        if clock is None:
            yield _day_span(text, day)
        elif day.first is not None and day.last is None:
            joined.add(clock.start)
            yield _bounded(text, "datetime", day.start, clock.end, f"{day.value}T{_in_part(text, day, clock).value}", 4)
        else:
            yield _day_span(text, day)
    by_start = {clock.start: clock for clock in clocks}
    for clock in clocks:
        if clock.start not in joined:
            yield from _time_spans(text, clock, by_start)


def _longest(found: list[Day]) -> list[Day]:
    """Of days that overlap the longest."""
    kept: list[Day] = []
    taken: set[int] = set()
    for day in sorted(found, key=lambda one: one.start - one.end):
        characters = range(day.start, day.end)
        if taken.isdisjoint(characters):
            taken.update(characters)
            kept.append(day)
    return sorted(kept, key=lambda one: one.start)


def _follows(text: str, day: Day, clock: _Clock) -> bool:
    """Whether a time belongs to the day before it."""
    return clock.start - day.end <= LINK_LENGTH and _LINK.fullmatch(text, day.end, clock.start) is not None


def _in_part(text: str, day: Day, clock: _Clock) -> _Clock:
    trail = _TRAIL.match(text, day.end)
    return clock if clock.part or not trail else _placed(clock, trail["part"])


def _day_span(text: str, day: Day) -> Span:
    end, value = day.end, day.value
    if day.kind == "date" and day.first is not None:
        trail = _TRAIL.match(text, end)
        at = trail.end() if trail else end
        if end - day.start == 1:
            end = at  # 今晚 is one word
        if bound := _DAY_BEFORE.match(text, at):
            end, value = bound.end(), forms.span("", value)
        elif bound := _DAY_AFTER.match(text, at):
            end, value = bound.end(), forms.span(value, "")
    return Span(day.kind, day.start, end, value, 0.95, rank=3)


def _bounded(text: str, kind: str, start: int, end: int, value: str, rank: int) -> Span:
    if bound := _BEFORE.match(text, end):
        return Span(kind, start, bound.end(), forms.span("", value), 0.95, rank=rank)
    if bound := _AFTER.match(text, end):
        return Span(kind, start, bound.end(), forms.span(value, ""), 0.95, rank=rank)
    return Span(kind, start, end, value, 0.95, rank=rank)


def _time_spans(text: str, clock: _Clock, by_start: dict[int, _Clock]) -> Iterator[Span]:
    link = _TO.match(text, clock.end)
    other = by_start.get(link.end()) if link else None
    if other is not None:
        last = _placed(other, clock.part) if clock.part and not other.part else other
        if last.hour < clock.hour and last.hour <= 12:
            last = replace(last, hour=last.hour + 12)
        yield Span("time", clock.start, other.end, forms.span(clock.value, last.value), 0.95, rank=4)
        return
    span = _bounded(text, "time", clock.start, clock.end, clock.value, 3)
    if clock.sure or span.end > clock.end or _sounds_like_time(text, clock):
        yield span


def _sounds_like_time(text: str, clock: _Clock) -> bool:
    """三点可以吗 is a time, 我说两点 and 快一点 are none."""
    said = text[clock.start : clock.end]
    if said.startswith(("一点", "1点", "零点")) or _POINT_WORDS.match(text, clock.end):
        return False
    return not (
        said.startswith(("两点", "2点", "三点", "几点"))
        and text[max(0, clock.start - 2) : clock.start].endswith(("说", "有", "这", "那", "第"))
    )


def _clocks(text: str) -> Iterator[_Clock]:
    for match in _CLOCK.finditer(text):
        hour = cardinal(match["hour"] or match["hour_less"] or match["digits"] or "")
        if hour is None or hour > 24:
            continue
        minute = _minute(match)
        if minute is None:
            continue
        if match["hour_less"]:
            hour, minute = hour - 1, 60 - minute
        sure = bool(match["part"] or match["hour_less"] or match["digits"] or match.end() > match.end("hour") + 1)
        if (
            match["bare"]
            and not match["part"]
            and match["bare"][0] != "零"
            and "十" not in match["bare"]
            and not match["bare"].isdecimal()
        ):
            continue  # 三点五 is a decimal
        clock = _Clock(*match.span(), int(hour) % 24, int(minute), sure)
        if not match["part"] and clock.hour in MORNING and _is_late(text, clock.start):
            yield replace(clock, hour=clock.hour + 12)
        elif match["digits"] and not match["part"]:
            yield clock
        else:
            yield _placed(clock, match["part"] or "")


def _is_late(text: str, start: int) -> bool:
    """Whether the last part of the day named before a time, in its sentence, is the afternoon or the evening."""
    said = list(_LATE.finditer(text, max(start - LATE_REACH, 0), start))
    return bool(said) and said[-1]["late"] is not None


def _minute(match: re.Match[str]) -> Decimal | None:
    if match["half"]:
        return Decimal(30)
    if match["quarters"]:
        return Decimal(15 if match["quarters"] == "一" else 45)
    if match["less"] == "一刻":
        return Decimal(15)
    said = match["minutes"] or match["bare"] or match["digit_minutes"] or match["less"]
    if not said:
        return Decimal(0)
    value = cardinal(said[1:] if said[0] == "零" and len(said) > 1 else said)
    return value if value is not None and value < 60 else None


def _placed(clock: _Clock, part: str) -> _Clock:
    """The hour in its part of the day; without one, 1 to 6 are the afternoon's."""
    hour = clock.hour
    if part in _AFTERNOON and hour < 12:
        hour = (hour + 12) if hour >= 5 or part in ("下午", "午后", "傍晚") else hour
    elif part in ("晚上", "半夜", "深夜", "夜里", "凌晨", "晚") and hour == 12:
        hour = 0
    elif (part == "中午" and hour < 6) or (not part and 1 <= hour <= 6):
        hour += 12
    return replace(clock, hour=hour, part=part)


def lengths(spoken: Spoken, _context: Context) -> Iterator[Span]:
    """How long: 半年, 三个半小时, 十二期, 三到五天, 三个工作日."""
    text = spoken.text
    for number in numbers(text):
        if number.start and text[number.start - 1] in "第每.":
            continue
        if working := _WORKING.match(text, number.end):
            count = "/".join(f"{bound.normalize():f}" for bound in _bounds(number))
            yield Span("duration", number.start, working.end(), forms.working_days(count), 0.95, rank=2)
        elif (match := _ONE_AND_HALF.match(text, number.end)) and number.high is None:
            yield _length(number.start, match.end(), [number.value + Decimal("0.5")], _unit(match["unit"]))
        elif match := _LENGTH.match(text, number.end):
            yield from _counted(text, number, match)
    for match in _HALF.finditer(text):
        yield _length(*match.span(), [Decimal("0.5")], _unit(match["unit"]))
    for match in _QUARTER.finditer(text):
        yield _length(*match.span(), [Decimal({"一": 15, "两": 30, "三": 45}[match[1]])], "minute")


def _counted(text: str, number: Number, match: re.Match[str]) -> Iterator[Span]:
    unit, bounds = _UNITS[match["unit"]], _bounds(number)
    if _NO_LENGTH_AFTER.match(text, match.end()) or (unit == "year" and _is_year(number)) or number.value == 0:
        return
    if _EACH.match(text, match.end()):
        return
    if unit == "week" and re.match("[一二三四五六日天]", text[match.end() : match.end() + 1]):
        return
    if match["half"] and len(bounds) == 1:
        bounds = [bounds[0] + Decimal("0.5")]
    if match["months"] and unit == "year" and len(bounds) == 1:
        months = cardinal(match["months"]) or Decimal(0)
        value = forms.duration(bounds[0], unit) + f"{int(months)}M"
        yield Span("duration", number.start, match.end(), value, 0.95, rank=2)
        return
    end = match.end() if not match["more"] else match.start("more")
    yield _length(number.start, end, bounds, unit)


def _is_year(number: Number) -> bool:
    return number.high is None and (number.value >= 1900 or (len(number.text) > 1 and number.text[0] in "0零"))


def _unit(name: str) -> str:
    return {"年": "year", "月": "month"}.get(name) or _UNITS[name]


def _bounds(number: Number) -> list[Decimal]:
    return [number.value] if number.high is None else [number.value, number.high]


def _length(start: int, end: int, bounds: list[Decimal], unit: str) -> Span:
    return Span("duration", start, end, "/".join(forms.duration(bound, unit) for bound in bounds), 0.95, rank=2)
