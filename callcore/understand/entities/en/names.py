"""Names of people, spelled or not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from callcore.understand.entities.en.digit_runs import NUMBER_WORDS
from callcore.understand.entities.en.lexicon import alternatives, lexicon
from callcore.understand.entities.en.numbers import Reading
from callcore.understand.entities.spans import Context, Span

MAYBE_RANK, NAME_RANK, SPELLED_RANK = 2, 6, 7
MOST_WORDS = 3  #: of a name, without particles
_PARTICLES = frozenset(("van", "de", "der", "den", "von", "la", "bin", "binti", "al", "da", "di"))
_REST = 3  # letters of a name that were not spelled
_SPELLED_ALONE = 4  # letters without any word that asks for a name

_WORD = r"[^\W\d_]+(?:['-][^\W\d_]+)*\.?"
_CUE = re.compile(
    r"\b(?:(?:my (?:full |first |last |sur|middle |maiden |given |family )?name(?: is|'s)|name's|the "
    r"name(?: on (?:the|my) (?:card|account))? is|(?:full|first|last|given|family|maiden|middle) name(?: is|'s|"
    r",)?|surname(?: is|'s|,)?"
    r"|(?:account ?holder|cardholder|card holder|payee|beneficiary|recipient|account holder's|payee's|"
    r"beneficiary's|recipient's|cardholder's|wife's|husband's|son's|daughter's|mother's|father's)(?: name)?"
    r" is|under the name(?: of)?|(?:is|it's|booked|listed|registered|filed|account) under|in the name of|"
    r"goes by|go by|name of|named|(?:customer|contact|legal|account|agent's|user) name(?: is|'s|,|:)|you can "
    r"call me|you're through to|you are through to|you've reached|made out to|payable to"
    r"|speaking (?:with|to)|name on (?:the|my) (?:card|account) is|his name is|her name "
    r"is|their name is|name is)|(?P<maybe>my (?:husband|wife|son|daughter|mother|father|brother|sister|mum|mom|"
    r"dad|partner|boss)|this is|i'm|i am|it's|it is|(?:she|he) says|am i speaking with|is this|call me|calls me|"
    r"(?:speak|talking|talk) (?:with|to)))[ ,:?]+"
    r"(?:(?:is|um|uh|er|yes|with|to|it's|please|,)[ ,]+)*(?:(?:mr|mrs|ms|miss|dr|doctor|mister|missus)\b\.? )?"
)
_AFTER_MAYBE = re.compile(
    r",? (?:speaking|calling|here\b|from (?:the )?\w+|and (?:i'm|i am) calling|on the line|your (?:agent|"
    r"advisor|adviser))"
)
_MAYBE_BARE = (
    "it's",
    "it is",
    "is this",
    "she says",
    "he says",
)  # so often said of other things that a name needs two words
_OF_ANYTHING = ("i'm", "i am", *_MAYBE_BARE)  # so often said of other things that "here" or "from" tells nothing
_SPELLED_NEXT = re.compile(
    r"[ ,.]*(?:(?:that's|it's|spelled|spelt|that is|and that's|and it's|i spell it|is spelled|spelling)[ ,]*)*"
)
_GREETING = re.compile(
    r"\b(?:hi|hello|hey|good (?:morning|afternoon|evening)|thank you|yes|for calling|yeah)(?: there)?[ ,.!]*$"
)
_AFTER_GREETED = re.compile(r" ?(?:$|[,.]| (?:and|i|i'm|my|how|from|can|what)\b)")
_SPEAKING = re.compile(r",? (?:speaking|calling (?:about|from|regarding|to|in)|here[,.]? (?:how|i|calling))")
_LETTERS = re.compile(r"(?<![\w'])(?:(?:double )?[a-z](?: (?:as in|for|like) [a-z]+)?(?:[ .,-]+|$)){1,25}(?![a-z'])")
_LETTER = re.compile(
    r"(?<![\w'])(?P<double>double )?(?P<letter>[a-z])(?: (?:as in|for|like) (?P<word>[a-z]+))?(?![\w'])"
)
_SPELL_CUE = re.compile(r"\b(?:spelled|spelt|spell(?:ing)?(?: it| that)?|that's|it's|is|name)[ ,:]*$")
_ANSWER_OPENING = re.compile(
    r"[ ,.]*(?:(?:yes|yeah|sure|of course|certainly|okay|ok|hi|hello|um|uh|er|erm|oh|well|so|right|please)[ ,.!]+|"
    r"(?:it's|it is|that's|that is|this is|i'm|i am)(?: (?:under|for|just))? |(?:mr|mrs|ms|miss|dr)\b\.? )*"
)
_ANSWER_GOES_ON = re.compile(r" (?:and|that's|spelled|spelt|with an?|my|the|date|calling|here|speaking)\b")
_ACRONYMS = frozenset(
    "atm sms otp cvv usa apr pin isa ira ssn hsbc dbs pnc icbc ocbc uob tsb faq iban asap rbs lpr".split()
)


def names(reading: Reading, context: Context) -> Iterator[Span]:
    """Names after words that introduce one, after titles, and spelled ones."""
    text, raw = reading.spoken.text, reading.spoken.raw
    for match in _CUE.finditer(text):
        if match.end() < len(text):
            yield from _named(text, raw, match)
    for match in _titled().finditer(text):
        words = _name_words(text, raw, match.end(), 2, strict=match["title"] in ("miss", "doctor"))
        if words:
            yield Span("name", match.start(), words[-1][1], _value(raw, words), rank=NAME_RANK + 1)
    for match in _SPEAKING.finditer(text):
        yield from _before_speaking(text, raw, match.start())
    if context.name_asked:
        yield from _answered(text, raw)
    yield from _spelled_alone(text, context)


def _answered(text: str, raw: str) -> Iterator[Span]:
    """The answer to "your full name, please?": two words or three at the start of the turn, or all of it."""
    opening = _ANSWER_OPENING.match(text)
    start = opening.end() if opening else 0
    words = _name_words(text, raw, start, MOST_WORDS)
    if not words:
        return
    end = words[-1][1]
    capital, rest = raw[words[0][0]].isupper(), text[end:]
    whole = not rest.strip(" .,!")
    closed = whole or rest[:1] in ",.!" or _ANSWER_GOES_ON.match(rest) is not None
    spelled = _spelled(text, match.end()) if (match := _SPELLED_NEXT.match(text, end)) else None
    value, rank = _value(raw, words), NAME_RANK - 1
    *first, last = value.split(" ")
    if spelled and first and spelled[0][:1] == last[:1].lower():
        value, end, rank = _with_spelled(value, spelled[0]), spelled[1], SPELLED_RANK + 1
    if (closed or rank > NAME_RANK) and (len(words) > 1 or (whole and capital)) and (capital or whole):
        yield Span("name", words[0][0], end, value, 0.88, rank=rank)


def _named(text: str, raw: str, match: re.Match[str]) -> Iterator[Span]:
    maybe = match["maybe"]
    spelled = _spelled(text, match.end())
    if spelled and not maybe and len(spelled[0]) > 1:
        yield Span("name", match.end(), spelled[1], spelled[0].capitalize(), rank=NAME_RANK + 1)
        return
    words = _name_words(
        text,
        raw,
        match.end(),
        MOST_WORDS,
        strict=bool(maybe) and not (_AFTER_MAYBE.search(text, match.end(), match.end() + 45) or _greeted(text, match)),
    )
    if not words:
        return
    end = words[-1][1]
    if maybe and not _sure(text, raw, match, words):
        return
    value, rank = _value(raw, words), MAYBE_RANK if maybe in _MAYBE_BARE else NAME_RANK
    follows = _SPELLED_NEXT.match(text, end)
    spelled = _spelled(text, follows.end()) if follows else None
    if spelled and len(spelled[0]) > 1:
        *first, last = value.split(" ")
        if spelled[0][:1] == last[:1].lower() or not first:
            value, end, rank = _with_spelled(value, spelled[0]), spelled[1], SPELLED_RANK + 1
    yield Span(
        "name",
        words[0][0],
        end,
        value,
        0.95 if not maybe else 0.85,
        rank=rank,
    )


def _sure(text: str, raw: str, match: re.Match[str], words: Sequence[tuple[int, int]]) -> bool:
    """Whether "this is", "I'm" and the like introduce a name here."""
    end = words[-1][1]
    first = raw[slice(*words[0])]
    if first.isupper():  # "I'm STUCK", "an ATM"
        return False
    after = _AFTER_MAYBE.match(text, end)
    if after and (first[0].isupper() or match["maybe"] not in _OF_ANYTHING or "ing" in after[0]):
        return first[0].isupper() or not first.endswith("ing")
    if first[0].isupper():
        return match["maybe"] not in _MAYBE_BARE or len(words) > 1
    return _greeted(text, match) and bool(_AFTER_GREETED.match(text, end))


def _greeted(text: str, match: re.Match[str]) -> bool:
    """Whether a greeting stands before the match."""
    if match["maybe"] == "this is" and match.start() == 0:
        return True
    return match["maybe"] in ("this is", "i'm", "i am", "it's") and bool(
        _GREETING.search(text, max(0, match.start() - 25), match.start())
    )


def _name_words(text: str, raw: str, at: int, most: int, strict: bool = False) -> list[tuple[int, int]]:
    """Ranges of the words of a name that begins at ``at``. ``strict``: only with a capital."""
    found: list[tuple[int, int]] = []
    capital = False
    for match in re.compile(rf" ?({_WORD})").finditer(text, at):
        full = sum(text[start:end] not in _PARTICLES for start, end in found) == most
        if match.start() != (found[-1][1] if found else at) or full:
            break
        word, upper = match[1].rstrip("."), raw[match.start(1)].isupper()
        if word in _not_names() or word.endswith(("'s", "'re", "'ll", "'d")) or len(word) == 1:
            break
        if not found:
            capital = upper
            if strict and not upper:
                break
        elif capital and not upper and word not in _PARTICLES:
            break
        if word in _months() and found and not upper:
            break
        ended = match[1].endswith(".") and word not in ("st", "jr")
        found.append((match.start(1), match.end(1) - (1 if match[1].endswith(".") else 0)))
        if ended:
            break
    return found


def _before_speaking(text: str, raw: str, end: int) -> Iterator[Span]:
    """Reads "John Smith speaking"."""
    words: list[tuple[int, int]] = []
    for match in reversed(list(re.finditer(rf"({_WORD})", text[max(0, end - 40) : end]))[-2:]):
        start = max(0, end - 40) + match.start()
        stop = max(0, end - 40) + match.end()
        if words and text[stop : words[0][0]] != " ":  # "Northfield Bank, Lorraine speaking"
            break
        opening = start == 0 or bool(words) or _GREETING.search(text, 0, start)
        if match[0] in _not_names() or len(match[0]) < 2 or not (raw[start].isupper() or opening):
            break
        words.insert(0, (start, stop))
    if words and words[-1][1] == end:
        yield Span("name", words[0][0], end, _value(raw, words), 0.85, rank=NAME_RANK - 1)


def _spelled_alone(text: str, context: Context) -> Iterator[Span]:
    for match in _LETTERS.finditer(text):
        spelled = _spelled(text, match.start())
        if not spelled or spelled[0] in _ACRONYMS or len(set(spelled[0])) == 1:
            continue
        cued = context.name_asked or _SPELL_CUE.search(text, max(0, match.start() - 20), match.start())
        if len(spelled[0]) >= (2 if cued else _SPELLED_ALONE):
            yield Span("name", match.start(), spelled[1], spelled[0].capitalize(), 0.8, rank=SPELLED_RANK)


def _spelled(text: str, at: int) -> tuple[str, int] | None:
    """The letters spelled from ``at`` on, joined, and where they end."""
    run = _LETTERS.match(text, at)
    if run is None:
        return None
    said, end = "", at
    for letter in _LETTER.finditer(text, at, run.end()):
        said += letter["letter"] * (2 if letter["double"] else 1)
        end = letter.end()
    return (said, end) if len(said) > 1 else None


def _value(raw: str, words: Sequence[tuple[int, int]]) -> str:
    first, *others = (raw[start:end] for start, end in words)
    particles = first[:1].isupper()  # "van" of a name that is written with capitals
    return " ".join([_written(first), *(one if particles and one.islower() else _written(one) for one in others)])


def _written(word: str) -> str:
    """The word as a name is written; with the capitals that it has, where they tell something (LaTonya)."""
    told = word[:1].isupper() and any(map(str.isupper, word[1:])) and not word.isupper()
    return word if told else capitalised(word.lower())


def _with_spelled(value: str, spelled: str) -> str:
    """A name with what was spelled after it in place of its last word, if it is that which was spelled."""
    *first, last = value.split(" ")
    known = last.lower()
    if spelled in value.lower().split(" ") or (known.startswith(spelled) and len(known) - len(spelled) >= _REST):
        return value  # another word of it, or only the beginning
    return " ".join([*first, spelled.capitalize()])


def capitalised(word: str) -> str:
    """The word as a name is written: O'Brien, Smith-Jones, McDonald."""
    parts = [part.capitalize() for part in re.split("([-'])", word)]
    if len(parts) == 3 and parts[1] == "'" and len(parts[2]) == 1:
        parts[2] = parts[2].lower()
    said = "".join(parts)
    return f"Mc{said[2:].capitalize()}" if said.startswith("Mc") and len(said) > 3 else said


@cache
def _not_names() -> frozenset[str]:
    return frozenset(lexicon().words["not_names"]) | NUMBER_WORDS


@cache
def _months() -> frozenset[str]:
    return frozenset(
        (
            "january february march april june july august september october november december monday tuesday "
            "wednesday thursday friday saturday sunday"
        ).split()
    )


@cache
def _titled() -> re.Pattern[str]:
    return re.compile(rf"(?<![\w'])(?P<title>{alternatives(lexicon().words['titles'])})\b\.? ")
