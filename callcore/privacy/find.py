"""All secrets of a text: entities that are somebody's own, what only the redaction looks for, unexplained digits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from callcore.privacy import english, english_places, mandarin, mandarin_places
from callcore.privacy.digits import Stretch, stretches
from callcore.privacy.sounds import misheard_digits
from callcore.privacy.spans import NUMBER_KINDS, SECRET_KINDS, Secret
from callcore.privacy.view import Rule, Stage, View
from callcore.text.chars import HAN_CHARACTER
from callcore.types import Role
from callcore.understand.entities.find import Found
from callcore.understand.entities.spans import Span
from callcore.understand.entities.tagger import Tag

VERSION = "redaction/1"
MASKED, FOUND = 0.2, 0.6  #: probability of each character of what the tagger finds, and of the likeliest of them
OVER_FACTS = 0.97  #: that, where the rules read a fact that is no secret
REMEMBERED = 0.7  #: that, from which on it is masked in the rest of the call
REFUSED = 0.03  #: below which what rules without a check found is none
REFUSABLE = frozenset({"name", "address", "digits", "code", "card_tail"})
RUN = 3  #: digits in a row that are masked while somebody speaks
LONG = 5  #: digits in a row that only a fact that is no secret explains
NO_COUNT = 9  #: digits that are no number of things whatever follows them

_RULES: Mapping[str, tuple[Rule, ...]] = {
    "zh": (mandarin.names, mandarin.words, mandarin.emails, mandarin_places.addresses),
    "en": (english.names, english.words, english.emails, english_places.addresses),
}
_ASKS = {"zh": mandarin.asks, "en": english.asks}
_PUBLIC = re.compile(
    r"1(?:10|12|14|19|20|22)|12\d{3}|100\d{2}|9[56]\d{3,4}|[48]00\d{7}"  # China
    r"|1?8(?:00|33|44|55|66|77|88)\d{7}|0?8(?:00|08)\d{6,7}|0?3(?:00|33|45)\d{7}|911|999|101|111"
)
_CALLED = re.compile(r"(?:拨打?|打|报警|电话|\b(?:call|dial|ring|phone))[ ,:是]*$")
_COUNTRY = re.compile(r"^\+(?:86|44|1(?=8))")
_EXPLAINED = re.compile(
    r"(?:错误码?|报错|(?:错误|基金|产品|股票|机构)?代码|网点号|联行号|行号|批次号?|型号|版本号?|工号|排队号|排号|序号|"
    r"第|"
    r"\b(?:error(?: code)?|extension|ext|version|form|model|flight|page|section|article|employee number|"
    r"badge(?: number)?))"
    r"[ ,:]*(?:(?:是|为|提示|显示|is|was|number|says|it's)[ ,:]*)?$"
)
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
_WORD_BEFORE = re.compile(
    r"[统唯万第之专不同某每另任进这那哪有]$|\b(?:last|first|final|these|those|all|other|next|just|only|any|"
    r"which)(?: the)? $"
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
_LETTER = re.compile(r"\b[a-z] (?:as in|for|like) [a-z]+\b|[a-z] ?(?:打头|开头)")
_NEAR = range(4)  # characters between
_ASKS_NUMBER = re.compile(
    r"\b(?:what|which|could|can|may|please|give|tell|read|confirm|have)\b[^.?!]{0,50}\b(?:number|digits|sort code|"
    r"routing|cvv|pin|expiry|"
    r"social security)\b|(?:报|念|说|提供|告诉|核对)[^,。?]{0,8}(?:号码?|数字|后[三四六]位|[三四六]位)"
)
_CUE_REACH = 15  # characters before digits in which a word for numbers of that kind must lie
_OWN_NAME = re.compile(
    r"(?:我是|我叫|我姓|免贵姓|本人|客服|坐席|客户经理|专员|工号[^,。]{1,12}[,。 ]|my name is|my name's|name is|"
    r"this is|i'm|i am|"
    r"you're speaking with|you are speaking with|you're through to|you're talking to|you can call me|call me)"
    r"[ ,:]*(?:(?:这边的?)?(?:客服|坐席|客户经理|专员|主管|组长|经理))?(?:小|老)?$"
)
_SPEAKING = re.compile(r",? (?:speaking|here)\b|[ ,。]*(?:很高兴|竭诚)?(?:能)?(?:为您服务|很高兴)")
_STAFF = re.compile(
    r"(?:胸牌|工牌|名牌|柜员|大堂经理|大堂|客户经理|理财经理|坐席|客服|工作人员|主管|组长|专员|同事|店长|行长|"
    r"你们的?(?:一个|那个|一位)?(?:同事|"
    r"员工|经理))"
    r"(?:上写的?|上面写的?|名字|姓名)?(?:就?是|叫做?|的?)?[ ,]?(?:小|老)?$"
    r"|\b(?:your|the|a) (?:colleague|agent|adviser|advisor|teller|clerk|cashier|representative|rep|operator|"
    r"branch manager)"
    r"(?: named| called|,| was| is)?[ ,]*$"
)
#: how customers speak of whom they dealt with; their own people are told otherwise
_POST = re.compile("(?:客户经理|大堂经理|理财经理|经理|主任|行长|专员|柜员|主管|组长|客服|坐席)")
_MET = re.compile(
    r"(?:你们|贵行|柜台|网点|支行|上次|那天|昨天|前天)(?:的|那个?|有个|一个|叫)*(?:小|老)?$|(?:找|问|跟|"
    r"是)(?:你们)?(?:那个)?小$"
    r"|\b(?:spoke|spoken|talked|chatted|dealing|dealt) (?:with|to)(?: a| an| someone called| somebody called)?[ ,]*$"
    r"|\b(?:helped|served|handled|assisted|told|advised|informed) by[ ,]*$"
)
_ROUND = re.compile(r"[1-9]\d{1,3}000")


@dataclass(frozen=True, slots=True)
class Search:
    """What a text holds. ``secrets``: in no order; they may overlap. ``staff``, ``public``: as of :class:`View`."""

    secrets: tuple[Secret, ...]
    staff: frozenset[str]
    public: frozenset[str]


def search(found: Found, view: View, speaker: Role = Role.UNKNOWN) -> Search:
    """What is to be masked, and what is known to be no secret. ``found``: the entities of the view's text."""
    text = view.text
    entities = [Secret(_kind(one), one.start, one.end, one.value) for one in found.spans if one.kind in SECRET_KINDS]
    public = [one for one in entities if _public(one, view)]
    kept = [one for one in entities if one not in public and not _no_name(one, found)]
    kept += (one for rule in _RULES[found.language.name] for one in rule(view) if _is_one(one, view))
    if speaker is not Role.UNKNOWN:  # of whom nobody knows the tagger knows too little to take something back
        kept = [one for one in kept if not _refused(one, found)]
    kept += (one for one in _tagged(found, view) if not any(_within(one, other) for other in public))
    # While somebody speaks, what reads as a hotline may be the beginning of a longer number.
    whole = [] if view.stage is Stage.PARTIAL else [one for one in public if not _goes_on(view, one)]
    kept += (one for one in _digits(found, view) if not any(_within(one, other) for other in whole))
    staff = [one for one in kept if one.kind == "name" and _of_staff(one, view, speaker)]
    kept = [one for one in kept if not any(_within(one, other) for other in staff)]
    if found.language.name == "zh":
        kept += [one for one in misheard_digits(text, kept) if not view.readable(one.start, one.end)]
    kept += [*_gaps(text, kept), *_letters(text, kept)]
    names = frozenset(text[one.start : one.end] for one in staff)
    return Search(tuple(kept), names, frozenset(_public_numbers(found, view, public)))


