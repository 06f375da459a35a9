"""The secrets of a call, so that whoever says one again is masked as well: read-backs, repeats, pieces."""

from __future__ import annotations

import re
from collections.abc import Iterator

from callcore.pinyin import syllables
from callcore.privacy.digits import stretches
from callcore.privacy.english_lexicon import is_name_word, is_place_word
from callcore.privacy.find import Search
from callcore.privacy.spans import NUMBER_KINDS, Secret
from callcore.privacy.staff import name_words
from callcore.privacy.view import View
from callcore.text.chars import HAN_CHARACTER
from callcore.understand.entities.zh.people import COMPOUND
from callcore.understand.latest import Latest

SHORTEST = 3  #: digits that may be a piece of a number that was said
SHORT = 5  #: fewer digits than this may be an amount or a date that happens to be the same
SPOKEN_NAME = 3  #: syllables of a name that is known again by its sound alone
_LEAST = {True: 3, False: 4}  #: characters of another secret that is known again; whether it is written in Han
_SHORTEST_WORD = 2  # Han characters of a password
_HAN_WORD = re.compile("[^\\W\\da-z_零一二三四五六七八九幺十年月日号]{2}")
_PIECE = 4  # Han characters of an address
_TITLE = "(?:先生|女士|小姐|太太|老师|师傅|阿姨|叔叔|大爷|大妈|奶奶|爷爷|大哥|大姐|医生|总)"
_TITLED = re.compile(_TITLE)
_BEFORE_NAME = " ,.。!?、是叫"
_GIVEN = re.compile(rf"(?!{_TITLE})[一-鿿]{{1,2}}(?=[ ,.。!?、]|$)")
_COMPOUND = re.compile(COMPOUND)
_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")


