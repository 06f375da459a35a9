"""Networks over the n-gram vectors of a text's positions; the gated convolutions ship, beside the linear machines.

A position's vector is the sum of its n-grams' vectors. The sum over all positions, divided by the root of the number of
n-grams, goes straight to the labels; what the layers make of the positions is pooled (by learned weights, and the
largest values) and added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from models.training.understand.grams import Floats, Rows

KINDS = ("bag", "cnn", "transformer")
HIDDEN_GRAMS = 0.3  #: share of n-grams hidden while learning
HIDDEN_POSITIONS = 0.1
DROPPED_UNITS = 0.3
LAYERS = 2
HEADS = 4
MOST_POSITIONS = 160
BATCH = 64
RATE = 2e-3  #: highest of a rise and fall
OFTEN = 256  #: texts at a time where nothing is learned

Cost = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]  #: of logits, for the texts at these places


@dataclass(frozen=True, slots=True)
class Encoded:
    """A text: rows of its known n-grams in a row, and how many of them each position has; at least one position."""

    rows: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]


def encoded(rows: Rows) -> Encoded:
    """``rows``: shape (positions, n), 0 = none."""
    if not len(rows):
        return Encoded(np.zeros(0, dtype=np.int64), np.zeros(1, dtype=np.int64))
    known = rows > 0
    return Encoded(rows[known], known.sum(axis=1))


@dataclass(frozen=True, slots=True)
class Batch:
    """Several texts: all their n-grams in a row, where each position begins among them, and positions by text."""

    rows: torch.Tensor
    starts: torch.Tensor
    counts: torch.Tensor
    lengths: torch.Tensor

    @classmethod
    def of(cls, texts: Sequence[Encoded]) -> Batch:
        """Texts in a row."""
        counts = np.concatenate([text.counts for text in texts])
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        rows = np.concatenate([text.rows for text in texts])
        lengths = np.array([len(text.counts) for text in texts])
        return cls(*(torch.from_numpy(part.astype(np.int64)) for part in (rows, starts, counts, lengths)))


class Convolution(nn.Module):
    """A gated convolution over three positions, added to what goes in (Dauphin et al., 2017)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Conv1d(width, 2 * width, 3, padding=1)
        self.norm = nn.LayerNorm(width)
        self.drop = nn.Dropout(DROPPED_UNITS)

    def forward(self, x: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        """``x``: (texts, positions, width); ``there``: (texts, positions), 1 where a text has a position."""
        y = self.inner((self.norm(x) * there[..., None]).transpose(1, 2)).transpose(1, 2)
        return x + self.drop(nn.functional.glu(y, -1))


class Attention(nn.Module):
    """A transformer layer."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(
            width, HEADS, 2 * width, DROPPED_UNITS, activation="gelu", batch_first=True, norm_first=True
        )

    def forward(self, x: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        """As :meth:`Convolution.forward`."""
        return self.layer(x, src_key_padding_mask=there < 0.5)


class Network(nn.Module):
    """A residual layer over the bag of n-grams ("bag"), or layers over the positions ("cnn", "transformer")."""

    def __init__(self, kind: str, vocabulary: int, width: int, labels: int) -> None:
        super().__init__()
        self.kind = kind
        self.table = nn.EmbeddingBag(vocabulary + 1, width, mode="sum", padding_idx=0)
        nn.init.normal_(self.table.weight, std=0.1)
        with torch.no_grad():
            self.table.weight[0] = 0.0
        self.out = nn.Linear(width, labels)
        self.drop = nn.Dropout(DROPPED_UNITS)
        self.places = nn.Embedding(MOST_POSITIONS, width)
        nn.init.normal_(self.places.weight, std=0.1)
        inner = (nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.GELU(), self.drop, nn.Linear(2 * width, width))
        self.residual = nn.Sequential(*inner)
        layer = Convolution if kind == "cnn" else Attention
        self.layers = nn.ModuleList(layer(width) for _ in range(LAYERS if kind != "bag" else 0))
        self.look = nn.Linear(width, 1)
        self.read = nn.Linear(2 * width, labels)

    def positions(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Vectors of the positions, and of each text how long it is and how many n-grams are seen.

        Shapes (texts, positions, width); (texts, positions), 1 where there is a position; (texts,).
        """
        of_text = torch.repeat_interleave(torch.arange(len(batch.lengths)), batch.lengths)
        of_gram = torch.repeat_interleave(torch.arange(len(batch.counts)), batch.counts)
        seen = torch.ones(len(batch.rows))
        if self.training:
            seen = seen * (torch.rand(len(seen)) >= HIDDEN_GRAMS) / (1 - HIDDEN_GRAMS)
            seen = seen * (torch.rand(len(batch.counts)) >= HIDDEN_POSITIONS)[of_gram]
        vectors = self.table(batch.rows, batch.starts, per_sample_weights=seen)
        firsts = torch.cumsum(batch.lengths, 0) - batch.lengths
        places = torch.arange(len(of_text)) - firsts[of_text]
        shape = (len(batch.lengths), int(batch.lengths.max()))
        x = torch.zeros(*shape, vectors.shape[1]).index_put((of_text, places), vectors)
        there = torch.zeros(shape).index_put((of_text, places), torch.ones(len(of_text)))
        return x, there, torch.zeros(shape[0]).index_add(0, of_text[of_gram], seen)

    def encode(self, x: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        """What the layers make of the positions."""
        if self.kind == "transformer":
            x = x + self.places.weight[: x.shape[1]]
        for layer in self.layers:
            x = layer(x, there)
        return x

    def forward(self, batch: Batch) -> torch.Tensor:
        """Logits (texts, labels)."""
        x, there, seen = self.positions(batch)
        bag = x.sum(1) / seen.clamp(min=1.0).sqrt()[:, None]
        if self.kind == "bag":
            return self.out(self.drop(bag + self.residual(bag)))
        x = self.encode(x, there)
        weights = torch.softmax(self.look(x)[..., 0] - 1e4 * (1 - there), 1)
        pooled = torch.cat([(x * weights[..., None]).sum(1), (x - 1e4 * (1 - there[..., None])).amax(1)], 1)
        return self.out(self.drop(bag)) + self.read(self.drop(pooled))


def learn(network: Network, rounds: Iterable[tuple[Sequence[Encoded], Cost]], steps: int, seed: int) -> None:
    """Train for ``steps`` batches over rounds of texts, each with the cost of its texts' logits.

    A batch holds texts of about one length; the rate rises for a tenth of the steps and then falls.
    """
    order = np.random.default_rng(seed)
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=1e-5)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps, pct_start=0.1)
    network.train()
    for texts, cost in rounds:
        for part in batches(texts, order):
            value = cost(network(Batch.of([texts[i] for i in part])), torch.from_numpy(part))
            optimiser.zero_grad()
            value.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimiser.step()
            schedule.step()
    network.eval()


