"""Dates of birth: whole dates with a year of which most callers are, which bank calls name for little else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from callcore.privacy.digits import ONES, TEENS
from callcore.privacy.spans import NEVER, Secret
from callcore.privacy.view import View

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
    rf"nineteen(?: hundred)?(?:[ -]and)?[ -](?:{_DECADE}|{TEENS}|oh[ -](?:{ONES}))\b|"
    rf"two thousand(?:(?: and)? (?:{ONES}|ten|eleven|twelve))?{_END}|"
    rf"['’]?(?:[3-9]\d|0\d|{_DECADE}|(?:oh|ought)[ -](?:{ONES})){_END})"
)
_COUNT = rf"(?:{ONES}|{TEENS}|twenty(?:[ -](?:{ONES}))?|thirty(?:[ -]one)?)"
_LONG_YEAR = rf"(?:19[3-9]\d|nineteen(?: hundred)?(?:[ -]and)?[ -]{_DECADE})\b"
_WORDS = re.compile(
    rf"(?<![\w'-])(?:(?:(?:the )?{_DAY}(?:,? of| the| in)*,? (?:the )?{_MONTH}|"
    rf"(?:{_COUNT} )?{_NAMED}(?:,? (?:the )?{_DAY})|{_COUNT} {_NAMED}|christmas(?: day| eve)?)"
    rf"(?:,? in| of)?,? (?:the year )?{_YEAR}|"
    rf"{_NAMED},?(?: of)? {_LONG_YEAR}|{_LONG_YEAR},? {_NAMED},? (?:the )?{_DAY})"
)
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
    for pattern in (_WORDS, _FIGURES, _HAN):
        for match in pattern.finditer(view.text):
            yield Secret("code", *match.span(), least=NEVER)
    for match in _HAN_CUE.finditer(view.text):
        yield Secret("code", *match.span("date"), least=NEVER)
    for match in _CUE.finditer(view.text):
        if _ANY.search(match["date"]):
            yield Secret("code", *match.span("date"), least=NEVER)
