"""Words that the redaction of English goes by."""

from __future__ import annotations

import re
from functools import cache

from callcore.privacy.word_lists import word_lists
from callcore.text.chars import HAN_CHARACTER
from callcore.understand.entities.en.lexicon import lexicon

WORD = r"[^\W\d_]+(?:['-][^\W\d_]+)*"
#: what an agent that rings somebody says before the name of whom it asks for, as alternatives of a pattern
ASKS_FOR = (
    r"is (?:that|this)|am i (?:speaking|talking) (?:with|to)|(?:may|can|could) i (?:please )?(?:speak|talk) "
    r"(?:with|to)|calling for|looking for|(?:ringing|phoning|calling)(?= (?:mr|mrs|ms|miss|dr)\b)"
)

#: how calls begin, as alternatives of a pattern
GREETING = r"hi(?: there)?|hello(?: there)?|hey|hiya|morning|afternoon|evening|good (?:morning|afternoon|evening|day)"
#: people whom somebody calls theirs, as alternatives of a pattern
RELATIVES = (
    "wife|husband|son|daughter|mother|father|brother|sister|mum|mom|dad|partner|friend|uncle|aunt|cousin|nephew|niece|"
    "landlord|landlady|neighbou?r"
)
#: a word with a capital, the one after a name, and one inside a sentence
PROPER = r"[A-Z][^\W\d_]+(?:['-][^\W\d_]+)*"
NEXT = re.compile(rf" (?P<name>{PROPER})(?<!'s)")
INNER_CAPITAL = re.compile(r"(?<=[^\W_] |[,;:] )[A-Z][a-z\u00df-\u024f]+(?:['-][^\W\d_]+)*")
_COMPANY = re.compile(
    r"(?:'s)?(?: [A-Z][a-z]+)? (?:Bank|Building|Credit|Insurance|Ltd|Limited|Inc|Group|Company|Union|Trust|Finance|"
    r"Airways|Airlines|Hotel|"
    r"Hospital|University|College|Airport|Station|Mall|Store|Centre|Center|Card|Account|Visa|Mastercard|Saver|"
    r"Rewards)\b"
)
#: what is said beside a name that answers a question
TALK = frozenset(
    "sure yes yeah no hi hello it's that's spelled spelt with sorry just think know mean why need later already told "
    "sec moment minute".split()
)


def is_no_name(name: str) -> bool:
    """Whether what looks like a name is common words."""
    return all(word in not_names() for word in re.findall(WORD, name))


def is_acronym(letters: str) -> bool:
    """Whether letters in lower case are what everybody calls a thing by."""
    return letters in acronyms()


def is_name_word(word: str) -> bool:
    """Whether a word in lower case can be known again as somebody's name: long enough, no common word, not in Han."""
    return len(word) >= 3 and word not in not_names() and not HAN_CHARACTER.search(word)


def is_place_word(word: str) -> bool:
    """Whether a word in lower case can be known again as part of somebody's address."""
    return is_name_word(word) and word not in words_of()["streets"] | words_of()["capitals"]


@cache
def words_of() -> dict[str, frozenset[str]]:
    """The lists of ``data/en.toml``, by name."""
    return {name: frozenset(words) for name, words in word_lists("en").items()}


def first_names() -> frozenset[str]:
    """First names that are nothing else."""
    return words_of()["first_names"]


def acronyms() -> frozenset[str]:
    """What is spelled and is nobody's name."""
    return words_of()["acronyms"]


@cache
def not_names() -> frozenset[str]:
    """Words that are no names, whatever comes before them."""
    return frozenset(lexicon().words["not_names"]) | words_of()["not_names"]


def may_be_name(word: str) -> bool:
    """Whether a word in lower case is one that a person may be called by."""
    return word in first_names() or (word not in not_names() | words_of()["capitals"] | TALK and len(word) > 1)


def is_place(raw: str, start: int, end: int) -> bool:
    """Whether words with capitals are a country, a company or the like."""
    words = raw[start:end].lower().split()
    known = words_of()["capitals"] | words_of()["states"]
    return _COMPANY.match(raw, end) is not None or all(word in known or word.endswith("days") for word in words)


def goes_with(word: str) -> bool:
    """Whether a word with a capital beside a name may be one."""
    plain = word.lower()
    return plain not in words_of()["capitals"] and plain not in TALK and plain != "i" and not plain.startswith("i'")


def tells_by_capitals(raw: str) -> bool:
    """Whether a text tells names by capitals: it has some, and not only the first letter and "I"."""
    return re.search(r"(?<=[a-z,] )[A-Z][a-z]", raw) is not None