def batches(texts: Sequence[Encoded], order: np.random.Generator) -> list[npt.NDArray[np.int64]]:
    """Places of texts of about one length, in a drawn order."""
    lengths = np.array([len(text.counts) for text in texts])
    places = np.argsort(lengths + 6 * order.random(len(texts)))
    parts = [places[start : start + BATCH] for start in range(0, len(places), BATCH)]
    return [parts[i] for i in order.permutation(len(parts))]


def steps_of(texts: int, rounds: int) -> int:
    """Batches in ``rounds`` rounds of so many texts."""
    return rounds * -(-texts // BATCH)


def one_class(classes: Sequence[int]) -> Cost:
    """Cost of texts of one class each, labels smoothed."""
    wanted = torch.tensor(classes)
    return lambda logits, places: nn.functional.cross_entropy(logits, wanted[places], label_smoothing=0.1)


def pretrain(network: Network, texts: Sequence[Encoded], rounds: int, seed: int) -> None:
    """Guess, of every text, the first n-gram (character or word) of positions whose n-grams are all hidden."""
    order = np.random.default_rng(seed)
    width = network.table.embedding_dim
    guess = nn.Linear(width, width)
    optimiser = torch.optim.AdamW([*network.parameters(), *guess.parameters()], lr=1e-3)
    network.train()
    for _ in range(rounds):
        for part in batches(texts, order):
            whole = Batch.of([texts[i] for i in part])
            hidden = (torch.rand(len(whole.counts)) < 0.2) & (whole.counts > 0)
            if not hidden.any():
                continue
            wanted = whole.rows[whole.starts[hidden]]
            left = torch.where(torch.repeat_interleave(hidden, whole.counts), 0, whole.rows)
            x, there, _ = network.positions(Batch(left, whole.starts, whole.counts, whole.lengths))
            x = network.encode(x, there)[there > 0]
            others = wanted[torch.randperm(len(wanted))[:512]]
            choices = torch.unique(torch.cat([wanted, others]))
            logits = guess(x[hidden]) @ network.table.weight[choices].T
            cost = nn.functional.cross_entropy(logits, torch.searchsorted(choices, wanted))
            optimiser.zero_grad()
            cost.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimiser.step()
    network.eval()


def predict(network: Network, texts: Sequence[Encoded]) -> Floats:
    """Logits, shape (texts, labels)."""
    with torch.no_grad():
        parts = [network(Batch.of(texts[i : i + OFTEN])).numpy() for i in range(0, len(texts), OFTEN)]
    return np.concatenate(parts)
