"""What a run of digits is: by the words around it, what was asked for, its length and its check digits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from callcore.understand.entities import checks
from callcore.understand.entities.spans import Context, OpenNumber, Span
from callcore.understand.entities.spoken import Spoken

CUED, SHAPED, BARE = 5, 4, 1  #: ranks of spans whose kind words, the shape alone, or nothing tells
LONGEST_CARD = 19  #: ISO/IEC 7812-1
SHORTEST_CARD = 13
SHORTEST_BARE = 3
RESIDENT_ID = 18  #: GB 11643-1999

_LENGTHS = {  # shortest and longest run that a cue makes one of the kind
    "card_number": (SHORTEST_CARD, LONGEST_CARD),
    "card_tail": (3, 6),
    "account": (5, 30),
    "phone": (5, 15),
    "id_number": (6, 20),
    "code": (3, 10),
    "card_expiry": (3, 6),
    "reference": (3, 24),
}
_WITH_ENDS = ("phone", "account", "id_number")  #: kinds of which people say the end alone, as of cards
_ALIKE = 2  #: digits in which the end of a number that is corrected differs
_BEGINNING = 4  #: digits by which an account read back is known
_MOBILE = re.compile(r"1[3-9]\d{9}")
_SERVICE = re.compile(r"[48]00\d{7}|9[56]\d{3}")
_CHINESE_ID = re.compile(r"[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dX]")
_CARD = re.compile(r"(?:62|4|5[1-5]|2[2-7]|3[4-7])\d+")


@dataclass(frozen=True, slots=True)
class DigitRun:
    """Digits said one after the other (double, triple and the like already written out), as a span of characters.

    ``digits`` may hold capital letters (passports) and begin with "+".
    """

    start: int
    end: int
    digits: str


@dataclass(frozen=True, slots=True)
class DigitCues:
    """Words that tell what digits beside them are.

    ``before``: kind to what is said before such digits; of several the one that ends last decides. ``after``: kind to
    what follows them at once (matched from the end of the run on). ``reach``: characters in which a cue must lie.
    ``fillers``: all that may stand before digits that go on with a number left open ("um", marks, nothing).
    ``card``: a word for a card. ``taken_back``: words that take something back, among others.
    ``regions``: countries of telephone numbers where the context names none, in the order in which they are tried.
    """

    before: Mapping[str, re.Pattern[str]]
    after: Mapping[str, re.Pattern[str]]
    reach: int
    fillers: re.Pattern[str]
    regions: tuple[str, ...]
    card: re.Pattern[str]
    taken_back: re.Pattern[str]
    correction: re.Pattern[str] | None = None  #: all that stands between a run and the one that replaces it


def classify(runs: Iterable[DigitRun], spoken: Spoken, context: Context, cues: DigitCues) -> Iterator[Span]:
    """A span for each run of three digits or more (kinds of ``_LENGTHS``, or "digits" where nothing tells).

    The first run of a turn that begins with it goes on with the number that the speaker left open
    (:attr:`Context.open`). ``Span.hint`` of "digits" is the kind that they may still become.
    """
    regions = (context.region, *cues.regions) if context.region else cues.regions
    previous, last = 0, ""
    before: Span | None = None
    for number, run in enumerate(runs):
        hint = _cue(run, spoken.text, previous, cues)
        if not hint and previous and cues.correction and cues.correction.fullmatch(spoken.text, previous, run.start):
            hint = last
        previous, last = run.end, hint
        joined = None
        if number == 0 and context.open is not None and cues.fillers.fullmatch(spoken.text, 0, run.start):
            joined = _continued(run, context.open, hint, regions)
        kind = _other_end(run, spoken.text, hint, context, cues)
        if before is not None and (end := _corrected_end(run, before, hint, spoken.text, cues)) is not None:
            yield replace(before, status="corrected")
            before = end
            continue
        if before is not None:
            yield before
        before = joined or (_end_of(run, kind) if kind else _alone(run, hint or _read_back(run, context), regions))
    if before is not None:
        yield before


def _corrected_end(run: DigitRun, before: Span, hint: str, text: str, cues: DigitCues) -> Span | None:
    """The number ``before`` with another end, which the speaker gives after taking the first back."""
    size, gap = len(run.digits), (before.end, run.start)
    if before.kind not in (*_WITH_ENDS, "card_number") or size >= len(before.value) or not cues.correction:
        return None
    ends = zip(before.value[-size:], run.digits, strict=True)
    alike = sum(a != b for a, b in ends) <= _ALIKE and cues.correction.fullmatch(text, *gap) is not None
    named = hint == "card_tail" and cues.taken_back.search(text, *gap) is not None
    if not (alike or named):
        return None
    value = before.value[:-size] + run.digits
    valid = checks.luhn(value) if before.kind == "card_number" else before.valid
    return replace(before, start=run.start, end=run.end, value=value, valid=valid)


def _cue(run: DigitRun, text: str, previous: int, cues: DigitCues) -> str:
    """The kind that words around the run tell, "" for none. Words before an earlier run do not count."""
    for kind, pattern in cues.after.items():
        if pattern.match(text, run.end):
            return kind
    best, kind_of_best = -1, ""
    for kind, pattern in cues.before.items():
        for match in pattern.finditer(text, max(previous, run.start - cues.reach), run.start):
            if match.end() > best:
                best, kind_of_best = match.end(), kind
    return kind_of_best


def _other_end(run: DigitRun, text: str, hint: str, context: Context, cues: DigitCues) -> str:
    """The kind of number that "ending in" speaks of where it is no card's: of one that was read back or asked for."""
    if hint != "card_tail" or len(run.digits) > _LENGTHS["card_tail"][1]:
        return ""
    if cues.card.search(text, max(0, run.start - cues.reach), run.start) or cues.card.match(text, run.end):
        return ""
    return context.about if context.about in _WITH_ENDS else ""


