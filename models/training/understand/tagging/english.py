"""Names, numbers and addresses as English speakers say them."""

from __future__ import annotations

import re

from models.training.understand.tagging.invented import Maker, digits, groups

_UNITS = "zero one two three four five six seven eight nine".split()
_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_FILLERS = ("um", "uh", "then", "and", "er")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class EnglishMaker(Maker):
    """Makes up English."""

    language = "en"
    figures = 0.35

    def number(self, said: str) -> str:
        random = self.random
        if self.written:
            joint = random.choice(("", "", " ", "-", " "))
            return joint.join(groups(random, said)) if joint else said
        found = [self._group(group) for group in groups(random, said)]
        if random.random() < 0.05 and len(found) > 1:
            found.insert(random.randrange(1, len(found)), random.choice(_FILLERS))
        return random.choice((" ", ", ", " ")).join(found)

    def _group(self, group: str) -> str:
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

    def _first(self) -> str:
        return self._cased(self.pick("first" if self.random.random() < 0.5 else "rare_first"))

    def _last(self) -> str:
        self.surname = self._cased(self.pick("last" if self.random.random() < 0.5 else "rare_last"))
        return self.surname

    def _name(self) -> str:
        middle = f" {self._first()}" if self.random.random() < 0.08 else ""
        last = self._last()
        if self.random.random() < 0.06:
            last += f"-{self._cased(self.pick('last'))}"
        self.name = f"{self._first()}{middle} {last}"
        return self.name

    def _title(self) -> str:
        return self.random.choice("Mr Mrs Ms Miss Mr. Mrs. Ms. Dr Doctor Mister".split())

    def _short(self) -> str:
        return self._cased(self.pick("short"))

    def _stafffirst(self) -> str:
        return self._first()

    def _staffname(self) -> str:
        return f"{self._first()} {self._last()}" if self.random.random() < 0.6 else self._first()

    def _staff(self) -> str:
        text = self.pick("staff").replace("{d4}", self.number(digits(self.random, 4)))
        return text.replace("{f}", self._first())

    def _letters(self) -> str:
        letters = [
            self.random.choice("abcdefghijklmnopqrstuvwxyz").upper() for _ in range(self.random.choice((1, 2, 2)))
        ]
        if len(letters) == 2 and self.random.random() < 0.4:
            letters = [f"double {letters[0]}"]
        return self.random.choice((" ", ", ", "-")).join(f"a {one}" if len(letters) == 1 else one for one in letters)

    def _spelled(self) -> str:
        random = self.random
        word = re.sub("[^a-z]", "", (self.surname or self._last()).lower())[:12]
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

    def _memory(self) -> str:
        word = super()._memory() if self.random.random() < 0.6 else self._last()
        return self._cased(word.removeprefix("the ").removeprefix("your "))

    def _letter(self) -> str:
        return self.random.choice(_LETTERS).upper()

    def _rel(self) -> str:
        return self.pick("relations")

    def _public(self) -> str:
        return self.random.choice(
            ("911", "999", "0800 111 2233", "1-800-555-0199", "0345 300 1200", "one eight hundred")
        )

    def _amount(self) -> str:
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

    def _date(self) -> str:
        months = "January March April May June July August October December".split()
        return self.random.choice(
            ("yesterday", "last Friday", "Tuesday", f"the {self.random.randrange(4, 20)}th",
             f"{self.random.choice(months)} {self.random.choice(('third', 'twelfth', 'twenty-first'))}",
             f"the fifth of {self.random.choice(months)}")
        )  # fmt: skip

    def _num(self) -> str:
        return self.random.choice(("three", "five", "ten", "14", "seven", "twelve", "6", "thirty"))

    def _age(self) -> str:
        return self.random.choice(("seventy-two", "81", "sixty-five", "34", "twenty"))

    def _year(self) -> str:
        return self.random.choice(("nineteen fifty-two", "1987", "two thousand and four", "2019", "nineteen ninety"))

    def _rate(self) -> str:
        return self.random.choice(("four point two percent", "3.9%", "nineteen point nine APR"))

    def _figure(self) -> str:
        random = self.random
        one, other, ten = random.choice(_UNITS[1:]), random.choice(_UNITS[1:]), random.choice(_TENS)
        return random.choice(
            (f"{one}-{ten}", f"{random.choice(_TENS)}-{other} eight", f"{one} {ten}", f"{one} to {other}",
             str(random.randrange(10, 900)), "half eight", f"{random.choice(_TENS)} odd", "one point two")
        )  # fmt: skip

    def _cap(self) -> str:
        random = self.random
        if random.random() < 0.35:
            return self.pick("cities")
        return self._cased(self.pick(random.choice(("rare_last", "last", "words", "streets"))))

    def _err(self) -> str:
        return self.random.choice(("E", "", "BA", "X")) + digits(self.random, self.random.choice((2, 3, 4)))

    def _ref(self) -> str:
        self.reference = self.random.choice(("", "CS ", "D R ", "P L, ", "S M ", "T ")) + self.number(
            digits(self.random, self.random.choice((4, 5, 5, 6, 7, 8)))
        )
        return self.reference

    def _address(self) -> str:
        random = self.random
        number = random.randrange(1, 400)
        door = str(number) if self.written or random.random() < 0.3 else _english(number)
        street = f"{self._cased(self.pick('streets'))} {self._cased(self.pick('kinds_of_street'))}"
        flat = random.choice(("flat {}, ", "apartment {}, ", "unit {}, ", "Apt {}, ")).format(
            random.choice((str(random.randrange(1, 40)), _english(random.randrange(1, 40)), "2B", "four C"))
        )
        text = self._homestead(door) if random.random() < 0.25 else f"{door} {street}"
        text = f"{flat if random.random() < 0.25 else ''}{text}"
        if random.random() < 0.5:
            text += random.choice((", ", " in ", ", ", " ")) + self.pick("cities")
        return f"{text}, {self._postcode()}" if random.random() < 0.15 else text

    def _homestead(self, door: str) -> str:
        """Where people live without a street."""
        name = self._cased(self.pick(self.random.choice(("streets", "rare_last", "words"))))
        house = self.random.choice("House Cottage Farm Lodge Cottages Court Mansions Residency Villas".split())
        return self.random.choice((f"{name} {house}", f"{door} {name} {house}", f"Box {door}", f"PO Box {door}",
                                   f"{name} {house}, {self._cased(self.pick('streets'))}"))  # fmt: skip

    def _address_piece(self) -> str:
        random = self.random
        number = random.randrange(1, 200)
        return random.choice((f"number {number}", f"flat {random.randrange(1, 30)}", f"apartment {_english(number)}",
                              self._address()))  # fmt: skip

    def _postcode(self) -> str:
        random = self.random
        area = random.choice("SW NW LS BS M CF EH B G N SE CB OX YO EX NR".split())
        end = "".join(random.choice("ABDEFGHJLNPQRSTUWXYZ") for _ in range(2))
        if self.written and random.random() < 0.2:  # as in Canada
            return f"{area[0]}{random.randrange(10)}{end[0]} {random.randrange(10)}{end[1]}{random.randrange(10)}"
        if self.written:
            return f"{area}{random.randrange(1, 20)} {random.randrange(1, 10)}{end}"
        return f"{' '.join(area)} {_english(random.randrange(1, 20))} {_UNITS[random.randrange(1, 10)]} {' '.join(end)}"

    def _passport(self) -> str:
        return self.random.choice(("", "N ", "C ")) + self.number(digits(self.random, 9))

    def _iban(self) -> str:
        return self.random.choice(("GB", "DE", "IE")) + " " + self.number(digits(self.random, 16))

    def _email(self) -> str:
        return self._mail("at", "dot")

    def _cased(self, word: str) -> str:
        return " ".join(
            part if part in ("de", "da", "van", "der") else part[:1].upper() + part[1:] for part in word.split()
        )


def _pair(two: str, zero: str) -> str:
    if two[0] == "0":
        return f"{zero} {zero if two[1] == '0' else _UNITS[int(two[1])]}"
    if two[0] == "1":
        return _TEENS[int(two[1])]
    return _TENS[int(two[0]) - 2] + (f" {_UNITS[int(two[1])]}" if two[1] != "0" else "")


def _english(number: int) -> str:
    if number < 10:
        return _UNITS[number]
    if number < 100:
        return _pair(f"{number:02}", "oh")
    return f"{_UNITS[number // 100]} {_pair(f'{number % 100:02}', 'oh')}"
