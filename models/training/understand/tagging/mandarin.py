"""Names, numbers and addresses as Mandarin speakers say them."""

from __future__ import annotations

import re

from callcore.pinyin import syllables
from models.training.understand.tagging.invented import Maker, digits, groups

_HAN = "零一二三四五六七八九"
_FILLERS = ("嗯", "呃", "然后", "那个", "再是")


class MandarinMaker(Maker):
    """Makes up Mandarin."""

    language = "zh"
    figures = 0.3

    def number(self, said: str) -> str:
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
            found.insert(random.randrange(1, len(found)), random.choice(_FILLERS))
        text = joint.join(found)
        return re.sub("X", lambda _: random.choice(("X", "x", "叉")), text)

    def _surname(self) -> str:
        random = self.random
        if not self.surname:
            kind = random.random()
            key = "surnames" if kind < 0.55 else "rare_surnames"
            self.surname = self.pick("two_syllables") if kind > 0.9 else random.choice(self._known[key])
        return self.surname

    def _givenname(self) -> str:
        random = self.random
        source = (
            [one for one in self._known["given"] if one in self._known["explain"]]
            if random.random() < 0.5
            else list(self._known["given"])
        )
        return "".join(random.choice(source) for _ in range(random.choice((1, 2, 2))))

    def _onegiven(self) -> str:
        return str(self.random.choice(self._known["given"]))

    def _name(self) -> str:
        kind = self.random.random()
        if kind < 0.05:
            self.name = self.pick("minority")
        elif kind < 0.08:
            self.name = self.pick("foreign")
        else:
            self.surname = ""
            self.name = self._surname() + self._givenname()
        return self.name

    def _explain(self) -> str:
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
        return self._shape(one)

    def _shape(self, one: str) -> str:
        """How a character is written, more or less."""
        random, radicals = self.random, self._lists["radicals"]
        part, word = random.choice(radicals), random.choice(list(self._pairs) or ["东"])
        told = random.choice(self._pairs.get(word) or ["东西"]) + f"的{word}"
        return random.choice(
            (f"{part}的{one}", f"{part}那个{one}", f"带{part}的", f"不带{part}的{one}", f"{part}加一个{word}",
             f"{part}右边一个{told}", f"{part}，右边{told}", f"左边{part}右边一个{word}",
             f"上面一个{word}下面一个{one}",
             f"外头一个{word}里头{told}", f"{part}底下一个{word}", f"什么的{one}", f"{one}，念{word}", f"{one}字")
        )  # fmt: skip

    def _nick(self) -> str:
        self.surname = ""
        given = self.random.choice(self._known["given"])
        return self.pick("nicknames").replace("<s>", self._surname()).replace("<g>", given)

    def _latin(self) -> str:
        return self.pick("foreign")

    def _pinyin(self) -> str:
        """A name in Latin letters, as passports have it."""
        self.surname = ""
        family, given = (syllables(part) for part in (self._surname(), self._givenname()))
        name = f"{''.join(family)} {''.join(given)}"
        return self.random.choice((name.upper(), name.upper(), name.title(), name))

    def _memory(self) -> str:
        return self.random.choice((self._codeword, self._codeword, self._place, self._city, self._nick))()

    def _memory_surname(self) -> str:
        self.surname = ""
        return self._surname()

    def _year(self) -> str:
        return self.random.choice(("二零零九", "九八", "1998", "2015", "一九九几"))

    def _rel(self) -> str:
        return self.pick("relations")

    def _staffname(self) -> str:
        self.surname = ""
        found = self._surname() + self._givenname()
        return self.random.choice((found, f"小{self.surname}", found))

    def _staffsur(self) -> str:
        self.surname = ""
        return self._surname()

    def _staff(self) -> str:
        text = self.pick("staff").replace("<d4>", self.number(digits(self.random, 4)))
        return text.replace("<s>", self._staffsur()).replace("<f>", self._staffname())

    def _streetplain(self) -> str:
        return self.pick("streets")

    def _public(self) -> str:
        return self.number(
            self.random.choice(("95588", "95533", "12378", "12363", "110", "96110", "4008123123", "10086"))
        )

    def _amount(self) -> str:
        random = self.random
        if random.random() < 0.4:
            return random.choice(("元", "块", "块钱", "")).join((str(random.randrange(10, 90000)), ""))
        lead = random.choice(_HAN[1:])
        return random.choice(
            (f"{lead}千{random.choice(_HAN[1:])}", f"{lead}百{random.choice(_HAN[1:])}十块", f"{lead}万", f"{lead}百多",
             f"{lead}万{random.choice(_HAN[1:])}千", f"{lead}十二块五", f"{lead}千零{random.choice(_HAN[1:])}块")
        )  # fmt: skip

    def _date(self) -> str:
        random = self.random
        month, day = random.choice("一二三四五六七八九"), random.choice("一二三四五六七八九")
        return random.choice((f"{month}月{day}号", f"上个月{day}号", f"{month}月十{day}号", "昨天", "上周三",
                              "前天下午", f"{random.randrange(1, 13)}月{random.randrange(1, 29)}日"))  # fmt: skip

    def _num(self) -> str:
        return self.random.choice(("三", "六", "十二", "二十四", "二十", "五", "7", "十五", "两", "三十", "48"))

    def _rate(self) -> str:
        return self.random.choice(("百分之三点二", "3.85%", "四点一", "两厘五", "年化百分之二点六"))

    def _figure(self) -> str:
        random = self.random
        return (
            str(random.randrange(10, 2000) * random.choice((1, 10, 100))) if random.random() < 0.6 else self._amount()
        )

    def _place(self) -> str:
        given = self._known["given"]
        name = "".join(self.random.choice(given) for _ in range(2))
        return name + self.random.choice(
            ("屯", "镇", "村", "桥", "支行", "路", "县", "岭", "商贸", "科技", "超市", "公司", "牌", "村镇银行")
        )

    def _err(self) -> str:
        return self.random.choice(("E", "", "PX")) + self.number(digits(self.random, self.random.choice((3, 4, 5))))

    def _ref(self) -> str:
        self.reference = self.random.choice(("", "", "GD")) + self.number(
            digits(self.random, self.random.choice((6, 6, 7, 8, 10, 12)))
        )
        return self.reference

    def _house(self) -> str:
        random = self.random

        def count(most: int) -> str:
            value = random.randrange(1, most)
            return str(value) if self.written or random.random() < 0.2 else _spoken(value)

        return random.choice(
            (f"{count(30)}栋{count(5)}单元{self.number(digits(random, 3))}", f"{count(30)}号楼{count(3000)}",
             f"{count(20)}幢{self.number(digits(random, 4))}室", f"{count(30)}栋{self.number(digits(random, 3))}",
             f"{count(9)}号楼{count(6)}门{self.number(digits(random, 3))}")
        )  # fmt: skip

    def _address(self) -> str:
        random = self.random
        number = self.random.randrange(1, 600)
        door = str(number) if self.written else _spoken(number)
        parts = [
            self.pick("cities") + random.choice(("市", "")) if random.random() < 0.5 else "",
            self.pick("districts") if random.random() < 0.6 else "",
            self.pick("streets") + (f"{door}号" if random.random() < 0.75 else "") if random.random() < 0.8 else "",
            self.pick("estates") if random.random() < 0.6 else "",
            self._place() + random.choice(("", f"{random.choice(_HAN[1:])}楼")) if random.random() < 0.12 else "",
            self._house() if random.random() < 0.7 else "",
        ]
        text = random.choice(("", "", "", "，")).join(part for part in parts if part)
        return text or f"{self.pick('streets')}{door}号{self.pick('estates')}"

    def _address_piece(self) -> str:
        number = self.random.randrange(1, 300)
        door = str(number) if self.written else _spoken(number)
        return self.random.choice((self._house(), f"{self.pick('estates')}{self._house()}",
                                   f"{self.pick('streets')}{door}号"))  # fmt: skip

    def _passport(self) -> str:
        return self.random.choice("EGPM") + self.number(digits(self.random, 8))

    def _email(self) -> str:
        return self._mail("艾特", "点")


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
