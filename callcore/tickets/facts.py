"""Fields filled with facts that were said: which of several holds, and how sure it is."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from callcore.tickets.reading import CallView, Fact, Reading, Span
from callcore.tickets.spec import FieldSpec, is_hidden
from callcore.types import MASK, Entity, Evidence, FieldStatus, FieldValue

AGENT_ALONE = 0.8  #: confidence of what only the agent has said, beside that of the customer's own words
CUSTOMER, AGENT, FIRST, CONFIRMED = 1.0, 0.45, 0.5, 0.5  #: what speaks for a fact being the one that matters
OPENING_TURNS = 2  #: of the customer, in which the matter is told
OPENING = 0.25  #: for what the customer names before all else of the kind
PREFERRED, AVOIDED = 0.6, 0.8
AGAIN = 0.3  #: for every time that a fact is said again
TODAY = 0.8  #: against "today" without an hour, which demands and promises name as well
LEAST = 1.0  #: weight of a fact that the matter is about
MOST_EVIDENCE = 6
TAIL = 4  #: digits that tell a card
WITHHELD_TAIL = "masked:card_tail"  #: of a number that was sealed by a callcore that kept no tail beside it
MOMENT = "just_now"  #: source of a day that is told by words for a moment since
MOMENT_CONFIDENCE = 0.9
BESIDE = 10  #: characters before a fact that tell what it is
AFTER = 16  #: characters after a fact, of its own clause, that speak for or against it
ROUGHLY = Decimal("1.3")  #: times an amount said roughly that the exact one may come to
_CLAUSE_END = re.compile(r"[,.?!;，。？！；]")
_NOT_SO = re.compile(r"(?:什么|不是|哪是|哪来的)$|\b(?:not|never) $")
_FIGURES = re.compile(r"\d+(?:\.\d+)?")
_ROUGH = re.compile("[多几来余]|左右|上下|about|around|roughly|almost|nearly|over|more than")


def entity_field(spec: FieldSpec, call: CallView) -> list[FieldValue]:
    """Values of a field of facts: none, one, or several that contradict each other."""
    facts = [
        fact
        for row in call.facts_of(spec.kinds)
        for fact in row
        if fact.normal and fact.reading.speaks(spec.speaker) and spec.accepts(fact.normal)
    ]
    facts.sort(key=lambda fact: fact.order)
    if spec.pick == "last":
        own = [fact for fact in facts if not beside(fact, spec.avoid) and (_taken_up(fact) or not _private(spec))]
        return last_said(spec, own) if own else []
    return main_fact(spec, facts, call.day) or just_now(spec, call)


def last_said(spec: FieldSpec, facts: Sequence[Fact]) -> list[FieldValue]:
    """The value that was settled, else that said last; each value that contradicts it beside it, as disputed."""
    groups = by_value(facts)
    settled = {key: group for key, group in groups.items() if any(f.status == "confirmed" for f in group)}
    open_ = {key: group for key, group in groups.items() if key not in settled}
    if settled:  # the last that was settled; what was said before and not settled is outdone by it
        best = max(settled, key=lambda key: max(_settled_at(fact) for fact in settled[key]))
        rivals = [
            key for key, group in open_.items() if last_place(group) > last_place(settled[best]) and by_customer(group)
        ]
    else:
        best = max(open_, key=lambda key: (by_customer(open_[key]), last_place(open_[key])))
        rivals = [key for key, group in open_.items() if key != best and by_customer(group) >= by_customer(open_[best])]
    rivals = [key for key in rivals if _comparable(groups[key], groups[best])]
    disputed = bool(rivals) or any(fact.status == "disputed" for fact in groups[best])
    return [value_of(spec, groups[key], disputed=disputed) for key in (best, *rivals)]


def main_fact(spec: FieldSpec, facts: Sequence[Fact], day: str) -> list[FieldValue]:
    """The fact that the matter is about: of the customer's rather than the agent's, early, repeated, confirmed.

    What only the agent names, and nobody confirms, needs words beside it that say so; the time of a promise is none of
    the matter's.
    """
    groups = _candidates(spec, facts, day)
    opening = min(
        (fact for group in groups.values() for fact in group if fact.reading.customer),
        key=lambda fact: fact.order,
        default=None,
    )
    weighed = {
        normal: _weight(spec, group, day, opening is not None and opening in group) for normal, group in groups.items()
    }
    best = max(weighed, key=lambda normal: weighed[normal], default=None)
    least = AGENT if spec.alone and len(groups) == 1 else LEAST
    return [] if best is None or weighed[best][0] < least else [value_of(spec, groups[best])]


def _candidates(spec: FieldSpec, facts: Sequence[Fact], day: str) -> dict[str, list[Fact]]:
    """Facts by value, without the times of promises, and days to come of which nothing tells that they matter."""
    groups: dict[str, list[Fact]] = {}
    for fact in facts:
        if not _is_promised(fact):
            groups.setdefault(fact.normal, []).append(fact)
    if spec.type == "date":  # what is asked about has mostly happened: a day to come needs words that say otherwise
        groups = {
            normal: group
            for normal, group in groups.items()
            if normal[:10] <= day or any(beside(fact, spec.ahead) for fact in group)
        }
    return exact(groups) if spec.type == "amount" else groups


def _is_promised(fact: Fact) -> bool:
    """Whether something is promised in its sentence."""
    reading = fact.reading
    hits = [hit for hit in reading.promises if reading.speaks(hit.by)]
    return bool(hits) and reading.sentence(span_of(fact)) in [reading.sentence(hit.span) for hit in hits]


def just_now(spec: FieldSpec, call: CallView) -> list[FieldValue]:
    """The day of the call, where the customer begins with what has just happened and names no day."""
    for reading in call.customer[:OPENING_TURNS]:
        if found := moments(spec, reading, call.day):
            return [_plain_value(spec, call.day, call.day, found[0].evidence, MOMENT)]
    return []


def moments(spec: FieldSpec, reading: Reading, day: str) -> Sequence[Fact]:
    """The ``day`` of the call, wherever a turn says that something is a moment since: 刚才, ten minutes ago."""
    return reading.once(
        (MOMENT, spec.just_now), lambda: [_moment(reading, span, day) for span in _moments(spec, reading)]
    )


def _moments(spec: FieldSpec, reading: Reading) -> list[Span]:
    starts = ((reading.text.find(word), len(word)) for word in spec.just_now)
    return sorted((start, start + length) for start, length in starts if start >= 0)


def _moment(reading: Reading, span: Span, day: str) -> Fact:
    at = reading.at(span)
    place = at.start_sample, at.end_sample, at.first_word, at.end_word
    entity = Entity("date", reading.quote(span), day, MOMENT_CONFIDENCE, *place, source=MOMENT)
    return Fact(reading, len(reading.found.entities) if reading.found else 0, entity, day, "said")


def value_of(spec: FieldSpec, facts: Sequence[Fact], *, disputed: bool = False) -> FieldValue:
    """One value from all the places that say it."""
    first = max(facts, key=lambda fact: (len(fact.normal), fact.reading.customer, fact.confidence))
    confidence = max(fact.confidence for fact in facts)
    if not any(fact.reading.customer for fact in facts) and not any(fact.by for fact in facts):
        confidence *= AGENT_ALONE
    confirmed = any(fact.status == "confirmed" or fact.by for fact in facts)
    status = FieldStatus.DISPUTED if disputed else FieldStatus.CONFIRMED if confirmed else FieldStatus.FILLED
    if disputed:
        confidence *= 0.6
    hidden, whole_card = is_hidden(first.normal), first.entity.kind == "card_number"
    normal = _tail(first) if whole_card else first.normal
    if spec.type == "date" and not hidden:
        normal = normal[:10]  # the day, whatever the hour
    if hidden:
        shown = MASK * TAIL if whole_card else first.entity.text
    else:
        shown = spec.choice_name(normal, first.reading.turn.language) or normal
    return FieldValue(
        spec.name, shown, normal, round(min(confidence, 1.0), 4), status, places_of(facts), first.entity.source
    )


def pattern_field(spec: FieldSpec, call: CallView) -> list[FieldValue]:
    """The first group of the last match of the field's regular expressions."""
    for reading in reversed(call.readings):
        if not reading.speaks(spec.speaker):
            continue
        matches = [match for pattern in spec.patterns for match in pattern.finditer(reading.text) if match[1]]
        for match in sorted(matches, key=lambda match: -match.start()):
            span = match.span(1)
            shown = reading.quote(span) if reading.words(span) else match[1]
            if spec.accepts(match[1]):
                return [_plain_value(spec, shown, match[1], (reading.at(span),), "pattern")]
    return []


