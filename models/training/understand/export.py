"""A trained model as the folder that callcore reads: ONNX graph with 8-bit tables, known n-grams, card."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from models.training.understand.calibrate import Scale
from models.training.understand.grams import Floats
from models.training.understand.heads import head_places
from models.training.understand.linear import Linear
from models.training.understand.networks import Convolution, Network

if TYPE_CHECKING:
    from models.training.understand.mixture import Trained

OPSET = 17
GRAPH_FILE = "model.onnx"
GRAMS_FILE = "grams.bin"
CARD_FILE = "model.json"
HALF_FROM = 1000  #: numbers from which on a weight is stored in 16 bits

Array = npt.NDArray[Any]


def write_folder(
    folder: Path,
    trained: Trained,
    heads: Mapping[str, Sequence[str]],
    scales: Mapping[str, Scale],
    card: Mapping[str, Any],
) -> None:
    """Write the model; ``card`` without the checksums, which are added here."""
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save_model(graph(trained, heads, scales), str(folder / GRAPH_FILE))
    (folder / GRAMS_FILE).write_bytes(trained.known.astype("<u4").tobytes())
    files = {
        name: {"size": (folder / name).stat().st_size, "sha256": sha256(folder / name)}
        for name in (GRAPH_FILE, GRAMS_FILE)
    }
    text = json.dumps({**card, "files": files}, ensure_ascii=False, indent=1)
    (folder / CARD_FILE).write_text(text + "\n", encoding="utf-8")


def sha256(file: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def quantised(table: Floats) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float16]]:
    """8-bit numbers and a scale for each row; the largest of a row becomes 127."""
    scales = np.maximum(np.abs(table).max(axis=1, keepdims=True) / 127.0, 1e-6).astype(np.float16)
    return np.clip(np.rint(table / scales.astype(np.float32)), -127, 127).astype(np.int8), scales


class _Nodes:
    """A graph as it grows: every call of :meth:`add` returns the name of what it computes."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def add(self, kind: str, *inputs: str, outputs: int = 1, **attributes: Any) -> str:
        names = [f"{kind}_{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return names[0] if outputs == 1 else "\n".join(names)

    def split(self, value: str, sizes: Sequence[int], axis: int) -> list[str]:
        return self.add("Split", value, self.whole(*sizes), outputs=len(sizes), axis=axis).split("\n")

    def constant(self, value: Array) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(value, name))
        return name

    def number(self, value: float) -> str:
        return self.constant(np.array(value, dtype=np.float32))

    def whole(self, *values: int) -> str:
        return self.constant(np.array(values, dtype=np.int64))

    def weights(self, value: Array) -> str:
        if value.size < HALF_FROM:
            return self.constant(value.astype(np.float32))
        return self.add("Cast", self.constant(value.astype(np.float16)), to=TensorProto.FLOAT)

    def sum(self, value: str, axis: int) -> str:
        return self.add("ReduceSum", value, self.whole(axis), keepdims=0)

    def summed_rows(self, table: Floats) -> str:
        """Sum of the rows of an 8-bit table for each position."""
        numbers, scales = quantised(table)
        picked = self.add("Cast", self.add("Gather", self.constant(numbers), "rows", axis=0), to=TensorProto.FLOAT)
        scale = self.add("Cast", self.add("Gather", self.constant(scales), "rows", axis=0), to=TensorProto.FLOAT)
        return self.sum(self.add("Mul", picked, scale), 1)


def graph(trained: Trained, heads: Mapping[str, Sequence[str]], scales: Mapping[str, Scale]) -> onnx.ModelProto:
    """Input ``rows`` int32 (positions, grams); outputs ``logits`` (labels,) and ``evidence`` (positions, labels).

    Evidence is what each position adds to each label's sum by itself: the machines, and the part of the network that
    adds up over the n-grams. What the convolutions make of neighbouring positions together is in no position's share.
    """
    places, made = head_places(heads), _Nodes()
    labels = sum(place.stop - place.start for place in places.values())
    shares = {part: np.zeros(labels, dtype=np.float32) for part in ("machines", "network")}
    for head, place in places.items():
        for part, values in shares.items():
            values[place] = getattr(scales[head], part)
    evidence = _machines(made, trained.model, shares["machines"])
    total = made.add("Add", made.sum(evidence, 0), made.constant(trained.model.offsets * shares["machines"]))
    if trained.network is not None:
        added, pooled = _network(made, trained.network, shares["network"])
        evidence = made.add("Add", evidence, added)
        total = made.add("Add", made.add("Add", total, made.sum(added, 0)), pooled)
    parts = made.split(total, [place.stop - place.start for place in places.values()], 0)
    logits = [_scaled(made, part, scales[head]) for head, part in zip(places, parts, strict=True)]
    made.nodes.append(helper.make_node("Concat", logits, ["logits"], axis=0))
    made.nodes.append(helper.make_node("Identity", [evidence], ["evidence"]))
    return _model(made, labels)


