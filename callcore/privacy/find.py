"""All secrets of a text: entities that are somebody's own, what only the redaction looks for, unexplained digits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from callcore.privacy import (
    english,
    english_lexicon,
    english_names,
    english_places,
    mandarin,
    mandarin_births,
    mandarin_figures,
    mandarin_homes,
    mandarin_names,
    mandarin_places,
)
from callcore.privacy.births import births
from callcore.privacy.digits import Stretch, repeats, stretches
from callcore.privacy.learned import PHONE, certain, doubted, likely, refused, tagged
from callcore.privacy.services import explained, flights, is_service, mailboxes, of_desk, of_reference
from callcore.privacy.signs import references_told, signs
from callcore.privacy.sounds import misheard_digits
from callcore.privacy.spans import DIGITS, DOUBT, HAN, NEVER, NUMBER_KINDS, SECRET_KINDS, SOFT, Secret
from callcore.privacy.staff import is_staff, of_staff
from callcore.privacy.told_signs import signs_told
from callcore.privacy.view import Rule, Stage, View
from callcore.types import Role
from callcore.understand.entities.find import Found
from callcore.understand.entities.spans import Span

VERSION = "redaction/1"
RUN = 3  #: digits in a row that are masked while somebody speaks
LONG = 5  #: digits in a row that only a fact that is no secret explains
NO_COUNT = 9  #: digits that are no number of things whatever follows them

_RULES: Mapping[str, tuple[Rule, ...]] = {
    "zh": (mandarin_names.names, mandarin.words, mandarin.emails, mandarin_places.addresses, english_places.addresses),
    "en": (english_names.names, english.words, english.emails, english_places.addresses, signs),
}
_ASKS = {"zh": mandarin.asks, "en": english.asks}
_UNIT = re.compile(
    r" ?(?:多|来|余)?(?:元|块|毛|角|圆|美|欧|英镑|港|日元|人民币|%|％|‰|年|月|号(?!码)|日|天|个|位|点|时|分|秒|小时|"
    r"万|亿|千|百|十|期|笔|次|张|条|岁|倍|成|周|折"
    r"|下|些|样|般|定|直|起|共|方|楼|层|米|公里|平|家|种|遍|边|者|是|旦|会|年级|份|款|把|行|等|套|名|本|件|口|步|手|"
    r"味|再|切|律|度|半|致|概|早|晚|生|面|道|点"
    r"|percent|dollars?|pounds?|euros?|cents?|pence|days?|weeks?|months?|years?|hours?|minutes?|seconds?|times?|"
    r"cards?|accounts?|people|more|of|or|business|working|years|st\b|nd\b|rd\b|th\b|am\b|pm\b|o'clock|k\b|points?|"
    r"transactions?|payments?|things?)"
)
_COUNTED = re.compile("线|[级等]|[百千万]")
_EDGE = re.compile(" ?(?:结尾|收尾|开头|打头|起头)")  # of a number
_ENDING = re.compile(r"\b(?:(?:ending|ends|end) (?:in|with)|card's) $")
_SUM = re.compile(r"(?:\d+, )?\d{1,6}\.\d{2}|\d{1,3}(?:,\d{3})+(?:\.\d{2})?")  #: as nobody writes another number
_MOBILE = re.compile(r"(?:86)?1[3-9]\d{9}")
_WORD_BEFORE = re.compile(
    r"[统唯万第之专不同某每另任进这那哪有]$|\b(?:last|first|final|these|those|all|other|next|just|only|any|"
    r"which)(?: the)? $|\b(?:route|highway|interstate|motorway|junction|exit|bus) $"
)
_ONLY = re.compile(
    r"[ ,.。、;:!?-]*(?:(?:嗯+|呃|啊|哦|额|是|对|那个|然后|就是|好的?|后面|接着|再|的|yes|yeah|um|uh|er|and|then|okay|"
    r"ok|so|it's|"
    r"that's)[ ,.。、;:!?-]*)*"
)
_GAP = re.compile(
    r"[ ,.、。-]*(?:(?:嗯|呃|啊|额|杠|横杠|空格|然后|space|dash|hyphen|slash|stroke|point|dot|then|and|um|uh|er|erm|"
    r"okay|like|next|"
    r"letter|the|capital|[a-z]\b)"
    r"[ ,.、。-]*){0,3}"
)
_LETTER = re.compile(
    r"\b(?:[a-z] (?:as in|for)|[a-hj-z] like) [a-z]+\b|[a-z] ?(?:打头|开头)|\b[a-z]{1,2}(?=\d)|"
    r"\b(?:alfa|alpha|bravo|charlie|delta|"
    r"echo|foxtrot|golf|hotel|india|juliett?|kilo|lima|mike|november|oscar|papa|quebec|romeo|sierra|tango|uniform|victor|"
    r"whiskey|whisky|x-?ray|yankee|zulu)\b"
)
#: letters that a number begins with: "R, six one oh", 护照号E一二三; "a" and "I" are words
_LEADING = re.compile(r"(?<![\w'-])[b-hj-z](?:[ ,.-]{1,2}[a-z])?(?=[ ,-]{1,2}$)|(?<=[\u4e00-\u9fff])[a-z]{1,2}$")
_LEADING_REACH = 8  # characters before a number
_NEAR = range(4)  # characters between
_ASKS_NUMBER = re.compile(
    r"\b(?:what|which|could|can|may|please|give|tell|read|confirm|"
    r"have(?! (?:given|sent|put|made|logged|raised|opened)\b))\b[^.?!]{0,50}\b(?:number|digits|sort code|"
    r"routing|cvv|pin|expiry|"
    r"social security)\b|(?:报|念|说|提供|告诉|核对)[^,。?]{0,8}(?:号码?|数字|后[三四六]位|[三四六]位)"
)
_CUE_REACH = 15  # characters before digits in which a word for numbers of that kind must lie
_ROUND = re.compile(r"[1-9]\d{1,3}000")


@dataclass(frozen=True, slots=True)
class Search:
    """What a text holds. ``secrets``: in no order; they may overlap. ``staff``, ``public``: as of :class:`View`.

    ``topic``: of which it holds a piece, so that more pieces may follow; ``done``: whether it ends what was spoken of.
    """

    secrets: tuple[Secret, ...]
    staff: frozenset[str]
    public: frozenset[str]
    topic: str = ""
    done: bool = False


def search(found: Found, view: View) -> Search:
    """What is to be masked, and what is known to be no secret. ``found``: the entities of the view's text."""
    text = view.text
    entities = [*_entities(found, view)]
    public = [one for one in entities if _public(one, view, sure=certain(found, one.start, one.end))]
    kept = [one for one in entities if one not in public and not _no_name(one, found)]
    kept += (one for rule in _RULES[found.language.name] for one in rule(view) if _is_one(one, view))
    kept += births(view)  # dates are facts, which the rules of a language leave alone
    kept += signs_told(view)  # so are times, as which "nine" may be read
    born = [*mandarin_births.births(view)] if found.language.name == "zh" else []
    homes = [*mandarin_homes.pieces(view)] if found.language.name == "zh" else []
    kept += [*born, *homes]
    if not mandarin_homes.asks_alone(text):
        kept += (one for one in tagged(found, view) if not any(_within(one, other) for other in public))
    # While somebody speaks, what reads as a hotline may be the beginning of a longer number.
    whole = [] if view.stage is Stage.PARTIAL else [one for one in public if not _goes_on(view, one)]
    kept += (one for one in _digits(found, view) if not any(_within(one, other) for other in whole))
    sure = [one for one in kept if one.least == NEVER]
    staff = [
        one
        for one in kept
        if one.kind == "name" and of_staff(one, view, found, sure=any(_within(other, one) for other in sure))
    ]
    if found.language.name == "en":  # "your Mr Ash said so, Mr Ash in Leek"
        named = frozenset(text[one.start : one.end] for one in staff)
        staff += (one for one in kept if one.kind == "name" and is_staff(text[one.start : one.end], named))
    kept = [one for one in kept if not _of_the_bank(one, staff, view)]
    if "merchant" in view.topics and view.speaker is Role.CUSTOMER:
        kept = [one for one in kept if one.kind != "name" or english_names.of_person(view, one)]
    if view.speaker is not Role.UNKNOWN:  # of whom nobody knows the tagger knows too little to take something back
        kept = [one for one in kept if not refused(one, found)]
        kept = [replace(one, lasting=False) if doubted(one, found) else one for one in kept]
    if found.language.name == "zh":
        kept += [one for one in misheard_digits(text, kept) if not view.readable(one.start, one.end)]
        kept += mandarin_names.more_of_names(view, kept)
    kept += [*_gaps(text, kept), *_letters(text, kept)]
    if found.language.name == "zh" and not view.number_wanted and view.asked not in ("word", "proof"):
        free = [*flights(text)]
        kept = [one for one in kept if not any(one.start < end and start < one.end for start, end in free)]
    if found.language.name == "zh":
        kept = [*_without_public(kept, found, view)]
        kept = [one for one in kept if not mandarin_names.is_no_surname(text, one.start, one.end)]
    kept += [*english_names.whole_names(view, kept), *english_places.whole_addresses(view, kept)]
    names = frozenset(text[one.start : one.end] for one in staff)
    topic = mandarin_births.TOPIC if born else mandarin_homes.TOPIC if homes else ""
    done = not topic and view.speaker is not Role.CUSTOMER and mandarin_births.DONE.search(text) is not None
    return Search(tuple(kept), names, frozenset(_public_numbers(found, view, public)), topic, done)


