"""Reads the weights of a CTranslate2 model file back as arrays of float32."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

VERSION = 6  #: of the file format; what CTranslate2 4 writes
DTYPES: tuple[Any, ...] = (np.float32, np.int8, np.int16, np.int32, np.float16)  #: in the order of their codes

Array = npt.NDArray[np.float32]


def read_weights(path: Path) -> dict[str, Array]:
    """All variables of ``model.bin`` by name, float32; int8 rows are multiplied out with their scales.

    A variable saved under a second name appears under both. Raises :class:`ValueError` for another file format.
    """
    with path.open("rb") as file:
        version = _number(file, "I")
        if version != VERSION:
            raise ValueError(f"{path.name}: format {version}, not {VERSION}")
        _text(file)  # the kind of model
        _number(file, "I")  # its revision
        stored = dict(_variable(file) for _ in range(_number(file, "I")))
        aliases = {_text(file): _text(file) for _ in range(_number(file, "I"))}
    weights = {name: _multiplied_out(name, stored) for name in stored if not name.endswith("_scale")}
    return weights | {alias: weights[name] for alias, name in aliases.items()}


def _variable(file: BinaryIO) -> tuple[str, npt.NDArray[Any]]:
    name = _text(file)
    shape = [_number(file, "I") for _ in range(_number(file, "B"))]
    dtype = DTYPES[_number(file, "B")]
    return name, np.frombuffer(file.read(_number(file, "I")), dtype).reshape(shape)


def _multiplied_out(name: str, stored: Mapping[str, npt.NDArray[Any]]) -> Array:
    array = stored[name].astype(np.float32)
    scale = stored.get(f"{name}_scale")
    return array if scale is None else array / scale.reshape(-1, *[1] * (array.ndim - 1))


def _number(file: BinaryIO, code: str) -> int:
    (number,) = struct.unpack(f"<{code}", file.read(struct.calcsize(f"<{code}")))
    return int(number)


def _text(file: BinaryIO) -> str:
    return file.read(_number(file, "H")).rstrip(b"\0").decode()
