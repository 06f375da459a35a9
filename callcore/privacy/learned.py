"""What the learned tagger adds to the rules of the redaction, and what it takes back."""

from __future__ import annotations

import re
from collections.abc import Iterator

from callcore.privacy import english_lexicon, english_names, mandarin_names
from callcore.privacy.digits import stretches
from callcore.privacy.mandarin_lexicon import is_nationality
from callcore.privacy.services import is_service
from callcore.privacy.spans import NEVER, NUMBER_KINDS, PLACE, SOFT, Secret
from callcore.privacy.staff import is_staff
from callcore.privacy.view import Stage, View
from callcore.text.chars import HAN_CHARACTER
from callcore.understand.entities.find import Found
from callcore.understand.entities.tagger import Tag

MASKED, FOUND = 0.2, 0.45  #: probability of each character of what the tagger finds, and of the likeliest of them
EVIDENT = 0.35  #: that of the likeliest, of a number that is whole
HALF = 0.4  #: that, of a word with a capital that is no common one
LIKELY = 0.8  #: that, of a name in Han that nothing else speaks for
OVER_FACTS = 0.97  #: that, where the rules read a fact that is no secret
OVER_WORDS = 0.85  #: that, of one character of Han, of words without a capital, of digits where a reference is expected
REMEMBERED = 0.7  #: that, from which on it is masked in the rest of the call
REFUSABLE = frozenset({"name", "address", "digits", "code", "card_tail", "email"})
COUNTED = 0.3  #: probability below which it takes back a telephone number made of several numbers
PHONE = 10  #: digits of a telephone number that no word for references makes one
PIECE = 3  #: digits of a number that is known to be none
_NO_NAME = re.compile("[嗯呃啊哦额唉哎]+|老先生|老人家|大姐|大哥|大叔|律师|您好|你好")
_AFTER_NAME = re.compile("(?:女士|先生|小姐|太太|老师|阿姨|叔叔|大爷|大妈|大叔|奶奶|爷爷|师傅|大哥|大姐|总|医生|经理)")
_MAIL = re.compile("邮|mail|@|艾特|爱特|小老鼠|圈a|点|dot|com")
_LETTERS = re.compile(r"(?<![\w'])(?:[a-z](?![\w'])[ .-]{0,2}){2,8}")


def refused(one: Secret, found: Found) -> bool:
    """Whether the tagger is sure that what a rule without a check took for a secret is none."""
    if found.tagged is None:
        return False
    if one.kind == "phone":
        least = COUNTED if _is_counted(found.spoken.text[one.start : one.end]) else NEVER
    else:
        least = one.least if one.kind in REFUSABLE else NEVER
    return found.tagged.secret(one.start, one.end) < least


def _is_counted(said: str) -> bool:
    """Whether a number is put together of several that are said as such: ten twelve and nine fifty."""
    runs = list(stretches(said))
    figures = any(map(str.isdigit, said))
    return not figures and 2 * sum(run.single for run in runs) < sum(len(run.digits) for run in runs)


def doubted(one: Secret, found: Found) -> bool:
    """Whether the tagger rather takes for none what is a name only because nothing explains it: masked there alone."""
    return one.kind == "name" and one.least >= SOFT and not likely(found, one.start, one.end)


def certain(found: Found, start: int, end: int) -> bool:
    """Whether the tagger is sure that a range is a secret, whatever the rules read there."""
    return found.tagged is not None and found.tagged.secret(start, end) >= OVER_FACTS


def likely(found: Found, start: int, end: int) -> bool:
    """Whether the tagger rather takes a range for a secret."""
    return found.tagged is not None and found.tagged.secret(start, end) >= FOUND


def tagged(found: Found, view: View) -> Iterator[Secret]:
    """What the tagger finds. What it is less sure of is masked here, and not wherever else it is said."""
    if found.tagged is None:
        return
    for tag in found.tagged.tags(view.text, MASKED):
        digits = "".join(one.digits for one in stretches(view.text[tag.start : tag.end]))
        if not _known_as_none(tag, digits, view) and tag.likely >= _needed(tag, digits, view):
            yield Secret(tag.kind, tag.start, tag.end, lasting=view.stage is Stage.TURN and tag.likely >= REMEMBERED)


