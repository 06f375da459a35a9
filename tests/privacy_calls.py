"""Written calls with their secrets marked, the calls as sound and events, and a search for what got out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np
from pipeline_tools import SETTINGS
from understand_tools import ScriptedText
from voice_tools import voice

from callcore.config import UnderstandSettings
from callcore.engines.scripted import ScriptedEngine
from callcore.loading import load_taggers
from callcore.privacy import Redactor
from callcore.privacy.digits import stretches
from callcore.privacy.seal import Sealer, is_sealed, new_key
from callcore.types import SAMPLE_RATE_HZ, Partial, Revision, UnderstandingPreview
from callcore.understand.call import Understander
from callcore.understand.catalogue import Catalogue
from callcore.understand.entities.tagger import SecretTagger
from callcore.wire import to_wire

DAY = date(2026, 11, 22)
KEY = new_key()
AGENT, CUSTOMER = 0, 1
PAUSE_S, TURN_GAP_S = 0.8, 1.6
_MARK = re.compile(r"\[([^\]]*)\]")


@dataclass(frozen=True)
class Say:
    """One speaker's turn; ``pieces`` are said with a pause between them."""

    channel: int
    pieces: tuple[str, ...]
    secrets: tuple[str, ...]

    @property
    def text(self) -> str:
        return " ".join(self.pieces) if self.pieces[0].isascii() else "".join(self.pieces)


@dataclass(frozen=True)
class WrittenCall:
    """A call: ``numbers`` are the digits behind secrets that are said in words; ``kept`` must stay readable."""

    name: str
    language: str
    says: tuple[Say, ...]
    numbers: tuple[str, ...]
    kept: tuple[str, ...]

    @property
    def secrets(self) -> frozenset[str]:
        """What must not be read anywhere: secrets as they are said."""
        return frozenset(secret for say in self.says for secret in say.secrets)


def written(name: str, language: str, numbers: str, kept: str, lines: str) -> WrittenCall:
    """``lines``: "A: " or "C: " before each turn, secrets in brackets, | for a pause inside a turn."""
    says = []
    for line in filter(None, map(str.strip, lines.splitlines())):
        who, _, text = line.partition(": ")
        secrets = tuple(part.strip() for mark in _MARK.findall(text) for part in [mark.replace("|", " ")])
        plain = _MARK.sub(r"\1", text)
        pieces = tuple(" ".join(piece.split()) for piece in plain.split("|"))
        says.append(Say(AGENT if who == "A" else CUSTOMER, pieces, secrets))
    return WrittenCall(name, language, tuple(says), tuple(numbers.split()), tuple(kept.split("|")))


