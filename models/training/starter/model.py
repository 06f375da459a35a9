"""Whisper's architecture for training: exact attention, a restricted softmax, frame labels on the encoder.

After openai/whisper ``model.py`` (arXiv 2212.04356). Matrices are cast to the compute type where they are used; the
weights themselves stay float32.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

PUBLISHED_POSITIONS = 1500
TEXT_POSITIONS = 448


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a model."""

    width: int = 256
    heads: int = 4
    encoder_layers: int = 6
    decoder_layers: int = 3
    mels: int = 80
    positions: int = 750  #: encoder positions that are real: the longest window
    tokens: int = 2500
    syllables: int = 415  #: classes of frames, silence included
    initials: int = 27
    finals: int = 39
    align_layer: int = 1  #: decoder layer whose first two heads learn where each token is said
    align_heads: int = 2

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


class Linear(nn.Linear):
    """Weights cast to the type of the input."""

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight.to(x.dtype), None if self.bias is None else self.bias.to(x.dtype))


class Norm(nn.LayerNorm):
    """The same for layer normalisation."""

    def forward(self, x: Tensor) -> Tensor:
        return F.layer_norm(x, self.normalized_shape, self.weight.to(x.dtype), self.bias.to(x.dtype), self.eps)


class Conv(nn.Conv1d):
    """The same for a convolution of width 3, as one product: (batch, time, channels) in and out."""

    def forward(self, x: Tensor) -> Tensor:
        padded = F.pad(x, (0, 0, 1, 1))
        around = padded.unfold(1, 3, self.stride[0])  # (batch, time, channels, 3)
        weight = self.weight.to(x.dtype).flatten(1)
        return F.linear(around.flatten(2), weight, self.bias.to(x.dtype) if self.bias is not None else None)


class Attention(nn.Module):
    """Multi-head attention; keys have no bias."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key = Linear(width, width), Linear(width, width, bias=False)
        self.value, self.out = Linear(width, width), Linear(width, width)

    def forward(self, x: Tensor, source: Tensor, bias: Tensor | None = None, keep: int = 0) -> tuple[Tensor, Tensor]:
        """Output, and the log attention of the first ``keep`` heads, float32 (batch, keep, queries, keys).

        ``bias``: added to the scores, broadcast to (batch, heads, queries, keys).
        """
        scale = (x.shape[-1] // self.heads) ** -0.5
        q = self._heads(self.query(x) * scale)
        k, v = self._heads(self.key(source)), self._heads(self.value(source))
        scores = q @ k.transpose(-1, -2)
        if bias is not None:
            scores = scores + bias
        mixed = torch.softmax(scores, -1) @ v
        kept = torch.log_softmax(scores[:, :keep].float(), -1) if keep else scores[:, :0]
        return self.out(mixed.transpose(1, 2).flatten(2)), kept

    def _heads(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class Layer(nn.Module):
    """A layer of encoder or decoder, norms before."""

    def __init__(self, width: int, heads: int, cross: bool) -> None:
        super().__init__()
        self.attention_norm, self.attention = Norm(width), Attention(width, heads)
        self.cross_norm = Norm(width) if cross else None
        self.cross = Attention(width, heads) if cross else None
        self.forward_norm = Norm(width)
        self.wide, self.narrow = Linear(width, 4 * width), Linear(4 * width, width)

    def forward(
        self, x: Tensor, bias: Tensor | None, source: Tensor | None = None, keep: int = 0
    ) -> tuple[Tensor, Tensor | None]:
        """Output, and log attention over ``source`` of the first ``keep`` heads."""
        normed = self.attention_norm(x)
        x = x + self.attention(normed, normed, bias)[0]
        kept: Tensor | None = None
        if self.cross is not None and self.cross_norm is not None and source is not None:
            added, kept = self.cross(self.cross_norm(x), source, None, keep)
            x = x + added
        return x + self.narrow(F.gelu(self.wide(self.forward_norm(x)))), kept


class Encoder(nn.Module):
    """Spectrogram to positions of 20 ms. One learned vector stands for all positions behind the longest window."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.first = Conv(shape.mels, shape.width, 3, padding=1)
        self.second = Conv(shape.width, shape.width, 3, stride=2, padding=1)
        self.layers = nn.ModuleList(Layer(shape.width, shape.heads, cross=False) for _ in range(shape.encoder_layers))
        self.norm = Norm(shape.width)
        self.pad = nn.Parameter(torch.zeros(shape.width))
        self.places: Tensor
        self.register_buffer("places", sinusoids(PUBLISHED_POSITIONS, shape.width), persistent=False)

    def forward(self, features: Tensor, padded: bool = False) -> Tensor:
        """(batch, mels, frames) to (batch, positions, width).

        ``padded``: as if the window went on to 30 s. All positions behind the longest window hold the same vector, so
        one token whose score is raised by the logarithm of their number stands for them exactly; it comes last.
        """
        x = F.gelu(self.first(features.transpose(1, 2)))
        x = F.gelu(self.second(x))
        x = x + self.places[: x.shape[1]].to(x.dtype)
        bias: Tensor | None = None
        if padded:
            x = torch.cat([x, self.pad.to(x.dtype).expand(len(x), 1, -1)], 1)
            bias = x.new_zeros(x.shape[1])
            bias[-1] = math.log(PUBLISHED_POSITIONS - self.shape.positions)
        for layer in self.layers:
            x, _ = layer(x, bias)
        normed: Tensor = self.norm(x)
        return normed


