"""What a run of digits is: by the words around it, what was asked for, its length and its check digits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from callcore.understand.entities import checks
from callcore.understand.entities.pieces import (
    ALIKE,
    LONGEST_END,
    MOBILE,
    RESIDENT_ID,
    assembled,
    is_fragment,
    is_like,
    is_whole,
    tail,
)
from callcore.understand.entities.shapes import LONGEST_CARD, SCHEMES, SHORTEST_CARD, expiry, other_shape, shape
from callcore.understand.entities.spans import Context, OpenNumber, Span
from callcore.understand.entities.spoken import Spoken

CUED, SHAPED, BARE = 5, 4, 1  #: ranks of spans whose kind words, the shape alone, or nothing tells
SHORTEST_BARE = 3

_LENGTHS = {  # shortest and longest run that a cue makes one of the kind
    "card_number": (SHORTEST_CARD, LONGEST_CARD),
    "card_tail": (4, 6),
    "account": (5, 30),
    "phone": (5, 15),
    "id_number": (6, 20),
    "code": (3, 10),
    "card_expiry": (3, 6),
    "reference": (3, 24),
}
_CHECKED = ("phone", "id_number", "card_number")  #: kinds of which check digits or a plan know what is whole
_WITH_ENDS = ("phone", "account", "id_number")  #: kinds of which people say the end alone, as of cards
_BY_END = ("account", "id_number")  #: kinds of which the end stands for the whole where no more of it is said
_SHORTEST_END = 4
_SHORTEST_ALIKE = 4  #: digits that are taken for others said wrong without a word that says so
_LONGEST_SLIP = 14  #: digits of a telephone number with a piece that is said twice
_AT_ONCE = 16  #: characters after a number in which words that take it back begin
_BEGINNING = 4  #: digits by which an account read back is known
_SENTENCE_END = re.compile("[.。?!;]")
_CLAUSE_END = re.compile("[,.。?!;]")


@dataclass(frozen=True, slots=True)
class DigitRun:
    """Digits said one after the other (double, triple and the like already written out), as a span of characters.

    ``pieces``: as they were grouped; they may hold capital letters (passports), the first may begin with "+".
    """

    start: int
    end: int
    pieces: tuple[str, ...]

    @property
    def digits(self) -> str:
        """All of them."""
        return "".join(self.pieces)


@dataclass(frozen=True, slots=True)
class DigitCues:
    """Words that tell what digits beside them are.

    ``before``: kind to what is said before such digits; of several the one that ends last decides. ``after``: kind to
    what follows them at once (matched from the end of the run on). ``reach``: characters in which a cue must lie.
    ``fillers``: all that may stand before digits that go on with a number left open ("um", marks, nothing).
    ``card``: a word for a card. ``taken_back``: words that take something back, among others.
    ``ends``: kind to words of a sentence by which "ending in" speaks of that kind.
    ``regions``: countries of telephone numbers where the context names none, in the order in which they are tried.
    """

    before: Mapping[str, re.Pattern[str]]
    after: Mapping[str, re.Pattern[str]]
    reach: int
    fillers: re.Pattern[str]
    regions: tuple[str, ...]
    card: re.Pattern[str]
    taken_back: re.Pattern[str]
    ends: Mapping[str, re.Pattern[str]]
    correction: re.Pattern[str]  #: all that stands between a run and the one that replaces it
    abroad: bool  #: whether the language is spoken in several countries
    refused: re.Pattern[str]  #: all that stands between a run and one that it is not


def classify(runs: Iterable[DigitRun], spoken: Spoken, context: Context, cues: DigitCues) -> Iterator[Span]:
    """A span for each run of three digits or more (kinds of ``_LENGTHS``, or "digits" where nothing tells).

    The first run of a turn that begins with it goes on with the number that the speaker left open
    (:attr:`Context.open`); others do where check digits know the whole. ``Span.hint`` of "digits" is the kind that they
    may still become.
    """
    turn = _Turn(spoken.text, context, cues, gathered=_still_open(context))
    before: Span | None = None
    for run in runs:
        hint = turn.cue(run)
        if before is None:
            before = turn.read(run, hint)
        elif (end := _corrected_end(run, before, hint, turn)) is not None:
            yield replace(before, status="corrected")
            before, turn.previous = end, run.end
        elif _takes_back(run, before, hint, turn):
            yield replace(before, status="corrected")
            turn.gathered = turn.earlier
            known = before.hint or (before.kind if before.kind != "digits" else "")
            before = turn.read(run, known if hint == "card_number" else hint or known)
        else:
            yield before
            before = turn.read(run, hint)
    if before is not None:
        yield before


def _still_open(context: Context) -> OpenNumber | None:
    """The number that the speaker left open, unless another one has been asked for."""
    begun, asked = context.open, context.asked
    if begun is None or not begun.kind or not asked or _family(asked) == _family(begun.kind):
        return begun
    return None


def _family(kind: str) -> str:
    return "card" if kind.startswith("card") else kind


@dataclass(slots=True)
class _Turn:
    """The digits of a turn, run by run. ``gathered``: of a number that is not whole yet."""

    text: str
    context: Context
    cues: DigitCues
    gathered: OpenNumber | None
    earlier: OpenNumber | None = None  #: what was gathered before the last run
    previous: int = 0  #: where the last run ended
    told: int = 0  #: where the last one ended whose kind is known
    last: str = ""  #: what the words around it told
    numbers: list[tuple[str, str]] = field(default_factory=list)  #: kind and value of those read so far
    regions: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        region = self.context.region or (self.context.country if self.cues.abroad else "")
        self.regions = (region, *self.cues.regions) if region else self.cues.regions

    def cue(self, run: DigitRun) -> str:
        """The kind that words tell of the next run, "" for none; what corrects another is what that was."""
        hint = _cue(run, self.text, self.previous, self.cues)
        if not hint and self.previous and self.cues.correction.fullmatch(self.text, self.previous, run.start):
            return self.last
        return hint

    def read(self, run: DigitRun, hint: str) -> Span | None:
        """The run as a span; None where it is none. ``hint``: the kind that words tell, "" for none."""
        begins, self.previous, self.last = not self.previous, run.end, hint
        self.earlier = self.gathered
        span = self._end(run, self.context.end_asked, told=False) if begins and not hint else None
        span = span or self._whole(run, hint)
        if span is None and begins and self.gathered and self.cues.fillers.fullmatch(self.text, 0, run.start):
            span = _continued(run, self.gathered, hint, self.regions)
        if span is None:
            kind = _other_end(run, hint, self)
            told, hint = hint, hint or _read_back(run, self.context, self.regions)
            if hint == "card_tail" and (four := tail(run.pieces)):
                run = replace(run, pieces=(four,))
            span = self._end(run, kind or hint, told=kind != "") or _alone(run, hint, self.regions)
            if not told and span is not None and span.kind == "digits":
                span = self._beside(run) or span
        self._gather(span, run)
        if span is not None:
            self.numbers.append((span.kind, span.value))
            self.told = run.end if span.kind != "digits" else self.told
        if span is not None and span.kind == "digits" and self.gathered is not None:
            begun = self.gathered
            return replace(span, hint=span.hint or begun.kind, parts=begun.turns, pieces=begun.pieces)
        return span

    def _whole(self, run: DigitRun, hint: str) -> Span | None:
        """The run as the last piece of a number, if check digits know the whole."""
        begun = self.gathered
        slip = MOBILE < len(run.digits) <= _LONGEST_SLIP and (hint or self.context.asked) in ("", "phone")
        if begun is None and slip:
            begun, run = OpenNumber(run.pieces[:1], "phone", ()), replace(run, pieces=run.pieces[1:])
        if begun is None or not run.pieces or (hint and begun.kind and hint != begun.kind):
            return None
        kind = hint or begun.kind
        if self._is_whole_alone(run, kind):
            self.gathered = None
            return None
        for one in (kind,) if kind else _CHECKED:
            digits = assembled(begun.pieces, run.pieces, one, self.regions)
            if digits and (kind or (shape(digits, self.regions) == one and _is_told(one, digits))):
                whole = Span("digits", run.start, run.end, digits, 0.85, parts=begun.turns, pieces=(digits,))
                return _made(whole, one, self.regions, CUED)
        return None

    def _is_whole_alone(self, run: DigitRun, kind: str) -> bool:
        """Whether a run needs nothing of what was said before: of an address, a date, another number."""
        return any(is_whole(one, run.digits, self.regions) for one in ((kind,) if kind else ("phone", "id_number")))

    def _end(self, run: DigitRun, kind: str, *, told: bool) -> Span | None:
        """The run as the end of a number of ``kind`` that is no card's. ``told``: whether words beside it say so."""
        known = [value for one, value in (*self.numbers, *self.context.heard) if one == kind]
        wanted = told or self.context.end_asked == kind or run.digits in known
        sized = _SHORTEST_END <= len(run.digits) <= LONGEST_END
        # of a number that is known it is no more than the end
        if kind in _BY_END and sized and wanted and not any(len(value) > LONGEST_END for value in known):
            return Span(kind, run.start, run.end, run.digits, 0.9, rank=CUED, pieces=run.pieces)
        return _end_of(run, kind) if told else None

    def _beside(self, run: DigitRun) -> Span | None:
        """The run as the end of a card, where that was asked for beside something that it is not."""
        if "card_tail" not in self.context.beside or len(run.digits) != _SHORTEST_END:
            return None
        return _alone(run, "card_tail", self.regions)

    def _gather(self, span: Span | None, run: DigitRun) -> None:
        if span is None or span.kind != "digits" or span.rank >= CUED:
            self.gathered = None
            return
        begun = self.gathered
        goes_on = begun is not None and not span.parts and span.hint in ("", begun.kind)
        if begun is None or not (goes_on or span.parts) or len(begun.digits) + len(run.digits) >= LONGEST_CARD:
            self.gathered = OpenNumber(span.pieces, span.hint, span.parts)
        else:
            self.gathered = OpenNumber((*begun.pieces, *run.pieces), span.hint or begun.kind, begun.turns)


