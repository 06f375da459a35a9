"""The tagger's network: dilated convolutions over characters, and what stands out of the question and of the turn."""

from __future__ import annotations

import torch
from torch import Tensor, nn

WIDTH = 64
BELOW, ABOVE = (1, 2, 4), (8, 4, 1)  #: dilations of the layers before and after the two sides are summed up
LOST = 0.15  #: share of values that a layer does without in training
_LOW = -1e4


class Layer(nn.Module):
    """Each position with those ``dilation`` before and after it, gated (Dauphin et al., arXiv 1612.08083)."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.norm = nn.LayerNorm(width)
        self.inner = nn.Linear(3 * width, 2 * width)
        self.lost = nn.Dropout(LOST)

    def forward(self, x: Tensor, real: Tensor) -> Tensor:
        """``x``: (turns, positions, width); ``real``: (turns, positions, 1), 0 where a turn has ended."""
        normed = self.norm(x) * real
        padded = nn.functional.pad(normed, (0, 0, self.dilation, self.dilation))
        size = x.shape[1]
        views = [padded[:, i * self.dilation : i * self.dilation + size] for i in range(3)]
        value, gate = self.inner(torch.cat(views, dim=2)).chunk(2, dim=2)
        return x + self.lost(value * torch.sigmoid(gate))


class Tagger(nn.Module):
    """Rows of characters to a logit for each label."""

    def __init__(self, size: int, labels: int, width: int = WIDTH) -> None:
        """``size``: rows of the table."""
        super().__init__()
        self.table = nn.Embedding(size, width)
        nn.init.normal_(self.table.weight, std=0.1)
        self.lost = nn.Dropout(LOST)
        self.below = nn.ModuleList(Layer(width, dilation) for dilation in BELOW)
        self.around = nn.Linear(2 * width, width)
        self.above = nn.ModuleList(Layer(width, dilation) for dilation in ABOVE)
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, labels)

    def forward(self, rows: Tensor, before: Tensor, said: Tensor) -> Tensor:
        """Logits (turns, positions, labels). ``rows``: (turns, positions, columns); ``before``, ``said``: whose the
        positions are, (turns, positions, 1), 1 or 0.
        """
        real = before + said
        x = self.lost(self.table(rows).sum(dim=2))
        for layer in self.below:
            x = layer(x, real)
        sides = [(x + (side - 1) * -_LOW).amax(dim=1) for side in (before, said)]
        x = x + self.around(torch.cat(sides, dim=1)).unsqueeze(1)
        for layer in self.above:
            x = layer(x, real)
        logits: Tensor = self.out(self.norm(x))
        return logits
