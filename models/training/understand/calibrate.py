"""From the sums of machines and network to probabilities, and thresholds; on texts that neither has learned from.

How much each of the two counts is learned with the calibration, head by head.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from models.training.understand.grams import Floats
from models.training.understand.heads import EXCLUSIVE, NO_TARGET, head_places

GRID = np.arange(0.1, 0.91, 0.02)
ONE_POINT = 0.01
FEW = 30  #: texts of a head below which nothing is chosen
LOWEST_CEILING = 0.9  #: what is lower than that among held-out turns is wrong labels of theirs, not doubt of the model
SMALL = 1e-4  #: of the squared numbers of a scale, added to its cost
SCOPE = "in_scope"


@dataclass(frozen=True, slots=True)
class Scale:
    """How sums become logits: ``machines * linear + network * net + offset``.

    Labels of which several may hold still rule one another out in part: ``rivals`` times the soft maximum (log of the
    sum of exponentials, ``sharpness`` times as sharp) of the head's sums is taken off. No label is surer than
    ``ceiling``: a share of what people have labelled is wrong.
    """

    machines: float = 3.0
    network: float = 0.0
    offset: float = 0.0
    rivals: float = 0.0
    sharpness: float = 1.0
    ceiling: float = 1.0


Scales = dict[str, Scale]


@dataclass(frozen=True, slots=True)
class Sums:
    """What machines and network say of texts, both of shape (texts, labels); a model without a network says 0."""

    machines: Floats
    network: Floats

    def at(self, texts: object, labels: slice) -> Sums:
        """Of some texts and some labels."""
        return Sums(self.machines[texts][:, labels], self.network[texts][:, labels])  # type: ignore[index]


def joined(sums: list[Sums]) -> Sums:
    """Texts of all, one after the other."""
    return Sums(np.concatenate([one.machines for one in sums]), np.concatenate([one.network for one in sums]))


def probabilities(sums: Sums, head: str, scale: Scale) -> Floats:
    """Shape (texts, labels); of heads whose labels exclude each other they add up to 1."""
    numbers = torch.tensor(
        [scale.machines, scale.network, scale.offset, scale.rivals, scale.sharpness], dtype=torch.float64
    )
    values = _logits(_tensors(sums), head, numbers)
    if head in EXCLUSIVE:
        return np.asarray(torch.softmax(values, 1).numpy(), dtype=np.float32)
    return np.asarray(torch.sigmoid(values).numpy() * scale.ceiling, dtype=np.float32)


def scales(sums: Sums, wanted: Floats, heads: Mapping[str, tuple[str, ...]]) -> Scales:
    """The scale of least negative log-likelihood, head by head (as Platt, 1999; Guo et al., 2017)."""
    found: Scales = {}
    for head, place in head_places(heads).items():
        known = (wanted[:, place] != NO_TARGET).any(axis=1)
        enough = known.sum() >= FEW
        found[head] = _scale(sums.at(known, place), wanted[known][:, place], head) if enough else Scale()
    return found


def _tensors(sums: Sums) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.from_numpy(sums.machines.astype(np.float64)), torch.from_numpy(sums.network.astype(np.float64))


def _logits(sums: tuple[torch.Tensor, torch.Tensor], head: str, numbers: torch.Tensor) -> torch.Tensor:
    """Logits before the ceiling. ``numbers``: machines, network, offset, rivals, sharpness."""
    values = sums[0] * numbers[0] + sums[1] * numbers[1]
    if head in EXCLUSIVE:
        return values
    if values.shape[1] > 1:
        soft = torch.logsumexp(numbers[4] * values, 1, keepdim=True) / numbers[4]
        values = values - numbers[3] * soft
    return values + numbers[2]


def _scale(sums: Sums, aims: Floats, head: str) -> Scale:
    """Found by L-BFGS over sums of variance 1; sharpness as its logarithm, the ceiling by a sigmoid."""
    spreads = [max(float(part.std()), 1e-6) for part in (sums.machines, sums.network)]
    mixed = sums.network.any()
    parts = tuple(part / spread for part, spread in zip(_tensors(sums), spreads, strict=True))
    wanted = torch.from_numpy(aims.astype(np.float64))
    several = head not in EXCLUSIVE and wanted.shape[1] > 1
    start = [1.0, 1.0 if mixed else 0.0, -1.0, 0.5 if several else 0.0, 0.0, 0.0]
    free = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    moving = torch.tensor([1.0, float(mixed), float(head not in EXCLUSIVE), *[float(several)] * 3], dtype=torch.float64)
    fixed = torch.tensor(start, dtype=torch.float64)

    def numbers() -> torch.Tensor:
        return free * moving + fixed * (1 - moving)

    def cost() -> torch.Tensor:
        optimiser.zero_grad()
        now = numbers()
        logits = _logits((parts[0], parts[1]), head, torch.cat([now[:4], now[4:5].exp()]))
        value = _cost(logits, _ceiling(now[5]).log() if several else None, wanted, head)
        value = value + SMALL * (now * moving).square().sum()
        value.backward()
        return value

    optimiser = torch.optim.LBFGS([free], max_iter=300, line_search_fn="strong_wolfe")
    optimiser.step(cost)
    last = numbers().detach()
    return Scale(
        machines=round(float(last[0]) / spreads[0], 4),
        network=round(float(last[1]) / spreads[1], 4) if mixed else 0.0,
        offset=round(float(last[2]), 4) if head not in EXCLUSIVE else 0.0,
        rivals=round(float(last[3]), 4),
        sharpness=round(float(last[4].exp()), 4),
        ceiling=round(float(_ceiling(last[5])), 4) if several else 1.0,
    )


def _ceiling(free: torch.Tensor) -> torch.Tensor:
    return LOWEST_CEILING + (0.9999 - LOWEST_CEILING) * torch.sigmoid(free)


def _cost(logits: torch.Tensor, log_ceiling: torch.Tensor | None, wanted: torch.Tensor, head: str) -> torch.Tensor:
    if head in EXCLUSIVE:
        return -(torch.log_softmax(logits, 1) * (wanted == 1)).sum(1).mean()
    yes, no = nn.functional.logsigmoid(logits), nn.functional.logsigmoid(-logits)
    if log_ceiling is not None:
        # 1 - k * s = (1 - s) + (1 - k) * s
        no = torch.logaddexp(no, yes + torch.log(-torch.expm1(log_ceiling)))
        yes = yes + log_ceiling
    each = torch.where(wanted == 1, yes, no) * (wanted != NO_TARGET)
    return -each.sum(1).mean()


def threshold_several(likely: Floats, aims: Floats) -> float:
    """Highest threshold whose mean F1 over the labels that occur is within a point of the best: fewer wrong labels."""
    known = aims != NO_TARGET
    held = (aims == 1) & known
    scores = []
    for level in GRID:
        said = (likely >= level) & known
        both = said.sum(axis=0) + held.sum(axis=0)
        each = 2 * (said & held).sum(axis=0) / np.maximum(both, 1)
        scores.append(float(each[held.any(axis=0)].mean()))
    near = [level for level, score in zip(GRID, scores, strict=True) if score >= max(scores) - ONE_POINT]
    return round(float(max(near)), 2)


def threshold_one(likely: Floats, aims: Floats, precision: float) -> float:
    """Lowest threshold at which the likeliest label is right in ``precision`` of the answers, at most 0.6."""
    best, right = likely.max(axis=1), aims[np.arange(len(aims)), likely.argmax(axis=1)] == 1
    for level in GRID:
        kept = best >= level
        if kept.any() and right[kept].mean() >= precision:
            return round(float(min(level, 0.6)), 2)
    return 0.6


def threshold_scope(sets: Sequence[tuple[Floats, Floats]]) -> float:
    """Threshold that keeps in-scope and out-of-scope recall highest on average, in scope counting three times.

    ``sets``: of each the probabilities and what is right; all count alike.
    """
    known = [(likely[:, 0], aims[:, 0] == 1) for likely, aims in sets]
    if any(inside.all() or not inside.any() for _, inside in known):
        return 0.5
    grid = np.arange(0.05, 0.96, 0.01)
    values = [
        sum(3 * float((p[inside] >= level).mean()) + float((p[~inside] < level).mean()) for p, inside in known)
        for level in grid
    ]
    return round(float(grid[int(np.argmax(values))]), 2)
