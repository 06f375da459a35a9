"""The one thing FFmpeg does not tell about a WAV file: that it was cut off.

FFmpeg corrects the length of a cut WAV silently. The layout read here is Microsoft's RIFF: a 12-byte header, then
chunks of a 4-byte name, a little-endian 4-byte size and that many bytes, padded to even.
"""

from __future__ import annotations

import struct

UNKNOWN_SIZE = 0x7FFF_F000
"""Programs that write WAV into a pipe cannot know the size and put one at or above this, or 0."""


def missing_bytes(head: bytes, file_size: int) -> int:
    """Bytes by which a WAV file of ``file_size`` falls short of its data chunk; 0 for whole files and other formats.

    ``head``: the first bytes of the file, reaching to the start of the data chunk (else 0 is answered).
    """
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return 0
    position = 12
    while position + 8 <= len(head):
        name, size = struct.unpack_from("<4sI", head, position)
        position += 8
        if name == b"data":
            return max(0, position + size - file_size) if 0 < size < UNKNOWN_SIZE else 0
        position += size + size % 2
    return 0
