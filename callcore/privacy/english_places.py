"""Addresses of people in English: numbers with streets, postcodes, and whatever is said to be an address."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files

from callcore.privacy.digits import ONES, TEENS, TENS
from callcore.privacy.english_lexicon import is_no_name
from callcore.privacy.spans import DOUBT, NEVER, Secret
from callcore.privacy.view import View

_NUMBER_WORD = f"zero|oh|{ONES}|{TEENS}|{TENS}|hundred|thousand|double|triple"
_NUMBER = rf"(?:\d{{1,6}}[a-z]?|(?:{_NUMBER_WORD})(?:[ -](?:and )?(?:{_NUMBER_WORD})){{0,7}})"
_STRONG = (
    "street|road|avenue|ave|lane|boulevard|blvd|crescent|terrace|parkway|highway|st|rd|ln|drive|dr|court|"
    "gardens|grove|mews|circle|cul-de-sac|cottages?|villas?|mansions|residency|residences?"
)
_SHORT = r"(?:(?<=\b(?:st|rd|ln|dr))|(?<=\bave)|(?<=\bblvd))"  #: which of them are written with a dot
_WEAK = "way|place|close|square|hill|park|view|walk|row|green|rise|trail|loop|plaza|wharf|heights"
_PLAIN = (
    r"(?!(?:of|to|the|a|an|and|or|in|on|at|for|from|with|is|was|days?|hours?|weeks?|months?|years?|minutes?|dollars?|"
    r"pounds?|percent|times?|"
    r"people|cards?|more|less|that|this|it|i|you|my|your|down|up|off|per|euros?|transactions?|payments?|accounts?|"
    r"o'clock|am|pm|miles?|blocks?)\b)"
)
_NAME = rf"{_PLAIN}[\w'.-]+"
_SIDE = r"(?:,? (?:north|south|east|west|northwest|northeast|southwest|southeast|n|s|e|w|nw|ne|sw|se)\b\.?)?"
_FLAT = (
    r"(?:(?:apartment|apt|unit|suite|flat|floor|room|block|blk|number|no\.|#)\.? ?"
    rf"(?:{_NUMBER}|[a-z])\b(?:-\d+)?(?: ?[a-z]\b)?)"
)
_STREET = re.compile(
    rf"(?:\b{_FLAT},? (?:{_NUMBER}{_SIDE} )?|(?<![a-z0-9]){_NUMBER}{_SIDE} )(?:{_NAME} ){{1,3}}?"
    rf"(?:(?P<strong>{_STRONG})|(?P<weak>{_WEAK}))\b(?:{_SHORT}\.)?{_SIDE}(?:,? {_FLAT})?"
)
_ZIP = r"\d{5}(?:-\d{4})?|[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}"
_SPOKEN_ZIP = rf"(?:{_ZIP}|(?:(?:{_NUMBER_WORD})[ -]){{4}}(?:{_NUMBER_WORD}))"
_POSTCODE = re.compile(r"(?<![\w])(?:[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d)(?!\w)")
_POSTCODE_CUE = re.compile(
    r"\b(?:zip(?: ?code)?|post(?:al)? ?code)\b[ ,:]*(?:(?:is|it's|was|to|um|"
    r"uh)[ ,]+){0,3}(?P<code>[\w]+(?:[ ,-]+[\w]+){0,6})"
)
_POSTCODE_WORD = re.compile(rf"(?:{_NUMBER_WORD}|\d+|[a-z]|[a-z]{{1,2}}\d+[a-z]?|\d[a-z]{{2}}|as|in|for)(?=[ ,.-]|$)")
_BOX = re.compile(rf"\b(?:(?P<post>p\.? ?o\.? )?box|(?P<route>rural route|r\.? ?r\.?)) {_NUMBER}")
#: a street of which only the number is missing, or said after it
_ROAD = re.compile(
    rf"\b(?:[A-Z][\w'-]+ ){{1,3}}(?:Street|Road|Avenue|Lane|Drive|Close|Crescent|Terrace|Court|Grove|Gardens|Mews)\b"
    rf"(?P<number>,? (?:(?:civic )?number |no\.? )?(?i:{_NUMBER})(?=[.,?!]|$))?"
)
#: a house with what is written with a capital between it and what is known to be an address
_HOUSE = re.compile(rf"(?<![\w'-])(?i:{_FLAT},? )?(?i:{_NUMBER}) (?:[A-Z][\w'-]+,? ){{0,4}}$")
_BEGINS = re.compile(r"(?:^|[.?!] )(?:(?:yes|yeah|it's|it is|that's|at|um|uh)[ ,]+)*$")  #: a sentence
_REACH = 60  # characters before an address in which it begins
_CUE = re.compile(
    r"\b(?:(?:my|our|home|mailing|billing|current|new|old|postal|delivery|shipping|street|correspondence|work|his|her|"
    r"the) address(?: on (?:file|record|the account)| you have| i have| we have| now)?"
    r"(?: is| was| to|'s|:)|address is|i(?:'m| am)? (?:live|living|stay|staying|based)(?: at| on| in)|(?:i've |i |we |"
    r"just )?moved to|we live (?:at|on|in)|"
    r"(?:send|mail|post|deliver|ship|forward)(?:ed)? (?:it |them |that |this |the card |the new card |the letter |"
    r"a new card )?(?:out )?to)[ ,:]+"
    r"(?:(?:um|uh|er|it's|the|number)[ ,]+){0,2}"
)
_CLAUSE = re.compile(r"[^.?!;]*(?:\.(?=\w)[^.?!;]*)*")
_PUBLIC = re.compile(r"\b(?:branch|atm|office|store|shop|cash ?point|cash machine|merchant)\b")
_PERSONAL = re.compile(
    r"\b(?:live|living|home|my|our|address|moved|send|mail|post|deliver|ship|house|flat|apartment)\b"
)
_LIVES = re.compile(r"\b(?:i|we|he|she|they)(?:'m|'re| am| are|'s| is)? (?:live|lives|living|moved)\b[^.?!]*$")
_PIECES = re.compile(  # of an address that was asked for: a flat, a postcode letter by letter
    rf"\b{_FLAT}|\b(?:(?:[a-z]|\d|{_NUMBER_WORD})(?: (?:as in|for) [a-z]+)?[ ,-]+){{3,}}(?:[a-z]|\d|{_NUMBER_WORD})\b"
)
#: that in other words, where one was asked for: a plot, a house by number and part, half a postcode, only a number
_HOUSE_PIECES = re.compile(
    rf"\b(?:plot|lot|villa|house|hse|tower|door|bungalow|pitch|building)\.? (?:is )?"
    rf"(?:number |no\.? )?(?:[a-z] )?{_NUMBER}"
    rf"(?: by {_NUMBER})?(?![\w-])|(?<![\w/.-])\d{{1,4}}/\d{{1,4}}[a-z]?(?![\w/-])"
)
_ONLY_PIECE = re.compile(
    r"(?:^|(?<=[.?!] ))(?:(?:it's|its|yes|yeah|um|uh|er|oh|still|number|no\.)[ ,]+)*"
    rf"(?P<one>[a-z]{{1,2}}\d{{1,2}}[a-z]?|(?!oh[.,! ]){_NUMBER})(?= ?[.,!]| ?$)"
)
_LANDMARK = re.compile(
    r"(?:^|(?<=[.?!] ))(?:(?:it's|we're|i'm|just|um|er|oh)[ ,]+)*"
    r"(?P<one>(?i:near|opposite|behind|beside|next to|across from) (?:the )?[A-Z][^.?!]*)"
)
_TOWN = re.compile(
    r"(?:(?:[Ii]t's|[Ii]n|[Yy]es|[Uu]m|[Oo]h|[Ss]ure)[ ,]+)*(?P<town>[A-Z][a-z]+(?: [A-Z][a-z]+){0,2})(?=,|\.|$)"
)
_NO_TOWN = ("i", "i'm", "i've", "can", "could", "and", "please", "the", "is", "it")
_AFTER = re.compile(r"[ ,]+([\w'.-]+)")
_MOST_AFTER = 7  # words of a town, state and postcode


def addresses(view: View) -> Iterator[Secret]:
    """Addresses, but for those of the bank's own places."""
    text = view.text
    for match in _STREET.finditer(text):
        if _is_address(view, match):
            told = match["strong"] and _BEGINS.search(text, 0, match.start())
            yield Secret("address", match.start(), _end(view, match.end()), least=NEVER if told else DOUBT)
    for match in _ROAD.finditer(view.spoken.raw):
        personal = match["number"] or _PERSONAL.search(text, max(0, match.start() - _REACH), match.start())
        branch = _PUBLIC.search(text, match.end(), match.end() + 12) or view.readable(*match.span())
        if personal and not branch:
            lives = _LIVES.search(text, max(0, match.start() - _REACH), match.start())
            yield Secret("address", match.start(), _end(view, match.end()), least=NEVER if lives else DOUBT)
    for match in _POSTCODE.finditer(view.spoken.raw):
        yield Secret("address", *match.span())
    for match in _POSTCODE_CUE.finditer(text):
        end = match.start("code")
        while (word := _POSTCODE_WORD.match(text, end)) is not None:
            end = word.end()
            gap = re.compile("[ ,-]+").match(text, end)
            if gap is None:
                break
            end = gap.end()
        end = match.start("code") + len(text[match.start("code") : end].rstrip(" ,-"))
        if end - match.start("code") > 2:
            yield Secret("address", match.start("code"), end)
    for match in _BOX.finditer(text):
        end = _end(view, match.end())
        if match["post"] or match["route"] or end > match.end():  # with a town
            yield Secret("address", match.start(), end)
    starts = [match.end() for match in _CUE.finditer(text)]
    if view.asked == "address":
        starts.append(0)
        for match in _PIECES.finditer(text):
            yield Secret("address", match.start(), _end(view, match.end()))
        for match in _HOUSE_PIECES.finditer(text):
            yield Secret("address", match.start(), _end(view, match.end()), least=NEVER)
        for match in (*_ONLY_PIECE.finditer(text), *_LANDMARK.finditer(view.spoken.raw)):
            yield Secret("address", *match.span("one"), lasting=False, least=NEVER)
        town = _TOWN.match(view.spoken.raw)
        if town and not is_no_name(town["town"].lower()):
            yield Secret("address", town.start("town"), _end(view, town.end("town")))
    for start in starts:
        yield from _told(view, start)