class Decoder(nn.Module):
    """Tokens to scores of the next ones; input and output embeddings are one."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.tokens, shape.width)
        self.places = nn.Parameter(torch.randn(TEXT_POSITIONS, shape.width) * 0.01)
        self.layers = nn.ModuleList(Layer(shape.width, shape.heads, cross=True) for _ in range(shape.decoder_layers))
        self.norm = Norm(shape.width)

    def forward(self, tokens: Tensor, source: Tensor) -> tuple[Tensor, Tensor]:
        """Scores float32 (batch, tokens, all tokens), and log attention of the alignment heads."""
        count = tokens.shape[1]
        x = (self.embedding(tokens) + self.places[:count]).to(source.dtype)
        bias = torch.full((count, count), -1e9, dtype=x.dtype, device=x.device).triu(1)
        attention = x.new_zeros(0)
        for index, layer in enumerate(self.layers):
            keep = self.shape.align_heads if index == self.shape.align_layer else 0
            x, kept = layer(x, bias, source, keep)
            if keep and kept is not None:
                attention = kept
        x = self.norm(x)
        return F.linear(x, self.embedding.weight.to(x.dtype)).float(), attention


class Starter(nn.Module):
    """The whole model with the heads that only training has."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.encoder, self.decoder = Encoder(shape), Decoder(shape)
        self.syllable = Linear(shape.width, shape.syllables)
        self.tone = Linear(shape.width, 6)
        self.initial = Linear(shape.width, shape.initials)
        self.final = Linear(shape.width, shape.finals)
        self.apply(_initialise)
        for stack in (self.encoder.layers, self.decoder.layers):
            for layer in stack:
                for narrow in (layer.attention.out, layer.narrow, *([layer.cross.out] if layer.cross else [])):
                    nn.init.zeros_(narrow.weight)


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, std=module.weight.shape[1] ** -0.5)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)


def sinusoids(positions: int, width: int) -> Tensor:
    """Whisper's fixed places of the encoder, (positions, width)."""
    rate = math.log(10_000) / (width // 2 - 1)
    inverse = torch.exp(-rate * torch.arange(width // 2))
    angle = torch.arange(positions)[:, None] * inverse[None]
    return torch.cat([angle.sin(), angle.cos()], 1)
