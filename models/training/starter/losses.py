"""What training minimises: the text, the syllable of every frame, and where the decoder listens."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from models.training.starter.model import Starter
from models.training.starter.talkers import frame_tables

FRAME_WEIGHT = 0.25  #: of each of the four frame losses
GUIDE_WEIGHT = 0.2


@dataclass(frozen=True, slots=True)
class Losses:
    """Scalars; ``total`` is what is minimised, the rest is shown."""

    total: Tensor
    text: Tensor
    syllable: Tensor
    guide: Tensor
    right: Tensor  #: share of text tokens that are right, inputs given
    frames_right: Tensor  #: share of spoken frames whose syllable is right


class Criterion:
    """Losses of a batch; holds the tables of initials and finals."""

    def __init__(self, language: str, device: torch.device) -> None:
        self._initials, self._finals = (torch.tensor(table, device=device) for table in frame_tables(language))

    def __call__(self, model: Starter, batch: dict[str, Tensor], compute: torch.dtype, padded: bool) -> Losses:
        """Losses of one batch. ``padded``: the encoder sees the positions after the longest window too."""
        encoded = model.encoder(batch["features"].to(compute), padded)
        scores, attention = model.decoder(batch["inputs"], encoded)
        targets = batch["targets"]
        text = F.cross_entropy(scores.flatten(0, 1), targets.flatten(), ignore_index=-1)
        guide = guided(attention, batch["spans"])
        spoken = encoded[:, : batch["syllables"].shape[1]]
        frames, syllable, frames_right = self._frames(model, spoken, batch["syllables"], batch["tones"])
        total = text + FRAME_WEIGHT * frames + GUIDE_WEIGHT * guide
        known = targets >= 0
        right = (scores.argmax(-1) == targets)[known].float().mean()
        return Losses(total, text.detach(), syllable.detach(), guide.detach(), right, frames_right)

    def _frames(
        self, model: Starter, spoken: Tensor, syllables: Tensor, tones: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        wanted, tones = syllables.flatten(), tones.flatten()
        known = wanted >= 0
        table = wanted.clamp(min=0)
        flat = spoken.flatten(0, 1)
        scores = model.syllable(flat).float()
        syllable = F.cross_entropy(scores, wanted, ignore_index=-1)
        initial = F.cross_entropy(model.initial(flat).float(), self._initials[table].where(known, -1), ignore_index=-1)
        final = F.cross_entropy(model.final(flat).float(), self._finals[table].where(known, -1), ignore_index=-1)
        tone = F.cross_entropy(model.tone(flat).float(), tones, ignore_index=-1)
        right = (scores.argmax(-1) == wanted)[wanted > 0].float().mean()
        return syllable + initial + final + tone, syllable, right


def guided(attention: Tensor, spans: Tensor) -> Tensor:
    """Cross-entropy of the alignment heads against even attention over each target's span.

    ``attention``: log, (batch, heads, tokens, positions). ``spans``: (batch, tokens, 2), -1 where there is none.
    Guided attention after arXiv 1710.08969, with exact times in place of a diagonal.
    """
    first, last = spans[..., 0], spans[..., 1]
    place = torch.arange(attention.shape[-1], device=attention.device)
    inside = (place >= first[..., None]) & (place < last[..., None])  # (batch, tokens, positions)
    share = inside / (last - first).clamp(min=1)[..., None]
    known = first >= 0
    loss = -(attention * share[:, None]).sum(-1).mean(1)
    return (loss * known).sum() / known.sum().clamp(min=1)