def _entities(found: Found, view: View) -> Iterator[Secret]:
    """What the rules for entities found; what they took for a reference and is a mobile number is somebody's."""
    least = {"digits": DIGITS, "card_tail": DIGITS, "name": HAN if found.language.name == "zh" else DOUBT}
    for one in found.spans:
        if one.kind in SECRET_KINDS:
            yield Secret(_kind(one, view), one.start, one.end, one.value, least=least.get(one.kind, DOUBT))
        elif one.kind == "reference" and view.asked == "paper":
            yield Secret("id_number", one.start, one.end, one.value)
        elif one.kind == "reference" and _of_somebody(one.value, sure=certain(found, one.start, one.end)):
            yield Secret("digits", one.start, one.end, one.value, least=SOFT)


def _kind(one: Span, view: View) -> str:
    """The kind of a fact; of a piece of a number, what the whole is, unless the call has told that it is none's."""
    known = one.value in view.public and not view.number_wanted
    digits = sum(map(str.isdigit, one.value))
    piece = one.kind == "digits" and one.hint in ("phone", "id_number") and digits >= LONG and not known
    return one.hint if piece else one.kind


def _of_somebody(number: str, *, sure: bool) -> bool:
    """Whether what the rules took for a reference is a telephone number. ``sure``: that the tagger is, of a secret."""
    return _MOBILE.fullmatch(number) is not None or (sure and number.isdigit() and len(number) >= PHONE)