def _is_told(kind: str, digits: str) -> bool:
    """Whether pieces of which nothing tells the kind can be of one: cards begin as those of the large schemes do."""
    return kind != "card_number" or SCHEMES.fullmatch(digits) is not None


def _takes_back(run: DigitRun, before: Span, hint: str, turn: _Turn) -> bool:
    """Whether a run takes the place of the number before it: because words say so, or as one so like it."""
    size, gap = len(before.value), (before.end, run.start)
    if size != len(run.digits) or before.value == run.digits or turn.cues.refused.fullmatch(turn.text, *gap):
        return False
    if hint and _family(hint) not in (_family(before.kind), _family(before.hint)) and before.kind != "digits":
        return False
    said = turn.cues.taken_back.search(turn.text, before.end, min(before.end + _AT_ONCE, run.start))
    return said is not None or (size >= _SHORTEST_ALIKE and is_like(before.value, run.digits))


def _corrected_end(run: DigitRun, before: Span, hint: str, turn: _Turn) -> Span | None:
    """The number ``before`` with another end, which the speaker gives after taking the first back."""
    size, gap = len(run.digits), (before.end, run.start)
    if before.kind not in (*_WITH_ENDS, "card_number") or size >= len(before.value):
        return None
    end = before.value[-size:]
    said = turn.cues.correction.fullmatch(turn.text, *gap) or (
        hint == "card_tail" and turn.cues.taken_back.search(turn.text, *gap)
    )
    if end == run.digits or (hint not in ("", "card_tail") and not said):
        return None
    if not (is_like(end, run.digits, ALIKE if said else 0) or (said and hint == "card_tail")):
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


