"""In English: single characters of a PIN or a password told by their place, PINs that were tried, expiry of cards."""

from __future__ import annotations

import re
from collections.abc import Iterator

from callcore.privacy.digits import ONES, TEENS, stretches
from callcore.privacy.spans import NEVER, Secret
from callcore.privacy.view import View
from callcore.types import Role

_MARK = (
    "exclamation (?:mark|point)|question mark|full stop|dot|hash(?: ?tag)?|asterisk|star|ampersand|at sign|underscore|"
    "hyphen|dash|plus(?: sign)?|(?:pound|dollar|euro|percent) sign|slash|comma|space"
)
#: one of them, with how it is written: "capital B", "N for Nellie"; "a" and "i" only where they are no words
_ONE = (
    r"(?:(?:double|capital|upper ?case|lower ?case|small|big|little|number|letter|digit) )*"
    rf"(?:[b-hj-z](?![\w'])|[ai](?= ?(?:[.,!?;]|$| and\b| then\b| (?:for|as in) ))|\d(?![\w'%]|[.,]\d)|zed|zee|zero|oh|"
    rf"nought|naught|nothing|nil|(?:{ONES})(?! hundred| thousand)|{_MARK})(?![\w'])(?: (?:for|as in|like) [a-z]+)?"
)
_NTH = r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|last|final|\d{1,2}(?:st|nd|rd|th))"
_PLACE = (
    rf"(?:(?:the )?{_NTH}(?: (?:one|letter|digit|character|number))?|"
    rf"(?:(?:digit|letter|character|number|position) )?(?:{ONES}|ten))"
)
_LINK = r"(?:'s| is| was| would be| equals|,|:|\.{3})+ (?:(?:um|uh|er|an?|the|it's|i think|that's)\b,? ?)*"
_AT_PLACE = re.compile(rf"\b{_PLACE}{_LINK}(?P<one>{_ONE})")
_VERB = re.compile(r"'s|is|was|would|equals|:")  #: without one an agent tells amounts: "Three ten, three ten"
#: of the one that was asked for: "I think that's a zero", "It ends in a Y"
_IT_IS = re.compile(
    r"\b(?:it's|its|it is|that's|that is|it would be|that would be|it'd be|that'd be|(?:ends|starts|begins|finishes) "
    rf"(?:in|with|on))(?: (?:um|uh|er|just|an?|the),?)* (?P<one>{_ONE})"
    r"(?=[.,!?;]| and\b| then\b| i (?:think|believe)\b|$)"
)
_TALK = r"(?:(?:um|uh|er|erm|oh|yes|yeah|and|then|so|okay|it's|that's|an?|the|sorry|hang on|maybe|probably)[ ,.]+)*"
_ONLY = re.compile(rf"(?:^|(?<=[.?!] )){_TALK}(?P<one>{_ONE}(?:[ ,.]+(?:and |then )*{_ONE})*)(?= ?(?:[.!?]|$))")
_MONTH = (
    "(?:january|february|march|april|may|june|july|august|september|october|november|december|"
    r"(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b\.?)"
)
_EXPIRY = re.compile(
    rf"\b(?:{_MONTH}|(?:oh |zero )?(?:{ONES})|ten|eleven|twelve|0?[1-9]|1[0-2])(?:,? (?:of|slash|stroke|the)|[,/-])? ?"
    rf"(?:20[2-4]\d|(?:20 ?|twenty[ -])?(?:[2-4]\d|(?:twenty|thirty|forty)(?:[ -](?:{ONES}))?)|twenty (?:{TEENS}))"
    r"(?!\w|-|,\d)"
)
#: tried in vain: "I tried 1945, then I tried 1954"
_TRIED = re.compile(
    r"\b(?:tried|try|trying|typed|typing|typing in|put in|putting in|entered|entering|used|using) "
    r"(?P<one>\d{4,6})(?![\w.,]\d)"
)
_LENGTHS = range(4, 7)  #: of PINs
_PIN = re.compile(r"\b(?:pin|passcode|pass code|security (?:number|code))\b")


def signs_told(view: View) -> Iterator[Secret]:
    """Characters of a secret that was asked for by places, PINs that were tried, and expiry dates."""
    text = view.text
    if "signs" in view.topics:
        for pattern in (_AT_PLACE, _IT_IS, _ONLY):
            for match in pattern.finditer(text):
                if view.speaker is not Role.AGENT or pattern is not _AT_PLACE or _VERB.search(match[0]):
                    yield Secret("code", *match.span("one"), lasting=False, least=NEVER)
    if "expiry" in view.topics and view.speaker is not Role.AGENT:
        for match in _EXPIRY.finditer(text):
            yield Secret("card_expiry", *match.span(), lasting=False, least=NEVER)
    if "pin" in view.topics and view.speaker is not Role.AGENT:
        for one in stretches(text, view.readable):
            if len(one.digits) in _LENGTHS:
                yield Secret("code", one.start, one.end, one.digits, least=NEVER)
    if _PIN.search(text):
        for match in _TRIED.finditer(text):
            yield Secret("code", *match.span("one"), least=NEVER)