def _model(made: _Nodes, labels: int) -> onnx.ModelProto:
    whole = helper.make_graph(
        made.nodes,
        "understand",
        [helper.make_tensor_value_info("rows", TensorProto.INT32, ["positions", "grams"])],
        [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, [labels]),
            helper.make_tensor_value_info("evidence", TensorProto.FLOAT, ["positions", labels]),
        ],
        made.constants,
    )
    proto = helper.make_model(whole, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="callcore")
    proto.ir_version = 8
    onnx.checker.check_model(proto)
    return proto


def _machines(made: _Nodes, model: Linear, shares: Floats) -> str:
    """What each position adds, shape (positions, labels)."""
    by_position = made.summed_rows(model.table * shares)
    squares = made.add("Gather", made.weights(model.squares), "rows", axis=0)
    square = made.add("Max", made.add("ReduceSum", squares, keepdims=0), made.number(1e-6))
    return made.add("Div", by_position, made.add("Sqrt", square))


def _network(made: _Nodes, network: Network, shares: Floats) -> tuple[str, str]:
    """What each position adds by itself (positions, labels), and what the convolutions add (labels,)."""
    weights = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    x = made.summed_rows(weights["table.weight"])
    zero = made.constant(np.array(0, dtype=np.int32))
    known = made.add("Cast", made.add("Greater", "rows", zero), to=TensorProto.FLOAT)
    count = made.add("Max", made.add("ReduceSum", known, keepdims=0), made.number(1.0))
    bag = made.add("Div", x, made.add("Sqrt", count))
    added = made.add("MatMul", bag, made.weights(weights["out.weight"].T * shares))
    for layer in network.layers:
        assert isinstance(layer, Convolution)
        x = _convolution(made, layer, x)
    looked = made.add("Softmax", made.add("MatMul", x, made.weights(weights["look.weight"].T)), axis=0)
    mean = made.sum(made.add("Mul", x, looked), 0)
    largest = made.add("ReduceMax", x, axes=[0], keepdims=0)
    pooled = made.add("Concat", mean, largest, axis=0)
    read = made.add("MatMul", pooled, made.weights(weights["read.weight"].T * shares))
    offsets = (weights["out.bias"] + weights["read.bias"]) * shares
    return added, made.add("Add", read, made.constant(offsets.astype(np.float32)))


def _convolution(made: _Nodes, layer: Convolution, x: str) -> str:
    """The convolution as one product: each position beside the one before and the one after it."""
    kernel = layer.inner.weight.detach().numpy()  # (2 * width, width, 3)
    width = kernel.shape[1]
    norm = [made.constant(part.detach().numpy()) for part in (layer.norm.weight, layer.norm.bias)]
    normed = made.add("LayerNormalization", x, *norm, axis=-1, epsilon=layer.norm.eps)
    padded = made.add("Pad", normed, made.whole(1, 0, 1, 0))
    last = 2**31 - 1
    views = [
        made.add("Slice", padded, made.whole(start), made.whole(end), made.whole(0))
        for start, end in ((0, -2), (1, -1), (2, last))
    ]
    beside = made.add("Concat", *views, axis=1)
    product = made.add("MatMul", beside, made.weights(kernel.transpose(2, 1, 0).reshape(3 * width, 2 * width)))
    biased = made.add("Add", product, made.constant(layer.inner.bias.detach().numpy()))
    value, gate = made.split(biased, (width, width), 1)
    return made.add("Add", x, made.add("Mul", value, made.add("Sigmoid", gate)))


def _scaled(made: _Nodes, values: str, scale: Scale) -> str:
    """Sums of a head to logits (:class:`Scale`)."""
    if scale.rivals:
        sharp = made.add("Mul", values, made.number(scale.sharpness))
        soft = made.add("ReduceLogSumExp", sharp, axes=[0], keepdims=1)
        values = made.add("Sub", values, made.add("Mul", soft, made.number(scale.rivals / scale.sharpness)))
    if scale.offset:
        values = made.add("Add", values, made.number(scale.offset))
    if scale.ceiling < 1:
        # The logit of ceiling * sigmoid(values).
        over = made.add("Softplus", made.add("Add", values, made.number(math.log1p(-scale.ceiling))))
        values = made.add("Sub", made.add("Add", values, made.number(math.log(scale.ceiling))), over)
    return values
