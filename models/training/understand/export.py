"""A trained network as the folder that callcore reads: ONNX graph with 8-bit table, known n-grams, card for programs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from models.training.understand.net import Bag

OPSET = 17
GRAPH_FILE = "model.onnx"
GRAMS_FILE = "grams.bin"
CARD_FILE = "model.json"


def write_folder(folder: Path, net: Bag, grams: npt.NDArray[np.uint32], card: Mapping[str, Any]) -> None:
    """Write the model; ``card`` without the checksums, which are added here."""
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save_model(graph(net), str(folder / GRAPH_FILE))
    (folder / GRAMS_FILE).write_bytes(grams.astype("<u4").tobytes())
    files = {
        name: {"size": (folder / name).stat().st_size, "sha256": sha256(folder / name)}
        for name in (GRAPH_FILE, GRAMS_FILE)
    }
    text = json.dumps({**card, "files": files}, ensure_ascii=False, indent=1)
    (folder / CARD_FILE).write_text(text + "\n", encoding="utf-8")


def sha256(file: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def quantised(table: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """8-bit numbers and a scale for each row; the largest of a row becomes 127."""
    scales = np.maximum(np.abs(table).max(axis=1, keepdims=True) / 127.0, 1e-12).astype(np.float32)
    return np.rint(table / scales).astype(np.int8), scales.astype(np.float16).astype(np.float32)


def graph(net: Bag) -> onnx.ModelProto:
    """Input ``rows`` int32 (positions, grams); outputs ``logits`` (labels,) and ``evidence`` (positions, labels).

    Evidence is what each position adds to each logit by the linear path.
    """
    state = {name: value.detach().numpy().astype(np.float32) for name, value in net.state_dict().items()}
    table, scales = quantised(state["table.weight"])
    constants: dict[str, npt.NDArray[Any]] = {
        "table": table,
        "scales": scales.astype(np.float16),
        "zero": np.zeros(1, dtype=np.int32),
        "one": np.ones(1, dtype=np.float32),
        "axis_grams": np.array([1], dtype=np.int64),
        "axis_positions": np.array([0], dtype=np.int64),
        "norm_w": state["norm.weight"], "norm_b": state["norm.bias"],
        "inner_w": state["inner.weight"].T.copy(), "inner_b": state["inner.bias"],
        "outer_w": state["outer.weight"].T.copy(), "outer_b": state["outer.bias"],
        "out_w": state["out.weight"].T.copy(), "out_b": state["out.bias"],
        "half": np.array(0.5, dtype=np.float32), "root2": np.array(2**0.5, dtype=np.float32),
    }  # fmt: skip
    nodes = [*_positions(), *_layers()]
    labels = len(state["out.bias"])
    made = helper.make_graph(
        nodes,
        "understand",
        [helper.make_tensor_value_info("rows", TensorProto.INT32, ["positions", "grams"])],
        [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, [labels]),
            helper.make_tensor_value_info("evidence", TensorProto.FLOAT, ["positions", labels]),
        ],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="callcore")
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model


def _positions() -> list[onnx.NodeProto]:
    """Vectors of the positions, each already divided by the root of the number of known n-grams."""
    node = helper.make_node
    return [
        node("Gather", ["table", "rows"], ["picked8"], axis=0),
        node("Cast", ["picked8"], ["picked"], to=TensorProto.FLOAT),
        node("Gather", ["scales", "rows"], ["picked_scales16"], axis=0),
        node("Cast", ["picked_scales16"], ["picked_scales"], to=TensorProto.FLOAT),
        node("Mul", ["picked", "picked_scales"], ["vectors"]),
        node("ReduceSum", ["vectors", "axis_grams"], ["sums"], keepdims=0),
        node("Greater", ["rows", "zero"], ["known"]),
        node("Cast", ["known"], ["known_f"], to=TensorProto.FLOAT),
        node("ReduceSum", ["known_f"], ["count"], keepdims=0),
        node("Max", ["count", "one"], ["count1"]),
        node("Sqrt", ["count1"], ["root"]),
        node("Div", ["sums", "root"], ["positions_scaled"]),
    ]


def _layers() -> list[onnx.NodeProto]:
    node = helper.make_node
    return [
        node("ReduceSum", ["positions_scaled", "axis_positions"], ["bag"], keepdims=0),
        node("LayerNormalization", ["bag", "norm_w", "norm_b"], ["normed"], axis=-1, epsilon=1e-5),
        node("MatMul", ["normed", "inner_w"], ["inner0"]),
        node("Add", ["inner0", "inner_b"], ["inner"]),
        node("Div", ["inner", "root2"], ["inner_r"]),
        node("Erf", ["inner_r"], ["inner_e"]),
        node("Add", ["inner_e", "one"], ["inner_e1"]),
        node("Mul", ["inner", "inner_e1"], ["inner_g"]),
        node("Mul", ["inner_g", "half"], ["gelu"]),
        node("MatMul", ["gelu", "outer_w"], ["outer0"]),
        node("Add", ["outer0", "outer_b"], ["outer"]),
        node("Add", ["bag", "outer"], ["z"]),
        node("MatMul", ["z", "out_w"], ["logits0"]),
        node("Add", ["logits0", "out_b"], ["logits"]),
        node("MatMul", ["positions_scaled", "out_w"], ["evidence"]),
    ]
