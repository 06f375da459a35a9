"""A disk that is soon full."""

from __future__ import annotations

import contextlib
from pathlib import Path


def fill(folder: Path) -> None:
    """Write until nothing more fits."""
    with (folder / "filler").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 4096)