class CallMemory:
    """What was secret in one call. Holds what was said: it lives and dies with its call."""

    def __init__(self) -> None:
        self._numbers: set[str] = set()
        self._phrases: set[str] = set()  #: names, addresses and the like, without spaces and marks
        self._sounds: set[tuple[str, ...]] = set()
        self._words: set[str] = set()  #: of names that are written with letters
        self._parts: set[str] = set()  #: of addresses of mail, which have no capitals
        self._surnames: set[str] = set()  #: of people who were addressed by them (王女士)
        self._heard: Latest[str, tuple[list[int], list[str]]] = Latest()  #: sounds of the last texts
        self.public: frozenset[str] = frozenset()  #: numbers that are no secret
        self.staff: frozenset[str] = frozenset()  #: names of people of the bank

    def remember(self, text: str, found: Search) -> None:
        """Take in what a search of a text (:attr:`Spoken.text`) has found."""
        self.public |= found.public - self._numbers
        self.staff |= found.staff
        for secret in found.secrets:
            if not secret.lasting:
                continue
            said = text[secret.start : secret.end]
            if secret.kind in NUMBER_KINDS:
                self._remember_number(said, secret.value)
            if secret.kind not in NUMBER_KINDS or _has_word(said) or (secret.kind == "code" and _HAN_WORD.search(said)):
                self._remember_phrase(secret.kind, said)

    def repeats(self, view: View) -> Iterator[Secret]:
        """Where a text says one of them again; towns of an address are no secret in the name of a branch."""
        branches = [span for span in view.spans if span.kind == "branch"]
        for one in self._repeats(view):
            if one.kind != "name" or not any(span.start <= one.start and one.end <= span.end for span in branches):
                yield one

    def _repeats(self, view: View) -> Iterator[Secret]:
        if self._numbers:
            yield from self._numbers_again(view)
        if self._phrases:
            yield from self._phrases_again(view.text)
        if self._sounds and view.spoken.has_han:
            yield from self._names_by_sound(view.text)
        if self._words or self._parts:
            yield from self._names_by_word(view)
        for name in self._surnames:
            yield from _surname_again(name, view.text)

    def _remember_number(self, said: str, value: str) -> None:
        digits = "".join(one.digits for one in stretches(said))
        for number in (digits, re.sub(r"\D", "", value)):
            if len(number) >= SHORTEST:
                self._numbers.add(number)

    def _remember_phrase(self, kind: str, said: str) -> None:
        plain = "".join(filter(str.isalnum, said))
        han = HAN_CHARACTER.search(plain) is not None
        if kind == "name":
            if han and len(plain) == 1:
                self._surnames.add(plain)
            if han and len(plain) >= 2:
                self._phrases.add(plain)
                if compound := _COMPOUND.match(plain):
                    self._phrases.add(compound[0])
                if len(plain) == SPOKEN_NAME and not _TITLED.fullmatch(plain[1:]):
                    self._phrases.add(plain[1:])
                if SPOKEN_NAME <= len(plain) <= 4 and all(HAN_CHARACTER.match(one) for one in plain):
                    self._sounds.add(tuple(syllables(plain)))
            self._words.update(filter(is_name_word, name_words(said)))
        elif len(plain) >= (_SHORTEST_WORD if han and kind == "code" else _LEAST[han]):
            self._phrases.add(plain)
        if kind == "email":  # parts of what stands before the @ are said again: "oakes, with an E"
            parts = _WORD.findall(said.partition("@")[0]) if "@" in said else ()
            self._parts.update(filter(is_name_word, parts))
        if kind == "address":  # it is rarely repeated as a whole
            self._phrases.update(plain[i : i + _PIECE] for i in range(len(plain) - _PIECE + 1) if han)
            self._words.update(filter(is_place_word, _WORD.findall(said)))

    def _numbers_again(self, view: View) -> Iterator[Secret]:
        for one in stretches(view.text):
            if len(one.digits) < SHORTEST or (len(one.digits) < SHORT and view.readable(one.start, one.end)):
                continue
            if any(one.digits in number or (len(number) > 3 and number in one.digits) for number in self._numbers):
                yield Secret("digits", one.start, one.end, one.digits)

    def _phrases_again(self, text: str) -> Iterator[Secret]:
        places = [i for i, character in enumerate(text) if character.isalnum()]
        plain = "".join(text[i] for i in places)
        for phrase in self._phrases:
            at = plain.find(phrase)
            while at >= 0:
                start, end = places[at], places[at + len(phrase) - 1] + 1
                if not _inside_word(text, start, end):
                    yield Secret("name", start, end)
                at = plain.find(phrase, at + 1)

    def _names_by_sound(self, text: str) -> Iterator[Secret]:
        places, heard = self._heard.of(text, lambda: _sounds_of(text))
        if len(heard) != len(places):  # a character without a sound: which one is not told
            return
        for name in self._sounds:
            for at in range(len(heard) - len(name) + 1):
                within = places[at + len(name) - 1] - places[at] == len(name) - 1
                if within and tuple(heard[at : at + len(name)]) == name:
                    yield Secret("name", places[at], places[at] + len(name))

    def _names_by_word(self, view: View) -> Iterator[Secret]:
        raw = view.spoken.raw
        capitals = any(map(str.isupper, raw))
        for match in _WORD.finditer(view.text):
            word = match[0].removesuffix("'s")
            named = word in self._words and (raw[match.start()].isupper() or not capitals)
            if named or word in self._parts:
                yield Secret("name", match.start(), match.start() + len(word))


def _sounds_of(text: str) -> tuple[list[int], list[str]]:
    """Where a text has Han characters, and their syllables."""
    places = [i for i, character in enumerate(text) if HAN_CHARACTER.match(character)]
    return places, [*syllables("".join(text[i] for i in places))]


def _surname_again(name: str, text: str) -> Iterator[Secret]:
    """Where a surname stands again with a given name, as a name by itself, or before a title."""
    at = text.find(name)
    while at >= 0:
        end = last = at + len(name)
        if (not at or text[at - 1] in _BEFORE_NAME) and (given := _GIVEN.match(text, end)):
            end = last = given.end()
            yield Secret("name", at, end)
        elif title := _TITLED.match(text, end):
            last = title.end()
            yield Secret("name", at, end)
        at = text.find(name, last)


def _has_word(said: str) -> bool:
    """Whether a number is said with letters that are more than digits in words."""
    digits = {i for one in stretches(said) for i in range(one.start, one.end)}
    return any(digits.isdisjoint(range(*match.span())) for match in re.finditer("[a-z]{2,}", said))


def _inside_word(text: str, start: int, end: int) -> bool:
    """Whether a range begins or ends inside a word of letters."""
    return any(
        0 < at < len(text) and (text[at - 1] + text[at]).isascii() and (text[at - 1] + text[at]).isalpha()
        for at in (start, end)
    )
