"""Names in English, beyond what the rules for entities find: introduced, with a title, called to, spelled, answered."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from callcore.privacy import english_frames
from callcore.privacy.english_lexicon import (
    INNER_CAPITAL,
    NEXT,
    PROPER,
    RELATIVES,
    TALK,
    WORD,
    acronyms,
    first_names,
    goes_with,
    is_place,
    may_be_name,
    not_names,
    tells_by_capitals,
    words_of,
)
from callcore.privacy.spans import DOUBT, NEVER, PLACE, SOFT, Secret
from callcore.privacy.view import View
from callcore.types import Role

_NAME_CUE = re.compile(
    r"\b(?:(?:my|his|her|their|the|your|full|first|last|middle|given|family|maiden|legal|account|customer|cardholder's|"
    r"payee(?:'s)?|beneficiary(?:'s)?|recipient(?:'s)?|mother's maiden|user) name(?: on (?:the|my) (?:card|account))?"
    r"(?: is| was|'s|:)|names? (?:is|are|was)|name's|surname(?: is|'s|,|:)?|(?:account ?holder|card ?holder|payee|"
    r"beneficiary|recipient|"
    r"account owner)(?:(?:'s)? name)?(?: is|:)?|in the name of|under the name(?: of)?|under|made out to|payable to|"
    r"name of|goes by|(?:calls?|called) me|known as|"
    r"(?:speaking|speak|spoke|spoken|talking|talk|talked|chatted|dealing|dealt) (?:with|to)|this is|maiden name|named|"
    r"called|(?:helped|served|handled|assisted|signed|told|advised|informed|given) by|on behalf of|belongs to|"
    r"(?:authorised|authorized|additional|joint) (?:user|holder)|(?:sent|pay|paid|transferred|wired|transfer|send|"
    r"wire) (?:it |them |money |that )?to|"
    rf"(?:{RELATIVES}|fiancee?|colleague|boss|accountant|lawyer|secretary|assistant|grandmother|helper|"
    r"carer|tenant|flatmate|housemate|roommate|girlfriend|boyfriend|stepson|stepdaughter|grandson|granddaughter|"
    r"grandfather)(?:'s name is|,| is)?)\b[ ,:]+"
    r"(?:(?:is|um|uh|er|yes|it's|please)[ ,]+){0,2}"
)
_SURE_CUE = re.compile(r"name|surname|holder|payee|beneficiary|recipient|payable|made out|goes by|named|known as| me\b")
_MY_NAME = re.compile(r"\bmy (?:\w+ ){0,2}name|s me\b|known as")
_MY_PEOPLE = re.compile(  #: words for people that are nobody of the bank's, as in "my nephew Balu"
    rf"\b(?:my|our|his|her|their) (?:\w+ ){{0,2}}(?:{RELATIVES}|fiancee?|auntie|grand\w+|helper|carer|tenant|\w+mate|"
    r"girlfriend|boyfriend|step\w+),? $"
)
_TITLE = re.compile(
    r"\b(?:mr|mrs|ms|miss|mister|missus|doctor|dr|professor|sir|madam|mma|ntate|rev|reverend|pastor|colonel)\b\.? "
)
#: before a title and behind the name, where the two are said to whom they belong to
_SAID_TO = re.compile(
    r"(?:^|[.?!] |\b(?:thank you|thanks|okay|ok|right|so|now|and|well|please|sorry|hello|hi|morning|"
    r"afternoon|evening|sure|"
    r"alright|bye|you're|are you|is that|is this|this is|speaking (?:with|to)),? |, (?=\S+ \S+[.?!,]))$"
)
#: before the last name of a list, and before others
_AND_NAME = re.compile(rf"(?<![\w'-])(?P<name>{PROPER}),? (?:and|or)(?: an?)? $")
_THEN_NAME = re.compile(rf"(?<![\w'-])(?P<name>{PROPER}), $")
_REACH = 30  #: characters before a name in which the one before it in a list stands
_LETTER_FOR = re.compile(r"(?<![\w'])[a-z] (?:for|as in) [a-z]+\b")
#: before a name, what says that it is a person's and no company's
_PERSON = re.compile(
    r"\b(?:mr|mrs|ms|miss|dr|called|named|name is|name's|my|our|his|her|their|i'm|i am|this is|man|woman|guy|lady|"
    r"by)\.?(?: \w+,?)? $"
)
_STREET = re.compile(r"(?:[\w'-]+ )?(?:road|street|avenue|square|lane|drive|mall|market)\b")
_KIN = re.compile(r"\b(?:my|our) $")
KIN = 0.1  #: probability below which the tagger takes back "our Toby"
#: how a name is written, after it: "with one D", "like the price of something"
_WRITTEN = re.compile(
    r"[.,]? (?:with (?:one|two|an?|the|no|double|a double) [a-z]\b(?:'s)?(?: and (?:one|two|an?|no) [a-z]\b)*)?"
    r"(?:,? ?(?:like|as in)(?: in)? (?:the|a|an) \w+(?: of \w+)?)?"
)
_PLACE = re.compile(r"\b(?:in|at|near|outside|inside|around|via|on)(?: the)? $")
_CAPITAL = re.compile(r"[A-Z][^\W\d_]*(?:['-][A-Z]?[^\W\d_]+)*")
_CALLED_TO = re.compile(
    r"\b(?i:hi|hello|hey|thanks|thank you|okay|ok|bye|goodbye|sorry|morning|afternoon|evening|sure|right|"
    r"dear)(?: there| again)?[, ]+"
    rf"(?P<name>{PROPER})(?P<more> [A-Z][^\W\d_]+)?|, (?P<last>[A-Z][^\W\d_]+)[.?!]?$"
)
_NAME_WORD = re.compile(rf"[ .-]{{0,2}}(?P<word>{WORD})")
_NO_WORDS = ("mr", "mrs", "ms", "mister", "missus")  #: titles that are nothing else
_TITLED = 0.01  #: probability below which the tagger takes back a name with a title
_LOWER = 0.2  #: that, of a word without a capital that answers the question for a name
_FIRST, _OWN_FIRST = 0.05, 0.01  #: that, of a first name; said by a customer
_LAST = re.compile(rf"(?<![\w'-])(?P<name>{PROPER}) $")
_INITIAL = re.compile(r"(?<![\w'-])(?P<name>[B-HJ-Z])\.? $")  # before a name; "A" and "I" are words
_SPELLED_WORD = re.compile(rf"(?P<name>{WORD})[ ,.]+(?:(?:that's|it's|spelled|spelt|so|as in|is)[ ,]+){{0,2}}$")
_PARTICLES = frozenset("van de der von la bin al da di del den ter o'".split())
_LETTERS = re.compile(
    r"(?<![\w'])(?:(?:(?:double |capital )?(?:[a-z]|zed|zee)(?: (?:as in|for|like) [a-z]+| with (?:an?|the) [a-z]+)?|"
    r"(?:then )?(?:hyphen|dash|space|apostrophe))(?:[ .,-]+|[?!]|$)){2,40}"
)


def names(view: View) -> Iterator[Secret]:
    """Names after words that introduce one, after titles, called to, spelled, and as answers."""
    text = view.text
    for match in _NAME_CUE.finditer(text):
        mine = view.speaker is Role.CUSTOMER and _MY_PEOPLE.search(text, 0, match.end())
        sure = NEVER if mine or _MY_NAME.search(match[0]) else DOUBT
        yield from _named(view, match.end(), 4, strict=not _SURE_CUE.search(match[0]), least=sure)
    for match in _TITLE.finditer(text):
        word = match[0].strip(" .")
        to_whom = _SAID_TO.search(text, max(0, match.start() - 30), match.start())
        strict = word in ("sir", "madam", "miss", "rev", "reverend", "pastor", "colonel")
        least = NEVER if to_whom else _TITLED
        yield from _named(view, match.end(), 3, strict=strict, least=least, titled=word in _NO_WORDS)
    yield from _known(view)
    yield from english_frames.word_names(view)
    yield from _called_to(view)
    yield from _unexplained(view)
    if view.asked == "name":
        yield from _answered(view)
        for match in _LETTER_FOR.finditer(text):
            yield Secret("name", *match.span(), lasting=False, least=NEVER)
    yield from _spelled(view)
    yield from english_frames.told_by_frame(view)


def _spelled(view: View) -> Iterator[Secret]:
    """Letters one by one, and the word before them that they spell: "it's Patel, P A T E L"."""
    text = view.text
    for match in _LETTERS.finditer(text):
        letters = "".join(re.findall(r"(?<![\w'])[a-z](?![\w'])", match[0]))
        word = _SPELLED_WORD.search(text, 0, match.start())
        spelled = word is not None and len(letters) > 2 and word["name"].startswith(letters[:3])
        near = spelled or view.asked == "name" or _SURE_CUE.search(text, 0, match.start()) is not None
        several = len(letters) >= (2 if near else 5) and (near or len(set(letters)) > 1)
        if several and letters not in acronyms():
            start = word.start("name") if word and spelled else match.start()
            least = NEVER if spelled else DOUBT
            yield Secret("name", start, match.start() + len(match[0].rstrip(" .,?!-")), least=least)


def _named(view: View, start: int, most: int, *, strict: bool, least: float, titled: bool = False) -> Iterator[Secret]:
    """The words of a name from ``start`` on. ``strict``: only with capitals; ``titled``: with one, any word is one."""
    text, raw = view.text, view.spoken.raw
    end, count = start, 0
    while count < most and (match := _NAME_WORD.match(text, end)):
        word, capital = match["word"], raw[match.start("word")].isupper()
        ended = "." in text[end : match.start("word")] and len(text[start:end].rpartition(" ")[2]) > 2
        common = word in not_names() and not (titled and capital and not count)
        if ended or common or word.endswith(("'re", "'ll", "'d", "'ve", "'m")) or (strict and not capital):
            break
        if count and not capital and tells_by_capitals(raw) and word not in _PARTICLES:
            break
        count += 1
        end = match.end()
        if word.endswith("'s"):
            end -= 2
            break
    if count and not is_place(view.spoken.raw, start, end):
        yield Secret("name", start, end, least=least)


def of_person(view: View, one: Secret) -> bool:
    """Whether a name that answers the question for a company or a place is told to be a person's."""
    title = _TITLE.match(view.text, one.start) is not None
    return title or _PERSON.search(view.text, max(0, one.start - _REACH), one.start) is not None


