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
    r"(?:with|to)|calling for|looking for"
)

#: how calls begin, as alternatives of a pattern
GREETING = r"hi(?: there)?|hello(?: there)?|hey|hiya|morning|afternoon|evening|good (?:morning|afternoon|evening|day)"


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
