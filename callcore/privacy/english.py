"""Passwords and e-mail addresses in English, beyond what the rules for entities find, and questions for secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from callcore.privacy.digits import ONES
from callcore.privacy.english_lexicon import is_no_name, words_of
from callcore.privacy.spans import DOUBT, NEVER, Secret, last_asked
from callcore.privacy.view import View
from callcore.types import Role

_WORD_CUE = re.compile(
    r"\b(?:pass ?words?|pass ?phrases?|pass ?code|secret (?:word|answer|phrase)|security (?:word|answer|phrase|"
    r"question)|memorable (?:word|"
    r"place|name|date)|code ?word|safe ?word|pin|one[- ]time (?:code|passcode|password)|verification code|"
    r"security code|access code|otp|"
    r"log-?in|user ?name|user id|answer)\b(?: (?:for|to|on|of) (?:the |my |this |that )?(?:[a-z]+ ?){1,3}?)??[ ,:]*"
    r"(?:\.[ ]+)?(?:(?:i use|i set|i chose|i had|i have)[ ,]+)?(?:is|was|are|it's|that's|would be|should be|to|as|=|"
    r":)[ ,:]+(?:(?:um|uh|er|well|the word|just|still|also)[ ,]+){0,2}"
)
#: which of them say that a word follows, of whom it belongs to
_OWN_WORD = re.compile(
    r"(?:pass ?words?|pass ?phrases?|pass ?code|secret word|memorable (?:word|place|name)|code ?word|safe ?word)\b.*"
    r"\b(?:is|was|are|it's|that's)\b"
)
_SPOKEN_WORD = re.compile(
    r"(?:(?:capital|uppercase|lowercase|upper case|lower case|all caps|number|"
    r"symbol)[ ,]+)?[\w@#$%&*!~^+=.'-]+(?:[ ,-]+(?:[\w@#$%&*!~^+='-]+)){0,5}"
)
#: of a password: how it is, which with another word behind it may be the first of several ("correct horse")
_STATE = re.compile(
    r"(?:incorrect|wrong|correct|valid|safe|secure|private|weak|strong|long|short|old|new|case)"
    r"(?= (?!for|to|and|but|so|because|enough|again|now|then|or|on|in|at|of|as|if|when|sensitive|since|though|"
    r"anyway|every|any|this|that|the|a|an|it|i|we|you|they|he|she|my|your|one|ones|please|either|too|by|not)[a-z])"
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
    r"(?:[ ,.]|\b(?:yes|yeah|sure|it's|it is|it was|it'll be|that's|that'd be|um|uh|er|oh|my|is|was|the|word|password|"
    r"okay|ok|i think|so|well|mother's|maiden|name|hmm|let me see|goodness|try|maybe|perhaps|probably|was it|then)\b)*"
)
_ONLY_TALK = re.compile(
    r"(?:[ ,.'?]|\b(?:oh|goodness|gosh|god|dear|sorry|pardon|what|hold on|one moment|one second|a second|just|let me|"
    r"think|see|please|"
    r"no|yes|right|sure|memorable|that|one|this|i|don't|know|remember|forgot|sir|madam|thank|thanks|you|is|it|the|a|"
    r"me|mean|hang on|wait)\b)*"
)
_SENTENCE = re.compile(r"[^.?!]+")
_LETTER = re.compile(r"(?:^|[.?!,] )(?P<letter>[A-Z])(?=[.,!]|$| and )")  #: of a password, by itself
_FEW_WORDS = 5
_STOP_WORD = re.compile(
    r"\b(?:and|but|so|because|which|that|is|was|it|i|can|could|please|thanks|thank|ok|okay|right|then|if|for|to|the|"
    r"with|on|before|after|when|until|since)\b|[.?!;]"
)
#: what goes on with a password ("and 3", "and an exclamation mark"), and what comes before another guess at it
_AND_SIGN = re.compile(
    rf"(?:,? (?:and|then)(?: then)?(?: the number| a| an)? (?:\d+|{ONES}|exclamation (?:mark|point)|hash|dollar sign|"
    r"question mark|star|asterisk|at sign|full stop|underscore|dash|ampersand)\b)+"
)
_OR_ELSE = re.compile(
    r"(?:,? (?:i (?:think|guess|believe)|um|uh|no|wait),?)*,? or,? (?:maybe |perhaps |possibly |was it |is it )?"
)
#: what answers a security question in a sentence: "I was a baker in Wick", "We lived on Mill Road"
_TOLD = re.compile(
    r"(?:^|(?<=[.?!] ))(?:(?:oh|well|um|uh|er|gosh|yes|yeah|so|right|okay|i think|i'd say|let me see|"
    r"probably)[ ,]+)*"
    r"(?:(?:(?:i|we|he|she|they|it|my \w+|that)(?: always| usually)?"
    r"(?: go| was| were| is|'s| worked| lived| went| met| had| drove|'d say|"
    r"'d be)|it's|that's|that'd be|that'll be)(?: always| first| called| born)?[ ,]+)?"
    r"(?:(?:as|in|at|on|to|for|by|an?|the|my|our)[ ]+){0,2}"
    r"(?P<one>[^.?!]+)"
)
_OVER = re.compile(r",? (?:definitely|i think|i believe|please|thank you|thanks|if that helps)\b")
_NOT_TOLD = re.compile(
    r"\b(?:not|no|don'?t|can'?t|cannot|couldn'?t|do|know|remember|forgot(?:ten)?|idea|sure|never|didn'?t|haven'?t|"
    r"wasn'?t|why|what|which|who|how|pardon|sorry|depends|loads|you|your|same|answer|question|moment|second|hang on|"
    r"hold on|wait|think)\b"
)
_MOST_TOLD = 12  #: words of such a turn
#: another try at a password that was refused: "What about sunrise?", "Try Bracken then."
_GUESS = re.compile(
    r"(?:^|[.?!,] )(?:(?:no|oh|well|um|okay|hmm|sorry|right),? )*(?:then |or )?(?:try|what about|how about|is it|"
    r"was it|could it be|might it be|maybe it's|maybe|perhaps it's|perhaps|it must be|it might be|it could be|it's)"
    r" (?:just |with )?(?P<one>[\w'-]+(?: (?!then\b|instead\b|with\b)[\w'-]+){0,2})"
    r"(?: then| instead| maybe)?(?=[.?!,]|$| with\b)"
)
_BARE_GUESS = re.compile(r"(?:(?:no|oh|well|um|okay|hmm|or|then),? )*(?P<one>[\w'-]+(?: [\w'-]+){0,2}?)(?: then)?[?.]?")
_TYPED = re.compile(
    r"\b(?:typ(?:e|ed|ing)(?: in)?|put(?:ting)? in|enter(?:ed|ing)?|tr(?:y|ied|ying)|us(?:e|ed|ing)) "
    r"(?P<one>[A-Z][\w'-]+)(?! [A-Z])"
)
_PASSWORD = re.compile(r"\b(?:pass ?(?:word|code|phrase)|memorable|secret word)\b")
_MAIL_CUE = re.compile(
    r"\be-?mail(?: address)?(?: on file| for me)?(?: is| was|'s|:| to)[ ,:]+(?:(?:um|uh|er|it's|to)[ ,]+)?"
)
_MAIL_WORDS = re.compile(r"[\w@.+-]+(?:[ ,]+[\w@.+-]+){0,14}")
_MAIL_HOST = re.compile(
    r"(?<!['\w])(?:[\w.+-]+ ){0,4}?(?:[odmn]['’](?=\w{3}))?[\w.+-]+ ?(?:at|@) ?"
    r"(?:g ?mail|hot ?mail|yahoo|outlook|icloud|aol|proton ?mail|qq|163|[\w-]+ dot [a-z]+)(?: ?(?:dot|\.) ?[a-z]+){0,2}"
    r"|\b\w+ (?:dot|underscore) \w+(?= at| @|$)"
)
_MAIL_SIGN = re.compile("mail|yahoo|outlook|icloud|aol|qq|163|dot|underscore")  # no host is without one
_PROVIDER = re.compile(r"\b(?:[gy] ?mail|hotmail|yahoo|outlook|icloud|aol|proton(?: ?mail)?|fastmail|gmx|btinternet)\b")
_MAIL_STOPS = re.compile(
    r"(?<!underscore )(?<!dot )(?<!dash )\b(?:and|is|my|it's|please|the|can|could|but|so|i|for|send|thanks|thank you|"
    r"was|"
    r"from|looked|emailed|it|its|this|your|think)\b"
)

_ASKS = (
    (
        "name",
        re.compile(
            r"\b(?:your|full|first|last|the) (?:full |first |last )?names?\b|who am i (?:speaking|talking)|"
            r"who's calling|who is calling|surname|spell (?:it|that|your)"
        ),
    ),
    (
        "address",
        re.compile(r"\baddress\b(?! is)|where do you live|post ?code|zip(?: code)?|house (?:number|name)|flat number"),
    ),
    ("email", re.compile(r"\be-?mail")),
    (
        "reference",
        re.compile(
            r"\b(?:reference|case (?:number|id)|invoice (?:number|no)|extension|ticket number|"
            r"complaint number|confirmation number|tracking|order number|"
            r"(?:application|claim|docket|file) (?:number|no))\b|"
            r"\bthe number (?:on|at the top of) (?:the|your|that) letter\b"
        ),
    ),
    (
        "word",
        re.compile(
            r"\bpass ?(?:word|phrase|code)|(?:security|secret) (?:word|question|answer|phrase)|memorable|maiden name|"
            r"secret|code word|first (?:pet|car|teacher|job|boss|concert)|school|birth ?place|favou?rite|"
            r"(?:where|town) you were born|"
            r"place of birth|childhood|as a (?:child|kid)|gr[eo]w(?:ing)? up|parents (?:first )?me[e]?t|best man|"
            r"(?:father|mother)'s (?:job|occupation|profession)|where were you born"
        ),
    ),
)
_ASKING = re.compile(
    r"\?|\b(?:what|who|may i|can i|could i|can you|could you|would you|please|tell me|give me|confirm|where|which|"
    r"spell|need|have|your (?:memorable|security|secret))\b"
)
#: what is asked beside these words is asked to know whom one speaks with
_SECURITY = re.compile(r"\b(?:for|your) security\b(?! code)|\bsecurity question\b")


def asks(text: str) -> str:
    """As :func:`callcore.privacy.spans.last_asked`."""
    return last_asked(text, _ASKING, _ASKS, _SECURITY)


def words(view: View) -> Iterator[Secret]:
    """Passwords and answers to security questions."""
    text = view.text
    for match in _WORD_CUE.finditer(text):
        own = view.speaker is not Role.AGENT and _OWN_WORD.match(match[0])
        yield from _word(text, match.end(), NEVER if own else DOUBT)
    told = [] if view.speaker is Role.AGENT else [*_guesses(view)] or [*_answers(view)]
    yield from told
    if view.asked == "word":
        yield from (() if told else _told_word(text))
        for letter in _LETTER.finditer(view.spoken.raw):
            yield Secret("code", *letter.span("letter"), least=NEVER)


def _answers(view: View) -> Iterator[Secret]:
    """The answer to a security question, whatever it is."""
    text = view.text
    asked = "answer" in view.topics or ("guess" in view.topics and view.asked == "word")
    if not asked or text.count(" ") >= _MOST_TOLD:
        return
    told = _TOLD.match(text)
    if told and not _NOT_TOLD.search(told[0]) and not is_no_name(told["one"]):
        start, end = told.span("one")
        stop = _OVER.search(text, start, end)
        yield Secret("code", start, stop.start() if stop else end, least=NEVER)


def _guesses(view: View) -> Iterator[Secret]:
    """Other tries at a password, and what was typed as one."""
    text = view.text
    if "guess" in view.topics:
        tries = [*_GUESS.finditer(text)]
        if not tries and view.asked == "word" and (bare := _BARE_GUESS.fullmatch(text)):
            tries = [bare]
        for match in tries:
            said = match["one"]
            if not _NO_SECRET.match(said) and not is_no_name(said) and not _NOT_TOLD.search(said):
                yield Secret("code", *match.span("one"), least=NEVER)
    if _PASSWORD.search(text):
        for match in _TYPED.finditer(view.spoken.raw):
            if not is_no_name(match["one"].lower()) and match["one"].lower() not in words_of()["capitals"]:
                yield Secret("code", *match.span("one"), least=NEVER)


def _told_word(text: str) -> Iterator[Secret]:
    """The answer to the question for a password: what short sentences of a text say beside talk."""
    for sentence in _SENTENCE.finditer(text):
        if text[sentence.end() : sentence.end() + 1] == "?":
            continue
        start = _TALK_BEFORE.match(text, sentence.start(), sentence.end())
        if start is None or not _SPOKEN_WORD.match(text, start.end()):
            continue
        said = text[start.end() : sentence.end()]
        if len(said.split()) <= _FEW_WORDS and not _ONLY_TALK.fullmatch(said) and " never " not in said:
            answer = not text[: sentence.start()].strip() and not is_no_name(said)
            yield from _word(text, start.end(), NEVER if answer else DOUBT)


def _word(text: str, start: int, least: float = DOUBT) -> Iterator[Secret]:
    said = _SPOKEN_WORD.match(text, start)
    if said is None or (_NO_SECRET.match(text, start) and not _STATE.match(text, start)):
        return
    stop = _STOP_WORD.search(text, start + 1, said.end())
    end = stop.start() if stop else said.end()
    end = start + len(text[start:end].rstrip(" ,.-"))
    if end > start:
        more = _AND_SIGN.match(text, end)
        end = more.end() if more else end
        yield Secret("code", start, end, least=least)
        if other := _OR_ELSE.match(text, end):
            yield from _word(text, other.end(), least)


def emails(view: View) -> Iterator[Secret]:
    """What is left of e-mail addresses that a recogniser garbled, or that are only begun."""
    text = view.text
    for match in _MAIL_HOST.finditer(text) if _MAIL_SIGN.search(text) else ():
        start = match.start()
        for stop in _MAIL_STOPS.finditer(text, match.start(), match.end()):
            start = min(stop.end() + 1, match.end())
        yield Secret("email", start, match.end())
    cues = [match.end() for match in _MAIL_CUE.finditer(text)]
    if view.asked == "email":
        for match in _PROVIDER.finditer(text):
            yield Secret("email", *match.span(), lasting=False, least=NEVER)
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
