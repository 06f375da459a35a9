"""Characters that know the word they came from.

The whole text is edited as one string with an owner per character, so that every rule sees its context, and is cut back
into words afterwards. Owners never decrease along the text: whatever is removed or inserted, words keep their order and
their times.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby
from operator import itemgetter

from callcore.types import Word

HAN = "\u3007\u3005\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"  #: body of a regular expression class
HAN_CHARACTER = re.compile(f"[{HAN}]")
TELLING_LETTERS = 20  #: fewer tell no language
HAN_TEXT, LATIN_TEXT = 0.6, 0.1  #: share of Han characters, from which and up to which a text is of one script
CHINESE = frozenset({"zh", "yue"})  #: languages written in it

# Of the compatibility forms only those that speech text can hold by mistake: full-width ASCII that is no punctuation,
# and Kangxi radicals and compatibility ideographs. NFKC of everything would also flatten ，。？ and ①.
_FULL_WIDTH = re.compile(
    "[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff03-\uff06\uff0b\uff0d\uff20\u2f00-\u2fd5\uf900-\ufaff]"
)
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
_JOINERS = "\u200c\u200d"  # invisible, and letters of Persian and the scripts of India


@lru_cache(maxsize=256)
def is_chinese(language: str) -> bool:
    """Whether this language (BCP-47, "" = unknown) is written in Chinese."""
    return language.partition("-")[0].lower() in CHINESE


def language_of(text: str) -> str:
    """The language of a text that comes without one, by its script: ``zh`` or ``en``."""
    return "zh" if HAN_CHARACTER.search(text) else "en"


def script_of(text: str) -> str:
    """The language that the script of a longer text speaks for, ``zh`` or ``en``; "" where it is short or mixed."""
    han = len(HAN_CHARACTER.findall(text))
    letters = han + len(_LATIN.findall(text))
    if letters < TELLING_LETTERS:
        return ""
    return "zh" if han >= letters * HAN_TEXT else "en" if han <= letters * LATIN_TEXT else ""


@dataclass(frozen=True, slots=True)
class Text:
    """``characters`` and, for each of them, the index of its word in ``owners`` (equal length, not decreasing)."""

    characters: str
    owners: tuple[int, ...]

    @classmethod
    def of(cls, words: Sequence[Word]) -> Text:
        """The text of words as the recogniser wrote them; a space belongs to the word after it."""
        parts = [(" " if word.space_before else "") + word.text for word in words]
        return cls("".join(parts), tuple(i for i, part in enumerate(parts) for _ in part))

    def words(self, words: Sequence[Word]) -> tuple[Word, ...]:
        """Cut back into words: those left without characters are gone, the others keep times and probability."""
        written: list[Word] = []
        space = False
        for owner, group in groupby(zip(self.owners, self.characters, strict=True), key=itemgetter(0)):
            piece = "".join(character for _, character in group)
            if core := piece.strip(" "):
                written.append(replace(words[owner], text=core, space_before=space or piece.startswith(" ")))
                space = piece.endswith(" ")
            else:
                space = True
        return tuple(written)

    def delete(self, pattern: re.Pattern[str]) -> Text:
        """Without what the pattern matches."""
        gone = {i for match in pattern.finditer(self.characters) for i in range(*match.span())}
        kept = [i for i in range(len(self.characters)) if i not in gone]
        return Text("".join(self.characters[i] for i in kept), tuple(self.owners[i] for i in kept))

    def insert(self, marks: dict[int, str]) -> Text:
        """With ``marks[i]`` written after character i, as part of its word."""
        pieces = [character + marks.get(i, "") for i, character in enumerate(self.characters)]
        owners = tuple(o for piece, o in zip(pieces, self.owners, strict=True) for _ in piece)
        return Text("".join(pieces), owners)


def clean(text: Text) -> Text:
    """Without control and replacement characters (U+FFFD); full-width Latin and digits half width; single spaces."""
    pieces = [_clean_character(character) for character in text.characters]
    owners = tuple(o for piece, o in zip(pieces, text.owners, strict=True) for _ in piece)
    return squeeze(Text("".join(pieces), owners))


_SPARE_SPACES = re.compile("^ +| +$| +(?= )")


def squeeze(text: Text) -> Text:
    """Runs of spaces to one (of the last word, so that it stays between words), none at either end."""
    return text.delete(_SPARE_SPACES)


def _clean_character(character: str) -> str:
    if character == "\ufffd":
        return ""
    if _FULL_WIDTH.match(character):
        return unicodedata.normalize("NFKC", character)
    if character.isspace():
        return " "
    if unicodedata.category(character) in ("Cc", "Cf", "Cs") and character not in _JOINERS:
        return ""
    return character
