"""Learning of a tagger: what it sees in each round, and the rounds."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import numpy as np
import torch
from torch import Tensor

from callcore.types import Role
from callcore.understand.tag_features import Vocabulary, grams
from models.training.understand.tagging.batches import LABELS, Batch, batch, grouped, said_of
from models.training.understand.tagging.examples import Example, before_of
from models.training.understand.tagging.invented import pairs_of
from models.training.understand.tagging.makers import maker as maker_of
from models.training.understand.tagging.network import Tagger
from models.training.understand.tagging.noise import Noise
from models.training.understand.tagging.phrases import Phrases, Swap, questions_of

CHARACTERS = 2600  #: that a model knows at most
GRAMS = 8000  #: that too
COMMON = 4  #: turns that hold a gram that is known
COPIES = 4  #: of each turn of a call in a round, most with other secrets
#: turns of phrases and of the corpus in a round; of English calls there are fewer, so that phrases count more
MADE = {"zh": 5000, "en": 6500}
PLAIN = {"zh": 7000, "en": 6000}
JOINED = 0.25  #: of the turns of phrases, with a turn of the corpus before or after them
FORGOTTEN = 0.15  #: of all, without what was said before
NOBODY = 0.15  #: of all, said by nobody knows whom
RATE, LEAST_RATE, DECAY = 3e-3, 1e-5, 1e-4
WARM = 100  #: steps of the rise


@dataclass(frozen=True, slots=True)
class Material:
    """What there is to learn from. ``calls``: marked by hand, with the other side's words; ``plain``: of the corpus."""

    language: str
    tables: dict[str, Any]
    calls: Sequence[Example]
    sentences: Sequence[Example]
    plain: Sequence[Example]

    def vocabulary(self) -> tuple[str, list[int]]:
        """The characters that are common in it, with those of names; the checksums of grams that are common in what is
        no secret.
        """
        letters: Counter[str] = Counter()
        pairs: Counter[int] = Counter()
        for one in (*self.calls, *self.sentences, *self.plain):
            text = said_of(one.text).text
            letters.update(text)
            secret = {i for mark in one.marks for i in range(mark.start, mark.end)}
            found = enumerate(grams(text))
            pairs.update({gram for at, both in found if at not in secret for gram in both})
        names = "".join(
            str(self.tables.get(key, "")) for key in ("surnames", "rare_surnames", "two_syllables", "given")
        )
        letters.update({one: 5 for one in names if one.strip()})
        return (
            "".join(sorted(one for one, count in letters.most_common(CHARACTERS) if count > 2)),
            sorted(gram for gram, count in pairs.most_common(GRAMS) if count >= COMMON),
        )


class Rounds:
    """Examples of each round, drawn anew."""

    def __init__(self, material: Material, random: Random) -> None:
        self._material = material
        self._random = random
        maker = maker_of(material.language, material.tables, random, pairs_of([one.text for one in material.plain]))
        self._swap = Swap(maker, random)
        self._phrases = Phrases(maker, material.tables, random, questions_of(material.calls))
        texts = [one.text for one in (*material.plain, *material.calls)]
        self._noise = Noise(material.language, texts, random)

    def draw(self) -> list[Example]:
        """The examples of the next round."""
        material, random = self._material, self._random
        found = []
        for one in material.calls:
            copies = COPIES if one.marks else 2
            found += [one if random.random() < 0.25 else self._swap.swapped(one) for _ in range(copies)]
        found += [self._swap.swapped(one) for one in material.sentences for _ in range(3)]
        found += [self._made() for _ in range(MADE[material.language])]
        plain = random.sample(list(material.plain), min(PLAIN[material.language], len(material.plain)))
        found += [self._placed(self._swap.swapped(one) if random.random() < 0.3 else one) for one in plain]
        return [self._noise.heard(self._told_less(one)) for one in found]

    def _made(self) -> Example:
        """A turn of phrases, alone or beside something else that its speaker says."""
        one = self._written(self._phrases.make())
        if self._random.random() >= JOINED or not self._material.plain:
            return one
        other = self._random.choice(self._material.plain)
        joint = self._random.choice(("，", "。", " ") if self._material.language == "zh" else (". ", " ", ", "))
        first, last = (one, other) if self._random.random() < 0.5 else (other, one)
        shift = len(first.text) + len(joint)
        marks = [*first.marks, *(replace(mark, start=mark.start + shift, end=mark.end + shift) for mark in last.marks)]
        return replace(one, text=first.text + joint + last.text, marks=tuple(marks))

    def _written(self, one: Example) -> Example:
        """With the marks and capitals of a written turn, as often as not."""
        if self._random.random() < 0.4 or not one.text:
            return one
        zh = self._material.language == "zh"
        end = self._random.choice("。。。？，" if zh else "...?,") if one.text[-1].isalnum() else ""
        before = one.before
        if before and before[-1].isalnum():
            before = before[0].upper() + before[1:] + self._random.choice("？。" if zh else "?.?")
        return replace(one, text=one.text[0].upper() + one.text[1:] + end, before=before)

    def _placed(self, one: Example) -> Example:
        """A turn of the corpus after one of the other side, as far as nobody can tell that it was not."""
        if self._random.random() < 0.35:
            return one
        other = self._random.choice(self._material.plain)
        return one if other.speaker is one.speaker else replace(one, before=before_of([other.text]))

    def _told_less(self, one: Example) -> Example:
        if self._random.random() < FORGOTTEN:
            one = replace(one, before="")
        return replace(one, speaker=Role.UNKNOWN) if self._random.random() < NOBODY else one


def learned(material: Material, rounds: int, seed: int, watch: Any = None) -> tuple[Tagger, str, list[int]]:
    """A tagger, the characters and the grams that it knows. ``watch``: called with these after each round."""
    torch.manual_seed(seed)
    random = Random(seed)
    characters, checksums = material.vocabulary()
    places = Vocabulary.of(characters, np.array(checksums, dtype=np.uint32))
    tagger = Tagger(places.size, len(LABELS))
    drawn = Rounds(material, random)
    groups = grouped(drawn.draw(), random)
    steps = rounds * len(groups)
    optimiser = torch.optim.AdamW(tagger.parameters(), lr=RATE, weight_decay=DECAY, betas=(0.9, 0.98))
    done = 0
    for number in range(rounds):
        tagger.train()
        total = 0.0
        for group in groups:
            for parameters in optimiser.param_groups:
                parameters["lr"] = _rate(done, steps)
            loss = loss_of(tagger, batch(group, places, random))
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(tagger.parameters(), 1.0)
            optimiser.step()
            total += loss.item()
            done += 1
        print(f"round {number + 1}: {sum(map(len, groups))} turns, loss {total / len(groups):.4f}", flush=True)
        if watch:
            watch(tagger.eval(), places)
        if number + 1 < rounds:
            groups = grouped(drawn.draw(), random)
    return tagger.eval(), characters, checksums


def _rate(done: int, steps: int) -> float:
    """Learning rate: a short rise, then along a cosine to nearly nothing."""
    falling = 0.5 + 0.5 * math.cos(math.pi * min(1.0, done / steps))
    return RATE * min(1.0, done / WARM) * falling + LEAST_RATE


def loss_of(tagger: Tagger, one: Batch) -> Tensor:
    """Mean over characters of what speaks against any of the labels that would be right."""
    scores = torch.log_softmax(tagger(one.rows, one.before, one.said), dim=2)
    right = torch.logsumexp(scores.masked_fill(~one.allowed, -1e9), dim=2)
    weights = one.weights[:, :, 0]
    return -(right * weights).sum() / weights.sum()
