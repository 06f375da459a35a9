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
from callcore.tickets.facts import MOMENT, beside, is_total, number_of, refused, span_of
from callcore.tickets.matter import Matter
from callcore.tickets.promises import Promises
from callcore.tickets.reading import CallView, Fact, Reading, Span
from callcore.tickets.spec import FieldSpec

VERSION = 3  #: of these traits; a model made for another version is refused
DEADLINE = "followup.due"  #: the field whose candidates are times still to come
OPENING = 3  #: turns of the customer in which the matter is told
MANY = 4  #: so many places count as one
BESIDE = 40  #: characters of the same clause before and after a fact
LARGEST = 8  #: digits of an amount that count as one
TALKED = ("amount", "date")  #: types of fields of which several values are said in most calls
MOST_ADDED = 12  #: amounts among which sums are looked for
TIMES = (2, 3, 4)  #: how often an amount may have gone off

Traits = dict[str, float]
_CLAUSE_END = re.compile(r"[.?!;。？！；]|[,，](?!\d)")
_YES = re.compile(r"对|是的|是[，。,.]|嗯|没错|yes|yeah|yep|that'?s (?:right|it|correct)|correct|right\b|aye")
_ASKED = re.compile(  # for an amount or a day
    r"多少|几块|几百|几千|几万|几号|哪天|哪一天|什么时候|哪一?笔|how much|how many|amount|when|what d(?:ate|ay)|which"
)

#: by kind of field: what the words of the clause speak of
_WORDS: Mapping[str, Mapping[str, re.Pattern[str]]] = {
    kind: {name: re.compile(words) for name, words in rows.items()}
    for kind, rows in {
        "amount": {
            "limit": r"额度|限额|上限|\blimit|\bcap\b|capped",
            "balance": r"余额|剩|卡里|账上|里头|里面|balance|\bleft\b|sitting|in there|inside",
            "fee": r"手续费|年费|违约金|罚息|利息|滞纳金|\bfees?\b|interest|penalt|\bcharges?\b",
            "spent": r"扣|刷|划走|花|付|消费|盗|charged|debit|\btook\b|taken|\bpaid\b|spent|payment|purchase",
            "moved": r"转|汇|打给|打到|存|取|transfer|\bsent\b|\bsend|wire|withdr|deposit|pay in|put in",
            "debt": r"欠|还|贷|借|最低|账单|owe|loan|borrow|repay|statement|\bbill\b",
            "back": r"退|赔|补|refund|\bback\b|reimburs|compens|goodwill|credit(?:ed)? ",
            "income": r"工资|退休金|收入|月薪|养老金|一个月挣|salar|wage|pension|income|earn",
            "total": r"一共|总共|合计|加起来|合起来|altogether|in all|total",
            "each": r"每|一个月|一年|一天|一次|per|a month|a year|a day|each|every|a week",
            "bound": r"以上|以内|不到|超过|最多|最高|至少|起|满|up to|at least|more than|over|under|m[ai][xn]imum",
            "price": r"房租|学费|车|房|一斤|一杯|药|\brent\b|\bcosts?\b|price|\bbuy",
            "wish": r"想|要|打算|需要|能不能|want|like to|need|could i|can i|looking to",
            "if": r"如果|要是|万一|比如|假如|\bif\b|would|say\b",
            "other": r"别人|他|她|我爸|我妈|老公|老婆|husband|wife|\bmum\b|friend",
        },
        "date": {
            "happened": r"那天|发生|[刷扣转办买存取汇签开]的|charged|took|paid|bought|opened|happened",
            "due": r"到期|还款日|出账|账单日|截止|\bdue\b|matur|statement|expire",
            "asked": r"申请|提交|递|报的|打过|寄|投诉|applied|asked|called|rang|sent|posted|filed|wrote",
            "record": r"显示|系统|记录|看到|查到|shows?|see|record|here",
            "life": r"工资|医院|生日|结婚|出院|过年|住院|手术|学校|wage|hospital|birthday|wedding|school|payday|surger",
            "until": r"之前|以前|前|之内|截至|\bby\b|until|before|within",
            "since": r"从|开始|以来|起|since|from|start",
            "next": r"下次|下个?月|下周|明|后天|next|tomorrow|tonight",
            "would": r"会|要|准备|打算|再|will|'ll|going to|shall",
            "back": r"退|回|refund|back",
            "call": r"电话|来电|联系|回复|call|ring|phone|hear",
        },
        "code": {
            "go": r"去|跑|来|到|\bgo\b|come|visit|drive|walk|pop in",
            "went": r"去了|跑了|来过|去过|办的|went|was in|walked|been",
            "told": r"收到|发|短信|信息|text|sent|got a",
            "may": r"可以|能不能|您|你要|please|you can|could|may",
            "used": r"在|用|上|登|点|\bon\b|\bin\b|using|log",
            "not": r"不|没|别|\bnot\b|n't|can't|never|without",
            "fault": r"坏|卡|打不开|登不|失败|吞|报错|闪退|error|fail|stuck|crash|wrong|won't|frozen|down",
        },
        "text": {
            "near": r"附近|最近|旁边|nearest|closest|near",
            "go": r"去|跑|到|来|go|come|visit",
            "asked": r"联系|转|请|问|ask|pass|sent",
            "own": r"开户|办的|我在|account|opened",
        },
        "due": {
            "contact": r"联系|打|电|答复|回话|回复|通知|找您|告诉|call|ring|phone|hear|touch|back to|contact|let you",
            "decide": r"处理|结果|查|核实|审|办完|有说法|decid|result|outcome|ruling|investig|look",
            "money": r"到账|退|入账|refund|money|credit|account",
            "post": r"寄|制卡|卡片|信|card|post|letter|mail",
            "open": r"营业|开门|上班|open|hours|shift",
            "until": r"之前|以前|前|之内|以内|内|最迟|最晚|\bby\b|before|within|inside|latest|no later",
            "own": r"我|本人|\bi\b|i'll|myself|me\b",
            "they": r"他们|她|他|专员|经理|主任|部|同事|they|she|he|team|manager|desk",
            "would": r"会|就|给|will|'ll|going to|gonna|should",
            "term": r"到期|还款|扣款|账单|年|due|matur|statement|expire|payment",
        },
    }.items()
}


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
    found |= _worded(one.facts, spec.type)
    match spec.type:
        case "amount":
            found |= _of_amount(one)
        case "date":
            found |= _of_day(one.normal, call.day) | _dated(one.facts)
            found["ahead"] = float(any(beside(fact, spec.ahead) for fact in one.facts))
        case "code":
            found[f"is.{one.normal}"] = 1.0
            found["by_name"] = float(any(fact.entity.text.lower() not in ("支行", "branch") for fact in one.facts))
    return _without_zeros(found)


