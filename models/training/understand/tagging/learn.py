"""Learning of a tagger: what it sees in each round, and the rounds."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import torch
from torch import Tensor

from callcore.understand.tag_features import known
from models.training.understand.tagging.batches import LABELS, Batch, batches, said_of
from models.training.understand.tagging.examples import Example, before_of
from models.training.understand.tagging.invented import Maker, pairs_of
from models.training.understand.tagging.network import Tagger
from models.training.understand.tagging.noise import Noise
from models.training.understand.tagging.phrases import Phrases, Swap, questions_of

CHARACTERS = 2600  #: that a model knows at most
COPIES = 6  #: of each turn of a call in a round, most with other secrets
MADE = 6000  #: turns of phrases in a round
PLAIN = 11000  #: turns of the corpus in a round
JOINED = 0.25  #: of the turns of phrases, with a turn of the corpus before or after them
FORGOTTEN = 0.15  #: of all, without what was said before
NOBODY = 0.15  #: of all, said by nobody knows whom
RATE, DECAY = 3e-3, 1e-4


@dataclass(frozen=True, slots=True)
class Material:
    """What there is to learn from. ``calls``: marked by hand, with the other side's words; ``plain``: of the corpus."""

    language: str
    tables: dict[str, Any]
    calls: Sequence[Example]
    sentences: Sequence[Example]
    plain: Sequence[Example]

    def characters(self) -> list[str]:
        """The characters that are common in it, and those of names."""
        counts: Counter[str] = Counter()
        for one in (*self.calls, *self.sentences, *self.plain):
            counts.update(said_of(one.text).text)
        names = "".join(str(self.tables.get(key, "")) for key in ("surnames", "rare_surnames", "two_syllables", "given"))
        counts.update({one: 5 for one in names if one.strip()})
        return sorted(one for one, count in counts.most_common(CHARACTERS) if count > 2)


class Rounds:
    """Examples of each round, drawn anew."""

    def __init__(self, material: Material, random: Random) -> None:
        self._material = material
        self._random = random
        maker = Maker(material.language, material.tables, random, pairs_of([one.text for one in material.plain]))
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
        found += [self._made() for _ in range(MADE)]
        plain = random.sample(list(material.plain), min(PLAIN, len(material.plain)))
        found += [self._placed(self._swap.swapped(one) if random.random() < 0.3 else one) for one in plain]
        return [self._noise.heard(self._told_less(one)) for one in found]

    def _made(self) -> Example:
        """A turn of phrases, alone or beside something else that its speaker says."""
        one = self._phrases.make()
        if self._random.random() >= JOINED or not self._material.plain:
            return one
        other = self._random.choice(self._material.plain)
        joint = self._random.choice(("，", "。", " ") if self._material.language == "zh" else (". ", " ", ", "))
        first, last = (one, other) if self._random.random() < 0.5 else (other, one)
        shift = len(first.text) + len(joint)
        marks = [*first.marks, *(replace(mark, start=mark.start + shift, end=mark.end + shift) for mark in last.marks)]
        return replace(one, text=first.text + joint + last.text, marks=tuple(marks))

    def _placed(self, one: Example) -> Example:
        """A turn of the corpus after one of the other side, as far as nobody can tell that it was not."""
        if self._random.random() < 0.35:
            return one
        other = self._random.choice(self._material.plain)
        return one if other.speaker is one.speaker else replace(one, before=before_of([other.text]))

    def _told_less(self, one: Example) -> Example:
        from callcore.types import Role

        if self._random.random() < FORGOTTEN:
            one = replace(one, before="")
        return replace(one, speaker=Role.UNKNOWN) if self._random.random() < NOBODY else one


def learned(material: Material, rounds: int, seed: int, watch: Any = None) -> tuple[Tagger, list[str]]:
    """A tagger and the characters that it knows. ``watch``: called with the tagger and characters after each round."""
    torch.manual_seed(seed)
    random = Random(seed)
    characters = material.characters()
    places = known(characters)
    tagger = Tagger(len(characters), len(LABELS))
    drawn = Rounds(material, random)
    examples = drawn.draw()
    steps = rounds * sum(1 for _ in batches(examples, places, random)) if watch is None else 0
    steps = steps or rounds * max(1, sum(len(one.text) + len(one.before) for one in examples) // 7000)
    optimiser = torch.optim.AdamW(tagger.parameters(), lr=RATE, weight_decay=DECAY, betas=(0.9, 0.98))
    done = 0
    for number in range(rounds):
        tagger.train()
        total = 0.0
        for one in batches(examples, places, random):
            share = min(1.0, done / steps)
            rate = RATE * min(1.0, done / 100) * (0.5 + 0.5 * math.cos(math.pi * share)) + 1e-5
            for group in optimiser.param_groups:
                group["lr"] = rate
            loss = loss_of(tagger, one)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(tagger.parameters(), 1.0)
            optimiser.step()
            total += float(loss)
            done += 1
        print(f"round {number + 1}: {len(examples)} turns, loss {total * rounds / max(1, steps):.4f}", flush=True)
        if watch:
            watch(tagger.eval(), characters)
        if number + 1 < rounds:
            examples = drawn.draw()
    return tagger.eval(), characters


def loss_of(tagger: Tagger, one: Batch) -> Tensor:
    """Mean over characters of what speaks against any of the labels that would be right."""
    scores = torch.log_softmax(tagger(one.rows, one.before, one.said), dim=2)
    right = torch.logsumexp(scores.masked_fill(~one.allowed, -1e9), dim=2)
    weights = one.weights[:, :, 0]
    return -(right * weights).sum() / weights.sum()
