"""Networks that were compared with the linear machines (compare.py); none of them ships."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
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
    """Sums the vectors of a position's n-grams; then a residual layer over the bag, or layers over the positions."""

    def __init__(self, kind: str, vocabulary: int, width: int, labels: int) -> None:
        super().__init__()
        self.kind = kind
        self.table = nn.Embedding(vocabulary + 1, width, padding_idx=0)
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

    def positions(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Vectors of the positions (texts, positions, width), and the share of n-grams seen (texts, positions, n)."""
        seen = (rows > 0).float()
        if self.training:
            seen = seen * (torch.rand_like(seen) >= HIDDEN_GRAMS) / (1 - HIDDEN_GRAMS)
            seen = seen * (torch.rand(seen.shape[:2]) >= HIDDEN_POSITIONS).float()[..., None]
        return (self.table(rows) * seen[..., None]).sum(2), seen

    def encode(self, x: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        """What the layers make of the positions."""
        if self.kind == "transformer":
            x = x + self.places.weight[: x.shape[1]]
        for layer in self.layers:
            x = layer(x, there)
        return x

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Logits (texts, labels) of ``rows`` (texts, positions, n), int64, 0 = none."""
        x, seen = self.positions(rows)
        bag = x.sum(1) / seen.sum((1, 2)).clamp(min=1.0).sqrt()[:, None]
        if self.kind == "bag":
            return self.out(self.drop(bag + self.residual(bag)))
        there = (rows > 0).any(2).float()
        x = self.encode(x, there)
        weights = torch.softmax(self.look(x)[..., 0] - 1e4 * (1 - there), 1)
        pooled = torch.cat([(x * weights[..., None]).sum(1), (x - 1e4 * (1 - there[..., None])).amax(1)], 1)
        return self.out(self.drop(bag)) + self.read(self.drop(pooled))


def batch(rows: Sequence[Rows]) -> torch.Tensor:
    """Rows of several texts, padded with 0: shape (texts, positions, n)."""
    shape = (len(rows), max(1, *(row.shape[0] for row in rows)), max(1, *(row.shape[1] for row in rows)))
    padded = np.zeros(shape, dtype=np.int64)
    for i, row in enumerate(rows):
        padded[i, : row.shape[0], : row.shape[1]] = row
    return torch.from_numpy(padded)


def learn(network: Network, rows: Sequence[Rows], classes: Sequence[int], rounds: int, seed: int) -> None:
    """Train on texts of one class each, with smoothed labels and a rate that rises and falls once."""
    order = np.random.default_rng(seed)
    size = 64
    steps = rounds * -(-len(rows) // size)
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=1e-5)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=steps, pct_start=0.1)
    network.train()
    for _ in range(rounds):
        places = order.permutation(len(rows))
        for start in range(0, len(rows), size):
            part = places[start : start + size]
            logits = network(batch([rows[i] for i in part]))
            cost = nn.functional.cross_entropy(logits, torch.tensor([classes[i] for i in part]), label_smoothing=0.1)
            optimiser.zero_grad()
            cost.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimiser.step()
            schedule.step()
    network.eval()


def pretrain(network: Network, rows: Sequence[Rows], rounds: int, seed: int) -> None:
    """Guess, of every text, the first n-gram (character or word) of positions whose n-grams are all hidden."""
    order = np.random.default_rng(seed)
    width = network.table.embedding_dim
    guess = nn.Linear(width, width)
    optimiser = torch.optim.AdamW([*network.parameters(), *guess.parameters()], lr=1e-3)
    network.train()
    for _ in range(rounds):
        places = order.permutation(len(rows))
        for start in range(0, len(rows), 64):
            whole = batch([rows[i] for i in places[start : start + 64]])[:, :40]
            hidden = (torch.rand(whole.shape[:2]) < 0.2) & (whole[..., 0] > 0)
            if not hidden.any():
                continue
            x, _ = network.positions(torch.where(hidden[..., None], 0, whole))
            x = network.encode(x, (whole > 0).any(2).float())
            wanted = whole[..., 0][hidden]
            others = wanted[torch.randperm(len(wanted))[:512]]
            choices = torch.unique(torch.cat([wanted, others]))
            logits = guess(x[hidden]) @ network.table(choices).T
            cost = nn.functional.cross_entropy(logits, torch.searchsorted(choices, wanted))
            optimiser.zero_grad()
            cost.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimiser.step()
    network.eval()


def predict(network: Network, rows: Sequence[Rows]) -> Floats:
    """Logits, shape (texts, labels)."""
    with torch.no_grad():
        parts = [network(batch(rows[i : i + 256])).numpy() for i in range(0, len(rows), 256)]
    return np.concatenate(parts)
