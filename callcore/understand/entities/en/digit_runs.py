"""Digits said one after the other, and the words that tell what they are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from callcore.understand.entities import checks
from callcore.understand.entities.digits import SHAPED, DigitCues, DigitRun, classify
from callcore.understand.entities.en.lexicon import alternatives, correcting, lexicon
from callcore.understand.entities.en.numbers import Reading, Token
from callcore.understand.entities.spans import Context, Span

REACH = 60  #: characters before a number in which the words that tell its kind must lie
_LETTERED = ("id_number", "code", "account", "reference")  # kinds that may hold letters

_UNITS = {word: str(n) for n, word in enumerate("zero one two three four five six seven eight nine".split())}
_UNITS |= {"oh": "0", "o": "0", "nought": "0", "naught": "0", "nil": "0"}
_TEENS = {
    word: str(n)
    for n, word in enumerate(
        "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(), 10
    )
}
_TENS = {word: str(n) for n, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
NUMBER_WORDS = frozenset((*_UNITS, *_TEENS, *_TENS, "hundred", "thousand", "million"))
_TIMES = {"double": 2, "triple": 3, "treble": 3, "quadruple": 4}
_SHORT = frozenset(
    "am an as at be by do go he hi if in is it me my no of oh ok on or so to up us we um uh er id".split()
)
_BETWEEN = {"-", ",", "(", ")", "dash", "hyphen", "um", "uh", "er", "erm", "ah", "."}
_STRONG = r"number|code|digits|pin\b|otp|iban|ssn|social|passport|licen[cs]e|expir|ending|ends|last four|last 4"
_MARKS = 2  # more of them than this between digits end a run ("one, dash, oh")
_MOST = 40  # tokens that a run takes in


@dataclass(slots=True)
class _Run:
    """A run that is being read.

    ``groups``: digits between marks. ``single``: how many were said one by one; ``pieces``: words and figures.
    """

    start: int
    end: int
    groups: tuple[str, ...] = ()
    single: int = 0
    pieces: int = 0
    letters: bool = False

    @property
    def digits(self) -> str:
        """All of them."""
        return "".join(self.groups)

    def add(self, digits: str, *, marked: bool) -> None:
        """``marked``: whether a mark stands before the digits."""
        self.groups = (
            (*self.groups, digits) if marked or not self.groups else (*self.groups[:-1], self.groups[-1] + digits)
        )


def digit_spans(reading: Reading, context: Context) -> Iterator[Span]:
    """Every number whose digits count rather than its size."""
    runs = list(_runs(reading))
    text = reading.spoken.text
    kept = [_lettered(text, run, context) for run in runs]
    known = {run.start: run for run in kept}
    made = (DigitRun(run.start, run.end, run.groups) for run in kept if len(run.digits) >= 3 and not _is_sum(text, run))
    before: Span | None = None
    for span in classify(made, reading.spoken, context, cues()):
        span = before = _taken_over(span, before, reading, context)
        if span.kind == "digits" and _FORMATTED.fullmatch(text, span.start, span.end):
            value, valid = checks.phone(span.value, cues().regions)
            span = replace(span, kind="phone", value=value, valid=valid, probability=0.85, rank=SHAPED, hint="")
        if span.kind == "id_number" and _is_card(span.value):
            span = replace(span, kind="card_number", valid=True)
        if span.kind == "phone" and not _plausible(span.value, "".join(span.pieces)):
            span = replace(span, value="".join(span.pieces), valid=False)
        if span.kind != "digits" or span.hint or _said_as_digits(text, known[span.start], context):
            yield span
    for match in _IBAN.finditer(text):
        yield Span("account", match.start(), match.end(), match[0].replace(" ", "").upper(), rank=6)
    yield from _composed(reading, context)


def _composed(reading: Reading, context: Context) -> Iterator[Span]:
    """Numbers said as one for their digits: "ending in four thousand and twelve"."""
    text = reading.spoken.text
    for number in reading.numbers.values():
        if number.figure or not 1000 <= number.whole <= 9999:
            continue
        tail = any(
            (cue := cues().before[kind].search(text, max(0, number.start - REACH), number.start))
            and cue.end() == number.start
            for kind in ("card_tail", "code")
        )
        if tail:
            run = DigitRun(number.start, number.end, (str(number.whole),))
            yield from classify([run], reading.spoken, replace(context, open=None), cues())


def _is_sum(text: str, run: _Run) -> bool:
    """Whether it is a thing by its price, or a year: "the nineteen ninety-nine"."""
    return run.single == 0 and run.pieces == 2 and _ARTICLE.search(text, max(0, run.start - 6), run.start) is not None


def _said_as_digits(text: str, run: _Run, context: Context) -> bool:
    """Whether digits of which nothing tells the kind are more than a number of things."""
    if _neutral().search(text, max(0, run.start - REACH), run.start):
        return True
    if context.asked or context.open is not None:
        return True
    filler = cues().fillers
    if filler.fullmatch(text, 0, run.start) and filler.fullmatch(text, run.end):
        return True  # nothing else was said
    return run.single >= 3 or len(run.digits) >= 6 or (run.pieces > 2 and len(run.digits) >= 4)


def _taken_over(span: Span, before: Span | None, reading: Reading, context: Context) -> Span:
    """Digits that correct others, or stand beside them ("6628 and 7710"), are of their kind."""
    text = reading.spoken.text
    if span.kind != "digits" or before is None or before.kind == "digits" or span.start - before.end > REACH:
        return span
    if not (
        _BESIDE.fullmatch(text, before.end, span.start) or correcting().between.fullmatch(text, before.end, span.start)
    ):
        return span
    run, asking = DigitRun(span.start, span.end, (span.value,)), replace(context, asked=before.kind, open=None)
    return next(classify([run], reading.spoken, asking, cues()), span)


def _is_card(digits: str) -> bool:
    """Whether what words call an ID is a payment card's number."""
    return len(digits) in _CARD_LENGTHS and digits.isdigit() and checks.luhn(digits)


