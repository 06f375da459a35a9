"""What tells in English that a value is confirmed, refused, asked for or gone on with."""

from __future__ import annotations

import re

from callcore.understand.entities.spans import TurnCues

_IDS = (
    r"(?:social(?: security| insurance)?|ssn|sin|national insurance|ni|nric|hkid|fin|ic|i\.c\.|id|identity card|"
    r"passport|ghana card|pps|aadhaar|pan|driv(?:er'?s?|ing) licen[cs]e|licen[cs]e)"
)
_ACCOUNTS = r"(?:account|loan|mortgage|agreement|policy|isa|savings|passbook)"
_END = (
    r"\b(?:last|final|tail|end)\b"
    r"(?: (?:end|bit|part|few|two|three|four|five|six|[2-6]|letters|digits|numbers|figures|characters))*"
)

CUES = TurnCues(
    yes=re.compile(
        r"[ ,.!]*(?:(?:um|uh|oh|well|mm)[ ,.!]+)?(?:yes|yeah|yep|yup|correct|right|that's (?:right|correct|"
        r"it|the one|the number|her|him|me|mine)|that is (?:right|correct|it|the one)|spot on|bang on|aye|exactly|sure|"
        r"ok(?:ay)?|mm hmm|mhm|uh huh|perfect|absolutely|it is)\b"
    ),
    no=re.compile(
        r"[ ,.!]*(?:(?:um|uh|oh|well|sorry|actually)[ ,.!]+)*(?:no|nope|wrong|not (?:quite|correct|right)|"
        r"incorrect|that's (?:not|wrong)|that is (?:not|wrong))\b"
    ),
    question=re.compile(
        r"is (?:that|this|it) (?:right|correct)|\bright\b *\?|\bright$|\bcorrect\b *\?|\bcorrect$|(?:isn't|"
        r"wasn't|doesn't) it|did you say|you said|"
        r"let me (?:repeat|read|confirm)|to confirm|so that's|just confirming"
    ),
    offer=re.compile(
        r"(?<![^,.!?;] )(?<![^ ])(?:(?:and|so|now) )?(?:would you like|do you want|do you need|shall i)\b[^,.!?;]*\?$"
    ),
    asks=re.compile(
        r"what(?:'s| is| are)|could you|can you|can i (?:have|get|take)|may i (?:have|get)|would you|"
        r"please|tell me|give me|i(?:'ll| will)? need|confirm|provide|who(?:'s|m)?\b|may i|can i|could i"
    ),
    wanted={
        "card_tail": re.compile(
            r"(?<!account )(?<!account number )"
            r"(?:\blast (?:four|4)|\b(?:the|your) (?:tail(?: end)?|last (?:few )?digits))\b"
            r"(?! (?:digits )?of (?:your|the) (?:social|phone|mobile))|\bend of (?:it|(?:your|the|that) card)\b"
            r"|\bcard(?:'s)? end(?:s|ing)?\b|\bwhat(?:'s| is) (?:the|your) card\b(?= *\?)"
        ),
        "card_number": re.compile(r"card number|long number|number (?:on|of) (?:the|your) card"),
        "account": re.compile(
            r"account number|(?:loan|mortgage|policy|customer|member|membership|agreement) number|"
            r"\band (?:the|your) account\b(?= *\?)|account (?:ending|last four|last 4)|"
            r"\bnumber (?:of|on|for) (?:the|your|that|this) (?:\w+ )?(?:account|cd|isa|bond|savings|"
            r"passbook|certificate)\b"
        ),
        "phone": re.compile(
            r"(?:phone|telephone|mobile|cell|contact|callback)(?: phone)? number|"
            r"\b(?:your|the|new|best) (?:new )?(?:mobile|cell|handphone|landline)\b(?= *[?,])"
        ),
        "id_number": re.compile(
            rf"\bsocial\b|passport|driv(?:er'?s?|ing) licen[cs]e|\b(?:your|her|his|the|and|name,?) {_IDS}\b"
            rf"|\b{_IDS} number\b|\bcivil number\b"
        ),
        "code": re.compile(r"verification code|passcode|security code|one time code|\bpin\b|\bcode\b"),
        "card_expiry": re.compile(r"expir(?:y|ation)"),
        "reference": re.compile(r"(?:reference|case|ticket|tracking|order|complaint) number"),
        "name": re.compile(
            r"\b(?:your|full|first and last|last|the account holder's|account holder) name\b|\bname (?:on|for)\b"
            r"|\bname,? please\b|\b(?:take|get|have|catch) (?:a|the) name\b"
            r"|who am i (?:speaking|talking) (?:to|with)|who(?:'s| is) (?:calling|speaking)|whom am i speaking"
        ),
    },
    ends={
        "id_number": re.compile(
            rf"{_END} (?:of|on|from) (?:your |the |his |her )?(?:\w+ )?{_IDS}\b|"
            rf"\b{_IDS}\b(?: number)?[, ]+(?:just |only )?(?:the )?{_END}"
        ),
        "account": re.compile(
            rf"{_END} (?:of|on|from) (?:your |the |his |her |that )?(?:\w+ )?{_ACCOUNTS}\b|"
            rf"\b{_ACCOUNTS}\b(?: number)?[, ]+(?:just |only )?(?:the )?{_END}|\baccount ending\b"
        ),
    },
    filler=re.compile(r"(?:[ ,.!?;…]|\bum\b|\buh\b|\ber\b|\band\b|\bthen\b|\bso\b|\bwait\b){0,8}"),
)
