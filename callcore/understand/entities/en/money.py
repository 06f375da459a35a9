"""Amounts and rates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cache

from callcore.understand.entities import forms
from callcore.understand.entities.en.lexicon import alternatives, correcting, lexicon
from callcore.understand.entities.en.numbers import CARDINAL, SCALES, Number, Reading
from callcore.understand.entities.spans import Context, Span

CURRENCY = "USD"  #: of amounts without one, where the context names none
DOLLARS = ("USD", "HKD", "SGD", "AUD", "CAD", "NZD", "TTD", "JMD")  #: "dollars" are the call's own where it has such
STATED, ASSUMED = 6, 3  #: ranks of amounts with a currency and without

SEQUENCE = f"{CARDINAL}(?:(?: |-)(?:oh )?{CARDINAL}){{0,5}}"  #: numbers said one after the other
_SMALLEST_BARE = 5
_LONGEST_BARE = 7  # digits without any mark
_LONGEST_MARK = 3  # letters of a currency that stand before a number: usd, rs
_HUNDRED = Decimal(100)
_REACH = 40  #: characters from an amount to the number that takes its place

_MONEY_CUES = (
    r"(?:transfer|transferring|transferred|send|sending|sent|pay|paying|paid|deposit|deposited|depositing|"
    r"withdraw|withdrew|withdrawing|withdrawn|move|moved|moving"
    r"|charge|charged|charging|owe|owed|spent|spend|borrow|borrowed|lend|invest|invested|save|saved|took out|"
    r"take out|taken|took|refund|refunded|debited|credited"
    r"|wire|wired|put|earn|lost|stole|overcharged|earning|make|received|receive|got|cost|costs|wrong amount)"
    r"(?: (?:me|him|her|them|us|you|back|in|out|off|only|just|exactly|about|around|roughly|nearly|almost|over|"
    r"under|up to|at least|another|an extra|extra|a total of|it|approximately|like|more than|less than)){0,3} "
    r"|(?:balance|limit|amount|total|sum|payment|deposit|withdrawal|refund|fee|charge|bill|transfer|salary|"
    r"income|budget|loan|principal|overdraft|credit|debt|transaction|minimum|maximum|payout|cash|price|"
    r"purchase|instalment|installment)"
    r"(?: (?:is|of|was|to|from|at|for|being|comes to|should be|by|it's|only|about|around|shows|says|just|would "
    r"be|limit|due|amount|over|up to|close to|nearly)){0,3} "
    r"|(?:raise|increase|increased|raised|lower|reduce|reduced|dropped|changed) (?:it|my limit|the limit|that|"
    r"this)? ?(?:to|from|by) "
    r"|(?:worth|worth of|in the amount of|to the tune of|sum of|total of|minimum of|maximum of|value of) "
)
_PLAIN = (  # what may follow a number that counts nothing
    r"(?= ?(?:$|[,.?!;:)]| (?:to|from|into|out|for|on|in|and|at|by|please|as|was|is|this|last|yesterday|today|"
    r"tomorrow|but|or|that|which|instead|not|now|per|a month|a year|each|every|every"
    r"|if|when|because|so|with|sorry|no|wait|i|it|my|the|we|they|you|he|she|right|correct|then|before|after|"
    r"still|back|out|twice|again|cash|gone|went|were|has|would|will|should|of|altogether|together|all|total|behind|"
    r"short|over|extra|left|more|apiece|between|through|going|coming|came|didn't|doesn't|wasn't|isn't|hasn't|"
    r"won't|never|there|here|than|until"
)
_MORE = r"goes|off|due|owed|owing|taken|paid|spent|charged|credited|debited|only"  # where it is money for other reasons
FREE = rf"{_PLAIN}|{_MORE})\b))"  #: pattern of what may follow a sum


def _amounts(reading: Reading, context: Context) -> Iterator[Span]:
    said: set[str] = set()
    for pattern in (_before(), _after()):
        for match in pattern.finditer(reading.code):
            said.add(_code(match["currency"], context))
            yield from _stated(reading, match, _code(match["currency"], context))
    for match in _cents().finditer(reading.code):
        value = reading.numbers[match.start("minor")].value
        code = lexicon().spoken_cents()[match["cents"]] or _own(context)
        yield _span(reading, match, forms.amount(value / _HUNDRED, code), STATED)
    yield from _bare(reading, said.pop() if len(said) == 1 else _own(context))


def amounts(reading: Reading, context: Context) -> Iterator[Span]:
    """What was said of money, with a currency or in the company of words that speak of money."""
    found = list(_amounts(reading, context)) if reading.numbers else []
    yield from found
    for number in reading.numbers.values() if found else ():
        for span in found:
            first, second = (span.end, number.start) if span.end <= number.start else (number.end, span.start)
            if first <= second < first + _REACH and correcting().between.fullmatch(reading.spoken.text, first, second):
                value = forms.amount(number.value, span.value.rsplit(" ", 1)[-1])
                yield Span("amount", number.start, number.end, value, 0.85, rank=ASSUMED - 1)


def _stated(reading: Reading, match: re.Match[str], code: str) -> Iterator[Span]:
    value, end = money(reading, match, "major"), match.end()
    if value is None:
        return
    for group in ("minor", "rest"):
        if match.groupdict().get(group):
            number = reading.numbers[match.start(group)]
            if group == "rest" and number.said == "one":  # the five dollar one
                end = match.end("currency")
            elif 0 < number.value < _HUNDRED:
                value += number.value / _HUNDRED
    shown = forms.amount(value, code)
    if match["from"]:
        first = money(reading, match, "from")
        if first is not None and first < value:
            scale = reading.values(*match.span("major"))[-1].scale or 1  # "three to five thousand"
            low = first * scale if first < 100 <= scale and first * scale < value else first
            shown = forms.amount(low, code).split(" ", 1)[0] + "/" + shown
    yield Span("amount", *reading.span(match.start(), end), shown, rank=STATED)


def _bare(reading: Reading, currency: str) -> Iterator[Span]:
    """Numbers without a currency: after words of money, or with a word like thousand in them.

    A letter that may stand for millions or for something else needs the words of money.
    """
    for match in _BARE.finditer(reading.code):
        if not (match["cue"] or _PLAINLY_FREE.match(reading.code, match.end())):
            continue
        numbers = reading.values(*match.span("major"))
        value = spoken_value(numbers, reading.code[match.start("major") : match.end("major")])
        if value is None or value < _SMALLEST_BARE or (len(numbers) > 1 and all(one.value < 10 for one in numbers)):
            continue
        last = numbers[-1]
        if last.figure and last.said.isdigit() and (len(last.said) > _LONGEST_BARE or last.said.startswith("0")):
            continue  # an account or a date
        whole = _in_scales(last) and not _beside_digits(reading, match)
        told = match["cue"] or (last.figure and "," in last.said) or whole
        if told or ((len(numbers) > 1 or last.doubtful) and _OF_SUMS.search(_clause(reading.code, match))):
            start, end = reading.span(*match.span("major"))
            yield Span("amount", start, end, forms.amount(value, currency), 0.85, rank=ASSUMED)


def _in_scales(number: Number) -> bool:
    """Whether a number is said in hundreds or thousands, as no digits are; not a year, not a mere "a hundred"."""
    return in_hundreds(number) and not 1900 <= number.value < 2100


def in_hundreds(number: Number) -> bool:
    """The same of a number that may be a year: "nineteen hundred", "two thousand"."""
    if number.doubtful:
        return False
    said = number.said.removeprefix("a ").removeprefix("one ")
    if said in SCALES:
        return said == "thousand" and number.said.startswith("one ")
    return bool(said.endswith(tuple(SCALES)) or _IN_HUNDREDS.search(said)) and number.value >= 100


def _beside_digits(reading: Reading, match: re.Match[str]) -> bool:
    """Whether digits are said right before or after a match: "nine hundred, three one nine" is part of a number."""
    start, end = match.span("major")
    before, after = _DIGIT_BEFORE.search(reading.code, 0, start), _DIGIT_AFTER.match(reading.code, end)
    places = [found.start("digit") for found in (before, after) if found]
    return any(reading.numbers[place].value < _TEN for place in places)


def _clause(code: str, match: re.Match[str]) -> str:
    """What is said around a match up to the marks before and after it."""
    start, end = match.span("major")
    return _MARKS.split(code[max(0, start - _REACH) : start])[-1] + _MARKS.split(code[end : end + _REACH])[0]


def money(reading: Reading, match: re.Match[str], group: str) -> Decimal | None:
    """The value of the numbers in a group of a match of :data:`SEQUENCE`; None where they make none."""
    start, end = match.span(group)
    return spoken_value(reading.values(start, end), reading.code[start:end])


def spoken_value(numbers: Sequence[Number], code: str = "") -> Decimal | None:
    """What numbers said one after the other come to: one twenty five fifty is 125.50, twelve oh five 12.05, four
    thousand nine fifty 4950, eighty-four twelve sixty 8412.60, one lakh fifty 150,000.

    ``code``: their stretch of :attr:`Reading.code`, which holds the "oh"s. None where they make no amount.
    """
    if not numbers:
        return None
    if len(numbers) == 1:
        return numbers[0].value
    if any(one.whole < 0 for one in numbers):
        return None
    values = [int(one.value) for one in numbers]
    if len(values) > 2 and all(value < 10 for value in values) and "oh" not in code:
        return Decimal("".join(one.digits for one in numbers))
    if len(values) == 2 and numbers[1].figure and len(numbers[1].said) == 3 and values[0] < 1000:
        return Decimal(values[0] * 1000 + values[1])
    pairs = [10 <= one.value < 100 for one in numbers]
    if len(values) == 2 and numbers[0].said.endswith(LAKHS) and pairs[1]:
        return Decimal(values[0] + values[1] * numbers[0].scale // 100)
    if len(values) == 3 and values[0] % 1000 == 0 and 0 < values[1] < 10 <= values[2] < 100 <= values[0]:
        return Decimal(values[0] + values[1] * 100 + values[2])
    pieces = code.split(CARDINAL)
    zeros = ["oh" in pieces[place] or one.said.startswith(("zero ", "0")) for place, one in enumerate(numbers)]
    fits = [pair or (zero and one.value < 10) for pair, zero, one in zip(pairs, zeros, numbers, strict=True)]
    if len(values) == 2 and fits[1]:
        units = values[0] % 1000
        if pairs[1] and values[0] >= 1000 and 0 < units < 10:  # four thousand nine | fifty
            return Decimal(values[0] + units * 99 + values[1])
        return Decimal(values[0] * 100 + values[1]) if values[0] < 10 else values[0] + Decimal(values[1]) / 100
    if len(values) == 3 and (values[0] < 10 or pairs[0]) and fits[1] and fits[2]:
        return values[0] * 100 + values[1] + Decimal(values[2]) / 100
    return None


def rates(reading: Reading, _context: Context) -> Iterator[Span]:
    """Percentages and basis points, with the period for which they are."""
    for match in _RATE.finditer(reading.code):
        value = _percent(reading, match)
        if value is None:
            continue
        said = f"{match['before'] or ''} {match['after'] or ''}"
        period = next((name for name, pattern in _PERIODS.items() if pattern.search(said)), "")
        start = match.start("number") if not match["before"] else match.start("before")
        start, end = reading.span(start, match.end())
        yield Span("rate", start, end, forms.rate(value, period), rank=STATED + 1)
    for match in _RATE_OF.finditer(reading.code):
        number = reading.numbers[match.start("number")]
        if number.value < 40 and (number.whole < 0 or match["cue"] == "apr"):
            start, end = reading.span(*match.span("number"))
            yield Span("rate", start, end, forms.rate(number.value), 0.85, rank=ASSUMED)


def _percent(reading: Reading, match: re.Match[str]) -> Decimal | None:
    part = match["part"]
    if part:
        value = Decimal("0.75") if part.startswith(("three", CARDINAL)) else _HALF if "half" in part else _QUARTER
    else:
        numbers = reading.values(*match.span("number"))
        value = numbers[-1].value
        if len(numbers) == 2 and 10 <= numbers[1].value < 100 and min(one.whole for one in numbers) >= 0:
            value = numbers[0].value + numbers[1].value / _HUNDRED
        elif len(numbers) > 1:
            return None
    return value / _HUNDRED if match["unit"].startswith(("b", "B")) else value


def _span(reading: Reading, match: re.Match[str], value: str, rank: int) -> Span:
    start, end = reading.span(match.start(), match.end())
    return Span("amount", start, end, value, rank=rank)


def _own(context: Context) -> str:
    return context.currency or CURRENCY


def _code(said: str, context: Context) -> str:
    code = lexicon().spoken_currencies()[said]
    return code or (context.currency if context.currency in DOLLARS else CURRENCY)


def of_any_country(text: str) -> bool:
    """Whether the words of an amount, lower case, name dollars and not whose."""
    return any(match[0] in lexicon().currencies[""] for match in _currencies().finditer(text))


@cache
def _currencies() -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z])(?:{alternatives(lexicon().spoken_currencies())})(?![a-z])")


@cache
def _before() -> re.Pattern[str]:
    """Reads "$3,500.00", "usd 35", "between $20 and $30"."""
    said = lexicon().spoken_currencies()
    marks = alternatives(word for word in said if not word.isalpha() or len(word) <= _LONGEST_MARK)
    return re.compile(
        rf"(?:between )?(?:(?<!\w)(?:{marks}) ?(?P<from>{CARDINAL}) ?(?:-|to|and|or) "
        rf")?(?<!\w)(?P<currency>{marks}) ?(?P<major>{CARDINAL})"
        rf"(?:(?:,? and)? (?P<minor>{CARDINAL}) ?(?:cents?|pence|p)\b)?(?: (?:us )?(?:dollars|pounds|euros)\b)?"
    )


@cache
def _after() -> re.Pattern[str]:
    """Reads "thirty five dollars", "a hundred pounds fifty", "three to five thousand yuan"."""
    said = alternatives(word for word in lexicon().spoken_currencies() if word[-1].isalpha() or word == "€")
    minor = alternatives(lexicon().spoken_cents())
    unit = r"(?! ?(?:[a-z]+s\b|percent|per|%|am\b|pm\b|of\b|o'|/))"
    return re.compile(
        rf"(?:(?:between )?(?P<from>{SEQUENCE}) ?(?:-|to|and|or) ?)?(?P<major>{SEQUENCE})(?: of)? "
        rf"?-?(?P<currency>{said})(?!\w)"
        rf"(?:,?(?: and)? (?P<minor>{CARDINAL}) ?(?:{minor})\b| (?P<rest>{CARDINAL})(?![\w{CARDINAL}]| "
        rf"{CARDINAL}){unit})?"
    )


@cache
def _cents() -> re.Pattern[str]:
    return re.compile(rf"(?P<minor>{CARDINAL}) ?(?P<cents>{alternatives(lexicon().spoken_cents())})\b(?!\.m)")


_HALF, _QUARTER = Decimal("0.5"), Decimal("0.25")
_BARE = re.compile(rf"(?P<cue>\b(?:{_MONEY_CUES}))?(?<![\w{CARDINAL}])(?P<major>{SEQUENCE})(?!\w){FREE}")
_PLAINLY_FREE = re.compile(rf"{_PLAIN})\b))")
_DIGIT_BEFORE = re.compile(rf"(?P<digit>{CARDINAL}),? ?$")
_DIGIT_AFTER = re.compile(rf",? ?(?P<digit>{CARDINAL})")
_TEN = 10
LAKHS = ("lakh", "lakhs", "crore", "crores")  #: after which lesser units are left out: "one lakh fifty"
_MARKS = re.compile(r"[.?!;]")
_OF_SUMS = re.compile(
    r"\b(?:altogether|all together|in total|in all|the lot|come to|comes to|came to|makes|clear|owing|outstanding|"
    r"behind|short|apiece|each|left over|per month|a month)\b"
)
_IN_HUNDREDS = re.compile(r"\b(?:hundred|thousand) ")
_PERIODS = {
    "daily": re.compile(r"\b(?:daily|day)\b"),
    "monthly": re.compile(r"\b(?:monthly|month)\b"),
    "annual": re.compile(r"\b(?:apr|apy|aer|annual|annually|annum|year|yearly)\b"),
}
_RATE = re.compile(
    r"(?P<before>\b(?:apr|apy|annual (?:percentage |interest )?rate|monthly (?:interest )?rate|daily "
    r"(?:interest )?rate) (?:(?:is|of|at|was|to) )?(?:only |about |just )?)?"
    rf"(?P<number>{CARDINAL}(?: {CARDINAL})?|(?P<part>(?:a |one )?half(?: of)?(?: a| of a| of one)?|(?:a |one "
    rf")?quarter(?: of)?(?: a| of one)?|(?:three|{CARDINAL}) quarters of (?:a|one)))"
    r" ?-?(?P<unit>percent|per cent|%|pct|percentage points?|basis points?|bps|bips)(?!\w)"
    r"(?P<after> (?:interest )?(?:apr|apy|aer|per annum|per year|a year|annually|annual|yearly|per month|a "
    r"month|monthly|per day|a day|daily|each month|each year|every month|every year|every day|p\.a)\b)?"
)
_RATE_OF = re.compile(
    rf"\b(?P<cue>rate|apr|interest)(?: (?:is|was|of|at|to|from|now|only|still|just|about|around|"
    rf"currently)){{0,3}} (?P<number>{CARDINAL})(?![\w%])(?= ?(?:$|[,.?!;]| (?:for|on|to|now|but|and|which|is|"
    rf"was|right|this|please|or)\b))"
)