def _plausible(value: str, digits: str) -> bool:
    """Whether the country of a number fits: a British one begins with 0, a Chinese one has 11 digits or more."""
    if digits.startswith("+"):
        return True
    return not (
        (value.startswith("+44") and digits[0] != "0")
        or (value.startswith("+86") and not (len(digits) in (11, 12) and digits[0] == "1"))
    )


def _lettered(text: str, run: _Run, context: Context) -> _Run:
    """The run with its letters where words before it, or a question, ask for such; else none."""
    if not run.letters or context.asked == "id_number":
        return run
    before = cues().before
    if any(before[kind].search(text, max(0, run.start - REACH), run.start) for kind in _LETTERED):
        return run
    return _Run(run.start, run.end)


def _runs(reading: Reading) -> Iterator[_Run]:
    tokens = reading.tokens
    at = 0
    while at < len(tokens):
        run, after = _read(tokens, at)
        if run is None:
            at += 1
            continue
        yield run
        at = after


def _read(tokens: Sequence[Token], at: int) -> tuple[_Run | None, int]:
    """The run that begins at a token and the token after it; None where none begins there."""
    run: _Run | None = None
    place, last = at, at
    while place < len(tokens) and place - at < _MOST:
        piece = _piece(tokens, place, run)
        if piece is None:
            if run is None or tokens[place].said not in _BETWEEN or place - last > _MARKS:
                break
            if tokens[place].said == "." and run.digits == "1" and tokens[at].said == "one":
                return None, at + 1  # "my old one. Seven one double four"
            if tokens[place].said == "." and tokens[place].start != tokens[place - 1].end:
                break
            place += 1
            continue
        digits, taken = piece
        if run is None:
            run = _Run(tokens[at].start, tokens[at].end)
        run.add(digits, marked=place > last)
        run.pieces += 1
        run.single += len(digits) if (taken == 1 and len(digits) == 1) or tokens[place].said in _TIMES else 0
        run.letters = run.letters or (not digits.lstrip("+").isdigit() and digits != "+")
        place += taken
        last = place
        run.end = tokens[place - 1].end
    if run is None or not any(character.isdigit() for character in run.digits):
        return None, at + 1
    return run, last


