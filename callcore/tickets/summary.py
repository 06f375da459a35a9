"""The summary of a call: its own words in a frame of plain sentences, so that nothing in it is made up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from callcore.text.chars import is_chinese
from callcore.tickets.handling import BANK_OWES, Handling
from callcore.tickets.matter import CUE_OF, Matter
from callcore.tickets.pooled import scores_of
from callcore.tickets.reading import CallView, Reading, Span
from callcore.types import MASK, Evidence, Role, Turn
from callcore.understand.catalogue import Catalogue
from callcore.understand.entities import Context, find, plain_words

LONGEST = 60  #: characters of a quotation in Mandarin; twice that in English
SHORTEST = 4
TELLING_ZH, TELLING_EN = 16, 40  #: letters of what gives a reason, or says what for
LEAST_BLAME = 0.3  #: score of a turn that says why somebody complains
NAMED = ("name", "merchant", "bank", "branch")
_DIGITS = re.compile(r"\d+")
_MASKED = re.compile(rf"^(?:[{re.escape(MASK)} ]+[，,、。.]\s*)+")  #: clauses that begin a quotation and are all mask
_CAPITAL = re.compile(r"(?<![.!?:“\"'(] )(?<!^)(?<!\w)(?<!“)(?<!\")[A-Z][A-Za-z'-]+")
_FRAME = {
    True: {
        "inquiry": "客户咨询{topic}：“{words}”",
        "transaction": "客户要办理{topic}：“{words}”",
        "report": "客户反映{topic}：“{words}”",
        "complaint": "客户投诉{topic}：“{words}”",
        "suggestion": "客户就{topic}提出建议：“{words}”",
        "praise": "客户表扬{topic}：“{words}”",
        "": "客户来电：“{words}”",
        "reason": "原因：“{words}”",
        "done": "坐席：“{words}”",
        "promised": "坐席承诺：“{words}”",
        "customer_promised": "客户表示：“{words}”",
    },
    False: {
        "inquiry": "The customer asks about {topic}: “{words}”",
        "transaction": "The customer wants something done ({topic}): “{words}”",
        "report": "The customer reports something ({topic}): “{words}”",
        "complaint": "The customer complains ({topic}): “{words}”",
        "suggestion": "The customer suggests something ({topic}): “{words}”",
        "praise": "The customer gives praise ({topic}): “{words}”",
        "": "The customer says: “{words}”",
        "reason": "Why: “{words}”",
        "done": "The agent: “{words}”",
        "promised": "The agent promised: “{words}”",
        "customer_promised": "The customer promised: “{words}”",
    },
}
_REPORTED = {
    True: ("fraud.unauthorised", "fraud.scam", "digital.fault"),  # 挂失 names what is to be done and not the loss
    False: ("fraud.unauthorised", "fraud.scam", "digital.fault", "debit_card.lost", "credit_card.lost"),
}  #: topics that nobody orders: they befell the customer
_RESULT = {
    True: {
        "solved": "结果：已解决",
        "transferred": "结果：已转办",
        "promised": "结果：已承诺答复",
        "unresolved": "结果：未解决",
        "abandoned": "结果：客户中途挂断",
    },
    False: {
        "solved": "Result: solved",
        "transferred": "Result: handed on",
        "promised": "Result: an answer was promised",
        "unresolved": "Result: not solved",
        "abandoned": "Result: the customer hung up",
    },
}


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a summary. ``about``: matter, reason, done, promised or result."""

    text: str
    about: str
    evidence: tuple[Evidence, ...]


def summarise(call: CallView, matter: Matter, handling: Handling, catalogue: Catalogue) -> tuple[Sentence, ...]:
    """Who wants what, why, what was done and promised, and how it ended; nothing while nobody has said what for."""
    chinese = is_chinese(call.language)
    frame = _FRAME[chinese]
    opening = _opening(call, matter)
    if opening is None:
        return ()
    used = {opening[0].turn.turn_id}
    category = matter.category.normal if matter.category else ""
    code = matter.topics[0].normal if matter.topics else ""
    topic = catalogue.name(code, call.language) if code else ""
    form = "report" if category == "transaction" and code in _REPORTED[chinese] else category
    first = frame[form if topic else ""].format(topic=topic, words=_quote(*opening, chinese))
    sentences = [Sentence(first, "matter", (opening[0].at(opening[1]),))]
    for about, form, reading, span in _rest(call, matter, handling):
        if reading.turn.turn_id not in used:
            used.add(reading.turn.turn_id)
            sentences.append(
                Sentence(frame[form].format(words=_quote(reading, span, chinese)), about, (reading.at(span),))
            )
    if call.ended and (result := handling.resolution):
        sentences.append(Sentence(_RESULT[chinese][result.normal], "result", result.evidence))
    return tuple(sentences)


def joined(sentences: Sequence[str], language: str) -> str:
    """The summary as one text."""
    chinese = is_chinese(language)
    return "".join(f"{text}。" if chinese else f"{text}. " for text in sentences).strip()


