"""Copies ``model.bin`` with only some of the tokens: rows of the decoder's embeddings and of its output projection.

Rows are copied as they are stored, quantised weights with their scales: nothing is computed. The format is described in
:mod:`callcore.models.weights`.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from callcore.models.weights import NEWEST_FORMAT, WeightsFault, read_string

TOKEN_VARIABLES = ("decoder/embeddings/", "decoder/projection/")  #: those with one row a token; their aliases follow
_BLOCK = 1 << 20


def copy_rows(source: Path, target: Path, rows: Sequence[int], tokens: int) -> None:
    """Write ``source``, a whole model.bin of ``tokens`` tokens, to ``target`` with ``rows`` of them in that order.

    Raises :class:`WeightsFault` when the file is laid out otherwise, OSError when it cannot be written.
    """
    with source.open("rb") as old, target.open("wb") as new:
        (version,) = struct.unpack("<I", old.read(4))
        if version != NEWEST_FORMAT:
            raise WeightsFault(f"has CTranslate2 format {version}; only format {NEWEST_FORMAT} can be trimmed")
        new.write(struct.pack("<I", version))
        _write_string(new, read_string(old))
        revision, variables = struct.unpack("<II", old.read(8))
        new.write(struct.pack("<II", revision, variables))
        cut = [_copy_variable(old, new, rows, tokens) for _ in range(variables)]
        if not any(cut):
            raise WeightsFault("has no rows of tokens")
        while block := old.read(_BLOCK):  # the aliases
            new.write(block)


def _copy_variable(old: BinaryIO, new: BinaryIO, rows: Sequence[int], tokens: int) -> bool:
    """Copy the variable at the streams' places; whether it was cut to ``rows``."""
    name = read_string(old)
    (rank,) = struct.unpack("<B", old.read(1))
    dimensions = list(struct.unpack(f"<{rank}I", old.read(4 * rank)))
    dtype, size = struct.unpack("<BI", old.read(5))
    _write_string(new, name)
    if not (rank and name.startswith(TOKEN_VARIABLES)):
        new.write(struct.pack(f"<B{rank}IBI", rank, *dimensions, dtype, size))
        _copy(old, new, size)
        return False
    if dimensions[0] != tokens:
        raise WeightsFault(f"has {dimensions[0]} rows in {name} for {tokens} tokens")
    kept = np.frombuffer(old.read(size), np.uint8).reshape(tokens, -1)[list(rows)]
    new.write(struct.pack(f"<B{rank}IBI", rank, len(rows), *dimensions[1:], dtype, kept.nbytes))
    new.write(kept.tobytes())
    return True


def _copy(old: BinaryIO, new: BinaryIO, size: int) -> None:
    while size > 0:
        block = old.read(min(size, _BLOCK))
        if not block:
            raise WeightsFault("is cut short")
        new.write(block)
        size -= len(block)


def _write_string(stream: BinaryIO, text: str) -> None:
    raw = text.encode("utf-8") + b"\0"
    stream.write(struct.pack("<H", len(raw)) + raw)
