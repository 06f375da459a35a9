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
_HAN = "零一二三四五六七八九"
_UNITS = "zero one two three four five six seven eight nine".split()
_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
COMMON = 8  #: times that two characters stand side by side, to be a word
_TWO_HAN = re.compile("[\u4e00-\u9fff]{2}")
_PARTICLES = set("的了我你您他她它们是不在有也就都这那个吗呢吧啊一二三四五六七八九十和跟还又很要没")
_FILLERS = {"zh": ("嗯", "呃", "然后", "那个", "再是"), "en": ("um", "uh", "then", "and", "er")}


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

    def __init__(
        self, language: str, known: Mapping[str, Any], random: Random, pairs: Mapping[str, list[str]] | None = None
    ) -> None:
        """``pairs``: by Han character, words of two characters that it is part of."""
        self.random = random
        self._pairs = pairs or {}
        self.language = language
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
        self.written = self.random.random() < (0.3 if self.language == "zh" else 0.35)  # figures, not words

    def pick(self, key: str) -> str:
        """A word of a list."""
        return self.random.choice(self._lists[key])

    def number(self, said: str) -> str:
        """Digits as they are said or written."""
        if self.language == "zh":
            return self._number_zh(said)
        return self._number_en(said)

    def _number_zh(self, said: str) -> str:
        random = self.random
        if self.written:
            parts = groups(random, said) if random.random() < 0.2 else [said]
            return random.choice((" ", "-", "，")).join(parts)
        one = random.choice("幺幺一")
        found = []
        for group in groups(random, said):
            if len(group) > 2 and len(set(group)) == 1 and random.random() < 0.5:
                found.append(f"{_HAN[len(group)]}个{_HAN[int(group[0])]}" if group.isdigit() else group)
            else:
                found.append("".join(_HAN[int(c)] if c.isdigit() else c for c in group).replace("一", one))
        joint = random.choice(("", "", "", "，", "，", " ", "、"))
        if random.random() < 0.04 and len(found) > 1:
            found.insert(random.randrange(1, len(found)), random.choice(_FILLERS["zh"]))
        text = joint.join(found)
        return re.sub("X", lambda _: random.choice(("X", "x", "叉")), text)

    def _number_en(self, said: str) -> str:
        random = self.random
        if self.written:
            joint = random.choice(("", "", " ", "-", " "))
            return joint.join(groups(random, said)) if joint else said
        found = [self._group_en(group) for group in groups(random, said)]
        if random.random() < 0.05 and len(found) > 1:
            found.insert(random.randrange(1, len(found)), random.choice(_FILLERS["en"]))
        return random.choice((" ", ", ", " ")).join(found)

    def _group_en(self, group: str) -> str:
        random = self.random
        zero = random.choice(("zero", "oh", "oh"))
        if len(group) in (2, 4) and group.isdigit() and random.random() < 0.15:
            return " ".join(_pair(group[i : i + 2], zero) for i in range(0, len(group), 2))
        words, at = [], 0
        while at < len(group):
            one = group[at]
            same = next((n for n in (3, 2) if group[at : at + n] == one * n), 1)
            word = zero if one == "0" else _UNITS[int(one)] if one.isdigit() else one.lower()
            if same > 1 and random.random() < 0.7:
                words.append(("double " if same == 2 else "triple ") + word)
                at += same
            else:
                words.append(word)
                at += 1
        return " ".join(words)

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
        made: str = getattr(self, f"_{name}_{self.language}")()
        return made

    # Mandarin

    def _surname_zh(self) -> str:
        random = self.random
        if not self.surname:
            kind = random.random()
            key = "surnames" if kind < 0.55 else "rare_surnames"
            self.surname = self.pick("two_syllables") if kind > 0.9 else random.choice(self._known[key])
        return self.surname

    def _givenname_zh(self) -> str:
        random = self.random
        source = (
            [one for one in self._known["given"] if one in self._known["explain"]]
            if random.random() < 0.5
            else list(self._known["given"])
        )
        return "".join(random.choice(source) for _ in range(random.choice((1, 2, 2))))

    def _onegiven_zh(self) -> str:
        return str(self.random.choice(self._known["given"]))

    def _name_zh(self) -> str:
        kind = self.random.random()
        if kind < 0.05:
            self.name = self.pick("minority")
        elif kind < 0.08:
            self.name = self.pick("foreign")
        else:
            self.surname = ""
            self.name = self._surname_zh() + self._givenname_zh()
        return self.name

    def _explain_zh(self) -> str:
        known, random = self._known["explain"], self.random
        name = self.name or self.surname
        one = random.choice(name) if name and random.random() < 0.8 else random.choice(list(known))
        kind = random.random()
        if one in known and kind < 0.35:
            return str(random.choice(known[one].split()))
        pairs = self._pairs.get(one)
        if pairs and kind < 0.8:
            word = random.choice(pairs)
            return random.choice(
                ("{w}的{c}", "{w}的{c}", "{w}那个{c}", "{w}的那个{c}", "{w}里的{c}", "{w}个{c}")
            ).format(w=word, c=one)
        return self._shape_zh(one)

    def _shape_zh(self, one: str) -> str:
        """How a character is written, more or less."""
        random, radicals = self.random, self._lists["radicals"]
        part, word = random.choice(radicals), random.choice(list(self._pairs) or ["东"])
        told = random.choice(self._pairs.get(word) or ["东西"]) + f"的{word}"
        return random.choice(
            (f"{part}的{one}", f"{part}那个{one}", f"带{part}的", f"不带{part}的{one}", f"{part}加一个{word}",
             f"{part}右边一个{told}", f"{part}，右边{told}", f"左边{part}右边一个{word}", f"上面一个{word}下面一个{one}",
             f"外头一个{word}里头{told}", f"{part}底下一个{word}", f"什么的{one}", f"{one}，念{word}", f"{one}字")
        )  # fmt: skip

    def _nick_zh(self) -> str:
        self.surname = ""
        given = self.random.choice(self._known["given"])
        return self.pick("nicknames").replace("<s>", self._surname_zh()).replace("<g>", given)

    def _latin_zh(self) -> str:
        return self.pick("foreign")

    def _rel_zh(self) -> str:
        return self.pick("relations")

    def _staffname_zh(self) -> str:
        self.surname = ""
        found = self._surname_zh() + self._givenname_zh()
        return self.random.choice((found, f"小{self.surname}", found))

    def _staffsur_zh(self) -> str:
        self.surname = ""
        return self._surname_zh()

    def _staff_zh(self) -> str:
        text = self.pick("staff").replace("<d4>", self.number(digits(self.random, 4)))
        return text.replace("<s>", self._staffsur_zh()).replace("<f>", self._staffname_zh())

    def _branch_zh(self) -> str:
        return self.pick("branch")

    def _merchant_zh(self) -> str:
        return self.pick("merchant")

    def _city_zh(self) -> str:
        return self.pick("cities")

    def _streetplain_zh(self) -> str:
        return self.pick("streets")

    def _codeword_zh(self) -> str:
        return self.pick("words")

    def _public_zh(self) -> str:
        return self.number(
            self.random.choice(("95588", "95533", "12378", "12363", "110", "96110", "4008123123", "10086"))
        )

    def _amount_zh(self) -> str:
        random = self.random
        if random.random() < 0.4:
            return random.choice(("元", "块", "块钱", "")).join((str(random.randrange(10, 90000)), ""))
        lead = random.choice(_HAN[1:])
        return random.choice(
            (f"{lead}千{random.choice(_HAN[1:])}", f"{lead}百{random.choice(_HAN[1:])}十块", f"{lead}万", f"{lead}百多",
             f"{lead}万{random.choice(_HAN[1:])}千", f"{lead}十二块五", f"{lead}千零{random.choice(_HAN[1:])}块")
        )  # fmt: skip

    def _date_zh(self) -> str:
        random = self.random
        month, day = random.choice("一二三四五六七八九"), random.choice("一二三四五六七八九")
        return random.choice((f"{month}月{day}号", f"上个月{day}号", f"{month}月十{day}号", "昨天", "前天下午", "上周三",
                              f"{random.randrange(1, 13)}月{random.randrange(1, 29)}日"))  # fmt: skip

    def _num_zh(self) -> str:
        return self.random.choice(("三", "六", "十二", "二十四", "二十", "五", "7", "十五", "两", "三十", "48"))

    def _rate_zh(self) -> str:
        return self.random.choice(("百分之三点二", "3.85%", "四点一", "两厘五", "年化百分之二点六"))

    def _figure_zh(self) -> str:
        random = self.random
        return (
            str(random.randrange(10, 2000) * random.choice((1, 10, 100)))
            if random.random() < 0.6
            else self._amount_zh()
        )

    def _place_zh(self) -> str:
        given = self._known["given"]
        name = "".join(self.random.choice(given) for _ in range(2))
        return name + self.random.choice(
            ("屯", "镇", "村", "桥", "支行", "路", "县", "岭", "商贸", "科技", "超市", "公司", "牌", "村镇银行")
        )

    def _err_zh(self) -> str:
        return self.random.choice(("E", "", "PX")) + self.number(digits(self.random, self.random.choice((3, 4, 5))))

    def _ref_zh(self) -> str:
        self.reference = self.random.choice(("", "", "GD")) + self.number(
            digits(self.random, self.random.choice((6, 6, 7, 8, 10, 12)))
        )
        return self.reference

    def _house_zh(self) -> str:
        random = self.random

        def count(most: int) -> str:
            value = random.randrange(1, most)
            return str(value) if self.written or random.random() < 0.2 else _spoken(value)

        return random.choice(
            (f"{count(30)}栋{count(5)}单元{self.number(digits(random, 3))}", f"{count(30)}号楼{count(3000)}",
             f"{count(20)}幢{self.number(digits(random, 4))}室", f"{count(30)}栋{self.number(digits(random, 3))}",
             f"{count(9)}号楼{count(6)}门{self.number(digits(random, 3))}")
        )  # fmt: skip

    def _address_zh(self) -> str:
        random = self.random
        number = self.random.randrange(1, 600)
        door = str(number) if self.written else _spoken(number)
        parts = [
            self.pick("cities") + random.choice(("市", "")) if random.random() < 0.5 else "",
            self.pick("districts") if random.random() < 0.6 else "",
            self.pick("streets") + (f"{door}号" if random.random() < 0.75 else "") if random.random() < 0.8 else "",
            self.pick("estates") if random.random() < 0.6 else "",
            self._house_zh() if random.random() < 0.7 else "",
        ]
        text = random.choice(("", "", "", "，")).join(part for part in parts if part)
        return text or f"{self.pick('streets')}{door}号{self.pick('estates')}"

    def _address_piece_zh(self) -> str:
        number = self.random.randrange(1, 300)
        door = str(number) if self.written else _spoken(number)
        return self.random.choice((self._house_zh(), f"{self.pick('estates')}{self._house_zh()}",
                                   f"{self.pick('streets')}{door}号"))  # fmt: skip

    def _passport_zh(self) -> str:
        return self.random.choice("EGPM") + self.number(digits(self.random, 8))

    def _email_zh(self) -> str:
        return self._mail("艾特", "点")

    # English

    def _first_en(self) -> str:
        return self._cased(self.pick("first" if self.random.random() < 0.5 else "rare_first"))

    def _last_en(self) -> str:
        self.surname = self._cased(self.pick("last" if self.random.random() < 0.5 else "rare_last"))
        return self.surname

    def _name_en(self) -> str:
        middle = f" {self._first_en()}" if self.random.random() < 0.08 else ""
        last = self._last_en()
        if self.random.random() < 0.06:
            last += f"-{self._cased(self.pick('last'))}"
        self.name = f"{self._first_en()}{middle} {last}"
        return self.name

    def _title_en(self) -> str:
        return self.random.choice("Mr Mrs Ms Miss Mr. Mrs. Ms. Dr Doctor Mister".split())

    def _short_en(self) -> str:
        return self._cased(self.pick("short"))

    def _stafffirst_en(self) -> str:
        return self._first_en()

    def _staffname_en(self) -> str:
        return f"{self._first_en()} {self._last_en()}" if self.random.random() < 0.6 else self._first_en()

    def _staff_en(self) -> str:
        text = self.pick("staff").replace("{d4}", self.number(digits(self.random, 4)))
        return text.replace("{f}", self._first_en())

    def _letters_en(self) -> str:
        letters = [
            self.random.choice("abcdefghijklmnopqrstuvwxyz").upper() for _ in range(self.random.choice((1, 2, 2)))
        ]
        if len(letters) == 2 and self.random.random() < 0.4:
            letters = [f"double {letters[0]}"]
        return self.random.choice((" ", ", ", "-")).join(f"a {one}" if len(letters) == 1 else one for one in letters)

    def _spelled_en(self) -> str:
        random = self.random
        word = re.sub("[^a-z]", "", (self.surname or self._last_en()).lower())[:12]
        kind = random.random()
        if kind < 0.3:  # each letter by a word
            told = [self._letter_word(one) for one in word[: random.randrange(3, 9)]]
            return random.choice((" ", ", ")).join(told)
        letters = [one.upper() for one in word]
        joint = random.choice((" ", "-", ", ", " "))
        if kind < 0.5 and letters:  # one of them by a word
            at = random.randrange(len(letters))
            letters[at] = self._letter_word(word[at])
        found = joint.join(letters)
        return re.sub(r"\b(\w)[ ,-]+\1\b", lambda m: f"double {m[1]}", found) if random.random() < 0.4 else found

    def _letter_word(self, letter: str) -> str:
        fits = [word for word in self._lists["spelling"] if word.startswith(letter)]
        word = self.random.choice(fits) if fits else letter
        return self.random.choice((f"{letter.upper()} for {word}", f"{letter.upper()} as in {word}", word))

    def _rel_en(self) -> str:
        return self.pick("relations")

    def _branch_en(self) -> str:
        return self.pick("branch")

    def _merchant_en(self) -> str:
        return self.pick("merchant")

    def _city_en(self) -> str:
        return self.pick("cities")

    def _codeword_en(self) -> str:
        return self.pick("words")

    def _public_en(self) -> str:
        return self.random.choice(
            ("911", "999", "0800 111 2233", "1-800-555-0199", "0345 300 1200", "one eight hundred")
        )

    def _amount_en(self) -> str:
        random = self.random
        unit = random.choice(("dollars", "pounds", "quid", "euros"))
        figure = random.choice(
            (f"{random.randrange(5, 999)}", f"{random.randrange(1, 90)},{random.randrange(100, 999)}")
        )
        return random.choice(
            (f"${figure}", f"£{figure}.{random.randrange(10, 99)}", f"{random.choice(_UNITS[1:])} hundred {unit}",
             f"{random.choice(_TENS)} {random.choice(_UNITS[1:])} {unit}", f"about {random.choice(_TEENS)} hundred",
             f"{random.choice(_UNITS[1:])} thousand {unit}", f"{random.choice(_TENS)}-nine ninety-nine")
        )  # fmt: skip

    def _date_en(self) -> str:
        months = "January March April May June July August October December".split()
        return self.random.choice(
            ("yesterday", "last Friday", "Tuesday", f"the {self.random.randrange(4, 20)}th",
             f"{self.random.choice(months)} {self.random.choice(('third', 'twelfth', 'twenty-first'))}",
             f"the fifth of {self.random.choice(months)}")
        )  # fmt: skip

    def _num_en(self) -> str:
        return self.random.choice(("three", "five", "ten", "14", "seven", "twelve", "6", "thirty"))

    def _age_en(self) -> str:
        return self.random.choice(("seventy-two", "81", "sixty-five", "34", "twenty"))

    def _year_en(self) -> str:
        return self.random.choice(("nineteen fifty-two", "1987", "two thousand and four", "2019", "nineteen ninety"))

    def _rate_en(self) -> str:
        return self.random.choice(("four point two percent", "3.9%", "nineteen point nine APR"))

    def _figure_en(self) -> str:
        random = self.random
        return random.choice(
            (f"{random.choice(_UNITS[1:])}-{random.choice(_TENS)}", f"{random.choice(_TENS)}-{random.choice(_UNITS[1:])} eight",
             f"{random.choice(_UNITS[1:])} {random.choice(_TENS)}", f"{random.choice(_UNITS[1:])} to {random.choice(_UNITS[1:])}",
             str(random.randrange(10, 900)), "half eight", f"{random.choice(_TENS)} odd", "one point two")
        )  # fmt: skip

    def _cap_en(self) -> str:
        random = self.random
        if random.random() < 0.35:
            return self.pick("cities")
        return self._cased(self.pick(random.choice(("rare_last", "last", "words", "streets"))))

    def _err_en(self) -> str:
        return self.random.choice(("E", "", "BA", "X")) + digits(self.random, self.random.choice((2, 3, 4)))

    def _ref_en(self) -> str:
        self.reference = self.random.choice(("", "CS ", "D R ", "P L, ", "S M ", "T ")) + self.number(
            digits(self.random, self.random.choice((4, 5, 5, 6, 7, 8)))
        )
        return self.reference

    def _address_en(self) -> str:
        random = self.random
        number = random.randrange(1, 400)
        door = str(number) if self.written or random.random() < 0.3 else _english(number)
        street = f"{self._cased(self.pick('streets'))} {self._cased(self.pick('kinds_of_street'))}"
        flat = random.choice(("flat {}, ", "apartment {}, ", "unit {}, ", "Apt {}, ")).format(
            random.choice((str(random.randrange(1, 40)), _english(random.randrange(1, 40)), "2B", "four C"))
        )
        text = f"{flat if random.random() < 0.25 else ''}{door} {street}"
        if random.random() < 0.5:
            text += random.choice((", ", " in ", ", ", " ")) + self.pick("cities")
        return text

    def _address_piece_en(self) -> str:
        random = self.random
        number = random.randrange(1, 200)
        return random.choice((f"number {number}", f"flat {random.randrange(1, 30)}", f"apartment {_english(number)}",
                              self._address_en()))  # fmt: skip

    def _postcode_en(self) -> str:
        random = self.random
        area = random.choice("SW NW LS BS M CF EH B G N SE CB OX YO EX NR".split())
        end = "".join(random.choice("ABDEFGHJLNPQRSTUWXYZ") for _ in range(2))
        if self.written:
            return f"{area}{random.randrange(1, 20)} {random.randrange(1, 10)}{end}"
        return f"{' '.join(area)} {_english(random.randrange(1, 20))} {_UNITS[random.randrange(1, 10)]} {' '.join(end)}"

    def _passport_en(self) -> str:
        return self.random.choice(("", "N ", "C ")) + self.number(digits(self.random, 9))

    def _iban_en(self) -> str:
        return self.random.choice(("GB", "DE", "IE")) + " " + self.number(digits(self.random, 16))

    def _email_en(self) -> str:
        return self._mail("at", "dot")

    def _cased(self, word: str) -> str:
        return " ".join(
            part if part in ("de", "da", "van", "der") else part[:1].upper() + part[1:] for part in word.split()
        )

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


def _pair(two: str, zero: str) -> str:
    if two[0] == "0":
        return f"{zero} {zero if two[1] == '0' else _UNITS[int(two[1])]}"
    if two[0] == "1":
        return _TEENS[int(two[1])]
    return _TENS[int(two[0]) - 2] + (f" {_UNITS[int(two[1])]}" if two[1] != "0" else "")


def _spoken(number: int) -> str:
    """A number below ten thousand in Han characters."""
    parts, rest = [], number
    for size, unit in ((1000, "千"), (100, "百"), (10, "十")):
        if rest >= size:
            parts.append(_HAN[rest // size] + unit)
            rest %= size
            if rest and rest < size // 10:
                parts.append("零")
    text = "".join(parts) + (_HAN[rest] if rest else "")
    return text.removeprefix("一") if text.startswith("一十") else text


def _english(number: int) -> str:
    if number < 10:
        return _UNITS[number]
    if number < 100:
        return _pair(f"{number:02}", "oh")
    return f"{_UNITS[number // 100]} {_pair(f'{number % 100:02}', 'oh')}"


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
