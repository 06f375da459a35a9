"""Turns made of phrases, and turns in which what is secret is swapped for something of the kind."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from callcore.types import Role
from callcore.understand.entities.tagger import KINDS
from models.training.understand.tagging.examples import Example, Mark
from models.training.understand.tagging.invented import Maker, digits

_SLOT = re.compile(r"<(?P<secret>[a-z0-9_]+)>|\{(?P<plain>[a-z0-9_]+)\}")
#: slots whose name is not that of their kind, or begins with it
_KIND_OF = {
    "surname": "name", "first": "name", "last": "name", "explain": "name", "nick": "name", "latin": "name",
    "givenname": "name", "onegiven": "name", "title": "", "short": "name", "letters": "name", "spelled": "name",
    "again": "name", "pinyin": "name", "memory": "code", "memory_surname": "code", "letter": "code",
    "mail_local": "email", "mail_host": "email", "mail_spelled": "email", "mail_digits": "email",
    "landline": "phone", "id_tail": "id_number", "id_piece": "id_number", "passport": "id_number",
    "sortcode": "account", "routing": "account", "iban": "account", "code3": "code", "codeword": "code", "pin": "code",
    "zip": "address", "postcode": "address", "card_piece": "card_number",
}  # fmt: skip
_ENGLISH_ONLY = {"postcode"}
_AGENTS = 0.5  #: share of the lines without a question that the agent says


def kind_of(slot: str) -> str:
    """The kind of what stands for a slot; "" for none."""
    if slot in _KIND_OF:
        return _KIND_OF[slot]
    return next(kind for kind in sorted(KINDS, key=len, reverse=True) if slot.startswith(kind))


class Phrases:
    """Makes turns of the phrases of a language."""

    def __init__(
        self, maker: Maker, known: Mapping[str, Any], random: Random, questions: Mapping[str, list[str]]
    ) -> None:
        """``questions``: further ones by the kind that they ask for."""
        self._maker = maker
        self._random = random
        self._blocks = [
            (block["asked"].removesuffix("\n").split("\n"), block["said"].strip().split("\n"), block.get("by", ""))
            for block in known["block"]
        ]
        self._weights = [len(said) for _, said, _ in self._blocks]
        self._questions = questions

    def make(self) -> Example:
        """A turn, with what the other side said before."""
        random = self._random
        asked, said, by = random.choices(self._blocks, self._weights)[0]
        line, question = random.choice(said), random.choice(asked)
        self._maker.begin()
        kinds = {kind_of(match["secret"]) for match in _SLOT.finditer(line) if match["secret"]} - {""}
        more = [one for kind in kinds for one in self._questions.get(kind, ())]
        answers = "" not in asked
        if more and answers and random.random() < 0.4:
            question = random.choice(more)
        agent = by == "agent" or (not answers and random.random() < _AGENTS)
        speaker = Role.AGENT if agent else Role.CUSTOMER
        before, _ = self.filled(question) if question else ("", ())
        text, marks = self.filled(line)
        return Example(before, speaker, text, tuple(marks))

    def filled(self, line: str) -> tuple[str, list[Mark]]:
        """A line with its slots filled."""
        text, marks, end = "", [], 0
        for match in _SLOT.finditer(line):
            text += line[end : match.start()]
            end = match.end()
            slot = match["secret"] or match["plain"]
            value = self._maker.slot(slot)
            kind = kind_of(slot) if match["secret"] else ""
            if kind and value.strip():
                marks.append(Mark(len(text), len(text) + len(value), frozenset({kind})))
            text += value
        return text + line[end:], marks


class Swap:
    """Other people and other numbers in turns that were marked by hand."""

    def __init__(self, maker: Maker, random: Random) -> None:
        self._maker = maker
        self._random = random
        self._language = maker.language

    def swapped(self, one: Example) -> Example:
        """The turn with other secrets of the same kinds, said in the same way."""
        if not one.marks:
            return one
        self._maker.begin()
        text, marks, end = "", [], 0
        for mark in one.marks:
            text += one.text[end : mark.start]
            value = self._value(one.text[mark.start : mark.end], mark, one.text[mark.end : mark.end + 3])
            marks.append(replace(mark, start=len(text), end=len(text) + len(value)))
            text += value
            end = mark.end
        return replace(one, text=text + one.text[end:], marks=tuple(marks))

    def _value(self, said: str, mark: Mark, after: str) -> str:
        kind = next(iter(mark.kinds)) if len(mark.kinds) == 1 else ""
        if not mark.kinds or self._random.random() < 0.15:
            return said
        if kind == "name":
            return self._name_zh(said, after) if self._language == "zh" else self._name_en(said)
        if kind == "email" and self._random.random() < 0.6:
            return self._maker.slot("email")
        if kind == "address" and self._random.random() < 0.5:
            return self._maker.slot("address" if len(said) > (8 if self._language == "zh" else 14) else "address_piece")
        return self._digits(said)

    def _name_zh(self, said: str, after: str) -> str:
        maker = self._maker
        if re.search("[a-zA-Z]", said):
            return maker.slot("latin")
        if "的" in said and len(said) >= 3:
            return maker.slot("explain")
        if len(said) == 1:
            maker.surname = ""
            return (
                maker.slot("surname")
                if re.match("[先女小总老姐哥]", after) or self._random.random() < 0.5
                else maker.slot("onegiven")
            )
        if said[0] in "小老阿" and len(said) <= 3:
            return maker.slot("nick") if self._random.random() < 0.5 else said
        if len(said) > 4:
            return maker.slot("explain") if self._random.random() < 0.5 else said
        return maker.slot("name")

    def _name_en(self, said: str) -> str:
        maker = self._maker
        letters = sum(len(part) == 1 for part in re.split("[ ,.-]+", said))
        if letters >= 2 or re.search(r"\b(?:for|as in|double)\b", said):
            return maker.slot("spelled") if self._random.random() < 0.5 else said
        title = re.match(r"(?:Mr|Mrs|Ms|Miss|Dr|Doctor|Mister)\.? ", said)
        rest = said[title.end() :] if title else said
        made = (
            maker.slot("name")
            if " " in rest
            else maker.slot("last" if title else self._random.choice(("first", "last")))
        )
        made = made.lower() if rest.islower() else made
        return (title[0] if title else "") + made

    def _digits(self, said: str) -> str:
        """Other digits in the places of those said."""
        random = self._random
        han, words = "零一二三四五六七八九", "zero one two three four five six seven eight nine".split()
        text = re.sub(r"\d", lambda _: digits(random, 1), said)
        text = re.sub(f"(?<![个])[{han}幺](?![个十百千万栋单号楼层])", lambda _: random.choice(han + "幺"), text)
        return re.sub(rf"\b(?:{'|'.join(words)}|oh)\b", lambda _: random.choice([*words, "oh"]), text)


def questions_of(examples: Sequence[Example]) -> dict[str, list[str]]:
    """What was said before turns that hold little but a secret, by its kind."""
    found: dict[str, list[str]] = {}
    for one in examples:
        if one.before and not set("{}<>") & set(one.before) and len(one.marks) == 1 and len(one.marks[0].kinds) == 1:
            mark = one.marks[0]
            if 2 * (mark.end - mark.start) >= len(one.text):
                found.setdefault(next(iter(mark.kinds)), []).append(one.before)
    return found