def own_term_traits(one: Candidate, call: CallView) -> Traits:
    """Of one time as that by which the bank gets back: what the places that say it tell."""
    found = plain_traits(one, call) | _worded(one.facts, "due")
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


def _worded(facts: Sequence[Fact], kind: str) -> Traits:
    """What their clauses speak of. ``kind``: of field."""
    said = [_words_of(fact, kind) for fact in facts]
    return {f"word.{name}": sum(name in one for one in said) / len(said) for name in _WORDS.get(kind, ())}


def _words_of(fact: Fact, kind: str) -> frozenset[str]:
    """What the clause speaks of."""

    def spoken_of() -> frozenset[str]:
        clause = _clause(fact)
        return frozenset(name for name, pattern in _WORDS.get(kind, {}).items() if pattern.search(clause))

    return fact.reading.once(("words", kind, span_of(fact)), spoken_of)


def _clause(fact: Fact) -> str:
    """The clause that says it, without the fact itself."""
    start, end = span_of(fact)
    text = fact.reading.text
    before = _CLAUSE_END.split(text[max(start - BESIDE, 0) : start])[-1]
    after = _CLAUSE_END.split(text[end : end + BESIDE])[0]
    return f"{before}_{after}"


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
        "rough": float(all(_ROUGH.search(_clause(fact)) is not None for fact in one.facts)),
        "stated": float(any(is_stated(fact) for fact in one.facts)),
    }


_ROUGH = re.compile("[多几来余]_|_(?:多|左右|上下)|差不多|大概|about|around|roughly|almost|nearly")
_NUMBERED = re.compile(r"\d|[一二三四五六七八九十]+[号日月]|\b(?:first|second|third|[a-z-]+th)\b")


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
