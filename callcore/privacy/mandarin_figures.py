"""Figures that are nobody's own by how they are written or told: 9,600; the four noughts of an amount; 106 at the head.

What is asked for a number is answered with more than that: 尾号6792，里头剩4,800多.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from callcore.privacy.view import Stage, View

_DIGIT = r"[\d零一二三四五六七八九幺洞]"
#: an amount as a recogniser writes it; more groups than two may be a telephone number that it took for one
_GROUPED = re.compile(r"(?<![\d.])(?<!\d,)[1-9]\d{0,2}(?:,\d{3}){1,2}(?:\.\d{1,2})?(?!\d|,\d{3}(?!\d))")
#: what is said before a number of somebody's
_OF_NUMBER = re.compile(r"(?:号码?|末尾|尾号?|[后末前][三四六两]位|号的|开头|结尾|手机|电话)[就是为:, ]*$")
_REACH = 8  # characters before a figure in which that stands
#: how many noughts an amount has: 五万，四个零
_NOUGHTS = re.compile(rf"(?<!{_DIGIT})[一两二三四五六七八1-8]个零(?![ ,]?{_DIGIT})")
_MONEY = re.compile("[万千百元块]|金额|额度|[多少]了?[按打转输写]")
#: the head of a hotline, of what sends messages, of a town's telephones: 106开头, 0371打头
_HEAD = re.compile(
    rf"(?<!{_DIGIT})(?:(?:95|九五)|(?:1|一|幺)(?:0|零)|(?:0|零){_DIGIT}{{2}}){_DIGIT}{{0,3}}(?= ?(?:开头|打头|起头))"
)
#: an extension behind its telephone
_EXTENSION = re.compile(
    rf"(?:分机号?码?[是为:, ]{{0,2}}|(?<={_DIGIT})[ ,]?转[ ,]?)(?P<digits>{_DIGIT}{{1,6}})(?!{_DIGIT})"
)
_MARKS = " ,.。!?"


def nobodys(view: View) -> Iterator[tuple[int, int]]:
    """Heads of public numbers and extensions, as half-open ranges of characters."""
    if view.stage is Stage.PARTIAL:  # they may be the beginning of another
        return
    yield from (match.span() for match in _HEAD.finditer(view.text))
    yield from (match.span("digits") for match in _EXTENSION.finditer(view.text))


def amounts(view: View) -> Iterator[tuple[int, int]]:
    """Amounts, and how many noughts they have, where no word for money need stand beside them."""
    text = view.text
    if view.stage is Stage.PARTIAL:
        return
    for match in _GROUPED.finditer(text):
        alone = not text[: match.start()].strip(_MARKS) and not text[match.end() :].strip(_MARKS)
        written = "，" not in view.spoken.raw[match.start() : match.end()]
        if written and not alone and not _OF_NUMBER.search(text, max(0, match.start() - _REACH), match.start()):
            yield match.span()
    if _MONEY.search(text):
        yield from (match.span() for match in _NOUGHTS.finditer(text))
