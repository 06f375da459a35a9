"""E-mail addresses, written and spoken."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from callcore.understand.entities.en.digit_runs import read_digits
from callcore.understand.entities.en.numbers import Reading
from callcore.understand.entities.spans import Context, Span

RANK = 9
_MOST_PLAIN = 3  # words that are joined without a mark in an address
_MARKS = {
    "dot": ".",
    "period": ".",
    "point": ".",
    "underscore": "_",
    "dash": "-",
    "hyphen": "-",
    "plus": "+",
    "minus": "-",
}
_REPEATED = ("double", "triple")
_STOPS = frozenset(
    "is it's its email e-mail mail address to at me my on and the that's a i'm send sent contact it was um uh "
    "er so yes sure okay ok reach by via through for from with says have has as of we you your can please under all "
    "lowercase lower case be would should".split()
)
_WRITTEN = re.compile(r"(?<![\w.+-])[a-z0-9][\w.+-]{0,63}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,4}(?<![.-])")
_DOMAIN = re.compile(r" (?:at|@) (?P<domain>[a-z0-9-]+(?: [a-z0-9-]+)?(?: dot [a-z0-9]+){1,3})\b")


def emails(reading: Reading, _context: Context) -> Iterator[Span]:
    """Written addresses and spoken ones: "john dot smith at gmail dot com"."""
    text = reading.spoken.text
    for match in _WRITTEN.finditer(text):
        yield Span("email", match.start(), match.end(), match[0], rank=RANK)
    for match in _DOMAIN.finditer(text):
        local, start = _local_part(text, match.start())
        if local:
            domain = "".join(_mark(word) for word in match["domain"].split())
            yield Span("email", start, match.end(), f"{local}@{domain}", rank=RANK)


def _local_part(text: str, end: int) -> tuple[str, int]:
    """What stands before the "at" of a spoken address and where it starts."""
    begin = max(0, end - 120)
    words = [(begin + one.start(), one[0].rstrip(",")) for one in re.finditer(r"\S+", text[begin:end])]
    taken: list[tuple[int, str]] = []
    plain = 0
    for start, word in reversed(words):
        joined = bool(taken) and taken[0][1] in _MARKS
        letter = word == "a" and bool(taken) and len(taken[0][1]) == 1
        if (
            (word in _STOPS and not (joined or letter))
            or re.search(r"[.?!:;]$", word)
            or not re.fullmatch(r"[\w.+-]+", word)
        ):
            break
        if word not in _MARKS and not joined and len(word) > 1 and not read_digits([word]) and word not in _REPEATED:
            plain += 1
            if plain > _MOST_PLAIN:
                break
        if word != "capital":
            taken.insert(0, (start, word))
    if not taken:
        return "", end
    return _read([word for _, word in taken]), taken[0][0]


def _read(words: Sequence[str]) -> str:
    """The part of an address that words say: marks by name, numbers as digits, "double" letters."""
    said, at = "", 0
    pending: list[str] = []
    while at < len(words):
        if words[at] == "double" and at + 1 < len(words) and len(words[at + 1]) == 1 and words[at + 1].isalpha():
            said += read_digits(pending) + words[at + 1] * 2
            pending, at = [], at + 2
            continue
        if read_digits([*pending, words[at]]) or words[at] in ("double", "triple"):
            pending.append(words[at])
        else:
            said += read_digits(pending) + _mark(words[at])
            pending = []
        at += 1
    return said + read_digits(pending)


def _mark(word: str) -> str:
    return _MARKS.get(word, word)
