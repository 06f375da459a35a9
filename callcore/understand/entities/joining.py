"""Facts of a turn from rules and tagger together: kinds that rules could not tell, names that they missed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from callcore.text.chars import HAN_CHARACTER
from callcore.understand.entities import checks
from callcore.understand.entities.pieces import is_fragment
from callcore.understand.entities.spans import Span
from callcore.understand.entities.spoken import Spoken
from callcore.understand.entities.tagger import Tagged
from callcore.understand.entities.zh.people import COMMON, COMPOUND, RARE

SURE_KIND = 0.8  #: probability of a kind, from which on digits have it of which the rules know none
SURER_KIND = 0.97  #: that, where the rules know another
SURE_SECRET = 0.6  #: of a number being a secret at all, where its kind is to change
SURE_NAME = 0.8  #: of a name that only the tagger finds, to be taken for a fact
LOOSE = ("digits", "card_tail", "account", "code")  #: kinds of numbers that no check digits tell
NAME_RANK = 4
_LENGTHS = {"card_tail": (4, 4), "account": (5, 34), "code": (3, 8), "phone": (7, 15), "id_number": (8, 18)}
_OPEN = ("card_number", "account", "phone", "id_number")  #: that are said in pieces
_GIVEN = "[\u4e00-\u9fff]{1,2}"
_DOTTED = "[\u4e00-\u9fff]{2,8}·[\u4e00-\u9fff]{2,8}"  # 古丽努尔·艾合买提
_HAN_NAME = re.compile(rf"(?P<known>(?:{COMPOUND}|[{COMMON}{RARE}]){_GIVEN}|{_DOTTED})|[\u4e00-\u9fff]{{3,6}}")
_NO_NAME = re.compile(
    "[的是我你您他她念个旁边]|^[小老阿大]|^谢谢|(?:老师?|先生|女士|小姐|师傅|[姐哥叔姨总爷奶嫂工阿])$"
)
_SURER_NAME = 0.92  # of one with a surname that is in no table, and of a single word of letters
_TELLS = re.compile("[的那里]个?")  # after a name that tells how a character is written
_TELLS_ALL = re.compile("那个(?=$|[,.。、!? ])")
_CLAUSE = re.compile("[^,.;:?!。、]+")
_LATIN = r"[^\W\d_](?:['-]?[^\W\d_])+"
_LATIN_NAME = re.compile(rf"{_LATIN}(?: {_LATIN}){{0,4}}")
_TITLE = re.compile(r"(?:mr|mrs|ms|miss|dr|doctor|mister|professor|major|captain|colonel|sergeant|reverend)\.? ")


def joined(spans: Sequence[Span], tagged: Tagged, spoken: Spoken, regions: tuple[str, ...]) -> list[Span]:
    """The spans of the rules with the tagger's kinds, and with the names that only it has found whole, in order."""
    names = _names(tagged, spoken, spans)
    covered = {i for name in names for i in range(name.start, name.end)}
    kept = [span for span in spans if span.kind != "name" or covered.isdisjoint(range(span.start, span.end))]
    numbers = list(_with_kinds(kept, tagged, regions))
    return sorted([*names, *numbers], key=lambda span: span.start)


def _with_kinds(spans: Sequence[Span], tagged: Tagged, regions: tuple[str, ...]) -> Iterator[Span]:
    before: Span | None = None
    for span in spans:
        one = _with_kind(span, tagged, regions)
        if before and before.status == "corrected" and one.kind == "digits" and not one.hint:
            one = replace(one, kind=before.kind)  # it takes the place of that one
        yield one
        before = one


def _with_kind(span: Span, tagged: Tagged, regions: tuple[str, ...]) -> Span:
    """The span with the kind that the tagger gives it, where no check digits and no shape speak for another."""
    if span.kind not in LOOSE or span.parts or tagged.secret(span.start, span.end) < SURE_SECRET:
        return span
    kind, likely = tagged.kind(span.start, span.end)
    known = span.hint or (span.kind if span.kind != "digits" else "")
    if kind in (span.kind, span.hint) or likely < (SURER_KIND if known else SURE_KIND) or not span.value.isalnum():
        return span
    if (span.kind, kind) in (("card_tail", "phone"), ("account", "card_tail")):  # the words beside it have told
        return span
    shortest, longest = _LENGTHS.get(kind, (99, 0))
    if shortest <= len(span.value) <= longest:
        if kind == "phone":
            value, valid = checks.phone(span.value, regions)
            return replace(span, kind=kind, value=value, valid=valid, hint="") if valid else _hinted(span, kind)
        if is_fragment(kind, span.value, None, regions):
            return _hinted(span, kind)
        return replace(span, kind=kind, hint="")
    return _hinted(span, kind)


def _hinted(span: Span, kind: str) -> Span:
    """A piece of a number that more may follow."""
    return replace(span, kind="digits", hint=kind) if kind in _OPEN else span


def _names(tagged: Tagged, spoken: Spoken, spans: Sequence[Span]) -> list[Span]:
    """Names that the rules have not found, or only a part of which."""
    found = []
    for tag in tagged.tags(spoken.text, 0.5):
        if tag.kind != "name":
            continue
        for part in _CLAUSE.finditer(spoken.text, tag.start, tag.end):
            start, end = spoken.trim(*part.span())
            beside = [span for span in spans if span.start < end and start < span.end]
            if (
                len(beside) < 2  # 周建国周先生: the rules have parted them
                and all(_is_part(span, start, end) for span in beside)
                and (likely := tagged.secret(start, end)) >= SURE_NAME
            ):
                value = _name(start, end, likely, spoken)
                if value:
                    found.append(Span("name", start, end, value, round(likely, 2), rank=NAME_RANK))
    return found


def _is_part(span: Span, start: int, end: int) -> bool:
    """Whether a name of the rules is less than the range."""
    return span.kind == "name" and start <= span.start and span.end <= end and span.end - span.start < end - start


def _name(start: int, end: int, likely: float, spoken: Spoken) -> str:
    """The name as a value; "" where the stretch is rather a surname alone, a nickname, or tells characters."""
    said, raw = spoken.text[start:end], spoken.raw[start:end]
    if HAN_CHARACTER.search(said):
        match = _HAN_NAME.fullmatch(said)
        tells = _TELLS.match(spoken.text, end)
        told = tells and said.find(spoken.text[tells.end() : tells.end() + 1] or "。") >= 0
        if match is None or _NO_NAME.search(said) or told or _TELLS_ALL.match(spoken.text, end):
            return ""
        return said if match["known"] or likely >= _SURER_NAME else ""
    title = _TITLE.match(said)
    at = title.end() if title else 0
    if not _LATIN_NAME.fullmatch(said, at) or (likely < _SURER_NAME and not title and " " not in said):
        return ""
    name = raw[at:]
    return name if name != name.lower() else " ".join(word.capitalize() for word in name.split(" "))