def _of_the_bank(one: Secret, staff: Sequence[Secret], view: View) -> bool:
    """Whether what was found is a name of the bank's people, how such a name is written, or a mailbox of a desk."""
    if any(_within(one, other) for other in staff):
        return True
    if one.kind == "email" and view.speaker is Role.AGENT:
        return any(start < one.end and one.start < end for start, end in mailboxes(view.text))
    return one.kind == "name" and any(
        mandarin_names.tells_characters_of(view.text[one.start : one.end], name)
        for name in (*view.staff, *(view.text[other.start : other.end] for other in staff))
    )


def _is_one(one: Secret, view: View) -> bool:
    """Whether what a rule of the redaction took for a secret is no part of a fact that is none."""
    if one.end <= one.start or (one.kind in ("name", "code") and view.readable(one.start, one.end)):
        return False
    return one.kind != "name" or not _only_digits(view.text[one.start : one.end])


def _only_digits(said: str) -> bool:
    """Whether a name of letters is a number in words."""
    if not said.isascii():
        return False
    return any(one.start == 0 and one.end == len(said) for one in stretches(said))


def _public_numbers(found: Found, view: View, public: Sequence[Secret]) -> Iterator[str]:
    """Digits that are no secret: references, hotlines, and large amounts that somebody may repeat without a unit."""
    yield from (re.sub(r"\D", "", one.value) for one in public)
    for span in found.spans:
        if view.asked == "paper" or _of_somebody(span.value, sure=certain(found, span.start, span.end)):
            continue
        if span.kind == "reference" or (view.reference_wanted and span.kind == "digits"):
            yield re.sub(r"\D", "", span.value)
        elif span.kind == "amount" and not likely(found, span.start, span.end):
            yield re.sub(r"\D", "", span.value.partition(".")[0])
    yield from (one.value for one in _given(found, view))
    if view.reference_wanted:
        runs = (one for one in stretches(view.text) if len(one.digits) >= RUN)
        yield from (one.digits for one in runs if not certain(found, one.start, one.end))


