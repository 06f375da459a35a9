"""A trained tagger as the folder that callcore reads: ONNX graph with 8-bit weights, card."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper

from models.training.understand.export import (
    CARD_FILE,
    GRAMS_FILE,
    GRAPH_FILE,
    HALF_FROM,
    OPSET,
    _Nodes,
    quantised,
    sha256,
)
from models.training.understand.tagging.network import ABOVE, Layer, Tagger

Floats = npt.NDArray[np.float32]


def write_folder(
    folder: Path, tagger: Tagger, known: Sequence[int], temperature: float, card: Mapping[str, Any]
) -> None:
    """Write the model; ``known``: checksums of its grams; ``card`` without those of files, which are added here."""
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save_model(graph(tagger, temperature), str(folder / GRAPH_FILE))
    (folder / GRAMS_FILE).write_bytes(np.array(known, dtype="<u4").tobytes())
    files = {
        name: {"size": (folder / name).stat().st_size, "sha256": sha256(folder / name)}
        for name in (GRAPH_FILE, GRAMS_FILE)
    }
    text = json.dumps({**card, "files": files}, ensure_ascii=False, indent=1)
    (folder / CARD_FILE).write_text(text + "\n", encoding="utf-8")


class _Small(_Nodes):
    """Weights in 8 bits, with a scale for each row; onnxruntime makes them floats when it loads the graph."""

    def weights(self, value: npt.NDArray[Any]) -> str:
        if value.size < HALF_FROM:
            return self.constant(value.astype(np.float32))
        numbers, scales = quantised(value.astype(np.float32))
        parts = [self.add("Cast", self.constant(part), to=TensorProto.FLOAT) for part in (numbers, scales)]
        return self.add("Mul", *parts)


def graph(tagger: Tagger, temperature: float) -> onnx.ModelProto:
    """Inputs ``rows`` int32 (positions, columns) and ``start`` int64 (1,), where the turn begins; output ``logits``
    (positions of the turn, labels), calibrated by ``temperature``.
    """
    made = _Small()
    weights = {name: value.detach().numpy() for name, value in tagger.state_dict().items()}
    x = made.sum(made.add("Gather", made.weights(weights["table.weight"]), "rows", axis=0), 1)
    for layer in tagger.below:
        assert isinstance(layer, Layer)
        x = _layer(made, layer, x)
    end = made.whole(2**31 - 1)
    sides = [
        made.add("ReduceMax", made.add("Slice", x, *ends, made.whole(0)), axes=[0], keepdims=0)
        for ends in ((made.whole(0), "start"), ("start", end))
    ]
    around = made.add("MatMul", made.add("Concat", *sides, axis=0), made.weights(weights["around.weight"].T))
    x = made.add("Add", x, made.add("Add", around, made.constant(weights["around.bias"])))
    # What the layers above do not reach from the turn need not be read any further.
    reach = made.add("Min", "start", made.whole(sum(ABOVE)))
    x = made.add("Slice", x, made.add("Sub", "start", reach), end, made.whole(0))
    for layer in tagger.above:
        assert isinstance(layer, Layer)
        x = _layer(made, layer, x)
    said = _normed(made, tagger.norm, made.add("Slice", x, reach, end, made.whole(0)))
    labels = len(weights["out.bias"])
    logits = made.add("MatMul", said, made.weights(weights["out.weight"].T / temperature))
    bias = made.constant((weights["out.bias"] / temperature).astype(np.float32))
    made.nodes.append(helper.make_node("Add", [logits, bias], ["logits"]))
    columns = helper.make_tensor_value_info("rows", TensorProto.INT32, ["positions", "columns"])
    start = helper.make_tensor_value_info("start", TensorProto.INT64, [1])
    output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["said", labels])
    whole = helper.make_graph(made.nodes, "tag", [columns, start], [output], made.constants)
    proto = helper.make_model(whole, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="callcore")
    proto.ir_version = 8
    onnx.checker.check_model(proto)
    return proto


def _normed(made: _Nodes, norm: Any, x: str) -> str:
    parts = [made.constant(part.detach().numpy()) for part in (norm.weight, norm.bias)]
    return made.add("LayerNormalization", x, *parts, axis=-1, epsilon=norm.eps)


def _layer(made: _Nodes, layer: Layer, x: str) -> str:
    """The layer as a product: each position beside those that the dilation reaches."""
    reach, last = layer.dilation, 2**31 - 1
    normed = _normed(made, layer.norm, x)
    padded = made.add("Pad", normed, made.whole(reach, 0, reach, 0))
    before, after = (
        made.add("Slice", padded, made.whole(first), made.whole(end), made.whole(0))
        for first, end in ((0, -2 * reach), (2 * reach, last))
    )
    weights, bias = (part.detach().numpy() for part in (layer.inner.weight, layer.inner.bias))
    return made.gated(x, made.add("Concat", before, normed, after, axis=1), weights.T, bias)
