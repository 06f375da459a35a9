"""What tells whether somebody who is named is the customer, as named numbers between 0 and 1.

Who names them and after what, what stands beside the name, and how it compares with the other names of the call. Texts
and names may be masked: no trait reads the letters of a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from callcore.text.chars import is_chinese
from callcore.tickets.candidates import Candidate
from callcore.tickets.facts import span_of
from callcore.tickets.reading import CallView, Fact, Reading
from callcore.tickets.spec import is_hidden
from callcore.types import MASK

NAME = "customer.name"  #: the field
BEFORE, AFTER = 40, 20  #: characters beside a name that its traits are of
NEAR = 24  #: of those before it, in which words tell whom it speaks of
ANSWERED = 3  #: turns in which a question for a name is answered
LONG = 4  #: words of a name that count as one; in Chinese characters
FIRST_TURNS = 2  #: of a call, in which agents name themselves

_MARKS = tuple(",.!?，。！？、…-")
_QUESTION = ("?", "？", "吗", "吧")
_RELATIVE = (
    r"husband|wife|mum|mom|mother|dad|father|son|daughter|brother|sister|partner|nan|gran\w*|uncle|aunt|cousin|neph\w+|"
    r"niece|friend|boss|neighbou?r|landlord|landlady|flatmate|kid|boy|girl"
)
_RELATIVE_ZH = (
    "老公|老婆|丈夫|妻子|爱人|媳妇|儿子|女儿|闺女|爸|妈|父亲|母亲|爷|奶|公公|婆婆|哥|姐|弟|妹|老伴|朋友|同事|室友|房东|"
    "孩子|孙|舅|叔|姑|侄|外甥|徒弟|老板|邻居"
)
#: words that end right before a name
_ENDS: Mapping[str, re.Pattern[str]] = {
    sign: re.compile(rf"(?:{words})[ ,，。.]*$")
    for sign, words in {
        "introduced": r"\b(?:my (?:full |own )?name(?:'s| is)|this is|i'm|i am|name's|name is|call me|"
        r"surname(?:'s| is)?|(?:first|last) name(?:'s| is)?)|我叫|我是|我姓|免贵姓|本人|我的名字是",
        "it": r"\b(?:it's|it is|it'll be|that's|under|yes|yeah|yep|sure)|是|对|嗯|哦",
        "family": r"姓|\bsurname(?:'s| is)?",
        "titled": r"\b(?:mr|mrs|ms|miss|dr|doctor|mister|sir)\.?",
        "thanked": r"\b(?:thank you|thanks|okay|ok|right|lovely|sorry|sure|understood|perfect|great|well|now|alright|"
        r"see|good|morning|afternoon|evening|bye|care)|谢谢|感谢|好的?|抱歉|您好|你好|那|嗯|行|明白|理解|辛苦",
        "greeted": r"\b(?:hi|hello|hey|cheers|bless you)(?: there)?|你好|喂",
        "checked": r"\b(?:speaking (?:with|to)|is (?:that|this|it)|you're|are you|would that be|so that's|do i have|"
        r"have i got)|您(?:就)?是|请问是|是不是|核对一下|确认一下|户名是?|姓名是?",
        "called": r"\b(?:called|named|name of|calling (?:him|her)self)|叫做?|名叫|自称",
        "relative": rf"\b(?:{_RELATIVE})(?:'s)?(?: is| was|'s name is| called)?|(?:{_RELATIVE_ZH})[叫是]?",
        "sent_to": r"\b(?:to|payee(?: is)?|sent|paid|for|pay|owe)(?: an?)?|(?:转给|汇给|打给|付给|寄给|借给|给|收款人|"
        r"对方|户名)[是叫]?",
        "with": r"\b(?:with|from|by|ask|asked|told|tell|and|at|of|in|see|spoke to)|找|跟|和|问|让|由|从|与",
        "dear": r"\bdear|尊敬的|写的是|写着|显示",
        "correcting": r"\b(?:no|not|sorry|actually|i mean)|不是|不对|错了",
    }.items()
}
#: words that begin right after one
_BEGINS: Mapping[str, re.Pattern[str]] = {
    "title": re.compile("先生|女士|小姐|太太|师傅|阿姨|大爷|大妈|大叔|叔|奶奶|爷爷|大哥|大姐|哥|姐|老师|总|生"),
    "office": re.compile(r"经理|主任|行长|主管|警官|专员|组长|(?:in|from|on|at) (?:the |your |our )?\w+"),
    "speaking": re.compile(r"speaking|here|calling|本人|为您服务"),
    "does": re.compile(
        r"(?:said|says|told|is|was|has|had|did|will|would|rang|called|sent|wrote|took|sold|opened|gave|put|and|who|that)\b"
        r"|说|讲|让|叫|跟|给|办|那|在|的|他|她"
    ),
    "you": re.compile(r"(?:i|i'll|i've|i'm|you|your|can|could|let|what|how|may|is there)\b|您|请|我这|这边|你好"),
}
#: words somewhere beside one
_BESIDE: Mapping[str, re.Pattern[str]] = {
    "staff": re.compile(
        r"\b(?:branch|manager|colleague|teller|desk|team|agent|advis[eo]r|department|clerk|supervisor|counter|specialist|"
        r"officer)\b|支行|网点|柜|经理|主任|客服|工号|坐席|同事|保安|大堂|行长|主管|专员|胸牌|工牌"
    ),
    "holder": re.compile(
        r"\b(?:account holder|joint|cardholder|in the name|behalf|both names|secondary)\b|户主|持卡|本人|户名|开户|"
        r"替|代"
    ),
    "third": re.compile(
        r"\b(?:he|she|him|her|his|they|somebody|someone|man|woman|lady|guy|bloke|chap)\b|他|她|那个|这个人"
    ),
    "other": re.compile(rf"\b(?:my|our|his|her) (?:{_RELATIVE})\b|[我他](?:{_RELATIVE_ZH})"),
    "mine": re.compile(r"\b(?:my name|my own|i'm|i am|me\b)|我叫|我姓|我是|本人"),
}
#: whose name a turn asks for
_ASKS: Mapping[str, re.Pattern[str]] = {
    "name": re.compile(
        r"\b(?:your (?:full |first |last |good )?name|surname|who(?:'s| is| am i| do i)|speaking (?:with|to)|"
        r"and you(?:'re| are)|name(?: on|,| please|\?)|how do i address)|"
        r"贵姓|称呼|姓名|名字|哪位|全名|您是|您叫|叫什么|姓什么|什么姓"
    ),
    "other": re.compile(
        r"\b(?:payee|recipient|(?:his|her|their) name|who (?:did|was|were|sent|told|helped)|name of the|"
        r"which (?:colleague|person))|收款人|对方|转给谁|[他她]叫|哪位(?:同事|柜员|经理)|谁(?:给|跟|接|办)"
    ),
}


def name_traits(one: Candidate, all_: Sequence[Candidate], call: CallView) -> dict[str, float]:
    """Of one of those who are named, beside the traits of every candidate (:mod:`callcore.tickets.traits`)."""
    private = [other.normal for other in all_ if is_hidden(other.normal)]  # none where nothing is masked
    by_agent = {other.normal: sum(fact.reading.agent for fact in other.facts) for other in all_}
    longest = max(_length(fact, call) for fact in one.facts)
    found = {
        "private": float(one.normal in private or not private),
        "first.private": float(one.normal in private[:1]),
        "agents_most": float(0 < by_agent[one.normal] == max(by_agent.values())),
        "length": min(longest, LONG) / LONG,
        "single": float(longest == 1),
        "probability": max(fact.entity.probability for fact in one.facts),
    }
    signs = [set(_signs(fact, call)) for fact in one.facts]
    for name in sorted(set().union(*signs)):
        found |= {name: 1.0, f"{name}.share": sum(name in some for some in signs) / len(signs)}
    found["customer.share"] = sum(fact.reading.customer for fact in one.facts) / len(signs)
    return found | {f"first.{name}": 1.0 for name in signs[0]}


def _signs(fact: Fact, call: CallView) -> Iterator[str]:
    """What stands beside a name and what it answers, by who says it."""
    who = "customer" if fact.reading.customer else "agent"
    for sign in (*_beside(fact), *_placed(fact, call)):
        yield f"{who}.{sign}"


def _beside(fact: Fact) -> list[str]:
    span = span_of(fact)
    return fact.reading.of_text(("beside a name", span), lambda: [*_around(fact.reading.text, *span)])


def _around(text: str, start: int, end: int) -> Iterator[str]:
    before, after = text[max(start - BEFORE, 0) : start], text[end : end + AFTER]
    yield from (sign for sign, words in _ENDS.items() if words.search(before))
    yield from (sign for sign, words in _BEGINS.items() if words.match(after))
    near = f"{before[-NEAR:]}_{after}"
    yield from (sign for sign, words in _BESIDE.items() if words.search(near))


def _placed(fact: Fact, call: CallView) -> Iterator[str]:
    """Where a name stands in its turn and in the call."""
    reading = fact.reading
    start, end = span_of(fact)
    text, sentence = reading.text, reading.sentence((start, end))
    before, name = text[:start].rstrip(), text[start:end].rstrip()  # words end with their marks
    if start - sentence[0] < len("  ") and sentence[1] - end < len("  "):
        yield "sentence"
    if not before:
        yield "begins"
        if not text[end:].strip():
            yield "turn"
    if text[: max(sentence[1], end)].rstrip().endswith(_QUESTION):
        yield "asked"
    if (not before or before.endswith(_MARKS)) and name.endswith(_MARKS):
        yield "apart"
    if call.places[reading.turn.turn_id] < FIRST_TURNS:
        yield "opening"
    yield from (f"answers.{whose}" for whose in _asked(reading, call))


def _asked(reading: Reading, call: CallView) -> list[str]:
    """Whose name the other side has just asked for."""
    place = call.places[reading.turn.turn_id]
    for other in reversed(call.readings[max(place - ANSWERED, 0) : place]):
        if other.role is not reading.role and (found := _asks(other)):
            return found
    return []


def _asks(reading: Reading) -> list[str]:
    """Whose name a turn asks for."""
    text = reading.text
    return reading.of_text("whose name", lambda: [whose for whose, words in _ASKS.items() if words.search(text)])


def _length(fact: Fact, call: CallView) -> int:
    """Words of a name, in Chinese its characters."""
    said = fact.entity.text
    if is_chinese(call.language):
        return sum(character.isalnum() or character == MASK for character in said)
    return len(said.split())