def _given(found: Found, view: View) -> Iterator[Secret]:
    """Letters and digits that an agent tells of themselves, and the tagger takes for no secret: references."""
    if view.speaker is Role.AGENT and not view.number_wanted:
        yield from (one for one in references_told(view.text) if not likely(found, one.start, one.end))


def _within(one: Secret, other: Secret) -> bool:
    return other.start <= one.start and one.end <= other.end


def _without_public(kept: Sequence[Secret], found: Found, view: View) -> Iterator[Secret]:
    """``kept`` but for figures that are nobody's; what a final ends with may go on and is hidden there alone."""
    figures, amounts = [*mandarin_figures.nobodys(view)], [*mandarin_figures.amounts(view)]
    for one in kept:
        free = figures if certain(found, one.start, one.end) else figures + amounts
        if not any(start <= one.start and one.end <= end for start, end in free):
            yield one
        elif _goes_on(view, one):
            yield replace(one, lasting=False)


def asks(found: Found) -> str:
    """What a text asks the other side for: "name", "address", "email", "word" (a password), "number", "reference"."""
    text, cues = found.spoken.text, found.language.cues
    wanted = _ASKS[found.language.name](text)
    if wanted:
        return wanted
    named = any(cues.wanted[kind].search(text) for kind in cues.wanted.keys() & SECRET_KINDS)
    return "number" if (named and cues.asks.search(text)) or _ASKS_NUMBER.search(text) else ""


def _of_desk(view: View, start: int, digits: str) -> bool:
    """Whether an agent tells the telephone of one of the bank's places: of no person's mobile."""
    return view.speaker is Role.AGENT and not _MOBILE.fullmatch(digits) and of_desk(view.text, start)


def _public(one: Secret, view: View, *, sure: bool) -> bool:
    """Whether a number is a service's, or explained as no secret. ``sure``: that the tagger is, of a secret."""
    if one.kind == "phone":
        return is_service(one.value) or _of_desk(view, one.start, re.sub(r"\D", "", one.value))
    if one.kind == "card_tail":
        return of_reference(view.text, one.start)
    if one.kind not in ("digits", "code"):
        return False
    reference = view.reference_wanted and not _MOBILE.fullmatch(one.value) and not sure
    if one.kind == "digits" and (_COUNTED.match(view.text, one.end) or reference):
        return True
    free = one.value in view.public or _round(view.text[one.start : one.end])
    if one.kind == "digits" and free and not view.number_wanted:
        return True
    return explained(view.text, one.start, one.value)


def _round(said: str) -> bool:
    """Whether a figure is so round that it is an amount, or a number of points."""
    return _ROUND.fullmatch(said) is not None


def _no_name(one: Secret, found: Found) -> bool:
    """Whether what the rules for entities took for a name is something else."""
    said = found.spoken.text[one.start : one.end]
    return one.kind == "name" and (
        mandarin_names.is_no_name(said) if found.language.name == "zh" else english_lexicon.is_no_name(said)
    )


def _gaps(text: str, found: Sequence[Secret]) -> Iterator[Secret]:
    """What stands between pieces of one number ("four four, dash, two one")."""
    numbers = sorted((one for one in found if one.kind in NUMBER_KINDS), key=lambda one: one.start)
    for before, after in pairwise(numbers):
        if before.end < after.start and _GAP.fullmatch(text, before.end, after.start):
            yield Secret("digits", before.end, after.start, lasting=False)