CALLS = (
    written(
        "lost card, piece by piece",
        "zh",
        "6228480402564890018 13800138000 110101199003077734 4890018",
        "三千五百块|三个工作日",
        """
        A: 您好江城银行客服中心请问怎么称呼您
        C: 我叫[李小明]
        A: [李小明]先生您好请问有什么可以帮您
        C: 我的卡丢了卡号是[六二二八四八零四]|[零二五六]|[四八九零零一八]
        A: 您的卡号是[六二二八四八零四零二五六四八九零零一八]对吗
        C: 对
        A: 请报一下您的手机号
        C: [幺三八零零]
        A: 嗯
        C: [幺三八零零零]
        A: 跟您核对一下[幺三八零零幺三八零零零]
        C: 没错我的身份证号是[一一零一零一一九九零零三零七七七三四]
        A: 昨天有一笔三千五百块的消费是您本人的吗
        C: 不是
        A: 好的[小明]先生三个工作日内会把新卡寄给您
        """,
    ),
    written(
        "new address",
        "zh",
        "6628",
        "白金卡|九十天",
        """
        A: 您好很高兴为您服务请问贵姓
        C: 免贵姓[桑]我要改一下账单地址
        A: 好的请问新的地址是什么
        C: [朝阳区建国路八十八号院三号楼二单元五零一室]
        A: 跟您重复一下[朝阳区建国路八十八号院三号楼二单元五零一]对吗
        C: 对的新卡也寄到[朝阳区建国路八十八号院三号楼]就可以
        A: 请问是哪张卡
        C: 尾号[六六二八]的白金卡
        A: 尾号[六六二八]好的九十天内有效
        """,
    ),
    written(
        "code and password",
        "zh",
        "385091 7741",
        "两百块|手机银行",
        """
        A: 请问有什么可以帮您
        C: 手机银行登不上去扣了我两百块我的密码是[apple2020]
        A: 女士请不要告诉我密码
        C: 那验证码发过来了是[三八五零九一]
        A: 您不用告诉我[三八五零九一]请您自己输入
        C: 好了那卡有效期[零八二九]安全码是[七七四]要吗
        A: 不用的请报一下您的全名
        C: [王秀英]
        A: 好的[王秀英]女士已经为您重置
        C: 谢谢我邮箱是[wang艾特qq点com]
        """,
    ),
    written(
        "complaint of a relative",
        "zh",
        "8601225544",
        "投诉|一千二百块|工单号",
        """
        C: 我要投诉你们多扣了一千二百块
        A: 非常抱歉请问户名是谁的
        C: 户名是[欧阳文静]我是她爱人[周立波]
        A: 请问账号是多少
        C: [八六零幺]|嗯|[二二五五四四]
        A: 好的[欧阳文静]女士的账号是[八六零幺二二五五四四]给您登记了工单号一二三四五
        C: 让[欧阳文静]自己打电话吗
        A: 您[周立波]先生也可以
        """,
    ),
    written(
        "lost card in English",
        "en",
        "4539148803436467 5816 4155550132",
        "two hundred and fifty dollars|five business days",
        """
        A: thank you for calling River Bank may I have your full name please
        C: yes it's [Harriet Blackwood]
        A: thank you [Harriet] and the card number please
        C: it's [four five three nine one four eight eight]|[zero three four three]|[six four six seven]
        A: I have [four five three nine one four eight eight zero three four three six four six seven] is that right
        C: that's right there was a charge of two hundred and fifty dollars
        A: what is the best number to reach you
        C: my number is [four one five five five five zero one three two]
        A: so [four one five five five five zero one three two]
        C: yes
        A: alright Ms [Blackwood] a new card comes in five business days
        """,
    ),
    written(
        "address and password in English",
        "en",
        "94110",
        "credit card|three percent",
        """
        A: how can I help you today
        C: I moved and want the credit card statement sent to my new address
        A: what is the new address
        C: [forty two Willow Lane apartment six Portland Oregon]
        A: and the zip code
        C: zip code is [nine four one one zero]
        A: so that is [forty two Willow Lane apartment six]
        C: right my password is [purple elephant] if you need it
        A: no need to tell me [purple elephant] the fee is three percent
        C: my email is [tomasz dot kowalski at gmail dot com]
        """,
    ),
    written(
        "account of a company in English",
        "en",
        "8814220755 078051120",
        "reference number|last Monday",
        """
        A: good morning who am I speaking with
        C: this is [Rosalind Okafor] calling about our business account
        A: could I take the account number
        C: sure [eight eight one four]
        A: okay
        C: [two two zero seven five five]
        A: that's [eight eight one four two two zero seven five five]
        C: yes and my social is [zero seven eight zero five one one two zero]
        A: thank you [Rosalind] the complaint from last Monday has reference number seven seven one
        """,
    ),
)


@cache
def taggers() -> dict[str, SecretTagger]:
    """The bundled ones, as every call has them."""
    return load_taggers()


def redactor(key: str = KEY) -> Redactor:
    return Redactor(Sealer([key] if key else []), taggers=taggers())


def understander(text: ScriptedText | None = None) -> Understander:
    """The rules and the taggers as they are; models that read nothing else."""
    models = {"zh": text or ScriptedText(), "en": text or ScriptedText()}
    return Understander(UnderstandSettings(), Catalogue.load(), models, taggers=taggers())


@dataclass(frozen=True)
class _Piece:
    channel: int
    start_s: float
    end_s: float
    units: tuple[str, ...]


