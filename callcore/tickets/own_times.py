"""Which of the times of a sentence is that of what it promises: the one beside the words of its kind."""

from __future__ import annotations

import re

from callcore.text.chars import is_chinese
from callcore.tickets.clauses import around
from callcore.tickets.facts import span_of
from callcore.tickets.reading import Fact

FEWEST_ZH, FEWEST_EN = 3, 8  #: letters of a clause beside its time, below which it goes on in the next one
_ENDS_ZH = re.compile("[,，、;；:：。！？!?]| (?=[\u4e00-\u9fff])")
_ENDS_EN = re.compile(r"[,;:.!?]|\b(?:and|then|but)\b")
ANSWERS = ("call_back", "send")  #: kinds by which a customer hears of what is dealt with
_WORDS_ZH = {
    kind: re.compile(words)
    for kind, words in {
        "call_back": "联系|打给|电话|打过|打您|给您打|回电|来电|致电|答复|回话|回复|回您|通知|告诉|准信|信儿|回音|"
        "找您|说法|说一声",
        "send": "寄|发|送|邮|短信|收到|手里",
        "refund": "退|到账|入账|返|冲|补",
        "visit": "去|来|到|跑|上门",
        "pay": "还|存|付|转|打|缴|交|结清",
        "document": "发|传|送|拿|带|交|拍|寄|补",
    }.items()
}
_WORDS_EN = {
    kind: re.compile(rf"\b(?:{words})")
    for kind, words in {
        "call_back": r"call|ring|phone|telephone|hear|back to|in touch|on to you|speak|let you know|tell you|message|"
        r"answer",
        "send": r"sen[dt]|post|mail|e-?mail|text|write|writing|letter|have it|arrive|with you|inbox|out to you",
        "refund": r"refund|credit|money|back|return|reimburse|pay",
        "visit": r"come|coming|go|going|be there|drop|pop|visit|bring|be in|pass by|stop|swing|run",
        "pay": r"pay|transfer|send|put|clear|settle|wire|deposit",
        "document": r"send|bring|e-?mail|upload|drop|post|scan|fax|forward|get it|take|have it|photo|hand",
    }.items()
}


def is_beside(fact: Fact, kind: str) -> bool:
    """Whether the clause of a time speaks of promises of a kind; what is dealt with is told by no word of an answer."""
    words = _WORDS_ZH if is_chinese(fact.reading.turn.language) else _WORDS_EN
    clause = fact.reading.once(("own clause", span_of(fact)), lambda: _clause(fact))
    if kind == "handle":
        return not any(words[answer].search(clause) for answer in ANSWERS)
    return kind not in words or words[kind].search(clause) is not None


def _clause(fact: Fact) -> str:
    """The clause of a time, without it; one that says hardly more goes on to the end of the next."""
    chinese = is_chinese(fact.reading.turn.language)
    ends, fewest = (_ENDS_ZH, FEWEST_ZH) if chinese else (_ENDS_EN, FEWEST_EN)
    before, after = around(fact, ends, fact.reading.sentence(span_of(fact)))
    clause = f"{before}_{after[0]}"
    if len(after) > 1 and sum(map(str.isalpha, clause)) < fewest:
        clause += next((part for part in after[1:] if sum(map(str.isalpha, part)) >= fewest), "")
    return clause
