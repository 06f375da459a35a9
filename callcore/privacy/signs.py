"""Numbers of letters and digits in English, one by one or written: passports, tax numbers, postcodes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from callcore.privacy.digits import ONES, TEENS, TENS, stretches
from callcore.privacy.services import explained
from callcore.privacy.spans import DOUBT, NEVER, Secret
from callcore.privacy.view import READABLE, View
from callcore.types import Role

_TWO_DIGITS = f"(?:{TENS})(?:[ -](?:{ONES}))?"
_SIGN = rf"(?:double |triple |treble )?(?:[a-z]|zed|zee|\d+|zero|oh|nought|{ONES}|{TEENS}|{_TWO_DIGITS})(?![\w'])"
_SAID = re.compile(rf"(?<![\w'£$€-]){_SIGN}(?:[ ,.-]{{1,2}}{_SIGN}){{2,}}")
_LETTER = re.compile(r"(?<![\w'])(?:[b-hj-z]|zed|zee)(?![\w'])")  # "a" and "I" are words
_NUMBER = re.compile(r"(?<![\w'])(?![a-z](?!\w)|zed|zee|double|triple|treble)\w+")
_WRITTEN = re.compile(
    r"(?<![\w'£$€-])(?=[a-z\d]*\d)(?=[a-z\d]*[a-z])(?![a-z]{1,3}\d{1,3}(?![a-z\d]))[a-z\d]{5,}(?![\w'])"
)
#: pieces with a hyphen between them, two of them with a digit, and a letter anywhere: 1EG4-TE5-MK73
_JOINED = re.compile(
    r"(?<![\w'£$€-])(?=[a-z\d-]*[a-z])(?=(?:[a-z]*-)*[a-z]*\d[a-z\d]*-(?:[a-z]*-)*[a-z]*\d)[a-z\d]{2,}(?:-[a-z\d]{2,})+(?![\w'])"
)
#: number plates as Britain has them, and others after a word for plates
_PLATE = re.compile(
    r"(?<![\w'-])[a-z]{2}\d{2} ?(?!(?:and|the|for|but|was|are|has|not|you|she|one|two|six|ten|per)\b)"
    r"[a-z]{3}(?![\w'-])|"
    r"\b(?:plate|reg|registration)\b[^.?!]{0,20}?\b(?P<own>[a-z]{1,3} ?\d{1,4} ?[a-z]{1,3})(?![\w'-])"
)
#: an end of a number that was asked for: "It starts KN and ends 4"
_EDGES = re.compile(
    r"\b(?:begins|starts|starting|beginning|ends|ending)(?: with| in| on)? (?P<one>[A-Z]{1,6}\d{0,4}|\d{1,6})(?![\w'-])"
)
_REFERENCE = re.compile(
    r"\b(?:case|reference|ref|ticket|complaint|order|tracking|claim|application|docket|query)(?: number| no\.?)?"
    r"(?: with you| there| already| open)?[ ,:#]+(?:(?:is|it's|the|um|uh)[ ,]+)*$"
    r"|\bgiven (?:me |us )?(?:a|the|this) number[ ,:]+(?:(?:is|it's|um|uh)[ ,]+)*$"
)
#: such a number, as an agent tells it
_GIVEN = re.compile(
    r"(?<![\w'])[b-hj-z](?:[ ,.-]{1,2}[a-z])?(?:[ ,.-]{1,2}(?:double |triple )?"
    rf"(?:\d+|zero|oh|nought|{ONES}|{TEENS}|{_TWO_DIGITS})(?![\w'])){{3,}}"
)
_LONG = 12  #: signs from which on what is written with letters and digits is nothing but a number
_OF_SOMEBODY = re.compile(
    r"\b(?:number|id|code|plate|registration|policy|licen[cs]e|passport|medicare|member(?:ship)?|wallet|insurance)"
    r"(?: number)?[ ,:]+(?:(?:is|it's|was|um|uh)[ ,]+){0,2}$"
)
_REACH = 30  #: characters before a number in which it is told whose it is
_FEWEST = 4  #: letters and digits that make a number


def signs(view: View) -> Iterator[Secret]:
    """Numbers of letters and digits that nothing explains as references, which agents give: of these none."""
    text = view.text
    if view.reference_wanted or view.speaker is Role.AGENT:
        return
    for match in _PLATE.finditer(text):
        yield Secret("digits", *match.span("own" if match["own"] else 0), least=NEVER)
    if view.number_wanted or "signs" in view.topics:
        for match in _EDGES.finditer(view.spoken.raw):
            yield Secret("digits", *match.span("one"), lasting=False, least=NEVER)
    for match in (*_SAID.finditer(text), *_WRITTEN.finditer(text), *_JOINED.finditer(text)):
        start, end = match.span()
        fact = any(span.start < end and start < span.end and span.kind in READABLE for span in view.spans)
        written = match.re is not _SAID
        if _figures(match[0]) in view.public:
            continue
        told = explained(text, start, match[0]) or _REFERENCE.search(text, max(0, start - _REACH), start)
        if not fact and not told and (written or _is_mixed(match[0])):
            sure = (written and end - start >= _LONG) or _OF_SOMEBODY.search(text, max(0, start - _REACH), start)
            yield Secret("digits", start, end, least=NEVER if sure else DOUBT)


def references_told(text: str) -> Iterator[Secret]:
    """Numbers that begin with letters, as an agent gives references: "D eight four one". ``value``: their digits."""
    for match in _GIVEN.finditer(text):
        yield Secret("digits", *match.span(), _figures(match[0]))


def _figures(said: str) -> str:
    """The digits of a number of letters and digits."""
    return "".join(one.digits for one in stretches(said))


def _is_mixed(said: str) -> bool:
    """Whether signs that are said one by one are letters and numbers."""
    letters, numbers = len(_LETTER.findall(said)), len(_NUMBER.findall(said))
    return bool(letters and numbers) and letters + numbers >= _FEWEST