def sound(call: WrittenCall) -> tuple[dict[int, np.ndarray], ScriptedEngine]:
    """Both channels as audio, and a recogniser that hears in it what is written."""
    pieces: list[_Piece] = []
    at = 1.0
    for say in call.says:
        for number, text in enumerate(say.pieces):
            units = tuple(text.split()) if call.language == "en" else tuple(text.replace(" ", ""))
            length = max(1.0, len(units) * (0.32 if call.language == "en" else 0.24))
            at += PAUSE_S if number else TURN_GAP_S
            pieces.append(_Piece(say.channel, at, at + length, units))
            at += length
    audio = {channel: np.zeros(round((at + 1) * SAMPLE_RATE_HZ), np.float32) for channel in (AGENT, CUSTOMER)}
    for seed, piece in enumerate(pieces):
        start = round(piece.start_s * SAMPLE_RATE_HZ)
        tone = voice(piece.end_s - piece.start_s, seed=seed, level=0.2)
        tone += np.where(np.abs(tone) < 0.02, 0.02, 0.0).astype(np.float32)  # no window of it counts as silence
        audio[piece.channel][start : start + len(tone)] = tone

    def heard(request) -> str:
        units = []
        for piece in pieces:
            step = (piece.end_s - piece.start_s) / len(piece.units)
            for place, unit in enumerate(piece.units):
                middle = (piece.start_s + (place + 0.5) * step) * SAMPLE_RATE_HZ
                if piece.channel == request.channel and request.start_sample <= middle < request.end_sample:
                    units.append(unit)
        return (" " if call.language == "en" else "").join(units)

    return audio, ScriptedEngine(heard, languages=frozenset({call.language}))


def settings_of(call: WrittenCall):
    """Settings under which a call is heard in its language; nothing is restored or converted."""
    recognise = SETTINGS.recognise.model_copy(update={"language": call.language})
    text = SETTINGS.text.model_copy(update={"punctuation": "keep"})
    return SETTINGS.model_copy(update={"recognise": recognise, "text": text})


def texts(events: Iterable) -> Iterator[tuple[str, str]]:
    """Every text that an event shows, with the name of the event. Not what is sealed, in which any digits may stand
    by chance.
    """
    for event in events:
        values = to_wire(event)
        words = [values[key] for key in ("words", "stable", "unstable", "committed") if values.get(key)]
        if isinstance(event, Partial):
            words = [[*values["stable"], *values["unstable"]]]
        for row in words:
            yield values["event"], "".join((" " if word[4] else "") + word[0] for word in row)
        if "text" in values:
            yield values["event"], values["text"]
        found = values["understanding"] if isinstance(event, UnderstandingPreview) else values
        for entity in found.get("entities", ()):
            yield values["event"], entity["text"]
            if not is_sealed(entity["value"]):
                yield values["event"], entity["value"]
        if values["event"] == "resolved" and not is_sealed(values["value"]):
            yield values["event"], values["value"]


def leaks(text: str, call: WrittenCall, *, digits: bool = True) -> list[str]:
    """The pieces of secrets that a text shows. ``digits``: also as digits (not in files: their times are digits)."""
    plain = re.sub(r"[\s,.。、，?？]+", " ", text)
    close = plain.replace(" ", "") if call.language == "zh" else plain
    found = [piece for secret in call.secrets for piece in _pieces(secret, call.language) if piece in close]
    if digits:
        said = [one.digits for one in stretches(plain.lower())]
        for number in call.numbers:
            windows = {number[i : i + 4] for i in range(len(number) - 3)}
            found += [window for window in windows if any(window in run for run in said)]
    else:
        found += [number for number in call.numbers if len(number) > 6 and number in text]
    return found


def _pieces(secret: str, language: str) -> Iterator[str]:
    """What of a secret would be a leak: every four characters or three words of it, all of a shorter one."""
    units = secret.split() if language == "en" else list(secret.replace(" ", ""))
    size = min(len(units), 3 if language == "en" else 4)
    if len(units) == 1 and language == "zh":
        return  # a surname of one character stands in other words as well
    if secret.isascii() and language == "zh":
        size = len(units)
    joint = " " if language == "en" else ""
    for start in range(len(units) - size + 1):
        yield joint.join(units[start : start + size])
    if language == "en":
        yield from (unit for unit in units if unit[0].isupper())


PASSING = (Partial, UnderstandingPreview, Revision)
