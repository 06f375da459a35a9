"""What speaks for a candidate being the value of a field, as named numbers between 0 and 1.

All are read off the call as far as it is known: who says it and where, what is done in its sentence, what stands beside
it, how it compares with the other candidates.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from callcore.text.chars import is_chinese
from callcore.tickets.candidates import Candidate, is_stated
from callcore.tickets.clauses import WORDS, clause_of, worded
from callcore.tickets.facts import MOMENT, beside, is_total, number_of, refused, span_of
from callcore.tickets.matter import Matter
from callcore.tickets.possible import is_unsure
from callcore.tickets.promises import Promises
from callcore.tickets.reading import CallView, Fact, Reading, Span
from callcore.tickets.said_days import FIGURES_ZH, NUMBERED
from callcore.tickets.spec import FieldSpec

VERSION = 4  #: of these traits; a model made for another version is refused
DEADLINE = "followup.due"  #: the field whose candidates are times still to come
OPENING = 3  #: turns of the customer in which the matter is told
MANY = 4  #: so many places count as one
LARGEST = 8  #: digits of an amount that count as one
TALKED = ("amount", "date")  #: types of fields of which several values are said in most calls
MOSTWORDS = 5  #: of a name; more count as as many
MOST_ADDED = 12  #: amounts among which sums are looked for
TIMES = (2, 3, 4)  #: how often an amount may have gone off

Traits = dict[str, float]
_YES = re.compile(r"对|是的|是[，。,.]|嗯|没错|yes|yeah|yep|that'?s (?:right|it|correct)|correct|right\b|aye")
_ASKED = re.compile(  # for an amount or a day
    r"多少|几块|几百|几千|几万|几号|哪天|哪一天|什么时候|哪一?笔|how much|how many|amount|when|what d(?:ate|ay)|which"
)


@dataclass(frozen=True, slots=True)
class Row:
    """A candidate with its traits: ``fixed`` while the candidates are the same, others ``moving`` with every turn."""

    one: Candidate
    fixed: Traits
    moving: Traits

    @property
    def traits(self) -> Traits:
        """All of them."""
        return self.fixed | self.moving


def plain_traits(one: Candidate, call: CallView) -> Traits:
    """Of one candidate for any field: who says it, and what is done in its sentence."""
    return _without_zeros(_said(one) | _done(one.facts, call))


def own_traits(spec: FieldSpec, one: Candidate, call: CallView) -> Traits:
    """Of one candidate for a field: what the places that say it tell."""
    found = plain_traits(one, call)
    found["prefer"] = float(any(beside(fact, spec.prefer) for fact in one.facts))
    found["avoid"] = float(any(beside(fact, spec.avoid) for fact in one.facts))
    found["avoid.first"] = float(beside(one.facts[0], spec.avoid))
    found["unsure"] = float(is_unsure(one.facts))
    own = next((kind for kind in spec.kinds if kind in WORDS), "")
    found |= worded(one.facts, own or spec.type)
    match spec.type:
        case "amount":
            found |= _of_amount(one)
        case "date":
            found |= _of_day(one.normal, call.day) | _dated(one.facts)
            found["ahead"] = float(any(beside(fact, spec.ahead) for fact in one.facts))
        case "text":
            found |= _of_name(one)
        case "code":
            found[f"is.{one.normal}"] = 1.0
            found["by_name"] = float(any(fact.entity.text.lower() not in ("支行", "branch") for fact in one.facts))
    return _without_zeros(found)


def own_term_traits(one: Candidate, call: CallView) -> Traits:
    """Of one time as that by which the bank gets back: what the places that say it tell."""
    found = plain_traits(one, call) | worded(one.facts, "due")
    found |= _of_day(one.normal, call.day) | {
        "hour": float(len(one.normal) > 10),
        "bounded": float(any(fact.entity.value.startswith("..") for fact in one.facts)),
        "span": float(any(fact.entity.kind == "duration" for fact in one.facts)),
    }
    return _without_zeros(found)


def rival_traits(one: Candidate, all_: Sequence[Candidate], kind: str = "") -> Traits:
    """Of one candidate: how it stands among all of them. ``kind``: of field."""
    turns = _turns(one)
    others = {fact.reading.turn.turn_id for other in all_ if other is not one for fact in other.facts}
    first_own = next((other for other in all_ if any(fact.reading.customer for fact in other.facts)), None)
    found = {
        "first": float(one is all_[0]),
        "second": float(len(all_) > 1 and one is all_[1]),
        "first.own": float(one is first_own),
        "last": float(one is all_[-1]),
        "only": float(len(all_) == 1),
        "rivals": min(len(all_) - 1, MANY) / MANY,
        "alone.in_turn": float(not turns <= others),
    }
    if kind in TALKED:
        found["most"] = float(len(all_) > 1 and all(len(turns) > len(_turns(o)) for o in all_ if o is not one))
    if kind == "amount":
        value, sums = float(number_of(one.normal)), [float(number_of(other.normal)) for other in all_]
        found["share"] = value / max(sums) if max(sums) else 0.0
        found["largest"] = float(value == max(sums) and len(all_) > 1)
        found["smallest"] = float(value == min(sums) and len(all_) > 1)
        found |= _added(value, sums)
    return _without_zeros(found)


def _turns(one: Candidate) -> set[int]:
    return {fact.reading.turn.turn_id for fact in one.facts}


def _added(value: float, sums: Sequence[float]) -> Traits:
    """Whether an amount is two or three of the others together, or one of them several times; whether it is a part."""
    others = sorted({other for other in sums if 0 < other != value})[:MOST_ADDED]
    wholes = [other for other in others if other > value]
    parts = [other for other in others if other < value]
    totals = [sum(some) for count in (2, 3) for some in combinations(parts, count)]
    return {
        "whole": float(any(math.isclose(value, total, abs_tol=0.01) for total in totals)),
        "times": float(any(math.isclose(value, part * count) for part in parts for count in TIMES)),
        "part": float(any(math.isclose(whole, value + other, abs_tol=0.01) for whole in wholes for other in others)),
        "timed": float(any(math.isclose(whole, value * count) for whole in wholes for count in TIMES)),
    }


def moving_traits(one: Candidate, call: CallView, ruled: Collection[str]) -> Traits:
    """Of one candidate: where in the call it stands, and what the rules say of it (``ruled``: what they choose)."""
    places = [call.places[fact.reading.turn.turn_id] for fact in one.facts]
    last = max(len(call.readings) - 1, 1)
    first_at, last_at = places[0] / last, places[-1] / last
    opening = call.customer[:OPENING]
    found = {
        "ruled": float(one.normal in ruled),
        "no_rule": float(not ruled),
        "chinese": float(is_chinese(call.language)),
        "at": first_at,
        "begins": float(first_at < 1 / 3),
        "late": float(first_at >= 2 / 3),
        "ends": float(last_at >= 2 / 3),
        "opening": float(any(fact.reading in opening for fact in one.facts)),
        "answer": float(any(_answers(place, call) for place in places)),
    }
    return _without_zeros(found)


def talk_traits(one: Candidate, call: CallView) -> Traits:
    """Of one amount or day: whether somebody asked for such, whether the other side says yes to it."""
    places = [call.places[fact.reading.turn.turn_id] for fact in one.facts]
    found = {
        "answer.such": float(any(_answers(place, call, _ASKED) for place in places)),
        "agreed": float(any(_agreed(place, call) for place in places)),
    }
    return _without_zeros(found)


def _without_zeros(found: Traits) -> Traits:
    return {name: value for name, value in found.items() if value}


def about(matter: Matter) -> Traits:
    """What the call is about, which tells whether there is such a fact at all."""
    found: Traits = {}
    if matter.category:
        found[f"about.{matter.category.normal}"] = 1.0
    for topic in matter.topics[:1]:
        found[f"about.{topic.normal.partition('.')[0]}"] = 1.0
    return found


def promised(normal: str, promises: Promises) -> Traits:
    """What the promises of the call say for a time: of which kind are those that are due then."""
    due = [promise for promise in promises.all if promise.due == normal]
    return {f"due.{promise.by.value}.{promise.kind}": 1.0 for promise in due}


def _said(one: Candidate) -> Traits:
    """By whom, how often, and what became of it."""
    readings = [fact.reading for fact in one.facts]
    customer, agent = any(r.customer for r in readings), any(r.agent for r in readings)
    turns = {reading.turn.turn_id for reading in readings}
    return {
        "customer": float(customer),
        "agent": float(agent),
        "both": float(customer and agent),
        "first.customer": float(readings[0].customer),
        "last.customer": float(readings[-1].customer),
        "again": min(len(turns) - 1, MANY) / MANY,
        "confirmed": float(any(fact.status == "confirmed" or fact.by for fact in one.facts)),
        "corrected": float(any(fact.before for fact in one.facts)),
        "disputed": float(any(fact.status == "disputed" for fact in one.facts)),
    }


def _answers(place: int, call: CallView, what: re.Pattern[str] | None = None) -> bool:
    """Whether the other side has just asked something. ``what``: words of the question."""
    before = call.readings[place - 1] if place else None
    if before is None or before.role is call.readings[place].role or not before.asks():
        return False
    return what is None or what.search(before.text, before.sentences[-1][0]) is not None


def _agreed(place: int, call: CallView) -> bool:
    """Whether the other side goes on by saying yes to it."""
    after = call.readings[place + 1] if place + 1 < len(call.readings) else None
    return after is not None and after.role is not call.readings[place].role and _YES.match(after.text) is not None


def _done(facts: Sequence[Fact], call: CallView) -> Traits:
    """What is done in the sentences that say it."""
    found: Traits = {}
    asked = 0
    for fact in facts:
        done, asks = _done_beside(fact, call.said_by)
        found |= done
        asked += asks
    found["asked"] = float(asked > 0)
    found["only.asked"] = float(asked == len(facts))
    return found


def _done_beside(fact: Fact, said_by: Mapping[str, str]) -> tuple[Traits, bool]:
    reading, span = fact.reading, span_of(fact)
    return reading.once(("done", span), lambda: _done_in(reading, reading.sentence(span), said_by))


def _done_in(reading: Reading, sentence: Span, said_by: Mapping[str, str]) -> tuple[Traits, bool]:
    """What is done in a sentence of a turn, and whether it asks."""
    found = {f"act.{code}": 1.0 for code in reading.done(said_by, sentence)}
    for hit in reading.promises:
        if reading.speaks(hit.by) and sentence == reading.sentence(hit.span):
            found |= {f"promise.{hit.by}": 1.0, f"promise.{hit.by}.{hit.kind}": 1.0}
    if reading.topics or reading.terms or (reading.found and reading.found.topics):
        found["topical"] = 1.0
    return found, reading.asks(sentence[1])


def _of_amount(one: Candidate) -> Traits:
    value = float(number_of(one.normal))
    return {
        "size": min(math.log10(value + 1) / LARGEST, 1.0),
        "small": float(value < 20),
        "rounded": float(value >= 100 and value % 100 == 0),
        "cents": float(value != int(value)),
        "range": float("/" in one.normal),
        "sum": float(is_total(one.facts)),
        "refused": float(any(refused(fact) for fact in one.facts)),
        "rough": float(all(_ROUGH.search(clause_of(fact)) is not None for fact in one.facts)),
        "stated": float(any(is_stated(fact) for fact in one.facts)),
    }


def _of_name(one: Candidate) -> Traits:
    """How a name is said: of how many words, in quotes, of which kind by its last word, beside an amount."""
    first = one.facts[0]
    words = len(one.normal.split()) if one.normal.isascii() else len(one.normal)
    return {
        f"words.{min(words, MOSTWORDS)}": 1.0,
        "quoted": float(any(_is_quoted(fact) for fact in one.facts)),
        "street": float(_STREET.search(one.normal.lower()) is not None),
        "firm": float(_FIRM.search(one.normal.lower()) is not None),
        "beside.amount": sum(_beside_amount(fact) for fact in one.facts) / len(one.facts),
        "starts": float(_begins(first)),
    }


def _is_quoted(fact: Fact) -> bool:
    start, end = span_of(fact)
    return not _QUOTES.isdisjoint(fact.reading.text[max(start - 1, 0) : end])


def _begins(fact: Fact) -> bool:
    """Whether it begins a sentence, where any word has a capital."""
    start, end = span_of(fact)
    return not fact.reading.text[fact.reading.sentence((start, end))[0] : start].strip()


def _beside_amount(fact: Fact) -> bool:
    """Whether its sentence names an amount."""
    reading = fact.reading
    start, end = reading.sentence(span_of(fact))
    entities = reading.found.entities if reading.found else ()
    return any(
        one.kind == "amount" and start <= reading.characters(one.first_word, one.end_word)[0] < end for one in entities
    )


_QUOTES = frozenset('"“”「」『』')
_STREET = re.compile(
    r"\b(?:street|road|avenue|lane|square|drive|plaza|park|hill|place|court|bridge|cross|market|high street|quay)$"
    r"|[路街镇桥门村湾]|广场|口岸|网点"
)
_FIRM = re.compile(
    r"\b(?:hotel|motel|inn|holdings?|services?|studios?|hire|direct|charters?|stores?|shop|tours?|limited|gaming|games|"
    r"group|electric|club|market|cafe|grill|bar|fitness|gym|travel|furniture|kitchens?|motors?|tyres?|online|media|"
    r"pay|company|supply|supplies|sports?|foods?|music|box|tech|digital)$"
    r"|互娱|充值|数码|健身|科技|商贸|超市|酒店|饭店|影音|珠宝|家居|山庄|培训|游戏|乐园|馆$|店$|公司$"
)
_ROUGH = re.compile("[多几来余]_|_(?:多|左右|上下)|差不多|大概|about|around|roughly|almost|nearly")
_NUMBERED = re.compile(rf"{NUMBERED}|{FIGURES_ZH}月")


def _dated(facts: Sequence[Fact]) -> Traits:
    """In what way a day is named: by its number, with an hour, as but a moment since."""
    plain = [fact for fact in facts if fact.entity.source != MOMENT]
    return {
        "numbered": float(any(_NUMBERED.search(fact.entity.text.lower()) for fact in plain)),
        "hour": float(any(len(fact.entity.value) > len("2026-11-12") for fact in plain)),
        "moment": float(len(plain) < len(facts)),
        "only.moment": float(not plain),
    }


_DISTANCES: Sequence[tuple[str, Callable[[int], bool]]] = (
    ("today", lambda days: days == 0),
    ("yesterday", lambda days: days == -1),
    ("week_ago", lambda days: -7 <= days < -1),
    ("month_ago", lambda days: -31 <= days < -7),
    ("longer_ago", lambda days: days < -31),
    ("tomorrow", lambda days: days == 1),
    ("week_ahead", lambda days: 1 < days <= 7),
    ("month_ahead", lambda days: 7 < days <= 31),
    ("longer_ahead", lambda days: days > 31),
)


def _of_day(normal: str, day: str) -> Traits:
    """How far from the day of the call."""
    try:
        days = (datetime.date.fromisoformat(normal[:10]) - datetime.date.fromisoformat(day)).days
    except ValueError:
        return {}
    return {name: float(holds(days)) for name, holds in _DISTANCES} | {"past": float(days < 0)}
