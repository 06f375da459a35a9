"""Names, numbers and addresses of nobody, as people say them, and facts that are no secret."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

HERE = Path(__file__).parent
COMMON = 8  #: times that two characters stand side by side, to be a word
_TWO_HAN = re.compile("[\u4e00-\u9fff]{2}")
_PARTICLES = set("的了我你您他她它们是不在有也就都这那个吗呢吧啊一二三四五六七八九十和跟还又很要没")


def tables(language: str) -> dict[str, Any]:
    """The words and phrases of a language."""
    return tomllib.loads((HERE / f"{language}.toml").read_text(encoding="utf-8"))


def pairs_of(texts: Sequence[str]) -> dict[str, list[str]]:
    """By Han character the words of two characters, or what is as common as one, that it is part of."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(text[i : i + 2] for i in range(len(text) - 1))
    found: dict[str, list[str]] = {}
    for pair, count in counts.most_common():
        if count < COMMON:
            break
        if _TWO_HAN.fullmatch(pair) and not _PARTICLES & set(pair):
            for one in set(pair):
                found.setdefault(one, []).append(pair)
    return {one: pairs[:6] for one, pairs in found.items()}


def digits(random: Random, count: int, first: str = "") -> str:
    """``count`` digits, the first of them given."""
    return (first + "".join(random.choice("0123456789") for _ in range(count)))[:count]


def groups(random: Random, number: str) -> list[str]:
    """A number in the groups that people say it in."""
    size = random.choice((3, 4, 4, 4, 2, len(number)))
    return [number[i : i + size] for i in range(0, len(number), size)]


class Maker:
    """Makes up what stands for a slot of a phrase. Holds the person that the phrase is about."""

    language = ""
    figures = 0.0  #: share of the phrases with figures in place of words

    def __init__(self, known: Mapping[str, Any], random: Random, pairs: Mapping[str, list[str]] | None = None) -> None:
        """``pairs``: by Han character, words of two characters that it is part of."""
        self.random = random
        self._pairs = pairs or {}
        self._known = known
        self._lists = {
            key: re.split(r"\s*#\s*" if "#" in value else r"\s+", value.strip())
            for key, value in known.items()
            if isinstance(value, str)
        }
        self.begin()

    def begin(self) -> None:
        """Another phrase, another person, another way of saying numbers."""
        self.name = ""
        self.surname = ""
        self.agent = ""
        self.reference = ""
        self.written = self.random.random() < (self.figures)  # figures, not words

    def pick(self, key: str) -> str:
        """A word of a list."""
        return self.random.choice(self._lists[key])

    def _branch(self) -> str:
        return self.pick("branch")

    def _merchant(self) -> str:
        return self.pick("merchant")

    def _city(self) -> str:
        return self.pick("cities")

    def _codeword(self) -> str:
        return self.pick("words")

    def number(self, said: str) -> str:
        """Digits as they are said or written."""
        raise NotImplementedError

    def slot(self, name: str) -> str:
        """What stands for ``<name>`` or ``{name}``."""
        plain = _NUMBERS.get(name)
        if plain is not None:
            return self.number(plain(self.random))
        if name == "again":  # who was named before
            return self.name or self.slot("name")
        if name == "refagain":
            return self.reference or self.slot("ref")
        if name == "agent":
            self.agent = self.agent or self.slot("stafffirst" if self.language == "en" else "staffname")
            return self.agent
        made: str = getattr(self, f"_{name}")()
        return made

    def _memory(self) -> str:
        """The answer to a question that only the customer can answer."""
        return self.random.choice((self._codeword, self._codeword, self._city, self._branch))()

    def _mail_local(self) -> str:
        """What stands before the at."""
        more = self.random.choice(("", "", digits(self.random, 2), self.pick("mail_words")))
        return self.pick("mail_words") + more

    def _mail_digits(self) -> str:
        return self.number(digits(self.random, self.random.choice((2, 2, 4))))

    def _mail_spelled(self) -> str:
        """Letters one by one, sometimes to their end by digits."""
        joint = self.random.choice((" ", "-", ", ", " ") if self.language == "en" else (" ", "，", ""))
        word = self.pick("mail_words")[:8]
        return joint.join(word.upper() if self.random.random() < 0.5 else word)

    def _mail_host(self) -> str:
        """What stands behind the at, as it is written or said."""
        at, end = self.pick("mail_hosts"), self.random.choice(("com", "com", "net", "org"))
        dot = self.random.choice((".", "点") if self.language == "zh" else (".", " dot "))
        return f"{at}{dot}{end}"

    def _mail(self, at: str, dot: str) -> str:
        random, zh = self.random, self.language == "zh"
        word = self.pick("mail_words")
        if not zh and random.random() < 0.6:
            first, last = (re.sub("[^a-z]", "", self.pick(key)) for key in ("first", "rare_last"))
            word = random.choice(
                (f"{first}.{last}", f"{first}{last}", f"{first[:1]}.{last}", f"{first[:1]} {last}", first)
            )
        local = word + random.choice(("", "", digits(random, 2), digits(random, 4)))
        if random.random() < 0.25:
            local += random.choice((".", "_", "-", "")) + self.pick("mail_words")
        host = (
            self.pick("mail_hosts")
            if random.random() < 0.6
            else self.pick("mail_words") + random.choice(("mail", "", "net"))
        )
        end = random.choice(("com", "com", "org", "net", "example", "cn" if zh else "co.uk"))
        if random.random() < 0.45:
            return f"{local.replace(' ', '')}@{host}.{end}"
        gap = "" if zh else " "
        local = re.sub(r"\d+", lambda m: gap + self.number(m[0]) + gap, local).strip()
        local = local.replace(".", f"{gap}{dot}{gap}").replace("_", "下划线" if zh else " underscore ")
        local = local.replace("-", random.choice(("横杠", "短横", "杠")) if zh else " dash ")
        return f"{local}{gap}{at}{gap}{host}{gap}{dot}{gap}{end.replace('.', f'{gap}{dot}{gap}')}"


