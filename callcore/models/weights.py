"""A look into ``model.bin`` without loading it: is it a CTranslate2 Whisper, and is all of it there.

The format is CTranslate2's (its ``specs/model_spec.py``, little endian): version u32, spec name, spec revision u32,
number of variables u32; per variable its name, rank u8, dimensions u32 each, type u8, byte count u32 and the bytes;
number of aliases u32; per alias two strings. A string is its length with the closing zero as u16, the text, the zero.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

NEWEST_FORMAT = 6  #: the format version of CTranslate2 4; older ones may lay variables out otherwise
SPEC_NAME = "WhisperSpec"
LFS_POINTER = b"version https://git-lfs"


class WeightsFault(Exception):
    """What is wrong with the file, in words that follow its name: "model.bin is cut short"."""


def check_weights(file: Path) -> None:
    """Raise :class:`WeightsFault` unless ``file`` is a whole CTranslate2 Whisper. Reads headers only."""
    size = file.stat().st_size
    if size == 0:
        raise WeightsFault("is empty")
    with file.open("rb") as stream:
        if stream.read(len(LFS_POINTER)) == LFS_POINTER:
            raise WeightsFault("is a Git LFS pointer, not the weights (git lfs pull gets them)")
        stream.seek(0)
        try:
            _walk(stream, size)
        except struct.error:
            raise WeightsFault(f"is cut short at {size} bytes") from None
        except UnicodeDecodeError:
            raise WeightsFault("is damaged: the name of a variable is not text") from None


def _walk(stream: BinaryIO, size: int) -> None:
    (version,) = struct.unpack("<I", stream.read(4))
    if not 1 <= version <= 100:  # text (an error page, JSON) read as a number is far larger
        raise WeightsFault("is not a CTranslate2 model")
    if version > NEWEST_FORMAT:
        raise WeightsFault(f"has CTranslate2 format {version}, newer than this callcore knows ({NEWEST_FORMAT})")
    name = read_string(stream)
    if name != SPEC_NAME:
        raise WeightsFault(f"is a CTranslate2 model, but a {name[:40]!r} and no Whisper")
    _, variables = struct.unpack("<II", stream.read(8))
    for _ in range(variables):
        read_string(stream)
        (rank,) = struct.unpack("<B", stream.read(1))
        stream.seek(4 * rank + 1, 1)
        (byte_count,) = struct.unpack("<I", stream.read(4))
        if stream.seek(byte_count, 1) > size:
            raise WeightsFault(f"is cut short at {size} bytes")
    (aliases,) = struct.unpack("<I", stream.read(4))
    for _ in range(2 * aliases):
        read_string(stream)
    if stream.tell() != size:
        raise WeightsFault(f"has {size - stream.tell()} bytes more than its contents")


def read_string(stream: BinaryIO) -> str:
    """The text at the stream's place. Raises :class:`struct.error` where the file ends in it."""
    (length,) = struct.unpack("<H", stream.read(2))
    text = stream.read(length)
    if len(text) < length:
        raise struct.error
    return text.rstrip(b"\0").decode("utf-8")