def _piece(tokens: Sequence[Token], at: int, run: _Run | None) -> tuple[str, int] | None:
    """The digits (or letter) that a token and those after it say, and how many tokens they are."""
    piece = _spoken_piece(tokens, at, run)
    if piece and at + piece[1] < len(tokens) and tokens[at + piece[1]].said in ("thousand", "million"):
        return None  # a number of things
    return piece


def _spoken_piece(tokens: Sequence[Token], at: int, run: _Run | None) -> tuple[str, int] | None:
    said = tokens[at].said
    after = tokens[at + 1].said if at + 1 < len(tokens) else ""
    if said in _TIMES:
        one = after if after.isdigit() and len(after) == 1 else _UNITS.get(after, "")
        return (one * _TIMES[said], 2) if one else None
    if said[0].isdecimal():
        return _figure(tokens, at)
    if (
        said in ("o", "oh")
        and run is None
        and not (after in _UNITS or after in _TIMES or after in _TENS or after[:1].isdecimal())
    ):
        return None
    if said in _UNITS:
        if after == "hundred" and said not in ("zero", "oh", "o"):
            return _UNITS[said] + "00", 2
        return _UNITS[said], 1
    if said in _TEENS:
        return _TEENS[said], 1
    if said in _TENS:
        place = at + 2 if after == "-" else at + 1
        unit = tokens[place].said if place < len(tokens) else ""
        if unit in _UNITS and _UNITS[unit] != "0":
            return _TENS[said] + _UNITS[unit], place + 1 - at
        return _TENS[said] + "0", 1
    if said in ("plus", "+") and run is None and (after in _UNITS or after[:1].isdecimal()):
        return "+", 1
    return _letter(tokens, at, run)


def _figure(tokens: Sequence[Token], at: int) -> tuple[str, int] | None:
    """A figure; "555.123" of a telephone number is read as two."""
    token = tokens[at]
    if "," in token.said:
        return None
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    if after is not None and after.said in ("st", "nd", "rd", "th", "%", "k", "m") and after.start == token.end:
        return None
    whole, point, rest = token.said.partition(".")
    if point and not (len(whole) == 3 and len(rest) in (3, 4)):
        return None
    return whole + rest, 1


def _letter(tokens: Sequence[Token], at: int, run: _Run | None) -> tuple[str, int] | None:
    """A letter in front of digits (within three words) or after some."""
    said = tokens[at].said
    glued = at + 1 < len(tokens) and tokens[at + 1].start == tokens[at].end and tokens[at + 1].said[0].isdecimal()
    grouped = at + 1 < len(tokens) and tokens[at + 1].said[0].isdecimal()
    if not said.isalpha() or not said.isascii() or len(said) > (3 if glued else 2 if grouped else 1):
        return None
    behind = at > 0 and tokens[at - 1].end == tokens[at].start and tokens[at - 1].said[0].isdecimal()
    if said in ("a", "i") and not (glued or behind or (run is not None and run.letters) or _is_letter(tokens, at + 1)):
        return None
    if glued or behind or len(said) == 2:
        return (said.upper(), 1) if glued or behind or said not in _SHORT else None
    near = [token.said for token in tokens[at + 1 : at + 4]]
    digits = [one[0].isdecimal() or one in _UNITS or one in _TIMES or one in _TEENS or one in _TENS for one in near]
    ahead = next((place for place, found in enumerate(digits) if found), None)
    if run is None or not run.digits[-1:].isdigit():
        fits = ahead is not None and all(len(one) == 1 for one in near[:ahead])
        return (said.upper(), 1) if fits else None
    last = not near or not near[0].isalpha() or bool(digits and digits[0])
    return (said.upper(), 1) if last else None


def _is_letter(tokens: Sequence[Token], at: int) -> bool:
    said = tokens[at].said if at < len(tokens) else ""
    return len(said) == 1 and said.isalpha() and said not in ("a", "i", "o")