def _kind(one: Span) -> str:
    """The kind of a fact; of a piece of a number, what the whole is."""
    piece = one.kind == "digits" and one.hint in ("phone", "id_number") and len(one.value) >= LONG
    return one.hint if piece else one.kind


def _refused(one: Secret, found: Found) -> bool:
    """Whether the tagger is sure that what a rule without a check took for a secret is none."""
    if found.tagged is None or one.kind not in REFUSABLE:
        return False
    return found.tagged.secret(one.start, one.end) < REFUSED


def _tagged(found: Found, view: View) -> Iterator[Secret]:
    """What the tagger finds. What it is less sure of is masked here, and not wherever else it is said."""
    if found.tagged is None:
        return
    for tag in found.tagged.tags(view.text, MASKED):
        digits = "".join(one.digits for one in stretches(view.text[tag.start : tag.end]))
        if _known_as_none(tag, digits, view):
            continue
        unlikely = view.readable(tag.start, tag.end) or (digits and view.reference_wanted)
        if tag.likely >= (OVER_FACTS if unlikely else FOUND):
            yield Secret(tag.kind, tag.start, tag.end, lasting=view.stage is Stage.TURN and tag.likely >= REMEMBERED)


def _known_as_none(tag: Tag, digits: str, view: View) -> bool:
    """Whether the call has told that what the tagger finds is no secret: a hotline, a reference, one of the bank."""
    if tag.kind == "name":
        return any(name in view.text[tag.start : tag.end] for name in view.staff)
    if any(span.kind == "reference" and span.start <= tag.start and tag.end <= span.end for span in view.spans):
        return True
    if len(digits) < RUN or view.number_wanted:
        return False
    return any(digits in number for number in view.public) or is_service(digits)


def _is_one(one: Secret, view: View) -> bool:
    """Whether what a rule of the redaction took for a secret is no part of a fact that is none."""
    return one.end > one.start and not (one.kind in ("name", "code") and view.readable(one.start, one.end))


def _public_numbers(found: Found, view: View, public: Sequence[Secret]) -> Iterator[str]:
    """Digits that are no secret: references, hotlines, and large amounts that somebody may repeat without a unit."""
    yield from (re.sub(r"\D", "", one.value) for one in public)
    for span in found.spans:
        if span.kind == "reference" or (view.reference_wanted and span.kind == "digits"):
            yield re.sub(r"\D", "", span.value)
        elif span.kind == "amount":
            yield re.sub(r"\D", "", span.value.partition(".")[0])
    if view.reference_wanted:
        yield from (one.digits for one in stretches(view.text) if len(one.digits) >= RUN)


