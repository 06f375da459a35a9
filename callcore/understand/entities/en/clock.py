"""Times of day."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from callcore.understand.entities.en.numbers import CARDINAL, Reading

_C = CARDINAL
_HALF_DAY = r"(?P<half>[ap]\.? ?m\b\.?)"
_PART = r"(?:in the )?(?P<part>morning|afternoon|evening)|(?:at )?(?P<night>night)"
_LEAD = (
    r"\b(?:at|around|about|by|until|till|before|after|from|between|since|past|exactly|it's|it was|is|for|sorry|i "
    r"mean|make that|make it|no|actually)"
)
_FREE = (
    rf"(?= ?(?:$|[,.?!;]| (?:on|in the|at night|today|tomorrow|yesterday|tonight|this|next|last|and|or (?!{_C})|but|"
    r"please|if|because|when|so|then|for|i|we|my|the day|works?|would|is|was|to|until|till|every"
    r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday|that|it|they|you|no|sorry|as|with|by|sharp|or "
    r"so|again|instead|local|your|the same)\b))"
)
_HOURS = re.compile(
    rf"\b(?:from|between|open|opened|hours|hours are|weekdays|daily|available|working) (?P<first>{_C}) (?:to|"
    rf"and|until|till) (?P<last>{_C}){_FREE}"
)
MORNING = range(7, 12)  #: hours that are the morning's where nothing says otherwise
EVENING_REACH = 60  #: characters over which "tonight" holds
_EVENING = re.compile(r"\b(?P<evening>tonight|evening)\b|[.?!]|\b(?:to-?morrow|today|morning|day|week)\b")
_MINUTES = (5, 10, 15, 20, 25)
_NOON = re.compile(r"\b(?P<named>noon|midday|midnight)\b")
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?<![\w{_C}])(?P<half_to>half )?(?P<hour>{_C})(?::(?P<minute>{_C})(?::{_C})?|[ -](?:oh )?(?P<minute2>{_C}))?"
        rf" ?(?:{_HALF_DAY}|{_PART})(?!\w)",
        rf"(?P<past>half|(?:a )?quarter|{_C}(?: minutes)?) (?P<way>past|after|to|till|before) "
        rf"(?P<hour>{_C})(?: ?(?:{_HALF_DAY}|{_PART}))(?!\w)",
        rf"(?P<past>half|(?:a )?quarter|{_C} minutes) (?P<way>past|after|to|till|before) (?P<hour>{_C})(?![\w%:/])",
        rf"(?:{_LEAD}) (?P<past>{_C}) (?P<way>past|to|till) (?P<hour>{_C}){_FREE}",
        rf"(?<![\w{_C}])(?P<past>{_C}) (?P<way>past) (?P<hour>{_C})(?![\w%:/])",
        rf"\bat (?P<hour>{_C})(?:[ -](?:oh )?(?P<minute2>{_C}))?(?![\w%:/{_C}]| ?(?:[a-z]+s\b|percent|per|dollars|"
        rf"%|{_C}|basis|point|hundred|[a-z]+ (?:street|road|avenue)|least|most|street|road|avenue))",
        rf"(?P<hour>{_C}) o[' ]?clock(?: ?(?:{_HALF_DAY}|{_PART}))?(?!\w)",
        rf"(?<![\w/:.])(?P<hour>{_C}):(?P<minute>{_C})(?::{_C})?(?:-?ish\b)?(?![\w:/])",
        rf"(?:{_LEAD}) (?P<half_to>half )?(?P<hour>{_C})(?:[ -](?:oh )?(?P<minute2>{_C}))?{_FREE}",
        rf"(?<![\w{_C}] )(?<![\w{_C}])(?P<hour>{_C})[ -](?P<bare>{_C}){_FREE}",
        rf"\b(?P<half_to>half )(?P<hour>{_C}){_FREE}",
        rf"(?P<military>{_C}) hours\b(?! (?:ago|later|a day))",
        rf"(?:{_C} )?\b(?P<named>noon|midday|midnight)\b",
    )
)


@dataclass(frozen=True, slots=True)
class Clock:
    """A time as a half-open range of :attr:`Reading.code`. ``sure``: whether the words say that it is one."""

    start: int
    end: int
    hour: int
    minute: int
    sure: bool
    said_half: bool  #: whether morning or afternoon was said

    def in_part(self, part: str) -> Clock:
        """The same time in that part of the day, where none was said with it."""
        if self.said_half or not part:
            return self
        return replace(self, hour=_hour(self.hour % 12, part), said_half=True)


def clocks(reading: Reading) -> list[Clock]:
    """Every time of day, none inside another, in order."""
    patterns = _PATTERNS if reading.numbers else (_NOON,)
    found = [one for pattern in patterns for match in pattern.finditer(reading.code) for one in _made(reading, match)]
    for match in _HOURS.finditer(reading.code):
        hours = [reading.numbers[match.start(group)].whole for group in ("first", "last")]
        if all(1 <= hour <= 12 for hour in hours):
            found += [
                Clock(match.start(group), match.end(group), _hour(hour, ""), 0, True, False)
                for group, hour in zip(("first", "last"), hours, strict=True)
            ]
    found.sort(key=lambda one: (one.start - one.end, one.start))
    kept: list[Clock] = []
    for one in found:
        if all(one.end <= other.start or one.start >= other.end for other in kept):
            kept.append(one)
    return [_in_evening(reading, one) for one in sorted(kept, key=lambda one: one.start)]


def _in_evening(reading: Reading, clock: Clock) -> Clock:
    """A time that its sentence has put into the evening before: I'm in tonight, so ring me before eight."""
    if clock.said_half or clock.hour not in MORNING:
        return clock
    said = list(_EVENING.finditer(reading.code, max(clock.start - EVENING_REACH, 0), clock.start))
    return clock.in_part("evening") if said and said[-1]["evening"] else clock