def _letters(text: str, found: Sequence[Secret]) -> Iterator[Secret]:
    """Letters that are told by a word, beside a secret: "S as in Sierra, nine nine"."""
    for match in _LETTER.finditer(text):
        if any(one.start - match.end() in _NEAR or match.start() - one.end in _NEAR for one in found):
            yield Secret("digits", *match.span(), lasting=False)
    for one in found:
        before = _LEADING.search(text, max(0, one.start - _LEADING_REACH), one.start)
        if one.kind in NUMBER_KINDS and before:
            yield Secret("digits", *before.span(), lasting=False)


def _digits(found: Found, view: View) -> Iterator[Secret]:
    """Digits that nothing explains; while somebody speaks, all that follow each other."""
    text, given = view.text, [*_given(found, view)]
    if view.stage is Stage.PARTIAL:
        for one in stretches(text):
            if len(one.digits) >= RUN or _wanted(found, view, one):
                yield Secret("digits", one.start, one.end, one.digits)
        return
    for one in stretches(text, view.readable):
        reference = view.reference_wanted and not _MOBILE.fullmatch(one.digits)
        wanted = reference and not certain(found, one.start, one.end)
        free = one.digits in view.public or wanted or explained(text, one.start, one.digits)
        free = free or _of_desk(view, one.start, one.digits)
        free = free or any(number.start <= one.start and one.end <= number.end for number in given)
        ends = _goes_on(view, one)
        if free and not view.number_wanted and not ends:
            continue
        if _long(text, one) or _one_by_one(text, one) or _wanted(found, view, one):
            yield Secret("digits", one.start, one.end, one.digits, lasting=not ends, least=_least(view, one))
        elif ends:
            yield Secret("digits", one.start, one.end, one.digits, lasting=False, least=NEVER)


def _least(view: View, one: Stretch) -> float:
    """The probability below which the tagger takes digits back."""
    said = view.text[one.start : one.end]
    if _EDGE.match(view.text, one.end) or _MOBILE.fullmatch(one.digits) or repeats(said):
        return NEVER
    if view.number_wanted:
        return DOUBT
    return SOFT if is_service(one.digits) else DIGITS


def _long(text: str, one: Stretch) -> bool:
    """Whether digits are too many for a number of things, and no round figure."""
    said = text[one.start : one.end]
    if len(one.digits) < LONG or _round(said) or _SUM.fullmatch(said):
        return False
    return len(one.digits) >= NO_COUNT or not (_UNIT.match(text, one.end) or _COUNTED.match(text, one.end))


def _one_by_one(text: str, one: Stretch) -> bool:
    """Whether digits are said one after the other, as nobody says a number of things."""
    return one.single >= RUN and not _UNIT.match(text, one.end) and not _COUNTED.match(text, one.end)


def _ends(text: str, one: Stretch | Secret) -> bool:
    """Whether the text ends with the digits, which may go on."""
    return _ONLY.fullmatch(text, one.end) is not None


def _goes_on(view: View, one: Stretch | Secret) -> bool:
    """Whether what a final ends with may be the first half of a number that its turn has whole."""
    return view.stage is Stage.FINAL and _ends(view.text, one)


def _wanted(found: Found, view: View, one: Stretch) -> bool:
    """Whether few digits are likely to be a piece of a secret number: one was asked for, begun, or is spoken of."""
    text = view.text
    alone = _ONLY.fullmatch(text, 0, one.start) is not None and _ends(text, one)
    if alone and (len(one.digits) >= 2 or view.number_wanted):
        return True
    if len(one.digits) >= 2 and (_EDGE.match(text, one.end) or _ENDING.search(text, 0, one.start)):
        return True
    if _UNIT.match(text, one.end) or _WORD_BEFORE.search(text, 0, one.start):
        return False
    if len(one.digits) < 2 and not (view.unfinished and _ends(text, one)):
        return False
    return view.number_wanted or _spoken_of(found, text, one.start)


def _spoken_of(found: Found, text: str, start: int) -> bool:
    """Whether a word for secret numbers stands shortly before."""
    return any(
        cue.search(text, max(0, start - _CUE_REACH), start) is not None
        for kind, cue in found.language.cues.wanted.items()
        if kind in SECRET_KINDS
    )
