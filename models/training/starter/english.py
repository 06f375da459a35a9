"""English: what is said. Numbers are written as they are said."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random

from models.training.starter.text import CORPUS, HERE, Sentences, corpus_lines, is_held_out

DIGITS = "zero one two three four five six seven eight nine".split()
_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
_TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety".split()
_LISTS = {k: v.split("|") for k, v in tomllib.loads((HERE / "slots_en.toml").read_text("utf-8")).items()}
_SAYABLE = re.compile(r"^[A-Za-z' ,.?!;:-]+$")


def cardinal(number: int) -> str:
    """A whole number from 0 up to 999,999,999 in words."""
    for size, name in ((1_000_000, "million"), (1000, "thousand"), (100, "hundred")):
        if number >= size:
            rest = number % size
            joined = " and " if size == 100 and rest else " "
            return f"{cardinal(number // size)} {name}" + (f"{joined}{cardinal(rest)}" if rest else "")
    if number < 10:
        return DIGITS[number]
    if number < 20:
        return _TEENS[number - 10]
    return _TENS[number // 10] + (f"-{DIGITS[number % 10]}" if number % 10 else "")


def one_by_one(count: int, random: Random) -> str:
    """Digits said singly; zero is "oh" in some numbers."""
    zero = random.choice(("zero", "zero", "oh"))
    said = [random.choice(DIGITS) for _ in range(count)]
    return " ".join(zero if digit == "zero" else digit for digit in said)


def _grouped(sizes: Sequence[int], random: Random) -> str:
    mark = random.choice((", ", " "))
    return mark.join(one_by_one(size, random) for size in sizes)


def amount(random: Random) -> str:
    """A sum of money."""
    unit, cents = random.choice((("dollars", "cents"), ("pounds", "pence"), ("euros", "cents"), ("dollars", "cents")))
    value = random.choice((random.randrange(1, 100), random.randrange(1, 100) * 100, round(10 ** random.uniform(1, 6))))
    if random.random() < 0.3:
        return f"{cardinal(value % 2000)} {unit} and {cardinal(random.randrange(2, 99))} {cents}"
    return f"{cardinal(value)} {unit}"


def rate(random: Random) -> str:
    """A rate in percent."""
    return f"{cardinal(random.randrange(0, 25))} point {one_by_one(random.choice((1, 2)), random)} percent"


def date(random: Random) -> str:
    """A day."""
    if random.random() < 0.35:
        return random.choice(_LISTS["near"])
    month, day = random.choice(_LISTS["month"]), random.choice(_LISTS["day"])
    year = f", twenty {cardinal(random.randrange(10, 32))}" if random.random() < 0.2 else ""
    return random.choice((f"{month} {day}", f"the {day} of {month}")) + year


def clock(random: Random) -> str:
    """A time of day."""
    hour, minute = (
        cardinal(random.randrange(1, 13)),
        random.choice(("", " thirty", " fifteen", " forty-five", " twenty")),
    )
    return f"{hour}{minute} {random.choice(('a m', 'p m', 'in the morning', 'in the afternoon'))}"


def duration(random: Random) -> str:
    """How long."""
    return (
        f"{cardinal(random.randrange(2, 60))} {random.choice(('days', 'weeks', 'months', 'minutes', 'hours', 'years'))}"
    )


def name(random: Random) -> str:
    """A person's name."""
    return f"{random.choice(_LISTS['first'])} {random.choice(_LISTS['last'])}"


def _one_of(words: Sequence[str]) -> Callable[[Random], str]:
    return lambda random: random.choice(words)


SLOTS: Mapping[str, Callable[[Random], str]] = {
    **{slot: _one_of(words) for slot, words in _LISTS.items()},
    "amount": amount, "rate": rate, "date": date, "clock": clock, "name": name,
    "duration": duration, "months": duration,
    "tail": lambda random: one_by_one(4, random),
    "code": lambda random: one_by_one(random.choice((4, 6)), random),
    "digits": lambda random: one_by_one(random.randrange(2, 13), random),
    "phone": lambda random: _grouped(random.choice(((3, 3, 4), (5, 6), (4, 3, 3))), random),
    "card": lambda random: _grouped((4, 4, 4, 4), random),
    "address": lambda random: f"{cardinal(random.randrange(1, 400))} {random.choice(_LISTS['street'])}",
    "app": _one_of(_LISTS["channel"]),
}  # fmt: skip


def fill(line: str, random: Random) -> str:
    """``line`` with a fresh value in every slot. Raises KeyError on a slot that is not known."""
    return re.sub(r"\{(\w+)\}", lambda match: SLOTS[match[1]](random), line)


def sayable(line: str) -> bool:
    """Whether a line, its slots filled, holds nothing but words and marks."""
    return bool(_SAYABLE.match(fill(line, Random(0))))


def finished(line: str) -> str:
    """With a capital at its start and a mark at its end."""
    line = " ".join(line.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split())
    return line[:1].upper() + line[1:] + ("" if line[-1:] in ".?!" else ".")


def english(data: Path | None, *, held_out: bool = False) -> Sentences:
    """Sentences that teach, or those kept for testing; ``data`` adds the questions of BANKING77 and MultiDoGO."""

    def chosen(lines: list[str]) -> list[str]:
        return [line for line in lines if line and is_held_out(line) == held_out]

    public: list[str] = []
    for file in ("banking77_train.tsv", "multidogo_finance_train.tsv", "clinc150_train.tsv"):
        source = data / "intent_en" / file if data else None
        if source and source.is_file():
            rows = source.read_text(encoding="utf-8").splitlines()[1:]
            public += [line for line in (row.split("\t")[0] for row in rows) if _SAYABLE.match(line) and len(line) > 8]
    grammar = (HERE / "grammar_en.txt").read_text(encoding="utf-8").split("\n")
    own = [line for line in corpus_lines(CORPUS / "en" / "train") if sayable(line)]
    return Sentences(chosen(own), chosen(grammar), chosen(list(dict.fromkeys(public))))


class EnglishStream:
    """English texts without an end, made as the Mandarin ones are."""

    def __init__(self, sentences: Sentences, random: Random) -> None:
        self._sentences, self._random = sentences, random
        self._words = sorted({word for line in sentences.lines() for word in re.findall(r"[A-Za-z']{2,}", line)})

    def draw(self, most: int) -> str:
        """A text of roughly at most ``most`` syllables."""
        words = self._text().split()
        room = max(2, round(most / 1.5))
        start = self._random.randrange(len(words) - room + 1) if len(words) > room else 0
        return finished(" ".join(words[start : start + room]).strip(",;:- "))

    def _text(self) -> str:
        random, kind = self._random, self._random.random()
        sources = self._sentences
        for share, lines in ((0.3, sources.own), (0.55, sources.grammar), (0.8, sources.public or sources.own)):
            if kind < share:
                return fill(random.choice(lines), random)
        if kind < 0.88:
            first, second = (fill(random.choice(sources.own), random).split() for _ in range(2))
            return " ".join([*first[: len(first) // 2 + 1], *second[len(second) // 2 :]])
        if kind < 0.95:
            return SLOTS[random.choice(("digits", "amount", "phone", "card", "date", "name", "rate", "address"))](
                random
            )
        return " ".join(random.choice(self._words) for _ in range(random.randrange(2, 12)))
