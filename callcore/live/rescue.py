"""Where the words of a call go that its database did not take."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from callcore.paths import data_folder
from callcore.types import Event, Passing
from callcore.wire import to_wire


def rescue(call_id: str, events: Iterable[Event]) -> Path | None:
    """Write a call's events into a file, readable by its owner only, and return where; None: there is no room for it.

    The file is JSON lines as ``--jsonl`` prints them, in the user's data folder, or else in the folder for temporary
    files.
    """
    lines = [json.dumps(to_wire(event), ensure_ascii=False) for event in events if not isinstance(event, Passing)]
    for folder in (data_folder(), Path(tempfile.gettempdir())):
        path = folder / f"callcore-{call_id}.jsonl"
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            _write(path, lines)
            return path
    return None


def _write(path: Path, lines: Sequence[str]) -> None:
    """All or nothing. Raises ``OSError``."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(file, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as out:
            out.writelines(f"{line}\n" for line in lines)
            out.flush()
            os.fsync(out.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise
