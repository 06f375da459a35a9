"""What a call may name though no entity says so: other days, shops, branches, channels, for a model to choose among.

They are no entities: who shows or masks what was said takes no notice of them.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache, lru_cache, partial

from callcore.text.chars import HAN, is_chinese
from callcore.tickets.reading import CallView, Fact, Reading, Span
from callcore.tickets.said_days import NUMBERED, WEEKDAY_EN, WEEKDAY_ZH
from callcore.tickets.spec import FieldSpec
from callcore.tickets.unsure import CONFIDENCE, UNSURE, unsure_amounts
from callcore.types import MASK, Entity
from callcore.understand.entities import calendar
from callcore.understand.entities.calendar import WEEK
from callcore.understand.entities.en.day_words import DAY_NAME, MONTH
from callcore.understand.entities.en.lexicon import lexicon

NAMED = ("merchant", "branch")  #: kinds of facts that have names of their own
_WEEKDAY = re.compile(rf"{WEEKDAY_EN}|{WEEKDAY_ZH}")
_MONTH = re.compile(rf"\b(?:{MONTH})|月|/")
_NUMBERED = re.compile(NUMBERED)
_MEANT = re.compile(r"\b(?:next|coming|following|tomorrow|in|from)\b|下|明|后|年|\b(?:19|20)\d\d\b")  # to be that day
_LAST = re.compile(r"\blast\b|上")

#: words in capitals side by side: Salt Pond Charters, Pontotoc Bark and Stone
_CAPITALS = re.compile(
    r"(?<![\w'])[A-Z][\w&'’-]*(?:\.[A-Z]+\.?)*"
    r"(?:(?: (?:and|of|the|de|la|on|&)){0,2} (?:[A-Z][\w&'’-]*(?:\.[A-Z]+\.?)*|\d{1,3}\b)){0,4}"
)
_COMPANY = re.compile(r"(?:['’]s?|,? (?:LLC|Inc|Ltd))$")
_TITLE = re.compile(r"\b(?:mr|mrs|ms|miss|dr|mister|sir|madam)\.? $")
_TITLE_REACH = 8
_QUOTED = re.compile(r"[\"“「『‘]([^\"“”‘’「」『』，。？！,?!]{2,12})[\"”」』’]")
_CALLED = re.compile(
    r"(?:叫(?:个|做|什么)?|收款(?:的|方|人)?(?:都|就)?是|商户名?(?:都|就)?(?:是|叫|写的?是?|显示的?是?)?|商家是?|"
    r"一家(?!叫)|都是什么)"
    rf"((?![什啥哪谁个你我他她您不这那])[{HAN}]{{3,9}}?)(?=[的吗吧呢，。？！,?! ]|$)"
)
_LATIN = re.compile(r"(?<![A-Za-z])[A-Z][A-Za-z.'-]+(?: [A-Z][A-Za-z.'-]+){0,3}")


def possible_facts(spec: FieldSpec, call: CallView) -> list[Fact]:
    """For a field, in the order of the call; the same objects as before for turns that are the same."""
    if spec.type == "amount":
        return unsure_amounts(spec, call)
    of_turn = _finder(spec, call)
    if of_turn is None:
        return []
    return [fact for one in call.readings for fact in one.once((UNSURE, spec.name), partial(_of_turn, one, of_turn))]


def _of_turn(reading: Reading, find: Callable[[Reading], Iterator[Fact]]) -> Sequence[Fact]:
    return tuple(find(reading))


def _finder(spec: FieldSpec, call: CallView) -> Callable[[Reading], Iterator[Fact]] | None:
    if spec.type == "date":
        return partial(_other_days, spec=spec, day=datetime.date.fromisoformat(call.day)) if call.day else None
    chinese = is_chinese(call.language)
    kind = next((kind for kind in spec.kinds if kind in NAMED), "")
    if kind == "branch" and chinese:  # 支行 and the like always tell; roads and towns are nearly never branches
        return None
    if kind and spec.type == "text":  # there are many: what they are is for the whole call to tell
        return partial(_names, kind=kind, chinese=chinese) if call.ended else None
    return partial(_chosen, name=spec.name, kind=spec.kinds[0]) if spec.choice else None


def _other_days(reading: Reading, spec: FieldSpec, day: datetime.date) -> Iterator[Fact]:
    """The day before that a day to come may stand for: a weekday for that of last week, the fifth for last month's."""
    for place, entity in enumerate(reading.found.entities if reading.found else ()):
        if entity.kind not in spec.kinds or entity.status == "corrected" or not spec.accepts(entity.value):
            continue
        other = _day_before(entity.text.lower(), entity.value[:10], day)
        if other:
            normal = other.isoformat()
            yield Fact(reading, place, replace(entity, value=normal, source=UNSURE), normal, "said")


def _day_before(said: str, normal: str, day: datetime.date) -> datetime.date | None:
    try:
        named = datetime.date.fromisoformat(normal)
    except ValueError:
        return None
    if _MEANT.search(said):
        return None
    if _WEEKDAY.search(said):
        plain = not _NUMBERED.search(said)
        return named - WEEK if plain and (named >= day or _LAST.search(said)) else None
    if named <= day or not _NUMBERED.search(said):
        return None
    return calendar.shift_months(named, -12 if _MONTH.search(said) else -1)


def _names(reading: Reading, kind: str, chinese: bool) -> Iterator[Fact]:
    """Names of which nothing tells what they are."""
    text = reading.turn.text
    entities = reading.found.entities if reading.found else ()
    taken = [
        reading.characters(one.first_word, one.end_word) for one in entities if one.kind not in ("channel", "bank")
    ]
    spans = _said_in_chinese(text) if chinese else _said_in_capitals(text)
    for start, end in spans:
        name = text[start:end]
        if MASK not in name and not any(first < end and start < last for first, last in taken):
            yield _fact(reading, (start, end), kind, name)


def _said_in_chinese(text: str) -> Iterator[Span]:
    for pattern in (_QUOTED, _CALLED, _LATIN):
        for match in pattern.finditer(text):
            yield match.span(match.lastindex or 0)


def _said_in_capitals(text: str) -> Iterator[Span]:
    for match in _CAPITALS.finditer(text):
        start, end = match.span()
        words = [one.span() for one in re.finditer(r"\S+", match[0])]
        while words and _is_plain(match[0][slice(*words[0])]):
            words.pop(0)
        if not words or _TITLE.search(text.lower(), max(0, start - _TITLE_REACH), start):
            continue
        start += words[0][0]
        name = _COMPANY.sub("", text[start:end])
        if len(name) > 1 and name[0].isalnum() and not name.islower():
            yield start, start + len(name)


@cache
def _plain_words() -> frozenset[str]:
    words = lexicon().words
    return frozenset((*words["not_names"], *words["not_branches"], *words["titles"]))


@lru_cache(maxsize=4096)
def _is_plain(word: str) -> bool:
    """Whether a word begins no name: one of every sentence, a day, a month."""
    lowered = word.lower().rstrip(".,").replace("’", "'")
    return (
        lowered in _plain_words()
        or lowered.partition("'")[0] in _plain_words()
        or re.fullmatch(rf"(?:{DAY_NAME})(?:'s|s)?|{MONTH}", lowered) is not None
    )


def _chosen(reading: Reading, name: str, kind: str) -> Iterator[Fact]:
    """Values of which a turn has a phrase."""
    for (field, code), span in reading.choices.items():
        if field == name:
            yield _fact(reading, span, kind, code)


def _fact(reading: Reading, span: Span, kind: str, normal: str) -> Fact:
    at = reading.at(span)
    place = at.start_sample, at.end_sample, at.first_word, at.end_word
    entity = Entity(kind, reading.quote(span), normal, CONFIDENCE, *place, source=UNSURE)
    return Fact(reading, len(reading.found.entities) if reading.found else 0, entity, normal, "said")


def is_unsure(facts: Sequence[Fact]) -> bool:
    """Whether no entity tells any of them."""
    return all(fact.entity.source == UNSURE for fact in facts)
