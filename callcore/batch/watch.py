"""Watch a folder that a recorder drops files into; each file is handed on once it has stopped growing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

from watchfiles import watch

from callcore.batch.inputs import SUFFIXES, audio_files

SETTLE_MS = 1_500  #: a file is whole when its size has not changed for this long


def watch_folder(folder: Path, stop: threading.Event) -> Iterator[list[Path]]:
    """New or changed audio files below ``folder``, those already there first, until ``stop`` is set.

    A file that is still being written is held back until its size has rested for :data:`SETTLE_MS`.
    """
    sizes: dict[Path, int] = {}
    waiting: set[Path] = set(audio_files(folder))
    # Every wake-up (a change, or a rest of SETTLE_MS) looks at the sizes of the files that wait.
    for changes in watch(folder, stop_event=stop, rust_timeout=SETTLE_MS, yield_on_timeout=True, raise_interrupt=False):
        waiting |= {Path(name) for _, name in changes if _is_audio(Path(name), folder)}
        if changes:
            sizes.update({path: path.stat().st_size for path in waiting if path.is_file()})
            continue
        settled = [path for path in sorted(waiting) if path.is_file() and sizes.get(path) == path.stat().st_size]
        sizes.update({path: path.stat().st_size for path in waiting if path.is_file()})
        waiting = {path for path in waiting if path.is_file()} - set(settled)
        if settled:
            yield settled


def _is_audio(path: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return path.suffix.lower() in SUFFIXES and not hidden