def choice_field(spec: FieldSpec, call: CallView) -> list[FieldValue]:
    """The choice whose phrase was said last; all of them where the field takes several."""
    found: dict[str, list[Evidence]] = {}
    for reading in call.readings:
        if reading.speaks(spec.speaker):
            said = [(span, code) for (name, code), span in reading.choices.items() if name == spec.name]
            for span, code in sorted(said):
                found[code] = [*found.pop(code, ()), reading.at(span)]
    codes = list(found) if spec.type == "codes" else list(found)[-1:]
    return [
        _plain_value(spec, spec.choice_name(code, call.language), code, tuple(found[code][:MOST_EVIDENCE]), "choice")
        for code in codes
    ]


def _plain_value(spec: FieldSpec, value: str, normal: str, evidence: tuple[Evidence, ...], source: str) -> FieldValue:
    return FieldValue(spec.name, value, normal, 0.9, FieldStatus.FILLED, evidence, f"{source}/{spec.name}")


def by_value(facts: Iterable[Fact]) -> dict[str, list[Fact]]:
    """Facts that name the same thing, together."""
    groups: dict[str, list[Fact]] = {}
    for fact in facts:
        groups.setdefault(_identity(fact), []).append(fact)
    return _joined(groups)


def _identity(fact: Fact) -> str:
    """What is the same in two facts that name the same thing: of a card its tail, else the value."""
    normal = _tail(fact) if fact.entity.kind in ("card_number", "card_tail") else fact.normal
    return fact.entity.kind if normal.startswith("masked:") else normal