def _needed(tag: Tag, digits: str, view: View) -> float:
    """How likely a tag must be to count."""
    if view.readable(tag.start, tag.end):
        return EVIDENT if len(digits) > PIECE and _bare(tag, view) else OVER_FACTS
    said = view.text[tag.start : tag.end]
    if len(said) == 1 and said.isascii() and not digits and not view.asked and not view.number_wanted:
        return OVER_FACTS
    if digits and tag.kind in NUMBER_KINDS:
        if view.reference_wanted:
            return OVER_WORDS
        if _whole_number(tag, digits, view):
            return EVIDENT
        return FOUND if view.number_wanted or len(digits) >= PIECE else LIKELY
    if tag.kind == "email" and HAN_CHARACTER.search(view.text) and not (view.asked or _MAIL.search(view.text)):
        return OVER_WORDS  # English words of a caller who mixes languages
    if tag.kind == "name" and HAN_CHARACTER.search(said):
        return _needed_in_han(tag, said, view)
    if tag.kind == "name" and english_names.at_place(view.text, tag.start):
        return PLACE
    if tag.kind == "name" and english_names.no_capital(view.spoken.raw, tag.start, tag.end):
        return OVER_WORDS
    capital = view.spoken.raw[tag.start].isupper() and " " not in said and not english_lexicon.is_no_name(said)
    return HALF if capital and tag.kind == "name" else FOUND


def _needed_in_han(tag: Tag, said: str, view: View) -> float:
    if _NO_NAME.fullmatch(said):
        return 1.0
    if view.asked == "name" or mandarin_names.looks_like_name(said):
        return FOUND
    if _AFTER_NAME.match(view.text, tag.end) and said not in mandarin_names.NO_SURNAME:
        return FOUND
    return OVER_WORDS if len(said) == 1 or "的" in said else LIKELY


def _bare(tag: Tag, view: View) -> bool:
    """Whether the tag is a figure of which only the rules think that it is an amount: it has no unit."""
    return any(
        span.kind == "amount"
        and span.start == tag.start
        and span.end == tag.end
        and view.text[span.start : span.end].isdigit()
        for span in view.spans
    )


def _whole_number(tag: Tag, digits: str, view: View) -> bool:
    """Whether a tag is a number of three digits or more, and all of it."""
    if len(digits) < PIECE:
        return False
    return any(one.start == tag.start and one.end == tag.end for one in stretches(view.text))


def _known_as_none(tag: Tag, digits: str, view: View) -> bool:
    """Whether the call has told that what the tagger finds is no secret: a hotline, a reference, one of the bank."""
    said = view.text[tag.start : tag.end]
    if tag.kind in ("name", "address", "email") and _is_english_among_han(said, view.text):
        return True
    if tag.kind in ("name", "address") and is_nationality(said):
        return True
    if tag.kind == "name":
        return is_staff(said, view.staff) or _is_acronym(tag, view.text)
    if tag.kind == "phone" and tag.likely >= OVER_FACTS and len(digits) >= PHONE:
        return False
    if any(span.kind == "reference" and span.start <= tag.start and tag.end <= span.end for span in view.spans):
        return True
    if len(digits) < PIECE or view.number_wanted:
        return False
    return any(digits in number for number in view.public) or is_service(digits)


def _is_english_among_han(said: str, text: str) -> bool:
    """Whether common English words stand in a Mandarin text, as some callers mix them: 我的 credit card."""
    letters = said.isascii() and any(map(str.isalpha, said)) and not any(map(str.isdigit, said))
    return letters and HAN_CHARACTER.search(text) is not None and english_lexicon.is_no_name(said)


def _is_acronym(tag: Tag, text: str) -> bool:
    """Whether the tag lies in the letters of an acronym that are said one by one ("the B S B")."""
    return any(
        match.start() <= tag.start
        and tag.end <= match.end()
        and any(english_lexicon.is_acronym(_only_letters(said)) for said in (match[0], text[tag.start : tag.end]))
        for match in _LETTERS.finditer(text)
    )


def _only_letters(said: str) -> str:
    return "".join(filter(str.isalpha, said))
