"""What each language's model learns from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import numpy as np

from callcore.evaluate.labelled import LabelledTurn, read_corpus
from callcore.understand.catalogue import Catalogue
from models.training.understand.heads import head_places, product_heads, targets
from models.training.understand.learn import Material
from models.training.understand.sets import read_set

CORPUS = Path(__file__).parent / "corpus"
NEUTRAL = {"category": "none", "caller": "none", "emotion": "calm"}


@dataclass(frozen=True, slots=True)
class Part:
    """Turns of one origin, how much each counts, and the share of them in one round."""

    turns: Sequence[LabelledTurn]
    weight: float = 1.0
    share: float = 1.0


def parts_zh(data: Path, seed: int) -> list[Part]:
    """Own turns, CPED for emotion, and other people's talk as out of scope."""
    cped = read_set("mapping_cped.toml", [data / "emotion_text_zh" / "cped_test.tsv"])
    return [
        Part(own_turns("zh", seed)),
        Part(cped, weight=0.3, share=0.3),
        Part(_elsewhere_zh(data, seed), weight=0.5, share=0.4),
    ]


def parts_en(data: Path, seed: int) -> list[Part]:
    """Own turns, and five public sets."""
    intents = data / "intent_en"
    clinc = read_set("mapping_clinc150.toml", [intents / "clinc150_train.tsv", intents / "clinc150_val.tsv"])
    return [
        Part(own_turns("en", seed)),
        Part(read_set("mapping_banking77.toml", [intents / "banking77_train.tsv"]), weight=0.7, share=0.7),
        Part([turn for turn in clinc if turn.in_scope]),
        Part([turn for turn in clinc if not turn.in_scope], weight=0.5, share=0.4),
        Part(read_set("mapping_multidogo.toml", [intents / "multidogo_finance_train.tsv"]), weight=0.5, share=0.3),
        Part(read_set("mapping_nlupp.toml", [intents / "nlupp_banking.tsv"]), weight=0.5),
        Part(
            read_set("mapping_goemotions.toml", [data / "emotion_text_en" / "goemotions_train_20k.tsv"]),
            weight=0.5,
            share=0.4,
        ),
    ]


def own_turns(language: str, seed: int, part: str = "train") -> tuple[LabelledTurn, ...]:
    """The project's own corpus; none where it has not been written."""
    folder = CORPUS / language / part
    return read_corpus(folder, language, seed=seed) if folder.is_dir() else ()


def _elsewhere_zh(data: Path, seed: int) -> list[LabelledTurn]:
    """Sentences about films, music, sights and families: long enough to say something, and without a bank's words."""
    terms = {term.lower() for topic in Catalogue.load().taxonomy.topic for term in topic.terms_zh}
    terms |= set("银行 钱 卡 账 贷 存款 客服 投诉 密码 短信 手机 支付 利息 转 谢谢 再见 你好".split())
    random = Random(seed)
    found: list[LabelledTurn] = []
    for name in ("kdconv.txt", "crosswoz.txt", "cped.txt"):
        lines = (data / "text_zh" / name).read_text(encoding="utf-8").split("\n")
        lines = [line for line in lines if len(line) >= 8 and not any(term in line for term in terms)]
        for line in random.sample(lines, min(3000, len(lines))):
            found.append(LabelledTurn(line, category="none", topics=(), in_scope=False, source=name))
    return found


def material(parts: Sequence[Part]) -> Material:
    """All parts as one."""
    heads = product_heads()
    places = head_places(heads)
    turns = [turn for part in parts for turn in part.turns]
    wanted = targets(turns, heads).values
    neutral = {head: places[head].start + heads[head].index(label) for head, label in NEUTRAL.items()}
    whole = np.flatnonzero([t.caller is not None and t.emotion is not None for t in turns])
    return Material(
        texts=[turn.text for turn in turns],
        targets=wanted,
        weights=np.array([part.weight for part in parts for _ in part.turns], dtype=np.float32),
        shares=np.array([part.share for part in parts for _ in part.turns], dtype=np.float32),
        places=places,
        neutral=neutral,
        whole=whole.astype(np.int64),
    )


def held_out(parts: Sequence[Part], share: float, seed: int) -> tuple[list[Part], list[LabelledTurn]]:
    """The parts without a share of the first one's turns (of all of them where it is empty), and those turns."""
    random = Random(seed + 1)
    kept: list[Part] = []
    taken: list[LabelledTurn] = []
    for number, part in enumerate(parts):
        if number and parts[0].turns:
            kept.append(part)
            continue
        away = {turn.text for turn in part.turns if random.random() < share}
        kept.append(replace(part, turns=[turn for turn in part.turns if turn.text not in away]))
        taken += [turn for turn in part.turns if turn.text in away]
    return kept, taken