def _tail(fact: Fact) -> str:
    """The last digits of a card, sealed where its number is; withheld where a number was sealed without them."""
    if fact.entity.kind == "card_number" and is_hidden(fact.normal):
        return fact.tail or WITHHELD_TAIL
    return fact.normal if is_hidden(fact.normal) else fact.normal[-TAIL:]


def _joined(groups: Mapping[str, list[Fact]]) -> dict[str, list[Fact]]:
    """Names that are parts of one another are of one person: 王 and 王小明, Patel and Anna Patel."""
    names = sorted((key for key in groups), key=len, reverse=True)
    joined: dict[str, list[Fact]] = {}
    for key in names:
        kinds = {fact.entity.kind for fact in groups[key]}
        whole = next((other for other in joined if "name" in kinds and _same_person(key, other)), key)
        joined.setdefault(whole, []).extend(groups[key])
    return joined


def _same_person(one: str, other: str) -> bool:
    if is_hidden(one) or is_hidden(other):  # what belongs together was given one value before it was sealed
        return one == other
    return one in other or other in one


def _comparable(group: Sequence[Fact], other: Sequence[Fact]) -> bool:
    """Whether different values contradict each other: of sealed ones only those of one kind, tails are not numbers."""
    hidden = any(is_hidden(fact.normal) for fact in (*group, *other))
    return not hidden or {fact.entity.kind for fact in group} == {fact.entity.kind for fact in other}


def by_customer(group: Iterable[Fact]) -> bool:
    """Whether the customer says one of them."""
    return any(fact.reading.customer for fact in group)


def last_place(group: Iterable[Fact]) -> tuple[int, ...]:
    """Where the last of them was said, to be compared."""
    return max(fact.order for fact in group)


def _settled_at(fact: Fact) -> tuple[int, ...]:
    return max([fact.reading.order, *(by.order for by in fact.by)]) if fact.status == "confirmed" else (0,)


def _weight(spec: FieldSpec, group: Sequence[Fact], day: str, opens: bool) -> tuple[float, tuple[int, ...]]:
    first = group[0]
    weight = (CUSTOMER if any(map(_taken_up, group)) else AGENT) + AGAIN * (min(len(group), 4) - 1)
    weight += FIRST * first.reading.customer + OPENING * opens
    ahead = spec.type == "date" and first.normal[:10] > day
    weight += PREFERRED * ((not ahead and any(beside(fact, spec.prefer) for fact in group)) or is_total(group))
    if beside(first, spec.avoid) or any(refused(fact) for fact in group):
        weight -= AVOIDED  # what repeats or confirms a limit says no more than that it is one
    else:
        weight += CONFIRMED * is_settled(group)
    weight -= TODAY * (spec.type == "date" and all(fact.normal == day for fact in group))
    return weight, tuple(-part for part in first.reading.order)


