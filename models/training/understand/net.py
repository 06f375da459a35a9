"""The network: a bag of n-grams with a residual layer, one linear read-out for all heads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the network. ``width``: of an n-gram's vector; ``hidden``: of the residual layer."""

    vocabulary: int
    width: int
    hidden: int
    labels: int


@dataclass(frozen=True, slots=True)
class Noise:
    """What is hidden from the network while it learns: single n-grams, whole positions, units of the layers."""

    grams: float = 0.3
    positions: float = 0.1
    units: float = 0.3


class Bag(nn.Module):
    """Sum of the vectors of all known n-grams over the root of their number, then ``z + mlp(z)``, then a linear layer.

    After Joulin et al., "Bag of tricks for efficient text classification" (2017), with a residual layer.
    """

    def __init__(self, shape: Shape, noise: Noise) -> None:
        super().__init__()
        self.noise = noise
        self.table = nn.Embedding(shape.vocabulary + 1, shape.width, padding_idx=0)  # row 0: no such n-gram
        nn.init.normal_(self.table.weight, std=0.1)
        with torch.no_grad():
            self.table.weight[0] = 0.0
        self.norm = nn.LayerNorm(shape.width)
        self.inner = nn.Linear(shape.width, shape.hidden)
        self.outer = nn.Linear(shape.hidden, shape.width)
        self.out = nn.Linear(shape.width, shape.labels)
        self.drop = nn.Dropout(noise.units)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Logits, shape (texts, labels), of ``rows``: shape (texts, positions, grams), int64, 0 = none."""
        return self.read_out(self.bag(rows))

    def bag(self, rows: torch.Tensor) -> torch.Tensor:
        """The bag alone, shape (texts, width)."""
        seen = (rows > 0).float()
        if self.training:
            seen = seen * (torch.rand_like(seen) >= self.noise.grams)
            seen = seen * (torch.rand(seen.shape[:2]) >= self.noise.positions).float()[..., None]
        flat = rows.flatten(1)
        weights = seen.flatten(1)
        total = torch.bmm(weights[:, None], self.table(flat))[:, 0]
        return total / weights.sum(1).clamp(min=1.0).sqrt()[:, None]

    def read_out(self, bag: torch.Tensor) -> torch.Tensor:
        """Logits of bags."""
        inner = nn.functional.gelu(self.inner(self.norm(bag)))
        return self.out(self.drop(bag + self.outer(self.drop(inner))))


def batch(rows: Sequence[Rows]) -> torch.Tensor:
    """Rows of several texts, padded with 0: shape (texts, positions, grams)."""
    shape = (len(rows), max(1, *(row.shape[0] for row in rows)), max(1, *(row.shape[1] for row in rows)))
    padded = np.zeros(shape, dtype=np.int64)
    for i, row in enumerate(rows):
        padded[i, : row.shape[0], : row.shape[1]] = row
    return torch.from_numpy(padded)