def check_summary(text: str, turns: Iterable[Turn], language: str, day: str = "") -> list[str]:
    """What a summary says that nobody has said: numbers, and names of people, shops, banks and branches.

    ``turns``: of the call, as the summary may know them (masked). Empty where everything occurs in the call. ``day``:
    of the call, from which days are counted; without it days must be named alike.
    """
    context = Context(date.fromisoformat(day) if day else date(2000, 1, 3))
    said, values, digits = "", set(), set()
    for turn in turns:
        said += f" {turn.text.lower()}"
        for entity in find(turn.words, turn.language, context):
            values.add(entity.value)
            digits |= set(_DIGITS.findall(entity.value))
    digits |= set(_DIGITS.findall(said))
    digits |= {str(int(one)) for one in digits}
    strange = []
    rest = text
    for entity in find(plain_words(text), language, context):
        literal = entity.text.lower()
        if entity.kind in NAMED or _DIGITS.search(entity.value):
            known = entity.value in values or _bare(literal) in _bare(said)
            if not known and not (entity.kind not in NAMED and _numbers(entity.value) <= digits):
                strange.append(entity.text)
            rest = rest.replace(entity.text, " ")
    strange += [number for number in _DIGITS.findall(rest) if number not in digits and str(int(number)) not in digits]
    strange += [name for name in _CAPITAL.findall(rest) if name.lower() not in said]
    return list(dict.fromkeys(strange))


def _numbers(value: str) -> set[str]:
    """The numbers in a normal form, without the zeros that a clock, a date or an amount begins or ends with."""
    return {str(int(part)) for part in _DIGITS.findall(value.replace(".00", ""))}


def _bare(text: str) -> str:
    return re.sub(r"[\s,，、.。]", "", text)


def _opening(call: CallView, matter: Matter) -> tuple[Reading, Span] | None:
    """The turn in which the customer says what for, and the sentence of it."""
    readings = matter.opening or [r for r in call.customer if r.letters >= SHORTEST][:1]
    if not readings:
        return None
    reading = readings[0]
    marks = [span for cue in CUE_OF for span in reading.hits.get(cue, ())]
    labels = [*reading.found.topics, *filter(None, [reading.found.category])] if reading.found else []
    marks += [reading.characters(label.first_word, label.end_word) for label in labels if label.end_word]
    return reading, _around(reading, marks[0] if marks else (0, 1))


def _rest(call: CallView, matter: Matter, handling: Handling) -> Iterable[tuple[str, str, Reading, Span]]:
    category = matter.category.normal if matter.category else ""
    if category == "complaint" and (blaming := _most_blaming(call, matter)):
        longest = max(blaming.sentences, key=lambda span: span[1] - span[0])
        yield "reason", "reason", blaming, _around(blaming, longest)
    promised = {
        place.turn_id for promise in handling.promises if promise.by is Role.AGENT for place in promise.evidence[:1]
    }
    for cue in ("beyond", "transfer", "solved"):
        for reading, span in call.hits(cue)[-1:]:
            if reading.turn.turn_id not in promised:
                yield "done", "done", reading, _around(reading, span)
    owed = [promise for promise in handling.promises if promise.by is Role.AGENT]
    owed.sort(key=lambda promise: promise.kind not in BANK_OWES)
    for promise in [*owed[:2], *[p for p in handling.promises if p.by is Role.CUSTOMER][:1]]:
        place = promise.evidence[0]
        reading = call.turns[place.turn_id]
        form = "promised" if promise.by is Role.AGENT else "customer_promised"
        yield "promised", form, reading, reading.characters(place.first_word, place.end_word)


def _most_blaming(call: CallView, matter: Matter) -> Reading | None:
    """The customer's turn, beside the one that says what for, that complains most or gives most cause for it; what
    takes but a few words gives no reason.
    """
    telling = _telling(is_chinese(call.language))

    def blame(reading: Reading) -> float:
        if reading.found is None:
            return 0.0
        causes = scores_of(reading.found, "cause").values()
        most = max(scores_of(reading.found, "category").get("complaint", 0.0), max(causes, default=0.0))
        return most * min(reading.letters / telling, 1.0)

    told = {reading.turn.turn_id for reading in matter.opening[:1]}
    turns = [one for one in call.customer if one.turn.turn_id not in told and one.says_something]
    most = max(turns, key=blame, default=None)
    return most if most is not None and blame(most) >= LEAST_BLAME else None


def _around(reading: Reading, span: Span) -> Span:
    """The whole turn where it is short, else the sentence of a place in it, with those after one that says little."""
    if len(reading.text) <= LONGEST:
        return (0, len(reading.text))
    start, end = reading.sentence(span)
    telling = _telling(is_chinese(reading.turn.language))
    for _, after in reading.sentences:
        if after > end and sum(map(str.isalnum, reading.text[start:end])) < telling:
            end = after
    return start, end


def _telling(chinese: bool) -> int:
    """Letters that say something."""
    return TELLING_ZH if chinese else TELLING_EN


def _quote(reading: Reading, span: Span, chinese: bool) -> str:
    """The words of a part of a turn, cut where they are too many."""
    longest = LONGEST if chinese else 2 * LONGEST
    words = _MASKED.sub("", reading.quote(span)).strip(" ，,。.；;")
    if len(words) <= longest:
        return words
    cut = words[:longest]
    return (cut if chinese else cut.rpartition(" ")[0]) + "…"