def _end_of(run: DigitRun, kind: str) -> Span:
    """The last digits of a number of another kind."""
    return Span("digits", run.start, run.end, run.digits, 0.8, rank=CUED, hint=kind)


def _read_back(run: DigitRun, context: Context) -> str:
    """The kind that a run has because it was asked for, or because the other side said such a number."""
    for kind, value in context.heard:
        same = run.digits == value or (run.digits[:_BEGINNING] == value[:_BEGINNING] and len(run.digits) > _BEGINNING)
        if kind == "account" and same:
            return kind
    return context.asked


def _alone(run: DigitRun, hint: str, regions: tuple[str, ...]) -> Span | None:
    """The run by itself."""
    digits, whole = run.digits, Span("digits", run.start, run.end, run.digits, 0.8, rank=BARE)
    if hint == "card_number" and len(digits) == 4:
        # A card number of four digits is its tail, or its first group, which only what follows tells.
        return replace(whole, hint="card_number")
    if hint in _LENGTHS:
        shortest, longest = _LENGTHS[hint]
        if hint == "id_number" and digits.endswith("X"):  # no other number has a letter there
            shortest = SHORTEST_BARE + 1
        if shortest <= len(digits) <= longest and not _other_shape(digits, hint):
            return _made(whole, hint, regions, CUED)
        if SHORTEST_BARE <= len(digits) < shortest:
            return replace(whole, hint=hint)
    kind = _shape(digits, regions)
    if kind:
        return _made(whole, kind, regions, SHAPED)
    if len(digits) >= SHORTEST_BARE and digits.isdigit():
        return replace(whole, hint=hint)
    return None


def _continued(run: DigitRun, before: OpenNumber, hint: str, regions: tuple[str, ...]) -> Span | None:
    """The run as what follows the digits of earlier turns; None where it cannot be."""
    digits = before.digits + run.digits
    kind = hint or before.kind
    if (hint and before.kind and hint != before.kind) or len(digits) > LONGEST_CARD:
        return None
    whole = Span("digits", run.start, run.end, digits, 0.85, rank=BARE, parts=before.turns, hint=kind)
    if kind not in _LENGTHS:  # nothing tells what it is to become
        kind = _shape(digits, regions)
    if not kind or len(digits) < _LENGTHS[kind][0]:
        return replace(whole, value=run.digits)
    made = _made(whole, kind, regions, CUED)
    return replace(whole, value=run.digits) if _incomplete(made) else made


def _incomplete(span: Span) -> bool:
    """Whether a number said in pieces lacks digits yet."""
    if span.kind in ("phone", "id_number"):
        return span.valid is False and len(span.value) < {"phone": 11, "id_number": RESIDENT_ID}[span.kind]
    return span.kind == "card_number" and not span.valid and len(span.value) < 16


def _made(whole: Span, kind: str, regions: tuple[str, ...], rank: int) -> Span:
    """The span as one of ``kind``, with its normal form and what its check digits say."""
    digits, value, valid = whole.value, whole.value, None
    if kind == "card_number":
        valid = checks.luhn(digits)
    elif kind == "phone":
        value, valid = checks.phone(digits, regions)
    elif kind == "id_number" and len(digits) >= RESIDENT_ID - 1 and regions[0] == "CN":
        valid = checks.resident_id(digits)
    elif kind == "card_expiry":
        value = expiry(digits)
        if not value:
            return whole
    probability = {CUED: 0.97, SHAPED: 0.93}[rank] if valid is not False else 0.85
    return replace(whole, kind=kind, value=value, valid=valid, rank=rank, probability=probability, hint="")


def expiry(digits: str) -> str:
    """``YYYY-MM`` of the four (or three, six) digits on a card: month, then year; "" where they are none."""
    month, year = int(digits[:-2] if len(digits) < 5 else digits[:2]), digits[-2:]
    return f"20{year}-{month:02d}" if 1 <= month <= 12 else ""


def _other_shape(digits: str, kind: str) -> bool:
    """Whether the digits are clearly something else than the words say: an ID number where a card is spoken of."""
    if kind in ("account", "id_number", "reference"):
        return False
    if _CHINESE_ID.fullmatch(digits):
        return True
    return kind == "card_number" and len(digits) < SHORTEST_CARD


def _shape(digits: str, regions: tuple[str, ...]) -> str:
    """The kind of digits by themselves, "" for none."""
    if _CHINESE_ID.fullmatch(digits):
        return "id_number"
    if digits.startswith("+") or (regions[0] == "CN" and (_MOBILE.fullmatch(digits) or _SERVICE.fullmatch(digits))):
        return "phone"
    if digits.startswith("0") and 10 <= len(digits) <= 12 and checks.phone(digits, regions)[1]:
        return "phone"
    if len(digits) == 10 and regions[0] == "US" and checks.phone(digits, regions)[1]:
        return "phone"
    if _MOBILE.fullmatch(digits):
        return "phone"
    if 15 <= len(digits) <= LONGEST_CARD and _CARD.fullmatch(digits):
        return "card_number"
    return "card_number" if SHORTEST_CARD <= len(digits) <= LONGEST_CARD and checks.luhn(digits) else ""