def whole_addresses(view: View, found: Sequence[Secret]) -> Iterator[Secret]:
    """The number of a house, and the words with a capital after it, before what is known of an address."""
    for one in found:
        house = _HOUSE.search(view.spoken.raw, max(0, one.start - _REACH), one.start) if one.kind == "address" else None
        if house:
            yield Secret("address", house.start(), one.end)


def _is_address(view: View, match: re.Match[str]) -> bool:
    """Whether a number with a street is where somebody lives, and no count of things."""
    text, raw = view.text, view.spoken.raw
    before, after = text[max(0, match.start() - 40) : match.start()], text[match.end() : match.end() + 12]
    personal = bool(_PERSONAL.search(before)) or view.asked == "address"
    if _PUBLIC.search(after) and not personal:
        return False
    if match["weak"] and not personal:
        return raw[match.start("weak")].isupper()
    return True


def _end(view: View, end: int) -> int:
    """Where an address ends: after its town, state and postcode, as far as these are told."""
    text, raw = view.text, view.spoken.raw
    found, at = end, end
    for _ in range(_MOST_AFTER):
        word = _AFTER.match(text, at)
        if word is None:
            break
        said, at = word[1].rstrip("."), word.end()
        zip_code = re.compile(_SPOKEN_ZIP).match(text, word.start(1))
        if zip_code:
            return zip_code.end()
        flat = re.compile(_FLAT).match(text, word.start(1))
        capital = raw[word.start(1)].isupper()
        state = said in _states() and (len(said) > 2 or capital)
        if flat:
            found = at = flat.end()
        elif state or (capital and said not in _NO_TOWN):
            found = word.start(1) + len(said)
        if text[word.end() - 1] == "." and len(said) > 2:
            break
    return found


