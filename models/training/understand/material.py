"""What each language's model learns from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from callcore.evaluate.labelled import LabelledTurn, read_acts, read_corpus, read_table
from callcore.understand.catalogue import Catalogue
from models.training.understand.phrases import HERE, generated_turns
from models.training.understand.sets import read_set

CORPUS = HERE / "corpus"
USES = 4  #: of each phrase
MOST_PLAIN = 40_000  #: lines to pre-train on
CPED_WEIGHT = 0.1  #: of television dialogue; more makes moods of calls worse
JOINED_SHARE = 0.2  #: of the own turns, two of them said as one
BESIDE_SHARE = 0.4  #: of the customers' own turns, said in one breath with what tells nothing of the matter
BESIDE_FILLINGS = 20  #: of the slots of each line that is said so


@dataclass(frozen=True, slots=True)
class Part:
    """Turns of one origin, and how much each counts."""

    turns: Sequence[LabelledTurn]
    weight: float = 1.0


def own_turns(language: str, seed: int, part: str = "train") -> tuple[LabelledTurn, ...]:
    """The project's own corpus; none where it has not been written."""
    folder = CORPUS / language / part
    return read_corpus(folder, language, seed=seed) if folder.is_dir() else ()


def act_turns(language: str, seed: int, part: str = "train") -> list[LabelledTurn]:
    """Sentences labelled with dialogue acts, in an order of chance."""
    turns = list(read_acts(CORPUS / "acts" / language / part, language, seed=seed))
    Random(seed).shuffle(turns)
    return turns


def public_parts(language: str, data: Path, seed: int) -> list[Part]:
    """Public sets whose licence allows it, and generated sentences."""
    parts = _public_zh(data, seed) if language == "zh" else _public_en(data, seed)
    return [*parts, Part(generated_turns(language, USES, seed))]


def plain_lines(language: str, data: Path, seed: int) -> list[str]:
    """Lines of conversation without their labels, of sets whose licence allows learning from them."""
    if language == "zh":
        files = [data / "text_zh" / f"{name}.txt" for name in ("cped", "crosswoz", "kdconv")]
        found = [line for file in files for line in file.read_text(encoding="utf-8").split("\n")]
    else:
        intents, names = data / "intent_en", ("banking77_train", "clinc150_train", "multidogo_finance_train")
        found = [text for name in names for text, _ in read_table(intents / f"{name}.tsv")]
        found += [
            text for text, _ in read_table(data / "emotion_text_en" / "goemotions_train_20k.tsv", label="emotions")
        ]
    found = [line for line in found if len(line) > 5]
    return Random(seed).sample(found, min(MOST_PLAIN, len(found)))


def _public_zh(data: Path, seed: int) -> list[Part]:
    cped = read_set("mapping_cped.toml", [data / "emotion_text_zh" / "cped_test.tsv"])
    return [Part(_some(cped, 6000, seed), CPED_WEIGHT), Part(_elsewhere_zh(data, seed), 0.5)]


def _public_en(data: Path, seed: int) -> list[Part]:
    intents = data / "intent_en"
    clinc = read_set("mapping_clinc150.toml", [intents / "clinc150_train.tsv", intents / "clinc150_val.tsv"])
    goemotions = read_set("mapping_goemotions.toml", [data / "emotion_text_en" / "goemotions_train_20k.tsv"])
    multidogo = read_set("mapping_multidogo.toml", [intents / "multidogo_finance_train.tsv"])
    return [
        Part(read_set("mapping_banking77.toml", [intents / "banking77_train.tsv"]), 0.1),
        Part([turn for turn in clinc if turn.in_scope], 0.3),
        Part(_some([turn for turn in clinc if not turn.in_scope], 6000, seed), 0.5),
        Part(_some(multidogo, 5000, seed), 0.1),
        Part(read_set("mapping_nlupp.toml", [intents / "nlupp_banking.tsv"]), 0.1),
        Part(_some(goemotions, 8000, seed), 0.3),
    ]


