"""Muon for the matrices of the layers, AdamW for the rest, and the rate over time.

Muon: Jordan et al., https://kellerjordan.github.io/posts/muon/ (momentum orthogonalised by Newton-Schulz steps).
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

MOMENTUM = 0.95
DECAY = 0.02  #: of weights, at the rate's scale
_QUINTIC = (3.4445, -4.7750, 2.0315)
_STEPS = 5


def orthogonal(stack: Tensor, compute: torch.dtype) -> Tensor:
    """The nearest matrices with equal singular values, roughly; ``stack`` is (matrices, rows, columns)."""
    a, b, c = _QUINTIC
    x = stack.to(compute)
    tall = x.shape[-2] > x.shape[-1]
    if tall:
        x = x.mT
    x = x / (x.flatten(1).norm(dim=1)[:, None, None] + 1e-7)
    for _ in range(_STEPS):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return (x.mT if tall else x).to(stack.dtype)


class Muon(torch.optim.Optimizer):
    """Orthogonalised momentum for matrices; those of equal shape are treated together."""

    def __init__(self, parameters: Iterable[nn.Parameter], lr: float, compute: torch.dtype) -> None:
        self._compute = compute
        super().__init__(list(parameters), {"lr": lr})

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        """One step from the gradients."""
        for group in self.param_groups:
            shapes: dict[torch.Size, list[nn.Parameter]] = {}
            for parameter in group["params"]:
                if parameter.grad is not None:
                    shapes.setdefault(parameter.shape, []).append(parameter)
            for same in shapes.values():
                self._step(same, group["lr"])

    def _step(self, same: list[nn.Parameter], rate: float) -> None:
        moved = []
        for parameter in same:
            momentum = self.state[parameter].setdefault("momentum", torch.zeros_like(parameter))
            gradient = parameter.grad
            assert gradient is not None
            momentum.lerp_(gradient, 1 - MOMENTUM)
            moved.append(gradient.lerp(momentum, MOMENTUM))
        updates = orthogonal(torch.stack(moved), self._compute)
        scale = max(1.0, same[0].shape[0] / same[0].shape[1]) ** 0.5
        for parameter, update in zip(same, updates, strict=True):
            parameter.mul_(1 - rate * DECAY).add_(update, alpha=-rate * scale)


def optimisers(model: nn.Module, compute: torch.dtype) -> list[torch.optim.Optimizer]:
    """Muon for the layers' matrices and AdamW for all else, their rates to be set before each step."""
    matrices, rest = [], []
    for name, parameter in model.named_parameters():
        (matrices if ".layers." in name and parameter.ndim == 2 else rest).append(parameter)
    return [Muon(matrices, 0.0, compute), torch.optim.AdamW(rest, 0.0, betas=(0.9, 0.98), weight_decay=0.0)]


def rate(step: int, warmup: int, decayed: float = 0.0) -> float:
    """Share of the full rate: rising, then constant; ``decayed``, 0 to 1: how much of the fall to nothing is over."""
    return min(1.0, (step + 1) / max(warmup, 1)) * max(0.0, 1 - decayed)