def _told(view: View, start: int) -> Iterator[Secret]:
    """What is said to be an address."""
    text = view.text
    clause = _CLAUSE.match(text, start)
    if clause is None or not clause[0].strip():
        return
    street = _STREET.search(text, start, clause.end())
    code = re.compile(rf"\b(?:{_ZIP})\b").search(text, start, clause.end())
    number = re.compile(rf"[ ,]*\b(?:{_NUMBER} {_NAME}|{_FLAT})").match(text, start)
    if (
        view.unfinished
        and clause.end() == len(text)
        and (street or number or re.match(rf"[ ,]*{_NUMBER}$", text[start:]))
    ):
        yield Secret("address", start, len(text), lasting=False)
    elif street:
        yield Secret("address", start if street.start() - start < 30 else street.start(), _end(view, street.end()))
    elif code:
        yield Secret("address", start, code.end())
    elif number and not re.compile(r"[ ,]*\S+ (?:different|other|accounts?|cards?|email|people|days?|times?)\b").match(
        text, start
    ):
        yield Secret("address", number.start(), _end(view, number.end()))


@cache
def _states() -> frozenset[str]:
    text = files("callcore.privacy").joinpath("data", "en.toml").read_text(encoding="utf-8")
    return frozenset(" ".join(tomllib.loads(text)["states"]).split())