def _some(turns: Sequence[LabelledTurn], most: int, seed: int) -> list[LabelledTurn]:
    return Random(seed).sample(list(turns), min(most, len(turns)))


def _elsewhere_zh(data: Path, seed: int) -> list[LabelledTurn]:
    """Sentences about films, music, sights and families: long enough to say something, and without a bank's words."""
    terms = {term.lower() for topic in Catalogue.load().taxonomy.topic for term in topic.terms_zh}
    terms |= set("银行 钱 卡 账 贷 存款 客服 投诉 密码 短信 手机 支付 利息 转 谢谢 再见 你好".split())
    found: list[LabelledTurn] = []
    for name in ("kdconv.txt", "crosswoz.txt", "cped.txt"):
        lines = (data / "text_zh" / name).read_text(encoding="utf-8").split("\n")
        lines = [line for line in lines if len(line) >= 8 and not any(term in line for term in terms)]
        chosen = Random(seed).sample(lines, min(1500, len(lines)))
        found += [LabelledTurn(line, category="none", topics=(), in_scope=False, source=name) for line in chosen]
    return found


def joined_turns(turns: Sequence[LabelledTurn], seed: int) -> list[LabelledTurn]:
    """Pairs of turns said as one: what either says holds; nothing is said of what they contradict each other in."""
    random = Random(seed)
    whole = [turn for turn in turns if turn.in_scope]
    pairs = [random.sample(whole, 2) for _ in range(round(len(whole) * JOINED_SHARE))] if len(whole) > 1 else []
    return [_joined(one, other) for one, other in pairs]


def accompanied_turns(turns: Sequence[LabelledTurn], language: str, seed: int) -> list[LabelledTurn]:
    """Customers' turns said in one breath with a name, a number, a greeting or thanks before them, after them, or both.

    In calls a turn is seldom the matter alone; what stands beside it must not hide it.
    """
    random = Random(seed)
    file = HERE / f"beside_{language}.toml"
    lines = [one for filling in range(BESIDE_FILLINGS) for one in read_corpus(file, language, seed=seed + filling)]
    spoken = [turn for turn in turns if turn.speaker == "customer" and turn.in_scope and not turn.context]
    if not spoken:
        return []
    neutral = [*lines, *(turn for turn in spoken if _says_nothing(turn))]
    before = [one for one in neutral if not {"thank", "bye"}.intersection(one.intents or ())]
    after = [one for one in neutral if "greet" not in (one.intents or ())]
    found = []
    for turn in random.sample(spoken, round(len(spoken) * BESIDE_SHARE)):
        sides = random.choice(("before", "after", "both"))
        whole = turn
        if sides != "after":
            whole = _joined(random.choice(before), whole)
        if sides != "before":
            whole = _joined(whole, random.choice(after))
        found.append(replace(whole, source="beside"))
    return found


def _says_nothing(turn: LabelledTurn) -> bool:
    return (turn.category, turn.emotion, turn.caller, turn.topics, turn.causes) == ("none", "calm", "none", (), ())


def _joined(one: LabelledTurn, other: LabelledTurn) -> LabelledTurn:
    return replace(
        one,
        text=f"{one.text} {other.text}",
        category=_agreed(one.category, other.category, "none"),
        topics=tuple(dict.fromkeys((*(one.topics or ()), *(other.topics or ())))),
        intents=tuple(dict.fromkeys((*(one.intents or ()), *(other.intents or ())))),
        causes=tuple(dict.fromkeys((*(one.causes or ()), *(other.causes or ())))),
        caller=_agreed(one.caller, other.caller, "none"),
        emotion=_agreed(one.emotion, other.emotion, "calm"),
        source="joined",
    )


def _agreed(one: str | None, other: str | None, neutral: str) -> str | None:
    if one in (other, neutral):
        return other
    return one if other == neutral else None
