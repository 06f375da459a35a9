"""Dates of birth: whole dates with a year of which most callers are, which bank calls name for little else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from callcore.privacy.digits import ONES, TEENS
from callcore.privacy.spans import NEVER, Secret
from callcore.privacy.view import View
from callcore.types import Role

_ORDINAL = (
    "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth|"
    "fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|twenty[ -](?:first|second|third|fourth|fifth|"
    "sixth|seventh|eighth|ninth)|thirtieth|thirty[ -]first"
)
_NAMED = (
    "(?:january|february|march|april|may|june|july|august|september|october|november|december|"
    r"(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b\.?)"
)
_DAY = rf"(?:(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?|{_ORDINAL})"
_MONTH = rf"(?:{_NAMED}|(?:0?[1-9]|1[0-2])(?:st|nd|rd|th)?\b|{_ORDINAL})"
_DECADE = rf"(?:thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[ -](?:{ONES}))?"
_END = r"(?= ?(?:[.,?!;](?!\d)|$))"  #: of a sentence, where a year is no count of something
_YEAR = (  #: of people old enough for an account of their own
    rf"(?:(?:19\d\d|200\d|201[0-2])\b(?!,\d)|"
    rf"nineteen(?: hundred)?(?:[ -]and|,? (?:oh|um|uh|er),)?[ -](?:{_DECADE}|{TEENS}|oh[ -](?:{ONES}))\b|"
    rf"two thousand(?:(?: and)? (?:{ONES}|ten|eleven|twelve))?{_END}|"
    rf"['’]?(?:[3-9]\d|0\d|{_DECADE}|(?:oh|ought)[ -](?:{ONES})){_END})"
)
_COUNT = rf"(?:{ONES}|{TEENS}|twenty(?:[ -](?:{ONES}))?|thirty(?:[ -]one)?)"
_LONG_YEAR = rf"(?:19[3-9]\d|nineteen(?: hundred)?(?:[ -]and)?[ -]{_DECADE})\b"
_HOLIDAY = (
    "(?:christmas(?: day| eve)?|boxing day|new year'?s (?:day|eve)|valentine'?s(?: day)?|halloween|bonfire night|"
    "(?:st|saint) patrick'?s day|may day|leap day)"
)
_WORDS = re.compile(
    rf"(?<![\w'-])(?:(?:(?:the )?{_DAY}(?:,? of| the| in)*,? (?:the )?{_MONTH}|"
    rf"(?:{_COUNT} )?{_NAMED}(?:,? (?:the )?{_DAY})|{_COUNT} {_NAMED}|{_HOLIDAY})"
    rf"(?:,? in| of)?,? (?:the year )?{_YEAR}|"
    rf"{_NAMED},?(?: of)? {_LONG_YEAR}|{_LONG_YEAR},? (?:{_NAMED},? (?:the )?{_DAY}|(?:the )?{_DAY}(?: of)? {_NAMED}))"
)
_ORDINAL_DAY = rf"(?:(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)|{_ORDINAL})\b"
_DAY_AND_MONTH = (
    rf"(?:(?:the )?{_DAY}(?: day)?(?:,? of| the)*,? (?:the )?{_NAMED}|(?:the )?{_ORDINAL_DAY} of the {_ORDINAL_DAY}|"
    rf"{_NAMED}(?: the|,)? {_DAY}\b|{_COUNT} {_NAMED}|{_HOLIDAY}|"
    rf"(?:the )?{_ORDINAL_DAY} (?:month|day),? (?:the )?{_ORDINAL_DAY}(?: day| month)?)"
)
_ANY_YEAR = (  #: of children as well
    rf"(?:(?:19\d\d|20[0-2]\d)\b(?!,\d)|nineteen(?: hundred)?(?:[ -]and)?[ -](?:{_DECADE}|{TEENS}|oh[ -](?:{ONES}))\b|"
    rf"two thousand(?: and)? (?:{ONES}|{TEENS}|twenty(?:[ -](?:{ONES}))?)\b|two thousand{_END}|"
    rf"twenty[ -](?:oh[ -](?:{ONES})|{TEENS}|twenty(?:[ -](?:{ONES}))?)\b)"
)
_SHORT_YEAR = rf"['’]?(?:\d\d|{_DECADE}|(?:oh|ought)[ -](?:{ONES})){_END}"
#: what answers the question for a date of birth, in any sentence: day with month, or year
_PIECES = re.compile(
    rf"(?<![\w'-])(?:{_DAY_AND_MONTH}(?:(?:,? in)?,? (?:{_ANY_YEAR}|{_SHORT_YEAR}))?|{_ANY_YEAR})(?![\w-])"
)
_MONTHS = re.compile(rf"\b{_NAMED}(?![\w-])(?! (?:i|we|you)\b)")
#: what does so as a sentence: "The fifth.", "Oh, sorry, sixty-eight."
_ALONE = re.compile(
    r"(?:^|[.?!] )(?:(?:it's|its|it is|it was|that's|that was|the|in|on|um|uh|er|oh|sorry|yes|no|yeah|of|year|month|"
    r"day|then|and|actually|mine's|mine is|was|that'd be|i think|i'm|i was born|born|well),? )*"
    rf"(?P<date>{_ORDINAL_DAY}(?!\?)|{_SHORT_YEAR})(?= ?(?:[.?!]|$))"
)
_BORN = re.compile(
    rf"\b(?:born|birthday)\b(?:'s| is| was)?,?(?: (?:in|on|back|um|uh|er),?)* (?P<date>(?:the )?(?:{_DAY_AND_MONTH}"
    rf"(?:(?:,? in)?,? (?:{_ANY_YEAR}|{_SHORT_YEAR}))?|{_ANY_YEAR}|(?<=the ){_ORDINAL_DAY}))(?![\w-])"
)
_BOOKED = re.compile(r"\b(?:payments?|charged?|paid|transfer\w*|purchase|debit|refund|fee|sent|opened)\b[^.?!]*\bon $")
_MOST_WORDS = 25  #: of a turn in which pieces are looked for: who answers in steps says little else
_FEW_WORDS = 9  #: of a turn in which a month by itself is one
_WITH_MONTH = re.compile(rf"\b{_NAMED}(?![\w-])|{_DAY_AND_MONTH}")
_OF_BIRTH = re.compile(r"\b(?:birth|born|dob|d\.o\.b)")
_CUE = re.compile(
    r"\b(?:date of birth|birth ?date|d\.?o\.?b\.?)(?: is| was|'s|,|:)? (?P<date>[^.?!;]{4,40}?)(?=[.?!;,]|$)"
)
_ANY = re.compile(rf"\b(?:{_NAMED}|{_ORDINAL}|{_DECADE}|\d+)\b")
_FIGURES = re.compile(
    r"(?<![\w./-])(?:(?:0?[1-9]|[12]\d|3[01])([./ -])(?:0?[1-9]|[12]\d|3[01])\1(?:19\d\d|200\d|201[0-2]|[3-9]\d)|"
    r"(?:19\d\d|200\d|201[0-2])([./-])(?:0?[1-9]|1[0-2])\2(?:0?[1-9]|[12]\d|3[01]))(?![\w/-])"
)
_HAN_DIGIT = "[零〇○一二三四五六七八九幺]"
_HAN_MONTH = "(?:0?[1-9]|1[0-2]|十[一二]?|[正一二三四五六七八九冬腊])"
_HAN_DAY = (
    "(?:[12][0-9]|3[01]|0?[1-9]|[二三]?十[一二三四五六七八九]?|廿[一二三四五六七八九]?|初?[一二三四五六七八九十])"
)
_HAN = re.compile(
    rf"(?:(?:19|[一幺]九)(?:\d\d|{_HAN_DIGIT}{{2}})|(?:20|二[零〇○])(?:0\d|1[0-2]|[零〇○]{_HAN_DIGIT}|一[零〇○一二])|"
    rf"(?<![\d一二三四五六七八九十零〇])(?:[3-9]\d|[三四五六七八九]{_HAN_DIGIT}|[零〇○]{_HAN_DIGIT}))年(?:的|[,，、 ])*"
    rf"(?:阴历|农历|阳历|公历|旧历|新历)?{_HAN_MONTH}(?:月份?|月的)[,，、 ]*{_HAN_DAY}[号日]?"
)
_HAN_CUE = re.compile(
    rf"(?:生日|出生日期|出生)(?:就?是|在|为|:)?(?:阴历|农历|阳历|公历|旧历|新历)?(?:的)?"
    rf"(?P<date>{_HAN_MONTH}月份?的?{_HAN_DAY}[号日]?)"
)


def births(view: View) -> Iterator[Secret]:
    """Dates of birth, which prove who one is as much as a password does."""
    text = view.text
    if "date" not in view.topics or _OF_BIRTH.search(text):  # another date was asked for
        for pattern in (_WORDS, _FIGURES, _HAN):
            for match in pattern.finditer(text):
                yield Secret("code", *match.span(), least=NEVER)
    for pattern in (_HAN_CUE, _BORN):
        for match in pattern.finditer(text):
            yield Secret("code", *match.span("date"), least=NEVER)
    for match in _CUE.finditer(text):
        if _ANY.search(match["date"]):
            yield Secret("code", *match.span("date"), least=NEVER)
    if "birth" in view.topics and text.count(" ") < _MOST_WORDS:
        yield from _pieces(view)
    elif "birth" in view.topics and (answer := _PIECES.match(text)):
        yield Secret("code", *answer.span(), least=NEVER)


def _pieces(view: View) -> Iterator[Secret]:
    """What may answer the question for a date of birth in steps: a day, a month, a year."""
    text = view.text
    for match in _PIECES.finditer(text):
        if view.speaker is Role.AGENT and _BOOKED.search(text, 0, match.start()):
            continue  # "the payment of forty on the third of May"
        yield Secret("code", *match.span(), least=NEVER)
    few = text.count(" ") < _FEW_WORDS and not _WORDS.search(text)
    for match in _MONTHS.finditer(text) if few else ():
        if match[0] not in ("may", "march") or view.spoken.raw[match.start()].isupper():  # or it is a verb
            yield Secret("code", *match.span(), lasting=False, least=NEVER)
    for match in _ALONE.finditer(text):
        yield Secret("code", *match.span("date"), lasting=False, least=NEVER)


def is_whole(said: str) -> bool:
    """Whether a text in lower case tells a date with its year."""
    return _WORDS.search(said) is not None or _FIGURES.search(said) is not None


def is_date(said: str) -> bool:
    """Whether a secret in lower case is a date, or a piece of one that tells day or month."""
    return _WITH_MONTH.search(said) is not None