def _other_end(run: DigitRun, hint: str, turn: _Turn) -> str:
    """The kind of number that "ending in" speaks of where it is no card's: of one that was read back or asked for."""
    text, context, cues = turn.text, turn.context, turn.cues
    if hint == "id_end":
        return "id_number"
    if hint != "card_tail" or len(run.digits) > LONGEST_END:
        return ""
    if cues.card.search(text, max(0, run.start - cues.reach), run.start) or cues.card.match(text, run.end):
        return ""
    if context.about in _WITH_ENDS:
        return context.about
    known = (
        kind for kind, value in (*turn.numbers, *context.heard) if kind in _WITH_ENDS and value.endswith(run.digits)
    )
    return next(known, "") or _told_end(run, turn)


def _told_end(run: DigitRun, turn: _Turn) -> str:
    """The kind of number whose end is spoken of where its sentence, up to its clause, names no card."""
    text, ends = turn.text, turn.cues.ends
    start = max((match.end() for match in _SENTENCE_END.finditer(text, turn.told, run.start)), default=turn.told)
    after = _CLAUSE_END.search(text, run.end)
    said = text[start : after.start() if after else len(text)]
    if ends["card"].search(said):
        return ""
    return next((kind for kind, words in ends.items() if words.search(said)), "")


def _end_of(run: DigitRun, kind: str) -> Span:
    """The last digits of a number of another kind."""
    return Span("digits", run.start, run.end, run.digits, 0.8, rank=CUED, hint=kind, pieces=run.pieces)


