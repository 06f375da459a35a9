"""What the questions of a call are about, for as long as its next turns may answer them piece by piece."""

from __future__ import annotations

import re

from callcore.privacy.births import is_date, is_whole
from callcore.privacy.digits import ONES
from callcore.privacy.find import Search
from callcore.types import Role
from callcore.understand.latest import Latest

LASTING = 4  #: turns in which a question may be answered, from the last one that kept to it
SHORT = 6  #: words of a question that goes on with the one before: "And the year?"

_PLACES = "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|last|final|\\d(?:st|nd|rd|th)"
_PASSWORD = (
    r"pass ?(?:word|code|phrase|number)s?|pins?|memorable \w+|security (?:number|code|word|answer)|secret|watchword"
)
#: by topic: what opens it
_OPENED = {
    "birth": re.compile(r"\b(?:birth(?:day|days|date)?|d\.?o\.?b\b|born)"),
    "signs": re.compile(
        rf"\b(?:{_PLACES})\b[^.?!]{{0,40}}\b(?:digits?|characters?)\b|"
        rf"\b(?:digits?|characters?) (?:number )?(?:{ONES})\b|\bwhich (?:digit|character|letter)s?\b|"
        rf"\b(?:{_PASSWORD})\b[^?!]{{0,40}}\b(?:letters?|characters?|digits?)\b|"
        rf"\b(?:letters?|characters?|digits?)\b[^?!]{{0,40}}\b(?:{_PASSWORD})\b"
    ),
    "pin": re.compile(r"\b(?:what|which|tell|give)\b[^.?!]{0,30}\b(?:pin|pass ?code)\b"),
    "expiry": re.compile(r"\b(?:expir\w+|valid (?:until|till|to|thru|through))\b"),
    "answer": re.compile(
        r"\bfavou?rite\b|\bfirst (?:job|car|pet|school|teacher|boss|concert|phone|album|house)\b|\bchildhood\b|"
        r"\bas a (?:child|kid)\b|\bgr[eo]w(?:ing)? up\b|\bplace of birth\b|\bbirth ?place\b|"
        r"\bwhere were you born\b|"
        r"\bparents (?:first )?me[e]?t\b|\b(?:grand)?(?:father|mother)'s (?:job|occupation|profession)\b|"
        r"\b(?:primary|secondary|high|elementary|junior) school\b|\bsecurity (?:question|answer)\b|"
        r"\bmemorable (?:place|event)\b"
    ),
    "guess": re.compile(
        r"\b(?:(?:that's|that is|it's|that was) not (?:it|right|what|correct|matching|the one)|not matching|"
        r"(?:doesn't|does not|didn't) match|(?:isn't|is not) (?:it|right|matching|what|correct)|still no|not that|"
        r"not quite|no match|incorrect|try again)\b|^close\b"
    ),
    "merchant": re.compile(
        r"\b(?:which|what) (?:company|merchant|shop|store|retailer|business|website|airline|hotel|firm|provider|"
        r"insurer|supplier|gym|restaurant|brand|branch|country|countries)\b|"
        r"\bwho(?:'s| is| was) the (?:merchant|retailer|provider|insurer|supplier)\b|\bdirect debit (?:for|to|with)\b|"
        r"\bwhere (?:will|are|were) you (?:be )?(?:travelling|traveling|going|flying)\b"
    ),
    "staff": re.compile(r"\b(?:which|who|what)\b[^.?!]{0,30}\b(?:colleagues?|advis[eo]r|relationship manager)\b"),
    "amount": re.compile(r"\bhow much\b|\b(?:what|which)(?: is| are| was| were|'s)?(?: the)?(?: exact)? amounts?\b"),
    "who": re.compile(
        r"\bwho(?:se|m)?(?:'s|'ve)?\b(?![^?]*\b(?:merchant|retailer|company|provider|insurer|supplier)\b)"
    ),
    "date": re.compile(r"\b(?:when|(?:what|which) (?:date|year|day|month))\b"),
}
_LASTING = {
    "merchant": 1,
    "staff": 1,
    "amount": 1,
    "date": 1,
    "pin": 1,
    "who": 1,
    "answer": 1,
    "guess": 1,
}  #: of topics with less than LASTING
_OF_BIRTH = re.compile(r"\b(?:date of birth|birth ?date|d\.?o\.?b\b)")  #: of customers, who tell of births as well
_SECURITY = re.compile(r"\b(?:security|memorable|secret|password)\b")
#: what is said of the card's last digits, of a letter that comes by post, of what ends but is no card
_ELSE = {
    "signs": re.compile(
        r"\blast (?:two|three|four|five|six|\d) (?:digits|numbers|characters)\b|\b(?:card|account|phone) number\b"
    ),
    "expiry": re.compile(
        r"\b(?:offer|rate|deal|term|lease|policy|fix|fixed|passport|licen[cs]e|visa|id|contract|agreement|link|points|"
        r"mortgage|bond|warranty|subscription|membership)\b"
    ),
}
_ASKED_BY_AGENT = frozenset(
    {"merchant", "staff", "amount", "expiry", "date", "pin", "who", "answer", "guess"}
)  #: which topics only an agent's question opens
_QUESTION = re.compile(r"\?|\b(?:what|which|when|where|who|how|can|could|may|would)\b")
_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")


class Topics:
    """What was asked lately in an English call. Holds no words of it."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[int, int, int]] = {}  #: channel and turn of the last that kept to it, last turn
        self._opened: Latest[str, frozenset[str]] = Latest()

    def note(self, text: str, found: Search, turn: int, channel: int, speaker: Role) -> None:
        """Take in what was said (:attr:`Spoken.text`) in a turn, and what is secret in it."""
        opened = {*self._opened.of(text, lambda: _opened_by(text))}
        if "birth" in opened or _SECURITY.search(text):
            opened.discard("date")
        if speaker is Role.CUSTOMER:
            opened -= _ASKED_BY_AGENT
            if not _OF_BIRTH.search(text):
                opened.discard("birth")
        dates = (text[one.start : one.end] for one in found.secrets if one.kind == "code")
        if any(map(is_date, dates)):
            opened.add("birth")
        asks = "?" in text or (speaker is not Role.CUSTOMER and _QUESTION.search(text) is not None)
        short = len(_WORD.findall(text)) <= SHORT
        before = {topic for topic, (_, _, until) in self._open.items() if turn <= until}
        if asks and short and "date" in opened and "birth" in before:  # "And what year was that?"
            opened = {"birth"}
        if asks and short and not opened:
            opened = {*before}
        if opened or (asks and not short):
            self._open = {}
        if speaker is Role.CUSTOMER and is_whole(text):  # answered
            self._open.pop("birth", None)
            opened.discard("birth")
        self._open.update((topic, (channel, turn, turn + _LASTING.get(topic, LASTING))) for topic in opened)

    def open(self, turn: int, channel: int) -> frozenset[str]:
        """The topics that a turn may go on with, but for those that it opens itself."""
        return frozenset(
            topic
            for topic, (asker, since, until) in self._open.items()
            if turn <= until and (asker, since) != (channel, turn)
        )


def _opened_by(text: str) -> frozenset[str]:
    """The topics that a text asks about, whoever says it."""
    opened = {topic for topic, asked in _OPENED.items() if asked.search(text)}
    return frozenset(opened - {topic for topic, other in _ELSE.items() if topic in opened and other.search(text)})