def at_place(text: str, start: int) -> bool:
    """Whether a word for places stands before ``start``."""
    return _PLACE.search(text, max(0, start - 16), start) is not None


def _known(view: View) -> Iterator[Secret]:
    """First names that are nothing else, where they have a capital or nothing has; and the capitals that follow."""
    raw = view.spoken.raw
    least = _OWN_FIRST if view.speaker is Role.CUSTOMER else _FIRST
    if not any(map(str.isupper, raw)):
        for match in re.finditer(WORD, raw):
            word = match[0].removesuffix("'s")
            if word in first_names():
                yield Secret("name", match.start(), match.start() + len(word), least=least)
        return
    for match in _CAPITAL.finditer(raw):
        word = match[0].lower().removesuffix("'s")
        if word not in first_names() or view.readable(*match.span()):
            continue
        end = match.start() + len(word)
        while (after := re.compile(rf" (?:[A-Z]\.? )?({PROPER})").match(raw, end)) and after[
            1
        ].lower() not in not_names():
            if view.readable(after.start(1), after.end(1)):
                break
            end = after.end(1) - (2 if after[1].lower().endswith("'s") else 0)
        yield Secret("name", match.start(), end, least=least)


def whole_names(view: View, found: Sequence[Secret]) -> Iterator[Secret]:
    """The words with a capital on both sides of a name, which are names as well, also those that are common words."""
    raw = view.spoken.raw
    if not tells_by_capitals(raw):
        if view.asked == "name":
            yield from _surnames(view, found)
        return
    for one in found:
        if one.kind != "name" or not raw[one.start].isupper():
            continue
        start, end = one.start, one.end
        while (word := NEXT.match(raw, end)) is not None and goes_with(word["name"]):
            end = word.end("name")
        while (word := _LAST.search(raw, 0, start)) is not None and _goes_before(raw, word):
            start = word.start("name")
        yield from _listed(view, start)
        if (initial := _INITIAL.search(raw, 0, start)) is not None:
            start = initial.start("name")
        written = _WRITTEN.match(view.text, end)
        end = written.end() if written and written[0].strip(" .,") else end
        if (start, end) != (one.start, one.end):
            yield Secret("name", start, end)


