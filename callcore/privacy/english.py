"""Names, passwords and e-mail addresses in English, beyond what the rules for entities find."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from callcore.privacy.spans import Secret, last_asked
from callcore.privacy.view import View
from callcore.understand.entities.en.lexicon import lexicon

_WORD = r"[^\W\d_]+(?:['-][^\W\d_]+)*"
_LINK = (
    r"[ ,:]*(?:(?:is|was|are|it's|that's|um|uh|er|well|yes|yeah|please|the|as|to|would be|should be|called|"
    r"also)[ ,:]+){0,3}"
)
_NAME_CUE = re.compile(
    r"\b(?:(?:my|his|her|their|the|your|full|first|last|middle|given|family|maiden|legal|account|customer|cardholder's|"
    r"payee(?:'s)?|beneficiary(?:'s)?|recipient(?:'s)?|mother's maiden|user) name(?: on (?:the|my) (?:card|account))?"
    r"(?: is| was|'s|:)|names? (?:is|are|was)|name's|surname(?: is|'s|,|:)?|(?:account ?holder|card ?holder|payee|"
    r"beneficiary|recipient|"
    r"account owner)(?:(?:'s)? name)?(?: is|:)?|in the name of|under the name(?: of)?|under|made out to|payable to|"
    r"name of|goes by|"
    r"(?:speaking|speak|spoke|spoken|talking|talk|talked|chatted|dealing|dealt) (?:with|to)|this is|maiden name|named|"
    r"called|(?:helped|served|handled|assisted|signed|told|advised|informed|given) by|on behalf of|belongs to|"
    r"(?:authorised|authorized|additional|joint) (?:user|holder)|(?:sent|pay|paid|transferred|wired|transfer|send|"
    r"wire) (?:it |them |money |that )?to|"
    r""
    r"(?:wife|husband|son|daughter|mother|father|brother|sister|mum|mom|dad|partner|fiance|fiancee|friend|colleague|"
    r"boss|landlord|"
    r"landlady|accountant|lawyer|secretary|assistant|uncle|aunt|cousin|nephew|niece|grandmother|"
    r"grandfather)(?:'s name is|,| is)?)\b[ ,:]+"
    r"(?:(?:is|um|uh|er|yes|it's|please)[ ,]+){0,2}"
)
_SURE_CUE = re.compile(r"name|surname|holder|payee|beneficiary|recipient|payable|made out|goes by|named")
_TITLE = re.compile(r"\b(?:mr|mrs|ms|miss|mister|missus|doctor|dr|professor|sir|madam)\b\.? ")
_CAPITAL = re.compile(r"[A-Z][^\W\d_]*(?:['-][A-Z]?[^\W\d_]+)*")
_CALLED_TO = re.compile(
    r"\b(?i:hi|hello|hey|thanks|thank you|okay|ok|bye|goodbye|sorry|morning|afternoon|evening|sure|right|"
    r"dear)(?: there| again)?[, ]+"
    r"(?P<name>[A-Z][^\W\d_]+(?:['-][^\W\d_]+)*)(?P<more> [A-Z][^\W\d_]+)?|, (?P<last>[A-Z][^\W\d_]+)[.?!]?$"
)
_NAME_WORD = re.compile(rf"[ .-]{{0,2}}(?P<word>{_WORD})")
_COMPANY = re.compile(
    r"(?:'s)?(?: [A-Z][a-z]+)? (?:Bank|Building|Credit|Insurance|Ltd|Limited|Inc|Group|Company|Union|Trust|Finance|"
    r"Airways|Airlines|Hotel|"
    r"Hospital|University|College|Airport|Station|Mall|Store|Centre|Center|Card|Account|Visa|Mastercard|Saver|"
    r"Rewards)\b"
)
_INNER_CAPITAL = re.compile(r"(?<=[^\W_] |[,;:] )[A-Z][a-z]+(?:['-][^\W\d_]+)*")
_SPELLED_WORD = re.compile(rf"(?P<name>{_WORD})[ ,.]+(?:(?:that's|it's|spelled|spelt|so|as in|is)[ ,]+){{0,2}}$")
_PARTICLES = frozenset("van de der von la bin al da di del den ter o'".split())
_LETTERS = re.compile(
    r"(?<![\w'])(?:(?:double |capital )?[a-z](?: (?:as in|for|like) [a-z]+)?(?:[ .,-]+|$)){2,30}(?![a-z'])"
)

_WORD_CUE = re.compile(
    r"\b(?:pass ?words?|pass ?phrases?|pass ?code|secret (?:word|answer|phrase)|security (?:word|answer|phrase|"
    r"question)|memorable (?:word|"
    r"place|name|date)|code ?word|safe ?word|pin|one[- ]time (?:code|passcode|password)|verification code|"
    r"security code|access code|otp|"
    r"log-?in|user ?name|user id|answer)\b(?: (?:for|to|on|of) (?:the |my |this |that )?(?:[a-z]+ ?){1,3}?)??[ ,:]*"
    r"(?:\.[ ]+)?(?:(?:i use|i set|i chose|i had|i have)[ ,]+)?(?:is|was|are|it's|that's|would be|should be|to|as|=|"
    r":)[ ,:]+(?:(?:um|uh|er|well|the word|just|still|also)[ ,]+){0,2}"
)
_SPOKEN_WORD = re.compile(
    r"(?:(?:capital|uppercase|lowercase|upper case|lower case|all caps|number|"
    r"symbol)[ ,]+)?[\w@#$%&*!~^+=.'-]+(?:[ ,-]+(?:[\w@#$%&*!~^+='-]+)){0,5}"
)
_NO_SECRET = re.compile(
    r"(?:incorrect|wrong|not|expired|locked|the|a|an|too|required|needed|case|correct|valid|invalid|being|been|now|on|"
    r"in|for|my|your|what|"
    r"something|never|always|different|reset|sent|blocked|forgotten|gone|old|new|saved|stored|used|asked|compromised|"
    r"stolen|safe|secure|"
    r"private|confidential|weak|strong|long|short|six|four|eight|at least|sending|working|accepted|rejected|there|"
    r"here|no|yes|that|this|it|i|"
    r"we|you|be|have|get|change|log|access|open|make|see|do|use|help|my|one|any|only|also|still|just|really|very|so|"
    r"how|why|when|where|because|and|or|but|if|as)\b"
)
_TALK_BEFORE = re.compile(
    r"(?:[ ,.]|\b(?:yes|yeah|sure|it's|it is|it was|that's|um|uh|er|oh|my|is|was|the|word|password|okay|ok|i think|so|"
    r"well|mother's|"
    r"maiden|name|hmm|let me see|goodness)\b)*"
)
_ONLY_TALK = re.compile(
    r"(?:[ ,.'?]|\b(?:oh|goodness|gosh|god|dear|sorry|pardon|what|hold on|one moment|one second|a second|just|let me|"
    r"think|see|please|"
    r"no|yes|right|sure|memorable|that|one|this|i|don't|know|remember|forgot|sir|madam|thank|thanks|you|is|it|the|a|"
    r"me|mean|hang on|wait)\b)*"
)
_SENTENCE = re.compile(r"[^.?!]+")
_FEW_WORDS = 5
_STOP_WORD = re.compile(
    r"\b(?:and|but|so|because|which|that|is|was|it|i|can|could|please|thanks|thank|ok|okay|right|then|if|for|to|the|"
    r"with|on)\b|[.?!;]"
)
_MAIL_CUE = re.compile(
    r"\be-?mail(?: address)?(?: on file| for me)?(?: is| was|'s|:| to)[ ,:]+(?:(?:um|uh|er|it's|to)[ ,]+)?"
)
_MAIL_WORDS = re.compile(r"[\w@.+-]+(?:[ ,]+[\w@.+-]+){0,14}")
_MAIL_HOST = re.compile(
    r"(?:[\w.+-]+ ){0,4}?[\w.+-]+ ?(?:at|@) ?(?:g ?mail|hot ?mail|yahoo|outlook|icloud|aol|proton ?mail|qq|163|"
    r"[\w-]+ dot [a-z]+)(?: ?(?:dot|\.) ?[a-z]+){0,2}"
    r"|\b\w+ (?:dot|underscore) \w+(?= at| @|$)"
)
_MAIL_STOPS = re.compile(r"\b(?:and|is|my|it's|please|the|can|could|but|so|i|for|send|thanks|thank you)\b")

_ASKS = (
    (
        "name",
        re.compile(
            r"\b(?:your|full|first|last|the) (?:full |first |last )?names?\b|who am i (?:speaking|talking)|"
            r"who's calling|who is calling|surname|spell (?:it|that|your)"
        ),
    ),
    ("address", re.compile(r"\baddress\b(?! is)|where do you live|post ?code|zip(?: code)?")),
    ("email", re.compile(r"\be-?mail")),
    (
        "reference",
        re.compile(
            r"\b(?:reference|case number|ticket number|complaint number|confirmation number|tracking|order number)\b"
        ),
    ),
    (
        "word",
        re.compile(
            r"\bpass ?(?:word|phrase|code)|security (?:word|question|answer)|memorable|maiden name|secret|code word|"
            r"first pet|school"
        ),
    ),
)
_ASKING = re.compile(
    r"\?|\b(?:what|who|may i|can i|could i|can you|could you|would you|please|tell me|give me|confirm|where|which|"
    r"spell|need|have)\b"
)


def asks(text: str) -> str:
    """As :func:`callcore.privacy.spans.last_asked`."""
    return last_asked(text, _ASKING, _ASKS)


def names(view: View) -> Iterator[Secret]:
    """Names after words that introduce one, after titles, called to, spelled, and as answers."""
    text = view.text
    for match in _NAME_CUE.finditer(text):
        yield from _named(view, match.end(), 4, strict=not _SURE_CUE.search(match[0]))
    for match in _TITLE.finditer(text):
        word = match[0].strip(" .")
        yield from _named(view, match.end(), 3, strict=word in ("sir", "madam", "miss"))
    yield from _known(view)
    yield from _called_to(view)
    yield from _unexplained(view)
    if view.asked == "name":
        yield from _answered(view)
    yield from _spelled(view)


def _spelled(view: View) -> Iterator[Secret]:
    """Letters one by one, and the word before them that they spell: "it's Patel, P A T E L"."""
    text = view.text
    for match in _LETTERS.finditer(text):
        letters = "".join(re.findall(r"(?<![\w'])[a-z](?![\w'])", match[0]))
        word = _SPELLED_WORD.search(text, 0, match.start())
        spelled = word is not None and len(letters) > 2 and word["name"].startswith(letters[:3])
        near = spelled or view.asked == "name" or _SURE_CUE.search(text, 0, match.start()) is not None
        several = len(letters) >= (2 if near else 5) and (near or len(set(letters)) > 1)
        if several and letters not in _acronyms():
            start = word.start("name") if word and spelled else match.start()
            yield Secret("name", start, match.start() + len(match[0].rstrip(" .,-")))


def _named(view: View, start: int, most: int, *, strict: bool) -> Iterator[Secret]:
    """The words of a name from ``start`` on. ``strict``: only with capitals."""
    text, raw = view.text, view.spoken.raw
    end, count = start, 0
    while count < most and (match := _NAME_WORD.match(text, end)):
        word, capital = match["word"], raw[match.start("word")].isupper()
        ended = "." in text[end : match.start("word")] and len(text[start:end].rpartition(" ")[2]) > 2
        if ended or word in _not_names() or word.endswith(("'re", "'ll", "'d")) or (strict and not capital):
            break
        if count and not capital and _mixed(raw) and word not in _PARTICLES:
            break
        count += 1
        end = match.end()
        if word.endswith("'s"):
            end -= 2
            break
    if count and not _is_place(view.spoken.raw, start, end):
        yield Secret("name", start, end)


def _is_place(raw: str, start: int, end: int) -> bool:
    """Whether words with capitals are a country, a company or the like."""
    words = raw[start:end].lower().split()
    known = _data()["capitals"] | _data()["states"]
    return _COMPANY.match(raw, end) is not None or all(word in known for word in words)


def _known(view: View) -> Iterator[Secret]:
    """First names that are nothing else, with a capital; and whatever with a capital follows them."""
    raw = view.spoken.raw
    for match in _CAPITAL.finditer(raw):
        word = match[0].lower().removesuffix("'s")
        if word not in _first_names() or view.readable(*match.span()):
            continue
        end = match.start() + len(word)
        while (after := re.compile(r" (?:[A-Z]\.? )?([A-Z][^\W\d_]+(?:['-][^\W\d_]+)*)").match(raw, end)) and after[
            1
        ].lower() not in _not_names():
            if view.readable(after.start(1), after.end(1)):
                break
            end = after.end(1) - (2 if after[1].lower().endswith("'s") else 0)
        yield Secret("name", match.start(), end)


def _called_to(view: View) -> Iterator[Secret]:
    """Whom a text greets, thanks or calls to: "Thanks, Priti"."""
    for match in _CALLED_TO.finditer(view.spoken.raw):
        group = "name" if match["name"] else "last"
        if match[group].lower() in _not_names() or match[group].isupper() or view.readable(*match.span(group)):
            continue
        if _is_place(view.spoken.raw, *match.span(group)):
            continue
        more = match["more"] if match["more"] and match["more"].strip().lower() not in _not_names() else ""
        yield Secret("name", match.start(group), match.end(group) + len(more))


def _unexplained(view: View) -> Iterator[Secret]:
    """Words with a capital inside a sentence that nothing explains: names, as a rule."""
    raw = view.spoken.raw
    words = re.findall(_WORD, raw)
    if 2 * sum(word[0].isupper() for word in words) > len(words):  # a writing that gives many words a capital
        return
    for match in _INNER_CAPITAL.finditer(raw):
        word = match[0].lower().removesuffix("'s")
        explained = any(span.start <= match.start() < span.end for span in view.spans)
        end = match.start() + len(word)
        if not explained and word not in _not_names() and not _is_place(raw, match.start(), end):
            yield Secret("name", match.start(), end)


def _answered(view: View) -> Iterator[Secret]:
    """What answers the question for a name."""
    text, raw = view.text, view.spoken.raw
    spans = [(m.start(), m.end()) for m in re.finditer(_WORD, text)]
    meant = [(a, b) for a, b in spans if text[a:b] not in _not_names() and text[a:b] not in _TALK]
    few = len(spans) <= 6
    for start, end in meant:
        if (
            few
            or (raw[start].isupper() and start > 0 and raw[start - 2 : start] not in (". ", "? ", "! "))
            or text[start:end] in _first_names()
        ):
            yield Secret("name", start, end)


_TALK = frozenset(
    "sure yes yeah no hi hello it's that's spelled spelt with sorry just think know mean why need later already told "
    "sec moment minute".split()
)


def _mixed(raw: str) -> bool:
    """Whether a text tells names by capitals: it has some, and not only the first letter and "I"."""
    return re.search(r"(?<=[a-z,] )[A-Z][a-z]", raw) is not None


def words(view: View) -> Iterator[Secret]:
    """Passwords and answers to security questions."""
    text = view.text
    for match in _WORD_CUE.finditer(text):
        yield from _word(text, match.end())
    if view.asked == "word":
        yield from _told_word(text)


def _told_word(text: str) -> Iterator[Secret]:
    """The answer to the question for a password: what short sentences of a text say beside talk."""
    for sentence in _SENTENCE.finditer(text):
        if text[sentence.end() : sentence.end() + 1] == "?":
            continue
        start = _TALK_BEFORE.match(text, sentence.start(), sentence.end())
        if start is None or not _SPOKEN_WORD.match(text, start.end()):
            continue
        said = text[start.end() : sentence.end()]
        if len(said.split()) <= _FEW_WORDS and not _ONLY_TALK.fullmatch(said):
            yield from _word(text, start.end())


def _word(text: str, start: int) -> Iterator[Secret]:
    said = _SPOKEN_WORD.match(text, start)
    if said is None or _NO_SECRET.match(text, start):
        return
    stop = _STOP_WORD.search(text, start + 1, said.end())
    end = stop.start() if stop else said.end()
    end = start + len(text[start:end].rstrip(" ,.-"))
    if end > start:
        yield Secret("code", start, end)


def emails(view: View) -> Iterator[Secret]:
    """What is left of e-mail addresses that a recogniser garbled, or that are only begun."""
    text = view.text
    for match in _MAIL_HOST.finditer(text):
        start = match.start()
        for stop in _MAIL_STOPS.finditer(text, match.start(), match.end()):
            start = min(stop.end() + 1, match.end())
        yield Secret("email", start, match.end())
    cues = [match.end() for match in _MAIL_CUE.finditer(text)]
    if view.asked == "email":
        cues.append(0)
    for cue in cues:
        said = _MAIL_WORDS.match(text, cue)
        if said is None:
            continue
        over = _MAIL_STOPS.search(text, cue, said.end())
        end = over.start() if over else said.end()
        whole = text[cue:end]
        sure = re.search(r"@|\bat\b|\bdot\b|\d|underscore", whole) is not None
        if sure or (view.unfinished and end == len(text)):
            yield Secret("email", cue, cue + len(whole.rstrip()), lasting=sure)


def is_no_name(name: str) -> bool:
    """Whether what looks like a name is common words."""
    return all(word in _not_names() for word in re.findall(_WORD, name))


def is_name_word(word: str) -> bool:
    """Whether a word in lower case can be known again as somebody's name: it is long enough and no common word."""
    return len(word) >= 3 and word not in _not_names()


def is_place_word(word: str) -> bool:
    """Whether a word in lower case can be known again as part of somebody's address."""
    return is_name_word(word) and word not in _data()["streets"] | _data()["capitals"]


@cache
def _data() -> dict[str, frozenset[str]]:
    text = files("callcore.privacy").joinpath("data", "en.toml").read_text(encoding="utf-8")
    return {name: frozenset(" ".join(lines).split()) for name, lines in tomllib.loads(text).items()}


def _first_names() -> frozenset[str]:
    return _data()["first_names"]


def _acronyms() -> frozenset[str]:
    return _data()["acronyms"]


@cache
def _not_names() -> frozenset[str]:
    return frozenset(lexicon().words["not_names"]) | _data()["not_names"]