def _private(spec: FieldSpec) -> bool:
    """Whether what only the agent says may be somebody else's number; of cards the agent names the customer's."""
    return spec.sealed and "card_tail" not in spec.kinds


def _taken_up(fact: Fact) -> bool:
    """Whether the customer says it, or agrees to it, or has put it right."""
    return fact.reading.customer or (fact.status in ("confirmed", "corrected") and any(by.customer for by in fact.by))


def beside(fact: Fact, words: tuple[str, ...]) -> bool:
    """Whether one of the words stands shortly before or after a fact in its clause, or in it."""
    if not words:
        return False
    span = span_of(fact)
    return fact.reading.once(("beside", span, words), lambda: _are_beside(fact.reading.text, span, words))


def _are_beside(text: str, span: Span, words: Collection[str]) -> bool:
    start, end = span
    stop = _CLAUSE_END.search(text, end - 1, end + AFTER)  # words end with their marks
    clause = clause_before(text, start, BESIDE) + text[start : max(stop.start(), end) if stop else end + AFTER]
    return any(word in clause for word in words)


def clause_before(text: str, start: int, reach: int) -> str:
    """What stands in the same clause before ``start``, ``reach`` characters at most."""
    return _CLAUSE_END.split(text[max(start - reach, 0) : start])[-1]


def is_total(group: Sequence[Fact]) -> bool:
    """Whether an amount is the sum of those said before it in its turn: 两千, 两千, 还有一千四, 一共五千四."""
    for fact in group:
        found = fact.reading.found.entities[: fact.place] if fact.reading.found else ()
        parts = [number_of(one.value) for one in found if one.kind == fact.entity.kind == "amount" and one.value]
        if len(parts) > 1 and sum(parts) == number_of(fact.normal):
            return True
    return False


def number_of(amount: str) -> Decimal:
    """The first number of a normal form: of a range the end that was said; zero where there is none."""
    found = _FIGURES.search(amount)
    return Decimal(found[0]) if found else Decimal(0)


def refused(fact: Fact) -> bool:
    """Whether the customer says that it is not so: 什么十五万六."""
    start, _ = span_of(fact)
    return fact.reading.customer and _NOT_SO.search(fact.reading.text, max(start - BESIDE, 0), start) is not None


def exact(groups: Mapping[str, list[Fact]]) -> dict[str, list[Fact]]:
    """Amounts; one said roughly (一万多) with the exact one of the call that it can stand for."""
    amounts = {normal: number_of(normal) for normal in groups}
    exact = {normal: list(group) for normal, group in groups.items()}
    for normal, group in groups.items():
        if all(_ROUGH.search(fact.entity.text.lower()) for fact in group):
            low, currency = amounts[normal], normal.split()[-1]
            fits = [o for o in groups if o.endswith(currency) and low < amounts[o] < low * ROUGHLY and o in exact]
            if len(fits) == 1:
                del exact[normal]
                meant = [replace(fact, normal=fits[0]) for fact in group]
                exact[fits[0]] = sorted([*exact[fits[0]], *meant], key=lambda f: f.order)
    return exact


def is_settled(group: Iterable[Fact]) -> bool:
    """Whether one of them was confirmed."""
    return any(fact.status == "confirmed" for fact in group)


def span_of(fact: Fact) -> Span:
    """The characters of its turn that say it."""
    return fact.reading.characters(fact.entity.first_word, fact.entity.end_word)


def places_of(facts: Sequence[Fact]) -> tuple[Evidence, ...]:
    """All places, each once, in the order of the call."""
    places = dict.fromkeys(place for fact in facts for place in fact.evidence)
    own = {fact.reading.turn.turn_id for fact in facts} - {-1}
    kept = [place for place in places if place.end_word or place.turn_id not in own]
    return tuple(sorted(kept, key=lambda place: (place.start_sample, place.channel)))[:MOST_EVIDENCE]


def suggested(spec: FieldSpec, readings: Sequence[Reading]) -> list[FieldValue]:
    """What text that may still change suggests for a field of facts; ``readings``: of segments that are open."""
    for reading in readings:
        for entity in reversed(reading.found.entities if reading.found else ()):
            fits = entity.kind in spec.kinds and entity.value and entity.status == "said"
            if fits and reading.speaks(spec.speaker) and spec.accepts(entity.value):
                return [value_of(spec, [Fact(reading, 0, entity, entity.value, "said")])]
    return []