def _listed(view: View, start: int) -> Iterator[Secret]:
    """Names in a list that ends with the name at ``start``."""
    raw = view.spoken.raw
    pattern = _AND_NAME
    while (word := pattern.search(raw, max(0, start - _REACH), start)) is not None:
        said = word["name"].lower()
        common = not may_be_name(said) or said.endswith("'s") or word["name"].isupper()
        if common or view.readable(*word.span("name")) or is_place(raw, *word.span("name")):
            return
        yield Secret("name", *word.span("name"))
        start, pattern = word.start("name"), _THEN_NAME


def _surnames(view: View, found: Sequence[Secret]) -> Iterator[Secret]:
    """The word after a first name that answers the question for a name, where nothing has capitals."""
    for one in found:
        if one.kind == "name" and view.text[one.start : one.end] in first_names():
            word = re.compile(rf" (?P<name>{WORD})").match(view.text, one.end)
            if word and word["name"] not in not_names() | TALK and len(word["name"]) > 1:
                yield Secret("name", one.start, word.end())


def _goes_before(raw: str, word: re.Match[str]) -> bool:
    """Whether a word with a capital before a name belongs to it: one that begins a sentence may be any word."""
    plain = word["name"].lower()
    known = plain in words_of()["word_names"] or plain in first_names() or plain not in not_names()
    inside = re.search(r"[\w,;:] $", raw[: word.start()]) is not None
    return goes_with(plain) and not _TITLE.match(f"{plain} ") and (known or inside)