def _read_back(run: DigitRun, context: Context, regions: tuple[str, ...]) -> str:
    """The kind that a run has because it was asked for, or because the other side said such a number."""
    for kind, value in context.heard:
        same = run.digits == value or (run.digits[:_BEGINNING] == value[:_BEGINNING] and len(run.digits) > _BEGINNING)
        if kind in _BY_END and same:
            return kind
    return "" if context.asked == "reference" and shape(run.digits, regions) == "phone" else context.asked


def _alone(run: DigitRun, hint: str, regions: tuple[str, ...]) -> Span | None:
    """The run by itself."""
    digits = run.digits
    whole = Span("digits", run.start, run.end, digits, 0.8, rank=BARE, pieces=run.pieces)
    if hint == "card_number" and len(digits) == 4:
        # A card number of four digits is its tail, or its first group, which only what follows tells.
        return replace(whole, hint="card_number")
    if hint in _LENGTHS:
        shortest, longest = _LENGTHS[hint]
        if hint == "id_number" and digits.endswith("X"):  # no other number has a letter there
            shortest = SHORTEST_BARE + 1
        if shortest <= len(digits) <= longest and not other_shape(digits, hint):
            return _made(whole, hint, regions, CUED)
        if SHORTEST_BARE <= len(digits) < shortest:
            return replace(whole, hint=hint)
    kind = shape(digits, regions)
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
    pieces = (*before.pieces, *run.pieces)
    whole = Span("digits", run.start, run.end, digits, 0.85, rank=BARE, parts=before.turns, hint=kind, pieces=pieces)
    if kind not in _LENGTHS:  # nothing tells what it is to become
        kind = shape(digits, regions)
    if not kind or len(digits) < _LENGTHS[kind][0]:
        return replace(whole, value=run.digits)
    made = _made(whole, kind, regions, CUED)
    lacking = made.kind == "card_number" and not made.valid and len(made.value) < LONGEST_CARD
    return replace(whole, value=run.digits) if lacking or made.kind == "digits" else made


def _made(whole: Span, kind: str, regions: tuple[str, ...], rank: int) -> Span:
    """The span as one of ``kind``, with its normal form and what its check digits say; "digits" if it is not whole."""
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
    if is_fragment(kind, digits, valid, regions):
        return replace(whole, hint=kind)
    probability = {CUED: 0.97, SHAPED: 0.93}[rank] if valid is not False else 0.85
    return replace(whole, kind=kind, value=value, valid=valid, rank=rank, probability=probability, hint="")
