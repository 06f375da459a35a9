"""Whisper models of the published shapes that write exactly what a smaller model writes.

Random weights (benchmarks/random_whisper.py) cost what published ones cost but write nothing; the bundled starter
model writes text but costs far less. A *widened* model does both: the shape of the published tiny, base or small
filled so that it computes the very function of the starter model. Every system that is compared on it does the full
work of that shape and writes the starter's text, so latency, accuracy and capacity come from one run.

The idea of growing a network without changing its function is Net2Net's (Chen, Goodfellow, Shlens, 2016); how:

- *Width.* Let x be the small model's activations. The wide model carries ``[x, x, ...]``, as many copies as fit, and
  they must fit without rest. Mean and deviation are those of x, so layer norms stay as they are. Who reads copies has
  its weights divided by their number. Rows of int8 weights keep their integers, only scales change.
- *Heads* are padded with zeros from 48 to 64 dimensions, queries scaled to keep q.k / sqrt(dimensions); further heads
  repeat the first ones and reach no output, but those of alignment heads serve as alignment heads too.
- *Further layers* have random weights, each half of which meets nothing but zeros in the other half: their values and
  half of their hidden units are zero, the projections of the other hidden units too. (Layers of equal weights would be
  stored once, and the processor's caches would make them cheaper than real ones.)
- *Hidden units* beyond the small model's are zero.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ctranslate2.specs import whisper_spec

from benchmarks.ctranslate2_weights import Array, read_weights
from benchmarks.random_whisper import SHAPES
from callcore.models.manifest import Facts, load_manifest
from callcore.models.record import ModelRecord

ROOT = Path(__file__).resolve().parent.parent
STARTER = ROOT / "models" / "starter-zh"
HEAD_DIMENSIONS = 64  #: of all published models


class Widening:
    """Turns weights over ``small`` activations into weights over ``wide`` ones (see the module's text)."""

    def __init__(self, small: int, wide: int) -> None:
        """Raises :class:`ValueError` where ``wide`` is not a whole number of times ``small``."""
        self.small, self.wide = small, wide
        self.copies, rest = divmod(wide, small)
        if not self.copies or rest:
            raise ValueError(f"width {wide} holds no whole number of copies of a model of width {small}")

    def written(self, weights: Array, axis: int = 0) -> Array:
        """Weights, biases, gammas or betas that write activations along ``axis``."""
        return np.concatenate([weights] * self.copies, axis=axis)

    def read(self, weights: Array) -> Array:
        """Weights (rows, activations, ...) that read activations along the second axis."""
        return np.concatenate([weights / np.float32(self.copies)] * self.copies, axis=1)


class _Widened:
    """A specification of the wanted shape, filled from the weights of the small model."""

    def __init__(self, weights: Mapping[str, Array], size: str, aligned: list[int]) -> None:
        self._small = weights
        self._layers, self._width, self._heads = SHAPES[size]
        self._small_heads = int(weights["decoder/num_heads"])
        self._widening = Widening(len(weights["encoder/conv1/bias"]), self._width)
        if self._heads < self._small_heads:
            raise ValueError(f"{self._heads} heads cannot hold {self._small_heads}")
        # Which head of the small model each further head repeats: those used for alignment, in turn.
        spare_heads = self._heads - self._small_heads
        self.repeated = [(aligned or [0])[index % max(1, len(aligned))] for index in range(spare_heads)]
        self._random = np.random.default_rng(0)
        self.spec = whisper_spec.WhisperSpec(self._layers, self._heads, self._layers, self._heads)

    def fill(self) -> None:
        """Fill encoder and decoder. Raises :class:`ValueError` where the shape has too few layers."""
        self._fill_encoder()
        self._fill_decoder()

    def _fill_encoder(self) -> None:
        encoder, small, widening = self.spec.encoder, self._small, self._widening
        encoder.conv1.weight = widening.written(small["encoder/conv1/weight"])
        encoder.conv1.bias = widening.written(small["encoder/conv1/bias"])
        encoder.conv2.weight = widening.written(widening.read(small["encoder/conv2/weight"]))
        encoder.conv2.bias = widening.written(small["encoder/conv2/bias"])
        self._norm(encoder.layer_norm, "encoder/layer_norm")
        positions = small["encoder/position_encodings/encodings"]
        encoder.position_encodings.encodings = widening.written(positions, axis=1)
        for number, layer in enumerate(encoder.layer):
            self._layer(layer, self._prefix("encoder", number))
        self._check_depth("encoder")

    def _fill_decoder(self) -> None:
        decoder, small, widening = self.spec.decoder, self._small, self._widening
        decoder.embeddings.weight = widening.written(small["decoder/embeddings/weight"], axis=1)
        decoder.projection.weight = decoder.embeddings.weight
        if "decoder/projection/bias" in small:  # scores of tokens that were never trained
            decoder.projection.bias = small["decoder/projection/bias"]
        positions = small["decoder/position_encodings/encodings"]
        decoder.position_encodings.encodings = widening.written(positions, axis=1)
        # The projection shares the embeddings, which are not divided by the copies: the last norm is.
        self._norm(decoder.layer_norm, "decoder/layer_norm", 1 / widening.copies)
        for number, layer in enumerate(decoder.layer):
            self._layer(layer, self._prefix("decoder", number))
        self._check_depth("decoder")

    def _prefix(self, part: str, number: int) -> str | None:
        """Where the small model keeps its layer ``number``; None when it has fewer layers."""
        prefix = f"{part}/layer_{number}"
        return prefix if f"{prefix}/ffn/linear_0/weight" in self._small else None

    def _check_depth(self, part: str) -> None:
        if self._prefix(part, self._layers):
            raise ValueError(f"{self._layers} layers of the {part} cannot hold all layers of the small model")

    def _norm(self, spec: Any, prefix: str, factor: float = 1.0) -> None:
        widening = self._widening
        spec.gamma = widening.written(self._small[f"{prefix}/gamma"] * np.float32(factor))
        spec.beta = widening.written(self._small[f"{prefix}/beta"] * np.float32(factor))

    def _layer(self, spec: Any, prefix: str | None) -> None:
        if prefix is None:
            self._idle_layer(spec)
            return
        self._self_attention(spec.self_attention, f"{prefix}/self_attention")
        if hasattr(spec, "attention"):
            self._cross_attention(spec.attention, f"{prefix}/attention")
        self._feed_forward(spec.ffn, f"{prefix}/ffn")

    def _idle_layer(self, spec: Any) -> None:
        """A layer that adds nothing, at full cost."""
        width = self._width
        queries, keys, values = (
            self._noise(width, width),
            self._noise(width, width),
            np.zeros((width, width), np.float32),
        )
        self._idle_block(spec.self_attention, [(queries, keys, values), (self._noise(width, width),)])
        if hasattr(spec, "attention"):
            queries, keys = self._noise(width, width), self._noise(width, width)
            self._idle_block(spec.attention, [(queries,), (keys, values), (self._noise(width, width),)])
        self._idle_norm(spec.ffn.layer_norm)
        hidden, out = self._noise(4 * width, width), self._noise(width, 4 * width)
        hidden[: 2 * width], out[:, 2 * width :] = 0, 0
        spec.ffn.linear_0.weight, spec.ffn.linear_0.bias = hidden, np.zeros(4 * width, np.float32)
        spec.ffn.linear_1.weight, spec.ffn.linear_1.bias = out, np.zeros(width, np.float32)

    def _idle_block(self, spec: Any, weights: Sequence[tuple[Array, ...]]) -> None:
        self._idle_norm(spec.layer_norm)
        for linear, parts in zip(spec.linear, weights, strict=True):
            linear.weight = np.concatenate(parts, dtype=np.float32)
            linear.bias = np.zeros(len(linear.weight), np.float32)

    def _idle_norm(self, spec: Any) -> None:
        spec.gamma, spec.beta = np.ones(self._width, np.float32), np.zeros(self._width, np.float32)

    def _noise(self, rows: int, columns: int) -> Array:
        return self._random.standard_normal((rows, columns), np.float32) / np.float32(math.sqrt(columns))

    def _self_attention(self, spec: Any, prefix: str) -> None:
        self._norm(spec.layer_norm, f"{prefix}/layer_norm")
        weights = np.split(self._small[f"{prefix}/linear_0/weight"], 3)
        biases = np.split(self._small[f"{prefix}/linear_0/bias"], 3)
        factors = (self._query_factor(), 1.0, 1.0)
        joined = [self._into_heads(weight, factor) for weight, factor in zip(weights, factors, strict=True)]
        spec.linear[0].weight = self._widening.read(np.concatenate(joined))
        joined = [self._into_heads(bias, factor) for bias, factor in zip(biases, factors, strict=True)]
        spec.linear[0].bias = np.concatenate(joined)
        self._out(spec.linear[1], f"{prefix}/linear_1")

    def _cross_attention(self, spec: Any, prefix: str) -> None:
        self._norm(spec.layer_norm, f"{prefix}/layer_norm")
        query, memory = self._small[f"{prefix}/linear_0/weight"], self._small[f"{prefix}/linear_1/weight"]
        spec.linear[0].weight = self._widening.read(self._into_heads(query, self._query_factor()))
        spec.linear[0].bias = self._into_heads(self._small[f"{prefix}/linear_0/bias"], self._query_factor())
        spec.linear[1].weight = self._widening.read(
            np.concatenate([self._into_heads(part) for part in np.split(memory, 2)])
        )
        biases = np.split(self._small[f"{prefix}/linear_1/bias"], 2)
        spec.linear[1].bias = np.concatenate([self._into_heads(part) for part in biases])
        self._out(spec.linear[2], f"{prefix}/linear_2")

    def _query_factor(self) -> float:
        return math.sqrt(HEAD_DIMENSIONS / (self._widening.small / self._small_heads))

    def _into_heads(self, weights: Array, factor: float = 1.0) -> Array:
        """Rows of all heads (queries, keys or values) with zeros after each head's own, then the repeated heads."""
        heads = np.split(weights * np.float32(factor), self._small_heads)
        heads += [heads[index] for index in self.repeated]
        zeros = np.zeros((HEAD_DIMENSIONS - len(heads[0]), *weights.shape[1:]), np.float32)
        return np.concatenate([part for head in heads for part in (head, zeros)])

    def _out(self, spec: Any, prefix: str) -> None:
        """The projection of all heads back to activations; repeated heads count nothing."""
        columns = np.split(self._small[f"{prefix}/weight"].T, self._small_heads)
        zeros = np.zeros((HEAD_DIMENSIONS - len(columns[0]), self._widening.small), np.float32)
        joined = np.concatenate([part for head in columns for part in (head, zeros)])
        unused = np.zeros((len(self.repeated) * HEAD_DIMENSIONS, self._widening.small), np.float32)
        spec.weight = self._widening.written(np.concatenate([joined, unused]).T)
        spec.bias = self._widening.written(self._small[f"{prefix}/bias"])

    def _feed_forward(self, spec: Any, prefix: str) -> None:
        self._norm(spec.layer_norm, f"{prefix}/layer_norm")
        hidden = self._widening.read(self._small[f"{prefix}/linear_0/weight"])
        unused = 4 * self._width - len(hidden)
        spec.linear_0.weight = np.pad(hidden, ((0, unused), (0, 0)))
        spec.linear_0.bias = np.pad(self._small[f"{prefix}/linear_0/bias"], (0, unused))
        out = self._widening.written(self._small[f"{prefix}/linear_1/weight"])
        spec.linear_1.weight = np.pad(out, ((0, 0), (0, unused)))
        spec.linear_1.bias = self._widening.written(self._small[f"{prefix}/linear_1/bias"])


def starter_facts() -> Facts:
    """What the manifest says of the bundled starter; it stands below every published model."""
    row = load_manifest().find(STARTER.name)
    assert row is not None
    return Facts(
        languages=row.languages, window_s=row.window_s, padding_s=row.padding_s, synthetic_only=True, quality_rank=0
    )


def build(size: str, folder: Path, source: Path = STARTER, facts: Facts | None = None) -> Path:
    """Write ``source`` (a CTranslate2 Whisper folder) widened to ``size`` into ``folder`` (made anew); returns it.

    int8. ``facts``: of ``source``, by default those of the bundled starter. Raises :class:`ValueError` when ``source``
    does not fit into that shape.
    """
    if facts is None:
        facts = starter_facts()
    config = json.loads((source / "config.json").read_text(encoding="utf-8"))
    heads = [tuple(pair) for pair in config["alignment_heads"]]
    weights = read_weights(source / "model.bin")
    widened = _Widened(weights, size, sorted({head for _, head in heads}))
    widened.fill()
    spec, small_heads = widened.spec, int(weights["decoder/num_heads"])
    spec.register_vocabulary(json.loads((source / "vocabulary.json").read_text(encoding="utf-8")))
    spec.config.suppress_ids = config["suppress_ids"]
    spec.config.suppress_ids_begin = config["suppress_ids_begin"]
    spec.config.lang_ids = config["lang_ids"]
    spec.config.alignment_heads = heads + [
        (layer, small_heads + index)
        for layer in sorted({layer for layer, _ in heads})
        for index, head in enumerate(widened.repeated)
        if (layer, head) in heads
    ]
    spec.validate()
    spec.optimize(quantization="int8")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    spec.save(str(folder))
    for name in ("tokenizer.json", "preprocessor_config.json"):
        shutil.copy(source / name, folder)
    ModelRecord(name=f"widened-{size}", source=f"file:{source.name}", files={}, facts=facts).write(folder)
    return folder


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", choices=SHAPES)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--source", type=Path, default=STARTER, help="the small model (default: the bundled starter)")
    arguments = parser.parse_args()
    print(build(arguments.size, arguments.folder, arguments.source))