def _called_to(view: View) -> Iterator[Secret]:
    """Whom a text greets, thanks or calls to: "Thanks, Priti"."""
    for match in _CALLED_TO.finditer(view.spoken.raw):
        group = "name" if match["name"] else "last"
        if match[group].lower() in not_names() or match[group].isupper() or view.readable(*match.span(group)):
            continue
        if is_place(view.spoken.raw, *match.span(group)):
            continue
        more = match["more"] if match["more"] and match["more"].strip().lower() not in not_names() else ""
        least = NEVER if view.speaker is Role.AGENT and not view.opening else SOFT
        yield Secret("name", match.start(group), match.end(group) + len(more), least=least)


def _unexplained(view: View) -> Iterator[Secret]:
    """Words with a capital inside a sentence that nothing explains: names, as a rule."""
    raw = view.spoken.raw
    words = re.findall(WORD, raw)
    if 2 * sum(word[0].isupper() for word in words) > len(words):  # a writing that gives many words a capital
        return
    for match in INNER_CAPITAL.finditer(raw):
        word = match[0].lower().removesuffix("'s")
        explained = any(span.start <= match.start() < span.end for span in view.spans)
        end = match.start() + len(word)
        if not explained and word not in not_names() and not is_place(raw, match.start(), end):
            yield Secret("name", match.start(), end, least=_least(view.text, match.start()))


def _least(text: str, start: int) -> float:
    """The probability below which the tagger takes back a word with a capital that nothing explains."""
    if _KIN.search(text, max(0, start - 8), start):
        return KIN
    return PLACE if at_place(text, start) or _STREET.match(text, start) else SOFT


def _answered(view: View) -> Iterator[Secret]:
    """What answers the question for a name."""
    text, raw = view.text, view.spoken.raw
    spans = [(m.start(), m.end()) for m in re.finditer(WORD, text)]
    meant = [(a, b) for a, b in spans if b - a > 1 and text[a:b] not in not_names() | TALK]
    few = len(spans) <= 6
    for start, end in meant:
        if (
            few
            or (raw[start].isupper() and start > 0 and raw[start - 2 : start] not in (". ", "? ", "! "))
            or text[start:end] in first_names()
        ):
            known = raw[start].isupper() or text[start:end] in first_names()
            least = PLACE if at_place(text, start) else DOUBT if known else _LOWER
            yield Secret("name", start, end, least=least)


def no_capital(raw: str, start: int, end: int) -> bool:
    """Whether a range has no capital where names have one."""
    return (tells_by_capitals(raw) or raw[:1].isupper()) and not any(map(str.isupper, raw[start:end]))
