"""The model of all heads that ships: linear machines and a network of gated convolutions, side by side.

Both learn from the same turns. Each turn comes as it is written, as rules would mishear it, and, where it has been said
to a recogniser, with some of the recogniser's errors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from callcore.understand.features import Grams, features, without_marks
from models.training.understand import linear, networks
from models.training.understand.augment import Noisy
from models.training.understand.calibrate import Sums
from models.training.understand.grams import Floats, known_grams, rows_of
from models.training.understand.heads import EXCLUSIVE, NO_TARGET, head_places, label_weights, targets
from models.training.understand.heard import HeardTurn, partly_heard
from models.training.understand.linear import Linear
from models.training.understand.material import Part
from models.training.understand.networks import Cost, Encoded, Network, encoded

MIN_COUNT = 2  #: texts in which an n-gram must occur to be known
MOST_SEEN = 60_000  #: n-grams that the machines learn over; of them the model keeps those that count most
C = 0.2  #: of the machines; between 0.1 and 1 they differ by a point
WIDTH = 96
ROUNDS = 12
VARIANTS = 3  #: misheard copies of each turn, of which the network sees one a round
AS_WRITTEN = 0.45  #: share of the turns of a round that come as they are written
HEARD = 0.5  #: of the others, where there is one, share that comes from a recogniser
MOST_KEPT = 0.8  #: of a recogniser's errors: CER spreads from 0 to 28 % where it makes 35 %
SHARE_OF_LIGHT = 0.35  #: of turns that count less, share that is in a round; those there count so much the more
SMOOTHED = 0.1  #: of a label, spread over the head
#: Most that a text counts for a label that it has, where several may hold.
FOR_MACHINES: Mapping[str, float] = {"topic": 2.0, "intent": 10.0, "cause": 10.0, "agent": 4.0, "customer": 4.0}
FOR_NETWORK: Mapping[str, float] = {"topic": 2.0, "intent": 2.0, "cause": 2.0, "agent": 2.0, "customer": 2.0}
COUNTS = {"cause": 0.5, "caller": 0.5, "in_scope": 0.5}  #: of a head; of all others 1


@dataclass(frozen=True, slots=True)
class Trained:
    """A model with the n-grams that it knows."""

    model: Linear
    network: Network | None
    known: Grams

    def sums(self, texts: Sequence[str]) -> Sums:
        """Of machines and network, both of shape (texts, labels)."""
        rows = [rows_of(features(without_marks(text)).grams, self.known) for text in texts]
        machines = self.model.margins(rows)
        if self.network is None:
            return Sums(machines, np.zeros_like(machines))
        return Sums(machines, networks.predict(self.network, [encoded(one) for one in rows]))


@dataclass(frozen=True, slots=True)
class Lessons:
    """Turns in all their forms; ``forms``: of each, first as written, then misheard, then from the recogniser."""

    forms: Sequence[Sequence[Grams]]
    heard_from: Sequence[int]  #: place of the first form from the recogniser
    wanted: Floats
    weights: Floats
    plain: Sequence[Grams] = ()  #: lines without labels, for the network to begin with

    @classmethod
    def of(
        cls, parts: Sequence[Part], heads: Mapping[str, tuple[str, ...]], noisy: Noisy, heard: Mapping[str, HeardTurn],
        seed: int, plain: Sequence[str] = (),
    ) -> Lessons:  # fmt: skip
        """Turns of ``parts``; ``heard``: by the text of a turn; ``plain``: lines without labels."""
        turns = [turn for part in parts for turn in part.turns]
        weights = np.array([part.weight for part in parts for _ in part.turns], dtype=np.float32)
        random = Random(seed)
        forms, heard_from = [], []
        for turn in turns:
            texts = [turn.text, *(noisy(turn.text, random) for _ in range(VARIANTS))]
            heard_from.append(len(texts))
            if one := heard.get(turn.text):
                texts += [partly_heard(one, random.random() * MOST_KEPT, random) for _ in range(VARIANTS)]
            forms.append([features(without_marks(text)).grams for text in texts])
        lines = [features(without_marks(line)).grams for line in plain]
        return cls(forms, heard_from, targets(turns, heads), weights, lines)

    def plain_and_misheard(self) -> tuple[list[Grams], Floats, Floats]:
        """Every turn as written and as misheard once, with targets and weights; and once as heard, where it was."""
        heard = [i for i, first in enumerate(self.heard_from) if len(self.forms[i]) > first]
        places = np.concatenate([np.arange(len(self.forms))] * 2 + [np.array(heard, dtype=np.int64)])
        grams = [form[0] for form in self.forms] + [form[1] for form in self.forms]
        grams += [self.forms[i][self.heard_from[i]] for i in heard]
        return grams, self.wanted[places], self.weights[places]


def train_mixture(
    lessons: Lessons, heads: Mapping[str, tuple[str, ...]], most_grams: int, rounds: int, seed: int
) -> Trained:
    """Machines first; then the network, over the n-grams that count most for them."""
    grams, wanted, weights = lessons.plain_and_misheard()
    known = known_grams(grams, MIN_COUNT, MOST_SEEN)
    rows = [rows_of(one, known) for one in grams]
    each = label_weights(wanted, weights, heads, FOR_MACHINES)
    whole = linear.learn(rows, wanted, each, len(known), C, seed)
    model, kept = linear.pruned(whole, most_grams)
    return Trained(model, _network(lessons, heads, known[kept], rounds, seed), known[kept])


def _network(lessons: Lessons, heads: Mapping[str, tuple[str, ...]], known: Grams, rounds: int, seed: int) -> Network:
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    network = Network("cnn", len(known), WIDTH, lessons.wanted.shape[1])
    held = lessons.wanted == 1
    share = held.sum(axis=0) / np.maximum((lessons.wanted != NO_TARGET).sum(axis=0), 1)
    with torch.no_grad():
        network.out.bias.copy_(torch.from_numpy(np.log(np.clip(share, 1e-3, 0.5)).astype(np.float32)))
    forms = [[encoded(rows_of(grams, known)) for grams in texts] for texts in lessons.forms]
    order = np.random.default_rng(seed)
    in_a_round = [_places(lessons.weights, order) for _ in range(rounds)]
    steps = sum(networks.steps_of(len(places), 1) for places in in_a_round)
    if lessons.plain:
        lines = [encoded(rows_of(grams, known)) for grams in lessons.plain]
        networks.pretrain(network, [*(texts[0] for texts in forms), *lines], 1, seed)
    networks.learn(network, _rounds(lessons, forms, in_a_round, heads, seed), steps, seed)
    return network


def _places(weights: Floats, order: np.random.Generator) -> npt.NDArray[np.int64]:
    """Turns of one round: all that count in full, and a share of the others."""
    return np.flatnonzero((weights >= 1) | (order.random(len(weights)) < SHARE_OF_LIGHT))


def _rounds(
    lessons: Lessons,
    forms: Sequence[Sequence[Encoded]],
    in_a_round: Sequence[npt.NDArray[np.int64]],
    heads: Mapping[str, tuple[str, ...]],
    seed: int,
) -> Iterator[tuple[Sequence[Encoded], Cost]]:
    random = Random(seed)
    light = np.minimum(lessons.weights / SHARE_OF_LIGHT, 1.0)
    each = label_weights(lessons.wanted, np.where(lessons.weights >= 1, lessons.weights, light), heads, FOR_NETWORK)
    for places in in_a_round:
        texts = [_form(forms[i], lessons.heard_from[i], random) for i in places]
        yield texts, all_heads(lessons.wanted[places], each[places], heads)


def _form(forms: Sequence[Encoded], heard_from: int, random: Random) -> Encoded:
    if random.random() < AS_WRITTEN:
        return forms[0]
    heard = len(forms) > heard_from and random.random() < HEARD
    return random.choice(forms[heard_from:] if heard else forms[1:heard_from])


def all_heads(wanted: Floats, weights: Floats, heads: Mapping[str, tuple[str, ...]]) -> Cost:
    """Cost of texts of which each head is known or not; labels smoothed, all heads of a text added up.

    ``wanted``, ``weights``: shape (texts, labels).
    """
    aims, counts = torch.from_numpy(wanted), torch.from_numpy(weights)

    def cost(logits: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
        total = torch.zeros(len(places))
        for head, place in head_places(heads).items():
            one = _exclusive if head in EXCLUSIVE else _several
            part = one(logits[:, place], aims[places][:, place], counts[places][:, place])
            total = total + COUNTS.get(head, 1.0) * part
        return total.mean()

    return cost


def _exclusive(logits: torch.Tensor, aims: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    known = (aims != NO_TARGET).any(1)
    wanted = aims.clamp(min=0) * (1 - SMOOTHED) + SMOOTHED / aims.shape[1]
    return -(wanted * torch.log_softmax(logits, 1)).sum(1) * known * counts[:, 0]


def _several(logits: torch.Tensor, aims: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    off = SMOOTHED / 10 if aims.shape[1] > 1 else SMOOTHED
    wanted = aims.clamp(min=0) * (1 - 2 * off) + off
    each = nn.functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    return (each * (aims != NO_TARGET) * counts).sum(1)