def _made(reading: Reading, match: re.Match[str]) -> Iterator[Clock]:
    groups = match.groupdict()
    named = groups.get("named")
    if named:
        yield Clock(match.start(), match.end(), 0 if named == "midnight" else 12, 0, True, True)
        return
    if groups.get("military"):
        hundreds = reading.numbers[match.start("military")]
        hour, minute = divmod(hundreds.whole, 100)
        if len(hundreds.digits) == 4 and hour < 24 and minute < 60 and reading.code[: match.start()].endswith("at "):
            yield Clock(match.start(), match.end(), hour, minute, True, True)
        return
    spoken = reading.numbers[match.start("hour")]
    hour, minute = int(spoken.value), 0
    if spoken.whole < 0:
        rest = spoken.said.partition(".")[2]
        if not spoken.figure or len(rest) != 2 or not hour:  # 0.50 is money
            return
        minute = int(rest)
    if groups.get("bare"):
        minute = reading.numbers[match.start("bare")].whole
        if 1 <= hour <= 12 and minute in (15, 30, 45):
            yield Clock(match.start(), match.end(), _hour(hour, ""), minute, False, False)
        return
    for group in ("minute", "minute2"):
        if groups.get(group):
            minute = reading.numbers[match.start(group)].whole
            if minute < 10 and group == "minute2" and not _zero_before(reading, match.start(group)):
                return
    if groups.get("half_to"):
        minute = 30
    sure = not match[0].startswith(_LEADS) or "past" in groups or bool(groups.get("half"))
    if groups.get("past"):
        shifted = _shifted(reading, match, hour)
        if shifted is None:
            return
        hour, minute = shifted
    if not (0 <= hour <= 24 and 0 <= minute < 60) or (hour == 24 and minute):
        return
    part = groups.get("half") or groups.get("part") or groups.get("night") or ""
    start = match.start("past" if groups.get("past") else "half_to" if groups.get("half_to") else "hour")
    written = spoken.figure and spoken.said.startswith("0")
    if hour > 12 and (part or not (groups.get("minute") or groups.get("minute2"))) and not groups.get("minute"):
        return
    yield Clock(start, match.end(), _hour(hour, part, written), minute, sure, bool(part) or hour > 12 or written)


def _shifted(reading: Reading, match: re.Match[str], hour: int) -> tuple[int, int] | None:
    """Reads "half past three", "ten to five"."""
    said = match["past"]
    if said.startswith(CARDINAL):
        count = reading.numbers[match.start("past")].whole
        if count not in _MINUTES and "minute" not in said:
            return None
    else:
        count = 30 if said == "half" else 15
    if not 1 <= hour <= 12 or not 0 < count < 60:
        return None
    if match["way"] in ("past", "after"):
        return hour, count
    return None if said == "half" else ((hour - 2) % 12 + 1, 60 - count)


def _hour(hour: int, part: str, written: bool = False) -> int:
    """Of 24. ``part``: "am", "p.m.", "morning" ...; without one, 1 to 6 are the afternoon's unless written as 03."""
    if hour > 12:
        return hour % 24
    if part.startswith(("a.", "am", "a m", "morning")):
        return hour % 12
    if part.startswith(("p.", "pm", "p m", "afternoon", "evening", "noon")):
        return hour % 12 + 12
    if part == "night":
        return hour % 12 + 12 if hour >= 5 and hour != 12 else hour % 12
    return hour + 12 if 1 <= hour <= 6 and not written else hour


def _zero_before(reading: Reading, place: int) -> bool:
    number = reading.numbers[place]
    return number.said.startswith(("zero ", "0")) or reading.code[:place].endswith("oh ")


_LEADS = (
    "at ",
    "around ",
    "about ",
    "by ",
    "until ",
    "till ",
    "before ",
    "after ",
    "from ",
    "between ",
    "since ",
    "past ",
    "exactly ",
    "it's ",
    "it was ",
    "is ",
    "for ",
    "sorry ",
    "i mean ",
    "make ",
    "no ",
    "actually ",
)