def _within(one: Secret, other: Secret) -> bool:
    return other.start <= one.start and one.end <= other.end


def asks(found: Found) -> str:
    """What a text asks the other side for: "name", "address", "email", "word" (a password), "number", "reference"."""
    text, cues = found.spoken.text, found.language.cues
    wanted = _ASKS[found.language.name](text)
    if wanted:
        return wanted
    named = any(cues.wanted[kind].search(text) for kind in cues.wanted.keys() & SECRET_KINDS)
    return "number" if (named and cues.asks.search(text)) or _ASKS_NUMBER.search(text) else ""


def is_service(number: str) -> bool:
    """Whether a number is a hotline or the like, which everybody may know."""
    return _PUBLIC.fullmatch(_COUNTRY.sub("", number)) is not None


def _public(one: Secret, view: View) -> bool:
    """Whether a number is a service's, or explained as no secret."""
    if one.kind == "phone":
        return is_service(one.value)
    if one.kind not in ("digits", "code"):
        return False
    if one.kind == "digits" and (_COUNTED.match(view.text, one.end) or view.reference_wanted):
        return True
    free = one.value in view.public or _round(view.text[one.start : one.end])
    if one.kind == "digits" and free and not view.number_wanted:
        return True
    return _explained(view.text, one.start, one.value)


def _round(said: str) -> bool:
    """Whether a figure is so round that it is an amount, or a number of points."""
    return _ROUND.fullmatch(said) is not None


def _no_name(one: Secret, found: Found) -> bool:
    """Whether what the rules for entities took for a name is something else."""
    said = found.spoken.text[one.start : one.end]
    return one.kind == "name" and (
        mandarin.is_no_name(said) if found.language.name == "zh" else english.is_no_name(said)
    )


def _explained(text: str, start: int, digits: str) -> bool:
    """Whether something tells that digits are nobody's own."""
    known = len(digits) >= LONG and (HAN_CHARACTER.search(text) is not None or len(digits) > LONG + 1)
    service = is_service(digits) and (known or _CALLED.search(text, max(0, start - 12), start))
    return bool(service) or _EXPLAINED.search(text, max(0, start - 24), start) is not None


def _of_staff(one: Secret, view: View, speaker: Role) -> bool:
    """Whether a name is that of somebody of the bank: the agent's own, or told with what they do there."""
    text = view.text
    if text[one.start : one.end] in view.staff or _STAFF.search(text, max(0, one.start - 24), one.start):
        return True
    if speaker is Role.AGENT:
        own = _OWN_NAME.search(text, max(0, one.start - 30), one.start) or _SPEAKING.match(text, one.end)
        return own is not None
    met = _POST.match(text, one.end) or _MET.search(text, max(0, one.start - 30), one.start)
    return speaker is Role.CUSTOMER and met is not None


def _gaps(text: str, found: Sequence[Secret]) -> Iterator[Secret]:
    """What stands between pieces of one number ("four four, dash, two one")."""
    numbers = sorted((one for one in found if one.kind in NUMBER_KINDS), key=lambda one: one.start)
    for before, after in pairwise(numbers):
        if before.end < after.start and _GAP.fullmatch(text, before.end, after.start):
            yield Secret("digits", before.end, after.start)


def _letters(text: str, found: Sequence[Secret]) -> Iterator[Secret]:
    """Letters that are told by a word, beside a secret: "S as in Sierra, nine nine"."""
    for match in _LETTER.finditer(text):
        if any(one.start - match.end() in _NEAR or match.start() - one.end in _NEAR for one in found):
            yield Secret("digits", *match.span())


def _digits(found: Found, view: View) -> Iterator[Secret]:
    """Digits that nothing explains; while somebody speaks, all that follow each other."""
    text = view.text
    if view.stage is Stage.PARTIAL:
        for one in stretches(text):
            if len(one.digits) >= RUN or _wanted(found, view, one):
                yield Secret("digits", one.start, one.end, one.digits)
        return
    for one in stretches(text, view.readable):
        free = one.digits in view.public or view.reference_wanted or _explained(text, one.start, one.digits)
        ends = _goes_on(view, one)
        if free and not view.number_wanted and not ends:
            continue
        if _long(text, one) or _one_by_one(text, one) or _wanted(found, view, one):
            yield Secret("digits", one.start, one.end, one.digits, lasting=not ends)
        elif ends:
            yield Secret("digits", one.start, one.end, one.digits, lasting=False)


def _long(text: str, one: Stretch) -> bool:
    """Whether digits are too many for a number of things, and no round figure."""
    if len(one.digits) < LONG or _round(text[one.start : one.end]):
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
    if len(one.digits) >= 2 and _EDGE.match(text, one.end):
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