@cache
def _neutral() -> re.Pattern[str]:
    words = lexicon().words
    fillers = rf"(?:(?:[\s,.:;?!#\"'-]|\b(?:{alternatives(words['fillers'])})\b)*)"
    return re.compile(rf"\b(?:{alternatives(words['neutral'])})\b{fillers}$")


@cache
def cues() -> DigitCues:
    """The cues of ``data/en.toml``: right before the number but for fillers, or with "number" in them farther off."""
    words, numbers = lexicon().words, lexicon().numbers
    fillers = rf"(?:(?:[\s,.:;?!#\"'-]|\b(?:{alternatives(words['fillers'])})\b)*)"
    strong = re.compile(_STRONG)
    loose = {kind: [one for one in phrases if strong.search(one)] for kind, phrases in numbers.items()}
    not_code = r"(?<!zip )(?<!area )(?<!postal )(?<!post )(?<!sort )(?<!swift )"
    return DigitCues(
        before={
            kind: re.compile(
                rf"{not_code}\b(?:(?:{alternatives(phrases)})\b{fillers}$|(?:{alternatives(loose[kind])})\b)"
            )
            for kind, phrases in numbers.items()
        },
        after=_AFTER,
        reach=REACH,
        fillers=re.compile(r"(?:[\s,.-]|\b(?:and|then|um|uh|er|erm|okay|ok|yes|yeah|it's|that's|next|followed by)\b)*"),
        regions=("US", "GB", "CN"),
        card=re.compile(r".{0,16}\bcard\b"),
        ends=_ENDS,
        taken_back=re.compile(r"\b(?:no|sorry|hang on|wrong|i mean|wait)\b"),
        correction=correcting().between,
        abroad=True,
        refused=correcting().second_refused,
    )


_IBAN = re.compile(r"\b[a-z]{2}\d{2}(?: [a-z\d]{4}){3,7}(?: [a-z\d]{1,4})?\b|\b[a-z]{2}\d{2}[a-z\d]{11,30}\b")
_FORMATTED = re.compile(
    r"\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}|07\d{3} ?\d{6}|07\d{3} \d{3} ?\d{3}"
)  # as telephone numbers are written
_ARTICLE = re.compile(r"\b(?:the|that|those|these) $")
_CARD_LENGTHS = (13, 15, 16, 19)
_BESIDE = re.compile(r"[ ,]*(?:and|or|not|but|and not) (?:the |one |it's |also )?")

_ENDS: Mapping[str, re.Pattern[str]] = {
    "card": re.compile(r"\b(?:card|visa|mastercard|amex|debit|credit)\b"),
    "id_number": re.compile(r"\b(?:social|ssn|sin|nric|national insurance|passport|licen[cs]e)\b"),
    "account": re.compile(r"\b(?:account|loan|mortgage|agreement|policy|isa|savings)\b"),
    "phone": re.compile(r"\b(?:mobile|phone|cell|number|call|ring|text)\b"),
}

_AFTER: Mapping[str, re.Pattern[str]] = {
    "card_tail": re.compile(r" (?:are|is) the last (?:four|4)(?: digits)?\b|(?: (?:visa |debit |credit )?card\b)"),
    "code": re.compile(r"(?: is| was|,)?(?: the| my| your) (?:\w+ )?code\b"),
    "phone": re.compile(r"(?: is| was|,)?(?: the| my| your) (?:\w+ )?(?:phone|mobile|cell|contact)(?: number)?\b"),
    "card_number": re.compile(r"(?: is| was|,)?(?: the| my| your) card number\b"),
    "account": re.compile(r"(?: is| was|,)?(?: the| my| your) account number\b"),
}


def read_digits(words: Sequence[str]) -> str:
    """The digits that words say, "" where any word says none."""
    tokens = [Token(place, place, word) for place, word in enumerate(words)]
    digits, at = "", 0
    while at < len(tokens):
        piece = _piece(tokens, at, None) if tokens[at].said not in ("oh", "o") else ("0", 1)
        if piece is None or not piece[0].isdigit():
            return ""
        digits, at = digits + piece[0], at + piece[1]
    return digits