def _card(random: Random) -> str:
    return digits(random, random.choice((16, 16, 19)), random.choice(("62", "62", "4", "5")))


def _expiry(random: Random) -> str:
    return f"{random.randrange(1, 13):02}{random.randrange(25, 33)}"


def _id(random: Random) -> str:
    return (
        digits(random, 6, random.choice("123456"))
        + f"{random.randrange(1945, 2006)}"
        + digits(random, 7)
        + (random.choice("0123456789X"))
    )


_NUMBERS = {
    "card_tail": lambda r: digits(r, 4),
    "card_number": _card,
    "card_piece": lambda r: digits(r, r.choice((4, 4, 4, 3, 5, 8))),
    "card_expiry": _expiry,
    "phone": lambda r: digits(r, r.choice((11, 11, 11, 10)), r.choice(("13", "15", "18", "17", "19"))),
    "phone_piece": lambda r: digits(r, r.choice((3, 4, 4, 6, 7)), r.choice(("13", "1", ""))),
    "phone_tail": lambda r: digits(r, r.choice((4, 4, 3, 2))),
    "landline": lambda r: digits(r, r.choice((7, 8, 11)), r.choice(("0", "", "8"))),
    "id_number": _id,
    "id_tail": lambda r: digits(r, 3) + r.choice("0123456789X"),
    "id_piece": lambda r: digits(r, r.choice((6, 4, 8)), r.choice("1234")),
    "account": lambda r: digits(r, r.choice((8, 9, 10, 12, 17))),
    "account_piece": lambda r: digits(r, r.choice((3, 4, 5, 6))),
    "account_tail": lambda r: digits(r, r.choice((3, 4, 4))),
    "sortcode": lambda r: digits(r, 6),
    "routing": lambda r: digits(r, 9),
    "code": lambda r: digits(r, r.choice((4, 6, 6, 6))),
    "code3": lambda r: digits(r, 3),
    "pin": lambda r: digits(r, 4),
    "zip": lambda r: digits(r, 5),
    "postcode": lambda r: digits(r, 6),
    "d4": lambda r: digits(r, r.choice((3, 4, 4, 5))),
}  # of Mandarin "postcode" only
